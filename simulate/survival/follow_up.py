"""Expected counts under a trial's accrual and data cut-off.

A hazard ratio belongs to a follow-up: where hazards are not proportional, the Cox estimate weighs early and late
differences by how many patients are still observed. Enrolment is taken uniform over the accrual period and independent
of outcome, so the expected numbers are exact: given the day counts to the horizon, no enrolment needs to be drawn
(Rao-Blackwell: the same mean as drawing, without its noise). The numbers are then not whole.

Simplifications, named: constant enrolment rate, nobody lost to follow-up before the cut-off, one cut-off for all.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from simulate.errors import input_error
from simulate.survival.estimators import DAYS_PER_MONTH, Array, numbers_at_risk


def under_observation(months: ArrayLike, accrual: float, cutoff: float) -> Array:
    """Share of patients whose cut-off comes later than `months` after their own enrolment; same shape.

    ``G(t) = clip((cutoff - t) / accrual, 0, 1)``; accrual 0 means that all enrol on the first day. With a cut-off
    before the end of accrual, who has not enrolled by then is never observed: G(0) is cutoff / accrual.
    """
    t = np.asarray(months, float)
    if accrual == 0.0:
        return (t < cutoff).astype(float)
    return np.clip((cutoff - t) / accrual, 0.0, 1.0)


def _integral(months: Array, accrual: float, cutoff: float) -> Array:
    """Integral of `under_observation` from 0 to `months`, exact."""
    if accrual == 0.0:
        return np.minimum(months, cutoff)
    flat = min(
        max(cutoff - accrual, 0.0), cutoff
    )  # G is min(1, cutoff / accrual) up to here, then falls to 0 at cutoff
    top = min(1.0, cutoff / accrual)
    inside = np.clip(months - flat, 0.0, cutoff - flat)
    return top * np.minimum(months, flat) + top * inside - inside**2 / (2.0 * accrual)


def administrative_censoring(
    events: ArrayLike, censored: ArrayLike, accrual: float, cutoff: float
) -> tuple[Array, Array]:
    """Expected day counts of events and censorings when follow-up ends at the cut-off.

    Parameters
    ----------
    events, censored : (..., D + 1) numbers per day of a follow-up to the horizon, the last bin who reached it.
    accrual : months over which patients enrol, uniformly; 0 for all on one day.
    cutoff : months from the first enrolment to the data cut-off.

    Returns
    -------
    (events, censored)
        the same shape, not whole numbers: an event on day d is seen with the mean of G over that day (events spread
        evenly within it), who is at risk at the start of day d is still observed with G(d), and whoever leaves
        otherwise is censored that day, after its events. They add up to the patients enrolled by the cut-off.

    Raises
    ------
    InputError : accrual negative, cut-off not after the first enrolment, or a horizon that ends before the cut-off
        while patients are still at risk.
    """
    if not (math.isfinite(accrual) and accrual >= 0.0):
        raise input_error(f"accrual is {accrual} months; it must be 0 or more.", field="accrual")
    if not (math.isfinite(cutoff) and cutoff > 0.0):
        raise input_error(f"cutoff is {cutoff} months after the first enrolment; it must be above 0.", field="cutoff")
    e, c = np.asarray(events, float), np.asarray(censored, float)
    days = e.shape[-1] - 1
    boundaries = np.arange(days + 1) / DAYS_PER_MONTH
    at_horizon = e[..., -1] + c[..., -1]
    if cutoff > boundaries[-1] * (1 + 1e-12) + 1.0 / DAYS_PER_MONTH and np.any(at_horizon > 0):
        raise input_error(
            f"the cut-off, {cutoff:g} months after the first enrolment, lies beyond the horizon of {boundaries[-1]:g}.",
            field="cutoff",
            advice="Simulate a longer horizon.",
        )
    seen = np.append(np.diff(_integral(boundaries, accrual, cutoff)) * DAYS_PER_MONTH, 0.0)
    at_risk = numbers_at_risk(e + c) * under_observation(boundaries, accrual, cutoff)
    left = np.concatenate((at_risk[..., 1:], np.zeros((*at_risk.shape[:-1], 1))), axis=-1)
    # rounding may leave -1e-13 of a patient
    return e * seen, np.maximum(at_risk - left - e * seen, 0.0)
