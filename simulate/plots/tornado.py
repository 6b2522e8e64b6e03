"""The tornado: net benefit with one number at a time at both ends of its range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from simulate.plots import style
from simulate.plots.economics import finish, key, money_axis
from simulate.plots.style import GREY, INK, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM, BAR = 1.0, 0.26  # inches of a panel around its bars, and of a bar
KEY = 0.25  # inches above, for the key
LEFT = 0.40  # of the width, for what the numbers are called


class End(NamedTuple):
    """One number: its name, net benefit at its low and its high end, what is written there."""

    name: str
    at_low: float
    at_high: float
    low: str
    high: str


class Panel(NamedTuple):
    """The bars of one strategy, the longest first, around net benefit as evaluated."""

    title: str
    base: float
    bars: Sequence[End]


def tornado(panels: Sequence[Panel], *, unit: str, source: str = "") -> Axes:
    """A panel a strategy, one below the other; a thin line where net benefit is nothing.

    Parameters
    ----------
    unit : of net benefit.
    """
    from matplotlib.figure import Figure

    heights = [ROOM + BAR * len(p.bars) for p in panels]
    total = sum(heights) + 0.55 + KEY
    figure = Figure(figsize=(style.WIDTH, total), dpi=150, facecolor="white")
    top, drawn = 1.0 - KEY / total, []
    for i, (panel, height) in enumerate(zip(panels, heights, strict=True)):
        inside = BAR * len(panel.bars) / total
        ax = figure.add_axes((LEFT, top - 0.35 / total - inside, 0.97 - LEFT, inside))
        top -= height / total
        _bars(ax, panel, last=i == len(panels) - 1)
        drawn.append(ax)
    drawn[-1].set_xlabel(f"Net benefit ({unit})")
    key(
        drawn[0],
        loc="lower right",
        bbox_to_anchor=(1.01, 1.0 + KEY / (BAR * len(panels[0].bars))),
        ncols=2,
        borderaxespad=0.15,
    )
    for ax in drawn[:-1]:
        finish(ax, "")
    return finish(drawn[-1], source, wide=style.WIDTH * 72.0 * (0.97 - LEFT))


def _bars(ax: Axes, panel: Panel, *, last: bool) -> None:
    ends = [x for bar in panel.bars for x in (bar.at_low, bar.at_high)] + [panel.base]
    wide = max(max(ends) - min(ends), 1e-9)
    for y, bar in enumerate(panel.bars):
        for k, (end, said) in enumerate(((bar.at_low, bar.low), (bar.at_high, bar.high))):
            hatch, label = (("", "at its low end"), ("///", "at its high end"))[k]
            ax.barh(y, end - panel.base, left=panel.base, height=0.64, color=style.color(k), hatch=hatch,
                    edgecolor="white", lw=0.6, zorder=2, label=None if y else label)  # fmt: skip
            right = end > panel.base or (end == panel.base and k == 1)
            ax.annotate(said, (end, y), (3 if right else -3, 0), textcoords="offset points", va="center",
                        ha="left" if right else "right", fontsize=SMALL - 0.5, color=INK, zorder=5,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4})  # fmt: skip
    ax.set_xlim(min(ends) - 0.17 * wide, max(ends) + 0.17 * wide)
    ax.axvline(panel.base, color=INK, lw=0.9, zorder=3)
    low, high = ax.get_xlim()
    if low < 0.0 < high:
        ax.axvline(0.0, color=GREY, lw=0.9, ls=(0, (4, 2)), zorder=1)
    ax.set_yticks(range(len(panel.bars)), [_short(bar.name) for bar in panel.bars], fontsize=TEXT - 1.0)
    ax.set_ylim(len(panel.bars) - 0.4, -0.6)
    ax.locator_params(axis="x", nbins=5)
    money_axis(ax.xaxis)
    ax.set_title(panel.title, fontsize=TEXT, color=INK, loc="left", x=-LEFT / (0.97 - LEFT) + 0.02)
    ax.tick_params(axis="y", length=0)


def _short(name: str, most: int = 44) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip(" ,") + "…"
