"""Regimens: the bundled ones hold together, and every fault in a file gives one clear message with its line."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import json
import re

import pytest

from simulate.errors import InputError
from simulate.evidence import Library, bundled_params
from simulate.evidence.regimen_words import conditions_text, regimen_lines, regimen_tables

# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FIELDS = {
    "unknown field": ("lines: [1, 2]", "line: [1, 2]", "given.yaml:3 line: no such field. Did you mean 'lines'?"),
    "unknown field of a drug": ("schedule:", "shedule:", r"drugs\[2\].shedule: no such field. Did you mean 'schedule'"),
    "missing field": ("evidence: {trial: mini, arm: treated, strata: [low]}", "notes: [a]", "evidence: is missing"),
    "duplicate key": ("label: cisplatin", "label: a\nlabel: cisplatin", "duplicate key 'label'"),
    "negative dose": ("dose: 50", "dose: -50", r"drugs\[0\].dose: -50 must be greater than 0"),
    "dose in words": ("dose: 50", 'dose: "50"', "'50' is not a number"),
    "unknown unit": ("unit: mg/m2", "unit: mg/m3", "Did you mean 'mg/m2'"),
    "day zero": ("days: [1, 15]", "days: [0, 15]", "0 must be at least 1"),
    "part of a cycle": ("cycle_days: 21", "cycle_days: 21.5", "21.5 is not a whole number"),
    "unknown end": ("until: progression", "until: progresion", "Did you mean 'progression'"),
    "unknown action": ("action: hold", "action: wait", "'wait' is not one of"),
    "unknown consequence": ("[delay, dose_reduction]", "[delay, reduction]", "'reduction' is not one of"),
    "factor in per cent": ("factor: 0.75", "factor: 75", "75 must be at most 1"),
    "bad grade": ('grade: ">=3", action', "grade: severe, action", "Write any, 3, 3-4 or >=3"),
    "empty condition": ("when: {haemoptysis: {is: true}}", "when: {}", r"when: .*at least 1 item"),
    "condition of two kinds": ("{min: 3}", "{is: 3, min: 3}", "Give exactly one of: is, any_of, or bounds"),
    "condition without a test": ("{min: 3}", "{}", "Give exactly one of: is, any_of, or bounds"),
    "condition on a list": ("{is: true}}, action", "{is: [1]}}, action", "is: a list: Give true or false, a number, or a text"),
    "condition on nothing": ("{is: true}}, action", '{is: ""}}, action', "Give true or false, a number, or a text"),
    "control character in a condition": ("{is: true}}, action", '{is: "a\\x1b"}}, action', "Give true or false, a number, or a text"),
    "swapped bounds": ("{max: 90}", "{min: 95, max: 90}", "min should not exceed max"),
    "misspelt test": ("{is: true}}, only", "{iss: true}}, only", "iss: no such field. Did you mean 'is'"),
    "condition that is a text": ("{min: 3}", '"ecog >= 3"', "'ecog >= 3' is not a mapping of fields"),
    "window of one": ("[0.5, 6.0]", "[0.5]", "needs at least 2 item"),
    "no consequence": ("consequence: [stop_drug]", "consequence: []", "needs at least 1 item"),
    "no dose": ("dose_gy: 45", "dose_gy: 0", r"local_treatments\[0\].dose_gy: 0 must be greater than 0"),
    "no fraction": ("fractions: 25", "fractions: 0", "0 must be at least 1"),
    "part of a fraction": ("fractions: 25", "fractions: 25.5", "25.5 is not a whole number"),
    "unknown treatment": ("treatment: radiotherapy", "treatment: radiotherapie", "Did you mean 'radiotherapy'"),
    "unknown field of a local treatment": ("dose_gy: 45", "dose: 45", r"local_treatments\[0\].dose: no such field. Did you mean 'dose_gy'"),
    "id against file name": ("id: given", "id: taken", "differs from the file's name"),
}  # fmt: skip
RULES = {
    "source and assumption": ("factor: 0.75, assumed", "factor: 0.75, source: smith_2020, seen: seed, assumed", "is both assumed and from a source"),
    "assumed without a reason": ('assumed: true, why: "An example."}\n  - {when: {hist', "assumed: true}\n  - {when: {hist", "is assumed without a reason"),
    "no source": (", source: smith_2020, seen: seed}\n  - {event: surgery", "}\n  - {event: surgery", "has no source. Name its `source`, or write `assumed: true`"),
    "seen nowhere": ("days: 28, source: smith_2020, seen: seed", "days: 28, source: smith_2020", "does not say how its source was seen"),
    "cycle of a year": ("cycle_days: 21", "cycle_days: 365", "365 days is no cycle; at most 56"),
    "thousand cycles": ("max_cycles: 35", "max_cycles: 1000", "1000 cycles are more than 100"),
    "cycles without a number": ("max_cycles: 35, until: progression", "until: cycles", "`until: cycles` without `max_cycles`"),
    "drugs without a course": ("course: {cycle_days: 21, max_cycles: 35, until: progression, source: smith_2020, seen: seed, seen_at: journal_page}\n", "", "course: is missing"),
    "dose without a unit": ("dose: 50, unit: mg/m2,", "dose: 50,", "a dose without a unit"),
    "unit without a dose": ("dose: 50, unit: mg/m2,", "unit: mg/m2,", "a unit without a dose"),
    "dose without days": (", days: [1, 15]", "", "a dose without days"),
    "day beyond the cycle": ("days: [1, 15]", "days: [1, 22]", "day 22 lies beyond the cycle of 21 days"),
    "own cycle of a year": ("unit: mg/kg,", "unit: mg/kg, cycle_days: 365,", "365 days is no cycle; at most 56"),
    "day beyond its own cycle": ("days: [1, 15]", "cycle_days: 14, days: [1, 15]", "day 15 lies beyond the cycle of 14 days"),
    "radiation without fractions": ("dose_gy: 45, fractions: 25, fractions_assumed: true,", "dose_gy: 45,", "a dose without `fractions`"),
    "fractions without a dose": ("dose_gy: 45, fractions: 25,", "fractions: 25,", "a number of fractions without `dose_gy`"),
    "assumed fractions without a reason": (', why: "As elsewhere."', "", "needs `fractions` and `why`"),
    "dose in centigray": ("dose_gy: 45", "dose_gy: 4500", "4500 Gy is no dose of a course; at most 90. Give the total in Gy"),
    "fifty fractions": ("fractions: 25", "fractions: 50", "50 fractions are more than 45"),
    "whole dose at once": ("fractions: 25", "fractions: 1", "45 Gy a fraction; at most 30"),
    "days between one fraction": ("dose_gy: 24, fractions: 2", "dose_gy: 24, fractions: 1", "days between fractions, but not several"),
    "dose of an operation": ("treatment: surgery, site: vulva,", "treatment: surgery, site: vulva, dose_gy: 10, fractions: 1,", "belongs to radiation, the treatment is surgery"),
    "fractions of an operation": ("treatment: surgery, site: vulva,", "treatment: surgery, site: vulva, fractions: 1,", r"fractions: belongs to radiation"),
    "drugs during an operation": ("treatment: surgery, site: vulva,", "treatment: surgery, site: vulva, concurrent: [cisplatin],", "concurrent: belongs to radiation"),
    "alternative to nothing": ("dose_gy: 45,", "alternative: true, dose_gy: 45,", "the first has nothing to stand in for"),
    "local treatment twice": ("stereotactic_radiotherapy, site: pelvis, dose_gy: 24, fractions: 2,", "radiotherapy, site: pelvis, dose_gy: 45, fractions: 25,", "radiotherapy stands twice"),
    "intraoperative without an operation": ("treatment: surgery", "treatment: vertebroplasty", "intraoperative radiation without surgery"),
    "intraoperative in fractions": ("dose_gy: 15, fractions: 1", "dose_gy: 15, fractions: 3", "3 fractions during one operation"),
    "local treatment without a source": ("dose_gy: 15, fractions: 1, source: smith_2020, seen: seed", "dose_gy: 15, fractions: 1", r"local_treatments\[3\]: has no source"),
    "days not in order": ("days: [1, 15]", "days: [15, 1]", "the days do not increase"),
    "cycles backwards": ("days: [1], to_cycle: 6, source", "days: [1], from_cycle: 7, to_cycle: 6, source", "cycle 6 lies before cycle 7"),
    "cycles beyond the course": ("days: [1], to_cycle: 6, source", "days: [1], to_cycle: 60, source", "cycle 60 lies beyond the 35 cycles"),
    "drug twice": ("drug: carboplatin, dose: 5, unit: AUC, days: [1], to_cycle: 6, instead_of: cisplatin", "drug: cisplatin, dose: 60, unit: mg/m2, days: [1]", "cisplatin is given twice in the same cycles"),
    "stands in for nobody": ("instead_of: cisplatin", "instead_of: cisplatine", "no drug 'cisplatine' to stand in for. Did you mean 'cisplatin'"),
    "replaces no drug": ("action: replace_drug, drug: examplumab", "action: replace_drug", "`replace_drug` names no drug"),
    "replaces another's drug": ("action: replace_drug, drug: examplumab", "action: replace_drug, drug: exemplumab", "the regimen has no drug 'exemplumab'. Did you mean 'examplumab'"),
    "excludes a drug": ("action: exclude,", "action: exclude, drug: cisplatin,", "`exclude` concerns the whole regimen"),
    "replacement of a reduction": ("factor: 0.75", "factor: 0.75, replacement: carboplatin", "belongs to replace_drug, the action is reduce"),
    "factor of an exclusion": ("action: exclude,", "action: exclude, factor: 0.5,", "belongs to reduce, the action is exclude"),
    "condition twice": ("when: {ecog: {min: 3}, age: {max: 90}}, action: exclude", "when: {haemoptysis: {is: true}}, action: replace_drug, drug: examplumab", "the same condition stands twice"),
    "stops no drug": ("action: stop_drug, drug: examplumab", "action: stop_drug", "`stop_drug` names no drug"),
    "stops for some days": ("action: stop_drug, drug: examplumab", "action: stop_drug, drug: examplumab, days: 7", "7 days, but the action is stop_drug"),
    "stopping rule twice": ("event: surgery, action", 'event: haemorrhage, grade: ">=3", action', "haemorrhage stands twice"),
    "figure and rates": ("    figure: rash\n", '    figure: rash\n    rates: [{grade: any, value: 0.1, source: smith_2020, seen: seed}]\n', "has both `figure` and `rates`"),
    "neither figure nor rates": ("    figure: rash\n", "", "has neither `figure` nor `rates`"),
    "event twice": ("- event: perforation", "- event: rash", "event 'rash' stands twice"),
    "count without n": ("events: 8, n: 100", "events: 8", "needs either `events` and `n`, or `value`"),
    "count and value": ("events: 8, n: 100", "events: 8, n: 100, value: 0.08", "needs either `events` and `n`, or `value`"),
    "more events than patients": ("events: 8, n: 100", "events: 800, n: 100", "800 events exceed n 100"),
    "worse more frequent": ("value: 0.03", "value: 0.3", "grade >=3 is more frequent than any"),
    "grades not in order": ('grade: ">=3", value', "grade: any, value", "grade any does not come after any"),
    "window backwards": ("window: [0.5, 6.0]", "window: [6.0, 0.5]", "the window 6 to 0.5 is empty or misses the median"),
    "median outside": ("median_months: 2.0", "median_months: 20", "the window 0.5 to 6 is empty or misses the median"),
    "onset without a time": ("window: [0.5, 6.0], median_months: 2.0, ", "", "says no time"),
    "only and ratio": ("only: true", "only: true, ratio: 2", "needs exactly one of `ratio` and `only: true`"),
    "neither only nor ratio": ("only: true, ", "", "needs exactly one of `ratio` and `only: true`"),
    "none beside others": ("[delay, dose_reduction]", "[none, delay]", "'none' beside others"),
    "no time": ("each_visit: true, ", "", "needs exactly one of `each_visit`"),
    "two times": ("each_visit: true", "each_visit: true, every_weeks: 3", "needs exactly one of `each_visit`"),
    "range backwards": ("every_months: 2, up_to: 3", "every_months: 3, up_to: 2", "2 ends no range"),
    "examined twice": ("what: scans", "what: examination", "'examination' stands twice"),
    "rarer from never": ("until_week: 54, ", "", "needs both or neither of `until_week` and `then_every_weeks`"),
    "rarer before the first": ("until_week: 54", "until_week: 5", "week 5 comes before the first scan"),
    "trial without an arm": ("trial: mini, arm: treated", "trial: mini, arm: null", "names only one of `trial` and `arm`"),
    "no trial, no reason": ("trial: mini, arm: treated, strata: [low]", "trial: null, arm: null", "no trial, and no reason"),
    "toxicity of half a trial": ("    figure: rash\n", "    figure: rash\n    trial: mini\n", "names only one of `trial` and `arm`"),
    "compared with itself": ("against: other", "against: given", "is the regimen itself"),
    "compared twice": ("against: third", "against: other", "'other' stands twice"),
    "compared by nothing": ("os: 0.8, pfs: 0.7, ", "", "needs `trial`, `arm` and `comparator`, or hazard ratios"),
    "compared by both": ("comparator: control, strata: [low]}", "comparator: control, os: 0.8}", "needs `trial`, `arm` and `comparator`, or hazard ratios"),
    "compared with one arm": ("comparator: control, strata: [low]}", "strata: [low]}", "needs `trial`, `arm` and `comparator`"),
    "ratios of an arm": ("against: third,", "against: third, arm: treated,", "names arms of no trial"),
    "ratio below zero": ("os: 0.8", "os: -0.8", "-0.8 must be greater than 0"),
    "ratios without a source": ("pfs: 0.7, source: smith_2020, seen: seed", "pfs: 0.7", "has no source"),
}  # fmt: skip
LINKS = {
    "unknown trial": ("trial: mini", "trial: minni", "no trial 'minni'. Did you mean 'mini'"),
    "unknown arm": ("arm: treated", "arm: traeted", "trial mini has no arm 'traeted'. Did you mean 'treated'"),
    "unknown stratum": ("strata: [low]", "strata: [lo]", "trial mini has no stratum 'lo'. Did you mean 'low'"),
    "unknown event": ("figure: rash", "figure: rush", "trial mini models no event 'rush'. Did you mean 'rash'"),
    "unknown grade": ('grade: ">=3"\n    consequence', 'grade: "4"\n    consequence', "trial mini has rash at any, >=3, not at 4"),
    "event of no trial": ("trial: mini, arm: treated, strata: [low]", 'trial: null, arm: null, why: "None."', "'rash' of no trial"),
    "unknown arm of a toxicity": ("    figure: rash\n", "    figure: rash\n    trial: mini\n    arm: placebo\n", "trial mini has no arm 'placebo'"),
    "unknown regimen": ("against: other", "against: otter", "no regimen 'otter'. Did you mean 'other'"),
    "unknown trial of an effect": ("against: other, trial: mini", "against: other, trial: minni", "no trial 'minni'"),
    "unknown comparator": ("comparator: control", "comparator: contrl", "trial mini has no arm 'contrl'"),
    "unknown stratum of an effect": ("comparator: control, strata: [low]", "comparator: control, strata: [lo]", "trial mini has no stratum 'lo'"),
    "unknown source": ("drug: examplumab, source: smith_2020", "drug: examplumab, source: smith_2002", "Did you mean 'smith_2020'"),
    "unknown source of a local treatment": ("dose_gy: 15, fractions: 1, source: smith_2020", "dose_gy: 15, fractions: 1, source: smith_2002", "Did you mean 'smith_2020'"),
    "unknown page": ("seen_at: journal_page", "seen_at: journal_pag", "Did you mean 'journal_page'"),
}  # fmt: skip
CASES = {**FIELDS, **RULES, **LINKS}
# What is missing is reported where it should be; a rule between two fields reports on one of them.
ELSEWHERE = {
    "missing field", "duplicate key", "drugs without a course", "source and assumption", "worse more frequent", "grades not in order",
    "neither figure nor rates", "figure and rates", "stopping rule twice", "event of no trial", "toxicity of half a trial",
    "onset without a time", "unknown arm of a toxicity", "compared by nothing", "compared by both", "compared with one arm", "ratios of an arm",
    "ratios without a source", "assumed fractions without a reason", "intraoperative without an operation",
}  # fmt: skip


def test_the_small_regimen_is_sound(folder):
    library = Library(folder)
    assert library.check("given") == []
    regimen = library.regimen("given")
    assert (regimen.cycle_days, regimen.max_cycles, regimen.until) == (21, 35, "progression")
    assert regimen.drug_names == ("cisplatin", "carboplatin", "examplumab")
    assert [r.probability for r in regimen.toxicities[1].rates] == [0.08, 0.03]


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, damage, problems_of):
    old, new, says = CASES[name]
    path, line = damage("regimen", old, new)
    problems = problems_of(path)
    said = [p for p in problems if re.search(says, str(p))]
    assert said, "\n".join(map(str, problems))
    assert len(problems) <= 2, "\n".join(map(str, problems))
    assert all(p.file.endswith("given.yaml") and p.line for p in problems)
    if name not in ELSEWHERE:
        assert line in {p.line for p in said}, f"expected line {line}: {said}"
    assert max(len(str(p)) for p in problems) < 400
    with pytest.raises(InputError):
        Library(path.parent.parent).regimen("given")


def test_all_errors_of_a_file_are_reported_at_once(damage, problems_of):
    damage("regimen", "dose: 50", "dose: -50")
    damage("regimen", "arm: treated", "arm: traeted")
    path, _ = damage("regimen", "figure: rash", "figure: rush")
    assert [p.field for p in problems_of(path)] == ["drugs[0].dose", "evidence.arm", "toxicities.rash.figure"]


def test_a_trial_with_errors_is_named(damage, problems_of, folder):
    damage("trial", "value: 17.0", "value: -17.0")
    (problem,) = Library(folder).check(folder / "regimens" / "given.yaml")
    assert "trial 'mini' has errors" in problem.message
    assert "mini.yaml" in problem.message


def test_a_comparison_was_randomised(damage, problems_of, folder):
    damage("trial", "randomised: 200", "design: series")
    (problem,) = Library(folder).check(folder / "regimens" / "given.yaml")
    assert (problem.field, problem.message) == ("effects[0].trial", "trial mini is no randomised trial.")


def test_supportive_care_needs_no_drugs(folder):
    path = folder / "regimens" / "care.yaml"
    path.write_text('id: care\nlabel: care\nlines: [1]\nevidence: {trial: null, arm: null, why: "None."}\n')
    library = Library(folder)
    assert library.check("care") == []
    assert (library.regimen("care").cycle_days, library.regimen("care").until) == (None, None)


def test_an_id_of_two_kinds_is_told_apart(folder):
    (folder / "regimens" / "mini.yaml").write_text(
        (folder / "regimens" / "given.yaml")
        .read_text()
        .replace("id: given", "id: mini")
        .replace("dose: 50", "dose: -50")
    )
    library = Library(folder)
    assert library.kinds_of("mini") == ("trials", "regimens")
    assert library.named("regimens/mini") == ("regimens", "mini")
    assert library.check("mini") == []
    assert [p.field for p in library.check("regimens/mini")] == ["drugs[0].dose"]
    with pytest.raises(InputError, match="no regimen 'minni'"):
        library.named("regimens/minni")


def test_a_regimen_outside_the_library_is_recognised(folder, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((folder / "regimens" / "given.yaml").read_text().replace("dose: 50", "dose: -50"))
    assert [p.field for p in Library(folder).check(path)] == ["drugs[0].dose"]


def test_words(folder):
    regimen = Library(folder).regimen("given")
    tables = regimen_tables(regimen)
    assert [r["days"] for r in tables["Drugs"]] == ["1", "1", "1, 15"]
    assert [r["when"] for r in tables["Monitoring"]] == [
        "each visit",
        "every 3 months for 24 months",
        "every 2 to 3 months",
        "after 2 to 3 cycles",
    ]
    assert [(r["treatment"], r["dose"], r["with"]) for r in tables["Local treatments"]] == [
        ("radiotherapy", "45 Gy in 25 fractions (fractions assumed)", "cisplatin"),
        ("or stereotactic radiotherapy", "24 Gy in 2 fractions, every 2 days", ""),
        ("surgery", "", ""),
        ("intraoperative radiation", "15 Gy in 1 fraction", ""),
    ]
    assert conditions_text(regimen.contraindications[1].when) == "ecog at least 3 and age at most 90"
    assert tables["Toxicity"][0]["in whom"] == "only prior pelvic radiation yes"
    assert "scans every 9 weeks to week 54, then every 12 (assumed)" in regimen_lines(regimen)


NAMES = [p.stem for p in sorted((bundled_params() / "regimens").glob("*.yaml"))]


@pytest.mark.parametrize("name", NAMES)
def test_bundled_regimens_are_sound(bundled, name):
    assert [str(p) for p in bundled.check(f"regimens/{name}")] == []
    regimen = bundled.regimen(name)
    if regimen.drugs:  # local and palliative treatments are followed by their outcomes, not by scans of their own
        assert regimen.imaging is not None, "progression is found at a scan"
        assert {m.what for m in regimen.monitoring} >= {"imaging", "examination"}
    json.dumps(regimen.model_dump(mode="json", by_alias=True))


@pytest.mark.parametrize("name", NAMES)
def test_bevacizumab_is_never_without_its_rules(bundled, name):
    regimen = bundled.regimen(name)
    if "bevacizumab" not in regimen.drug_names:
        return
    stops = {(s.event, s.action): s for s in regimen.stopping if s.drug in ("bevacizumab", None)}
    for event in ("gastrointestinal_perforation", "fistula", "haemorrhage"):
        assert any(e == event and action.startswith("stop") for e, action in stops), event
    assert stops["surgery", "hold"].days == 28
    assert "blood_pressure" in {m.what for m in regimen.monitoring}
    assert {c for x in regimen.contraindications for c in x.when} >= {
        "haemoptysis",
        "uncontrolled_hypertension",
        "recent_gi_perforation",
    }


def test_fistula_comes_only_after_pelvic_radiation(bundled):
    (fistula,) = [t for t in bundled.regimen("cisplatin_paclitaxel_bevacizumab").toxicities if t.event == "fistula"]
    (modifier,) = fistula.modifiers
    assert modifier.only
    assert modifier.when["prior_pelvic_radiation"].is_ is True
    assert modifier.source == "tewari_2017"
