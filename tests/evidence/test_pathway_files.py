"""Scenarios of pathways: every fault gives one clear message with its line, its field and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import re

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from tests.evidence.pathway_files import assert_said, damaged

# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FIELDS = {
    "no comparator": ("comparator: standard\n", "", "comparator: is missing. Add the field"),
    "no strategy": (
        "standard: {label: old for all, regimen: old}",
        "standard: {label: old for all}",
        r"strategies.standard: is made of nothing. Give exactly one of `regimen`, `follow`, `lines`",
    ),
    "strategy of two": (
        "regimen: new}",
        "regimen: new, follow: policy}",
        "strategies.new: is made of regimen and follow. Give exactly one",
    ),
    "arm without a trial": (
        "regimen: new}",
        "arm: new}",
        "strategies.new: names 'arm', but the scenario has no trial. Give one of",
    ),
    "reach above one": ("reach: 0.6", "reach: 60", "later_lines.second_line.reach: 60 must be at most 1"),
    "negative reach": ("reach: 0.4", "reach: -0.4", "later_lines.third_line.reach: -0.4 must be at least 0"),
    "range of one": ("[0.48, 0.71]", "[0.48]", r"second_line.range\[1\]: is missing"),
    "line without an era": ("era: third, ", "", "later_lines.third_line.era: is missing"),
    "pull above one": ("pull: [0.0, 0.5]", "pull: [0.0, 1.5]", r"selection_bias\[0\].pull\[1\]: 1.5 must be at most 1"),
    "no pull": ("pull: [0.0, 0.5]", "pull: []", r"selection_bias\[0\].pull: needs at least 1 item"),
    "no lead": ("lead: [0.0, 3.0]", "lead: []", r"selection_bias\[0\].lead: needs at least 1 item"),
    "negative lead": (
        "lead: [0.0, 3.0]",
        "lead: [-3.0, 3.0]",
        r"selection_bias\[0\].lead\[0\]: -3.0 must be at least 0",
    ),
    "bias without a reason": (', why: "Chosen patients."', "", r"selection_bias\[0\].why: is missing"),
    "scans at once": ("every_weeks: 9", "every_weeks: 0", "scans.every_weeks: 0 must be greater than 0"),
    "scans in days": ("every_weeks: 9", "every_weeks: 180", "scans.every_weeks: 180 must be at most 104"),
    "misspelt scans": (
        "every_weeks: 9",
        "every_week: 9",
        "scans.every_week: no such field. Did you mean 'every_weeks'",
    ),
    "negative median": ("median: 4.8", "median: -4.8", "supportive_care.median: -4.8 must be greater than 0"),
    "share in per cent": (
        "[0.1, 0.3, 0.6]",
        "[10, 0.3, 0.6]",
        r"supportive_care.patients.ecog\[0\]: 10 must be at most 1",
    ),
    "by as a text": ("by: [ecog]", "by: ecog", "by: 'ecog' is not a list. Write a list"),
    "misspelt field": ("unanchored:", "unachored:", "unachored: no such field. Did you mean 'unanchored'"),
    "duplicate strategy": ("  new: {label", "  standard: {label", "duplicate key 'standard'"),
    "no patients": ("patients: 1000", "patients: 0", "patients: 0 must be at least 1"),
}
TIMES = {
    "landmark beyond the horizon": (
        "landmarks: [12, 24]",
        "landmarks: [12, 240]",
        r"landmarks\[1\]: 240 months lies beyond the horizon 60",
    ),
    "rmst beyond the horizon": ("os: 36", "os: 360", "rmst.os: 360 months lies beyond the horizon 60"),
    "horizon in days": ("horizon: 60", "horizon: 3650", "3650 months is longer than a life"),
    "lead beyond the horizon": (
        "[0.0, 3.0]",
        "[0.0, 300]",
        r"selection_bias\[0\].lead\[1\]: 300 months lies beyond the horizon 60. Survival before",
    ),
    "pulls not in order": (
        "pull: [0.0, 0.5]",
        "pull: [0.5, 0.0]",
        r"selection_bias\[0\].pull: the values do not increase. Sort them",
    ),
    "lead twice": ("lead: [0.0, 3.0]", "lead: [0.0, 0.0]", r"selection_bias\[0\].lead: the values do not increase"),
    "endpoint that is not counted": (
        "pfs: 24}",
        "ttp: 24}",
        "rmst.ttp: 'ttp' is not counted in scenarios of pathways. Known: os, pfs",
    ),
    "unknown endpoint": ("pfs: 24}", "pfss: 24}", "rmst.pfss: no endpoint 'pfss'. Did you mean 'pfs'"),
}
NAMES = {
    "unknown population": (
        "population: routine",
        "population: routin",
        "population: no population 'routin'. Did you mean 'routine'",
    ),
    "no population": ("population: routine\n", "", "population: is missing. Name the patients: routine, trial_like"),
    "unknown evidence population": (
        "evidence_population: trial_like",
        "evidence_population: triallike",
        "Did you mean 'trial_like'",
    ),
    "unknown baseline": ("baseline: old", "baseline: odl", "baseline: no regimen 'odl'. Did you mean 'old'"),
    "unknown unanchored": (
        "unanchored: [local]",
        "unanchored: [locl]",
        r"unanchored\[0\]: no regimen 'locl'. Did you mean 'local'",
    ),
    "unknown life table": (
        "life_table: women",
        "life_table: woman",
        "life_table: no life table 'woman'. Did you mean 'women'",
    ),
    "unknown era": (
        "era: second",
        "era: secnd",
        "later_lines.second_line.era: no regimen 'secnd'. Did you mean 'second'",
    ),
    "unknown regimen": (
        "regimen: new}",
        "regimen: nwe}",
        "strategies.new.regimen: no regimen 'nwe'. Did you mean 'new'",
    ),
    "unknown strategy file": (
        "follow: policy",
        "follow: polcy",
        "strategies.by_policy.follow: no strategy 'polcy'. Did you mean 'policy'",
    ),
    "unknown regimen of a rule": (
        "use: old}",
        "use: odl}",
        r"strategies.chosen.lines.first_line\[1\].use: no regimen 'odl'. Did you mean 'old'",
    ),
    "unknown comparator": (
        "comparator: standard",
        "comparator: standart",
        "comparator: no strategy 'standart'. Did you mean 'standard'",
    ),
    "unknown comparator of a strategy": (
        "comparator: new",
        "comparator: nwe",
        "strategies.chosen.comparator: no strategy 'nwe'. Did you mean 'new'",
    ),
    "held against itself": (
        "comparator: new",
        "comparator: chosen",
        "strategies.chosen.comparator: holds 'chosen' against itself",
    ),
    "comparator of the comparator": (
        "regimen: old}",
        "regimen: old, comparator: new}",
        "strategies.standard.comparator: is the comparator of the scenario",
    ),
    "bias of no strategy": (
        "{strategy: by_policy",
        "{strategy: by_polcy",
        r"selection_bias\[0\].strategy: 'by_polcy' is not a strategy held against the comparator. Did you mean 'by_policy'",
    ),
    "bias of the comparator": (
        "{strategy: by_policy",
        "{strategy: standard",
        "'standard' is not a strategy held against the comparator",
    ),
    "bias against another": ("{strategy: by_policy", "{strategy: chosen", "'chosen' is held against 'new'"),
    "by of no covariate": (
        "by: [ecog]",
        "by: [ecgo]",
        r"by\[0\]: population routine has no covariate 'ecgo'. Did you mean 'ecog'",
    ),
    "by twice": ("by: [ecog]", "by: [ecog, ecog]", r"by\[1\]: 'ecog' stands twice. Remove one"),
    "unanchored twice": ("unanchored: [local]", "unanchored: [local, local]", r"unanchored\[1\]: 'local' stands twice"),
    "untreated of no covariate": (
        "{ecog: [0.1",
        "{ecgo: [0.1",
        "supportive_care.patients.ecgo: no covariate 'ecgo'. Did you mean 'ecog'",
    ),
    "unknown untreated": (
        "regimen: untreated",
        "regimen: untreted",
        "supportive_care.regimen: no regimen 'untreted'. Did you mean 'untreated'",
    ),
    "unknown source": ("sources: [smith_2020]", "sources: [smyth_2020]", r"sources\[0\]: no source 'smyth_2020'"),
    "unknown source of a line": (
        "source: smith_2020, seen: seed}\n  third",
        "source: smith_2002, seen: seed}\n  third",
        "later_lines.second_line.source: no source 'smith_2002'",
    ),
    "trial of no arms": (
        "population: routine",
        "trial: first\npopulation: routine",
        "but the scenario has trial first. Give `arm`",
    ),
}
RULES = {
    "unknown covariate in a rule": ("{extent: {is: pelvis}}", "{extend: {is: pelvis}}", r"first_line\[0\].when.extend: population routine has no covariate 'extend'. Did you mean 'extent'"),
    "level that does not exist": ("{is: pelvis}", "{is: pelves}", r"first_line\[0\].when.extent: no level meets this. Levels of extent are pelvis, distant"),
    "everyone before others": ("{when: {extent: {is: pelvis}}, use: local}", "{use: local}", r"chosen.lines.first_line\[0\]: is for everyone"),
    "line that is not simulated": ("    {use: old}]}}", "    {use: old}], fourth_line: [{use: third}]}}", "chosen.lines.fourth_line: no line 'fourth_line'"),
    "unknown later line": ("  third_line: {", "  third_lime: {", "later_lines.third_lime: no later line 'third_lime'. Did you mean 'third_line'"),
    "third without second": ("  second_line: {reach: 0.6, range: [0.48, 0.71], era: second, source: smith_2020, seen: seed}\n", "", "later_lines.third_line: follows a line that is not given. Add second_line"),
    "reach outside its range": ("reach: 0.6", "reach: 0.8", "second_line.reach: 0.8 lies outside 0.48 to 0.71. Check both"),
    "range backwards": ("[0.48, 0.71]", "[0.71, 0.48]", "second_line.range: 0.71 exceeds 0.48. Give the lower one first"),
    "line assumed without a reason": ("era: third, assumed: true, why: invented", "era: third, assumed: true", "later_lines.third_line: is assumed without a reason. Add `why`"),
    "line without a source": ("era: third, assumed: true, why", "era: third, why", "later_lines.third_line: has no source"),
    "line seen nowhere": (", seen: seed}\n  third", "}\n  third", "later_lines.second_line: does not say how its source was seen"),
    "patients that change otherwise": ("evidence_population: trial_like", "evidence_population: unchanging", "evidence_population: ecog changes between lines in one population and not in unchanging. Give both the same"),
    "line for no covariate": ("when: {ecog: {max: 1}}", "when: {ecgo: {max: 1}}", "third_line.when.ecgo: population routine has no covariate 'ecgo'. Did you mean 'ecog'"),
    "line for no level": ("when: {ecog: {max: 1}}", "when: {ecog: {min: 7}}", "third_line.when.ecog: no level meets this. Levels of ecog are 0, 1, 2"),
    "era of another line": ("era: second", "era: third", "second_line.era: regimen 'third' is not given in line 2; its file lists 3"),
    "regimen of another line": ("regimen: new}", "regimen: second}", "strategies.new.regimen: regimen 'second' is not given in line 1; its file lists 2"),
    "untreated do not add up": ("[0.1, 0.3, 0.6]", "[0.1, 0.3, 0.5]", "supportive_care.patients.ecog: add up to 0.9. Shares of all levels add up to 1"),
    "untreated of two levels": ("[0.1, 0.3, 0.6]", "[0.4, 0.6]", "supportive_care.patients.ecog: 2 shares for 3 levels. One each for zero, one, two"),
    "untreated without prognosis": ("{ecog: [0.1, 0.3, 0.6]}", "{extent: [0.4, 0.6]}", "patients.extent: extent has no prognosis, so its shares change nothing"),
    "untreated of no study": ("regimen: untreated, ", "", "supportive_care.patients: says who had nothing in no study. Name the study's `regimen`"),
    "untreated without a source": ("0.6]}, source: smith_2020, seen: seed}", "0.6]}}", "supportive_care: has no source"),
    "untreated without a model": ("regimen: untreated", "regimen: modelless", "supportive_care.regimen: regimen 'modelless' has no study of its own. Its file says: Nobody"),
    "no baseline": ("baseline: old\n", "", "baseline: is missing. Name the regimen whose trial carries the level of the first line: local, new, old"),
    "baseline without a model": ("baseline: old", "baseline: modelless", "baseline: regimen 'modelless' has no study of its own"),
    "not connected": ("unanchored: [local]\n", "", r"strategies.by_policy.follow: regimen 'local' is connected with 'old' by no randomised comparison. Add it to `unanchored`"),
    "unanchored is not used": ("unanchored: [local]", "unanchored: [local, modelless]", r"unanchored\[1\]: no strategy uses 'modelless'. Known: "),
    "unanchored is the baseline": ("unanchored: [local]", "unanchored: [local, old]", r"unanchored\[1\]: 'old' is the baseline, compared with itself. Remove it"),
    "follow-up of no trial": ("horizon: 60", "follow_up: {os: final}\nhorizon: 60", "follow_up: belongs to scenarios of one trial; this one is of pathways. Remove it"),
    "states of one's own": ("horizon: 60", "pathway: {progression_free: [dead], dead: []}\nhorizon: 60", "pathway: belongs to scenarios of one trial"),
    "trial-like size": ("horizon: 60", "trial_like_n: 200\nhorizon: 60", "trial_like_n: belongs to scenarios of one trial"),
}  # fmt: skip
CASES = {**FIELDS, **TIMES, **NAMES, **RULES}
# What is missing is reported where it should be; a rule between two fields reports on one of them.
ELSEWHERE = {
    "no comparator", "no population", "no baseline", "third without second", "not connected", "misspelt scans",
    "untreated of no study", "trial of no arms", "everyone before others", "horizon in days",
}  # fmt: skip
SEVERAL = {
    "unknown unanchored",
    "unknown later line",
    "trial of no arms",
    "third without second",
    "no comparator",
    "unknown evidence population",
    "misspelt field",
}


def test_the_small_scenario_is_sound(pathways):
    assert Library([]).check("scenarios/lines") == []


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, pathways):
    old, new, says = CASES[name]
    path, line = damaged(pathways, "scenario", old, new)
    library = assert_said(path, None if name in ELSEWHERE else line, says, most=20 if name in SEVERAL else 2)
    with pytest.raises(InputError) as caught:
        library.scenario("lines")
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2


# name: (file, passage, what replaces it, field of the scenario, what the message must say)
OTHER_FILES = {
    "broken population": ("population", "[0.6, 0.4]", "[0.6, 0.3]", "population", "population 'routine' has errors:\n.*routine.yaml:12 .* add up to 0.9"),
    "broken strategy": ("strategy", "use: third}", "use: thirt}", "strategies.by_policy.follow", "strategy 'policy' has errors:\n.*policy.yaml:12"),
    "broken regimen": ("regimens/new", "n: 100,", "n: 1,", "strategies.new.regimen", "regimen 'new' has errors:\n.*new.yaml"),
    "broken trial": ("trials/first", "value: 6.0", "value: 60.0", "baseline", "trial 'first' has errors"),
    "covariate missing": ("population", "  irradiated:", "  radiated:", "strategies.by_policy.follow", r"first_line.1.when.irradiated: population routine has no covariate 'irradiated'"),
    "event of a covariate missing": ("populations/trial_like", "  irradiated:", "  radiated:", "strategies.new.regimen", "fistula under 'new' depends on 'irradiated', which population trial_like has not"),
    "level missing": ("population", "pelvis: {value: pelvis}", "pelvis: {value: pelvic}", "strategies.by_policy.follow", r"when.extent: no level meets this. Levels of extent are pelvic, distant"),
    "no age": ("populations/trial_like", "  age:", "  years:", "life_table", "population trial_like has no age"),
    "age beyond the table": ("population", "max: 90, value: 75", "max: 190, value: 140", "life_table", "is 140 years, which no line of it gives"),
    "age in words": ("population", "young: {min: 40, max: 59, value: 50}", "young: {value: young}", "life_table", "level 'young' of age in population routine is no age"),
    "outcomes only": ("trials/alone", "calibration:\n", "calibration:\n  structure: outcomes_only\n", "strategies.by_policy.follow", "trial alone of regimen 'local' reports outcomes only, no survival"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_FILES)
def test_a_fault_of_another_file_is_said_where_it_is_named(name, pathways):
    kind, old, new, field, says = OTHER_FILES[name]
    other, _ = damaged(pathways, kind, old, new)
    if name in ("no age", "age in words"):  # what depends on age there is another fault
        other.write_text(
            other.read_text().replace("{when: {age: {min: 60}}, shares: [0.2", "{when: {irr: {is: true}}, shares: [0.2")
        )
        other.write_text(
            other.read_text().replace(
                "      - {when: {irr: {is: true}}, shares: [0.2, 0.5, 0.3], source: smith_2020, seen: seed}\n", ""
            )
        )
    path = pathways / "scenarios" / "lines.yaml"
    library = Library([])
    problems = library.check(path)
    said = [p for p in problems if p.field == field]
    text = "\n".join(map(str, problems))
    assert said, text
    assert any(re.search(says, str(p), re.DOTALL) for p in said), text
    assert all(p.line and p.file.endswith("lines.yaml") for p in problems), text
    with pytest.raises(InputError):
        library.scenario("lines")


TRIALS = {
    "misspelt structure": ("calibration:\n", "calibration:\n  structure: survival_onli\n", "calibration.structure: 'survival_onli' is not one of .* Did you mean 'survival_only'"),
    "no overall survival": ("endpoint: os,", "endpoint: pps,", "no figure of OS is to be met. Choose the structure"),
    "no progression": ("endpoint: pfs,", "endpoint: pps,", "no figure of PFS or TTP is to be met. Write `structure: survival_only`"),
    "unknown endpoint of a cut": ("cuts: {os: final", "cuts: {oss: final", "calibration.cuts.oss: no endpoint 'oss'. Did you mean 'os'"),
    "factorial without chance": ("setting: test", "factorial: true\nsetting: test", "factorial: nothing was randomised twice in a study of design series. Remove it"),
    "factorial in words": ("setting: test", "factorial: yes\nsetting: test", "factorial: 'yes' is neither true nor false"),
    "unknown design": ("design: series", "design: serie", "design: 'serie' is not one of .* Did you mean 'series'"),
    "randomised series": ("setting: test", "randomised: 100\nsetting: test", "randomised: 100 patients, but the design is series"),
    "share of a structure without it": ("calibration:\n", "calibration:\n  structure: survival_only\n  death_share: {prior: {mean: 0.1, sd: 0.1}, why: a}\n", "calibration.death_share: belongs to illness_death; the structure is survival_only"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIALS)
def test_design_and_structure_of_a_trial(name, pathways):
    old, new, says = TRIALS[name]
    if name == "no overall survival":
        damaged(pathways, "trials/alone", "calibration:\n", "calibration:\n  structure: survival_only\n")
    path, line = damaged(pathways, "trials/alone", old, new)
    assert_said(path, None if name.startswith(("no ", "share")) else line, says)


def test_factorial_strata_are_several(pathways):
    path, line = damaged(pathways, "trials/first", "setting: test", "factorial: true\nsetting: test")
    assert_said(path, line, "factorial: the strata were randomised too, but there is only one. Name the strata")
