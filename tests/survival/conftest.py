"""Patients and day counts that the survival tests share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

DAYS_PER_MONTH = 30.4375


@pytest.fixture(scope="session")
def waltons():
    from lifelines.datasets import load_waltons

    frame = load_waltons()
    return {g: (d["T"].to_numpy(float), d["E"].to_numpy(bool)) for g, d in frame.groupby("group")}


@pytest.fixture(scope="session")
def day_table() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Times in months → events and censored per day, (D + 1,), the last bin who outlasts the horizon."""

    def table(times, days: int, censoring=None):
        times = np.asarray(times, float)
        censoring = np.full(times.shape, np.inf) if censoring is None else np.asarray(censoring, float)
        day = np.minimum(np.minimum(times, censoring) * DAYS_PER_MONTH, days).astype(int)
        observed = (times <= censoring) & (day < days)
        return (
            np.bincount(day[observed], minlength=days + 1),
            np.bincount(day[~observed], minlength=days + 1),
        )

    return table


@pytest.fixture(scope="session")
def two_arms(day_table):
    """Day counts of 20,000 patients per arm, hazards that cross, a third censored early; treated, control."""
    rng = np.random.default_rng(11)
    n, days = 20_000, 1500
    treated = 18.0 * rng.weibull(1.5, n)
    control = 14.0 * rng.weibull(0.9, n)
    return tuple(day_table(t, days, rng.exponential(30.0, n)) for t in (treated, control))
