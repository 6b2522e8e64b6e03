"""The table of numbers at risk under a survival curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulate.plots import style
from simulate.plots.style import GREY, INK, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simulate.plots.km import Series


def draw_table(ax: Axes, series: Sequence[Series], inks: Sequence[str]) -> float:
    """Numbers at risk under the ticks; returns how many points below the axes it ends."""
    start = 34.0
    counted = [(s, ink) for s, ink in zip(series, inks, strict=True) if s.at_risk is not None]
    if not counted:
        return start
    largest = max(float(s.at_risk[0]) for s, _ in counted if s.at_risk is not None)
    scale, unit = next((x for x in ((1e6, " (millions)"), (1e3, " (thousands)")) if largest >= 100 * x[0]), (1.0, ""))
    line = 1.35 * SMALL
    style.below(ax, [(f"Number at risk{unit}", GREY)], start)
    for i, (one, ink) in enumerate(counted):
        y = -start - (1 + 2 * i) * line
        style.below(ax, [(one.label, ink)], -y)
        at = ax.get_xticks()
        # on days the number entering the tick's day, on exact times who is there just before the tick
        later = one.times[1:]
        place = np.searchsorted(later, at * (1 + 1e-12), "right") if one.linear else np.searchsorted(later, at, "left")
        place = np.minimum(place, len(one.times) - 1)
        for x, n in zip(at, np.asarray(one.at_risk)[place] / scale, strict=True):
            ax.annotate(
                _whole(n),
                (x, 0.0),
                (0.0, y - line),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="top",
                textcoords="offset points",
                fontsize=SMALL,
                color=INK,
                annotation_clip=False,
            )
    return start + (1 + 2 * len(counted)) * line


def _whole(n: float) -> str:
    """A number at risk; one digit after the point only where the unit hides a small one."""
    if n >= 9.5 or n == round(n):
        return f"{n:,.0f}"
    return f"{n:.1f}" if n >= 0.05 else "<0.1"
