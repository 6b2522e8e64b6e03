"""Two groups side by side: one table of events and numbers at risk, whatever the curves were made from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulate.errors import input_error
from simulate.survival.curves import SurvivalCurve
from simulate.survival.estimators import Array


class TwoSample(NamedTuple):
    """Events and numbers at risk of two groups in the same intervals, arrays (..., K); group 1 against group 0."""

    events1: Array
    at_risk1: Array
    events0: Array
    at_risk0: Array

    def where_events(self) -> TwoSample:
        """Only the intervals in which anybody had an event; the others say nothing about a hazard ratio."""
        total = self.events1 + self.events0
        keep = np.any(total > 0, axis=tuple(range(total.ndim - 1)))
        return TwoSample(*(array[..., keep] for array in self))


def two_sample(curve1: SurvivalCurve, curve0: SurvivalCurve) -> TwoSample:
    """Align two curves: day by day for counts, on the union of the distinct times for rows.

    Raises
    ------
    InputError : one curve from day counts and the other from exact times.
    """
    if curve1.linear != curve0.linear:
        raise input_error("one curve comes from day counts, the other from exact times; compare like with like.")
    if curve1.linear:
        days = max(len(curve1.events), len(curve0.events))
        return TwoSample(*(_pad(a, days) for c in (curve1, curve0) for a in (c.events, c.at_risk[:-1])))
    times = np.union1d(curve1.times[1:], curve0.times[1:])
    return TwoSample(*_aligned(curve1, times), *_aligned(curve0, times))


def _pad(values: Array, length: int) -> Array:
    return np.concatenate((values, np.zeros(length - len(values))))


def _aligned(curve: SurvivalCurve, times: Array) -> tuple[Array, Array]:
    events = np.zeros(len(times))
    events[np.searchsorted(times, curve.times[1:])] = curve.events
    # who is at risk at a time is who is at risk at the group's own next time: the numbers fall only there
    at_risk = curve.at_risk[np.searchsorted(curve.times[1:], times, side="left")]
    return events, at_risk
