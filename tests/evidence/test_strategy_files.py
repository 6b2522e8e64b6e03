"""Strategy files: every fault gives one clear message with its line, its field and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from tests.evidence.pathway_files import assert_said, damaged

SECOND = "- {when: {ecog: {max: 0}}, not_after: [local], use: second}"
# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FIELDS = {
    "unknown field": ("limits:", "limit:", "limit: no such field. Did you mean 'limits'"),
    "unknown field of a rule": (
        "{when: {ecog: {min: 2}}, use",
        "{if: {ecog: {min: 2}}, use",
        r"first_line\[0\].if: no such field",
    ),
    "no regimen in a rule": ("- {use: new}", "- {why: a}", r"first_line\[2\].use: is missing. Add the field"),
    "lines as a list": (
        "lines:\n  first_line:\n",
        "lines: [1]\nx:\n  first_line:\n",
        r"lines: a list is not a mapping",
    ),
    "rules as a text": (
        "  third_line:\n    - {after: [second], use: third}",
        "  third_line: third",
        "third_line: 'third' is not a list. Write a list",
    ),
    "regimen twice": ("- {use: new}", "- {use: new, use: old}", "duplicate key 'use'"),
    "regimen as a number": ("use: third}", "use: 3}", "3 is not text"),
    "one name for a list": ("after: [second]", "after: second", "after: 'second' is not a list. Write a list"),
    "condition as a text": ("{ecog: {max: 0}}", "fit", "when: 'fit' is not a mapping"),
    "condition of two kinds": ("{min: 2}", "{is: 2, min: 2}", "Give exactly one of: is, any_of, or bounds"),
    "swapped bounds": ("{min: 2}", "{min: 2, max: 1}", "min should not exceed max"),
    "no lines": ("lines:\n", "linse:\n", "linse: no such field. Did you mean 'lines'"),
    "id against file name": ("id: policy", "id: polices", "'polices' differs from the file's name"),
    "empty label": ("label: a policy for tests", 'label: ""', "label: is empty"),
}
RULES = {
    "unknown line": ("  third_line:", "  fourth_line:", "lines.fourth_line: no line 'fourth_line'. "),
    "no first line": ("  first_line:", "  fist_line:", "lines.fist_line: no line 'fist_line'. Did you mean 'first_line'"),
    "line without rules": ("  third_line:\n    - {after: [second], use: third}", "  third_line: []", "third_line: has no rules. Add one, or leave the line out"),
    "everyone before others": ("- {when: {ecog: {min: 2}}, use", "- {use", r"first_line\[0\]: is for everyone, so the rules after it are never read. Move it to the end"),
    "narrower rule too late": ("    - {use: new}", "    - {when: {ecog: {is: 2}}, use: old}\n    - {use: new}", r"first_line\[2\]: never holds: rule 1 of this line holds for all of these patients. Put the narrower rule first"),
    "rule twice": (SECOND, SECOND + "\n    " + SECOND, r"second_line\[1\]: never holds: rule 1"),
    "bounds within bounds": ("    - {use: new}", "    - {when: {ecog: {min: 3}}, use: old}\n    - {use: new}", r"first_line\[2\]: never holds|no level of ecog meets this"),
    "same history": ("- {after: [second], use: third}", "- {after: [second, local], use: third}\n    - {after: [second], use: third}", r"third_line\[1\]: never holds: rule 1"),
    "after in the first line": ("- {use: new}", "- {after: [old], use: new}", r"first_line\[2\].after: nothing was given before the first line. Remove it"),
    "not after in the first line": ("- {use: new}", "- {not_after: [old], use: new}", r"first_line\[2\].not_after: nothing was given before the first line"),
    "after what nobody had": ("after: [second]", "after: [old]", r"third_line\[0\].after: no earlier line uses 'old', so nobody comes after it. Known: "),
    "after and not after": ("after: [second]", "after: [second], not_after: [second]", r"not_after: 'second' stands in `after` too. Keep it in one"),
    "unknown regimen": ("use: third}", "use: thirt}", r"third_line\[0\].use: no regimen 'thirt'. Did you mean 'third'"),
    "unknown supportive care": ("use: supportive_care", "use: suportive_care", "no regimen 'suportive_care'. Did you mean 'supportive_care'"),
    "unknown regimen before": ("not_after: [local]", "not_after: [locl]", r"second_line\[0\].not_after: no regimen 'locl'. Did you mean 'local'"),
    "regimen of another line": ("use: second}", "use: new}", r"second_line\[0\].use: regimen 'new' is not given in line 2; its file lists 1. Use another regimen here, or add 2"),
    "unknown covariate": ("{ecog: {max: 0}}", "{ecgo: {max: 0}}", r"second_line\[0\].when.ecgo: no population has a covariate 'ecgo'. Did you mean 'ecog'"),
    "level that does not exist": ("{is: pelvis}", "{is: pelves}", r"when.extent: no level of extent meets this in any population. See the levels"),
    "number beyond the levels": ("{min: 2}", "{min: 5}", r"when.ecog: no level of ecog meets this in any population"),
    "text for true": ("{is: false}", "{is: no}", "when.irradiated: no level of irradiated meets this"),
    "unknown source of a rule": ("source: smith_2020, says", "source: smith_2002, says", r"first_line\[0\].source: no source 'smith_2002'. Did you mean 'smith_2020'"),
    "unknown source": ("sources: [smith_2020]", "sources: [smyth_2020]", r"sources\[0\]: no source 'smyth_2020'"),
    "too many rules": ("    - {use: new}", "".join(f"    - {{when: {{age: {{is: 50}}}}, not_after: [r{i}], use: new}}\n" for i in range(60)) + "    - {use: new}", "first_line: 63 rules are more than 60. Join some"),
}  # fmt: skip
CASES = {**FIELDS, **RULES}
ELSEWHERE = {
    "no regimen in a rule",
    "no lines",
    "lines as a list",
    "too many rules",
    "rules as a text",
    "rule twice",
    "same history",
    "unknown field of a rule",
}


def test_the_small_strategy_is_sound(pathways):
    assert Library([]).check("strategies/policy") == []


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, pathways):
    old, new, says = CASES[name]
    path, line = damaged(pathways, "strategy", old, new)
    library = assert_said(path, None if name in ELSEWHERE else line, says, most=200 if name == "too many rules" else 4)
    with pytest.raises(InputError) as caught:
        library.policy("policy")
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_later_line_may_follow_one_of_the_era(pathways):
    """Where a strategy leaves the second line to the era, its third may come after any regimen."""
    path, _ = damaged(pathways, "strategy", "  second_line:\n    " + SECOND + "\n", "")
    assert Library([]).check(path) == []


def test_all_errors_of_a_file_are_reported_at_once(pathways):
    damaged(pathways, "strategy", "use: second", "use: secnd")
    damaged(pathways, "strategy", "{is: pelvis}", "{is: pelves}")
    path, _ = damaged(pathways, "strategy", "sources: [smith_2020]", "sources: [smyth_2020]")
    assert {p.field for p in Library([]).check(path)} >= {
        "sources[0]",
        "lines.first_line[1].when.extent",
        "lines.second_line[0].use",
    }
