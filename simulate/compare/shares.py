"""Toxicity rates and time in states: means over patients, so their errors come straight from the batches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.survival.estimators import jackknife_error, leave_one_out, ratio

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ToxicityRate:
    """Share of patients with an event of `grade` or worse; `difference` is against the comparator (None for itself)."""

    strategy: str
    event: str
    grade: str
    rate: float
    events: int
    n: int
    mc_error: float | None
    difference: float | None
    difference_mc_error: float | None

    @property
    def key(self) -> str:
        """``EVENT_grade_3`` style name of this event and grade."""
        return f"{self.event}_grade_{re.sub(r'[^0-9a-z]+', '_', self.grade.lower()).strip('_')}"


@dataclass(frozen=True)
class StateTime:
    """Mean time per patient in a health state to the horizon, discounted at `rate` per year, continuously.

    `state` ``"total"`` is life-years. `years` is `months` / 12.
    """

    strategy: str
    rate: float
    state: str
    months: float
    years: float
    mc_error: float | None
    difference: float | None
    difference_mc_error: float | None


def toxicity_rates(
    counts: Mapping[str, Any], against: Mapping[str, str], grades: Mapping[str, Sequence[str]]
) -> tuple[ToxicityRate, ...]:
    """Rates of every event and grade under every strategy.

    Parameters
    ----------
    counts : strategy to `Counts`; ``toxicity[event]`` is (B, G + 1), patients by index of their highest grade.
    against : strategy to the one its difference is from; none for those missing.
    grades : event to the names of its G grades, mildest first; ``1 … G`` where missing.

    Raises
    ------
    InputError : another number of names than grades.
    """
    rows = []
    events = dict.fromkeys(event for one in counts.values() for event in one.toxicity)
    for event in events:
        for strategy, table in ((s, one.toxicity[event]) for s, one in counts.items() if event in one.toxicity):
            names = tuple(grades.get(event, range(1, table.shape[1])))
            if len(names) != table.shape[1] - 1:
                raise input_error(f"{len(names)} names for {table.shape[1] - 1} grades.", field=f"grades.{event}")
            rates, sizes = _exceedance(table), table.sum(axis=1)
            other = counts[against[strategy]].toxicity if strategy in against else {}
            base = _exceedance(other[event]) if event in other else None
            for g, name in enumerate(names):
                difference = None if base is None or g >= base.shape[1] else rates[:, g] - base[:, g]
                rows.append(
                    ToxicityRate(
                        strategy, event, str(name), float(rates[0, g]), int(table[:, g + 1 :].sum()), int(sizes.sum()),
                        jackknife_error(rates[:, g], sizes), *_difference(difference, sizes),
                    )
                )  # fmt: skip
    return tuple(rows)


def _exceedance(table: NDArray[np.int64]) -> Array:
    """Rates of each grade or worse, all patients and without each batch: (B + 1, G)."""
    worse = np.flip(np.cumsum(np.flip(leave_one_out(table), -1), -1), -1)
    return ratio(worse[:, 1:], worse[:, :1])


def state_times(counts: Mapping[str, Any], against: Mapping[str, str]) -> tuple[StateTime, ...]:
    """Mean discounted time in every state, and in all of them together, at every rate of the simulation."""
    rows = []
    found = {strategy: _mean_times(one) for strategy, one in counts.items()}
    for strategy, one in counts.items():
        means, base = found[strategy], found.get(against.get(strategy, ""))
        for r, rate in enumerate(one.rates):
            for s, state in enumerate((*one.states, "total")):
                value = means[:, r, s]
                difference = None if base is None or base.shape != means.shape else value - base[:, r, s]
                rows.append(
                    StateTime(
                        strategy, float(rate), state, float(value[0]), float(value[0]) / 12.0,
                        jackknife_error(value, one.n), *_difference(difference, one.n),
                    )
                )  # fmt: skip
    return tuple(rows)


def _mean_times(one: Any) -> Array:
    """Months per patient: (B + 1, rates, states + 1), the last state their sum."""
    means = ratio(leave_one_out(one.time_sum), leave_one_out(one.n)[:, None, None])
    return np.concatenate((means, means.sum(axis=-1, keepdims=True)), axis=-1)


def _difference(rows: Array | None, sizes: Array) -> tuple[float | None, float | None]:
    return (None, None) if rows is None else (float(rows[0]), jackknife_error(rows, sizes))
