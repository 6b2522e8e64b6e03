"""Any pathway by numerical integration: the oracle of what the kernel simulates.

Day by day, the entries into a state are convolved with how patients leave it; the background multiplies everything
alive, because it runs on the study clock whatever the state. Error: second order in the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from simulate.analytic import crossing_time, landmark, restricted_mean
from simulate.errors import input_error
from simulate.model.graph import GraphSpec
from simulate.model.hazards import Transition
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Integrated pathway: `occupancy[state]` is the share in it at days 0 … D; `os` and `pfs` are survival curves."""

    occupancy: dict[str, Array]
    start: str
    horizon: float

    @property
    def os(self) -> Array:
        """Overall survival by day."""
        return np.sum(list(self.occupancy.values()), axis=0)

    @property
    def pfs(self) -> Array:
        """Share still in the first state by day."""
        return self.occupancy[self.start]

    def endpoint(self, name: str) -> Array:
        """The survival curve ``os`` or ``pfs``."""
        return self.os if name == "os" else self.pfs

    def median(self, endpoint: str) -> float:
        """Median, months."""
        return crossing_time(self.endpoint(endpoint))

    def landmark(self, endpoint: str, months: float) -> float:
        """Survival at `months`."""
        return landmark(self.endpoint(endpoint), months)

    def time_in_state(self, rate: float = 0.0) -> dict[str, float]:
        """Mean months in each living state to the horizon, discounted continuously at `rate` a year."""
        return {s: restricted_mean(o, self.horizon, rate) for s, o in self.occupancy.items()}


def integrate(spec: GraphSpec, horizon: float) -> Outcome:
    """Integrate a graph over its strata to `horizon` months.

    Raises
    ------
    InputError : a transition depends on earlier times, which is not integrated here.
    """
    days = int(np.ceil(horizon * DAYS_PER_MONTH))
    total: dict[str, Array] = {}
    for j, share in enumerate(spec.shares):
        if share <= 0.0:
            continue
        for state, alive in _stratum(spec, j, days).items():
            total[state] = total.get(state, 0.0) + share * alive
    return Outcome(total, spec.states[0], horizon)


def _stratum(spec: GraphSpec, j: int, days: int) -> dict[str, Array]:
    """Occupancy of every living state in one stratum, shape (D + 1,) each."""
    leaving: dict[str, list[Transition]] = {}
    for t in spec.transitions:
        leaving.setdefault(t.origin, []).append(t)
    size = next_fast_len(2 * days + 2, real=True)
    arriving: dict[str, Array] = {}
    out: dict[str, Array] = {}
    months = np.arange(days + 1) / DAYS_PER_MONTH
    for state in _ordered(spec, leaving):
        hazards = [t.hazards[j] for t in leaving[state]]
        if any(h.dependence for h in hazards):
            raise input_error("dependence on earlier times is not integrated.", field=f"transitions.{state}")
        first = state == spec.states[0]
        if not first and state not in arriving:
            out[state] = np.zeros(days + 1)
            continue
        # who starts here leaves on whole days; who arrives during a day does so at its middle
        at = months if first else np.concatenate(([0.0], months[1:] - 0.5 / DAYS_PER_MONTH))
        own = [h.factor * h.time.cumulative_hazard(at) for h in hazards]
        steps = np.diff(np.array(own), axis=1)
        stay = np.exp(-np.sum(own, axis=0))
        each = steps.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = np.where(each > 0.0, steps / each, 0.0)
        flows = parts * -np.diff(stay)
        if first:
            out[state] = stay
            gone = list(flows)
        else:
            entries = rfft(arriving[state], size)
            alive = irfft(entries * rfft(np.append(stay[1:], 0.0)[:days], size), size)[:days]
            out[state] = np.concatenate(([0.0], alive))
            gone = [irfft(entries * rfft(f, size), size)[:days] for f in flows]
        for t, flow in zip(leaving[state], gone, strict=True):
            if t.target in leaving:
                arriving[t.target] = arriving.get(t.target, 0.0) + flow
    if spec.background:
        behind = np.exp(-spec.background[j].factor * spec.background[j].time.cumulative_hazard(months))
        out = {s: o * behind for s, o in out.items()}
    return out


def _ordered(spec: GraphSpec, leaving: dict[str, list[Transition]]) -> list[str]:
    """Living states so that every state comes after those that lead to it."""
    left = [s for s in spec.states if s in leaving]
    order: list[str] = []
    while left:
        ready = [s for s in left if not any(t.target == s and t.origin in left for t in spec.transitions)]
        order += ready
        left = [s for s in left if s not in ready]
    return order


def strata_of(spec: GraphSpec, chosen: Sequence[int]) -> GraphSpec:
    """The same graph for some of its strata only."""
    shares = np.array([spec.shares[j] for j in chosen])
    transitions = tuple(
        Transition(t.origin, t.target, t.decision, tuple(t.hazards[j] for j in chosen)) for t in spec.transitions
    )
    return GraphSpec(
        spec.states,
        tuple(spec.strata[j] for j in chosen),
        transitions,
        tuple(float(s) for s in shares / shares.sum()),
        (),
        tuple(spec.background[j] for j in chosen) if spec.background else (),
    )
