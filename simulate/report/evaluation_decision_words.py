"""What an evaluation means for a decision, in sentences composed from its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.composite import Composite
from simulate.report.numbers import count, fixed, money, percent, plain_number
from simulate.report.view import listed
from simulate.scenario.decision_summary import median_ratio, models_at

if TYPE_CHECKING:
    from simulate.economics.model_range import ModelRange
    from simulate.evidence.regimen_schema import Stated
    from simulate.scenario.evaluation import Evaluation

MILLION = 1e6
ENOUGH_MODELS = 20
FEW_MODELS = (
    f"With fewer than {ENOUGH_MODELS} models it cannot be told whether a figure would narrow the range: each model is "
    "predicted from the others, and what a few of them show by chance is not counted."
)


def decision_words(e: Evaluation) -> list[str]:
    """What it means for a decision, sentence by sentence: severity, price, budget, all patients, models."""
    summary, label = e.summary(), e.scenario.label
    currency = summary["currency"]
    out = []
    severity = summary["severity"]
    if severity is not None:
        ratios = [f"{_first(c['icer_draws'], c['icer'], lambda v: money(v, currency))} for {label(c['strategy'])}"
                  for c in severity["contrasts"] if c["icer"] is not None]  # fmt: skip
        weighed = f": cost per weighted QALY {listed(ratios)}" if ratios and severity["weight"] != 1.0 else ""
        out.append(
            f"Severity: patients lose {fixed(severity['absolute'], 1)} QALYs, {percent(severity['proportional'], 0)} "
            f"of what others of their age can expect; a QALY weighs {fixed(severity['weight'], 1)}{weighed}."
        )
    out += [price_words(e, s) for s in e.decisions.prices]
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


def _first(drawn: float | None, plain: float | None, say: Callable[[float], str]) -> str:
    """A number of the draws with that of the files' values behind it; without draws the latter alone."""
    at_files = "none" if plain is None else say(plain)
    return at_files if drawn is None else f"{say(drawn)} (at the values of the files {at_files})"


def price_words(e: Evaluation, strategy: str) -> str:
    """Price of the dearest added drug at which a strategy is just worth its cost, in a sentence or two."""
    currency = e.case.file.currency
    rows = [r for r in e.summary()["value_based_prices"] if r["strategy"] == strategy]
    drawn = e.draws is not None

    def shares(kind: str) -> str:
        out = []
        for r in rows:
            found = r[f"factor_draws{kind}"] if drawn else r[f"factor{kind}"]
            beside = f" ({_share(r[f'factor{kind}'])} at the values of the files)" if drawn else ""
            out.append(f"{_share(found)}{beside} at {money(r['threshold'], currency)} per QALY")
        return listed(out)

    drug = rows[0]["drug"].replace("_", " ")
    by = " on average over the draws" if drawn else ""
    text = (
        f"Price of {drug} at which {e.scenario.label(strategy)} is just worth its cost{by}, as a share of today’s: "
        f"{shares('')}."
    )
    if rows[0]["weight"] is None:
        return text
    return f"{text} With each QALY weighed by {fixed(rows[0]['weight'], 1)} for severity: {shares('_weighted')}."


def _share(factor: float | None) -> str:
    return "no price" if factor is None else percent(factor, 0)


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


def models_words(e: Evaluation, strategy: str, found: ModelRange) -> str:
    """The answer over all models that meet the reported figures: range, median, the base case among them."""
    currency, who, n = e.case.file.currency, e.scenario.label(strategy), len(found.kept)
    low, high = found.icer
    ends = f"from {money(low, currency)} to {money(high, currency)}" if np.isfinite(high) else "without an upper end"
    middle = median_ratio(found)
    typical = "" if middle is None else f", median {money(middle, currency)}"
    rows = [models_at(found, t) for t in e.priced]
    return (
        f"Over the {count(n)} survival models that meet the primary figures (of {count(len(found.models))} tried; all "
        f"else at the values of the files) the ratio of {who} runs {ends} per QALY{typical}. "
        f"{_base(rows, n, currency)} {_models_choice(rows, n, who, currency)}"
    )


def _base(rows: Sequence[Mapping[str, Any]], n: int, currency: str) -> str:
    """Where the base case lies among the models."""
    below = [f"{count(r['below_base'])} of {count(n)} at {money(r['wtp'], currency)}" for r in rows]
    if len({r["below_base"] for r in rows}) == 1:
        below = [f"{count(rows[0]['below_base'])} of {count(n)} at every threshold"]
    return f"Models with a lower net benefit than the base case: {listed(below)}."


def _models_choice(rows: Sequence[Mapping[str, Any]], n: int, who: str, currency: str) -> str:
    """At which thresholds the models disagree on whether a strategy is worth its cost."""
    apart = [f"{money(r['wtp'], currency)} per QALY ({count(r['worth_it'])} of {count(n)} find it worth its cost)"
             for r in rows if r["changes_decision"]]  # fmt: skip
    same = [r for r in rows if not r["changes_decision"]]
    text = f"The models disagree on the choice at {listed(apart)}." if apart else ""
    if same:
        at = "every threshold" if not apart else listed([money(r["wtp"], currency) for r in same]) + " per QALY"
        text += f"{' ' if text else ''}The models agree on the choice at {at}{_agreed(same, who, currency)}."
    return text


def _agreed(rows: Sequence[Mapping[str, Any]], who: str, currency: str) -> str:
    """What all models say of a strategy."""
    if len({bool(r["worth_it"]) for r in rows}) == 1:
        return f": {who} is worth its cost in {'all' if rows[0]['worth_it'] else 'none'} of them"
    each = [f"in {'all' if r['worth_it'] else 'none'} at {money(r['wtp'], currency)}" for r in rows]
    return f": {who} is worth its cost {listed(each)}"


def range_words(e: Evaluation, strategy: str, found: ModelRange) -> str:
    """The range of the answer over the models, what was varied, and the figure that would narrow it most."""
    currency = e.case.file.currency
    varied = (
        "another family of curves or another share of deaths among events of progression-free survival, in one study "
        "at a time"
        if isinstance(getattr(e.case, "calibration", None), Composite)
        else "other families of curves, another share of deaths among events of progression-free survival, another tie "
        "between the times"
    )
    low, high = (money(v, currency) for v in found.inmb)
    text = (
        f"Varied: {varied}. {models_words(e, strategy, found)} Net benefit at {money(found.threshold, currency)} per "
        f"QALY runs from {low} to {high}."
    )
    wanted = found.most_wanted
    if wanted is None and few(found):
        return f"{text} {FEW_MODELS}"
    if wanted is None:
        return f"{text} No single figure would narrow the range."
    return (
        f"{text} Of the figures that are not reported, {wanted.name} would narrow it most, to a width of "
        f"{money(wanted.remaining, currency)}."
    )


def few(found: ModelRange) -> bool:
    """Whether models are too few to tell by leaving each out what a figure would explain."""
    return len(found.kept) < ENOUGH_MODELS
