"""Reported beside simulated, toxicity and leave-one-out predictions, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.report import labels
from simulate.report.labels import Names, model_value, reported_interval, reported_value
from simulate.report.numbers import count, error, fixed, percent, plain_number
from simulate.report.sources_view import source_ids
from simulate.report.view import Cell, Column, Fold, Table, row

if TYPE_CHECKING:
    from simulate.fidelity import FidelityRow
    from simulate.scenario import Result

VERDICTS = {
    "met": "met",
    "consistent": "consistent",
    "conflict": "conflict",
    "superseded": "superseded",
    "not modelled": "not modelled",
}
_COLUMNS = (
    Column("figure", numeric=False),
    Column("reported", "interval"),
    Column("model"),
    Column("simulated"),
    Column("z", "SD"),
    Column("verdict", numeric=False),
    Column("source", numeric=False),
)


def _figure_row(names: Names, r: FidelityRow, reason: bool) -> tuple[Cell, ...]:
    unit = _unit(names, r)
    verdict = Cell(
        VERDICTS.get(r.verdict, r.verdict), small=r.reason if reason else "", mark=r.verdict.replace(" ", "-")
    )
    return row(
        Cell(names.figure(r), small=names.group(r)),
        Cell(reported_value(r.reported, r.statistic, unit), small=reported_interval(r), value=r.reported),
        Cell(model_value(r.model, r.statistic), value=r.model),
        Cell(model_value(r.simulated, r.statistic), value=r.simulated),
        Cell(fixed(r.z, 1, sign=True), value=r.z),
        verdict,
        _source(names, r),
    )


def _unit(names: Names, r: FidelityRow) -> str | None:
    return names.scenario.trial.figure(r.id).unit


def _source(names: Names, r: FidelityRow) -> Cell:
    """The number of the source in the list below, as a link to it."""
    source = names.scenario.trial.figure(r.id).source
    return Cell(f"[{source_ids(names.scenario).index(source) + 1}]", href=f"#source-{source}")


def _table(names: Names, id_: str, caption: str, rows: Iterable[FidelityRow], reason: bool = False) -> Table | None:
    shown = [_figure_row(names, r, reason) for r in rows]
    return Table(id_, caption, _COLUMNS, tuple(shown), wide=True) if shown else None


def fidelity_tables(result: Result, names: Names) -> dict[str, Any]:
    """The four groups of reported figures: used, predicted, conflicts, and (folded) superseded and not modelled."""
    rows = result.fidelity.rows
    live = [r for r in rows if r.verdict not in ("superseded", "not modelled")]
    # rates of adverse events that were used have a section of their own
    targets = [r for r in live if r.used_as_target and (r.endpoint in labels.ENDPOINTS or r.verdict == "conflict")]
    others = [r for r in live if not r.used_as_target]
    conflicts = result.fidelity.conflicts()
    superseded = [r for r in rows if r.verdict == "superseded"]
    unmodelled = [r for r in rows if r.verdict == "not modelled"]
    folds = [
        _fold(
            names, "superseded", f"Superseded rivals ({len(superseded)}): reported too, not used, and why", superseded
        ),
        _reasons(names, unmodelled),
    ]
    return {
        "targets": _table(names, "targets", f"Figures the model was made to meet ({len(targets)})", targets),
        "others": _table(names, "not-targets", f"Figures the model never saw ({len(others)})", others),
        "conflicts": _table(
            names, "conflicts", f"Conflicts ({len(conflicts)}), with their reasons", conflicts, reason=True
        ),
        "n_conflicts": len(conflicts),
        "rms": result.fidelity.rms_z(),
        "folds": tuple(f for f in folds if f is not None),
    }


def _fold(names: Names, id_: str, title: str, rows: list[FidelityRow]) -> Fold | None:
    table = _table(names, id_, "Each with the reason it was not used", rows, reason=True)
    return None if table is None else Fold(title, (table,))


def _reasons(names: Names, rows: list[FidelityRow]) -> Fold | None:
    """Figures no part of the model predicts: the figure and the reason are all there is to show."""
    if not rows:
        return None
    columns = (
        Column("figure", numeric=False),
        Column("reported", "interval"),
        Column("why not modelled", numeric=False),
        Column("source", numeric=False),
    )
    shown = tuple(
        row(
            Cell(names.figure(r), small=names.group(r)),
            Cell(_reported(names, r), small=reported_interval(r), value=r.reported),
            r.reason,
            _source(names, r),
        )
        for r in rows
    )
    title = f"Reported figures that are not modelled ({len(rows)})"
    return Fold(title, (Table("not-modelled", "Kept as evidence, each with the reason", columns, shown, wide=True),))


def _reported(names: Names, r: FidelityRow) -> str:
    """The reported value; a bare count or a range where there is no single value."""
    f = names.scenario.trial.figure(r.id)
    if r.reported is None and f.range is not None:
        unit = " %" if f.range.high <= 1.0 else ""
        scale = 100.0 if unit else 1.0
        return f"{plain_number(round(scale * f.range.low, 1))} to {plain_number(round(scale * f.range.high, 1))}{unit}"
    if r.reported is None and f.events is not None:
        return count(f.events)
    return reported_value(r.reported, r.statistic, f.unit)


def toxicity_table(result: Result, names: Names) -> Table | None:
    """Adverse events: events of n as reported, and the simulated rate, a column each per strategy."""
    trial = result.scenario.trial
    columns = [Column("adverse event", numeric=False)]
    for s in result.scenario.strategies:
        columns += [Column(names.strategy(s), "reported"), Column(names.strategy(s), "simulated ± MC error")]
    simulated = {(t.event, t.grade, t.strategy): t for t in result.comparison.toxicity}
    rows = []
    for item in trial.toxicity:
        for graded in item.grades:
            cells = [Cell(item.label, small=labels.grade(graded.grade))]
            for s in result.scenario.strategies:
                figure = trial.figure(graded.figures[result.scenario.arm(s)])
                found = simulated[item.event, graded.grade, s]
                of = f"{count(figure.events)} of {count(figure.n)}" if figure.events is not None and figure.n else ""
                cells.append(Cell(percent(figure.rate), small=of, value=figure.rate))
                cells.append(Cell(percent(found.rate), value=found.rate, error=error(_hundred(found.mc_error), 1)))
            rows.append(tuple(cells))
    if not rows:
        return None
    notes = tuple(f"{item.label[:1].upper()}{item.label[1:]}: {item.note}" for item in trial.toxicity if item.note)
    caption = "Share of patients with the event at this grade or worse, reported beside simulated"
    return Table("toxicity", caption, tuple(columns), tuple(rows), notes, wide=True)


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def leave_one_out_view(frame: Any, names: Names) -> dict[str, Any] | None:
    """Predictions of each used figure from the others, and what they say about trust."""
    if frame is None or frame.empty:
        return None
    by_id = {f.id: f for f in names.scenario.trial.figures}
    rows = []
    for r in frame.to_dict("records"):
        f = by_id.get(r["figure"])
        who = "" if f is None else names.whose(f)
        miss = r["ratio"] - 1.0
        rows.append(
            row(
                Cell(
                    f"{labels.short(r['endpoint'])} {labels.STATISTICS.get(r['statistic'], r['statistic'])}", small=who
                ),
                Cell(reported_value(r["reported"], r["statistic"]), value=r["reported"]),
                Cell(model_value(r["predicted"], r["statistic"]), value=r["predicted"]),
                Cell(f"{fixed(100 * miss, 0, sign=True)} %", value=miss),
                Cell(fixed(r["z"], 1, sign=True), value=r["z"]),
            )
        )
    ratio = np.abs(np.log(frame["ratio"].to_numpy(dtype=float)))
    worst = int(np.argmax(ratio))
    columns = (
        Column("figure left out", numeric=False),
        Column("reported"),
        Column("predicted", "from the others"),
        Column("error", "relative"),
        Column("z", "SD"),
    )
    return {
        "table": Table(
            "leave-one-out", "Each figure the model uses, predicted from all the others", columns, tuple(rows)
        ),
        "typical": f"{100 * (math.exp(float(np.median(ratio))) - 1):.0f} %",
        "worst": f"{100 * (math.exp(float(ratio[worst])) - 1):.0f} %",
        "worst_figure": ", ".join(x for x in (rows[worst][0].text, rows[worst][0].small) if x),
        "rms_z": fixed(float(np.sqrt(np.mean(np.square(frame["z"].to_numpy(dtype=float))))), 2),
    }
