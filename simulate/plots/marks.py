"""What was reported, marked on survival curves: medians and landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simulate.plots import style
from simulate.plots.style import GREY, INK, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simulate.plots.km import Series

BESIDE = 2  # medians whose months find room beside them


def key_label(series: Sequence[Series], i: int) -> str:
    """A curve in the key; with its reported median where too many of them would stand on one line."""
    one = series[i]
    several = sum(s.reported_median is not None for s in series) > BESIDE
    return f"{one.label} ({one.reported_median:g})" if several and one.reported_median else one.label


def draw_medians(ax: Axes, series: Sequence[Series], inks: Sequence[str]) -> list[Any]:
    """Diamonds with their months on the 50 % line; returns what the key says of them."""
    from matplotlib.lines import Line2D

    medians = sorted((s.reported_median, ink) for s, ink in zip(series, inks, strict=True) if s.reported_median)
    if not medians:
        return []
    ax.axhline(0.5, color=GREY, lw=0.7, ls=(0, (1, 2)), zorder=1)
    for i, (at, ink) in enumerate(medians):
        ax.plot([at], [0.5], marker="D", ms=5.5, mfc="white", mec=ink, mew=1.4, zorder=5)
        # a falling curve leaves room at its lower left and upper right
        if len(medians) > BESIDE:
            continue
        left = i < len(medians) / 2 and len(medians) > 1
        offset, ha, va = ((-6, -5), "right", "top") if left else ((6, 5), "left", "bottom")
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
        ax.annotate(
            f"{at:g}",
            (at, 0.5),
            offset,
            textcoords="offset points",
            ha=ha,
            va=va,
            fontsize=TEXT - 0.5,
            color=ink,
            bbox=paper,
            zorder=6,
        )
    label = "reported median" + (" (months in brackets)" if len(medians) > BESIDE else "")
    return [Line2D([], [], marker="D", ls="", ms=5.5, mfc="white", mec=INK, mew=1.3, label=label)]


def draw_landmarks(ax: Axes, series: Sequence[Series], inks: Sequence[str]) -> list[Any]:
    """Open circles with intervals, side by side where curves share a time; returns what the key says of them."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    figure = style.figure_of(ax)
    for i, (one, ink) in enumerate(zip(series, inks, strict=True)):
        for at, value, low, high in one.reported_landmarks:
            sharing = [j for j, other in enumerate(series) if any(mark[0] == at for mark in other.reported_landmarks)]
            points = 6.0 * (sharing.index(i) - (len(sharing) - 1) / 2.0)
            aside = ax.transData + ScaledTranslation(points / 72.0, 0.0, figure.dpi_scale_trans)
            bars = None if low is None or high is None else [[value - low], [high - value]]
            ax.errorbar(
                [at],
                [value],
                yerr=bars,
                fmt="o",
                ms=4.5,
                mfc="white",
                mec=ink,
                mew=1.3,
                ecolor=ink,
                elinewidth=1.1,
                capsize=2.5,
                zorder=4,
                transform=aside,
            )
    if not any(one.reported_landmarks for one in series):
        return []
    return [Line2D([], [], marker="o", ls="", ms=4.5, mfc="white", mec=INK, mew=1.2, label="reported, with interval")]
