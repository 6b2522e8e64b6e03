"""Simulation against integration: standard normal scores when they agree, and an alarm when they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulate.analytic import solve
from simulate.calibration import calibrate
from simulate.cohort import simulate_counts
from simulate.evidence import Library
from simulate.model import ArmModel, Distribution, JointModel
from simulate.verify import Agreement, agreement, expected, mean_agreement, observed


@pytest.fixture(scope="module")
def model() -> JointModel:
    return calibrate(Library().trial("gog240")).model


def test_scores_of_a_calibrated_model_are_standard_normal(model):
    """40 seeds of 100,000 patients; bounds as in `Agreement.to_df` (false alarm 1e-4 a model and arm)."""
    for found in agreement(model, seeds=40, patients=100_000):
        table = found.to_df()
        assert table["passed"].all(), table[~table["passed"]].to_string()


def test_one_stratum_and_the_hazard_ratios_agree(model):
    """20 seeds of 100,000 patients; bounds as in `Agreement.to_df`; strata × time in state included."""
    for found in [*agreement(model, seeds=20, stratum=model.strata[1]), mean_agreement(model, seeds=20)]:
        table = found.to_df()
        assert table["passed"].all(), table[~table["passed"]].to_string()


def test_a_wrong_simulation_is_noticed(model):
    """One per cent in the PFS scale is a hundred times the effect of flooring to days, and must not pass."""
    cells = {
        k: replace(c, pfs=Distribution("weibull", (c.pfs.params[0], 1.01 * c.pfs.params[1])))
        for k, c in model.cells.items()
    }
    wrong = replace(model, cells=cells)
    arm = model.arms[0]
    right = solve(model, [arm])[arm]
    z = []
    for seed in range(12):
        counts = simulate_counts(wrong, [arm], patients=100_000, seed=seed)[arm]
        found = observed(counts)
        z.append([(found[k] - v) / se for k, (v, se) in expected(right, 100_000).items()])
    table = Agreement("wrong", arm, tuple(expected(right, 100_000)), np.array(z)).to_df()
    assert not table["passed"].all()


@pytest.mark.parametrize(
    "pfs",
    [
        Distribution("gompertz", (0.04, 0.06)),
        Distribution("lognormal", (2.0, 0.9)),
        Distribution("loglogistic", (1.6, 8.0)),
        Distribution("gengamma", (2.2, 0.8, -0.6)),
        Distribution("gengamma", (2.2, 0.8, 0.7)),
        Distribution("weibull", (1.3, 8.0), 0.08),
        Distribution("weibull", (1.3, 8.0), 0.0, (4.0, 12.0), (0.6, 1.2, 0.9)),
    ],
)
def test_every_family_agrees_with_its_integration(pfs):
    """20 seeds of 65,536 patients and more; bounds as in `Agreement.to_df`."""
    cell = ArmModel(pfs, 0.15, Distribution("lognormal", (1.9, 0.8)))
    model = JointModel("family", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): cell})
    table = agreement(model, seeds=20, patients=70_000)[0].to_df()
    assert table["passed"].all(), table[~table["passed"]].to_string()


@pytest.mark.slow
@pytest.mark.parametrize("trial", ["gog240", "jcog0505", "keynote826"])
def test_two_hundred_seeds_of_a_million(trial):
    """The issue's bar: 200 seeds of 1,000,000 patients per arm; mean, variance and tails of every score."""
    calibrated = calibrate(Library().trial(trial)).model
    size = {"seeds": 200, "patients": 1_000_000}
    for found in [*agreement(calibrated, **size), mean_agreement(calibrated, **size)]:
        table = found.to_df()
        assert table["passed"].all(), table[~table["passed"]].to_string()
