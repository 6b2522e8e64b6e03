"""Parametric bootstrap: the trial simulated again and again at its calibrated point.

Gives the sampling covariance of a trial's reported statistics, which are correlated (the same patients give the median
and the hazard ratio, the interim and the final analysis). Each replicate has the trial's patients per arm and stratum,
uniform enrolment and every data cut applied to the same patients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.spec import Cell
from simulate.calibration.statistics import Group, Statistic
from simulate.model.types import ArmModel, JointModel

Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def _patients(
    cells: Mapping[Cell, ArmModel], sizes: Mapping[Cell, int], replicates: int, rng: np.random.Generator
) -> tuple[dict[str, Array], Array, list[Cell]]:
    """Times of PFS, OS and PPS (NaN without progression), the enrolment uniform, each of shape (replicates, patients),
    and the cell of each column.
    """
    pfs: list[Array] = []
    os: list[Array] = []
    pps: list[Array] = []
    columns: list[Cell] = []
    for cell, n in sizes.items():
        model = cells[cell]
        shape = (replicates, n)
        progression_free = model.pfs.inverse_cumulative_hazard(rng.standard_exponential(shape))
        after = model.pps.inverse_cumulative_hazard(rng.standard_exponential(shape))
        if model.dependence:
            after = after * (progression_free / model.pfs.median) ** model.dependence
        died = rng.random(shape) < model.death_share
        pfs.append(progression_free)
        os.append(np.where(died, progression_free, progression_free + after))
        pps.append(np.where(died, np.nan, after))
        columns += [cell] * n
    times = {"pfs": np.hstack(pfs), "os": np.hstack(os), "pps": np.hstack(pps)}
    return times, rng.random((replicates, len(columns))), columns


def _censor(
    times: Mapping[str, Array], take: NDArray[np.int64], enrolled: Array, s: Statistic
) -> tuple[Array, BoolArray]:
    """Observed time and event indicator under the statistic's data cut.

    Whoever is never at risk (enrolled after the cut, or not progressed by then, for PPS) is censored before everybody
    else, which takes them out of every risk set.
    """
    time = times[s.endpoint][:, take]
    follow_up = s.cut.cutoff - enrolled[:, take] * s.cut.accrual
    if s.endpoint == "pps":
        follow_up = np.where(np.isnan(time), -1.0, follow_up - times["pfs"][:, take])
        time = np.nan_to_num(time)
    return np.where(follow_up > 0.0, np.minimum(time, follow_up), -1.0), time <= follow_up


def _km(time: Array, event: BoolArray) -> tuple[Array, Any]:
    """Sorted times and Kaplan–Meier survival just after each, both (replicates, n); no ties in continuous time."""
    order = np.argsort(time, axis=1)
    t = np.take_along_axis(time, order, 1)
    d = np.take_along_axis(event, order, 1)
    at_risk = np.arange(t.shape[1], 0, -1)
    return t, np.cumprod(1.0 - d / at_risk, axis=1)


def _median(time: Array, event: BoolArray) -> Array:
    t, s = _km(time, event)
    reached = s <= 0.5
    first = np.argmax(reached, axis=1)
    rows = np.arange(len(t))
    return np.where(reached.any(axis=1), t[rows, first], np.nan)


def _landmark(time: Array, event: BoolArray, at: float) -> Array:
    t, s = _km(time, event)
    before = (t <= at).sum(axis=1)
    return np.where(before > 0, s[np.arange(len(t)), np.maximum(before - 1, 0)], 1.0)


def cox_two_groups(time: Array, event: BoolArray, treated: BoolArray) -> Array:
    """Cox log hazard ratio of each replicate, shape (replicates,); continuous times, no ties."""
    order = np.argsort(time, axis=1)
    d = np.take_along_axis(event, order, 1).astype(float)
    z = treated[order].astype(float)
    y1 = np.cumsum(z[:, ::-1], axis=1)[:, ::-1]
    y0 = np.cumsum(1.0 - z[:, ::-1], axis=1)[:, ::-1]
    observed = (d * z).sum(axis=1)
    beta = np.zeros(len(d))
    for _ in range(12):
        p = y1 * np.exp(beta)[:, None]
        p = p / (p + y0)
        step = (observed - (d * p).sum(axis=1)) / np.maximum((d * p * (1.0 - p)).sum(axis=1), 1e-9)
        beta = np.clip(beta + np.clip(step, -1.0, 1.0), -6.0, 6.0)
        if np.abs(step).max() < 1e-8:
            break
    return beta


def replicate_statistics(
    model: JointModel,
    sizes: Mapping[Cell, int],
    statistics: Sequence[Statistic],
    *,
    replicates: int = 400,
    seed: int = 1,
) -> Array:
    """Statistics of simulated trials on their working scales, shape (replicates, F).

    A median that a replicate does not reach is NaN.
    """
    rng = np.random.default_rng(seed)
    times, enrolled, columns = _patients(model.cells, sizes, replicates, rng)
    position: dict[Cell, NDArray[np.int64]] = {c: np.flatnonzero([k == c for k in columns]) for c in sizes}

    def members(group: Group) -> NDArray[np.int64]:
        return np.concatenate([position[c] for c in group.cells])

    out = np.empty((replicates, len(statistics)))
    for i, s in enumerate(statistics):
        take = np.concatenate([members(g) for g in s.groups])
        time, event = _censor(times, take, enrolled, s)
        if s.kind == "median":
            out[:, i] = np.log(_median(time, event))
        elif s.kind == "hazard_ratio":
            treated = np.arange(len(take)) < len(members(s.groups[0]))
            out[:, i] = cox_two_groups(time, event, treated)
        else:
            share = _landmark(time, event, s.timepoint or 0.0) if s.kind == "landmark" else event.mean(axis=1)
            n = len(take)
            share = np.clip(share, 0.5 / n, 1.0 - 0.5 / n)
            out[:, i] = np.log(share / (1.0 - share))
    return out


def covariance(replicated: Array, floor: Array) -> Array:
    """Covariance of the replicated statistics, from the replicates in which both are defined.

    A statistic that fewer than half of the replicates define keeps the variance ``floor**2`` and no correlation. A
    little shrinkage to the diagonal keeps the matrix positive definite with nested populations.
    """
    defined = ~np.isnan(replicated)
    usable = defined.mean(axis=0) > 0.5
    f = replicated.shape[1]
    out = np.diag(floor**2)
    centre = np.nanmean(np.where(usable, replicated, 0.0), axis=0)
    deviation = np.where(defined & usable, replicated - centre, 0.0)
    pairs = (defined & usable).astype(float).T @ (defined & usable)
    raw = deviation.T @ deviation / np.maximum(pairs - 1.0, 1.0)
    both = np.outer(usable, usable)
    out[both] = raw[both]
    diagonal = np.diag(np.diag(out))
    shrunk = 0.98 * out + 0.02 * diagonal
    eigenvalue = np.linalg.eigvalsh(shrunk / np.sqrt(np.outer(np.diag(shrunk), np.diag(shrunk))))[0]
    if eigenvalue < 1e-4:
        shrunk = shrunk + np.diag(np.diag(shrunk)) * (1e-4 - eigenvalue)
    assert shrunk.shape == (f, f)
    return shrunk
