"""One number at a time: tornado, two-way grids, the value at which the decision turns.

Each uncertain number is put at the 2.5 and 97.5 % quantiles of its own distribution, the others at their means (Briggs,
Weinstein, Fenwick et al., Med Decis Making 2012;32:722-32, doi:10.1177/0272989X12458348). Parameters of the survival
model are uncertain together: one of them moved alone would leave the reported figures. They are one bar instead, from
its own joint draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from simulate.economics.amounts import Values, converted, distribution_of, quantile
from simulate.economics.case import Case
from simulate.economics.changes import Increment, compared, dotted, increments, numbers
from simulate.economics.psa import rate_quantile
from simulate.economics.survival import drawn
from simulate.economics.traces import joined
from simulate.errors import input_error
from simulate.evidence.money_schema import Disutility, Money, Share, Utility

Array = NDArray[np.float64]
LEVEL = (0.025, 0.975)
DISCOUNTS = (0.0, 0.06)  # yearly rates between which discounting is varied
AT_AN_END = 1e-6  # of a bracket: how near to an end a jump is the end's own
LINEAR = 1e-9  # of the largest of three values: by how much the middle one may lie off the line
WIDE = 10.0  # times the value: how far a number without a natural end is searched


@dataclass(frozen=True)
class Bar:
    """One number at both ends.

    Attributes
    ----------
    name : of the number (`simulate.economics.changes.numbers`), or ``survival``.
    group : ``file``, ``fixed``, ``toxicity``, ``discounting``, ``horizon`` or ``survival``.
    value, low, high : as evaluated and at the ends, ``low <= value <= high``; None for ``survival``.
    at_low, at_high : increments over the comparator there. Of ``survival``: those of the joint draws whose net benefit
        lies at the quantiles among all draws, the worse one first.
    """

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    at_low: Increment
    at_high: Increment

    @property
    def ends(self) -> tuple[float, float] | None:
        """From where to where the number is varied; None for ``survival``."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def turns(self, threshold: float) -> bool:
        """Whether the net benefit has another sign at one end than at the other."""
        return self.at_low.inmb(threshold) * self.at_high.inmb(threshold) < 0.0

    def swing(self, threshold: float) -> float:
        """Difference of net benefit between the ends."""
        return abs(self.at_high.inmb(threshold) - self.at_low.inmb(threshold))


@dataclass(frozen=True)
class Tornado:
    """Bars, the longest first at `threshold`; `base` is the evaluation as it stands."""

    strategy: str
    threshold: float
    base: Increment
    bars: tuple[Bar, ...]


def ranges(case: Case, fixed_by: float = 0.0) -> dict[str, tuple[str, float, float]]:
    """Name of each number that is varied → group, low, high.

    Parameters
    ----------
    fixed_by : share by which numbers without uncertainty, such as list prices, are varied both ways; 0 for not at all.
        Vials of one drug are varied together, as ``price.<drug>``.
    """
    base = numbers(case)
    out: dict[str, tuple[str, float, float]] = {}
    for place, quantity in case.file.quantities().items():
        name = dotted(place)
        if quantity.standard_error > 0.0 and distribution_of(quantity) != "fixed":
            factor = converted(quantity, case.file) if isinstance(quantity, Money) else 1.0
            low, high = (float(x) for x in quantile(quantity, np.array(LEVEL)) * factor)
            out[name] = ("file", low, high)
        elif fixed_by > 0.0 and base[name] != 0.0 and (place[0] != "drugs" or place[-1] == "dose_intensity"):
            most = 1.0 if isinstance(quantity, Utility | Disutility | Share) else math.inf
            ends = sorted((base[name] * (1.0 - fixed_by), min(base[name] * (1.0 + fixed_by), most)))
            out[name] = ("fixed", ends[0], ends[1])
    if fixed_by > 0.0:
        for drug, price in case.file.drugs.items():
            if all(v.price.standard_error == 0.0 for v in price.vials):
                out[f"price.{drug}"] = ("fixed", 1.0 - fixed_by, 1.0 + fixed_by)
    for strategy, arm in case.arms.items():
        patients = float(case.calibration_patients(arm))
        for event in (*case.file.toxicities, *(e for e in case.file.responses if e not in case.file.toxicities)):
            name = f"toxicity.{strategy}.{event}"
            if name not in base:
                continue
            low, high = rate_quantile(base[name], patients, np.array(LEVEL))  # as drawn
            out[name] = ("toxicity", float(low), float(high))
    for name in ("discount.costs", "discount.effects", "discount.both"):
        if name in base:
            out[name] = ("discounting", *DISCOUNTS)
    out["horizon"] = ("horizon", 0.5 * base["horizon"], base["horizon"])
    # of very skewed numbers, and of rates of 0 and 1, the value itself is the end
    return {k: (group, min(low, base[k]), max(high, base[k])) for k, (group, low, high) in out.items()}


def tornado(
    case: Case,
    *,
    strategy: str | None = None,
    threshold: float | None = None,
    fixed_by: float = 0.0,
    draws: int = 200,
    seed: int = 1,
) -> Tornado:
    """Every uncertain number at both ends of its interval, the others at their values.

    Parameters
    ----------
    strategy : held against the comparator; by default the last.
    threshold : of a QALY, by which bars are sorted; by default the first of the evaluation.
    fixed_by : as for `ranges`.
    draws : joint draws of the survival model, by integration; 0 for no such bar.
    seed : of draws beyond the calibration's own.
    """
    _, chosen = compared(case, strategy)
    at = case.thresholds[0] if threshold is None else threshold
    base, varied = numbers(case), ranges(case, fixed_by)
    changed = {}
    for i, (name, (_, low, high)) in enumerate(varied.items()):
        changed[name] = np.full(2 * len(varied) + 1, base[name])
        changed[name][[2 * i, 2 * i + 1]] = low, high
    # both rates are named by one number and by two: the two are changed one by one, so they are left where `both` is
    found = _apart(case, changed, chosen)
    bars = [
        Bar(name, group, base[name], low, high, found[2 * i], found[2 * i + 1])
        for i, (name, (group, low, high)) in enumerate(varied.items())
    ]
    if draws > 0:
        bars.append(_survival(case, chosen, at, draws, seed))
    bars.sort(key=lambda bar: -bar.swing(at))
    return Tornado(chosen, at, found[-1], tuple(bars))


def _apart(case: Case, changed: dict[str, Array], strategy: str) -> list[Increment]:
    """Increments of settings in which one number at a time is changed, `discount.both` without its two parts."""
    both = changed.pop("discount.both", None)
    cost, qaly = increments(case, changed, strategy)
    if both is not None:
        moved = np.flatnonzero(both != both[-1])
        cost[moved], qaly[moved] = increments(case, {"discount.both": both[moved]}, strategy)
    return [Increment(float(c), float(q)) for c, q in zip(cost, qaly, strict=True)]


def survival_increments(case: Case, draws: int, strategy: str | None = None, seed: int = 1) -> tuple[Array, Array]:
    """Incremental cost and QALYs, float64[D], of joint draws of the survival model by integration, all else fixed."""
    comparator, chosen = compared(case, strategy)
    models = drawn(case.calibration, draws, seed)[0]
    values = Values.mean(case.file)
    books = [
        case.outcomes(s, joined([case.integrated(s, model) for model in models]), values) for s in (comparator, chosen)
    ]
    cost, qaly = (books[1].cost - books[0].cost), (books[1].qaly - books[0].qaly)
    return cost, qaly


def _survival(case: Case, strategy: str, threshold: float, draws: int, seed: int) -> Bar:
    cost, qaly = survival_increments(case, draws, strategy, seed)
    order = np.argsort(threshold * qaly - cost, kind="stable")
    low, high = (order[max(math.ceil(p * len(order) - 1e-9) - 1, 0)] for p in LEVEL)
    ends = [Increment(float(cost[i]), float(qaly[i])) for i in (low, high)]
    return Bar("survival", "survival", None, None, None, ends[0], ends[1])


def two_way(
    case: Case,
    first: tuple[str, ArrayLike],
    second: tuple[str, ArrayLike],
    *,
    strategy: str | None = None,
    threshold: float | None = None,
) -> Array:
    """Net benefit over a grid of two numbers, float64[values of the first, values of the second].

    Parameters
    ----------
    first, second : name of a number, and its values.
    """
    at = case.thresholds[0] if threshold is None else threshold
    a, b = (np.atleast_1d(np.asarray(values, np.float64)) for _, values in (first, second))
    if first[0] == second[0]:
        raise input_error("a grid needs two different numbers.", field=first[0])
    grid = np.meshgrid(a, b, indexing="ij")
    cost, qaly = increments(case, {first[0]: grid[0].ravel(), second[0]: grid[1].ravel()}, strategy)
    return np.asarray((at * qaly - cost).reshape(len(a), len(b)), np.float64)


# ------------------------------------------------------------------------------------------------ thresholds
@dataclass(frozen=True)
class Turn:
    """Where a decision turns.

    Attributes
    ----------
    value : of the number, at which the net benefit is 0 or jumps over it, as where one vial more is opened; None where
        it keeps its sign within the bracket.
    bracket : searched; `at` are the net benefits at its ends.
    linear : whether the net benefit is a straight line in the number there, and solved as one.
    """

    name: str
    threshold: float
    value: float | None
    bracket: tuple[float, float]
    at: tuple[float, float]
    linear: bool


def turning_value(
    case: Case,
    name: str,
    *,
    bracket: tuple[float, float] | None = None,
    strategy: str | None = None,
    threshold: float | None = None,
) -> Turn:
    """The value of one number at which a strategy is just worth its cost.

    Parameters
    ----------
    bracket : in which it is sought; by default from 0 to 1 for utilities, shares and rates, else to ten times the
        value. Of several such values in it one is found.
    """
    at = case.thresholds[0] if threshold is None else threshold
    low, high = bracket or _bracket(case, name)
    if not low < high:
        raise input_error(f"the bracket {low:g} to {high:g} is empty.", field=name)

    def benefit(values: Sequence[float]) -> Array:
        cost, qaly = increments(case, {name: values}, strategy)
        return np.asarray(at * qaly - cost, np.float64)

    f = benefit([low, low + 0.25 * (high - low), 0.5 * (low + high), high])
    line = f[0] + np.array([0.0, 0.25, 0.5, 1.0]) * (f[3] - f[0])
    linear = bool(np.abs(f - line).max() <= LINEAR * max(np.abs(f).max(), 1e-300))
    value: float | None = None
    if f[0] == f[3] or f[0] * f[3] > 0.0:
        value = None
    elif linear:
        value = float(low + (high - low) * f[0] / (f[0] - f[3]))
    else:
        value = float(brentq(lambda x: float(benefit([x])[0]), low, high, xtol=1e-12 * max(abs(low), abs(high), 1.0)))
        if (
            min(value - low, high - value) < AT_AN_END * (high - low)
            and abs(benefit([value])[0]) > LINEAR * abs(f).max()
        ):
            value = None  # only the end itself is on the other side: a patient of no weight needs no vial
    return Turn(name, at, value, (low, high), (float(f[0]), float(f[3])), linear)


def _bracket(case: Case, name: str) -> tuple[float, float]:
    base = numbers(case).get(name, 0.0)
    if name == "horizon":
        return case.clock.cycle, base
    if name.startswith("discount."):
        return 0.0, 0.2
    shares = [dotted(p) for p, q in case.file.quantities().items() if isinstance(q, Utility | Disutility | Share)]
    return 0.0, 1.0 if name.startswith("toxicity.") or name in shares else WIDE * abs(base) or 1.0
