"""Inputs of a model of one's own: what is plainly impossible, or in the wrong unit of time."""

from __future__ import annotations

from simulate.economics.changes import dotted
from simulate.economics.traces import PD, PF
from simulate.evidence.own_schema import MONTHS
from simulate.techver.inputs import YEARLY, rates_of_discount, within_bounds
from simulate.techver.own.subject import OwnSubject
from simulate.techver.own.world import place
from simulate.techver.verdicts import Check, Verdict, decide, true

DAY = 1.0 / 30.4375  # months


def in2(_: OwnSubject) -> Verdict:
    """Nothing is calibrated."""
    return decide("IN2", [], absent="a model of one's own holds no reported medians: nothing is calibrated to any.")


def in3(subject: OwnSubject) -> Verdict:
    """Units of time: monthly costs that look yearly, rates a year that look like something else, what comes again."""
    checks: list[Check] = []
    unit = MONTHS[subject.case.model.unit]
    for s in subject.strategies:
        costs = {k: _cost(subject, s, k) for k in (PF, PD)}
        for state, other in ((PF, PD), (PD, PF)):
            if costs[state] > 0.0 and costs[other] > 0.0:
                said = f"{costs[state]:,.0f} a month, {other} {costs[other]:,.0f}"
                text = f"{s}, {state}: cost below {YEARLY:g} times that of the other state"
                checks.append(true(text, costs[state] < YEARLY * costs[other], said))
        for repeated in subject.case.model.arms[subject.case.arms[s]].repeated:
            every = repeated.every * unit
            said = f"every {every / DAY:.3g} days"
            checks.append(true(f"{s}, {repeated.what}: at most once a day", every >= DAY * (1.0 - 1e-9), said))
    return decide("IN3", [*checks, *rates_of_discount(subject.case.clock)])


def _cost(subject: OwnSubject, strategy: str, state: str) -> float:
    """Of a month in a state; 0 where none is given."""
    own, values = place(subject.case, strategy, "costs", state), subject.mean
    return float(values.get(own if own in values.by_place else ("states", state, "cost"), 0.0)[0])


def in4(subject: OwnSubject) -> Verdict:
    """Utilities at most 1, proportions within 0 and 1, events' days within the horizon."""
    case = subject.case
    checks = [c for where, q in case.quantities().items() for c in within_bounds(dotted(where), q)]
    for name, v in case.file.toxicities.items():
        if v.days is not None:
            checks.append(true(f"{name}: lasts less than a year", v.days <= 365.25, f"{v.days:g} days"))
    return decide("IN4", checks, absent="no utility and no proportion.")
