"""`fidelity.html`: every study's reported figures beside its model, and what predictions say, in one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from simulate import __version__
from simulate.evidence import Library
from simulate.evidence.schema import Trial
from simulate.fidelity.predictions import INSIDE, informed, trust
from simulate.fidelity.table import Fidelity, FidelityRow, rms
from simulate.plots import predictions as plot
from simulate.report import figures, html, predictive_view, words
from simulate.report.labels import ENDPOINTS, Names, model_value, reported_interval, reported_value, short
from simulate.report.numbers import count, fixed, percent, plain_number
from simulate.report.view import Cell, Column, Fold, Picture, Table, row

if TYPE_CHECKING:
    from simulate.scenario import Scenario


@dataclass(frozen=True)
class _Scope:
    """What `Names` asks of a scenario, of a study alone."""

    trial: Trial
    library: Library
    file: Any = field(default_factory=lambda: SimpleNamespace(population="all", follow_up={}))


def fidelity_page(library: Library, tables: Sequence[Fidelity], predicted: pd.DataFrame, command: str) -> str:
    """The page as text.

    Parameters
    ----------
    tables : of the studies shown.
    predicted : their predictions (`simulate.fidelity.predictions`).
    command : what was typed.

    Raises
    ------
    InputError : Jinja2 is not installed.
    """
    names = {t.trial: Names(cast("Scenario", _Scope(library.trial(t.trial), library))) for t in tables}
    rows = [r for t in tables for r in live(t)]
    values: dict[str, Any] = {
        "title": "Fidelity: reported figures beside the models made of them",
        "question": "Do the models return what was reported, and do they predict what they were not told?",
        "banner": words.BANNER,
        "meta": f"{count(len(tables))} studies; simulate {__version__}; made by `{command}`. Times in months.",
        "version": __version__,
        "answer": answer(tables, rows, predicted),
        "facts": facts(rows, predicted),
        "predictive": _predictive(predicted, names),
        "studies": studies_table(tables, names),
        "studies_text": "Figures that can be held against a model; the others (doses, baseline, counts) are evidence "
        "that "
        "no model predicts and are counted in the last column.",
        "conflicts": _conflicts(tables, names),
        "conflicts_text": "A figure counts as a conflict beyond ±1.96 standard deviations or outside its interval. "
        "Each with its reason; none is hidden by a wider tolerance.",
        "figures_text": "z is the distance in standard deviations: of a figure that was used, from its prediction by "
        "the others; of one that was not, from the model.",
        "folds": [_fold(t, names[t.trial]) for t in tables if live(t)],
        "contents": [
            ("answer", "Answer"),
            *([("predicted", "Prediction")] if len(predicted) else []),
            ("studies", "Studies"),
            ("conflicts", "Conflicts"),
            ("figures", "Every figure"),
        ],
    }
    return html.page("fidelity.html.j2", values)


def live(table: Fidelity) -> list[FidelityRow]:
    """Rows with a model's value that are nobody's superseded rival."""
    return [r for r in table.rows if r.model is not None and r.verdict != "superseded"]


def inside(r: FidelityRow) -> bool:
    """Whether the model's value lies in the figure's interval."""
    assert r.model is not None
    return r.ci_low is not None and r.ci_high is not None and r.ci_low - 1e-9 <= r.model <= r.ci_high + 1e-9


def medians_missed(rows: Sequence[FidelityRow], by: float = 0.02) -> list[FidelityRow]:
    """Medians used as targets that the simulation misses by more than 2 %."""
    return [
        r
        for r in rows
        if r.used_as_target and r.statistic == "median" and r.reported and r.simulated is not None
        and abs(r.simulated / r.reported - 1.0) > by
    ]  # fmt: skip


def answer(tables: Sequence[Fidelity], rows: Sequence[FidelityRow], predicted: pd.DataFrame) -> list[str]:
    """What the page says, in two paragraphs."""
    within = [inside(r) for r in rows if r.ci_low is not None]
    used = sum(r.used_as_target for r in rows)
    n_conflicts = sum(len(t.conflicts()) for t in tables)
    medians = [r for r in rows if r.used_as_target and r.statistic == "median"]
    missed = medians_missed(rows)
    parts = [
        f"{count(len(rows))} reported figures of {count(len(tables))} studies are held against their models: "
        f"{count(used)} were used, {count(len(rows) - used)} were not. {percent(float(np.mean(within)))} lie inside "
        f"their interval, printed or derived from the number of patients; {count(n_conflicts)} are named as conflicts, "
        f"with their reasons. Of {count(len(medians))} medians used, {count(len(missed)) if missed else 'none'} is "
        "missed by more than 2 %."
    ]
    if len(predicted):
        parts.append(f"Meeting figures that were used proves nothing. {predictive_view.sentence(predicted)}")
    return parts


def facts(rows: Sequence[FidelityRow], predicted: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The four numbers at the top."""
    out = []
    for used, name in ((True, "used"), (False, "not used")):
        part = [r for r in rows if r.used_as_target == used and r.ci_low is not None]
        if part:
            what = f"of {count(len(part))} figures {name} lie inside their interval; RMS z {fixed(rms(rows, used), 2)}"
            out.append((f"Figures {name}", percent(float(np.mean([inside(r) for r in part]))), what))
    landmarks = predicted[predicted["statistic"] == "landmark"] if len(predicted) else predicted
    if len(landmarks) and len(informed(landmarks)):
        t = trust(informed(landmarks))
        out.append(("Landmarks predicted", f"{fixed(t['median_error_points'], 1)} points", "median absolute error"))
        what = f"{t['inside']} of {t['figures']} inside; exact binomial p against 95 % is {fixed(t['coverage_p'], 2)}"
        out.append(("Prediction intervals", percent(t["coverage"]), what))
    return out


def _predictive(predicted: pd.DataFrame, names: Mapping[str, Names]) -> dict[str, Any] | None:
    from markupsafe import Markup

    landmarks = predicted[predicted["statistic"] == "landmark"] if len(predicted) else predicted
    if not len(landmarks):
        return None
    groups: dict[str, list[plot.Point]] = {}
    for cls, part in landmarks.groupby("treatment_class", sort=True):
        label = predictive_view.CLASSES.get(str(cls), str(cls))
        groups[label] = [tuple(p) for p in part[["reported", "predicted", "low", "high"]].to_numpy(float)]  # type: ignore[misc]
    ax = plot.draw(groups, source="Source: the studies of the library, each figure predicted without itself.")
    caption = "Survival at landmarks, predicted without being told, against reported. On the line it is exact."
    svg = Markup(figures.inline(ax, "predictions"))  # noqa: S704 - our own drawing
    return {
        "text": predictive_view.sentence(predicted),
        "picture": Picture("figure-predictions", svg, caption, caption),
        "table": predictive_view.error_table(predicted),
        "misses": _misses(predicted, names),
    }


def _misses(predicted: pd.DataFrame, names: Mapping[str, Names]) -> Table:
    columns = (
        Column("study", numeric=False), Column("figure", numeric=False), Column("reported"),
        Column("predicted", "95 % prediction interval"), Column("other figures of the arm", numeric=False),
    )  # fmt: skip
    out = predicted[predicted["z_predictive"].astype(float).abs() > INSIDE]
    rows = [
        row(
            Cell(names[r["study"]].study, small=r["study"]),
            Cell(_what(r), small=r["figure"]),
            Cell(reported_value(r["reported"], r["statistic"]), value=r["reported"]),
            Cell(
                model_value(r["predicted"], r["statistic"]), value=r["predicted"],
                small=f"{model_value(r['low'], r['statistic'])} to {model_value(r['high'], r['statistic'])}",
            ),
            "known" if r["informed"] else "none: the library alone",
        )
        for r in out.to_dict("records")
        if r["study"] in names
    ]  # fmt: skip
    caption = f"The {count(len(rows))} figures outside their prediction interval"
    return Table("misses", caption, columns, tuple(rows), wide=True)


def _what(r: Mapping[str, Any]) -> str:
    at = "" if r["timepoint"] is None or pd.isna(r["timepoint"]) else f" at {plain_number(r['timepoint'])} months"
    kind = "" if r["statistic"] == "landmark" else f" {r['statistic'].replace('_', ' ')}"
    return f"{short(r['endpoint'])}{kind}{at}"


def studies_table(tables: Sequence[Fidelity], names: Mapping[str, Names]) -> Table:
    """One row a study."""
    columns = (
        Column("study", numeric=False), Column("used", "inside of all"), Column("not used", "inside of all"),
        Column("RMS z", "not used"), Column("conflicts"), Column("not modelled"),
    )  # fmt: skip
    out = []
    for t in tables:
        rows = live(t)
        cells = []
        for used in (True, False):
            part = [r for r in rows if r.used_as_target == used]
            cells.append(f"{sum(inside(r) for r in part)} of {len(part)}" if part else "–")
        others = sum(r.verdict == "not modelled" for r in t.rows)
        name = Cell(names[t.trial].study, small=t.trial, href=f"#study-{t.trial}" if rows else "")
        z = fixed(rms(rows, False), 2)
        out.append(row(name, *cells, z, count(len(t.conflicts())), count(others)))
    return Table("studies", "Reported figures of each study", columns, tuple(out), wide=True)


_FIGURE = (
    Column("figure", numeric=False), Column("reported", "interval"), Column("model"), Column("simulated"),
    Column("z", "SD"), Column("verdict", numeric=False),
)  # fmt: skip


def _figure(r: FidelityRow, names: Names, study: str = "", reason: bool = False) -> tuple[Cell, ...]:
    what = names.figure(r) if r.endpoint in ENDPOINTS else f"{names.figure(r)} rate"
    group = names.group(r)
    return row(
        Cell(f"{study}: {what}" if study else what, small=group),
        Cell(reported_value(r.reported, r.statistic), small=reported_interval(r), value=r.reported),
        Cell(model_value(r.model, r.statistic), value=r.model),
        Cell(model_value(r.simulated, r.statistic), value=r.simulated),
        Cell(fixed(r.z, 1, sign=True), value=r.z),
        Cell(r.verdict, small=r.reason if reason else "used" if r.used_as_target else "not used", mark=r.verdict),
    )


def _conflicts(tables: Sequence[Fidelity], names: Mapping[str, Names]) -> Table | None:
    rows = [_figure(r, names[t.trial], names[t.trial].study, reason=True) for t in tables for r in t.conflicts()]
    return Table("conflict-list", f"{count(len(rows))} conflicts", _FIGURE, tuple(rows), wide=True) if rows else None


def _fold(t: Fidelity, names: Names) -> Fold:
    rows = live(t)
    title = f"{names.study}: {len(rows)} figures"
    about = names.scenario.trial.title
    table = Table(f"study-{t.trial}", about, _FIGURE, tuple(_figure(r, names) for r in rows), wide=True)
    return Fold(title, (table,))
