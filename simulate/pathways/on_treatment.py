"""How long patients are on each regimen: in its line, alive and without progression, up to its longest course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.evidence.regimen_schema import Regimen
from simulate.model.graph import GraphSpec
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways.assemble import ONLY_DEATHS, Plan
from simulate.pathways.graphs import LIVING, Treatment
from simulate.pathways.oracle import Known, integrate_strata, share_spared

Array = NDArray[np.float64]
BLOCK = 64  # strata integrated at once


@dataclass
class _Given:
    share: float = 0.0  # of all patients, who start it
    months: float = 0.0  # on it, mean over all patients
    progresses: bool = False  # whether progression was reported


def longest(regimen: Regimen) -> float | None:
    """Longest course of a regimen, months; infinite without a limit, ``None`` without drugs."""
    if regimen.course is None:
        return None
    if regimen.course.max_cycles is None:
        return float("inf")
    return regimen.course.max_cycles * regimen.course.cycle_days / DAYS_PER_MONTH


def on_treatment(plan: Plan, horizon: float) -> list[dict[str, Any]]:
    """Time on each regimen under every strategy, integrated over the classes of patients.

    Times in a later line are those of its own study: the stretch with which a pathway fits a line beneath the survival
    of an earlier trial is taken out. Simplifications: adverse events, choice and delays end no course; a course given
    until toxicity ends at progression too; between cycles patients are on treatment; nothing counts past the horizon.

    Returns
    -------
    Rows with ``strategy, line, regimen, share`` (of all patients, who start it), ``months`` (mean of those, within the
    horizon), ``longest`` (months, ``None`` without a limit). ``months`` is ``None`` for a regimen without drugs, and
    for one given until a progression that its study does not report.
    """
    rows = []
    for strategy, graph in plan.graphs.items():
        found = _times(plan, graph, plan.treatments[strategy], horizon)
        order = {name: i for i, name in enumerate(plan.lines.lines)}
        for (line, regimen), own in sorted(found.items(), key=lambda kv: (order[kv[0][0]], -kv[1].share)):
            most = longest(plan.lines.evidence.regimen(regimen))
            unknown = most is None or (np.isinf(most) and not own.progresses) or own.share <= 0.0
            rows.append(
                {
                    "strategy": strategy,
                    "line": line,
                    "regimen": regimen,
                    "share": own.share,
                    "months": None if unknown else own.months / own.share,
                    "longest": None if most is None or not np.isfinite(most) else most,
                }
            )
    return rows


def _times(
    plan: Plan, graph: GraphSpec, treatments: tuple[Treatment, ...], horizon: float
) -> dict[tuple[str, str], _Given]:
    """(line, regimen) → who starts it and how long they are on it."""
    days, known = int(np.ceil(horizon * DAYS_PER_MONTH)), Known()
    out: dict[tuple[str, str], _Given] = {}
    for chosen, weight in _blocks(graph, treatments, days, known):
        limits = {LIVING[line]: _limits(plan, treatments, chosen, i) for i, line in enumerate(plan.lines.lines)}
        found = integrate_strata(graph, chosen, days, known, limits)
        for i, line in enumerate(plan.lines.lines):
            state = LIVING[line]
            on = found.within.get(state)
            if on is None:
                continue
            months = np.asarray(np.trapezoid(weight * on, axis=1)) / DAYS_PER_MONTH
            middles = 0.5 * (weight[:, 1:] + weight[:, :-1])
            started = weight[:, 0] if i == 0 else np.sum(middles * found.arriving[state], axis=1)
            for j, share, time in zip(chosen, started, months, strict=True):
                step = treatments[j].steps[i]
                if step is not None and share > 0.0:
                    own = out.setdefault((line, step.regimen), _Given())
                    own.share += float(share)
                    own.months += float(time) / stretch(treatments[j], i)
                    own.progresses |= step.placed.model.death_share < ONLY_DEATHS
    return out


def _blocks(
    graph: GraphSpec, treatments: tuple[Treatment, ...], days: int, known: Known
) -> Iterator[tuple[list[int], Array]]:
    """Strata with what each stands for: those that differ by their background only are one."""
    alike: dict[Treatment, list[int]] = {}
    for j, share in enumerate(graph.shares):
        if share > 0.0:
            alike.setdefault(treatments[j], []).append(j)
    groups = list(alike.values())
    for i in range(0, len(groups), BLOCK):
        block = groups[i : i + BLOCK]
        yield [rows[0] for rows in block], np.array([share_spared(graph, rows, days, known) for rows in block])


def _limits(plan: Plan, treatments: tuple[Treatment, ...], chosen: list[int], line: int) -> Array:
    """Longest course of what each stratum gets in a line, days; 0 where nothing is timed."""
    out = np.zeros(len(chosen))
    for k, j in enumerate(chosen):
        step = treatments[j].steps[line]
        most = None if step is None else longest(plan.lines.evidence.regimen(step.regimen))
        out[k] = 0.0 if most is None else most * stretch(treatments[j], line) * DAYS_PER_MONTH
    return out


def stretch(treatment: Treatment, line: int) -> float:
    """What all times of a line are multiplied by in a pathway."""
    before = treatment.steps[line - 1] if line > 0 else None
    return 1.0 if before is None else before.residual.stretch
