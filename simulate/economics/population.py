"""From one patient to all whom a decision concerns: value of information, budget, severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulate.economics.amounts import quantile
from simulate.economics.evsi import patients_to_benefit
from simulate.evidence.decision_schema import Affected

LEVEL = (0.025, 0.975)


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
