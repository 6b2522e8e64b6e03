"""Keys: above the axes at the left edge of the figure, what a narrow screen shows first; below several panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulate.plots import style
from simulate.plots.export import wrap
from simulate.plots.style import GREY, INK, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IN_SIGHT = 0.73  # of a figure's width is what a telephone shows of it before it is moved
EDGE = 0.012  # of the width, left of the key
LINE = 0.17  # inches, of small text


def key(ax: Axes, **options: Any) -> Any:
    """A key without a frame, whose names are never mathematics."""
    drawn = ax.legend(frameon=False, fontsize=SMALL + 0.5, labelcolor=INK, handletextpad=0.6, **options)
    for text in drawn.get_texts():
        text.set_parse_math(False)
    return drawn


def over(ax: Axes, columns: int = 3, above: float = 3.0, **options: Any) -> Any:
    """The key over the axes from the figure's left edge, in as many columns as stay in sight.

    Parameters
    ----------
    columns : at most.
    above : points between the axes and the key.
    """
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    figure = style.figure_of(ax)
    higher = ScaledTranslation(0.0, above / 72.0, figure.dpi_scale_trans)
    place = blended_transform_factory(figure.transFigure, ax.transAxes) + higher
    options = {"columnspacing": 1.4, "labelspacing": 0.35, **options}
    for n in range(columns, 0, -1):
        drawn = key(ax, loc="lower left", bbox_to_anchor=(EDGE, 1.0), bbox_transform=place, ncols=n, borderaxespad=0.2,
                    **options)  # fmt: skip
        if drawn.get_window_extent().x1 <= IN_SIGHT * figure.bbox.width:
            break
    return drawn


def under(figure: Figure, panels: Axes, columns: int, source: str) -> None:
    """The key of `panels`, any of those of a figure, and the source line below; the figure grows by what they take."""
    handles, labels = panels.get_legend_handles_labels()
    lines = wrap(source, int((0.97 - EDGE) * 72.0 * figure.get_figwidth() / (0.54 * SMALL)))
    note = LINE * len(lines) + 0.1
    whole = note + LINE * -(-len(labels) // columns) + 0.15
    height = float(figure.get_figheight()) + whole
    figure.set_figheight(height)
    figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, note / height), ncols=columns,
                  fontsize=SMALL, frameon=False, labelcolor=INK, borderaxespad=0.2)  # fmt: skip
    figure.text(EDGE, 0.06 / height, "\n".join(lines), fontsize=SMALL, color=GREY, va="bottom", parse_math=False)
    figure.tight_layout(rect=(0.0, whole / height, 1.0, 1.0))
