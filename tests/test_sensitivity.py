"""Uncertainty and alternative assumptions: same figures met, other tails, finite answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulate.calibration import calibrate
from simulate.calibration.solve import Forward
from simulate.evidence import Library
from simulate.model import Distribution
from simulate.sensitivity import Question, answer, matching_dropout, sensitivity, uncertainty, with_dropout

QUESTION = Question(
    ("chemotherapy_bevacizumab", "chemotherapy"), {"os": (32.9, 59.0), "pfs": (32.9, 44.2)}, 120.0, 36.0
)


@pytest.fixture(scope="module")
def trial():
    return Library().trial("gog240")


def test_base_answer_meets_the_reported_figures(trial):
    a = answer(calibrate(trial).model, QUESTION)
    assert a["os_hazard_ratio"] == pytest.approx(0.77, abs=0.002)
    assert a["pfs_hazard_ratio"] == pytest.approx(0.67, abs=0.002)
    assert a["os_median_treated"] == pytest.approx(16.8, rel=1e-3)
    assert a["os_hazard_ratio"] < a["os_hazard_ratio_uncensored"] < 1.0


def test_every_assumption_meets_the_same_figures_and_tails_differ(trial):
    table = sensitivity(trial, calibrate(trial), QUESTION)
    assert table["assumption"].iloc[0] == "base"
    assert table["feasible"].all()
    # the last row changes the follow-up itself, so that its ratio under the unchanged one is another
    assert "loss to follow-up" in table["assumption"].iloc[-1]
    table = table.iloc[:-1]
    assert {"death share 5%", "dependence +0.25", "PFS lognormal"} <= set(table["assumption"])
    assert np.ptp(table["os_median_treated"]) < 0.05
    assert np.ptp(table["os_hazard_ratio"]) < 0.004
    assert np.ptp(table["os_mean_difference"]) > 0.5


def test_draws_cover_the_reported_interval(trial):
    """95 % of the draws' OS hazard ratios span about the printed interval 0.62 to 0.95.

    200 draws: the standard error of a 2.5 % quantile of log HR is about 2.7 sd / sqrt(200) = 0.02; bound: four.
    """
    table = uncertainty(calibrate(trial), QUESTION, 200)
    low, high = np.log(table["os_hazard_ratio"].quantile([0.025, 0.975]))
    assert low == pytest.approx(np.log(0.62), abs=0.08)
    assert high == pytest.approx(np.log(0.95), abs=0.08)
    assert np.isfinite(table.to_numpy()).all()


def test_matching_dropout_makes_the_deaths_those_reported(trial):
    c = calibrate(trial)
    rates = matching_dropout(c)
    assert set(rates) == {"final", "interim"}
    assert all(0.005 < r < 0.03 for r in rates.values())
    curves = Forward(c.layout, c.statistics).curves(c.posterior.x)
    for s in with_dropout(c.statistics, rates):
        if s.kind == "events":
            assert s.evaluate(curves.__getitem__) == pytest.approx(s.value, abs=1e-6)


def test_uncertainty_is_not_remembered_across_priors(trial, private_cache):
    """Another prior of the dependence gives other draws, and must not return the answers of the first."""
    first = uncertainty(calibrate(trial), QUESTION, 5)
    prior = trial.calibration.dependence
    calm = trial.calibration.model_copy(
        update={"dependence": prior.model_copy(update={"prior": prior.prior.model_copy(update={"sd": 0.01})})}
    )
    second = uncertainty(calibrate(trial.model_copy(update={"calibration": calm})), QUESTION, 5)
    assert not np.allclose(first.to_numpy(), second.to_numpy(), rtol=1e-9)


def test_a_stored_model_does_not_pass_for_the_calibrated_one(trial, private_cache):
    """Another model under the same trial: own base row, own residuals, and nothing of it remembered for the other."""
    c = calibrate(trial)
    cells = {
        k: replace(cell, pps=Distribution("weibull", (cell.pps.params[0], 2.0 * cell.pps.params[1])))
        for k, cell in c.model.cells.items()
    }
    other = c.with_model(replace(c.model, cells=cells))
    doubled = sensitivity(trial, other, QUESTION)["os_median_treated"].iloc[0]
    plain = sensitivity(trial, c, QUESTION)["os_median_treated"].iloc[0]
    assert plain == pytest.approx(16.8, rel=1e-3)
    assert doubled > 20.0
    assert not other.calibrated
    assert abs(other.posterior.z[0]) > 1.96
