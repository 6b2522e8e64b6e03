"""A regimen in its trial's setting, and the correction with which a pathway returns the trial's overall survival there.

Prognosis, background mortality and the lines that follow are put around each process of the trial's model on its own,
which returns the median of each; their sum, overall survival, is then off, its median by up to three per cent and its
mean by more. Factors for each first-line regimen on the hazards after that line take this away among the trial's own
patients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import cell_curves, crossing_time, restricted_mean
from simulate.evidence import Library
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.scenario_schema import Scenario, Strategy
from simulate.evidence.strategy_schema import LINES
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways.assemble import Plan, build_plan
from simulate.pathways.bases import Evidence
from simulate.pathways.oracle import integrate

Array = NDArray[np.float64]
ENDPOINTS = ("os", "pfs")
CLOSE = 0.002  # of a median: near enough
STEPS = 4
FIRST = 0.1  # of the logarithm of a factor: the first step
FLAT = 1e-5  # determinant of the slopes below which nothing depends on the factors
NOTHING = (1.0, 1.0)
WIDEST = math.log(2.0)  # of the factor


def assemble(scenario: Scenario, library: Library) -> Plan:
    """The graphs of a scenario, corrected so that every first-line regimen returns its overall survival.

    Raises
    ------
    InputError : a regimen without a model or a connection, a covariate the population lacks.
    """
    plan = build_plan(scenario, library)
    settings, after = {}, {}
    for name in first_line(plan):
        own = alone(name, scenario, library, plan.lines.evidence)
        factors = solve_after(name, scenario, own)
        settings[name] = own.redrawn(after={name: factors}) if factors != NOTHING else own
        if factors != NOTHING:
            after[name] = factors
    return replace(plan.redrawn(after=after) if after else plan, alone=settings)


def first_line(plan: Plan) -> tuple[str, ...]:
    """Regimens that some patients get in the first line."""
    steps = (t.steps[0] for own in plan.treatments.values() for t in own)
    return tuple(dict.fromkeys(step.regimen for step in steps if step is not None))


def alone(regimen: str, scenario: Scenario, library: Library, evidence: Evidence) -> Plan:
    """A regimen for everybody among the patients of the trials, the era's later lines after it."""
    strategy = Strategy(label=regimen, regimen=regimen)
    update = {"strategies": {regimen: strategy}, "comparator": regimen, "by": ()}
    patients: PatientPopulation = library.patients(scenario.evidence_population or scenario.population)
    return build_plan(scenario.model_copy(update=update), library, patients, evidence, toxicity=False)


def calibrated(regimen: str, plan: Plan, days: int) -> Mapping[str, Any]:
    """Curves of a regimen's calibrated models over the patients' strata, prognosis and background left out."""
    total: dict[Any, float] = {}
    for c in plan.classes:
        model = plan.lines.model(LINES[0], regimen, c.profile)
        total[model] = total.get(model, 0.0) + c.share
    curves = {model: cell_curves(model, days) for model in total}
    return {e: sum(share * curves[m].endpoint(e) for m, share in total.items()) for e in ENDPOINTS}


def solve_after(regimen: str, scenario: Scenario, plan: Plan) -> tuple[float, float]:
    """Factors after the first line with which the regimen returns its overall survival; 1 where no median is reached.

    `plan` is the regimen's `alone`. Where later lines follow, the factor on the shape of survival without them is
    chosen for the mean to the horizon; then, or where none follows, the factor on all hazards after the first line is
    solved for the median. Each lies between a half and two; what is left shows in `count_once`.
    """
    days = int(np.ceil(scenario.horizon * DAYS_PER_MONTH))
    target = np.asarray(calibrated(regimen, plan, days)["os"])
    median = crossing_time(target)
    if not math.isfinite(median):
        return NOTHING
    lines = any(t.steps[i] is not None and t.able[i] > 0.0 for t in plan.treatments[regimen] for i in _later(plan))
    horizon = scenario.horizon if lines else min(scenario.horizon, 2.0 * median)
    mean = restricted_mean(target, horizon)

    def miss(hazard: float, shape: float) -> Array:
        factors = (math.exp(hazard), math.exp(shape))
        found = integrate(plan.redrawn(after={regimen: factors}).graphs[regimen], horizon)
        here = found.median("os")
        first = math.log(here / median) if math.isfinite(here) else 1.0
        return np.array([first, math.log(restricted_mean(found.os, horizon) / mean)])

    start = miss(0.0, 0.0)
    hazard, shape = _for_both(miss, start) if lines else (0.0, 0.0)
    known = None if shape or hazard else float(start[0])
    hazard = _for_median(lambda x: float(miss(x, shape)[0]), hazard, known)
    return (float(f"{math.exp(hazard):.6g}"), float(f"{math.exp(shape):.6g}"))


def _later(plan: Plan) -> range:
    return range(1, len(plan.lines.lines))


def _for_both(miss: Callable[[float, float], Array], start: Array) -> tuple[float, float]:
    """Logarithms (hazards, shape) that come nearest to median and mean, by Broyden's method from no correction."""
    x, value = np.zeros(2), start
    tried = [(_distance(value), x)]
    slopes = np.column_stack([(miss(FIRST, 0.0) - value) / FIRST, (miss(0.0, FIRST) - value) / FIRST])
    for _ in range(STEPS):
        if tried[-1][0] < CLOSE or abs(np.linalg.det(slopes)) < FLAT:
            break
        new = np.clip(x - np.linalg.solve(slopes, value), -WIDEST, WIDEST)
        step = new - x
        if not step.any():
            break
        moved = miss(*new)
        slopes += np.outer(moved - value - slopes @ step, step) / float(step @ step)
        x, value = new, moved
        tried.append((_distance(value), x))
    best = min(tried, key=lambda t: t[0])[1]
    return float(best[0]), float(best[1])


def _distance(value: Array) -> float:
    return float(np.abs(value).max())


def _for_median(miss: Callable[[float], float], start: float, known: float | None) -> float:
    """Logarithm of the factor within ±`WIDEST` at which a median is met, by secants from `start`, or the best tried."""
    before, at = start, miss(start) if known is None else known
    best = (abs(at), before)
    here = float(np.clip(before + 2.0 * at, -WIDEST, WIDEST))  # a longer median needs a higher hazard
    for _ in range(STEPS):
        if best[0] < CLOSE or here == before:  # near enough, or at the widest factor allowed
            break
        value = miss(here)
        best = min(best, (abs(value), here))
        slope = (value - at) / (here - before)
        if abs(slope) < 1e-3:
            break  # nobody lives on after the first line: nothing to correct
        before, at = here, value
        here = float(np.clip(here - value / slope, -WIDEST, WIDEST))
    return best[1]
