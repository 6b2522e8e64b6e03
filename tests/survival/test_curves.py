"""`SurvivalCurve` against lifelines, scikit-survival, closed forms and the waltons data."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from simulate.errors import InputError
from simulate.survival import SurvivalCurve, _lifelines

DAYS_PER_MONTH = 30.4375


@pytest.fixture(scope="module")
def exponential() -> SurvivalCurve:
    """Exactly exponential day counts, mean 20 months, of a million patients, horizon 1,500 days; not whole numbers."""
    s = np.exp(-np.arange(1501) / DAYS_PER_MONTH / 20.0)
    events = np.append(-np.diff(s), 0.0) * 1e6
    return SurvivalCurve.from_table(events, np.append(np.zeros(1500), s[-1] * 1e6), endpoint="os", label="A")


# ------------------------------------------------------------------------------------------------ oracles
@pytest.mark.parametrize(("group", "value", "se"), [("miR-137", 9.794118, 0.12324), ("control", 9.976744, 0.02317)])
def test_restricted_mean_of_waltons(waltons, group, value, se):
    got = SurvivalCurve.from_rows(*waltons[group]).rmst(10.0)
    assert got.value == pytest.approx(value, abs=5e-7)
    assert got.se == pytest.approx(se, abs=5e-6)
    assert (got.low + got.high) / 2 == pytest.approx(got.value)


def test_without_censoring_the_variance_of_the_restricted_mean_is_the_sample_variance():
    # closed form: Greenwood's formula for rmst(tau) equals the population variance of min(T, tau) over n
    t = np.random.default_rng(2).weibull(1.3, 137) * 12
    got = SurvivalCurve.from_rows(t, np.ones(137)).rmst(15.0)
    assert got.value == pytest.approx(np.minimum(t, 15).mean(), rel=1e-12)
    assert got.se**2 == pytest.approx(np.minimum(t, 15).var() / 137, rel=1e-10)


def test_day_counts_give_nearly_the_same_restricted_mean_as_the_rows_they_come_from(day_table):
    rng = np.random.default_rng(3)
    t, c = 15 * rng.weibull(1.2, 5000), rng.uniform(6, 50, 5000)
    exact = SurvivalCurve.from_rows(np.minimum(t, c), t <= c).rmst(30.0)
    binned = SurvivalCurve.from_table(*day_table(t, 1800, c)).rmst(30.0)
    # a patient's day is known to within a day, uniformly: SD 1/sqrt(12) of a day, averaged over 5,000 patients
    assert binned.value == pytest.approx(exact.value, abs=4 / DAYS_PER_MONTH / math.sqrt(12 * 5000))
    assert binned.se == pytest.approx(exact.se, rel=2e-3)


def test_rows_agree_with_lifelines(waltons):
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    times, events = waltons["miR-137"]
    curve, fitter = SurvivalCurve.from_rows(times, events), KaplanMeierFitter().fit(times, events)
    np.testing.assert_allclose(curve.survival, fitter.survival_function_.iloc[:, 0], atol=1e-12)
    inside = slice(1, -1)  # lifelines has no interval where S is 0
    low, high = curve.interval()
    np.testing.assert_allclose(low[inside], fitter.confidence_interval_.iloc[inside, 0], atol=1e-10)
    np.testing.assert_allclose(high[inside], fitter.confidence_interval_.iloc[inside, 1], atol=1e-10)
    assert curve.median() == fitter.median_survival_time_
    limits = median_survival_times(fitter.confidence_interval_).to_numpy().ravel()
    assert curve.median_interval() == pytest.approx(tuple(limits))
    table = fitter.event_table
    assert curve.at_risk_table(table.index.to_numpy()[1:]).tolist() == table["at_risk"].tolist()[1:]


def test_rows_agree_with_scikit_survival(waltons):
    nonparametric = pytest.importorskip("sksurv.nonparametric")
    times, events = waltons["control"]
    at, s = nonparametric.kaplan_meier_estimator(events, times)
    np.testing.assert_allclose(SurvivalCurve.from_rows(times, events).at(at), s, atol=1e-12)


def test_counts_are_identical_to_lifelines_on_weights(day_table):
    rng = np.random.default_rng(7)
    for shape in (0.9, 1.5):
        curve = SurvivalCurve.from_table(*day_table(14 * rng.weibull(shape, 20_000), 1500))
        np.testing.assert_allclose(curve.survival[1:], _lifelines.kaplan_meier(curve), rtol=0, atol=1e-12)


def test_who_is_censored_during_a_day_biases_nothing():
    # exact day counts of two independent exponentials, event and censoring; an event time is seen if it comes first
    day, event, leave = np.arange(1501), 0.02, 0.05
    both = np.exp(-(event + leave) * day)
    gone = np.append(-np.diff(both), 0.0)
    curve = SurvivalCurve.from_table(gone * event / (event + leave), gone * leave / (event + leave))
    # third order in the hazards of a day: 100 days at 0.02 * 0.05 * 0.07 / 12 each
    assert curve.at(100 / DAYS_PER_MONTH) == pytest.approx(math.exp(-2.0), rel=1e-3)
    from_lifelines = _lifelines.kaplan_meier(curve)[99]
    assert from_lifelines / math.exp(-2.0) - 1 > 0.03  # hazards this large show what the convention would cost


def test_counts_give_the_exponential_they_were_made_from(exponential):
    assert exponential.median() == pytest.approx(20 * math.log(2), rel=1e-6)
    assert exponential.quantile(0.25) == pytest.approx(-20 * math.log(0.75), rel=1e-6)
    assert exponential.at([0.0, 12.0, 24.1]) == pytest.approx(np.exp([0, -0.6, -1.205]), rel=1e-6)
    # trapezoid on days: relative error (day / mean)^2 / 12 = 2e-7
    assert exponential.rmst(36.0).value == pytest.approx(20 * (1 - math.exp(-1.8)), rel=5e-7)
    # variance of min(T, tau) for an exponential, over n
    m1, m2 = 20 * (1 - math.exp(-1.8)), 2 * 400 * (1 - math.exp(-1.8) * 2.8)
    assert exponential.rmst(36.0).se == pytest.approx(math.sqrt((m2 - m1**2) / 1e6), rel=1e-4)


def test_without_censoring_a_landmark_has_the_binomial_standard_error(exponential):
    for months in (6.0, 12.0, 12.013):  # the last lies within a day
        got = exponential.landmark(months)
        p = math.exp(-months / 20)
        assert got.value == pytest.approx(p, rel=1e-6)
        assert got.se == pytest.approx(math.sqrt(p * (1 - p) / 1e6), rel=2e-3)
        assert got.low < p < got.high


def test_interpolating_within_the_day_removes_the_bias_of_flooring(day_table):
    n, months = 400_000, 12.0173
    t = np.random.default_rng(5).exponential(3.0, n)
    curve = SurvivalCurve.from_table(*day_table(t, 1000))
    exact = np.mean(t > months)
    day = months * DAYS_PER_MONTH
    floored, inside = curve.survival[int(day)], day - int(day)
    # given the day's events, the number behind us is binomial
    error = math.sqrt(curve.events[int(day)] * inside * (1 - inside)) / n
    assert abs(curve.at(months) - exact) < 4 * error
    assert floored - exact > 8 * error


# ------------------------------------------------------------------------------------------------ counts
def test_batches_and_their_sum():
    rng = np.random.default_rng(6)
    events, censored = rng.integers(0, 9, (3, 2, 50)), rng.integers(0, 3, (3, 2, 50))
    counts = SimpleNamespace(arm="A", endpoints=("os", "pfs"), events=events, censored=censored)
    one = SurvivalCurve.from_counts(counts, "pfs", batch=1)
    assert one.n == events[1, 1].sum() + censored[1, 1].sum()
    assert (one.label, one.endpoint) == ("A", "pfs")
    assert SurvivalCurve.from_counts(counts, "os").n == events[:, 0].sum() + censored[:, 0].sum()
    with pytest.raises(InputError, match=r"'dfs'.*os, pfs"):
        SurvivalCurve.from_counts(counts, "dfs")
    with pytest.raises(InputError, match="there are 3"):
        SurvivalCurve.from_counts(counts, "os", batch=3)


def test_who_reaches_the_horizon_is_at_risk_to_the_end():
    curve = SurvivalCurve.from_table([1, 0, 0], [0, 0, 3])
    assert curve.at_risk.tolist() == [4, 3, 3]
    assert curve.survival.tolist() == [1.0, 0.75, 0.75]
    assert curve.at_risk_table([0.0, 1 / DAYS_PER_MONTH, 1.0]).tolist() == [4, 3, 0]
    assert curve.median() == math.inf
    assert math.isnan(curve.at(1.0))


def test_deaths_at_time_zero_count():
    curve = SurvivalCurve.from_rows([0.0, 1.0, 2.0, 3.0], [1, 1, 0, 1])
    assert curve.at([0.0, 0.5, 1.0, 3.0]).tolist() == pytest.approx([0.75, 0.75, 0.5, 0.0])
    assert curve.rmst(2.0).value == pytest.approx(0.75 + 0.5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SurvivalCurve.from_table([1, -1], [0, 0]), "negative"),
        (lambda: SurvivalCurve.from_table([1, np.nan], [0, 0]), "negative"),
        (lambda: SurvivalCurve.from_table([1, 1], [0, 0, 0]), "shape"),
        (lambda: SurvivalCurve.from_table([0, 0], [0, 0]), "at risk"),
        (lambda: SurvivalCurve.from_rows([], []), "0 times"),
        (lambda: SurvivalCurve.from_rows([1.0, 2.0], [1]), "1 events"),
        (lambda: SurvivalCurve.from_rows([-1.0], [1]), "negative"),
        (lambda: SurvivalCurve.from_rows([math.inf], [0]), "finite"),
    ],
)
def test_bad_input_is_refused_with_a_reason(make, said):
    with pytest.raises(InputError, match=said):
        make()


@pytest.mark.parametrize("call", ["landmark", "rmst"])
def test_nothing_is_said_beyond_the_follow_up(exponential, call):
    with pytest.raises(InputError, match="longer horizon"):
        getattr(exponential, call)(60.0)
    with pytest.raises(InputError, match="known from 0"):
        getattr(exponential, call)(-1.0)


def test_quantiles_outside_their_range_are_refused(exponential):
    with pytest.raises(InputError, match="between 0 and 1"):
        exponential.quantile(50)


# ------------------------------------------------------------------------------------------------ results
def test_a_curve_cannot_be_changed(exponential):
    with pytest.raises(AttributeError):
        exponential.label = "B"
    with pytest.raises(ValueError, match="read-only"):
        exponential.events[0] = 1.0


def test_summary_and_table(exponential):
    assert "median 13.86 months" in exponential.summary()
    assert "not reached by" in SurvivalCurve.from_table([1, 0, 0], [0, 0, 3]).summary()
    frame = exponential.to_df()
    assert list(frame) == ["months", "survival", "lower", "upper", "at_risk", "events", "censored"]
    assert len(frame) == 1501
    assert (frame["lower"] <= frame["survival"]).all()


def test_saving(exponential, tmp_path):
    import pandas as pd

    table = pd.read_csv(exponential.save(tmp_path / "c.csv"), float_precision="round_trip")
    np.testing.assert_allclose(table["survival"], exponential.survival, rtol=0)
    doc = json.loads(exponential.save(tmp_path / "c.json").read_text())
    assert doc["s"] == exponential.survival.tolist()
    assert exponential.save(tmp_path / "c.svg").read_text().startswith("<?xml")
    assert exponential.save(tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        exponential.save(tmp_path / "c.pdf")


def test_plot_draws_on_the_axes_it_is_given(exponential):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert exponential.plot(ax, bands=True) is ax
    assert ax.get_ylabel() == "Overall survival (%)"


def test_survival_of_rows_is_that_of_their_table_and_keeps_nothing_of_the_callers():
    rng = np.random.default_rng(12)
    times, events = rng.integers(0, 40, 500).astype(float), rng.random(500) < 0.6
    curve = SurvivalCurve.from_rows(times, events)
    before = curve.survival.copy()
    times[:], events[:] = 99.0, False
    again = SurvivalCurve(curve.times, curve.at_risk, curve.events, curve.censored, linear=False)
    np.testing.assert_allclose(again.survival, before, rtol=0, atol=1e-12)
    assert (curve.n, curve.horizon, curve.events.sum() + curve.censored.sum()) == (500, 39.0, 500)
    with pytest.raises(ValueError, match="read-only"):
        curve.survival[0] = 0.5


def test_a_curve_does_not_follow_the_arrays_it_was_made_of():
    at_risk = np.array([10.0, 6.0, 0.0])
    curve = SurvivalCurve(np.array([0.0, 1.0, 2.0]), at_risk, np.array([4.0, 3.0]), np.array([0.0, 3.0]), False)
    at_risk[0] = 1.0
    assert curve.n == 10.0
