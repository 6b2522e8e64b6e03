"""Incremental analysis of strategies by their mean cost and mean effect.

The cost-effectiveness frontier is the set of strategies that are best at some willingness to pay. The full incremental
analysis ranks all strategies at once; the pairwise contrasts hold each against one reference. (Drummond et al., Methods
for the Economic Evaluation of Health Care Programmes, 4th ed. 2015, chapter 4; net benefit: Stinnett and Mullahy, Med
Decis Making 1998;18:S68.)

Which strategy dominates which is decided exactly: every number is taken as its shortest decimal (0.1 is a tenth), so
rounding neither breaks a tie nor makes one, and the order of the strategies does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from simulate.errors import input_error

Point = tuple[Fraction, Fraction]  # cost, effect

ROUNDING = 1e-12  # relative: what the order of a sum may change
FRONTIER = "frontier"
DOMINATED = "dominated"
EXTENDEDLY_DOMINATED = "extendedly dominated"


@dataclass(frozen=True)
class Incremental:
    """One strategy in the full incremental analysis.

    Attributes
    ----------
    name : the strategy.
    cost, effect : its means, in the units given.
    status : `FRONTIER`, `DOMINATED` (another costs no more and does no less, and is better in one of the two) or
        `EXTENDEDLY_DOMINATED` (a mixture of two others costs less for the same effect).
    against : the next cheaper strategy of the frontier; None for the cheapest and off the frontier.
    delta_cost, delta_effect : against `against`; both above 0.
    icer : incremental cost-effectiveness ratio, cost per unit of effect gained; None where `against` is.
    dominated_by : the strategy that dominates it, or the pair whose mixture does; empty on the frontier.
    same_as : other strategies of the very same cost and effect.
    """

    name: str
    cost: float
    effect: float
    status: str
    against: str | None = None
    delta_cost: float | None = None
    delta_effect: float | None = None
    icer: float | None = None
    dominated_by: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pairwise:
    """One strategy against a reference.

    Attributes
    ----------
    name, reference : the two strategies.
    delta_cost, delta_effect : the strategy less the reference.
    quadrant : where the contrast lies on the cost-effectiveness plane (effect to the east, cost to the north):
        ``north-east``, ``south-east``, ``south-west``, ``north-west``, on an axis ``north``, ``east``, ``south`` or
        ``west``, or ``origin``.
    reading : what the quadrant says: ``costs more for more effect``, ``dominates``, ``saves for less effect``,
        ``dominated`` or ``same``.
    icer : ratio of the differences: cost per unit of effect gained in the north-east, savings per unit of effect lost
        in the south-west (there a higher ratio is the better). None elsewhere, where a ratio would mean nothing.
    inmb : incremental net monetary benefit at the threshold, threshold × `delta_effect` − `delta_cost`.
    inhb : incremental net health benefit, `delta_effect` − `delta_cost` / threshold.
    """

    name: str
    reference: str
    delta_cost: float
    delta_effect: float
    quadrant: str
    reading: str
    icer: float | None
    inmb: float
    inhb: float


def incremental_analysis(
    costs: Sequence[float], effects: Sequence[float], names: Sequence[str]
) -> tuple[Incremental, ...]:
    """Full incremental analysis of any number of strategies.

    A strategy is on the frontier if and only if it has the highest net benefit at some willingness to pay from 0 to
    infinity, where at 0 the more effective of two equally cheap strategies counts as better, and at infinity the
    cheaper of two equally effective ones. Strategies in line with their neighbours are on it.

    Parameters
    ----------
    costs, effects : one of each a strategy; more effect is better.
    names : the strategies', all different.

    Returns
    -------
    One `Incremental` a strategy, by cost, then effect, then name: the same whatever the order given.

    Raises
    ------
    InputError : no strategy, lengths that differ, a name given twice, or a number that is not finite.

    Examples
    --------
    >>> rows = incremental_analysis([100.0, 150.0, 400.0], [1.0, 1.1, 2.0], ["none", "test", "treat"])
    >>> [(row.name, row.status, row.icer, row.dominated_by) for row in rows]
    [('none', 'frontier', None, ()),
     ('test', 'extendedly dominated', None, ('none', 'treat')),
     ('treat', 'frontier', 300.0, ())]
    """
    _check(costs, effects, names)
    where = {name: (_exact(cost), _exact(effect)) for name, cost, effect in zip(names, costs, effects, strict=True)}
    at: dict[Point, list[str]] = {}
    for name in sorted(where):
        at.setdefault(where[name], []).append(name)
    efficient = _undominated(list(at))
    frontier = _lower_hull(efficient)
    rows = [
        _row(name, point, _place(point, frontier, efficient, at), tuple(other for other in at[point] if other != name))
        for name, point in where.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.cost, row.effect, row.name)))


def pairwise(
    costs: Sequence[float], effects: Sequence[float], names: Sequence[str], *, reference: str, threshold: float
) -> tuple[Pairwise, ...]:
    """Every other strategy against a reference, in the order given.

    Parameters
    ----------
    costs, effects, names : as for `incremental_analysis`.
    reference : any one of `names`.
    threshold : willingness to pay for a unit of effect, above 0.

    Raises
    ------
    InputError : as for `incremental_analysis`, a reference that is not a strategy, or a threshold not above 0.

    Examples
    --------
    >>> (row,) = pairwise([100.0, 400.0], [1.0, 2.0], ["none", "treat"], reference="none", threshold=500.0)
    >>> row.quadrant, row.icer, row.inmb, row.inhb
    ('north-east', 300.0, 200.0, 0.4)
    """
    _check(costs, effects, names)
    if reference not in names:
        raise input_error(f"{reference!r} is not a strategy; allowed are {', '.join(names)}.", field="reference")
    if not (math.isfinite(threshold) and threshold > 0.0):
        raise input_error(f"{threshold:g}; allowed is a finite number above 0.", field="threshold")
    points = {name: (_exact(cost), _exact(effect)) for name, cost, effect in zip(names, costs, effects, strict=True)}
    base = points[reference]
    return tuple(
        _contrast(name, reference, points[name][0] - base[0], points[name][1] - base[1], threshold)
        for name in names
        if name != reference
    )


def settled(values: Sequence[float]) -> list[float]:
    """Values that differ by rounding alone, 1e-12 of their size, made equal: they were summed in another order.

    Examples
    --------
    >>> settled([0.1 + 0.2, 0.3, 0.31])
    [0.3, 0.3, 0.31]
    """
    out, known = [0.0] * len(values), -math.inf
    for i in sorted(range(len(values)), key=lambda i: values[i]):
        close = math.isfinite(known) and abs(values[i] - known) <= ROUNDING * max(abs(values[i]), abs(known))
        known = known if close else float(values[i])
        out[i] = known
    return out


def _check(costs: Sequence[float], effects: Sequence[float], names: Sequence[str]) -> None:
    """Refuse what no analysis can be made of."""
    if not len(costs) == len(effects) == len(names) or len(names) == 0:
        raise input_error(
            f"{len(costs)} costs, {len(effects)} effects and {len(names)} names; allowed is one of each a strategy.",
            field="strategies",
        )
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise input_error(f"{', '.join(twice)} given more than once; names must differ.", field="strategies")
    for field, values in (("costs", costs), ("effects", effects)):
        for name, value in zip(names, values, strict=True):
            if not math.isfinite(value):
                raise input_error(f"{name} has {float(value)}; allowed is a finite number.", field=field)


def _exact(value: float) -> Fraction:
    """The number that the shortest decimal of `value` writes."""
    return Fraction(repr(float(value)))


def _number(value: Fraction) -> float:
    """The nearest plain number; infinite beyond the largest there is, as a ratio to next to nothing can be."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _undominated(points: list[Point]) -> list[Point]:
    """The points that no other is at least as good as in both cost and effect, by cost; effects then rise too."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda at: (at[0], -at[1])):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return kept


def _lower_hull(efficient: list[Point]) -> list[Point]:
    """Of points in order of cost and effect those along which the ratio never falls; those in line stay."""
    hull: list[Point] = []
    for point in efficient:
        while len(hull) > 1 and _ratio(hull[-2], hull[-1]) > _ratio(hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _ratio(cheaper: Point, dearer: Point) -> Fraction:
    """Cost per unit of effect from one point to the next."""
    return (dearer[0] - cheaper[0]) / (dearer[1] - cheaper[1])


@dataclass(frozen=True)
class _Place:
    """Where a point stands: its status, the frontier's point before it, and what dominates it."""

    status: str
    before: tuple[str, Point] | None = None
    dominated_by: tuple[str, ...] = ()


def _place(point: Point, frontier: list[Point], efficient: list[Point], at: Mapping[Point, list[str]]) -> _Place:
    """Find a point's place. Of several that dominate it the one on the frontier, then of most effect, is named."""
    if point in frontier:
        index = frontier.index(point)
        before = frontier[index - 1] if index else None
        return _Place(FRONTIER, (at[before][0], before) if before else None)
    if point in efficient:
        cheaper = max(other for other in frontier if other[0] < point[0])
        dearer = min(other for other in frontier if other[0] > point[0])
        return _Place(EXTENDEDLY_DOMINATED, dominated_by=(at[cheaper][0], at[dearer][0]))
    better = [other for other in efficient if other[0] <= point[0] and other[1] >= point[1]]
    chosen = max(better, key=lambda other: (other in frontier, other[1]))
    return _Place(DOMINATED, dominated_by=(at[chosen][0],))


def _row(name: str, point: Point, place: _Place, same_as: tuple[str, ...]) -> Incremental:
    """A point and its place as plain numbers."""
    cost, effect = _number(point[0]), _number(point[1])
    if place.before is None:
        return Incremental(name, cost, effect, place.status, dominated_by=place.dominated_by, same_as=same_as)
    against, before = place.before
    return Incremental(
        name=name,
        cost=cost,
        effect=effect,
        status=place.status,
        against=against,
        delta_cost=_number(point[0] - before[0]),
        delta_effect=_number(point[1] - before[1]),
        icer=_number(_ratio(before, point)),
        same_as=same_as,
    )


def _contrast(name: str, reference: str, cost: Fraction, effect: Fraction, threshold: float) -> Pairwise:
    """The contrast of two strategies from their differences in cost and in effect."""
    north = "north" if cost > 0 else "south" if cost < 0 else ""
    east = "east" if effect > 0 else "west" if effect < 0 else ""
    trade_off = cost * effect > 0
    if trade_off:
        reading = "costs more for more effect" if cost > 0 else "saves for less effect"
    elif cost == effect == 0:
        reading = "same"
    else:
        reading = "dominates" if cost <= 0 and effect >= 0 else "dominated"
    benefit = _exact(threshold) * effect - cost
    return Pairwise(
        name=name,
        reference=reference,
        delta_cost=_number(cost),
        delta_effect=_number(effect),
        quadrant="-".join(part for part in (north, east) if part) or "origin",
        reading=reading,
        icer=_number(cost / effect) if trade_off else None,
        inmb=_number(benefit),
        inhb=_number(benefit / _exact(threshold)),
    )
