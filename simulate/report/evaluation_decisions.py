"""Files and figures of what an evaluation means for a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulate.plots import decisions as plots
from simulate.report.number_words import number_words
from simulate.report.numbers import money
from simulate.scenario.decision_summary import population_values

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

# What is written where the scenario gives what it takes: patients, uptake, a trial with strata, weights of severity.
DECISION_FILES = (
    "population.csv",
    "budget_impact.csv",
    "severity.csv",
    "evsi.csv",
    "value_based_prices.csv",
    "two_way.csv",
    "subgroups.csv",
    "model_range.csv",
    "missing_figures.csv",
    *(f"{name}.{kind}" for name in ("budget_impact", "evsi", "two_way", "model_range") for kind in ("svg", "png")),
)
MILLION = 1e6
HEALTH = ("utility", "disutility", "gain", "decrement")  # last words of names that are utilities
FULL = "full health 1"  # their unit
WORTH = 0.5  # a value of information per patient below it is printed as nothing


def decision_frames(e: Evaluation) -> dict[str, pd.DataFrame]:
    """File name → table, of everything that there is."""
    summary = e.summary()
    rows: dict[str, list[dict[str, Any]]] = {
        "population.csv": _population(e),
        "budget_impact.csv": [
            {k: v for k, v in y.items() if k != "by_category"} | {f"net_{k}": v for k, v in y["by_category"].items()}
            for y in (summary["budget_impact"] or {"years": []})["years"]
        ],
        "severity.csv": _severity(summary["severity"]),
        "evsi.csv": summary["evsi"],
        "value_based_prices.csv": [
            {**{k: v for k, v in p.items() if k != "vials"}, **v}
            for p in summary["value_based_prices"] for v in p["vials"] or [{"mg": None, "price": None}]
        ],
        "two_way.csv": _grid(e),
        "subgroups.csv": [_flat(g) for g in summary["subgroups"]],
        "model_range.csv": _models(e),
        "missing_figures.csv": [
            {"strategy": s, "figure": m.name, "comparator_low": m.low[0], "comparator_high": m.high[0],
             "strategy_low": m.low[1], "strategy_high": m.high[1], "explained": m.explained, "remaining": m.remaining}
            for s, found in e.decisions.model_range.items() for m in found.missing
        ],
    }  # fmt: skip
    return {name: pd.DataFrame(own) for name, own in rows.items() if own}


def _population(e: Evaluation) -> list[dict[str, Any]]:
    found = e.decisions.reached
    rows = []
    for row in population_values(e):
        assert found is not None
        own = {"everything": row["evpi"], **row["evppi"]}
        for about, value in own.items():
            one = value / found.patients
            rows.append({"about": about, "wtp": row["wtp"], "per_patient": one, "patients": found.patients,
                         "value": value, "low": one * found.low, "high": one * found.high})  # fmt: skip
    return rows


def _severity(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    shared = {k: v for k, v in found.items() if k != "contrasts"}
    return [{**shared, **_flat(c)} for c in found["contrasts"]]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its net benefits, and patients, in columns of their own."""
    out = {k: v for k, v in row.items() if k not in ("inmb", "patients", "strata")}
    out |= {f"patients_{s}": n for s, n in row.get("patients", {}).items()}
    out |= {"strata": " ".join(row["strata"])} if "strata" in row else {}
    return out | {f"inmb_{t}": v for t, v in row["inmb"].items()}


def _grid(e: Evaluation) -> list[dict[str, Any]]:
    rows = []
    for s, g in e.decisions.grids.items():
        for i, a in enumerate(g.first):
            for j, b in enumerate(g.second):
                rows.append({"strategy": s, "first": g.names[0], "second": g.names[1], "first_value": a,
                             "second_value": b, "threshold": e.threshold, "inmb": g.inmb[i, j]})  # fmt: skip
    return rows


def _models(e: Evaluation) -> list[dict[str, Any]]:
    rows = []
    for s, found in e.decisions.model_range.items():
        for m in found.models:
            predicted = {
                f"{name} ({who})": pair[i]
                for name, pair in m.predicted.items()
                for i, who in enumerate(("comparator", "strategy"))
            }
            rows.append({"strategy": s, "model": m.label, "why": m.why, "meets_figures": m.feasible,
                         "delta_cost": m.increment.cost, "delta_qaly": m.increment.qaly, "icer": m.increment.icer,
                         "inmb": m.increment.inmb(found.threshold), "threshold": found.threshold,
                         **predicted})  # fmt: skip
    return rows


# ------------------------------------------------------------------------------------------------ figures
def decision_figures(e: Evaluation, source: str) -> dict[str, Callable[[], Any]]:
    """Name of each figure → what draws it, of everything that there is; `source` stands below."""
    d = e.decisions
    out: dict[str, Callable[[], Any]] = {}
    if d.budget is not None:
        out["budget_impact"] = lambda: budget_figure(e, source)
    if any(t.ceiling.max() > WORTH for t in d.trials):
        out["evsi"] = lambda: trials_figure(e, source)
    if d.grids:
        out["two_way"] = lambda: grid_figure(e, source)
    if d.model_range:
        out["model_range"] = lambda: range_figure(e, source)
    return out


def budget_figure(e: Evaluation, source: str) -> Any:
    """Costs of each year with and without the decision."""
    found = e.decisions.budget
    assert found is not None
    unit = f"{e.case.file.currency} million"
    return plots.budget(found.with_strategy / MILLION, found.without / MILLION, unit=unit, source=source)


def trials_figure(e: Evaluation, source: str) -> Any:
    """Value of trials by size: of all who are concerned where that is known, else per patient."""
    found = [t for t in e.decisions.trials if t.ceiling.max() > WORTH]
    reached, currency = e.decisions.reached, e.case.file.currency
    factor = 1.0 if reached is None else reached.patients / MILLION
    whole = [t for t in found if t.population is not None]
    value = {t.group: (t.value * factor if t.population is None else t.population / MILLION) for t in found}
    unit = f"{currency} million, all patients" if whole else f"{currency} per patient"
    return plots.trials(
        {t.group: t.patients for t in found},
        value,
        {t.group: t.ceiling * factor for t in found},
        [f"At {money(x, currency)} per QALY" for x in e.priced],
        unit=unit,
        source=f"{source} ∞: perfect information on the same.",
    )


def grid_figure(e: Evaluation, source: str) -> Any:
    """Net benefit over the two most influential numbers, survival apart, of every strategy."""
    currency = e.case.file.currency
    labels = {s: e.scenario.label(s) for s in e.strategies}
    maps = []
    for strategy, g in e.decisions.grids.items():
        first, second = (with_unit(name, currency, labels) for name in g.names)
        title = f"{labels[strategy]}, at {money(e.threshold, currency)} per QALY"
        maps.append(plots.Map(title, (first, g.first, g.base[0]), (second, g.second, g.base[1]), g.inmb))
    note = (
        f"{source} The two numbers that move net benefit most, survival apart: its parameters are uncertain together. "
        "Circle: as evaluated. Thick line, where it is in reach: net benefit 0."
    )
    return plots.grid(maps, unit=f"{currency} per patient", source=note)


def with_unit(name: str, currency: str, labels: Mapping[str, str]) -> str:
    """A number in words that always end in its unit, as an axis is called.

    Examples
    --------
    >>> with_unit("states.progressed.utility", "USD", {}), with_unit("bodies.weight", "USD", {})
    ('progressed, utility (full health 1)', 'weight (kg)')
    """
    words = number_words(name, currency, labels)
    head, last = name.split(".")[0], name.split(".")[-1]
    unit = FULL if last in HEALTH else {"price": "ratio", "toxicity": "0 to 1", "subsequent": "0 to 1"}.get(head)
    return words if words.endswith(")") or unit is None else f"{words} ({unit})"


def range_figure(e: Evaluation, source: str) -> Any:
    """Net benefit under every model that meets the reported figures, of every strategy."""
    currency = e.case.file.currency
    ranges = []
    for strategy, found in e.decisions.model_range.items():
        inmb = np.array([m.increment.inmb(found.threshold) for m in found.kept])
        title = f"{e.scenario.label(strategy)}, at {money(found.threshold, currency)} per QALY"
        ranges.append(plots.Range(title, inmb, found.models[0].increment.inmb(found.threshold)))
    note = f"{source} Upwards: from the worst model for the strategy to the best."
    return plots.models(ranges, unit=f"{currency} per patient", source=note)
