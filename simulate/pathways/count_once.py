"""The check that nothing is counted twice: among its trial's patients, with the era's later lines, a pathway returns
the overall and progression-free survival that the trial's calibration has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulate.analytic import crossing_time, restricted_mean
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways.assemble import Plan
from simulate.pathways.integrated import Integrated
from simulate.pathways.oracle import Outcome
from simulate.pathways.setting import ENDPOINTS, calibrated


def count_once(found: Integrated) -> list[dict[str, Any]]:
    """For every regimen of the first line: median of the pathway in the trial's setting, of the calibration, reported.

    Returns
    -------
    Rows with ``regimen, endpoint, calibrated, pathway, relative`` (difference over the calibrated median; ``None``
    where a median is not reached within the horizon) and ``reported`` (by the regimen's own trial, for its whole arm or
    the one stratum the regimen stands on; ``None`` if it is not), ``calibrated_mean, pathway_mean`` (to the horizon).
    """
    rows = []
    for regimen, own in found.plan.alone.items():
        rows += _compared(regimen, own, found.alone(regimen), found.horizon)
    return rows


def _compared(regimen: str, plan: Plan, found: Outcome, horizon: float) -> list[dict[str, Any]]:
    days = int(np.ceil(horizon * DAYS_PER_MONTH))
    curves = calibrated(regimen, plan, days)
    rows = []
    for endpoint in ENDPOINTS if plan.progression_known(regimen) else ENDPOINTS[:1]:
        a, b = crossing_time(curves[endpoint]), found.median(endpoint)
        both = np.isfinite(a) and np.isfinite(b)
        rows.append(
            {
                "regimen": regimen,
                "endpoint": endpoint,
                "reported": reported_median(regimen, endpoint, plan),
                "calibrated": float(a) if np.isfinite(a) else None,
                "pathway": float(b) if np.isfinite(b) else None,
                "relative": float(b / a - 1.0) if both else None,
                "calibrated_mean": restricted_mean(np.asarray(curves[endpoint]), horizon),
                "pathway_mean": restricted_mean(found.endpoint(endpoint), horizon),
            }
        )
    return rows


def reported_median(regimen: str, endpoint: str, plan: Plan) -> float | None:
    """The median that the regimen's own trial reports for its arm, or for the arm in the stratum it stands on."""
    own = plan.lines.evidence.regimen(regimen).evidence
    if own.trial is None or own.arm is None:
        return None
    trial = plan.lines.evidence.library.trial(own.trial)
    strata = own.strata or tuple(trial.strata)
    for f in trial.figures:
        used = f.role in ("primary", "fit", "check") and f.statistic == "median" and f.endpoint == endpoint
        if used and f.arm == own.arm and set(trial.strata_of(f.population)) == set(strata):
            return f.value
    return None
