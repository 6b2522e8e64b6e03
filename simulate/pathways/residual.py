"""Count once: what is left of survival after a line when the lines that follow it are modelled on their own.

A trial's survival after progression already contains the later treatment its patients had. Where a scenario gives
later lines explicitly, survival *without* them is solved so that the mix of the trial's era returns the calibrated
survival after progression: a share `reach` goes on to the next line and lives as that line's trial says (times a
stretch, because those patients are not the same), the others live the residual.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from simulate.analytic import cell_curves
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution
from simulate.pathways.effects import stretched

Array = NDArray[np.float64]
LEVELS = np.linspace(0.95, 0.05, 19)  # of survival after progression, at which the two are held together
TOLERANCE = 0.02  # of a share: how closely
SHAPE, SCALE, STRETCH = 0.35, 0.7, 0.1  # prior SD of log shape, log scale (about the evidence), log stretch


@dataclass(frozen=True)
class Residual:
    """Survival after a line without a further one.

    `stretch` multiplies all times of the next line; 1 means that the later trial's patients live as long as the earlier
    trial's own survival lets them. `error` is the largest difference of the era mix from the calibrated curve.
    """

    time: Distribution
    stretch: float
    error: float


def alive_months(model: ArmModel, months: Array) -> Array:
    """Overall survival of an arm at `months`."""
    days = math.ceil(float(months[-1]) * DAYS_PER_MONTH) + 1
    curve = cell_curves(model, days).os
    return np.interp(months * DAYS_PER_MONTH, np.arange(days + 1), curve)


def solve_residual(after: Distribution, reach: float, era: ArmModel | None, expected: float) -> Residual:
    """Residual survival after a line.

    Parameters
    ----------
    after : calibrated survival after progression, trial-era treatment included.
    reach : share of the trial's patients who had the next line.
    era : what they had there; ``None`` if nobody had any.
    expected : median survival without further treatment, months, about which the residual's weak prior lies.
    """
    if era is None or reach == 0.0:
        return Residual(after, 1.0, 0.0)
    months = np.minimum(after.quantile(1.0 - LEVELS), 240.0)
    months = np.unique(months[np.isfinite(months)])
    target = after.survival(months)
    grid = np.linspace(0.0, max(float(months[-1]), 12.0) * 3.0, 400)
    curve = alive_months(era, grid)

    def parts(x: Array) -> tuple[Distribution, Array]:
        shape = math.exp(x[0])
        scale = math.exp(x[1]) / math.log(2.0) ** (1.0 / shape)  # x[1] is the log median
        time = Distribution("weibull", (shape, scale))
        next_line = np.interp(months / math.exp(x[2]), grid, curve)
        return time, reach * next_line + (1.0 - reach) * time.survival(months)

    def miss(x: Array) -> Array:
        prior = [x[0] / SHAPE, (x[1] - math.log(expected)) / SCALE, x[2] / STRETCH]
        return np.concatenate(((parts(x)[1] - target) / TOLERANCE, prior))

    found = least_squares(miss, [0.0, math.log(expected), 0.0], bounds=([-1.2, -3.0, -1.5], [1.2, 5.0, 1.5]))
    time, mixed = parts(found.x)
    shape, scale = (float(f"{p:.9g}") for p in time.params)
    error = float(np.abs(mixed - target).max())
    return Residual(Distribution("weibull", (shape, scale)), float(f"{math.exp(found.x[2]):.9g}"), error)


def longer(model: ArmModel, factor: float) -> ArmModel:
    """An arm with all its times multiplied by `factor`."""
    if factor == 1.0:
        return model
    return ArmModel(stretched(model.pfs, factor), model.death_share, stretched(model.pps, factor), model.dependence)
