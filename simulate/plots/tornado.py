"""The tornado: net benefit with one number at a time at both ends of its range."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from simulate.plots import style
from simulate.plots.economics import finish, money_axis
from simulate.plots.keys import EDGE, over
from simulate.plots.style import GREY, INK, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, LINE = 0.26, 0.145  # inches of a bar with a name of one line, and of each line where names have more
TOP, GAP, BOTTOM = 0.62, 0.98, 0.55  # inches above the first panel, between two, below the last
LEFT, RIGHT = 0.42, 0.97  # of the width; what the numbers are called stands left of it
LETTERS = 39  # of a line of a name


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
    """A panel a strategy, one below the other; a broken line where net benefit is nothing.

    Parameters
    ----------
    unit : of net benefit.
    """
    tall = [len(p.bars) * max(BAR, 0.02 + LINE * max(_wrapped(b.name).count("\n") + 1 for b in p.bars)) for p in panels]
    drawn = style.stacked(tall, left=LEFT, right=RIGHT, top=TOP, gap=GAP, bottom=BOTTOM)
    for ax, panel in zip(drawn, panels, strict=True):
        _bars(ax, panel)
        ax.set_xlabel(f"Net benefit ({unit})")
        finish(ax, source if ax is drawn[-1] else "")
        ax.tick_params(axis="y", length=0, labelsize=TEXT - 1.0)
    over(drawn[0], columns=2, above=22.0)
    return drawn[-1]


class _Label(NamedTuple):
    """What is written at an end: where, on which side of it."""

    at: float
    text: str
    right: bool


def _labels(bar: End, base: float) -> list[_Label]:
    """What is written at the ends of a bar; both beyond the farther one where both lie on one side."""
    low, high = bar.at_low - base, bar.at_high - base
    if low * high > 0.0:
        farther = bar.at_low if abs(low) > abs(high) else bar.at_high
        return [_Label(farther, f"{bar.low}, {bar.high}", low > 0.0)]
    right = high > 0.0 or (high == 0.0 and low <= 0.0)
    return [_Label(bar.at_low, bar.low, not right), _Label(bar.at_high, bar.high, right)]


def _bars(ax: Axes, panel: Panel) -> None:
    labels = [_labels(bar, panel.base) for bar in panel.bars]
    for y, bar in enumerate(panel.bars):
        far = max(abs(bar.at_low - panel.base), abs(bar.at_high - panel.base))
        for k, end in enumerate((bar.at_low, bar.at_high)):
            hatch, label = (("", "at its low end"), ("///", "at its high end"))[k]
            above = 2.0 if abs(end - panel.base) == far else 2.1  # the shorter over the longer
            ax.barh(y, end - panel.base, left=panel.base, height=0.64, color=style.color(k), hatch=hatch,
                    edgecolor="white", lw=0.6, zorder=above, label=None if y else label)  # fmt: skip
        for at, said, right in labels[y]:
            ax.annotate(said, (at, y), (3 if right else -3, 0), textcoords="offset points", va="center",
                        ha="left" if right else "right", fontsize=SMALL, color=INK, zorder=5,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2})  # fmt: skip
    low, high = _limits(ax, panel, [x for own in labels for x in own])
    ax.set_xlim(low, high)
    ax.axvline(panel.base, color=INK, lw=0.9, zorder=3)
    if low < 0.0 < high:
        ax.axvline(0.0, color=GREY, lw=0.9, ls=(0, (4, 2)), zorder=1)
    ax.set_yticks(range(len(panel.bars)), [_wrapped(bar.name) for bar in panel.bars])
    ax.set_ylim(len(panel.bars) - 0.4, -0.6)
    ax.locator_params(axis="x", nbins=5)
    money_axis(ax.xaxis)
    # a title at the left edge of the figure
    ax.set_title(panel.title, fontsize=TEXT, color=INK, loc="left", x=(EDGE - LEFT) / (RIGHT - LEFT))


def _limits(ax: Axes, panel: Panel, labels: Sequence[_Label]) -> tuple[float, float]:
    """Ends of the axis that leave room for what is written: 4.7 points a letter, and 6."""
    points = style.figure_of(ax).get_figwidth() * 72.0 * ax.get_position().width
    ends = [x for bar in panel.bars for x in (bar.at_low, bar.at_high)] + [panel.base]
    low, high = min(ends), max(ends)
    wide = max(high - low, 1e-9)
    for _ in range(20):  # the room that a label takes in units of the axis grows with the axis
        a_point = wide / points
        room = [(x.at, min(6.0 + 4.7 * len(x.text), 0.3 * points) * a_point, x.right) for x in labels]
        low = min([low, *(at - own for at, own, right in room if not right)])
        high = max([high, *(at + own for at, own, right in room if right)])
        if high - low <= wide:
            break
        wide = high - low
    return low, high


def _wrapped(name: str) -> str:
    return "\n".join(textwrap.wrap(name, LETTERS))
