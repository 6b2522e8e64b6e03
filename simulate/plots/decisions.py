"""Figures of what an evaluation means for a decision: budget by year, value of trials, two numbers at once, models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.economics import finish, key, money_axis
from simulate.plots.style import GREY, INK, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def budget(with_it: Array, without: Array, *, unit: str, source: str = "") -> Axes:
    """Costs of each year with and without a decision, in `unit`; the difference is written above."""
    ax = style.new_axes(height=3.9)
    ax.set_position((0.12, 0.18, 0.85, 0.70))
    at = np.arange(1, len(with_it) + 1)
    for i, (name, values, hatch) in enumerate((("without it", without, "///"), ("with the strategy", with_it, ""))):
        ax.bar(at + 0.4 * (i - 0.5), values, width=0.36, color=style.color(1 - i), edgecolor="white", lw=0.7,
               hatch=hatch, label=name, zorder=2)  # fmt: skip
    for x, high, net in zip(at, np.maximum(with_it, without), with_it - without, strict=True):
        text = f"{net:+,.1f}".replace("-", "−")
        ax.annotate(text, (x, max(float(high), 0.0)), (0, 3), textcoords="offset points", ha="center",
                    fontsize=SMALL + 0.5, color=INK)  # fmt: skip
    ax.set(xticks=at, xlabel="Year since the decision", ylabel=f"Cost to the payer ({unit})")
    ax.set_ylim(0.0, 1.12 * float(max(np.max(with_it), np.max(without), 1e-9)))
    money_axis(ax.yaxis)
    key(ax, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, borderaxespad=0.2)
    return finish(ax, source)


def trials(
    sizes: Mapping[str, Sequence[int]],
    value: Mapping[str, Array],
    ceiling: Mapping[str, Array],
    thresholds: Sequence[str],
    *,
    unit: str,
    source: str = "",
) -> Axes:
    """Expected value of sample information by trial size, a panel a threshold.

    Parameters
    ----------
    sizes : group of parameters → patients an arm.
    value : group → float64[N, W].
    ceiling : group → float64[W], of perfect information, drawn as that of a trial without end.
    thresholds : as the panels are called.
    unit : of the value.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullLocator

    figure = Figure(figsize=(style.WIDTH, 3.9), dpi=150, facecolor="white")
    wide = 0.86 / len(thresholds)
    every = sorted({x for n in sizes.values() for x in n})
    perfect = 2.0 * every[-1]
    top = 1.12 * max([float(v.max()) for v in ceiling.values()] + [1e-9])
    panels = []
    for w, title in enumerate(thresholds):
        ax = figure.add_axes((0.11 + w * wide, 0.2, wide - 0.035, 0.60))
        panels.append(ax)
        for i, (group, n) in enumerate(sizes.items()):
            ink = style.color(i)
            mark = MARKS[i % len(MARKS)]
            ax.plot(n, value[group][:, w], color=ink, lw=1.6, marker=mark, ms=4.5, label=group, zorder=3)
            last, most = (n[-1], float(value[group][-1, w])), (perfect, float(ceiling[group][w]))
            ax.plot(*zip(last, most, strict=True), color=ink, lw=1.0, ls=(0, (1.2, 1.6)), zorder=2)
            ax.plot(*most, marker=mark, ms=5.5, mfc="white", mec=ink, mew=1.4, zorder=3)
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks([*(every if len(every) < 7 else every[:: len(every) // 5]), perfect])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "∞" if x == perfect else f"{x:,.0f}"))
        ax.set_xlim(0.8 * every[0], 1.25 * perfect)
        ax.set_ylim(-0.02 * top, top)
        ax.set_title(title, fontsize=TEXT, color=INK, loc="left")
        ax.set_xlabel("Patients an arm")
        style.tidy(ax)
        money_axis(ax.yaxis)
        if w:
            ax.set_yticklabels([])
    panels[0].set_ylabel(f"Value of the trial ({unit})")
    key(panels[0], loc="lower left", bbox_to_anchor=(-0.02, 1.12), ncols=5, borderaxespad=0.0, columnspacing=1.2)
    return finish(panels[0], source, wide=style.WIDTH * 72.0 * 0.86)


def grid(
    first: tuple[str, Array, float],
    second: tuple[str, Array, float],
    inmb: Array,
    *,
    unit: str,
    title: str = "",
    source: str = "",
) -> Axes:
    """Net benefit over two numbers, the line on which it is nothing, and where the evaluation stands.

    Parameters
    ----------
    first, second : name, values, value as evaluated; the first is across.
    inmb : float64[values of the first, values of the second].
    """
    from matplotlib.colors import TwoSlopeNorm

    ax = style.new_axes(height=4.2)
    ax.set_position((0.13, 0.18, 0.66, 0.73))
    far = max(float(np.abs(inmb).max()), 1e-9)
    norm = TwoSlopeNorm(0.0, -far, far)
    drawn = ax.pcolormesh(first[1], second[1], inmb.T, cmap="PuOr", norm=norm, shading="gouraud", rasterized=True)
    if inmb.min() < 0.0 < inmb.max():
        ax.contour(first[1], second[1], inmb.T, levels=[0.0], colors=INK, linewidths=1.6)
    levels = _round_levels(inmb)
    if len(levels):
        lines = ax.contour(first[1], second[1], inmb.T, levels=levels, colors=INK, linewidths=0.6, linestyles="dashed")
        ax.clabel(lines, fmt=lambda x: f"{x:,.0f}".replace("-", "−"), fontsize=SMALL)
    ax.plot(first[2], second[2], "o", color="white", mec=INK, mew=1.4, ms=7, zorder=5, clip_on=False)
    ax.set(xlabel=first[0], ylabel=second[0])
    for axis in (ax.xaxis, ax.yaxis):
        money_axis(axis)
    side = style.figure_of(ax).add_axes((0.82, 0.18, 0.025, 0.73))
    bar = style.figure_of(ax).colorbar(drawn, cax=side)
    bar.outline.set_visible(False)  # type: ignore[operator]
    side.tick_params(labelsize=SMALL, color=GREY, labelcolor=INK, length=2.5)
    money_axis(side.yaxis)
    side.set_ylabel(f"Net benefit ({unit})", fontsize=TEXT - 0.5, color=INK)
    return finish(ax, source, title)


def _round_levels(values: Array) -> Array:
    """A few round numbers within the values, without 0."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(6).tick_values(float(values.min()), float(values.max()))
    inside = [x for x in found if values.min() < x < values.max() and x != 0.0]
    return np.array(inside)


def models(inmb: Array, base: float, *, unit: str, source: str = "") -> Axes:
    """Net benefit under every model that meets the figures, sorted, and as calibrated."""
    ax = style.new_axes(height=3.3)
    ax.set_position((0.05, 0.22, 0.92, 0.64))
    ordered = np.sort(inmb)
    rank = np.arange(1, len(ordered) + 1)
    ax.plot(ordered, rank, "o", color=style.color(0), ms=4, mew=0, alpha=0.7, zorder=3, label="a model that meets them")
    at = float(np.searchsorted(ordered, base)) + 1.0
    ax.plot(base, min(at, float(len(ordered))), "D", mfc="white", mec=style.color(1), mew=1.8, ms=7.5, zorder=4,
            label="as calibrated")  # fmt: skip
    low, high = ax.get_xlim()
    if low < 0.0 < high or abs(high) < 0.3 * (high - low) or abs(low) < 0.3 * (high - low):
        ax.axvline(0.0, color=INK, lw=0.9, zorder=1)
    ax.set(yticks=[], xlabel=f"Net benefit ({unit})")
    ax.set_ylim(0.0, len(ordered) + 1.0)
    money_axis(ax.xaxis)
    key(ax, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, borderaxespad=0.2)
    drawn: Any = finish(ax, source)
    drawn.spines["left"].set_visible(False)
    return ax
