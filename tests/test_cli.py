"""The command: what it prints where, what it refuses and how, and what it leaves behind."""

from __future__ import annotations

import errno
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulate.cli import app
from simulate.report.writer import EVERY_RUN, OF_A_TRIAL

COMMANDS = ("list", "show", "check", "fidelity", "run", "evaluate", "verify")
SMALL = ("--patients", "2000")
STRATEGIES = ["chemotherapy", "chemotherapy_bevacizumab"]


def simulate(*arguments: str | Path):
    """The command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments])


def as_process(*arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it."""
    command = [sys.executable, "-m", "simulate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def numbers(arguments: tuple[str | Path, ...]) -> dict:
    """Summary of a run, as JSON gives it."""
    done = simulate("run", "bevacizumab", *SMALL, "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def base() -> dict:
    """Summary of a small run with nothing changed."""
    return numbers(())


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """The folder of one small run with its patients."""
    out = tmp_path_factory.mktemp("saved") / "run"
    done = simulate("run", "bevacizumab", *SMALL, "--out", out, "--save-patients")
    assert done.exit_code == 0, done.stderr
    assert f"report: {out}/report.html" in done.stderr
    return out


# ------------------------------------------------------------------------------------------------ what is printed
@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example_that_names_the_command(command):
    done = simulate(command, "--help")
    assert done.exit_code == 0
    assert f"Example: simulate {command} " in done.stdout


def test_help_names_every_command_and_what_it_is_not_for():
    done = simulate("--help")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    assert all(f" {c} " in words for c in COMMANDS)
    assert "never for the care of a patient" in words


def test_version():
    from simulate import __version__

    assert simulate("--version").stdout == f"{__version__}\n"


def test_list_shows_the_library():
    table = simulate("list")
    assert (table.exit_code, table.stderr) == (0, "")
    rows = json.loads(simulate("list", "--json").stdout)
    assert {"kind": "scenario", "id": "bevacizumab", "title": "Bevacizumab or none, first line"} in rows
    assert {r["id"] for r in rows if r["kind"] == "trial"} >= {"gog240", "jcog0505", "keynote826"}
    assert all(r["id"] in table.stdout for r in rows)


def test_list_one_kind():
    rows = json.loads(simulate("list", "regimens", "--json").stdout)
    assert {r["kind"] for r in rows} == {"regimen"}
    assert {"kind": "regimen", "id": "cisplatin", "title": "cisplatin"} in rows
    wrong = simulate("list", "regimen")
    assert (wrong.exit_code, wrong.stderr) == (2, "KIND: no kind 'regimen'. Did you mean 'regimens'?\n")


def test_an_id_of_a_scenario_and_a_regimen():
    scenario, regimen = (
        json.loads(simulate("show", n, "--json").stdout) for n in ("bevacizumab", "regimens/bevacizumab")
    )
    assert (scenario["trial"], regimen["drugs"][0]["drug"]) == ("gog240", "bevacizumab")
    assert "see also regimens/bevacizumab" in simulate("show", "bevacizumab").stdout


def test_show_a_scenario():
    text = simulate("show", "bevacizumab")
    assert (text.exit_code, text.stderr) == (0, "")
    assert "trial gog240, population all, horizon 120 months" in text.stdout
    assert "Assumptions:" in text.stdout
    assert "Limits:" in text.stdout
    document = json.loads(simulate("show", "bevacizumab", "--json").stdout)
    assert document["trial"] == "gog240"
    assert list(document["strategies"]) == STRATEGIES


def test_show_a_trial():
    text = simulate("show", "gog240")
    assert (text.exit_code, text.stderr) == (0, "")
    assert "primary figures are met exactly" in text.stdout
    document = json.loads(simulate("show", "gog240", "--json").stdout)
    medians = {
        f["figure"]: f["value"] for f in document["figures"] if f["role"] == "primary" and f["statistic"] == "median"
    }
    assert medians == {"os_median_b": 16.8, "os_median_c": 13.3, "pfs_median_b": 8.2, "pfs_median_c": 5.9}
    assert all(f["source"] for f in document["figures"])
    assert {c["process"] for c in document["cells"]} == {"pfs", "pps"}


def test_show_scores_the_families():
    document = json.loads(simulate("show", "gog240", "--families", "--json").stdout)
    scores = [row["score"] for row in document["families"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 8
    assert "the simplest of them is PFS " in document["choice"]


def test_check_the_library():
    done = simulate("check")
    assert done.exit_code == 0
    assert done.stdout == ""
    warnings = [line for line in done.stderr.splitlines() if "warning:" in line]
    assert all(line.count("warning:") == 1 for line in warnings)
    assert f"no errors, {len(warnings)} warnings" in done.stderr
    problems = json.loads(simulate("check", "--json").stdout)
    assert [p["severity"] for p in problems] == ["warning"] * len(warnings)
    assert all(p["line"] > 1 and p["field"] for p in problems)


def test_check_reports_all_errors_of_a_file_at_once(work, root):
    text = (root / "params/scenarios/bevacizumab.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("horizon: 120", "horizon: -1").replace("seed: 1", "seed: one"))
    done = simulate("check", "mine.yaml")
    assert done.exit_code == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("mine.yaml:") for line in lines)
    problems = json.loads(simulate("check", "mine.yaml", "--json").stdout)
    assert {p["field"] for p in problems} == {"horizon", "seed"}


def test_check_does_not_print_a_file_that_is_none_of_ours(work):
    Path("passwords").write_text("root:x:0:0:root:/root:/bin/bash\n" * 200)
    Path("key.yaml").write_text(f"{'k' * 900}: 1\n")
    for name in ("./passwords", "key.yaml"):
        done = simulate("check", name)
        assert done.exit_code == 2
        assert max(map(len, done.stderr.splitlines())) < 300


def test_fidelity_of_a_trial(work):
    done = simulate("fidelity", "gog240", "--patients", "5000", "--out", "tables")
    assert (done.exit_code, done.stderr) == (0, "report: tables/fidelity.html\n")
    assert "figures used as targets" in done.stdout
    assert "figures not used" in done.stdout
    assert "RMS z of figures not used" in done.stdout
    as_json = simulate("fidelity", "gog240", "--patients", "5000", "--json")
    rows, table = json.loads(as_json.stdout), pd.read_csv("tables/fidelity.csv")
    assert as_json.stderr == ""
    assert [r["id"] for r in rows] == list(table["id"])
    assert "GOG 240" in Path("tables/fidelity.html").read_text()
    assert set(pd.read_csv("tables/predictions.csv")["study"]) == {"gog240"}
    assert {r["study"] for r in rows} == {"gog240"}
    used = {r["id"]: r["model"] for r in rows if r["used_as_target"]}
    assert used["os_median_b"] == pytest.approx(16.8, rel=0.005)


def test_leave_one_out_of_a_trial():
    rows = json.loads(simulate("fidelity", "gog240", "--leave-one-out", "--json").stdout)
    assert {"figure", "reported", "predicted", "z"} <= rows[0].keys()
    printed = simulate("fidelity", "jcog0505", "--leave-one-out").stdout
    assert "RMS z" in printed
    head = "figure timepoint reported predicted low high z used informed"
    assert head in {" ".join(line.split()) for line in printed.splitlines()}
    assert "os_median_no_prior_platinum_p" in printed.split()
    # gog240 reports no landmark: the two columns that only landmarks fill are left out
    assert "timepoint" not in simulate("fidelity", "gog240", "--leave-one-out").stdout


def test_verify_of_the_library(work):
    done = simulate("verify", "--seeds", "3", "--patients", "5000", "--json", "--out", "tables")
    rows = json.loads(done.stdout)
    assert len(rows) > 100
    assert {r["model"] for r in rows} >= {"gog240", "jcog0505", "keynote826"}
    assert done.exit_code == (0 if all(r["passed"] for r in rows) else 1)
    assert len(pd.read_csv("tables/verify.csv")) == len(rows)


def test_run_prints_the_comparison():
    done = simulate("run", "bevacizumab", *SMALL)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "2,000 patients a strategy, seed 1" in done.stdout
    assert all(title in done.stdout for title in ("Contrasts", "Adverse events and outcomes", "MC error"))


# ------------------------------------------------------------------------------------------------ what is written
def test_a_run_writes_every_output(saved):
    assert sorted(p.name for p in saved.iterdir()) == sorted(EVERY_RUN + OF_A_TRIAL)
    provenance = json.loads((saved / "provenance.json").read_text())
    assert (provenance["seed"], provenance["patients"]) == (1, 2000)


def test_summary_on_file_is_the_summary_printed(saved, base):
    assert json.loads((saved / "summary.json").read_text()) == base


def test_saved_patients_are_one_row_a_patient_and_strategy(saved):
    rows = pd.read_parquet(saved / "patients.parquet")
    assert len(rows) == 2 * 2000
    assert not rows.duplicated(["patient", "strategy"]).any()
    assert rows.groupby("strategy", observed=True)["patient"].nunique().to_dict() == dict.fromkeys(STRATEGIES, 2000)
    assert (rows["pfs"] <= rows["os"]).all()
    assert (rows["pfs"] > 0).all()
    summary = json.loads((saved / "summary.json").read_text())
    for name, own in rows.groupby("strategy", observed=True):
        # both are the median of the same 2,000 times: the middle two lie far less than a day's share apart
        reported = summary["strategies"][name]["endpoints"]["os"]["median"]
        assert own["os"].median() == pytest.approx(reported, abs=0.2)


def test_without_the_option_no_patients_are_written_and_old_ones_go(saved, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "patients.parquet").write_bytes(b"of an older run")
    (out / "notes.txt").write_text("mine")
    assert simulate("run", "bevacizumab", *SMALL, "--out", out).exit_code == 0
    assert not (out / "patients.parquet").exists()
    assert (out / "notes.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_a_stored_model_gives_the_same_numbers(saved, base):
    assert numbers(("--model", saved / "model.json")) == base


def test_threads_and_repetition_change_no_number(base):
    assert numbers(("--threads", "1")) == numbers(("--threads", "2")) == base


def test_another_seed_changes_the_numbers(base):
    assert numbers(("--seed", "2"))["contrasts"] != base["contrasts"]


def test_a_scenario_file_by_its_path(work, root):
    text = (root / "params/scenarios/bevacizumab.yaml").read_text()
    Path("my.yaml").write_text(
        text.replace("id: bevacizumab", "id: mine").replace("patients: 100000", "patients: 3000")
    )
    done = simulate("run", "my.yaml", "--json")
    assert done.exit_code == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["scenario"], summary["patients"]) == ("mine", 3000)


def test_set_overrides_fields_of_the_file():
    summary = numbers(("--set", "landmarks=[12, 30]", "--set", "rmst.os=30", "--set", "horizon=72"))
    os_ = summary["strategies"]["chemotherapy"]["endpoints"]["os"]
    assert list(os_["landmarks"]) == ["12", "30"]
    assert os_["rmst"]["tau"] == 30.0
    assert summary["contrasts"][0]["uncensored_to"] == pytest.approx(72.0, abs=0.05)


# ------------------------------------------------------------------------------------------------ what is refused
def scenario_text(root: Path, old: str, new: str) -> str:
    text = (root / "params/scenarios/bevacizumab.yaml").read_text()
    assert old in text
    return text.replace(old, new)


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown scenario": (("bevacizumb",), "no scenario 'bevacizumb'. Did you mean 'bevacizumab'?"),
    "missing file": (("no/such.yaml",), "no/such.yaml: cannot be read"),
    "malformed file": (("malformed.yaml",), "malformed.yaml:2: "),
    "cyclic pathway": (("cyclic.yaml",), "cyclic.yaml:14 pathway.progression_free: goes in a circle"),
    "another pathway": (("no_progression.yaml",), "pathway: a run knows only the pathway that trials are"),
    "unknown field": (("bevacizumab", "--set", "horizn=60"), "no field 'horizn'. Did you mean 'horizon'?"),
    "value of a wrong kind": (("bevacizumab", "--set", "horizon=long"), "--set horizon: 'long' is not a number."),
    "not a number": (("bevacizumab", "--set", "horizon=.nan"), ".nan is not a number"),
    "negative horizon": (("bevacizumab", "--set", "horizon=-5"), "--set horizon: -5 must be greater than 0."),
    "horizon within the follow-up": (("bevacizumab", "--set", "horizon=36"), "horizon: "),
    "no value": (("bevacizumab", "--set", "horizon"), "it must be key=value"),
    "no patients": (("bevacizumab", "--patients", "0"), "greater than or equal to 1"),
    "too many patients": (("bevacizumab", "--patients", "99999999999999999999"), "less than or equal to 100000000000"),
    "patients not whole": (("bevacizumab", "--patients", "1e16"), "should be a valid integer"),
    "pipe": (("pipe.yaml",), "pipe.yaml: is not a regular file."),
    "model from a pipe": (("bevacizumab", "--model", "pipe.yaml"), "pipe.yaml: is not a regular file."),
    "trial-like of one": (("bevacizumab", "--set", "trial_like_n=1"), "1 is too few for 2 strategies. Give 4"),
    "tiny rate": (("bevacizumab", "--set", "discounting.costs=1e-9"), "costs: 1e-09 is neither 0 nor at least 1e-06."),
    "negative seed": (("bevacizumab", "--seed", "-1"), "greater than or equal to 0"),
    "seed of 65 bits": (("bevacizumab", "--seed", str(2**64)), "allowed is 0 to 2**64 - 1"),
    "no threads": (("bevacizumab", "--threads", "0"), "greater than or equal to 1"),
    "not an arm": (("bevacizumab", "--set", "strategies.chemotherapy.arm=chemo"), "trial gog240 has no arm 'chemo'"),
    "not a population": (("bevacizumab", "--set", "population=al"), "Did you mean 'all'?"),
    "subgroup without strata": (("bevacizumab", "--set", "population=moore_low"), "is not made of strata"),
    "not a strategy": (("bevacizumab", "--set", "comparator=none"), "no strategy 'none'"),
    "not a data cut": (("bevacizumab", "--set", "follow_up.os=last"), "has no data cut 'last'"),
    "follow-up of PPS": (("bevacizumab", "--set", "follow_up.pps=final"), "given for os and pfs only"),
    "landmark beyond the horizon": (("bevacizumab", "--set", "landmarks=[500]"), "lies beyond the horizon"),
    "another trial's arms": (("bevacizumab", "--set", "trial=keynote826"), "trial keynote826 has no arm"),
    "no model file": (("bevacizumab", "--model", "none.json"), "none.json: cannot be read"),
    "truncated model": (("bevacizumab", "--model", "truncated.json"), "truncated.json: is not a stored model"),
    "model of another shape": (("bevacizumab", "--model", "shape.json"), "shape.json: is not a stored model"),
    "model of an unknown family": (("bevacizumab", "--model", "family.json"), "unknown family 'wiebull'"),
    "another trial's model": (("bevacizumab", "--model", "other.json"), "is of 'jcog0505', this scenario needs"),
    "params not a folder": (("bevacizumab", "--params", "malformed.yaml"), "malformed.yaml --params: is not a folder"),
}  # fmt: skip


@pytest.fixture(scope="module")
def models() -> dict[str, str]:
    """Stored models of two trials."""
    from simulate.calibration import calibrate
    from simulate.evidence import Library

    return {name: calibrate(Library().trial(name)).model.to_json() for name in ("gog240", "jcog0505")}


@pytest.fixture
def faulty(work, root, models) -> Path:
    """A folder of faulty inputs."""
    os.mkfifo("pipe.yaml")
    Path("malformed.yaml").write_text("id: mine\n  title: [one\n")
    Path("cyclic.yaml").write_text(
        scenario_text(root, "post_progression: [dead]", "post_progression: [progression_free]")
    )
    one = "  progression_free: [post_progression, dead]\n  post_progression: [dead]\n"
    Path("no_progression.yaml").write_text(scenario_text(root, one, "  progression_free: [dead]\n"))
    model = models["gog240"]
    Path("truncated.json").write_text(model[: len(model) // 2])
    Path("shape.json").write_text('{"mix": [], "cells": [], "toxicities": []}')
    Path("family.json").write_text(model.replace("weibull", "wiebull"))
    Path("other.json").write_text(models["jcog0505"])
    return work


def assert_refused(done, message: str) -> None:
    """Exit status 2, one message that says what is wrong, nothing on standard output, no traceback."""
    code = done.exit_code if hasattr(done, "exit_code") else done.returncode
    assert code == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert " ".join(message.split()) in " ".join(done.stderr.split())
    assert len(done.stderr) < 800


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_before_anything_is_written(faulty, name):
    arguments, message = REFUSED[name]
    before = sorted(p.name for p in faulty.iterdir())
    assert_refused(simulate("run", *arguments, "--out", "out"), message)
    assert sorted(p.name for p in faulty.iterdir()) == before


@pytest.mark.parametrize(
    "name", ["unknown scenario", "malformed file", "cyclic pathway", "no patients", "truncated model"]
)
def test_bad_input_through_the_command(faulty, name):
    arguments, message = REFUSED[name]
    before = sorted(p.name for p in faulty.iterdir())
    assert_refused(as_process("run", *arguments, "--out", "out", cwd=faulty), message)
    assert sorted(p.name for p in faulty.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "gog2400"), "no trial, scenario or regimen 'gog2400'. Did you mean 'gog240'?"),
        (("fidelity", "gog2400"), "no trial 'gog2400'. Did you mean 'gog240'?"),
        (("fidelity", "gog240", "--patients", "0"), "greater than or equal to 1"),
        (("fidelity", "gog240", "--patients", "99999999999999999999"), "less than or equal to 100000000000"),
        (("verify", "--patients", "99999999999999999999"), "less than or equal to 100000000000"),
        (("show", "bevacizumab", "--families"), "--families: families belong to a trial, not to a scenario."),
        (("check", "gog2400"), "no trial, scenario or regimen 'gog2400'."),
        (("check", "none.yaml"), "none.yaml: cannot be read"),
        (("list", "--params", "none"), "none --params: is not a folder"),
        (("verify", "--seeds", "1"), "greater than or equal to 2"),
        (("run",), "Missing argument"),
        (("runn", "bevacizumab"), "No such command 'runn'"),
        (("run", "bevacizumab", "--save-patients"), "--save-patients: needs a folder to write to. Add --out DIR."),
    ],
)
def test_other_refusals(work, arguments, message):
    assert_refused(simulate(*arguments), message)


WRITING = [("run", "bevacizumab"), ("evaluate", "bevacizumab_us"), ("fidelity", "gog240"), ("verify",)]


@pytest.fixture
def no_work(monkeypatch):
    """Fail when anything is simulated."""

    def simulated(*_, **__):
        pytest.fail("the refusal came after the work")

    monkeypatch.setattr("simulate.scenario.Scenario.run", simulated)
    monkeypatch.setattr("simulate.scenario.evaluation.evaluate", simulated)
    monkeypatch.setattr("simulate.show.fidelity", simulated)
    monkeypatch.setattr("simulate.verify.agreement", simulated)


@pytest.mark.parametrize("command", WRITING)
def test_an_output_that_cannot_be_a_folder_is_refused_first(work, no_work, command):
    Path("taken").write_text("mine")
    assert_refused(simulate(*command, "--out", "taken"), "taken: is a file, not a folder.")
    assert_refused(simulate(*command, "--out", "taken/deeper"), "taken/deeper: cannot be made")
    assert Path("taken").read_text() == "mine"


@pytest.mark.parametrize("command", WRITING)
def test_a_folder_without_permission_is_refused_first(work, no_work, command, monkeypatch):
    Path("locked").mkdir(mode=0o555)
    if os.access("locked", os.W_OK):  # root may write anywhere: let the system say what it says to everyone else
        monkeypatch.setattr("simulate.arguments.os.access", lambda path, mode: Path(path).name != "locked")
    assert_refused(simulate(*command, "--out", "locked/new"), "locked/new: cannot be written: no permission.")
    assert list(Path("locked").iterdir()) == []


@pytest.mark.parametrize("command", WRITING)
def test_a_folder_that_the_system_refuses_is_refused_first(work, no_work, command, monkeypatch):
    """A disk that is read only refuses root too, who has every permission."""

    def refused(**_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("simulate.arguments.tempfile.mkdtemp", refused)
    assert_refused(
        simulate(*command, "--out", "new"), "new: cannot be written (Read-only file system). Choose a folder"
    )


def test_what_is_in_the_way_inside_the_folder_is_refused_first(work, no_work):
    Path("out/report.html").mkdir(parents=True)
    for command in WRITING:
        assert_refused(simulate(*command, "--out", "out"), "report.html: is a folder where a file is to be written.")
    assert [p.name for p in Path("out").iterdir()] == ["report.html"]


# ------------------------------------------------------------------------------------------------ interruption
def started(cwd: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulate", "run", "bevacizumab", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended before it could be interrupted"
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.kill
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_it_simulates(work, number):
    process = started(work, "--patients", "20000000000", "--out", "run")
    time.sleep(5.0)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert ("interrupted; nothing was written." in err) == (number == signal.SIGINT)
    assert list(work.iterdir()) == []


def has_a_file(folder: Path) -> bool:
    """Whether something is being written: folders that come and go meanwhile are no error to `os.walk`."""
    return any(files for _, _, files in os.walk(folder))


@pytest.mark.kill
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_it_writes(work, number):
    process = started(work, "--patients", "2000000", "--out", "run", "--save-patients")
    wait_for(lambda: has_a_file(work), process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert list(work.iterdir()) == []


@pytest.mark.kill
def test_a_killed_run_leaves_the_target_untouched(work):
    process = started(work, "--patients", "2000000", "--out", "run", "--save-patients")
    wait_for(lambda: has_a_file(work), process)
    process.kill()
    process.communicate(timeout=60)
    assert not Path("run").exists()
    assert all(p.name.startswith(".run.") and p.name.endswith(".part") for p in work.iterdir())


# ------------------------------------------------------------------------------------------------ terminal, imports
def on_a_terminal(*arguments: str) -> str:
    """What a command draws on its standard error when that is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "simulate", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # the terminal is closed when the process ends
        pass
    finally:
        os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"\x1b" not in out
    return shown.decode()


def test_a_progress_bar_is_drawn_on_a_terminal_only():
    shown = on_a_terminal("run", "bevacizumab", "--patients", "200000", "--json")
    assert "bevacizumab: simulating" in shown
    assert "\x1b" in shown
    quiet = as_process("run", "bevacizumab", "--patients", "200000", "--json")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    json.loads(quiet.stdout)


HEAVY = ("numpy", "scipy", "pandas", "numba", "lifelines", "matplotlib", "pyarrow", "jinja2")
INVOKE = """
from typer.testing import CliRunner
from simulate.cli import app
assert CliRunner().invoke(app, {}).exit_code == 0
"""


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("import simulate", ("pydantic", "typer", "rich")),
        ("import simulate.cli", ("pydantic",)),
        (INVOKE.format(["--help"]), ("pydantic",)),
        (INVOKE.format(["run", "--help"]), ()),  # typer itself may bring pydantic for the bounds of options
    ],
)
def test_help_imports_nothing_heavy(code, more):
    done = as_python(f"{code}\nimport sys\nprint(*sorted({{*{(*HEAVY, *more)!r}}} & set(sys.modules)))")
    assert done.stdout == "\n", done.stderr


def as_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_check_does_without_the_simulation():
    """A typing mistake is answered without waiting for the compiler."""
    wanted = "{'numba', 'lifelines', 'matplotlib', 'pandas'}"
    done = as_python(
        f"{INVOKE.format(['check', 'bevacizumab'])}\nimport sys\nprint(*sorted({wanted} & set(sys.modules)))"
    )
    assert done.stdout == "\n", done.stderr


def test_a_reader_that_stops_is_no_error_of_ours():
    shell = f"{sys.executable} -m simulate list --json | head -c 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "["
    assert "Traceback" not in done.stderr
