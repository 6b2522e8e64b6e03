"""Predictive errors and parameter draws by linearisation at the calibrated point.

The point estimate is a linear function of the used statistics near the calibrated point, ``x = K y_u``. With sampling
errors ``e`` of covariance ``S`` and the prior ``x ~ N(0, I)`` the residual of any figure, used or not, is
``e_c - J_c K e_u + J_c (K J_u - I) x``: its variance takes in the sampling error of the figure itself, of those it is
predicted from, their correlation, and what the figures leave to the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.solve import Forward, Solution
from simulate.calibration.spec import Layout
from simulate.calibration.statistics import reported

Array = NDArray[np.float64]
DRAW_SEED = 7


@dataclass(frozen=True)
class LinearPosterior:
    """Linearised calibration.

    Attributes
    ----------
    x : calibrated vector, shape (P,).
    residual : reported minus model on the working scales, all statistics, shape (F,).
    residual_sd : its standard deviation under the model, shape (F,).
    draws : parameter vectors, shape (draws, P).
    dependence : PFS–PPS dependence of each draw, shape (draws,).
    prediction_sd : standard deviation of the model's own value across draws (linear), shape (F,).
    """

    x: Array
    residual: Array
    residual_sd: Array
    draws: Array
    dependence: Array
    prediction_sd: Array

    @property
    def z(self) -> Array:
        """Residuals in standard deviations; 0 where a figure is met within 0.1 %, as equalities are."""
        return np.where(np.abs(self.residual) < 1e-3, 0.0, self.residual / self.residual_sd)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for the cache."""
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in self.__dict__.items()}

    @staticmethod
    def from_dict(d: dict[str, Any]) -> LinearPosterior:
        """Inverse of `to_dict`."""
        values: dict[str, Any] = {k: np.array(v) if isinstance(v, list) else v for k, v in d.items()}
        return LinearPosterior(**values)


def residual_covariance(
    jacobian_c: Array, jacobian_u: Array, gain: Any, cov: Array, c: Sequence[int], u: Sequence[int]
) -> Array:
    """Covariance of the residuals of figures `c` predicted from figures `u` (see the module)."""
    cc, cu, uu = cov[np.ix_(c, c)], cov[np.ix_(c, u)], cov[np.ix_(u, u)]
    a = jacobian_c @ gain
    left = jacobian_c @ (gain @ jacobian_u - np.eye(gain.shape[0]))
    return cc - cu @ a.T - a @ cu.T + a @ uu @ a.T + left @ left.T


DEPENDENCE_STEP = 0.05


def linearise(
    everything: Forward, solution: Solution, cov: Array, deviations: Array, u: Sequence[int], dependence_sd: float = 0.0
) -> LinearPosterior:
    """Linearise at a solution.

    Parameters
    ----------
    everything : forward model of all statistics.
    solution : of the used ones.
    cov : sampling covariance of all statistics (F × F); `deviations` the replicates it came from (R × F).
    u : positions of the used statistics.
    dependence_sd : prior standard deviation of the PFS–PPS dependence, which no figure identifies; each draw has its
        own, and its other parameters move so that the used figures stay where they were.
    """
    x = solution.x
    value = everything(x)
    jacobian = everything.jacobian(x, value)
    ju = jacobian[u]
    size = len(x)
    gain = np.linalg.solve(ju.T @ solution.weights @ ju + np.eye(size), ju.T @ solution.weights)
    every = list(range(len(value)))
    spread = residual_covariance(jacobian, ju, gain, cov, every, u)
    # the PSA weighs the figures by their sampling errors: replicate errors and prior errors, one draw a replicate
    weights = np.linalg.inv(cov[np.ix_(u, u)])
    posterior = np.linalg.inv(ju.T @ weights @ ju + np.eye(size))
    rng = np.random.default_rng(DRAW_SEED)
    prior = rng.standard_normal((len(deviations), size))
    base = everything.layout.spec.dependence
    gamma = base + dependence_sd * rng.standard_normal(len(deviations))
    slope = np.zeros(len(value))
    if dependence_sd > 0.0:
        moved = replace(everything.layout.spec, dependence=base + DEPENDENCE_STEP)
        slope = (Forward(Layout(moved), everything.statistics)(x) - value) / DEPENDENCE_STEP
        left = slope - jacobian @ gain @ slope[u]
        spread = spread + dependence_sd**2 * np.outer(left, left)
    shifted = deviations[:, u] - np.outer(gamma - base, slope[u])
    draws = x + (shifted @ weights @ ju + prior) @ posterior
    residual = reported(everything.statistics) - value
    return LinearPosterior(
        x=x,
        residual=residual,
        residual_sd=np.sqrt(np.maximum(np.diag(spread), 1e-12)),
        draws=draws,
        dependence=gamma,
        prediction_sd=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", jacobian, posterior, jacobian), 0.0)),
    )
