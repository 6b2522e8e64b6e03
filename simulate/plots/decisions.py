"""Figures of what an evaluation means for a decision: budget by year, value of trials, two numbers at once, models."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.economics import finish, money_axis
from simulate.plots.keys import EDGE, over
from simulate.plots.style import GREY, INK, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
EDGES, AROUND = 0.09, 0.17  # shares of a map's sides: no number nearer to its edges, to the circle
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def budget(with_it: Array, without: Array, *, unit: str, source: str = "") -> Axes:
    """Costs of each year with and without a decision, in `unit`; the difference is written above."""
    ax = style.new_axes(height=3.9)
    ax.set_position((0.13, 0.18, 0.84, 0.70))
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
    over(ax)
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
            large = 4.0 + 3.5 * (1.0 - (i + 1) / len(sizes))  # earlier ones are seen under later ones
            ax.plot(n, value[group][:, w], color=ink, lw=1.6, marker=mark, ms=large, label=group, zorder=3)
            last, most = (n[-1], float(value[group][-1, w])), (perfect, float(ceiling[group][w]))
            ax.plot(*zip(last, most, strict=True), color=ink, lw=1.0, ls=(0, (1.2, 1.6)), zorder=2)
            ax.plot(*most, marker=mark, ms=large + 1.0, mfc="white", mec=ink, mew=1.4, zorder=3)
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
    over(panels[0], columns=5, above=22.0)
    return finish(panels[0], source)


class Map(NamedTuple):
    """Net benefit over two numbers.

    Attributes
    ----------
    title : above the panel.
    first, second : name with its unit, values, value as evaluated; the first is across.
    inmb : float64[values of the first, values of the second].
    """

    title: str
    first: tuple[str, Array, float]
    second: tuple[str, Array, float]
    inmb: Array


def grid(maps: Sequence[Map], *, unit: str, source: str = "") -> Axes:
    """A map a strategy, one below the other: net benefit, the line on which it is nothing, where the evaluation stands.

    The same colour is the same net benefit on every map.
    """
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm

    far = max([float(np.abs(m.inmb).max()) for m in maps] + [1e-9])
    norm = TwoSlopeNorm(0.0, -far, far)
    # the darkest ends are left out: numbers stand on them
    inks = LinearSegmentedColormap.from_list("light", _colormap("PuOr")(np.linspace(0.14, 0.86, 256)))
    low, high = (float(f([f(m.inmb) for m in maps] + [0.0])) for f in (np.min, np.max))
    tall = 2.9 if len(maps) == 1 else 2.5
    drawn = style.stacked([tall] * len(maps), left=0.14, right=0.80, top=0.35, gap=0.9, bottom=0.6)
    for ax, one in zip(drawn, maps, strict=True):
        colors = _map(ax, one, inks, norm)
        box = ax.get_position()
        side = style.figure_of(ax).add_axes((0.825, box.y0, 0.025, box.height))
        bar = style.figure_of(ax).colorbar(colors, cax=side)
        bar.outline.set_visible(False)  # type: ignore[operator]
        side.set_ylim(low, high)
        side.tick_params(labelsize=SMALL, color=GREY, labelcolor=INK, length=2.5)
        money_axis(side.yaxis)
        side.set_ylabel(f"Net benefit ({unit})", fontsize=TEXT - 0.5, color=INK)
        finish(ax, source if ax is drawn[-1] else "")
        ax.set_title(one.title, fontsize=TEXT, color=INK, loc="left", x=(EDGE - 0.14) / 0.66)
    return drawn[-1]


def _colormap(name: str) -> Any:
    from matplotlib import colormaps

    return colormaps[name]


def _map(ax: Axes, one: Map, inks: Any, norm: Any) -> Any:
    """The ground with its lines; returns what the colours are read from."""
    from matplotlib.patheffects import withStroke

    across, up, values = one.first[1], one.second[1], one.inmb.T
    drawn = ax.pcolormesh(across, up, values, cmap=inks, norm=norm, shading="gouraud", rasterized=True)
    if values.min() < 0.0 < values.max():
        ax.contour(across, up, values, levels=[0.0], colors=INK, linewidths=1.8)
    levels = _round_levels(values)
    if len(levels):
        lines = ax.contour(across, up, values, levels=levels, colors=INK, linewidths=0.6, linestyles="dashed")
        numbers = ax.clabel(lines, fmt=lambda x: f"{x:,.0f}".replace("-", "−"), fontsize=SMALL + 0.5, colors=INK,
                            manual=_places(one, [seg for own in lines.allsegs for seg in own]))  # fmt: skip
        for number in numbers or ():
            number.set_path_effects([withStroke(linewidth=2.6, foreground="white")])
    ax.plot(one.first[2], one.second[2], "o", color="white", mec=INK, mew=1.4, ms=7, zorder=5, clip_on=False)
    ax.set(xlabel=one.first[0], ylabel=textwrap.fill(one.second[0], 40))
    ax.locator_params(axis="x", nbins=7)
    for axis in (ax.xaxis, ax.yaxis):
        money_axis(axis)
    return drawn


def _places(one: Map, lines: Sequence[Any]) -> list[tuple[float, float]]:
    """Where the number of each line stands: nearest its middle, off the edges and the circle; none on short lines."""
    start, wide = (np.array([f(one.first[1]), f(one.second[1])]) for f in (np.min, np.ptp))
    circle = (np.array([one.first[2], one.second[2]]) - start) / wide
    out = []
    for line in lines:
        share = (np.asarray(line) - start) / wide
        free = np.all((share > EDGES) & (share < 1.0 - EDGES), axis=1)
        free &= np.linalg.norm(share - circle, axis=1) > AROUND
        if free.any():
            at = np.flatnonzero(free)
            x, y = line[at[np.argmin(np.linalg.norm(share[at] - share.mean(axis=0), axis=1))]]
            out.append((float(x), float(y)))
    return out


def _round_levels(values: Array) -> Array:
    """A few round numbers within the values, without 0."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(6).tick_values(float(values.min()), float(values.max()))
    inside = [x for x in found if values.min() < x < values.max() and x != 0.0]
    return np.array(inside)


class Range(NamedTuple):
    """Net benefit of a strategy under every model that meets the figures, and as calibrated."""

    title: str
    inmb: Array
    base: float


def models(ranges: Sequence[Range], *, unit: str, source: str = "") -> Axes:
    """A panel a strategy, one below the other: net benefit under every model that meets the figures, sorted."""
    tall = 1.9 if len(ranges) == 1 else 1.5
    drawn = style.stacked([tall] * len(ranges), left=0.03, right=0.97, top=0.62, gap=0.85, bottom=0.6)
    for ax, one in zip(drawn, ranges, strict=True):
        ordered = np.sort(one.inmb)
        rank = np.arange(1, len(ordered) + 1)
        ax.plot(ordered, rank, "o", color=style.color(0), ms=4, mew=0, alpha=0.7, zorder=3,
                label="a model that meets the reported figures")  # fmt: skip
        at = float(np.searchsorted(ordered, one.base)) + 1.0
        ax.plot(one.base, min(at, float(max(len(ordered), 1))), "D", mfc="white", mec=style.color(1), mew=1.8, ms=7.5,
                zorder=4, label="as calibrated")  # fmt: skip
        low, high = ax.get_xlim()
        if low < 0.0 < high or abs(high) < 0.3 * (high - low) or abs(low) < 0.3 * (high - low):
            ax.axvline(0.0, color=INK, lw=0.9, zorder=1)
        ax.set(yticks=[], xlabel=f"Net benefit ({unit})")
        room = 1.0 + 0.04 * len(ordered)  # no point is cut by an edge
        ax.set_ylim(1.0 - room, len(ordered) + room)
        ax.locator_params(axis="x", nbins=7)
        money_axis(ax.xaxis)
        finish(ax, source if ax is drawn[-1] else "")
        ax.set_title(one.title, fontsize=TEXT, color=INK, loc="left", x=(EDGE - 0.03) / 0.94)
        ax.spines["left"].set_visible(False)
    over(drawn[0], columns=2, above=22.0)
    return drawn[-1]
