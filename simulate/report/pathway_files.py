"""Files of a scenario of pathways: tables as frames, figures, provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulate.provenance import provenance

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult

COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7", "#999999")  # Okabe and Ito


def pathway_frames(result: PathwayResult) -> dict[str, pd.DataFrame]:
    """File name → table."""
    from simulate.report.pathway_view import population_frame

    summary, compared = result.summary(), result.comparison
    strategies = compared.to_df("strategies")
    strategies.insert(1, "label", [result.scenario.label(s) for s in strategies["strategy"]])
    frames = {
        "strategies.csv": strategies,
        "contrasts.csv": compared.to_df("contrasts"),
        "landmarks.csv": compared.to_df("landmarks"),
        "toxicity.csv": compared.to_df("toxicity"),
        "time_in_state.csv": compared.to_df("time_in_state"),
        "curves_os.csv": _curves(result, "os"),
        **({"curves_pfs.csv": _curves(result, "pfs")} if result.survival("pfs") else {}),
        "states.csv": states_frame(result),
        "scans.csv": pd.DataFrame(summary["scans"]),
        "count_once.csv": pd.DataFrame(summary["count_once"]),
        "selection_bias.csv": pd.DataFrame(
            [
                {"strategy": b["strategy"], "e_value": b["e_value"], **r}
                for b in summary["selection_bias"]
                for r in b["rows"]
            ]
        ),
        "patients.csv": population_frame(result),
    }
    return {name: frame for name, frame in frames.items() if len(frame.columns)}


def _curves(result: PathwayResult, endpoint: str) -> pd.DataFrame:
    times = np.arange(0.0, result.scenario.file.horizon + 1e-9, 1.0)
    columns = {k: [float(c.at(t)) for t in times] for k, c in result.survival(endpoint).items()}
    return pd.DataFrame({"months": times, **columns})


def states_frame(result: PathwayResult) -> pd.DataFrame:
    """Share of patients in each living state every month, integrated; one row a strategy and month."""
    from simulate.model.types import DAYS_PER_MONTH

    parts = []
    for s in result.scenario.strategies:
        outcome = result.scenario.integrated(s)
        months = np.arange(0.0, np.floor(result.scenario.file.horizon) + 1e-9)
        days = np.minimum(np.round(months * DAYS_PER_MONTH).astype(int), len(outcome.os) - 1)
        shares = {state: share[days] for state, share in outcome.occupancy.items()}
        parts.append(pd.DataFrame({"strategy": s, "months": months, **shares}))
    return pd.concat(parts, ignore_index=True)


def pathway_figures(result: PathwayResult) -> dict[str, Callable[[], Any]]:
    """Name of each figure → what draws it."""
    return {
        "km_os": lambda: _km(result, "os"),
        **({"km_pfs": lambda: _km(result, "pfs")} if result.survival("pfs") else {}),
        "states": lambda: draw_states(result),
    }


def _km(result: PathwayResult, endpoint: str) -> Any:
    from simulate.plots import plot_km
    from simulate.report.figures import literal

    curves = {result.scenario.label(k): c for k, c in result.survival(endpoint).items()}
    return literal(plot_km(curves, endpoint, since="the start"))


def draw_states(result: PathwayResult) -> Any:
    """Stacked shares of patients in each state, one panel a strategy."""
    from matplotlib.figure import Figure

    from simulate.plots import style

    frame = states_frame(result)
    names = list(result.scenario.strategies)
    end = min(result.scenario.file.horizon, 60.0)
    rows = (len(names) + 1) // 2
    figure = Figure(figsize=(style.WIDTH + 1.0, 2.5 * rows + 0.9), dpi=150, facecolor="white")
    axes = figure.subplots(rows, min(2, len(names)), squeeze=False, sharex=True, sharey=True)
    states = [c for c in frame.columns if c not in ("strategy", "months")]
    words = [state_words(s, states) for s in states]
    for ax, name in zip(axes.flat, names, strict=False):
        own = frame[(frame["strategy"] == name) & (frame["months"] <= end)]
        ax.stackplot(own["months"], *(100 * own[s] for s in states), colors=COLOURS, labels=words)
        ax.set_title(result.scenario.label(name), fontsize=style.TEXT, parse_math=False, wrap=True)
        ax.set_xlim(0, end)
        ax.set_ylim(0, 100)
        ax.tick_params(labelsize=style.SMALL)
    for ax in list(axes.flat)[len(names) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("Patients (%)", fontsize=style.SMALL)
    for ax in axes[-1, :]:
        ax.set_xlabel("Months from start", fontsize=style.SMALL)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=style.SMALL, frameon=False)
    figure.tight_layout(rect=(0, 0.9 / (2.5 * rows + 0.9) * 0.75, 1, 1))
    return figure


def state_words(state: str, states: Sequence[str]) -> str:
    """A health state in words; where one line is modelled, it is the treatment."""
    if state == "progression_free" and "progressed" in states:
        return "no progression (alive, where only survival is reported)"
    return STATES.get(state, state.replace("_", " "))


STATES = {
    "progression_free": "first line, no progression",
    "total": "alive, all together",
    "progressed": "after progression",
    "second_line": "second line",
    "third_line": "third line",
    "after_first_line": "supportive care after the first line",
    "after_second_line": "supportive care after the second line",
    "after_third_line": "supportive care after the third line",
}


def pathway_record(result: PathwayResult, command: str | None = None) -> dict[str, Any]:
    """Content of ``provenance.json``."""
    from simulate.report.pathway_context import source_ids

    scenario = result.scenario
    models = {name: c.model.to_json() for name, c in sorted(scenario.calibrations.items())}
    known = scenario.library.sources
    files = [Path(p.folder) / p.name for p in scenario.library.provenance()]
    return provenance(
        seed=result.seed,
        patients=result.patients,
        scenario=scenario.id,
        scenario_content=scenario.file,
        model=models,
        inputs=[f for f in files if f.is_file()],
        sources={s: {"citation": known[s].citation, "why": known[s].why} for s in source_ids(result) if s in known},
        command=command,
        started=result.started or None,
        extra={"trials": sorted(models), "classes_of_patients": len(scenario.plan.classes)},
    )


def models_text(result: PathwayResult) -> str:
    """Every calibrated trial as JSON, by id."""
    import json

    found: Mapping[str, Any] = {
        n: json.loads(c.model.to_json()) for n, c in sorted(result.scenario.calibrations.items())
    }
    return json.dumps(found, indent=1, sort_keys=True) + "\n"
