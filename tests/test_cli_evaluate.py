"""`simulate evaluate`: what it prints where, what it refuses and how, and what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulate.cli import app
from simulate.report.evaluation_files import EVALUATION_OUTPUTS, EXPORTED

PARAMS = Path(__file__).resolve().parent / "economics" / "data" / "params"
SMALL = ("--params", PARAMS, "--patients", "1000", "--draw-patients", "50")


def simulate(*arguments: str | Path):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def summary(*arguments: str | Path) -> dict:
    done = simulate("toy", *SMALL, "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def base() -> dict:
    return summary("--draws", "40")


def test_help_has_an_example_and_every_option():
    done = CliRunner().invoke(app, ["evaluate", "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "Example: simulate evaluate " in done.stdout
    for option in (
        "--draws",
        "--patients",
        "--draw-patients",
        "--seed",
        "--out",
        "--set",
        "--threads",
        "--params",
        "--json",
    ):
        assert option in done.stdout


def test_prints_tables_and_leaves_the_whole_folder(work):
    done = simulate("toy", *SMALL, "--draws", "120", "--out", "out")
    assert (done.exit_code, done.stderr) == (0, "report: out/report.html\n")
    for words in ("Against chemotherapy (USD)", "Structures side by side (USD)", "Value of perfect information",
                  "INMB at 100,000", "mean of draws", "partitioned survival", "joint model, integrated (base)",
                  "Best buy, share of draws: bevacizumab", "for research and teaching"):  # fmt: skip
        assert words in done.stdout, words
    assert max(map(len, done.stdout.splitlines())) < 240
    missing = {*EXPORTED, "severity.csv"}  # the rules of the toy do not weigh severity
    assert {p.name for p in Path("out").iterdir()} == set(EVALUATION_OUTPUTS) - missing
    assert json.loads(Path("out/summary.json").read_text())["model_range"][0]["kept"] > 100
    assert "simulate" in json.loads(Path("out/provenance.json").read_text())["versions"]


def test_the_range_over_models_is_for_who_asks(base):
    assert "model_range" not in base
    found = summary("--draws", "0", "--model-range")["model_range"][0]
    assert found["icer_low"] < base["contrasts"][0]["icer"] < found["icer_high"]


def test_json_is_the_summary(base):
    assert (base["scenario"], base["draws"], base["patients"], base["draw_patients"]) == ("toy", 40, 1000, 50)
    assert list(base["strategies"]) == ["chemotherapy", "bevacizumab"]
    assert base["contrasts"][0]["comparator"] == "chemotherapy"
    assert len(base["ceac"]) > 40


def test_without_draws(work):
    assert summary("--draws", "0")["ceac"] == []
    done = simulate("toy", *SMALL, "--draws", "0", "--out", "out")
    assert done.exit_code == 0
    assert "no draws" in done.stdout
    assert "Value of perfect information" not in done.stdout
    assert not Path("out/draws.csv").exists()


def test_seed_and_threads(base):
    assert summary("--draws", "40", "--threads", "1") == base
    assert summary("--draws", "40", "--seed", "9")["strategies"] != base["strategies"]


def test_set_overrides_a_field(base):
    short = summary("--draws", "0", "--set", "horizon=60")
    assert short["horizon"] == 60.0
    assert short["strategies"]["bevacizumab"]["ly"] < base["strategies"]["bevacizumab"]["ly"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", *SMALL), "nothing"),
        (("bevacizumab", "--draws", "0"), "says nothing of costs"),
        (("guideline_pathway", "--draws", "0"), "says nothing of costs"),
        (("toy", *SMALL, "--draws", "1"), "one draw has no spread"),
        (("toy", *SMALL, "--set", "horizon"), "it must be key=value"),
        (("toy", *SMALL, "--set", "economics.setting=nowhere"), "nowhere"),
        (("toy", *SMALL, "--draws", "many"), "--draws"),
        (("toy", *SMALL, "--draws", "-1"), "--draws"),
        (("toy", *SMALL, "--patients", "1"), "--patients"),
    ],
)
def test_bad_input_is_one_message_and_status_2(arguments, said, work):
    done = simulate(*arguments, "--out", "out")
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not Path("out").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(work):
    Path("file").write_text("mine")
    done = simulate("toy", *SMALL, "--out", "file")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is a file, not a folder" in done.stderr


def test_a_process_is_quiet_where_nobody_looks():
    command = [sys.executable, "-m", "simulate", "evaluate", "toy", *map(str, SMALL), "--draws", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["scenario"] == "toy"
