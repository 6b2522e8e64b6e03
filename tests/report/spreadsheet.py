"""A small spreadsheet: reads an .xlsx file and works its formulas out from scratch, apart from the values stored in it.

It knows the operators and functions of the live sheets only, with the precedence of spreadsheets: a minus sign before a
number binds closer than a power.
"""

from __future__ import annotations

import html
import math
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:E[+-]?\d+)?)|(?P<text>"[^"]*")|(?P<ref>(?:'[^']+'!|[A-Za-z]+!)?\$?[A-Z]{1,3}\$?\d+)
    |(?P<name>[A-Z]+)(?=\()|(?P<op><=|>=|<>|[-+*/^(),:<>=]))""",
    re.VERBOSE,
)
CELL = re.compile(r'<c r="([A-Z]+\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)


def column(name: str) -> int:
    """Number of a column, from 1."""
    out = 0
    for letter in name:
        out = 26 * out + ord(letter) - 64
    return out


class Book:
    """A workbook: `stored` values and texts, `formulas`, and `value`, which computes."""

    def __init__(self, path: Path) -> None:
        self.stored: dict[tuple[str, str], Any] = {}
        self.formulas: dict[tuple[str, str], str] = {}
        self.known: dict[tuple[str, str], Any] = {}
        self.sheets: list[str] = []
        with zipfile.ZipFile(path) as archive:
            texts = []
            if "xl/sharedStrings.xml" in archive.namelist():
                found = re.findall(r"<si>(.*?)</si>", archive.read("xl/sharedStrings.xml").decode(), re.DOTALL)
                texts = [html.unescape(re.sub(r"<[^>]+>", "", item)) for item in found]
            names = re.findall(r'<sheet name="([^"]+)"', archive.read("xl/workbook.xml").decode())
            for i, name in enumerate(names):
                self.sheets.append(name)
                self._read(name, archive.read(f"xl/worksheets/sheet{i + 1}.xml").decode(), texts)

    def _read(self, sheet: str, xml: str, texts: list[str]) -> None:
        for ref, kind, inside in CELL.findall(xml):
            formula = re.search(r"<f[^>]*>(.*?)</f>", inside, re.DOTALL)
            value = re.search(r"<v>(.*?)</v>", inside, re.DOTALL)
            if formula:
                self.formulas[sheet, ref] = html.unescape(formula[1])
            if value:
                text = value[1]
                self.stored[sheet, ref] = (
                    texts[int(text)] if 't="s"' in kind else text if 't="str"' in kind else float(text)
                )

    def set(self, sheet: str, ref: str, value: float) -> None:
        """Change an input."""
        assert (sheet, ref) in self.stored
        assert (sheet, ref) not in self.formulas
        self.stored[sheet, ref] = value
        self.known.clear()

    def find(self, sheet: str, text: str, columns: str = "A") -> str:
        """The row of the one cell with a text in some columns."""
        found = [
            r for (s, r), v in self.stored.items() if s == sheet and v == text and r.rstrip("0123456789") in columns
        ]
        assert len(found) == 1, (text, found)
        return found[0].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    def value(self, sheet: str, ref: str) -> Any:
        """What a cell shows; an empty one is 0."""
        key = (sheet, ref)
        if key not in self.formulas:
            return self.stored.get(key, 0.0)
        if key not in self.known:
            self.known[key] = Parser(self, sheet, self.formulas[key]).whole()
        return self.known[key]


class Parser:
    """One formula, worked out as it is read."""

    def __init__(self, book: Book, sheet: str, text: str) -> None:
        self.book, self.sheet, self.tokens, self.at = book, sheet, [], 0
        place = 0
        while place < len(text):
            match = TOKEN.match(text, place)
            assert match is not None, (text, place)
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def whole(self) -> Any:
        out = self.compared()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return out

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, text: str | None = None) -> tuple[str, str]:
        token = self.tokens[self.at]
        assert text is None or token[1] == text, (token, text)
        self.at += 1
        return token

    def compared(self) -> Any:
        out = self.added()
        while self.peek() in ("<", "<=", ">", ">=", "="):
            sign, other = self.take()[1], self.added()
            out = {"<": out < other, "<=": out <= other, ">": out > other, ">=": out >= other, "=": out == other}[sign]
        return out

    def added(self) -> Any:
        out = self.multiplied()
        while self.peek() in ("+", "-"):
            out = out + self.multiplied() if self.take()[1] == "+" else out - self.multiplied()
        return out

    def multiplied(self) -> Any:
        out = self.raised()
        while self.peek() in ("*", "/"):
            sign, other = self.take()[1], self.raised()
            # an error of a branch that IF does not take is none
            out = out * other if sign == "*" else out / other if other else math.nan
        return out

    def raised(self) -> Any:
        out = self.signed()
        while self.peek() == "^":
            self.take()
            out = out ** self.signed()
        return out

    def signed(self) -> Any:
        if self.peek() == "-":
            self.take()
            return -self.signed()
        return self.single()

    def single(self) -> Any:
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "name":
            return self.called(text)
        if kind == "ref":
            sheet, _, ref = text.rpartition("!")
            ref, sheet = ref.replace("$", ""), sheet.strip("'") or self.sheet
            if self.peek() == ":":
                self.take()
                return self.area(sheet, ref, self.take()[1].replace("$", ""))
            return self.book.value(sheet, ref)
        assert text == "(", text
        out = self.compared()
        self.take(")")
        return out

    def area(self, sheet: str, first: str, last: str) -> list[float]:
        (a, top), (b, bottom) = (re.fullmatch(r"([A-Z]+)(\d+)", r).groups() for r in (first, last))  # type: ignore[union-attr]
        names = [n for n in _columns() if column(a) <= column(n) <= column(b)]
        return [self.book.value(sheet, f"{n}{r}") for r in range(int(top), int(bottom) + 1) for n in names]

    def called(self, name: str) -> Any:
        self.take("(")
        values = [self.compared()]
        while self.peek() == ",":
            self.take()
            values.append(self.compared())
        self.take(")")
        return FUNCTIONS[name](*values)


def _columns() -> list[str]:
    if not _COLUMNS:
        letters = [chr(65 + i) for i in range(26)]
        _COLUMNS.extend(letters + [a + b for a in letters[:6] for b in letters])
    return _COLUMNS


_COLUMNS: list[str] = []
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "EXP": lambda x: math.exp(x) if x < 700.0 else math.inf,
    "LN": math.log,
    "ABS": abs,
    "INT": math.floor,
    "MIN": min,
    "MAX": max,
    "NORMSDIST": NormalDist().cdf,
    "IF": lambda test, yes, no: yes if test else no,
    "SUM": lambda *parts: math.fsum(x for p in parts for x in (p if isinstance(p, list) else [p])),
    "SUMPRODUCT": lambda a, b: math.fsum(x * y for x, y in zip(a, b, strict=True)),
}
sys.setrecursionlimit(10_000)
