"""The few shapes the template knows: cells, tables, figures. Everything in them is text to be escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One cell: its text, smaller text under it, a link, the number in full, and a mark (a verdict's class)."""

    text: str
    small: str = ""
    href: str = ""
    value: float | None = None
    mark: str = ""
    error: str = ""


@dataclass(frozen=True)
class Column:
    """A column: heading, a smaller line under it (the unit), and whether it holds numbers."""

    head: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table with its caption; the first cell of a row names the row.

    `wide` tables get room to scroll in on a phone.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure: SVG for wide and, where it differs, narrow screens, caption and words for who cannot see it."""

    id: str
    svg: str
    caption: str
    alt: str
    narrow: str = ""


@dataclass(frozen=True)
class Fold:
    """A part that is folded on the screen and open in print."""

    title: str
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[str, ...] = field(default=())


def row(*cells: Cell | str) -> tuple[Cell, ...]:
    """A row of cells; plain text becomes one."""
    return tuple(c if isinstance(c, Cell) else Cell(c) for c in cells)


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
