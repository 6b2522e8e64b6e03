"""Pathways: shares of patients, models behind regimens, count once, and the kernel against integration."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import simulate as sim
from simulate.analytic import crossing_time
from simulate.errors import InputError
from simulate.evidence.condition_schema import Condition
from simulate.evidence.population_schema import Level
from simulate.model.types import ArmModel, Distribution
from simulate.pathways import effects
from simulate.pathways.background import life_table
from simulate.pathways.bias import biased, e_value
from simulate.pathways.count_once import count_once
from simulate.pathways.integrated import Integrated
from simulate.pathways.marginal import SURVIVAL, Mix, around
from simulate.pathways.oracle import integrate, strata_of
from simulate.pathways.profiles import combinations, marginal, meets
from simulate.pathways.residual import solve_residual
from simulate.pathways.setting import assemble
from simulate.survival import SurvivalCurve

WEIBULL = Distribution("weibull", (1.2, 10.0))


@pytest.fixture(scope="session")
def result(scenario):
    return scenario.run(patients=400_000, seed=11)


# ------------------------------------------------------------------------------------------------ patients
@pytest.mark.parametrize(
    ("level", "condition", "expected"),
    [
        (Level(value=1), {"is": 1}, True),
        (Level(value=1), {"is": True}, False),
        (Level(value=True), {"is": True}, True),
        (Level(value="squamous"), {"any_of": ["squamous", "other"]}, True),
        (Level(min=0, max=5), {"min": 3}, False),
        (Level(min=6, max=240), {"min": 6}, True),
        (Level(min=6), {"max": 100}, False),
        (Level(value=2), {"max": 1}, False),
        (Level(value="yes"), {"min": 0}, False),
    ],
)
def test_a_level_meets_a_condition_with_all_of_its_patients(level, condition, expected):
    assert meets(level, Condition.model_validate(condition)) is expected


def test_shares_are_those_of_the_file(library):
    patients = library.patients("routine")
    found = combinations(patients, ["ecog"])
    assert sum(s for s, _ in found) == pytest.approx(1.0)
    assert marginal(patients, "ecog") == pytest.approx({"zero": 0.38, "one": 0.41, "two": 0.21})


def test_classes_carry_the_shares_of_their_patients(scenario):
    plan = scenario.plan
    assert sum(c.share for c in plan.classes) == pytest.approx(1.0)
    poor = sum(c.share for c in plan.classes if c.profile["ecog"] == "two")
    assert poor == pytest.approx(0.21)
    nothing = [t.steps[0] is None for t in plan.treatments["policy"]]
    assert sum(c.share for c, none in zip(plan.classes, nothing, strict=True) if none) == pytest.approx(0.21)


def test_a_rule_may_ask_what_was_given_before(scenario):
    for t in scenario.plan.treatments["policy"]:
        second, third = t.steps[1:]
        assert (second is None) == (third is None)


# ------------------------------------------------------------------------------------------------ models
def test_a_mixture_of_prognoses_keeps_the_median(library):
    table = life_table(library, "ssa_female_2023")
    hazards = [table.hazard(50.0), table.hazard(75.0)]
    mix = Mix((0.5, 0.3, 0.2), (1.0, 1.5, 3.0), (hazards[0], hazards[1], hazards[1]))
    found = around(WEIBULL, mix)
    cuts = np.append(WEIBULL.inverse_cumulative_hazard(found.levels), WEIBULL.quantile(1.0 - SURVIVAL[-1]))
    assert WEIBULL.survival(cuts) == pytest.approx(SURVIVAL)
    among = found.of(WEIBULL)
    alive = sum(
        s * np.exp(-r * among.cumulative_hazard(cuts) - b.time.cumulative_hazard(cuts))
        for s, r, b in zip(mix.shares, mix.ratios, mix.background, strict=True)
    )
    assert alive == pytest.approx(SURVIVAL, abs=1e-9)


def test_without_other_deaths_the_factors_serve_every_curve():
    mix = Mix((0.6, 0.4), (1.0, 3.0), (None, None))
    found = around(WEIBULL, mix)
    other = Distribution("loglogistic", (1.7, 6.0)).with_hazard_ratio(0.8)
    t = np.array([0.5, 2.0, other.median, 20.0, 60.0])
    among = found.of(other).cumulative_hazard(t)
    alive = 0.6 * np.exp(-among) + 0.4 * np.exp(-3.0 * among)
    assert alive == pytest.approx(other.survival(t), abs=0.002)
    at = other.inverse_cumulative_hazard(found.levels)
    among = found.of(other).cumulative_hazard(at)
    assert 0.6 * np.exp(-among) + 0.4 * np.exp(-3.0 * among) == pytest.approx(other.survival(at), abs=1e-8)


def test_a_cured_share_stays_cured():
    mix = Mix((0.6, 0.4), (1.0, 3.0), (None, None))
    cured = Distribution("weibull", (1.2, 10.0), 0.2)
    among = around(cured, mix).of(cured)
    at = np.array([2.0, 8.0, 20.0, 400.0])
    alive = 0.6 * among.survival(at) + 0.4 * among.survival(at) ** 3
    assert alive == pytest.approx(cured.survival(at), abs=0.004)


def test_a_life_table_is_followed_to_the_birthday(library):
    table = life_table(library, "ssa_female_2023")
    hazard = table.hazard(50.5).time
    expected = -0.5 * math.log1p(-table.probability[50]) - math.log1p(-table.probability[51])
    assert hazard.cumulative_hazard(18.0) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(InputError, match="not in the life table"):
        table.hazard(150.0)


def test_an_effect_taken_to_its_own_control_gives_the_arm_back():
    control = ArmModel(WEIBULL, 0.2, Distribution("weibull", (1.0, 8.0)))
    treated = ArmModel(WEIBULL.with_hazard_ratio(0.6), 0.3, Distribution("weibull", (1.0, 10.0)))
    again = effects.apply(control, effects.effect(treated, control))
    t = np.array([1.0, 5.0, 12.0, 30.0])
    assert again.pfs.survival(t) == pytest.approx(treated.pfs.survival(t), rel=1e-9)
    assert again.pps.survival(t) == pytest.approx(treated.pps.survival(t), rel=1e-9)
    assert again.death_share == pytest.approx(0.3)
    half = effects.pulled(treated, control, 0.5)
    expected = WEIBULL.with_hazard_ratio(math.sqrt(0.6)).survival(t)
    assert half.pfs.survival(t) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "time",
    [
        WEIBULL,
        Distribution("lognormal", (2.0, 0.8)),
        Distribution("gompertz", (0.03, 0.02)),
        Distribution("loglogistic", (1.6, 9.0)),
        Distribution("gengamma", (2.0, 0.8, 0.5)),
        Distribution("exponential", (7.0,), 0.2, (4.0,), (1.0, 2.0)),
    ],
)
def test_stretched(time):
    t = np.array([1.0, 4.0, 11.0, 36.0])
    assert effects.stretched(time, 1.7).survival(1.7 * t) == pytest.approx(time.survival(t), rel=1e-9)


def test_what_is_left_after_a_line_returns_the_whole():
    after = Distribution("weibull", (1.1, 10.0))
    era = ArmModel(Distribution("weibull", (1.2, 4.0)), 0.1, Distribution("weibull", (1.0, 6.0)))
    found = solve_residual(after, 0.6, era, 4.0)
    assert found.error < 0.02
    assert solve_residual(after, 0.0, era, 4.0).time == after


def test_bases_are_named(scenario):
    kinds = {regimen: b.kind for (_, regimen), b in scenario.plan.bases.items()}
    assert kinds == {"old": "baseline", "new": "same trial", "second": "baseline", "third": "baseline"}


def test_an_anchored_regimen_starts_from_the_baseline(folder):
    """Extra's effect in the other trial on the first trial's patients: its HR, not its level, is carried."""
    extra = sim.load("lines", params=folder, overrides={"strategies.new.regimen": "extra"})
    basis = extra.plan.bases["first_line", "extra"]
    assert basis.kind == "anchored"
    assert basis.chain == ("other: extra v old",)
    model = extra.plan.lines.model("first_line", "extra", {})
    base = extra.plan.lines.model("first_line", "old", {})
    other = extra.plan.lines.evidence.calibration("other").model
    t = np.array([6.0, 12.0, 24.0])
    ratio = other.cells["extra", "all"].pfs.cumulative_hazard(t) / other.cells["old", "all"].pfs.cumulative_hazard(t)
    assert model.pfs.cumulative_hazard(t) / base.pfs.cumulative_hazard(t) == pytest.approx(ratio, rel=0.05)


def test_an_unconnected_regimen_must_be_marked(folder):
    with pytest.raises(InputError, match=r"connected with 'old' by no randomised comparison.*unanchored"):
        _ = sim.load("lines", params=folder, overrides={"strategies.new.regimen": "third"}).plan
    marked = sim.load("lines", params=folder, overrides={"strategies.new.regimen": "third", "unanchored": "[third]"})
    assert marked.plan.bases["first_line", "third"].kind == "unanchored"


# ------------------------------------------------------------------------------------------------ results
def test_the_era_returns_the_trial_within_2_percent(scenario):
    rows = count_once(Integrated(scenario.plan, scenario.file.horizon))
    assert {(r["regimen"], r["endpoint"]) for r in rows} == {(r, e) for r in ("old", "new") for e in ("os", "pfs")}
    assert all(abs(r["relative"]) < 0.02 for r in rows), rows


def test_the_kernel_agrees_with_integration(scenario, result):
    """Landmarks within 4.5 standard errors (24 comparisons: false alarm below 2e-4); time in states likewise."""
    n = result.patients
    for s in scenario.strategies:
        outcome = scenario.integrated(s)
        for endpoint in ("os", "pfs"):
            curve = SurvivalCurve.from_counts(result.counts[s], endpoint)
            for t in (3.0, 6.0, 12.0, 24.0):
                expected = outcome.landmark(endpoint, t)
                bound = 4.5 * math.sqrt(expected * (1.0 - expected) / n)
                assert abs(float(curve.at(t)) - expected) < bound, (s, endpoint, t)
        times = {
            x.state: (x.months, x.mc_error) for x in result.comparison.time_in_state if (x.strategy, x.rate) == (s, 0)
        }
        for state, months in outcome.time_in_state().items():
            if months > 1e-6:
                simulated, error = times[state]
                assert abs(simulated - months) < 5.0 * error + 1e-3, (s, state)


def test_the_same_patients_under_every_strategy(result):
    rows = {frame["strategy"].iloc[0]: frame for frame in result.rows(patients=5000)}
    assert (rows["old"]["patient_class"].to_numpy() == rows["new"]["patient_class"].to_numpy()).all()
    assert (rows["old"]["pfs"] <= rows["old"]["os"]).all()


def test_a_modifier_keeps_the_trials_rate_and_spares_the_others(scenario, result):
    """30 of 200 in the trial, of whom 80 % irradiated: 18.75 % of the irradiated, none of the others."""
    plan = scenario.plan
    n = result.counts["new"].patients
    name = next(e for e in plan.events if e.startswith("fistula"))
    counted = result.counts["new"].toxicity[name].sum(axis=0)
    share = 0.7 * 0.15 / 0.8
    assert abs(counted[1] / n - share) < 4.5 * math.sqrt(share * (1 - share) / n)


def test_reports_are_written(result, tmp_path):
    out = result.save(tmp_path / "out", save_patients=True)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["strategies"]["new"]["endpoints"]["os"]["median"] > 10
    page = (out / "report.html").read_text()
    for words in ("Who gets what", "Where each model comes from", "Nothing is counted twice", "supportive care only"):
        assert words in page
    assert (out / "states.png").stat().st_size > 10_000
    assert (out / "patients.csv").read_text().count("\n") == len(result.scenario.plan.classes) + 1


# ------------------------------------------------------------------------------------------------ bias
def test_bias_scenarios_reach_from_the_series_to_no_effect(scenario):
    plan = scenario.plan
    base, full = (integrate(plan.graphs[s], 60.0).os for s in ("old", "new"))
    none, half = biased(full, base, 1.0), biased(full, base, 0.5)
    assert none == pytest.approx(base, rel=1e-9)
    assert crossing_time(base) < crossing_time(half) < crossing_time(full)
    led = biased(full, base, 0.0, 0.75)
    assert crossing_time(led) == pytest.approx(0.75 * crossing_time(full), abs=2 / 30)


def test_half_of_a_hazard_ratio_is_its_square_root_whatever_the_structure():
    """Exponential survival at rates 0.02 and 0.08 a day: half of the log ratio gives the geometric mean, 0.04."""
    days = np.arange(401.0)
    half = biased(np.exp(-0.02 * days), np.exp(-0.08 * days), 0.5)
    assert half == pytest.approx(np.exp(-0.04 * days), rel=1e-9)
    # beyond the end of the curve its last hazard goes on
    assert biased(np.exp(-0.02 * days), np.exp(-0.08 * days), 0.0, 0.5) == pytest.approx(np.exp(-0.04 * days), rel=1e-9)


def test_bias_in_the_summary(folder):
    with_bias = sim.load(
        "lines",
        params=folder,
        overrides={"selection_bias": "[{strategy: new, pull: [0, 0.5, 1], lead: [0, 3], why: x}]"},
    )
    one = with_bias.run(patients=2000).summary()["selection_bias"][0]
    assert one["rows"][-1]["gain"] == pytest.approx(0.0, abs=1e-6)
    assert one["e_value"] > 1.0
    assert 0.5 < one["lead_that_erases"] < 12.0


def test_e_value_of_a_known_ratio():
    """HR 0.5, common outcome: RR = (1 - 0.5^sqrt(0.5)) / (1 - 0.5^sqrt(2)); E = 1/RR + sqrt(1/RR (1/RR - 1))."""
    risk = (1 - 0.5**0.7071067811865476) / (1 - 0.5**1.4142135623730951)
    assert e_value(0.5) == pytest.approx(1 / risk + math.sqrt(1 / risk * (1 / risk - 1)))
    assert e_value(2.0) == pytest.approx(e_value(0.5))


def test_strata_can_be_integrated_alone(scenario):
    spec = scenario.plan.graphs["old"]
    whole = integrate(spec, 24.0).os
    parts = [integrate(strata_of(spec, [j]), 24.0).os * share for j, share in enumerate(spec.shares)]
    assert np.sum(parts, axis=0) == pytest.approx(whole)


def test_adding_a_regimen_is_one_file(folder, tmp_path):
    """A new regimen known by its hazard ratios only, in a folder of its own, run without any change of code."""
    (tmp_path / "regimens").mkdir()
    (tmp_path / "regimens" / "fresh.yaml").write_text(
        "id: fresh\nlabel: a fresh drug\nlines: [1]\nevidence: {trial: null, arm: null, why: known by its ratios}\n"
        "effects: [{against: old, pfs: 0.6, os: 0.7, source: tewari_2014, seen: seed}]\n",
        encoding="utf-8",
    )
    found = sim.load("lines", params=[folder, tmp_path], overrides={"strategies.new.regimen": "fresh"})
    run = found.run(patients=20_000)
    medians = {s: run.summary()["strategies"][s]["endpoints"]["os"]["median"] for s in found.strategies}
    assert medians["new"] > medians["old"]


def test_count_once_without_later_lines(folder):
    plain = sim.load("lines", params=folder, overrides={"later_lines": "{}"})
    assert plain.plan.states == ("progression_free", "progressed")
    rows = count_once(Integrated(plain.plan, plain.file.horizon))
    assert all(abs(r["relative"]) < 0.02 for r in rows), rows
    assert assemble(plain.file, plain.library).classes == plain.plan.classes
