"""How time is summed: discounting and counting as weights on the daily grid, so that every total is a dot product.

A total such as discounted months in a state is linear in the share of patients who are in it on each day. Whatever
the convention, it is therefore one vector of weights, and a thousand parameter draws are one product of matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.errors import input_error
from simulate.evidence.economics_schema import Discount
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
COUNTING = ("integral", "start", "end", "half_cycle", "simpson")


def discount_factor(months: ArrayLike, rate: float, method: str) -> Array:
    """What a unit at `months` from the start is worth at the start.

    Parameters
    ----------
    rate : a year. For ``continuous`` it is the force of interest, ``exp(-rate t)``; for ``yearly`` and ``per_cycle``
        an annual rate, ``(1 + rate)**-t`` with t in whole years past (``yearly``) or exact (``per_cycle``).
    """
    years = np.asarray(months, np.float64) / 12.0
    if method == "continuous":
        return np.exp(-rate * years)
    if method == "yearly":
        # the margin is for rounding: what happens at the end of a year counts with the next
        return (1.0 + rate) ** -np.floor(years + 1e-9)
    return (1.0 + rate) ** -years


@dataclass(frozen=True)
class Clock:
    """Horizon and conventions of one evaluation.

    Attributes
    ----------
    horizon : months.
    discount : yearly rates of costs and effects, and the method.
    counting : ``integral`` (trapezoid on days), or sums over cycles counted at their ``start``, their ``end``, as the
        mean of both (``half_cycle``), or by Simpson's rule (``simpson``).
    cycle : months, for the sums over cycles and `per_cycle` discounting.
    per_month : steps of the grid in a month; a step is a day by default, and is called so below.
    """

    horizon: float
    discount: Discount
    counting: str = "integral"
    cycle: float = 1.0
    per_month: float = DAYS_PER_MONTH

    def __post_init__(self) -> None:
        if self.counting not in COUNTING:
            raise input_error(
                f"no counting {self.counting!r}.", field="counting", advice=f"Take {', '.join(COUNTING)}."
            )
        if not 0.0 < self.cycle <= self.horizon:
            raise input_error(f"a cycle of {self.cycle:g} months does not fit the horizon.", field="cycle")

    @property
    def days(self) -> int:
        """Last day of the grid: the horizon, rounded up to whole days."""
        return math.ceil(self.horizon * self.per_month - 1e-6)

    @property
    def months(self) -> Array:
        """The grid, months, float64[D + 1]."""
        return np.arange(self.days + 1) / self.per_month

    def rate(self, what: str) -> float:
        """Yearly rate of ``costs`` or ``effects``; of ``time``, which is not discounted, 0."""
        return 0.0 if what == "time" else float(getattr(self.discount, what))

    @property
    def undiscounted(self) -> float:
        """Months from the start in which nothing is discounted yet, at any rate."""
        return 12.0 if self.discount.method == "yearly" else 0.0

    def factor(self, months: ArrayLike, what: str) -> Array:
        """Discount factor of ``costs``, ``effects`` or ``time`` at some months."""
        return discount_factor(months, self.rate(what), self.discount.method)

    def in_state(self, what: str) -> Array:
        """Weights w, float64[D + 1], with which ``shares @ w`` is discounted months in a state."""
        return self._daily(what) if self.counting == "integral" else self._cycles(what)

    def _daily(self, what: str) -> Array:
        """Trapezoid on days; a day counts with the factor of its middle. The last may be part of a day."""
        edges = np.minimum(np.arange(self.days + 1) / self.per_month, self.horizon)
        width = np.diff(edges)
        weight = width * self.factor(0.5 * (edges[1:] + edges[:-1]), what)
        out = np.zeros(self.days + 1)
        last = width[-1] * self.per_month  # part of the last day inside the horizon: its end is interpolated
        out[:-1] += 0.5 * weight
        out[1:] += 0.5 * weight
        out[-2] += 0.5 * weight[-1] * (1.0 - last)
        out[-1] -= 0.5 * weight[-1] * (1.0 - last)
        return out

    def _cycles(self, what: str) -> Array:
        """Sums over cycles; the last cycle may be cut short by the horizon."""
        starts = np.arange(0.0, self.horizon - 1e-9, self.cycle)
        ends = np.minimum(starts + self.cycle, self.horizon)
        width = ends - starts
        out = np.zeros(self.days + 1)
        if self.counting == "simpson":
            parts = [(starts, 1.0 / 6.0), (0.5 * (starts + ends), 4.0 / 6.0), (ends, 1.0 / 6.0)]
        else:
            share = {"start": (1.0, 0.0), "end": (0.0, 1.0), "half_cycle": (0.5, 0.5)}[self.counting]
            parts = [(starts, share[0]), (ends, share[1])]
        for at, part in parts:
            # `per_cycle` and `yearly` discount a whole cycle alike, at its start; continuous time at each point
            when = at if self.discount.method == "continuous" else starts
            self._spread(out, at, part * width * self.factor(when, what))
        return out

    def _spread(self, out: Array, months: Array, weight: Array) -> None:
        """Add weights at months, divided between the two days around each."""
        day = np.minimum(months * self.per_month, self.days)
        low = np.minimum(np.floor(day).astype(np.int64), self.days - 1)
        np.add.at(out, low, weight * (1.0 - (day - low)))
        np.add.at(out, low + 1, weight * (day - low))

    def between(self, start: float, end: float, what: str) -> Array:
        """Weights with which ``shares @ w`` is discounted months in a state from `start` to `end`, by integration.

        Whatever the counting of cycles, which a stretch of days does not fit.
        """
        edges = np.minimum(np.arange(self.days + 1) / self.per_month, self.horizon)
        low, high = np.clip(start, edges[:-1], edges[1:]), np.clip(end, edges[:-1], edges[1:])
        middle = 0.5 * (low + high)
        out = np.zeros(self.days + 1)
        self._spread(out, middle, (high - low) * self.factor(middle, what))
        return out

    def at_times(self, months: ArrayLike, what: str) -> Array:
        """Weights with which ``shares @ w`` is the discounted number of things done at `months` in a state."""
        when = np.asarray(months, np.float64)
        when = when[when < self.horizon - 1e-9]
        out = np.zeros(self.days + 1)
        self._spread(out, when, self.factor(when, what))
        return out

    def at_leaving(self, what: str) -> Array:
        """Weights with which ``survival @ w`` is the discounted share who leave, each at the middle of her day."""
        return self._leaving(self.factor(self._middles(), what))

    def at_entering(self, what: str) -> Array:
        """Weights, float64[D], of the shares who enter a state during each day, each at the middle of her day."""
        value = self.factor(self._middles(), what)
        value[-1] *= self._last_part
        return value

    def before_leaving(self, last: float, what: str) -> Array:
        """Weights with which ``survival @ w`` is discounted months spent in the `last` months before leaving.

        Who has not left by the horizon spends none.
        """
        middle = self._middles()
        return self._leaving(self._until(middle, what) - self._until(np.maximum(middle - last, 0.0), what))

    @property
    def _last_part(self) -> float:
        """Part of the last day that lies inside the horizon."""
        return self.horizon * self.per_month - (self.days - 1)

    def _middles(self) -> Array:
        """Middle of each day, months; of the last, of its part inside the horizon."""
        edges = np.minimum(np.arange(self.days + 1) / self.per_month, self.horizon)
        return 0.5 * (edges[1:] + edges[:-1])

    def _leaving(self, value: Array) -> Array:
        """Weights that give each day's leavers a value; of the last day only the part inside the horizon."""
        value = value.copy()
        value[-1] *= self._last_part
        out = np.zeros(self.days + 1)
        out[:-1] += value
        out[1:] -= value
        return out

    def _until(self, months: Array, what: str) -> Array:
        """Discounted months from the start to some moments."""
        edges = np.arange(self.days + 1) / self.per_month
        factor = self.factor(0.5 * (edges[1:] + edges[:-1]), what)
        return np.interp(months, edges, np.concatenate(([0.0], np.cumsum(factor / self.per_month))))
