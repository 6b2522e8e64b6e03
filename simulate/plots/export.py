"""Figures as SVG text, PNG bytes or files: the same figure gives the same bytes, with no date in them."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate.errors import input_error
from simulate.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")


def svg(figure: Figure | Axes) -> str:
    """The figure as SVG with text kept as text: small, searchable, read by screen readers."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    # ids of clip paths are random unless salted
    with mpl.rc_context({"svg.hashsalt": "simulate", "svg.fonttype": "none"}):
        _figure(figure).savefig(
            buffer, format="svg", bbox_inches="tight", pad_inches=0.06, metadata={"Date": None, "Creator": None}
        )
    return buffer.getvalue().decode()


def png(figure: Figure | Axes, dpi: int = 200) -> bytes:
    """The figure as PNG, at 200 dots per inch unless told."""
    buffer = io.BytesIO()
    _figure(figure).savefig(
        buffer, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.06, metadata={"Software": None}
    )
    return buffer.getvalue()


def save_figure(figure: Figure | Axes, path: str | Path) -> Path:
    """Write ``.svg`` or ``.png``, whole or not at all.

    Raises
    ------
    InputError : another suffix, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise input_error(
            f"cannot save as {path.suffix or 'a file without suffix'}.",
            file=str(path),
            field="path",
            advice=f"Figures are saved as {' or '.join(SUFFIXES)}.",
        )
    return atomic_write(path, svg(figure) if path.suffix == ".svg" else png(figure))


def wrap(text: str, characters: int = 110) -> list[str]:
    """A long note as lines that fit under a figure."""
    return [line for part in text.splitlines() for line in textwrap.wrap(part, characters)]


def _figure(figure: Any) -> Any:
    """The top figure of Axes; a figure as it is."""
    return figure.get_figure(root=True) if hasattr(figure, "get_xaxis") else figure
