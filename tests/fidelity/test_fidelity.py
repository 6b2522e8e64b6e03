"""Fidelity: every figure appears once with a verdict, simulation agrees with model, predictions are honest."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest

from simulate.calibration import Calibration, calibrate
from simulate.evidence import Library
from simulate.fidelity import Fidelity, fidelity, leave_one_out

FIELDS = {
    "study",
    "arm",
    "population",
    "endpoint",
    "statistic",
    "timepoint",
    "reported",
    "ci_low",
    "ci_high",
    "used_as_target",
    "model",
    "simulated",
    "z",
    "verdict",
    "reason",
}
TRIALS = ("gog240", "jcog0505", "keynote826")
PATIENTS = 100_000


@pytest.fixture(scope="module")
def tables() -> dict[str, Fidelity]:
    library = Library()
    return {name: fidelity(library.trial(name), patients=PATIENTS, seed=3) for name in TRIALS}


@pytest.mark.parametrize("trial", TRIALS)
def test_every_figure_appears_once_with_the_agreed_fields(tables, trial):
    rows = tables[trial].to_json()
    assert Counter(r["id"] for r in rows) == Counter(f.id for f in Library().trial(trial).figures)
    assert all(r.keys() >= FIELDS for r in rows)
    assert {r["verdict"] for r in rows} <= {"met", "consistent", "conflict", "superseded", "not modelled"}
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize("trial", TRIALS)
def test_every_figure_lies_inside_its_interval_or_is_a_named_conflict(tables, trial):
    own = Library().trial(trial)
    for r in tables[trial].rows:
        if r.model is None or r.verdict == "superseded":
            continue
        assert r.ci_low is not None
        assert r.ci_high is not None
        if r.verdict == "conflict":
            figure = own.figure(r.id)
            assert len(figure.note or figure.why or "") > 20, r.id
        else:
            assert r.ci_low <= r.model <= r.ci_high, r.id


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("subgroups", [None, True])
def test_figures_not_used_are_predicted_within_their_errors(tables, trial, subgroups):
    """At most 1.3 in all and for the subgroups alone; the counts of events left out: they test enrolment and loss to
    follow-up, which nobody reports."""
    assert tables[trial].rms_z(events=False, subgroups=subgroups) <= 1.3


@pytest.mark.parametrize("trial", TRIALS)
def test_counts_of_events_are_compared_with_the_model(tables, trial):
    for f in Library().trial(trial).figures:
        if f.statistic == "events" and f.endpoint in ("os", "pfs"):
            row = next(r for r in tables[trial].rows if r.id == f.id)
            assert row.model is not None
            assert row.reported == f.events


def test_a_contradiction_among_primary_figures_is_a_conflict():
    """A shape per arm can meet a hazard ratio of 1.3 beside medians of 16.8 and 13.3; the contradiction must show."""
    trial = Library().trial("gog240")
    figures = tuple(
        f.model_copy(update={"value": 1.3, "interval": None}) if f.id == "os_hr" else f for f in trial.figures
    )
    table = fidelity(trial.model_copy(update={"figures": figures}), patients=1000)
    row = next(r for r in table.rows if r.id == "os_hr")
    assert row.z > 1.96
    assert row.verdict == "conflict"
    assert table.calibration.tensions(beyond=1.0)


@pytest.mark.parametrize("trial", TRIALS)
def test_not_modelled_figures_say_why(tables, trial):
    for r in tables[trial].rows:
        assert (r.verdict == "not modelled") == (r.model is None)
        if r.model is None:
            assert r.reason


@pytest.mark.parametrize("trial", TRIALS)
def test_the_simulation_agrees_with_the_model(tables, trial):
    """Bounds: 5 standard errors at 100,000 patients per arm and stratum; a log median has 1.5 / sqrt(n), a log hazard
    ratio 2 / sqrt(n / 2), a share 0.5 / sqrt(n)."""
    for r in tables[trial].rows:
        if r.model is None or r.simulated is None:
            continue
        if r.statistic == "median":
            assert math.log(r.simulated / r.model) == pytest.approx(0.0, abs=5 * 1.5 / math.sqrt(PATIENTS))
        elif r.statistic == "hazard_ratio":
            assert math.log(r.simulated / r.model) == pytest.approx(0.0, abs=5 * 2 / math.sqrt(PATIENTS / 2))
        elif r.statistic in ("landmark", "proportion"):
            assert r.simulated == pytest.approx(r.model, abs=5 * 0.5 / math.sqrt(PATIENTS))


def test_gog240_toxicity_is_events_over_220(tables):
    rows = {r.id: r for r in tables["gog240"].rows}
    wanted = {
        ("hypertension", ">=2"): (55, 4),
        ("venous_thromboembolism", ">=3"): (18, 4),
        ("fistula", "any"): (32, 3),
        ("fistula", "3"): (13, 1),
    }
    for (event, grade), counts in wanted.items():
        for arm, events in zip(("chemotherapy_bevacizumab", "chemotherapy"), counts, strict=True):
            own = [r for r in rows.values() if (r.endpoint, r.grade, r.arm) == (event, grade, arm) and r.used_as_target]
            assert len(own) == 1
            assert own[0].model == pytest.approx(events / 220)


def test_conflicts_of_jcog0505_are_the_known_misfit(tables):
    """The 12-month PFS rates lie below what the medians suggest, less so since the shapes of other trials of first-line
    chemotherapy are known (z −1.8 under a prior of one width); the hazard ratio beside its medians is no conflict."""
    verdict = {r.id: r for r in tables["jcog0505"].rows}
    assert verdict["os_hr"].verdict == "met"
    for arm in ("p", "k"):
        r = verdict[f"pfs_12_{arm}"]
        assert r.z < -1.0
        assert r.model > r.reported


def test_leave_one_out_withholds_the_figure(private_cache):
    """The prediction of a withheld figure must not depend on its reported value."""
    library = Library()
    trial = library.trial("gog240")
    calibration: Calibration = calibrate(trial)
    table = leave_one_out(trial, calibration).set_index("figure")
    used = {s.figure for s in calibration.statistics if s.role in ("primary", "fit")}
    assert set(table.index) == used
    changed = trial.model_copy(
        update={
            "figures": tuple(
                f.model_copy(update={"value": 9.0}) if f.id == "pfs_median_b" else f for f in trial.figures
            )
        }
    )
    moved = leave_one_out(changed, calibrate(changed)).set_index("figure")
    assert moved.loc["pfs_median_b", "predicted"] == pytest.approx(table.loc["pfs_median_b", "predicted"], rel=0.01)
    assert moved.loc["os_hr", "predicted"] != pytest.approx(table.loc["os_hr", "predicted"], rel=1e-6)


@pytest.mark.parametrize("trial", TRIALS)
def test_leave_one_out_errors_are_about_what_they_are_said_to_be(trial):
    """z of withheld figures: root mean square near 1. With about 15 correlated figures a bound of 2 is 3 SE or more."""
    z = leave_one_out(Library().trial(trial))["z"]
    assert float(np.sqrt((z**2).mean())) < 2.0
