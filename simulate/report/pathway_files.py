"""Files of a scenario of pathways: tables as frames, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulate.provenance import provenance

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult


def pathway_frames(result: PathwayResult) -> dict[str, pd.DataFrame]:
    """File name → table."""
    from simulate.report.pathway_subgroups import subgroup_frame
    from simulate.report.pathway_view import population_frame

    summary, compared = result.summary(), result.comparison
    strategies = compared.to_df("strategies")
    strategies.insert(1, "label", [result.scenario.label(s) for s in strategies["strategy"]])
    frames = {
        "strategies.csv": strategies,
        "contrasts.csv": _contrasts(result),
        "landmarks.csv": compared.to_df("landmarks"),
        "toxicity.csv": compared.to_df("toxicity"),
        "time_in_state.csv": compared.to_df("time_in_state"),
        "curves_os.csv": _curves(result, "os"),
        **({"curves_pfs.csv": _curves(result, "pfs")} if result.survival("pfs") else {}),
        "states.csv": states_frame(result),
        "scans.csv": pd.DataFrame(summary["scans"]),
        "count_once.csv": pd.DataFrame(summary["count_once"]),
        "later_mixes.csv": pd.DataFrame(summary["later_mixes"]),
        "on_treatment.csv": pd.DataFrame(summary["on_treatment"]),
        "selection_bias.csv": pd.DataFrame(
            [
                {"strategy": b["strategy"], "e_value": b["e_value"], **r}
                for b in summary["selection_bias"]
                for r in b["rows"]
            ]
        ),
        "subgroups.csv": subgroup_frame(result),
        "patients.csv": population_frame(result),
    }
    return {name: frame for name, frame in frames.items() if len(frame.columns)}


def _contrasts(result: PathwayResult) -> pd.DataFrame:
    """The contrasts, each with what it rests on."""
    frame = result.comparison.to_df("contrasts")
    if len(frame):
        frame.insert(3, "basis", [c["basis"] for c in result.summary()["contrasts"]])
    return frame


def _curves(result: PathwayResult, endpoint: str) -> pd.DataFrame:
    times = np.arange(0.0, result.scenario.file.horizon + 1e-9, 1.0)
    columns = {k: [float(c.at(t)) for t in times] for k, c in result.survival(endpoint).items()}
    return pd.DataFrame({"months": times, **columns})


def states_frame(result: PathwayResult, start: int = 0) -> pd.DataFrame:
    """Share of patients in each living state every month, integrated; one row a strategy and month.

    `start` is the day that stands for month 0: after the first day those who get nothing are in supportive care.
    """
    from simulate.model.types import DAYS_PER_MONTH

    parts = []
    for s in result.scenario.strategies:
        outcome = result.scenario.integrated(s)
        months = np.arange(0.0, np.floor(result.scenario.file.horizon) + 1e-9)
        days = np.clip(np.round(months * DAYS_PER_MONTH).astype(int), start, len(outcome.os) - 1)
        shares = {state: share[days] for state, share in outcome.occupancy.items()}
        parts.append(pd.DataFrame({"strategy": s, "months": months, **shares}))
    return pd.concat(parts, ignore_index=True)


def pathway_record(result: PathwayResult, command: str | None = None) -> dict[str, Any]:
    """Content of ``provenance.json``."""
    from simulate.report.sources_view import pathway_source_ids

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
        sources={
            s: {"citation": known[s].citation, "why": known[s].why}
            for s in pathway_source_ids(result.scenario)
            if s in known
        },
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
