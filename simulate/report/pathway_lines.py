"""Tables on lines of treatment: how long patients are on each regimen, and other shares who reach a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulate.report.numbers import fixed, percent
from simulate.report.pathway_view import PathNames, line_words
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayScenario

Rows = Sequence[Mapping[str, Any]]
NOTHING = 1e-3  # months
IN_TRIAL = "alone, in its trial’s setting"
SHOWN = 0.0005  # share of patients below which a regimen has no row of its own


def on_treatment_table(rows: Rows, scenario: PathwayScenario, names: PathNames) -> Table | None:
    """Mean months on each regimen, of those who start it, with their share."""
    shown = [r for r in rows if r["months"] is not None and r["share"] >= SHOWN]
    if not shown:
        return None
    columns = (
        Column("line and regimen", numeric=False),
        Column("longest course", "months"),
        *(Column(names.strategy(s), "months (% who start)") for s in scenario.strategies),
    )
    by_place: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for r in shown:
        by_place.setdefault((r["line"], r["regimen"]), {})[r["strategy"]] = r
    order = list(scenario.plan.lines.lines)
    body = []
    for (line, regimen), own in sorted(by_place.items(), key=lambda kv: order.index(kv[0][0])):
        most = next(iter(own.values()))["longest"]
        cells = [
            Cell(fixed(own[s]["months"], 1), small=f"({percent(own[s]['share'])})", value=own[s]["months"])
            if s in own
            else Cell("–")
            for s in scenario.strategies
        ]
        first = Cell(names.regimen(regimen), small=line_words(scenario, line))
        body.append(row(first, "to progression" if most is None else fixed(most, 1), *cells))
    notes = (
        "Mean months from the start of a regimen to progression, death or its longest course, of those who start it; "
        "within the horizon; the share is of all patients. Adverse events, choice and delay end no course here. Times "
        "in a later line are those of its own study, without the stretch that fits it beneath the survival of earlier "
        "ones. "
        "Radiotherapy and surgery alone, and regimens of which no progression is reported, have no row.",
    )
    return Table("on-treatment", "Time on treatment", columns, tuple(body), notes, wide=True)


def mixes_table(rows: Rows, scenario: PathwayScenario, names: PathNames) -> Table | None:
    """Overall survival where more or fewer patients reach a later line than in the trials' years."""
    if not rows:
        return None
    ends = list(dict.fromkeys((r["line"], r["reach"]) for r in rows))
    columns: list[Column] = [Column("who", numeric=False)]
    for line, reach in ends:
        who = f"{percent(reach, 0)} {line.replace('_', ' ')}"
        columns += [Column(f"median OS, {who}", "months (change)"), Column(f"mean OS, {who}", "months (change)")]
    by_name: dict[tuple[str, str], dict[tuple[str, float], Mapping[str, Any]]] = {}
    for r in rows:
        by_name.setdefault((r["setting"], r["name"]), {})[r["line"], r["reach"]] = r
    body = []
    for (setting, name), own in sorted(by_name.items(), key=lambda kv: kv[0][0] == "trial"):  # strategies first
        if all(abs(r["mean_change"]) < NOTHING for r in own.values()):
            continue
        first = Cell(names.strategy(name)) if setting == "scenario" else Cell(names.regimen(name), small=IN_TRIAL)
        cells = [cell for end in ends for cell in (_changed(own[end], "median"), _changed(own[end], "mean"))]
        body.append(row(first, *cells))
    era = ", ".join(f"{percent(v.reach, 0)} {k.replace('_', ' ')}" for k, v in scenario.file.later_lines.items())
    notes = (
        f"Of the trials’ patients; in their years {era}, against which the changes are. Means are restricted to "
        f"{fixed(rows[0]['tau'], 0)} months. Survival without a further line stays as it was solved with the era’s "
        "shares. Where a trial’s own survival after progression is shorter than the later line’s studies allow, "
        "treating more can shorten it, or move median and mean apart: a contradiction between studies of different "
        "patients, not an effect. "
        "Regimens after which nothing is simulated have no row.",
    )
    return Table("later-mixes", "More or fewer later lines", tuple(columns), tuple(body), notes, wide=True)


def _changed(r: Mapping[str, Any], key: str) -> Cell:
    if r[key] is None:
        return Cell("not reached")
    change = r[f"{key}_change"]
    return Cell(fixed(r[key], 1), small="" if change is None else f"({fixed(change, 1, sign=True)})", value=r[key])
