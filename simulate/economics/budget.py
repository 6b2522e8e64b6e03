"""What a strategy costs a payer year by year, net of what it displaces.

Undiscounted costs of those who start in each year, by the year in which they fall, with the strategy's uptake and
without it (Sullivan, Mauskopf, Augustovski et al., Value Health 2014;17:5-14, doi:10.1016/j.jval.2013.08.2291).

A patient's costs up to a month are those of an evaluation with that horizon, undiscounted; a year's are the difference
of two of them. The years therefore add up to the undiscounted total, whatever the convention of counting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Values
from simulate.economics.case import Case
from simulate.economics.changes import compared, with_clock
from simulate.economics.traces import Traces
from simulate.errors import input_error
from simulate.model.types import JointModel

Array = NDArray[np.float64]
YEAR = 12
STARTS = ("beginning", "monthly")


def cumulative(
    case: Case, strategy: str, months: Sequence[float], values: Values | None = None, model: JointModel | None = None
) -> dict[str, Array]:
    """Undiscounted cost of a patient from the start to each of some months, by category.

    What happens at a moment counts with the time that begins with it. Beyond the horizon of the evaluation nothing is
    added.

    Parameters
    ----------
    months : float64[K].
    values : of the economic file; by default its own.
    model : by default the calibrated one.

    Returns
    -------
    dict of category to float64[K].
    """
    at = values or Values.mean(case.file)
    whole = case.integrated(strategy, model)
    found: dict[float, dict[str, float]] = {}
    for end in sorted({min(float(m), case.clock.horizon) for m in months} - {0.0}):
        # the age norm is of utilities only, and costs do not need it
        part = with_clock(replace(case, norm=None), horizon=end, costs=0.0, effects=0.0)
        days = part.clock.days
        cut = Traces(whole.states, whole.shares[:, :, : days + 1], whole.progressing[:, :days], held=whole.held)
        found[end] = {k: float(v[0]) for k, v in part.outcomes(strategy, cut, at).by_category().items()}
    names = dict.fromkeys(k for row in found.values() for k in row)
    nothing = dict.fromkeys(names, 0.0)
    rows = [found.get(min(float(m), case.clock.horizon), nothing) for m in months]
    return {k: np.array([row.get(k, 0.0) for row in rows]) for k in names}


def yearly_costs(case: Case, strategy: str, values: Values | None = None) -> dict[str, Array]:
    """Undiscounted cost of a patient in each year since the start, by category; the last may be part of a year."""
    years = int(np.ceil(case.clock.horizon / YEAR - 1e-9))
    edges = [float(YEAR * k) for k in range(years + 1)]
    return {k: np.diff(v) for k, v in cumulative(case, strategy, edges, values).items()}


@dataclass(frozen=True)
class BudgetImpact:
    """Costs to a payer in each of N years.

    Attributes
    ----------
    strategy : that is taken up.
    patients : float64[N], who start in each year, on anything.
    uptake, uptake_without : float64[N], share of them on the strategy, with the decision and without.
    with_strategy, without : float64[N], cost of the years with and without the decision.
    by_category : category → float64[N], difference.
    """

    strategy: str
    patients: Array
    uptake: Array
    uptake_without: Array
    with_strategy: Array
    without: Array
    by_category: Mapping[str, Array]

    @property
    def net(self) -> Array:
        """Difference of the years' costs, float64[N]."""
        return self.with_strategy - self.without

    @property
    def treated(self) -> Array:
        """Additional patients who start the strategy in each year, float64[N]."""
        return self.patients * (self.uptake - self.uptake_without)

    @property
    def total(self) -> float:
        """Difference over all years, undiscounted."""
        return float(self.net.sum())


def budget_impact(
    case: Case,
    patients: float | Sequence[float],
    uptake: Sequence[float],
    *,
    strategy: str | None = None,
    displaced: Mapping[str, float] | None = None,
    uptake_without: Sequence[float] | None = None,
    starting: str = "beginning",
    values: Values | None = None,
) -> BudgetImpact:
    """Cost of a strategy's uptake over the years, net of what is given no longer.

    Parameters
    ----------
    patients : who start treatment in each year, one number for all years or one each; those who started before do not
        differ between the two worlds and are left out.
    uptake : share of them on the strategy, one number a year; there are as many years as numbers.
    strategy : by default the last.
    displaced : strategy → share of those who would not be on it; by default all on the comparator.
    uptake_without : share on the strategy without the decision; by default nobody.
    starting : ``beginning`` of the year for everybody, or ``monthly`` in equal numbers at the start of each month.
    values : of the economic file; by default its own.

    Raises
    ------
    InputError : shares outside 0 to 1, lists of different length, or shares of the displaced that do not add up to 1.
    """
    comparator, chosen = compared(case, strategy)
    years = len(uptake)
    others = {comparator: 1.0} if displaced is None else dict(displaced)
    _check(case, chosen, others, starting)
    shares = _shares(uptake, years, "uptake")
    before = _shares([0.0] * years if uptake_without is None else uptake_without, years, "uptake_without")
    starters = (
        np.broadcast_to(np.asarray(patients, np.float64), years) if np.ndim(patients) == 0 else np.array(patients)
    )
    if len(starters) != years or not (starters >= 0.0).all():
        raise input_error(f"allowed are {years} numbers of 0 or more, one a year.", field="patients")
    own = {s: _by_year(case, s, years, starting, values) for s in (chosen, *others)}
    rest = _mixed({s: own[s] for s in others}, others, years)
    names = tuple(dict.fromkeys((*own[chosen], *rest)))
    zero = np.zeros(years)

    def paid(on: Array) -> dict[str, Array]:
        """Costs by category where shares of the starters are on the strategy and all others on what it displaces."""
        out = {}
        for k in names:
            new, old = own[chosen].get(k, zero), rest.get(k, zero)
            out[k] = _spread(starters * on, new) + _spread(starters * (1.0 - on), old)
        return out

    after, without = paid(shares), paid(before)
    return BudgetImpact(
        chosen,
        np.asarray(starters, np.float64),
        shares,
        before,
        np.sum(list(after.values()), axis=0),
        np.sum(list(without.values()), axis=0),
        {k: after[k] - without[k] for k in names},
    )


def _by_year(case: Case, strategy: str, years: int, starting: str, values: Values | None) -> dict[str, Array]:
    """Cost of a starter in the year of the start and the following ones, by category, each float64[N]."""
    if starting == "beginning":
        edges = [float(YEAR * k) for k in range(years + 1)]
        return {k: np.diff(v) for k, v in cumulative(case, strategy, edges, values).items()}
    months = np.arange(YEAR * years + 1)
    found = cumulative(case, strategy, [float(m) for m in months], values)
    ends = YEAR * np.arange(years + 1)
    # who starts m months into a year has spent, by the end of year k, what falls in the first 12 k - m months
    since = np.maximum(ends[:, None] - np.arange(YEAR)[None, :], 0)
    return {k: np.diff(v[since].mean(axis=1)) for k, v in found.items()}


def _mixed(own: Mapping[str, Mapping[str, Array]], shares: Mapping[str, float], years: int) -> dict[str, Array]:
    names = dict.fromkeys(k for costs in own.values() for k in costs)
    zero = np.zeros(years)
    return {k: np.sum([shares[s] * costs.get(k, zero) for s, costs in own.items()], axis=0) for k in names}


def _spread(starters: Array, costs: Array) -> Array:
    """Costs of each calendar year, of all who started in it or before."""
    return np.convolve(starters, costs)[: len(starters)]


def _shares(given: Sequence[float], years: int, name: str) -> Array:
    out = np.asarray(given, np.float64)
    if out.ndim != 1 or years < 1 or len(out) != years or not ((out >= 0.0) & (out <= 1.0)).all():
        raise input_error("allowed are shares from 0 to 1, one a year, as many as `uptake` has.", field=name)
    return out


def _check(case: Case, chosen: str, displaced: Mapping[str, float], starting: str) -> None:
    unknown = [s for s in displaced if s not in case.arms or s == chosen]
    if unknown or abs(sum(displaced.values()) - 1.0) > 1e-9 or min(displaced.values(), default=0.0) < 0.0:
        message = "allowed are other strategies of the evaluation with shares that add up to 1."
        raise input_error(message, field="displaced")
    if starting not in STARTS:
        raise input_error(f"{starting!r}; allowed are {', '.join(STARTS)}.", field="starting")
