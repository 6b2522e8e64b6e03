"""Survival curves of one arm and stratum on the daily grid.

OS is a convolution: ``S_OS(t) = S_PFS(t) + (1 - d) * integral_0^t f_PFS(s) S_PPS(t - s) ds`` with death share ``d``.
On the daily grid the PFS events of a day enter exactly, as a difference of ``S_PFS``, and meet ``S_PPS`` at mid-day;
the error is second order in the day and below 1e-6 for hazards of this field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from simulate.model.types import DAYS_PER_MONTH, ArmModel

Array = NDArray[np.float64]
DEPENDENCE_BLOCKS = 40  # progression times are grouped into this many blocks when PPS depends on them (error < 1e-3)


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


def _convolve(events: Array, survival_mid: Array) -> Array:
    """Causal convolution of daily events with survival at half-days, both shape (D,)."""
    size = next_fast_len(2 * len(events), real=True)
    return irfft(rfft(events, size) * rfft(survival_mid, size), size)[: len(events)]


def _alive_after_progression(cell: ArmModel, progressions: Array, months: Array) -> Array:
    """Share alive after a progression at days 1 … D, shape (D,), given progressions of each day."""
    mid = months[:-1] + 0.5 / DAYS_PER_MONTH
    if cell.dependence == 0.0:
        return _convolve(progressions, cell.pps.survival(mid))
    # PPS depends on when progression came: blocks of equal mass share one stretch of the time scale, each is
    # convolved exactly, and the sum over blocks is taken before the inverse transform
    cumulative = np.cumsum(progressions)
    edges = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, DEPENDENCE_BLOCKS) / DEPENDENCE_BLOCKS)
    edges = np.unique(np.concatenate(([0], edges, [len(progressions)])))
    size = next_fast_len(2 * len(progressions), real=True)
    transform = np.zeros(size // 2 + 1, dtype=complex)
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        mass = progressions[start:stop].sum()
        if mass <= 0.0:
            continue
        at = float(np.dot(progressions[start:stop], mid[start:stop]) / mass)
        arrivals = np.zeros(len(progressions))
        arrivals[start:stop] = progressions[start:stop]
        stretch = (at / cell.pfs.median) ** cell.dependence
        transform += rfft(arrivals, size) * rfft(cell.pps.survival(mid / stretch), size)
    return irfft(transform, size)[: len(progressions)]


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
    months = np.arange(days + 1) / DAYS_PER_MONTH
    hazard = cell.pfs.cumulative_hazard(months)
    pfs = np.exp(-hazard)
    progressions = (1.0 - cell.death_share) * -np.diff(pfs)
    os = pfs.copy()
    os[1:] += _alive_after_progression(cell, progressions, months)
    progressed = np.concatenate(([0.0], np.cumsum(progressions)))
    pps = _pps_marginal(cell, progressions, months)
    return Curves(os=os, pfs=pfs, ttp=np.exp(-(1.0 - cell.death_share) * hazard), pps=pps, progressed=progressed)


def _pps_marginal(cell: ArmModel, progressions: Array, months: Array) -> Array:
    """PPS curve over those who progressed, shape (D + 1,)."""
    if cell.dependence == 0.0:
        return cell.pps.survival(months)
    # average over 400 equally likely progression times: the tail beyond the horizon is included
    p = (np.arange(400) + 0.5) / 400
    stretch = (cell.pfs.quantile(p * (1.0 - cell.pfs.cure)) / cell.pfs.median) ** cell.dependence
    return np.mean([cell.pps.survival(months / s) for s in stretch], axis=0)


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
