"""The answer of a scenario of pathways in words, and the few numbers at the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.report import basis, contrasts_view
from simulate.report.numbers import fixed, percent, plain_number
from simulate.report.pathway_events import EventRow, event_rows, outcomes
from simulate.report.pathway_view import PathNames
from simulate.report.results_view import median
from simulate.report.view import listed

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult

Summary = Mapping[str, Any]
FEW = 3  # strategies whose medians fit at the top
MOST = 4  # outcomes told in the answer
BY_CONSTRUCTION = "survival is the same by construction"


def answer(result: PathwayResult, summary: Summary, names: PathNames) -> list[str]:
    """Paragraphs: what was found, and how to take it."""
    scenario = result.scenario
    parts = [
        _outcomes(result, summary, names),
        _survival(result, summary, names),
        _gains(summary, names),
        _side_by_side(result, names),
        _not_randomised(result, summary, names),
        *(_selection(one, names) for one in summary["selection_bias"]),
        _untold(result, names),
        "The studies’ own medians went into their models, so meeting them proves nothing. The mix of patients, the "
        "rules and everything beyond the studies’ follow-up rest on the assumptions listed below.",
    ]
    found = [p for p in parts if p]
    return [f"Patients: {scenario.plan.population.label}. {found[0]}", *found[1:]]


def alike(result: PathwayResult, endpoint: str) -> list[tuple[str, ...]]:
    """Strategies in groups of one and the same curve, in their order."""
    groups: list[tuple[str, ...]] = []
    curves = result.survival(endpoint)
    for name in (s for s in result.scenario.strategies if s in curves):
        for i, group in enumerate(groups):
            if np.array_equal(curves[group[0]].survival, curves[name].survival):
                groups[i] = (*group, name)
                break
        else:
            groups.append((name,))
    return groups


def group_label(result: PathwayResult, group: Sequence[str]) -> str:
    """Label of strategies that share one curve."""
    if len(group) == 1:
        return result.scenario.label(group[0])
    if len(group) == len(result.scenario.strategies):
        return "all strategies: same survival by construction"
    return f"{' = '.join(result.scenario.label(s) for s in group)} (same by construction)"


def _of(summary: Summary, kind: str) -> list[Mapping[str, Any]]:
    """Contrasts of overall survival that rest on `kind`."""
    return [c for c in summary["contrasts"] if c["endpoint"] == "os" and basis.basis_of(c) == kind]


def differing(result: PathwayResult, summary: Summary) -> list[tuple[EventRow, str, str]]:
    """Outcomes reported of both sides of a contrast whose survival is the same: (row, strategy, comparator)."""
    known, rows = outcomes(result.scenario.plan), event_rows(result)
    return [
        (r, c["strategy"], c["comparator"])
        for c in _of(summary, basis.SAME)
        for r in rows
        if r.event in known and c["strategy"] in r.rates and c["comparator"] in r.rates
    ]


def _outcomes(result: PathwayResult, summary: Summary, names: PathNames) -> str:
    found = differing(result, summary)[:MOST]
    told = [
        f"{r.words}: {percent(r.rates[s].value)} with {names.strategy(s)} v {percent(r.rates[c].value)} with "
        f"{names.strategy(c)}"
        for r, s, c in found
    ]
    return f"What differs is in the outcomes. {_upper('; '.join(told))}." if told else ""


def _survival(result: PathwayResult, summary: Summary, names: PathNames) -> str:
    groups = alike(result, "os")
    if len(groups) == 1 and len(groups[0]) > 1:
        text = _months(summary, groups[0][0])
        return f"Median overall survival: {text} under every strategy; {BY_CONSTRUCTION}, so it compares nothing."
    told = []
    for group in groups:
        who = "; ".join(names.strategy(s) for s in group)
        told.append(f"{_months(summary, group[0])} ({who}{f': {BY_CONSTRUCTION}' if len(group) > 1 else ''})")
    return f"Median overall survival: {listed(told)}."


def _months(summary: Summary, strategy: str) -> str:
    text = median(summary["strategies"][strategy]["endpoints"]["os"]).text
    return text if text[:1].isalpha() else f"{text} months"


def _gains(summary: Summary, names: PathNames) -> str:
    """Restricted mean gains, with comparator and basis; none where survival is one by construction."""
    found = [
        c
        for c in summary["contrasts"]
        if c["endpoint"] == "os" and c["rmst_difference"] is not None and basis.basis_of(c) != basis.SAME
    ]
    if not found:
        return ""
    told = []
    for other in dict.fromkeys(c["comparator"] for c in found):
        gains = [
            f"{fixed(c['rmst_difference'], 1, sign=True)} with {names.strategy(c['strategy'])} "
            f"({basis.MARKS.get(basis.basis_of(c), 'basis unknown')})"
            for c in found
            if c["comparator"] == other
        ]
        told.append(f"against {names.strategy(other)} {listed(gains)}")
    tau = plain_number(found[0]["rmst_tau"])
    return f"Mean months of life gained over the first {tau} months: {'; '.join(told)}."


def _side_by_side(result: PathwayResult, names: PathNames) -> str:
    alone = [s for s, other in result.scenario.file.comparators.items() if other is None]
    alone = [s for s in alone if s != result.scenario.file.comparator]
    if not alone:
        return ""
    who = listed([names.strategy(s) for s in alone])
    verb = "is of other patients than" if len(alone) == 1 else "are of other patients than"
    return f"SIDE BY SIDE: {who} {verb} {names.strategy(result.scenario.file.comparator)} and not compared with it."


def _not_randomised(result: PathwayResult, summary: Summary, names: PathNames) -> str:
    """Regimens that make a difference not randomised; none where the survival compared is one by construction."""
    concerned = {s for c in _of(summary, basis.UNANCHORED) for s in (c["strategy"], c["comparator"])}
    used: set[str] = set()
    for s in concerned:
        for t in result.scenario.plan.treatments[s]:
            used |= {step.regimen for step in t.steps if step is not None}
            if t.steps[0] is None and result.scenario.file.supportive_care.regimen is not None:
                used.add(result.scenario.file.supportive_care.regimen)
    named = [names.regimen(r) for r in summary["unanchored"] if r in used]
    if not named:
        return ""
    own = "its own study" if len(named) == 1 else "their own studies"
    return (
        f"NOT RANDOMISED: {listed(named)} entered with the survival of {own}. Differences against "
        f"{'it contain' if len(named) == 1 else 'them contain'} the difference between the patients of the studies and "
        "are not estimates of an effect."
    )


def _untold(result: PathwayResult, names: PathNames) -> str:
    untold = [s for s in result.scenario.strategies if not result.scenario.plan.progression_known(s)]
    if not untold:
        return ""
    who = (
        "any strategy"
        if len(untold) == len(result.scenario.strategies)
        else listed([names.strategy(s) for s in untold])
    )
    return f"Progression-free survival is not shown for {who}: for all or part of these patients it was not reported."


def _selection(one: Mapping[str, Any], names: PathNames) -> str:
    """How much selection would explain, in one or two sentences."""
    whole = next((r for r in one["rows"] if r["pull"] == 0.0 and r["lead"] == 0.0), None)
    halved = next((r for r in one["rows"] if r["pull"] == 0.5 and r["lead"] == 0.0), None)
    text = f"SELECTED PATIENTS: {names.strategy(one['strategy'])}."
    if whole is not None and halved is not None:
        text += (
            f" If half of its log hazard ratio is the choice of patients, {fixed(halved['gain'], 1)} months remain of "
            f"the gain of {fixed(whole['gain'], 1)} over {plain_number(one['tau'])} months."
        )
    lead = one["lead_that_erases"]
    if lead is not None:
        text += f" Immortal time of {plain_number(lead)} months would erase it."
    return text + f" E-value {fixed(one['e_value'], 1)}."


def facts(result: PathwayResult, summary: Summary, names: PathNames) -> list[tuple[str, str, str]]:
    """The few numbers at the top: outcomes that differ, medians, each with what the comparison rests on."""
    out = []
    for r, s, c in differing(result, summary)[:FEW]:
        values = " v ".join(percent(r.rates[x].value) for x in (c, s))
        out.append((_upper(r.words), values, f"{names.strategy(c)} v {names.strategy(s)}"))
    groups = alike(result, "os")
    if len(groups) == 1 and len(groups[0]) > 1:
        text = median(summary["strategies"][groups[0][0]]["endpoints"]["os"]).text
        return [*out, ("Median OS, months", text, group_label(result, groups[0]))]
    if len(result.scenario.strategies) > FEW:
        return out
    marks = {basis.MARKS[kind] for kind in basis.MARKS if _of(summary, kind)}
    told = f" ({'; '.join(sorted(marks))})" if marks else ""
    found = contrasts_view.medians(summary, names, result.scenario.strategies)
    return out + [(name, value, f"{what}{told}") for name, value, what in found]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
