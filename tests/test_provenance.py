"""A result says where it came from, in plain JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy
import pandas
import pytest

import simulate
from simulate.files import atomic_write, sha256_of
from simulate.provenance import PACKAGES, command_line, input_files, provenance, shown_path, versions


def test_a_record_is_plain_json_and_complete(work):
    file = atomic_write(work / "mine" / "trials" / "a.yaml", "id: a\n")
    record = provenance(
        seed=7,
        patients=1000,
        scenario="bevacizumab",
        scenario_content={"b": 1, "a": 2},
        model={("arm", "all"): numpy.arange(3.0)},
        inputs=[file, str(file)],
        sources={"tewari2017": {"citation": "Lancet", "why": "final overall survival"}},
        command="simulate run bevacizumab",
        started=datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        extra={"threads": numpy.int64(2)},
    )
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["inputs"] == [{"file": "a.yaml", "folder": "mine/trials", "sha256": sha256_of(file)}]
    assert record["sources"]["tewari2017"]["why"] == "final overall survival"
    assert record["versions"]["simulate"] == simulate.__version__
    assert record["versions"]["numpy"] == numpy.__version__
    assert record["versions"]["pandas"] == pandas.__version__
    assert record["started"] == "2026-01-01T12:00:00+00:00"
    assert datetime.fromisoformat(record["written"]).tzinfo == UTC
    assert record["threads"] == 2
    assert len(record["code_sha256"]) == len(record["model_sha256"]) == len(record["scenario"]["sha256"]) == 64


def test_equal_content_equal_hashes_and_every_change_shows(work):
    def hashes(content, model):
        record = provenance(scenario_content=content, model=model)
        return record["scenario"]["sha256"], record["model_sha256"]

    assert hashes({"a": 1, "b": 2}, 1.0) == hashes({"b": 2, "a": 1}, 1.0)
    assert hashes({"a": 1}, 1.0)[0] != hashes({"a": 2}, 1.0)[0]
    assert hashes({"a": 1}, 1.0)[1] != hashes({"a": 1}, 1.0 + 1e-15)[1]


def test_extra_cannot_replace_what_is_recorded():
    with pytest.raises(ValueError, match="seed"):
        provenance(extra={"seed": 2})


def test_command_line_is_what_one_would_type():
    assert command_line(["/somewhere/bin/simulate", "run", "my file.yaml"]) == "simulate run 'my file.yaml'"
    assert command_line(["/somewhere/simulate/__main__.py", "list"]) == "simulate list"
    assert command_line(["/somewhere/examples/mine.py", "--fast"]) == "python mine.py --fast"


def test_the_start_of_a_run_may_be_given_as_text():
    assert provenance(started="2026-01-01T13:00:00+01:00")["started"] == "2026-01-01T12:00:00+00:00"


def test_paths_are_shown_without_this_machine(work, monkeypatch):
    monkeypatch.setenv("HOME", str(work.parent / "home"))
    package = Path(simulate.__file__).parent
    assert shown_path(work / "a" / "b.yaml") == "a/b.yaml"
    assert shown_path(package / "_params" / "trials") == "simulate/_params/trials"
    assert shown_path(package.parent / "params" / "trials") == "params/trials"
    assert shown_path(work.parent / "home" / "x.yaml") == "~/x.yaml"
    assert shown_path("/no/where") == "/no/where"
    monkeypatch.chdir("/")
    assert shown_path("/no/where") == "/no/where"


def test_an_input_that_vanished_is_an_error(work):
    with pytest.raises(FileNotFoundError):
        input_files([work / "gone.yaml"])


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from simulate.provenance import provenance; provenance(); "
        "print(sorted({'numpy', 'scipy', 'numba', 'pandas', 'lifelines', 'matplotlib', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
    assert set(versions()) == {"simulate", *PACKAGES}
