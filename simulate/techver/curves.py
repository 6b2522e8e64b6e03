"""Survival and states: curves in their order, everybody somewhere, deaths where mortality puts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulate.economics.traces import Traces
from simulate.model.types import DAYS_PER_MONTH
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, less, true
from simulate.techver.world import World, hazards, longer, nobody_dies

Array = NDArray[np.float64]
FAMILY_TOLERANCE = 1e-12
INTEGRATION = 1e-3  # of survival: how exact integration is where survival after progression depends on its time
WORSE = 1.25  # hazard ratio that has to raise every risk
LIFETIME, LEFT = 1200.0, 1e-3  # months after which nobody but this share is alive
EARLY = (
    1e-3  # of OS above the general population: a curve fitted to months starts with no hazard, a life table does not
)
MORTAL = 1e6  # hazard ratio under which all die at once
NAMES = {"clock_reset": "integrated", "simulation": "simulated", "clock_forward": "clock-forward"}


def label(world: World, strategy: str) -> str:
    """How a check names a strategy in a world."""
    return f"{strategy} ({NAMES.get(world.name, world.name)})"


# ------------------------------------------------------------------------------------------------ TV2
def higher_hazard(subject: Subject, world: World) -> list[Check]:
    """A hazard ratio above 1 on leaving, or on dying after progression: events come sooner. Needs `world.models`."""
    out = []
    dependent = any(c.dependence != 0.0 for m in world.models for c in m.cells.values())
    slack = INTEGRATION if dependent else 1e-9
    for what, change in (("PFS", hazards(leaving=WORSE)), ("PPS", hazards(dying=WORSE))):
        worse = subject.changed(world, change)
        for s in subject.strategies:
            a, b = world.traces[s], worse.traces[s]
            name = f"{label(world, s)}, hazard of {what} × {WORSE:g}"
            above = (b.alive - a.alive).max(axis=1)
            out.append(Check(f"{name}: survival nowhere higher", slack - above, f"{float(above.max()):.1e} at most"))
            out.append(less(f"{name}: mean survival", b.alive.mean(axis=1), a.alive.mean(axis=1)))
            if what == "PFS":
                out.append(less(f"{name}: mean PFS", b.shares[:, 0].mean(axis=1), a.shares[:, 0].mean(axis=1)))
    return out


def tv2(subject: Subject) -> Verdict:
    """Ratio up, event probability up: of curves, of every simulated patient, of adverse events."""
    checks = higher_hazard(subject, subject.point)
    for s in subject.strategies:
        model, mix = subject.case.model, subject.case.mix
        now = subject.engine.entry(subject.case, model, s, mix, subject.people, subject.seed)
        worse = hazards(WORSE, WORSE)(model)
        then = subject.engine.entry(subject.case, worse, s, mix, subject.people, subject.seed)
        first = [np.minimum(np.minimum(x[1], x[2]), subject.case.clock.horizon) for x in (then, now)]
        checks.append(
            less(f"{s}: mean PFS of simulated patients, hazards × {WORSE:g}", first[0].mean(), first[1].mean())
        )
        checks.append(true(f"{s}: no simulated patient leaves PFS later", (first[0] <= first[1] + 1e-9).all()))
    return decide("TV2", checks)


# ------------------------------------------------------------------------------------------------ TV3
def ordered(subject: Subject, world: World) -> list[Check]:
    """PFS and time on treatment below OS on every day."""
    out = []
    for s in subject.strategies:
        t = world.traces[s]
        free = t.shares[:, 0]
        treated = free * np.exp(-world.case.stops[s] * world.case.clock.months[: free.shape[1]])
        gap = (t.alive - free).min(axis=1)
        out.append(at_most(f"{label(world, s)}: PFS(t) − OS(t), largest", -gap, 0.0))
        out.append(
            at_most(f"{label(world, s)}: on treatment(t) − OS(t), largest", (treated - t.alive).max(axis=1), 0.0)
        )
    return out


def tv3(subject: Subject) -> Verdict:
    """PFS(t) and time on treatment never above OS(t), under every structure; in every draw."""
    checks = [c for w in (*subject.worlds, subject.drawn) for c in ordered(subject, w)]
    return decide("TV3", checks)


# ------------------------------------------------------------------------------------------------ TV4
def tv4(subject: Subject) -> Verdict:
    """Families that are special cases of each other agree to 1e-12."""
    make, t = subject.engine.distribution, np.linspace(0.1, 120.0, 240)
    mu, q = 2.3, 1.4
    gamma_shape = q**-2.0
    pairs = {
        "Weibull of shape 1 and exponential": (make("weibull", (1.0, 9.0)), make("exponential", (9.0,))),
        "generalised gamma of q 1 and Weibull": (
            make("gengamma", (mu, 0.7, 1.0)), make("weibull", (1.0 / 0.7, float(np.exp(mu))))
        ),
        "generalised gamma of q 0 and log-normal": (
            make("gengamma", (mu, 0.7, 0.0)), make("lognormal", (mu, 0.7))
        ),
        "Gompertz of shape 0 and exponential": (make("gompertz", (0.0, 1.0 / 9.0)), make("exponential", (9.0,))),
    }  # fmt: skip
    checks = [
        true(f"{k} within 1e-12", gap <= FAMILY_TOLERANCE, f"largest difference {gap:.1e}")
        for k, gap in ((k, float(np.abs(a.survival(t) - b.survival(t)).max())) for k, (a, b) in pairs.items())
    ]
    exact = special.gammaincc(gamma_shape, gamma_shape * t / np.exp(mu))
    gap = float(np.abs(make("gengamma", (mu, q, q)).survival(t) - exact).max())
    checks.append(true("generalised gamma of sigma q and gamma within 1e-12", gap <= FAMILY_TOLERANCE,
                       f"largest difference {gap:.1e}"))  # fmt: skip
    return decide("TV4", checks)


# ------------------------------------------------------------------------------------------------ TV6
def complete(subject: Subject, world: World) -> list[Check]:
    """Shares between 0 and 1, everybody in the first state at the start, the dead never fewer."""
    out = []
    for s in subject.strategies:
        t, name = world.traces[s], label(world, s)
        dead = 1.0 - t.alive
        out.append(equal(f"{name}: all start in the first state", t.shares[:, 0, 0], 1.0))
        out.append(equal(f"{name}: alive at the start", t.alive[:, 0], 1.0))
        low, high = t.shares.min(axis=(1, 2)), t.shares.max(axis=(1, 2))
        out.append(true(f"{name}: shares within 0 and 1", (low >= -1e-9) & (high <= 1.0 + 1e-9)))
        out.append(true(f"{name}: the dead and the living are all", (dead >= -1e-9).all(axis=1)))
        out.append(at_most(f"{name}: largest fall of the share dead", -np.diff(dead, axis=1).min(axis=1), 0.0))
        book = subject.book(world, s)
        missing = set(t.states) ^ set(book.life_years)
        out.append(true(f"{name}: every state in the account book", not missing, ", ".join(sorted(missing))))
    return out


def tv6(subject: Subject) -> Verdict:
    """States sum to the cohort under every structure; over a lifetime all die."""
    checks = [c for w in subject.worlds for c in complete(subject, w)]
    case = longer(subject.case, LIFETIME)
    for s in subject.strategies:
        alive = float(subject.engine.integrated(case, s, case.model).alive[0, -1])
        checks.append(at_most(f"{s}: alive after {LIFETIME / 12:g} years", alive, LEFT, 0.0))
    return decide("TV6", checks)


# ------------------------------------------------------------------------------------------------ TV10
def mortality(subject: Subject, world: World) -> list[Check]:
    """Without mortality nobody dies; with a huge one all die in the first month. Needs `world.models`."""
    out = []
    none = subject.changed(
        world.discounted(0.0, 0.0),
        nobody_dies,
        replace(world.case.without_others(), clock=world.discounted(0.0, 0.0).case.clock),
    )
    all_die = subject.changed(world, hazards(MORTAL, MORTAL))
    for s in subject.strategies:
        name = label(world, s)
        out.append(equal(f"{name}, no mortality: alive at the horizon", none.traces[s].alive[:, -1], 1.0))
        years = subject.book(none, s).ly
        tolerance = 1e-9 if world.case.clock.counting == "integral" else 0.01
        out.append(
            equal(f"{name}, no mortality: years of the horizon", years, world.case.clock.horizon / 12.0, tolerance)
        )
        month = int(DAYS_PER_MONTH) * 2
        out.append(
            at_most(f"{name}, hazards × 1e6: alive after 2 months", all_die.traces[s].alive[:, month], 1e-6, 0.0)
        )
    return out


def tv10(subject: Subject) -> Verdict:
    """Mortality 0: nobody dies, undiscounted life-years are the horizon; huge: all dead in the first cycles."""
    return decide("TV10", mortality(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV13
def tv13(subject: Subject) -> Verdict:
    """Alive share at most that of the general population, utility at most the norm of the age."""
    case, checks = subject.case, []
    if subject.population is not None:
        for s in subject.strategies:
            alive = subject.point.traces[s].alive[0]
            norm = subject.population[: len(alive)]
            checks.append(at_most(f"{s}: OS(t) − general population, largest", float((alive - norm).max()), 0.0, EARLY))
    if case.file.age_norm is not None and case.question.start_age is not None and case.norm is not None:
        start = float(np.polynomial.polynomial.polyval(case.question.start_age, case.file.age_norm.coefficients))
        for s in subject.strategies:
            for line in subject.book(subject.point, s).health:
                if line.category == "utility":
                    # the utility of a state follows the norm, so its start decides
                    checks.append(at_most(f"{s}: utility {line.name} and the norm at the start", line.price, start))
    return decide("TV13", checks, absent="no age at the start, or no life table and norm, to hold the patients to.")


# ------------------------------------------------------------------------------------------------ TV14
def flows(subject: Subject, world: World) -> list[Check]:
    """Who enters a state and does not leave it is in it: no negative deaths on any day."""
    out = []
    for s in subject.strategies:
        t, name = world.traces[s], label(world, s)
        leaving = -np.diff(t.shares[:, 0], axis=1)
        dying_free = leaving - t.progressing
        dying_after = t.progressing - np.diff(t.shares[:, 1], axis=1)
        out.append(at_most(f"{name}: progressions beyond those who leave PFS, a day", -dying_free.min(axis=1), 0.0))
        deaths = -np.diff(t.alive, axis=1)
        both = dying_free + dying_after
        out.append(equal(f"{name}: deaths from the states and of the cohort", both.sum(axis=1), deaths.sum(axis=1)))
        if world.name != "partitioned":  # a partition's curves know nothing of each other: said apart
            out.append(at_most(f"{name}: negative deaths after progression, a day", -dying_after.min(axis=1), 0.0))
    return out


def tv14(subject: Subject) -> Verdict:
    """Inflow minus outflow is the change of a state; of simulated patients entries and exits are counted one by one."""
    checks = [c for w in subject.worlds for c in flows(subject, w)]
    case = subject.case
    for s in subject.strategies:
        entry = subject.engine.entry(case, case.model, s, case.mix, subject.people, subject.seed)
        structure = subject.structures["simulation"][s].traces
        for day in (90, 365, 730):
            if day < structure.shares.shape[2]:
                month = day / DAYS_PER_MONTH
                inside = float(((entry[1] < month) & (entry[2] >= month)).mean())
                entered = float(structure.progressing[:, :day].sum(axis=1).mean())
                gone = entered - float(structure.state(structure.states[1])[:, day].mean())
                counted = float(((entry[1] < month) & (entry[2] < month)).mean())
                checks.append(
                    equal(f"{s}: left the second state by day {day}, by flows and counted", gone, counted, 1e-3)
                )
                checks.append(equal(f"{s}: in the second state on day {day}, by flows and counted", entered - gone,
                                    inside, 1e-3))  # fmt: skip
    part = subject.structures["partitioned"]
    days = [_impossible(part[s].traces) for s in subject.strategies]
    note = f"The fitted partition has negative deaths after progression on {max(days):.1%} of the days (its curves are "
    return decide("TV14", checks, note + "fitted apart); that is reported, not held against the model.")


def _impossible(t: Traces) -> float:
    return float(np.mean(t.progressing - np.diff(t.shares[:, 1], axis=1) < -1e-9))
