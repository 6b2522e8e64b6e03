"""The documentation runs: every ``bash``, ``python`` and ``yaml`` block of a page, in order, in one empty folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from simulate.cli import app

PAGES = ("tutorial.md", "how-to.md", "how-to/evaluate-at-your-prices.md", "reference.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(path: Path) -> list[tuple[str, str, int]]:
    """Language, text and line of each fenced block."""
    text = path.read_text()
    return [(m[1], m[2], text[: m.start()].count("\n") + 1) for m in BLOCK.finditer(text)]


def run(command: list[str], text: str, where: str, env: dict[str, str]) -> None:
    done = subprocess.run([*command, text], capture_output=True, text=True, timeout=300, check=False, env=env)
    assert done.returncode == 0, f"{where}\n{text}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, f"{where}\n{done.stderr}"


@pytest.fixture
def env() -> dict[str, str]:
    """The commands of this environment first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "MPLBACKEND": "Agg"}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page, root, work, env):
    found = blocks(root / "docs" / page)
    assert len(found) >= 2
    python = ""  # blocks without a command between them are one program
    for (language, text, line), following in zip(found, [*(b[0] for b in found[1:]), ""], strict=True):
        where = f"docs/{page}:{line}"
        if language == "python":
            python += text + "\n"
            if following != "python":
                run([sys.executable, "-W", "error:::simulate", "-c"], python, where, env)
                python = ""
        elif language == "bash":
            run(["bash", "-euo", "pipefail", "-c"], text, where, env)
        elif language == "yaml":
            name = re.match(r"# file: (\S+)\n", text)
            assert name, f"{where}: a YAML block names its file in its first line"
            Path(name[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(name[1]).write_text(text)
        else:
            pytest.fail(f"{where}: {language} blocks are not run; indent what is only shown")


@pytest.mark.parametrize("page", [*PAGES, "model.md", "architecture.md"])
def test_links_lead_somewhere(page, root):
    here = root / "docs" / page
    for target in LINK.findall(here.read_text()):
        name, _, anchor = target.partition("#")
        file = here.parent / name if name else here
        assert file.is_file(), target
        if anchor:
            heads = [
                h.strip().lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            ]
            assert anchor in heads, target


# ---------------------------------------------------------------------------------------- the reference is whole
@pytest.fixture(scope="module")
def reference(root) -> set[str]:
    """Everything set in code in the reference."""
    inline = re.findall(r"`([^`\n]+)`", (root / "docs/reference.md").read_text())
    return {word.strip('"') for text in inline for word in re.split(r"[\s.\[\]]+", text)} | set(inline)


def test_every_command_and_option_is_listed(reference):
    command = get_command(app)
    for name, sub in command.commands.items():
        assert any(text.startswith(f"simulate {name}") for text in reference), name
        for option in sub.params:
            for flag in option.opts:
                assert not flag.startswith("--") or flag in reference, f"{name} {flag}"


def test_every_file_of_a_run_is_listed(reference):
    from simulate.report.writer import OUTPUTS

    assert set(OUTPUTS) <= reference


def test_every_file_of_an_evaluation_is_listed(reference):
    from simulate.report.evaluation_files import EVALUATION_OUTPUTS

    assert set(EVALUATION_OUTPUTS) <= reference


def keys(value: object) -> set[str]:
    """Every key of nested JSON."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for key, inner in value.items():
        found |= {key} | keys(inner)
    return found


def test_every_field_of_the_results_is_listed(reference):
    import simulate as sim
    from simulate.fidelity import FidelityRow

    result = sim.load("bevacizumab").run(patients=1000)
    summary = json.loads(json.dumps(result.summary()))
    own = set(summary["strategies"]) | set(summary["contrasts"][0]["landmark_differences"])
    for strategy in summary["strategies"].values():
        own |= set(strategy["toxicities"]) | set(strategy["endpoints"]["os"]["landmarks"])
        own |= {g for t in strategy["toxicities"].values() for g in t.get("grades", {})}
    fixed = keys(summary) - own
    assert {"hazard_ratio", "median_mc_error", "rmst", "trial_like", "ttp"} <= fixed
    assert fixed - reference == set()
    assert set(FidelityRow.__dataclass_fields__) - reference == set()


def test_every_field_of_an_evaluation_is_listed(reference, root):
    import simulate as sim
    from simulate.scenario.evaluation import evaluate

    scenario = sim.load("toy", params=root / "tests/economics/data/params")
    summary = json.loads(json.dumps(evaluate(scenario, draws=100, patients=1000, draw_patients=20).summary()))
    own = set(summary["strategies"]) | set(summary["contrasts"][0]["inmb"]) | set(summary["evpi"][0]["evppi"])
    for strategy in summary["strategies"].values():
        own |= set(strategy["cost_by_category"]) | set(strategy["qaly_by_item"]) | set(strategy["ly_by_state"])
    fixed = keys(summary) - own
    assert {"icer", "inmb", "evppi", "misfit", "psa_sd", "clock_forward"} <= fixed
    assert fixed - reference - {"after progression"} == set()


def test_every_environment_variable_is_listed(root, reference):
    asked = re.compile(r"environ(?:\.get\(|\[)[\"'](\w+)[\"']")
    used = {name for file in (root / "simulate").rglob("*.py") for name in asked.findall(file.read_text())}
    assert {"SIMULATE_CACHE", "NUMBA_NUM_THREADS"} <= used
    listed = {name for text in reference for name in re.findall(r"[A-Z][A-Z_]+", text)}
    assert used - listed == set()


def test_the_architecture_names_every_module(root):
    text = (root / "docs/architecture.md").read_text()
    modules = {p.stem for p in (root / "simulate").iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    missing = {m for m in modules if not m.startswith("_") and f"{m}" not in re.findall(r"[a-z_]+", text)}
    assert missing == set()


def test_the_notebook_has_its_outputs_and_names_no_machine(root):
    notebook = json.loads((root / "notebooks/bevacizumab.ipynb").read_text())
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(c["execution_count"] for c in cells)
    outputs = [o for c in cells for o in c["outputs"]]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    assert not any(o["output_type"] == "error" or o.get("name") == "stderr" for o in outputs)
    assert "/home/" not in json.dumps(notebook)
