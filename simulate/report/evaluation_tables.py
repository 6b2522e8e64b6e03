"""Tables of the page of an economic evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.frontier import FRONTIER
from simulate.economics.own import OwnCase
from simulate.report.evaluation_figures import follow_up_of
from simulate.report.evaluation_fit import base_families
from simulate.report.evaluation_inputs import quantities_of
from simulate.report.evaluation_words import drawn_contrast, probability, ratio, structure_name, years_lived
from simulate.report.in_use import stands_in, used_places
from simulate.report.labels import FAMILIES
from simulate.report.numbers import count, error, fixed, money, percent, plain_number
from simulate.report.view import Cell, Column, Table, row
from simulate.scenario.evaluation_summary import drawn_means

if TYPE_CHECKING:
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
        plain = _contrast_row(e, Cell(who, small="at the values of the files"), c)
        if e.draws is None:
            rows.append(plain)
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
        rows += [tuple(cells), plain]
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
    """The full incremental analysis of more than two strategies: by the draws' means, then by the files' values."""
    if len(e.strategies) < 3:
        return None
    summary, label = e.summary(), e.scenario.label
    plain = {s: (own["cost"], own["qaly"]) for s, own in summary["strategies"].items()}
    blocks = [("at the values of the files", summary["frontier"], plain)]
    if e.draws is not None:
        means = dict(zip(e.strategies, zip(*drawn_means(e), strict=True), strict=True))
        blocks.insert(0, ("mean of the draws", summary["frontier_draws"], means))
    columns = (
        Column("strategy", numeric=False), Column("cost", summary["currency"]), Column("QALYs"),
        Column("place", numeric=False), Column("cost per QALY", summary["currency"]),
    )  # fmt: skip
    rows = []
    for which, found, levels in blocks:
        for r in found:
            cost, qaly = levels[r["strategy"]]
            rows.append(
                row(
                    Cell(label(r["strategy"]), small=which),
                    Cell(fixed(cost, 0), value=cost),
                    Cell(fixed(qaly, 3), value=qaly),
                    *_place_cells(e, r),
                )
            )
    return Table("frontier", "All strategies, from the cheapest to the dearest", columns, tuple(rows), wide=True)


def _place_cells(e: Evaluation, r: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Place in the full incremental analysis, and the ratio to the one before."""
    by = " and ".join(e.scenario.label(s) for s in r["dominated_by"])
    against = "" if r["against"] is None else f"against {e.scenario.label(r['against'])}"
    place = Cell("on the frontier" if r["status"] == FRONTIER else r["status"], small=f"by {by}" if by else "")
    return place, Cell(fixed(r["icer"], 0), small=against, value=r["icer"])


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
    return [*out, *_frontiers(e), _levels(e)]


def _frontiers(e: Evaluation) -> list[Table]:
    """Place of every strategy in the full incremental analysis of each structure, of more than two strategies."""
    if len(e.strategies) < 3:
        return []
    columns = (
        Column("structure", numeric=False), *(Column(e.scenario.label(s), numeric=False) for s in e.strategies)
    )  # fmt: skip
    rows = []
    for k, v in e.summary()["structures"].items():
        found = {r["strategy"]: _place_cells(e, r) for r in v["frontier"]}
        cells = []
        for s in e.strategies:
            place, price = found[s]
            cells.append(place if price.value is None else Cell(price.text, small=price.small, value=price.value))
        rows.append(row(structure_name(e, k).capitalize(), *cells))
    caption = f"All strategies together under each structure: {e.case.file.currency} per QALY, or place"
    return [Table("structure-frontier", caption, columns, tuple(rows), wide=True)]


def _levels(e: Evaluation) -> Table:
    summary, end = e.summary(), follow_up_of(e)
    split = () if end is None else tuple(
        Column(f"life-years {w}", f"{plain_number(round(end, 1))} months") for w in ("within", "beyond")
    )  # fmt: skip
    columns = (
        Column("structure", numeric=False), Column("strategy", numeric=False), Column("cost", summary["currency"]),
        Column("QALYs"), Column("life-years"), *split,
        Column("curves", numeric=False),
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
                    _fitted(own) if own["fitted"] else Cell(base_families(e, s)),
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
        rows.append(row(Cell(group, small=_counted(e, group)), *cells))
    note = (
        "What it would be worth, for each patient to be treated, to know the numbers before choosing: everything "
        "(EVPI), or one group alone (EVPPI, by regression on the draws). The groups do not add up to the whole, and "
        "few draws for many parameters raise EVPPI; evpi.csv has the estimated bias. Numbers that are drawn though no "
        "strategy uses them are worth nothing and add to that noise. "
        "Multiply by the patients of a country and the years of the decision for the most that research could be worth."
    )
    return Table("information", "Value of information", columns, tuple(rows), (note,))


def _counted(e: Evaluation, group: str) -> str:
    """Numbers of a group that are drawn, and how many of them some strategy uses."""
    assert e.draws is not None
    names = [n.partition(": ")[2] for n in e.draws.groups[group]]
    used = {tuple(map(str, p)) for p in used_places(e)}
    known = {".".join(map(str, p)) for p in quantities_of(e.case)}
    n = sum(name not in known or stands_in(tuple(name.split(".")), used) for name in names)
    return f"{count(len(names))} drawn" + (f", {count(n)} of them in use" if n < len(names) else "")


def _worth(value: float, se: float) -> Cell:
    decimals = 2 if 0.005 < value < 10 else 0
    return Cell(fixed(value, decimals), value=value, error=error(se, decimals))
