"""Figures of a scenario of pathways: survival under every strategy, and where the patients are."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from simulate.plots.keys import under
from simulate.report import basis
from simulate.report.pathway_answer import alike, group_label
from simulate.report.pathway_files import states_frame
from simulate.report.pathway_subgroups import draw_subgroups, outer_labels, source_line

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult, PathwayScenario

COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7", "#999999")  # Okabe and Ito
SHOWN = 60.0  # months of the panels of states
SEEN = 5e-4  # share of patients from which a state is drawn
LETTERS = 46  # of a panel's title in one line
PANEL, LINE = 2.5, 0.16  # inches: height of a row of panels, of a further line of their titles
STATES = {
    "progression_free": "first line, no progression",
    "total": "alive, all together",
    "progressed": "after progression",
    "second_line": "second line",
    "third_line": "third line",
    "after_first_line": "supportive care after the first line",
    "after_second_line": "supportive care after the second line",
    "after_third_line": "supportive care after the third line",
}


def pathway_figures(result: PathwayResult) -> dict[str, Callable[[], Any]]:
    """Name of each figure → what draws it."""
    return {
        "km_os": lambda: _km(result, "os"),
        **({"km_pfs": lambda: _km(result, "pfs")} if result.survival("pfs") else {}),
        **({"km_os_by": lambda: draw_subgroups(result)} if result.scenario.file.by else {}),
        "states": lambda: draw_states(result),
    }


def captions(result: PathwayResult) -> dict[str, str]:
    """Name of each figure → what it shows."""
    dashed = broken(result)
    beside = {
        e: " Dashed: not randomised against the comparator." if any(g[0] in dashed for g in alike(result, e)) else ""
        for e in ("os", "pfs")
    }
    return {
        "km_os": f"Overall survival under each strategy.{beside['os']}",
        "km_pfs": f"Progression-free survival, of the strategies for which it was reported.{beside['pfs']}",
        "km_os_by": "Overall survival by patients, integrated, one panel a level.",
        "states": "Where the patients are: share in each state of the pathway over time, one panel a strategy.",
    }


def broken(result: PathwayResult) -> set[str]:
    """Strategies not randomised against their comparator, or of other patients and compared with nobody."""
    file = result.scenario.file
    alone = {s for s, other in file.comparators.items() if other is None and s != file.comparator}
    found = (c for c in result.summary()["contrasts"] if c["endpoint"] == "os")
    return alone | {c["strategy"] for c in found if basis.basis_of(c) == basis.UNANCHORED}


def _km(result: PathwayResult, endpoint: str) -> Any:
    """Curves of strategies, those that are one drawn once, those not randomised dashed."""
    from simulate.plots import plot_km
    from simulate.report.figures import literal

    curves, dashed = result.survival(endpoint), broken(result)
    groups = alike(result, endpoint)
    # colours run out after seven: dashes of the further ones must not be taken for others
    groups.sort(key=lambda group: group[0] in dashed)
    labels = {group[0]: group_label(result, group) for group in groups}
    marked = [labels[group[0]] for group in groups if group[0] in dashed]
    return literal(
        plot_km(
            {labels[group[0]]: curves[group[0]] for group in groups},
            endpoint,
            since="the start",
            dashed=marked,
            source=source_line(result, bool(marked)),
        )
    )


def draw_states(result: PathwayResult) -> Any:
    """Stacked shares of patients in each state, one panel a strategy."""
    from matplotlib.figure import Figure

    from simulate.plots import style

    frame = states_frame(result, start=1)
    names = list(result.scenario.strategies)
    frame = frame[frame["months"] <= min(result.scenario.file.horizon, SHOWN)]
    every = [c for c in frame.columns if c not in ("strategy", "months")]
    states = [s for s in every if frame[s].max() >= SEEN]
    none = untreated(result.scenario)
    titles = {name: textwrap.wrap(result.scenario.label(name), LETTERS) for name in names}
    rows, columns = (len(names) + 1) // 2, min(2, len(names))
    height = rows * (PANEL + LINE * (max(map(len, titles.values())) - 1)) + 0.2
    figure = Figure(figsize=(style.WIDTH + 1.0, height), dpi=150, facecolor="white")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for ax, name in zip(axes.flat, names, strict=False):
        own = frame[frame["strategy"] == name]
        labels = [state_words(s, every, none) for s in states]
        colours = [COLOURS[every.index(s) % len(COLOURS)] for s in states]
        ax.stackplot(own["months"], *(100 * own[s] for s in states), colors=colours, labels=labels)
        ax.set_title("\n".join(titles[name]), fontsize=style.TEXT, parse_math=False)
        ax.set(xlim=(0, frame["months"].max()), ylim=(0, 100))
        style.tidy(ax)
        ax.tick_params(labelsize=style.SMALL)
    outer_labels(axes, len(names), "Patients (%)")
    under(figure, axes.flat[0], 3, source_line(result))
    return figure


def untreated(scenario: PathwayScenario) -> bool:
    """Whether some patients get nothing in the first line under some strategy."""
    plan = scenario.plan
    return any(
        t.steps[0] is None and c.share > 0.0
        for own in plan.treatments.values()
        for c, t in zip(plan.classes, own, strict=True)
    )


def state_words(state: str, states: Sequence[str], none: bool = False) -> str:
    """A health state in words; where one line is modelled, it is the treatment; `none`: some were never treated."""
    if state == "progression_free" and "progressed" in states:
        return "no progression (alive, where only survival is reported)"
    if none and state in ("after_first_line", "progressed"):
        return "supportive care" if state == "after_first_line" else "after progression, or without treatment"
    return STATES.get(state, state.replace("_", " "))
