"""How much selection would explain a benefit that no randomisation supports.

A strategy that was given to chosen patients is held against the comparator again with a share of its log hazard ratio
taken for selection, and with months of guaranteed survival (immortal time: the clock began before the treatment did)
taken off its median survival, all its times shrunk in proportion. The E-value (VanderWeele and Ding, Ann Intern Med
2017;167:268) is how strongly an unmeasured trait would have to go with both the choice of treatment and survival to
explain the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import cox_hazard_ratio, crossing_time, restricted_mean
from simulate.evidence.pathway_schema import SelectionBias
from simulate.evidence.scenario_schema import Scenario
from simulate.pathways.integrated import Integrated
from simulate.pathways.oracle import Outcome

Array = NDArray[np.float64]
TINY = 1e-300


def e_value(hazard_ratio: float) -> float:
    """E-value of a hazard ratio of a common outcome (VanderWeele, Am J Epidemiol 2017): 1 where there is no effect.

    Examples
    --------
    >>> round(e_value(0.5), 2)
    2.61
    >>> e_value(1.0)
    1.0
    """
    ratio = min(hazard_ratio, 1.0 / hazard_ratio)
    risk = (1.0 - 0.5 ** math.sqrt(ratio)) / (1.0 - 0.5 ** math.sqrt(1.0 / ratio))
    if risk >= 1.0:
        return 1.0
    return 1.0 / risk + math.sqrt(1.0 / risk * (1.0 / risk - 1.0))


def selection_bias(scenario: Scenario, found: Integrated) -> list[dict[str, Any]]:
    """Every bias scenario of a scenario file, integrated.

    Returns
    -------
    One row a `selection_bias` entry: ``strategy``, ``why``, ``hazard_ratio`` (uncensored, of overall survival),
    ``e_value``, ``lead_that_erases`` (months of immortal time at which the gain is gone; ``None`` if none up to 60
    does), and ``rows``: ``pull, lead, median, gain`` (months of restricted mean survival against the comparator).
    """
    return [_one(scenario, item, found.strategy) for item in scenario.selection_bias]


def _one(scenario: Scenario, item: SelectionBias, integrated: Callable[[str], Outcome]) -> dict[str, Any]:
    tau = min(scenario.rmst.get("os", 36.0), scenario.horizon)
    base, plain = integrated(scenario.comparator).os, integrated(item.strategy).os
    ratio, middle = cox_hazard_ratio(plain, base), crossing_time(plain)

    def found(pull: float, lead: float) -> tuple[float, float]:
        curve = biased(plain, base, pull, _shrink(lead, middle))
        return crossing_time(curve), restricted_mean(curve, tau) - restricted_mean(base, tau)

    rows = []
    for pull in item.pull:
        for lead in item.lead if pull < 1.0 else (0.0,):
            median, months = found(pull, lead)
            rows.append(
                {"pull": pull, "lead": lead, "median": median if math.isfinite(median) else None, "gain": months}
            )
    return {
        "strategy": item.strategy,
        "why": item.why,
        "tau": tau,
        "hazard_ratio": ratio,
        "e_value": e_value(ratio),
        "lead_that_erases": _erasing_lead(lambda lead: found(0.0, lead)[1]),
        "rows": rows,
    }


def _shrink(lead: float, median: float) -> float:
    """Factor on all times that takes `lead` months off the median."""
    return max(1.0 - lead / median, 0.02) if math.isfinite(median) else 1.0


def _erasing_lead(gain: Callable[[float], float]) -> float | None:
    """Months of lead at which the gain is gone, to a tenth of a month; ``None`` if more than 60 would be needed."""
    low, high = 0.0, 60.0
    if gain(low) <= 0.0:
        return 0.0
    if gain(high) > 0.0:
        return None
    while high - low > 0.1:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gain(middle) > 0.0 else (low, middle)
    return round(high, 1)


def biased(treated: Array, control: Array, pull: float, shrink: float = 1.0) -> Array:
    """A strategy's survival by day with its advantage over the control reduced.

    Parameters
    ----------
    treated, control : overall survival at days 0 … D.
    pull : share of the log hazard ratio, day by day, taken for selection.
    shrink : factor on all times of the strategy, before its hazard ratio is taken.
    """
    days = np.arange(len(treated), dtype=np.float64)
    whole = -np.log(np.maximum(treated, TINY))
    span = min(365, len(whole) - 1)
    last = (whole[-1] - whole[-1 - span]) / span  # a day, goes on beyond the curve's end
    own = np.interp(days / shrink, days, whole) + last * np.maximum(days / shrink - days[-1], 0.0)
    if pull > 0.0:
        hazards = np.diff(own), np.diff(-np.log(np.maximum(control, TINY)))
        own = np.concatenate(([0.0], np.cumsum(hazards[0] ** (1.0 - pull) * hazards[1] ** pull)))
    return np.asarray(np.exp(-own))
