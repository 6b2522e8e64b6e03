"""What single numbers and conventions do to an evaluation: tables of the one-way and the scenario analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from simulate.economics.own import OwnCase
from simulate.plots.tornado import End, Panel, tornado
from simulate.report.number_words import number_words
from simulate.report.numbers import fixed, money
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.economics.changes import Increment
    from simulate.economics.one_way import Bar, Turn
    from simulate.scenario.evaluation import Evaluation

BARS = 12  # shown; the file has all
GROUPS = {
    "file": "95 % range of its distribution",
    "fixed": "20 % either way",
    "toxicity": "95 % range of its distribution",
    "survival": "joint draws",
}
TOGETHER = (
    "numbers without uncertainty, such as list prices, by 20 % either way. Parameters of survival are uncertain "
    "together and move together: their row holds the joint draws at those quantiles of net benefit."
)
UNVARIED = (
    "one_way.csv has every number that is varied. Bare numbers of the files are not: index, exchange, sizes of vials, "
    "hours of infusion, days of adverse events, the age norm; nor are regimens, doses and schedules."
)
ALONE = (
    "amounts, utilities and shares without uncertainty by 20 % either way, curves without it not at all. Parameters of "
    "one curve move alone: the model states no correlation between them. Where curves cross at an end they are cut."
)


def one_way_frame(e: Evaluation) -> pd.DataFrame:
    """Every number at both ends, the largest swing of net benefit first."""
    rows = []
    for strategy, found in e.one_way.items():
        turning = e.turning.get(strategy, {})
        for bar in found.bars:
            turn = turning.get(bar.name)
            rows.append(
                {
                    "strategy": strategy,
                    "name": bar.name,
                    "group": bar.group,
                    "value": bar.value,
                    "low": bar.low,
                    "high": bar.high,
                    **_increment("low", bar.at_low, found.threshold),
                    **_increment("high", bar.at_high, found.threshold),
                    "swing": bar.swing(found.threshold),
                    "threshold": found.threshold,
                    "turns_at": None if turn is None else turn.value,
                }
            )
    return pd.DataFrame(rows)


def _increment(end: str, found: Increment, threshold: float) -> dict[str, float]:
    return {f"cost_at_{end}": found.cost, f"qaly_at_{end}": found.qaly, f"inmb_at_{end}": found.inmb(threshold)}


def scenarios_frame(e: Evaluation) -> pd.DataFrame:
    """The evaluation under each change of convention alone."""
    rows = []
    for strategy, found in e.scenarios.items():
        for one in found:
            worth = {f"inmb_at_{t:g}": v for t, v in zip(e.case.thresholds, one.inmb, strict=True)}
            rows.append(
                {
                    "strategy": strategy,
                    "scenario": one.name,
                    "delta_cost": one.increment.cost,
                    "delta_qaly": one.increment.qaly,
                    "icer": one.increment.icer,
                    **worth,
                }
            )
    return pd.DataFrame(rows)


def one_way_table(e: Evaluation, strategy: str) -> Table | None:
    """The numbers that move net benefit most, each at both ends of its 95 % range."""
    found = e.one_way.get(strategy)
    if found is None or not found.bars:
        return None
    currency = e.case.file.currency
    unit = f"{currency}, at {money(found.threshold, currency)} per QALY"
    columns = (
        Column("number", numeric=False),
        Column("low to high", numeric=False),
        Column("net benefit at low", unit),
        Column("net benefit at high", unit),
        Column("swing", currency),
        Column("just worth its cost at", unit),
    )
    turning = e.turning.get(strategy, {})
    rows = []
    for bar in found.bars[:BARS]:
        ends = "2.5 to 97.5 %" if bar.ends is None else f"{_plain(bar.ends[0])} to {_plain(bar.ends[1])}"
        low, high = bar.at_low.inmb(found.threshold), bar.at_high.inmb(found.threshold)
        turn = turning.get(bar.name)
        cells = (_whole(low), _whole(high), _whole(bar.swing(found.threshold)), _turned(bar, turn))
        name = number_words(bar.name, currency, {s: e.scenario.label(s) for s in e.strategies})
        rows.append(row(Cell(name, small=GROUPS.get(bar.group, "")), ends, *cells))
    note = (
        "One number at a time, at the 2.5 and 97.5 % quantiles of its own distribution; "
        f"{ALONE if isinstance(e.case, OwnCase) else TOGETHER} {UNVARIED}"
    )
    if turning:
        note += (
            " Just worth its cost at: the value that makes net benefit 0, the others as evaluated, sought from 0 to 1 "
            "for utilities and shares, to ten times the value for others; – where there is none. Outside its range: "
            "beyond low to high, at whose ends net benefit has one sign."
        )
    caption = f"One number at a time: {e.scenario.label(strategy)}, net benefit"
    return Table(f"one-way-{strategy.replace('_', '-')}", caption, columns, tuple(rows), (note,), wide=True)


def _turned(bar: Bar, turn: Turn | None) -> Cell:
    """The value at which the decision turns, and whether it lies in the range of the number."""
    if turn is None or turn.value is None:
        return Cell("–")
    known = bar.ends is not None and bar.ends[0] <= turn.value <= bar.ends[1]
    return Cell(_plain(turn.value), small="" if known else "outside its range")


def tornado_figure(e: Evaluation, source: str) -> Any:
    """The numbers that move net benefit most, of every strategy."""
    currency, labels = e.case.file.currency, {s: e.scenario.label(s) for s in e.strategies}
    panels = []
    for strategy, found in e.one_way.items():
        bars = [
            End(number_words(bar.name, currency, labels), bar.at_low.inmb(found.threshold),
                bar.at_high.inmb(found.threshold), _end(bar.low, "2.5 %"), _end(bar.high, "97.5 %"))
            for bar in found.bars[:BARS]
        ]  # fmt: skip
        title = f"{labels[strategy]}, at {money(found.threshold, currency)} per QALY"
        panels.append(Panel(title, found.base.inmb(found.threshold), bars))
    note = (
        f"{source} At the ends of a bar: the number there, both where they lie on one side. Line: as evaluated. Broken "
        "line, where it is in reach: net benefit 0."
    )
    return tornado(panels, unit=f"{currency} per patient", source=note)


def _end(value: float | None, quantile: str) -> str:
    return quantile if value is None else _plain(value)


def scenarios_table(e: Evaluation, strategy: str) -> Table | None:
    """The evaluation under other conventions, each alone."""
    found = e.scenarios.get(strategy)
    if not found:
        return None
    currency = e.case.file.currency
    columns = (
        Column("scenario", numeric=False),
        Column("added cost", currency),
        Column("QALYs gained"),
        Column("cost per QALY", currency),
    )
    rows = []
    for one in found:
        ratio = one.increment.icer
        cells = (_whole(one.increment.cost), fixed(one.increment.qaly, 3), "–" if ratio != ratio else _whole(ratio))
        rows.append(row(one.name, *cells))
    caption = f"Other conventions, each alone: {e.scenario.label(strategy)}"
    return Table(f"scenarios-{strategy.replace('_', '-')}", caption, columns, tuple(rows), ())


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"


def _whole(value: float) -> Cell:
    return Cell(fixed(value, 0), value=value)
