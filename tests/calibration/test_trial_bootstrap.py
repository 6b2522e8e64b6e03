"""The simulated trials behind the sampling covariance, against lifelines and textbook standard errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from simulate.calibration.statistics import Cut, Group, Statistic
from simulate.calibration.trial_bootstrap import (
    _km,
    _landmark,
    _median,
    covariance,
    cox_two_groups,
    replicate_statistics,
)
from simulate.model import ArmModel, Distribution, JointModel


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(5)
    time = rng.exponential(10.0, (3, 80))
    time[:, 40:] *= 0.6
    event = rng.random((3, 80)) < 0.8
    return time, event, np.arange(80) < 40


def test_cox_is_that_of_lifelines(sample):
    import pandas as pd

    time, event, treated = sample
    for row, beta in enumerate(cox_two_groups(time, event, treated)):
        frame = pd.DataFrame({"t": time[row], "e": event[row], "z": treated.astype(float)})
        assert beta == pytest.approx(CoxPHFitter().fit(frame, "t", "e").params_["z"], abs=1e-5)


def test_kaplan_meier_is_that_of_lifelines(sample):
    time, event, _ = sample
    medians, at = _median(time, event), _landmark(time, event, 5.0)
    for row in range(3):
        km = KaplanMeierFitter().fit(time[row], event[row])
        assert medians[row] == pytest.approx(km.median_survival_time_)
        assert at[row] == pytest.approx(float(km.predict(5.0)))
    assert _km(time, event)[1].shape == time.shape


def test_standard_errors_are_the_textbook_ones():
    """Exponential times, no censoring: SE of the log median 1 / (ln 2 sqrt n), of the log HR sqrt(1/n + 1/n).

    1,500 replicates: a standard deviation has a relative standard error of 1 / sqrt(3000) = 1.8 %; bound 4.5 of them,
    and 5 % for the finite sample.
    """
    n, cell = 200, ArmModel(Distribution("exponential", (10.0,)), 1.0, Distribution("exponential", (1.0,)))
    model = JointModel("m", ("a", "b"), ("s",), {"a": (1.0,), "b": (1.0,)}, {("a", "s"): cell, ("b", "s"): cell})
    a, b = Group((("a", "s"),), (n,)), Group((("b", "s"),), (n,))
    cut = Cut("late", 1.0, 1e4)
    statistics = [
        Statistic("m", "median", "os", (a,), 7.0, "fit", cut),
        Statistic("h", "hazard_ratio", "os", (a, b), 1.0, "fit", cut),
        Statistic("l", "landmark", "pfs", (a,), 0.5, "fit", cut, 10.0 * math.log(2.0)),
        Statistic("e", "events", "os", (a,), 0.5, "fit", Cut("early", 0.0, 10.0 * math.log(2.0))),
    ]
    sizes = {("a", "s"): n, ("b", "s"): n}
    sd = replicate_statistics(model, sizes, statistics, replicates=1500, seed=2).std(axis=0)
    expected = [1 / (math.log(2) * math.sqrt(n)), math.sqrt(2 / n), 2 / math.sqrt(n), 2 / math.sqrt(n)]
    assert sd == pytest.approx(expected, rel=4.5 * 0.018 + 0.05)


def test_interim_and_final_are_the_same_patients():
    cell = ArmModel(Distribution("weibull", (1.2, 15.0)), 1.0, Distribution("exponential", (1.0,)))
    model = JointModel("m", ("a",), ("s",), {"a": (1.0,)}, {("a", "s"): cell})
    a = Group((("a", "s"),), (200,))
    statistics = [Statistic(str(c), "median", "os", (a,), 11.0, "fit", Cut(str(c), 30.0, c)) for c in (44.0, 60.0)]
    replicated = replicate_statistics(model, {("a", "s"): 200}, statistics, replicates=300, seed=4)
    assert np.corrcoef(replicated.T)[0, 1] > 0.9


def test_covariance_survives_a_statistic_that_is_never_defined():
    rng = np.random.default_rng(0)
    replicated = rng.normal(size=(300, 3)) * [0.1, 0.2, 1.0]
    replicated[:, 2] = np.nan
    found = covariance(replicated, np.array([1.0, 1.0, 0.7]))
    assert found[2, 2] == pytest.approx(0.49)
    assert found[0, 2] == 0.0
    # a variance from 300 replicates has a relative standard error of sqrt(2 / 299) = 8 %
    assert found[1, 1] == pytest.approx(0.04, rel=4.5 * 0.082)
    assert np.linalg.eigvalsh(found)[0] > 0.0


@pytest.mark.parametrize("trial", ["gog240", "keynote826"])
def test_simulated_trials_agree_with_the_large_sample_predictions(calibrations, library, trial):
    """Mean over 400 simulated trials against the integrated value, for every statistic, PPS and data cuts included.

    Bound: 4.5 standard errors of the mean, and for the finite trial a quarter of the statistic's standard deviation
    (medians of a hundred patients and the Cox estimate are biased by about 1/n).
    """
    from simulate.calibration.figures import trial_sizes

    c = calibrations[trial]
    found = replicate_statistics(c.model, trial_sizes(library.trial(trial)), c.statistics, replicates=400, seed=11)
    usable = ~np.isnan(found).any(axis=0)
    assert usable.sum() > 0.8 * len(c.statistics)
    sd = found[:, usable].std(axis=0)
    gap = np.abs(found[:, usable].mean(axis=0) - c.prediction[usable])
    assert np.all(gap < 4.5 * sd / math.sqrt(400) + 0.25 * sd), [
        s.figure for s, bad in zip(np.array(c.statistics)[usable], gap >= 0.475 * sd, strict=True) if bad
    ]


def test_entry_weights_against_a_double_loop():
    from simulate.analytic import entry_weights, follow_up_weights

    rng = np.random.default_rng(1)
    entries, follow_up = rng.random(60) / 60, follow_up_weights(60, 1.0, 1.7)
    slow = [sum(entries[s] * follow_up[s + u] for s in range(60 - u)) for u in range(60)]
    assert entry_weights(entries, follow_up) == pytest.approx(slow, abs=1e-12)
