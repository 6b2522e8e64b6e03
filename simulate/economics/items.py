"""Everything a strategy uses or gains, each as a weight on who is in a state and a price: the model's account book.

An `Item` is one line of the book. Its total over a draw is ``price * (shares of patients in a state) @ weights``, so a
total can always be taken apart into what was used, by whom, when and at which price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Values
from simulate.economics.clock import Clock
from simulate.economics.doses import cost_of_dose
from simulate.economics.schedule import doses, examinations, kinds_of_visit, scans
from simulate.economics.traces import PD, PF
from simulate.evidence.economics_schema import Economics
from simulate.evidence.regimen_schema import Regimen
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
ALIVE, PROGRESSING = "alive", "progressing"
CATEGORIES = (
    "drugs", "administration", "monitoring", "procedures", "toxicity", "states", "subsequent", "terminal",
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One line of the account book.

    Attributes
    ----------
    category : of cost, one of `CATEGORIES`; of health, ``utility``, ``toxicity``, ``response`` or
        ``near_death``.
    name : what it is.
    place : where its unit value stands in the economic file, or empty.
    on : whose shares are weighed: a state, ``alive``, ``progressing``, or ``start`` (everybody, once).
    weights : float64[T + 1] (T for ``progressing``; [D] or [1] for ``start``): discounted uses of a patient in it.
    price : float64[D] or [1], of one use.
    share : float64[D] or [1], of those patients to whom it happens.
    """

    category: str
    name: str
    place: tuple[str | int, ...]
    on: str
    weights: Array
    price: Array
    share: Array | float = 1.0


@dataclass(frozen=True)
class Care:
    """What a strategy gives: regimens with shares, the rate at which treatment stops besides progression, its events.

    `stop` is a month; `events` are adverse events with the probability, float64[D] or [1], that a patient has one.
    """

    regimens: Mapping[str, tuple[Regimen, float]]
    stop: float
    events: Mapping[str, Array]


def cost_items(care: Care, file: Economics, values: Values, clock: Clock) -> list[Item]:
    """Every cost of a strategy."""
    out: list[Item] = []
    for regimen, share in care.regimens.values():
        out += _regimen_items(regimen, share, care.stop, file, values, clock)
    out += _event_costs(care, file, values)
    out += _state_costs(file, values, clock)
    return out


def _on_treatment(months: Array, stop: float, clock: Clock) -> Array:
    """Weights of uses at months while on treatment: progression-free and not stopped."""
    out = clock.at_times(months, "costs")
    days = clock.months
    return out * np.exp(-stop * days)


def _regimen_items(
    regimen: Regimen, share: float, stop: float, file: Economics, values: Values, clock: Clock
) -> Iterator[Item]:
    for given in doses(regimen, clock.horizon):
        name = given.drug.drug
        price = cost_of_dose(given.drug, file.drugs[name], values)
        weights = share * _on_treatment(given.months, stop, clock)
        yield Item("drugs", name, ("drugs", name), PF, weights, price)
    yield from _administration(regimen, share, stop, file, values, clock)
    for item in regimen.monitoring:
        if item.what in file.monitoring and item.what != "imaging":
            at = examinations(regimen, item, clock.horizon)
            weights = share * (_on_treatment(at, stop, clock) if item.each_visit else clock.at_times(at, "costs"))
            place = ("monitoring", item.what)
            yield Item("monitoring", item.what, place, PF, weights, values[place])
    if "imaging" in file.monitoring and regimen.imaging is not None:
        weights = share * clock.at_times(scans(regimen, clock.horizon), "costs")
        yield Item("monitoring", "imaging", ("monitoring", "imaging"), PF, weights, values["monitoring", "imaging"])
    for local in regimen.local_treatments:
        place = ("procedures", local.treatment)
        if not getattr(local, "alternative", False) and place in values.by_place:
            yield Item("procedures", local.treatment, place, "start", np.array([share]), values[place])


def _administration(
    regimen: Regimen, share: float, stop: float, file: Economics, values: Values, clock: Clock
) -> Iterator[Item]:
    """Visits for infusions: the first hour, further hours; drugs that are swallowed are handed out."""
    if file.administration is None:
        return
    routes = {d.drug: d.route for d in regimen.drugs}
    infused, oral = [np.zeros(0)], [np.zeros(0)]
    further: dict[float, list[Array]] = {}
    for drugs, months in kinds_of_visit(regimen, clock.horizon).items():
        hours = sum(file.drugs[d].hours or 1.0 for d in drugs if routes[d] == "intravenous")
        (infused if hours > 0.0 else oral).append(months)
        if hours > 1.0:
            further.setdefault(hours - 1.0, []).append(months)
    place: tuple[str | int, ...] = ("administration", "first_hour")
    yield Item("administration", "first hour", place, PF, share * _on_treatment(np.concatenate(infused), stop, clock),
               values[place])  # fmt: skip
    place = ("administration", "additional_hour")
    if place in values.by_place and len(infused) > 1:
        weights = np.zeros(clock.days + 1)
        for hours, at in sorted(further.items()):
            weights += hours * _on_treatment(np.concatenate(at), stop, clock)
        yield Item("administration", "further hours", place, PF, share * weights, values[place])
    place = ("administration", "oral")
    if place in values.by_place and len(oral) > 1:
        weights = share * _on_treatment(np.concatenate(oral), stop, clock)
        yield Item("administration", "oral", place, PF, weights, values[place])


def _event_costs(care: Care, file: Economics, values: Values) -> Iterator[Item]:
    """Adverse events, each once at the start: that they come later is left out (at most months of discounting)."""
    for event, probability in care.events.items():
        place = ("toxicities", event, "cost")
        if place in values.by_place:
            yield Item("toxicity", event, place, "start", probability, values[place])


def _state_costs(file: Economics, values: Values, clock: Clock) -> Iterator[Item]:
    for state in (PF, PD):
        place: tuple[str | int, ...] = ("states", state, "cost")
        if place in values.by_place:
            yield Item("states", state, place, state, clock.in_state("costs"), values[place])
    entering = clock.at_entering("costs")
    if ("once", "progression") in values.by_place:
        place = ("once", "progression")
        yield Item("states", "progression", place, PROGRESSING, entering, values[place])
    if file.subsequent is not None:
        price = values["subsequent", "share"] * values["subsequent", "cost"]
        yield Item("subsequent", "treatment after progression", ("subsequent", "cost"), PROGRESSING, entering, price)
    if ("once", "death") in values.by_place:
        place = ("once", "death")
        yield Item("terminal", "death", place, ALIVE, clock.at_leaving("costs"), values[place])


def health_items(care: Care, file: Economics, values: Values, clock: Clock, norm: Array | None) -> list[Item]:
    """Everything that makes QALYs: years in states at their utility, less what events and the last months take.

    `norm`, float64[T + 1], is the general population's utility by day over that at the start; None without.
    """
    aging = np.ones(clock.days + 1) if norm is None else norm
    year = 1.0 / 12.0
    out = []
    for state in (PF, PD):
        place: tuple[str | int, ...] = ("states", state, "utility")
        out.append(Item("utility", state, place, state, year * aging * clock.in_state("effects"), values[place]))
    for event, probability in care.events.items():
        place = ("toxicities", event, "disutility")
        days = file.toxicities[event].days if event in file.toxicities else None
        if place in values.by_place and days:
            weight = -probability * days / DAYS_PER_MONTH * year
            out.append(Item("toxicity", event, place, "start", weight, values[place]))
    out += _responses(care, file, values, clock, aging)
    if file.near_death is not None:
        place = ("near_death", "decrement")
        weights = -year * clock.before_leaving(file.near_death.months, "effects")
        out.append(Item("near_death", "last months", place, ALIVE, weights, values[place]))
    return out


def _responses(care: Care, file: Economics, values: Values, clock: Clock, aging: Array) -> list[Item]:
    """Good outcomes: what they add while alive, to the share of patients who have them.

    Simplification: who has an outcome lives as long as who has not.
    """
    out = []
    for event, response in file.responses.items():
        if event not in care.events:
            continue
        place = ("responses", event, "gain")
        end = np.inf if response.days is None else response.after + response.days
        during = clock.between(response.after / DAYS_PER_MONTH, end / DAYS_PER_MONTH, "effects")
        weights = during * aging / 12.0
        out.append(Item("response", event, place, ALIVE, weights, values[place], care.events[event]))
    return out


def categories(items: Sequence[Item]) -> tuple[str, ...]:
    """Categories that occur, in their order."""
    present = {i.category for i in items}
    return tuple(c for c in CATEGORIES if c in present)
