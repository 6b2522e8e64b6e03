"""Latent times of transitions as the compiled kernel's arrays, per stratum and transition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulate.errors import input_error
from simulate.kernel import families as kf
from simulate.kernel.arrays import HAZARD
from simulate.model.hashed import hashed_once
from simulate.model.types import Distribution


@hashed_once
@dataclass(frozen=True)
class Hazard:
    """The latent time of one transition in one stratum: ``factor`` times the hazards of `time`.

    `dependence` (gamma) multiplies the latent time by (months since the start at entry / reference) ** gamma.
    """

    time: Distribution
    factor: float = 1.0
    dependence: float = 0.0
    reference: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.factor) and self.factor >= 0.0):
            raise input_error(f"hazard factor is {self.factor}; it must be finite and >= 0.", field="factor")
        if self.dependence != 0.0 and not (math.isfinite(self.dependence) and 0.0 < self.reference < math.inf):
            raise input_error("dependence needs a finite positive reference time.", field="dependence")


@dataclass(frozen=True)
class Transition:
    """From `origin` to `target`; `decision` names its uniform; one `Hazard` per stratum."""

    origin: str
    target: str
    decision: str
    hazards: tuple[Hazard, ...]


def hazard_arrays(transitions: list[Transition], origin: np.ndarray, strata: int) -> dict[str, np.ndarray]:
    """Everything that is per stratum and transition."""
    shape = (strata, len(transitions))
    pieces = max([2, *(len(h.time.ratios) for t in transitions for h in t.hazards)])
    out = np.zeros(shape, HAZARD)
    knots = np.zeros((*shape, pieces, 3))
    tables: dict[tuple[float, ...], int] = {}
    seen: dict[tuple[int, Hazard], int] = {}  # strata share hazards: each is worked out once
    for j in range(strata):
        for k, t in enumerate(transitions):
            hazard = t.hazards[j]
            same = seen.setdefault((k, hazard), j)
            if same == j:
                _fill(out[j, k], knots[j, k], hazard, tables)
            else:
                out[j, k], knots[j, k] = out[same, k], knots[same, k]
            before = transitions[k - 1].hazards[j] if k and origin[k] == origin[k - 1] else None
            out[j, k]["group"] = out[j, k - 1]["group"] if before and _proportional(before, hazard) else k
    stack = [gengamma_table(params) for params in tables] or [np.zeros((1, 6))]
    return {"hazard": out, "knots": knots, "tables": np.stack(stack)}


def _fill(row: np.void, knots: np.ndarray, hazard: Hazard, tables: dict[tuple[float, ...], int]) -> None:
    """Write one hazard, its knots and its table."""
    family, params, factor = _family(hazard)
    row["family"] = kf.NAMES[family]
    row["a"], row["b"] = (*params, 0.0)[:2]
    row["inverse_ratio"] = 1.0 / factor if factor > 0.0 else np.inf
    row["cure"] = hazard.time.cure
    row["dependence"] = hazard.dependence
    row["log_reference"] = math.log(hazard.reference)
    row["pieces"] = max(len(hazard.time.ratios), 1)
    if len(hazard.time.ratios) > 1:
        knots[: len(hazard.time.ratios)] = _knots(hazard.time)
    if family == "gengamma":
        row["table"] = tables.setdefault(hazard.time.params, len(tables))


def _proportional(a: Hazard, b: Hazard) -> bool:
    """Whether two transitions share a baseline, so that they may race on its cumulative hazard."""
    return a.time == b.time and (a.dependence, a.reference) == (b.dependence, b.reference)


def _family(hazard: Hazard) -> tuple[str, tuple[float, ...], float]:
    """Family, parameters and constant hazard factor as the kernel takes them."""
    time, factor = hazard.time, hazard.factor
    if len(time.ratios) == 1:
        factor *= time.ratios[0]
    if time.family == "gompertz" and abs(time.params[0]) < 1e-12:
        return "exponential", (1.0 / time.params[1],), factor
    if time.family == "gengamma" and abs(time.params[2]) < 1e-6:
        return "lognormal", time.params[:2], factor
    return time.family, time.params, factor


def _knots(time: Distribution) -> np.ndarray:
    """Piecewise hazard ratios as rows (hazard with ratios, baseline hazard, 1 / ratio), float64[pieces, 3]."""
    base = np.concatenate(([0.0], Distribution(time.family, time.params, time.cure).cumulative_hazard(time.ratio_cuts)))
    ratios = np.asarray(time.ratios)
    mapped = np.concatenate(([0.0], np.cumsum(np.diff(base) * ratios[:-1])))
    slope = np.where(ratios > 0.0, 1.0 / np.where(ratios > 0.0, ratios, 1.0), 1e300)
    return np.column_stack((mapped, base, slope))


@lru_cache(maxsize=64)
def gengamma_table(params: tuple[float, ...]) -> np.ndarray:
    """Log time (months) on log cumulative hazard as quintic pieces, float64[TABLE_PIECES, 6], lowest power first.

    The first and last piece are straight lines: towards both ends a generalised gamma is a power of the hazard or
    lies beyond any horizon.
    """
    from scipy.interpolate import PPoly, make_interp_spline  # slow to import, rarely needed

    low, high, n = kf.TABLE_LOW, kf.TABLE_HIGH, kf.TABLE_PIECES
    edges = np.linspace(low, high, n + 1)
    with np.errstate(all="ignore"):
        y = np.log(Distribution("gengamma", params).inverse_cumulative_hazard(np.exp(edges)))
    finite = np.flatnonzero(np.isfinite(y))
    a, b = finite[0], finite[-1]
    spline = PPoly.from_spline(make_interp_spline(edges[a : b + 1], y[a : b + 1], k=5))
    table = np.zeros((n, 6))
    width = (high - low) / n
    left = edges[:-1]
    inside = np.clip(left, edges[a], edges[b])
    for power in range(6):
        table[:, power] = spline(inside, nu=power) / math.factorial(power) * width**power
    outside = (left < edges[a]) | (left >= edges[b])
    table[:, 0] += np.where(outside, (left - inside) / width * table[:, 1], 0.0)
    table[outside | (np.arange(n) == 0) | (np.arange(n) == n - 1), 2:] = 0.0
    return np.ascontiguousarray(table)
