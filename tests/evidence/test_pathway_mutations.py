"""Files of pathways damaged at random, and broken ones on the command line: an `InputError` or a valid record."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from simulate.cli import app
from simulate.errors import InputError
from simulate.evidence import Library, bundled_params
from simulate.evidence.life_tables import read_life_table
from simulate.evidence.loading import validate
from simulate.evidence.yaml_text import parse
from tests.evidence.pathway_files import DATA, damaged

BUNDLED = {
    "populations": "populations/recurrent_metastatic.yaml",
    "strategies": "strategies/guideline.yaml",
    "scenarios": "scenarios/guideline_pathway.yaml",
}
SMALL = {
    "populations": "populations/routine.yaml",
    "strategies": "strategies/policy.yaml",
    "scenarios": "scenarios/lines.yaml",
}
FILES = [(kind, (DATA / name).read_text(encoding="utf-8"), 6) for kind, name in SMALL.items()]
FILES += [(kind, (bundled_params() / name).read_text(encoding="utf-8"), 2) for kind, name in BUNDLED.items()]
LIBRARY = Library(DATA)
SCALARS = [
    "~",
    "-1",
    "0",
    "99",
    "1e308",
    ".nan",
    "[]",
    "{}",
    "true",
    "no",
    "text",
    "[0.5, 0.5]",
    "{is: 1}",
    '""',
    "<<",
    "'",
]
quick = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def spoiled(draw) -> tuple[str, str]:
    """A sound file cut off, or with some lines deleted, doubled, moved, and some values replaced by others."""
    kind, text, most = draw(st.sampled_from(FILES))
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, most))):
        i = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["delete", "double", "move", "value", "number", "word", "truncate"]))
        if how == "delete":
            lines[i : i + 1] = []
        elif how == "double":
            lines.insert(i, lines[i])
        elif how == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(i))
        elif how == "truncate":
            lines[i:] = [lines[i][: draw(st.integers(0, len(lines[i])))]]
        elif how == "value":
            lines[i] = lines[i].partition(":")[0] + ": " + draw(st.sampled_from(SCALARS))
        else:
            wanted = str.isdigit if how == "number" else str.isalpha
            at = [k for k, c in enumerate(lines[i]) if wanted(c)]
            if at:
                k = draw(st.sampled_from(at))
                lines[i] = (
                    lines[i][:k] + draw(st.sampled_from(["x", "7", "-", "[", "]", "{", "", "9999"])) + lines[i][k + 1 :]
                )
        lines = lines or [""]
    return kind, "\n".join(lines)


@quick
@given(spoiled())
def test_spoiled_files_are_valid_or_input_errors(case):
    kind, text = case
    try:
        record, problems = validate(kind, parse(text, "spoiled.yaml"), LIBRARY)
    except InputError as error:
        problems, record = list(error.problems), None
    errors = [p for p in problems if p.severity == "error"]
    assert (record is None) == bool(errors)
    assert all(str(p).startswith("spoiled.yaml:") for p in problems)


@pytest.mark.parametrize("kind", BUNDLED)
def test_a_bundled_file_without_one_of_its_lines_does_not_crash(kind):
    lines = (bundled_params() / BUNDLED[kind]).read_text(encoding="utf-8").splitlines()
    for i in range(1, len(lines), 17):
        try:
            record, problems = validate(kind, parse("\n".join(lines[:i] + lines[i + 1 :]), "cut.yaml"), LIBRARY)
        except InputError:
            continue
        assert (record is None) == any(p.severity == "error" for p in problems)


@settings(quick, max_examples=150)
@given(st.integers(0, 1500), st.binary(max_size=6), st.integers(0, 40))
def test_a_spoiled_life_table_is_read_or_an_input_error(tmp_path_factory, at, new, gone):
    raw = (DATA / "life_tables" / "women.csv").read_bytes()
    path = tmp_path_factory.getbasetemp() / "spoiled.csv"
    path.write_bytes(raw[:at] + new + raw[at + gone :])
    probability: tuple[float, ...] = ()
    problems: tuple = ()
    try:
        probability, _ = read_life_table(path, "spoiled.csv")
    except InputError as error:
        problems = error.problems
    assert bool(problems) != bool(probability)
    assert all(str(p).startswith("spoiled.csv") for p in problems)
    assert all(0.0 < q <= 1.0 for q in probability)


SPOILED = {
    "scenario": ("scenario", "reach: 0.6", "reach: 60", "lines.yaml:10 later_lines.second_line.reach: 60 must be"),
    "population": ("population", "[0.6, 0.4]", "[0.6, 0.3]", "population 'routine' has errors:"),
    "strategy": ("strategy", "use: second}", "use: secnd}", "strategy 'policy' has errors:"),
    "cut off": ("scenario", ", lead: [0.0, 3.0], why", "\n# ", "lines.yaml:22"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
@pytest.mark.parametrize("command", ["run", "check"])
def test_the_command_refuses_with_status_2_and_writes_nothing(name, command, pathways, tmp_path):
    kind, old, new, says = SPOILED[name]
    damaged(pathways, kind, old, new)
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("an earlier report")
    scenario = str(pathways / "scenarios" / "lines.yaml")
    more = ["--out", str(out), "--patients", "1000"] if command == "run" else []
    result = CliRunner().invoke(app, [command, scenario, *more])
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit), "no exception but the exit itself"
    assert says in result.stderr, result.stderr
    assert "Traceback" not in result.output
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("report.html", "an earlier report")]


def test_the_command_refuses_an_override(pathways, tmp_path):
    arguments = [
        "run",
        str(pathways / "scenarios" / "lines.yaml"),
        "--set",
        "by=[ecgo]",
        "--out",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, (tmp_path / "out").exists()) == (2, False)
    assert "--set by by[0]: population routine has no covariate 'ecgo'. Did you mean 'ecog'?" in result.stderr


def test_the_command_checks_a_life_table(pathways):
    path = pathways / "life_tables" / "women.csv"
    path.write_text(path.read_text().replace("\n10,0.", "\n10,9."))
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code == 2
    assert "women.csv:13 qx: 9.00012 is more than 1" in result.stderr


def test_ids_of_every_kind_are_named_in_words(pathways):
    library = Library([])
    for kind, what in (("populations", "population"), ("strategies", "strategy")):
        with pytest.raises(InputError, match=f"no {what} 'nobody'"):
            library.find(kind, "nobody")
    path: Path = pathways / "strategies" / "policy.yaml"
    path.write_text("- a\n")
    assert "a strategy file is a mapping" in str(library.check(path)[0])
