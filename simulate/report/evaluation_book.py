"""The account book of an evaluation: every use with its price, every year with its utility, strategies side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulate.economics.items import CATEGORIES as ORDER
from simulate.report.evaluation_figures import CATEGORIES
from simulate.report.numbers import fixed
from simulate.report.view import Cell, Column, Table

if TYPE_CHECKING:
    from simulate.economics.outcomes import Line
    from simulate.scenario.evaluation import Evaluation

UNITS = {  # of what a line of cost counts, by category and, where it matters, name
    ("drugs", ""): "doses",
    ("administration", ""): "visits",
    ("administration", "further hours"): "hours",
    ("states", ""): "months",
    ("states", "progression"): "progressions",
    ("toxicity", ""): "patients who have it",
    ("subsequent", ""): "progressions",
    ("terminal", ""): "deaths",
}


def book_table(e: Evaluation) -> Table:
    """Every line of cost: uses, price, total, strategies beside each other."""
    currency = e.case.file.currency
    title = f"Account book: discounted uses of a patient, price of one, total ({currency} of {e.case.file.price_year})"
    return _book(e, "costs", "account-book", title, 0)


def health_table(e: Evaluation) -> Table:
    """Every line of health: years, utility, QALYs."""
    aged = ", each weighed by how utility falls with age" if e.case.norm is not None else ""
    title = f"Where the QALYs come from: discounted years of a patient{aged}, times their utility"
    notes = ["Losses stand below 0."]
    if e.case.norm is not None:
        notes.append("Years with an adverse event and last months of life are discounted at most, not age-adjusted.")
    return replace(_book(e, "health", "health-book", title, 4), notes=(" ".join(notes),))


def _book(e: Evaluation, which: str, name: str, title: str, decimals: int) -> Table:
    books = {s: _lines(getattr(e.base(s).outcomes, which)) for s in e.strategies}
    keys = list(dict.fromkeys(k for own in books.values() for k in own))
    if which == "costs":
        keys.sort(key=lambda k: ORDER.index(k[0]) if k[0] in ORDER else len(ORDER))
    currency, money_book = e.case.file.currency, which == "costs"
    years = "years, discounted and age-adjusted" if e.case.norm is not None else "years, discounted"
    columns = [Column("what", numeric=False)]
    columns += [Column("price of one", currency) if money_book else Column("value", "utility, or change of it")]
    for s in e.strategies:
        columns += [Column("uses" if money_book else years, e.scenario.label(s)),
                    Column("total", currency if money_book else "QALYs")]  # fmt: skip
    rows = []
    for k in keys:
        if not any(own[k][0] or own[k][2] for own in books.values() if k in own):
            continue  # used by nobody
        prices = [own[k][1] for own in books.values() if k in own]
        same = max(prices) - min(prices) < 1e-9 * max(abs(p) for p in (*prices, 1.0))
        price = Cell(_price(prices[0]), value=prices[0]) if same else Cell("differs")
        group = CATEGORIES.get(k[0]) or k[0].replace("_", " ")
        unit = f"; uses: {_unit(*k)}" if money_book else ""
        cells = [Cell(k[1].replace("_", " "), small=f"{group}{unit}"), price]
        for own in books.values():
            uses, _, total = own.get(k, (None, 0.0, None))
            cells += [Cell(fixed(uses, 3), value=uses), Cell(fixed(total, decimals), value=total)]
        rows.append(tuple(cells))
    last = [Cell("All"), Cell("")]
    for own in books.values():
        amount = sum(t for _, _, t in own.values())
        last += [Cell(""), Cell(fixed(amount, decimals), value=amount)]
    return Table(name, title, tuple(columns), (*rows, tuple(last)), wide=True)


def _unit(category: str, name: str) -> str:
    """What is counted of a line of cost."""
    return UNITS.get((category, name)) or UNITS.get((category, "")) or "times"


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
