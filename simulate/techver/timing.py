"""Time: conversions, counting, discounting."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.clock import COUNTING, Clock
from simulate.economics.outcomes import Outcomes
from simulate.economics.traces import PD, PF, Traces
from simulate.model.types import DAYS_PER_MONTH
from simulate.techver.curves import label
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, less
from simulate.techver.world import World

Array = NDArray[np.float64]
HUGE_RATE = 1e300  # a year: even by whole months, what lies beyond the first is worth nothing
MORE = 0.02  # a year, added to a discount rate
SURVIVING = 1e-6  # of a cohort; a probability nearer to 1 cannot hold its rate to 1e-8 in double precision
WINDOW = 5  # days, or steps of a coarser grid, to each side of two years


# ------------------------------------------------------------------------------------------------ TV15
def tv15(subject: Subject) -> Verdict:
    """Rate to probability and back, hazard to time and back, any cycle covers the horizon, interest and force."""
    checks = []
    case = subject.case
    t = np.linspace(0.5, 60.0, 60)
    for (arm, stratum), cell in case.model.cells.items():
        for what, d in (("PFS", cell.pfs), ("PPS", cell.pps)):
            own = subject.engine.distribution(d.family, d.params, d.cure, d.ratio_cuts, d.ratios)
            back = own.inverse_cumulative_hazard(own.cumulative_hazard(t))
            checks.append(equal(f"{arm}, {stratum}, {what}: time to hazard and back", back, t, 1e-6))
            probability = 1.0 - own.survival(t)
            held = probability <= 1.0 - SURVIVING
            again, rate = -np.log1p(-probability[held]), own.cumulative_hazard(t)[held]
            checks.append(equal(f"{arm}, {stratum}, {what}: rate to probability and back", again, rate, 1e-8))
    return decide("TV15", [*checks, *conversions(case.clock)])


def conversions(clock: Clock) -> list[Check]:
    """Any counting covers the horizon; yearly rates, their forces of interest, and months."""
    checks = []
    for counting in COUNTING:
        for cycle in (7.0 / DAYS_PER_MONTH, 1.0, 3.0):
            if cycle <= clock.horizon:
                whole = float(replace(clock, counting=counting, cycle=cycle).in_state("time").sum())
                checks.append(equal(f"cycles of {cycle:.3g} months, {counting}: they cover the horizon", whole,
                                    clock.horizon))  # fmt: skip
    method = type(clock.discount).model_construct
    yearly = replace(clock, discount=method(costs=0.05, effects=0.05, method="per_cycle"))
    force = replace(clock, discount=method(costs=math.log(1.05), effects=math.log(1.05), method="continuous"))
    months = np.array([1.0, 12.0, 30.0])
    a, b = yearly.factor(months, "costs"), force.factor(months, "costs")
    checks.append(equal("5 % a year and its force of interest", a, b))
    checks.append(equal("twelve months are a year", yearly.factor(12.0, "costs"), 1.0 / 1.05))
    return checks


# ------------------------------------------------------------------------------------------------ TV20
def counting(subject: Subject, world: World) -> list[Check]:
    """Half-cycle counting lies between the end and the start of cycles; doses are counted when they are given."""
    out = []
    cycle = world.case.clock.cycle
    for s in subject.strategies:
        name = label(world, s)
        start, half, end = (
            subject.book(world.clocked(counting=how, cycle=cycle), s) for how in ("start", "half_cycle", "end")
        )
        years = [np.sum(list(b.life_years.values()), axis=0) for b in (start, half, end)]
        out.append(less(f"{name}: LY by half-cycle and by start of cycles", years[1], years[0]))
        out.append(less(f"{name}: LY by end of cycles and by half-cycle", years[2], years[1]))
        drugs = [b.by_category().get("drugs", np.zeros(1)) for b in (half, start)]
        out.append(equal(f"{name}: drugs by half-cycle and by start of cycles", drugs[0], drugs[1]))
    return out


def tv20(subject: Subject) -> Verdict:
    """Half-cycle correction lowers life-years counted at the start, and leaves drugs bought at the start alone."""
    return decide("TV20", counting(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV21
def discounting(subject: Subject, world: World) -> list[Check]:
    """Rates up, totals down, each on its own side; rate 0 leaves them; a huge rate leaves the first cycle."""
    out = []
    now = world.case.clock.discount
    plain = world.discounted(0.0, 0.0)
    dear = world.discounted(costs=now.costs + MORE)
    late = world.discounted(effects=now.effects + MORE)
    first = 12.0 if now.method == "yearly" else 1.0
    huge = world.discounted(HUGE_RATE, HUGE_RATE)
    only = plain.until(first) if first < world.case.clock.horizon else plain
    for s in subject.strategies:
        name = label(world, s)
        book, none = subject.book(world, s), subject.book(plain, s)
        by_costs, by_effects = subject.book(dear, s), subject.book(late, s)
        compare = less if subject.paid_after(world, s, world.case.clock.undiscounted) else at_most
        out.append(compare(f"{name}, rate of costs + {MORE:.0%}: cost", by_costs.cost, book.cost))
        out.append(equal(f"{name}, rate of costs + {MORE:.0%}: QALYs as before", by_costs.qaly, book.qaly))
        if np.all(none.qaly > 0.0):
            out.append(less(f"{name}, rate of effects + {MORE:.0%}: QALYs", by_effects.qaly, book.qaly))
        out.append(equal(f"{name}, rate of effects + {MORE:.0%}: cost as before", by_effects.cost, book.cost))
        years = np.sum(list(none.discounted_years.values()), axis=0)
        out.append(equal(f"{name}, rate 0: discounted life-years", years, none.ly))
        most, left = subject.book(only, s), subject.book(huge, s)
        said = f"{name}, huge rate, and the first {first:g} months"
        out.append(at_most(f"{said}: cost", left.cost, most.cost))
        out.append(at_most(f"{said}: QALYs before losses", _gained(left), _gained(most)))
    return out


def _gained(book: Outcomes) -> Array:
    """QALYs of what counts above 0: a loss that is discounted away leaves more."""
    return np.asarray(np.sum(np.broadcast_arrays(*(np.maximum(x.total, 0.0) for x in book.health)), axis=0))


def two_years(subject: Subject) -> list[Check]:
    """A day's death at two years and days lived around two years are worth (1 + r)^-2, exp(-2 r) of continuous time."""
    case, out = subject.case, []
    days, month = case.clock.days, case.clock.per_month
    middle = round(24.0 * month - 0.5)
    if days < middle + 2 * WINDOW or month < 1.0:
        return []
    at = middle + WINDOW + 1 if case.clock.discount.method == "yearly" else middle
    world = subject.point.clocked(counting="integral")
    plain = world.discounted(0.0, 0.0)
    for s in subject.strategies:
        died = _cohort(days, slice(0, at + 1))
        paid, same = (
            [x.uses for x in subject.book(replace(w, traces={s: died}), s).costs if x.category == "terminal"]
            for w in (world, plain)
        )
        for a, b in zip(paid, same, strict=True):
            expected = _worth(case.clock.discount.costs, case.clock.discount.method, (at + 0.5) / month / 12)
            out.append(equal(f"{s}: the cost of death at two years, over its price", a / b, expected))
        lived = _cohort(days, slice(at - WINDOW if at == middle else at, at + WINDOW + 1))
        spent = [
            subject.book(replace(w, traces={s: lived}), s).discounted_years for w in (world, plain)
        ]  # fmt: skip
        mid = at if at == middle else at + 0.5 * WINDOW
        expected = _worth(case.clock.discount.effects, case.clock.discount.method, mid / month / 12)
        out.append(equal(f"{s}: days lived at two years, over themselves", spent[0][PF] / spent[1][PF], expected, 1e-4))
    return out


def _worth(rate: float, method: str, years: float) -> float:
    if method == "continuous":
        return math.exp(-rate * years)
    return (1.0 + rate) ** -(math.floor(years) if method == "yearly" else years)


def _cohort(days: int, when: slice) -> Traces:
    """Everybody in the first state on some days, nobody anywhere on the others."""
    shares = np.zeros((1, 2, days + 1))
    shares[0, 0, when] = 1.0
    return Traces((PF, PD), shares, np.zeros((1, days)))


def tv21(subject: Subject) -> Verdict:
    """Discounting."""
    return decide("TV21", [*two_years(subject), *discounting(subject, subject.point)])
