"""When a regimen uses something: doses, visits, examinations, as months from its start.

Simplifications: doses are given on the planned days to everyone still progression-free; delays and stops for toxicity
are in the relative dose intensity; of alternatives (`instead_of`) the first is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simulate.evidence.regimen_schema import Monitoring, Regimen, RegimenDrug
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
WEEK = 7.0 / DAYS_PER_MONTH
MOST_KEPT = 256
# Visits of regimens asked for before; each is kept with its regimen, so that its identity stays its own.
_KINDS: dict[tuple[int, float], tuple[Regimen, Mapping[tuple[str, ...], Array]]] = {}


@dataclass(frozen=True)
class Doses:
    """One drug of a regimen with the months at which it is given."""

    drug: RegimenDrug
    months: Array


def cycles(regimen: Regimen, drug: RegimenDrug, horizon: float) -> Array:
    """Months at which the cycles begin in which a drug is given."""
    if regimen.course is None:
        return np.zeros(0)
    length = (drug.cycle_days or regimen.course.cycle_days) / DAYS_PER_MONTH
    most = regimen.course.max_cycles
    if most is not None:  # a drug with longer cycles ends with the course too
        most = int(np.ceil(most * regimen.course.cycle_days / DAYS_PER_MONTH / length - 1e-9))
    last = min(x for x in (drug.to_cycle, most, int(horizon / length) + 1) if x is not None)
    numbers = np.arange(drug.from_cycle, last + 1, drug.every_cycles)
    return np.asarray((numbers - 1) * length, np.float64)


def doses(regimen: Regimen, horizon: float) -> list[Doses]:
    """Every drug with its doses before the horizon."""
    out = []
    for drug in regimen.drugs:
        if drug.instead_of is not None:
            continue
        days = (np.array(drug.days, np.float64) - 1.0) / DAYS_PER_MONTH
        at = (cycles(regimen, drug, horizon)[:, None] + days[None, :]).ravel()
        out.append(Doses(drug, np.sort(at[at < horizon])))
    return out


def visits(regimen: Regimen, horizon: float) -> dict[float, tuple[str, ...]]:
    """Months of each visit at which something is infused or swallowed → the drugs given there."""
    at: dict[float, list[str]] = {}
    for given in doses(regimen, horizon):
        for month in given.months:
            at.setdefault(round(float(month), 6), []).append(given.drug.drug)
    return {month: tuple(dict.fromkeys(drugs)) for month, drugs in sorted(at.items())}


def kinds_of_visit(regimen: Regimen, horizon: float) -> Mapping[tuple[str, ...], Array]:
    """Drugs given together at a visit → months of all such visits; remembered."""
    key = (id(regimen), horizon)
    known = _KINDS.get(key)
    if known is None:
        if len(_KINDS) >= MOST_KEPT:
            _KINDS.clear()
        found: dict[tuple[str, ...], list[float]] = {}
        for month, drugs in visits(regimen, horizon).items():
            found.setdefault(drugs, []).append(month)
        known = _KINDS[key] = (regimen, MappingProxyType({k: np.array(v) for k, v in found.items()}))
    return known[1]


def examinations(regimen: Regimen, item: Monitoring, horizon: float) -> Array:
    """Months at which something is watched while a patient is on the regimen; the lower end of a range of intervals.

    Every 3 months for 24 months includes month 24.
    """
    cycle = (regimen.course.cycle_days if regimen.course else 21) / DAYS_PER_MONTH
    at = _examinations(regimen, item, min(horizon, item.for_months or horizon), cycle)
    return at[at < horizon - 1e-9]


def _examinations(regimen: Regimen, item: Monitoring, end: float, cycle: float) -> Array:
    first = (item.start_after_cycles or 0) * cycle
    if item.after_cycles is not None:
        return np.array([item.after_cycles * cycle])
    if item.each_visit:
        most = regimen.course.max_cycles if regimen.course else 1
        number = int(end / cycle) + 1 if most is None else min(most, int(end / cycle) + 1)
        at = np.arange(number) * cycle
        return np.asarray(at[at > first - 1e-9], np.float64)
    every = item.every_months or (item.every_weeks or 0.0) * WEEK
    return np.asarray(first + np.arange(every, end + 1e-9, every), np.float64)


def scans(regimen: Regimen, horizon: float) -> Array:
    """Months of imaging, from the start on until progression."""
    plan = regimen.imaging
    if plan is None:
        return np.zeros(0)
    until = horizon if plan.until_week is None else plan.until_week * WEEK
    early = np.arange(plan.every_weeks * WEEK, min(until, horizon) + 1e-9, plan.every_weeks * WEEK)
    if plan.then_every_weeks is None or until >= horizon:
        return early
    later = np.arange(until + plan.then_every_weeks * WEEK, horizon, plan.then_every_weeks * WEEK)
    return np.concatenate((early, later))
