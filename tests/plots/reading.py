"""What keeps a figure from being read: small text, text on text, a key that a narrow screen does not show."""

from __future__ import annotations

from typing import Any

SMALLEST = 7.0  # points
IN_SIGHT = 0.755  # of the width is what a telephone of 400 px shows


def unreadable(drawn: Any) -> list[str]:
    """Complaints about a figure (or the figure of Axes); none if it can be read."""
    from matplotlib.text import Text

    figure = drawn.get_figure(root=True) if hasattr(drawn, "get_xaxis") else drawn
    figure.draw_without_rendering()
    hidden = {t for ax in figure.axes for t in _beyond(ax)}
    shown = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible() and t not in hidden]
    found = [f"{t.get_text()!r} at {t.get_fontsize()} pt" for t in shown if t.get_fontsize() < SMALLEST]
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown]
    for i, (text, one) in enumerate(boxes):
        for other, second in boxes[i + 1 :]:
            wide = min(one.x1, second.x1) - max(one.x0, second.x0)
            high = min(one.y1, second.y1) - max(one.y0, second.y0)
            if wide > 1.0 and high > 3.0:
                found.append(f"{text!r} on {other!r}")
    whole = figure.get_tightbbox()
    width = (whole.x1 - whole.x0) * figure.dpi
    left = whole.x0 * figure.dpi
    for ax in figure.axes:
        key = ax.get_legend()
        if key is not None:
            reach = (key.get_window_extent().x1 - left) / width
            found += [f"key reaches {reach:.0%} of the width"] if reach > IN_SIGHT else []
    return found


def _beyond(ax: Any) -> list[Any]:
    """Tick labels beyond the ends of their axis, which are not drawn."""
    out = []
    for axis, ends in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        slack = 1e-9 * abs(ends[1] - ends[0])
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not min(ends) - slack <= tick.get_loc() <= max(ends) + slack:
                out += [tick.label1, tick.label2]
    return out
