"""Paired Monte Carlo errors against the spread of repeated simulations; one trial of a trial's size."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulate.errors import InputError
from simulate.survival.batches import Batches, hazard_ratios, longer
from simulate.survival.cox import cox
from simulate.survival.trial_like import arm_times, check_separate, trial_like
from simulate.survival.two_sample import TwoSample

DAYS, BATCHES, PATIENTS = 1500, 20, 4000


@pytest.fixture(scope="module")
def simulated(day_table):
    """Two strategies on common random numbers, proportional hazards 0.7; a function of the seed."""

    def run(seed: int) -> tuple[Batches, Batches]:
        u = np.random.default_rng(seed).exponential(size=(BATCHES, PATIENTS // BATCHES))
        out = []
        for mean in (20.0, 14.0):
            tables = [day_table(row * mean, DAYS) for row in u]
            events, censored = (np.stack(x)[:, None] for x in zip(*tables, strict=True))
            counts = SimpleNamespace(arm=f"{mean:g}", endpoints=("os",), events=events, censored=censored)
            out.append(Batches.from_counts(counts, "os"))
        return out[0], out[1]

    return run


def test_row_zero_is_everybody(simulated):
    one, other = simulated(1)
    curve = one.curve()
    assert one.patients == PATIENTS
    assert one.median()[0] == curve.median()
    assert one.at(12.0)[0] == curve.at(12.0)
    assert one.rmst(24.0)[0] == pytest.approx(curve.rmst(24.0).value, rel=1e-12)
    table = TwoSample(one.events[0, :-1], one.at_risk[0], other.events[0, :-1], other.at_risk[0])
    assert hazard_ratios(one, other)[0] == pytest.approx(cox(table, ties="rows").value, rel=1e-9)


def test_the_paired_errors_are_the_spread_over_repeated_simulations(simulated):
    """150 simulations. The SD over them is known to 1/sqrt(300) = 6 %, the mean of the jackknife's variance (19
    degrees of freedom each) to 3 %; held to 25 %, four times both together."""
    contrasts = {
        "hazard ratio": hazard_ratios,
        "follow-up": lambda a, b: hazard_ratios(a.under(12.0, 24.0), b.under(12.0, 24.0)),
        "median": lambda a, b: a.median() - b.median(),
        "rmst": lambda a, b: a.rmst(24.0) - b.rmst(24.0),
        "landmark": lambda a, b: a.at(12.0) - b.at(12.0),
        "longer": longer,
    }
    values, errors = {k: [] for k in contrasts}, {k: [] for k in contrasts}
    for seed in range(150):
        one, other = simulated(1000 + seed)
        for name, f in contrasts.items():
            rows = f(one, other)
            values[name].append(rows[0])
            errors[name].append(one.error(rows))
    for name in contrasts:
        spread, claimed = np.std(values[name], ddof=1), math.sqrt(np.mean(np.square(errors[name])))
        assert claimed == pytest.approx(spread, rel=0.25), name


def test_pairing_makes_the_error_of_a_contrast_smaller_than_that_of_its_parts(simulated):
    one, other = simulated(2)
    paired = one.error(one.rmst(24.0) - other.rmst(24.0))
    apart = math.hypot(one.error(one.rmst(24.0)), other.error(other.rmst(24.0)))
    assert paired < 0.5 * apart


def test_one_batch_gives_values_without_errors(day_table):
    events, censored = day_table(np.random.default_rng(3).exponential(14.0, 500), DAYS)
    counts = SimpleNamespace(arm="A", endpoints=("os",), events=events[None, None], censored=censored[None, None])
    alone = Batches.from_counts(counts, "os")
    assert math.isfinite(alone.median()[0])
    assert alone.error(alone.median()) is None


def test_beyond_the_horizon_nothing_is_said(simulated):
    with pytest.raises(InputError, match="horizon"):
        simulated(1)[0].rmst(60.0)


# ------------------------------------------------------------------------------------------------ a trial
def test_intervals_of_trials_cover_the_true_ratio_as_often_as_they_say():
    """600 trials of 120 per arm: coverage has a standard error of sqrt(.95 * .05 / 600) = 0.9 %; held to four."""
    rng = np.random.default_rng(41)
    trials = [
        trial_like(rng.exponential(20.0, 120), rng.exponential(14.0, 120), 12.0, 30.0, seed=s) for s in range(600)
    ]
    covered = np.mean([t.low <= 0.7 <= t.high for t in trials])
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 600))


def test_p_values_are_flat_without_an_effect():
    """Kolmogorov-Smirnov distance of 600 p-values from uniform; 1.95 / sqrt(600) is its one-in-a-thousand point."""
    from scipy.stats import kstest

    rng = np.random.default_rng(42)
    p = [
        trial_like(rng.exponential(14.0, 120), rng.exponential(14.0, 120), 12.0, 30.0, seed=s).p_value
        for s in range(600)
    ]
    assert kstest(p, "uniform").statistic < 1.95 / math.sqrt(600)


def test_a_trial_follows_patients_to_its_cut_off_and_not_longer():
    # enrolled over 20 months, cut off at 20: half are followed for the 10 months that everybody lives
    times = 10.0 + 1e-3 * np.arange(400) / 400
    got = trial_like(times, times, 20.0, 20.0, seed=1)
    assert got.n == (400, 400)
    assert sum(got.events) == pytest.approx(400, abs=4 * math.sqrt(800 * 0.25))
    assert trial_like(times, times, 20.0, 20.0, seed=1) == got
    assert trial_like(times, times, 20.0, 20.0, seed=2) != got


def test_who_enrols_after_the_cut_off_is_not_in_the_trial():
    times = np.random.default_rng(43).exponential(5.0, 1000)
    got = trial_like(times, times[::-1], 40.0, 20.0, seed=1)
    assert sum(got.n) == pytest.approx(1000, abs=4 * math.sqrt(2000 * 0.25))


def test_a_trial_without_events_has_no_result():
    assert trial_like(np.full(9, np.inf), np.full(9, np.inf), 1.0, 2.0) is None
    with pytest.raises(InputError, match="needs patients"):
        trial_like([], [1.0], 1.0, 2.0)
    with pytest.raises(InputError, match="not negative"):
        trial_like([np.nan], [1.0], 1.0, 2.0)


def test_rows_of_a_trial():
    rows = pd.DataFrame({"patient": [0, 1, 2, 3], "strategy": ["a", "b", "a", "b"], "os": [1.0, 2.0, 3.0, 4.0]})
    assert arm_times(rows, "b", "os", 2).tolist() == [2.0, 4.0]
    check_separate(rows)
    with pytest.raises(InputError, match="3 patients wanted, the rows hold 2 of a"):
        arm_times(rows, "a", "os", 3)
    with pytest.raises(InputError, match="no column 'pfs'"):
        arm_times(rows, "a", "pfs", 1)
    with pytest.raises(InputError, match="different patients"):
        check_separate(rows.assign(patient=[0, 0, 1, 1]))
