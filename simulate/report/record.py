"""The provenance of a result: what was asked, which files and sources it rests on, with which code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate.calibration.calibrate import BOOTSTRAP_SEED
from simulate.calibration.linear import DRAW_SEED
from simulate.provenance import provenance

if TYPE_CHECKING:
    from simulate.scenario import Result


def record(result: Result, command: str | None = None) -> dict[str, Any]:
    """Content of ``provenance.json``."""
    scenario = result.scenario
    files = [Path(p.folder) / p.name for p in scenario.library.provenance()]
    trial = scenario.trial
    used = dict.fromkeys((*scenario.file.sources, *trial.sources, *(f.source for f in trial.all_figures)))
    known = scenario.library.sources
    return provenance(
        seed=result.seed,
        patients=result.patients,
        scenario=scenario.id,
        scenario_content=scenario.file,
        model=result.calibration.model,
        inputs=[f for f in files if f.is_file()],
        sources={s: {"citation": known[s].citation, "why": known[s].why} for s in used},
        command=command,
        started=getattr(result, "started", None) or None,
        extra={
            "trial": trial.id,
            "specification": result.calibration.spec,
            "calibration_seeds": {"bootstrap": BOOTSTRAP_SEED, "draws": DRAW_SEED},
        },
    )
