"""The report's figures: survival curves and reported beside simulated, as files and as SVG to stand inside a page."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from simulate.plots import forest, style
from simulate.plots.export import svg
from simulate.report.labels import ENDPOINTS, NBSP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simulate.fidelity import FidelityRow
    from simulate.report.labels import Names
    from simulate.scenario import Result

ROW = 0.29  # inches, a row of the forest plot: two lines of its label
NARROW = (3.7, 3.6)  # inches: drawn at this size, letters stay readable on a phone
_TITLE: dict[str, Any] = {"fontsize": style.TEXT + 1.5, "color": style.INK, "va": "top", "parse_math": False}
_RATIO_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0)


class Panel(NamedTuple):
    """One panel of the forest plot: statistic, axis label, whether the axis is logarithmic, decimals."""

    statistic: str
    label: str
    log: bool
    digits: int


PANELS = (
    Panel("median", "Median (months)", False, 1),
    Panel("hazard_ratio", "Hazard ratio", True, 2),
    Panel("landmark", "Event-free (%)", False, 0),
    Panel("events", "Number of events (OS: deaths)", False, 0),
)


def curve(result: Result, endpoint: str, *, narrow: bool = False) -> Axes:
    """Kaplan–Meier figure of an endpoint, for a page or for a phone."""
    ax = style.new_axes(*NARROW) if narrow else None
    return literal(result.survival(endpoint).plot(ax))


def literal(drawn: Any) -> Any:
    """The same Axes or figure, its labels taken as written: a user's ``$`` is a dollar, not the start of a formula."""
    from matplotlib.text import Text

    figure = drawn.get_figure(root=True) if hasattr(drawn, "get_xaxis") else drawn
    for text in figure.findobj(Text):
        if "$" in text.get_text():
            text.set_parse_math(False)
    return drawn


def reported_beside_simulated(result: Result, names: Names) -> Any:
    """Forest plot of the survival figures, one panel a unit, conflicts marked; None if there are none."""
    panels = [(rows, panel) for panel in PANELS if (rows := _forest_rows(result, names, panel.statistic))]
    if not panels:
        return None
    from matplotlib.figure import Figure

    room = 1.15  # inches above and below the rows of a panel, for legend and axis
    heights = [ROW * len(rows) + room for rows, _ in panels]
    head = 0.3  # the title
    total = sum(heights) + head
    figure = Figure(figsize=(style.WIDTH + 1.0, total), dpi=150, facecolor="white")
    figure.text(0.02, 1.0 - 0.1 / total, f"{names.study}: reported beside simulated", **_TITLE)
    top = total - head
    for (rows, panel), height in zip(panels, heights, strict=True):
        ax = figure.add_axes((0.44, (top - height + 0.5) / total, 0.27, ROW * len(rows) / total))
        reference = 1.0 if panel.log else None
        forest.draw(rows, ax, xlabel=panel.label, log=panel.log, reference=reference, digits=panel.digits)
        ax.tick_params(labelsize=style.SMALL)
        if panel.log:
            low, high = ax.get_xlim()
            ax.set_xticks([t for t in _RATIO_TICKS if low <= t <= high])
        top -= height
    return literal(figure)


def _forest_rows(result: Result, names: Names, statistic: str) -> list[forest.ForestRow]:
    scale = 100.0 if statistic == "landmark" else 1.0
    out = []
    for r in result.fidelity.rows:
        if r.statistic != statistic or r.model is None or r.verdict == "superseded" or r.endpoint not in ENDPOINTS:
            continue
        reported, low, high, model, simulated = (
            None if v is None else scale * v for v in (r.reported, r.ci_low, r.ci_high, r.model, r.simulated)
        )
        conflict = r.verdict == "conflict"
        out.append((r, forest.ForestRow("", reported, low, high, model, simulated, r.used_as_target, conflict)))
    labels = _forest_labels(names, [r for r, _ in out])
    return sorted((replace(row, label=labels[r.id]) for r, row in out), key=lambda row: not row.target)


def _forest_labels(names: Names, rows: Sequence[FidelityRow]) -> dict[str, str]:
    """Figure id → label; rivals, which would be called the same, carry the name of their source."""
    plain = {r.id: _forest_label(names, r) for r in rows}
    shared = Counter(plain.values())
    return {r.id: plain[r.id] if shared[plain[r.id]] == 1 else _forest_label(names, r, rival=True) for r in rows}


def _forest_label(names: Names, r: FidelityRow, *, rival: bool = False) -> str:
    """Two lines at most: what, whose, the data cut where it is not the usual one, and of a rival its source."""
    what = f"{r.endpoint.upper()} {'at ' + format(r.timepoint, 'g') + ' mo' if r.timepoint is not None else ''}".strip()
    origin = f" ({names.source(r.id)})".replace(" ", NBSP).replace(NBSP, " ", 1) if rival else ""
    lines = textwrap.wrap(f"{what}, {names.group(r)}{origin}", 58)
    return "\n".join(lines if len(lines) <= 2 else [lines[0], lines[1][:56] + "…"])


_FINISHED: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def finished(figure: Any) -> str:
    """SVG of a figure (or Axes) that nobody changes any more: drawn once, for its file and for the page."""
    whole = figure.get_figure(root=True) if hasattr(figure, "get_xaxis") else figure
    if whole not in _FINISHED:
        _FINISHED[whole] = svg(whole)
    return _FINISHED[whole]


def inline(figure: Any, prefix: str) -> str:
    """SVG to stand inside a page.

    Ids get a prefix, because those of two figures clash in one page; the declaration and the fixed size go, so that the
    figure is as wide as its place; the words for who cannot see it stand on the element around it.
    """
    text = finished(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, rest = text.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head) + ' aria-hidden="true" focusable="false"'
    text = f"{head}>{rest}"
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text).strip()


def draw_all(result: Result, names: Names) -> dict[str, Callable[[], Any]]:
    """Name of each figure file → what draws it."""
    return {
        "km_os": lambda: curve(result, "os"),
        "km_pfs": lambda: curve(result, "pfs"),
        "reported_vs_simulated": lambda: reported_beside_simulated(result, names),
    }
