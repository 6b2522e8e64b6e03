"""NICE's severity modifier: how much of the health that others of their age can expect patients lose to the disease.

NICE health technology evaluations: the manual (PMG36, 2022; as amended in March 2026), sections 6.2.12 to 6.2.21:
absolute shortfall is the expected QALYs of people of the same age and sex in the general population less those with the
disease under established practice, proportional shortfall is absolute shortfall over the first; both are discounted at
the reference case's rate. QALYs are weighed by the higher of the two weights; at a cut-off the higher weight counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.amounts import Values
from simulate.economics.case import Case
from simulate.economics.clock import discount_factor
from simulate.errors import input_error
from simulate.evidence.economics_schema import Severity

Array = NDArray[np.float64]
STEPS = 120  # a year, in which expected health without the disease is summed
TIE = 1e-9  # a shortfall this close below a cut-off has reached it


@dataclass(frozen=True)
class Expected:
    """What the general population can expect from an age on: discounted QALYs, undiscounted years of life."""

    qaly: float
    life_years: float


@dataclass(frozen=True)
class Shortfall:
    """Severity of a disease under one strategy.

    Attributes
    ----------
    age : at the start, years.
    without : what the general population can expect.
    with_disease : discounted QALYs under the strategy, to the horizon of the evaluation.
    alive : share alive at that horizon; QALYs beyond it are missing from `with_disease`.
    absolute, proportional : QALY shortfall.
    weight : of a QALY; `by_absolute` and `by_proportional` are those it is the higher of.
    """

    age: float
    without: Expected
    with_disease: float
    alive: float
    absolute: float
    proportional: float
    weight: float
    by_absolute: float
    by_proportional: float

    def threshold(self, value: float) -> float:
        """What is paid for an unweighted QALY where `value` is paid for a weighted one."""
        return value * self.weight


def expected(
    probability: ArrayLike, age: float, coefficients: Sequence[float], rate: float, method: str = "per_cycle"
) -> Expected:
    """Health that the general population can expect from an age on, to the end of the life table.

    Parameters
    ----------
    probability : float64[A], yearly probability of death by completed age, from 0; the hazard is constant within each
        year of age.
    age : at the start, years.
    coefficients : of the mean utility by age, as `AgeNorm` gives them; like there it is held at 0 or above and never
        rises with age.
    rate, method : of discounting, as for `discount_factor`.

    Raises
    ------
    InputError : an age that the table does not have.
    """
    table = np.asarray(probability, np.float64)
    if not 0.0 <= age < len(table):
        raise input_error(f"age {age:g} is not in the life table.", field="age")
    edges = np.unique(np.concatenate((np.arange(0, (len(table) - age) * STEPS) / STEPS, [len(table) - age])))
    # ends of years of age are edges too, so that the hazard is constant within each step
    edges = np.unique(np.concatenate((edges, np.arange(int(age) + 1, len(table)) - age)))
    width = np.diff(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    hazard = -np.log1p(-np.minimum(table[np.minimum((age + middle).astype(np.int64), len(table) - 1)], 0.999999))
    lost = hazard * width
    alive = np.exp(-np.concatenate(([0.0], np.cumsum(lost[:-1]))))
    years = alive * np.where(lost > 0.0, -np.expm1(-lost) / np.where(hazard > 0.0, hazard, 1.0), width)
    norm = np.polynomial.polynomial.polyval(age + middle, coefficients)
    norm = np.minimum.accumulate(np.maximum(norm, 0.0))
    return Expected(float(years @ (norm * discount_factor(12.0 * middle, rate, method))), float(years.sum()))


def weights_of(severity: Severity, absolute: float, proportional: float) -> tuple[float, float]:
    """Weights of a QALY by absolute and by proportional shortfall; 1 where no cut-off is reached."""
    by_absolute = [w.weight for w in severity.weights if absolute >= w.absolute - TIE]
    by_proportional = [w.weight for w in severity.weights if proportional >= w.proportional - TIE]
    return max([1.0, *by_absolute]), max([1.0, *by_proportional])


def shortfall(
    case: Case,
    probability: ArrayLike,
    *,
    coefficients: Sequence[float] | None = None,
    age: float | None = None,
    strategy: str | None = None,
    values: Values | None = None,
) -> Shortfall:
    """Severity of the disease under established practice.

    Parameters
    ----------
    probability : a life table's, of the patients' country and sex (`simulate.pathways.background.life_table`).
    coefficients : of the general population's utility; by default the economic file's `age_norm`.
    age : at the start; by default the scenario's.
    strategy : established practice, by default the comparator.
    values : of the economic file; by default its own.

    Raises
    ------
    InputError : no weights in the reference case, no age, or no utility of the general population.
    """
    severity = case.reference.severity
    if severity is None:
        raise input_error(f"reference case {case.reference.id} does not weigh severity.", field="severity")
    start = case.question.start_age if age is None else age
    if start is None:
        raise input_error("the scenario does not say how old patients are.", field="economics.start_age")
    norm = coefficients
    if norm is None:
        if case.file.age_norm is None:
            raise input_error(f"{case.file.id} has no utility of the general population.", field="age_norm")
        norm = case.file.age_norm.coefficients
    practice = next(iter(case.arms)) if strategy is None else strategy
    if practice not in case.arms:
        raise input_error(f"no strategy {practice!r}.", field="strategy", advice=f"Take {', '.join(case.arms)}.")
    without = expected(probability, start, norm, case.clock.rate("effects"), case.clock.discount.method)
    traces = case.integrated(practice)
    own = float(case.outcomes(practice, traces, values or Values.mean(case.file)).qaly[0])
    absolute = without.qaly - own
    proportional = absolute / without.qaly
    by_absolute, by_proportional = weights_of(severity, absolute, proportional)
    return Shortfall(
        age=start,
        without=without,
        with_disease=own,
        alive=float(traces.alive[0, -1]),
        absolute=absolute,
        proportional=proportional,
        weight=max(by_absolute, by_proportional),
        by_absolute=by_absolute,
        by_proportional=by_proportional,
    )
