"""One evaluation again with something changed: a number of the file, a rate, the horizon, a convention.

What is changed is found by a dotted name. `numbers` lists them all: places of the economic file, and besides

``price.<drug>``
    a factor on the price of every vial of a drug, 1 as evaluated;
``toxicity.<strategy>.<event>``
    the probability of an adverse event;
``discount.costs``, ``discount.effects``, ``discount.both``
    yearly rates;
``horizon``
    months.

Numbers are evaluated many values at a time: one pass over the account book serves every value that leaves the clock
as it is. `scenario_table` does the same for changes that are no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.case import Case, aging, event_rates
from simulate.errors import input_error

Array = NDArray[np.float64]
CLOCK = ("discount.both", "discount.costs", "discount.effects", "horizon")  # in the order in which they are applied
RATES = (0.0, 0.015, 0.06)  # yearly discount rates that agencies ask for or compare with
HORIZONS = (60.0, 120.0, 240.0)  # months


@dataclass(frozen=True)
class Increment:
    """A strategy's mean cost and mean QALYs less the comparator's, a patient."""

    cost: float
    qaly: float

    def inmb(self, threshold: float) -> float:
        """Incremental net monetary benefit (Stinnett and Mullahy, Med Decis Making 1998;18:S68)."""
        return threshold * self.qaly - self.cost

    @property
    def icer(self) -> float:
        """Cost of a QALY gained, or saved for one given up; NaN where one strategy is better in both."""
        return self.cost / self.qaly if self.cost * self.qaly > 0.0 else float("nan")

    @property
    def dominated(self) -> bool:
        """Costs no less and does no more, and is worse in one of the two."""
        return self.cost >= 0.0 >= self.qaly and self.cost > self.qaly


def compared(case: Case, strategy: str | None = None) -> tuple[str, str]:
    """Comparator, and the strategy held against it: by default the last."""
    names = tuple(case.arms)
    chosen = names[-1] if strategy is None else strategy
    if chosen not in names[1:]:
        advice = f"Take {' or '.join(names[1:])}."
        raise input_error(f"{chosen!r} is nothing to hold against the comparator.", field="strategy", advice=advice)
    return names[0], chosen


def numbers(case: Case) -> dict[str, float]:
    """Every number that can be changed, by dotted name, at the value it is evaluated with."""
    mean = Values.mean(case.file)
    out = {dotted(place): float(value[0]) for place, value in mean.by_place.items()}
    out.update({f"price.{drug}": 1.0 for drug in case.file.drugs})
    for strategy, arm in case.arms.items():
        rates = event_rates(case.model, arm).items()
        own = {e: float(rate[0]) for e, rate in rates if case.owner(strategy, e) == strategy}
        out.update({f"toxicity.{strategy}.{e}": rate for e, rate in own.items()})
    costs, effects = case.clock.rate("costs"), case.clock.rate("effects")
    out.update({"discount.costs": costs, "discount.effects": effects, "horizon": case.clock.horizon})
    if costs == effects:
        out["discount.both"] = costs
    return out


def dotted(place: Place) -> str:
    """A place of the file as text."""
    return ".".join(map(str, place))


def with_clock(case: Case, **changed: float | str) -> Case:
    """The same evaluation by another clock.

    Parameters
    ----------
    changed : ``horizon`` and ``cycle`` (months), ``costs`` and ``effects`` (yearly rates), ``method`` of discounting,
        ``counting``.
    """
    rates = {k: v for k, v in changed.items() if k in ("costs", "effects", "method")}
    rest = {k: v for k, v in changed.items() if k not in rates}
    discount = type(case.clock.discount).model_validate({**case.clock.discount.model_dump(), **rates})
    horizon = float(rest.get("horizon", case.clock.horizon))
    cycle = min(float(rest.get("cycle", case.clock.cycle)), horizon)
    counting = str(rest.get("counting", case.clock.counting))
    clock = replace(case.clock, horizon=horizon, discount=discount, counting=counting, cycle=cycle)
    norm = None if case.norm is None else np.interp(clock.months, case.clock.months, case.norm)
    if case.norm is not None and case.file.age_norm is not None and case.question.start_age is not None:
        norm = aging(case.file.age_norm.coefficients, case.question.start_age, clock.days)
    return replace(case, clock=clock, norm=norm)


def evaluated(
    case: Case, changed: Mapping[str, ArrayLike], strategies: Sequence[str] | None = None
) -> dict[str, tuple[Array, Array]]:
    """Costs and QALYs with numbers changed.

    Parameters
    ----------
    changed : name of a number → its values, float64[D]; values at one position are changed together.
    strategies : by default all.

    Returns
    -------
    dict of strategy to (cost, QALYs), each float64[D].

    Raises
    ------
    InputError : an unknown name, or lists of different length.
    """
    known = numbers(case)
    for name in changed:
        if name not in known and name not in CLOCK:
            close = [k for k in known if k.rpartition(".")[2] == name.rpartition(".")[2]]
            advice = f"Did you mean {', '.join(close)}?" if close else "See `numbers`."
            raise input_error(f"no number {name!r} in this evaluation.", field=name, advice=advice)
    values = {k: np.atleast_1d(np.asarray(v, np.float64)) for k, v in changed.items()}
    sizes = {len(v) for v in values.values()}
    if len(sizes) > 1:
        raise input_error("all numbers changed together need as many values.", field="changed")
    count = next(iter(sizes), 1)
    out = {s: (np.empty(count), np.empty(count)) for s in strategies or case.arms}
    timed = {k: values[k] for k in CLOCK if k in values}
    settings = np.column_stack(list(timed.values())) if timed else np.zeros((count, 0))
    for row in np.unique(settings, axis=0):
        mine = np.flatnonzero((settings == row).all(axis=1))
        own = _clocked(case, dict(zip(timed, map(float, row), strict=True)))
        fixed = {k: v[mine] for k, v in values.items() if k not in timed}
        for strategy, (cost, qaly) in out.items():
            cost[mine], qaly[mine] = _book(own, strategy, fixed)
    return out


def _clocked(case: Case, settings: Mapping[str, float]) -> Case:
    changed: dict[str, float | str] = {}
    for name, value in settings.items():
        kind = name.rpartition(".")[2]
        changed.update({"costs": value, "effects": value} if kind == "both" else {kind: value})
    return with_clock(case, **changed) if changed else case


def _book(case: Case, strategy: str, changed: Mapping[str, Array]) -> tuple[Array, Array]:
    values = Values.mean(case.file)
    places = {dotted(place): place for place in values.by_place}
    events = event_rates(case.model, case.arms[strategy])
    for name, value in changed.items():
        kind, _, rest = name.partition(".")
        if name in places:
            values = values.changed(places[name], value)
        elif kind == "toxicity":
            owner, _, event = rest.partition(".")
            if event in events and case.owner(strategy, event) == owner:
                events[event] = value
    for name, value in changed.items():
        kind, _, drug = name.partition(".")
        if kind == "price":
            for i in range(len(case.file.drugs[drug].vials)):
                place: Place = ("drugs", drug, "vials", i, "price")
                values = values.changed(place, values[place] * value)
    found = case.outcomes(strategy, case.integrated(strategy), values, events)
    return found.cost, found.qaly


def increments(case: Case, changed: Mapping[str, ArrayLike], strategy: str | None = None) -> tuple[Array, Array]:
    """Incremental cost and QALYs, each float64[D], with numbers changed as for `evaluated`."""
    comparator, chosen = compared(case, strategy)
    found = evaluated(case, changed, (comparator, chosen))
    return found[chosen][0] - found[comparator][0], found[chosen][1] - found[comparator][1]


def increment(case: Case, strategy: str | None = None) -> Increment:
    """Incremental cost and QALYs of an evaluation as it stands."""
    cost, qaly = increments(case, {}, strategy)
    return Increment(float(cost[0]), float(qaly[0]))


# ------------------------------------------------------------------------------------------------ named changes
@dataclass(frozen=True)
class Change:
    """A named change of an evaluation."""

    name: str
    apply: Callable[[Case], Case]


@dataclass(frozen=True)
class Row:
    """An evaluation under one change: `increment` over the comparator, `inmb` at each threshold."""

    name: str
    increment: Increment
    inmb: tuple[float, ...]


def shared_waste(case: Case) -> Case:
    """Every drug paid for by the milligram: what is left in a vial goes to the next patient."""
    drugs = {k: v.model_copy(update={"waste": "shared"}) for k, v in case.file.drugs.items()}
    return replace(case, file=case.file.model_copy(update={"drugs": drugs}))


def until_progression(case: Case) -> Case:
    """Nobody stops treatment before progression, but for the cycles a regimen is limited to."""
    return replace(case, stops=dict.fromkeys(case.stops, 0.0))


def standard_changes(case: Case) -> list[Change]:
    """The changes asked of every evaluation, but for those that it is made with already."""
    out = []
    for rate in RATES:
        if not rate == case.clock.rate("costs") == case.clock.rate("effects"):
            name = f"discounted at {100.0 * rate:.3g} %"
            out.append(Change(name, lambda c, r=rate: with_clock(c, costs=r, effects=r)))  # type: ignore[misc]
    for months in HORIZONS:
        if months != case.clock.horizon:
            out.append(Change(f"horizon {months / 12.0:g} years", lambda c, m=months: with_clock(c, horizon=m)))  # type: ignore[misc]
    for counting, words in (
        ("integral", "continuously"),
        ("half_cycle", "by half-cycle correction"),
        ("start", "at the start of cycles"),
        ("end", "at the end of cycles"),
        ("simpson", "by Simpson's rule"),
    ):
        if counting != case.clock.counting:
            out.append(Change(f"time counted {words}", lambda c, how=counting: with_clock(c, counting=how)))  # type: ignore[misc]
    if any(d.waste == "whole" for d in case.file.drugs.values()):
        out.append(Change("vials shared", shared_waste))
    if any(case.stops.values()):
        out.append(Change("treated until progression", until_progression))
    return out


def scenario_table(case: Case, changes: Sequence[Change] | None = None, strategy: str | None = None) -> list[Row]:
    """An evaluation under each change alone; the first row is the evaluation itself.

    Parameters
    ----------
    changes : by default `standard_changes`.
    """
    chosen = [Change("as evaluated", lambda c: c), *(standard_changes(case) if changes is None else changes)]
    rows = []
    for change in chosen:
        found = increment(change.apply(case), strategy)
        rows.append(Row(change.name, found, tuple(found.inmb(t) for t in case.thresholds)))
    return rows
