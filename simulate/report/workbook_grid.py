"""Formulas of the live sheets: survival of each family, discounting, and the grid of weeks they fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.model.types import DAYS_PER_MONTH

if TYPE_CHECKING:
    from simulate.report.workbook import Book

Array = NDArray[np.float64]
WEEK = 7.0 / DAYS_PER_MONTH
DAYS = f"{DAYS_PER_MONTH:g}"


def letter(column: int) -> str:
    """Name of a column, from 0.

    Examples
    --------
    >>> letter(0), letter(25), letter(26), letter(701), letter(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def survival(family: str, t: str, first: str, second: str = "") -> str:
    """Formula of a family's survival at `t` from cells of its parameters, as `simulate.model.families` has them.

    Examples
    --------
    >>> survival("weibull", "B9", "$B$6", "$B$7")
    'EXP(-((B9/$B$7)^$B$6))'
    """
    formulas = {
        "exponential": f"EXP(-{t}/{first})",
        "weibull": f"EXP(-(({t}/{second})^{first}))",
        "lognormal": f"IF({t}<=0,1,NORMSDIST(({first}-LN(MAX({t},1E-300)))/{second}))",
        "loglogistic": f"1/(1+({t}/{second})^{first})",
        "gompertz": f"IF(ABS({first})<1E-12,EXP(-{second}*{t}),EXP((1-EXP({first}*{t}))*{second}/{first}))",
    }
    if family not in formulas:
        raise input_error(f"a {family} curve has no formula here.", field="family")
    return formulas[family]


def factor(method: str, t: str, rate: str) -> str:
    """Formula of the discount factor at month `t`, as `simulate.economics.clock.discount_factor`."""
    if method == "continuous":
        return f"EXP(-{rate}*{t}/12)"
    years = f"INT({t}/12+1E-9)" if method == "yearly" else f"({t}/12)"
    return f"1/(1+{rate})^{years}"


def weeks(horizon: float) -> Array:
    """Ends of the weeks, months from the start, the last one cut short by the horizon."""
    count = int(np.ceil(horizon / WEEK - 1e-9))
    return np.minimum(np.arange(count + 1) * WEEK, horizon)


class Grid:
    """Columns of formulas, a row a week, each with its values at the numbers delivered."""

    def __init__(self, book: Book, sheet: Any, top: int) -> None:
        self.book, self.sheet, self.top, self.width = book, sheet, top, 0
        self.values: dict[str, Array] = {}
        self.column: dict[str, str] = {}

    def add(
        self, name: str, formula: Callable[[int], str] | None, values: Array, *, blank: bool = False, key: str = ""
    ) -> None:
        """One column: formulas by row (as Excel counts), or bare numbers, zeros left out if `blank`.

        It is known as `key`, where two have the same `name`.
        """
        j = self.width
        self.sheet.write_string(self.top, j, name, self.book.head)
        for i, value in enumerate(values):
            if formula is not None:
                self.sheet.write_formula(self.top + 1 + i, j, "=" + formula(self.top + 2 + i), None, float(value))
            elif value != 0.0 or not blank:
                self.sheet.write_number(self.top + 1 + i, j, float(value))
        self.values[key or name], self.column[key or name] = values, letter(j)
        self.width += 1

    def at(self, name: str, row: int) -> str:
        """Cell of a column in a row."""
        return f"{self.column[name]}{row}"

    def total(self, name: str) -> tuple[str, float]:
        """Sum of a column: formula and value."""
        rows = self.top + 2, self.top + 1 + len(self.values[name])
        return f"SUM({self.column[name]}{rows[0]}:{self.column[name]}{rows[1]})", float(self.values[name].sum())
