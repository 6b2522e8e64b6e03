"""The part of an evaluation's ``summary.json`` that follows from it for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.amounts import Values
from simulate.economics.population import total_range
from simulate.scenario.evaluation_summary import choice_summary, drawn_frontier

if TYPE_CHECKING:
    from simulate.economics.budget import BudgetImpact
    from simulate.economics.model_range import ModelRange
    from simulate.economics.prices import ValueBasedPrice
    from simulate.economics.subgroups import Subgroup
    from simulate.scenario.decisions import SampleInformation
    from simulate.scenario.evaluation import Evaluation


def decision_summary(e: Evaluation) -> dict[str, Any]:
    """The part of ``summary.json`` that follows from an evaluation."""
    d = e.decisions
    out: dict[str, Any] = {
        "choices": choice_summary(e),
        "frontier_draws": drawn_frontier(e),
        "population": _population_summary(e),
        "budget_impact": _budget_summary(d.budget),
        "severity": _severity_summary(e),
        "evsi": [row for trial in d.trials for row in _trial_rows(e, trial)],
        "value_based_prices": _price_rows(e),
        "subgroups": [_subgroup_row(e, s, g) for s, found in d.subgroups.items() for g in found],
    }  # fmt: skip
    if e.ranged:
        out["model_range"] = [range_summary(e, s, r) for s, r in d.model_range.items()]
    return out


def _price_rows(e: Evaluation) -> list[dict[str, Any]]:
    """Prices at which a strategy is just worth its cost, by strategy and threshold."""
    d, rows = e.decisions, []
    weight = d.severity.weight if d.severity is not None and d.weighted_prices else None
    for s, found in d.prices.items():
        weighed: list[ValueBasedPrice] | list[None] = d.weighted_prices.get(s) or [None] * len(found)
        for p, w in zip(found, weighed, strict=True):
            rows.append(
                {"strategy": s, "drug": p.drug, "threshold": p.threshold, "factor": p.factor,
                 "factor_draws": p.factor_draws, "weight": weight,
                 "factor_weighted": None if w is None else w.factor,
                 "factor_draws_weighted": None if w is None else w.factor_draws,
                 "vials": _vials(e, p)}
            )  # fmt: skip
    return rows


def _vials(e: Evaluation, p: ValueBasedPrice) -> list[dict[str, Any]]:
    """Price of every vial of a drug, at the files' values and over the draws."""
    if p.factor is None and p.factor_draws is None:
        return []
    mean, drawn = Values.mean(e.case.file), p.factor_draws
    known = [
        (v.mg, float(mean["drugs", p.drug, "vials", i, "price"][0]))
        for i, v in enumerate(e.case.file.drugs[p.drug].vials)
    ]
    return [
        {"mg": mg, "price": None if p.factor is None else price * p.factor,
         "price_draws": None if drawn is None else price * drawn}
        for mg, price in known
    ]  # fmt: skip


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

    ``low`` and ``high`` are the 95 % range: the number of patients and the draws' own error together.
    """
    found = e.decisions.reached
    if found is None or e.draws is None:
        return []
    rows = []
    for i, threshold in enumerate(e.priced):
        at = int(np.argmin(np.abs(e.wtp - threshold)))
        whole = e.information["all"]
        one = float(whole.value[at])
        low, high = total_range(one, float(whole.standard_error[at]), found)
        groups = {k: float(v.value[i]) * found.patients for k, v in e.information.items() if k != "all"}
        rows.append({"wtp": threshold, "evpi": one * found.patients, "low": low, "high": high, "evppi": groups})
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
             "icer_draws": _drawn_ratio(e, c["strategy"], found.weight),
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


def _drawn_ratio(e: Evaluation, strategy: str, weight: float) -> float | None:
    """Mean added cost over weighted mean QALYs gained of the draws; None without, or where they do not trade off."""
    if e.draws is None:
        return None
    i = e.strategies.index(strategy)
    cost, qaly = (float((x[:, i] - x[:, 0]).mean()) for x in (e.draws.cost, e.draws.qaly))
    return cost / (weight * qaly) if cost * qaly > 0.0 else None


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


def models_at(found: ModelRange, threshold: float) -> dict[str, Any]:
    """Net benefit at a threshold over the models that meet the reported figures, and where the base case lies."""
    inmb = np.array([m.increment.inmb(threshold) for m in found.kept])
    base = found.models[0].increment.inmb(threshold)
    return {
        "wtp": threshold,
        "inmb_low": float(inmb.min()),
        "inmb_median": float(np.median(inmb)),
        "inmb_high": float(inmb.max()),
        "worth_it": int((inmb > 0.0).sum()),
        "below_base": int((inmb < base - 1e-9 * max(abs(base), 1.0)).sum()),
        "changes_decision": bool(inmb.min() < 0.0 < inmb.max()),
    }


def median_ratio(found: ModelRange) -> float | None:
    """Median ratio over the models; None where half of them gain no QALYs."""
    ratios = [m.increment.cost / m.increment.qaly if m.increment.qaly > 0.0 else np.inf for m in found.kept]
    middle = float(np.median(ratios))
    return middle if np.isfinite(middle) else None


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
        "icer_median": median_ratio(found),
        "icer_high": high if np.isfinite(high) else None,
        "inmb_low": found.inmb[0],
        "inmb_high": found.inmb[1],
        "changes_decision": found.changes_decision,
        "thresholds": [models_at(found, t) for t in e.priced],
        "most_wanted": None if wanted is None else wanted.name,
        "missing": [
            {"figure": m.name, "low": list(m.low), "high": list(m.high), "explained": m.explained,
             "remaining": m.remaining}
            for m in found.missing
        ],
    }  # fmt: skip
