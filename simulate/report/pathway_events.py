"""Adverse events and outcomes of the first line: which are reported of whom, and their rates, one row an event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulate.pathways.graphs import event_name
from simulate.pathways.toxicities import EventRates, event_rates
from simulate.report.labels import grade
from simulate.report.numbers import NOISE, count, error, percent
from simulate.report.pathway_view import PathNames
from simulate.report.view import Cell, Column, Table

if TYPE_CHECKING:
    from simulate.pathways.assemble import Plan
    from simulate.scenario.pathways import PathwayResult

MANY, RARE = 12, 0.005  # events from which rare rows are left out, and what is rare
ALMOST_ALL = 0.995  # share of patients
SAME_GRADES = {"3-5": ">=3", "4-5": ">=4", "1-5": "any", ">=1": "any"}


@dataclass(frozen=True)
class Rate:
    """Share of a strategy's patients with an event; `reported` is the share of whom it was reported at all."""

    value: float
    mc_error: float | None
    reported: float

    @property
    def whole(self) -> bool:
        """Whether it was reported of (almost) all patients."""
        return self.reported >= ALMOST_ALL


@dataclass(frozen=True)
class EventRow:
    """One event at one grade or worse: its rate under every strategy of which it was reported."""

    event: str
    label: str
    grade: str
    rates: Mapping[str, Rate]

    @property
    def words(self) -> str:
        """Event and grade, as in ``neutropenia grade ≥ 3``."""
        return self.label if self.grade == "any" else f"{self.label} {grade(self.grade)}"


def reported_shares(plan: Plan) -> dict[tuple[str, str], float]:
    """(strategy, event) → share of patients whose first-line regimen has this event reported; no key where none has."""
    names = {r: {event_name(e) for e in own.values()} for r, own in _first_line(plan).items()}
    out: dict[tuple[str, str], float] = {}
    for strategy, treatments in plan.treatments.items():
        for c, t in zip(plan.classes, treatments, strict=True):
            if t.steps[0] is not None and c.share > 0.0:
                for name in names[t.steps[0].regimen]:
                    out[strategy, name] = out.get((strategy, name), 0.0) + c.share
    return out


def _first_line(plan: Plan) -> dict[str, dict[str, EventRates]]:
    evidence = plan.lines.evidence
    used = {t.steps[0].regimen for own in plan.treatments.values() for t in own if t.steps[0] is not None}
    return {name: event_rates(evidence, evidence.regimen(name)) for name in sorted(used)}


def outcomes(plan: Plan) -> set[str]:
    """Events that are no harm of treatment: responses, relief, what happens to a patient, as their study counted them.

    A trial's file says which kind an event is; of an event of a regimen's own file nothing follows and it has no grade.
    """
    evidence, out = plan.lines.evidence, set()
    for name, own in _first_line(plan).items():
        regimen = evidence.regimen(name)
        for item in regimen.toxicities:
            if item.event not in own:
                continue
            trial = item.trial or regimen.evidence.trial
            if item.figure is not None and trial is not None:
                kinds = {t.event: t.kind for t in evidence.library.trial(trial).toxicity}
                outcome = kinds.get(item.figure, "toxicity") != "toxicity"
            else:
                outcome = item.consequence == ("none",) and own[item.event].grades == ("any",)
            if outcome:
                out.add(item.event)
    return out


def event_rows(result: PathwayResult) -> list[EventRow]:
    """Every event and grade of the first line, once, whatever grades its reports divide it into."""
    plan = result.scenario.plan
    shares = reported_shares(plan)
    found: dict[tuple[str, str], tuple[str, dict[str, Rate]]] = {}
    rates = {(t.event, t.grade, t.strategy): t for t in result.comparison.toxicity}
    for name, (label, grades, _) in sorted(plan.events.items()):
        event = name.partition(":")[0]
        for g in grades:
            _, own = found.setdefault((event, SAME_GRADES.get(g, g)), (label, {}))
            for s in result.scenario.strategies:
                t = rates.get((name, g, s))
                if t is not None and shares.get((s, name), 0.0) > 0.0:
                    own[s] = _together(own.get(s), Rate(t.rate, t.mc_error, shares[s, name]))
    return [EventRow(event, label, g, own) for (event, g), (label, own) in found.items() if own]


def _together(one: Rate | None, other: Rate) -> Rate:
    """Rates of patients of different regimens under one strategy: each patient has only one of them."""
    if one is None:
        return other
    errors = None if one.mc_error is None or other.mc_error is None else math.hypot(one.mc_error, other.mc_error)
    return Rate(one.value + other.value, errors, one.reported + other.reported)


def toxicity_table(result: PathwayResult, names: PathNames) -> Table | None:
    """Simulated adverse events and outcomes of the first line under every strategy."""
    rows = event_rows(result)
    if not rows:
        return None
    strategies = result.scenario.strategies
    columns = (Column("event", numeric=False), *(Column(names.strategy(s), "% ± MC error") for s in strategies))
    many = len({r.event for r in rows}) > MANY
    shown = [r for r in rows if not many or any(x.value >= RARE for x in r.rates.values())]
    body = [(Cell(r.label, small=grade(r.grade)), *(_cell(r.rates.get(s)) for s in strategies)) for r in shown]
    what = "first line" if len(result.scenario.plan.lines.lines) > 1 else "treatment"
    notes = [
        f"Events of the {what}, as its study reports them; “–” where the regimen’s report does not name the event, "
        "which is not a zero."
    ]
    if len(shown) < len(rows):
        notes.append(f"Rows below {percent(RARE)} under every strategy are left to toxicity.csv.")
    caption = f"Adverse events and outcomes of the {what}, in {count(result.patients)} patients a strategy"
    return Table("toxicity", caption, columns, tuple(body), tuple(notes), wide=True)


def _cell(rate: Rate | None) -> Cell:
    if rate is None:
        return Cell("–")
    part = "" if rate.whole else f"reported of {percent(rate.reported, 0)} of them"
    mc = "" if rate.mc_error is None or rate.mc_error < NOISE else error(100 * rate.mc_error, 1)
    return Cell(percent(rate.value), small=part, value=rate.value, error=mc)
