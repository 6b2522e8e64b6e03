"""An invented evaluation of a bundled trial."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulate as sim
from simulate.economics.case import Case, prepare


@pytest.fixture(scope="session")
def case() -> Case:
    """GOG 240 at invented prices."""
    scenario = sim.load("toy", params=Path(__file__).parent / "data" / "params")
    patients = {arm: sum(s.n[arm] for s in scenario.trial.strata.values()) for arm in scenario.trial.arms}
    arms = {s: scenario.arm(s) for s in scenario.strategies}
    return prepare(scenario.file, scenario.library, scenario.calibrate(), arms, scenario.mix, 36.0, patients)
