"""Shares of patients in each health state by day: the one thing every structure of a model gives to the economics.

>>> import numpy as np
>>> Traces(("progression_free", "progressed"), np.zeros((1, 2, 4)), np.zeros((1, 3))).alive.shape
(1, 4)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import Integrator
from simulate.model.types import DAYS_PER_MONTH, ArmModel, JointModel

Array = NDArray[np.float64]
PF, PD = "progression_free", "progressed"
STATES = (PF, PD)


@dataclass(frozen=True)
class Traces:
    """One strategy under one structure, for D draws of the parameters.

    Attributes
    ----------
    states : living states; the first is where everybody starts.
    shares : float64[D, S, T + 1], share of patients in each on days 0 … T.
    progressing : float64[D, T], share who enter the second state during each day.
    held : whether deaths of other causes beyond the follow-up are in it (`simulate.economics.case.Case.held`).
    """

    states: tuple[str, ...]
    shares: Array
    progressing: Array
    held: bool = False

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.shares.shape[0])

    @property
    def alive(self) -> Array:
        """Share alive, float64[D, T + 1]."""
        return self.shares.sum(axis=1)

    def state(self, name: str) -> Array:
        """Share in a state, float64[D, T + 1]."""
        return self.shares[:, self.states.index(name)]


def joined(parts: Sequence[Traces]) -> Traces:
    """Draws one after the other."""
    first = parts[0]
    shares, progressing = (np.concatenate([getattr(p, k) for p in parts]) for k in ("shares", "progressing"))
    return Traces(first.states, shares, progressing, held=first.held)


def clock_reset(cells: Mapping[ArmModel, float], days: int, integrator: Integrator | None = None) -> Traces:
    """The calibrated joint model integrated: time after progression begins at progression.

    Parameters
    ----------
    cells : model of each stratum to its share.
    days : last day of the grid.
    integrator : of that grid, where many models are integrated.
    """
    integrator = integrator or Integrator(days)
    pfs, os, progressed = (np.zeros(days + 1) for _ in range(3))
    for cell, share in cells.items():
        curves = integrator(cell)
        pfs += share * curves.pfs
        os += share * curves.os
        progressed += share * curves.progressed
    return Traces(STATES, np.stack([pfs, os - pfs])[None], np.diff(progressed)[None])


def cells_of(model: JointModel, arm: str, mix: Sequence[float]) -> dict[ArmModel, float]:
    """Models of an arm's strata with their shares; strata with the same model are one."""
    out: dict[ArmModel, float] = {}
    for stratum, share in zip(model.strata, mix, strict=True):
        if share > 0.0:
            cell = model.cells[arm, stratum]
            out[cell] = out.get(cell, 0.0) + share
    return out


def simulated(entry: Array, days: int, *, held: bool = False) -> Traces:
    """Simulated patients: months of entry into each state, the last of them death, as shares by day.

    Parameters
    ----------
    entry : float64[D, 3, N], months; infinite for a state that is never entered.
    days : last day of the grid. A time within a day counts from the day after on, which the sums over days undo.
    held : whether the simulation has deaths of other causes in it, see `Traces`.
    """
    draws, _, patients = entry.shape
    shares = np.empty((draws, 2, days + 1))
    _share_after(np.minimum(entry[:, 1], entry[:, 2]), days, shares[:, 0])
    _share_after(entry[:, 2], days, shares[:, 1])
    shares[:, 1] -= shares[:, 0]
    return Traces(STATES, shares, _counted(entry[:, 1], days) / patients, held)


def _bins(months: Array, days: int) -> NDArray[np.int64]:
    """Day of each time, `days` for all that lie at or beyond the end."""
    return np.minimum(months * DAYS_PER_MONTH, float(days)).astype(np.int64)


def _counted(months: Array, days: int) -> NDArray[np.int64]:
    """Patients of each draw to whom something happens during each day, int64[D, T]."""
    draws = len(months)
    code = _bins(months, days) + (days + 1) * np.arange(draws)[:, None]
    return np.bincount(code.ravel(), minlength=draws * (days + 1)).reshape(draws, days + 1)[:, :days]


def _share_after(months: Array, days: int, out: Array) -> None:
    """Share to whom something has not yet happened on days 0 … T, into `out`, float64[D, T + 1]."""
    out[:, 0] = 1.0
    np.cumsum(_counted(months, days), axis=1, dtype=np.float64, out=out[:, 1:])
    out[:, 1:] *= -1.0 / months.shape[1]
    out[:, 1:] += 1.0
