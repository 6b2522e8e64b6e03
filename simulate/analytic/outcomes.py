"""Everything a comparison reports, integrated: one `ArmOutcome` per arm of a model and a target mix of strata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.analytic.curves import Curves, cell_curves, mixture
from simulate.analytic.statistics import crossing_time, landmark, restricted_mean
from simulate.model.types import DAYS_PER_MONTH, JointModel

Array = NDArray[np.float64]
STATES = ("progression_free", "post_progression")


@dataclass(frozen=True)
class ArmOutcome:
    """The integrated outcome of one arm.

    Attributes
    ----------
    arm : its id.
    curves : of the whole mix; `by_stratum` of each stratum.
    horizon : months.
    """

    arm: str
    curves: Curves
    by_stratum: Mapping[str, Curves]
    horizon: float

    def median(self, endpoint: str) -> float:
        """Median of an endpoint, months."""
        return crossing_time(self.curves.endpoint(endpoint))

    def landmark(self, endpoint: str, months: float) -> float:
        """Survival of an endpoint at `months`."""
        return landmark(self.curves.endpoint(endpoint), months)

    def rmst(self, endpoint: str, tau: float) -> float:
        """Restricted mean of an endpoint to `tau` months."""
        return restricted_mean(self.curves.endpoint(endpoint), tau)

    def occupancy(self, months: float) -> dict[str, float]:
        """Share of patients in each health state at `months`; the shares add up to 1."""
        pfs, os = self.landmark("pfs", months), self.landmark("os", months)
        return {"progression_free": pfs, "post_progression": os - pfs, "dead": 1.0 - os}

    def time_in_state(self, rate: float = 0.0, stratum: str | None = None) -> dict[str, float]:
        """Mean months in each living state to the horizon, discounted continuously at `rate` a year."""
        c = self.curves if stratum is None else self.by_stratum[stratum]
        free = restricted_mean(c.pfs, self.horizon, rate)
        return {"progression_free": free, "post_progression": restricted_mean(c.os, self.horizon, rate) - free}


def solve(
    model: JointModel,
    arms: Sequence[str] | None = None,
    *,
    horizon: float = 120.0,
    mix: Sequence[float] | None = None,
) -> dict[str, ArmOutcome]:
    """Integrate `model` for each of `arms` to `horizon` months.

    Parameters
    ----------
    mix : shares of the strata, the same for every arm; default is each arm's own trial mix.

    Returns
    -------
    dict of arm id to `ArmOutcome`. What is not covered: dependence between toxicities and survival (there is none in
    the model) and second moments of time in state, which the tests hold against the `naive` simulator.
    """
    days = int(np.ceil(horizon * DAYS_PER_MONTH))
    out = {}
    for arm in model.arms if arms is None else arms:
        shares = model.mix[arm] if mix is None else mix
        cells = {s: cell_curves(model.cells[arm, s], days) for s in model.strata}
        out[arm] = ArmOutcome(arm, mixture([cells[s] for s in model.strata], shares), cells, horizon)
    return out
