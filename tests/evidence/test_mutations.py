"""Sound files damaged at random: the outcome is a valid record or an `InputError`, never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulate.errors import InputError
from simulate.evidence import Library, bundled_params
from simulate.evidence.loading import validate
from simulate.evidence.yaml_text import parse

LIBRARY = Path(__file__).parent / "data" / "library"
TEXTS = {
    "trials": (LIBRARY / "trials" / "mini.yaml").read_text(encoding="utf-8"),
    "scenarios": (LIBRARY / "scenarios" / "question.yaml").read_text(encoding="utf-8"),
    "regimens": (LIBRARY / "regimens" / "given.yaml").read_text(encoding="utf-8"),
    "sources": (LIBRARY / "sources.yaml").read_text(encoding="utf-8"),
}
SCALARS = [
    "", "~", "-1", "0", "1e308", "1e309", ".nan", "[", "]", "{", "}", "[]", "{}", "- a", "true", "no", "*a", "&a b",
    "!!str x", "<<", "'", '"', "#", "a: b", "\t", "\u0000", "\u2028", "é", "🙂", "control", "treated", "all", "os",
    "pfs", "2020-01-01", "99999999999999999999", "0x10", "1_0", "? a", "|", ">-", "%YAML 1.1", "---", "...", "@", "`",
    ",", "pooled",
]  # fmt: skip
quick = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def damaged(draw) -> tuple[str, str]:
    """A sound file with up to four lines deleted, doubled, moved, or given another scalar."""
    kind = draw(st.sampled_from(sorted(TEXTS)))
    lines = TEXTS[kind].splitlines()
    for _ in range(draw(st.integers(1, 4))):
        i = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["delete", "double", "move", "scalar", "insert", "cut", "indent"]))
        if how == "delete":
            lines[i : i + 1] = []
        elif how == "double":
            lines.insert(i, lines[i])
        elif how == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(i))
        elif how == "scalar":
            lines[i] = lines[i].partition(":")[0] + ": " + draw(st.sampled_from(SCALARS))
        elif how == "insert":
            at = draw(st.integers(0, len(lines[i])))
            lines[i] = lines[i][:at] + draw(st.sampled_from(SCALARS)) + lines[i][at:]
        elif how == "cut":
            lines[i] = lines[i][: draw(st.integers(0, len(lines[i])))]
        else:
            lines[i] = " " * draw(st.integers(0, 3)) + lines[i]
        lines = lines or [""]
    return kind, "\n".join(lines)


@quick
@given(damaged())
def test_damaged_files_are_valid_or_input_errors(case):
    kind, text = case
    try:
        record, problems = validate(kind, parse(text, "damaged.yaml"), Library(LIBRARY))
    except InputError as error:
        problems, record = list(error.problems), None
    errors = [p for p in problems if p.severity == "error"]
    assert (record is None) == bool(errors)
    assert all(str(p).startswith("damaged.yaml:") for p in problems)


def attempt(text: str | bytes) -> tuple:
    """What parsing returns, and what it complains of; any other exception is the test's failure."""
    try:
        return parse(text, "any.yaml"), ()
    except InputError as error:
        return None, error.problems


@quick
@given(st.text(max_size=200))
def test_any_text_is_data_or_an_input_error(text):
    document, problems = attempt(text)
    assert (document is None) == bool(problems)


@settings(quick, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_data_or_an_input_error(raw):
    document, problems = attempt(raw)
    assert (document is None) == bool(problems)


@settings(quick, max_examples=100)
@given(
    st.lists(st.sampled_from(["[", "]", "{", "}", ",", ":", " ", "a", "\n", "- ", "? ", "'", "&a", "*a"]), max_size=60)
)
def test_any_punctuation_is_data_or_an_input_error(parts):
    document, problems = attempt("".join(parts))
    assert (document is None) == bool(problems)


@settings(quick, max_examples=60)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3))
def test_any_override_is_valid_or_an_input_error(overrides):
    library = Library(LIBRARY)
    scenario = library.scenario("question")
    try:
        problems, trial = (), scenario.with_overrides(overrides, library).trial
    except InputError as error:
        problems, trial = error.problems, None
    assert all(str(p).startswith("--set") for p in problems)
    assert (trial == "mini") == (not problems)


@pytest.mark.parametrize("name", ["gog240", "jcog0505", "keynote826"])
def test_a_bundled_trial_without_one_of_its_lines_does_not_crash(name):
    """Every sixtieth line of a real file is removed in turn; real files reach corners the small one does not."""
    library = Library([])
    lines = (bundled_params() / "trials" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    for i in range(1, len(lines), 60):
        document, problems = attempt("\n".join(lines[:i] + lines[i + 1 :]))
        if document is not None:
            record, problems = validate("trials", document, library)
            assert (record is None) == any(p.severity == "error" for p in problems)
