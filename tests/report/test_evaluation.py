"""The folder of an economic evaluation: its files, its figures, its page, all or nothing."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulate as sim
from simulate.economics.changes import increments
from simulate.errors import InputError
from simulate.plots import economics as plots
from simulate.report import cheers, evaluation_answer, evaluation_words
from simulate.report.evaluation_doses import doses_table
from simulate.report.evaluation_figures import draws_needed, evaluation_figures
from simulate.report.evaluation_files import EVERY_EVALUATION, OF_ARMS, OF_PROGRESSION, WITH_DRAWS
from simulate.report.evaluation_inputs import inputs
from simulate.report.evaluation_page import evaluation_page
from simulate.report.evaluation_sensitivity import one_way_table
from simulate.report.writer import OUTPUTS
from simulate.scenario.evaluation import Evaluation, evaluate
from tests.report.conftest import HOSTILE
from tests.report.page import Page

PARAMS = Path(__file__).resolve().parent.parent / "economics" / "data" / "params"
SMALL = {"patients": 2000, "draw_patients": 60}
OWN = """
id: own
title: A model of one's own
strategies:
  old: {label: old}
  new: {label: new}
comparator: old
horizon: 60
own_model:
  unit: months
  arms:
    old:
      pfs: {family: exponential,
           parameters: {rate: {value: 0.1, se: 0.01, distribution: gamma, assumed: true, why: test}}}
      os: {family: weibull, parameters: {shape: {value: 1.2, assumed: true, why: test},
           scale: {value: 16.0, se: 1.0, distribution: lognormal, assumed: true, why: test}}}
    new:
      pfs: {family: exponential,
           parameters: {rate: {value: 0.07, se: 0.01, distribution: gamma, assumed: true, why: test}}}
      os: {family: weibull, parameters: {shape: {value: 1.2, assumed: true, why: test},
           scale: {value: 20.0, se: 1.0, distribution: lognormal, assumed: true, why: test}}}
      repeated: [{what: drug, cost: {value: 3000, cv: 0.1, assumed: true, why: test}, every: 1.0}]
economics: {setting: toy}
"""
# of a trial's arms with patients a year and uptake, nothing exported, without the range over models
DECIDED = ("budget_impact.csv", "budget_impact.svg", "budget_impact.png", "value_based_prices.csv", "subgroups.csv",
           "two_way.csv", "two_way.svg", "two_way.png")  # fmt: skip
OF_TRIALS = ("population.csv", "evsi.csv", "evsi.svg", "evsi.png")  # with draws besides
ALL = (*EVERY_EVALUATION, *OF_PROGRESSION, *WITH_DRAWS, *OF_ARMS, *DECIDED, *OF_TRIALS)


def evaluated(name: str | Path, draws: int = 120, **overrides: str) -> Evaluation:
    return evaluate(sim.load(name, params=PARAMS, overrides=overrides), draws=draws, **SMALL)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluated("toy")


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluation.save(tmp_path_factory.mktemp("evaluation") / "out", command="simulate evaluate toy --out out")


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, float_precision="round_trip")


# ------------------------------------------------------------------------------------------------ files
def test_every_output_is_written_and_nothing_else(folder: Path):
    assert sorted(p.name for p in folder.iterdir()) == sorted(ALL)
    assert all(p.stat().st_size > 60 for p in folder.iterdir())


def test_the_summary_is_strict_json_and_the_tables_agree_with_it(folder: Path, evaluation: Evaluation):
    def refuse(name: str) -> None:
        raise AssertionError(name)

    summary = json.loads((folder / "summary.json").read_text(), parse_constant=refuse)
    assert summary == json.loads(json.dumps(evaluation.summary()))
    strategies = table(folder, "strategies.csv").set_index("strategy")
    costs, qalys = table(folder, "costs.csv"), table(folder, "qalys.csv")
    for s, own in summary["strategies"].items():
        assert strategies.loc[s, "cost"] == own["cost"]
        assert strategies.loc[s, "psa_sd_qaly"] == pytest.approx(own["psa_sd"]["qaly"], rel=1e-12)
        mine = costs[costs["strategy"] == s]
        assert mine["total"].sum() == pytest.approx(own["cost"], rel=1e-9)
        assert (mine["uses"] * mine["price"]).to_numpy() == pytest.approx(mine["total"].to_numpy(), rel=1e-9)
        assert qalys[qalys["strategy"] == s]["total"].sum() == pytest.approx(own["qaly"], rel=1e-9)
    contrasts = table(folder, "contrasts.csv").set_index("structure")
    assert contrasts.loc["clock_reset", "icer"] == summary["contrasts"][0]["icer"]
    assert (
        contrasts.loc["partitioned", "inmb_100000"]
        == (summary["structures"]["partitioned"]["contrasts"][0]["inmb"]["100000"])
    )


def test_the_wide_tables_are_the_draws(folder: Path, evaluation: Evaluation):
    drawn = evaluation.draws
    assert drawn is not None
    costs, effects = table(folder, "costs_wide.csv"), table(folder, "effects_wide.csv")
    long, parameters = table(folder, "draws.csv"), table(folder, "parameters.csv")
    assert list(costs) == list(effects) == list(evaluation.strategies)
    assert (costs.to_numpy() == drawn.cost).all()
    assert (effects.to_numpy() == drawn.qaly).all()
    assert (long["ly_bevacizumab"].to_numpy() == drawn.ly[:, 1]).all()
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", name) for name in (*costs, *parameters))  # as formulas of R ask
    assert "utilities.states.progressed.utility" in parameters
    assert (parameters.to_numpy() == np.column_stack(list(drawn.parameters.values()))).all()
    assert len(parameters) == len(long) == len(drawn)


def test_acceptability_and_information(folder: Path, evaluation: Evaluation):
    ceac, evpi = table(folder, "ceac.csv"), table(folder, "evpi.csv")
    assert ceac.groupby("wtp")["probability"].sum().to_numpy() == pytest.approx(1.0)
    assert (ceac.groupby("wtp")["optimal"].sum() == 1).all()
    lowest = ceac.groupby("wtp")["expected_loss"].min().to_numpy()
    assert lowest == pytest.approx(evpi[evpi["about"] == "all"]["value"].to_numpy(), abs=1e-6)
    assert set(evpi["about"]) == {"all", *evaluation.draws.groups}


def test_traces_are_shares_by_month(folder: Path):
    traces = table(folder, "traces.csv")
    assert set(traces["structure"]) == {"simulation", "clock_reset", "clock_forward", "partitioned"}
    assert traces["month"].max() == 120
    assert traces[["progression_free", "progressed", "dead"]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert (traces[traces["month"] == 0]["progression_free"] == 1.0).all()


def test_inputs_have_every_number_of_the_file(folder: Path, evaluation: Evaluation):
    frame = table(folder, "inputs.csv").set_index("place")
    quantities = {".".join(map(str, p)) for p in evaluation.case.file.quantities()}
    assert quantities < set(frame.index)
    progressed = frame.loc["states.progressed.cost"]
    assert (progressed["printed"], progressed["unit"]) == (2702.0, "USD 2016")
    assert progressed["used"] == pytest.approx(2702.0 * 518.9 / 463.7)
    assert progressed["low"] < progressed["used"] < progressed["high"]
    assert frame.loc["drugs.cisplatin.vials.0.price", "distribution"] == "fixed"
    assert frame.loc["bodies.weight", "between"] == 15.0
    assert {"drugs.cisplatin.vials.0.mg", "toxicities.fistula.days", "index.values.0.value"} <= set(frame.index)
    assert len(frame) == len(inputs(evaluation.case))


def test_provenance_names_the_payer_and_the_files(folder: Path):
    doc = json.loads((folder / "provenance.json").read_text())
    assert doc["command"] == "simulate evaluate toy --out out"
    assert (doc["setting"], doc["reference_case"], doc["draws"], doc["trial"]) == ("toy", "toy", 120, "gog240")
    assert {i["file"] for i in doc["inputs"]} >= {"toy.yaml", "gog240.yaml", "sources.yaml"}
    assert "tewari_2017" in doc["sources"]


def test_without_draws_nothing_of_them_is_left(evaluation: Evaluation, folder: Path, tmp_path: Path):
    out = evaluation.save(tmp_path / "out")
    (out / "notes.txt").write_text("mine")
    replace(evaluation, draws=None).save(out)
    assert {p.name for p in out.iterdir()} == {*EVERY_EVALUATION, *OF_PROGRESSION, *OF_ARMS, *DECIDED, "notes.txt"}
    words = Page((out / "report.html").read_text()).words()
    assert "No draws were made" in words


def test_a_run_and_an_evaluation_do_not_lie_side_by_side(evaluation: Evaluation, result, tmp_path: Path):
    out = result.save(tmp_path / "out")
    assert (out / "fidelity.csv").exists()
    evaluation.save(out)
    assert {p.name for p in out.iterdir()} == set(ALL)
    result.save(out)
    assert {p.name for p in out.iterdir()} <= set(OUTPUTS)


def test_an_interrupt_leaves_nothing(evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from simulate.report import evaluation_writer

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation_writer, "write_figures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluation.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_same_evaluation_gives_the_same_files(folder: Path, tmp_path: Path):
    again = evaluated("toy").save(tmp_path / "out")
    for p in again.iterdir():
        if p.name not in ("provenance.json", "report.html"):
            assert p.read_bytes() == (folder / p.name).read_bytes(), p.name


# ------------------------------------------------------------------------------------------------ the page
def test_the_page_is_well_formed_and_needs_nothing_from_outside(text: str, page: Page):
    assert text.startswith("<!DOCTYPE html>")
    assert page.problems == []
    assert not {"script", "iframe", "img", "form", "object"} & set(page.tags)
    assert len(page.ids) == len(set(page.ids))
    targets = [v[1:] for _, k, v in page.attributes if k in ("href", "xlink:href") and v.startswith("#")]
    targets += [v for _, k, v in page.attributes if k == "aria-labelledby"]
    assert len(targets) > 40
    assert set(targets) <= set(page.ids)
    assert page.headings[0] == 1
    assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert {k: v for k, v in page.tables.items() if v != ["caption"]} == {}


def test_the_page_has_its_tables_and_figures(page: Page):
    assert {"strategies", "contrasts", "structures", "structure-levels", "account-book", "health-book", "information",
            "rules", "inputs-states", "inputs-fixed", "cheers-list", "versions", "inputs",
            "population", "budget-impact", "value-based-prices", "subgroups-bevacizumab", "evsi-150000",
            } <= set(page.tables)  # fmt: skip
    assert page.tags.count("figure") == 11
    assert {"figure-ce-plane", "figure-ceac", "figure-expected-loss", "figure-convergence"} <= set(page.ids)


def test_the_answer_says_the_numbers_in_words(page: Page, evaluation: Evaluation):
    words = page.words()
    c, d = evaluation.summary()["contrasts"][0], evaluation_words.drawn_contrast(evaluation, 1)
    assert f"costs USD {d['delta_cost']:,.0f} more than chemotherapy and gains {d['delta_qaly']:.3f} QALYs" in words
    assert f"costs USD {c['delta_cost']:,.0f} more and gains {c['delta_qaly']:.3f} QALYs" in words
    assert all(f"USD {x['icer']:,.0f} for each QALY gained" in words for x in (c, d))
    assert "for research and teaching" in words
    assert "No structure changes the choice at any threshold" in words
    assert "Monte Carlo standard errors" in words
    assert "life-years more than under the joint model" in words.lower()


def test_what_is_printed_is_the_number_rounded(page: Page):
    checked = 0
    for name, value, shown in page.numbers:
        found = re.fullmatch(r"(?:[A-Z]{3}\s)?([+−]?[\d,]+(?:\.(\d+))?)", shown.strip())
        if found is None:
            continue
        printed = float(found[1].replace("−", "-").replace(",", ""))
        assert math.isclose(printed, value, abs_tol=0.5000001 * 10.0 ** -len(found[2] or "")), (name, shown)
        checked += 1
    assert checked > 150


def test_cheers_has_its_28_items(page: Page, evaluation: Evaluation):
    items = cheers.items(evaluation)
    assert len(items) == 28
    assert all(i.status in ("reported", "in part", "not reported", "not applicable") for i in items)
    assert all(i.where in {"", *cheers.PLACES} and i.how for i in items)
    assert all(i.name in page.words() for i in items)


def test_every_input_is_on_the_page_with_its_mark(page: Page, evaluation: Evaluation):
    words = page.words()
    assert words.count("assumed") > len(evaluation.case.file.quantities())
    assert "printed 2,702 (USD 2016)" in words


def test_texts_of_users_are_escaped(tmp_path: Path):
    quoted = HOSTILE.replace("'", "''")
    overlay = tmp_path / "params"
    for kind in ("scenarios", "economics", "reference_cases"):
        (overlay / kind).mkdir(parents=True)
        found = (PARAMS / kind / "toy.yaml").read_text()
        for plain in ("An invented evaluation of bevacizumab", "chemotherapy + bevacizumab", "invented payer",
                      "invented rules", "nobody", "prices and values are invented"):  # fmt: skip
            found = found.replace(plain, f"'{quoted}'")
        (overlay / kind / "toy.yaml").write_text(found.replace("why: test", f"why: '{quoted}'"))
    found = evaluate(sim.load("toy", params=overlay), draws=30, **SMALL)
    written = found.save(tmp_path / "out", command=HOSTILE) / "report.html"
    hostile = written.read_text()
    page = Page(hostile)
    assert page.problems == []
    assert "script" not in page.tags
    assert "<script" not in hostile
    assert page.words().count(" ".join(HOSTILE.split())) > 40


# ------------------------------------------------------------------------------------------------ other scenarios
def test_one_strategy_alone_makes_a_report(tmp_path: Path):
    alone = tmp_path / "alone.yaml"
    lines = (PARAMS / "scenarios" / "toy.yaml").read_text().splitlines()
    kept = [x for x in lines if not x.startswith(("  bevacizumab:", "    bevacizumab:"))]
    alone.write_text("\n".join(kept).replace("id: toy", "id: alone"))
    out = evaluated(alone, draws=30).save(tmp_path / "out")
    page = Page((out / "report.html").read_text())
    assert "contrasts" not in page.tables
    assert "nothing to compare" in page.words()
    assert not (out / "ce_plane.png").exists()
    assert (out / "contrasts.csv").read_text().startswith("structure,strategy,comparator,delta_cost")


def test_a_model_of_ones_own_makes_a_report(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    found = evaluated(path, draws=100)
    out = found.save(tmp_path / "out", command="simulate evaluate own.yaml")
    page = Page((out / "report.html").read_text())
    assert page.problems == []
    assert "inputs-own-model" in page.tables
    assert "brings its own curves" in page.words()
    assert set(table(out, "traces.csv")["structure"]) == {"partitioned"}
    assert json.loads((out / "model.json").read_text())["unit"] == "months"
    assert {p.name for p in out.iterdir()} == {
        *EVERY_EVALUATION,
        *OF_PROGRESSION,
        *WITH_DRAWS,
        "one_way.csv",
        "tornado.svg",
        "tornado.png",
    }
    assert "one-way-new" in page.tables
    assert "states no correlation" in page.words()
    bars = table(out, "one_way.csv").set_index("name")
    places = [".".join(map(str, p)) for p, q in found.case.quantities().items() if q.standard_error > 0.0]
    assert {*places, "discount.costs", "horizon"} <= set(bars.index)
    drug = bars.loc["own_model.arms.new.repeated.0.cost"]
    assert drug["inmb_at_high"] < drug["inmb_at_low"]
    shown = found.summary()["contrasts"][0]
    assert bars.loc["horizon", "cost_at_high"] == pytest.approx(shown["delta_cost"])  # the horizon as evaluated


def test_a_strategy_that_dominates_is_said_to(evaluation: Evaluation):
    changed = replace(evaluation, draws=None)
    summary = json.loads(json.dumps(changed.summary()))
    for found in (summary, *summary["structures"].values()):
        c = found["contrasts"][0]
        c |= {"delta_cost": -100.0, "delta_qaly": 0.1, "icer": None, "reading": "dominates"}
    changed.__dict__["_summary"] = summary
    words = " ".join(evaluation_answer.answer(changed))
    assert "costs USD 100 less" in words.replace("\N{NO-BREAK SPACE}", " ")
    assert "it dominates" in words
    assert "Under every structure of the model chemotherapy + bevacizumab dominates." in words
    assert "dominates" in evaluation_page(changed, command="x")


# ------------------------------------------------------------------------------------------------ figures
def test_running_mean_and_error():
    values = np.random.default_rng(3).normal(5.0, 2.0, 400)
    mean, error = plots.running(values)
    for n in (2, 17, 400):
        assert mean[n - 1] == pytest.approx(values[:n].mean())
        assert error[n - 1] == pytest.approx(values[:n].std(ddof=1) / np.sqrt(n))
    assert np.isnan(error[0])


def test_draws_needed_is_where_the_error_meets_the_precision(evaluation: Evaluation):
    net = 100_000.0 * evaluation.draws.qaly - evaluation.draws.cost
    spread = (net[:, 1] - net[:, 0]).std(ddof=1)
    need = draws_needed(evaluation)
    assert spread / np.sqrt(need) <= 1000.0 < spread / np.sqrt(need - 1)


def test_figures_say_what_their_axes_are(folder: Path):
    said = {name: (folder / f"{name}.svg").read_text() for name in ("ce_plane", "ceac", "expected_loss", "convergence")}
    assert "QALYs gained against chemotherapy" in said["ce_plane"]
    assert "Added cost (USD per patient, discounted)" in said["ce_plane"]
    assert "USD 100,000 per QALY" in said["ce_plane"]
    assert "Willingness to pay (USD per QALY)" in said["ceac"]
    assert "Expected loss (USD per patient)" in said["expected_loss"]
    assert "stated precision USD 1,000" in said["convergence"]
    assert all("Source: GOG 240 model" in s for s in said.values())


def test_the_tornado_is_that_of_the_table(folder: Path, evaluation: Evaluation):
    """Every bar from the net benefit as evaluated to that at its end, the longest above, told in words."""
    drawn = evaluation_figures(evaluation)["tornado"]()
    found = evaluation.one_way["bevacizumab"]
    base = found.base.inmb(found.threshold)
    bars = [p for p in drawn.patches if p.get_width() or p.get_height()]
    assert len(bars) == 2 * 12
    for i, bar in enumerate(found.bars[:12]):
        for patch, end in zip(bars[2 * i : 2 * i + 2], (bar.at_low, bar.at_high), strict=True):
            assert patch.get_x() + patch.get_width() == pytest.approx(end.inmb(found.threshold), abs=0.01)
            assert patch.get_x() == pytest.approx(base)
            assert round(patch.get_y() + 0.5 * patch.get_height()) == i
    names = [t.get_text() for t in drawn.get_yticklabels()]
    assert "survival, all parameters together" in names
    assert not [n for n in names if "." in n or "_" in n]
    assert "Net benefit (USD per patient)" in (folder / "tornado.svg").read_text()
    assert drawn.get_ylim()[0] > drawn.get_ylim()[1]


def test_where_the_decision_turns_net_benefit_is_nothing(folder: Path, evaluation: Evaluation, page: Page):
    """Evaluated again at each value told: within a thousandth of the net benefit as it stands."""
    turning = {k: t for k, t in evaluation.turning["bevacizumab"].items() if t.value is not None}
    assert len(turning) >= 2
    base = abs(evaluation.one_way["bevacizumab"].base.inmb(evaluation.threshold))
    for name, turn in turning.items():
        cost, qaly = increments(evaluation.case, {name: [turn.value]}, "bevacizumab")
        assert abs(evaluation.threshold * qaly[0] - cost[0]) < 1e-3 * base, name
    told = table(folder, "one_way.csv").set_index("name")["turns_at"].dropna()
    assert told.to_dict() == pytest.approx({k: t.value for k, t in turning.items()})
    assert "just worth its cost at" in page.words()
    shown = one_way_table(evaluation, "bevacizumab")
    found = evaluation.one_way["bevacizumab"]
    for bar, cells in zip(found.bars, shown.rows, strict=False):
        turn = turning.get(bar.name)
        inside = turn is not None and bar.low is not None and bar.low <= turn.value <= bar.high
        assert (cells[-1].text == "–") == (turn is None)
        assert (cells[-1].small == "outside its range") == (turn is not None and not inside)
        if bar.value is not None:  # between its ends the net benefit changes sign
            assert inside == (bar.at_low.inmb(found.threshold) * bar.at_high.inmb(found.threshold) < 0.0)


def test_a_scenario_without_economics_is_refused():
    with pytest.raises(InputError, match="says nothing of costs"):
        evaluate(sim.load("bevacizumab"), draws=0)


def test_doses_are_those_of_the_regimens(page: Page, evaluation: Evaluation):
    """Bevacizumab 15 mg/kg at 70 kg: 1,050 mg on average; its price is that of the account book."""
    table_ = doses_table(evaluation)
    assert "doses" in page.tables
    bev = next(r for r in table_.rows if r[0].text == "bevacizumab")
    assert bev[1].text == "15 mg/kg"
    assert bev[2].value == pytest.approx(1050.0, rel=1e-9)
    assert bev[4].value == pytest.approx(0.95)
    line = next(x for x in evaluation.base("bevacizumab").outcomes.costs if x.name == "bevacizumab")
    assert bev[5].value == pytest.approx(float(line.price[0]), rel=1e-9)
    assert bev[3].small == "whole vials opened for each dose"
    small = next(r for r in table_.rows if r[0].text == "topotecan")
    assert small[2].text == "1.3"  # 0.75 mg/m² at 1.75 m²
