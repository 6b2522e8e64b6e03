"""Medians, landmarks, RMST and the large-sample Cox hazard ratio of survival curves on the daily grid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]


def crossing_time(survival: Array, level: float = 0.5) -> float:
    """First time (months) at which `survival` (shape (D + 1,), daily) falls to `level`; ``inf`` if it never does.

    Interpolates linearly within the day, as `simulate.survival` does, so that both sides agree.
    """
    below = survival <= level
    i = int(np.argmax(below))
    if not below[i]:
        return math.inf
    if i == 0:
        return 0.0
    high, low = survival[i - 1], survival[i]
    return (i - 1 + (high - level) / (high - low)) / DAYS_PER_MONTH


def landmark(survival: Array, months: float) -> float:
    """Survival at `months`, interpolated linearly within the day; ValueError beyond the grid."""
    day = months * DAYS_PER_MONTH
    if day > len(survival) - 1 + 1e-6:
        raise ValueError(f"{months:g} months lie beyond the grid of {len(survival) - 1} days")
    i = min(int(day), len(survival) - 2)
    return float(survival[i] + (day - i) * (survival[i + 1] - survival[i]))


def restricted_mean(survival: Array, tau: float, rate: float = 0.0) -> float:
    """Integral of ``survival * exp(-rate * years)`` from 0 to `tau` months, in months (trapezoid on days)."""
    day = tau * DAYS_PER_MONTH
    if day > len(survival) - 1 + 1e-6:
        raise ValueError(f"{tau:g} months lie beyond the grid of {len(survival) - 1} days")
    i = min(math.ceil(day), len(survival) - 1)
    grid = np.minimum(np.arange(i + 1, dtype=float), day)
    s = survival[: i + 1].copy()
    s[i] = landmark(survival, tau)
    if rate:
        s = s * np.exp(-rate * grid / DAYS_PER_MONTH / 12.0)
    return float(np.sum(0.5 * (s[1:] + s[:-1]) * np.diff(grid)) / DAYS_PER_MONTH)


def follow_up_weights(days: int, accrual: float, cutoff: float) -> Array:
    """Probability of still being under observation at mid-day, shape (`days`,).

    Enrolment is uniform over `accrual` months and everyone is censored `cutoff` months after the first enrolment:
    ``G(t) = clip((cutoff - t) / accrual, 0, 1)``. Simplification: no loss to follow-up, constant enrolment rate.
    """
    mid = (np.arange(days) + 0.5) / DAYS_PER_MONTH
    if accrual <= 0.0:
        return (mid <= cutoff).astype(float)
    return np.clip((cutoff - mid) / accrual, 0.0, 1.0)


def cox_hazard_ratio(
    treated: Array, control: Array, weights: Array | None = None, *, n_treated: float = 1.0, n_control: float = 1.0
) -> float:
    """Large-sample Cox estimate of the hazard ratio of `treated` against `control`.

    The root of the partial-likelihood score with expected events and expected numbers at risk (Struthers and
    Kalbfleisch, Biometrika 1986;73:363): under non-proportional hazards it depends on follow-up, which `weights`
    (from `follow_up_weights`, shape (D,)) carry. Both curves have shape (D + 1,).
    """
    g = 1.0 if weights is None else weights
    e1 = n_treated * (treated[:-1] - treated[1:]) * g
    e0 = n_control * (control[:-1] - control[1:]) * g
    # the weights cancel from the shares at risk
    y1 = n_treated * 0.5 * (treated[:-1] + treated[1:])
    y0 = n_control * 0.5 * (control[:-1] + control[1:])
    return cox_from_exposure((e1, y1), (e0, y0))


def cox_from_exposure(treated: tuple[Array, Array], control: tuple[Array, Array]) -> float:
    """Cox hazard ratio from (events, number at risk) of each day in two groups, shape (D,); NaN if undefined."""
    (e1, y1), (e0, y0) = treated, control
    total, observed = e0 + e1, float(e1.sum())
    keep = (total > 1e-14 * max(float(total.sum()), 1e-300)) & (y0 + y1 > 0.0)
    total, y1, y0 = total[keep], y1[keep], y0[keep]
    beta = math.log(max(observed, 1e-12) / max(float((total * y1 / (y0 + y1)).sum()), 1e-12))
    for _ in range(50):
        p = y1 * math.exp(beta)
        p = p / (p + y0)
        expected = float(np.dot(total, p))
        information = float(np.dot(total, p * (1.0 - p)))
        if not information > 0.0:
            return math.nan
        step = (observed - expected) / information
        beta += max(-1.0, min(1.0, step))
        if abs(step) < 1e-11:
            break
    return math.exp(beta)


def entry_weights(entries: Array, follow_up: Array) -> Array:
    """Share of patients who entered and are still observed `u` days later, shape (D,), for a clock started at entry.

    `entries` are the shares entering on each day of the study, `follow_up` the weights of `follow_up_weights`; both
    shape (D,). With entry on day s the patient is observed u days later with weight ``follow_up[s + u]``.
    """
    days = len(entries)
    size = next_fast_len(2 * days, real=True)
    padded = irfft(np.conj(rfft(entries, size)) * rfft(follow_up, size), size)
    return np.maximum(padded[:days], 0.0)


def expected_events(survival: Array, weights: Array) -> float:
    """Expected share of patients with an observed event under the follow-up `weights`."""
    return float(np.dot(survival[:-1] - survival[1:], weights))
