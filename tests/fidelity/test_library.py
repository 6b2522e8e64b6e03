"""Fidelity of the whole library: the standard every study file is held to, and the page kept under version control."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from simulate.evidence import Library
from simulate.fidelity import Fidelity, fidelity
from simulate.fidelity.table import rms
from simulate.report.fidelity_page import inside, live, medians_missed

PATIENTS = 40_000


@pytest.fixture(scope="module")
def library() -> Library:
    return Library([])


@pytest.fixture(scope="module")
def tables(library) -> list[Fidelity]:
    return [fidelity(library.trial(t), patients=PATIENTS) for t in library.trials()]


@pytest.fixture(scope="module")
def rows(tables):
    return [r for t in tables for r in live(t)]


def test_figures_lie_in_their_intervals(rows):
    """At least 95 % of those with an interval, printed or derived."""
    assert len(rows) > 450
    within = [inside(r) for r in rows if r.ci_low is not None]
    assert np.mean(within) >= 0.95


def test_every_figure_outside_carries_a_reason(library, rows):
    """A reason somebody wrote, not only the distance."""
    for r in rows:
        if not inside(r):
            figure = library.trial(r.study).figure(r.id)
            assert len(figure.note or figure.why or "") > 30, f"{r.study} {r.id}"
            assert r.verdict == "conflict"
            assert (figure.note or figure.why) in r.reason


def test_figures_not_used_are_predicted_within_their_errors(rows):
    """Root mean square z at most 1.3, sampling error included; targets apart."""
    assert rms(rows, targets=False) <= 1.3
    assert sum(not r.used_as_target for r in rows) > 100
    assert sum(r.used_as_target for r in rows) > 300


def test_medians_used_are_met(rows):
    """The model's within 2 %; the simulated ones beside it within 5 of their Monte Carlo errors, 0.6 % of a median each
    (exponential: 1 / (ln 2 sqrt n) with 40,000 patients is 0.7 %)."""
    medians = [r for r in rows if r.used_as_target and r.statistic == "median"]
    assert len(medians) > 140
    assert [r.id for r in medians if abs(r.model / r.reported - 1) > 0.02] == []
    error = 1 / (math.log(2) * math.sqrt(PATIENTS))
    assert [r.id for r in medians if abs(r.simulated / r.model - 1) > 5 * error] == []
    assert len(medians_missed(rows, 0.02 + 5 * error)) == 0


def test_the_page_kept_is_of_this_library(root, tables):
    """Same figures, and models that agree to the digits that differ between machines."""
    kept = pd.read_csv(root / "reports/fidelity.csv").set_index(["study", "id"])
    fresh = {(r.study, r.id): r for t in tables for r in t.rows}
    assert set(kept.index) == set(fresh), "run simulate fidelity --out reports"
    told = kept["model"].dropna()
    for key, value in told.items():
        assert fresh[key].model == pytest.approx(value, rel=5e-3), f"{key}: run simulate fidelity --out reports"
    page = (root / "reports/fidelity.html").read_text(encoding="utf-8")
    assert f"{len(tables)} studies" in page
    shown = re.search(r"(\d+) conflicts", page)
    assert int(shown[1]) == sum(len(t.conflicts()) for t in tables)
