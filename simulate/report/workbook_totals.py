"""Totals of the live sheets: what is used once, sums of the grid beside the evaluation's own, increments, the check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from simulate.economics.amounts import Values
from simulate.economics.items import cost_items
from simulate.economics.outcomes import Outcomes
from simulate.economics.traces import PD, PF
from simulate.report.workbook_grid import DAYS, Grid

if TYPE_CHECKING:
    from simulate.report.workbook import Book

WITHIN = 0.001  # relative difference that the check lets pass
LEFT, MIDDLE = 4, 12  # columns E (used once) and M (totals)


class Once(NamedTuple):
    """Things used once, at the start: their rows (as Excel counts), and totals by category: formulas and values."""

    rows: list[int]
    costs: dict[str, tuple[str, float]]
    qalys: tuple[str, float]


class Total(NamedTuple):
    """One total: what it is, its cell, its value at the numbers delivered, the evaluation's own."""

    name: str
    cell: str
    value: float
    ours: float


def one_off(book: Book, sheet: Any, strategy: str) -> Once:
    """Adverse events and procedures: how many patients have them, cost of one, QALYs it takes."""
    case = book.case
    values, care = Values.mean(case.file), case.care(strategy)
    heads = ("used once", "a patient", "cost of one", "cost", "disutility", "days", "QALYs")
    for j, name in enumerate(heads):
        sheet.write_string(2, LEFT + j, name, book.head)
    book_items = cost_items(care, case.file, values, case.clock)
    lines = [("procedures", i.name, i.place, float(i.weights[0])) for i in book_items if i.category == "procedures"]
    lines += [("toxicity", e, ("toxicities", e, "cost"), float(p[0])) for e, p in care.events.items()]
    rows: list[int] = []
    sums: dict[str, list[tuple[str, float]]] = {"procedures": [], "toxicity": []}
    qalys: list[tuple[str, float]] = []
    for category, name, place, share in lines:
        worse = ("toxicities", name, "disutility") if category == "toxicity" else ()
        event = case.file.toxicities.get(name) if worse else None
        if place not in values.by_place and worse not in values.by_place:
            continue
        r = 4 + len(rows)
        rows.append(r)
        sheet.write_string(r - 1, LEFT, f"{category}: {name}")
        sheet.write_number(r - 1, LEFT + 1, share, book.live)
        cost = float(values.get(place, 0.0)[0])
        sheet.write_formula(r - 1, LEFT + 2, f"={book.ref(place)}", None, cost)
        sheet.write_formula(r - 1, LEFT + 3, f"=F{r}*G{r}", None, share * cost)
        sums[category].append((f"H{r}", share * cost))
        if event is not None and worse in values.by_place and event.days:
            loss = float(values[worse][0])
            sheet.write_formula(r - 1, LEFT + 4, f"={book.ref(worse)}", None, loss)
            sheet.write_formula(r - 1, LEFT + 5, f"={book.ref(('toxicities', name, 'days'))}", None, event.days)
            taken = -share * loss * event.days / float(DAYS) / 12.0
            sheet.write_formula(r - 1, LEFT + 6, f"=-F{r}*I{r}*J{r}/{DAYS}/12", None, taken)
            qalys.append((f"K{r}", taken))
    return Once(rows, {k: _added(v) for k, v in sums.items()}, _added(qalys))


def _added(parts: list[tuple[str, float]]) -> tuple[str, float]:
    return "+".join(f for f, _ in parts) or "0", sum(v for _, v in parts)


def write_totals(
    book: Book, sheet: Any, grid: Grid, once: Once, ours: Outcomes, columns: tuple[Mapping[str, str], tuple[str, ...]]
) -> list[Total]:
    """Totals by category with the evaluation's own beside them, in columns M to P.

    `columns` are the names of the grid's: of the months in each state, and good outcomes.
    """
    months, outcomes = columns
    category = {k: float(v.mean()) for k, v in ours.by_category().items()}
    item = {k: float(v.mean()) for k, v in ours.by_item().items()}
    years = {k: float(v.mean()) for k, v in ours.life_years.items()}
    events = sum(v for k, v in item.items() if k.startswith("toxicity"))
    costs = {k: (grid.total(k), category.get(k, 0.0)) for k in ("drugs", "administration", "monitoring")}
    costs |= {k: (once.costs[k], category.get(k, 0.0)) for k in ("procedures", "toxicity")}
    costs["states"] = (_added([grid.total("states"), grid.total("at progression")]), category.get("states", 0.0))
    costs |= {k: (grid.total(k), category.get(k, 0.0)) for k in ("subsequent", "terminal")}
    qalys = {f"QALYs {s}": (grid.total(f"QALYs {s}"), item.get(f"utility: {s}", 0.0)) for s in (PF, PD)}
    qalys |= {f"QALYs {e}": (grid.total(f"QALYs {e}"), item.get(f"response: {e}", 0.0)) for e in outcomes}
    qalys["QALYs adverse events"] = (once.qalys, events)
    qalys["QALYs last months"] = (grid.total("QALYs last months"), item.get("near_death: last months", 0.0))
    lived = {s: grid.total(months[s]) for s in (PF, PD)}
    ly = {f"life-years {s}": ((f"{f}/12", v / 12.0), years[s]) for s, (f, v) in lived.items()}
    for j, name in enumerate(("total", "recomputed", "evaluation", "difference")):
        sheet.write_string(2, MIDDLE + j, name, book.head)
    sheet.set_column(MIDDLE, MIDDLE, 26)
    out: list[Total] = []
    for name, group in (("cost", costs), ("QALYs", qalys), ("life-years", ly)):
        first = 4 + len(out)
        for label, ((formula, value), own) in group.items():
            out.append(_line(book, sheet, 4 + len(out), label, formula, value, own))
        formula = f"SUM(N{first}:N{3 + len(out)})"
        value, own = sum(v for (_, v), _ in group.values()), sum(o for _, o in group.values())
        out.append(_line(book, sheet, 4 + len(out), name, formula, value, own, bold=True))
    return [t for t in out if t.name in ("cost", "QALYs", "life-years")]


def _line(
    book: Book, sheet: Any, row: int, label: str, formula: str, value: float, own: float, *, bold: bool = False
) -> Total:
    form = book.bold if bold else None
    sheet.write_string(row - 1, MIDDLE, label, form)
    sheet.write_formula(row - 1, MIDDLE + 1, "=" + formula, form, value)
    sheet.write_number(row - 1, MIDDLE + 2, own)
    sheet.write_formula(row - 1, MIDDLE + 3, f"=N{row}-O{row}", None, value - own)
    return Total(label, f"N{row}", value, own)


def compare(book: Book, sheet: Any, sheets: Mapping[str, tuple[str, list[Total]]]) -> None:
    """Totals of the strategies, increments over the first, net benefits, and whether the evaluation has the same."""
    thresholds = {k: v for k, v in book.named.items() if k.startswith("threshold")}
    heads = ["strategy", "cost", "QALYs", "life-years", "extra cost", "extra QALYs", "cost per QALY"]
    heads += [f"net benefit, {k}" for k in thresholds]
    heads += [
        "evaluation: cost",
        "evaluation: QALYs",
        "evaluation: life-years",
        "largest difference, relative",
        "check",
    ]
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(heads), 15)
    for j, name in enumerate(heads):
        sheet.write_string(2, j, name, book.head)
    base: list[Total] = []
    for i, (name, (label, totals)) in enumerate(sheets.items()):
        r, base = 4 + i, base or totals
        sheet.write_string(r - 1, 0, label)
        for j, total in enumerate(totals):
            sheet.write_formula(r - 1, 1 + j, f"='{name}'!{total.cell}", None, total.value)
        end = 7 + len(thresholds)
        if i:
            _increments(book, sheet, r, [t.value - b.value for t, b in zip(totals, base, strict=True)])
        worst, formula = 0.0, []
        for j, total in enumerate(totals):
            cell, own = f"{chr(66 + j)}{r}", f"{chr(65 + end + j)}{r}"
            sheet.write_number(r - 1, end + j, total.ours)
            formula.append(f"ABS({cell}-{own})/MAX(ABS({own}),1E-9)")
            worst = max(worst, abs(total.value - total.ours) / max(abs(total.ours), 1e-9))
        sheet.write_formula(r - 1, end + 3, f"=MAX({','.join(formula)})", None, worst)
        check = f'=IF({chr(68 + end)}{r}<={WITHIN:g},"OK","NO")'
        sheet.write_formula(r - 1, end + 4, check, None, "OK" if worst <= WITHIN else "NO")
    sheet.write_string(5 + len(sheets), 0, f"OK: within {WITHIN:.1%} of the evaluation, at the values delivered.")


def _increments(book: Book, sheet: Any, r: int, delta: list[float]) -> None:
    cost, qaly = delta[0], delta[1]
    sheet.write_formula(r - 1, 4, f"=B{r}-B$4", None, cost)
    sheet.write_formula(r - 1, 5, f"=C{r}-C$4", None, qaly)
    ratio: float | str = "none" if abs(qaly) < 1e-12 else cost / qaly
    sheet.write_formula(r - 1, 6, f'=IF(ABS(F{r})<1E-12,"none",E{r}/F{r})', None, ratio)
    for j, threshold in enumerate(book.evaluation.priced):
        formula = f"={book.named[f'threshold {j + 1}']}*F{r}-E{r}"
        sheet.write_formula(r - 1, 7 + j, formula, None, threshold * qaly - cost)
