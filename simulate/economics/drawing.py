"""Draws of the survival model: of one trial's calibration, as many as are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulate.calibration import Calibration


def more_draws(calibration: Calibration, draws: int, seed: int) -> Calibration:
    """A calibration with as many parameter draws as are asked for.

    The first ones are the calibration's own. Beyond those, normal draws with their mean and covariance: the posterior
    is linear and Gaussian in its parameters (`simulate.calibration.linear`), so they come from one distribution.
    """
    posterior = calibration.posterior
    own = min(draws, calibration.draws)
    x, gamma = posterior.draws[:own], posterior.dependence[:own]
    if draws > own:
        both = np.column_stack((posterior.draws, posterior.dependence))
        rng = np.random.default_rng(seed)
        more = rng.multivariate_normal(both.mean(axis=0), np.cov(both.T), draws - own, method="eigh")
        x, gamma = np.vstack((x, more[:, :-1])), np.concatenate((gamma, more[:, -1]))
    return replace(calibration, posterior=replace(posterior, draws=x, dependence=gamma))
