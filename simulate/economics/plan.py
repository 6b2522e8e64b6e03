"""What a strategy is planned to use, and what each use costs, apart from survival and discounting.

A workbook or an R script that recomputes the model needs the schedule of uses and prices that can be changed. Both are
read off the account book itself (`simulate.economics.items`): its weights without discounting and without stopping are
planned uses by day, and the slope of a price in a vial's price is the number of vials in a dose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.case import Case
from simulate.economics.compared import Structured
from simulate.economics.items import Care, Item, cost_items
from simulate.economics.outcomes import Outcomes
from simulate.economics.traces import PF
from simulate.evidence.economics_schema import Discount

Array = NDArray[np.float64]
GIVEN = ("drugs", "administration", "monitoring")
APART, STEP = 1e-5, 1e-8  # of the dearest vial: added to each, so that ways to fill a dose do not tie; added to one


@dataclass(frozen=True)
class Planned:
    """One line of the account book that is used on planned days while progression-free.

    Attributes
    ----------
    category, name : as in the account book.
    on_treatment : whether it ends when treatment stops, and not only at progression.
    months, uses : float64[T + 1], the days of the grid and the uses planned on each by a patient who stays in.
    parts : places in the economic file with how many of each one use takes: vials of a dose, one hour, one scan.
    factor : place of a number that multiplies the price (relative dose intensity), or empty.
    """

    category: str
    name: str
    on_treatment: bool
    months: Array
    uses: Array
    parts: tuple[tuple[Place, float], ...]
    factor: Place = ()

    def price(self, values: Values) -> float:
        """Price of one use."""
        total = sum(n * float(values[place][0]) for place, n in self.parts)
        return total * (float(values[self.factor][0]) if self.factor else 1.0)

    def on_grid(self, points: Array) -> Array:
        """Uses at given months, float64[N]: what is planned between two points is divided between them.

        A product with any curve at the points is then that curve, interpolated, at the planned days.
        """
        at = np.minimum(self.months, points[-1])
        low = np.clip(np.searchsorted(points, at, side="right") - 1, 0, len(points) - 2)
        part = (at - points[low]) / (points[low + 1] - points[low])
        out = np.zeros(len(points))
        np.add.at(out, low, self.uses * (1.0 - part))
        np.add.at(out, low + 1, self.uses * part)
        out[np.abs(out) < 1e-9] = 0.0
        return out


def summed_by_day(case: Case, strategy: str, own: Structured) -> Outcomes:
    """What the evaluation gives under a structure, time summed over days whatever its own counting."""
    if case.clock.counting == "integral":
        return own.outcomes
    plain = replace(case, clock=replace(case.clock, counting="integral"))
    return plain.outcomes(strategy, own.traces, Values.mean(case.file))


def planned(case: Case, strategy: str) -> list[Planned]:
    """Everything that is given on planned days; lines with the same price and rule are joined."""
    still = replace(case, clock=replace(case.clock, discount=Discount(costs=0.0, effects=0.0, method="continuous")))
    values = Values.mean(case.file)
    care = case.care(strategy)
    lines = list(_given(still, replace(care, stop=0.0), values))
    stopped = list(_given(still, replace(care, stop=1.0), values))
    slopes = _slopes(still, care, values, lines)
    out: dict[object, Planned] = {}
    for line, other, parts in zip(lines, stopped, slopes, strict=True):
        ends = not np.array_equal(line.weights, other.weights)
        factor = _intensity(line, values)
        key = (line.category, line.name, ends, parts)
        uses = line.weights + (out[key].uses if key in out else 0.0)
        out[key] = Planned(line.category, line.name, ends, case.clock.months, uses, parts, factor)
    return sorted(out.values(), key=lambda p: (GIVEN.index(p.category), not p.on_treatment))


def _given(case: Case, care: Care, values: Values) -> Iterator[Item]:
    items = cost_items(care, case.file, values, case.clock)
    return (i for i in items if i.on == PF and i.category in GIVEN)


def _intensity(line: Item, values: Values) -> Place:
    place = (*line.place, "dose_intensity")
    return place if line.category == "drugs" and place in values.by_place else ()


def _slopes(case: Case, care: Care, values: Values, lines: list[Item]) -> list[tuple[tuple[Place, float], ...]]:
    """Parts of each line's price: its own place, or the vials of a dose by how the price moves with each of theirs."""
    vials = [p for p in values.by_place if p[0] == "drugs" and "vials" in p]
    apart, dearest = values, max((float(values[p][0]) for p in vials), default=0.0) or 1.0
    for i, place in enumerate(vials):  # of two ways at the same price the one with fewer vials
        apart = apart.changed(place, values[place] + dearest * APART * (1.0 + 0.01 * i))
    before = [float(line.price[0]) for line in _given(case, care, apart)]
    parts: list[list[tuple[Place, float]]] = [[] for _ in lines]
    for place in vials:
        step = STEP * dearest
        after = _given(case, care, apart.changed(place, apart[place] + step))
        for line, own, old, new in zip(lines, parts, before, after, strict=True):
            if line.place == place[:2]:
                factor = float(values[_intensity(line, values)][0]) if _intensity(line, values) else 1.0
                count = round((float(new.price[0]) - old) / step / factor, 6) if factor else 0.0
                if count:
                    own.append((place, count))
    return [
        tuple(own) if line.category == "drugs" else ((line.place, 1.0),)
        for line, own in zip(lines, parts, strict=True)
    ]  # fmt: skip
