"""What changes between lines: who can start a line, with what prognosis; time on treatment; other shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import simulate as sim
from simulate.cohort import graph_rows, new_job
from simulate.errors import InputError
from simulate.evidence import Library
from simulate.model.graph import build
from simulate.model.types import DAYS_PER_MONTH
from simulate.pathways import setting
from simulate.pathways.changes import changing, in_line, with_changes
from simulate.pathways.comparability import comparability
from simulate.pathways.count_once import count_once
from simulate.pathways.integrated import Integrated
from simulate.pathways.on_treatment import longest, on_treatment, stretch
from simulate.pathways.oracle import integrate
from simulate.pathways.other_mixes import other_mixes
from simulate.pathways.profiles import marginal

LEVELS = ("zero", "one", "two", "four")
ROWS = {"zero": (0.5, 0.3, 0.2, 0.0), "one": (0.0, 0.6, 0.2, 0.2), "two": (0.0, 0.0, 0.7, 0.3), "four": (0, 0, 0, 1)}
RATIO = {"zero": 1.0, "one": 1.5, "two": 2.5, "four": 6.0}


@pytest.fixture(scope="module")
def changed(folder):
    """The lines of the tests with a performance status that declines; from three on no line is started."""
    return sim.load("changed", params=folder)


def test_the_chain_of_levels_is_that_of_the_file(changed):
    """Shares by matrix products, typed here again."""
    population = changed.plan.lines.population
    start = np.array([marginal(population, "ecog")[k] for k in LEVELS])
    matrix = np.array([ROWS[k] for k in LEVELS])
    second = marginal(population, in_line(population, "ecog", "second_line"))
    third = marginal(population, in_line(population, "ecog", "third_line"))
    np.testing.assert_allclose([second[k] for k in LEVELS], start @ matrix, rtol=1e-12)
    np.testing.assert_allclose([third[k] for k in LEVELS], start @ matrix @ matrix, rtol=1e-12)
    assert changing(population) == ("ecog",)
    assert "ecog@second_line" not in changed.plan.population.covariates  # the report shows the file's own


def test_classes_add_up_over_what_changes(changed):
    """Share able to start each line and mean prognosis of those who do, by enumeration of every history."""
    plan = changed.plan
    start = marginal(plan.lines.population, "ecog")
    able, ratio, lost = np.zeros(2), np.zeros(2), np.zeros(2)
    for a, share in start.items():
        for b, p in zip(LEVELS, ROWS[a], strict=True):
            w = share * p
            lost[0] += w * RATIO[b] * (b == "four")
            if b == "four":
                continue
            able[0] += w
            ratio[0] += w * RATIO[b]
            for c, q in zip(LEVELS, ROWS[b], strict=True):
                lost[1] += w * q * RATIO[c] * (c == "four")
                if c != "four":
                    able[1] += w * q
                    ratio[1] += w * q * RATIO[c]
    own = plan.treatments["old"]
    shares = np.array([c.share for c in plan.classes])
    first, second = np.array([t.able[1] for t in own]), np.array([t.able[1] * t.able[2] for t in own])
    assert shares @ first == pytest.approx(able[0], abs=1e-5)
    assert shares @ second == pytest.approx(able[1], abs=1e-5)
    assert shares @ (first * [t.on[1] for t in own]) == pytest.approx(ratio[0], abs=1e-4)
    assert shares @ (second * [t.on[2] for t in own]) == pytest.approx(ratio[1], abs=1e-4)
    assert shares @ ((1 - first) * [t.unable[1] for t in own]) == pytest.approx(lost[0], abs=1e-4)
    assert shares @ ((first - second) * [t.unable[2] for t in own]) == pytest.approx(lost[1], abs=1e-4)


def test_the_trials_patients_reach_a_line_as_often_as_was_seen(changed):
    """Of those who leave the first line alive, by integration; the less fit leave it sooner but none does otherwise."""
    plan = changed.plan.alone["old"]
    graph = plan.graphs["old"]
    into = {t.target: t for t in graph.transitions if t.origin == "progression_free"}
    for j, t in enumerate(plan.treatments["old"]):
        going, staying = into["second_line"].hazards[j].factor, into["after_first_line"].hazards[j].factor
        assert going / (going + staying) == pytest.approx(t.able[1] * plan.setting.reaching["second_line"])
    shares = np.array([c.share for c in plan.classes])
    reached = shares @ [t.able[1] * plan.setting.reaching["second_line"] for t in plan.treatments["old"]]
    assert reached == pytest.approx(changed.file.later_lines["second_line"].reach, abs=1e-6)


def test_a_rule_reads_what_a_patient_is_then(changed):
    """Who is at two when the second line is decided on gets nothing there under the careful policy."""
    plan = changed.plan
    start = marginal(plan.lines.population, "ecog")
    fit = sum(share * (ROWS[a][0] + ROWS[a][1]) for a, share in start.items())
    shares = np.array([c.share for c in plan.classes])
    assert shares @ [t.able[1] for t in plan.treatments["careful"]] == pytest.approx(fit, abs=1e-5)


def test_two_regimens_by_what_a_patient_is_then(changed):
    """Both are given, to the share that the rules say; classes are divided, nobody is lost."""
    plan = changed.plan
    start = marginal(plan.lines.population, "ecog")
    shares = np.array([c.share for c in plan.classes])
    for use, level in (("second", (0, 1)), ("gentle", (2,))):
        wanted = sum(share * sum(ROWS[a][k] for k in level) for a, share in start.items())
        found = sum(
            s * t.able[1]
            for s, t in zip(shares, plan.treatments["divided"], strict=True)
            if t.steps[1] is not None and t.steps[1].regimen == use
        )
        assert found == pytest.approx(wanted, abs=1e-5)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)


def test_decline_shortens_what_follows_the_first_line(changed, scenario):
    """Against the same patients without decline; the trials' own survival is returned by both."""
    ours, plain = (s.plan for s in (changed, scenario))
    assert integrate(ours.graphs["old"], 60.0).pfs == pytest.approx(integrate(plain.graphs["old"], 60.0).pfs, abs=2e-3)
    for row in changed.run(patients=1000).summary()["count_once"]:
        assert row["relative"] is None or abs(row["relative"]) < 0.01


@pytest.mark.parametrize("strategy", ["old", "careful", "divided"])
def test_simulated_lines_are_the_integrated_ones(changed, strategy):
    """Survival of 200,000 patients within 4 binomial standard errors at six times."""
    n = 200_000
    graph = changed.plan.graphs[strategy]
    rows = graph_rows(build(graph), new_job(n, 11, 0))
    dead = rows.entry[-1]
    found = integrate(graph, 60.0)
    for months in (3.0, 6.0, 12.0, 24.0, 36.0, 60.0):
        expected = found.landmark("os", months)
        error = np.sqrt(expected * (1 - expected) / n)
        assert (dead > months).mean() == pytest.approx(expected, abs=4 * error + 1e-4)


def test_time_on_treatment_is_that_of_simulated_patients(changed):
    """Mean of min(time in the line, longest course) of those who start, within 4 standard errors; shares alike."""
    n, horizon = 200_000, changed.file.horizon
    rows = {(r["strategy"], r["line"]): r for r in on_treatment(changed.plan, horizon) if r["strategy"] == "new"}
    compiled = build(changed.plan.graphs["new"])
    simulated = graph_rows(compiled, new_job(n, 5, 0))
    entry = dict(zip(compiled.states, simulated.entry, strict=True))
    for i, (line, state) in enumerate((("first_line", "progression_free"), ("second_line", "second_line"))):
        row = rows["new", line]
        most = row["longest"] or np.inf
        start = entry[state]
        later = [t for s, t in entry.items() if s != state]
        left = np.min([np.where(t > start, t, np.inf) for t in later], axis=0)
        started = start < horizon
        # a later line is stretched in the pathway, and its time on treatment told without that
        of_line = {stretch(t, i) for t in changed.plan.treatments["new"]}
        assert len(of_line) == 1
        time = np.minimum((np.minimum(left, horizon) - start) / of_line.pop(), most)[started]
        error = time.std() / np.sqrt(started.sum())
        assert row["months"] == pytest.approx(time.mean(), abs=4 * error + 0.01)
        assert row["share"] == pytest.approx(started.mean(), abs=4 * np.sqrt(0.25 / n) + 1e-3)
    assert rows["new", "first_line"]["longest"] == pytest.approx(6 * 21 / DAYS_PER_MONTH)
    assert rows["new", "first_line"]["months"] < rows["new", "first_line"]["longest"]


def test_time_on_a_regimen_without_drugs_or_progression_is_not_known():
    rows = {(r["strategy"], r["line"]): r for r in on_treatment(sim.load("palliative_radiotherapy").plan, 24.0)}
    assert all(r["months"] is None for r in rows.values())
    library = Library([])
    assert longest(library.regimen("cisplatin")) == pytest.approx(6 * 21 / DAYS_PER_MONTH)
    assert longest(library.regimen("topotecan")) == np.inf
    assert longest(library.regimen("lung_metastasectomy")) is None


def test_other_shares_change_survival_and_the_eras_own_do_not(changed):
    rows = other_mixes(changed.file, Integrated(changed.plan, changed.file.horizon))
    assert {(r["setting"], r["reach"]) for r in rows} == {(s, x) for s in ("trial", "scenario") for x in (0.48, 0.71)}
    assert {r["line"] for r in rows} == {"second_line"}  # the third has no range
    assert all(abs(r["mean_change"]) > 0.0 for r in rows)
    same = changed.plan.redrawn(reach={"second_line": changed.file.later_lines["second_line"].reach})
    np.testing.assert_allclose(
        integrate(same.graphs["new"], 60.0).os, integrate(changed.plan.graphs["new"], 60.0).os, atol=1e-12
    )
    none = changed.plan.redrawn(reach={"second_line": 0.0})
    assert integrate(none.graphs["new"], 60.0).occupancy["second_line"].max() == 0.0


def test_nothing_changes_where_nobody_gets_the_line(changed, monkeypatch):
    treatments = {
        s: tuple(replace(t, steps=(t.steps[0], None, None)) for t in own) for s, own in changed.plan.treatments.items()
    }
    plan = replace(changed.plan, treatments=treatments, alone={}).redrawn()
    found = Integrated(plan, changed.file.horizon)
    eras = {s: found.strategy(s) for s in plan.graphs}
    monkeypatch.setattr("simulate.pathways.other_mixes.integrate", lambda *_: pytest.fail("integrated again"))
    rows = other_mixes(changed.file, found)
    assert len(rows) == 2 * len(eras)
    assert all(r["mean_change"] == 0.0 and r["median_change"] in (0.0, None) for r in rows)
    assert {r["median"] for r in rows} == {outcome.median("os") for outcome in eras.values()}


def test_more_cannot_start_than_can(folder):
    broken = sim.load("changed", params=folder, overrides={"later_lines.second_line.reach": "0.99",
                                                           "later_lines.second_line.range": "null"})  # fmt: skip
    with pytest.raises(InputError, match=r"0\.99 start it, but only 0\.\d+ of the trials' patients can"):
        broken.plan  # noqa: B018


def test_nothing_changes_where_no_file_says_so(scenario):
    population = scenario.plan.lines.population
    assert changing(population) == ()
    assert with_changes(population, ("first_line", "second_line")) == population
    assert all(t.able == (1.0, 1.0, 1.0) for t in scenario.plan.treatments["old"])


def test_the_correction_stays_within_its_bounds(changed, monkeypatch):
    """A target three times as late is out of reach: the widest factor is taken, and `count_once` shows the miss."""
    plan = changed.plan.alone["old"]
    days = int(np.ceil(changed.file.horizon * DAYS_PER_MONTH))
    day = np.arange(days + 1)
    slow = {k: np.interp(day / 3.0, day, v) for k, v in setting.calibrated("old", plan, days).items()}
    monkeypatch.setattr(setting, "calibrated", lambda *_: slow)
    found = setting.solve_after("old", changed.file, plan)
    assert found.hazards == pytest.approx(0.5, rel=1e-6)
    assert all(0.5 - 1e-6 <= f <= 2.0 + 1e-6 for f in found)


def test_the_correction_meets_median_and_mean():
    """OS of a GOG 240 arm beneath three lines: median within 0.5 %, mean to ten years within 1.5 %."""
    found = sim.load("performance_status")
    rows = count_once(Integrated(found.plan, found.file.horizon))
    own = [r for r in rows if r["regimen"] == "cisplatin_paclitaxel_bevacizumab" and r["endpoint"] == "os"]
    for r in own:
        assert r["pathway"] == pytest.approx(r["calibrated"], rel=0.005)
        assert r["pathway_mean"] == pytest.approx(r["calibrated_mean"], rel=0.015)


def test_who_starts_a_line_is_part_of_what_a_difference_rests_on(changed):
    """The same regimens, each line for other patients: no trial compared that."""
    plan = changed.plan
    pairs = zip(plan.classes, plan.treatments["careful"], plan.treatments["old"], strict=True)
    alike = tuple(replace(c, share=c.share if a.steps == b.steps else 0.0) for c, a, b in pairs)
    assert sum(c.share for c in alike) > 0.5
    assert comparability(replace(plan, classes=alike), "careful", "old") == "unanchored"
    assert comparability(replace(plan, classes=alike), "old", "old") == "same survival"


def test_a_share_beyond_those_able_is_refused_before_anything_runs(folder):
    wide = sim.load("changed", params=folder, overrides={"later_lines.second_line.range": "[0.48, 0.97]"})
    with pytest.raises(InputError, match=r"range: 0\.97 start it"):
        wide.plan  # noqa: B018
