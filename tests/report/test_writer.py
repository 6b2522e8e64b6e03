"""What is written: the files, strict JSON, a model that loads again, and all or nothing."""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import simulate as sim
from simulate.calibration.calibrate import BOOTSTRAP_SEED
from simulate.calibration.linear import DRAW_SEED
from simulate.errors import InputError
from simulate.model.types import JointModel
from simulate.report import writer
from simulate.report.record import record
from simulate.scenario import Result


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def strict(path: Path) -> object:
    def refuse(name: str) -> None:
        raise AssertionError(f"{path.name} holds {name}")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_every_output_is_written_and_nothing_else(written: Path):
    assert sorted(contents(written)) == sorted(writer.EVERY_RUN + writer.OF_A_TRIAL)
    assert all(len(v) > 100 for v in contents(written).values())


def test_summary_has_the_stable_layout(written: Path, result: Result):
    doc = strict(written / "summary.json")
    assert {"scenario", "seed", "patients", "strategies", "contrasts"} <= set(doc)
    assert (doc["scenario"], doc["seed"], doc["patients"]) == ("bevacizumab", 5, 4000)
    assert set(doc["strategies"]) == {"chemotherapy", "chemotherapy_bevacizumab"}
    for s in doc["strategies"].values():
        assert set(s["endpoints"]) == {"os", "pfs", "ttp", "pps"}
        for e in s["endpoints"].values():
            assert {"median", "median_mc_error", "rmst", "landmarks"} <= set(e)
            assert {"tau", "value"} <= set(e["rmst"])
            assert {"12", "24"} <= set(e["landmarks"])
        assert all({"grade", "rate"} <= set(t) for t in s["toxicities"].values())
    wanted = {
        "strategy",
        "comparator",
        "endpoint",
        "follow_up",
        "hazard_ratio",
        "mc_error",
        "hazard_ratio_uncensored",
        "rmst_difference",
    }
    assert all(wanted <= set(c) for c in doc["contrasts"])
    assert doc == json.loads(json.dumps(result.summary()))


def test_the_model_loads_again(written: Path, result: Result):
    assert JointModel.from_json((written / "model.json").read_text()) == result.calibration.model


def test_provenance_names_the_command_the_files_and_the_sources(written: Path):
    doc = strict(written / "provenance.json")
    assert doc["command"] == "simulate run bevacizumab --out out"
    assert doc["seed"] == 5
    assert {i["file"] for i in doc["inputs"]} >= {"bevacizumab.yaml", "gog240.yaml", "sources.yaml"}
    assert "tewari_2017" in doc["sources"]
    assert doc["sources"]["tewari_2017"]["why"]
    assert doc["specification"]["pfs"]["family"] == "weibull"
    assert doc["calibration_seeds"] == {"bootstrap": BOOTSTRAP_SEED, "draws": DRAW_SEED}


def test_provenance_has_the_start_of_the_run(result: Result):
    early = replace(result, started="2026-01-01T12:00:00+00:00")
    doc = record(early, "simulate run bevacizumab")
    assert doc["started"] == "2026-01-01T12:00:00+00:00" < doc["written"]


def test_tables_hold_full_precision(written: Path, result: Result):
    contrasts = pd.read_csv(written / "contrasts.csv", float_precision="round_trip")
    summary = result.summary()
    assert contrasts["hazard_ratio"].tolist() == [c["hazard_ratio"] for c in summary["contrasts"]]
    assert contrasts["trial_like_p_value"].tolist() == [c["trial_like"]["p_value"] for c in summary["contrasts"]]
    strategies = pd.read_csv(written / "strategies.csv", float_precision="round_trip").set_index(
        ["strategy", "endpoint"]
    )
    assert (
        strategies.loc[("chemotherapy", "os"), "median"]
        == summary["strategies"]["chemotherapy"]["endpoints"]["os"]["median"]
    )
    toxicity = pd.read_csv(written / "toxicity.csv").set_index(["event", "grade", "strategy"])
    row = toxicity.loc[("hypertension", ">=2", "chemotherapy_bevacizumab")]
    assert (row["reported_events"], row["reported_n"]) == (55, 220)
    assert len(pd.read_csv(written / "uncertainty.csv")) == len(result.uncertainty["chemotherapy_bevacizumab"])
    assert pd.read_csv(written / "curves_os.csv").iloc[0, 1:].tolist() == [1.0, 1.0]


def test_without_jinja2_all_but_the_report_is_written(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("of an older run")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result.save(out)
    assert set(contents(out)) == set(writer.EVERY_RUN + writer.OF_A_TRIAL) - {"report.html", "patients.parquet"}
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 'pip install "simulate-outcomes[report]"' in said
    with pytest.raises(InputError, match="Jinja2"):
        from simulate.report import render_html

        render_html(result)


def test_a_full_disk_leaves_the_old_outputs_as_they_were(
    result: Result, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out"
    out.mkdir()
    for name, data in contents(written).items():
        (out / name).write_bytes(data)
    (out / "notes.txt").write_text("mine")
    before = contents(out)

    def full(chunks: object, path: Path, about: object) -> None:
        path.write_bytes(b"PAR1 half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "write_patients", full)
    with pytest.raises(InputError, match="No space left") as caught:
        result.save(out, save_patients=True)
    assert "Free some space" in caught.value.problems[0].advice
    assert contents(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_leaves_no_new_folder(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer.html, "render", full)
    with pytest.raises(InputError, match="No space left"):
        result.save(tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_half_written_file(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "write_figures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        result.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_replaces_the_first_and_spares_other_files(result: Result, written: Path, tmp_path: Path):
    out = result.save(tmp_path / "out", save_patients=True, command="simulate run bevacizumab --out out")
    same = {k: v for k, v in contents(written).items() if k not in ("provenance.json", "report.html")}
    assert {k: v for k, v in contents(out).items() if k in same} == same
    (out / "notes.txt").write_text("mine")
    result.save(out)
    assert not (out / "patients.parquet").exists()
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_the_whole_with_nothing_stood_in_for(tmp_path: Path):
    """As the command does it: every alternative assumption is calibrated (about half a minute unless cached)."""
    out = sim.load("bevacizumab").run(patients=2000).save(tmp_path / "out")
    frame = pd.read_csv(out / "sensitivity.csv")
    assert len(frame) >= 8
    assert frame["feasible"].all()
    text = (out / "report.html").read_text()
    assert "death share" in text
    assert f"from {frame['os_mean_difference'].min():.1f} to {frame['os_mean_difference'].max():.1f} months" in text
