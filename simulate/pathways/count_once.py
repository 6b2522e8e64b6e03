"""The check that nothing is counted twice: among its trial's patients, with the era's later lines, a pathway returns
the overall and progression-free survival that the trial's calibration has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simulate.analytic import cell_curves, crossing_time
from simulate.evidence import Library
from simulate.evidence.scenario_schema import Scenario, Strategy
from simulate.evidence.strategy_schema import LINES
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways.assemble import Plan, assemble
from simulate.pathways.oracle import integrate

ENDPOINTS = ("os", "pfs")


def count_once(scenario: Scenario, library: Library, plan: Plan) -> list[dict[str, Any]]:
    """For every regimen of the first line: median of the pathway in the trial's setting, and of the calibration.

    Returns
    -------
    Rows with ``regimen, endpoint, calibrated, pathway, relative`` (difference over the calibrated median; ``None``
    where a median is not reached within the horizon).
    """
    first = [t.steps[0] for own in plan.treatments.values() for t in own]
    used = [step.regimen for step in first if step is not None]
    rows = []
    for regimen in dict.fromkeys(used):
        alone = Strategy(label=regimen, regimen=regimen)
        setting = scenario.model_copy(update={"strategies": {regimen: alone}, "comparator": regimen})
        patients = library.patients(scenario.evidence_population or scenario.population)
        alone_plan = assemble(setting, library, patients, plan.lines.evidence)
        rows += _compared(regimen, alone_plan, scenario.horizon)
    return rows


def _compared(regimen: str, plan: Plan, horizon: float) -> list[dict[str, Any]]:
    found = integrate(plan.graphs[regimen], horizon)
    days = int(np.ceil(horizon * DAYS_PER_MONTH))
    calibrated = _calibrated(regimen, plan, days)
    rows = []
    for endpoint in ENDPOINTS if plan.progression_known(regimen) else ENDPOINTS[:1]:
        a, b = crossing_time(calibrated[endpoint]), found.median(endpoint)
        both = np.isfinite(a) and np.isfinite(b)
        rows.append(
            {
                "regimen": regimen,
                "endpoint": endpoint,
                "calibrated": a if np.isfinite(a) else None,
                "pathway": b if np.isfinite(b) else None,
                "relative": b / a - 1.0 if both else None,
            }
        )
    return rows


def _calibrated(regimen: str, plan: Plan, days: int) -> Mapping[str, Any]:
    """Curves of the regimen's calibrated models over the patients' strata, prognosis and background left out."""
    total: dict[Any, float] = {}
    for c in plan.classes:
        model = plan.lines.model(LINES[0], regimen, c.profile)
        total[model] = total.get(model, 0.0) + c.share
    curves = {model: cell_curves(model, days) for model in total}
    return {e: sum(share * curves[m].endpoint(e) for m, share in total.items()) for e in ENDPOINTS}
