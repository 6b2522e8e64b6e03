"""Figures of an economic evaluation, from plain arrays: acceptability, loss, convergence, costs, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.export import wrap
from simulate.plots.keys import EDGE, over
from simulate.plots.style import GREY, INK, PALE, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
UNDER = 34.0  # points below the axes where the source line starts
NUMBERS = 15.0  # points above the axes that a line of numbers takes
LIVING = 0.02  # a share alive below it is drawn no further
DASHES: tuple[Any, ...] = ("-", (0, (5.0, 1.6)), (0, (1.2, 1.4)), (0, (5.0, 1.4, 1.2, 1.4)))


def finish(ax: Axes, source: str, title: str = "") -> Axes:
    """Tidy axes with the source below, from the figure's left edge to its right."""
    style.tidy(ax)
    if title:
        ax.set_title(title, fontsize=TEXT + 1.5, color=INK, loc="left", pad=8)
    if source:
        points = style.figure_of(ax).get_figwidth() * 72.0
        left = (ax.get_position().x0 - EDGE) * points
        lines = wrap(source, int((0.97 - EDGE) * points / (0.54 * SMALL)))
        style.below(ax, [(line, GREY) for line in lines], UNDER, left)
    return ax


def money_axis(axis: Any) -> None:
    """Thousands apart, a real minus sign, none before 0."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x or 0.0:,.10g}".replace("-", "−")))


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
    over(ax, above=NUMBERS)
    return finish(ax, source)


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
    over(ax, above=NUMBERS)
    return finish(ax, source)


def _willing(ax: Axes, wtp: Array, thresholds: Sequence[float], currency: str) -> None:
    """The axis of the willingness to pay, thresholds marked."""
    ax.set(xlim=(float(wtp[0]), float(wtp[-1])), xlabel=f"Willingness to pay ({currency} per QALY)")
    marks = sorted(x for x in thresholds if wtp[0] <= x <= wtp[-1])
    wide = style.figure_of(ax).get_figwidth() * 72.0 * ax.get_position().width
    letters = max((len(f"{x:,.0f}") for x in marks), default=0)
    near = (0.6 * letters + 0.8) * SMALL / wide * float(wtp[-1] - wtp[0])  # numbers closer than this would touch
    groups: list[list[float]] = []
    for threshold in marks:
        ax.axvline(threshold, color=GREY, lw=0.8, ls=(0, (1, 2)), zorder=1)
        if groups and threshold - groups[-1][-1] < near:
            groups[-1].append(threshold)
        else:
            groups.append([threshold])
    for group in groups:
        said = [(x, f"{x:,.0f}", side) for x, side in zip(group, ("right", "left"), strict=False)]
        if len(group) != 2:
            said = [(float(np.mean(group)), ", ".join(f"{x:,.0f}" for x in group), "center")]
        for at, text, side in said:
            ax.annotate(text, (at, 1.0), (0, 3), xycoords=("data", "axes fraction"), ha=side, fontsize=SMALL,
                        color=GREY, textcoords="offset points", annotation_clip=False)  # fmt: skip
    ax.locator_params(axis="x", nbins=6)
    money_axis(ax.xaxis)


def convergence(
    benefit: Mapping[str, Array], precision: float, needed: int, *, threshold: str, currency: str, source: str = ""
) -> Axes:
    """Running mean of the incremental net benefit with its 95 % interval, and its standard error, by draws."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.WIDTH, 5.2), dpi=150, facecolor="white")
    upper, lower = figure.add_axes((0.15, 0.56, 0.82, 0.38)), figure.add_axes((0.15, 0.13, 0.82, 0.30))
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
    where = f"{needed:,} draws are enough" if needed <= longest else f"{needed:,} draws would be enough"
    stated = lower.axhline(precision, color=INK, lw=0.9, ls=DASHES[1],
                           label=f"stated precision {currency} {precision:,.0f}: {where}")  # fmt: skip
    if needed <= longest:
        lower.axvline(needed, color=GREY, lw=0.8, ls=(0, (1, 2)))
    for ax in (upper, lower):
        ax.set_xlim(0, longest)
        money_axis(ax.xaxis)
        money_axis(ax.yaxis)
        style.tidy(ax)
    lower.set_ylim(bottom=0.0, top=1.08 * max(lower.get_ylim()[1] / 1.05, precision))
    upper.set_ylabel(f"Mean net benefit\n({currency}, at {threshold})")
    lower.set(ylabel=f"Standard error\n({currency})", xlabel="Draws of the parameters")
    over(upper)
    over(lower, handles=[stated])
    return finish(lower, source)


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
    over(ax, columns=4)
    ax.spines["left"].set_visible(False)
    return finish(ax, source)


def structures(
    months: Array,
    curves: Mapping[str, Mapping[str, Array]],
    *,
    endpoint: str,
    follow_up: float | None,
    source: str = "",
    beyond: str = "",
) -> Axes:
    """Survival under each structure (strategy → structure → shares by month): colours tell strategies, dashes forms.

    Parameters
    ----------
    follow_up : months after which curves are extrapolation; None where they are taken as they stand.
    beyond : what is said of the grey area after it, where that is drawn.
    """
    from matplotlib.lines import Line2D

    ax = style.new_axes()
    names = list(next(iter(curves.values())))
    for i, own in enumerate(curves.values()):
        wide = 1.5 + 2.5 * _covered(list(curves.values()), i)
        for j, name in enumerate(names):
            ax.plot(months, 100.0 * own[name], color=style.color(i), lw=wide, ls=DASHES[j % len(DASHES)], zorder=3)
    end = last_month(months, [s for own in curves.values() for s in own.values()], follow_up)
    if follow_up is not None and follow_up < end:
        ax.axvspan(follow_up, end, color=PALE, lw=0, zorder=0)
        source = f"{source} {beyond}".strip()
    ax.set(xlim=(0.0, end), ylim=(0.0, 103.0), yticks=[0, 25, 50, 75, 100], xticks=_ticks(end))
    ax.set(xlabel="Months since the start", ylabel=f"{endpoint} (%)")
    handles = [Line2D([], [], color=style.color(i), lw=2.5, label=s) for i, s in enumerate(curves)]
    handles += [Line2D([], [], ls="", label="") for _ in names[len(handles) :]]  # forms begin a column
    handles += [Line2D([], [], color=INK, lw=1.5, ls=DASHES[j % len(DASHES)], label=n) for j, n in enumerate(names)]
    over(ax, columns=2, handles=handles, handlelength=3.2)
    return finish(ax, source)


def _covered(curves: Sequence[Mapping[str, Array]], i: int) -> int:
    """How many later strategies have the curves of the i-th; it is drawn wider, to be seen under them."""
    same = [all(np.allclose(other[k], v, atol=0.003) for k, v in curves[i].items()) for other in curves[i + 1 :]]
    return sum(same)


def last_month(months: Array, shares: Sequence[Array], follow_up: float | None) -> float:
    """Where the highest curve falls below 2 %, rounded up to half a year; beyond the follow-up where months go on.

    Examples
    --------
    >>> months = np.arange(241.0)
    >>> last_month(months, [np.exp(-0.1 * months)], 24.0), last_month(months, [np.exp(-0.1 * months)], 60.0)
    (42.0, 66.0)
    """
    living = np.flatnonzero(np.max(shares, axis=0) >= LIVING)
    end = float(months[min(int(living[-1]) + 1, len(months) - 1)]) if len(living) else float(months[0])
    if follow_up is not None and follow_up < months[-1]:
        end = max(end, 1.1 * follow_up)
    return float(min(months[-1], 6.0 * np.ceil(end / 6.0)))


def _ticks(end: float) -> Array:
    step = next((s for s in (3.0, 6.0, 12.0, 24.0, 60.0, 120.0) if end / s <= 10), 240.0)
    return np.arange(0.0, end + 1e-6, step)
