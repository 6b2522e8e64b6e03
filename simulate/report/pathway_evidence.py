"""Where the models of a pathway come from: bases, studies, what was held together, how biased a series may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.calibration.result import used
from simulate.evidence.strategy_schema import LINES
from simulate.report.numbers import fixed, percent, plain_number
from simulate.report.pathway_view import PathNames, line_words
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayScenario

KINDS = {
    "baseline": "carries the level of its line",
    "same trial": "randomised against the baseline",
    "anchored": "effect carried over randomised comparisons",
    "unanchored": "UNANCHORED: level of its own study",
}


def bases_table(scenario: PathwayScenario, names: PathNames) -> Table:
    """Where each regimen's model comes from; what was not randomised is marked."""
    columns: tuple[Column, ...] = (
        Column("regimen", numeric=False),
        Column("evidence", numeric=False),
        Column("how it enters", numeric=False),
        Column("what stands in for what", numeric=False),
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
                Cell("", small=stand_ins(scenario, regimen)),
            )
        )
    note = "Where regimens were never randomised against each other, their difference contains that of their patients."
    if not any(cells[-1].small for cells in rows):
        columns, rows = columns[:-1], [cells[:-1] for cells in rows]
    return Table("bases", "Where each model comes from", columns, tuple(rows), (note,), wide=True)


def stand_ins(scenario: PathwayScenario, regimen: str) -> str:
    """What the regimen's file says of borrowed evidence: whose arm stands in, why, and its notes."""
    found = scenario.plan.lines.evidence.regimen(regimen)
    said = [w for w in (found.evidence.modelled, found.evidence.why, *found.notes) if w]
    return " ".join(w if w.endswith((".", "!", "?")) else f"{w}." for w in said)


def chain_words(link: str, names: PathNames) -> str:
    """A link ``study: a v b`` of a chain of comparisons with the regimens' labels."""
    study, _, pair = link.partition(": ")
    sides = [names.regimen(side) for side in pair.split(" v ")]
    return f"{' v '.join(sides)} ({study})"


def count_once_table(rows: Sequence[Mapping[str, Any]], names: PathNames) -> Table | None:
    """Medians of each first-line regimen among its trial's patients: calibrated, and by the whole pathway."""
    if not rows:
        return None
    columns = (
        Column("regimen", numeric=False),
        Column("calibrated", "months"),
        Column("pathway", "months"),
        Column("difference", "%"),
        Column("mean, calibrated", "months"),
        Column("mean, pathway", "months"),
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
                Cell(fixed(r["calibrated_mean"], 1)),
                Cell(fixed(r["pathway_mean"], 1)),
            )
        )
    note = (
        "Counted once: among the patients assumed for the trials (`evidence_population`), with later lines, "
        "supportive care and deaths of other causes as in their era, the pathway returns the medians of the calibrated "
        "trial. Means (to the horizon) are met as far as survival without a further line allows: what differs there is "
        "in the tails, beyond the trials’ follow-up."
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
            "Hazard ratio of death as simulated from the studies’ curves, everyone followed up, "
            f"{fixed(one['hazard_ratio'], 2)}; E-value "
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
        Column("largest miss of a figure used", "%"),
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
            if i in chosen and s.value
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
