"""One small run of the real thing, shared; what takes half a minute to fit is stood in for by a few rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import simulate as sim
from simulate.scenario import Result
from simulate.sensitivity import answer

HOSTILE = '<script>alert("x")</script> & $\\frac$ \'"'


def few_assumptions(result: Result) -> dict[str, pd.DataFrame]:
    """The calibrated model and one draw of it, in the shape of `Result.sensitivity`."""
    out = {}
    for s in result.scenario.strategies[1:]:
        question = result.scenario.question(s)
        rows = [
            ("base", "as calibrated", result.calibration.model),
            ("PFS lognormal", "another tail", result.calibration.draw(0)),
        ]
        out[s] = pd.DataFrame(
            [{"assumption": a, "why": w, "feasible": True, **answer(m, question)} for a, w, m in rows]
        )
    return out


def run(name: str | Path, **options: object) -> Result:
    """Run a scenario, with `few_assumptions` in place of the sensitivity analysis."""
    result = sim.load(name).run(**options)
    result.__dict__["sensitivity"] = few_assumptions(result)
    return result


@pytest.fixture(scope="session")
def result() -> Result:
    return run("bevacizumab", patients=4000, seed=5)


@pytest.fixture(scope="session")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything the run writes."""
    return result.save(
        tmp_path_factory.mktemp("written") / "out", save_patients=True, command="simulate run bevacizumab --out out"
    )


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A scenario of one strategy whose every text tries to break out of the page."""
    path = tmp_path_factory.mktemp("scenario") / "hostile.yaml"
    text = HOSTILE.replace("'", "''")
    path.write_text(
        f"id: hostile\ntitle: '{text}'\nquestion: '{text}'\ntrial: gog240\npopulation: topotecan_paclitaxel\n"
        f"strategies:\n  only: {{arm: chemotherapy, label: '{text}'}}\ncomparator: only\n"
        f"assumptions: ['{text}']\nlimits: ['{text}']\n"
    )
    return run(path, patients=1000)
