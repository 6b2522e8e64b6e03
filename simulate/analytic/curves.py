"""Survival curves of one arm and stratum on the daily grid.

OS is a convolution: ``S_OS(t) = S_PFS(t) + (1 - d) * integral_0^t f_PFS(s) S_PPS(t - s) ds`` with death share ``d``.
On the daily grid the PFS events of a day enter exactly, as a difference of ``S_PFS``, and meet ``S_PPS`` at mid-day;
the error is second order in the day and below 1e-6 for hazards of this field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution

Array = NDArray[np.float64]
REMEMBERED = 64  # distributions of each kind
DEPENDENCE_BLOCKS, DEPENDENCE_STEP = 40, 4  # blocks of progressions and days of the grid when PPS depends on them


@dataclass(frozen=True)
class Curves:
    """Survival at days 0 … D of four endpoints; each array has shape (D + 1,).

    `ttp` is the net curve of time to progression with death as independent censoring (what Kaplan–Meier estimates);
    `pps` starts at progression and holds for those who progressed; `progressed` is the share who ever progress by
    each day.
    """

    os: Array
    pfs: Array
    ttp: Array
    pps: Array
    progressed: Array

    @property
    def days(self) -> int:
        """Last day of the grid."""
        return len(self.os) - 1

    def endpoint(self, name: str) -> Array:
        """The survival curve of `name` (os, pfs, ttp or pps)."""
        curve: Array = getattr(self, name)
        return curve


def _alive_with_dependence(cell: ArmModel, progressions: Array, months: Array) -> Array:
    """Share alive after a progression at days 1 … D, shape (D,), where PPS depends on when progression came.

    Blocks of progressions of equal mass share one stretch of the time scale; each is convolved, on a grid of
    `DEPENDENCE_STEP` days, and the sum over blocks is taken before the inverse transform. Error below 1e-3.
    """
    step = DEPENDENCE_STEP
    coarse = np.add.reduceat(progressions, np.arange(0, len(progressions), step))
    mid = (np.arange(len(coarse)) + 0.5) * step / DAYS_PER_MONTH
    cumulative = np.cumsum(coarse)
    edges = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, DEPENDENCE_BLOCKS) / DEPENDENCE_BLOCKS)
    edges = np.unique(np.concatenate(([0], edges, [len(coarse)])))
    mass = np.add.reduceat(coarse, edges[:-1])
    at = np.add.reduceat(coarse * mid, edges[:-1])[mass > 0.0] / mass[mass > 0.0]
    arrivals = np.zeros((len(edges) - 1, len(coarse)))
    for k, (start, stop) in enumerate(pairwise(edges)):
        arrivals[k, start:stop] = coarse[start:stop]
    stretch = (at / cell.pfs.median) ** cell.dependence
    survival = cell.pps.survival(mid[None, :] / stretch[:, None])
    size = next_fast_len(2 * len(coarse), real=True)
    transform = (rfft(arrivals[mass > 0.0], size) * rfft(survival, size)).sum(axis=0)
    alive = irfft(transform, size)[: len(coarse)]
    # the share of the progressed who are alive is smooth even where progressions begin: it is what is interpolated
    progressed = np.cumsum(coarse)
    share = np.concatenate(([1.0], np.divide(alive, progressed, out=np.ones_like(alive), where=progressed > 0.0)))
    daily = np.cumsum(progressions)
    return daily * np.interp(np.arange(1, len(daily) + 1), np.arange(len(share)) * step, share)


class Integrator:
    """`cell_curves` of many cells on one grid; what cells share, such as their PFS, is worked out once."""

    def __init__(self, days: int) -> None:
        self._months = np.arange(days + 1) / DAYS_PER_MONTH
        self._size = next_fast_len(2 * days, real=True)
        self._first: dict[Distribution, tuple[Array, Array, Array]] = {}
        self._leaving: dict[tuple[Distribution, float], tuple[Array, Array, Array, Array]] = {}
        self._after: dict[Distribution, tuple[Array, Array]] = {}

    def __call__(self, cell: ArmModel) -> Curves:
        """Curves of one arm and stratum."""
        progressions, progressed, ttp, transform = self._progressing(cell.pfs, cell.death_share)
        if cell.dependence == 0.0:
            pps, mid = self._after_progression(cell.pps)
            alive = irfft(transform * mid, self._size)[: len(progressions)]
        else:
            pps = _pps_marginal(cell, self._months)
            alive = _alive_with_dependence(cell, progressions, self._months)
        _, pfs, _ = self._progression_free(cell.pfs)
        os = pfs.copy()
        os[1:] += alive
        return Curves(os=os, pfs=pfs, ttp=ttp, pps=pps, progressed=progressed)

    def _progression_free(self, time: Distribution) -> tuple[Array, Array, Array]:
        """Cumulative hazard, survival and its negative differences."""
        if time not in self._first:
            hazard = time.cumulative_hazard(self._months)
            pfs = np.exp(-hazard)
            _remember(self._first, time, (hazard, pfs, -np.diff(pfs)))
        return self._first[time]

    def _progressing(self, time: Distribution, death_share: float) -> tuple[Array, Array, Array, Array]:
        """Progressions of each day, their running sum, the net curve of progression, the transform of the first."""
        key = (time, death_share)
        if key not in self._leaving:
            hazard, _, events = self._progression_free(time)
            progressions = (1.0 - death_share) * events
            progressed = np.concatenate(([0.0], np.cumsum(progressions)))
            ttp = np.exp(-(1.0 - death_share) * hazard)
            _remember(self._leaving, key, (progressions, progressed, ttp, rfft(progressions, self._size)))
        return self._leaving[key]

    def _after_progression(self, time: Distribution) -> tuple[Array, Array]:
        """Survival after progression, and its transform at half-days."""
        if time not in self._after:
            mid = time.survival(self._months[:-1] + 0.5 / DAYS_PER_MONTH)
            _remember(self._after, time, (time.survival(self._months), rfft(mid, self._size)))
        return self._after[time]


def _remember(known: dict[Any, Any], key: object, value: object) -> None:
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value


def cell_curves(cell: ArmModel, days: int) -> Curves:
    """Integrate one arm and stratum over `days` days.

    Parameters
    ----------
    cell : the illness-death model.
    days : last day of the grid.

    Returns
    -------
    Curves
    """
    return Integrator(days)(cell)


def _pps_marginal(cell: ArmModel, months: Array) -> Array:
    """PPS curve over those who progressed, shape (D + 1,), where it depends on when progression came."""
    # average over equally likely progression times, so that those beyond the horizon are included
    p = (np.arange(2 * DEPENDENCE_BLOCKS) + 0.5) / (2 * DEPENDENCE_BLOCKS)
    stretch = (cell.pfs.quantile(p * (1.0 - cell.pfs.cure)) / cell.pfs.median) ** cell.dependence
    coarse = np.append(months[::DEPENDENCE_STEP], months[-1])
    return np.interp(months, coarse, cell.pps.survival(coarse[None, :] / stretch[:, None]).mean(axis=0))


def mixture(curves: Sequence[Curves], shares: Sequence[float]) -> Curves:
    """Curves of a population made of several cells; `shares` add up to 1.

    TTP of a mixture is the Kaplan–Meier limit: the cause-specific hazard of progression among those still
    progression-free. PPS is weighted by who progresses.
    """
    w = np.asarray(shares, dtype=float)
    if len(curves) == 1:
        return curves[0]
    os = sum(s * c.os for s, c in zip(w, curves, strict=True))
    pfs = sum(s * c.pfs for s, c in zip(w, curves, strict=True))
    progressed = sum(s * c.progressed for s, c in zip(w, curves, strict=True))
    at_risk = 0.5 * (pfs[1:] + pfs[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0.0, np.diff(progressed) / at_risk, 0.0)
    ttp = np.exp(-np.concatenate(([0.0], np.cumsum(hazard))))
    ever = np.array([s * c.progressed[-1] for s, c in zip(w, curves, strict=True)])
    weight = ever / ever.sum() if ever.sum() > 0.0 else w
    pps = sum(s * c.pps for s, c in zip(weight, curves, strict=True))
    return Curves(os=os, pfs=pfs, ttp=ttp, pps=pps, progressed=progressed)
