"""A scenario end to end: the agreed layout of `summary.json`, its values, and what must not change them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulate as sim
from simulate.analytic import solve
from simulate.errors import InputError
from simulate.model import JointModel
from simulate.scenario import Result

BEV, CHEMO = "chemotherapy_bevacizumab", "chemotherapy"
N = 200_000
SMALL = 4_000
ENDPOINTS = ("os", "pfs", "ttp", "pps")


@pytest.fixture(scope="module")
def result() -> Result:
    return sim.load("bevacizumab").run(patients=N, seed=1)


@pytest.fixture(scope="module")
def summary(result) -> dict:
    return json.loads(json.dumps(result.summary(), allow_nan=False))


@pytest.fixture(scope="module")
def plain() -> dict:
    """Summary of a small run with nothing changed."""
    return small()


def small(**options) -> dict:
    """Summary of a small run."""
    load = {k: options.pop(k) for k in ("overrides", "params") if k in options}
    return sim.load("bevacizumab", **load).run(patients=SMALL, seed=3, **options).summary()


# ------------------------------------------------------------------------------------------------ layout
def test_top_level(summary):
    assert list(summary) == ["scenario", "seed", "patients", "strategies", "contrasts"]
    assert (summary["scenario"], summary["seed"], summary["patients"]) == ("bevacizumab", 1, N)
    assert list(summary["strategies"]) == [CHEMO, BEV]


def test_endpoints_of_a_strategy(summary):
    for strategy in summary["strategies"].values():
        assert {"endpoints", "toxicities"} <= strategy.keys()
        assert set(strategy["endpoints"]) == set(ENDPOINTS)
        for endpoint in strategy["endpoints"].values():
            assert {"median", "median_mc_error", "rmst", "landmarks"} <= endpoint.keys()
            assert endpoint["median_mc_error"] > 0
            assert {"tau", "value"} <= endpoint["rmst"].keys()
            assert list(endpoint["landmarks"]) == ["6", "12", "24", "36"]
            values = list(endpoint["landmarks"].values())
            assert all(isinstance(v, float) and 0 <= v <= 1 for v in values)
            assert values == sorted(values, reverse=True)


def test_toxicities_of_a_strategy(summary):
    for strategy in summary["strategies"].values():
        for toxicity in strategy["toxicities"].values():
            assert {"grade", "rate"} <= toxicity.keys()
            assert isinstance(toxicity["grade"], str)
            assert 0 <= toxicity["rate"] <= 1
    assert summary["strategies"][CHEMO]["toxicities"].keys() == summary["strategies"][BEV]["toxicities"].keys()


def test_contrasts(summary):
    assert [(c["strategy"], c["comparator"], c["endpoint"]) for c in summary["contrasts"]] == [
        (BEV, CHEMO, "os"),
        (BEV, CHEMO, "pfs"),
    ]
    wanted = {"follow_up", "hazard_ratio", "mc_error", "hazard_ratio_uncensored", "rmst_difference"}
    for contrast in summary["contrasts"]:
        assert wanted <= contrast.keys()
        assert all(isinstance(contrast[k], float) for k in wanted - {"follow_up"})


def test_follow_up_is_that_of_the_reporting_analysis(summary):
    labels = {c["endpoint"]: c["follow_up"] for c in summary["contrasts"]}
    assert labels == {"os": "final analysis, 348 deaths", "pfs": "second interim analysis, 271 deaths"}
    cutoffs = {c["endpoint"]: c["cutoff"] for c in summary["contrasts"]}
    assert cutoffs["pfs"] < cutoffs["os"]


# ------------------------------------------------------------------------------------------------ values
@pytest.mark.parametrize(
    ("strategy", "endpoint", "reported"),
    [(CHEMO, "os", 13.3), (BEV, "os", 16.8), (CHEMO, "pfs", 5.9), (BEV, "pfs", 8.2)],
)
def test_medians_are_those_reported(summary, strategy, endpoint, reported):
    """Within 1 %; the Monte Carlo error at 200,000 patients is below 0.3 %, so that bound is more than 3 of them."""
    found = summary["strategies"][strategy]["endpoints"][endpoint]
    assert found["median_mc_error"] < 0.003 * reported
    assert found["median"] == pytest.approx(reported, rel=0.01)


@pytest.mark.parametrize(("endpoint", "reported"), [("os", 0.77), ("pfs", 0.67)])
def test_hazard_ratios_are_those_reported(summary, endpoint, reported):
    """Within 0.01; the paired Monte Carlo error at 200,000 patients is below 0.002."""
    found = next(c for c in summary["contrasts"] if c["endpoint"] == endpoint)
    assert found["mc_error"] < 0.002
    assert found["hazard_ratio"] == pytest.approx(reported, abs=0.01)


@pytest.mark.parametrize(
    ("event", "grade", "treated", "control"),
    [
        ("hypertension", ">=2", 55, 4),
        ("venous_thromboembolism", ">=3", 18, 4),
        ("fistula", "any", 32, 3),
        ("fistula", "3", 13, 1),
    ],
)
def test_toxicity_is_that_reported(summary, event, grade, treated, control):
    """Within 0.3 points of events / 220; 3 standard errors at 200,000 patients are 0.3 points for a rate of 25 %."""
    for strategy, events in ((BEV, treated), (CHEMO, control)):
        rates = summary["strategies"][strategy]["toxicities"][event]["grades"]
        p = events / 220
        assert 3 * math.sqrt(p * (1 - p) / N) < 0.003
        assert rates[grade] == pytest.approx(p, abs=0.003)


def test_every_number_agrees_with_the_integrated_model(result, summary):
    """Within 5 standard errors, 0.5 / sqrt(n) of a share at most; PPS over those who progressed."""
    mix = result.scenario.mix
    outcomes = solve(result.calibration.model, [CHEMO, BEV], horizon=120.0, mix=mix)
    for strategy, outcome in outcomes.items():
        progressed = float(outcome.curves.progressed[-1])
        assert 0.5 < progressed < 1.0
        for endpoint in ENDPOINTS:
            found = summary["strategies"][strategy]["endpoints"][endpoint]
            n = N * (progressed if endpoint == "pps" else 1.0) * (0.3 if endpoint == "ttp" else 1.0)
            for months, value in found["landmarks"].items():
                # TTP loses patients to death: fewer at risk late, so its bound takes 30 % of them
                assert value == pytest.approx(outcome.landmark(endpoint, float(months)), abs=5 * 0.5 / math.sqrt(n))
            assert found["rmst"]["value"] == pytest.approx(outcome.rmst(endpoint, found["rmst"]["tau"]), abs=0.15)


def test_rmst_differences_are_differences_of_the_means(summary):
    for contrast in summary["contrasts"]:
        treated, control = (summary["strategies"][s]["endpoints"][contrast["endpoint"]]["rmst"] for s in (BEV, CHEMO))
        assert contrast["rmst_difference"] == pytest.approx(treated["value"] - control["value"], abs=1e-9)


def test_months_in_the_states_add_up_to_survival(result):
    """Undiscounted time before and after progression, to the horizon, is the mean of OS to the horizon."""
    for name, counts in result.counts.items():
        assert counts.rates[0] == 0.0
        months = counts.time_sum[:, 0, :].sum() / counts.patients
        assert months == pytest.approx(result.survival("os")[name].rmst(120.0).value, abs=1e-3)
        free = counts.time_sum[:, 0, counts.states.index("progression_free")].sum() / counts.patients
        assert free == pytest.approx(result.survival("pfs")[name].rmst(120.0).value, abs=1e-3)


def test_pps_is_counted_over_those_who_progressed(result):
    rows = pd.concat(result.rows(patients=SMALL))
    for _, own in rows.groupby("strategy", observed=True):
        assert own.loc[own["progressed"], "pps"].notna().all()
        assert own.loc[~own["progressed"], "pps"].isna().all()
        share = own["progressed"].mean()
        assert 0.6 < share < 0.98
    fresh = sim.load("bevacizumab").run(patients=SMALL, seed=1)
    for name, own in rows.groupby("strategy", observed=True):
        curve = fresh.survival("pps")[name]
        assert curve.n == own["progressed"].sum()


# ------------------------------------------------------------------------------------------------ rows
def test_rows_are_the_same_persons_under_every_strategy(result):
    rows = pd.concat(result.rows(patients=SMALL))
    assert (rows["pfs"] <= rows["os"]).all()
    persons = {name: own.set_index("patient") for name, own in rows.groupby("strategy", observed=True)}
    assert list(persons[CHEMO].index) == list(persons[BEV].index) == list(range(SMALL))
    assert (persons[CHEMO]["stratum"] == persons[BEV]["stratum"]).all()
    # common random numbers: who progresses late under one strategy tends to do so under the other
    assert np.corrcoef(persons[CHEMO]["pfs"].rank(), persons[BEV]["pfs"].rank())[0, 1] > 0.9


def test_rows_in_pieces_are_the_rows(result):
    whole = pd.concat(result.rows(patients=3000), ignore_index=True)
    pieces = pd.concat(result.rows(patients=3000, chunk=1000), ignore_index=True)
    pd.testing.assert_frame_equal(whole, pieces)


def test_rows_and_counts_are_the_same_cohort():
    run = sim.load("bevacizumab").run(patients=SMALL, seed=5)
    rows = pd.concat(run.rows())
    for name, own in rows.groupby("strategy", observed=True):
        for months in (6.0, 12.0, 24.0):
            days = round(months * 30.4375)
            assert run.survival("os")[name].at(days / 30.4375) == pytest.approx(
                (own["os"] * 30.4375 >= days).mean(), abs=1e-9
            )


# ------------------------------------------------------------------------------------------------ what changes what
def test_the_population_restricts_the_mix():
    everyone = sim.load("bevacizumab")
    assert everyone.mix == pytest.approx((229 / 452, 223 / 452))
    backbone = sim.load("bevacizumab", overrides={"population": "cisplatin_paclitaxel"})
    assert backbone.mix == (1.0, 0.0)
    run = backbone.run(patients=SMALL, seed=1)
    rows = pd.concat(run.rows())
    assert set(rows["stratum"].unique()) == {"cisplatin_paclitaxel"}
    reported = run.survival("os").reported_medians()
    assert reported == {CHEMO: 15.0, BEV: 17.5}


def test_the_order_of_strategies_changes_no_number(plain):
    flow = "{{{}: {{arm: {}, label: a}}, {}: {{arm: {}, label: b}}}}"
    one = small(overrides={"strategies": flow.format(CHEMO, CHEMO, BEV, BEV)})
    other = small(overrides={"strategies": flow.format(BEV, BEV, CHEMO, CHEMO)})
    assert one == other == plain


def test_threads_change_no_number(plain):
    assert small(threads=1) == small(threads=2) == plain


def test_swapping_the_comparator_inverts_the_contrast(plain):
    swapped = small(overrides={"comparator": BEV})
    assert plain["strategies"] == swapped["strategies"]
    for a, b in zip(plain["contrasts"], swapped["contrasts"], strict=True):
        assert (b["strategy"], b["comparator"]) == (CHEMO, BEV)
        assert b["rmst_difference"] == pytest.approx(-a["rmst_difference"], abs=1e-9)
        assert b["hazard_ratio"] == pytest.approx(1 / a["hazard_ratio"], rel=1e-6)


def test_another_name_of_a_strategy_changes_no_number(plain):
    flow = f"{{plain: {{arm: {CHEMO}, label: a}}, more: {{arm: {BEV}, label: b}}}}"
    renamed = small(overrides={"strategies": flow, "comparator": "plain"})
    assert renamed["strategies"]["plain"] == plain["strategies"][CHEMO]
    assert renamed["strategies"]["more"] == plain["strategies"][BEV]
    assert renamed["contrasts"][0]["hazard_ratio"] == plain["contrasts"][0]["hazard_ratio"]


def test_one_strategy_has_no_contrast(plain):
    alone = small(overrides={"strategies": f"{{{CHEMO}: {{arm: {CHEMO}, label: a}}}}"})
    assert alone["contrasts"] == []
    assert alone["strategies"] == {CHEMO: plain["strategies"][CHEMO]}


def test_three_strategies_may_share_an_arm(plain):
    flow = f"{{{CHEMO}: {{arm: {CHEMO}, label: a}}, b: {{arm: {BEV}, label: b}}, c: {{arm: {BEV}, label: c}}}}"
    scenario = sim.load("bevacizumab", overrides={"strategies": flow})
    run = scenario.run(patients=SMALL, seed=3)
    found = run.summary()
    assert [(c["strategy"], c["endpoint"]) for c in found["contrasts"]] == [(s, e) for s in "bc" for e in ("os", "pfs")]
    assert found["strategies"]["b"] == found["strategies"]["c"] == plain["strategies"][BEV]
    rows = pd.concat(run.rows())
    assert rows["strategy"].value_counts().to_dict() == {CHEMO: SMALL, "b": SMALL, "c": SMALL}


def test_discounting_does_not_touch_survival(plain):
    assert plain == small(overrides={"discounting.costs": "0.1", "discounting.method": "yearly"})


def test_patients_must_be_at_least_one():
    with pytest.raises(InputError, match="patients is 0; it must be at least 1"):
        sim.load("bevacizumab").run(patients=0)


def test_overrides_may_begin_a_section_that_the_scenario_leaves_out():
    """If they finish it; what they leave unfinished is said once, with how to write the whole of it."""
    rates = {"costs": "0", "effects": "0.015", "method": "yearly"}
    overrides = {f"economics.discounting.{k}": v for k, v in rates.items()}
    found = sim.load("bevacizumab_us", overrides=overrides).file.economics.discounting
    assert (found.costs, found.effects, found.method) == (0.0, 0.015, "yearly")
    with pytest.raises(InputError) as caught:
        sim.load("bevacizumab_us", overrides={"economics.discounting.costs": "0", "horizon": "far"})
    assert str(caught.value).splitlines() == [
        "--set economics.discounting.costs: the scenario has no economics.discounting, which needs effects, method "
        "too. Set it whole: --set 'economics.discounting={costs: 0, effects: …, method: …}'.",
        "--set horizon: 'far' is not a number.",
    ]
    with pytest.raises(InputError, match=r"no field 'economics\.discounting\.cost'\. Did you mean 'costs'"):
        sim.load("bevacizumab_us", overrides={"economics.discounting.cost": "0"})


@pytest.mark.parametrize(("age", "said"), [("147", "147 must be at most 110"), ("-1", "-1 must be at least 0")])
def test_an_age_is_one_that_people_have(age, said):
    with pytest.raises(InputError) as caught:
        sim.load("bevacizumab_us", overrides={"economics.start_age": age})
    assert str(caught.value) == f"--set economics.start_age: {said}."
    assert sim.load("bevacizumab_us", overrides={"economics.start_age": "110"}).file.economics.start_age == 110.0


def test_overrides_are_checked_against_the_trial_all_at_once():
    with pytest.raises(InputError) as refused:
        sim.load("bevacizumab", overrides={"population": "al", "follow_up.os": "finale", "comparator": "chemo"})
    assert len(refused.value.problems) == 3
    assert all("--set" in p.file for p in refused.value.problems)


def test_an_overlay_file_stands_before_the_bundled_one(tmp_path, root):
    folder = tmp_path / "params" / "scenarios"
    folder.mkdir(parents=True)
    text = (root / "params/scenarios/bevacizumab.yaml").read_text()
    (folder / "bevacizumab.yaml").write_text(text.replace("seed: 1", "seed: 77"))
    scenario = sim.load("bevacizumab", params=tmp_path / "params")
    assert scenario.file.seed == 77
    used = {f.name: f.folder for f in scenario.library.provenance()}
    assert used["scenarios/bevacizumab.yaml"] == str(tmp_path / "params")
    assert used["trials/gog240.yaml"] != str(tmp_path / "params")


# ------------------------------------------------------------------------------------------------ stored models
def test_a_stored_model_in_a_fresh_process_gives_the_same_bits(result, plain, tmp_path):
    """JSON prints the shortest text that reads back as the same number, so equal text is equal bits."""
    path = tmp_path / "model.json"
    path.write_text(result.calibration.model.to_json())
    assert JointModel.from_json(path.read_text()) == result.calibration.model
    code = (
        "import json, sys, simulate as sim; from pathlib import Path; from simulate.model import JointModel\n"
        f"model = JointModel.from_json(Path({str(path)!r}).read_text())\n"
        f"run = sim.load('bevacizumab').run(patients={SMALL}, seed=3, model=model, threads=1)\n"
        "print(json.dumps(run.summary()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == json.dumps(plain) + "\n"


def test_a_stored_model_is_what_is_simulated(result, plain):
    from dataclasses import replace

    model = result.calibration.model
    cells = {
        k: replace(c, pfs=c.pfs.with_hazard_ratio(0.5)) if k[0] == BEV else c for k, c in model.cells.items()
    }  # fmt: skip
    changed = small(model=replace(model, cells=cells))
    assert changed["strategies"][CHEMO] == plain["strategies"][CHEMO]
    assert changed["strategies"][BEV]["endpoints"]["pfs"]["median"] > 10


def test_another_trials_model_is_refused():
    from simulate.calibration import calibrate

    other = calibrate(sim.Library().trial("jcog0505")).model
    with pytest.raises(InputError, match="stored model is of 'jcog0505'"):
        small(model=other)


# ------------------------------------------------------------------------------------------------ objects
def test_result_offers_table_curves_and_figures(result, tmp_path):
    frame = result.to_df()
    assert list(frame["endpoint"]) == ["os", "pfs"]
    curves = result.survival("pfs")
    table = curves.summary()
    assert list(table["reported"]) == [5.9, 8.2]
    assert (table["median"] / table["reported"] - 1).abs().max() < 0.01
    ax = curves.plot()
    drawn = " ".join(t.get_text() for t in ax.figure.findobj(lambda o: hasattr(o, "get_text")))
    assert "5.9" in drawn
    assert "8.2" in drawn
    path = curves.save(tmp_path / "pfs.csv")
    saved = pd.read_csv(path)
    assert list(saved.columns) == ["months", CHEMO, BEV]
    assert saved.loc[0, BEV] == 1.0
    assert len(saved) == 121


def test_progress_counts_up_to_every_patient():
    seen: list[tuple[int, int]] = []
    sim.load("bevacizumab").run(patients=SMALL, seed=3, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2 * SMALL, 2 * SMALL)
    assert [d for d, _ in seen] == sorted(d for d, _ in seen)


def test_question_takes_follow_up_and_mix_from_the_scenario():
    question = sim.load("bevacizumab").question(BEV)
    assert question.arms == (BEV, CHEMO)
    assert question.follow_up["os"] == pytest.approx((32.92, 59.006), abs=0.01)
    assert question.mix == pytest.approx((229 / 452, 223 / 452))


def test_an_own_trial_file_runs(tmp_path, root):
    """The small library of the evidence tests, run end to end."""
    folder = Path(root / "tests/evidence/data/library")
    run = sim.load("question", params=folder).run(patients=SMALL, seed=1)
    assert set(run.summary()["strategies"]) == set(run.scenario.strategies)
