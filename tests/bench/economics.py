"""Time the economics: a probabilistic partitioned survival analysis, and a whole evaluation as a user runs it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWS = 1_000
PAGE = ROOT / "docs/how-to/rebuild-a-published-model.md"


def closed_form() -> Callable[[], object]:
    """1,000 draws of two strategies of the rebuilt table over 20 years in months: curves, costs and QALYs.

    Drawing the parameters is done before; curves, occupancy and the account book of every draw are timed.
    """
    import simulate as sim
    from simulate.economics.own import prepare_own

    with tempfile.TemporaryDirectory() as folder:
        blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        for name, text in zip(("economics/table", "scenarios/rebuilt"), blocks, strict=True):
            path = Path(folder) / f"{name}.yaml"
            path.parent.mkdir()
            path.write_text(text, encoding="utf-8")
        overrides = {"own_model.grid": "1.0", "horizon": "240"}
        for arm in ("placebo", "pembrolizumab"):
            for endpoint in ("pfs", "os"):
                rate = f"own_model.arms.{arm}.{endpoint}.parameters.rate"
                overrides |= {f"{rate}.cv": "0.05", f"{rate}.distribution": "lognormal"}
        scenario = sim.load("rebuilt", params=folder, overrides=overrides)
        case = prepare_own(scenario.file, scenario.library)
    values = case.drawn(DRAWS, 1)

    def run() -> list[object]:
        return [case.outcomes(s, case.traces(s, values)[0], values) for s in case.arms]

    assert all(len(o.qaly) == DRAWS for o in run())  # type: ignore[attr-defined]
    return run


def whole() -> float:
    """Seconds of ``simulate evaluate`` with 1,000 draws of 1,000 patients, without figures: the best of three."""
    command = [sys.executable, "-m", "simulate", "evaluate", "bevacizumab_us", "--draws", str(DRAWS),
               "--draw-patients", "1000", "--json"]  # fmt: skip
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        best = min(best, time.perf_counter() - start)
    return best
