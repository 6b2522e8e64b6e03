"""Figures of an economic evaluation, from plain arrays: the plane, acceptability, loss, convergence, costs, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.export import wrap
from simulate.plots.style import GREY, INK, PALE, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
MOST_POINTS = 2_000  # of a cloud: more only make the file large
UNDER = 34.0  # points below the axes where the source line starts
DASHES: tuple[Any, ...] = ("-", (0, (5.0, 1.6)), (0, (1.2, 1.4)), (0, (5.0, 1.4, 1.2, 1.4)))


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


def finish(ax: Axes, source: str, title: str = "", wide: float | None = None) -> Axes:
    """Tidy axes with the source below; `wide` is the room for it in points, by default that of the axes."""
    style.tidy(ax)
    if title:
        ax.set_title(title, fontsize=TEXT + 1.5, color=INK, loc="left", pad=8)
    if source:
        wide = wide or float(ax.get_window_extent().width / style.figure_of(ax).dpi * 72.0)
        style.below(ax, [(line, GREY) for line in wrap(source, int(wide / (0.52 * SMALL)))], UNDER)
    return ax


def key(ax: Axes, **options: Any) -> None:
    """A key without a frame."""
    ax.legend(frameon=False, fontsize=SMALL + 0.5, labelcolor=INK, handletextpad=0.6, **options)


def _over(ax: Axes, columns: int = 3) -> None:
    """The key above the axes, where nothing is drawn, with room for a line of numbers between."""
    key(ax, loc="lower left", bbox_to_anchor=(-0.01, 1.04), ncols=columns, borderaxespad=0.2)


def money_axis(axis: Any) -> None:
    """Thousands apart, a real minus sign."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}".replace("-", "−")))


def plane(
    clouds: Sequence[Cloud], thresholds: Sequence[float], *, currency: str, comparator: str, source: str = ""
) -> Axes:
    """Cost-effectiveness plane: draws, 95 % ellipses, the files' own values, and lines of the thresholds."""
    ax = style.new_axes(height=4.8)
    ax.set_position((0.13, 0.15, 0.84, 0.78))
    few = slice(None, MOST_POINTS)
    for i, c in enumerate(clouds):
        ink = style.color(i + 1)
        ax.plot(c.effect[few], c.cost[few], ".", color=ink, ms=3, mew=0, alpha=0.35, zorder=2, rasterized=True)
        ax.plot(*c.outline, color=ink, lw=1.4, zorder=4)
        mean = (float(c.effect.mean()), float(c.cost.mean()))
        ax.plot(*mean, "o", color=ink, mec="white", mew=0.9, ms=7, zorder=5, label=f"{c.label}: mean of the draws")
        ax.plot(*c.base, "D", mfc="white", mec=ink, mew=1.5, ms=5.5, zorder=6, label="at the values of the files")
    reach = np.concatenate([np.r_[c.effect[few], c.outline[0], 0.0] for c in clouds])
    heights = np.concatenate([np.r_[c.cost[few], c.outline[1], 0.0] for c in clouds])
    x, y = _room(reach), _room(heights)
    for i, threshold in enumerate(thresholds):
        ends = np.array(x)
        ax.plot(ends, threshold * ends, color=GREY, lw=1.0, ls=DASHES[(i + 1) % len(DASHES)], zorder=3,
                label=f"{currency} {threshold:,.0f} per QALY")  # fmt: skip
    ax.set(xlim=x, ylim=y)
    ax.axhline(0.0, color=INK, lw=0.7, zorder=1)
    ax.axvline(0.0, color=INK, lw=0.7, zorder=1)
    ax.set_xlabel(f"QALYs gained against {comparator} (per patient, discounted)")
    ax.set_ylabel(f"Added cost ({currency} per patient, discounted)")
    money_axis(ax.yaxis)
    _over(ax, columns=2)
    return finish(ax, source, "")


def _room(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * max(high - low, 1e-9)
    return low - room, high + room


def acceptability(
    wtp: Array,
    probability: Mapping[str, Array],
    frontier: Array,
    thresholds: Sequence[float],
    *,
    currency: str,
    source: str = "",
) -> Axes:
    """Acceptability curves (CEAC) by strategy with the acceptability frontier (CEAF)."""
    ax = style.new_axes()
    ax.plot(wtp, 100.0 * frontier, color=INK, lw=5.0, alpha=0.22, zorder=2, label="frontier: best on average")
    for i, (name, share) in enumerate(probability.items()):
        ax.plot(wtp, 100.0 * share, color=style.color(i), lw=1.7, ls=style.dash(i), zorder=3, label=name)
    _willing(ax, wtp, thresholds, currency)
    ax.set(ylim=(-2.0, 103.0), ylabel="Probability of being cost-effective (%)")
    _over(ax)
    return finish(ax, source, "")


def expected_loss(
    wtp: Array, loss: Mapping[str, Array], evpi: Array, thresholds: Sequence[float], *, currency: str, source: str = ""
) -> Axes:
    """Expected loss of choosing each strategy; the lowest is the value of perfect information (EVPI)."""
    ax = style.new_axes()
    ax.set_position((0.13, 0.15, 0.84, 0.78))
    ax.plot(wtp, evpi, color=INK, lw=5.0, alpha=0.22, zorder=2, label="lowest: value of perfect information")
    for i, (name, values) in enumerate(loss.items()):
        ax.plot(wtp, values, color=style.color(i), lw=1.7, ls=style.dash(i), zorder=3, label=name)
    _willing(ax, wtp, thresholds, currency)
    ax.set_ylim(bottom=0.0)
    ax.set_ylabel(f"Expected loss ({currency} per patient)")
    money_axis(ax.yaxis)
    _over(ax)
    return finish(ax, source, "")


def _willing(ax: Axes, wtp: Array, thresholds: Sequence[float], currency: str) -> None:
    """The axis of the willingness to pay, thresholds marked."""
    for threshold in thresholds:
        ax.axvline(threshold, color=GREY, lw=0.8, ls=(0, (1, 2)), zorder=1)
        ax.annotate(f"{threshold:,.0f}", (threshold, 1.0), (0, 3), xycoords=("data", "axes fraction"), ha="center",
                    textcoords="offset points", fontsize=SMALL, color=GREY, annotation_clip=False)  # fmt: skip
    ax.set(xlim=(float(wtp[0]), float(wtp[-1])), xlabel=f"Willingness to pay ({currency} per QALY)")
    money_axis(ax.xaxis)


def convergence(
    benefit: Mapping[str, Array], precision: float, needed: int, *, threshold: str, currency: str, source: str = ""
) -> Axes:
    """Running mean of the incremental net benefit with its 95 % interval, and its standard error, by draws."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.WIDTH, 5.2), dpi=150, facecolor="white")
    upper, lower = figure.add_axes((0.14, 0.55, 0.83, 0.40)), figure.add_axes((0.14, 0.13, 0.83, 0.32))
    longest = 2
    for i, (name, values) in enumerate(benefit.items()):
        ink = style.color(i + 1)
        count = np.arange(1, len(values) + 1)
        mean, error = running(values)
        seen = slice(min(19, len(values) - 2), None)
        upper.fill_between(count[seen], (mean - 1.96 * error)[seen], (mean + 1.96 * error)[seen], color=ink, alpha=0.18,
                           lw=0)  # fmt: skip
        upper.plot(count[seen], mean[seen], color=ink, lw=1.6, ls=style.dash(i + 1), label=name)
        lower.plot(count[seen], error[seen], color=ink, lw=1.6, ls=style.dash(i + 1), label=name)
        longest = max(longest, len(values))
    lower.axhline(precision, color=INK, lw=0.9, ls=DASHES[1])
    where = f"{needed:,} draws are enough" if needed <= longest else f"{needed:,} draws would be enough"
    lower.annotate(f"stated precision {currency} {precision:,.0f}: {where}", (0.99, precision), (0, 3), ha="right",
                   xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=SMALL + 0.5,
                   color=INK)  # fmt: skip
    if needed <= longest:
        lower.axvline(needed, color=GREY, lw=0.8, ls=(0, (1, 2)))
    for ax in (upper, lower):
        ax.set_xlim(0, longest)
        money_axis(ax.xaxis)
        money_axis(ax.yaxis)
        style.tidy(ax)
    lower.set_ylim(bottom=0.0)
    upper.set_ylabel(f"Mean net benefit\n({currency}, at {threshold})")
    lower.set(ylabel=f"Standard error\n({currency})", xlabel="Draws of the parameters")
    key(upper, loc="best")
    return finish(lower, source, "")


def running(values: Array) -> tuple[Array, Array]:
    """Mean of the first n values and its standard error, for every n; the error of the first alone is missing.

    Examples
    --------
    >>> running(np.array([1.0, 3.0, 5.0]))
    (array([1., 2., 3.]), array([      nan, 1.        , 1.15470054]))
    """
    count = np.arange(1, len(values) + 1, dtype=np.float64)
    centred = values - values.mean()
    mean = np.cumsum(centred) / count
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (np.cumsum(centred**2) - count * mean**2) / (count - 1.0)
        error = np.sqrt(np.maximum(variance, 0.0) / count)
    error[0] = np.nan
    return mean + values.mean(), error


def breakdown(costs: Mapping[str, Mapping[str, float]], *, currency: str, source: str = "") -> Axes:
    """Stacked bars of cost by category (category → strategy → amount), one bar a strategy."""
    strategies = list(next(iter(costs.values())))
    ax = style.new_axes(height=1.7 + 0.55 * len(strategies))
    height = style.figure_of(ax).get_figheight()
    ax.set_position((0.03, 0.62 / height, 0.94, 1.0 - 1.25 / height))
    at = np.arange(len(strategies))[::-1]
    left = np.zeros(len(strategies))
    hatches = ("", "///", "...")
    for i, (name, own) in enumerate(costs.items()):
        width = np.array([own[s] for s in strategies])
        ax.barh(at, width, left=left, height=0.46, color=style.color(i), edgecolor="white", lw=0.7,
                hatch=hatches[i // len(style.OKABE_ITO)], label=name)  # fmt: skip
        left += width
    for y, s, total in zip(at, strategies, left, strict=True):
        ax.annotate(f"{s}: {currency} {total:,.0f}", (0.0, y + 0.27), (1, 1), textcoords="offset points",
                    fontsize=TEXT - 0.5, color=INK, va="bottom")  # fmt: skip
    ax.set(yticks=[], xlim=(0.0, 1.04 * float(max(left.max(), 1e-9))), ylim=(-0.4, len(strategies) - 0.32))
    ax.set_xlabel(f"Discounted cost ({currency} per patient)")
    money_axis(ax.xaxis)
    key(ax, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2)
    ax.spines["left"].set_visible(False)
    return finish(ax, source, "")


def structures(
    months: Array,
    curves: Mapping[str, Mapping[str, Array]],
    *,
    endpoint: str,
    follow_up: float,
    source: str = "",
    beyond: str = "",
) -> Axes:
    """Survival under each structure (strategy → structure → shares by month): colours tell strategies, dashes forms.

    `beyond` says what lies after the follow-up, where that is drawn.
    """
    from matplotlib.lines import Line2D

    ax = style.new_axes()
    names = list(next(iter(curves.values())))
    for i, own in enumerate(curves.values()):
        for j, name in enumerate(names):
            ax.plot(months, 100.0 * own[name], color=style.color(i), lw=1.5, ls=DASHES[j % len(DASHES)], zorder=3)
    low = [m for own in curves.values() for s in own.values() for m in months[s < 0.02][:1]]
    everywhere = len(low) == len(curves) * len(names)
    end = float(min(months[-1], 12.0 * np.ceil(max(low) / 12.0))) if everywhere and low else float(months[-1])
    if follow_up < end:
        ax.axvspan(follow_up, end, color=PALE, lw=0, zorder=0)
        source = f"{source} {beyond}".strip()
    ax.set(xlim=(0.0, end), ylim=(0.0, 103.0), yticks=[0, 25, 50, 75, 100], xticks=_ticks(end))
    ax.set(xlabel="Months since the start", ylabel=f"{endpoint} (%)")
    handles = [Line2D([], [], color=style.color(i), lw=2.5, label=s) for i, s in enumerate(curves)]
    handles += [Line2D([], [], color=INK, lw=1.5, ls=DASHES[j % len(DASHES)], label=n) for j, n in enumerate(names)]
    key(ax, handles=handles, loc="upper right", handlelength=3.2)
    return finish(ax, source, "")


def _ticks(end: float) -> Array:
    step = next((s for s in (3.0, 6.0, 12.0, 24.0, 60.0, 120.0) if end / s <= 10), 240.0)
    return np.arange(0.0, end + 1e-6, step)
