"""What the command prints: scenarios, trials, comparisons, fidelity tables, a progress bar on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from simulate.calibration import calibrate, modelled, search
from simulate.calibration.search import choose
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.regimen_words import regimen_lines, regimen_tables
from simulate.evidence.schema import Trial
from simulate.fidelity import Fidelity, fidelity
from simulate.fidelity.predictions import all_predictions, predictions, stored, trust_table
from simulate.files import atomic_write
from simulate.processes import limited
from simulate.tables import print_frame, write_csv

COLUMNS = ["id", "timepoint", "grade", "reported", "ci_low", "ci_high", "model", "simulated", "z", "verdict"]
WITHHELD = ["figure", "timepoint", "reported", "predicted", "low", "high", "z", "used", "informed"]


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress callback that draws a bar on a terminal's standard error; None (quiet) otherwise."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def show_file(name: str, params: Path | None, families: bool, *, quiet: bool) -> dict[str, Any]:
    """Print the file of an id, of ``kind/id``, or the scenario at a path; returns it as plain data."""
    library = Library(params)
    if name.endswith((".yaml", ".yml")):
        return show_scenario(name, params, families, quiet=quiet)
    kind, found = library.named(name)
    shows = {"regimens": show_regimen, "trials": show_trial, "scenarios": show_scenario}
    if kind in shows:
        document = shows[kind](found, params, families, quiet=quiet)
    else:  # no tables of its own yet: as it was read
        document = library.record(kind, found).model_dump(mode="json", by_alias=True, exclude_none=True)
        if not quiet:
            print(json.dumps(document, indent=1, ensure_ascii=False))
    also = [k for k in library.kinds_of(found) if k != kind]
    if also and found == name and not quiet:
        print(f"This is {kind}/{name}; see also {', '.join(f'{k}/{name}' for k in also)}.")
    return document


def show_regimen(name: str, params: Path | None, families: bool, *, quiet: bool) -> dict[str, Any]:
    """Print a regimen; returns it as plain data."""
    regimen = Library(params).regimen(name)
    if families:
        raise input_error("families belong to a trial, not to a regimen.", field="--families", advice="Name a trial.")
    document = regimen.model_dump(mode="json", by_alias=True, exclude_none=True)
    if not quiet:
        print(f"{regimen.id}: {regimen.label}")
        for title, rows in regimen_tables(regimen).items():
            print_frame(pd.DataFrame(rows), title=title)
        for line in (*regimen_lines(regimen), *(f"note: {n}" for n in regimen.notes)):
            print(line)
    return document


def show_scenario(name: str, params: Path | None, families: bool, *, quiet: bool) -> dict[str, Any]:
    """Print a scenario; returns it as plain data."""
    from simulate.evidence.scenario_schema import Scenario as ScenarioFile

    scenario: ScenarioFile = Library(params).scenario(name)
    if families:
        raise input_error(
            "families belong to a trial, not to a scenario.",
            field="--families",
            advice=f"Name the trial: simulate show {scenario.trial} --families",
        )
    document = scenario.model_dump(mode="json")
    if not quiet:
        print(f"{scenario.id}: {scenario.title}")
        if scenario.question:
            print(scenario.question)
        print(f"trial {scenario.trial}, population {scenario.population}, horizon {scenario.horizon:g} months")
        rows = [{"strategy": k, "arm": s.arm, "label": s.label} for k, s in scenario.strategies.items()]
        print_frame(pd.DataFrame(rows))
        for title, lines in (("Assumptions", scenario.assumptions), ("Limits", scenario.limits)):
            if lines:
                print(f"{title}:\n" + "\n".join(f"  - {line}" for line in lines))
    return document


def show_trial(name: str, params: Path | None, families: bool, *, quiet: bool) -> dict[str, Any]:
    """Print a trial's figures and its calibration; returns them as plain data."""
    trial = Library(params).trial(name)
    statistics, _ = modelled(trial)
    predicted = {s.figure for s in statistics}
    figures = [
        {
            "figure": f.id,
            "population": f.population,
            "endpoint": f.endpoint,
            "statistic": f.statistic,
            "timepoint": f.timepoint,
            "grade": f.grade,
            "value": f.value,
            "low": f.interval.low if f.interval else None,
            "high": f.interval.high if f.interval else None,
            "role": f.role,
            "source": f.source,
            "modelled": f.id in predicted,
        }
        for f in trial.figures
    ]
    calibration = calibrate(trial)
    cells = [
        {
            "arm": a,
            "stratum": s,
            "process": k,
            "family": d.family,
            "parameters": [float(f"{p:.4g}") for p in d.params],
            "cure": d.cure,
            "median": d.median if d.median < 1e6 else None,
        }
        for (a, s), c in calibration.model.cells.items()
        for k, d in (("pfs", c.pfs), ("pps", c.pps))
    ]
    document: dict[str, Any] = {
        "id": trial.id,
        "title": trial.title,
        "figures": figures,
        "cells": cells,
        "feasible": calibration.feasible,
        "parameters": calibration.parameters(),
    }
    if families:
        rows = search(trial)
        document["families"] = [r.__dict__ for r in rows]
        document["choice"] = choose(rows)[1]
    if not quiet:
        print(f"{trial.id}: {trial.title}")
        print_frame(_figure_table(trial))
        print(
            "primary figures are met exactly"
            if calibration.feasible
            else "primary figures conflict; the fit is weighted"
        )
        print_frame(pd.DataFrame(cells).astype({"parameters": str}), title="Calibrated model (months)")
        if families:
            print_frame(
                pd.DataFrame(document["families"]), title="Families, by log marginal likelihood of the reported figures"
            )
            print(document["choice"])
    return document


def _figure_table(trial: Trial) -> pd.DataFrame:
    """The figures of a trial, narrow enough for a terminal."""
    rows = []
    for f in trial.figures:
        at = "" if f.timepoint is None else f" at {f.timepoint:g} months"
        what = f"{f.endpoint} {f.statistic}{at}{'' if f.grade is None else f' {f.grade}'}".replace("_", " ")
        low, high = (f.interval.low, f.interval.high) if f.interval else (None, None)
        value = f.events if f.value is None else f.value
        rows.append(
            {"figure": f.id, "what": what, "value": value, "low": low, "high": high, "role": f.role, "source": f.source}
        )
    return pd.DataFrame(rows)


def run_fidelity(
    names: list[str] | None,
    loo: bool,
    patients: int,
    seed: int,
    threads: int | None,
    out: Path | None,
    params: Path | None,
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    """Fidelity, or leave-one-out predictions, of trials; prints tables unless `quiet`, returns plain records.

    With `out` both tables are written, and `fidelity.html` where Jinja2 is installed.
    """
    library = Library(params)
    trials = [library.trial(n) for n in (names or library.trials())]
    with progress_bar("calibrating and predicting") as progress, limited(threads):
        predicted = _predictions(trials, progress) if loo or out is not None else None
    if loo and predicted is not None:
        records: list[dict[str, Any]] = predicted.astype(object).where(predicted.notna(), None).to_dict("records")
        if not quiet:
            _print_predictions(predicted)
        if out is not None:
            write_csv(out / "predictions.csv", predicted)
        return records
    tables = []
    for trial in trials:
        calibration = calibrate(trial)
        table = fidelity(trial, calibration, patients=patients, seed=seed, threads=threads)
        tables.append(table)
        if not quiet:
            _print_fidelity(table.to_df())
            print(table.summary())
            for row in table.conflicts():
                print(f"conflict: {row.id}: {row.reason}")
    records = [record for table in tables for record in table.to_json()]
    if out is not None and predicted is not None:
        write_csv(out / "predictions.csv", predicted)
        write_csv(out / "fidelity.csv", pd.DataFrame(records))
        _write_page(library, tables, predicted, out)
    return records


def _predictions(trials: list[Trial], progress: Callable[[int, int], None] | None) -> pd.DataFrame:
    for done, trial in enumerate(trials):  # cached one by one, so that a bar can tell where they are
        if progress is not None:
            progress(done, len(trials))
        if trial.calibration.structure != "outcomes_only":
            predictions(trial)
    return all_predictions(trials, stored())


def _write_page(library: Library, tables: list[Fidelity], predicted: pd.DataFrame, out: Path) -> None:
    from simulate.report import html
    from simulate.report.fidelity_page import fidelity_page

    if not html.available():
        print(f"fidelity.html was not written: it needs Jinja2. {html.ADVICE}", file=sys.stderr)
        return
    several = len(tables) == len(library.trials())
    command = "simulate fidelity" + ("" if several else " " + " ".join(t.trial for t in tables))
    path = atomic_write(out / "fidelity.html", fidelity_page(library, tables, predicted, command))
    print(f"report: {path}", file=sys.stderr)


def _print_predictions(frame: pd.DataFrame) -> None:
    for study, part in frame.groupby("study", sort=False):
        shown = part[WITHHELD].dropna(axis=1, how="all")
        print_frame(shown, title=f"{study}: each figure predicted from the others", digits=3)
    table = trust_table(frame)
    print_frame(table.drop(columns="coverage"), title="Predictive error", digits=3)
    for r in table[table["group"].isin(["all figures", "landmarks"])].to_dict("records"):
        alone = " beside which no other is known of their arm: the library's prior alone" if r["by"] == "alone" else ""
        points = "" if r["landmarks"] == 0 else f", median error of landmarks {r['median_error_points']:.1f} points"
        print(
            f"{r['group']}{alone}: {r['inside']} of {r['figures']} inside their 95 % prediction interval (binomial p "
            f"{r['coverage_p']:.2g}), RMS z {r['rms_z']:.2f}{points}"
        )


def _print_fidelity(frame: pd.DataFrame) -> None:
    modelled_rows = frame[frame["model"].notna()]
    for used, title in ((True, "used as targets"), (False, "not used")):
        part = modelled_rows[modelled_rows["used_as_target"] == used]
        if len(part):
            print_frame(
                part[COLUMNS].dropna(axis=1, how="all"), title=f"{part['study'].iloc[0]}: figures {title}", digits=3
            )


def print_comparison(result: Any) -> None:
    """The comparison of a run as tables."""
    from simulate.report.terminal import print_comparison as shown

    shown(result)


def print_evaluation(evaluation: Any) -> None:
    """An economic evaluation as tables."""
    from simulate.report.evaluation_terminal import print_evaluation as shown

    shown(evaluation)
