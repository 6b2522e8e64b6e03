"""Predictive errors and parameter draws by linearisation at the calibrated point.

The point estimate is a linear function of the used statistics near the calibrated point, ``x = K y_u``. With sampling
errors ``e`` of covariance ``S`` and the prior ``x ~ N(0, I)`` the residual of any figure, used or not, is
``e_c - J_c K e_u + J_c (K J_u - I) x``: its variance takes in the sampling error of the figure itself, of those it is
predicted from, their correlation, and what the figures leave to the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.solve import Forward, Solution

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinearPosterior:
    """Linearised calibration.

    Attributes
    ----------
    x : calibrated vector, shape (P,).
    residual : reported minus model on the working scales, all statistics, shape (F,).
    residual_sd : its standard deviation under the model, shape (F,).
    draws : parameter vectors, shape (draws, P).
    prediction_sd : standard deviation of the model's own value across draws (linear), shape (F,).
    joint_z : standardised distance of the used figures from the fitted model, or 0 where they are met.
    """

    x: Array
    residual: Array
    residual_sd: Array
    draws: Array
    prediction_sd: Array
    joint_z: float

    @property
    def z(self) -> Array:
        """Residuals in standard deviations; 0 where a figure is met as an equality."""
        return np.where(np.abs(self.residual) < 1e-4, 0.0, self.residual / self.residual_sd)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for the cache."""
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in self.__dict__.items()}

    @staticmethod
    def from_dict(d: dict[str, Any]) -> LinearPosterior:
        """Inverse of `to_dict`."""
        return LinearPosterior(**{k: np.array(v) if isinstance(v, list) else v for k, v in d.items()})


def residual_covariance(jacobian_c: Array, jacobian_u: Array, gain: Array, cov: Array, c: Sequence[int], u: Sequence[int]) -> Array:
    """Covariance of the residuals of figures `c` predicted from figures `u` (see the module)."""
    cc, cu, uu = cov[np.ix_(c, c)], cov[np.ix_(c, u)], cov[np.ix_(u, u)]
    a = jacobian_c @ gain
    left = jacobian_c @ (gain @ jacobian_u - np.eye(gain.shape[0]))
    return cc - cu @ a.T - a @ cu.T + a @ uu @ a.T + left @ left.T


def linearise(everything: Forward, solution: Solution, cov: Array, deviations: Array, u: Sequence[int]) -> LinearPosterior:
    """Linearise at a solution.

    Parameters
    ----------
    everything : forward model of all statistics.
    solution : of the used ones.
    cov : sampling covariance of all statistics (F × F); `deviations` the replicates it came from (R × F).
    u : positions of the used statistics.
    """
    from simulate.calibration.statistics import reported

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
    prior = np.random.default_rng(7).standard_normal((len(deviations), size))
    draws = x + (deviations[:, u] @ weights @ ju + prior) @ posterior
    residual = reported(everything.statistics) - value
    joint = 0.0
    if not solution.feasible:
        r = residual[u]
        total = cov[np.ix_(u, u)] + ju @ ju.T
        distance = float(r @ np.linalg.inv(total) @ r)
        joint = (distance - len(u)) / np.sqrt(2.0 * len(u))
    return LinearPosterior(
        x=x,
        residual=residual,
        residual_sd=np.sqrt(np.maximum(np.diag(spread), 1e-12)),
        draws=draws,
        prediction_sd=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", jacobian, posterior, jacobian), 0.0)),
        joint_z=joint,
    )
