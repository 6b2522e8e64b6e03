"""Tables of the page of an economic evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.items import CATEGORIES as ORDER
from simulate.economics.own import OwnCase
from simulate.report.evaluation_figures import CATEGORIES, follow_up_of
from simulate.report.evaluation_words import drawn_contrast, probability, ratio, structure_name, years_lived
from simulate.report.labels import FAMILIES
from simulate.report.numbers import count, error, fixed, money, percent, plain_number
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.economics.outcomes import Line
    from simulate.scenario.evaluation import Evaluation

STATES = {"progression_free": "progression-free", "progressed": "progressed"}


def strategies_table(e: Evaluation) -> Table:
    """Cost, life-years and QALYs of every strategy, with simulation error and the spread over the draws."""
    summary = e.summary()
    columns = (
        Column("strategy", numeric=False), Column("cost", f"{summary['currency']}, discounted"),
        Column("life-years", "undiscounted"), Column("QALYs", "discounted"),
        *(Column(f"years {STATES.get(s, s)}", "undiscounted") for s in _states(summary)),
    )  # fmt: skip
    rows = []
    for i, (s, own) in enumerate(summary["strategies"].items()):
        cells = [Cell(e.scenario.label(s))]
        for k, decimals in (("cost", 0), ("ly", 3), ("qaly", 3)):
            mc = own["mc_error"][k]
            shown = error(mc, decimals) if mc > 0.0 else ""
            cells.append(Cell(fixed(own[k], decimals), value=own[k], error=shown, small=_spread(e, i, k, decimals)))
        cells += [Cell(fixed(v, 3), value=v) for v in own["ly_by_state"].values()]
        rows.append(tuple(cells))
    notes = []
    if not isinstance(e.case, OwnCase):
        notes.append(
            f"Integrated, so free of simulation error; ± is the Monte Carlo error of {count(e.patients)} simulated "
            "patients under the same model, which the structures are compared with."
        )
    if e.draws is not None:
        notes.append("Below each number: mean over the draws and their standard deviation.")
    return Table("strategies", "Per patient", columns, tuple(rows), tuple(notes), wide=True)


def _states(summary: Mapping[str, Any]) -> list[str]:
    return list(next(iter(summary["strategies"].values()))["ly_by_state"])


def _spread(e: Evaluation, i: int, k: str, decimals: int) -> str:
    if e.draws is None:
        return ""
    values = getattr(e.draws, k)[:, i]
    return f"{fixed(float(values.mean()), decimals)}; SD {fixed(float(values.std(ddof=1)), decimals)}"


def contrasts_table(e: Evaluation) -> Table | None:
    """Every strategy against the comparator: at the files' values, and as the mean over the draws."""
    summary = e.summary()
    currency = summary["currency"]
    columns = (
        Column("strategy", numeric=False), Column("added cost", currency), Column("QALYs gained"),
        Column("cost per QALY", currency),
        *(Column("net benefit", f"at {money(t, currency)}") for t in e.priced),
    )  # fmt: skip
    rows = []
    for i, c in enumerate(summary["contrasts"]):
        who = e.scenario.label(c["strategy"])
        rows.append(_contrast_row(e, Cell(who, small="at the values of the files"), c))
        if e.draws is None:
            continue
        d = drawn_contrast(e, i + 1)
        cells = [
            Cell(who, small="mean of the draws, 95 % interval"),
            Cell(fixed(d["delta_cost"], 0), small=_interval(d["cost"], 0), value=d["delta_cost"]),
            Cell(fixed(d["delta_qaly"], 3), small=_interval(d["qaly"], 3), value=d["delta_qaly"]),
            Cell(ratio(d, currency), value=d["icer"]),
        ]
        for t in e.priced:
            share = f"best in {percent(probability(e, c['strategy'], t), 1)}"
            text = f"{_interval(d['inmb_range'][t], 0)}; {share}"
            cells.append(Cell(fixed(d["inmb"][t], 0), small=text, value=d["inmb"][t]))
        rows.append(tuple(cells))
    if not rows:
        return None
    caption = f"Against {e.scenario.label(e.strategies[0])}, per patient"
    note = "Net benefit is the threshold times the QALYs gained less the added cost; above 0 the strategy is worth it."
    if e.draws is not None:
        note += (
            " The two rows differ because costs and QALYs are not linear in the parameters: the mean over the draws is "
            "not the value at the mean. A decision under uncertainty rests on the mean of the draws."
        )
    return Table("contrasts", caption, columns, tuple(rows), (note,), wide=True)


def _interval(pair: tuple[float, float], decimals: int) -> str:
    return f"{fixed(pair[0], decimals)} to {fixed(pair[1], decimals)}"


def _contrast_row(e: Evaluation, first: Cell, c: Mapping[str, Any]) -> tuple[Cell, ...]:
    currency = e.summary()["currency"]
    return row(
        first,
        Cell(fixed(c["delta_cost"], 0), value=c["delta_cost"]),
        Cell(fixed(c["delta_qaly"], 3), value=c["delta_qaly"]),
        Cell(ratio(c, currency), value=c["icer"]),
        *(Cell(fixed(v, 0), value=v) for v in c["inmb"].values()),
    )


def frontier_table(e: Evaluation) -> Table | None:
    """The full incremental analysis, where there are more than two strategies."""
    if len(e.strategies) < 3:
        return None
    summary, label = e.summary(), e.scenario.label
    columns = (
        Column("strategy", numeric=False), Column("cost", summary["currency"]), Column("QALYs"),
        Column("place", numeric=False), Column("cost per QALY", summary["currency"]),
    )  # fmt: skip
    rows = []
    for r in summary["frontier"]:
        own = summary["strategies"][r["strategy"]]
        by = " and ".join(label(s) for s in r["dominated_by"])
        against = "" if r["against"] is None else f"against {label(r['against'])}"
        rows.append(
            row(
                label(r["strategy"]),
                Cell(fixed(own["cost"], 0), value=own["cost"]),
                Cell(fixed(own["qaly"], 3), value=own["qaly"]),
                Cell(r["status"], small=f"by {by}" if by else ""),
                Cell(fixed(r["icer"], 0), small=against, value=r["icer"]),
            )
        )
    return Table("frontier", "All strategies, from the cheapest to the dearest", columns, tuple(rows), wide=True)


def structures_tables(e: Evaluation) -> list[Table]:
    """Structures side by side: the contrasts, and the levels they come from."""
    summary = e.summary()
    currency = summary["currency"]
    columns = (
        Column("structure", numeric=False), Column("added cost", currency), Column("QALYs gained"),
        Column("cost per QALY", currency),
        *(Column("net benefit", f"at {money(t, currency)}") for t in e.priced),
    )  # fmt: skip
    several = len(summary["contrasts"]) > 1
    rows = []
    for k, v in summary["structures"].items():
        for c in v["contrasts"]:
            small = "base case" if k == e.base_structure else ""
            small = "; ".join(x for x in (e.scenario.label(c["strategy"]) if several else "", small) if x)
            rows.append(_contrast_row(e, Cell(structure_name(e, k).capitalize(), small=small), c))
    out = []
    if rows:
        caption = f"The same evidence under each structure, against {e.scenario.label(e.strategies[0])}"
        out.append(Table("structures", caption, columns, tuple(rows), wide=True))
    return [*out, _levels(e)]


def _levels(e: Evaluation) -> Table:
    summary, end = e.summary(), follow_up_of(e)
    split = () if end is None else tuple(
        Column(f"life-years {w}", f"{plain_number(round(end, 1))} months") for w in ("within", "beyond")
    )  # fmt: skip
    columns = (
        Column("structure", numeric=False), Column("strategy", numeric=False), Column("cost", summary["currency"]),
        Column("QALYs"), Column("life-years"), *split, Column("fitted", numeric=False),
    )  # fmt: skip
    rows = []
    for k, v in summary["structures"].items():
        for s, own in v["strategies"].items():
            lived = () if end is None else years_lived(e, s, k, end)
            rows.append(
                row(
                    structure_name(e, k).capitalize(),
                    e.scenario.label(s),
                    Cell(fixed(own["cost"], 0), value=own["cost"]),
                    Cell(fixed(own["qaly"], 3), value=own["qaly"]),
                    Cell(fixed(own["ly"], 3), value=own["ly"]),
                    *(Cell(fixed(x, 3), value=x) for x in lived),
                    _fitted(own),
                )
            )
    return Table("structure-levels", "Each strategy under each structure", columns, tuple(rows), wide=True)


def _fitted(own: Mapping[str, Any]) -> Cell:
    parts = []
    for k, d in own["fitted"].items():
        name = k.upper() if k in ("os", "pfs") else k
        parts.append(f"{name}: {FAMILIES.get(d['family'], d['family'])}")
    miss = [f"{k.upper()} {fixed(100 * v, 2)} points" for k, v in own["misfit"].items()]
    small = f"misfit {', '.join(miss)}" if miss else ""
    if own["capped"] > 0.0:
        small += f"; PFS cut down to OS on {percent(own['capped'])} of days"
    return Cell("; ".join(parts) or "–", small=small.lstrip("; "))


# ------------------------------------------------------------------------------------------------ the account book
def book_table(e: Evaluation) -> Table:
    """Every line of cost: uses, price, total, strategies beside each other."""
    currency = e.case.file.currency
    title = f"Account book: discounted uses of a patient, price of one, total ({currency})"
    return _book(e, "costs", "account-book", title, 0)


def health_table(e: Evaluation) -> Table:
    """Every line of health: years, utility, QALYs."""
    return _book(e, "health", "health-book", "Where the QALYs come from: discounted years, utility, QALYs", 4)


def _book(e: Evaluation, which: str, name: str, title: str, decimals: int) -> Table:
    books = {s: _lines(getattr(e.base(s).outcomes, which)) for s in e.strategies}
    keys = list(dict.fromkeys(k for own in books.values() for k in own))
    if which == "costs":
        keys.sort(key=lambda k: ORDER.index(k[0]) if k[0] in ORDER else len(ORDER))
    columns = [Column("what", numeric=False), Column("price of one" if which == "costs" else "value")]
    for s in e.strategies:
        columns += [Column("uses" if which == "costs" else "years", e.scenario.label(s)), Column("total")]
    rows = []
    for k in keys:
        if not any(own[k][0] or own[k][2] for own in books.values() if k in own):
            continue  # used by nobody
        prices = [own[k][1] for own in books.values() if k in own]
        same = max(prices) - min(prices) < 1e-9 * max(abs(p) for p in (*prices, 1.0))
        price = Cell(_price(prices[0]), value=prices[0]) if same else Cell("differs")
        group = CATEGORIES.get(k[0]) or k[0].replace("_", " ")
        cells = [Cell(k[1].replace("_", " "), small=group), price]
        for own in books.values():
            uses, _, total = own.get(k, (None, 0.0, None))
            cells += [Cell(fixed(uses, 3), value=uses), Cell(fixed(total, decimals), value=total)]
        rows.append(tuple(cells))
    last = [Cell("All"), Cell("")]
    for own in books.values():
        amount = sum(t for _, _, t in own.values())
        last += [Cell(""), Cell(fixed(amount, decimals), value=amount)]
    return Table(name, title, tuple(columns), (*rows, tuple(last)), wide=True)


def _lines(lines: tuple[Line, ...]) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Lines of the book by category and name, those of several regimens together: uses, mean price, total."""
    out: dict[tuple[str, str], tuple[float, float, float]] = {}
    for x in lines:
        uses, total = float(np.mean(x.uses)), float(np.mean(x.total))
        before = out.get((x.category, x.name), (0.0, 0.0, 0.0))
        uses, total = before[0] + uses, before[2] + total
        out[x.category, x.name] = (uses, total / uses if uses else float(np.mean(x.price)), total)
    return out


def _price(value: float) -> str:
    return fixed(value, 2 if abs(value) >= 10 else 3)


# ------------------------------------------------------------------------------------------------ information
def evpi_table(e: Evaluation) -> Table | None:
    """Value of perfect information on everything and on each group of parameters."""
    rows_of = e.summary()["evpi"]
    if not rows_of:
        return None
    currency = e.case.file.currency
    columns = (
        Column("information on", numeric=False),
        *(Column(f"at {money(r['wtp'], currency)}", f"{currency} per patient ± SE") for r in rows_of),
    )
    whole = e.information["all"]
    at = [int(np.argmin(np.abs(e.wtp - r["wtp"]))) for r in rows_of]
    first = [
        _worth(r["evpi"], float(whole.standard_error[i])) for r, i in zip(rows_of, at, strict=True)
    ]  # fmt: skip
    rows = [row("everything uncertain", *first)]
    for group in rows_of[0]["evppi"]:
        cells = [_worth(r["evppi"][group]["value"], r["evppi"][group]["error"]) for r in rows_of]
        assert e.draws is not None
        rows.append(row(Cell(group, small=f"{count(len(e.draws.groups[group]))} parameters"), *cells))
    note = (
        "What it would be worth, for each patient to be treated, to know the numbers before choosing: everything "
        "(EVPI), or one group alone (EVPPI, by regression on the draws). The groups do not add up to the whole, and "
        "few draws for many parameters raise EVPPI; evpi.csv has the estimated bias. "
        "Multiply by the patients of a country and the years of the decision for the most that research could be worth."
    )
    return Table("information", "Value of information", columns, tuple(rows), (note,))


def _worth(value: float, se: float) -> Cell:
    decimals = 2 if 0.005 < value < 10 else 0
    return Cell(fixed(value, decimals), value=value, error=error(se, decimals))
