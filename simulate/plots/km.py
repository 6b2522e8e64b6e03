"""Kaplan-Meier figures: curves, numbers at risk, and the reported figures they are held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulate.plots import style
from simulate.plots.at_risk import draw_table
from simulate.plots.export import wrap
from simulate.plots.marks import draw_landmarks, draw_medians, key_label
from simulate.plots.style import GREY, INK, PALE, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
TITLES = {
    "os": "Overall survival",
    "pfs": "Progression-free survival",
    "ttp": "Free of progression",
    "pps": "Survival after progression",
}
_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)


@dataclass(frozen=True, eq=False)
class Series:
    """One curve and what is drawn with it.

    Attributes
    ----------
    label : name, printed beside the curve.
    times, survival : (K + 1,) months and survival in [0, 1].
    linear : straight between times; False for steps.
    lower, upper : (K + 1,) pointwise bands or None.
    at_risk : (K + 1,) numbers at risk at `times` for the table, or None.
    reported_median : months, marked on the 50 % line; None if there is none.
    reported_landmarks : ``(months, survival, low, high)`` each, low and high None without an interval.
    dashed : draw it broken.
    """

    label: str
    times: Array
    survival: Array
    linear: bool = True
    lower: Array | None = None
    upper: Array | None = None
    at_risk: Array | None = None
    reported_median: float | None = None
    reported_landmarks: tuple[tuple[float, float, float | None, float | None], ...] = ()
    dashed: bool = False


class Curve(Protocol):
    """What `plot_km` needs of a survival curve; `simulate.survival.SurvivalCurve` has it."""

    @property
    def times(self) -> Array:
        """(K + 1,) months."""

    @property
    def survival(self) -> Array:
        """(K + 1,) survival at `times`."""

    @property
    def at_risk(self) -> Array:
        """(K + 1,) numbers at risk."""

    @property
    def linear(self) -> bool:
        """Straight between times, or steps."""


def plot_km(
    curves: Mapping[str, Curve],
    endpoint: str = "",
    *,
    ax: Axes | None = None,
    reported_medians: Mapping[str, float] | None = None,
    reported_landmarks: Mapping[str, Sequence[tuple[float, float, float | None, float | None]]] | None = None,
    follow_up: float | None = None,
    title: str = "",
    source: str = "",
    since: str = "",
    dashed: Collection[str] = (),
) -> Axes:
    """Kaplan-Meier figure with numbers at risk; returns the Axes.

    Parameters
    ----------
    curves : label to curve.
    endpoint : ``os``, ``pfs``, ``ttp`` or ``pps``.
    ax : where to draw; a new figure of print size if None.
    reported_medians : label to reported median, months.
    reported_landmarks : label to ``(months, survival, low, high)`` each.
    follow_up : months the trial followed its patients; the figure says where it goes beyond.
    title, source : heading, and the line at the bottom.
    since : what the time axis counts from; randomisation, or progression, by default.
    dashed : labels of curves that are drawn broken.
    """
    medians, marks = reported_medians or {}, reported_landmarks or {}
    series = [
        Series(
            label,
            c.times,
            c.survival,
            linear=c.linear,
            at_risk=c.at_risk,
            reported_median=medians.get(label),
            reported_landmarks=tuple(marks.get(label, ())),
            dashed=label in dashed,
        )
        for label, c in curves.items()
    ]
    return draw(series, ax, endpoint=endpoint, data_end=follow_up, title=title, source=source, since=since)


def draw(
    series: Sequence[Series],
    ax: Axes | None = None,
    *,
    endpoint: str = "",
    months: float | None = None,
    data_end: float | None = None,
    title: str = "",
    source: str = "",
    since: str = "",
    colors: Sequence[str] | None = None,
) -> Axes:
    """Draw survival curves; returns the Axes, its figure is ``ax.figure``.

    Parameters
    ----------
    series : one or more curves; colours follow their order.
    ax : where to draw; a new figure of print size if None. Table and source line go below the axes.
    endpoint : ``os``, ``pfs``, ``ttp`` or ``pps``: names the axes.
    months : right end of the time axis; by default where every curve is below 2 %, or the end of the data.
    data_end : months; beyond it the trial saw nobody, and the figure says that the curves are extrapolated there.
    title, source : heading, and the line at the bottom that says where the reported figures come from.
    since : what the time axis counts from; randomisation, or progression, by default.
    colors : one per series; Okabe-Ito if None, dashed from the eighth on.
    """
    ax = ax or style.new_axes()
    inks = list(colors) if colors else [style.color(i) for i in range(len(series))]
    end = months or _time_end(series)
    for i, (one, ink) in enumerate(zip(series, inks, strict=True)):
        _curve(ax, one, ink, end, style.dash(i, one.dashed))
    _axes(ax, endpoint, end, title, since)
    key = _labels(ax, series, inks, end) + draw_medians(ax, series, inks) + draw_landmarks(ax, series, inks)
    if data_end is not None and data_end < end:
        from matplotlib.patches import Patch

        ax.axvspan(data_end, end, color=PALE, lw=0, zorder=0)
        key.append(Patch(facecolor=PALE, edgecolor=GREY, lw=0.5, label="beyond the trial’s follow-up"))
    if key:
        ax.legend(
            handles=key, loc="upper right", frameon=False, fontsize=SMALL + 0.5, labelcolor=INK, handletextpad=0.5
        )
    depth = draw_table(ax, series, inks)
    if source:
        letters = int(_points_wide(ax) / (0.52 * SMALL))
        style.below(ax, [(line, GREY) for line in wrap(source, letters)], depth + 6.0)
    return ax


def _points_wide(ax: Axes) -> float:
    """Width of the axes in points."""
    return float(ax.get_window_extent().width / style.figure_of(ax).dpi * 72.0)


def _time_end(series: Sequence[Series]) -> float:
    """Where every curve is below 2 %, rounded up to a tick; at most the end of the longest curve."""
    last = max(float(s.times[-1]) for s in series)
    low = max(float(s.times[np.argmax(s.survival < 0.02)]) if np.any(s.survival < 0.02) else last for s in series)
    step = _tick_step(low)
    return min(last, float(np.ceil(low / step) * step))


def _tick_step(end: float, most: float = 10.0) -> float:
    """Months between ticks: at most `most` steps."""
    return float(next((s for s in _STEPS if end / s <= most), _STEPS[-1]))


def thin(times: Array, *values: Array, points: int = 500) -> NDArray[np.intp]:
    """Indices that draw the same line: a point at least every 1/`points` of the time axis and of each curve's height.

    The line through them stays within 1 / `points` of the full one, half a point on paper, and as a rule far closer.
    Ten years of days shrink to a few hundred points whatever the number of patients.
    """
    if len(times) <= 2 * points:
        return np.arange(len(times))
    keys = [np.floor(np.asarray(v) * points) for v in values]
    keys.append(np.floor(times / max(float(times[-1]), 1e-9) * points))
    change = np.zeros(len(times), dtype=bool)
    change[[0, -1]] = True
    for key in keys:
        change[1:] |= np.diff(key) != 0
    return np.flatnonzero(change)


def _curve(ax: Axes, one: Series, ink: str, end: float, dash: Any) -> None:
    # one point beyond the axis keeps the line running to its edge
    shown = slice(0, int(np.searchsorted(one.times, end, side="right")) + 1)
    t, s = np.asarray(one.times)[shown], np.asarray(one.survival)[shown]
    keep = thin(t, s)
    if one.lower is not None and one.upper is not None:
        low, high = np.asarray(one.lower)[shown][keep], np.asarray(one.upper)[shown][keep]
        ax.fill_between(t[keep], low, high, color=ink, alpha=0.18, lw=0, step=None if one.linear else "post")
    style_of_line = "default" if one.linear else "steps-post"
    ax.plot(t[keep], s[keep], color=ink, lw=1.7, ls=dash, drawstyle=style_of_line, solid_capstyle="butt", zorder=3)


def _axes(ax: Axes, endpoint: str, end: float, title: str, since: str) -> None:
    step = _tick_step(end, min(10.0, _points_wide(ax) / 30.0))  # numbers at risk need 30 points each
    ax.set(xlim=(0.0, end), ylim=(0.0, 1.03), xticks=np.arange(0.0, end + 1e-6, step), yticks=np.linspace(0, 1, 5))
    ax.set_yticklabels([f"{v:.0%}".replace("%", "") for v in np.linspace(0, 1, 5)])
    since = since or ("progression" if endpoint == "pps" else "randomisation")
    ax.set(xlabel=f"Months since {since}", ylabel=f"{TITLES.get(endpoint, 'Event-free')} (%)")
    style.tidy(ax)
    if title:
        ax.set_title(title, fontsize=TEXT + 1.5, color=INK, loc="left", pad=8)


def _labels(ax: Axes, series: Sequence[Series], inks: Sequence[str], end: float) -> list[Any]:
    """Names beside one or two curves, upper right of the upper and lower left of the lower; else lines for the key."""
    from matplotlib.lines import Line2D

    grid = np.linspace(0.0, end, 400)
    heights = [np.interp(grid, s.times, s.survival if s.upper is None else s.upper) for s in series]
    order = np.argsort([-float(h.sum()) for h in heights])
    width = _points_wide(ax)
    top, low = int(order[0]), int(order[-1])
    high_at = float(grid[int(np.argmax(heights[top] < 0.68))])
    low_at = float(grid[int(np.argmax(heights[low] < 0.3))])
    # about 0.62 em a letter
    fits_left = low_at / end * width > 0.62 * TEXT * len(series[low].label) + 10
    fits_right = high_at > 0.0 and (1 - high_at / end) * width > 0.62 * TEXT * len(series[top].label) + 10
    if len(series) > 2 or not fits_right or (len(series) == 2 and not fits_left):
        return [
            Line2D(
                [], [], color=inks[i], lw=1.7, ls=style.dash(int(i), series[i].dashed), label=key_label(series, int(i))
            )
            for i in order
        ]
    place: dict[str, Any] = {"textcoords": "offset points", "fontsize": TEXT}
    ax.annotate(series[top].label, (high_at, 0.68), (7, 4), color=inks[top], **place)
    if len(series) == 2:
        ax.annotate(series[low].label, (low_at, 0.3), (-7, -4), ha="right", va="top", color=inks[low], **place)
    return []
