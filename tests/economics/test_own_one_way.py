"""One-way analysis of a model of one's own against the scenario evaluated again with one number of its file changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import simulate as sim
from simulate.economics.amounts import converted
from simulate.economics.own import OwnCase, prepare_own
from simulate.economics.own_one_way import numbers_own, ranges_own, tornado_own
from simulate.errors import InputError
from simulate.evidence.money_schema import Money
from simulate.scenario.evaluation import evaluate

DATA = Path(__file__).parents[1] / "techver" / "data"
NEW = "chemotherapy_bevacizumab"
ARM, OTHER = f"own_model.arms.{NEW}", "own_model.arms.chemotherapy"
# numbers of the economic file: name, passage of the file, the same with its value changed
FILED = {
    "states.progressed.utility": ("utility: {value: 0.6, interval: {low: 0.5, high: 0.7},", "utility: {{value: {},"),
    "once.death": ("death: {value: 9208,", "death: {{value: {},"),
    "toxicities.fistula.cost": ("cost: {value: 48538,", "cost: {{value: {},"),
    "near_death.decrement": ("decrement: {value: 0.1,", "decrement: {{value: {},"),
}


def case_of(params: Path = DATA, **overrides: str) -> OwnCase:
    scenario = sim.load("own_us", params=params, overrides=overrides)
    return prepare_own(scenario.file, scenario.library)


def by_hand(case: OwnCase) -> tuple[float, float]:
    """Added cost and QALYs, one strategy after the other."""
    books = [case.outcomes(s, case.traces(s, case.mean())[0], case.mean()) for s in case.arms]
    return tuple(float(getattr(books[1], k)[0] - getattr(books[0], k)[0]) for k in ("cost", "qaly"))


def same(increment, expected) -> None:
    assert (increment.cost, increment.qaly) == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.fixture(scope="module")
def case() -> OwnCase:
    return case_of()


@pytest.fixture(scope="module")
def bars(case):
    return {bar.name: bar for bar in tornado_own(case, fixed_by=0.2).bars}


def printed(case: OwnCase, name: str, value: float) -> str:
    """A value of the payer's currency and year as the scenario has to write it."""
    quantity = {".".join(map(str, p)): q for p, q in case.quantities().items()}[name]
    return repr(value / converted(quantity, case.file) if isinstance(quantity, Money) else value)


@pytest.mark.parametrize(
    "name",
    [
        f"{OTHER}.pfs.parameters.scale",
        f"{OTHER}.os.parameters.rate",
        f"{OTHER}.costs.progressed",
        f"{OTHER}.start",
        f"{ARM}.pfs.hazard_ratio",
        f"{ARM}.os.hazard_ratio",
        f"{ARM}.utilities.progression_free",
        f"{ARM}.progression",
        f"{ARM}.toxicities.fistula",
    ],
)
def test_each_number_of_the_model_as_if_the_scenario_said_so(name, case, bars):
    """A curve `of` another follows it."""
    bar = bars[name]
    assert bar.low < bar.value < bar.high
    for value, found in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        same(found, by_hand(case_of(**{f"{name}.value": printed(case, name, value)})))
    assert bar.at_low != bar.at_high


@pytest.mark.parametrize("i", [0, 1])
def test_what_is_bought_again_as_if_the_scenario_said_so(i, case, bars):
    """A price without uncertainty is moved by 20 %; one of 2016 is brought to 2020."""
    name = f"{ARM}.repeated.{i}.cost"
    bar = bars[name]
    if i == 0:
        assert (bar.group, bar.low, bar.high) == ("fixed", pytest.approx(0.8 * 7700), pytest.approx(1.2 * 7700))
    for value, found in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        stated = [r.model_dump(mode="json", exclude_none=True) for r in case.model.arms[NEW].repeated]
        stated[i]["cost"]["value"] = float(printed(case, name, value))
        same(found, by_hand(case_of(**{f"{ARM}.repeated": json.dumps(stated)})))
    assert bar.at_low.qaly == bar.at_high.qaly
    assert bar.at_low.cost < bar.at_high.cost


@pytest.mark.parametrize("name", FILED)
def test_each_number_of_the_economic_file_as_if_the_file_said_so(name, case, bars, tmp_path):
    bar, (passage, changed) = bars[name], FILED[name]
    path = shutil.copytree(DATA, tmp_path / "params") / "economics" / "us.yaml"
    sound = path.read_text(encoding="utf-8")
    assert sound.count(passage) == 1
    for value, found in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        path.write_text(sound.replace(passage, changed.format(printed(case, name, value))), encoding="utf-8")
        same(found, by_hand(case_of(tmp_path / "params")))


def test_rates_and_the_horizon_as_if_the_scenario_said_so(case, bars):
    rate = case.clock.discount
    for what, other in (("costs", "effects"), ("effects", "costs")):
        bar = bars[f"discount.{what}"]
        assert (bar.group, bar.low, bar.high) == ("discounting", 0.0, 0.06)
        for value, found in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
            stated = {"method": rate.method, what: value, other: getattr(rate, other)}
            same(found, by_hand(case_of(**{"economics.discounting": json.dumps(stated)})))
    bar = bars["horizon"]
    assert (bar.group, bar.low, bar.high) == ("horizon", 60.0, 120.0)
    same(bar.at_low, by_hand(case_of(horizon="60")))
    same(bar.at_high, by_hand(case))


def test_ends_are_quantiles_of_the_stated_distribution(case):
    """By SciPy: a log-normal of mean 0.62 and standard deviation 0.06, a gamma of 900 and 20 %, a beta of 0.08."""
    found = ranges_own(case)
    sigma = np.sqrt(np.log1p((0.06 / 0.62) ** 2))
    size = 0.08 * 0.92 / 0.02**2 - 1.0
    expected = {
        f"{ARM}.pfs.hazard_ratio": stats.lognorm(sigma, scale=0.62 * np.exp(-(sigma**2) / 2)),
        f"{ARM}.progression": stats.gamma(25.0, scale=36.0),
        f"{ARM}.repeated.1.cost": stats.gamma(25.0, scale=400.0 / 25.0 * 518.9 / 463.7),  # of 2016, in 2020
        f"{ARM}.toxicities.fistula": stats.beta(0.08 * size, 0.92 * size),
    }
    for name, distribution in expected.items():
        assert found[name] == ("file", *(pytest.approx(q) for q in distribution.ppf((0.025, 0.975)))), name


def test_what_is_certain_stays_unless_asked_and_curves_always(case, bars):
    uncertain = {".".join(map(str, p)) for p, q in case.quantities().items() if q.standard_error > 0.0}
    assert set(ranges_own(case)) == {*uncertain, "discount.costs", "discount.effects", "horizon"}
    assert f"{ARM}.repeated.0.cost" in bars.keys() - ranges_own(case).keys()
    curve = case.model.arms["chemotherapy"].os
    certain = {k: v.model_copy(update={"se": None, "cv": None}) for k, v in curve.parameters.items()}
    arm = case.model.arms["chemotherapy"].model_copy(update={"os": curve.model_copy(update={"parameters": certain})})
    model = case.model.model_copy(update={"arms": {**case.model.arms, "chemotherapy": arm}})
    assert f"{OTHER}.os.parameters.rate" not in ranges_own(replace(case, model=model), fixed_by=0.2)


def test_the_longest_bar_comes_first_and_the_evaluation_has_it(case):
    """At the lowest threshold, as every other table of the evaluation."""
    found = evaluate(sim.load("own_us", params=DATA), draws=0)
    tornado = found.one_way[NEW]
    assert (tornado.strategy, tornado.threshold) == (NEW, found.threshold)
    swings = [bar.swing(tornado.threshold) for bar in tornado.bars]
    assert swings == sorted(swings, reverse=True)
    same(tornado.base, by_hand(case))
    assert {bar.name for bar in tornado.bars} <= set(numbers_own(case))


def test_a_strategy_that_is_not_compared_is_refused(case):
    with pytest.raises(InputError, match="'chemotherapy' is nothing to hold against the comparator"):
        tornado_own(case, strategy="chemotherapy")


def test_curves_that_cross_at_an_end_are_cut_there_and_as_they_stand_refused():
    """The scenario's PFS lies above its OS in its first days; of a lower shape it does not, but at an end."""
    crossing = {"own_model.capped": "false"}
    with pytest.raises(InputError, match="lies above overall survival"):
        tornado_own(case_of(**crossing))
    shape = f"{OTHER}.pfs.parameters.shape"
    apart = {f"{shape}.value": "1.1"}
    strict, cut = tornado_own(case_of(**crossing, **apart)), tornado_own(case_of(**apart))
    assert strict == cut
    end = next(b for b in strict.bars if b.name == shape).high
    with pytest.raises(InputError, match="lies above overall survival"):
        by_hand(case_of(**crossing, **{f"{shape}.value": repr(end)}))
