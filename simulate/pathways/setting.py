"""A regimen in its trial's setting, and the correction with which a pathway returns the trial's overall survival there.

Prognosis, background mortality and the lines that follow are put around each process of the trial's model on its own,
which returns the median of each; their sum, overall survival, is then off by up to three per cent. One factor for each
first-line regimen, on all hazards after that line, takes this away among the trial's own patients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from simulate.analytic import cell_curves, crossing_time
from simulate.evidence import Library
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.scenario_schema import Scenario, Strategy
from simulate.evidence.strategy_schema import LINES
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways.assemble import Plan, build_plan
from simulate.pathways.bases import Evidence
from simulate.pathways.oracle import integrate

ENDPOINTS = ("os", "pfs")
CLOSE = 0.002  # of a median: near enough
STEPS = 4
WIDEST = math.log(2.0)  # of the factor


def assemble(scenario: Scenario, library: Library) -> Plan:
    """The graphs of a scenario, corrected so that every first-line regimen returns its overall survival.

    Raises
    ------
    InputError : a regimen without a model or a connection, a covariate the population lacks.
    """
    plan = build_plan(scenario, library)
    settings, factors = {}, {}
    for name in first_line(plan):
        own = alone(name, scenario, library, plan.lines.evidence)
        factor = solve_after(name, scenario, own)
        settings[name] = own.redrawn(after={name: factor}) if factor != 1.0 else own
        factors[name] = factor
    after = {name: factor for name, factor in factors.items() if factor != 1.0}
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


def solve_after(regimen: str, scenario: Scenario, plan: Plan) -> float:
    """Factor on the hazards after the first line with which the regimen returns its median OS; 1 where none is reached.

    `plan` is the regimen's `alone`. Solved by secants on the logarithm of the median, between a half and two; what is
    left shows in `count_once`.
    """
    days = int(np.ceil(scenario.horizon * DAYS_PER_MONTH))
    target = crossing_time(np.asarray(calibrated(regimen, plan, days)["os"]))
    if not math.isfinite(target):
        return 1.0
    horizon = min(scenario.horizon, 2.0 * target)

    def miss(log_factor: float) -> float:
        corrected = plan.redrawn(after={regimen: math.exp(log_factor)})
        median = integrate(corrected.graphs[regimen], horizon).median("os")
        return math.log(median / target) if math.isfinite(median) else 1.0

    before, at = 0.0, miss(0.0)
    best = (abs(at), before)
    here = float(np.clip(2.0 * at, -WIDEST, WIDEST))  # a longer median needs a higher hazard
    for _ in range(STEPS):
        if best[0] < CLOSE or here == before:  # near enough, or at the widest factor allowed
            break
        value = miss(here)
        best = min(best, (abs(value), here))
        slope = (value - at) / (here - before)
        if abs(slope) < 1e-3:
            return 1.0  # nobody lives on after the first line: nothing to correct
        before, at = here, value
        here = float(np.clip(here - value / slope, -WIDEST, WIDEST))
    return float(f"{math.exp(best[1]):.6g}")
