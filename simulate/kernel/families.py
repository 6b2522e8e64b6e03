"""From uniforms to latent times: inverse cumulative hazards, in place, one family per call.

Every pass is a short loop over contiguous lanes which LLVM turns into vector code; in place passes touch one
array only, because two names for one array would make the vectoriser give up. The family is chosen once per
transition and stratum (`invert`), never per patient.

Parametrisations are those of `simulate.model.families`; `simulate.model.graph` writes the parameter rows.
"""

from __future__ import annotations

import numpy as np

from simulate.kernel import vector_math as vm
from simulate.kernel.jit import compiled

EXPONENTIAL, WEIBULL, GOMPERTZ, LOGNORMAL, LOGLOGISTIC, GENGAMMA = range(6)
NAMES = {
    "exponential": EXPONENTIAL,
    "weibull": WEIBULL,
    "gompertz": GOMPERTZ,
    "lognormal": LOGNORMAL,
    "loglogistic": LOGLOGISTIC,
    "gengamma": GENGAMMA,
}
# Table of log time on log cumulative hazard: pieces of equal width, quintic in the distance from the piece's left end.
TABLE_PIECES = 2048
TABLE_LOW, TABLE_HIGH = -40.0, 6.5
_PIECES_PER_UNIT = TABLE_PIECES / (TABLE_HIGH - TABLE_LOW)


@compiled
def unit_hazard(uniform, z, inverse_ratio):
    """Cumulative hazard at the event, ``-log(u) / ratio``, of a transition whose hazard carries the factor `ratio`."""
    for i in range(len(z)):
        z[i] = -vm.log_finite(uniform[i]) * inverse_ratio


@compiled
def race_hazard(uniform, z, target, inverse_ratio, new_target):
    """`unit_hazard` of one more transition with the same baseline: the smaller hazard comes first.

    The inverse is monotone, so proportional competitors race before it and it is taken once.
    """
    for i in range(len(z)):
        hazard, to = z[i], target[i]
        other = -vm.log_finite(uniform[i]) * inverse_ratio
        sooner = other < hazard
        z[i] = other if sooner else hazard
        target[i] = new_target if sooner else to


@compiled
def piecewise(z, knots, stratum, k, pieces):
    """Undo a piecewise-constant hazard ratio: a piecewise-linear map on the cumulative hazard.

    Parameters
    ----------
    knots : float64[strata, transitions, pieces, 3], rows (hazard with ratios, baseline hazard, 1 / ratio) at the
        start of each piece; a ratio of 0 has 1e300, so that 0 * (1 / ratio) stays 0.
    """
    slope0 = knots[stratum, k, 0, 2]
    m1, b1, s1 = knots[stratum, k, 1, 0], knots[stratum, k, 1, 1], knots[stratum, k, 1, 2]
    if pieces == 2:
        for i in range(len(z)):
            h = z[i]
            y = b1 + (h - m1) * s1 if h > m1 else h * slope0
            z[i] = y if y < 1e290 else np.inf
        return
    if pieces == 3:
        m2, b2, s2 = knots[stratum, k, 2, 0], knots[stratum, k, 2, 1], knots[stratum, k, 2, 2]
        for i in range(len(z)):
            h = z[i]
            y = b1 + (h - m1) * s1 if h > m1 else h * slope0
            y = b2 + (h - m2) * s2 if h > m2 else y
            z[i] = y if y < 1e290 else np.inf
        return
    for i in range(len(z)):
        h = z[i]
        y = h * slope0
        for j in range(1, pieces):
            m = knots[stratum, k, j, 0]
            if h > m:
                y = knots[stratum, k, j, 1] + (h - m) * knots[stratum, k, j, 2]
        z[i] = y if y < 1e290 else np.inf


@compiled
def uncure(z, cure):
    """Cumulative hazard of those who can have the event; ``inf`` for the cured."""
    share = 1.0 / (1.0 - cure)
    for i in range(len(z)):
        gone = -vm.expm1(-z[i]) * share  # 1 - S0
        hazard = -vm.log1p(-gone)
        z[i] = hazard if gone < 1.0 else np.inf


@compiled
def scale_pass(z, factor):
    """``z = factor * z``."""
    for i in range(len(z)):
        z[i] *= factor


@compiled
def log_pass(z):
    """``z = log z``."""
    for i in range(len(z)):
        z[i] = vm.log(z[i])


@compiled
def exp_pass(z, slope, factor):
    """``z = factor * exp(slope * z)``."""
    for i in range(len(z)):
        z[i] = factor * vm.exp(slope * z[i])


@compiled
def gompertz_pass(z, shape, rate):
    """Gompertz time; a negative shape is defective and gives ``inf`` beyond its total hazard."""
    ratio, inverse = shape / rate, 1.0 / shape
    for i in range(len(z)):
        x = z[i] * ratio
        time = vm.log1p(x) * inverse
        z[i] = time if x > -1.0 else np.inf


@compiled
def log_odds_pass(z):
    """Log odds of the event, ``log(expm1(z))``, which is z itself beyond 40."""
    for i in range(len(z)):
        hazard = z[i]
        odds = vm.log(vm.expm1(hazard))
        z[i] = odds if hazard < 40.0 else hazard


@compiled
def normal_pass(z, event, log_event):
    """``z`` from cumulative hazard to standard normal quantile; `event` and `log_event` are scratch."""
    for i in range(len(z)):
        event[i] = -vm.expm1(-z[i])
    for i in range(len(z)):
        log_event[i] = vm.log(event[i])
    for i in range(len(z)):
        z[i] = vm.normal_quantile(event[i], log_event[i], z[i])


@compiled
def table_pass(z, tables, t):
    """Log time at log hazard `z`; the first and the last piece are straight lines and reach to infinity."""
    for i in range(len(z)):
        log_hazard = z[i]
        x = (log_hazard - TABLE_LOW) * _PIECES_PER_UNIT
        j = np.int64(min(max(x, 0.0), TABLE_PIECES - 1.0))
        d = x - j
        y = tables[t, j, 5]
        y = y * d + tables[t, j, 4]
        y = y * d + tables[t, j, 3]
        y = y * d + tables[t, j, 2]
        y = y * d + tables[t, j, 1]
        y = y * d + tables[t, j, 0]
        z[i] = y if log_hazard < np.inf else np.inf  # 0 * inf in the last piece


@compiled
def invert(z, scratch, more, graph, stratum, k):
    """Cumulative hazard to time in months, in place, for transition `k` of one stratum.

    Parameters
    ----------
    z : float64[n], cumulative hazards, ``inf`` allowed (it gives ``inf``).
    scratch, more : float64[n], overwritten.
    graph : `simulate.kernel.arrays.Graph`.
    """
    h = graph.hazard[stratum, k]
    if h.pieces > 1:
        piecewise(z, graph.knots, stratum, k, h.pieces)
    if h.cure > 0.0:
        uncure(z, h.cure)
    if h.family == EXPONENTIAL:
        scale_pass(z, h.a)
    elif h.family == WEIBULL:
        log_pass(z)
        exp_pass(z, 1.0 / h.a, h.b)
    elif h.family == GOMPERTZ:
        gompertz_pass(z, h.a, h.b)
    elif h.family == LOGNORMAL:
        normal_pass(z, scratch, more)
        exp_pass(z, h.b, vm.exp(h.a))
    elif h.family == LOGLOGISTIC:
        log_odds_pass(z)
        exp_pass(z, 1.0 / h.a, h.b)
    else:
        log_pass(z)
        table_pass(z, graph.tables, h.table)
        exp_pass(z, 1.0, 1.0)
