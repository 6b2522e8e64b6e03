"""The cost-effectiveness plane: draws of increments, the ellipses of normal distributions, lines of thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.economics import DASHES, finish, money_axis
from simulate.plots.keys import over
from simulate.plots.style import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
MOST_POINTS = 2_000  # of a cloud: more only make the file large
SKEWED = 1.0  # skewness from which a normal distribution is no picture of the draws
ELLIPSE = "95 % ellipse of a normal distribution"


@dataclass(frozen=True, eq=False)
class Cloud:
    """Increments of a strategy over the comparator.

    Attributes
    ----------
    label : the strategy.
    effect, cost : [D], increments of each draw.
    outline : [2, P], effect and cost along the 95 % ellipse.
    base : effect and cost at the values of the files.
    """

    label: str
    effect: Array
    cost: Array
    outline: Array
    base: tuple[float, float]


def plane(
    clouds: Sequence[Cloud], thresholds: Sequence[float], *, currency: str, comparator: str, source: str = ""
) -> Axes:
    """Cost-effectiveness plane: draws, 95 % ellipses, the files' own values, and lines of the thresholds."""
    from matplotlib.lines import Line2D

    ax = style.new_axes(height=4.8)
    ax.set_position((0.13, 0.15, 0.84, 0.78))
    few = slice(None, MOST_POINTS)
    handles = []
    for i, c in enumerate(clouds):
        ink = style.color(i + 1)
        ax.plot(c.effect[few], c.cost[few], ".", color=ink, ms=3, mew=0, alpha=0.35, zorder=2, rasterized=True)
        ax.plot(*c.outline, color=ink, lw=1.2, zorder=4)
        mean = (float(c.effect.mean()), float(c.cost.mean()))
        ax.plot(*mean, "o", color=ink, mec="white", mew=0.9, ms=7, zorder=5)
        ax.plot(*c.base, "D", mfc="white", mec=ink, mew=1.5, ms=5.5, zorder=6)
        handles.append(Line2D([], [], ls="", marker="s", ms=6, color=ink, label=c.label))
    handles += [
        Line2D([], [], ls="", marker="o", color=INK, mec="white", mew=0.9, ms=7, label="mean of the draws"),
        Line2D([], [], ls="", marker="D", mfc="white", mec=INK, mew=1.5, ms=5.5, label="at the values of the files"),
        Line2D([], [], color=INK, lw=1.2, label=ELLIPSE),
    ]
    reach = np.concatenate([np.r_[c.effect[few], c.outline[0], 0.0] for c in clouds])
    heights = np.concatenate([np.r_[c.cost[few], c.outline[1], 0.0] for c in clouds])
    x, y = _room(reach), _room(heights)
    for i, threshold in enumerate(thresholds):
        ends, dash = np.array(x), DASHES[1 + i % (len(DASHES) - 1)]
        handles += ax.plot(ends, threshold * ends, color=GREY, lw=1.0, ls=dash, zorder=3,
                           label=f"{currency} {threshold:,.0f} per QALY")  # fmt: skip
    ax.set(xlim=x, ylim=y)
    ax.axhline(0.0, color=INK, lw=0.7, zorder=1)
    ax.axvline(0.0, color=INK, lw=0.7, zorder=1)
    ax.set_xlabel(f"QALYs gained against {comparator} (per patient, discounted)")
    ax.set_ylabel(f"Added cost ({currency} per patient, discounted)")
    money_axis(ax.xaxis)
    money_axis(ax.yaxis)
    over(ax, columns=2, above=6.0, handles=handles)
    return finish(ax, f"{source} {far_from_normal(clouds)}".strip())


def _room(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * max(high - low, 1e-9)
    return low - room, high + room


def skewness(values: Array) -> float:
    """Third standardised moment; 0 where all values are the same.

    Examples
    --------
    >>> round(skewness(np.array([0.0, 0.0, 3.0])), 4), skewness(np.ones(3))
    (0.7071, 0.0)
    """
    centred = values - values.mean()
    spread = float(centred.std())
    return float((centred**3).mean()) / spread**3 if spread > 0.0 else 0.0


def far_from_normal(clouds: Sequence[Cloud]) -> str:
    """What is said of the ellipses of draws that are far from normal; nothing of others."""
    said = []
    for c in clouds:
        both = [(name, skewness(v)) for name, v in (("QALYs", c.effect), ("cost", c.cost))]
        far = [f"{name} {x:.1f}".replace("-", "−") for name, x in both if abs(x) >= SKEWED]
        said += [f"{c.label} ({', '.join(far)})"] if far else []
    if not said:
        return ""
    return (
        f"Not normal, by skewness: {'; '.join(said)}. There the ellipse reaches where no draws lie and leaves out far "
        "ones: look at the points."
    )
