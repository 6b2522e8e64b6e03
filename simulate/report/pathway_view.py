"""Tables of a scenario of pathways: who gets what, where each model comes from, what was held together, how biased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.calibration.result import used
from simulate.evidence.strategy_schema import LINES
from simulate.report.numbers import fixed, percent, plain_number
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult, PathwayScenario

NOTHING = "supportive care only"
KINDS = {
    "baseline": "carries the level of its line",
    "same trial": "randomised against the baseline",
    "anchored": "effect carried over randomised comparisons",
    "unanchored": "UNANCHORED: level of its own study",
}


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
    """Share of patients whom each strategy gives each regimen, line by line, of those who reach the line."""
    plan = scenario.plan
    columns = (
        Column("line and regimen", numeric=False),
        *(Column(names.strategy(s), "% of patients") for s in scenario.strategies),
    )
    rows = []
    for i, line in enumerate(plan.lines.lines):
        shares: dict[str, dict[str, float]] = {}
        for s in scenario.strategies:
            for c, t in zip(plan.classes, plan.treatments[s], strict=True):
                step = t.steps[i]
                label = NOTHING if step is None else names.regimen(step.regimen)
                own = shares.setdefault(label, dict.fromkeys(scenario.strategies, 0.0))
                own[s] += c.share
        for label, own in sorted(shares.items(), key=lambda kv: -max(kv[1].values())):
            cells = [Cell(percent(own[s]) if own[s] > 0 else "–", value=own[s]) for s in scenario.strategies]
            rows.append(row(Cell(label, small=line_words(scenario, line)), *cells))
    notes = tuple(
        f"Of those alive after the line before, {percent(v.reach, 0)} start the {k.replace('_', ' ')}"
        + (f" (sources: {percent(v.range[0], 0)} to {percent(v.range[1], 0)})." if v.range else ".")
        for k, v in scenario.file.later_lines.items()
    )
    return Table("given", "Who gets what", columns, tuple(rows), notes, wide=True)


def bases_table(scenario: PathwayScenario, names: PathNames) -> Table:
    """Where each regimen's model comes from; what was not randomised is marked."""
    columns = (
        Column("regimen", numeric=False),
        Column("evidence", numeric=False),
        Column("how it enters", numeric=False),
    )
    rows = []
    for (line, regimen), b in sorted(scenario.plan.bases.items(), key=lambda kv: (LINES.index(kv[0][0]), kv[0][1])):
        how = KINDS.get(b.kind, b.kind)
        small = "; ".join(chain_words(link, names) for link in b.chain)
        if b.borrowed:
            small = "; ".join(x for x in (small, f"BORROWED: {b.borrowed}") if x)
        rows.append(
            row(
                Cell(names.regimen(regimen), small=line_words(scenario, line)),
                Cell(b.trial or "–", small=b.arm.replace("_", " ")),
                Cell(how, small=small, mark="conflict" if b.kind == "unanchored" else ""),
            )
        )
    note = "Where regimens were never randomised against each other, their difference contains that of their patients."
    return Table("bases", "Where each model comes from", columns, tuple(rows), (note,), wide=True)


def chain_words(link: str, names: PathNames) -> str:
    """A link ``study: a v b`` of a chain of comparisons with the regimens' labels."""
    study, _, pair = link.partition(": ")
    sides = [names.regimen(side) for side in pair.split(" v ")]
    return f"{' v '.join(sides)} ({study})"


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
    return Table("patients", f"The patients: {population.label}", columns, tuple(rows), (), wide=True)


def level_text(level: Any, name: str) -> str:
    """A level in words: its label, value or band."""
    if level.label:
        return str(level.label)
    if level.min is not None or level.max is not None:
        low, high = (("" if x is None else f"{x:g}") for x in (level.min, level.max))
        return f"{low}–{high}"
    if isinstance(level.value, bool):
        return "yes" if level.value else "no"
    return str(level.value) if level.value is not None else name


def count_once_table(rows: Sequence[Mapping[str, Any]], names: PathNames) -> Table | None:
    """Medians of each first-line regimen among its trial's patients: calibrated, and by the whole pathway."""
    if not rows:
        return None
    columns = (
        Column("regimen", numeric=False),
        Column("calibrated", "months"),
        Column("pathway", "months"),
        Column("difference", "%"),
    )
    body = []
    for r in rows:
        relative = "–" if r["relative"] is None else fixed(100 * r["relative"], 1, sign=True)
        body.append(
            row(
                Cell(names.regimen(r["regimen"]), small=f"median {r['endpoint'].upper()}"),
                Cell(fixed(r["calibrated"], 2) if r["calibrated"] is not None else "not reached"),
                Cell(fixed(r["pathway"], 2) if r["pathway"] is not None else "not reached"),
                Cell(relative),
            )
        )
    note = (
        "Counted once: among the trial’s own patients, with later lines, supportive care and deaths "
        "of other causes as in "
        "its era, the pathway returns the medians of the calibrated trial."
    )
    return Table("count-once", "Nothing is counted twice", columns, tuple(body), (note,))


def stretch_table(scenario: PathwayScenario, names: PathNames) -> Table | None:
    """What had to give so that later trials fit beneath the survival of the earlier ones."""
    rows = []
    for (line, regimen, levels), r in scenario.plan.lines.residuals.items():
        if r.error == 0.0 and r.stretch == 1.0:
            continue
        who = ", ".join(levels)
        rows.append(
            row(
                Cell(names.regimen(regimen), small=f"{line.replace('_', ' ')}{'; ' + who if who else ''}"),
                Cell(fixed(r.time.median, 1)),
                Cell(fixed(r.stretch, 2)),
                Cell(fixed(100 * r.error, 1)),
            )
        )
    if not rows:
        return None
    columns = (
        Column("after", numeric=False),
        Column("median survival without a further line", "months"),
        Column("stretch of the next line’s times", "× its trial’s"),
        Column("largest misfit", "points"),
    )
    note = (
        "Survival after a line contains the treatment of its era. It is parted into the next line and the rest; where "
        "the later trial’s patients lived longer or shorter than that allows, all its times are "
        "stretched. A stretch far "
        "from 1 is a contradiction between trials of different patients, shown here rather than hidden."
    )
    return Table("stretch", "Parting survival after a line", columns, tuple(rows), (note,), wide=True)


def bias_tables(found: Sequence[Mapping[str, Any]], names: PathNames, comparator: str) -> list[Table]:
    """How much selection and immortal time would explain the difference."""
    out = []
    for one in found:
        columns = (
            Column("share of the log hazard ratio that is selection", numeric=False),
            Column("immortal time", "months"),
            Column("median OS", "months"),
            Column("gain in restricted mean", f"months, to {plain_number(one['tau'])}"),
        )
        rows = [
            row(
                percent(r["pull"], 0),
                plain_number(r["lead"]),
                "not reached" if r["median"] is None else fixed(r["median"], 1),
                fixed(r["gain"], 1, sign=True),
            )
            for r in one["rows"]
        ]
        lead = one["lead_that_erases"]
        erased = (
            "no lead up to 60 months erases it" if lead is None else f"a lead of {plain_number(lead)} months erases it"
        )
        notes = (
            one["why"],
            f"Hazard ratio as the series report it {fixed(one['hazard_ratio'], 2)}; E-value "
            f"{fixed(one['e_value'], 2)}: an "
            "unmeasured trait would have to go with both the choice of treatment and survival by a "
            "risk ratio of that size "
            f"to explain all of it. Taken for immortal time alone, {erased}.",
        )
        caption = f"If patients were selected: {names.strategy(one['strategy'])} v {names.strategy(comparator)}"
        out.append(Table(f"bias-{one['strategy']}", caption, columns, tuple(rows), notes, wide=True))
    return out


def trials_table(scenario: PathwayScenario) -> Table:
    """How well each trial's own figures are met and predicted."""
    columns = (
        Column("trial", numeric=False),
        Column("figures used"),
        Column("largest miss of a target", "%"),
        Column("predicted, not used"),
        Column("RMS z of those"),
    )
    rows = []
    for name, c in sorted(scenario.calibrations.items()):
        chosen = set(used(c.statistics))
        z = c.posterior.z
        others = [float(z[i]) for i in range(len(c.statistics)) if i not in chosen and np.isfinite(z[i])]
        misses = [
            abs(s.from_scale(float(c.prediction[i])) / s.value - 1.0)
            for i, s in enumerate(c.statistics)
            if i in chosen and s.role == "primary" and s.value
        ]
        rows.append(
            row(
                Cell(name, small=scenario.trials[name].title),
                str(len(chosen)),
                fixed(100 * max(misses), 1) if misses else "–",
                str(len(others)),
                fixed(float(np.sqrt(np.mean(np.square(others)))), 2) if others else "–",
            )
        )
    return Table("trials", "The trials behind it, reported beside model", columns, tuple(rows), (), wide=True)


def population_frame(result: PathwayResult) -> Any:
    """Classes of patients with their share and covariates, and what each strategy gives them."""
    import pandas as pd

    plan = result.scenario.plan
    rows = []
    for i, c in enumerate(plan.classes):
        given = {
            f"{s}_{line}": (step.regimen if (step := plan.treatments[s][i].steps[k]) is not None else "")
            for s in result.scenario.strategies
            for k, line in enumerate(plan.lines.lines)
        }
        rows.append({"patient_class": i, "share": c.share, **c.profile, **given})
    return pd.DataFrame(rows)
