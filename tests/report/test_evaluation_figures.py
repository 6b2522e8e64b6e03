"""Figures of an evaluation, as its folder has them: readable, with units, none that says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulate.report.evaluation_figures import evaluation_figures
from simulate.report.evaluation_files import OF_PROGRESSION
from simulate.scenario.evaluation import Evaluation
from tests.plots.reading import unreadable
from tests.report.test_evaluation import OWN, evaluated


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluated("toy")


def test_every_figure_can_be_read(evaluation: Evaluation):
    for name, draw in evaluation_figures(evaluation).items():
        assert unreadable(draw()) == [], name


def test_the_map_says_what_is_left_out_and_its_units(evaluation: Evaluation):
    drawn = evaluation_figures(evaluation)["two_way"]()
    assert "survival apart" in " ".join(t.get_text() for t in drawn.texts)
    assert drawn.get_xlabel().endswith(")")
    assert drawn.get_ylabel().endswith(")")


def test_where_nobody_progresses_there_is_no_figure_of_progression(tmp_path: Path):
    path = tmp_path / "own.yaml"
    both = "{family: exponential, parameters: {rate: {value: 0.05, assumed: true, why: test}}}"
    lines = [x for x in OWN.splitlines() if not any(k in x for k in ("scale:", "pfs:", "rate:"))]
    path.write_text("\n".join(f"      pfs: {both}\n      os: {both}" if " os:" in x else x for x in lines))
    out = evaluated(path, draws=0).save(tmp_path / "out")
    assert not set(OF_PROGRESSION) & {p.name for p in out.iterdir()}
    assert "figure-pfs" not in (out / "report.html").read_text()
    assert "figure-os" in (out / "report.html").read_text()
