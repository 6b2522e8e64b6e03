"""The account book: prices, utilities, horizon and adverse events do to the totals what they must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.case import event_rates
from simulate.economics.doses import BODIES, CLEARANCE_CAP
from simulate.economics.outcomes import Outcomes
from simulate.economics.schedule import doses
from simulate.evidence.economics_schema import DrugPrice
from simulate.evidence.regimen_schema import RegimenDrug
from simulate.techver.curves import label
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, less, true
from simulate.techver.world import World

Array = NDArray[np.float64]
DEARER, LARGER, HUGE = 1.5, 1.2, 10.0
ROUNDING = 1e-9  # of a rate
TAKEN = 1e-3  # of a month: doses are counted at their moments, the trace is kept by days


def _drugs(book: Outcomes) -> Array:
    return book.by_category().get("drugs", np.zeros(1))


# ------------------------------------------------------------------------------------------------ TV1
def dearer(subject: Subject, world: World) -> list[Check]:
    """Vials at 1.5 times the price; patients 1.2 and 10 times as large."""
    vials = [p for p in world.values.by_place if p[0] == "drugs" and p[-1] == "price"]
    more = world.priced({p: DEARER * world.values[p] for p in vials})
    sizes = {unit: ("bodies", body) for unit, body in BODIES.items() if ("bodies", body) in world.values.by_place}
    out = []
    for s in subject.strategies:
        drugs = [d for r, _ in world.case.regimens[s].values() for d in r.drugs if d.instead_of is None]
        now = _drugs(subject.book(world, s))
        if not np.any(now > 0.0):
            continue
        name = label(world, s)
        then = _drugs(subject.book(more, s))
        out.append(less(f"{name}, prices × {DEARER:g}: cost of drugs", now, then))
        out.append(equal(f"{name}, prices × {DEARER:g}: cost of drugs over its price", then, DEARER * now))
        for unit, place in sizes.items():
            own = [d for d in drugs if d.unit == unit]
            if not own:
                continue
            for factor in (LARGER, HUGE):
                grown = _drugs(subject.book(world.priced({place: factor * world.values[place]}), s))
                what = f"{name}, {place[1]} × {factor:g}: cost of drugs"
                strict = factor == HUGE and any(d.max_dose_mg is None for d in own)
                out.append(less(what, now, grown) if strict else at_most(what, now, grown))
    return out


def tv1(subject: Subject) -> Verdict:
    """Price up, or weight or body surface up: drugs cost more."""
    return decide("TV1", dearer(subject, subject.point), absent="no drug is priced.")


# ------------------------------------------------------------------------------------------------ TV8
def utilities(subject: Subject, world: World) -> list[Check]:
    """Utility 1: QALYs are life-years, at every horizon; utility 0: none; lower: fewer."""
    out = []
    horizon = world.case.clock.horizon
    for s in subject.strategies:
        name = label(world, s)
        for until in (*(h for h in (12.0, 36.0) if h < horizon), horizon):
            cut = world.with_utility(1.0).until(until)
            book = subject.book(cut, s)
            years = np.sum(list(book.discounted_years.values()), axis=0)
            out.append(equal(f"{name}, utilities 1: QALYs and life-years to month {until:g}", book.qaly, years))
            plain = subject.book(cut.discounted(0.0, 0.0), s)
            out.append(equal(f"{name}, utilities 1, undiscounted, to month {until:g}", plain.qaly, plain.ly))
        out.append(equal(f"{name}, utilities 0: QALYs", subject.book(world.with_utility(0.0), s).qaly, 0.0))
        book = subject.book(world, s)
        for line in book.health:
            if line.category == "utility" and np.all(line.uses > 1e-9):
                lower = world.priced({line.place: world.values[line.place] - 0.1})
                what = f"{name}, utility {line.name} − 0.1: QALYs"
                out.append(less(what, subject.book(lower, s).qaly, book.qaly))
    return out


def tv8(subject: Subject) -> Verdict:
    """Utilities 1, 0 and lower."""
    return decide("TV8", utilities(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV9
def for_nothing(subject: Subject, world: World) -> list[Check]:
    """Every price 0: no cost."""
    free = world.without_money()
    return [
        equal(f"{label(world, s)}, all prices 0: cost", subject.book(free, s).cost, 0.0) for s in subject.strategies
    ]


def tv9(subject: Subject) -> Verdict:
    """Costs 0: cost 0."""
    return decide("TV9", for_nothing(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV17
def bounds(subject: Subject, world: World) -> list[Check]:
    """Life-years above QALYs, undiscounted at least discounted, quality of life within the utilities."""
    out = []
    plain = world.discounted(0.0, 0.0)
    for s in subject.strategies:
        name, book, undiscounted = label(world, s), subject.book(world, s), subject.book(plain, s)
        lines = [x for x in book.health if x.category == "utility"]
        prices = np.broadcast_arrays(*(x.price for x in lines))
        low, high = np.min(prices, axis=0), np.max(prices, axis=0)
        years = np.sum(list(book.discounted_years.values()), axis=0)
        if np.all(high < 1.0):
            out.append(less(f"{name}: QALYs and life-years", book.qaly, book.ly))
        if np.all(low >= 0.0):
            out.append(at_most(f"{name}: QALYs discounted and not", book.qaly, undiscounted.qaly))
        out.append(at_most(f"{name}: life-years discounted and not", years, undiscounted.ly))
        out.append(at_most(f"{name}: cost discounted and not", book.cost, undiscounted.cost))
        if world.case.clock.rate("costs") > 0.0 and subject.paid_after(world, s, world.case.clock.undiscounted):
            out.append(less(f"{name}: cost discounted is lower", book.cost, undiscounted.cost))
        gained = np.sum([x.total for x in lines], axis=0) / years
        norm = 1.0 if world.case.norm is None else float(world.case.norm.min())
        out.append(at_most(f"{name}: QALYs a life-year and the highest utility", gained, high))
        out.append(at_most(f"{name}: the lowest utility and QALYs a life-year", np.minimum(low, low * norm), gained))
        responses = np.sum([x.total for x in book.health if x.category == "response"], axis=0)
        out.append(at_most(f"{name}: QALYs and what states and responses give", book.qaly, gained * years + responses))
    return out


def tv17(subject: Subject) -> Verdict:
    """LY > QALY; undiscounted >= discounted; QALY/LY within the range of utilities."""
    return decide("TV17", [c for w in subject.worlds for c in bounds(subject, w)])


# ------------------------------------------------------------------------------------------------ TV18
def horizons(subject: Subject, world: World) -> list[Check]:
    """A quarter, a half, the whole of the horizon: totals rise."""
    out = []
    whole = world.case.clock.horizon
    for s in subject.strategies:
        books = [subject.book(world.until(whole * part) if part < 1.0 else world, s) for part in (0.25, 0.5, 1.0)]
        for what in ("cost", "qaly", "ly"):
            a, b, c = (getattr(x, what) for x in books)
            if what != "cost" or subject.paid_after(world, s, 0.25 * whole):
                out.append(less(f"{label(world, s)}, quarter and whole horizon, mean {what}", a.mean(), c.mean()))
            out.append(at_most(f"{label(world, s)}, quarter and half: {what}", a, b))
            out.append(at_most(f"{label(world, s)}, half and whole: {what}", b, c))
    return out


def tv18(subject: Subject) -> Verdict:
    """Shorter horizon: smaller totals."""
    return decide("TV18", horizons(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV19
def totals(subject: Subject, world: World) -> list[Check]:
    """Categories, items and states add up to the totals, life-years to the area under OS."""
    out = []
    clock = world.case.clock
    plain = world if clock.counting == "integral" else world.clocked(counting="integral")
    for s in subject.strategies:
        name, book = label(world, s), subject.book(world, s)
        out.append(equal(f"{name}: categories and cost", _total(book.by_category().values()), book.cost))
        out.append(equal(f"{name}: items and QALYs", _total(book.by_item().values()), book.qaly))
        out.append(equal(f"{name}: states and life-years", _total(book.life_years.values()), book.ly))
        alive = world.traces[s].alive
        step = np.minimum(clock.months, clock.horizon)[: alive.shape[1]]
        exact = np.trapezoid(alive, step, axis=1) / 12.0
        out.append(equal(f"{name}: life-years and the area under OS", subject.book(plain, s).ly, exact, 1e-4))
    return out


def sums(subject: Subject, world: World) -> list[Check]:
    """Components sum to totals; every priced thing has its line."""
    out = totals(subject, world)
    file = world.case.file
    for s in subject.strategies:
        name, book = label(world, s), subject.book(world, s)
        wanted = {"states": any(v.cost for v in file.states.values()), "subsequent": file.subsequent is not None,
                  "terminal": "death" in file.once, "administration": file.administration is not None}  # fmt: skip
        absent = [k for k, there in wanted.items() if there and k not in book.by_category()]
        out.append(true(f"{name}: every priced category has a line", not absent, ", ".join(absent)))
        paid = {(x.category, x.name) for x in book.costs}
        forgotten = [
            k for k, v in file.states.items() if v.cost and k in world.traces[s].states and ("states", k) not in paid
        ]
        out.append(true(f"{name}: every priced state has a line", not forgotten, ", ".join(forgotten)))
    return out


def _total(parts: object) -> Array:
    return np.asarray(np.sum(np.broadcast_arrays(*parts), axis=0))  # type: ignore[misc]


def tv19(subject: Subject) -> Verdict:
    """Components sum to totals."""
    return decide("TV19", [c for w in subject.worlds for c in sums(subject, w)])


# ------------------------------------------------------------------------------------------------ TV22
def adverse(subject: Subject, world: World) -> list[Check]:
    """Events without consequences are no events; none is cheaper and better, everybody having one the reverse."""
    out = []
    zeros = {p: 0.0 for p in world.values.by_place if p[0] == "toxicities" and p[-1] in ("cost", "disutility")}
    for s in subject.strategies:
        events = [e for e in world.events[s] if e in world.case.file.toxicities]
        if not events or not zeros:
            continue
        name, now = label(world, s), subject.book(world, s)
        harmless = subject.book(world.priced(zeros), s)
        none, all_have = (subject.book(world.with_rates(rate, events), s) for rate in (0.0, 1.0))
        for what in ("cost", "qaly"):
            a, b = getattr(harmless, what), getattr(none, what)
            out.append(equal(f"{name}, events without consequences and without events: {what}", a, b))
        costs = any(
            e in events and v.cost is not None and v.cost.value > 0 for e, v in world.case.file.toxicities.items()
        )
        compare = less if costs else at_most
        out.append(compare(f"{name}, no events and all: cost", none.cost, all_have.cost))
        out.append(at_most(f"{name}, no events and as reported: cost", none.cost, now.cost))
        out.append(at_most(f"{name}, all events and none: QALYs", all_have.qaly, none.qaly))
        out.append(at_most(f"{name}, as reported and no events: QALYs", now.qaly, none.qaly))
    return out


def same_treatment(subject: Subject) -> list[Check]:
    """Who gets all that another strategy gives, in the same shares, has its events at least as often."""
    out, case = [], subject.case
    given = {s: {k: share for k, (_, share) in own.items()} for s, own in case.regimens.items()}
    for one, less_given in given.items():
        for other, more in given.items():
            if one != other and less_given and less_given.items() <= more.items():
                rates = (event_rates(case.model, case.arms[s]) for s in (one, other))
                few, many = rates
                lost = [e for e, v in few.items() if e not in many or many[e][0] < v[0] - ROUNDING]
                out.append(true(f"{other}: the events of {one}, whose treatment is part of it", not lost,
                                f"missing or rarer: {', '.join(lost)}" if lost else f"{len(few)} events"))  # fmt: skip
    return out


def tv22(subject: Subject) -> Verdict:
    """Adverse events: no consequence, rate 0, rate 1; the same treatment, the same events."""
    checks = [*adverse(subject, subject.point), *same_treatment(subject)]
    return decide("TV22", checks, absent="no adverse event of the trial is priced.")


# ------------------------------------------------------------------------------------------------ TV23
def acquisition(subject: Subject, world: World) -> list[Check]:
    """Cost of each drug over the doses given while on treatment, regimen by regimen: the price of a dose."""
    out = []
    for s in subject.strategies:
        for key, (regimen, _) in world.case.regimens[s].items():
            plain = world.discounted(0.0)
            alone = replace(plain.case, regimens={**world.case.regimens, s: {key: (regimen, 1.0)}})
            book = subject.book(replace(plain, case=alone), s)
            for given in doses(regimen, world.case.clock.horizon):
                drug = given.drug.drug
                expected = _given(world, s, given.months)
                paid = _total(
                    [x.total for x in book.costs if x.category == "drugs" and x.name == drug] or [np.zeros(1)]
                )
                name = f"{label(world, s)}, {key}, {drug}"
                uses = [x.uses for x in book.costs if x.category == "drugs" and x.name == drug]
                out.append(
                    equal(f"{name}: doses, of the book and counted", _total(uses or [np.zeros(1)]), expected, TAKEN)
                )
                out += _unit_cost(name, given.drug, world.case.file.drugs[drug], world, paid / expected)
    return out


def _given(world: World, strategy: str, months: Array) -> Array:
    """Doses that are given: the share on treatment at each of them, by interpolation."""
    grid, free = world.case.clock.months, world.traces[strategy].shares[:, 0]
    kept = np.exp(-world.case.stops[strategy] * months)
    return np.array([float(np.interp(months, grid[: len(row)], row) @ kept) for row in free])


def _unit_cost(name: str, drug: RegimenDrug, price: DrugPrice, world: World, paid: Array) -> list[Check]:
    """Between the milligrams at the cheapest price, and one vial more."""
    values, place = world.values, ("drugs", drug.drug)
    body = BODIES.get(drug.unit or "")
    size = values.get(("bodies", body or ""), 1.0)
    mg = np.asarray(drug.dose or 0.0) * (np.minimum(size, CLEARANCE_CAP) + 25.0 if drug.unit == "AUC" else size)
    if body is None:
        mg = np.array([drug.dose or 0.0])
    each = [(v.mg, values[(*place, "vials", i, "price")]) for i, v in enumerate(price.vials)]
    share = values.get((*place, "dose_intensity"), 1.0)
    low = share * mg * np.min(np.broadcast_arrays(*(p / m for m, p in each)), axis=0)
    high = share * np.min(np.broadcast_arrays(*((mg / m + 1.0) * p for m, p in each)), axis=0)
    out = [at_most(f"{name}: cost of a dose and of its milligrams with one vial more", paid, high, TAKEN)]
    capped = drug.max_dose_mg is not None or drug.unit == "AUC"  # what is capped costs less than the mean patient's
    if not capped:
        out.insert(0, at_most(f"{name}: cheapest milligrams and cost of a dose", low, paid, TAKEN))
    return out


def tv23(subject: Subject) -> Verdict:
    """Acquisition cost over time on treatment is the unit cost."""
    on = [
        f"{s} {float(np.trapezoid(subject.point.traces[s].shares[0, 0] * np.exp(-subject.case.stops[s] * m), m)):.2f}"
        for s in subject.strategies
        for m in (subject.case.clock.months,)
    ]
    return decide("TV23", acquisition(subject, subject.point), f"Mean months on treatment: {', '.join(on)}.")
