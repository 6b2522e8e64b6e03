"""What the command prints: scenarios, trials, comparisons, fidelity tables, a progress bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from simulate.calibration import calibrate, modelled, search
from simulate.calibration.search import choose
from simulate.evidence import Library
from simulate.fidelity import fidelity, leave_one_out
from simulate.tables import print_frame

COLUMNS = ["id", "timepoint", "grade", "reported", "ci_low", "ci_high", "model", "simulated", "z", "verdict"]


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


def show_scenario(name: str, params: Path | None, families: bool, *, quiet: bool) -> dict[str, Any]:
    """Print a scenario; returns it as plain data."""
    del families  # a scenario's families are its trial's
    from simulate.evidence.scenario_schema import Scenario as ScenarioFile

    scenario: ScenarioFile = Library(params).scenario(name)
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
        print_frame(pd.DataFrame(figures))
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
    """Fidelity, or leave-one-out predictions, of trials; prints tables unless `quiet`, returns plain records."""
    library = Library(params)
    trials = [library.trial(n) for n in (names or library.trials())]
    records: list[dict[str, Any]] = []
    for trial in trials:
        calibration = calibrate(trial)
        if loo:
            frame = leave_one_out(trial, calibration)
            records += frame.astype(object).where(frame.notna(), None).to_dict("records")
            if not quiet:
                print_frame(frame, title=f"{trial.id}: each used figure predicted from the others")
                rms = float((frame["z"] ** 2).mean() ** 0.5)
                off = float((frame["ratio"] - 1).abs().median())
                print(f"RMS z {rms:.2f}; median |predicted / reported - 1| {off:.1%}")
        else:
            table = fidelity(trial, calibration, patients=patients, seed=seed, threads=threads)
            records += table.to_json()
            if not quiet:
                _print_fidelity(table.to_df())
                print(table.summary())
                for row in table.conflicts():
                    print(f"conflict: {row.id}: {row.reason}")
    if out is not None:
        from simulate.tables import write_csv

        write_csv(out / ("leave_one_out.csv" if loo else "fidelity.csv"), pd.DataFrame(records))
    return records


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
    summary = result.summary()
    rows = []
    for strategy, s in summary["strategies"].items():
        for endpoint, e in s["endpoints"].items():
            rows.append(
                {
                    "strategy": strategy,
                    "endpoint": endpoint,
                    "median": e["median"],
                    "MC error": e["median_mc_error"],
                    "RMST": e["rmst"]["value"],
                    "to": e["rmst"]["tau"],
                    **{f"at {k} mo": v for k, v in e["landmarks"].items()},
                }
            )
    print_frame(
        pd.DataFrame(rows),
        title=f"{summary['scenario']}: {summary['patients']:,} patients a strategy, seed {summary['seed']} (months)",
    )
    columns = [
        "strategy",
        "comparator",
        "endpoint",
        "follow_up",
        "hazard_ratio",
        "mc_error",
        "hazard_ratio_uncensored",
        "rmst_difference",
    ]
    contrasts = pd.DataFrame(summary["contrasts"])
    if len(contrasts):
        print_frame(contrasts[[c for c in columns if c in contrasts]], title="Contrasts")
    toxicity = [
        {"event": event, "grade": t["grade"], "strategy": strategy, "rate": t["rate"]}
        for strategy, s in summary["strategies"].items()
        for event, t in s["toxicities"].items()
    ]
    if toxicity:
        wide = pd.DataFrame(toxicity).pivot_table(
            index=["event", "grade"], columns="strategy", values="rate", sort=False
        )
        print_frame(wide.reset_index(), title="Toxicity (share of patients)", digits=3)
