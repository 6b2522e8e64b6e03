"""One Excel workbook of an evaluation: every input, every result, and a partitioned-survival model that recomputes.

The model in it is written in plain formulas on a grid of weeks (`simulate.report.workbook_live`): change a price, a
utility, a discount rate or a parameter of a curve in a yellow cell, and costs, QALYs and their ratio follow. All else
is what the evaluation gave, as numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from simulate.economics.amounts import Place
from simulate.economics.case import Case
from simulate.economics.plan import Planned, planned
from simulate.errors import input_error
from simulate.files import atomic_write
from simulate.report.html import ADVICE

if TYPE_CHECKING:
    import pandas as pd

    from simulate.scenario.evaluation import Evaluation

NAME = "evaluation.xlsx"
RESULTS = ("strategies.csv", "contrasts.csv", "frontier.csv", "costs.csv", "qalys.csv", "ceac.csv", "evpi.csv")
COLUMNS = (
    ("number", 46), ("value used", 14), ("unit", 10), ("printed", 12), ("as of", 10), ("distribution", 12), ("low", 10),
    ("high", 10), ("between patients", 10), ("from", 10), ("source", 24), ("seen", 22), ("where", 24), ("borrowed", 28),
    ("why, note", 60),
)  # fmt: skip
NOTES = (
    "Inputs: every number of the economic file as printed and as used, and where it comes from.",
    "Results, Structures, Draws, Traces: what the evaluation gave. These are numbers and do not recompute.",
    "PSM: a partitioned survival model that recomputes, one sheet a strategy. Yellow cells may be changed: values and "
    "prices on Inputs, curves and rates on the sheet of the strategy.",
    "Time runs in weeks. State membership is the mean of both ends of a week (half-cycle), doses count at their "
    "planned days, interpolated between the ends of the week, and a week is discounted at its middle.",
    "Not recomputed: vials in a dose (from sizes of patients and vials at the prices delivered), planned days, the "
    "rate of stopping treatment, the fit of the curves, the age norm and deaths of other causes beyond the follow-up. "
    "Sizes of patients and of vials are therefore not yellow.",
    "The check on PSM compares with the evaluation at the values delivered; it says NO once an input was changed.",
    "The base case of the evaluation is the clock-reset model (Structures), not this partition of two fitted curves.",
    "For research and teaching. Not for decisions about the care of a patient.",
)


class Book:
    """An open workbook with its formats, and where each number of the economic file stands in it.

    Attributes
    ----------
    cell : place in the economic file → its cell on the sheet Inputs, as formulas name it.
    named : ``costs``, ``effects`` (discount rates), ``threshold 1`` … → their cells.
    """

    def __init__(self, evaluation: Evaluation, file: BinaryIO) -> None:
        from xlsxwriter import Workbook

        self.evaluation, self.case = evaluation, case_of(evaluation)
        self.book = Workbook(file, {"in_memory": True, "nan_inf_to_errors": False})
        started = datetime.fromisoformat(evaluation.started) if evaluation.started else datetime(2000, 1, 1)
        self.book.set_properties({"title": evaluation.scenario.id, "created": started.replace(tzinfo=None)})
        add = self.book.add_format
        self.title, self.bold = add({"bold": True, "font_size": 14}), add({"bold": True})
        self.head = add({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        self.live = add({"bg_color": "#FFF2CC", "font_color": "#1F3864", "border": 1, "border_color": "#BFBFBF"})
        self.wrap = add({"text_wrap": True, "valign": "top"})
        self.cell: dict[Place, str] = {}
        self.named: dict[str, str] = {}

    def sheet(self, name: str, title: str) -> Any:
        """A new sheet with its title."""
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, title, self.title)
        return sheet

    def ref(self, place: Place) -> str:
        """Cell of a number, or 0 where the file has none."""
        return self.cell.get(place, "0")


def case_of(evaluation: Evaluation) -> Case:
    """The case of an evaluation of a trial's arms, which has a partitioned survival structure.

    Raises
    ------
    InputError : the evaluation is of another kind.
    """
    if not isinstance(evaluation.case, Case) or not all("partitioned" in s for s in evaluation.structures.values()):
        raise input_error(
            "has no partitioned survival structure to write.",
            field=evaluation.scenario.id,
            advice="Take an evaluation of a trial's arms.",
        )
    return evaluation.case


def available() -> bool:
    """Whether XlsxWriter, of the optional extra ``report``, is installed."""
    return find_spec("xlsxwriter") is not None


def write_workbook(evaluation: Evaluation, path: str | Path) -> Path:
    """Write the workbook of an evaluation, whole or not at all.

    Parameters
    ----------
    evaluation : of a trial's arms (`simulate.scenario.evaluation.evaluate`).
    path : of the file, ending in ``.xlsx``.

    Raises
    ------
    InputError : XlsxWriter is not installed, another ending, no partitioned structure to write, an unwritable path.
    """
    if not available():
        raise input_error(f"{NAME} needs XlsxWriter, which is not installed.", advice=ADVICE)
    path = Path(path)
    if path.suffix != ".xlsx":
        raise input_error("a workbook ends in .xlsx.", file=str(path))
    case = case_of(evaluation)
    plans = {s: planned(case, s) for s in evaluation.strategies}
    return atomic_write(path, lambda file: _fill(evaluation, plans, file))


def _fill(evaluation: Evaluation, plans: Mapping[str, list[Planned]], file: BinaryIO) -> None:
    from simulate.report.evaluation_files import evaluation_frames
    from simulate.report.workbook_live import write_live

    book = Book(evaluation, file)
    about = book.sheet("About", f"{evaluation.scenario.id}: workbook of an economic evaluation")
    about.set_column(0, 0, 120, book.wrap)
    for i, note in enumerate(NOTES):
        about.write_string(2 + i, 0, note, book.wrap)
    _inputs(book)
    frames = evaluation_frames(evaluation)
    _tables(book, "Results", {n: frames[n] for n in RESULTS if n in frames})
    _tables(book, "Structures", {"structures.csv": frames["structures.csv"]})
    drawn: dict[str, pd.DataFrame] = {n: frames[n] for n in ("draws.csv", "parameters.csv") if n in frames}
    _beside(book, "Draws", drawn)
    _tables(book, "Traces", {"traces.csv": frames["traces.csv"]})
    write_live(book, plans)
    book.book.close()


def _inputs(book: Book) -> None:
    """The conventions, then every number of the economic file; `Book.cell` learns where each stands."""
    from simulate.report.evaluation_inputs import inputs

    case = book.case
    file, clock = case.file, case.clock
    sheet = book.sheet("Inputs", f"{file.label}: {file.currency} at prices of {file.price_year}")
    for i, (_, width) in enumerate(COLUMNS):
        sheet.set_column(i, i, width)
    rates = {"costs": clock.discount.costs, "effects": clock.discount.effects}
    named = {**{f"discount rate of {k}, a year": (k, v) for k, v in rates.items()},
             **{f"threshold {i + 1}, {file.currency} for a QALY": (f"threshold {i + 1}", t)
                for i, t in enumerate(book.evaluation.priced)}}  # fmt: skip
    row = 2
    for label, (key, value) in named.items():
        sheet.write_string(row, 0, label)
        sheet.write_number(row, 1, float(value), book.live)
        book.named[key] = f"Inputs!$B${row + 1}"
        row += 1
    for label, text in (("discounting", clock.discount.method), ("counting of the evaluation", clock.counting),
                        ("horizon, months", f"{clock.horizon:g}"), ("reference case", case.reference.id)):  # fmt: skip
        sheet.write_string(row, 0, label)
        sheet.write_string(row, 1, text)
        row += 1
    row += 1
    for i, (name, _) in enumerate(COLUMNS):
        sheet.write_string(row, i, name, book.head)
    used = _recomputed(book)
    for found in inputs(case):
        row += 1
        stated = found.stated
        notes = [getattr(stated, k, None) for k in ("why", "note")]
        texts: tuple[Any, ...] = (
            ".".join(map(str, found.place)), found.used, file.currency if found.unit else "", found.printed, found.unit,
            found.distribution, found.low, found.high, found.between, found.origin, getattr(stated, "source", None),
            getattr(stated, "seen", None), getattr(stated, "where", None), getattr(stated, "borrowed", None),
            ". ".join(str(n).rstrip(".") for n in notes if n),
        )  # fmt: skip
        for i, value in enumerate(texts):
            _write(sheet, row, i, value, book.live if i == 1 and found.place in used else None)
        book.cell[found.place] = f"Inputs!$B${row + 1}"


def _recomputed(book: Book) -> set[Place]:
    """Places of the numbers that the live sheets use."""
    file = book.case.file
    fixed = ("bodies", "index", "exchange", "age_norm")
    places = {p for p in file.quantities() if p[0] not in fixed}
    bare: set[Place] = {("toxicities", event, "days") for event in file.toxicities}
    return places | bare | {("near_death", "months")}


def _write(sheet: Any, row: int, column: int, value: Any, form: Any = None) -> None:
    """A number as a number, text as text (never as a formula), nothing for what is missing."""
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value), form)
    elif isinstance(value, int | float | np.integer | np.floating):
        sheet.write_number(row, column, float(value), form)
    elif str(value):
        sheet.write_string(row, column, str(value), form)


def _frame(book: Book, sheet: Any, frame: pd.DataFrame, row: int, column: int = 0) -> int:
    """A table with its header; the row after it."""
    for j, name in enumerate(frame.columns):
        sheet.write_string(row, column + j, str(name), book.head)
        for i, value in enumerate(frame[name].to_list()):
            _write(sheet, row + 1 + i, column + j, value)
    return row + 1 + len(frame)


def _tables(book: Book, name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Tables one under the other."""
    sheet = book.sheet(name, f"{name}, {book.case.file.currency}")
    sheet.set_column(0, 40, 16)
    row = 2
    for title, frame in frames.items():
        sheet.write_string(row, 0, title.removesuffix(".csv"), book.bold)
        row = _frame(book, sheet, frame, row + 1) + 1


def _beside(book: Book, name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Tables of the draws side by side: a row is a draw."""
    sheet = book.sheet(name, f"{name}: costs, life-years and QALYs of each, then the parameters drawn")
    if not frames:
        sheet.write_string(2, 0, "The evaluation was made without draws of its parameters.")
    column = 0
    for frame in frames.values():
        _frame(book, sheet, frame, 2, column)
        column += len(frame.columns) + 1
