"""Other structures on the same evidence: where they must agree, and what they say where they cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from simulate.economics.structures import PARAMETRIC, clock_forward, partitioned, refitted
from simulate.economics.traces import PD, PF, cells_of, clock_reset
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution

DAYS = 2000
WEIBULL = Distribution("weibull", (1.4, 9.0))
SLOW = Distribution("exponential", (14.0,))
FAMILIES = {
    "exponential": (11.0,),
    "weibull": (1.3, 14.0),
    "lognormal": (2.4, 0.9),
    "loglogistic": (1.6, 12.0),
    "gompertz": (0.03, 0.04),
}


@dataclass(frozen=True)
class Curve:
    """A curve known by day, in the place of a distribution."""

    days: np.ndarray
    family: str = "joint"

    def survival(self, months: np.ndarray) -> np.ndarray:
        return np.interp(months * DAYS_PER_MONTH, np.arange(len(self.days)), self.days)


def forward(cells: dict[ArmModel, float], death_share: float):
    reset = clock_reset(cells, DAYS)
    return reset, clock_forward(cells, reset.alive[0], reset.state(PF)[0], death_share)


@pytest.mark.parametrize("first", [WEIBULL, SLOW, Distribution("lognormal", (1.8, 0.7), 0.1)])
@pytest.mark.parametrize("death_share", [0.0, 0.1, 0.9])
def test_clocks_do_not_matter_without_memory(first, death_share):
    reset, found = forward({ArmModel(first, death_share, SLOW): 1.0}, death_share)
    np.testing.assert_allclose(found.traces.shares, reset.shares, atol=1e-9)
    np.testing.assert_allclose(found.traces.progressing, reset.progressing, atol=1e-9)
    assert found.error < 1e-9
    assert found.after == SLOW


def test_nor_do_they_in_a_mixture_with_the_same_survival_after_progression():
    cells = {ArmModel(WEIBULL, 0.2, SLOW): 0.4, ArmModel(SLOW, 0.2, SLOW): 0.6}
    reset, found = forward(cells, 0.2)
    np.testing.assert_allclose(found.traces.shares, reset.shares, atol=1e-9)


@pytest.mark.parametrize(
    "cell",
    [
        ArmModel(WEIBULL, 0.1, Distribution("weibull", (0.7, 8.0))),
        ArmModel(WEIBULL, 0.1, SLOW, dependence=0.6),  # exponential, and yet not without memory
        ArmModel(WEIBULL, 0.1, SLOW.with_hazard_ratio(1.5)),
    ],
)
def test_with_memory_a_hazard_is_fitted_and_what_is_left_is_said(cell):
    reset, found = forward({cell: 1.0}, 0.1)
    assert found.after.family == "weibull"
    np.testing.assert_array_equal(found.traces.state(PF), reset.state(PF))
    assert found.error == pytest.approx(np.abs(found.traces.alive - reset.alive).max(), abs=1e-15)
    assert found.error < 0.03
    # no constant hazard comes nearer, as a Weibull hazard includes them
    square = ((found.traces.alive - reset.alive)[0, ::30] ** 2).sum()
    for mean in (6.0, 9.0, 14.0, 20.0):
        other = clock_forward({ArmModel(WEIBULL, 0.1, Distribution("exponential", (mean,))): 1.0},
                              reset.alive[0], reset.state(PF)[0], 0.1)  # fmt: skip
        assert square <= ((other.traces.alive - reset.alive)[0, ::30] ** 2).sum() + 1e-12


def test_partition_of_the_joint_curves_is_the_joint_model(case):
    for strategy in case.arms:
        reset = case.integrated(strategy)
        shares = {c.death_share for c in cells_of(case.model, case.arms[strategy], case.mix)}
        found = partitioned(
            Curve(reset.state(PF)[0]), Curve(reset.alive[0]), case.clock.days, death_share=next(iter(shares))
        )
        np.testing.assert_allclose(found.traces.shares, reset.shares, atol=1e-12)
        np.testing.assert_allclose(found.traces.progressing, reset.progressing, atol=1e-12)
        assert len(shares) == 1
        assert found.capped == 0.0
        assert found.families == ("joint", "joint")


def test_crossing_curves_are_capped_and_counted():
    pfs, os = Distribution("weibull", (0.6, 10.0)), Distribution("weibull", (1.5, 12.0))
    found = partitioned(pfs, os, DAYS, 0.1)
    months = np.arange(DAYS + 1) / DAYS_PER_MONTH
    crossed = pfs.survival(months) > os.survival(months)
    assert 0.1 < crossed.mean() < 0.9
    assert found.capped == pytest.approx(crossed.mean(), abs=1e-12)
    np.testing.assert_allclose(found.traces.alive[0], os.survival(months), atol=1e-12)
    np.testing.assert_allclose(found.traces.state(PF)[0], np.minimum(pfs.survival(months), os.survival(months)))
    assert found.traces.state(PD).min() >= 0.0
    assert found.traces.progressing.sum() == pytest.approx(0.9 * (1.0 - found.traces.state(PF)[0, -1]), rel=1e-9)
    # curves that are the same do not cross
    assert partitioned(os, os, DAYS, 0.1).capped == 0.0


@pytest.mark.parametrize("family", PARAMETRIC)
@pytest.mark.parametrize("until", [18.0, 60.0])
def test_a_curve_of_the_family_is_found_again(family, until):
    """Survival between days is interpolated, so parameters come back to about 1e-4."""
    known = Distribution(family, FAMILIES[family])
    curve = known.survival(np.arange(DAYS + 1) / DAYS_PER_MONTH)
    found, misfit = refitted(curve, family, until)
    assert found.family == family
    np.testing.assert_allclose(found.params, known.params, rtol=3e-4)
    assert misfit < 1e-5


def test_what_lies_beyond_follow_up_is_not_looked_at():
    known = Distribution("weibull", FAMILIES["weibull"])
    curve = known.survival(np.arange(DAYS + 1) / DAYS_PER_MONTH)
    other = np.where(np.arange(DAYS + 1) > 24.0 * DAYS_PER_MONTH + 1.0, 0.5 * curve, curve)
    np.testing.assert_allclose(refitted(curve, "weibull", 24.0)[0].params, refitted(other, "weibull", 24.0)[0].params)
    wrong, misfit = refitted(curve, "exponential", 24.0)
    assert misfit > 0.01
    assert wrong.survival(0.0) == 1.0
