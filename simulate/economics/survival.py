"""What economics ask of a survival model, whether it is one trial's calibration or put together from many trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulate.calibration import Calibration
from simulate.cohort_draws import Draws as Tables
from simulate.cohort_draws import drawn_models, graph_tables, hazard_tables
from simulate.economics.composite import Composite
from simulate.economics.drawing import more_draws
from simulate.economics.networked import Networked, calibrated
from simulate.economics.traces import Traces, cells_of, clock_reset
from simulate.model.graph import arm_spec
from simulate.model.types import JointModel

Array = NDArray[np.float64]
Survival = Calibration | Composite | Networked


def drawn(survival: Survival, draws: int, seed: int) -> tuple[list[JointModel], dict[str, Array]]:
    """Draws of the joint model, and what was drawn, by name: float64[D]."""
    if isinstance(survival, Composite | Networked):
        return survival.drawn(draws, seed)
    more = more_draws(survival, draws, seed)
    return drawn_models(more), calibrated(more)


def tables(survival: Survival, models: Sequence[JointModel], arm: str, mix: Sequence[float]) -> Tables:
    """Models of one arm for the kernel, deaths of other causes beside them where the survival model has any."""
    if not isinstance(survival, Composite) or not survival.background:
        return hazard_tables(models, arm, mix)
    specs = [replace(arm_spec(m, arm, mix), background=survival.background) for m in models]
    return graph_tables(specs)


def integrated(survival: Survival, model: JointModel, arm: str, mix: tuple[float, ...], days: int) -> Traces:
    """An arm by numerical integration; with deaths of other causes where the survival model has any of its own."""
    if isinstance(survival, Composite):
        return survival.integrated(arm, model, mix, days)
    return clock_reset(cells_of(model, arm, mix), days)
