"""What the simulation gave, as tables: strategies, time in states, one trial of the trial's size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from simulate.report import labels
from simulate.report.labels import Labels, Names
from simulate.report.numbers import NOT_REACHED, RELATIVE_NOISE, decimals_for, error, fixed, p_value, plain_number
from simulate.report.view import Cell, Column, Table, row

Summary = Mapping[str, Any]


def measured(
    value: float | None, mc: float | None, least: int = 1, most: int = 2, scale: float = 1.0, sign: bool = False
) -> Cell:
    """A simulated number with as many decimals as its Monte Carlo error allows, and that error."""
    if value is None or not math.isfinite(value):
        return Cell("–")
    if mc is not None and mc <= RELATIVE_NOISE * abs(value):
        mc = 0.0
    decimals = decimals_for(None if mc is None else scale * mc, least, most)
    shown = error(None if mc is None else scale * mc, decimals)
    return Cell(fixed(scale * value, decimals, sign), value=value, error=shown)


def median(found: Mapping[str, Any], decimals: int = 1) -> Cell:
    """A median, or words where half of the patients never have the event."""
    if found.get("median") is None or not math.isfinite(found["median"]):
        return Cell(NOT_REACHED)
    return measured(found["median"], found.get("median_mc_error"), decimals, decimals)


def _shared_decimals(errors: Iterable[float | None]) -> int:
    """Decimals of a column of months: as many as its least precise number allows, 1 or 2."""
    return decimals_for(max((e for e in errors if e is not None), default=None), 1, 2)


def strategies_table(summary: Summary, names: Labels, comparison: Any) -> Table:
    """Strategies × endpoints: median, landmarks and restricted mean, each with its Monte Carlo error."""
    ends = [e for e in ("os", "pfs", "ttp", "pps") if any(e in s["endpoints"] for s in summary["strategies"].values())]
    months = sorted(
        {float(m) for s in summary["strategies"].values() for e in s["endpoints"].values() for m in e["landmarks"]}
    )
    columns = (
        Column("endpoint and strategy", numeric=False),
        Column("median", "months"),
        *(Column(f"at {plain_number(m)} months", "% event-free") for m in months),
        Column("restricted mean (RMST)", "months"),
    )
    errors = {(r.strategy, r.endpoint, m.months): m.mc_error for r in comparison.endpoints for m in r.landmarks}
    of = [e for s in summary["strategies"].values() for e in s["endpoints"].values()]
    median_decimals = _shared_decimals(e.get("median_mc_error") for e in of)
    rmst_decimals = _shared_decimals(e["rmst"].get("mc_error") for e in of)
    rows = []
    for e in ends:
        for name, strategy in summary["strategies"].items():
            found = strategy["endpoints"].get(e)
            if found is None:
                continue
            tau = found["rmst"]["tau"]
            landmarks = [
                measured(found["landmarks"].get(f"{m:g}"), errors.get((name, e, m)), 1, 1, 100.0) for m in months
            ]
            rmst = measured(found["rmst"]["value"], found["rmst"].get("mc_error"), rmst_decimals, rmst_decimals)
            rows.append(
                (
                    Cell(labels.ENDPOINTS[e].capitalize(), small=names.strategy(name)),
                    median(found, median_decimals),
                    *landmarks,
                    Cell(rmst.text, small=f"to {plain_number(tau)} mo", value=rmst.value, error=rmst.error),
                )
            )
    notes = (
        ("Survival after progression (PPS) is counted from progression, among patients whose cancer progressed.",)
        if "pps" in ends
        else ()
    )
    return Table(
        "strategies", "Simulated outcomes by strategy, ± Monte Carlo error", columns, tuple(rows), notes, wide=True
    )


_STATES = {
    "progression_free": "free of progression",
    "post_progression": "after progression",
    "progressed": "after progression",
    "total": "alive, both together",
}


def time_table(comparison: Any, names: Labels, horizon: float) -> Table | None:
    """Mean time in each health state to the horizon, for every discount rate: what costs and utilities act on."""
    times = comparison.time_in_state
    if not times:
        return None
    rates = sorted({t.rate for t in times})
    strategies = list(dict.fromkeys(t.strategy for t in times))
    columns = [Column("state", numeric=False)]
    columns += [
        Column(names.strategy(s), "months ± MC error" if r == 0 else f"discounted {100 * r:.3g} % a year")
        for s in strategies
        for r in rates
    ]
    found = {(t.state, t.strategy, t.rate): t for t in times}
    decimals = _shared_decimals(t.mc_error for t in times)
    rows = []
    for state in dict.fromkeys(t.state for t in times):
        own = [found.get((state, s, r)) for s in strategies for r in rates]
        cells = [Cell("–") if t is None else measured(t.months, t.mc_error, decimals, decimals) for t in own]
        rows.append(row(_STATES.get(state, state.replace("_", " ")), *cells))
    caption = f"Mean time in each health state over {plain_number(horizon)} months, on which costs and utilities act"
    return Table("time-in-state", caption, tuple(columns), tuple(rows), wide=True)


def trial_like_table(summary: Summary, names: Names) -> tuple[Table | None, int | None]:
    """One simulated trial of the trial's size: hazard ratio, interval, log-rank p; and its patients per arm."""
    columns = (
        Column("contrast", numeric=False),
        Column("events"),
        Column("hazard ratio", "95 % interval"),
        Column("log-rank p"),
    )
    rows, notes, n = [], [], None
    for c in summary["contrasts"]:
        t = c.get("trial_like")
        if not t:
            continue
        n = int(t["n"][0])
        notes += _event_note(c, names)
        rows.append(
            row(
                Cell(
                    labels.ENDPOINTS[c["endpoint"]].capitalize(),
                    small=f"{names.strategy(c['strategy'])} v {names.strategy(c['comparator'])}",
                ),
                Cell(f"{t['events'][0]} v {t['events'][1]}"),
                Cell(
                    fixed(t.get("hazard_ratio"), 2),
                    small=f"{fixed(t['low'], 2)} to {fixed(t['high'], 2)}",
                    value=t.get("hazard_ratio"),
                ),
                Cell(p_value(t.get("p_value")), value=t.get("p_value")),
            )
        )
    caption = "One simulated trial of the real trial’s size and follow-up"
    return (Table("one-trial", caption, columns, tuple(rows), tuple(notes)) if rows else None), n


_NOTABLE = 0.05  # relative difference of the numbers of events from which the interval's width deserves a word


def _event_note(contrast: Mapping[str, Any], names: Names) -> list[str]:
    """Says where the simulated trial has another number of events than the real one, and what that does."""
    real = reported_events(contrast, names)
    found = sum(contrast["trial_like"]["events"])
    if not real or abs(found / real - 1.0) < _NOTABLE:
        return []
    what = "deaths" if contrast["endpoint"] == "os" else f"{contrast['endpoint'].upper()} events"
    more, narrow = ("more", "narrow") if found > real else ("fewer", "wide")
    return [
        f"The simulated trial has {more} {what} than the real one ({found} v {real}), so its interval is somewhat too "
        f"{narrow}."
    ]


def reported_events(contrast: Mapping[str, Any], names: Names) -> int | None:
    """Events that the trial reported in the two arms of a contrast together, at the data cut that is simulated."""
    scenario = names.scenario
    trial, e = scenario.trial, contrast["endpoint"]
    arms = {scenario.arm(s) for s in (contrast["strategy"], contrast["comparator"])}
    cut = scenario.file.follow_up.get(e) or trial.calibration.cuts.get(e)
    found = {
        f.arm: f.events
        for f in trial.figures
        if (f.endpoint, f.statistic, f.population, f.cut) == (e, "events", scenario.file.population, cut)
        and f.events is not None
        and f.role != "superseded"
    }
    if "pooled" in found and arms == set(trial.arms):
        return found["pooled"]
    return sum(found[a] for a in arms) if len(arms) == 2 and arms <= set(found) else None
