"""One arm's model, applied to patients of different prognosis, still returns the curves its trial reported.

A trial's curves are those of its mix of patients, deaths of other causes included. Prognostic hazard ratios and
background mortality are therefore put *around* the calibrated curve: the excess hazards of all patients are multiplied
by one factor per process and stretch of time, solved so that the mixture over the trial's own patients returns the
calibrated curve at the end of each. One factor for all times returns the median alone: patients of poor prognosis
leave first, so that the curve's tail, and with it the mean, comes out too long.

Stretches are cut at levels of cumulative hazard. Without background mortality the factors depend on nothing but the
mixture: those of one curve serve every draw of it.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from simulate.model.hazards import Hazard
from simulate.model.types import ArmModel, Distribution

Array = NDArray[np.float64]
LEAST, MOST = 1e-3, 1e3  # of a factor
SURVIVAL = (0.95, 0.85, 0.7, 0.5, 0.3, 0.15, 0.07, 0.03, 0.01, 0.003)  # at which the mixture returns the curve


@dataclass(frozen=True)
class Mix:
    """Patients of a trial: shares of prognostic classes, their hazard ratios, and their mean background hazard."""

    shares: tuple[float, ...]
    ratios: tuple[float, ...]
    background: tuple[Hazard | None, ...]

    @staticmethod
    def of(rows: Sequence[tuple[float, float, Hazard | None]]) -> Mix:
        """From (share, hazard ratio, background) of each class."""
        total = sum(r[0] for r in rows)
        return Mix(tuple(r[0] / total for r in rows), tuple(r[1] for r in rows), tuple(r[2] for r in rows))

    @property
    def trivial(self) -> bool:
        """Nobody differs from anybody, and nobody dies of other causes."""
        return all(r == 1.0 for r in self.ratios) and all(b is None for b in self.background)


@dataclass(frozen=True)
class Around:
    """Factors on a hazard, `factors[k]` until its cumulative hazard reaches `levels[k]`, the last one beyond."""

    levels: tuple[float, ...] = ()
    factors: tuple[float, ...] = (1.0,)

    def tail(self, factor: float) -> Around:
        """With another factor on everything beyond the median."""
        if factor == 1.0:
            return self
        if self.factors == (1.0,):
            return Around((math.log(2.0),), (1.0, factor))
        at = SURVIVAL.index(0.5) + 1
        return Around(self.levels, (*self.factors[:at], *(f * factor for f in self.factors[at:])))

    def of(self, time: Distribution) -> Distribution:
        """A distribution with its hazard multiplied; ratios that it has already are kept."""
        if self.factors == (1.0,):
            return time
        cuts = [float(c) for c in time.inverse_cumulative_hazard(self.levels)]
        every = sorted({*time.ratio_cuts, *(c for c in cuts if 0.0 < c < math.inf)})
        ends = [0.0, *every, 2.0 * every[-1] if every else 1.0]
        middles = [0.5 * (a + b) for a, b in pairwise(ends)]
        known = time.ratios or (1.0,)
        ratios = [known[bisect(time.ratio_cuts, m)] * self.factors[bisect(cuts, m)] for m in middles]
        return Distribution(time.family, time.params, time.cure, tuple(every), tuple(ratios))


def around(time: Distribution, mix: Mix, start: float = 0.0) -> Around:
    """Factors on the excess hazard with which the mixture has the survival of `time`.

    `start` (months) is when the process begins on the study clock, which the background runs on. Where the background
    alone kills as fast as the curve says, nothing is left for the cancer: the factor is `LEAST`.
    """
    if mix.trivial:
        return Around()
    level = time.cure + (1.0 - time.cure) * np.array(SURVIVAL)
    at = np.asarray(time.quantile(1.0 - level))
    own = -np.log(level)
    shares, ratios = np.array(mix.shares), np.array(mix.ratios)
    behind = _passed(mix, start, at)
    factors, before, reached = [], 0.0, 0.0
    for k, target in enumerate(level):

        def excess(hazard: float, k: int = k, target: float = target) -> float:
            return float(shares @ np.exp(-hazard * ratios - behind[:, k])) - target

        least = reached + LEAST * (own[k] - before)
        most = reached + MOST * (own[k] - before)
        found = least
        if excess(least) > 0.0:
            found = most if excess(most) > 0.0 else float(brentq(excess, least, most, xtol=1e-12, rtol=1e-12))
        factors.append(float(f"{(found - reached) / (own[k] - before):.9g}"))
        before, reached = float(own[k]), reached + factors[-1] * (own[k] - before)
    return Around(tuple(float(h) for h in own[:-1]), tuple(factors))


def _passed(mix: Mix, start: float, at: Array) -> Array:
    """Cumulative background hazard of each class at times since `start`, float64[classes, times]."""
    known = {
        b: np.zeros(len(at)) if b is None
        else b.time.cumulative_hazard(start + at) - b.time.cumulative_hazard(start)
        for b in set(mix.background)
    }  # fmt: skip
    return np.array([known[b] for b in mix.background])


@dataclass(frozen=True)
class Placed:
    """A calibrated arm among patients of different prognosis: factors on its two processes for a hazard ratio of 1."""

    model: ArmModel
    progression: Around
    death_after: Around

    def leaving(self, beyond: float = 1.0) -> Distribution:
        """Time to leaving the line of a patient whose hazard ratio is 1; `beyond` as in `Around.tail`."""
        return self.progression.tail(beyond).of(self.model.pfs)


def placed(model: ArmModel, mix: Mix, behind: Mix | None = None, rest: Distribution | None = None) -> Placed:
    """Put an arm's model into its trial's mix of patients.

    Parameters
    ----------
    mix : the patients at the start of the line.
    behind : those who have no further line, by what they are after this one; by default `mix`.
    rest : survival of those; by default the model's survival after progression.
    """
    start = min(model.pfs.median, 120.0)
    after = Around() if model.death_share == 1.0 else around(rest or model.pps, behind or mix, start)
    return Placed(model, around(model.pfs, mix), after)
