"""Monte Carlo error of anything read off a curve: every statistic with each batch of patients left out in turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulate.errors import input_error
from simulate.survival import estimators as est
from simulate.survival.cox import log_hazard_ratio
from simulate.survival.curves import SurvivalCurve
from simulate.survival.estimators import DAYS_PER_MONTH, Array
from simulate.survival.follow_up import administrative_censoring
from simulate.survival.longer import share_longer
from simulate.survival.two_sample import TwoSample


@dataclass(frozen=True, eq=False)
class Batches:
    """One strategy and endpoint: row 0 is everybody, row b leaves out batch b.

    The batches hold the same patients under every strategy (common random numbers), so the rows of two strategies
    pair up, and `error` of the rows of a contrast is its paired Monte Carlo error.

    Attributes
    ----------
    events, censored : (B + 1, D + 1) numbers per day, the last bin who reached the horizon; (1, D + 1) for one batch.
    sizes : (B,) patients of each batch.
    endpoint, label : names of the endpoint and of the strategy.
    """

    events: Array
    censored: Array
    sizes: Array
    endpoint: str = ""
    label: str = ""

    @classmethod
    def from_counts(cls, counts: Any, endpoint: str) -> Batches:
        """All batches of a simulation's `Counts`."""
        names = tuple(counts.endpoints)
        if endpoint not in names:
            raise input_error(f"unknown endpoint {endpoint!r}; allowed are {', '.join(names)}.", field="endpoint")
        e = names.index(endpoint)
        events, censored = counts.events[:, e], counts.censored[:, e]
        sizes = (events.sum(axis=-1) + censored.sum(axis=-1)).astype(float)
        return cls(est.leave_one_out(events), est.leave_one_out(censored), sizes, endpoint, counts.arm)

    def under(self, accrual: float, cutoff: float) -> Batches:
        """The same patients under a trial's accrual and cut-off, see `administrative_censoring`."""
        events, censored = administrative_censoring(self.events, self.censored, accrual, cutoff)
        return Batches(events, censored, self.sizes, self.endpoint, self.label)

    @property
    def patients(self) -> float:
        """Patients of all batches; for survival after progression those who progressed."""
        return float(self.sizes.sum())

    @cached_property
    def times(self) -> Array:
        """(D + 1,) months."""
        return np.arange(self.events.shape[-1]) / DAYS_PER_MONTH

    @cached_property
    def at_risk(self) -> Array:
        """(B + 1, D) at the start of each day."""
        return est.numbers_at_risk(self.events + self.censored)[:, :-1]

    @cached_property
    def survival(self) -> Array:
        """(B + 1, D + 1) at the day boundaries."""
        return est.product_limit(self.events[:, :-1], est.exposed(self.at_risk, self.censored[:, :-1]))

    def curve(self) -> SurvivalCurve:
        """The curve of everybody."""
        return SurvivalCurve.from_table(self.events[0], self.censored[0], endpoint=self.endpoint, label=self.label)

    def median(self) -> Array:
        """(B + 1,) months; ``inf`` where not reached."""
        return est.crossing_time(self.times, self.survival)

    def at(self, months: float) -> Array:
        """(B + 1,) survival at `months`."""
        return est.survival_at(self.times, self.survival, months)

    def rmst(self, tau: float) -> Array:
        """(B + 1,) restricted mean to `tau` months."""
        if tau > self.times[-1] * (1 + 1e-12) and np.any(self.survival[:, -1] > 0):
            raise input_error(
                f"tau is {tau:g} months; the horizon is {self.times[-1]:g}.", field=f"rmst.{self.endpoint}"
            )
        return est.restricted_mean(self.times, self.survival, tau)

    def error(self, statistic: Array) -> float | None:
        """Monte Carlo standard error of a statistic given as (B + 1,) rows; None if any is not finite."""
        return est.jackknife_error(statistic, self.sizes)


def hazard_ratios(group1: Batches, group0: Batches) -> Array:
    """(B + 1,) Cox hazard ratios, ties as lifelines takes them on day counts; ``inf``, 0 or NaN without events."""
    table = TwoSample(group1.events[:, :-1], group1.at_risk, group0.events[:, :-1], group0.at_risk)
    with np.errstate(over="ignore"):
        return np.exp(log_hazard_ratio(table, ties="rows")[0])


def longer(group1: Batches, group0: Batches) -> Array:
    """(B + 1,) P(T1 > T0) for independent patients, see `probability_longer`."""
    return share_longer(group1.survival, group0.survival)
