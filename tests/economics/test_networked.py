"""Effects of a network meta-analysis in a scenario: on the comparator's curves, in every draw, and said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import simulate as sim
from simulate.calibration import Calibration
from simulate.cli import app
from simulate.economics.drawing import more_draws
from simulate.economics.nma import with_effects
from simulate.economics.psa import analyse
from simulate.economics.survival import drawn
from simulate.errors import InputError
from simulate.hashes import sha256_of
from simulate.scenario.cases import case_of
from simulate.scenario.evaluation import evaluate
from simulate.techver import subject_of, verified

PARAMS = Path(__file__).parent / "data" / "params"
NETWORK = """  network:
    reference: A
    pfs: pfs.csv
    os: os.csv
    strategies: {bevacizumab: B}
    assumed: true
    why: invented draws
"""
CHEMO, BEV = "chemotherapy", "bevacizumab"


def written(folder: Path, name: str, *columns: np.ndarray) -> None:
    """Draws of B, and of C where given, against A."""
    rows = np.column_stack(columns)
    head = ",".join(f"d[{t}]" for t in "BC"[: rows.shape[1]])
    lines = [head, *(",".join(map(repr, map(float, r))) for r in rows)]
    (folder / "scenarios" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path) -> Path:
    """The invented evaluation with a network of constant draws: PFS at a ratio of 0.7, OS of 0.8."""
    target = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    path = target / "scenarios" / "toy.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("economics:\n", f"economics:\n{NETWORK}", 1), encoding="utf-8")
    written(target, "pfs.csv", np.full(40, np.log(0.7)), np.linspace(-0.2, 0.2, 40))
    written(target, "os.csv", np.full(40, np.log(0.8)), np.linspace(0.0, 0.3, 40))
    return target


def loaded(folder: Path, **overrides: str):
    return sim.load("toy", params=folder, overrides={f"economics.network.{k}": v for k, v in overrides.items()})


def calibration_of(case) -> Calibration:
    return case.calibration.calibration


# ------------------------------------------------------------------------------------------------ what it is
def test_no_effect_gives_equal_curves(folder):
    written(folder, "pfs.csv", np.zeros(40))
    written(folder, "os.csv", np.zeros(40))
    case = case_of(loaded(folder))
    models, _ = drawn(case.calibration, 5, 1)
    for model in (case.model, *models):
        one, other = (case.integrated(s, model).shares for s in (CHEMO, BEV))
        assert other == pytest.approx(one, abs=1e-4)


def test_no_effect_after_progression_without_a_file_of_it(folder):
    written(folder, "pfs.csv", np.zeros(40))
    case = case_of(loaded(folder, os="null"))
    one, other = (case.integrated(s).shares for s in (CHEMO, BEV))
    assert np.array_equal(one, other)


def test_it_is_with_effects_called_directly(folder):
    case = case_of(loaded(folder))
    calibration, new = calibration_of(case), case.arms[BEV]
    (point,) = with_effects([calibration.model], CHEMO, new, np.log([0.7]), os=np.log([0.8]), follow_up=case.follow_up)
    assert case.model.cells == point.cells
    models, parameters = drawn(case.calibration, 30, 7)
    plain, own = drawn(calibration, 30, 7)
    wanted = with_effects(plain, CHEMO, new, np.full(30, np.log(0.7)), os=np.full(30, np.log(0.8)),
                          follow_up=case.follow_up)  # fmt: skip
    assert [m.cells for m in models] == [m.cells for m in wanted]
    assert set(parameters) == set(own)  # what does not vary is no parameter
    assert case.calibrations == {"gog240": calibration}


def test_the_mean_of_the_draws_is_used_and_each_draw_has_a_row(folder):
    rng = np.random.default_rng(1)
    pfs, os = rng.normal(-0.3, 0.1, 60), rng.normal(-0.2, 0.1, 60)
    written(folder, "pfs.csv", pfs)
    written(folder, "os.csv", os)
    case = case_of(loaded(folder))
    cell = case.model.cells[case.arms[BEV], "cisplatin_paclitaxel"]
    assert cell.pfs.ratios == pytest.approx(
        [r * np.exp(pfs.mean()) for r in case.model.cells[CHEMO, "cisplatin_paclitaxel"].pfs.ratios or (1.0,)]
    )
    _, parameters = drawn(case.calibration, 50, 3)
    together = np.column_stack([parameters["network.pfs.B"], parameters["network.os.B"]])
    assert {tuple(r) for r in together} <= {tuple(r) for r in np.column_stack([pfs, os])}
    assert len({tuple(r) for r in together}) == 50  # each once while there are enough
    first = more_draws(calibration_of(case), 50, 3).posterior.draws[:, 0]
    assert parameters[calibration_of(case).layout.parameters[0].name] == pytest.approx(first)


def test_the_comparator_may_be_another_treatment(folder):
    case = case_of(loaded(folder, strategies=f"{{{BEV}: A, {CHEMO}: B}}"))
    assert case.calibration.log_ratios(BEV)["pfs"] == pytest.approx(np.full(40, -np.log(0.7)))


def test_effects_after_progression(folder):
    case = case_of(loaded(folder, os="null", pps="os.csv"))
    one, other = (case.model.cells[case.arms[s], "cisplatin_paclitaxel"] for s in (CHEMO, BEV))
    assert other.pps == one.pps.with_hazard_ratio(0.8)


def test_adverse_events_and_patients_are_those_of_the_arm(folder):
    case, plain = case_of(loaded(folder)), case_of(sim.load("toy", params=PARAMS))
    assert case.patients[case.arms[BEV]] == plain.patients[plain.arms[BEV]]
    for t, known in zip(case.model.toxicities, plain.model.toxicities, strict=True):
        assert t.rates.get(case.arms[BEV]) == known.rates.get(plain.arms[BEV])
    assert case.regimens == plain.regimens


# ------------------------------------------------------------------------------------------------ what is said
@pytest.fixture
def spread(folder) -> Path:
    """The same with draws that differ."""
    rng = np.random.default_rng(5)
    written(folder, "pfs.csv", rng.normal(-0.35, 0.1, 300))
    written(folder, "os.csv", rng.normal(-0.25, 0.1, 300))
    return folder


def test_summary_report_and_provenance_say_so(spread, tmp_path):
    e = evaluate(loaded(spread), draws=100, patients=1000, draw_patients=20)
    found = e.summary()["network"]
    assert (found["against"], found["draws"]) == ("A", 300)
    assert found["files"]["pfs"] == {"file": "pfs.csv", "sha256": sha256_of(spread / "scenarios" / "pfs.csv")}
    ratio = found["strategies"][BEV]["hazard_ratio"]["os"]
    assert ratio["low"] < ratio["value"] < ratio["high"] < 1.0
    assert {"survival: network.pfs.B", "survival: network.os.B"} <= set(e.draws.groups["survival"])
    assert e.decisions.subgroups == {BEV: []}  # the network's effects were not randomised within these strata
    e.save(tmp_path / "out")
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["network"] == json.loads(json.dumps(found))
    assert found["files"]["os"]["sha256"] in {f["sha256"] for f in record["inputs"]}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Effects of the network" in page
    assert "effects of a network meta-analysis" in page


def test_no_network_no_words():
    e = evaluate(sim.load("toy", params=PARAMS), draws=0, patients=1000)
    assert e.summary()["network"] is None


def test_models_of_one_trial_are_not_ranged_over(folder):
    e = evaluate(loaded(folder), draws=0, patients=1000, model_range=True)
    assert e.decisions.model_range == {}


def test_draws_are_reproducible(spread):
    case = case_of(loaded(spread))
    a, b = (analyse(case, 20, 50, 4) for _ in range(2))
    assert np.array_equal(a.qaly, b.qaly)


def test_assertions_hold_or_say_why_not(spread):
    verdicts = {
        v.id: v for v in verified(subject_of(loaded(spread), count=40), ("TV5", "TV11", "TV12", "TV24", "TV27"))
    }
    assert verdicts.pop("TV5").verdict == "not applicable"
    for v in verdicts.values():
        assert v.verdict == "passed", v.detail


# ------------------------------------------------------------------------------------------------ what is refused
def test_an_effect_that_no_survival_after_progression_gives(folder):
    written(folder, "os.csv", np.full(40, -3.0))
    with pytest.raises(InputError, match=r"os\.csv economics\.network\.os: strategy 'bevacizumab': no survival after"):
        case_of(loaded(folder))


def test_command_ends_with_one_message(folder):
    (folder / "scenarios" / "pfs.csv").write_text("d[B]\n0.1\nx\n")
    done = CliRunner().invoke(app, ["evaluate", "toy", "--params", str(folder), "--draws", "0"])
    assert done.exit_code == 2
    assert "economics.network.pfs: pfs.csv:3 d[B]: 'x' is not a number." in " ".join(done.stderr.split())


def test_an_override_keeps_the_folder(folder):
    with pytest.raises(InputError, match=r"no file 'none\.csv' beside the scenario's"):
        loaded(folder, pfs="none.csv")
