"""Every number of the economic file and the reference case: value, distribution, range, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simulate.economics.amounts import Place, converted, distribution_of, quantile
from simulate.economics.case import Case
from simulate.economics.own import OWN, OwnCase
from simulate.evidence.fields import Model
from simulate.evidence.money_schema import Money, Quantity
from simulate.evidence.regimen_schema import Stated
from simulate.report.numbers import fixed, plain_number
from simulate.report.view import Cell, Column, Table, row

AnyCase = Case | OwnCase
SMALL, DIGITS = 0.01, 3  # numbers below are printed with so many digits after their zeros
SECTIONS = {
    "bodies": "Sizes of patients",
    "drugs": "Drugs",
    "administration": "Administration",
    "monitoring": "Monitoring",
    "procedures": "Procedures",
    "states": "Health states, a month in each",
    "once": "Paid once",
    "subsequent": "Treatment after progression",
    "toxicities": "Adverse events",
    "responses": "Good outcomes of treatment",
    "near_death": "Last months of life",
    OWN: "The scenario’s own model",
}


class Input(NamedTuple):
    """One number: where it stands, as printed and as used, its distribution and 95 % range, its origin."""

    place: Place
    printed: float
    unit: str
    used: float
    distribution: str
    low: float | None
    high: float | None
    between: float | None
    stated: Stated | None

    @property
    def origin(self) -> str:
        """``source``, ``assumed`` or ``borrowed``; of a bare number nothing."""
        if self.stated is None:
            return ""
        if getattr(self.stated, "borrowed", None):
            return "borrowed"
        return "assumed" if self.stated.assumed else "source"


def quantities_of(case: AnyCase) -> dict[Place, Quantity]:
    """Every number with its own origin, by its place: of the economic file and of a model of one's own."""
    return case.quantities() if isinstance(case, OwnCase) else case.file.quantities()


def inputs(case: AnyCase) -> list[Input]:
    """Every number of the economic file, the uncertain ones and the bare ones, in the file's order."""
    known = quantities_of(case)
    leaves = list(_leaves(case.file, (), None, set(known)))
    if isinstance(case, OwnCase):
        leaves += _leaves(case.model, (OWN,), None, set(known))
    return [
        _quantity(case, path, known[path]) if path in known
        else Input(path, float(value), "", float(value), "fixed", None, None, None, stated)
        for path, value, stated in leaves
    ]  # fmt: skip


def _quantity(case: AnyCase, place: Place, q: Quantity) -> Input:
    factor, unit = 1.0, ""
    if isinstance(q, Money):
        factor = converted(q, case.file)
        unit = f"{q.currency or case.file.currency} {q.price_year or case.file.price_year}"
    name = distribution_of(q)
    low, high = (None, None)
    if name != "fixed" and q.standard_error > 0.0:
        low, high = (float(v) * factor for v in quantile(q, np.array([0.025, 0.975])))
    between = getattr(q, "between", None)
    return Input(place, q.value, unit, q.value * factor, name if low is not None else "fixed", low, high, between, q)


def _leaves(
    value: Any, path: Place, stated: Stated | None, known: set[Place]
) -> Iterator[tuple[Place, float, Stated | None]]:
    """Places of all numbers with what says where they come from; an uncertain number is one place."""
    if path in known:
        yield path, value.value, value
    elif isinstance(value, Model):
        own = value if isinstance(value, Stated) else stated
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name), (*path, name), own, known)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key), stated, known)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _leaves(item, (*path, i), stated, known)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value, stated


def inputs_frame(case: AnyCase) -> pd.DataFrame:
    """One row a number, for ``inputs.csv``."""
    rows = [
        {"place": ".".join(map(str, i.place)), "printed": i.printed, "unit": i.unit, "used": i.used,
         "distribution": i.distribution, "low": i.low, "high": i.high, "between": i.between, "origin": i.origin,
         "source": getattr(i.stated, "source", None) or "", "borrowed": getattr(i.stated, "borrowed", None) or "",
         "why": getattr(i.stated, "why", None) or ""}
        for i in inputs(case)
    ]  # fmt: skip
    return pd.DataFrame(rows)


# ------------------------------------------------------------------------------------------------ tables of the page
def input_tables(case: AnyCase, linked: set[str]) -> list[Table]:
    """The uncertain and listed numbers by section, then the bare ones; `linked` are sources that the page lists."""
    columns = (
        Column("number", numeric=False), Column("used", f"{case.file.currency} {case.file.price_year}"),
        Column("95 % range", "of the mean"), Column("distribution", numeric=False), Column("from", numeric=False),
    )  # fmt: skip
    found = inputs(case)
    quantities = set(quantities_of(case))
    tables = []
    for section in dict.fromkeys(str(i.place[0]) for i in found if i.place in quantities):
        own = [i for i in found if i.place[0] == section and i.place in quantities]
        title = SECTIONS.get(section, section.replace("_", " "))
        rows = tuple(_row(i, linked) for i in own)
        tables.append(Table(f"inputs-{section.replace('_', '-')}", title, columns, rows, wide=True))
    bare = [i for i in found if i.place not in quantities]
    rules = (Column("number", numeric=False), Column("value"), Column("from", numeric=False))
    rows = tuple(row(words(i.place), Cell(_bare(i), value=i.used), _origin(i, linked)) for i in bare)
    if rows:
        title = "Numbers without uncertainty: index, exchange, sizes of vials, hours, days, age norm"
        tables.append(Table("inputs-fixed", title, rules, rows, wide=True))
    return tables


def _row(i: Input, linked: set[str]) -> tuple[Cell, ...]:
    small = ""
    if i.unit and (abs(i.used - i.printed) > 1e-9 * max(abs(i.printed), 1.0)):
        small = f"printed {_number(i.printed)} ({i.unit})"
    if i.between is not None:
        small = f"SD between patients {plain_number(i.between)}"
    spread = "–" if i.low is None else f"{_number(i.low)} to {_number(i.high)}"
    return row(
        words(i.place[1:]),
        Cell(_number(i.used), small=small, value=i.used),
        spread,
        i.distribution,
        _origin(i, linked),
    )


def words(place: Place) -> str:
    """A place in a file as words: positions count from 1.

    Examples
    --------
    >>> words(("bevacizumab", "vials", 0, "price")), words(("progression_free", "utility"))
    ('bevacizumab, vials 1, price', 'progression free, utility')
    """
    out: list[str] = []
    for part in place:
        if isinstance(part, int) and out:
            out[-1] = f"{out[-1]} {part + 1}"
        else:
            out.append(str(part).replace("_", " "))
    return ", ".join(out)


def _number(value: float | None) -> str:
    """As many digits as an input deserves."""
    if value is None:
        return "–"
    size = abs(value)
    if value == round(value):
        return fixed(value, 0)
    if size < SMALL:  # as many digits as show its size
        return fixed(value, DIGITS - 1 - math.floor(math.log10(size)))
    return fixed(value, 0 if size >= 1000 else 2 if size >= 10 else 3)


def _bare(i: Input) -> str:
    """A number without a range; a year without its thousands apart."""
    return f"{i.used:.0f}" if str(i.place[-1]).endswith("year") else _number(i.used)


def _origin(i: Input, linked: set[str]) -> Cell:
    """Source with a link, or the mark of an assumption; what it says of itself below."""
    s = i.stated
    if s is None:
        return Cell("–")
    notes = [getattr(s, "borrowed", None) and f"borrowed: {getattr(s, 'borrowed', '')}", s.where, s.why, s.note]
    small = ". ".join(str(n).rstrip(".") for n in notes if n)
    if s.source is None:
        return Cell("assumed" if s.assumed else "–", small=small, mark="assumed" if s.assumed else "")
    name = s.source.replace("_", " ") + (" (borrowed)" if i.origin == "borrowed" else "")
    return Cell(name, small=small, href=f"#source-{s.source}" if s.source in linked else "")


def counted(case: AnyCase) -> dict[str, int]:
    """How many numbers are from a source of this disease and country, borrowed, or assumed; and how many have a range.

    Of the quantities of the file alone.
    """
    quantities = set(quantities_of(case))
    own = [i for i in inputs(case) if i.place in quantities]
    out = {k: sum(i.origin == k for i in own) for k in ("source", "borrowed", "assumed")}
    return {**out, "all": len(own), "uncertain": sum(i.low is not None for i in own)}
