"""One-way and two-way analyses, turning values and prices, and named changes, against the account book itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simulate.economics.amounts import Values, quantile
from simulate.economics.case import aging
from simulate.economics.changes import (
    Increment,
    evaluated,
    increment,
    increments,
    numbers,
    with_clock,
)
from simulate.economics.clock import Clock
from simulate.economics.named_changes import Change, scenario_table, standard_changes, treated_for
from simulate.economics.one_way import ranges, survival_increments, tornado, turning_value, two_way
from simulate.economics.prices import value_based_price
from simulate.errors import InputError
from simulate.evidence.economics_schema import AgeNorm, Discount
from simulate.scenario import load
from simulate.scenario.cases import case_of

BEV = "bevacizumab"


@pytest.fixture(scope="module")
def whole(case):
    return tornado(case, fixed_by=0.2, draws=40)


def by_hand(case, values):
    """Increment of a set of values, one strategy after the other."""
    comparator, strategy = (case.outcomes(s, case.integrated(s), values) for s in case.arms)
    return Increment(float(strategy.cost[0] - comparator.cost[0]), float(strategy.qaly[0] - comparator.qaly[0]))


def same(a, b):
    assert (a.cost, a.qaly) == pytest.approx((b.cost, b.qaly), rel=1e-10, abs=1e-12)


def test_the_evaluation_as_it_stands(case, whole):
    same(whole.base, by_hand(case, Values.mean(case.file)))
    same(increment(case), whole.base)


def test_each_number_of_the_file_at_its_own_quantiles(case, whole):
    """Slow reference: each number alone, one evaluation at a time; 2016 prices are brought to 2020."""
    bars = {bar.name: bar for bar in whole.bars}
    mean = Values.mean(case.file)
    uncertain = 0
    for place, quantity in case.file.quantities().items():
        name = ".".join(map(str, place))
        if quantity.standard_error == 0.0:
            assert name not in bars
            continue
        uncertain += 1
        factor = 518.9 / 463.7 if name == "states.progressed.cost" else 1.0
        low, high = quantile(quantity, np.array([0.025, 0.975])) * factor
        assert (bars[name].low, bars[name].high) == pytest.approx((low, high), rel=1e-12)
        same(bars[name].at_low, by_hand(case, mean.changed(place, low)))
        same(bars[name].at_high, by_hand(case, mean.changed(place, high)))
    assert uncertain == sum(bar.group == "file" for bar in whole.bars) > 15


def test_ends_lie_about_the_value_and_bars_are_sorted(whole):
    for bar in whole.bars:
        if bar.name != "survival":
            assert bar.low <= bar.value <= bar.high
            assert bar.low < bar.high
    swings = [bar.swing(whole.threshold) for bar in whole.bars]
    assert swings == sorted(swings, reverse=True)
    assert {bar.group for bar in whole.bars} == {"file", "fixed", "toxicity", "discounting", "horizon", "survival"}


def test_a_very_skewed_number_still_holds_its_value(case):
    """Gamma with a variation of 30: its mean lies above the 97.5 % quantile, where the bar must end at the value."""
    money = case.file.monitoring["imaging"].model_copy(update={"cv": 30.0})
    assert quantile(money, np.array([0.975]))[0] < money.value
    file = case.file.model_copy(update={"monitoring": {**case.file.monitoring, "imaging": money}})
    _, low, high = ranges(dataclasses.replace(case, file=file))["monitoring.imaging"]
    assert low < money.value == high


def test_a_toxicity_that_costs_is_linear_in_its_rate(case, whole):
    """A fistula costs 48,538 and 0.2 of utility for 90 days; the rate enters one strategy only."""
    bar = next(b for b in whole.bars if b.name == f"toxicity.{BEV}.fistula")
    wide = bar.high - bar.low
    assert bar.at_high.cost - bar.at_low.cost == pytest.approx(48538.0 * wide, rel=1e-9)
    assert bar.at_high.qaly - bar.at_low.qaly == pytest.approx(-0.2 * 90 / 365.25 * wide, rel=1e-9)
    control = next(b for b in whole.bars if b.name == "toxicity.chemotherapy.fistula")
    assert control.at_high.cost < control.at_low.cost


def test_discounting_and_horizon_are_those_of_another_clock(case, whole):
    bars = {bar.name: bar for bar in whole.bars}
    for name, costs, effects, horizon in (
        ("discount.costs", 0.0, 0.03, 120.0),
        ("discount.effects", 0.03, 0.0, 120.0),
        ("discount.both", 0.0, 0.0, 120.0),
        ("horizon", 0.03, 0.03, 60.0),
    ):
        clock = Clock(horizon, Discount(costs=costs, effects=effects, method="per_cycle"))
        same(bars[name].at_low, by_hand(dataclasses.replace(case, clock=clock), Values.mean(case.file)))
    assert bars["discount.effects"].at_low.cost == pytest.approx(whole.base.cost, rel=1e-12)
    assert bars["discount.effects"].at_low.qaly > whole.base.qaly > bars["discount.effects"].at_high.qaly


def test_survival_is_one_bar_of_its_joint_draws(case, whole):
    """Slow reference: each draw by itself; of 40, the first and the 39th have at least 2.5 and 97.5 % at or below."""
    assert not any(b.name.startswith(("pfs", "pps")) for b in whole.bars)
    found = []
    for i in range(40):
        books = [
            case.outcomes(s, case.integrated(s, case.calibration.draw(i)), Values.mean(case.file)) for s in case.arms
        ]
        found.append(Increment(float(books[1].cost[0] - books[0].cost[0]), float(books[1].qaly[0] - books[0].qaly[0])))
    found.sort(key=lambda i: i.inmb(whole.threshold))
    bar = next(b for b in whole.bars if b.name == "survival")
    assert bar.at_low.inmb(whole.threshold) == pytest.approx(found[0].inmb(whole.threshold), rel=1e-8)
    assert bar.at_high.inmb(whole.threshold) == pytest.approx(found[38].inmb(whole.threshold), rel=1e-8)
    assert len(survival_increments(case, 7)[0]) == 7


def test_a_grid_is_each_of_its_points(case):
    utility, price = [0.5, 0.7], [0.5, 1.0, 2.0]
    grid = two_way(case, ("states.progressed.utility", utility), (f"price.{BEV}", price), threshold=5e4)
    assert grid.shape == (2, 3)
    for i, u in enumerate(utility):
        for j, factor in enumerate(price):
            values = Values.mean(case.file).changed(("states", "progressed", "utility"), u)
            for k in (0, 1):
                place = ("drugs", BEV, "vials", k, "price")
                values = values.changed(place, values[place] * factor)
            assert grid[i, j] == pytest.approx(by_hand(case, values).inmb(5e4), rel=1e-10)


def test_a_grid_over_the_clock(case):
    grid = two_way(case, ("horizon", [36.0, 120.0]), ("discount.both", [0.0, 0.03]))
    for i, horizon in enumerate((36.0, 120.0)):
        for j, rate in enumerate((0.0, 0.03)):
            own = with_clock(case, horizon=horizon, costs=rate, effects=rate)
            assert grid[i, j] == pytest.approx(increment(own).inmb(1e5), rel=1e-12)
    with pytest.raises(InputError, match="two different"):
        two_way(case, ("horizon", [36.0]), ("horizon", [36.0]))


@pytest.mark.parametrize("name", [f"price.{BEV}", f"drugs.{BEV}.vials.0.price"])
def test_at_the_turning_value_nothing_is_gained(case, name):
    """A factor on all vials is a line; one size's price is not, for the other size takes over where it is dearer."""
    found = turning_value(case, name)
    assert found.linear == name.startswith("price")
    assert found.at[0] > 0.0 > found.at[1]
    cost, qaly = increments(case, {name: [found.value]})
    assert found.threshold * qaly[0] - cost[0] == pytest.approx(0.0, abs=1e-3)


def test_no_turning_value(case):
    """Even a free infusion leaves the price of bevacizumab; no utility makes up for it at this threshold."""
    found = turning_value(case, "states.progressed.utility", threshold=1e4)
    assert found.value is None
    assert max(found.at) < 0.0
    with pytest.raises(InputError, match=r"no number 'states\.progressed\.utlity'"):
        turning_value(case, "states.progressed.utlity", bracket=(0.0, 1.0))
    with pytest.raises(InputError, match="empty"):
        turning_value(case, "horizon", bracket=(60.0, 60.0))


def test_a_number_turns_nothing_at_the_end_of_what_can_be():
    """Whole vials: a weight of nothing needs none, any above it one. At another threshold some weight decides."""
    own = case_of(load("bevacizumab_uk"))
    found = turning_value(own, "bodies.weight", threshold=25_000.0)
    assert found.value is None
    assert found.at[0] > 0.0 > found.at[1]
    cost, qaly = increments(own, {"bodies.weight": [1e-6]})
    assert 25_000.0 * qaly[0] < cost[0]
    higher = turning_value(own, "bodies.weight", threshold=97_500.0)
    cost, qaly = increments(own, {"bodies.weight": [higher.value - 1e-6, higher.value + 1e-6]})
    assert 97_500.0 * qaly[0] - cost[0] >= 0.0 >= 97_500.0 * qaly[1] - cost[1]


def test_value_based_price_makes_the_ratio_the_threshold(case):
    prices = value_based_price(case, BEV, [5e4, 1e5, 1.5e5])
    assert [p.factor is None for p in prices] == [True, False, False]  # at 50,000 not even for nothing
    assert prices[1].factor < prices[2].factor < 1.0
    for price in prices[1:]:
        values = Values.mean(case.file)
        for i, (_, each) in enumerate(price.vials):
            values = values.changed(("drugs", BEV, "vials", i, "price"), each)
        assert by_hand(case, values).icer == pytest.approx(price.threshold, rel=1e-9)
    assert prices[1].factor == pytest.approx(turning_value(case, f"price.{BEV}").value, rel=1e-9)


def test_only_a_drug_that_the_strategy_adds_has_such_a_price(case):
    with pytest.raises(InputError, match="no drug 'aspirin'"):
        value_based_price(case, "aspirin")
    swapped = dataclasses.replace(case, arms=dict(reversed(list(case.arms.items()))))
    with pytest.raises(InputError, match="not what the strategy adds"):
        value_based_price(swapped, BEV)


def test_changes_that_are_no_numbers(case):
    rows = {row.name: row for row in scenario_table(case)}
    base = rows["as evaluated"]
    assert len(rows) == len(standard_changes(case)) + 1
    assert {"discounted at 0 %", "horizon 5 years", "horizon 20 years", "vials shared"} <= set(rows)
    assert "horizon 10 years" not in rows  # as it is evaluated already
    assert base.inmb == tuple(base.increment.inmb(t) for t in case.thresholds)
    for rate, name in ((0.0, "discounted at 0 %"), (0.015, "discounted at 1.5 %"), (0.06, "discounted at 6 %")):
        same(rows[name].increment, increment(with_clock(case, costs=rate, effects=rate)))
    assert rows["vials shared"].increment.cost < base.increment.cost
    assert rows["vials shared"].increment.qaly == pytest.approx(base.increment.qaly, rel=1e-12)
    assert rows["treated until progression"].increment.cost > 1.3 * base.increment.cost
    base_q = base.increment.qaly
    fewer, more = rows["median of one cycle fewer"].increment, rows["median of one cycle more"].increment
    assert fewer.cost < base.increment.cost < more.cost < rows["treated until progression"].increment.cost
    assert fewer.qaly == pytest.approx(base_q, rel=1e-12)
    assert (
        rows["whole vials opened for each dose"].increment.cost >= base.increment.cost
        if any(d.waste == "shared" for d in case.file.drugs.values())
        else "whole vials opened for each dose" not in rows
    )
    half_days, twice = (
        rows["adverse events last half as long"].increment,
        rows["adverse events last twice as long"].increment,
    )
    # a loss is proportional to its days
    assert twice.qaly - base_q == pytest.approx(2.0 * (base_q - half_days.qaly), rel=1e-9)
    assert twice.qaly < base_q

    def spent(strategy: str) -> float:  # on drugs of which no dose intensity is stated: all but bevacizumab
        book = case.outcomes(strategy, case.integrated(strategy), Values.mean(case.file)).costs
        return sum(float(x.total[0]) for x in book if x.category == "drugs" and x.name != "bevacizumab")

    saved = 0.1 * (spent("bevacizumab") - spent("chemotherapy"))
    nine = rows["nine of ten doses given, where no share is stated"].increment
    assert nine.cost == pytest.approx(base.increment.cost - saved, rel=1e-9)
    same(increment(treated_for(case, 0.0)), base.increment)
    assert rows["horizon 5 years"].increment.qaly < base.increment.qaly < rows["horizon 20 years"].increment.qaly
    start, end = (
        rows["time counted at the start of cycles"].increment,
        rows["time counted at the end of cycles"].increment,
    )
    half = rows["time counted by half-cycle correction"].increment
    # without an effect of the order of cycles on uses, the mean of start and end is half-cycle correction
    assert half.qaly == pytest.approx(0.5 * (start.qaly + end.qaly), rel=1e-10)
    assert half.cost == pytest.approx(0.5 * (start.cost + end.cost), rel=1e-10)


def test_the_case_itself_is_left_as_it_is(case):
    before = increment(case)
    scenario_table(case, [Change("shorter", lambda c: with_clock(c, horizon=24.0))])
    assert increment(case) == before
    assert case.clock.horizon == 120.0


def test_another_horizon_has_its_own_norm(case):
    norm = AgeNorm(coefficients=(1.0, -0.005), assumed=True, why="test")
    file = case.file.model_copy(update={"age_norm": norm})
    question = case.question.model_copy(update={"start_age": 50.0})
    own = dataclasses.replace(case, file=file, question=question, norm=aging(norm.coefficients, 50.0, case.clock.days))
    for horizon in (24.0, 240.0):
        other = with_clock(own, horizon=horizon)
        assert len(other.norm) == other.clock.days + 1
        assert increment(other).qaly < increment(with_clock(case, horizon=horizon)).qaly


def test_increments_of_all_quadrants():
    assert Increment(100.0, 2.0).icer == 50.0
    assert Increment(-100.0, -2.0).icer == 50.0
    assert np.isnan(Increment(-100.0, 2.0).icer)
    assert [Increment(c, q).dominated for c, q in ((1.0, 0.0), (0.0, -1.0), (0.0, 0.0), (-1.0, -1.0), (1.0, 1.0))] == [
        True, True, False, False, False]  # fmt: skip


def test_what_cannot_be_changed(case):
    with pytest.raises(InputError, match="as many values"):
        evaluated(case, {"horizon": [60.0, 120.0], "discount.both": [0.0]})
    with pytest.raises(InputError, match="nothing to hold against"):
        increment(case, "chemotherapy")
    assert numbers(case)["discount.both"] == 0.03
