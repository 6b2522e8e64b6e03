"""One arm's model, applied to patients of different prognosis, still returns the medians its trial reported.

A trial's curves are those of its mix of patients, deaths of other causes included. Prognostic hazard ratios and
background mortality are therefore put *around* the calibrated curve: the excess hazards of all patients are multiplied
by one factor per process, solved so that the mixture over the trial's own patients returns the calibrated median.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from simulate.model.hazards import Hazard
from simulate.model.types import ArmModel, Distribution

Array = NDArray[np.float64]
FACTOR_RANGE = (1e-3, 1e3)


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


UNIFORM = Mix((1.0,), (1.0,), (None,))


def factor(time: Distribution, mix: Mix, start: float = 0.0) -> float:
    """Factor on the excess hazard with which the mixture has the median of `time`.

    `start` (months) is when the process begins on the study clock, which the background runs on. A distribution whose
    median is never reached is matched at the time by which half of its events have happened.
    """
    if mix.trivial:
        return 1.0
    level = 0.5 * (1.0 - time.cure) + time.cure if time.cure > 0.0 else 0.5
    at = float(time.quantile(1.0 - level))
    target = float(time.survival(at))
    own = float(time.cumulative_hazard(at))
    passed = {
        b: 0.0 if b is None else float(np.diff(b.time.cumulative_hazard([start, start + at]))[0])
        for b in set(mix.background)
    }
    behind = np.array([passed[b] for b in mix.background])
    shares, ratios = np.array(mix.shares), np.array(mix.ratios)

    def excess(log_factor: float) -> float:
        return float(np.dot(shares, np.exp(-math.exp(log_factor) * ratios * own - behind))) - target

    low, high = (math.log(x) for x in FACTOR_RANGE)
    if excess(low) < 0.0:  # the background alone kills sooner than the trial says: nothing is left for the cancer
        return FACTOR_RANGE[0]
    return math.exp(float(brentq(excess, low, high, xtol=1e-10)))


@dataclass(frozen=True)
class Placed:
    """A calibrated arm among patients of different prognosis: factors of its two processes for a hazard ratio of 1."""

    model: ArmModel
    progression: float
    death_after: float


def placed(model: ArmModel, mix: Mix, behind: Mix | None = None, rest: Distribution | None = None) -> Placed:
    """Put an arm's model into its trial's mix of patients.

    Parameters
    ----------
    mix : the patients at the start of the line.
    behind : those who have no further line, by what they are after this one; by default `mix`.
    rest : survival of those; by default the model's survival after progression.
    """
    start = min(model.pfs.median, 120.0)
    after = 1.0 if model.death_share == 1.0 else factor(rest or model.pps, behind or mix, start)
    return Placed(model, factor(model.pfs, mix), after)
