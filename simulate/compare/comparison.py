"""The comparison as a result: tables, summary, figure and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate.compare.contrasts import Contrast, EndpointResult
from simulate.compare.shares import StateTime, ToxicityRate
from simulate.errors import input_error
from simulate.survival.curves import SurvivalCurve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TABLES = ("contrasts", "strategies", "landmarks", "toxicity", "time_in_state", "trial_like")
_SHORT = {
    "median_mc_error": "± ",
    "rmst_tau": "RMST to",
    "rmst": "RMST",
    "rmst_mc_error": "±",
    "hazard_ratio": "HR",
    "mc_error": "±",
    "hazard_ratio_uncensored": "HR, all followed",
    "median_difference": "median diff.",
    "rmst_difference": "RMST diff.",
    "p_longer": "P(T1 > T0)",
    "difference_mc_error": "±",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Every strategy and every contrast with its comparator.

    Attributes
    ----------
    strategies : names, the comparator first.
    comparator : name of the one that the others are held against, unless a contrast says otherwise.
    endpoints : one `EndpointResult` a strategy and endpoint.
    contrasts : one `Contrast` a strategy that is held against another one and endpoint (OS, PFS).
    toxicity : one `ToxicityRate` a strategy, event and grade.
    time_in_state : one `StateTime` a strategy, discount rate and state.
    curves : endpoint → strategy → `SurvivalCurve`.
    headline : event → the grade that stands for it in the summary; the mildest where missing.
    """

    strategies: tuple[str, ...]
    comparator: str
    endpoints: tuple[EndpointResult, ...]
    contrasts: tuple[Contrast, ...]
    toxicity: tuple[ToxicityRate, ...]
    time_in_state: tuple[StateTime, ...]
    curves: Mapping[str, Mapping[str, SurvivalCurve]]
    headline: Mapping[str, str] = field(default_factory=dict)

    def summary_dict(self) -> dict[str, Any]:
        """The machine-readable comparison: plain floats, None for what was not reached; keys are kept stable."""
        strategies: dict[str, Any] = {s: {"endpoints": {}, "toxicities": {}} for s in self.strategies}
        for e in self.endpoints:
            strategies[e.strategy]["endpoints"][e.endpoint] = {
                "median": e.median,
                "median_mc_error": e.median_mc_error,
                "rmst": {"tau": e.rmst_tau, "value": e.rmst, "mc_error": e.rmst_mc_error},
                "landmarks": {f"{m.months:g}": m.value for m in e.landmarks},
            }
        for s in self.strategies:
            strategies[s]["toxicities"] = self._toxicities(s)
        return {"strategies": strategies, "contrasts": [_contrast_dict(c) for c in self.contrasts]}

    def _toxicities(self, strategy: str) -> dict[str, Any]:
        """Event → its headline grade and all grades; each other grade also under ``EVENT_grade_NAME``."""
        out: dict[str, Any] = {}
        of_events: dict[str, list[ToxicityRate]] = {}
        for t in self.toxicity:
            if t.strategy == strategy:
                of_events.setdefault(t.event, []).append(t)
        for event, rates in of_events.items():
            first = next((t for t in rates if t.grade == self.headline.get(event)), rates[0])
            out[event] = {"grade": first.grade, "rate": first.rate, "grades": {t.grade: t.rate for t in rates}}
            out |= {t.key: {"grade": t.grade, "rate": t.rate} for t in rates if t is not first}
        return out

    def to_df(self, table: str = "contrasts") -> pd.DataFrame:
        """One of the tables: contrasts, strategies, landmarks, toxicity, time_in_state, trial_like.

        Raises
        ------
        InputError : another name.
        """
        import pandas as pd

        if table not in TABLES:
            raise input_error(f"no table {table!r}; allowed are {', '.join(TABLES)}.", field="table")
        if table in ("toxicity", "time_in_state"):
            return pd.DataFrame([asdict(row) for row in getattr(self, table)])
        if table == "landmarks":
            return pd.DataFrame(self._landmark_rows())
        if table == "strategies":
            return pd.DataFrame([{k: v for k, v in asdict(e).items() if k != "landmarks"} for e in self.endpoints])
        if table == "trial_like":
            return pd.DataFrame(
                [
                    {**_names(c), "follow_up": c.follow_up, **asdict(c.trial_like)}
                    for c in self.contrasts
                    if c.trial_like
                ]
            )
        return pd.DataFrame(
            [
                {k: v for k, v in asdict(c).items() if k not in ("landmark_differences", "trial_like")}
                for c in self.contrasts
            ]
        )

    def _landmark_rows(self) -> list[dict[str, Any]]:
        differences = {(c.strategy, c.endpoint, m.months): m for c in self.contrasts for m in c.landmark_differences}
        rows = []
        for e in self.endpoints:
            for m in e.landmarks:
                against = differences.get((e.strategy, e.endpoint, m.months))
                rows.append(
                    {"strategy": e.strategy, "endpoint": e.endpoint, **asdict(m)}
                    | {"difference": against and against.value, "difference_mc_error": against and against.mc_error}
                )
        return rows

    def summary(self) -> str:
        """The comparison as text: endpoints, contrasts, toxicity, and what the numbers are."""
        from simulate.tables import text_table

        others = list(dict.fromkeys(c.comparator for c in self.contrasts)) or [self.comparator]
        wanted = {
            "strategies": ["strategy", "endpoint", "median", "median_mc_error", "rmst_tau", "rmst", "rmst_mc_error"],
            "contrasts": ["strategy", *(["comparator"] if len(others) > 1 else []), "endpoint", "follow_up",
                          "hazard_ratio", "mc_error", "hazard_ratio_uncensored", "median_difference",
                          "rmst_difference", "p_longer"],
            "toxicity": ["event", "grade", "strategy", "rate", "difference", "difference_mc_error"],
        }  # fmt: skip
        parts = [
            text_table(frame[columns].rename(columns=_SHORT), name.capitalize())
            for name, columns in wanted.items()
            if len(frame := self.to_df(name))
        ]
        note = (
            f"Months; differences and hazard ratios against {' or '.join(others)}. Errors are Monte Carlo standard "
            "errors, those of contrasts paired on common random numbers."
        )
        return "\n".join([*parts, note])

    def plot(self, ax: Axes | None = None, *, endpoint: str = "os") -> Axes:
        """Survival curves of an endpoint under every strategy; returns the Axes."""
        from simulate.plots import plot_km

        return plot_km(self.curves[endpoint], endpoint, ax=ax)

    def save(self, path: str | Path) -> Path:
        """Write ``.json`` the summary, ``.csv`` the contrasts, ``.svg`` or ``.png`` the OS figure; a folder gets all
        tables.

        Raises
        ------
        InputError : another suffix, or nothing can be written there.
        """
        from simulate.files import atomic_write
        from simulate.plots.export import save_figure
        from simulate.tables import write_csv

        path = Path(path)
        if path.suffix == ".json":
            return atomic_write(path, json.dumps(self.summary_dict(), indent=1, allow_nan=False) + "\n")
        if path.suffix == ".csv":
            return write_csv(path, self.to_df())
        if path.suffix:
            return save_figure(self.plot(), path)
        self.save(path / "summary.json")
        for table in TABLES:
            if len(frame := self.to_df(table)):
                write_csv(path / f"{table}.csv", frame)
        return path


def _names(c: Contrast) -> dict[str, str]:
    return {"strategy": c.strategy, "comparator": c.comparator, "endpoint": c.endpoint}


def _contrast_dict(c: Contrast) -> dict[str, Any]:
    """A contrast as JSON; landmarks by month, the simulated trial with plain lists."""
    doc = asdict(c)
    doc["landmark_differences"] = {
        f"{m.months:g}": {"value": m.value, "mc_error": m.mc_error} for m in c.landmark_differences
    }
    if c.trial_like is not None:
        doc["trial_like"] |= {"n": list(c.trial_like.n), "events": list(c.trial_like.events)}
    return doc
