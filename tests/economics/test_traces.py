"""Shares in states: closed forms for constant hazards, slow counts, and simulated patients against integrals."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.cohort_draws import entry_times, hazard_tables
from simulate.economics.traces import PD, PF, STATES, Traces, cells_of, clock_reset, joined, simulated
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution, JointModel

UNIT = 32.0  # months, 974 whole days: long enough that a day is short beside the hazards
DAYS = 974


def constant(h01: float, h02: float, h12: float) -> ArmModel:
    """Illness-death model of constant hazards, each for `UNIT` months."""
    first = Distribution("exponential", (UNIT / (h01 + h02),))
    return ArmModel(first, h02 / (h01 + h02), Distribution("exponential", (UNIT / h12,)))


def closed_form(h01: float, h02: float, h12: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares progression-free and progressed at t, in `UNIT` months."""
    leaving = h01 + h02
    return np.exp(-leaving * t), h01 * (np.exp(-leaving * t) - np.exp(-h12 * t)) / (h12 - leaving)


@pytest.mark.parametrize("hazards", [(0.7, 0.5, 0.8), (2.0, 0.1, 1.0), (0.3, 0.0, 3.0), (1.0, 0.4, 0.2)])
def test_constant_hazards_in_closed_form(hazards):
    """Progressions of a day meet survival after it at its middle: off by less than (h day)² of the progressed, 1e-5."""
    traces = clock_reset({constant(*hazards): 1.0}, DAYS)
    free, progressed = closed_form(*hazards, np.arange(DAYS + 1) / DAYS)
    np.testing.assert_allclose(traces.state(PF)[0], free, atol=1e-12)
    np.testing.assert_allclose(traces.state(PD)[0], progressed, atol=1e-5)
    ever = hazards[0] / (hazards[0] + hazards[1]) * (1.0 - free[-1])
    assert traces.progressing.sum() == pytest.approx(ever, rel=1e-9)
    assert traces.progressing.shape == (1, DAYS)


def test_survival_at_one():
    """S_OS(1) of h01 = 0.7, h02 = 0.5, h12 = 0.8, worked out by hand."""
    assert clock_reset({constant(0.7, 0.5, 0.8): 1.0}, DAYS).alive[0, -1] == pytest.approx(0.56043, abs=5e-6)


def test_a_mixture_is_the_mean_of_its_parts():
    a, b = constant(0.7, 0.5, 0.8), constant(2.0, 0.1, 1.0)
    both = clock_reset({a: 0.3, b: 0.7}, DAYS)
    parts = [clock_reset({x: 1.0}, DAYS) for x in (a, b)]
    np.testing.assert_allclose(both.shares, 0.3 * parts[0].shares + 0.7 * parts[1].shares, atol=1e-12)
    np.testing.assert_allclose(both.progressing, 0.3 * parts[0].progressing + 0.7 * parts[1].progressing, atol=1e-12)
    together = joined(parts)
    assert together.draws == 2
    np.testing.assert_array_equal(together.alive[1], parts[1].alive[0])
    np.testing.assert_array_equal(together.progressing[0], parts[0].progressing[0])


def test_strata_with_the_same_model_are_one():
    a, b = constant(0.7, 0.5, 0.8), constant(2.0, 0.1, 1.0)
    cells = {("arm", "x"): a, ("arm", "y"): b, ("arm", "z"): a, ("arm", "none"): b}
    model = JointModel("toy", ("arm",), ("x", "y", "z", "none"), {"arm": (0.25, 0.25, 0.25, 0.25)}, cells)
    assert cells_of(model, "arm", (0.2, 0.3, 0.5, 0.0)) == {a: 0.7, b: 0.3}
    assert cells_of(model, "arm", (0.5, 0.0, 0.5, 0.0)) == {a: 1.0}
    with pytest.raises(ValueError, match="shorter"):
        cells_of(model, "arm", (0.5, 0.5))


def test_simulated_against_counting_one_by_one():
    rng = np.random.default_rng(4)
    draws, patients, days = 3, 200, 40
    first = rng.exponential(0.7, (draws, patients))
    progresses = rng.random((draws, patients)) < 0.6
    dead = np.where(progresses, first + rng.exponential(0.5, first.shape), first)
    dead[:, 0] = np.inf  # who never dies
    entry = np.stack([np.zeros_like(first), np.where(progresses, first, np.inf), dead], axis=1)
    traces = simulated(entry, days)
    for d in range(draws):
        for day in range(days + 1):
            alive = np.mean(dead[d] >= day / DAYS_PER_MONTH)
            free = np.mean(np.minimum(entry[d, 1], dead[d]) >= day / DAYS_PER_MONTH)
            assert traces.alive[d, day] == pytest.approx(alive, abs=1e-12)
            assert traces.state(PF)[d, day] == pytest.approx(free, abs=1e-12)
        for day in range(days):
            low, high = day / DAYS_PER_MONTH, (day + 1) / DAYS_PER_MONTH
            entering = np.mean((entry[d, 1] >= low) & (entry[d, 1] < high))
            assert traces.progressing[d, day] == pytest.approx(entering, abs=1e-12)


@pytest.mark.parametrize("strategy", ["chemotherapy", "bevacizumab"])
def test_simulated_patients_against_integrals(case, strategy):
    """Shares within 4.5 binomial standard errors on every 60th day; 1e-4 for the grid of the integral."""
    patients = 40_000
    exact = case.integrated(strategy)
    tables = hazard_tables([case.model], case.arms[strategy], case.mix)
    found = simulated(entry_times(tables, patients, seed=11), case.clock.days)
    assert found.states == exact.states == STATES
    progressed = np.cumsum(exact.progressing[0]), np.cumsum(found.progressing[0])
    pairs = [(exact.shares[0, s], found.shares[0, s]) for s in range(2)]
    pairs += [(exact.alive[0], found.alive[0]), progressed]
    for expected, simulated_share in pairs:
        p = np.clip(expected[::60], 1e-6, 1.0 - 1e-6)
        bound = 4.5 * np.sqrt(p * (1.0 - p) / patients) + 1e-4
        assert (np.abs(simulated_share[::60] - expected[::60]) < bound).all()
    for traces in (exact, found):
        assert traces.shares.min() > -1e-12
        assert traces.progressing.min() >= 0.0
        assert (np.diff(traces.alive) <= 1e-12).all()
        np.testing.assert_allclose(traces.state(PF) + traces.state(PD), traces.alive, atol=1e-12)
        np.testing.assert_allclose(traces.shares[:, :, 0], [[1.0, 0.0]], atol=1e-12)


def test_states_by_name():
    shares = np.arange(8.0).reshape(1, 2, 4)
    traces = Traces(STATES, shares, np.zeros((1, 3)))
    np.testing.assert_array_equal(traces.state(PD), shares[:, 1])
    with pytest.raises(ValueError, match="not in tuple"):
        traces.state("dead")
