"""The assertions hold on an invented evaluation of a bundled trial, and each catches the defects planted for it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import simulate as sim
from simulate.cli import app
from simulate.techver import ASSERTIONS, records, subject_of, verified
from simulate.techver.verdicts import at_most
from tests.techver.defects import DEFECTS

HERE = Path(__file__).parent

DATA = HERE / "data"
PLANTED = [(name, defect) for name, own in DEFECTS.items() for defect in own]


@pytest.fixture(scope="module")
def subject():
    return replace(subject_of(sim.load("bev_us", params=DATA), count=60), patients=400, people=10_000)


@pytest.fixture(scope="module")
def verdicts(subject):
    return {v.id: v for v in verified(subject)}


@pytest.mark.parametrize("name", ASSERTIONS)
def test_holds(name, verdicts):
    verdict = verdicts[name]
    assert verdict.verdict == ("not applicable" if name == "TV13" else "passed"), verdict.detail
    assert name == "TV13" or any(c.isdigit() for c in verdict.detail)


@pytest.mark.parametrize(("name", "defect"), PLANTED)
def test_catches(name, defect, subject):
    (verdict,) = verified(DEFECTS[name][defect](subject), (name,))
    assert verdict.verdict == "failed", verdict.detail
    assert "could not be computed" not in verdict.detail, verdict.detail


def test_figures_are_said_as_they_are_compared(verdicts):
    """Medians in months, and how much more was allowed where a number that should be lower is not."""
    assert re.search(r": [\d.]+ v [\d.]+ months", verdicts["IN2"].detail)
    assert "Allowed: 2%" in verdicts["IN2"].detail
    assert at_most("x", 5.366e-05, 0.0, 1e-3).sentence() == "x: 5.366e-05 ≤ 0 + 0.001"
    assert at_most("x", [1.0, 3.0], [2.0, 4.0], 1e-3).sentence() == "x: mean 2 ≤ mean 3"
    assert not at_most("x", 0.5, 0.0, 1e-3).holds


def test_every_assertion_has_a_defect():
    assert set(DEFECTS) == set(ASSERTIONS)
    assert [f"TV{i}" for i in range(1, 32)] == [k for k in ASSERTIONS if k.startswith("TV")]


def test_general_population(subject):
    population = np.exp(-0.0005 * subject.case.clock.months)
    (verdict,) = verified(replace(subject, population=population), ("TV13",))
    assert verdict.verdict == "passed"


def test_what_cannot_be_computed_has_failed(subject):
    broken = replace(subject, engine=replace(subject.engine, outcomes=lambda *a: 1 / 0))
    (verdict,) = verified(broken, ("TV8",))
    assert (verdict.verdict, "ZeroDivisionError" in verdict.detail) == ("failed", True)


def test_records(verdicts):
    found = records(list(verdicts.values()))
    assert found["passed"] + found["failed"] + found["not_applicable"] == len(ASSERTIONS) == len(found["assertions"])
    assert set(found["assertions"][0]) == {"id", "verdict", "detail"}


# ------------------------------------------------------------------------------------------------ command
def simulate(*arguments):
    return CliRunner().invoke(app, ["verify", *arguments, "--params", str(DATA)])


def test_command(monkeypatch, tmp_path, subject):
    monkeypatch.setattr("simulate.techver.run.subject_of", lambda *a, **k: subject)
    done = simulate("bev_us", "--json", "--out", str(tmp_path / "tables"))
    assert (done.exit_code, json.loads(done.stdout)["failed"]) == (0, 0)
    assert (tmp_path / "tables" / "assertions.csv").read_text().count("TV31") >= 1
    broken = DEFECTS["TV12"]["a favoured name"](subject)
    monkeypatch.setattr("simulate.techver.run.subject_of", lambda *a, **k: broken)
    done = simulate("bev_us")
    assert done.exit_code == 1
    assert "TV12 failed" in done.stdout


@pytest.mark.parametrize("name", ["bevacizumab", "nothing_of_the_kind"])
def test_bad_input(name):
    assert simulate(name).exit_code == 2
