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
as it is. `simulate.economics.named_changes` has changes that are no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.case import Case, aging, event_rates
from simulate.errors import input_error

Array = NDArray[np.float64]
CLOCK = ("discount.both", "discount.costs", "discount.effects", "horizon")  # in the order in which they are applied


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
