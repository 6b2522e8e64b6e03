"""The section on the survival model: calibrated curves, figures it was made from, and every contradiction."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulate as sim
from simulate.fidelity import fidelity
from simulate.fidelity.rows import integrated_rows
from simulate.report.evaluation_fit import base_families, fit_view
from simulate.report.evaluation_page import evaluation_page
from simulate.report.evaluation_tables import structures_tables
from simulate.scenario.evaluation import Evaluation, evaluate
from tests.report.page import Page
from tests.report.test_evaluation import OWN

PARAMS = Path(__file__).resolve().parent.parent / "economics" / "data" / "params"


@pytest.fixture(scope="module")
def toy() -> Evaluation:
    return evaluate(sim.load("toy", params=PARAMS), draws=0, patients=200)


def test_integrated_rows_are_those_of_the_fidelity_table():
    trial = sim.load("bevacizumab").trial
    calibration = sim.load("bevacizumab").calibrate()
    full = {r.id: r for r in fidelity(trial, calibration, patients=200).rows}
    for r in integrated_rows(trial, calibration):
        other = full[r.id]
        assert (r.reported, r.model, r.ci_low, r.ci_high) == (other.reported, other.model, other.ci_low, other.ci_high)
        assert r.simulated is None
        assert r.verdict == other.verdict or r.used_as_target  # those z are of leaving the figure out
        assert (r.z is None) == (r.verdict == "met")


def test_conflicts_stand_in_sentences(toy: Evaluation):
    """GOG 240: 404 deaths by the model at the final analysis, 348 reported."""
    fit = fit_view(toy)
    (trial,) = fit.trials
    deaths = next(c for c in trial.conflicts if "reported 348" in c)
    assert "OS events" in deaths
    assert "model 404" in deaths
    assert "outside its interval" in deaths
    assert all(c.endswith(".") and not c.endswith("..") for c in trial.conflicts)
    assert "validates nothing" in " ".join(fit.paragraphs)


def test_curves_and_figures_are_those_calibrated(toy: Evaluation):
    (trial,) = fit_view(toy).trials
    curves, figures = trial.tables
    calibration = next(iter(toy.case.calibrations.values()))
    assert len(curves.rows) == len(calibration.model.cells)
    assert {r[1].text for r in curves.rows} == {"Weibull"}
    shares = [r[2].value for r in curves.rows]
    assert shares == [c.death_share for c in calibration.model.cells.values()]
    used = [s for s in calibration.statistics if s.role in ("primary", "fit")]
    assert len(figures.rows) == len(used)
    met = [r for r in figures.rows if r[1].text == "equality"]
    assert {r[5].text for r in met} == {"met"}
    assert f"{len(met)} primary figures met as equalities" in trial.paragraphs[0]
    assert "simulated trials of 452 patients" in trial.paragraphs[1]


def test_the_base_case_names_its_families(toy: Evaluation):
    levels = next(t for t in structures_tables(toy) if t.id == "structure-levels")
    said = {r[0].text: r[-1].text for r in levels.rows}
    assert said["Joint model, integrated"] == said["Simulated patients"] == "Weibull PFS, Weibull PPS"
    assert said["Clock forward"].startswith("after progression")


def test_the_page_has_the_section(toy: Evaluation):
    page = Page(evaluation_page(toy, command="x"))
    assert page.problems == []
    assert {"fit-model-gog240", "fit-figures-gog240"} <= set(page.tables)
    assert "The survival model" in page.words()
    assert "model 404" in page.words()


def test_pathways_show_every_trial_and_what_places_it():
    e = evaluate(sim.load("second_line_us"), draws=0, patients=200)
    fit = fit_view(e)
    assert len(fit.trials) == len(e.case.calibrations) == 2
    assert fit.bases is not None
    assert "mixture of prognoses" in fit.paragraphs[1]
    assert "cemiplimab: × 0." in fit.paragraphs[1]
    effect = next(t for t in fit.trials if t.name.startswith("EMPOWER"))
    assert len(effect.tables[0].rows) == 2  # an effect takes both arms
    assert base_families(e, "cemiplimab") == "Log-logistic PFS, log-logistic PPS"


def test_of_survival_alone_nothing_follows_progression():
    e = evaluate(sim.load("spine_sbrt_us"), draws=0, patients=200)
    assert base_families(e, "conventional").endswith(" OS")
    for trial in fit_view(e).trials:
        assert len(trial.tables[0].columns) == 2


def test_a_model_of_ones_own_has_no_such_section(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    e = evaluate(sim.load(path, params=PARAMS), draws=0)
    assert fit_view(e) is None
    assert base_families(e, "old") == "–"
    assert "The survival model" not in evaluation_page(e, command="x")
