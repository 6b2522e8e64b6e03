"""The range over models that meet the same figures, and the figure that would narrow it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simulate.analytic import solve
from simulate.calibration import build_model
from simulate.calibration.calibrate import fit, used
from simulate.economics.alternatives import combined
from simulate.economics.amounts import Values
from simulate.economics.changes import Increment, increment
from simulate.economics.model_range import (
    DEATHS,
    FIGURES,
    Alternative,
    ModelRange,
    model_range,
    narrowed,
    with_model,
)
from simulate.evidence import Library
from simulate.model.types import DAYS_PER_MONTH
from simulate.sensitivity import alternative_models, alternatives


@pytest.fixture(scope="module")
def trial():
    return Library().trial("gog240")


@pytest.fixture(scope="module")
def found(case, trial):
    return model_range(case, trial, together=False)


def test_the_first_is_the_evaluation_itself(case, found):
    assert found.models[0].label == "as calibrated"
    assert found.models[0].increment == increment(case)


def test_every_model_is_evaluated_by_itself(case, trial, found):
    """Slow reference of one alternative: its own curves, its own rates of stopping, the account book."""
    label, _, _, model = next(m for m in alternative_models(trial, case.calibration) if m[0] == "PPS lognormal")
    own = dataclasses.replace(case, calibration=dataclasses.replace(case.calibration, model=model))
    stops = {}
    for strategy, cycles in (("chemotherapy", 6), ("bevacizumab", 7)):
        at = (cycles - 0.5) * 21 / DAYS_PER_MONTH
        days = np.arange(case.clock.days + 1) / DAYS_PER_MONTH
        free = float(np.interp(at, days, own.integrated(strategy).state("progression_free")[0]))
        stops[strategy] = np.log(2.0 * free) / at
    own = dataclasses.replace(own, stops=stops)
    books = [own.outcomes(s, own.integrated(s), Values.mean(case.file)) for s in case.arms]
    wanted = Increment(float(books[1].cost[0] - books[0].cost[0]), float(books[1].qaly[0] - books[0].qaly[0]))
    row = next(m for m in found.models if m.label == label)
    assert (row.increment.cost, row.increment.qaly) == pytest.approx((wanted.cost, wanted.qaly), rel=1e-9)
    assert with_model(case, model).stops == pytest.approx(stops, rel=1e-9)


def test_ranges_hold_every_model_that_meets_the_figures(found):
    low, high = found.inmb
    assert all(low <= m.increment.inmb(found.threshold) <= high for m in found.kept)
    assert low < found.models[0].increment.inmb(found.threshold) < high
    assert found.icer[0] < found.models[0].increment.icer < found.icer[1]
    assert not found.changes_decision
    at = sum(found.icer) / 2.0
    assert dataclasses.replace(found, threshold=at).changes_decision


def test_models_agree_on_what_is_reported_and_not_on_what_is_missing(case, trial, found):
    models = [m for label, _, _, m in alternative_models(trial, case.calibration) if "follow-up" not in label]
    medians = [solve(m, ["chemotherapy"], mix=case.mix)["chemotherapy"].median("os") for m in models]
    assert np.ptp(medians) < 0.1
    by_name = {m.name: m for m in found.missing}
    assert set(by_name) == {*FIGURES, DEATHS}
    assert (
        by_name["median survival after progression"].high[0] - by_name["median survival after progression"].low[0] > 0.3
    )
    assert by_name["OS at 60 months"].high[1] - by_name["OS at 60 months"].low[1] > 0.01
    assert by_name[DEATHS].low[0] < 0.12 < by_name[DEATHS].high[0]


def test_the_most_wanted_figure_leaves_least(found):
    remaining = [m.remaining for m in found.missing]
    assert remaining == sorted(remaining)
    whole = found.inmb[1] - found.inmb[0]
    assert all(0.0 <= m.explained <= 1.0 and m.remaining <= whole + 1e-9 for m in found.missing)
    assert found.most_wanted is found.missing[0]
    assert found.most_wanted.remaining < whole


def test_a_model_that_does_not_meet_the_figures_is_left_out(found):
    other = dataclasses.replace(found.models[1], feasible=False, increment=Increment(1e9, 1.0))
    assert dataclasses.replace(found, models=(*found.models, other)).inmb == found.inmb


def test_ratios_where_nothing_is_gained():
    def row(cost, qaly):
        return Alternative("", "", True, Increment(cost, qaly), {})

    assert ModelRange("s", 1e5, (row(10.0, 1.0), row(10.0, -0.1)), ()).icer == (10.0, np.inf)
    assert ModelRange("s", 1e5, (row(10.0, 1.0), row(-5.0, 1.0)), ()).icer == (-5.0, 10.0)


def test_combinations_change_two_assumptions_or_more(case):
    """Each kind has its alternatives and the base: all combinations but the base and the single changes."""
    calibration = case.calibration
    kinds = {"PFS": 1, "PPS": 1, "death share": 1, "dependence": 1}
    for label, _, _ in alternatives(calibration):
        kinds[next(k for k in kinds if label.startswith(k))] += 1
    specs = combined(calibration)
    assert len(specs) == np.prod(list(kinds.values())) - sum(kinds.values()) + len(kinds) - 1
    assert len({label for label, _, _ in specs}) == len(specs)
    label, _, spec = next(s for s in specs if s[0].count(",") == 3)
    single = {label: spec for label, _, spec in alternatives(calibration)}
    for part in label.split(", "):
        name = {"PFS": "pfs", "PPS": "pps", "death": "death_share", "dependence": "dependence"}[part.split()[0]]
        assert getattr(spec, name) == getattr(single[part], name) != getattr(calibration.spec, name)


def test_a_combination_meets_the_same_figures(case, trial):
    calibration = case.calibration
    chosen = used(calibration.statistics)
    label, _, spec = combined(calibration)[-1]
    assert "dependence" in label
    figures = [calibration.statistics[i] for i in chosen]
    forward, solution = fit(figures, spec, calibration.covariance[np.ix_(chosen, chosen)])
    assert solution.feasible
    model = build_model(trial, forward.layout.cells(solution.x))
    medians = {a: o.median("os") for a, o in solve(model, horizon=120.0).items()}
    assert medians == pytest.approx({"chemotherapy": 13.3, "chemotherapy_bevacizumab": 16.8}, rel=2e-3)
    assert model != case.model


def test_combinations_are_remembered(case, trial, private_cache, monkeypatch):
    """Two of them only, so that it takes seconds."""
    from simulate.economics import alternatives as module

    few = combined(case.calibration)[:2]
    monkeypatch.setattr(module, "combined", lambda calibration: few)
    first = model_range(case, trial)
    single = model_range(case, trial, together=False)
    assert [m.label for m in first.models] == [m.label for m in single.models] + [label for label, _, _ in few]
    monkeypatch.setattr("simulate.sensitivity.fit", None)
    assert model_range(case, trial).inmb == first.inmb
    assert first.inmb[0] <= single.inmb[0] <= single.inmb[1] <= first.inmb[1]


# ------------------------------------------------------------------------------------------------ regression
def test_a_figure_that_decides_everything():
    known = np.linspace(0.1, 0.5, 30)[:, None]
    explained, remaining = narrowed(known, 1e5 * known[:, 0] - 7.0)
    assert explained == pytest.approx(1.0, abs=1e-12)
    assert remaining == pytest.approx(0.0, abs=1e-6)


def test_each_model_is_predicted_from_the_others():
    """Slow reference: as many regressions as models."""
    rng = np.random.default_rng(3)
    known = rng.normal(size=(25, 2))
    benefit = known @ [2.0, -1.0] + rng.normal(size=25)
    left, alone = [], []
    for i in range(25):
        rest = np.arange(25) != i
        columns = np.column_stack((np.ones(25), known))
        coefficients = np.linalg.lstsq(columns[rest], benefit[rest], rcond=None)[0]
        left.append(benefit[i] - columns[i] @ coefficients)
        alone.append(benefit[i] - benefit[rest].mean())
    explained, remaining = narrowed(known, benefit)
    assert explained == pytest.approx(1.0 - np.sum(np.square(left)) / np.sum(np.square(alone)), rel=1e-10)
    assert remaining == pytest.approx(np.ptp(left), rel=1e-10)


def test_noise_is_no_knowledge():
    """Two of 12 models' figures by chance explain 2/11 in sample; left out one by one they explain about nothing."""
    rng = np.random.default_rng(8)
    shares = [narrowed(rng.normal(size=(12, 2)), rng.normal(size=12))[0] for _ in range(200)]
    assert np.median(shares) == 0.0


def test_a_figure_that_all_predict_alike_tells_nothing():
    benefit = np.array([1.0, 2.0, 4.0])
    assert narrowed(np.full((3, 2), 0.3), benefit) == (0.0, 3.0)
    # both arms the same: one column of it counts; a figure that singles out one model says nothing of the others
    twice = np.repeat(np.arange(6.0)[:, None], 2, axis=1)
    assert narrowed(twice, np.arange(6.0) ** 2) == pytest.approx(narrowed(twice[:, :1], np.arange(6.0) ** 2))
    assert narrowed(np.array([[0.0], [0.0], [1.0]]), benefit) == (0.0, 3.0)
