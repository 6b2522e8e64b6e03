"""Results apart for the levels of a covariate: the same graphs, integrated over the classes of each level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from simulate.analytic import restricted_mean
from simulate.evidence.scenario_schema import Scenario
from simulate.pathways.assemble import Plan
from simulate.pathways.oracle import Outcome, integrate, strata_of


@dataclass(frozen=True)
class Subgroup:
    """Patients of one level of a covariate: their share of all, and every strategy integrated among them."""

    covariate: str
    level: str
    label: str
    share: float
    outcomes: dict[str, Outcome]


def subgroups(scenario: Scenario, plan: Plan) -> list[Subgroup]:
    """Every level, with patients, of the covariates that `by` names."""
    found = []
    for name in scenario.by:
        covariate = plan.population.covariates[name]
        for level, about in covariate.levels.items():
            chosen = [i for i, c in enumerate(plan.classes) if c.profile[name] == level and c.share > 0.0]
            if not chosen:
                continue
            share = sum(plan.classes[i].share for i in chosen)
            outcomes = {s: integrate(strata_of(g, chosen), scenario.horizon) for s, g in plan.graphs.items()}
            found.append(Subgroup(name, level, _label(covariate.label, level, about), share, outcomes))
    return found


def _label(covariate: str, level: str, about: Any) -> str:
    """What a level is called: its own label, a truth value as yes or no, a number or a band with the covariate."""
    if about.label:
        return str(about.label)
    if isinstance(about.value, bool):
        return f"{covariate}: {'yes' if about.value else 'no'}"
    if about.value is not None:
        shown = f"{about.value:g}" if isinstance(about.value, int | float) else str(about.value).replace("_", " ")
        return f"{covariate}: {shown}"
    if about.min is not None and about.max is not None:
        return f"{covariate}: {about.min:g} to {about.max:g}"
    return f"{covariate}: {level}"


def subgroup_rows(scenario: Scenario, plan: Plan, found: list[Subgroup]) -> list[dict[str, Any]]:
    """One row a subgroup and strategy: medians, and restricted means with what is gained over the comparator."""
    horizon = scenario.horizon
    tau = {e: min(scenario.rmst.get(e, 36.0), horizon) for e in ("os", "pfs")}
    rows = []
    for group in found:
        for strategy, outcome in group.outcomes.items():
            against = scenario.comparators[strategy]
            row: dict[str, Any] = {
                "covariate": group.covariate, "level": group.level, "label": group.label, "share": group.share,
                "strategy": strategy, "comparator": against,
            }  # fmt: skip
            for e in ("os", "pfs"):
                known = e == "os" or plan.progression_known(strategy)
                median = outcome.median(e)
                row[f"{e}_median"] = median if known and math.isfinite(median) else None
                row[f"{e}_rmst"] = _rmst(outcome, e, tau[e]) if known else None
                row[f"{e}_rmst_tau"] = tau[e]
                row[f"{e}_gain"] = None
                if known and against is not None and (e == "os" or plan.progression_known(against)):
                    row[f"{e}_gain"] = row[f"{e}_rmst"] - _rmst(group.outcomes[against], e, tau[e])
            rows.append(row)
    return rows


def _rmst(outcome: Outcome, endpoint: str, tau: float) -> float:
    return restricted_mean(outcome.endpoint(endpoint), tau)
