"""The tables of a result as data frames, for the CSV files: full precision, one fact a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from simulate.scenario import Result

NAMES = ["strategy", "comparator", "endpoint"]
EMPTY = {
    "contrasts": [*NAMES, "follow_up", "hazard_ratio", "mc_error"],
    "toxicity": [
        "strategy",
        "event",
        "grade",
        "rate",
        "mc_error",
        "reported",
        "reported_events",
        "reported_n",
        "figure",
    ],
    "landmarks": ["strategy", "endpoint", "months", "value", "mc_error"],
    "sensitivity": ["strategy", "assumption", "why", "feasible"],
    "uncertainty": ["strategy", "draw"],
}


def all_frames(result: Result) -> dict[str, pd.DataFrame]:
    """File name → table."""
    compared = result.comparison
    strategies = compared.to_df("strategies")
    strategies.insert(1, "label", [result.scenario.label(s) for s in strategies["strategy"]])
    return {
        "strategies.csv": strategies,
        "contrasts.csv": contrasts(result),
        "landmarks.csv": _columns(compared.to_df("landmarks"), "landmarks"),
        "toxicity.csv": toxicity(result),
        "time_in_state.csv": compared.to_df("time_in_state"),
        "curves_os.csv": result.survival("os").to_df(),
        "curves_pfs.csv": result.survival("pfs").to_df(),
        "fidelity.csv": result.fidelity.to_df(),
        "sensitivity.csv": _stacked(result.sensitivity, "sensitivity"),
        "uncertainty.csv": _stacked(result.uncertainty, "uncertainty"),
    }


def _columns(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table without rows keeps its columns, so that what reads it does not fail."""
    return frame if len(frame.columns) else pd.DataFrame(columns=EMPTY[name])


def contrasts(result: Result) -> pd.DataFrame:
    """One row a strategy and endpoint against the comparator, with the one simulated trial of the trial's size."""
    frame = _columns(result.comparison.to_df("contrasts"), "contrasts")
    trials = result.comparison.to_df("trial_like")
    if len(trials):
        own = (
            trials.drop(columns=["follow_up", "n", "events"], errors="ignore")
            .set_index(NAMES)
            .add_prefix("trial_like_")
        )
        frame = frame.merge(own.reset_index(), how="left", on=NAMES)
    return frame


def toxicity(result: Result) -> pd.DataFrame:
    """One row an adverse event, grade and strategy: share at this grade or worse, simulated and reported."""
    frame = result.comparison.to_df("toxicity")
    if frame.empty:
        return pd.DataFrame(columns=EMPTY["toxicity"])
    trial, arms = result.scenario.trial, {s: result.scenario.arm(s) for s in result.scenario.strategies}
    figures = {
        (item.event, g.grade, s): trial.figure(g.figures[arm])
        for item in trial.toxicity
        for g in item.grades
        for s, arm in arms.items()
    }
    own = [figures.get(key) for key in zip(frame["event"], frame["grade"], frame["strategy"], strict=True)]
    reported = {
        "reported": [None if f is None else f.rate for f in own],
        "reported_events": [None if f is None else f.events for f in own],
        "reported_n": [None if f is None else f.n for f in own],
        "figure": [None if f is None else f.id for f in own],
    }
    return frame.assign(
        **{k: pd.array(v, dtype="Int64") if k in ("reported_events", "reported_n") else v for k, v in reported.items()}
    )


def _stacked(frames: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Frames of several strategies one under the other, the strategy in front."""
    parts = []
    for strategy, frame in frames.items():
        part = frame.reset_index(drop=True)
        if name == "uncertainty":
            part.insert(0, "draw", range(len(part)))
        part.insert(0, "strategy", strategy)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=EMPTY[name])
