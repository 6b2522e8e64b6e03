"""The full incremental analysis against brute force, and pairwise contrasts on every part of the plane."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise as neighbours
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.economics.frontier import (
    DOMINATED,
    EXTENDEDLY_DOMINATED,
    FRONTIER,
    incremental_analysis,
    pairwise,
)
from simulate.errors import InputError

NUMBERS = st.one_of(
    st.integers(0, 4).map(float),  # ties and lines
    st.sampled_from([0.1, 0.2, 0.3, 0.7]),
    st.floats(-1e6, 1e6, allow_nan=False),
)
STRATEGIES = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=7)


def analysed(points):
    costs, effects = zip(*points, strict=True)
    return incremental_analysis(costs, effects, [f"s{index}" for index in range(len(points))])


def exact(points):
    return [(Fraction(repr(cost)), Fraction(repr(effect))) for cost, effect in points]


def best_somewhere(points):
    """Oracle: who has the highest net benefit at some willingness to pay above 0, tried at and between all ties."""
    found = set()
    ties = {(a[0] - b[0]) / (a[1] - b[1]) for a in points for b in points if a[1] != b[1]}
    ties = sorted(tie for tie in ties if tie > 0)
    between = [(low + high) / 2 for low, high in neighbours(ties)]
    ends = [ties[0] / 2, ties[-1] * 2] if ties else [Fraction(1)]
    for wtp in [*ties, *between, *ends]:
        benefit = [wtp * effect - cost for cost, effect in points]
        found |= {index for index, value in enumerate(benefit) if value == max(benefit)}
    return found


@given(STRATEGIES)
def test_frontier_is_who_is_best_at_some_willingness_to_pay(points):
    wanted = best_somewhere(exact(points))
    assert {int(row.name[1:]) for row in analysed(points) if row.status == FRONTIER} == wanted


@given(STRATEGIES)
def test_dominated_is_who_another_beats_in_both(points):
    known = exact(points)
    wanted = {
        index
        for index, (cost, effect) in enumerate(known)
        if any(c <= cost and e >= effect and (c, e) != (cost, effect) for c, e in known)
    }
    assert {int(row.name[1:]) for row in analysed(points) if row.status == DOMINATED} == wanted


@given(STRATEGIES)
def test_who_dominates_does(points):
    known = {f"s{index}": point for index, point in enumerate(exact(points))}
    rows = {row.name: row for row in analysed(points)}
    for row in rows.values():
        cost, effect = known[row.name]
        if row.status == DOMINATED:
            (other,) = (known[name] for name in row.dominated_by)
            assert other[0] <= cost
            assert other[1] >= effect
            assert other != (cost, effect)
        elif row.status == EXTENDEDLY_DOMINATED:
            low, high = (known[name] for name in row.dominated_by)
            assert all(rows[name].status == FRONTIER for name in row.dominated_by)
            share = (effect - low[1]) / (high[1] - low[1])
            assert 0 < share < 1
            assert low[0] + share * (high[0] - low[0]) < cost
        else:
            assert row.dominated_by == ()


@given(STRATEGIES)
def test_ratios_along_the_frontier_never_fall(points):
    ratios = [row.icer for row in analysed(points) if row.icer is not None]
    assert ratios == sorted(ratios)
    assert all(ratio >= 0 for ratio in ratios)


@given(STRATEGIES, st.randoms(use_true_random=False))
def test_order_does_not_matter(points, random):
    named = [(f"s{index}", *point) for index, point in enumerate(points)]
    shuffled = random.sample(named, len(named))
    names, costs, effects = zip(*shuffled, strict=True)
    assert incremental_analysis(costs, effects, names) == analysed(points)


EXAMPLE = {
    "none": (1000.0, 10.0),
    "old": (1500.0, 9.0),
    "test": (2000.0, 10.5),
    "treat": (2500.0, 11.0),
    "both": (5500.0, 12.0),
    "late": (5500.0, 11.5),
}


def test_worked_example_in_every_order():
    for names in permutations(EXAMPLE):
        rows = incremental_analysis([EXAMPLE[n][0] for n in names], [EXAMPLE[n][1] for n in names], names)
        assert [(row.name, row.status, row.against, row.icer, row.dominated_by) for row in rows] == [
            ("none", FRONTIER, None, None, ()),
            ("old", DOMINATED, None, None, ("none",)),
            ("test", EXTENDEDLY_DOMINATED, None, None, ("none", "treat")),
            ("treat", FRONTIER, "none", 1500.0, ()),
            ("late", DOMINATED, None, None, ("both",)),
            ("both", FRONTIER, "treat", 3000.0, ()),
        ]


def test_one_strategy_left():
    """DARTH-git/dampack issue 37: one strategy dominates all others, at equal effect with one of them."""
    costs, effects = [163771.0, 164848.7, 163765.1], [6.48273, 6.52861, 6.52861]
    names = ["No Treat", "Treat all", "Test & treat"]
    for order in permutations(range(3)):
        rows = incremental_analysis(*([values[i] for i in order] for values in (costs, effects, names)))
        assert [(row.name, row.status, row.dominated_by) for row in rows] == [
            ("Test & treat", FRONTIER, ()),
            ("No Treat", DOMINATED, ("Test & treat",)),
            ("Treat all", DOMINATED, ("Test & treat",)),
        ]
        assert all(row.icer is None for row in rows)


def test_twins_are_both_on_the_frontier_with_one_ratio():
    rows = incremental_analysis([1.0, 2.0, 2.0], [1.0, 2.0, 2.0], ["a", "c", "b"])
    assert [(row.name, row.status, row.icer, row.same_as) for row in rows] == [
        ("a", FRONTIER, None, ()),
        ("b", FRONTIER, 1.0, ("c",)),
        ("c", FRONTIER, 1.0, ("b",)),
    ]


def test_decimals_in_line_stay_on_the_frontier():
    assert 0.3 - 0.2 != 0.2 - 0.1  # in binary they are not in line
    rows = incremental_analysis([100.0, 200.0, 300.0], [0.1, 0.2, 0.3], ["a", "b", "c"])
    assert [row.icer for row in rows] == [None, 1000.0, 1000.0]


def test_ratio_beyond_the_largest_number_is_infinite():
    strategies = [0.0, 1.0], [0.0, 1e-311], ["a", "b"]
    assert incremental_analysis(*strategies)[1].icer == float("inf")
    assert pairwise(*strategies, reference="a", threshold=1.0)[0].icer == float("inf")


@pytest.mark.parametrize(
    ("cost", "effect", "quadrant", "reading", "icer"),
    [
        (300.0, 0.5, "north-east", "costs more for more effect", 600.0),
        (-300.0, 0.5, "south-east", "dominates", None),
        (300.0, -0.5, "north-west", "dominated", None),
        (-300.0, -0.5, "south-west", "saves for less effect", 600.0),
        (300.0, 0.0, "north", "dominated", None),
        (-300.0, 0.0, "south", "dominates", None),
        (0.0, 0.5, "east", "dominates", None),
        (0.0, -0.5, "west", "dominated", None),
        (0.0, 0.0, "origin", "same", None),
    ],
)
def test_quadrants(cost, effect, quadrant, reading, icer):
    (row,) = pairwise([1000.0 + cost, 1000.0], [3.0 + effect, 3.0], ["new", "old"], reference="old", threshold=200.0)
    assert (row.name, row.reference, row.delta_cost, row.delta_effect) == ("new", "old", cost, effect)
    assert (row.quadrant, row.reading, row.icer) == (quadrant, reading, icer)
    assert row.inmb == 200.0 * effect - cost
    assert row.inhb == effect - cost / 200.0


@given(STRATEGIES, st.floats(1e-3, 1e6))
def test_any_reference_gives_mirrored_contrasts(points, threshold):
    costs, effects = zip(*points, strict=True)
    names = [str(index) for index in range(len(points))]
    for name in names[1:]:
        forth = next(r for r in pairwise(costs, effects, names, reference="0", threshold=threshold) if r.name == name)
        back = pairwise(costs, effects, names, reference=name, threshold=threshold)[0]
        assert (forth.inmb, forth.inhb, forth.icer) == (-back.inmb, -back.inhb, back.icer)


@pytest.mark.parametrize(
    ("costs", "effects", "names", "message"),
    [
        ([], [], [], "one of each"),
        ([1.0], [1.0, 2.0], ["a"], "one of each"),
        ([1.0, 2.0], [1.0, 2.0], ["a", "a"], "more than once"),
        ([1.0, float("nan")], [1.0, 2.0], ["a", "b"], "costs: b has nan"),
        ([1.0, 2.0], [float("inf"), 2.0], ["a", "b"], "effects: a has inf"),
    ],
)
def test_bad_strategies(costs, effects, names, message):
    with pytest.raises(InputError, match=message):
        incremental_analysis(costs, effects, names)


def test_bad_reference_and_threshold():
    with pytest.raises(InputError, match="allowed are a, b"):
        pairwise([1.0, 2.0], [1.0, 2.0], ["a", "b"], reference="c", threshold=1.0)
    for threshold in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="above 0"):
            pairwise([1.0, 2.0], [1.0, 2.0], ["a", "b"], reference="a", threshold=threshold)
