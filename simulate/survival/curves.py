"""`SurvivalCurve`: the one curve type, from day counts of any number of patients or from exact rows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulate.errors import input_error
from simulate.files import atomic_write
from simulate.kernel.counts import exact_table
from simulate.survival import estimators as est
from simulate.survival.estimators import DAYS_PER_MONTH, Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Estimate(NamedTuple):
    """A number with its standard error and confidence interval, all in the number's own unit."""

    value: float
    se: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Product-limit survival curve of one group and endpoint.

    Attributes
    ----------
    times : (K + 1,) months; boundaries of K intervals, the first is 0. Days for counts, distinct exact times for rows.
    at_risk : (K + 1,) patients entering each interval; the last entry is who is left at the end.
    events, censored : (K,) patients leaving in each interval.
    linear : True for day counts (S is straight within a day), False for exact times (S is a step function).
    endpoint, label : what and whose curve this is; names only.
    """

    times: Array
    at_risk: Array
    events: Array
    censored: Array
    linear: bool = True
    endpoint: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("times", "at_risk", "events", "censored"):
            value = np.asarray(getattr(self, name), dtype=float)
            object.__setattr__(self, name, _read_only(value.copy() if value.flags.writeable else value))
        shapes = {self.times.shape, self.at_risk.shape, (len(self.events) + 1,), (len(self.censored) + 1,)}
        if len(shapes) != 1 or self.times.ndim != 1:
            raise input_error("times and at_risk take one entry more than events and censored.", field="SurvivalCurve")
        if not self.at_risk[0] > 0:
            raise input_error("a survival curve needs at least one patient at risk.", field=self.endpoint)

    # ------------------------------------------------------------------------------------------------ constructors
    @classmethod
    def from_table(
        cls, events: ArrayLike, censored: ArrayLike, *, endpoint: str = "", label: str = ""
    ) -> SurvivalCurve:
        """Build from numbers per day, shape (D + 1,): day d holds [d, d + 1), the last bin who reached the horizon.

        Numbers need not be whole: `simulate.survival.follow_up` gives expected numbers.

        Raises
        ------
        InputError : negative numbers, unequal shapes, nobody at risk.
        """
        events, censored = np.asarray(events, float), np.asarray(censored, float)
        if events.ndim != 1 or events.shape != censored.shape or len(events) < 2:
            raise input_error("events and censored need one equal, one-dimensional shape.", field=endpoint)
        if not (np.all(events >= 0) and np.all(censored >= 0)):
            raise input_error("events and censored must not be negative.", field=endpoint)
        times = np.arange(len(events)) / DAYS_PER_MONTH
        at_risk = est.numbers_at_risk(events + censored)
        return cls(times, at_risk, events[:-1], censored[:-1], True, endpoint, label)

    @classmethod
    def from_counts(cls, counts: Any, endpoint: str, batch: int | None = None) -> SurvivalCurve:
        """Build from a simulation's `Counts`, all batches together or one `batch`.

        Raises
        ------
        InputError : unknown endpoint, batch out of range, nobody at risk.
        """
        names = tuple(counts.endpoints)
        if endpoint not in names:
            raise input_error(f"unknown endpoint {endpoint!r}; allowed are {', '.join(names)}.", field="endpoint")
        e = names.index(endpoint)
        if batch is None:
            events, censored = counts.events[:, e].sum(axis=0), counts.censored[:, e].sum(axis=0)
        elif 0 <= batch < len(counts.events):
            events, censored = counts.events[batch, e], counts.censored[batch, e]
        else:
            raise input_error(f"batch is {batch}; there are {len(counts.events)}, from 0.", field="batch")
        return cls.from_table(events, censored, endpoint=endpoint, label=counts.arm)

    @classmethod
    def from_rows(cls, times: ArrayLike, events: ArrayLike, *, endpoint: str = "", label: str = "") -> SurvivalCurve:
        """Build from one row a patient: `times` (n,) in months, `events` (n,) true for an event, false for censored.

        Raises
        ------
        InputError : no rows, unequal lengths, a time that is negative or not finite.
        """
        t, observed = np.asarray(times, float).ravel(), np.asarray(events, bool).ravel()
        if t.size == 0 or t.shape != observed.shape:
            raise input_error(f"{t.size} times and {observed.size} events; one of each per patient.", field=endpoint)
        try:
            table = exact_table(t, observed)
        except ValueError:
            table = (np.array([np.inf]),)
        if not np.isfinite(table[0][-1]):
            raise input_error("times must be finite and not negative.", field=endpoint)
        months, at_risk, died, censored, survival = (_read_only(own) for own in table)  # ours alone: no copy is made
        curve = cls(months, at_risk, died, censored, False, endpoint, label)
        curve.__dict__["survival"] = survival
        return curve

    # ------------------------------------------------------------------------------------------------ numbers
    @cached_property
    def survival(self) -> Array:
        """S at `times`, (K + 1,); computed once, read-only."""
        return _read_only(est.product_limit(self.events, self.exposed))

    @property
    def exposed(self) -> Array:
        """Denominators of the hazards, (K,): those at risk, on days less half of those censored that day."""
        return est.exposed(self.at_risk[:-1], self.censored, linear=self.linear)

    @property
    def n(self) -> float:
        """Number of patients."""
        return float(self.at_risk[0])

    @property
    def horizon(self) -> float:
        """Last time (months) at which the curve is known."""
        return float(self.times[-1])

    def at(self, months: ArrayLike) -> Any:
        """S at `months`; a float for a number, an array for an array; NaN beyond `horizon` unless S reached 0."""
        s = self.survival
        flat = [float(est.survival_at(self.times, s, t, linear=self.linear)) for t in np.ravel(months)]
        return flat[0] if np.ndim(months) == 0 else np.array(flat).reshape(np.shape(months))

    def quantile(self, p: float) -> float:
        """Time (months) by which a share `p` has had the event; ``inf`` if not reached.

        Raises
        ------
        InputError : `p` outside (0, 1).
        """
        if not 0.0 < p < 1.0:
            raise input_error(f"quantile {p}; allowed is between 0 and 1.", field="p")
        return float(est.crossing_time(self.times, self.survival, 1.0 - p, linear=self.linear))

    def median(self) -> float:
        """Median time to the event in months; ``inf`` if not reached."""
        return self.quantile(0.5)

    def median_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of the median (months): where the log-log bands cross 0.5 (Brookmeyer and Crowley 1982)."""
        low, high = self.interval(level)
        cross = [float(est.crossing_time(self.times, band, linear=self.linear)) for band in (low, high)]
        return cross[0], cross[1]

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Pointwise log-log Greenwood bands at `times`: lower and upper, each (K + 1,)."""
        return est.log_log_interval(self.survival, est.greenwood(self.events, self.exposed), level)

    def landmark(self, months: float, level: float = 0.95) -> Estimate:
        """Survival at `months` with its Greenwood standard error and log-log interval.

        Raises
        ------
        InputError : `months` is negative or beyond the follow-up of the curve.
        """
        self._within(months, "landmark")
        s = float(self.at(months))
        k, weight = est._locate(self.times, months, self.linear)
        if k < 0 or s <= 0.0:
            return Estimate(s, 0.0, s, s, level)
        variance = float(est.greenwood(self.events, self.exposed)[k])
        if weight > 0.0:
            # S(t) = S_k (1 - weight * hazard): the delta method for the part of the day that has passed
            n = self.exposed[k]
            hazard = self.events[k] / n
            variance += (weight / (1.0 - weight * hazard)) ** 2 * hazard * (1.0 - hazard) / n
        low, high = est.log_log_interval(s, variance, level)
        return Estimate(s, s * math.sqrt(variance), float(low), float(high), level)

    def rmst(self, tau: float, level: float = 0.95) -> Estimate:
        """Restricted mean survival time to `tau` months, with a Greenwood-type variance and a normal interval.

        Raises
        ------
        InputError : `tau` is not positive or beyond the follow-up of the curve.
        """
        self._within(tau, "tau")
        value = float(est.restricted_mean(self.times, self.survival, tau, linear=self.linear))
        n = self.exposed
        se = math.sqrt(float(est.restricted_mean_variance(self.times, self.events, n, tau, linear=self.linear)))
        from scipy.special import ndtri

        z = float(ndtri(0.5 + level / 2))
        return Estimate(value, se, value - z * se, value + z * se, level)

    def _within(self, months: float, field: str) -> None:
        beyond = months > self.horizon * (1 + 1e-12) and self.survival[-1] > 0.0
        if not (math.isfinite(months) and months >= 0.0) or beyond:
            raise input_error(
                f"{months:g} months; this curve is known from 0 to {self.horizon:g} months.",
                field=field,
                advice="Simulate a longer horizon." if beyond else "",
            )

    def at_risk_table(self, months: Sequence[float]) -> Array:
        """Numbers at risk just before each of `months`; 0 beyond the follow-up."""
        t = np.asarray(months, float)
        if self.linear:
            day = np.searchsorted(self.times, t * (1 + 1e-12), side="right") - 1
            return np.where(t > self.horizon * (1 + 1e-12), 0.0, self.at_risk[day])
        return self.at_risk[np.minimum(np.searchsorted(self.times[1:], t, side="left"), len(self.times) - 1)]

    # ------------------------------------------------------------------------------------------------ results
    def summary(self) -> str:
        """Three lines: who, events, median."""
        median = self.median()
        shown = f"{median:.2f} months" if math.isfinite(median) else f"not reached by {self.horizon:g} months"
        name = " ".join(part for part in (self.label, self.endpoint.upper()) if part) or "survival"
        return (
            f"{name}\n  patients {self.n:,.0f}, events {self.events.sum():,.0f}, followed to {self.horizon:g} months\n"
            f"  median {shown}"
        )

    def to_df(self, level: float = 0.95) -> pd.DataFrame:
        """One row a boundary: months, survival, lower, upper, at_risk, events and censored of the interval it opens."""
        import pandas as pd

        low, high = self.interval(level)
        columns = {
            "months": self.times,
            "survival": self.survival,
            "lower": low,
            "upper": high,
            "at_risk": self.at_risk,
        }
        return pd.DataFrame(columns | {"events": np.append(self.events, 0), "censored": np.append(self.censored, 0)})

    def plot(self, ax: Axes | None = None, *, color: str | None = None, bands: bool = False) -> Axes:
        """Draw the curve; returns the Axes."""
        from simulate.plots import km

        low, high = self.interval() if bands else (None, None)
        series = km.Series(
            self.label or "survival", self.times, self.survival, linear=self.linear, lower=low, upper=high
        )
        return km.draw([series], ax, endpoint=self.endpoint, colors=[color] if color else None)

    def save(self, path: str | Path) -> Path:
        """Write the curve: ``.csv`` the table, ``.json`` times and survival, ``.svg`` or ``.png`` the figure.

        Raises
        ------
        InputError : another suffix, or the file cannot be written.
        """
        path = Path(path)
        if path.suffix == ".csv":
            return atomic_write(path, self.to_df().to_csv(index=False, lineterminator="\n"))
        if path.suffix == ".json":
            doc = {
                "label": self.label,
                "endpoint": self.endpoint,
                "months": _list(self.times),
                "s": _list(self.survival),
            }
            return atomic_write(path, json.dumps(doc))
        from simulate.plots.export import save_figure

        return save_figure(self.plot(), path)


def _read_only(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _list(values: Iterable[float]) -> list[float]:
    return [float(v) for v in values]
