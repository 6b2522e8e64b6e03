"""From one patient to all whom a decision concerns: value of information, budget, severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.economics.amounts import quantile
from simulate.economics.evsi import patients_to_benefit
from simulate.evidence.decision_schema import Affected

LEVEL = (0.025, 0.975)
Z = 1.959964  # standard errors to either end of a 95 % range


@dataclass(frozen=True)
class Reached:
    """Patients whom a decision concerns while it stands.

    Attributes
    ----------
    yearly, years : as the scenario says.
    rate : of discounting, a year.
    patients : of all years, discounted to today; times a value per patient, what it is worth in all.
    low, high : the same at the 95 % range of `yearly`; equal to `patients` where it has none.
    """

    yearly: float
    years: float
    rate: float
    patients: float
    low: float
    high: float


def reached(affected: Affected, rate: float, after: float = 0.0) -> Reached:
    """Patients whom a decision concerns, discounted at an annual rate.

    Parameters
    ----------
    after : years from today before which nobody benefits, such as those of a trial that is awaited.
    """
    number = affected.yearly
    one = patients_to_benefit(1.0, affected.years, discount=rate, after=after)
    low, high = (max(float(x), 0.0) for x in quantile(number, np.array(LEVEL)))
    return Reached(number.value, affected.years, rate, one * number.value, one * low, one * high)


def total_range(value: float, error: float, found: Reached) -> tuple[float, float]:
    """95 % range of what a value per patient is worth to all: its own error and that of their number together.

    The two are independent, so that their distances from the product are added as squares.

    Parameters
    ----------
    value, error : per patient, with its standard error.

    Examples
    --------
    >>> low, high = total_range(10.0, 1.0, Reached(1.0, 1.0, 0.0, 100.0, 70.0, 130.0))
    >>> round(low), round(high)
    (642, 1358)
    """
    whole, own = value * found.patients, Z * error * found.patients
    low = whole - np.hypot(own, value * (found.patients - found.low))
    return max(float(low), 0.0), float(whole + np.hypot(own, value * (found.high - found.patients)))
