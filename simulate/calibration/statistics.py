"""A reported figure as the model sees it: groups of arms and strata, an endpoint, a data cut, a scale.

Medians and hazard ratios are compared on the log scale, landmark survival and event counts on the logit scale, where
their sampling distributions are close to normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from simulate.analytic import (
    Curves,
    cox_from_exposure,
    crossing_time,
    entry_weights,
    expected_events,
    follow_up_weights,
    landmark,
)
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
Cell = tuple[str, str]
CurveOf = Callable[[Cell], Curves]


@dataclass(frozen=True)
class Cut:
    """A data cut: uniform enrolment over `accrual` months, administrative censoring at `cutoff` months.

    `dropout` is a constant monthly hazard of loss to follow-up, used by the sensitivity analysis; 0 otherwise.
    """

    id: str
    accrual: float
    cutoff: float
    dropout: float = 0.0


@dataclass(frozen=True)
class Group:
    """Patients of one side of a figure: (arm, stratum) cells with their numbers of patients."""

    cells: tuple[Cell, ...]
    n: tuple[float, ...]

    @property
    def total(self) -> float:
        """Number of patients."""
        return float(sum(self.n))

    def survival(self, curve_of: CurveOf, endpoint: str) -> Array:
        """Survival of the group on the daily grid: the mixture of its cells, for PPS of those who progress."""
        curves = [curve_of(cell) for cell in self.cells]
        weight = [
            n * (float(c.progressed[-1]) if endpoint == "pps" else 1.0) for n, c in zip(self.n, curves, strict=True)
        ]
        total = sum(weight)
        out = np.zeros(1)
        for w, c in zip(weight, curves, strict=True):
            out = out + (w / total) * c.endpoint(endpoint)
        return out

    def exposure(self, curve_of: CurveOf, endpoint: str, cut: Cut) -> tuple[Array, Array]:
        """Expected events and numbers at risk of each day under a data cut, shapes (D,)."""
        events, at_risk = np.zeros(1), np.zeros(1)
        for cell, n in zip(self.cells, self.n, strict=True):
            c = curve_of(cell)
            s = c.endpoint(endpoint)
            weights = cut_weights(c.days, cut)
            if endpoint == "pps":
                weights = entry_weights(np.diff(c.progressed), weights)
            events = events + n * (s[:-1] - s[1:]) * weights
            at_risk = at_risk + 0.5 * n * (s[:-1] + s[1:]) * weights
        return events, at_risk


@dataclass(frozen=True)
class Statistic:
    """One modelled figure.

    Attributes
    ----------
    figure : id of the evidence figure.
    kind : ``median``, ``hazard_ratio``, ``landmark`` or ``events``.
    groups : the group, or for a hazard ratio (treated, control).
    value : as reported (months, ratio, share).
    role : ``primary``, ``fit`` or ``check``.
    se : standard error on the working scale from the printed interval, or None.
    homogeneous : the figure is of a subgroup that is not made of strata; the whole population's effect is predicted.
    """

    figure: str
    kind: str
    endpoint: str
    groups: tuple[Group, ...]
    value: float
    role: str
    cut: Cut
    timepoint: float | None = None
    se: float | None = None
    homogeneous: bool = False

    def to_scale(self, value: float) -> float:
        """Working scale of a value."""
        if self.kind in ("median", "hazard_ratio"):
            return math.log(value) if value > 0.0 else -math.inf
        return float(logit(value))

    def from_scale(self, value: float) -> float:
        """Inverse of `to_scale`."""
        return math.exp(value) if self.kind in ("median", "hazard_ratio") else float(expit(value))

    @property
    def reported(self) -> float:
        """The reported value on the working scale."""
        return self.to_scale(self.value)

    def evaluate(self, curve_of: CurveOf) -> float:
        """The model's value (not on the working scale) from the curves of the cells."""
        if self.kind == "hazard_ratio":
            treated, control = (g.exposure(curve_of, self.endpoint, self.cut) for g in self.groups)
            return cox_from_exposure(treated, control)
        survival = self.groups[0].survival(curve_of, self.endpoint)
        if self.kind == "median":
            return crossing_time(survival)
        if self.kind == "landmark":
            assert self.timepoint is not None
            return landmark(survival, self.timepoint)
        return expected_events(survival, cut_weights(len(survival) - 1, self.cut))

    def rough_se(self) -> float:
        """Standard error on the working scale before any trial was simulated: printed interval, else from n."""
        if self.se is not None:
            return self.se
        n = sum(g.total for g in self.groups)
        if self.kind == "median":
            return 1.5 / math.sqrt(n)  # exponential: 1 / (ln 2 sqrt n); a little more for censoring
        if self.kind == "hazard_ratio":
            return 2.0 / math.sqrt(0.75 * n)  # Schoenfeld with three quarters of patients having the event
        return 1.0 / math.sqrt(n * max(self.value * (1.0 - self.value), 1e-3))


_WEIGHTS: dict[tuple[int, Cut], Array] = {}


def cut_weights(days: int, cut: Cut) -> Array:
    """`follow_up_weights` of a cut, remembered."""
    key = (days, cut)
    if key not in _WEIGHTS:
        if len(_WEIGHTS) > 200:
            _WEIGHTS.clear()
        lost = np.exp(-cut.dropout * (np.arange(days) + 0.5) / DAYS_PER_MONTH)
        _WEIGHTS[key] = follow_up_weights(days, cut.accrual, cut.cutoff) * lost
    return _WEIGHTS[key]


def predict(statistics: Sequence[Statistic], curve_of: CurveOf) -> Array:
    """Model values of `statistics` on their working scales, shape (F,).

    A median beyond the grid counts as ten times the grid.
    """
    out = np.empty(len(statistics))
    for i, s in enumerate(statistics):
        value = s.evaluate(curve_of)
        if s.kind == "median" and math.isinf(value):
            value = 10.0 * len(curve_of(s.groups[0].cells[0]).os) / DAYS_PER_MONTH
        out[i] = s.to_scale(value)
    return out


def reported(statistics: Sequence[Statistic]) -> Array:
    """Reported values on the working scales, shape (F,)."""
    return np.array([s.reported for s in statistics])
