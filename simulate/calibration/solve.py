"""Constrained MAP by Gauss–Newton.

Minimise ``|x|^2 / 2 + r_f' S^-1 r_f / 2`` subject to ``r_p = 0``: the prior chooses among the models that meet the
primary figures, whose residuals ``r_p`` are equalities; ``r_f`` are the residuals of the other fitted figures. The
equalities enter as a penalty whose scale is tightened step by step, which reaches them to about 1e-6 where they are
feasible and gives the nearest point where they are not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import Curves, Integrator
from simulate.calibration.spec import Cell, Layout
from simulate.calibration.statistics import Statistic, predict, reported
from simulate.model.types import DAYS_PER_MONTH, ArmModel

Array = NDArray[np.float64]
STEP = 1e-5
TIGHTENING = (0.03, 0.003, 0.0003)
FEASIBLE = 1e-3  # largest log (or logit) residual of a primary figure that counts as met


class Forward:
    """Predictions of a list of statistics as a function of the standardised vector, remembering cell curves."""

    def __init__(self, layout: Layout, statistics: Sequence[Statistic]) -> None:
        self.layout = layout
        self.statistics = tuple(statistics)
        cutoff = max(
            [12.0]  # months: with no statistic at all there is nothing to integrate to
            + [s.cut.cutoff for s in statistics]
            + [1.5 * s.value for s in statistics if s.kind == "median"]
            + [s.timepoint for s in statistics if s.timepoint is not None]
        )
        self.days = int(cutoff * DAYS_PER_MONTH) + 2
        self._cells = [tuple(dict.fromkeys(c for g in s.groups for c in g.cells)) for s in statistics]
        self._integrate = Integrator(self.days)
        self._memo: dict[ArmModel, Curves] = {}
        self._numbers: dict[Hashable, int] = {}
        self._values: dict[tuple[int, ...], float] = {}
        self._seen = 0
        spec = layout.spec
        # derivatives hardly depend on the dependence, and without it a curve costs a tenth
        self._twin = Forward(Layout(replace(spec, dependence=0.0)), statistics) if spec.dependence else None

    def _curves(self, cell: ArmModel) -> Curves:
        """The curves of one cell, remembered."""
        found = self._memo.get(cell)
        if found is None:
            if len(self._memo) > 400:
                self._memo.clear()
            found = self._memo[cell] = self._integrate(cell)
        return found

    def _number(self, what: Hashable) -> int:
        """A serial number of what a value depends on."""
        found = self._numbers.get(what)
        if found is None:
            if len(self._numbers) > 2_000:
                self._numbers.clear()
            self._seen += 1
            found = self._numbers[what] = self._seen
        return found

    def curves(self, x: Array) -> dict[Cell, Curves]:
        """Curves of every cell at `x`."""
        return {key: self._curves(cell) for key, cell in self.layout.cells(x).items()}

    def __call__(self, x: Array) -> Array:
        """Predictions on the working scales, shape (F,)."""
        cells = self.layout.cells(x)
        whole = {key: self._number(cell) for key, cell in cells.items()}
        first = {key: self._number(cell.pfs) for key, cell in cells.items()}  # nothing else tells PFS
        if len(self._values) > 20_000:
            self._values.clear()
        out = np.empty(len(self.statistics))
        for i, s in enumerate(self.statistics):
            numbers = first if s.endpoint == "pfs" else whole
            key = (i, *(numbers[c] for c in self._cells[i]))
            value = self._values.get(key)
            if value is None:
                value = self._values[key] = float(predict([s], lambda c: self._curves(cells[c]))[0])
            out[i] = value
        return out

    def jacobian(self, x: Array, at: Array | None = None) -> Array:
        """Forward differences, shape (F, parameters); those of no dependence stand in for those of a dependence."""
        if self._twin is not None:
            return self._twin.jacobian(x)
        base = self(x) if at is None else at
        out = np.empty((len(base), self.layout.size))
        for j in range(self.layout.size):
            moved = x.copy()
            moved[j] += STEP
            out[:, j] = (self(moved) - base) / STEP
        return out


@dataclass(frozen=True)
class Solution:
    """Where the solver ended.

    `x` the vector; `residual` reported minus model on the working scales, in the order of the statistics; `feasible`
    whether every primary figure is met; `jacobian` at `x`; `weights` the precision matrix used (F × F); `objective`.
    """

    x: Array
    residual: Array
    feasible: bool
    jacobian: Array
    weights: Array
    objective: float


def precision(statistics: Sequence[Statistic], covariance: Array, equality: float | None) -> Array:
    """Precision matrix (F × F) of the residuals.

    With `equality` (a standard deviation) the primary figures are held to it, and the others enter with their
    covariance *given* the primary ones; without it everything enters with its sampling covariance.
    """
    f = len(statistics)
    primary = np.array([s.role == "primary" for s in statistics])
    if equality is None or not primary.any():
        return np.asarray(np.linalg.inv(covariance))
    out = np.zeros((f, f))
    p, r = np.flatnonzero(primary), np.flatnonzero(~primary)
    out[p, p] = 1.0 / equality**2
    if len(r):
        gain = covariance[np.ix_(r, p)] @ np.linalg.inv(covariance[np.ix_(p, p)])
        conditional = covariance[np.ix_(r, r)] - gain @ covariance[np.ix_(p, r)]
        out[np.ix_(r, r)] = np.linalg.inv(0.5 * (conditional + conditional.T))
    return out


def _minimise(forward: Forward, x: Array, target: Array, weights: Array, tolerance: float) -> tuple[Array, Any, Array]:
    """Damped Gauss–Newton; returns (x, residual, jacobian)."""
    root = np.linalg.cholesky(weights).T
    value = forward(x)

    def cost(at: Array, v: Array) -> float:
        r = root @ (target - v)
        return 0.5 * float(at @ at) + 0.5 * float(r @ r)

    best = cost(x, value)
    jacobian = forward.jacobian(x, value)
    damping = 0.0
    for _ in range(25):
        a = np.vstack([root @ jacobian, np.eye(len(x)), np.sqrt(damping) * np.eye(len(x))])
        b = np.concatenate([root @ (target - value), -x, np.zeros(len(x))])
        step = np.linalg.lstsq(a, b, rcond=None)[0]
        step *= min(1.0, 2.0 / max(1e-12, float(np.abs(step).max())))
        scale = 1.0
        for _ in range(8):
            trial = x + scale * step
            trial_value = forward(trial)
            trial_cost = cost(trial, trial_value)
            if np.isfinite(trial_cost) and trial_cost <= best:
                break
            scale *= 0.4
        else:
            if damping > 1e3:
                break
            damping = max(10.0 * damping, 1e-2)
            continue
        gain, best, x, value = best - trial_cost, trial_cost, trial, trial_value
        damping *= 0.1
        jacobian = forward.jacobian(x, value)
        if gain < tolerance * (1.0 + best):
            break
    return x, target - value, jacobian


def solve(forward: Forward, covariance: Array, start: Array | None = None, *, tight: bool = True) -> Solution:
    """Constrained MAP of the statistics of `forward`.

    Parameters
    ----------
    covariance : sampling covariance of the statistics on their working scales, shape (F, F).
    start : where to begin, default the prior mean. Every tightening is run from there: with the equalities at their
        tightest the way along the figures' valley to the prior's choice is too narrow to follow.
    tight : meet the primary figures as equalities; False weighs everything by `covariance`.
    """
    x = np.zeros(forward.layout.size) if start is None else np.array(start, dtype=float)
    target = reported(forward.statistics)
    primary = np.array([s.role == "primary" for s in forward.statistics])
    stages: tuple[float | None, ...] = TIGHTENING if tight and primary.any() else (None,)
    weights = np.eye(len(target))
    for stage in stages:
        weights = precision(forward.statistics, covariance, stage)
        last = stage == stages[-1]
        x, residual, jacobian = _minimise(forward, x, target, weights, 1e-9 if last else 1e-3)
    feasible = not primary.any() or bool(np.abs(residual[primary]).max() < FEASIBLE)
    objective = 0.5 * float(x @ x + residual @ weights @ residual)
    return Solution(x, residual, feasible, jacobian, weights, objective)
