"""Tables of a scenario of pathways: who the patients are and who gets what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulate.report.numbers import percent, plain_number
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult, PathwayScenario

NOTHING = "supportive care only"


@dataclass(frozen=True)
class PathNames:
    """Labels of strategies and regimens."""

    scenario: PathwayScenario

    def strategy(self, name: str) -> str:
        """Label of a strategy."""
        return self.scenario.label(name)

    def regimen(self, name: str) -> str:
        """Label of a regimen."""
        return self.scenario.plan.lines.evidence.regimen(name).label


def line_words(scenario: PathwayScenario, line: str) -> str:
    """A line in words; where only one is modelled it need not be the first of a patient's life."""
    return line.replace("_", " ") if len(scenario.plan.lines.lines) > 1 else ""


def given_table(scenario: PathwayScenario, names: PathNames) -> Table:
    """Share of patients whom each strategy gives each regimen, line by line, of those who can reach the line."""
    columns = (
        Column("line and regimen", numeric=False),
        *(Column(names.strategy(s), "% of patients") for s in scenario.strategies),
    )
    rows = []
    for i, line in enumerate(scenario.plan.lines.lines):
        shares = _given(scenario, names, i)
        for label, own in sorted(shares.items(), key=lambda kv: -max(kv[1].values())):
            cells = [Cell(percent(own[s]) if own[s] > 0 else "–", value=own[s]) for s in scenario.strategies]
            rows.append(row(Cell(label, small=line_words(scenario, line)), *cells))
    notes = tuple(
        f"Of the trials’ patients alive after the line before, {percent(v.reach, 0)} start the {k.replace('_', ' ')}"
        + (f" (sources: {percent(v.range[0], 0)} to {percent(v.range[1], 0)})." if v.range else ".")
        + (f" Who can is given by {', '.join(v.when)} at that time." if v.when else "")
        for k, v in scenario.file.later_lines.items()
    )
    if scenario.file.later_lines:
        notes = (
            "Shares of a later line are of the patients who were treated in every line before, by what they are then.",
            *notes,
        )
    return Table("given", "Who gets what", columns, tuple(rows), notes, wide=True)


def _given(scenario: PathwayScenario, names: PathNames, line: int) -> dict[str, dict[str, float]]:
    """Regimen → strategy → share, in one line, of the patients who were treated in all lines before."""
    plan, shares = scenario.plan, dict[str, dict[str, float]]()
    for s in scenario.strategies:
        treated = [
            (c.share * math.prod(t.able[:line]), t.steps[line], t.able[line])
            for c, t in zip(plan.classes, plan.treatments[s], strict=True)
            if all(step is not None for step in t.steps[:line])
        ]
        whole = sum(share for share, _, _ in treated)
        for share, step, able in treated:
            given = able if step is not None else 0.0
            for label, part in (("" if step is None else names.regimen(step.regimen), given), (NOTHING, 1.0 - given)):
                if part > 0.0:
                    own = shares.setdefault(label, dict.fromkeys(scenario.strategies, 0.0))
                    own[s] += share * part / whole if whole > 0.0 else 0.0
    return shares


def patients_table(scenario: PathwayScenario) -> Table:
    """The covariates of the population and their marginal shares."""
    from simulate.pathways.profiles import marginal

    population = scenario.plan.population
    columns = (
        Column("covariate", numeric=False),
        Column("levels and shares", numeric=False),
        Column("origin", numeric=False),
    )
    rows = []
    for name, covariate in population.covariates.items():
        shares = marginal(population, name)
        text = ", ".join(
            f"{level_text(covariate.levels[k], k)} {percent(v, 0 if v >= 0.02 else 1)}" for k, v in shares.items()
        )
        assumed = sum(c.assumed for c in covariate.cases)
        origin = "assumed" if assumed == len(covariate.cases) else "reported" if not assumed else "partly assumed"
        small = (
            ""
            if covariate.prognosis is None
            else "hazard ratios " + ", ".join(plain_number(r) for r in covariate.prognosis.hazard_ratios)
        )
        rows.append(row(covariate.label, Cell(text, small=small), origin))
        if covariate.changes is not None and len(scenario.plan.lines.lines) > 1:
            rows += [_later_row(scenario, name, line) for line in scenario.plan.lines.lines[1:]]
    return Table("patients", f"The patients: {population.label}", columns, tuple(rows), (), wide=True)


def _later_row(scenario: PathwayScenario, name: str, line: str) -> tuple[Cell, ...]:
    """Shares of the levels of a covariate when a later line is decided on."""
    from simulate.pathways.changes import in_line
    from simulate.pathways.profiles import marginal

    known = scenario.plan.lines.population
    covariate = known.covariates[name]
    shares = marginal(known, in_line(known, name, line))
    text = ", ".join(
        f"{level_text(covariate.levels[k], k)} {percent(v, 0 if v >= 0.02 else 1)}" for k, v in shares.items()
    )
    words = line.replace("_", " ")
    small = f"if all lived until a {words} is decided on"
    origin = "assumed" if covariate.changes is not None and covariate.changes.assumed else "reported"
    return row(Cell(covariate.label, small=f"at the {words}"), Cell(text, small=small), origin)


def level_text(level: Any, name: str) -> str:
    """A level in words: its label, value or band."""
    if level.label:
        return str(level.label)
    if level.min is not None or level.max is not None:
        low, high = (("" if x is None else f"{x:g}") for x in (level.min, level.max))
        return f"{low}–{high}"
    if isinstance(level.value, bool):
        return "yes" if level.value else "no"
    if isinstance(level.value, int | float):
        return f"{level.value:g}"
    return str(level.value).replace("_", " ") if level.value is not None else name


def population_frame(result: PathwayResult) -> Any:
    """Classes of patients with their share, one of their profiles, and what each strategy gives them.

    ``STRATEGY_LINE_able`` is the share, of those treated in the line before, who can start a later line.
    """
    import pandas as pd

    plan = result.scenario.plan
    rows = []
    for i, c in enumerate(plan.classes):
        given = {
            f"{s}_{line}": (step.regimen if (step := plan.treatments[s][i].steps[k]) is not None else "")
            for s in result.scenario.strategies
            for k, line in enumerate(plan.lines.lines)
        }
        able = {
            f"{s}_{line}_able": plan.treatments[s][i].able[k]
            for s in result.scenario.strategies
            for k, line in enumerate(plan.lines.lines)
            if k > 0
        }
        rows.append({"patient_class": i, "share": c.share, **c.profile, **given, **able})
    return pd.DataFrame(rows)
