"""The generative model by numerical integration: the oracle of every simulation."""

from simulate.analytic.curves import Curves, Integrator, cell_curves, mixture
from simulate.analytic.outcomes import ArmOutcome, solve
from simulate.analytic.statistics import (
    cox_from_exposure,
    cox_hazard_ratio,
    crossing_time,
    entry_weights,
    expected_events,
    follow_up_weights,
    landmark,
    restricted_mean,
)

__all__ = [
    "ArmOutcome",
    "Curves",
    "Integrator",
    "cell_curves",
    "cox_from_exposure",
    "cox_hazard_ratio",
    "crossing_time",
    "entry_weights",
    "expected_events",
    "follow_up_weights",
    "landmark",
    "mixture",
    "restricted_mean",
    "solve",
]
