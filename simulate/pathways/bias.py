"""How much selection would explain a benefit that no randomisation supports.

A strategy that was given to chosen patients is held against the comparator again with a share of its log hazard ratio
taken for selection, and with months of guaranteed survival (immortal time: the clock began before the treatment did)
taken off its median survival, all its times shrunk in proportion. The E-value (VanderWeele and Ding, Ann Intern Med
2017;167:268) is how strongly an unmeasured trait would have to go with both the choice of treatment and survival to
explain the whole of it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from simulate.analytic import cox_hazard_ratio, restricted_mean
from simulate.evidence.pathway_schema import SelectionBias
from simulate.evidence.scenario_schema import Scenario
from simulate.model.graph import GraphSpec
from simulate.model.hazards import Hazard, Transition
from simulate.pathways.assemble import Plan
from simulate.pathways.effects import Ratio, between, stretched, with_ratio
from simulate.pathways.oracle import Outcome, integrate


def e_value(hazard_ratio: float) -> float:
    """E-value of a hazard ratio of a common outcome (VanderWeele, Am J Epidemiol 2017): 1 where there is no effect.

    Examples
    --------
    >>> round(e_value(0.5), 2)
    2.52
    >>> e_value(1.0)
    1.0
    """
    ratio = min(hazard_ratio, 1.0 / hazard_ratio)
    risk = (1.0 - 0.5 ** math.sqrt(ratio)) / (1.0 - 0.5 ** math.sqrt(1.0 / ratio))
    if risk >= 1.0:
        return 1.0
    return 1.0 / risk + math.sqrt(1.0 / risk * (1.0 / risk - 1.0))


def selection_bias(scenario: Scenario, plan: Plan) -> list[dict[str, Any]]:
    """Every bias scenario of a scenario file, integrated.

    Returns
    -------
    One row a `selection_bias` entry: ``strategy``, ``why``, ``hazard_ratio`` (uncensored, of overall survival),
    ``e_value``, ``lead_that_erases`` (months of immortal time at which the gain is gone; ``None`` if none up to 60
    does), and ``rows``: ``pull, lead, median, gain`` (months of restricted mean survival against the comparator).
    """
    return [_one(scenario, plan, item) for item in scenario.selection_bias]


def _one(scenario: Scenario, plan: Plan, item: SelectionBias) -> dict[str, Any]:
    tau = min(scenario.rmst.get("os", 36.0), scenario.horizon)
    control, treated = (plan.graphs[s] for s in (scenario.comparator, item.strategy))
    base = integrate(control, scenario.horizon)
    plain = integrate(treated, scenario.horizon)
    ratio, middle = cox_hazard_ratio(plain.os, base.os), plain.median("os")

    def gain(pull: float, lead: float) -> tuple[float, float]:
        shrink = max(1.0 - lead / middle, 0.02) if math.isfinite(middle) else 1.0
        found = integrate(biased(treated, control, pull, shrink), scenario.horizon)
        return found.median("os"), _gain(found, base, tau)

    rows = []
    for pull in item.pull:
        for lead in item.lead if pull < 1.0 else (0.0,):
            median, months = gain(pull, lead)
            rows.append(
                {"pull": pull, "lead": lead, "median": median if math.isfinite(median) else None, "gain": months}
            )
    return {
        "strategy": item.strategy,
        "why": item.why,
        "tau": tau,
        "hazard_ratio": ratio,
        "e_value": e_value(ratio),
        "lead_that_erases": _erasing_lead(lambda lead: gain(0.0, lead)[1]),
        "rows": rows,
    }


def _gain(found: Outcome, base: Outcome, tau: float) -> float:
    return restricted_mean(found.os, tau) - restricted_mean(base.os, tau)


def _erasing_lead(gain: Any) -> float | None:
    """Months of lead at which the gain is gone, to a tenth of a month; ``None`` if more than 60 would be needed."""
    low, high = 0.0, 60.0
    if gain(low) <= 0.0:
        return 0.0
    if gain(high) > 0.0:
        return None
    while high - low > 0.1:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gain(middle) > 0.0 else (low, middle)
    return round(high, 1)


def biased(treated: GraphSpec, control: GraphSpec, pull: float, shrink: float = 1.0) -> GraphSpec:
    """A strategy's graph with its advantage over the control reduced.

    Parameters
    ----------
    pull : share of the log hazard ratio of every transition taken for selection.
    shrink : factor on all times of the strategy, before its hazard ratio is taken.
    """
    transitions = []
    for t, c in zip(treated.transitions, control.transitions, strict=True):
        hazards = []
        for own, other in zip(t.hazards, c.hazards, strict=True):
            hazard = own if shrink == 1.0 else replace(own, time=stretched(own.time, shrink))
            hazards.append(_pulled(hazard, other, pull))
        transitions.append(Transition(t.origin, t.target, t.decision, tuple(hazards)))
    return replace(treated, transitions=tuple(transitions), limits=())


def _pulled(own: Hazard, other: Hazard, pull: float) -> Hazard:
    """The other's hazard times the ratio of the two to the power 1 - pull, in pieces of time."""
    if pull == 0.0:
        return own
    if pull == 1.0 or own.factor == 0.0 or other.factor == 0.0:
        return other if pull == 1.0 else own
    ratio: Ratio = between(own.time, other.time) ** (1.0 - pull)
    factor = other.factor * (own.factor / other.factor) ** (1.0 - pull)
    return Hazard(with_ratio(other.time, ratio), factor)
