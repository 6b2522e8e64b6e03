"""Progression as scans find it: what a schedule of imaging does to progression-free survival.

A progression is dated at the first scan after it happened; a death is dated on its day. Survival does not change. A
trial's own PFS is what its scans found, so a calibrated curve has the delay of its trial's schedule in it already: what
carries over to practice is the difference between two schedules, not the difference from a continuous watch.
Simplification: progressions are spread over the interval before their scan as the calibrated curve spreads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.evidence.pathway_schema import Scans
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
SCHEDULES = (6.0, 9.0, 12.0)  # weeks: usual in trials, in the documents' 2 to 3 months, and sparser
DAYS_PER_WEEK = 7.0


def found_at(progression: Array, death: Array, weeks: float) -> Array:
    """Progression-free survival as scans every `weeks` weeks from the start find it, months.

    Parameters
    ----------
    progression, death : months to leaving the first line alive and to death; ``inf`` where it does not happen.

    Examples
    --------
    >>> found_at(np.array([1.0, 5.0, np.inf]), np.array([9.0, 5.5, 3.0]), 9.0).round(2).tolist()
    [2.07, 5.5, 3.0]
    """
    step = weeks * DAYS_PER_WEEK / DAYS_PER_MONTH
    return np.asarray(np.minimum(np.ceil(progression / step) * step, death))


def schedules(scans: Scans | None) -> tuple[float, ...]:
    """Weeks between scans that are shown: the scenario's, or the usual ones."""
    return SCHEDULES if scans is None else tuple(sorted({*SCHEDULES, float(scans.every_weeks)}))


def restricted(times: Array, tau: float) -> float:
    """Restricted mean of uncensored times, months."""
    return float(np.mean(np.minimum(times, tau)))


def scan_rows(
    times: Iterable[tuple[str, Array, Array]], comparators: Mapping[str, str | None], weeks: Iterable[float], tau: float
) -> list[dict[str, Any]]:
    """PFS of every strategy under every schedule.

    Parameters
    ----------
    times : (strategy, progression, death) of the same patients, months.
    comparators : strategy → what its gain is counted against; None for nothing.
    tau : restriction of the mean, months.

    Returns
    -------
    Rows with ``strategy, every_weeks`` (``None``: the curve as calibrated), ``median``, ``rmst``, ``gain`` (of the
    restricted mean against the comparator under the same schedule; ``None`` for the comparator or where its PFS is not
    known).
    """
    schedule: tuple[float | None, ...] = (None, *weeks)
    found: dict[tuple[str, float | None], Array] = {}
    for name, progression, death in times:
        for w in schedule:
            plain = np.minimum(progression, death)
            found[name, w] = plain if w is None else found_at(progression, death, w)
    rows = []
    for (name, w), own in found.items():
        against = comparators[name]
        median, base = float(np.median(own)), None if against is None else found.get((against, w))
        rows.append(
            {
                "strategy": name,
                "every_weeks": w,
                "median": median if np.isfinite(median) else None,
                "rmst": restricted(own, tau),
                "gain": None if base is None else restricted(own, tau) - restricted(base, tau),
            }
        )
    return rows
