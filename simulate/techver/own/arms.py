"""Strategies of a model of one's own against each other: equal, swapped, with the same draws, with larger effects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.amounts import Place
from simulate.techver.arms import DOUBLE, FEW, HALF, SMALL, TOTALS, changed_places
from simulate.techver.curves import label
from simulate.techver.own.curves import ENDPOINTS, WORDS
from simulate.techver.own.subject import OwnSubject
from simulate.techver.own.world import (
    OwnWorld,
    alike,
    exchanged,
    family_of,
    healthy_alike,
    parameters_of,
    place,
    ratio_of,
)
from simulate.techver.verdicts import ROUNDING, Check, Verdict, decide, equal, true

Array = NDArray[np.float64]
ANY_SIGN = (("lognormal", "meanlog"), ("gompertz", "shape"))  # parameters that may be 0 or below


# ------------------------------------------------------------------------------------------------ TV5
def tv5(subject: OwnSubject) -> Verdict:
    """What a hazard ratio is on is another strategy's curve, in the table and in every draw."""
    case, checks = subject.case, []
    stated = subject.mean.by_place
    rated = [(s, e) for s in subject.strategies for e in ENDPOINTS if place(case, s, e, "hazard_ratio") in stated]
    for s, endpoint in rated:
        base = _baseline(subject, s, endpoint)
        for world, when in ((subject.point, ""), (subject.drawn, ", in every draw")):
            if base is not None:
                ratio = world.values[place(case, s, endpoint, "hazard_ratio")][:, None]
                own, bare = (subject.curve(world, x, endpoint) for x in (s, base))
                name = f"{s}, {WORDS[endpoint]}: the curve of {base} to the power of the ratio{when}"
                checks.append(equal(name, own, bare**ratio))
    if not rated:
        absent = "no curve has a hazard ratio on top: the table gives each strategy curves of its own."
    else:
        absent = "hazard ratios are on curves of families that no other strategy has: there is no baseline to compare."
    note = "" if len(checks) == 2 * len(rated) else "Ratios on families that no other strategy has are left out."
    return decide("TV5", checks, note, absent=absent)


def _baseline(subject: OwnSubject, strategy: str, endpoint: str) -> str | None:
    """The strategy a ratio is on: the one that is named, else the nearest of those with the same family bare."""
    case, family = subject.case, family_of(subject.case, strategy, endpoint)
    arm = case.arms[strategy]
    named = case.model.bare(arm, endpoint)[0]
    if named != arm:
        return next((s for s, a in case.arms.items() if a == named), None)
    bare = [
        s for s in subject.strategies
        if family_of(case, s, endpoint) == family
        and place(case, s, endpoint, "hazard_ratio") not in subject.mean.by_place
    ]  # fmt: skip

    def gap(other: str) -> float:
        pairs = [parameters_of(case, s, endpoint) for s in (strategy, other)]
        return sum(abs(float(subject.mean[pairs[0][k]][0] / subject.mean[pairs[1][k]][0]) - 1.0) for k in pairs[0])

    return min(bare, key=gap, default=None)


# ------------------------------------------------------------------------------------------------ TV11, TV12
def equal_inputs(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """Two strategies with one table: with one's curves and utilities the same health, with its prices the same cost."""
    one, other = subject.strategies[0], subject.strategies[-1]
    healthy = healthy_alike(world, one, other)
    same = subject.changed(world, case=alike(world.case, one, other))
    out = []
    for now, what in ((subject.changed(healthy), ("qaly", "ly")), (same, TOTALS)):
        a, b = (subject.book(now, s) for s in (one, other))
        out += [equal(f"{label(world, 'equal inputs')}: {x}", getattr(b, x), getattr(a, x)) for x in what]
    return out


def tv11(subject: OwnSubject) -> Verdict:
    """Equal inputs, equal outputs, in the base case, at the values of the files and in the analysis."""
    one, other = subject.strategies[0], subject.strategies[-1]
    case = alike(subject.case, one, other)
    checks = equal_inputs(subject, subject.point)
    a, b = (subject.engine.structure(case, s).outcomes for s in (one, other))
    checks += [equal(f"as evaluated: {x}", getattr(b, x), getattr(a, x)) for x in TOTALS]
    return decide("TV11", checks)


def swapped(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """The two strategies' tables exchanged: totals change places."""
    one, other = subject.strategies[0], subject.strategies[-1]
    return changed_places(subject, world, subject.changed(world, case=exchanged(world.case, one, other)))


def tv12(subject: OwnSubject) -> Verdict:
    """Tables swapped: outputs swap exactly, as evaluated and in the probabilistic analysis."""
    one, other = subject.strategies[0], subject.strategies[-1]
    case = exchanged(subject.case, one, other)
    checks = swapped(subject, subject.point)
    for a, b in ((one, other), (other, one)):
        now, then = subject.engine.structure(subject.case, a).outcomes, subject.engine.structure(case, b).outcomes
        checks += [equal(f"as evaluated, {a} in the place of {b}: {x}", getattr(then, x), getattr(now, x))
                   for x in TOTALS]  # fmt: skip
    count = min(FEW, subject.count)
    analysed = [subject.engine.analyse(c, count, subject.seed)[0] for c in (subject.case, case)]
    columns = [d.strategies.index(s) for d, s in zip(analysed, (one, other), strict=True)]
    for x in TOTALS:
        before, after = (getattr(d, x)[:, i] for d, i in zip(analysed, columns, strict=True))
        checks.append(equal(f"{count} draws, {one} in the place of {other}: {x}", after, before))
    return decide("TV12", checks)


# ------------------------------------------------------------------------------------------------ TV16
def tv16(subject: OwnSubject) -> Verdict:
    """What strategies share is drawn once for all: one table under two names gives the same draws."""
    one, other = subject.strategies[0], subject.strategies[-1]
    count = min(FEW, subject.count)
    case = alike(subject.case, one, other)
    d, _ = subject.engine.analyse(case, count, subject.seed)
    i, j = d.strategies.index(one), d.strategies.index(other)
    checks = [
        equal(f"one table under two names, {count} draws: {x}", getattr(d, x)[:, j], getattr(d, x)[:, i])
        for x in TOTALS
    ]
    books = [subject.book(subject.drawn, s) for s in (one, other)]
    prices = [{x.place: x.price for x in (*b.costs, *b.health) if x.place[0] != "own_model"} for b in books]
    for where in sorted(prices[0].keys() & prices[1].keys(), key=str):
        name = ".".join(map(str, where))
        checks.append(equal(f"{name}: drawn once for both strategies", prices[1][where], prices[0][where]))
    note = "No patients are simulated, so common random numbers are those of the parameters; there are no covariates."
    return decide("TV16", checks, note)


# ------------------------------------------------------------------------------------------------ TV24
def tv24(subject: OwnSubject) -> Verdict:
    """Half and double the difference of the curves: about half and double the increment of life-years."""
    one, other = subject.strategies[0], subject.strategies[-1]
    if family_of(subject.case, one, "os") != family_of(subject.case, other, "os"):
        absent = "OS of the two strategies is of different families: no difference of parameters to double."
        return decide("TV24", [], absent=absent)
    found = {}
    for factor in (0.0, 0.5, 1.0, 2.0):
        world = subject.changed(subject.point, _moved(subject, one, other, factor))
        a, b = (float(subject.book(world, s).ly[0]) for s in (one, other))
        found[factor] = b - a
    base = found[1.0]
    checks = [equal("no difference of efficacy: increment of life-years", found[0.0], 0.0)]
    if abs(base) < SMALL:
        follows = abs(base) > ROUNDING or _one_table(subject, one, other)
        checks.append(true("OS that differs gives life-years that differ", follows, f"{base:.2g}"))
        return decide("TV24", checks, f"The increment of {base:.4f} life-years is too small to be doubled.")
    for factor, name, (low, high) in ((0.5, "half", HALF), (2.0, "double", DOUBLE)):
        ratio = found[factor] / base
        said = f"{found[factor]:.3f} of {base:.3f} life-years, {ratio:.2f} times (allowed {low:.2f} to {high:.2f})"
        checks.append(true(f"{name} the difference", low <= ratio <= high, said))
    return decide("TV24", checks)


def _one_table(subject: OwnSubject, one: str, other: str) -> bool:
    """Whether two strategies have the same numbers of OS: as the table has them, not as curves come out."""
    case, values, tables = subject.case, subject.mean, []
    for s in (one, other):
        numbers = {k: float(values[where][0]) for k, where in parameters_of(case, s, "os").items()}
        tables.append((numbers, float(ratio_of(case, s, "os", values)[0])))
    return tables[0] == tables[1]


def _moved(subject: OwnSubject, one: str, other: str, factor: float) -> Mapping[Place, ArrayLike]:
    """Parameters of `other`'s curves at `factor` times their distance from `one`'s, on the log scale where positive."""
    out: dict[Place, ArrayLike] = {}
    values, case = subject.mean, subject.case
    for endpoint in ENDPOINTS:
        family = family_of(case, one, endpoint)
        if family != family_of(case, other, endpoint):
            continue
        pairs = [parameters_of(case, s, endpoint) for s in (one, other)]
        for name in (k for k in pairs[0] if pairs[0][k] != pairs[1][k]):
            a, b = (values[p[name]] for p in pairs)
            linear = (family, name) in ANY_SIGN
            out[pairs[1][name]] = a + factor * (b - a) if linear else a * (b / a) ** factor
        a, b = (ratio_of(case, s, endpoint, values) for s in (one, other))
        own = place(case, other, endpoint, "hazard_ratio")
        out[own] = values.get(own, 1.0) * (b / a) ** (factor - 1.0)
        if case.model.bare(case.arms[one], endpoint)[0] == case.arms[other]:  # what is on that curve stays where it is
            own = place(case, one, endpoint, "hazard_ratio")
            out[own] = values.get(own, 1.0) * (b / a) ** (1.0 - factor)
    return out
