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
from simulate.pathways.graphs import After
from simulate.pathways.oracle import integrate

Array = NDArray[np.float64]
ENDPOINTS = ("os", "pfs")
CLOSE = 0.002  # of a median: near enough
STEPS = 4
FIRST = 0.1  # of the logarithm of a factor: the first step
FLAT = 1e-3  # the smaller singular value of the slopes below which the two conditions cannot both be met
KNOBS = len(After())
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
        settings[name] = own.redrawn(after={name: factors}) if factors != After() else own
        if factors != After():
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


def solve_after(regimen: str, scenario: Scenario, plan: Plan) -> After:
    """Factors after the first line with which the regimen returns its overall survival; 1 where no median is reached.

    `plan` is the regimen's `alone`. Of all factors that give the median and the mean to the horizon the smallest
    corrections are taken; then the factor on all hazards is solved for the median alone. Each lies between a half and
    two; what is left shows in `count_once`.
    """
    days = int(np.ceil(scenario.horizon * DAYS_PER_MONTH))
    target = np.asarray(calibrated(regimen, plan, days)["os"])
    median = crossing_time(target)
    if not math.isfinite(median):
        return After()
    mean = restricted_mean(target, scenario.horizon)

    def miss(x: Array) -> Array:
        found = integrate(plan.redrawn(after={regimen: _after(x)}).graphs[regimen], scenario.horizon)
        here = found.median("os")
        first = math.log(here / median) if math.isfinite(here) else 1.0
        return np.array([first, math.log(restricted_mean(found.os, scenario.horizon) / mean)])

    start = miss(np.zeros(KNOBS))
    x = _for_both(miss, start, len(plan.lines.lines) > 1)
    known = None if x.any() else float(start[0])
    rest = x[1:]
    first = _for_median(lambda h: float(miss(np.array([h, *rest]))[0]), float(x[0]), known)
    return _after(np.array([first, *rest]))


def _after(x: Array) -> After:
    """Factors from their logarithms."""
    return After(*(float(f"{math.exp(v):.6g}") for v in x))


def _for_both(miss: Callable[[Array], Array], start: Array, lines: bool) -> Array:
    """Logarithms of the factors that come nearest to median and mean, by Broyden's method from no correction.

    Three factors for two conditions: each step is the shortest that meets both. A factor at its end stays there. The
    shape of survival without a further line is a factor only where `lines` follow.
    """
    x, value = np.zeros(KNOBS), start
    if _distance(start) < CLOSE:
        return x
    tried = [(_distance(value), x)]
    used = range(KNOBS if lines else KNOBS - 1)
    slopes = np.zeros((2, KNOBS))
    for k in used:
        slopes[:, k] = (miss(FIRST * np.eye(KNOBS)[k]) - value) / FIRST
    for _ in range(STEPS):
        if tried[-1][0] < CLOSE or np.linalg.svd(slopes, compute_uv=False)[1] < FLAT:
            break
        new = _step(x, value, slopes)
        step = new - x
        if not step.any():
            break
        moved = miss(new)
        slopes += np.outer(moved - value - slopes @ step, step) / float(step @ step)
        x, value = new, moved
        tried.append((_distance(value), x))
    return min(tried, key=lambda t: t[0])[1]


def _step(x: Array, value: Array, slopes: Array) -> Array:
    """The nearest point at which a linear function is 0, or as near to it as the ends of the factors allow."""
    free, new = np.ones(KNOBS, bool), x
    for _ in range(KNOBS):
        left = value + slopes @ (new - x)
        wanted = new.copy()
        wanted[free] -= np.linalg.pinv(slopes[:, free]) @ left
        new = np.clip(wanted, -WIDEST, WIDEST)
        over = free & (new != wanted)
        if not over.any() or not (free & ~over).any():
            break
        free &= ~over
    return new


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
