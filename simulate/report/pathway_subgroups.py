"""Results by the levels of a covariate: a table, a panel of curves a level, a file. Integrated, so without ±."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulate.plots.keys import under
from simulate.report.numbers import count, fixed, percent, plain_number
from simulate.report.pathway_view import PathNames
from simulate.report.view import Cell, Column, Table

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult

LETTERS = 42  # of a panel's title in one line
SHOWN = 60.0  # months


def subgroup_tables(result: PathwayResult, names: PathNames) -> list[Table]:
    """One table a covariate that the scenario's `by` names."""
    rows = result.summary()["subgroups"]
    columns = (
        Column("patients", numeric=False), Column("strategy", numeric=False), Column("median OS", "months"),
        Column("median PFS", "months"), Column("OS gained", "months of the restricted mean"),
    )  # fmt: skip
    out = []
    for covariate in dict.fromkeys(r["covariate"] for r in rows):
        shown = []
        own = [r for r in rows if r["covariate"] == covariate]
        for r in own:
            gain = r["os_gain"]
            against = "" if r["comparator"] is None else f"against {names.strategy(r['comparator'])}"
            shown.append(
                (
                    Cell(r["label"], small=f"{percent(r['share'], 0)} of all"),
                    Cell(names.strategy(r["strategy"])),
                    Cell(_median(r["os_median"]), value=r["os_median"]),
                    Cell(_median(r["pfs_median"]), value=r["pfs_median"]),
                    Cell(fixed(gain, 1, sign=True), value=gain, small="" if gain is None else against),
                )
            )
        label = result.scenario.plan.population.covariates[covariate].label
        notes = (
            f"Integrated, not simulated, over {plain_number(own[0]['os_rmst_tau'])} months. Patients of different "
            f"levels "
            "differ in more than the level: differences between strategies within a level are meant, not between "
            "levels.",
        )
        out.append(Table(f"by-{covariate}", f"By {label}", columns, tuple(shown), notes, wide=True))
    return out


def _median(value: float | None) -> str:
    return "–" if value is None else fixed(value, 1)


def subgroup_frame(result: PathwayResult) -> pd.DataFrame:
    """The same as a table for a file."""
    return pd.DataFrame(result.summary()["subgroups"])


def draw_subgroups(result: PathwayResult) -> Any:
    """Overall survival under every strategy, one panel a level."""
    from matplotlib.figure import Figure

    from simulate.plots import style

    groups = result.scenario.subgroups
    end = min(result.scenario.file.horizon, SHOWN)
    rows, columns = (len(groups) + 1) // 2, min(2, len(groups))
    figure = Figure(figsize=(style.WIDTH + 1.0, 2.5 * rows + 0.2), dpi=150, facecolor="white")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for ax, group in zip(axes.flat, groups, strict=False):
        for i, strategy in enumerate(result.scenario.strategies):
            survival = group.outcomes[strategy].os
            months = np.arange(len(survival)) / (365.25 / 12.0)
            # curves that coincide are laid in one another, the widest first
            width = 3.4 - 2.2 * i / max(1, len(result.scenario.strategies) - 1)
            label = textwrap.fill(result.scenario.label(strategy), 60)
            ax.plot(months, 100 * survival, color=style.color(i), lw=width, label=label)
        title = textwrap.fill(f"{group.label} ({100 * group.share:.0f} % of patients)", LETTERS)
        ax.set_title(title, fontsize=style.TEXT, parse_math=False)
        ax.set(xlim=(0, end), ylim=(0, 100))
        style.tidy(ax)
        ax.tick_params(labelsize=style.SMALL, labelbottom=True)
    outer_labels(axes, len(groups), "Alive (%)")
    under(figure, axes.flat[0], 2, source_line(result, integrated=True))
    return figure


def outer_labels(axes: Any, shown: int, upwards: str) -> None:
    """Names of the axes at the left and under the lowest panel of each column; empty panels go."""
    from simulate.plots import style

    rows, columns = axes.shape
    for i in range(rows * columns):
        ax = axes[i // columns, i % columns]
        if i >= shown:
            ax.set_visible(False)
        elif i + columns >= shown:
            ax.set_xlabel("Months since the start", fontsize=style.SMALL)
            ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel(upwards, fontsize=style.SMALL)


def source_line(result: PathwayResult, dashed: bool = False, integrated: bool = False) -> str:
    """What stands under a figure: what the dashes say, of whom it is, where it comes from."""
    from simulate.plots import study

    against = result.scenario.label(result.scenario.file.comparator)
    studies = [study(t.title, t.id) for t in result.scenario.trials.values()]
    of = ", ".join(studies) if len(studies) <= 4 else f"{len(studies)} studies"
    first = f"Dashed: NOT RANDOMISED: patients of other studies than those of {against}.\n" if dashed else ""
    if integrated:
        return (
            f"{first}Integrated from figures reported by {of}, without simulated patients, for research and teaching."
        )
    return (
        f"{first}Simulated from figures reported by {of}; {count(result.patients)} synthetic patients under each "
        "strategy, for research and teaching."
    )
