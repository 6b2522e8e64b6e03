"""Synthetic `Counts`: an illness-death cohort on common random numbers, without the kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class Counts:
    """The fields of `simulate.cohort.Counts` that a comparison reads."""

    arm: str
    endpoints: tuple[str, ...]
    horizon: float
    n: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    time_sum: np.ndarray
    rates: tuple[float, ...]
    states: tuple[str, ...]
    toxicity: dict[str, np.ndarray]


def times_of(rng: np.random.Generator, n: int, slow: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Endpoint → times in months, whether an event. `slow` stretches both times; the draws do not depend on it."""
    pfs = slow * 6.0 * rng.weibull(1.2, n)
    progressed = rng.random(n) > 0.2
    pps = slow * rng.exponential(8.0, n)
    os = pfs + np.where(progressed, pps, 0.0)
    ever = np.ones(n, bool)
    return {"os": (os, ever), "pfs": (pfs, ever), "ttp": (pfs, progressed), "pps": (pps[progressed], ever[progressed])}


def batch_of(rng: np.random.Generator, n: int, slow: float, horizon: float, toxic: float) -> dict[str, Any]:
    times = times_of(rng, n, slow)
    days = round(horizon * DAYS_PER_MONTH)
    events, censored = [], []
    for t, event in times.values():
        day = np.minimum(t * DAYS_PER_MONTH, days).astype(int)
        observed = event & (day < days)
        events.append(np.bincount(day[observed], minlength=days + 1))
        censored.append(np.bincount(day[~observed], minlength=days + 1))
    free = np.minimum(times["pfs"][0], horizon).sum()
    after = np.minimum(times["os"][0], horizon).sum() - free
    u = rng.random(n)
    fistula = np.bincount((u < toxic).astype(int) + (u < toxic / 2), minlength=3)
    return {"events": events, "censored": censored, "time": [[free, after]], "fistula": fistula}


@pytest.fixture(scope="session")
def cohort() -> Callable[..., dict[str, Counts]]:
    """Strategy → Counts of the same patients; `slow` and `toxic` by strategy."""

    def make(
        slow: dict[str, float], *, seed: int = 1, batches: int = 10, size: int = 1000, horizon: float = 60.0,
        toxic: dict[str, float] | None = None,
    ) -> dict[str, Counts]:  # fmt: skip
        out = {}
        for name, factor in slow.items():
            parts = [
                batch_of(np.random.default_rng([seed, b]), size, factor, horizon, (toxic or {}).get(name, 0.1))
                for b in range(batches)
            ]
            stack = {k: np.array([p[k] for p in parts]) for k in parts[0]}
            out[name] = Counts(
                name, ("os", "pfs", "ttp", "pps"), horizon, np.full(batches, size), stack["events"], stack["censored"],
                stack["time"], (0.0,), ("progression_free", "progressed"), {"fistula": stack["fistula"]},
            )  # fmt: skip
        return out

    return make
