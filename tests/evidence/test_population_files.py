"""Population files: every fault gives one clear message with its line, its field and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from tests.evidence.pathway_files import assert_said, damaged

OLD = "- {when: {age: {min: 60}}, shares: [0.2, 0.5, 0.3], source: smith_2020, seen: seed}"
# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FIELDS = {
    "unknown field": (
        "    unit: years",
        "    units: years",
        r"covariates.age.units: no such field. Did you mean 'unit'",
    ),
    "unknown field of a case": (
        "shares: [0.6",
        "share: [0.6",
        r"age.cases\[0\].share: no such field. Did you mean 'shares'",
    ),
    "unknown field of a level": (
        "young: {min: 40",
        "young: {mim: 40",
        "levels.young.mim: no such field. Did you mean 'min'",
    ),
    "share in per cent": ("[0.6, 0.4]", "[60, 0.4]", r"shares\[0\]: 60 must be at most 1"),
    "negative share": ("[0.6, 0.4]", "[-0.6, 0.4]", r"shares\[0\]: -0.6 must be at least 0"),
    "share in words": ("[0.6, 0.4]", '["0.6", 0.4]', "'0.6' is not a number"),
    "shares as a number": ("[0.6, 0.4]", "0.6", "0.6 is not a list. Write a list"),
    "bound in words": ("min: 40", "min: forty", "levels.young.min: 'forty' is not a number"),
    "value of a list": ("{value: 0}", "{value: [0]}", "zero.value: a list: Give true or false, a number, or a text"),
    "ratio of zero": ("[1.0, 1.5", "[0.0, 1.5", r"hazard_ratios\[0\]: 0.0 must be greater than 0"),
    "level twice": ("one: {value: 1}", "zero: {value: 1}", "duplicate key 'zero'; it stands already on line 16"),
    "misspelt seen": (
        "smith_2020, seen: seed",
        "smith_2020, seen: sead",
        "seen: 'sead' is not one of .* Did you mean 'seed'",
    ),
    "assumed in words": (
        "assumed: true, why: invented}\n  ecog",
        "assumed: yes, why: invented}\n  ecog",
        "assumed: 'yes' is neither true nor false",
    ),
    "bad name": ("  extent:", "  Extent of disease:", "Use lower-case letters"),
    "id against file name": ("id: routine", "id: usual", "'usual' differs from the file's name. Rename"),
    "condition of two kinds": ("{min: 60}", "{min: 60, is: 75}", "Give exactly one of: is, any_of, or bounds"),
    "misspelt test": ("any_of: [0, 1]", "anyof: [0, 1]", "anyof: no such field. Did you mean 'any_of'"),
}
RULES = {
    "one share too few": ("[0.2, 0.5, 0.3]", "[0.5, 0.5]", r"ecog.cases\[0\].shares: 2 shares for 3 levels. One each for zero, one, two"),
    "shares do not add up": ("[0.6, 0.4]", "[0.6, 0.3]", r"age.cases\[0\].shares: add up to 0.9. Shares of all levels add up to 1"),
    "ratios of the wrong length": ("[1.0, 1.5, 2.5]", "[1.0, 1.5]", "ecog.prognosis.hazard_ratios: 2 hazard ratios for 3 levels. One each for zero, one, two"),
    "ratio in per cent": ("[1.0, 1.5, 2.5]", "[1.0, 150, 2.5]", r"hazard_ratios\[1\]: 150 is no hazard ratio of a prognosis; at most 100 either way. It multiplies"),
    "bands overlap": ("old: {min: 60", "old: {min: 59", r"age.levels.old: overlaps level 'young' \(.*\). Both bounds belong to a level"),
    "value inside a band": ("two: {value: 2}", "two: {min: 1, max: 4}", "levels.two: overlaps level 'one'"),
    "same level": ("one: {value: 1}", "one: {value: 0}", "levels.one: is the same as level 'zero'. Merge"),
    "empty level": ("zero: {value: 0}", "zero: {label: fit}", "levels.zero: has neither a value nor bounds. Give `value`"),
    "swapped bounds": ("min: 40, max: 59", "min: 59, max: 40", "levels.young: min 59 exceeds max 40. Swap them"),
    "value outside its band": ("max: 90, value: 75", "max: 90, value: 95", "levels.old.value: 95 lies outside 60–90. It stands for the band"),
    "words beside bounds": ("max: 90, value: 75", "max: 90, value: old", "levels.old.value: has bounds, and a value that is no number: old. Write it as `label`"),
    "unknown covariate": ("{age: {min: 60}}", "{agee: {min: 60}}", r"ecog.cases\[0\].when.agee: no covariate 'agee'. Did you mean 'age'"),
    "covariate further down": ("{age: {min: 60}}", "{extent: {is: distant}}", r"when.extent: covariate 'extent' does not stand before this one. A covariate depends on those above"),
    "covariate on itself": ("{age: {min: 60}}", "{ecog: {is: 1}}", "covariate 'ecog' does not stand before this one"),
    "level that does not exist": ("{min: 60}", "{min: 95}", r"when.age: no level meets this. Levels of age are 50, 75"),
    "text for a number": ("{any_of: [0, 1]}", "{is: fit}", "when.ecog: no level meets this. Levels of ecog are 0, 1, 2"),
    "one value that does not exist": ("{any_of: [0, 1]}", "{any_of: [0, 5]}", "any_of: 5 is no level. Levels of ecog are 0, 1, 2"),
    "everyone before others": (OLD, "- {shares: [0.2, 0.5, 0.3], source: smith_2020, seen: seed}", r"ecog.cases\[0\]: holds for everyone, so the cases after it never do. Move it to the end"),
    "nobody else": ("      - {shares: [0.3, 0.7], assumed", "      - {when: {age: {min: 60}}, shares: [0.3, 0.7], assumed", "irradiated.*when: the last case is not for everyone else. Add a case without `when`"),
    "case that never holds": (OLD, OLD + "\n      - {when: {age: {is: 75, }}, shares: [0.2, 0.5, 0.3], source: smith_2020, seen: seed}", r"ecog.cases\[1\].when: never holds: case 1 of ecog holds for all of these patients. Put the narrower"),
    "case twice": (OLD, OLD + "\n      " + OLD, r"ecog.cases\[1\].when: never holds: case 1 of ecog"),
    "no source": (", source: smith_2020, seen: seed}", "}", r"ecog.cases\[0\]: has no source. Name its `source`, or write `assumed: true`"),
    "seen nowhere": (", source: smith_2020, seen: seed}", ", source: smith_2020}", r"ecog.cases\[0\]: does not say how its source was seen. Add `seen`"),
    "assumed without a reason": ("assumed: true, why: invented}\n  ecog", "assumed: true}\n  ecog", r"age.cases\[0\]: is assumed without a reason. Add `why`"),
    "assumed and from a source": ("seen: seed}", "seen: seed, assumed: true, why: invented}", "is both assumed and from a source. Keep one"),
    "prognosis without a source": ("      assumed: true\n      why: invented\n", "      why: invented\n", "ecog.prognosis: has no source"),
    "unknown source": ("source: smith_2020, seen", "source: smith_2002, seen", r"cases\[0\].source: no source 'smith_2002'. Did you mean 'smith_2020'"),
    "unknown source of the file": ("sources: [smith_2020]", "sources: [smyth_2020]", r"sources\[0\]: no source 'smyth_2020'. Did you mean 'smith_2020'"),
    "level without a row": (", two: [0.0, 0.0, 1.0]}", "}", "ecog.changes.shares: level 'two' has no row. Say what becomes of every level"),
    "row of no level": ("one: [0.0, 0.6, 0.4]", "ones: [0.0, 0.6, 0.4], one: [0, 1, 0]", "changes.shares.ones: no level 'ones'. Did you mean 'one'"),
    "row that does not add up": ("[0.0, 0.6, 0.4]", "[0.0, 0.6, 0.3]", "changes.shares.one: add up to 0.9. Shares of all levels add up to 1"),
    "row too short": ("[0.5, 0.3, 0.2], one", "[0.5, 0.5], one", "changes.shares.zero: 2 shares for 3 levels"),
    "changes in words": ("{zero: [0.5, 0.3, 0.2], one: [0.0, 0.6, 0.4], two: [0.0, 0.0, 1.0]}", "declines", "changes.shares: 'declines' is"),
    "changes without a reason": ("      assumed: true\n      why: invented, too", "      assumed: true", "ecog.changes: is assumed without a reason. Add `why`"),
    "one level": ("      pelvis: {value: pelvis}\n", "", "extent.levels: needs at least 2 item"),
    "no case": ("    cases:\n      - {shares: [0.6, 0.4], assumed: true, why: invented}\n", "    cases: []\n", "age.cases: needs at least 1 item"),
    "thirteen levels": ("      zero: {value: 0}\n", "".join(f"      l{i}: {{value: {i + 10}}}\n" for i in range(11)), "ecog.levels: has more than 12 items. Join some"),
}  # fmt: skip
CASES = {**FIELDS, **RULES}
# What is missing is reported where it should be.
ELSEWHERE = {
    "one level",
    "no case",
    "thirteen levels",
    "prognosis without a source",
    "changes without a reason",
    "case twice",
    "case that never holds",
}


def test_the_small_population_is_sound(pathways):
    assert Library([]).check("populations/routine") == []


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, pathways):
    old, new, says = CASES[name]
    path, line = damaged(pathways, "population", old, new)
    library = assert_said(path, None if name in ELSEWHERE else line, says, most=3)
    with pytest.raises(InputError) as caught:
        library.patients("routine")
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2


def test_all_errors_of_a_file_are_reported_at_once(pathways):
    damaged(pathways, "population", "[0.6, 0.4]", "[0.6, 0.3]")
    damaged(pathways, "population", "[1.0, 1.5, 2.5]", "[1.0]")
    path, _ = damaged(pathways, "population", "old: {min: 60", "old: {min: 50")
    fields = [p.field for p in Library([]).check(path)]
    assert fields == [
        "covariates.age.levels.old",
        "covariates.age.cases[0].shares",
        "covariates.ecog.cases[0].when.age",
        "covariates.ecog.prognosis.hazard_ratios",
    ]
