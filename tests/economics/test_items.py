"""The account book of an evaluation: each line from its parts, and what totals must do when one part changes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import simulate as sim
from simulate.economics.amounts import Values
from simulate.economics.case import Case, aging, prepare
from simulate.economics.clock import Clock
from simulate.economics.items import CATEGORIES, categories, cost_items
from simulate.economics.outcomes import Outcomes
from simulate.economics.traces import PD, PF
from simulate.errors import InputError
from simulate.evidence.economics_schema import Discount
from simulate.evidence.money_schema import Money
from simulate.model.types import DAYS_PER_MONTH

STRATEGIES = ["chemotherapy", "bevacizumab"]
PART = 0.5  # two backbones, each given to half of the patients


@pytest.fixture(scope="module")
def values(case) -> Values:
    return Values.mean(case.file)


def outcomes(case: Case, strategy: str, values: Values, **events) -> Outcomes:
    return case.outcomes(strategy, case.integrated(strategy), values, **events)


def line(book: Outcomes, name: str, category: str = "") -> tuple[float, float]:
    """Uses and total of all lines of a name."""
    lines = [x for x in (*book.costs, *book.health) if x.name == name and x.category.startswith(category)]
    assert lines
    return sum(float(x.uses[0]) for x in lines), sum(float(x.total[0]) for x in lines)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_totals_are_the_sums_of_their_lines(case, values, strategy):
    for own in (values, Values.drawn(case.file, 7, 1)):
        book = outcomes(case, strategy, own)
        np.testing.assert_allclose(book.cost, sum(x.total for x in book.costs), rtol=1e-12)
        np.testing.assert_allclose(book.cost, sum(book.by_category().values()), rtol=1e-12)
        np.testing.assert_allclose(book.qaly, sum(x.total for x in book.health), rtol=1e-12)
        np.testing.assert_allclose(book.qaly, sum(book.by_item().values()), rtol=1e-12)
        np.testing.assert_allclose(book.ly, sum(book.life_years.values()), rtol=1e-12)
        assert book.life_years.keys() == book.discounted_years.keys() == {PF, PD}
    present = categories(cost_items(case.care(strategy), case.file, values, case.clock))
    assert present == tuple(c for c in CATEGORIES if c in book.by_category())
    assert set(present) == set(CATEGORIES) - {"procedures"}


def test_in_full_health_and_undiscounted_a_qaly_is_a_life_year(case, values):
    full = replace(case, clock=Clock(case.clock.horizon, Discount(costs=0.0, effects=0.0, method="yearly")))
    for place in values.by_place:
        if place[-1] == "utility":
            values = values.changed(place, 1.0)
        if place[-1] in ("disutility", "decrement", "gain"):
            values = values.changed(place, 0.0)
    for strategy in STRATEGIES:
        book = outcomes(full, strategy, values)
        assert book.qaly[0] == pytest.approx(book.ly[0], rel=1e-12)
        assert outcomes(case, strategy, values).qaly[0] < book.qaly[0]
        assert outcomes(case, strategy, values).ly[0] == pytest.approx(book.ly[0], rel=1e-12)  # undiscounted as it is
        assert sum(outcomes(case, strategy, values).discounted_years.values())[0] == pytest.approx(
            outcomes(case, strategy, values).qaly[0], rel=1e-12
        )
        alive = case.integrated(strategy).alive[0]
        trapezoid = (0.5 * (alive[1:] + alive[:-1])).sum() / DAYS_PER_MONTH / 12.0
        # the last day of the horizon is half a day
        assert book.ly[0] == pytest.approx(trapezoid, abs=1.0 / 365.0)


def test_what_costs_nothing_costs_nothing(case, values):
    money = [p for p, q in case.file.quantities().items() if isinstance(q, Money)]
    for place in money:
        values = values.changed(place, 0.0)
    for strategy in STRATEGIES:
        assert outcomes(case, strategy, values).cost[0] == 0.0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_price_doubled_doubles_its_own_lines(case, values, strategy):
    before = outcomes(case, strategy, values)
    drugs = [("drugs", name, "vials") for name in case.file.drugs]
    for place in dict.fromkeys(p if p[0] != "drugs" else p[:3] for p in values.by_place):
        if place[0] == "bodies" or place[-1] in ("dose_intensity", "share"):
            continue
        changed = values
        for own in [p for p in values.by_place if p[: len(place)] == place]:
            changed = changed.changed(own, 2.0 * values[own])
        after = outcomes(case, strategy, changed)
        stem = place[:2] if place in drugs else place
        for was, now in zip((*before.costs, *before.health), (*after.costs, *after.health), strict=True):
            assert was.place == now.place
            factor = 2.0 if was.place == stem else 1.0
            np.testing.assert_allclose(now.total, factor * was.total, rtol=1e-9, err_msg=f"{place} {was.name}")


def test_what_is_in_the_book_comes_from_the_file(case, values):
    book = outcomes(case, "bevacizumab", values)
    assert {x.name for x in book.costs if x.category == "drugs"} == set(case.file.drugs)
    assert {x.name for x in book.costs if x.category == "monitoring"} == {"examination", "imaging"}
    assert {x.name for x in book.costs if x.category == "administration"} == {"first hour", "further hours"}
    assert "bevacizumab" not in {x.name for x in outcomes(case, "chemotherapy", values).costs}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_doses_day_by_day(case, values, strategy):
    """Topotecan on days 1, 2 and 3, paclitaxel for 3 hours on day 1 of 21: for half of the patients of a strategy."""
    free, stop, rate = case.integrated(strategy).state(PF)[0], case.stops[strategy], case.clock.discount.costs
    assert case.clock.discount.method == "per_cycle"

    def share(day: int) -> float:
        months = day / DAYS_PER_MONTH
        return PART * free[day] * math.exp(-stop * months) * (1.0 + rate) ** (-months / 12.0)

    starts = range(0, case.clock.days - 1, 21)
    first, others = sum(share(d) for d in starts), sum(share(d + i) for d in starts for i in (1, 2))
    book = outcomes(case, strategy, values)
    assert line(book, "topotecan")[0] == pytest.approx(first + others, rel=1e-9)
    assert line(book, "paclitaxel")[0] == pytest.approx(2.0 * first, rel=1e-9)
    bevacizumab = 1.0 if strategy == "bevacizumab" else 0.0
    # per cycle: topotecan backbone 3 visits, one of 1 + 3 (+ 1) hours; cisplatin on day 2 alone for an hour
    second = sum(share(d + 1) for d in starts)
    administered = line(book, "first hour")[0], line(book, "further hours")[0]
    assert administered[0] == pytest.approx(first + others + first + second, rel=1e-6)
    assert administered[1] == pytest.approx((3.0 + bevacizumab) * first + (2.0 + bevacizumab) * first, rel=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_months_events_and_ends_by_quadrature(case, values, strategy):
    traces = case.integrated(strategy)
    rates = Discount(costs=0.03, effects=0.015, method="per_cycle")
    book = outcomes(replace(case, clock=Clock(case.clock.horizon, rates)), strategy, values)
    middle = (np.arange(case.clock.days) + 0.5) / DAYS_PER_MONTH
    worth, health = 1.03 ** (-middle / 12.0), 1.015 ** (-middle / 12.0)
    near = {"rel": 1e-4}  # of 3,653 days the last is half inside the horizon, and nearly nobody is left
    for state in (PF, PD):
        share = traces.state(state)[0]
        lived = 0.5 * (share[1:] + share[:-1]) / DAYS_PER_MONTH
        assert line(book, state, "states")[0] == pytest.approx(float(lived @ worth), **near)
        utility = float(values["states", state, "utility"][0])
        assert line(book, state, "utility")[1] == pytest.approx(float(lived @ health) / 12.0 * utility, **near)
    entering = float(traces.progressing[0] @ worth)
    assert line(book, "progression")[0] == pytest.approx(entering, **near)
    treated, paid = line(book, "treatment after progression")
    assert treated == pytest.approx(entering, **near)
    assert paid == pytest.approx(entering * 0.57 * 20_000.0, **near)
    dying = -np.diff(traces.alive[0])
    assert line(book, "death")[1] == pytest.approx(float(dying @ worth) * 9208.0, **near)
    lost = (np.minimum(middle, 1.0) * dying * health).sum() / 12.0 * 0.1
    assert -line(book, "last months")[1] == pytest.approx(lost, rel=2e-3)  # each month at its own discount


def test_adverse_events_are_what_happens_times_what_it_costs(case, values):
    for probability in (0.0, 0.25, 1.0):
        events = {"fistula": np.array([probability]), "hypertension": np.array([0.1])}
        book = outcomes(case, "bevacizumab", values, events=events)
        assert line(book, "fistula", "toxicity")[0] == pytest.approx(
            probability - probability * 90.0 / DAYS_PER_MONTH / 12.0
        )
        health = [x for x in book.health if x.name == "fistula"]
        assert float(health[0].total[0]) == pytest.approx(-probability * 0.2 * 90.0 / 365.25)
        costs = [x for x in book.costs if x.name == "fistula"]
        assert float(costs[0].total[0]) == pytest.approx(probability * 48_538.0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_half_of_the_patients_begin_the_median_cycle(case, strategy):
    cycles = case.question.treated[strategy].median_cycles
    at = (cycles - 0.5) * 21.0
    free = case.integrated(strategy).state(PF)[0]
    on = np.interp(at, np.arange(len(free)), free) * math.exp(-case.stops[strategy] * at / DAYS_PER_MONTH)
    assert case.stops[strategy] > 0.0
    assert on == pytest.approx(0.5, abs=1e-9)


def prepared(case: Case, text: dict[str, str]) -> Case:
    """The same evaluation with fields of its scenario replaced."""
    library = sim.load("toy", params="tests/economics/data/params").library
    file = library.scenario("toy").with_overrides(text)
    return prepare(file, library, case.calibration, case.arms, case.mix, 36.0, case.patients)


@pytest.mark.parametrize(("cycles", "stops"), [("1", True), ("1.2", True), ("60", False)])
def test_time_on_treatment_ends_with_progression_at_the_latest(case, root, monkeypatch, cycles, stops):
    monkeypatch.chdir(root)
    found = prepared(case, {"economics.treated.chemotherapy.median_cycles": cycles}).stops["chemotherapy"]
    assert (found > 0.0) == stops
    assert math.isfinite(found)


def test_more_discounting_less_of_everything(case, values):
    totals = []
    for rate in (0.0, 0.03, 0.06):
        dearer = replace(case, clock=Clock(120.0, Discount(costs=rate, effects=rate, method="yearly")))
        totals.append(outcomes(dearer, "bevacizumab", values))
    assert totals[0].cost > totals[1].cost > totals[2].cost
    assert totals[0].qaly > totals[1].qaly > totals[2].qaly
    assert totals[0].ly == totals[1].ly == totals[2].ly


def test_ageing():
    """A polynomial of age over its value at the start; where it would rise it stays."""
    found = aging((1.0, -0.004), 50.0, 3653)
    assert found[0] == 1.0
    assert found[-1] == pytest.approx((1.0 - 0.004 * (50.0 + 3653 / 365.25)) / 0.8)
    assert (aging((0.5, 0.01), 50.0, 100) == 1.0).all()
    old = aging((1.0, -0.02), 49.9, 365)  # the polynomial falls below 0 within the year
    assert old[-1] == old.min() == 0.0


def test_a_response_adds_to_the_utility_of_those_alive_while_it_lasts(case, values):
    """Share × gain × years alive from day 28 to day 262, undiscounted; nothing where it begins after the horizon."""
    plain = replace(case, clock=Clock(case.clock.horizon, Discount(costs=0.0, effects=0.0, method="continuous")))
    for strategy in STRATEGIES:
        share = case.care(strategy).events["hypertension"][0]
        alive = case.integrated(strategy).alive[0]
        lived = (alive[28:263].sum() - 0.5 * (alive[28] + alive[262])) / DAYS_PER_MONTH / 12.0
        uses, total = line(outcomes(plain, strategy, values), "hypertension", "response")
        assert uses == pytest.approx(share * lived, rel=1e-12)
        assert total == pytest.approx(share * 0.05 * lived, rel=1e-12)
    own = case.file.responses["hypertension"]
    for changes, expected in (
        ({"after": 9e4}, 0.0),
        ({"after": 0.0, "days": None}, outcomes(plain, "bevacizumab", values).ly[0]),
    ):
        file = case.file.model_copy(update={"responses": {"hypertension": own.model_copy(update=changes)}})
        uses, _ = line(outcomes(replace(plain, file=file), "bevacizumab", values), "hypertension", "response")
        assert uses == pytest.approx(share * expected, rel=1e-12)


def test_an_age_norm_multiplies_utilities(case, values):
    older = replace(case, norm=np.full(case.clock.days + 1, 0.9))
    plain, aged = (outcomes(c, "bevacizumab", values) for c in (case, older))
    for was, now in zip(plain.health, aged.health, strict=True):
        factor = 0.9 if was.category in ("utility", "response") else 1.0
        np.testing.assert_allclose(now.total, factor * was.total, rtol=1e-12)
    assert plain.cost == aged.cost


def test_a_scenario_without_prices_cannot_be_evaluated(case):
    scenario = sim.load("bevacizumab")
    with pytest.raises(InputError, match=r"scenario bevacizumab says nothing of costs. Add `economics"):
        prepare(scenario.file, scenario.library, case.calibration, case.arms, case.mix, 36.0, case.patients)
