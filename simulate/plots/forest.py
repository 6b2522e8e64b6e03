"""Forest plots: reported figures with their intervals, beside what the model says and what was simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulate.plots import style
from simulate.plots.export import wrap
from simulate.plots.style import GREY, INK, PALE, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPORTED, MODEL, SIMULATED = INK, style.OKABE_ITO[2], style.OKABE_ITO[1]
CONFLICT, TINT = "#A50026", "#FBE3E6"  # the label of a figure that the model contradicts, and its row


@dataclass(frozen=True)
class ForestRow:
    """One figure: `reported` with its interval, `model` by integration, `simulated`; None for what is missing.

    `target` tells a figure that calibration used (filled marker) from one it predicts (open marker); `conflict` marks
    a figure that the model contradicts.
    """

    label: str
    reported: float | None
    low: float | None = None
    high: float | None = None
    model: float | None = None
    simulated: float | None = None
    target: bool = True
    conflict: bool = False


def draw(
    rows: Sequence[ForestRow],
    ax: Axes | None = None,
    *,
    xlabel: str = "Hazard ratio",
    log: bool = False,
    reference: float | None = None,
    digits: int = 2,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw a forest plot, the first row on top; returns the Axes.

    Parameters
    ----------
    rows : one per figure.
    ax : where to draw; a new figure as high as the rows need if None. Numbers go to the right of the axes.
    xlabel, log : name and unit of the figures; a log axis suits ratios.
    reference : a vertical line, 1 for ratios.
    digits : after the point in the printed numbers.
    title, source : heading, and the line at the bottom that says where the reported figures come from.
    """
    if ax is None:
        inches = 1.3 + 0.27 * len(rows)
        ax = style.new_axes(style.WIDTH, inches)
        ax.set_position((0.25, 0.62 / inches, 0.33, 0.27 * len(rows) / inches))
    if log:
        ax.set_xscale("log")
    for i, row in enumerate(rows):
        if row.conflict or i % 2 == 0:
            ax.axhspan(i - 0.5, i + 0.5, color=TINT if row.conflict else PALE, lw=0, zorder=0)
        _row(ax, i, row, digits)
    if reference is not None:
        ax.axvline(reference, color=GREY, lw=0.8, zorder=1)
    _axes(ax, rows, xlabel, log, title)
    if source:
        style.below(ax, [(line, GREY) for line in wrap(source, 95)], 34.0)
    return ax


def _row(ax: Axes, y: int, row: ForestRow, digits: int) -> None:
    if row.low is not None and row.high is not None:
        ax.plot([row.low, row.high], [y, y], color=REPORTED, lw=1.3, solid_capstyle="butt", zorder=2)
    # the three agree as a rule, so each has a shape that leaves the others visible
    for value, marker, size, face, edge in (
        (row.reported, "s", 6.0, REPORTED if row.target else "white", REPORTED),
        (row.model, "o", 9.0, "none", MODEL),
        (row.simulated, "x", 5.0, SIMULATED, SIMULATED),
    ):
        if value is not None:
            ax.plot([value], [y], marker=marker, ms=size, mfc=face, mec=edge, mew=1.5, ls="", zorder=4)
    interval = "" if row.low is None or row.high is None else f" ({row.low:.{digits}f}–{row.high:.{digits}f})"
    texts = (
        "" if row.reported is None else f"{row.reported:.{digits}f}{interval}",
        _text(row.model, digits + 1),
        _text(row.simulated, digits + 1),
    )
    for x, text, ink, ha in zip(_COLUMNS, texts, (REPORTED, MODEL, SIMULATED), _ALIGN, strict=True):
        ax.annotate(
            text,
            (x, y),
            xycoords=("axes fraction", "data"),
            ha=ha,
            va="center",
            fontsize=SMALL,
            color=ink,
            annotation_clip=False,
        )


_COLUMNS = (1.04, 1.84, 2.22)  # of the width of the axes
_ALIGN = ("left", "right", "right")


def _text(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _axes(ax: Axes, rows: Sequence[ForestRow], xlabel: str, log: bool, title: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator, ScalarFormatter
    from matplotlib.transforms import ScaledTranslation

    ax.set(ylim=(len(rows) - 0.5, -0.5), yticks=range(len(rows)), xlabel=xlabel)
    ax.set_yticklabels([f"{row.label}  ! conflict" if row.conflict else row.label for row in rows])
    if log:
        low, high = ax.get_xlim()
        fine = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 5, 10)
        coarse = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
        inside = [t for t in fine if low <= t <= high]
        ax.set_xticks(inside if len(inside) <= 6 else [t for t in coarse if low <= t <= high])
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5))
    style.tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    for row, tick in zip(rows, ax.get_yticklabels(), strict=True):
        if row.conflict:
            tick.set_color(CONFLICT)
    for x, text, ink, ha in zip(
        _COLUMNS, ("reported", "model", "simulated"), (REPORTED, MODEL, SIMULATED), _ALIGN, strict=True
    ):
        ax.annotate(
            text,
            (x, 1.0),
            (0, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=ha,
            va="bottom",
            fontsize=SMALL,
            color=ink,
            weight="bold",
            annotation_clip=False,
        )
    marks = [
        ("s", 5.5, REPORTED, REPORTED, "reported, a target"),
        ("s", 5.5, "white", REPORTED, "reported, predicted"),
        ("o", 8, "none", MODEL, "model"),
        ("x", 5, SIMULATED, SIMULATED, "simulated"),
    ]
    present = {True: any(r.target for r in rows), False: any(not r.target for r in rows)}
    shown = [m for i, m in enumerate(marks) if i > 1 or present[i == 0]]
    handles = [Line2D([], [], marker=m, ms=s, mfc=f, mec=e, mew=1.4, ls="", label=t) for m, s, f, e, t in shown]
    above = ScaledTranslation(0.0, 15.0 / 72.0, style.figure_of(ax).dpi_scale_trans)
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.72, 1.0),
        bbox_transform=ax.transAxes + above,
        ncols=len(handles),
        frameon=False,
        fontsize=SMALL,
        handletextpad=0.2,
        columnspacing=1.0,
        borderpad=0.2,
    )
    if title:
        ax.set_title(title, fontsize=TEXT + 1.5, color=INK, loc="left", pad=36, x=-0.7)
