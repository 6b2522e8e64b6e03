"""Numbers and frames as people read them: on a terminal, in text, in CSV."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from simulate.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

__all__ = ["interval", "number", "percent", "print_frame", "rich_table", "text_table", "write_csv"]

MISSING = "–"  # an en dash: nothing to report, for example a median that was not reached


def number(value: float | None, digits: int = 3, unit: str = "") -> str:
    """`value` to so many significant digits, whole thousands in full, with its unit.

    Examples
    --------
    >>> number(16.8213, unit="months"), number(0.7702), number(1234567.8), number(None)
    ('16.8 months', '0.77', '1,234,568', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = 0 if value == 0 else math.floor(math.log10(abs(value)))
    text = f"{value:,.{max(0, digits - 1 - size)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text.replace("-", "−")
    return f"{text} {unit}".strip()


def interval(value: float | None, low: float | None, high: float | None, digits: int = 3, unit: str = "") -> str:
    """`value` with its interval.

    Examples
    --------
    >>> interval(0.77, 0.62, 0.95), interval(13.3, 11.9, None, unit="months")
    ('0.77 (0.62 to 0.95)', '13.3 (11.9 to –) months')
    """
    if low is None and high is None:
        return number(value, digits, unit)
    return f"{number(value, digits)} ({number(low, digits)} to {number(high, digits)}) {unit}".strip()


def percent(share: float | None, decimals: int = 1) -> str:
    """A proportion in [0, 1] as a percentage.

    Examples
    --------
    >>> percent(55 / 220), percent(None)
    ('25.0 %', '–')
    """
    return MISSING if share is None or math.isnan(share) else f"{100 * share:.{decimals}f} %"


def _cell(value: object, digits: int) -> str:
    if isinstance(value, bool | str):
        return str(value)
    if value is None:
        return MISSING
    try:
        return number(float(value), digits)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)


def rich_table(frame: pd.DataFrame, title: str = "", digits: int = 4) -> Table:
    """`frame` as a rich table: words to the left, numbers to the right. The index is not shown."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iufb"
        table.add_column(Text(str(name)), justify="right" if numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(Text(_cell(value, digits)) for value in row))
    return table


def text_table(frame: pd.DataFrame, title: str = "", digits: int = 4, width: int = 120) -> str:
    """`frame` as plain text without colours, lines unpadded.

    Examples
    --------
    >>> import pandas as pd
    >>> print(text_table(pd.DataFrame({"strategy": ["a", "b"], "median": [13.3, 16.8]})))
    strategy   median
    ─────────────────
    a            13.3
    b            16.8
    """
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(file=out, width=width, color_system=None, force_terminal=False).print(rich_table(frame, title, digits))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines() if line.strip())


def print_frame(frame: pd.DataFrame, title: str = "", digits: int = 4, file: TextIO | None = None) -> None:
    """Print `frame` to `file` (standard output by default), in colour on a terminal."""
    from rich.console import Console

    stream = file or sys.stdout
    console = Console(file=stream)
    if not console.is_terminal:
        print(text_table(frame, title, digits), file=stream)
        return
    console.print(rich_table(frame, title, digits))


def write_csv(path: str | os.PathLike[str], frame: pd.DataFrame, *, index: bool = False) -> Path:
    """Write `frame` as CSV, whole or not at all; numbers keep every digit."""
    return atomic_write(path, frame.to_csv(index=index, lineterminator="\n"))
