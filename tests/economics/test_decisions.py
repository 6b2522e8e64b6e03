"""What an evaluation means for a decision, against sums by hand and closed forms."""

from __future__ import annotations

from dataclasses import replace
from math import erf, exp, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

import simulate as sim
from simulate.economics.acceptability import checked_draws
from simulate.economics.amounts import Values
from simulate.economics.budget import cumulative
from simulate.economics.changes import Increment, increments
from simulate.economics.model_range import Alternative, ModelRange
from simulate.economics.population import reached
from simulate.economics.prices import drawn_factor
from simulate.economics.proposed import prior_sizes, removed, sample_information, worth_of
from simulate.economics.psa import analyse
from simulate.economics.subgroups import randomised_subgroups, subgroups, within
from simulate.economics.voi import evppi, fitted
from simulate.evidence import Library
from simulate.evidence.decision_schema import Affected
from simulate.evidence.money_schema import Money, Size, Utility
from simulate.scenario.decision_summary import median_ratio, models_at, range_summary
from simulate.scenario.evaluation import Evaluation, evaluate

PARAMS = Path(__file__).parent / "data" / "params"
SMALL = {"patients": 1000, "draw_patients": 50}
STATED = {"assumed": True, "why": "test"}


@pytest.fixture(scope="module")
def toy() -> Evaluation:
    return evaluate(sim.load("toy", params=PARAMS), draws=120, **SMALL)


@pytest.fixture(scope="module")
def nice() -> Evaluation:
    return evaluate(sim.load("bevacizumab_uk"), draws=0, **SMALL)


def loss(mean: float, sd: float) -> float:
    """Mean of the positive part of a normal variable less that of its mean: the unit normal loss."""
    z = mean / sd
    cdf = 0.5 * (1.0 + erf(z / sqrt(2.0)))
    return mean * cdf + sd * exp(-0.5 * z * z) / sqrt(2.0 * pi) - max(mean, 0.0)


# ------------------------------------------------------------------------------------------------ all concerned
def test_patients_are_summed_day_by_day():
    affected = Affected.model_validate({"yearly": {"value": 300.0, "se": 30.0, **STATED}, "years": 4.5})
    found = reached(affected, 0.035, after=1.0)
    days = np.arange(1.0, 4.5, 1e-4) + 0.5e-4
    assert found.patients == pytest.approx(300.0 * np.sum(1.035**-days) * 1e-4, rel=1e-6)
    assert (found.low, found.high) == pytest.approx([found.patients * (1.0 + z * 0.1) for z in (-1.959964, 1.959964)])


def test_all_patients_have_the_value_of_one_times_their_number(toy: Evaluation):
    summary = toy.summary()
    found = summary["population"]
    assert found["patients"] == pytest.approx(1000.0 * (1.0 - 1.03**-5) / np.log(1.03))
    for whole, one in zip(found["evpi"], summary["evpi"], strict=True):
        assert whole["evpi"] == pytest.approx(one["evpi"] * found["patients"], rel=1e-12)
        assert whole["low"] < whole["evpi"] < whole["high"] or one["evpi"] == 0.0
        by_number = one["evpi"] * (found["patients_high"] - found["patients"])
        by_draws = 1.959964 * one["error"] * found["patients"]
        assert whole["high"] - whole["evpi"] == pytest.approx(np.hypot(by_number, by_draws))
        for group, value in whole["evppi"].items():
            assert value == pytest.approx(one["evppi"][group]["value"] * found["patients"], rel=1e-12)


def test_the_budget_is_patients_times_costs_of_their_years(toy: Evaluation):
    """By hand: 500, then 1,000 of 1,000 a year are given the new strategy at the start of the year."""
    case = toy.case
    yearly = {s: sum(np.diff(v) for v in cumulative(case, s, [0.0, 12.0, 24.0]).values()) for s in case.arms}
    more = yearly["bevacizumab"] - yearly["chemotherapy"]
    found = toy.summary()["budget_impact"]
    assert [y["net"] for y in found["years"]] == pytest.approx([500.0 * more[0], 1000.0 * more[0] + 500.0 * more[1]])
    assert found["total"] == pytest.approx(sum(y["net"] for y in found["years"]))
    for y in found["years"]:
        assert sum(y["by_category"].values()) == pytest.approx(y["net"])


# ------------------------------------------------------------------------------------------------ severity
def test_severity_weighs_what_is_gained(nice: Evaluation):
    """UK: 47 years, discounted at 3.5 %; the weight is that of the table of the reference case by hand."""
    found = nice.summary()["severity"]
    plain = nice.summary()["contrasts"][0]
    assert found["qaly_with_disease"] == pytest.approx(nice.summary()["strategies"]["chemotherapy"]["qaly"], rel=1e-9)
    assert found["absolute"] == pytest.approx(found["qaly_without_disease"] - found["qaly_with_disease"])
    assert found["proportional"] == pytest.approx(found["absolute"] / found["qaly_without_disease"])
    absolute, proportional = found["absolute"], found["proportional"]
    by_hand = 1.7 if absolute >= 18 or proportional >= 0.95 else 1.2 if absolute >= 12 or proportional >= 0.85 else 1.0
    assert found["weight"] == by_hand == 1.2
    weighed = found["contrasts"][0]
    assert weighed["icer"] == pytest.approx(plain["delta_cost"] / (1.2 * plain["delta_qaly"]))
    assert weighed["inmb"]["25000"] == pytest.approx(25_000 * 1.2 * plain["delta_qaly"] - plain["delta_cost"])


def test_severity_needs_rules_that_weigh_it(toy: Evaluation):
    assert toy.summary()["severity"] is None


# ------------------------------------------------------------------------------------------------ trials
def test_value_of_a_trial_where_it_is_known():
    """Net benefit linear in two normal parameters: closed form, each with as many patients' worth of knowledge."""
    rng = np.random.default_rng(5)
    known = rng.normal(size=(40_000, 2)) * [2.0, 1.0] + [0.0, 3.0]
    benefit = 10.0 * known[:, 0] + 30.0 * known[:, 1] - 70.0
    cost = np.column_stack((np.zeros(len(known)), -benefit))
    effect = np.zeros_like(cost)
    prior, sizes = np.array([50.0, 400.0]), [10, 100, 1000]
    fit = fitted(cost, effect, [1.0], known)
    found = sample_information(fit, checked_draws(cost, effect, [1.0]).less(0), known, prior, sizes)
    for n, value in zip(sizes, found[:, 0], strict=True):
        sd = sqrt((10.0 * 2.0) ** 2 * n / (n + 50.0) + 30.0**2 * n / (n + 400.0))
        assert value == pytest.approx(loss(20.0, sd), abs=0.15)
    whole = evppi(cost, effect, [1.0], known, fit=fit)
    assert whole.value[0] == pytest.approx(loss(20.0, sqrt(20.0**2 + 30.0**2)), abs=0.15)
    assert whole.value[0] == evppi(cost, effect, [1.0], known).value[0]
    assert (np.diff(found[:, 0]) > 0.0).all()
    assert found[-1, 0] < whole.value[0]


def test_shares_removed_follow_the_slopes():
    rng = np.random.default_rng(6)
    known = np.linalg.qr(rng.normal(size=(500, 3)) - 0.0)[0]
    known -= known.mean(axis=0)
    known = np.linalg.qr(known)[0] * np.sqrt(500.0)
    benefit = known @ [1.0, 2.0, 0.0]
    shares = removed(known, benefit, np.array([10.0, 30.0, 1.0]), [20])
    assert shares[0] == pytest.approx(0.2 * 20 / 30 + 0.8 * 20 / 50, rel=1e-9)
    assert removed(np.ones((5, 1)), np.arange(5.0), np.array([3.0]), [10]) == pytest.approx(0.0)


def test_what_knowledge_is_worth():
    assert worth_of(Utility.model_validate({"value": 0.7, "se": 0.05, **STATED})) == pytest.approx(0.21 / 0.0025 - 1.0)
    assert worth_of(Money.model_validate({"value": 100.0, "cv": 0.2, **STATED})) == pytest.approx(25.0)
    assert worth_of(Size.model_validate({"value": 70.0, "se": 1.5, "between": 15.0, **STATED})) == pytest.approx(100.0)
    assert worth_of(Money.model_validate({"value": 100.0, **STATED})) == np.inf


def test_rates_and_survival_are_worth_the_patients_of_their_trial(toy: Evaluation):
    case = toy.case
    names = [next(n for n in toy.draws.groups[g] if n.startswith(p)) for g, p in
             (("toxicity", "toxicity: bevacizumab."), ("survival", "survival: "))]  # fmt: skip
    assert list(prior_sizes(case, names)) == [227.0, 226.0]


def test_trials_are_worth_more_the_larger_and_less_than_all_there_is_to_know(toy: Evaluation):
    rows = toy.summary()["evsi"]
    assert {r["informs"] for r in rows} == set(toy.draws.groups)
    for group in toy.draws.groups:
        for wtp in toy.priced:
            own = [r for r in rows if r["informs"] == group and r["wtp"] == wtp]
            values = [r["evsi"] for r in own]
            assert values == sorted(values)
            assert values[-1] <= own[0]["evppi"]
            assert own[0]["population"] == pytest.approx(values[0] * toy.summary()["population"]["patients"])
            assert own[0]["net_gain"] is None


def test_a_proposed_trial_is_weighed_against_its_cost(toy: Evaluation):
    trial = {
        "patients_per_arm": [100, 300], "informs": "survival", "years": 2.0, "today": 50,
        "cost": {"value": 1e6, **STATED}, "cost_per_patient": {"value": 2e4, **STATED},
    }  # fmt: skip
    question = type(toy.case.question).model_validate({**toy.case.question.model_dump(), "proposed_trial": trial})
    rows = replace(toy, case=replace(toy.case, question=question)).summary()["evsi"]
    assert {(r["informs"], r["patients_per_arm"]) for r in rows} == {("survival", 100), ("survival", 300)}
    later = 1000.0 * (1.03**-2 - 1.03**-5) / np.log(1.03)
    for r in rows:
        assert r["cost"] == pytest.approx(1e6 + 2 * 2e4 * r["patients_per_arm"])
        assert r["population"] == pytest.approx(r["evsi"] * later)
        assert r["net_gain"] == pytest.approx(r["population"] - r["cost"])


# ------------------------------------------------------------------------------------------------ prices, grids
def test_at_the_value_based_price_the_net_benefit_is_nothing(toy: Evaluation):
    for row in toy.summary()["value_based_prices"]:
        assert row["drug"] == "bevacizumab"
        cost, qaly = increments(toy.case, {"price.bevacizumab": [row["factor"]]}, "bevacizumab")
        assert row["threshold"] * qaly[0] - cost[0] == pytest.approx(0.0, abs=1e-6)


def test_at_the_drawn_price_the_mean_net_benefit_is_nothing(toy: Evaluation):
    """By hand: all draws' costs with the drug at the factor found; vials at their mean price times the factor."""
    drawn = toy.draws
    assert drawn is not None
    spent = drawn.drug_cost["bevacizumab"]
    assert sum(drawn.drug_cost.values()) == pytest.approx(drawn.by_category["drugs"], rel=1e-9)
    for row in toy.summary()["value_based_prices"]:
        cost = drawn.cost + (row["factor_draws"] - 1.0) * spent
        net = row["threshold"] * drawn.qaly - cost
        assert (net[:, 1] - net[:, 0]).mean() == pytest.approx(0.0, abs=1e-6)
        assert row["weight"] is row["factor_weighted"] is row["factor_draws_weighted"] is None
        for vial in row["vials"]:
            assert vial["price_draws"] / vial["price"] == pytest.approx(row["factor_draws"] / row["factor"])
    assert drawn_factor(drawn, "bevacizumab", 0.0, "bevacizumab") is None  # even for nothing it costs something


def test_a_drug_costs_in_draws_what_its_price_says(case):
    """The price of a drug doubled in the file doubles its cost in every draw and changes nothing else."""
    vials = case.file.drugs["bevacizumab"].vials
    dearer = [v.model_copy(update={"price": v.price.model_copy(update={"value": 2.0 * v.price.value})}) for v in vials]
    drug = case.file.drugs["bevacizumab"].model_copy(update={"vials": tuple(dearer)})
    file = case.file.model_copy(update={"drugs": {**case.file.drugs, "bevacizumab": drug}})
    plain, double = (analyse(c, 6, 200, 3) for c in (case, replace(case, file=file)))
    spent = plain.drug_cost["bevacizumab"]
    assert double.cost == pytest.approx(plain.cost + spent, rel=1e-9)
    assert (spent[:, 0] == 0.0).all()


def test_weighted_prices_are_those_at_the_weighted_threshold(nice: Evaluation):
    for row in nice.summary()["value_based_prices"]:
        assert row["weight"] == 1.2
        cost, qaly = increments(nice.case, {f"price.{row['drug']}": [row["factor_weighted"]]}, row["strategy"])
        assert 1.2 * row["threshold"] * qaly[0] - cost[0] == pytest.approx(0.0, abs=1e-6)
        assert row["factor_draws"] is row["factor_draws_weighted"] is None
        assert all(v["price_draws"] is None for v in row["vials"])
    assert nice.summary()["severity"]["contrasts"][0]["icer_draws"] is None


# ------------------------------------------------------------------------------------------------ who is chosen
def test_choices_are_the_highest_net_benefit_at_every_threshold(toy: Evaluation):
    summary = toy.summary()
    for row in summary["choices"]:
        for name, chosen in row["structures"].items():
            benefit = summary["structures"][name]["contrasts"][0]["inmb"][f"{row['wtp']:g}"]
            assert chosen == ("bevacizumab" if benefit > 0.0 else "chemotherapy")
        net = row["wtp"] * toy.draws.qaly.mean(axis=0) - toy.draws.cost.mean(axis=0)
        assert row["draws"] == toy.strategies[int(net.argmax())]
        assert row["base"] == row["structures"]["clock_reset"]
    assert [r["strategy"] for r in summary["frontier_draws"]] == [r["strategy"] for r in summary["frontier"]]
    assert summary["structures"]["clock_reset"]["frontier"] == summary["frontier"]
    low, high = toy.draws.cost.mean(axis=0), toy.draws.qaly.mean(axis=0)
    ratio = (low[1] - low[0]) / (high[1] - high[0])
    assert summary["frontier_draws"][1]["icer"] == pytest.approx(ratio)


def test_models_are_counted_at_every_threshold(toy: Evaluation):
    """By hand: of three models that meet the figures one is worth it at 100,000, two at 200,000, all at 300,000."""
    models = [(10.0, 1e-4), (10.0, 0.5e-4), (10.0, 0.4e-4), (0.0, 1.0)]
    rows = tuple(Alternative(f"{i}", "", i < 3, Increment(*m), {}) for i, m in enumerate(models))
    found = ModelRange("bevacizumab", 100_000.0, rows, ())
    at = [models_at(found, t) for t in (90_000.0, 110_000.0, 220_000.0, 300_000.0)]
    assert [a["worth_it"] for a in at] == [0, 1, 2, 3]
    assert [a["changes_decision"] for a in at] == [False, True, True, False]
    assert all(a["below_base"] == 2 for a in at)
    assert at[1]["inmb_low"] == pytest.approx(110_000.0 * 0.4e-4 - 10.0)
    assert at[1]["inmb_median"] == pytest.approx(110_000.0 * 0.5e-4 - 10.0)
    summary = range_summary(toy, "bevacizumab", found)
    assert summary["icer_median"] == pytest.approx(200_000.0)
    assert [t["wtp"] for t in summary["thresholds"]] == list(toy.priced)
    none = replace(found, models=tuple(replace(m, increment=Increment(10.0, -1.0)) for m in rows))
    assert median_ratio(none) is None


def test_the_grid_is_each_pair_evaluated(toy: Evaluation):
    grid = toy.decisions.grids["bevacizumab"]
    bars = [b for b in toy.one_way["bevacizumab"].bars if b.group not in ("survival", "discounting", "horizon")]
    assert grid.names == (bars[0].name, bars[1].name)
    for i, j in ((0, 0), (3, 17), (20, 20)):
        pair = {grid.names[0]: [grid.first[i]], grid.names[1]: [grid.second[j]]}
        cost, qaly = increments(toy.case, pair, "bevacizumab")
        assert grid.inmb[i, j] == pytest.approx(toy.threshold * qaly[0] - cost[0], rel=1e-9)


def test_expected_loss_is_in_the_summary(toy: Evaluation):
    for row, loss_of in zip(toy.summary()["ceac"], toy.acceptability.expected_loss, strict=True):
        assert list(row["expected_loss"].values()) == pytest.approx(list(loss_of))


# ------------------------------------------------------------------------------------------------ subgroups
def test_a_subgroup_is_its_stratum_alone(toy: Evaluation):
    """By hand: only the cisplatin stratum's cells, only the regimens with cisplatin, the whole trial's stops."""
    case, trial = toy.case, toy.scenario.trial
    own = {"chemotherapy": "cisplatin_paclitaxel_gog240", "bevacizumab": "cisplatin_paclitaxel_bevacizumab"}
    alone = replace(
        case, mix=(1.0, 0.0), regimens={s: {name: (case.regimens[s][name][0], 1.0)} for s, name in own.items()}
    )
    books = [alone.outcomes(s, alone.integrated(s), Values.mean(case.file)) for s in case.arms]
    found = next(g for g in subgroups(case, trial) if g.name == "cisplatin_paclitaxel")
    assert found.increment.cost == pytest.approx(float(books[1].cost[0] - books[0].cost[0]))
    assert found.increment.qaly == pytest.approx(float(books[1].qaly[0] - books[0].qaly[0]))
    assert found.patients == {"chemotherapy": 114, "bevacizumab": 115}
    assert within(case, trial, ("cisplatin_paclitaxel",)).stops == case.stops


def test_only_what_was_randomised_is_a_subgroup():
    trial = Library().trial("keynote826")
    arms = {"a": "chemotherapy", "b": "chemotherapy_pembrolizumab"}
    whole = (0.1, 0.4, 0.5)
    found = randomised_subgroups(trial, arms, whole)
    assert found == {"cps_lt1": ("cps_lt1",), "cps_1_9": ("cps_1_9",), "cps_ge10": ("cps_ge10",),
                     "cps_ge1": ("cps_1_9", "cps_ge10")}  # fmt: skip
    assert not [name for name in found if "bevacizumab" in name]
    assert set(randomised_subgroups(trial, arms, (0.0, 0.4, 0.6))) == {"cps_1_9", "cps_ge10"}
    assert randomised_subgroups(trial, arms, (0.0, 0.0, 1.0)) == {}
    assert randomised_subgroups(trial.model_copy(update={"design": "series"}), arms, whole) == {}
    strata = {**trial.strata, "cps_lt1": trial.strata["cps_lt1"].model_copy(update={"n": {"chemotherapy": 34}})}
    assert "cps_lt1" not in randomised_subgroups(trial.model_copy(update={"strata": strata}), arms, whole)
