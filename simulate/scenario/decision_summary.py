"""The part of an evaluation's ``summary.json`` that follows from it for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simulate.economics.budget import BudgetImpact
    from simulate.economics.model_range import ModelRange
    from simulate.economics.subgroups import Subgroup
    from simulate.scenario.decisions import SampleInformation
    from simulate.scenario.evaluation import Evaluation


def decision_summary(e: Evaluation) -> dict[str, Any]:
    """The part of ``summary.json`` that follows from an evaluation."""
    d = e.decisions
    out: dict[str, Any] = {
        "population": _population_summary(e),
        "budget_impact": _budget_summary(d.budget),
        "severity": _severity_summary(e),
        "evsi": [row for trial in d.trials for row in _trial_rows(e, trial)],
        "value_based_prices": [
            {"strategy": s, "drug": p.drug, "threshold": p.threshold, "factor": p.factor,
             "vials": [{"mg": mg, "price": price} for mg, price in p.vials]}
            for s, found in d.prices.items() for p in found
        ],
        "subgroups": [_subgroup_row(e, s, g) for s, found in d.subgroups.items() for g in found],
    }  # fmt: skip
    if e.ranged:
        out["model_range"] = [range_summary(e, s, r) for s, r in d.model_range.items()]
    return out


def _population_summary(e: Evaluation) -> dict[str, Any] | None:
    """Patients concerned, and value of perfect information to all of them."""
    found = e.decisions.reached
    if found is None:
        return None
    values = []
    for row in population_values(e):
        values.append({"wtp": row["wtp"], "evpi": row["evpi"], "low": row["low"], "high": row["high"],
                       "evppi": row["evppi"]})  # fmt: skip
    return {
        "yearly": found.yearly,
        "years": found.years,
        "discount_rate": found.rate,
        "patients": found.patients,
        "patients_low": found.low,
        "patients_high": found.high,
        "evpi": values,
    }


def population_values(e: Evaluation) -> list[dict[str, Any]]:
    """At every threshold: value of perfect information to all concerned, and on each group of parameters.

    ``low`` and ``high`` are at the 95 % range of the number of patients.
    """
    found = e.decisions.reached
    if found is None or e.draws is None:
        return []
    rows = []
    for i, threshold in enumerate(e.priced):
        at = int(np.argmin(np.abs(e.wtp - threshold)))
        one = float(e.information["all"].value[at])
        groups = {k: float(v.value[i]) * found.patients for k, v in e.information.items() if k != "all"}
        rows.append({"wtp": threshold, "evpi": one * found.patients, "low": one * found.low, "high": one * found.high,
                     "evppi": groups})  # fmt: skip
    return rows


def _budget_summary(found: BudgetImpact | None) -> dict[str, Any] | None:
    if found is None:
        return None
    years = [
        {"year": i + 1, "patients": float(found.patients[i]), "uptake": float(found.uptake[i]),
         "uptake_without": float(found.uptake_without[i]), "treated": float(found.treated[i]),
         "cost_with": float(found.with_strategy[i]), "cost_without": float(found.without[i]),
         "net": float(found.net[i]), "by_category": {k: float(v[i]) for k, v in found.by_category.items()}}
        for i in range(len(found.patients))
    ]  # fmt: skip
    return {"strategy": found.strategy, "total": found.total, "years": years}


def _severity_summary(e: Evaluation) -> dict[str, Any] | None:
    """Shortfalls under the comparator, the weight of a QALY, and the contrasts so weighed."""
    found = e.decisions.severity
    if found is None:
        return None
    weighed = []
    for c in e.contrasts(e.base_structure):
        gained = found.weight * c["delta_qaly"]
        weighed.append(
            {"strategy": c["strategy"], "comparator": c["comparator"], "delta_qaly": gained,
             "icer": None if c["icer"] is None else c["icer"] / found.weight,
             "inmb": {f"{t:g}": t * gained - c["delta_cost"] for t in e.priced}}
        )  # fmt: skip
    return {
        "age": found.age,
        "qaly_without_disease": found.without.qaly,
        "qaly_with_disease": found.with_disease,
        "absolute": found.absolute,
        "proportional": found.proportional,
        "weight": found.weight,
        "weight_by_absolute": found.by_absolute,
        "weight_by_proportional": found.by_proportional,
        "contrasts": weighed,
    }


def _trial_rows(e: Evaluation, found: SampleInformation) -> list[dict[str, Any]]:
    rows = []
    for i, n in enumerate(found.patients):
        for w, threshold in enumerate(e.priced):
            row = {"informs": found.group, "patients_per_arm": n, "wtp": threshold, "evsi": float(found.value[i, w]),
                   "evppi": float(found.ceiling[w])}  # fmt: skip
            for name, values in (("population", found.population), ("net_gain", found.net_gain)):
                row[name] = None if values is None else float(values[i, w])
            row["cost"] = None if found.cost is None else float(found.cost[i])
            rows.append(row)
    return rows


def _subgroup_row(e: Evaluation, strategy: str, g: Subgroup) -> dict[str, Any]:
    icer = g.increment.icer
    return {
        "strategy": strategy,
        "subgroup": g.name,
        "label": g.label,
        "strata": list(g.strata),
        "share": g.share,
        "patients": dict(g.patients),
        "delta_cost": g.increment.cost,
        "delta_qaly": g.increment.qaly,
        "icer": None if np.isnan(icer) else icer,
        "inmb": {f"{t:g}": g.increment.inmb(t) for t in e.priced},
    }


def range_summary(e: Evaluation, strategy: str, found: ModelRange) -> dict[str, Any]:
    """The answer over all models that meet the reported figures."""
    low, high = found.icer
    wanted = found.most_wanted
    return {
        "strategy": strategy,
        "threshold": found.threshold,
        "models": len(found.models),
        "kept": len(found.kept),
        "icer_low": low if np.isfinite(low) else None,
        "icer_high": high if np.isfinite(high) else None,
        "inmb_low": found.inmb[0],
        "inmb_high": found.inmb[1],
        "changes_decision": found.changes_decision,
        "most_wanted": None if wanted is None else wanted.name,
        "missing": [
            {"figure": m.name, "low": list(m.low), "high": list(m.high), "explained": m.explained,
             "remaining": m.remaining}
            for m in found.missing
        ],
    }  # fmt: skip
