"""The account book of a model of one's own: prices, lines, adverse events, doses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Place
from simulate.economics.traces import PD, PF
from simulate.evidence.own_schema import MONTHS
from simulate.techver.book import DEARER, totals
from simulate.techver.book import adverse as adverse_events
from simulate.techver.curves import label
from simulate.techver.own.subject import OwnSubject
from simulate.techver.own.world import OwnWorld, place
from simulate.techver.verdicts import Check, Verdict, decide, equal, less, true

Array = NDArray[np.float64]
LEFT_OUT = ("drugs", "administration", "monitoring", "procedures", "subsequent", "responses", "age_norm")


# ------------------------------------------------------------------------------------------------ TV1
def dearer(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """Each price by 1.5: the total rises by half of what was paid at it."""
    out = []
    for s in subject.strategies:
        now = subject.book(world, s)
        paid: dict[Place, Array] = {}
        for line in now.costs:
            paid[line.place] = paid.get(line.place, np.zeros(1)) + line.total
        for where, amount in paid.items():
            if np.all(amount > 0.0):
                then = subject.book(world.priced({where: DEARER * world.values[where]}), s)
                name = f"{label(world, s)}, {'.'.join(map(str, where))} × {DEARER:g}"
                out.append(less(f"{name}: cost", now.cost, then.cost))
                out.append(equal(f"{name}: rise of the cost", then.cost - now.cost, (DEARER - 1.0) * amount))
    return out


def tv1(subject: OwnSubject) -> Verdict:
    """Price up: costs more."""
    note = "No dose of such a model depends on weight or body surface."
    return decide("TV1", dearer(subject, subject.point), note, absent="nothing in the model has a price.")


# ------------------------------------------------------------------------------------------------ TV19
def sums(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """Components sum to totals; every price and utility of the table, or of the file in its place, has its line."""
    out = totals(subject, world)  # type: ignore[arg-type]
    for s in subject.strategies:
        name, book = label(world, s), subject.book(world, s)
        there = {x.place for x in (*book.costs, *book.health)}
        lost = [".".join(map(str, p)) for p in expected_lines(world, s) if p not in there]
        out.append(true(f"{name}: every price and utility has a line", not lost, ", ".join(lost)))
        known = world.case.file.toxicities
        unknown = [e for e in world.events[s] if e not in known]
        said = f"not in {world.case.file.id}: {', '.join(unknown)}" if unknown else ""
        out.append(true(f"{name}: every adverse event is in the economic file", not unknown, said))
    return out


def expected_lines(world: OwnWorld, strategy: str) -> list[Place]:
    """Places of what a strategy has to pay for or is worth, the table's own before those of the economic file."""
    case = world.case
    arm, file = case.model.arms[case.arms[strategy]], case.file
    out: list[Place] = [place(case, strategy, "repeated", i, "cost") for i in range(len(arm.repeated))]
    for state in (PF, PD):
        filed = file.states.get(state)
        for field, one in (("costs", "cost"), ("utilities", "utility")):
            if state in getattr(arm, field):
                out.append(place(case, strategy, field, state))
            elif filed is not None and getattr(filed, one) is not None:
                out.append(("states", state, one))
    for once in ("start", "progression", "death"):
        if getattr(arm, once) is not None:
            out.append(place(case, strategy, once))
        elif once in file.once:
            out.append(("once", once))
    for event in arm.toxicities:
        known = file.toxicities.get(event)
        if known is not None and known.cost is not None:
            out.append(("toxicities", event, "cost"))
        if known is not None and known.disutility is not None and known.days is not None:
            out.append(("toxicities", event, "disutility"))
    return [*out, ("near_death", "decrement")] if file.near_death is not None else out


def tv19(subject: OwnSubject) -> Verdict:
    """Components sum to totals; what the economic file has beyond the model is named."""
    file = subject.case.file
    beyond = [k for k in LEFT_OUT if getattr(file, k)]
    note = f"Of {file.id} such a model does not use {', '.join(beyond)}." if beyond else ""
    return decide("TV19", sums(subject, subject.point), note)


# ------------------------------------------------------------------------------------------------ TV22
def tv22(subject: OwnSubject) -> Verdict:
    """Adverse events: no consequence, rate 0, rate 1."""
    absent = "the model lists no adverse event (`toxicities`) that its economic file prices."
    return decide("TV22", adverse_events(subject, subject.point), absent=absent)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ TV23
def acquisition(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """What is paid again and again: uses counted anew from who is in the state at each, each at its price."""
    out = []
    plain = world.discounted(0.0)
    unit, clock = MONTHS[world.case.model.unit], world.case.clock
    for s in subject.strategies:
        book, trace = subject.book(plain, s), world.traces[s]
        for i, repeated in enumerate(world.case.model.arms[world.case.arms[s]].repeated):
            where = place(world.case, s, "repeated", i, "cost")
            inside = trace.state(repeated.state)
            expected, k = np.zeros(len(inside)), 0
            while k * repeated.every * unit < clock.horizon - 1e-9 and k != repeated.times:
                expected = expected + _at(inside, k * repeated.every * unit * clock.per_month)
                k += 1
            lines = [x for x in book.costs if x.place == where]
            uses, paid = (np.sum([getattr(x, a) for x in lines], axis=0) for a in ("uses", "total"))
            name = f"{label(world, s)}, {repeated.what}"
            out.append(equal(f"{name}: uses, of the book and counted", uses, expected))
            out.append(equal(f"{name}: cost over uses and price", paid, expected * world.values[where]))
    return out


def _at(curve: Array, step: float) -> Array:
    """A curve between two steps of the grid, on a straight line."""
    low = min(int(step), curve.shape[1] - 2)
    return curve[:, low] + (step - low) * (curve[:, low + 1] - curve[:, low])


def tv23(subject: OwnSubject) -> Verdict:
    """Acquisition cost over the uses while on treatment is the unit cost."""
    absent = "nothing is bought again and again (`repeated`)."
    return decide("TV23", acquisition(subject, subject.point), absent=absent)
