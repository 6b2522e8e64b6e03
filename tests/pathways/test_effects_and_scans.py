"""Effects carried to another baseline, progression found at scans, and strategies whose PFS nobody reported."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.model.types import ArmModel, Distribution
from simulate.pathways import effects
from simulate.pathways.scans import found_at, scan_rows

WEIBULL = Distribution("weibull", (1.08, 12.2))


def arm(shape: float, median: float) -> ArmModel:
    return ArmModel(Distribution("loglogistic", (shape, median)), 0.3, Distribution("weibull", (1.1, 15.0)))


def test_an_effect_is_not_read_where_hardly_anybody_has_the_event():
    """Control log-logistic with shape 2.8: 1.7 % have the event in 2 months; its ratio to shape 1.76 there is over 3.

    Carried piece by piece to a Weibull baseline with many early events, that tail would halve the median. The median
    gains as in the trial instead: 10 against 8.5 months is a ratio of 1.18, here within a quarter.
    """
    treated, control = arm(1.76, 10.0), arm(2.82, 8.5)
    early = treated.pfs.cumulative_hazard(2.0) / control.pfs.cumulative_hazard(2.0)
    assert early > 3.0  # what must not be carried over
    effect = effects.effect(treated, control)
    assert max(effect.progression.ratios) < 1.1
    base = ArmModel(WEIBULL, 0.13, WEIBULL)
    ratio = effects.apply(base, effect).pfs.median / base.pfs.median
    assert 1.18 / 1.25 < ratio < 1.18 * 1.25


def test_joined_pieces_keep_the_whole_cumulative_hazard():
    """Applied to its own control an effect returns the treated arm at the ends of the joined pieces."""
    treated, control = arm(1.76, 10.0), arm(2.82, 8.5)
    ratio = effects.between(treated.pfs, control.pfs)
    back = effects.with_ratio(control.pfs, ratio)
    changes = [c for c, a, b in zip(effects.CUTS, ratio.ratios, ratio.ratios[1:], strict=False) if a != b]
    assert len(changes) >= 2
    for t in changes:
        assert back.cumulative_hazard(t) == pytest.approx(treated.pfs.cumulative_hazard(t), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.3])
def test_a_proportional_effect_stays_proportional(ratio):
    treated = effects.with_ratio(WEIBULL, effects.Ratio((ratio,) * (len(effects.CUTS) + 1)))
    assert effects.between(treated, WEIBULL).ratios == pytest.approx((ratio,) * (len(effects.CUTS) + 1))


def test_progression_is_dated_at_the_next_scan_and_death_on_its_day():
    nine = 9 * 7 / 30.4375
    progression = np.array([0.1, nine, nine + 0.01, 5.0, np.inf])
    death = np.array([50.0, 50.0, 50.0, 5.1, 3.3])
    assert found_at(progression, death, 9.0) == pytest.approx([nine, nine, 2 * nine, 5.1, 3.3])


def test_scans_delay_progression_by_half_an_interval_on_average():
    """Exponential progression without deaths: the mean delay of a schedule is half of its interval.

    Standard error of the mean delay: interval / sqrt(12 n) = 0.6 / sqrt(100,000) months; bound 5 of them.
    """
    rng = np.random.default_rng(3)
    n, weeks = 100_000, 9.0
    step = weeks * 7 / 30.4375
    progression = rng.exponential(8.0, n)
    death = np.full(n, np.inf)
    delay = np.mean(found_at(progression, death, weeks) - progression)
    # the interval in which an exponential time falls is not uniform: exact mean of ceil(T / s) s - T
    exact = step / (1.0 - np.exp(-step / 8.0)) - 8.0
    assert delay == pytest.approx(exact, abs=5 * step / np.sqrt(12 * n))
    assert exact == pytest.approx(step / 2, rel=0.1)


def test_rows_of_schedules():
    progression = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([2.0, 3.0, 4.0])}
    death = np.full(3, 30.0)
    rows = scan_rows(((k, p, death) for k, p in progression.items()), {"a": None, "b": "a"}, (6.0,), 24.0)
    assert [(r["strategy"], r["every_weeks"]) for r in rows] == [("a", None), ("a", 6.0), ("b", None), ("b", 6.0)]
    assert rows[2]["gain"] == pytest.approx(1.0)
    assert rows[0]["gain"] is None
    assert rows[1]["rmst"] > rows[0]["rmst"]
