"""Tables of inputs: what is plainly impossible, or in the wrong unit of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulate.economics.changes import dotted
from simulate.economics.clock import Clock
from simulate.evidence.money_schema import Disutility, Share, Utility
from simulate.techver.decision import thresholds
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, true

MEDIAN = 0.02  # of a reported primary median, by which the calibrated one may differ from it
YEARLY = 12.0  # times the other states' monthly cost: what looks like a cost a year
PER_CYCLE = 0.25  # a yearly discount rate above this looks like something else


def in1(subject: Subject) -> Verdict:
    """PFS at most OS: reported medians and landmarks of each arm, calibrated curves."""
    checks = []
    figures = {}
    for trial, calibration in subject.case.calibrations.items():
        for x in calibration.statistics:
            if x.kind in ("median", "landmark") and x.endpoint in ("pfs", "os"):
                figures[trial, x.kind, x.timepoint, x.groups, x.endpoint] = (x.figure, x.value)
    for (trial, kind, at, groups, endpoint), (name, value) in figures.items():
        other = figures.get((trial, kind, at, groups, "os"))
        if endpoint == "pfs" and other is not None:
            checks.append(at_most(f"reported: {name} and {other[0]}", value, other[1], 0.0))
    for name, own in subject.structures.items():
        for s, found in own.items():
            said = f"PFS cut down to OS on {found.capped:.1%} of the days"
            checks.append(true(f"{name}, {s}: PFS nowhere above OS", found.capped == 0.0, said))
    return decide("IN1", checks)


def in2(subject: Subject) -> Verdict:
    """Calibrated medians against the reported primary ones."""
    checks = []
    for calibration in subject.case.calibrations.values():
        for x, p in zip(calibration.statistics, calibration.prediction, strict=True):
            if x.kind == "median" and x.role == "primary":
                months = x.from_scale(float(p))
                margin = np.asarray(MEDIAN - abs(months / x.value - 1.0))
                said = f"{months:.3g} v {x.value:.3g} months"
                checks.append(Check(f"{x.figure}: calibrated and reported", margin, said))
    return decide("IN2", checks, f"Allowed: {MEDIAN:.0%}.", absent="no median is a primary figure.")


def in3(subject: Subject) -> Verdict:
    """Units of time: monthly costs that look yearly, rates a year that look like something else."""
    file, mean = subject.case.file, subject.mean
    costs = {k: float(mean["states", k, "cost"][0]) for k, v in file.states.items() if v.cost is not None}
    checks: list[Check] = []
    for name, cost in costs.items():
        others = [v for k, v in costs.items() if k != name and v > 0.0]
        if others:
            said = f"{cost:,.0f} a month, other states {', '.join(f'{v:,.0f}' for v in others)}"
            text = f"state {name}: cost below {YEARLY:g} times that of every other state"
            checks.append(true(text, cost < YEARLY * min(others), said))
    checks += rates_of_discount(subject.case.clock)
    for s in subject.strategies:
        stop = subject.case.stops[s]
        checks.append(true(f"{s}: stopping below once a month", 0.0 <= stop < 1.0, f"{stop:.3f} a month"))
    return decide("IN3", checks)


def rates_of_discount(clock: Clock) -> list[Check]:
    """Yearly rates that are no rates of a cycle, and no percentages."""
    rates = {what: clock.rate(what) for what in ("costs", "effects")}
    return [
        true(f"discounting of {what}: a rate a year", 0.0 <= rate < PER_CYCLE, f"{rate:.2%}")
        for what, rate in rates.items()
    ]


def in4(subject: Subject) -> Verdict:
    """Utilities at most 1, proportions within 0 and 1, events' days within the horizon."""
    checks = [c for place, q in subject.case.file.quantities().items() for c in within_bounds(dotted(place), q)]
    for name, v in subject.case.file.toxicities.items():
        if v.days is not None:
            checks.append(true(f"{name}: lasts less than a year", v.days <= 365.25, f"{v.days:g} days"))
    return decide("IN4", checks, absent="no utility and no proportion.")


def within_bounds(name: str, quantity: object) -> Iterator[Check]:
    """A utility at most 1, a proportion within 0 and 1; of anything else nothing."""
    if isinstance(quantity, Utility):
        yield true(f"{name}: at most 1", quantity.value <= 1.0, f"{quantity.value:g}")
    elif isinstance(quantity, Share | Disutility):
        yield true(f"{name}: within 0 and 1", 0.0 <= quantity.value <= 1.0, f"{quantity.value:g}")


def in5(subject: Subject) -> Verdict:
    """Increments that agree with the ratio, its quadrant and the net benefit they come with."""
    books = [subject.book(subject.point, s) for s in subject.strategies]
    costs, effects = [float(b.cost[0]) for b in books], [float(b.qaly[0]) for b in books]
    checks = []
    for wtp in thresholds(subject):
        if wtp > 0.0:
            rows = subject.engine.contrasts(costs, effects, subject.strategies, reference=subject.strategies[0],
                                            threshold=float(wtp))  # fmt: skip
            for i, r in enumerate(rows, start=1):
                cost, effect = costs[i] - costs[0], effects[i] - effects[0]
                name = f"{r.name} at {wtp:,.0f}"
                checks.append(equal(f"{name}: increment of cost", r.delta_cost, cost))
                checks.append(equal(f"{name}: increment of QALYs", r.delta_effect, effect))
                checks.append(equal(f"{name}: net benefit", r.inmb, wtp * effect - cost, 1e-6))
                trade = cost * effect > 0.0
                said = "none" if r.icer is None else f"{r.icer:,.0f}"
                agrees = (r.icer is not None) == trade and (r.icer is None or np.isclose(r.icer, cost / effect))
                checks.append(true(f"{name}: ratio of the increments", agrees, said))
                if r.icer is not None and cost > 0.0:
                    worth = (r.inmb > 0.0) == (r.icer < wtp) or abs(r.icer - wtp) < 1e-6 * wtp
                    checks.append(true(f"{name}: net benefit above 0 where the ratio is below", worth))
    return decide("IN5", checks)
