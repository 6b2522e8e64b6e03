"""Predicted against reported: one point a figure, its prediction interval, the diagonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simulate.plots import style
from simulate.plots.export import wrap
from simulate.plots.style import GREY, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
Point = tuple[float, float, float, float]  # reported, predicted, low, high; shares


def draw(groups: Mapping[str, Sequence[Point]], ax: Axes | None = None, *, source: str = "") -> Axes:
    """Draw predicted against reported landmark survival (shares), a colour and a mark each group; returns the Axes."""
    ax = style.new_axes(style.WIDTH, 4.9) if ax is None else ax
    ax.set_position((0.10, 0.17, 0.60, 0.78))
    ax.plot([0, 100], [0, 100], color=GREY, lw=0.9, zorder=1)
    for i, (name, points) in enumerate(groups.items()):
        ink = style.color(i)
        for reported, predicted, low, high in points:
            ax.plot([100 * reported] * 2, [100 * low, 100 * high], color=ink, lw=0.7, alpha=0.45, zorder=2)
            ax.plot(
                [100 * reported], [100 * predicted], MARKS[i % len(MARKS)], color=ink, ms=4.5, mec="white", mew=0.5,
                zorder=3,
            )  # fmt: skip
        ax.plot([], [], MARKS[i % len(MARKS)], color=ink, ms=5, label=f"{name} ({len(points)})")
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_xlabel("Reported survival at a landmark (%)")
    ax.set_ylabel("Predicted without it (%), 95 % prediction interval")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=TEXT - 1, handletextpad=0.3)
    style.tidy(ax)
    if source:
        style.below(ax, [(line, GREY) for line in wrap(source, 110)], 34.0 + SMALL / 2)
    return ax
