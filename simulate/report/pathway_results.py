"""Results of pathways as tables: time in health states, and what schedules of imaging do to PFS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulate.report.numbers import fixed, plain_number
from simulate.report.pathway_figures import state_words, untreated
from simulate.report.pathway_view import PathNames
from simulate.report.results_view import measured
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult


def time_table(result: PathwayResult, names: PathNames) -> Table | None:
    """Mean time in each health state to the horizon, a row a strategy: what costs and utilities act on."""
    times = result.comparison.time_in_state
    if not times:
        return None
    states = [s for s in dict.fromkeys(t.state for t in times) if any(t.months > 0 for t in times if t.state == s)]
    rates = sorted({t.rate for t in times})
    found = {(t.strategy, t.state, t.rate): t for t in times}
    body = []
    for name in result.scenario.strategies:
        split = result.scenario.plan.progression_known(name) or len(states) > 3
        for rate in rates:
            label = Cell(names.strategy(name), small="" if rate == 0 else f"discounted {100 * rate:.3g} % a year")
            cells = []
            for s in states:
                t = found.get((name, s, rate))
                cells.append(Cell("–") if t is None or not (split or s == "total") else measured(t.months, t.mc_error))
            body.append((label, *cells))
    kept = [i for i in range(len(states)) if any(cells[i + 1].text != "–" for cells in body)]
    none = untreated(result.scenario)
    columns = (
        Column("strategy", numeric=False),
        *(Column(state_words(states[i], states, none), "months") for i in kept),
    )
    rows = [(cells[0], *(cells[i + 1] for i in kept)) for cells in body]
    horizon = plain_number(result.scenario.file.horizon)
    caption = f"Mean time in each health state over {horizon} months, ± Monte Carlo error"
    return Table("time-in-state", caption, columns, tuple(rows), wide=True)


def scans_table(result: PathwayResult, names: PathNames) -> Table | None:
    """What schedules of imaging do to PFS."""
    rows = result.summary()["scans"]
    if not rows:
        return None
    horizon = result.scenario.file.horizon
    weeks = list(dict.fromkeys(r["every_weeks"] for r in rows))
    found = {(r["strategy"], r["every_weeks"]): r for r in rows}
    heads = ["as calibrated" if w is None else f"scans every {plain_number(w)} weeks" for w in weeks]
    columns = (Column("strategy", numeric=False), *(Column(h, "mean PFS, months") for h in heads))
    body = []
    against, comparator = result.scenario.file.comparators, result.scenario.file.comparator
    for name in dict.fromkeys(r["strategy"] for r in rows):
        cells = []
        for w in weeks:
            r = found[name, w]
            median = "median not reached" if r["median"] is None else f"median {fixed(r['median'], 1)}"
            apart = r["gain"] is None or against[name] != comparator
            gain = "" if apart else f", gain {fixed(r['gain'], 2, sign=True)}"
            cells.append(Cell(fixed(r["rmst"], 2), small=median + gain))
        body.append(row(Cell(names.strategy(name)), *cells))
    notes = (
        f"Means are restricted to {plain_number(min(result.scenario.file.rmst.get('pfs', 24.0), horizon))} months; "
        "medians fall on the dates of scans. A progression is dated at the next scan, a death on its day; overall "
        "survival does not change. The trials’ own PFS is what their scans found: what carries over is the difference "
        "between two schedules.",
    )
    return Table("scans", "If progression is found at scans", columns, tuple(body), notes, wide=True)
