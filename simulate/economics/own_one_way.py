"""One number of a model of one's own at a time: what is varied, between which ends, and what comes of it.

Every number of such a model is drawn from its own distribution alone, so that each may be moved alone too: a table of
inputs prints no covariances.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Place, Values, converted, distribution_of, quantile
from simulate.economics.changes import Increment, dotted
from simulate.economics.one_way import DISCOUNTS, LEVEL, Bar, Tornado
from simulate.economics.own import OwnCase
from simulate.errors import input_error
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share, Utility

Array = NDArray[np.float64]
Range = tuple[str, float, float]


def numbers_own(case: OwnCase) -> dict[str, float]:
    """Every number that can be changed, by dotted name, at its value; yearly rates and the horizon with them."""
    out = {dotted(place): float(value[0]) for place, value in case.mean().by_place.items()}
    costs, effects = case.clock.rate("costs"), case.clock.rate("effects")
    out.update({"discount.costs": costs, "discount.effects": effects, "horizon": case.clock.horizon})
    return out


def ranges_own(case: OwnCase, fixed_by: float = 0.0) -> dict[str, Range]:
    """Name of each number that is varied → group, low, high; as `simulate.economics.one_way.ranges`.

    Parameters
    ----------
    fixed_by : share by which amounts, utilities and shares without uncertainty are varied both ways; 0 for not at all.
        Parameters of curves are never moved by it.
    """
    base = numbers_own(case)
    out: dict[str, Range] = {}
    for place, quantity in case.quantities().items():
        found = _range(place, quantity, case, fixed_by)
        if found is not None:
            out[dotted(place)] = found
    out["discount.costs"] = out["discount.effects"] = ("discounting", *DISCOUNTS)
    out["horizon"] = ("horizon", max(0.5 * base["horizon"], case.clock.cycle), base["horizon"])
    return {k: (group, min(low, base[k]), max(high, base[k])) for k, (group, low, high) in out.items()}


def _range(place: Place, quantity: Quantity, case: OwnCase, fixed_by: float) -> Range | None:
    factor = converted(quantity, case.file) if isinstance(quantity, Money) else 1.0
    if quantity.standard_error > 0.0 and distribution_of(quantity) != "fixed":
        low, high = (float(x) for x in quantile(quantity, np.array(LEVEL)) * factor)
        return "file", low, high
    if fixed_by > 0.0 and quantity.value != 0.0 and isinstance(quantity, Money | Utility | Disutility | Share):
        most = math.inf if isinstance(quantity, Money) else 1.0
        ends = (quantity.value * (1.0 - fixed_by), min(quantity.value * (1.0 + fixed_by), most))
        return "fixed", min(ends) * factor, max(ends) * factor
    return None


def tornado_own(
    case: OwnCase, *, strategy: str | None = None, threshold: float | None = None, fixed_by: float = 0.0
) -> Tornado:
    """Every uncertain number at both ends of its interval, the others at their values; the longest bar first.

    Curves that cross at an end are cut there even where the model refuses such curves: its own do not.

    Parameters
    ----------
    strategy : held against the comparator; by default the last.
    threshold : of a QALY, by which bars are sorted; by default the first of the evaluation.
    fixed_by : as for `ranges_own`.

    Raises
    ------
    InputError : nothing to hold against the comparator; curves that cross as they stand, of a model that refuses them.
    """
    names = tuple(case.arms)
    chosen = names[-1] if strategy is None else strategy
    if chosen not in names[1:]:
        raise input_error(f"{chosen!r} is nothing to hold against the comparator.", field="strategy")
    at = case.thresholds[0] if threshold is None else threshold
    origin = _increment(case, case.mean(), chosen)[0]  # refuses curves that cross as they stand
    case = replace(case, model=case.model.model_copy(update={"capped": True}))
    base, varied = numbers_own(case), ranges_own(case, fixed_by)
    placed = {dotted(p): p for p in case.quantities()}
    inside = [n for n in varied if n in placed]
    found = dict(zip(inside, _at_both_ends(case, {placed[n]: varied[n] for n in inside}, chosen), strict=True))
    for name in varied.keys() - found.keys():
        found[name] = tuple(_increment(_timed(case, name, end), case.mean(), chosen)[0] for end in varied[name][1:])
    bars = [
        Bar(n, group, base[n], low, high, found[n][0], found[n][1]) for n, (group, low, high) in varied.items()
    ]  # fmt: skip
    bars.sort(key=lambda bar: -bar.swing(at))
    return Tornado(chosen, at, origin, tuple(bars))


def _at_both_ends(case: OwnCase, varied: dict[Place, Range], strategy: str) -> list[tuple[Increment, ...]]:
    """Increments with one number at its low and at its high end: all settings in one pass over the account book."""
    mean, count = case.mean(), 2 * len(varied)
    changed = {}
    for i, (place, (_, low, high)) in enumerate(varied.items()):
        changed[place] = np.full(count, float(mean[place][0]))
        changed[place][[2 * i, 2 * i + 1]] = low, high
    rows = _increment(case, Values(case.file, {**mean.by_place, **changed}), strategy) if varied else []
    return [(rows[2 * i], rows[2 * i + 1]) for i in range(len(varied))]


def _timed(case: OwnCase, name: str, value: float) -> OwnCase:
    """With another yearly rate, or another horizon."""
    clock = case.clock
    if name == "horizon":
        return replace(case, clock=replace(clock, horizon=value, cycle=min(clock.cycle, value)))
    rates = {**clock.discount.model_dump(), name.partition(".")[2]: value}
    return replace(case, clock=replace(clock, discount=type(clock.discount).model_validate(rates)))


def _increment(case: OwnCase, values: Values, strategy: str) -> list[Increment]:
    """Increments over the comparator of each setting."""
    totals = []
    for name in (next(iter(case.arms)), strategy):
        book = case.outcomes(name, case.traces(name, values)[0], values)
        totals.append((book.cost, book.qaly))
    pairs = np.broadcast_arrays(totals[1][0] - totals[0][0], totals[1][1] - totals[0][1])
    return [Increment(float(c), float(q)) for c, q in zip(*pairs, strict=True)]
