"""One look for every figure: readable at print size, safe for colour-blind readers, no global state.

Figures are made with `matplotlib.figure.Figure` and never with pyplot, whose registry of open figures is global and not
thread-safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, Color Universal Design, 2008; the two that differ most come first. Yellow is left out: too pale for
# lines.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, GREY, PALE = "#222222", "#666666", "#EFEFEF"
TEXT, SMALL = 9.0, 7.5  # points; 7 is the smallest that journals print
WIDTH, HEIGHT = 6.3, 4.4  # inches: 160 mm, the text width of A4


def new_axes(width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """Axes alone on a new figure of `width` × `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, facecolor="white").add_axes((0.11, 0.15, 0.86, 0.78))


def stacked(inside: Sequence[float], *, left: float, right: float, top: float, gap: float, bottom: float) -> list[Axes]:
    """Axes one below the other on a new figure, `inside` inches high each.

    Parameters
    ----------
    left, right : where they begin and end, as shares of the width.
    top, gap, bottom : inches above the first, between two, and below the last.
    """
    from matplotlib.figure import Figure

    total = top + sum(inside) + gap * (len(inside) - 1) + bottom
    figure = Figure(figsize=(WIDTH, total), dpi=150, facecolor="white")
    at, out = total - top, []
    for height in inside:
        out.append(figure.add_axes((left, (at - height) / total, right - left, height / total)))
        at -= height + gap
    return out


def tidy(ax: Axes) -> None:
    """Two spines, small outward ticks, dark grey ink."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(labelsize=TEXT - 0.5, color=GREY, labelcolor=INK, length=3.5)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(size=TEXT, color=INK)


def figure_of(ax: Axes) -> Figure:
    """The figure that holds the axes, however deep."""
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes without a figure"
    return figure


def color(i: int) -> str:
    """Colour of the i-th series."""
    return OKABE_ITO[i % len(OKABE_ITO)]


def dash(i: int, broken: bool = False) -> str | tuple[float, tuple[float, ...]]:
    """Line style of the i-th series: dashed if `broken` or where the colours begin again, both dashed and dotted."""
    again = i >= len(OKABE_ITO)
    if broken and again:
        return (0.0, (4.0, 1.4, 1.0, 1.4))
    return (0.0, (4.0, 1.6)) if broken or again else "-"


def below(ax: Axes, lines: list[tuple[str, str]], start: float, left: float = 0.0) -> None:
    """Small left-aligned lines of ``(text, colour)``, the first `start` points below the axes, `left` of their edge."""
    for i, (text, ink) in enumerate(lines):
        ax.annotate(
            text,
            (0.0, 0.0),
            xytext=(-left, -start - i * 1.35 * SMALL),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=SMALL,
            color=ink,
            annotation_clip=False,
        )
