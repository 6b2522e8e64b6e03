"""Product-limit estimators on tables of events and numbers at risk: arrays in, arrays out.

Every function works on the last axis and broadcasts over the others, so that forty batches of simulated patients cost
one call. A table has K intervals with boundaries ``times`` (K + 1, in months, starting at 0):

* ``events[k]`` and ``censored[k]`` leave in interval k, ``at_risk[k]`` enter it;
* ``exposed[k]`` are who the events are divided by: on exact times those at risk, events before censorings as usual; on
  days those at risk less half of those censored that day (the actuarial correction: events and censorings are spread
  over the day alike). Without censoring within the follow-up, as for OS and PFS of a simulation, the two agree.
* ``survival[k]`` is S at ``times[k]``.

On a **linear** table (day counts) S runs straight between boundaries: flooring a time to its day alone would bias a
landmark by half a day, half a standard error at a million patients. On a **step** table (exact times) the events of
interval k happen at ``times[k + 1]`` and S is the right-continuous step function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.errors import input_error
from simulate.kernel import counts

Array = NDArray[np.float64]
DAYS_PER_MONTH = 30.4375
# Products of ratios carry rounding of about K * 1e-16; a survival within this of a level has reached it.
_REACHED = 1e-12


def numbers_at_risk(leaving: ArrayLike) -> Array:
    """Numbers at risk from the numbers leaving, ``(..., K) -> (..., K)``: everyone who leaves now or later."""
    return counts.at_risk(np.asarray(leaving, dtype=float))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Array:
    """Elementwise division with 0 where the denominator is 0 (an empty risk set has no hazard)."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.zeros(denominator.shape), where=denominator > 0)


def exposed(at_risk: Array, censored: Array, *, linear: bool = True) -> Array:
    """Denominators of the hazards, ``(..., K) -> (..., K)``: see the top of this module.

    Time to progression shows why: patients who die before it leave all day long. Taking them out only at midnight
    understates the hazard by half their share, a quarter of a standard error of the median at a million patients.
    """
    return at_risk - 0.5 * censored if linear else at_risk


def product_limit(events: ArrayLike, exposed: ArrayLike) -> Array:
    """Kaplan-Meier survival at the boundaries, ``(..., K) -> (..., K + 1)``, starting at 1.

    Kaplan and Meier, J Am Stat Assoc 1958;53:457.
    """
    after = counts.product_limit(*np.broadcast_arrays(np.asarray(events, float), np.asarray(exposed, float)))
    return np.concatenate((np.ones((*after.shape[:-1], 1)), after), axis=-1)


def greenwood(events: ArrayLike, exposed: ArrayLike) -> Array:
    """Variance of log S at the boundaries, ``(..., K) -> (..., K + 1)``: the sum of d / (n (n - d)).

    ``inf`` from where S is 0. Greenwood, Reports on Public Health and Medical Subjects 1926;33:1.
    """
    terms = _greenwood_terms(np.asarray(events, float), np.asarray(exposed, float))
    start = np.zeros((*terms.shape[:-1], 1))
    return np.concatenate((start, np.cumsum(terms, axis=-1)), axis=-1)


def _greenwood_terms(events: Array, exposed: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = events / (exposed * (exposed - events))
    return np.where(events > 0, terms, 0.0)


def survival_at(times: Array, survival: Array, months: float, *, linear: bool = True) -> Array:
    """S at `months`, ``(..., K + 1) -> (...)``; NaN beyond the last boundary unless S is 0 there."""
    k, weight = _locate(times, months, linear)
    if k < 0:
        return np.where(survival[..., -1] <= 0.0, 0.0, np.nan)
    if weight == 0.0:
        return survival[..., k]
    return survival[..., k] + weight * (survival[..., k + 1] - survival[..., k])


def _locate(times: Array, months: float, linear: bool) -> tuple[int, float]:
    """Interval that holds `months` and the share of it that lies behind; ``(-1, 0)`` beyond the last boundary."""
    if months > times[-1] * (1 + 1e-12):
        return -1, 0.0
    # 12 months is day 365.25, but 0.1 months times 30.4375 may miss a boundary by one rounding
    k = int(np.searchsorted(times, months * (1 + 1e-12), side="right")) - 1
    if not linear or k >= len(times) - 1:
        return k, 0.0
    return k, float(max(0.0, (months - times[k]) / (times[k + 1] - times[k])))


def crossing_time(times: Array, survival: Array, level: ArrayLike = 0.5, *, linear: bool = True) -> Array:
    """First time (months) at which S is at or below `level`, ``(..., K + 1) -> (...)``; ``inf`` if it never is."""
    level = np.asarray(level, dtype=float)[..., None]
    below = survival <= level + _REACHED
    k = below.argmax(axis=-1)
    reached = np.take_along_axis(below, k[..., None], -1)[..., 0]
    if not linear:
        return np.where(reached, times[k], np.inf)
    before = np.maximum(k - 1, 0)
    high = np.take_along_axis(survival, before[..., None], -1)[..., 0]
    low = np.take_along_axis(survival, k[..., None], -1)[..., 0]
    share = np.clip(ratio(high - level[..., 0], high - low), 0.0, 1.0)
    return np.where(reached, times[before] + share * (times[k] - times[before]), np.inf)


def restricted_mean(times: Array, survival: Array, tau: float, *, linear: bool = True) -> Array:
    """Restricted mean survival time to `tau` months: the integral of S, ``(..., K + 1) -> (...)``, in months."""
    return _cells(times, survival, tau, linear)[0].sum(axis=-1)


def restricted_mean_variance(times: Array, events: Array, exposed: Array, tau: float, *, linear: bool = True) -> Array:
    """Greenwood-type variance of `restricted_mean` (months squared), ``(..., K) -> (...)``.

    The sum over event times of (area under S from that time to tau)^2 * d / (n (n - d)): Klein and Moeschberger,
    Survival Analysis, 2nd ed., eq. 4.5.2. On a linear table the area includes what the interval's own slope
    contributes.
    """
    survival = product_limit(events, exposed)
    cells, own = _cells(times, survival, tau, linear)
    after = np.flip(np.cumsum(np.flip(cells, -1), -1), -1) - cells + own
    # where the last patient at risk has the event S is 0 from then on, the area too, and the term's limit is 0
    terms = _greenwood_terms(np.asarray(events, float), np.asarray(exposed, float))
    return np.sum(after**2 * np.where(np.isfinite(terms), terms, 0.0), axis=-1)


def _cells(times: Array, survival: Array, tau: float, linear: bool) -> tuple[Array, Array]:
    """Area under S in each interval up to `tau`, and its derivative by the log of the interval's 1 - hazard."""
    width = np.diff(times)
    inside = np.clip(tau - times[:-1], 0.0, width)
    left, right = survival[..., :-1], survival[..., 1:]
    if not linear:
        return inside * left, np.zeros(left.shape)
    half = 0.5 * ratio(inside, width)
    return inside * (left + half * (right - left)), inside * half * right


def log_log_interval(survival: ArrayLike, variance_of_log: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Pointwise confidence interval of S on the log(-log) scale; same shapes in and out.

    ``S ** exp(±z * se / log S)``: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980, p. 15.
    Where S is exactly 0 or 1 the scale has no interval and both bounds equal S.

    Raises
    ------
    InputError : `level` outside (0, 1).
    """
    from scipy.special import ndtri

    if not 0.0 < level < 1.0:
        raise input_error(f"confidence level is {level}; allowed is between 0 and 1, for example 0.95.", field="level")
    s = np.asarray(survival, dtype=float)
    inside = (s > 0.0) & (s < 1.0) & np.isfinite(variance_of_log)
    safe = np.where(inside, s, 0.5)
    se = np.sqrt(np.where(inside, variance_of_log, 0.0))
    spread = float(ndtri(0.5 + level / 2)) * se / np.abs(np.log(safe))
    low = np.where(inside, safe ** np.exp(spread), s)
    high = np.where(inside, safe ** np.exp(-spread), s)
    return low, high


def jackknife_error(estimates: ArrayLike, sizes: ArrayLike) -> float | None:
    """Monte Carlo standard error of a statistic from the batches of a simulation, by leaving out one batch at a time.

    Parameters
    ----------
    estimates : (B + 1,); the statistic of all batches together, then with batch 1, 2, … B left out.
    sizes : (B,); number of patients in each batch.

    Returns
    -------
    float or None
        the standard error, on the statistic's scale; None with fewer than two batches or where it is not finite.

    Notes
    -----
    For a mean over equal batches this *is* SD over batches / sqrt(B). For medians and hazard ratios it stays defined
    when one batch alone is too small to have any. Applied to a contrast of strategies that share their random numbers
    it is the paired error. Batches of unequal size: the delete-m_j jackknife of Busing, Meijer and van der Leeden,
    Statistics and Computing 1999;9:3.
    """
    rows, n = np.asarray(estimates, float), np.asarray(sizes, float)
    if len(rows) != len(n) + 1:
        return None
    whole, left_out, n = rows[0], rows[1:][n > 0], n[n > 0]
    batches = len(n)
    if batches < 2 or not (np.isfinite(whole) and np.all(np.isfinite(left_out))):
        return None
    h = n.sum() / n
    pseudo = h * whole - (h - 1.0) * left_out
    centre = batches * whole - np.sum((1.0 - 1.0 / h) * left_out)
    return float(np.sqrt(np.mean((pseudo - centre) ** 2 / (h - 1.0))))


def leave_one_out(batches: ArrayLike) -> Array:
    """Totals of all batches, then without batch 1, 2, …: ``(B, ...) -> (B + 1, ...)``; one row for a single batch."""
    batches = np.asarray(batches, dtype=float)
    total = batches.sum(axis=0, keepdims=True)
    return total if len(batches) == 1 else np.concatenate((total, total - batches))
