"""Cox, log-rank and P(T1 > T0) against lifelines, statsmodels, scikit-survival and closed forms."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from simulate.errors import InputError
from simulate.survival import SurvivalCurve, TwoSample, _lifelines, cox, log_rank, probability_longer, two_sample
from simulate.survival.cox import log_hazard_ratio


@pytest.fixture(scope="module")
def curves(two_arms):
    return tuple(SurvivalCurve.from_table(*table) for table in two_arms)


@pytest.fixture(scope="module")
def rows():
    """200 patients with many ties: group, whole months, event."""
    rng = np.random.default_rng(21)
    group = np.repeat([1, 0], 100)
    times = np.ceil(rng.exponential(np.where(group == 1, 14.0, 9.0)))
    censoring = np.ceil(rng.uniform(4, 40, 200))
    return group, np.minimum(times, censoring), times <= censoring


def table_of(rows) -> TwoSample:
    group, times, events = rows
    return two_sample(*(SurvivalCurve.from_rows(times[group == g], events[group == g]) for g in (1, 0)))


# ------------------------------------------------------------------------------------------------ Cox
def test_on_the_same_counts_our_cox_is_that_of_lifelines(curves):
    ours, theirs = cox(two_sample(*curves), ties="rows"), _lifelines.cox(*curves)
    assert ours.value == pytest.approx(theirs.value, rel=1e-6)
    assert ours.se == pytest.approx(theirs.se, rel=1e-6)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-6)


def test_lifelines_rows_as_arrays_give_what_its_own_loop_gives(curves):
    import pandas as pd
    from lifelines import CoxPHFitter

    rows = pd.concat([_lifelines.weighted_rows(c, g) for c, g in zip(curves, (1, 0), strict=True)], ignore_index=True)
    with _lifelines._whole_weights_not_needed():
        theirs, ours = (
            f.fit(rows, "time", "event", weights_col="weight") for f in (CoxPHFitter(), _lifelines._fitter()())
        )
    assert float(ours.params_["group"]) == pytest.approx(float(theirs.params_["group"]), rel=1e-14)
    assert float(ours.standard_errors_["group"]) == pytest.approx(float(theirs.standard_errors_["group"]), rel=1e-14)
    assert ours.log_likelihood_ == pytest.approx(theirs.log_likelihood_, rel=1e-14)


def test_more_tied_rows_are_left_to_lifelines(rows):
    import pandas as pd
    from lifelines import CoxPHFitter

    group, times, events = rows
    frame = pd.DataFrame({"group": group, "time": times, "event": events.astype(int)})
    x, time, ones = group[:, None] * 1.0, np.sort(times), np.ones(200)
    assert _lifelines._efron(x, time, ones > 0.0, ones, np.zeros(1)) is None
    theirs, ours = (f.fit(frame, "time", "event") for f in (CoxPHFitter(), _lifelines._fitter()()))
    assert float(ours.params_["group"]) == float(theirs.params_["group"])


def test_ties_by_day_hardly_matter(curves):
    table = two_sample(*curves)
    efron, breslow, printed = (cox(table, ties=t).value for t in ("efron", "breslow", "rows"))
    assert efron == pytest.approx(printed, rel=3e-4)
    assert breslow == pytest.approx(printed, rel=3e-4)
    assert efron != breslow


def test_efron_on_rows_is_that_of_lifelines(rows):
    import pandas as pd
    from lifelines import CoxPHFitter

    group, times, events = rows
    frame = pd.DataFrame({"x": group, "t": times, "e": events.astype(int)})
    theirs = CoxPHFitter().fit(frame, "t", "e")
    ours = cox(table_of(rows))
    # up to 16 events a time: the two-point average of the steps is good to 1e-6 here
    assert math.log(ours.value) == pytest.approx(float(theirs.params_["x"]), abs=2e-6)
    assert ours.se == pytest.approx(float(theirs.standard_errors_["x"]), rel=1e-5)
    assert ours.p_value == pytest.approx(float(theirs.summary["p"]["x"]), rel=1e-3)


@pytest.mark.parametrize(("ties", "tolerance"), [("breslow", 1e-9), ("efron", 2e-6)])
def test_both_kinds_of_ties_agree_with_statsmodels(rows, ties, tolerance):
    from statsmodels.duration.hazard_regression import PHReg

    group, times, events = rows
    fit = PHReg(times, group[:, None].astype(float), status=events.astype(int), ties=ties).fit(disp=0)
    assert math.log(cox(table_of(rows), ties=ties).value) == pytest.approx(fit.params[0], abs=tolerance)


def test_efron_is_exact_for_two_events_at_a_time():
    table = TwoSample(*(np.array([x]) for x in (1.0, 5.0, 1.0, 7.0)))
    beta = float(log_hazard_ratio(table)[0])

    # the score by hand: both at risk, then half of each gone
    def p(b, f):
        return math.exp(b) * (5 - f) / (math.exp(b) * (5 - f) + 7 - f)

    assert p(beta, 0.0) + p(beta, 0.5) == pytest.approx(1.0, abs=1e-10)


def test_many_tables_at_once_are_each_alone(two_arms):
    rng = np.random.default_rng(22)
    events = rng.integers(0, 5, (4, 2, 30)).astype(float)
    at_risk = np.flip(np.cumsum(np.flip(events + 1, -1), -1), -1)
    together, information = log_hazard_ratio(TwoSample(events[:, 0], at_risk[:, 0], events[:, 1], at_risk[:, 1]))
    for b in range(4):
        alone = log_hazard_ratio(TwoSample(events[b, 0], at_risk[b, 0], events[b, 1], at_risk[b, 1]))
        assert together[b] == pytest.approx(float(alone[0]), abs=1e-10)
        assert information[b] == pytest.approx(float(alone[1]), rel=1e-10)


def test_swapping_the_groups_inverts_the_ratio(curves):
    forward, back = cox(two_sample(*curves)), cox(two_sample(*curves[::-1]))
    assert forward.value * back.value == pytest.approx(1.0, rel=1e-9)
    assert forward.se == pytest.approx(back.se, rel=1e-9)


def test_proportional_hazards_give_their_ratio():
    # exact exponential day counts: the ratio of hazards is 0.7 on every day, up to (1 - e^-h) against h
    day = np.arange(2001) / 30.4375
    tables = []
    for mean in (20.0, 14.0):
        s = np.exp(-day / mean)
        tables.append(SurvivalCurve.from_table(np.append(-np.diff(s), 0) * 1e6, np.append(np.zeros(2000), s[-1] * 1e6)))
    assert cox(two_sample(*tables)).value == pytest.approx(0.7, rel=1e-5)


def test_a_group_without_events_has_no_finite_ratio():
    table = TwoSample(np.zeros(3), np.full(3, 5.0), np.array([1.0, 0, 1]), np.full(3, 5.0))
    assert log_hazard_ratio(table)[0] == -math.inf
    assert log_hazard_ratio(TwoSample(table.events0, table.at_risk0, table.events1, table.at_risk1))[0] == math.inf
    assert math.isnan(log_hazard_ratio(table._replace(events0=np.zeros(3)))[0])
    with pytest.raises(InputError, match="without any event"):
        cox(table)
    with pytest.raises(InputError, match="efron, breslow, rows"):
        cox(table, ties="exact")


# ------------------------------------------------------------------------------------------------ log-rank
def test_log_rank_of_lung_by_sex():
    from lifelines.datasets import load_lung

    lung = load_lung()
    curve = {s: SurvivalCurve.from_rows(d["time"], d["status"]) for s, d in lung.groupby("sex")}
    test = log_rank(two_sample(curve[2], curve[1]))
    assert test.chi_square == pytest.approx(10.3267, abs=5e-5)
    assert test.p_value == pytest.approx(0.0013112, abs=5e-8)
    assert test.z == pytest.approx(-math.sqrt(10.3267), abs=1e-5)


def test_log_rank_on_counts_and_rows_is_that_of_lifelines(curves, rows):
    from lifelines.statistics import logrank_test

    assert log_rank(two_sample(*curves)).chi_square == pytest.approx(_lifelines.log_rank(*curves).chi_square, rel=1e-9)
    group, times, events = rows
    theirs = logrank_test(times[group == 1], times[group == 0], events[group == 1], events[group == 0])
    assert log_rank(table_of(rows)).p_value == pytest.approx(theirs.p_value, rel=1e-9)


def test_log_rank_agrees_with_scikit_survival(rows):
    compare_survival = pytest.importorskip("sksurv.compare").compare_survival
    group, times, events = rows
    outcome = np.array(list(zip(events, times, strict=True)), dtype=[("e", bool), ("t", float)])
    assert log_rank(table_of(rows)).chi_square == pytest.approx(compare_survival(outcome, group)[0], rel=1e-9)


def test_the_score_of_cox_at_no_effect_is_the_log_rank_difference(rows):
    table = table_of(rows)
    steps = [log_hazard_ratio(table._replace(), ties="breslow")]
    expected = np.sum((table.events1 + table.events0) * table.at_risk1 / (table.at_risk1 + table.at_risk0))
    assert log_rank(table).observed_minus_expected == pytest.approx(table.events1.sum() - expected, rel=1e-12)
    assert np.sign(log_rank(table).z) == np.sign(steps[0][0])


def test_nothing_to_test_is_said():
    with pytest.raises(InputError, match="nothing to test"):
        log_rank(TwoSample(np.zeros(2), np.ones(2), np.zeros(2), np.ones(2)))


def test_curves_from_rows_and_counts_are_not_mixed(curves, waltons):
    with pytest.raises(InputError, match="like with like"):
        two_sample(curves[0], SurvivalCurve.from_rows(*waltons["control"]))


def test_counts_of_unequal_length_are_aligned(curves):
    shorter = SurvivalCurve.from_table([3, 2, 0], [0, 0, 1])
    table = two_sample(curves[0], shorter)
    assert table.events0[:2].tolist() == [3, 2]
    assert table.at_risk0[2:].sum() == 0.0


# ------------------------------------------------------------------------------------------------ P(T1 > T0)
def test_two_exponentials_have_a_closed_form():
    day = np.arange(6001) / 30.4375
    curve = {}
    for mean in (20.0, 14.0):
        s = np.exp(-day / mean)
        curve[mean] = SurvivalCurve.from_table(np.append(-np.diff(s), 0), np.append(np.zeros(6000), s[-1]))
    got = probability_longer(curve[20.0], curve[14.0])
    assert got.value == pytest.approx(20 / 34, abs=1e-6)
    assert got.undecided == pytest.approx(math.exp(-day[-1] / 20 - day[-1] / 14), rel=1e-9)
    assert probability_longer(curve[14.0], curve[20.0]).value == pytest.approx(1 - got.value, abs=1e-12)
    assert probability_longer(curve[14.0], curve[14.0]).value == pytest.approx(0.5, abs=1e-12)


def test_without_censoring_it_is_the_mann_whitney_index(day_table):
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(23)
    days = [np.floor(rng.exponential(m * 30.4375, 700)) for m in (20.0, 14.0)]
    curves = [SurvivalCurve.from_table(*day_table((d + 0.5) / 30.4375, 12_000)) for d in days]
    expected = mannwhitneyu(*days).statistic / 700**2
    assert probability_longer(*curves).value == pytest.approx(expected, abs=1e-12)


def test_pairs_that_outlast_the_horizon_count_half():
    alive = SurvivalCurve.from_table([0, 0], [0, 10])
    half = SurvivalCurve.from_table([5, 0], [0, 5])
    got = probability_longer(alive, half)
    assert got.value == pytest.approx(0.5 + 0.25)
    assert got.undecided == 0.5


# ------------------------------------------------------------------------------------------------ imports
def test_importing_and_using_curves_loads_neither_lifelines_nor_pyplot(root):
    code = (
        "import sys, simulate.survival as s, simulate.compare; c = s.SurvivalCurve.from_table([1, 2, 0], [0, 0, 9]);"
        "c.plot(); c.rmst(0.01); s.cox(s.two_sample(c, c));"
        "print([m for m in ('lifelines', 'matplotlib.pyplot') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert out.stdout.strip() == "[]"
