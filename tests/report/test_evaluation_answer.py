"""What the answer of an evaluation says: draws first, structures and models apart, at every threshold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulate as sim
from simulate.economics.changes import Increment
from simulate.economics.model_range import Alternative, Missing, ModelRange
from simulate.report import evaluation_words as text
from simulate.report.evaluation_answer import answer, choice_words, curved, facts, frontier_words, structures_verdict
from simulate.report.evaluation_book import health_table
from simulate.report.evaluation_decision_tables import budget_table, price_table, range_tables, severity_table
from simulate.report.evaluation_decision_words import models_words, price_words
from simulate.report.evaluation_inputs import input_tables
from simulate.report.evaluation_tables import contrasts_table, evpi_table, frontier_table, structures_tables
from simulate.report.evaluation_terminal import print_evaluation
from simulate.scenario.evaluation import Evaluation, evaluate

PARAMS = Path(__file__).resolve().parent.parent / "economics" / "data" / "params"
SMALL = {"patients": 2000, "draw_patients": 60}


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def toy() -> Evaluation:
    return evaluate(sim.load("toy", params=PARAMS), draws=120, **SMALL)


@pytest.fixture(scope="module")
def three() -> Evaluation:
    return evaluate(sim.load("second_line_us"), draws=40, **SMALL)


def changed(e: Evaluation, **summary: object) -> Evaluation:
    """The same with other numbers in its summary."""
    out = replace(e)
    out.__dict__["_summary"] = {**e.summary(), **summary}
    return out


def models(*pairs: tuple[float, float], missing: tuple[Missing, ...] = ()) -> ModelRange:
    rows = tuple(Alternative(f"{i}", "", True, Increment(*p), {}) for i, p in enumerate(pairs))
    return ModelRange("bevacizumab", 100_000.0, rows, missing)


# ------------------------------------------------------------------------------------------------ draws first
def test_the_mean_of_the_draws_comes_first(toy: Evaluation):
    words = plain(" ".join(answer(toy)))
    d, c = text.drawn_contrast(toy, 1), toy.summary()["contrasts"][0]
    drawn, files = (words.index(f"USD {x['icer']:,.0f} for each QALY gained") for x in (d, c))
    assert drawn < words.index("At the values of the files") < files
    names, values, below = zip(*facts(toy)[:3], strict=True)
    assert names == ("Added cost", "QALYs gained", "Cost per QALY gained")
    assert plain(" ".join(values)) == f"USD {d['delta_cost']:,.0f} {d['delta_qaly']:.3f} USD {d['icer']:,.0f}"
    assert f"{c['delta_qaly']:.3f} at the files’ values" in below[1]
    rows = contrasts_table(toy).rows
    assert [r[0].small.partition(",")[0] for r in rows] == ["mean of the draws", "at the values of the files"]


def test_without_draws_the_values_of_the_files_are_the_answer(toy: Evaluation):
    e = replace(toy, draws=None)
    words = plain(" ".join(answer(e)))
    assert "draws" not in words
    assert f"USD {e.summary()['contrasts'][0]['icer']:,.0f} for each QALY gained." in words
    assert facts(e)[0][2] == "per patient, discounted"


def test_a_drawn_gain_is_explained_where_it_is_another():
    point = {"delta_qaly": 0.2}
    assert curved(point, {"delta_qaly": 0.215}) == ""
    assert "1.25 times" in curved(point, {"delta_qaly": 0.25})
    assert "convex" in curved(point, {"delta_qaly": 0.25})
    assert curved(point, {"delta_qaly": 0.25}, again=True).endswith("values of the files.")
    assert "convex" not in curved(point, {"delta_qaly": 0.1})
    assert curved({"delta_qaly": -0.1}, {"delta_qaly": 0.1}) == ""


# ------------------------------------------------------------------------------------------------ every threshold
def test_structures_are_asked_at_every_threshold(toy: Evaluation):
    """At the lowest threshold all agree; at the highest the partition alone chooses the other strategy."""
    rows = [{**r, "structures": dict(r["structures"])} for r in toy.summary()["choices"]]
    rows[-1]["structures"]["partitioned"] = "bevacizumab"
    words = plain(structures_verdict(changed(toy, choices=rows)))
    low, high = (f"USD {t:,.0f} per QALY" for t in toy.priced)
    assert f"At {high} partitioned survival chooses chemotherapy + bevacizumab, the base case chemotherapy." in words
    assert f"They agree at {low}." in words
    assert "No structure changes" not in words


def test_choices_of_draws_and_files_are_told_apart(toy: Evaluation):
    rows = [dict(r) for r in toy.summary()["choices"]]
    rows[-1]["draws"] = "bevacizumab"
    words = plain(choice_words(changed(toy, choices=rows)))
    assert words == (
        "The best buy is chemotherapy at USD 100,000 and chemotherapy + bevacizumab at USD 150,000 per QALY; at the "
        "values of the files it is chemotherapy at USD 150,000 per QALY."
    )


def test_models_say_at_which_thresholds_they_disagree(toy: Evaluation):
    """Ratios 120,000, 90,000 and 200,000: one is worth it at 100,000, two at 150,000."""
    found = models((12.0, 1e-4), (9.0, 1e-4), (20.0, 1e-4))
    words = plain(models_words(toy, "bevacizumab", found))
    assert "runs from USD 90,000 to USD 200,000 per QALY, median USD 120,000" in words
    assert "lower net benefit than the base case: 1 of 3 at every threshold" in words
    assert "disagree on the choice at USD 100,000 per QALY (1 of 3 find" in words
    assert "USD 150,000 per QALY (2 of 3 find it worth its cost)." in words
    assert "agree on the choice at" not in words.replace("disagree", "")
    between = plain(models_words(toy, "bevacizumab", models((12.0, 1e-4), (14.0, 1e-4))))
    assert "agree on the choice at every threshold: chemotherapy + bevacizumab is worth its cost in none at" in between
    assert "and in all at USD 150,000." in between
    alike = plain(models_words(toy, "bevacizumab", models((22.0, 1e-4), (24.0, 1e-4))))
    assert "agree on the choice at every threshold: chemotherapy + bevacizumab is worth its cost in none of" in alike
    assert "without an upper end" in models_words(toy, "bevacizumab", models((9.0, 1e-4), (9.0, -1e-4)))


def test_the_answer_and_the_terminal_have_the_range_over_models(toy: Evaluation, capsys: pytest.CaptureFixture[str]):
    e = replace(toy, ranged=True)
    e.decisions.__dict__["model_range"] = {"bevacizumab": models((12.0, 1e-4), (9.0, 1e-4))}
    assert any("survival models that meet" in p for p in answer(e))
    print_evaluation(e)
    said = capsys.readouterr().out
    assert "Over the 2 survival models that meet the primary figures" in " ".join(said.split())
    assert any("--model-range" in p for p in answer(toy))


def test_few_models_do_not_tell_what_a_figure_would_explain(toy: Evaluation):
    ends = ((0.1, 0.2), (0.3, 0.4))
    missing = (Missing("OS at 36 months", *ends, 0.0, 5.0), Missing("OS at 60 months", *ends, 0.4, 3.0))
    found = models((12.0, 1e-4), (9.0, 1e-4), missing=missing)
    table = range_tables(toy, "bevacizumab", found)[0]
    assert [r[3].text for r in table.rows[1:]] == ["–", "40\N{NO-BREAK SPACE}%"]
    assert table.rows[1][4].text == "–"
    assert any("fewer than 20 models" in n for n in table.notes)
    many = models(*[(12.0, 1e-4)] * 20, missing=missing)
    assert range_tables(toy, "bevacizumab", many)[0].rows[1][3].text == "0\N{NO-BREAK SPACE}%"


# ------------------------------------------------------------------------------------------------ three strategies
def test_the_full_comparison_leads_where_there_are_three(three: Evaluation):
    first = answer(three)[0]
    assert first.startswith(frontier_words(three))
    summary = three.summary()
    for r in summary["frontier_draws"]:
        assert three.scenario.label(r["strategy"]) in first
        if r["icer"] is not None:
            assert f"{r['icer']:,.0f} for each QALY more" in first
    assert len(frontier_table(three).rows) == 6
    by = {t.id: t for t in structures_tables(three)}
    row = next(r for r in by["structure-frontier"].rows if r[0].text == "Partitioned survival")
    for cell, s in zip(row[1:], three.strategies, strict=True):
        own = next(r for r in summary["structures"]["partitioned"]["frontier"] if r["strategy"] == s)
        assert cell.text == (f"{own['icer']:,.0f}" if own["icer"] is not None else
                             {"frontier": "on the frontier"}.get(own["status"], own["status"]))  # fmt: skip
    names = [f[0] for f in facts(three)]
    assert names.count("Probability it is the best buy") == 2


def test_dominated_strategies_are_named_with_what_dominates_them(three: Evaluation):
    rows = [
        {"strategy": "chemotherapy", "status": "frontier", "icer": None, "against": None, "dominated_by": []},
        {"strategy": "cemiplimab", "status": "extendedly dominated", "icer": None, "against": None,
         "dominated_by": ["chemotherapy", "tisotumab_vedotin"]},
        {"strategy": "tisotumab_vedotin", "status": "frontier", "icer": 5e5, "against": "chemotherapy",
         "dominated_by": []},
    ]  # fmt: skip
    words = plain(frontier_words(changed(three, frontier_draws=rows)))
    assert "cemiplimab is extendedly dominated by a mixture of single-agent chemotherapy and tisotumab vedotin" in words
    assert "tisotumab vedotin follows at USD 500,000 for each QALY more than single-agent chemotherapy" in words
    tile = next(f for f in facts(changed(three, frontier_draws=rows)) if f[0] == "Place")
    assert tile[1] == "extendedly dominated"


# ------------------------------------------------------------------------------------------------ draws, prices
def test_patients_of_a_draw_are_judged(toy: Evaluation):
    d = toy.draws
    words = plain(text.simulation_words(toy))
    most = max(float((e / v.std(axis=0, ddof=1)).max()) for e, v in ((d.cost_error, d.cost), (d.qaly_error, d.qaly)))
    assert f"at most {100 * most:.1f} % of the standard deviation" in words
    need = int(re.search(r"about ([\d,]+) patients a draw", words)[1].replace(",", ""))
    assert need == 100 * np.ceil(60 * (most / 0.1) ** 2 / 100)
    assert f"standard error of USD {d.mean_error(toy.threshold)[1]:,.0f}" in words
    assert text.simulation_words(replace(toy, draws=replace(d, by_batch=None))) == ""


def test_unsure_values_of_information_ask_for_draws(toy: Evaluation):
    rows = [{"wtp": 1e5, "evpi": 9.0, "error": 1.0, "evppi": {"survival": {"value": 8.0, "error": 4.0},
             "costs": {"value": 8.0, "error": 1.0}, "toxicity": {"value": 0.1, "error": 1.0}}}]  # fmt: skip
    words = plain(text.evppi_words(changed(toy, evpi=rows)))
    assert "for survival at USD 100,000 per QALY" in words
    assert "about 1,000 for" in words  # 120 draws times (4 / 2) squared, in thousands
    assert text.evppi_words(changed(toy, evpi=[{**rows[0], "evppi": {}}])) == ""


def test_prices_by_the_draws_stand_before_those_of_the_files(toy: Evaluation):
    row = toy.summary()["value_based_prices"][0]
    words = plain(price_words(toy, "bevacizumab"))
    assert f"{100 * row['factor_draws']:.0f} % ({100 * row['factor']:.0f} % at the values of the files)" in words
    table = price_table(toy)
    assert [r[2].text for r in table.rows[:2]] == ["mean of the draws", "values of the files"]
    assert len(table.columns) == 5
    weighed = [{**r, "weight": 1.2, "factor_weighted": 0.5, "factor_draws_weighted": None}
               for r in toy.summary()["value_based_prices"]]  # fmt: skip
    e = changed(toy, value_based_prices=weighed)
    words = plain(price_words(e, "bevacizumab"))
    assert "weighed by 1.2 for severity: no price (50 % at the values of the files)" in words
    assert [r[5].text for r in price_table(e).rows[:2]] == ["none", "50.0\N{NO-BREAK SPACE}%"]


# ------------------------------------------------------------------------------------------------ wording
def test_thresholds_units_and_years_are_named(toy: Evaluation, three: Evaluation):
    unsure = next((p for p in answer(toy) if "largest part" in p), "")
    assert "The largest part of it at USD" in plain(unsure) or not unsure
    assert "beginning" in budget_table(toy).notes[0]
    heads = [c.head for c in health_table(three).columns]
    assert heads.count("years, discounted and age-adjusted") == 3
    assert "years, discounted" in [c.head for c in health_table(toy).columns]
    assert all("drawn" in r[0].small for r in evpi_table(toy).rows[1:])
    fixed = next(t for t in input_tables(three.case, set()) if t.id == "inputs-fixed")
    shown = {r[0].text: r[1] for r in fixed.rows}
    years = [c.text for name, c in shown.items() if name.endswith("year")]
    assert years
    assert all(re.fullmatch(r"\d{4}", y) for y in years)
    norm = [c for name, c in shown.items() if "coefficients" in name]
    assert norm
    assert all(float(c.text.replace("−", "-")) == pytest.approx(c.value, rel=0.01) for c in norm)


def test_a_horizon_is_not_called_follow_up():
    e = evaluate(sim.load("spine_sbrt_us"), draws=0, patients=200)
    words = " ".join(text.structure_words(e))
    assert "it sees 120 months, the whole horizon" in words


def test_severity_names_the_life_table_as_its_maker_does():
    e = evaluate(sim.load("bevacizumab_uk"), draws=0, patients=200)
    table = severity_table(e)
    assert "Life table: ONS, National life tables, United Kingdom, 2017-2019" in table.notes[0]
    assert "Discounted QALYs at age 47." in table.notes[0]
    shown = {r[0].text: r[1].value for r in table.rows}
    found = e.summary()["severity"]
    assert shown["absolute shortfall"] == pytest.approx(found["absolute"])
    assert shown["absolute shortfall"] == pytest.approx(found["qaly_without_disease"] - found["qaly_with_disease"])
    assert severity_table(evaluate(sim.load("bevacizumab_us"), draws=0, patients=200)) is None
