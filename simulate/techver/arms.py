"""Arms against each other: equal inputs, swapped inputs, common random numbers, larger and smaller effects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.result import rounded_cells
from simulate.economics.composite import Composite
from simulate.economics.networked import Networked
from simulate.model.families import FAMILIES
from simulate.model.types import ArmModel, Distribution, JointModel
from simulate.techver.curves import label
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, decide, equal, true
from simulate.techver.world import World, alike, exchanged

Array = NDArray[np.float64]
TOTALS = ("cost", "qaly", "ly")
FEW = 30  # draws of an analysis that is run once more
HALF, DOUBLE = (0.25, 0.75), (4.0 / 3.0, 4.0)  # of the increment, for half and double the difference of efficacy
SMALL = 0.01  # life-years, an increment too small to be doubled


# ------------------------------------------------------------------------------------------------ TV5
def tv5(subject: Subject) -> Verdict:
    """What separates the arms comes from the fit that gives the baseline: one parameter vector makes all curves."""
    calibration = subject.case.calibration
    if isinstance(calibration, Networked):
        absent = "the effects are a network's, put on the comparator's curves of another fit, as the scenario says."
        return decide("TV5", [], absent=absent)
    if isinstance(calibration, Composite):
        cells = calibration.rebuilt().cells
    elif calibration.calibrated:
        cells = rounded_cells(calibration.layout.cells(calibration.posterior.x))
    else:
        return decide("TV5", [], absent="the model was stored elsewhere: its arms are taken as they are.")
    checks = []
    for s, arm in subject.case.arms.items():
        for stratum in calibration.model.strata:
            now, own = calibration.model.cells[arm, stratum], cells[arm, stratum]
            same = now.pfs == own.pfs and now.pps == own.pps and now.death_share == own.death_share
            said = f"PFS {now.pfs.family}, PPS {now.pps.family}"
            checks.append(true(f"{s}, {stratum}: of the joint calibration of {calibration.trial}", same, said))
    families = {(c.pfs.family, c.pps.family) for (a, _), c in calibration.model.cells.items()
                if a in subject.case.arms.values()}  # fmt: skip
    return decide("TV5", checks, "" if len(families) == 1 else "The arms have different families, which the run says.")


# ------------------------------------------------------------------------------------------------ TV11, TV12
def equal_inputs(subject: Subject, world: World) -> list[Check]:
    """Two strategies with one arm: the same health; with one regimen too: the same costs. Needs `world.models`."""
    one, other = subject.strategies[0], subject.strategies[-1]
    out = []
    for costs in (False, True):
        case = alike(world.case, one, other, costs)
        events = {**world.events, other: world.events[one]}
        same = subject.changed(replace(world, events=events), case=case)
        a, b = (subject.book(same, s) for s in (one, other))
        for what in ("qaly", "ly", *(("cost",) if costs else ())):
            out.append(equal(f"{label(world, 'equal inputs')}: {what}", getattr(b, what), getattr(a, what)))
    return out


def tv11(subject: Subject) -> Verdict:
    """Equal inputs, equal outputs: integrated and simulated."""
    one, other = subject.strategies[0], subject.strategies[-1]
    case = alike(subject.case, one, other, costs=True)
    checks = equal_inputs(subject, subject.point)
    for name in ("simulation", "partitioned", "clock_forward"):
        a, b = (subject.structure(name, s, case).outcomes for s in (one, other))
        checks += [equal(f"{name}: {what}", getattr(b, what), getattr(a, what)) for what in TOTALS]
    return decide("TV11", checks)


def swapped(subject: Subject, world: World) -> list[Check]:
    """The two arms' inputs exchanged: totals change places. Needs `world.models`."""
    one, other = subject.strategies[0], subject.strategies[-1]
    events = {**world.events, one: world.events[other], other: world.events[one]}
    then = subject.changed(replace(world, events=events), case=exchanged(world.case, one, other))
    return changed_places(subject, world, then)


def changed_places(subject: Any, world: Any, then: Any) -> list[Check]:
    """Totals of the first and last strategy in one world are those of the last and first in the other.

    Subjects and worlds are of trials' arms or of models of one's own.
    """
    one, other = subject.strategies[0], subject.strategies[-1]
    out = []
    for a, b in ((one, other), (other, one)):
        before, after = subject.book(world, a), subject.book(then, b)
        out += [equal(f"{label(world, a)} in the place of {b}: {x}", getattr(after, x), getattr(before, x))
                for x in TOTALS]  # fmt: skip
    return out


def tv12(subject: Subject) -> Verdict:
    """Arms swapped: outputs swap exactly, under every structure and in the probabilistic analysis."""
    one, other = subject.strategies[0], subject.strategies[-1]
    case = exchanged(subject.case, one, other)
    checks = swapped(subject, subject.point)
    for name, own in subject.structures.items():
        for a, b in ((one, other), (other, one)):
            then = subject.structure(name, b, case).outcomes
            checks += [equal(f"{name}, {a} in the place of {b}: {x}", getattr(then, x), getattr(own[a].outcomes, x))
                       for x in TOTALS]  # fmt: skip
    count = min(FEW, subject.count)
    analysed = [subject.engine.analyse(c, count, subject.patients, subject.seed) for c in (subject.case, case)]
    columns = [d.strategies.index(s) for d, s in zip(analysed, (one, other), strict=True)]
    for x in TOTALS:
        a, b = (getattr(d, x)[:, i] for d, i in zip(analysed, columns, strict=True))
        checks.append(equal(f"{count} draws, {one} in the place of {other}: {x}", b, a))
    return decide("TV12", checks)


# ------------------------------------------------------------------------------------------------ TV16
def tv16(subject: Subject) -> Verdict:
    """A patient has the same luck in every arm: the probability she meets at leaving PFS is the same number."""
    case, model = subject.case.without_others(), subject.case.model
    one, other = subject.strategies[0], subject.strategies[-1]
    checks = []
    for i, stratum in enumerate(model.strata):
        mix = tuple(float(j == i) for j in range(len(model.strata)))
        luck = []
        for s in (one, other):
            entry = subject.engine.entry(case, model, s, mix, subject.people, subject.seed)
            own = model.cells[case.arms[s], stratum]
            luck.append(own.pfs.survival(np.minimum(entry[1], entry[2])))
        gap = float(np.abs(luck[0] - luck[1]).max())
        said = f"largest difference {gap:.1e} of {subject.people:,} patients"
        checks.append(true(f"{stratum}: one uniform number a patient for all arms", gap < 1e-6, said))
    same = replace(case, arms=dict.fromkeys(case.arms, case.arms[one]))
    times = [subject.engine.entry(same, model, s, case.mix, subject.people, subject.seed) for s in (one, other)]
    checks.append(true("one arm under two names: the same patients", np.array_equal(times[0], times[1])))
    # the stratum is the only covariate of a trial's arms: it must be drawn alike for all, in its shares
    note = "A trial's arms have no covariate but the stratum; its shares are drawn once for all arms."
    return decide("TV16", checks, note)


# ------------------------------------------------------------------------------------------------ TV24
def tv24(subject: Subject) -> Verdict:
    """Half and double the difference of the arms' curves: about half and double the increment of life-years."""
    one, other = subject.strategies[0], subject.strategies[-1]
    case = subject.case
    if case.arms[one] == case.arms[other]:
        return decide("TV24", [], absent="both strategies are one arm.")
    found = {}
    for factor in (0.0, 0.5, 1.0, 2.0):
        model = _scaled(case.model, case.arms[one], case.arms[other], factor)
        if model is None:
            return decide("TV24", [], absent="the arms have different families: no difference of parameters to double.")
        world = subject.world((model,), subject.mean)
        a, b = (float(subject.book(world, s).ly[0]) for s in (one, other))
        found[factor] = b - a
    base = found[1.0]
    checks = [equal("no difference of efficacy: increment of life-years", found[0.0], 0.0)]
    if abs(base) < SMALL:
        pairs = [
            (case.model.cells[case.arms[one], x], case.model.cells[case.arms[other], x]) for x in case.model.strata
        ]
        differs = any(a != b for a, b in pairs)
        checks.append(
            true("curves that differ give life-years that differ", not differs or abs(base) > 1e-6, f"{base:.2g}")
        )
        return decide("TV24", checks, f"The increment of {base:.4f} life-years is too small to be doubled.")
    for factor, name, (low, high) in ((0.5, "half", HALF), (2.0, "double", DOUBLE)):
        ratio = found[factor] / base
        said = f"{found[factor]:.3f} of {base:.3f} life-years, {ratio:.2f} times (allowed {low:.2f} to {high:.2f})"
        checks.append(true(f"{name} the difference", low <= ratio <= high, said))
    return decide("TV24", checks)


def _scaled(model: JointModel, one: str, other: str, factor: float) -> JointModel | None:
    """The model with `other`'s cells at `factor` times their distance from `one`'s, on the log scale."""
    cells: dict[tuple[str, str], ArmModel] = dict(model.cells)
    for stratum in model.strata:
        a, b = model.cells[one, stratum], model.cells[other, stratum]
        parts = [_between(getattr(a, x), getattr(b, x), factor) for x in ("pfs", "pps")]
        if parts[0] is None or parts[1] is None:
            return None
        cells[other, stratum] = replace(a, pfs=parts[0], pps=parts[1]) if factor != 1.0 else b
    return replace(model, cells=cells)


def _between(a: Distribution, b: Distribution, factor: float) -> Distribution | None:
    if a.family != b.family or a.ratio_cuts != b.ratio_cuts or a.cure != b.cure:
        return None
    positive: Mapping[int, bool] = dict(enumerate(FAMILIES[a.family].positive))

    def move(x: float, y: float, log: bool) -> float:
        return x * (y / x) ** factor if log else x + factor * (y - x)

    params = tuple(move(x, y, positive[i]) for i, (x, y) in enumerate(zip(a.params, b.params, strict=True)))
    one = (1.0,) * (len(a.ratio_cuts) + 1)  # no ratio is a ratio of 1
    pairs = zip(a.ratios or one, b.ratios or one, strict=True) if a.ratios or b.ratios else ()
    ratios = tuple(move(x, y, x > 0.0 and y > 0.0) for x, y in pairs)
    return Distribution(a.family, params, a.cure, a.ratio_cuts, tuple(r for r in ratios if math.isfinite(r)))
