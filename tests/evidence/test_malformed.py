"""Every way a file can be wrong gives one clear message with file and line, and nothing but `InputError`."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import re

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from simulate.evidence.yaml_text import parse

# name: (file, passage, what replaces it, what the message must say). The line is that of the first difference.
YAML = {
    "python tag": (
        "trial",
        "title: A small trial",
        "title: !!python/name:os.system A",
        "tag .*python/name.* is not allowed",
    ),
    "own tag": ("trial", "title: A small", "title: !shell A small", "tag !shell is not allowed"),
    "standard tag": ("scenario", "seed: 7", "seed: !!int 7", "tag .* is not allowed"),
    "anchor": ("trial", "label: control", "label: &name control", "anchor &name is not allowed"),
    "duplicate key": ("scenario", "seed: 7", "seed: 7\nseed: 8", "duplicate key 'seed'; it stands already on line 15"),
    "duplicate key, flow": ("scenario", "os: 36,", "os: 36, os: 37,", "duplicate key 'os'"),
    "merge key": ("scenario", "seed: 7", "<<: {seed: 7}", "merge key << is not allowed"),
    "tab": ("scenario", "  dead: []", "\tdead: []", "a tab where spaces are needed"),
    "unclosed quote": (
        "trial",
        'source: own_prior\n    why: "An example."',
        'source: own_prior\n    why: "An example.',
        "Close the quotation mark",
    ),
    "unclosed bracket": ("scenario", "landmarks: [12, 24]", "landmarks: [12, 24", "Close the bracket"),
    "missing space": ("scenario", "horizon: 60", "horizon:60", "not valid YAML"),
    "two colons": ("scenario", "trial: mini", "trial: mini: maxi", "mapping values are not allowed here"),
    "wrong indentation": ("trial", "    label: treated", "   label: treated", "not valid YAML"),
    "second document": ("scenario", "seed: 7", "---\nseed: 7", "a second document begins here"),
    "directive": ("scenario", "id: question", "%YAML 1.1\n---\nid: question", "directives are not allowed"),
    "not a number": ("trial", "value: 17.0", "value: .nan", ".nan is not a number"),
    "infinite": ("trial", "high: 21.0", "high: .inf", ".inf is not a number"),
    "too large": ("scenario", "horizon: 60", "horizon: 1e999", "number 1e999 is too large"),
    "too many digits": ("scenario", "seed: 7", "seed: " + "7" * 5000, "number of 5000 digits"),
    "number as key": ("scenario", "os: 36", "36: 36", "key '36' is not text"),
    "list as key": ("scenario", "rmst: {os: 36,", "rmst: {[os]: 36,", "a list or mapping cannot be a key"),
    "control character": ("trial", "title: A small", "title: A\x08 small", "is not allowed in YAML"),
    "reserved sign": ("scenario", "title: Treated", "title: @Treated", "cannot start any token"),
    "deep brackets": ("scenario", "landmarks: [12", "landmarks: " + "[" * 40 + "12", "nested deeper than 20 levels"),
}
TYPES = {
    "text for number": ("trial", "value: 17.0", 'value: "17.0"', "'17.0' is not a number"),
    "number for text": ("trial", "title: A small trial", "title: 12", "12 is not text"),
    "list for number": ("trial", "value: 17.0", "value: [17.0]", "a list is not a number"),
    "mapping for number": ("scenario", "horizon: 60", "horizon: {months: 60}", "a mapping is not a number"),
    "truth for number": ("scenario", "horizon: 60", "horizon: true", "true is not a number"),
    "fraction for count": (
        "trial",
        "    n: 100\n    safety_n",
        "    n: 100.5\n    safety_n",
        "100.5 is not a whole number",
    ),
    "text for mapping": ("trial", "arms:\n  control:", "arms: none\nx:\n  control:", "'none' is not a mapping"),
    "text for list": ("scenario", "landmarks: [12, 24]", "landmarks: twelve", "'twelve' is not a list"),
    "yes for true": ("trial", "homogeneous_effect: true", "homogeneous_effect: yes", "neither true nor false"),
    "empty value": ("trial", "title: A small trial", "title:", "null is not text"),
    "missing field": (
        "trial",
        "    endpoint: os\n    statistic: median\n    value: 17.0",
        "    statistic: median\n    value: 17.0",
        "is missing",
    ),
    "misspelt field": (
        "trial",
        "    statistic: median\n    value: 17.0",
        "    statstic: median\n    value: 17.0",
        "Did you mean 'statistic'",
    ),
    "misspelt scenario field": ("scenario", "patients: 1000", "patinets: 1000", "Did you mean 'patients'"),
    "unknown statistic": ("trial", "statistic: hazard_ratio", "statistic: hazard_rate", "Did you mean 'hazard_ratio'"),
    "unknown role": ("trial", "role: fit", "role: target", "'target' is not one of"),
    "unknown family": ("trial", "family: weibull", "family: weibul", "Did you mean 'weibull'"),
    "control character in a label": (
        "trial",
        "label: treated",
        'label: "treated\\x1b[2J"',
        r"holds the control character '\\x1b'",
    ),
    "bad id": ("trial", "- id: os_12", "- id: OS 12", "lower-case letters"),
    "bad grade": ("trial", "grade: any,", "grade: severe,", "Write any, 3, 3-4 or >=3"),
    "bad date": ("trial", '"2012-01-01"', '"1 January 2012"', "not in the expected form"),
    "impossible date": ("trial", 'data_cutoff: "2014-01-01"', 'data_cutoff: "2014-02-31"', "cutoff: is missing"),
    "empty text": ("trial", "title: A small trial", 'title: ""', "is empty"),
    "no figures": (
        "scenario",
        "strategies:\n  standard: {arm: control, label: standard}\n  new: {arm: treated, label: new}",
        "strategies: {}",
        "needs at least 1 item",
    ),
    "bad doi": ("sources", "doi: 10.1000/example", "doi: example", "not in the expected form"),
    "bad address": ("sources", '"https://example.org/smith"', '"example.org"', "not in the expected form"),
}
NUMBERS = {
    "negative time": ("trial", "timepoint: 24", "timepoint: -24", "-24 must be at least 0"),
    "negative n": ("trial", "n: {control: 60", "n: {control: -60", "-60 must be at least 0"),
    "negative median": ("trial", "value: 13.3", "value: -13.3", "a median of -13.3 is impossible"),
    "negative ratio": ("trial", "value: 0.8", "value: -0.8", "is not a ratio"),
    "probability above one": ("trial", "p_value: 0.03", "p_value: 3", "3 must be at most 1"),
    "percentage": ("trial", "value: 0.55", "value: 55.0", "Write 0.25 for 25%"),
    "level in per cent": ("trial", "level: 0.95", "level: 95", "95 is not a confidence level"),
    "level too low": ("trial", "level: 0.95", "level: 0.05", "0.05 is not a confidence level"),
    "swapped interval": ("trial", "low: 14.0, high: 21.0", "low: 21.0, high: 14.0", "low 21 exceeds high 14"),
    "value outside interval": ("trial", "low: 14.0", "low: 18.0", "17 lies outside its interval 18 to 21"),
    "value outside range": ("trial", "value: 48", "value: 88", "88 lies outside its range 20 to 80"),
    "events above n": ("trial", "events: 30, n: 98", "events: 99, n: 98", "99 events exceed n 98"),
    "rate against counts": (
        "trial",
        "events: 30, n: 98",
        "value: 0.4, events: 30, n: 98",
        "0.4 differs from events over n",
    ),
    "n above randomised": ("trial", "n: 200\n    cut", "n: 201\n    cut", "201 exceeds the 200 patients"),
    "arms do not add up": ("trial", "randomised: 200", "randomised: 210", "210 differs from the sum of the arms, 200"),
    "strata do not add up": (
        "trial",
        "n: {control: 40, treated: 45}",
        "n: {control: 41, treated: 45}",
        "the strata hold 101 patients of arm control",
    ),
    "cut before accrual": (
        "trial",
        "accrual: 24\n    cutoff: 30",
        "accrual: 24\n    cutoff: 3",
        "lies before the end of accrual",
    ),
    "months against dates": (
        "trial",
        '    data_cutoff: "2014-01-01"',
        '    data_cutoff: "2014-01-01"\n    cutoff: 40',
        "40 months, but the dates give 48",
    ),
    "death share prior at zero": ("trial", "mean: 0.1, sd", "mean: 0.0, sd", "0 is not a proportion"),
    "death share prior too wide": ("trial", "sd: 0.05}", "sd: 5.0e+30}", r"5e\+30 is too wide for a proportion"),
    "shape prior as a shape": (
        "trial",
        'pfs: {family: weibull, why: "An example."}',
        'pfs: {family: weibull, shape_prior: {mean: 12.0, sd: 0.2}, why: "An example."}',
        "12 is out of range. It is on the log scale",
    ),
    "ratio cuts fall": (
        "trial",
        'pfs: {family: weibull, why: "An example."}',
        'pfs: {family: weibull, ratio_cuts: [9.0, 3.0], why: "An example."}',
        "months must increase",
    ),
    "negative patients": ("scenario", "patients: 1000", "patients: -1", "-1 must be at least 1"),
    "zero horizon": ("scenario", "horizon: 60", "horizon: 0", "0 must be greater than 0"),
    "horizon in days": ("scenario", "horizon: 60", "horizon: 3650", "longer than a life"),
    "tiny discount": ("scenario", "costs: 0.03", "costs: 1e-9", "discounting.costs: 1e-09 is neither 0 nor at least"),
    "trial-like of one": (
        "scenario",
        "trial_like_n: 200",
        "trial_like_n: 3",
        "3 is too few for 2 strategies. Give 4 or more",
    ),
    "discount in per cent": ("scenario", "costs: 0.03", "costs: 3", "3 must be less than 1"),
    "landmark beyond horizon": (
        "scenario",
        "landmarks: [12, 24]",
        "landmarks: [12, 240]",
        "lies beyond the horizon 60",
    ),
    "rmst beyond horizon": ("scenario", "pfs: 24}", "pfs: 240}", "lies beyond the horizon 60"),
    "death share above one": ("trial", "mean: 0.1, sd", "mean: 1.1, sd", "1.1 is not a proportion"),
    "sd of zero": ("trial", "sd: 0.05", "sd: 0", "0 must be greater than 0"),
}
NAMES = {
    "unknown arm": (
        "trial",
        "arm: treated\n    comparator",
        "arm: traeted\n    comparator",
        "no arm 'traeted'. Did you mean 'treated'",
    ),
    "unknown comparator": ("trial", "comparator: control", "comparator: contrl", "Did you mean 'control'"),
    "unknown population": (
        "trial",
        "population: all\n    endpoint: pfs",
        "population: alll\n    endpoint: pfs",
        "no population 'alll'",
    ),
    "unknown cut": ("trial", "cut: final\n    role: fit", "cut: finale\n    role: fit", "Did you mean 'final'"),
    "unknown stratum": ("trial", "strata: [low, high]", "strata: [low, hihg]", "Did you mean 'high'"),
    "unknown arm of stratum": (
        "trial",
        "n: {control: 60, treated: 55}",
        "n: {control: 60, other: 55}",
        "no arm 'other'",
    ),
    "unknown rival": ("trial", "rivals: [os_hr]", "rivals: [os_hrr]", "Did you mean 'os_hr'"),
    "unknown source": (
        "trial",
        "source: smith_2020\n    seen: derived",
        "source: smith_2002\n    seen: derived",
        "Did you mean 'smith_2020'",
    ),
    "unknown page": ("trial", "seen_at: journal_page", "seen_at: journal_pag", "Did you mean 'journal_page'"),
    "unknown source in list": ("trial", "sources: [smith_2020]", "sources: [smyth_2020]", "Did you mean 'smith_2020'"),
    "unknown cut of endpoint": ("trial", "pfs: early}", "pfs: erly}", "Did you mean 'early'"),
    "unknown toxicity figure": (
        "trial",
        "{control: rash_3_control,",
        "{control: rash_4_control,",
        "Did you mean 'rash_3_control'",
    ),
    "unknown strategy": ("scenario", "comparator: standard", "comparator: standart", "Did you mean 'standard'"),
    "unknown arm of strategy": ("scenario", "arm: treated", "arm: traeted", "Did you mean 'treated'"),
    "unknown trial": ("scenario", "trial: mini", "trial: minni", "no trial 'minni'. Did you mean 'mini'"),
    "subgroup as population": ("scenario", "population: all", "population: old", "is not made of strata"),
    "unknown follow-up": ("scenario", "os: final", "os: finall", "Did you mean 'final'"),
    "unknown endpoint": ("scenario", "{os: 36,", "{oss: 36,", "no endpoint 'oss'"),
    "trial that climbs out": ("scenario", "trial: mini", "trial: ../../etc/passwd", "lower-case letters"),
    "id against file name": ("trial", "id: mini", "id: maxi", "differs from the file's name"),
    "source without address": ("sources", "    doi: 10.1000/example\n", "", "has neither doi, pmid nor url"),
    "reserved arm": ("trial", "  treated:\n    label", "  pooled:\n    label", "reserved for all arms together"),
}
RULES = {
    "PFS above OS": ("trial", "value: 6.1", "value: 16.1", "16.1 exceeds the OS median 13.3 of the same arm; PFS cannot exceed OS. Did you swap"),
    "OS rising": ("trial", "value: 0.31", "value: 0.61", "0.61 at 24 months exceeds 0.55 at 12"),
    "PFS landmark above OS": ("trial", "value: 0.22", "value: 0.62", "PFS 0.62 at 12 months exceeds OS 0.55"),
    "ratio without comparator": ("trial", "    comparator: control\n", "", "a hazard ratio needs a comparator"),
    "median with comparator": ("trial", "    population: all\n    endpoint: pfs", "    comparator: treated\n    population: all\n    endpoint: pfs", "has no comparator"),
    "landmark without time": ("trial", "    timepoint: 24\n", "", "a landmark needs a timepoint"),
    "median without value": ("trial", "    value: 6.1\n", "", "a median needs value"),
    "proportion without anything": ("trial", "events: 30, n: 98, ", "", "needs value, or events and n"),
    "primary without why": ("trial", '    why: "Final analysis."\n  - id: os_median_control', "  - id: os_median_control", "a primary figure must say why"),
    "fit without why": ("trial", '    why: "The only report of it."\n', "", "a fit figure must say why"),
    "read nowhere": ("trial", '    seen_at: journal_page\n    why: "The only', '    why: "The only', "the page it was read on is missing"),
    "duplicate figure": ("trial", "- id: os_24", "- id: os_12", "figure id 'os_12' is used twice"),
    "two primaries": ("trial", "  - id: os_median_control\n    arm: control", "  - id: os_median_control\n    arm: treated", "a second primary figure for what 'os_median_treated' reports"),
    "toxicity not ordered": ("trial", "events: 5, n: 99", "events: 45, n: 99", "exceeds 0.4040 at any in arm treated"),
    "grades not ordered": ("trial", '- grade: ">=3"\n', "- grade: any\n", "does not come after any"),
    "toxicity of one arm": ("trial", "figures: {control: rash_3_control, treated: rash_3_treated}", "figures: {control: rash_3_control}", "no figure for arm treated"),
    "toxicity without counts": ("trial", "events: 3, n: 98", "value: 0.03", "has no counts"),
    "toxicity of the other arm": ("trial", "control: rash_any_control, treated: rash_any_treated", "control: rash_any_treated, treated: rash_any_treated", "reports arm 'treated'"),
    "subgroup unsaid": ("trial", "within: [high], homogeneous_effect: true", "within: [high]", "only its contrasts can be predicted"),
    "population and subgroup": ("trial", "strata: [low]}\n  old", "strata: [low], homogeneous_effect: true}\n  old", "cannot be a subgroup too"),
    "cyclic pathway": ("scenario", "post_progression: [dead]", "post_progression: [progression_free, dead]", "goes in a circle"),
    "death leads on": ("scenario", "dead: []", "dead: [post_progression]", "death is final"),
    "unknown state": ("scenario", "[post_progression, dead]", "[post_progresion, dead]", "Did you mean 'post_progression'"),
    "unreachable state": ("scenario", "[post_progression, dead]", "[dead]", "cannot be reached"),
    "dead end": ("scenario", "post_progression: [dead]", "post_progression: []", "only death ends a pathway"),
    "no death": ("scenario", "  dead: []\n", "", "dead"),
}  # fmt: skip
CASES = {**YAML, **TYPES, **NUMBERS, **NAMES, **RULES}
# A rule between fields reports on the field that is at fault, which is not always the one that was changed; a field
# that is missing is reported on the line of what it is missing from.
ELSEWHERE = {
    "impossible date", "missing field", "arms do not add up", "strata do not add up", "unknown arm of stratum",
    "duplicate key", "proportion without anything", "months against dates", "reserved arm", "unreachable state", "no death", "death leads on", "cyclic pathway", "value outside interval",
    "toxicity not ordered", "toxicity without counts", "ratio without comparator", "landmark without time",
    "median without value", "primary without why", "fit without why", "read nowhere", "source without address", "two primaries",
    "text for mapping", "grades not ordered", "directive", "missing space", "two colons", "wrong indentation",
}  # fmt: skip


def test_there_are_enough_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, damage, problems_of):
    kind, old, new, says = CASES[name]
    path, line = damage(kind, old, new)
    problems = [p for p in problems_of(path) if p.severity == "error"]
    assert problems
    text = "\n".join(str(p) for p in problems)
    assert re.search(says, text), text
    assert all(p.file.endswith(path.name) and p.line is not None for p in problems), text
    said = [p for p in problems if re.search(says, str(p))]
    if name not in ELSEWHERE:
        assert line in {p.line for p in said}, f"expected line {line}: {text}"
    assert max(len(str(p)) for p in problems) < 400


@pytest.mark.parametrize("name", CASES)
def test_loading_raises_input_error_and_nothing_else(name, folder, damage):
    kind, old, new, _ = CASES[name]
    path, _ = damage(kind, old, new)
    library = Library(folder)
    load = {"trial": library.trial, "scenario": library.scenario, "sources": lambda _: library.bibliography()}[kind]
    with pytest.raises(InputError) as caught:
        load(path.stem)
    assert caught.value.exit_status == 2
    assert path.name in str(caught.value)


WHOLE = {
    "empty": (b"", "the file is empty"),
    "only a comment": (b"# nothing\n", "the file is empty"),
    "list at the top": (b"- a\n- b\n", "is a mapping of fields to values, found a list"),
    "text at the top": (b"hello\n", "found only 'hello'"),
    "null at the top": (b"~\n", "found only null"),
    "not UTF-8": (b"id: question\ntitle: caf\xe9\n", "byte 0xe9 is not UTF-8"),
    "UTF-16": ("id: question\n".encode("utf-16"), "is not UTF-8"),
    "zero bytes": (b"id: \x00\x00\n", "is not allowed in YAML"),
    "larger than a mebibyte": (b"# x\n" * 300_000, "is larger than 1024 KiB"),
    "20,000 brackets": (b"a: " + b"[" * 20_000 + b"]" * 20_000, "nested deeper than 20 levels"),
    "20,000 braces": (b"a: " + b"{b: " * 20_000, "nested deeper than 20 levels"),
    "20,000 dashes": (b"- " * 20_000 + b"a", "nested deeper than 20 levels"),
    "20,000 indents": (b"\n".join(b" " * i + b"a:" for i in range(300)), "nested deeper than 20 levels"),
    "billion laughs": (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "alias \\*a is not allowed"),
    "alias as key": (b"a: &x b\n*x : 1\n", "alias \\*x is not allowed"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not UTF-8"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files(name, folder):
    raw, says = WHOLE[name]
    path = folder / "scenarios" / "broken.yaml"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=says) as caught:
        Library(folder).scenario("broken")
    assert "broken.yaml" in str(caught.value)


def test_all_errors_of_a_file_are_reported_at_once(damage, problems_of):
    damage("trial", "value: 17.0", 'value: "17"')
    damage("trial", "timepoint: 24", "timepoint: -1")
    damage("trial", "value: 6.1", "value: 60.1")
    path, _ = damage("trial", "comparator: control", "comparator: contrl")
    problems = problems_of(path)
    lines = [p.line for p in problems]
    assert len(problems) == 4
    assert lines == sorted(lines)
    assert {p.field for p in problems} == {
        "figures.os_median_treated.value",
        "figures.os_24.timepoint",
        "figures.pfs_median_control.value",
        "figures.os_hr.comparator",
    }


def test_what_is_not_a_number_is_reported_with_the_other_errors(damage, problems_of):
    damage("trial", "value: 17.0", "value: .nan")
    damage("trial", "high: 21.0", "high: -.inf")
    damage("trial", "timepoint: 24", "timepoint: -1")
    path, _ = damage("trial", "comparator: control", "comparator: contrl")
    assert [(p.field, p.message) for p in problems_of(path)] == [
        ("figures.os_median_treated.value", ".nan is not a number."),
        ("figures.os_median_treated.interval.high", "-.inf is not a number."),
        ("figures.os_hr.comparator", "no arm 'contrl'."),
        ("figures.os_24.timepoint", "-1 must be at least 0."),
    ]


def test_more_events_than_patients_is_one_problem(damage, problems_of):
    path, _ = damage("trial", "events: 30, n: 98", "events: 99, n: 98")
    assert [p.message for p in problems_of(path)] == ["99 events exceed n 98."]


def test_the_message_is_the_one_the_design_promises(damage, problems_of):
    path, line = damage("trial", "value: 6.1", "value: 17.0")
    (problem,) = problems_of(path)
    assert str(problem) == (
        f"{problem.file}:{line} figures.pfs_median_control.value: 17 exceeds the OS median 13.3 of the same arm; "
        "PFS cannot exceed OS. Did you swap the endpoints?"
    )


def test_opposite_directions_are_a_warning(folder, damage):
    path, line = damage("trial", "value: 0.8", "value: 1.2")
    library = Library(folder)
    (problem,) = library.check(path)
    assert (problem.severity, problem.line) == ("warning", line)
    assert "warning: hazard ratio 1.2 and medians 17 v 13.3 point in opposite directions" in str(problem)
    assert library.trial("mini").id == "mini"


def test_yaml_12_scalars():
    data = parse("a: 2020-01-01\nb: yes\nc: 0x1F\nd: 0o17\ne: 1_000\nf: 1e3\ng: ~\nh: 'true'\ni: 010\nj: 12:30:00").data
    assert data == {
        "a": "2020-01-01", "b": "yes", "c": 31, "d": 15, "e": "1_000", "f": 1000.0, "g": None, "h": "true", "i": 10,
        "j": "12:30:00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"patinets": "10"}, r"--set patinets: no field 'patinets'. Did you mean 'patients'"),
        ({"discounting.cost": "0.1"}, r"--set discounting.cost: .*Did you mean 'costs'"),
        ({"patients": "many"}, r"--set patients: 'many' is not a whole number"),
        ({"patients": "[1"}, r"--set patients: the value '\[1' is not valid YAML"),
        ({"seed": "!!int 3"}, r"--set seed: .*tag"),
        ({"horizon": ".inf"}, r"--set horizon: .*not a number"),
        ({"strategies.new.arm": "traeted"}, r"--set strategies.new.arm: .*Did you mean 'treated'"),
        ({"pathway.dead": "[progression_free]"}, r"--set pathway.dead: death is final"),
        ({"landmarks": "[12, 600]"}, r"--set landmarks landmarks\[1\]: 600 months lies beyond the horizon"),
        ({"rmst.oss": "12"}, r"--set rmst.oss: no endpoint"),
        ({"landmarks.0": "3"}, r"--set landmarks.0: no field"),
        ({"": "3"}, r"--set : no field ''"),
    ],
)
def test_overrides_name_the_option(folder, overrides, says):
    library = Library(folder)
    with pytest.raises(InputError, match=says):
        library.scenario("question").with_overrides(overrides, library)


def test_overrides_change_what_they_name(folder):
    scenario = Library(folder).scenario("question")
    changed = scenario.with_overrides(
        {"patients": "5000", "discounting.costs": "0", "landmarks": "[6]", "rmst.ttp": "12"}
    )
    assert (changed.patients, changed.discounting.costs, changed.landmarks, changed.rmst["ttp"]) == (5000, 0, (6,), 12)
    assert (changed.seed, scenario.patients) == (7, 1000)
