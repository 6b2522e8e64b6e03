"""Other structures on the same evidence: partitioned survival as analysts fit it, and the clock-forward cohort model.

All give `Traces` on the same days, so that whatever they differ by afterwards is the structure and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from simulate.economics.traces import STATES, Traces
from simulate.errors import input_error
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution

Array = NDArray[np.float64]
LEVELS = np.linspace(0.95, 0.05, 19)  # of a curve, at which a fitted one is held to it
FEWEST = 1e-6  # events a patient to which a curve can be fitted
NEGLIGIBLE = 1e-6  # of the patients: curves that cross by less are taken for one
PARAMETRIC = ("exponential", "weibull", "lognormal", "loglogistic", "gompertz")


@dataclass(frozen=True)
class Partitioned:
    """Traces of a partitioned survival model with what had to be done to its curves.

    `capped` is the share of days on which PFS lay above OS and was cut down to it; `families` of PFS and OS.
    """

    traces: Traces
    capped: float
    families: tuple[str, str]


def partitioned(pfs: Distribution, os: Distribution, days: int, death_share: float) -> Partitioned:
    """Two independent curves; who is alive and not progression-free has progressed.

    A progression-free patient who leaves has died with probability `death_share`, which a partition cannot know.
    """
    months = np.arange(days + 1) / DAYS_PER_MONTH
    free, alive = pfs.survival(months), os.survival(months)
    capped = float(np.mean(free > alive + NEGLIGIBLE))
    free = np.minimum(free, alive)
    progressing = (1.0 - death_share) * -np.diff(free)
    traces = Traces(STATES, np.stack([free, alive - free])[None], np.maximum(progressing, 0.0)[None])
    return Partitioned(traces, capped, (pfs.family, os.family))


def refitted(survival: Array, family: str, until: float) -> tuple[Distribution, float]:
    """A parametric curve fitted to another one over a trial's follow-up, as to a digitised figure.

    Parameters
    ----------
    survival : float64[T + 1], on days.
    family : of the fitted curve.
    until : months of follow-up; what lies beyond is extrapolated by the family.

    Returns
    -------
    The distribution and the root mean squared difference of survival at the levels seen by `until`.
    """
    months = np.arange(len(survival)) / DAYS_PER_MONTH
    seen = survival[: int(until * DAYS_PER_MONTH) + 1]
    levels = LEVELS[seen[-1] < LEVELS]
    if len(levels) < 2:  # few events within the follow-up: what is seen of them
        if seen[-1] > 1.0 - FEWEST:
            raise input_error("nothing happens within the follow-up, so no curve can be fitted.", field="follow_up")
        levels = 1.0 - (1.0 - seen[-1]) * np.linspace(0.05, 1.0, len(LEVELS))
    at = np.interp(-levels, -seen, months[: len(seen)])
    median = float(np.interp(-0.5, -survival, months))

    def distribution(x: Array) -> Distribution:
        return Distribution(family, _parameters(family, x))

    def miss(x: Array) -> Array:
        return distribution(x).survival(at) - levels

    found = least_squares(miss, _start(family, median), xtol=1e-12, ftol=1e-12)
    return distribution(found.x), float(np.sqrt(np.mean(found.fun**2)))


def _start(family: str, median: float) -> Array:
    scale = np.log(median)
    if family == "exponential":
        return np.array([scale - np.log(np.log(2.0))])
    if family == "gompertz":
        return np.array([0.0, np.log(np.log(2.0)) - scale])
    return np.array([0.1, scale])


def _parameters(family: str, x: Array) -> tuple[float, ...]:
    """Parameters of a family from an unbounded vector: its shape and the logarithm of its scale."""
    if family == "exponential":
        return (float(np.exp(x[0])),)
    if family == "lognormal":
        return (float(x[1]), float(np.exp(-x[0])))
    if family == "gompertz":
        return (float(x[0]), float(np.exp(x[1])))
    return (float(np.exp(x[0])), float(np.exp(x[1])))


@dataclass(frozen=True)
class Forward:
    """A clock-forward cohort model: `after` is the hazard of the progressed by time from the *start*.

    `error` is the largest difference of its overall survival from the curve it was fitted to.
    """

    traces: Traces
    after: Distribution
    error: float


def clock_forward(cells: Mapping[ArmModel, float], alive: Array, free: Array, death_share: float) -> Forward:
    """Cohort state-transition model whose clocks all run from the start.

    Leaving the first state is that of the calibrated curve. The progressed die at a Weibull hazard of the time since
    the start, fitted so that overall survival comes as near as it can to the calibrated one; with exponential survival
    after progression it is the same and the two structures agree.

    Parameters
    ----------
    cells : model of each stratum to its share; where all have the same exponential survival after progression, that is
        taken and nothing is fitted. None where the hazard after progression is not a model's own.
    alive, free : float64[T + 1], calibrated OS and PFS by day.
    death_share : share of those who leave the first state who die.
    """
    after = {cell.pps for cell in cells}
    only = next(iter(after)) if len(after) == 1 else None
    known = only is not None and only.family == "exponential" and not only.ratios and only.cure == 0.0
    if only is not None and known and not any(cell.dependence for cell in cells):
        time = only
    else:
        start = float(np.log(_mean_after(alive, free, death_share)))

        def miss(x: Array) -> Array:
            time = Distribution("weibull", (float(np.exp(x[0])), float(np.exp(x[1]))))
            return (_forward(free, death_share, time)[0] + free - alive)[::30]

        found = least_squares(miss, [0.0, start], xtol=1e-10, ftol=1e-10)
        time = Distribution("weibull", (float(np.exp(found.x[0])), float(np.exp(found.x[1]))))
    progressed, progressing = _forward(free, death_share, time)
    traces = Traces(STATES, np.stack([free, progressed])[None], progressing[None])
    return Forward(traces, time, float(np.abs(free + progressed - alive).max()))


def _mean_after(alive: Array, free: Array, death_share: float) -> float:
    """Mean months after progression, from the areas between the curves."""
    entered = (1.0 - death_share) * (1.0 - free[-1])
    return max(float(np.sum(alive - free)) / DAYS_PER_MONTH / max(entered, 1e-9), 0.1)


def _forward(free: Array, death_share: float, time: Distribution) -> tuple[Array, Array]:
    """Share progressed by day, and progressions of each day, where hazards depend on the time from the start.

    Who enters during a day does so at its middle. With the survivor function G of the hazard, the progressed of day t
    are the sum over days s of entries(s) G(t) / G(s).
    """
    days = len(free) - 1
    months = np.arange(days + 1) / DAYS_PER_MONTH
    cumulative = time.cumulative_hazard(months)
    middle = time.cumulative_hazard((np.arange(days) + 0.5) / DAYS_PER_MONTH)
    entries = (1.0 - death_share) * -np.diff(free)
    progressed = np.zeros(days + 1)
    # blocks of a year keep exp(cumulative hazard) within range
    for start in range(0, days, 365):
        stop = min(start + 365, days)
        base = cumulative[start]
        arrived = np.cumsum(entries[start:stop] * np.exp(middle[start:stop] - base))
        survived = np.exp(base - cumulative[start + 1 : stop + 1])
        progressed[start + 1 : stop + 1] = survived * (progressed[start] + arrived)
    return progressed, entries
