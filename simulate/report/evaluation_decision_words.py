"""What an evaluation means for a decision, in sentences composed from its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulate.economics.composite import Composite
from simulate.report.numbers import count, fixed, money, percent, plain_number
from simulate.report.view import listed

if TYPE_CHECKING:
    from simulate.economics.model_range import ModelRange
    from simulate.evidence.regimen_schema import Stated
    from simulate.scenario.evaluation import Evaluation

MILLION = 1e6


def decision_words(e: Evaluation) -> list[str]:
    """What it means for a decision, sentence by sentence: severity, price, budget, all patients, models."""
    summary, label = e.summary(), e.scenario.label
    currency = summary["currency"]
    out = []
    severity = summary["severity"]
    if severity is not None:
        ratios = [f"{money(c['icer'], currency)} for {label(c['strategy'])}" for c in severity["contrasts"]
                  if c["icer"] is not None]  # fmt: skip
        weighed = f": cost per weighted QALY {listed(ratios)}" if ratios and severity["weight"] != 1.0 else ""
        out.append(
            f"Severity: patients lose {fixed(severity['absolute'], 1)} QALYs, {percent(severity['proportional'], 0)} "
            f"of what others of their age can expect; a QALY weighs {fixed(severity['weight'], 1)}{weighed}."
        )
    for s, own in e.decisions.prices.items():
        shares = [f"{percent(p.factor, 0) if p.factor is not None else 'no price'} of it at "
                  f"{money(p.threshold, currency)} per QALY" for p in own]  # fmt: skip
        drug = own[0].drug.replace("_", " ")
        out.append(f"Price of {drug} at which {label(s)} is just worth its cost, against today’s: {listed(shares)}.")
    budget = e.decisions.budget
    if budget is not None:
        out.append(
            f"Budget: {money(budget.total / MILLION, currency)} million more over {len(budget.net)} years for "
            f"{label(budget.strategy)}, {money(float(budget.net[-1]) / MILLION, currency)} million in the last of them."
        )
    if summary["population"] is not None and summary["population"]["evpi"]:
        worth = [f"{money(r['evpi'] / MILLION, currency)} million at {money(r['wtp'], currency)}"
                 for r in summary["population"]["evpi"]]  # fmt: skip
        out.append(f"Perfect information is worth {listed(worth)} per QALY to all {people_count(e)}.")
    return out


def people_count(e: Evaluation) -> str:
    """Patients concerned, in a few words."""
    found = e.decisions.reached
    assert found is not None
    return f"{count(found.patients)} patients of {plain_number(found.years)} years (discounted)"


def people_words(e: Evaluation) -> str:
    """Whom the decision concerns, and where the number comes from."""
    found, affected = e.decisions.reached, e.case.question.population
    assert found is not None
    assert affected is not None
    one = affected.yearly
    origin = origin_words(e, one)
    parts = [
        f"{count(found.yearly)} patients a year ({origin}) over {plain_number(found.years)} years, discounted at "
        f"{percent(found.rate)} a year: {count(found.patients)} patients."
    ]
    if one.borrowed:
        parts.append(f"{one.borrowed[0].upper()}{one.borrowed[1:]}.")
    return " ".join([*parts, one.note or ""]).strip()


def origin_words(e: Evaluation, stated: Stated) -> str:
    """Where a number of the scenario comes from."""
    if stated.assumed:
        return f"assumed, {(stated.why or '').rstrip('.')}"
    known = e.scenario.library.sources.get(stated.source or "")
    return (known.citation if known is not None else str(stated.source)).rstrip(".")


def range_words(e: Evaluation, strategy: str, found: ModelRange) -> str:
    """The range of the answer over the models, in a sentence or two."""
    currency, who = e.case.file.currency, e.scenario.label(strategy)
    low, high = found.icer
    ends = f"from {money(low, currency)} to {money(high, currency)}" if np.isfinite(high) else "without an upper end"
    worth = [money(v, currency) for v in found.inmb]
    varied = (
        "another family of curves or another share of deaths among events of progression-free survival, in one study "
        "at a time"
        if isinstance(getattr(e.case, "calibration", None), Composite)
        else "other families of curves, another share of deaths among events of progression-free survival, another tie "
        "between the times"
    )
    text = (
        f"{count(len(found.kept))} of {count(len(found.models))} models meet the reported figures: {varied}. "
        f"Over them the cost per QALY of {who} runs {ends}, and its net benefit at "
        f"{money(found.threshold, currency)} per QALY from {worth[0]} to {worth[1]}, so "
        f"{'they do not agree on the choice' if found.changes_decision else 'they agree on the choice'}."
    )
    wanted = found.most_wanted
    if wanted is None:
        return f"{text} No single figure would narrow the range."
    return (
        f"{text} Of the figures that are not reported, {wanted.name} would narrow it most, to a width of "
        f"{money(wanted.remaining, currency)}."
    )
