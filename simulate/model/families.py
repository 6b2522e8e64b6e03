"""Parametric families of time to event, in NumPy: the reference the compiled kernel is held against.

Each family is a pair of functions of the *cumulative hazard*, which is what competing transitions, piecewise hazard
ratios and cure fractions are written in: ``H(t)`` and its inverse. Times are in months.

Parametrisations (Bender, Augustin and Blettner, Stat Med 2005;24:1713; generalised gamma after Prentice,
Biometrika 1974;61:539):

============= ===================== ==========================================================
family        parameters            cumulative hazard
============= ===================== ==========================================================
exponential   scale                 t / scale
weibull       shape, scale          (t / scale)^shape
gompertz      shape, rate           rate / shape * (exp(shape * t) - 1); shape 0 is exponential
lognormal     mu, sigma             -log Phi(-(log t - mu) / sigma)
loglogistic   shape, scale          log(1 + (t / scale)^shape)
gengamma      mu, sigma, q          -log S; q = 1 is Weibull, q = 0 log-normal
============= ===================== ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Q_ZERO = 1e-6  # |q| below this is the log-normal limit: the incomplete gamma loses all digits there


@dataclass(frozen=True)
class Family:
    """One parametric family: names of its parameters, cumulative hazard and inverse."""

    name: str
    parameters: tuple[str, ...]
    positive: tuple[bool, ...]
    cumulative_hazard: Callable[..., Array]
    inverse: Callable[..., Array]


def _weibull_h(t: Array, shape: float, scale: float) -> Array:
    return (t / scale) ** shape


def _weibull_inv(h: Array, shape: float, scale: float) -> Array:
    return scale * h ** (1.0 / shape)


def _gompertz_h(t: Array, shape: float, rate: float) -> Array:
    if abs(shape) < 1e-12:
        return rate * t
    return rate / shape * np.expm1(shape * t)


def _gompertz_inv(h: Array, shape: float, rate: float) -> Array:
    if abs(shape) < 1e-12:
        return h / rate
    with np.errstate(invalid="ignore", divide="ignore"):
        x = shape * h / rate
        # a negative shape is defective: beyond the finite total hazard the event never happens
        return np.where(x <= -1.0, np.inf, np.log1p(np.maximum(x, -1.0)) / shape)


def _lognormal_h(t: Array, mu: float, sigma: float) -> Array:
    with np.errstate(divide="ignore"):
        return -special.log_ndtr(-(np.log(t) - mu) / sigma)


def _lognormal_inv(h: Array, mu: float, sigma: float) -> Array:
    return np.exp(mu - sigma * special.ndtri_exp(-np.asarray(h, float)))


def _loglogistic_h(t: Array, shape: float, scale: float) -> Array:
    return np.log1p((t / scale) ** shape)


def _loglogistic_inv(h: Array, shape: float, scale: float) -> Array:
    with np.errstate(over="ignore"):
        return scale * np.expm1(h) ** (1.0 / shape)


def _gengamma_h(t: Array, mu: float, sigma: float, q: float) -> Array:
    if abs(q) < Q_ZERO:
        return _lognormal_h(t, mu, sigma)
    with np.errstate(divide="ignore", over="ignore"):
        k = 1.0 / (q * q)
        x = k * np.exp(q * (np.log(t) - mu) / sigma)
        survival = special.gammaincc(k, x) if q > 0 else special.gammainc(k, x)
        return -np.log(survival)


def _gengamma_inv(h: Array, mu: float, sigma: float, q: float) -> Array:
    if abs(q) < Q_ZERO:
        return _lognormal_inv(h, mu, sigma)
    k = 1.0 / (q * q)
    survival, event = np.exp(-np.asarray(h, float)), -np.expm1(-np.asarray(h, float))
    # invert on whichever tail is small, so that neither end loses digits
    if q > 0:
        x = np.where(event < 0.5, special.gammaincinv(k, event), special.gammainccinv(k, survival))
    else:
        x = np.where(event < 0.5, special.gammainccinv(k, event), special.gammaincinv(k, survival))
    with np.errstate(divide="ignore"):
        return np.exp(mu + sigma / q * np.log(x / k))


FAMILIES: dict[str, Family] = {
    f.name: f
    for f in (
        Family("exponential", ("scale",), (True,), lambda t, s: t / s, lambda h, s: h * s),
        Family("weibull", ("shape", "scale"), (True, True), _weibull_h, _weibull_inv),
        Family("gompertz", ("shape", "rate"), (False, True), _gompertz_h, _gompertz_inv),
        Family("lognormal", ("mu", "sigma"), (False, True), _lognormal_h, _lognormal_inv),
        Family("loglogistic", ("shape", "scale"), (True, True), _loglogistic_h, _loglogistic_inv),
        Family("gengamma", ("mu", "sigma", "q"), (False, True, False), _gengamma_h, _gengamma_inv),
    )
}
