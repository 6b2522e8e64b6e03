"""Any pathway by numerical integration: the oracle of what the kernel simulates.

Day by day, the entries into a state are convolved with how patients leave it; the background multiplies everything
alive, because it runs on the study clock whatever the state. Error: second order in the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from simulate.analytic import crossing_time, landmark, restricted_mean
from simulate.errors import input_error
from simulate.model.graph import GraphSpec
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import DAYS_PER_MONTH, Distribution

Array = NDArray[np.float64]
# cumulative hazards on the whole days, or on their middles; the share spared by a background on the whole days
Known = dict[tuple[str, Distribution | Hazard], Array]
BLOCK = 64  # strata integrated at once


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
    known: Known = {}
    alike: dict[tuple[Hazard, ...], list[int]] = {}  # strata that differ by their background only
    for j, share in enumerate(spec.shares):
        if share > 0.0:
            alike.setdefault(tuple(t.hazards[j] for t in spec.transitions), []).append(j)
    groups = list(alike.values())
    for i in range(0, len(groups), BLOCK):
        block = groups[i : i + BLOCK]
        weight = np.array([share_spared(spec, rows, days, known) for rows in block])
        found = integrate_strata(spec, [rows[0] for rows in block], days, known)
        for state, alive in found.alive.items():
            total[state] = total.get(state, 0.0) + np.sum(weight * alive, axis=0)
    return Outcome(total, spec.states[0], horizon)


def share_spared(spec: GraphSpec, rows: Sequence[int], days: int, known: Known) -> Array:
    """Share of all patients who are in these strata and have not died of other causes, by day."""
    shares = np.array([spec.shares[j] for j in rows])
    if not spec.background:
        return np.full(days + 1, shares.sum())
    months = np.arange(days + 1) / DAYS_PER_MONTH
    own = [spec.background[j] for j in rows]
    for h in {*own}:
        if ("spared", h) not in known:
            known["spared", h] = np.exp(-_cumulative([h], months, "whole", known)[0])
    return shares @ np.array([known["spared", h] for h in own])


@dataclass(frozen=True)
class Strata:
    """Some strata without the background: `alive[state]` is float64[N, D + 1] on days 0 … D.

    `arriving[state]`, float64[N, D], is the share that enters a later state during each day. `within[state]` is like
    `alive`, of those who have been in a state for less than the limit asked for.
    """

    alive: dict[str, Array]
    arriving: dict[str, Array]
    within: dict[str, Array]


def integrate_strata(
    spec: GraphSpec, rows: Sequence[int], days: int, known: Known, limits: Mapping[str, Array] | None = None
) -> Strata:
    """Integrate some strata of a graph; `limits` are days since entry, one a stratum, for some states."""
    limits = limits or {}
    leaving: dict[str, list[Transition]] = {}
    for t in spec.transitions:
        leaving.setdefault(t.origin, []).append(t)
    size = next_fast_len(2 * days + 2, real=True)
    arriving: dict[str, Array] = {}
    out: dict[str, Array] = {}
    within: dict[str, Array] = {}
    months = np.arange(days + 1) / DAYS_PER_MONTH
    # who starts in a state leaves it on whole days; who arrives during a day does so at its middle
    middles = np.concatenate(([0.0], months[1:] - 0.5 / DAYS_PER_MONTH))
    for state in _ordered(spec, leaving):
        first = state == spec.states[0]
        if not first and state not in arriving:
            out[state] = np.zeros((len(rows), days + 1))
            continue
        at, which = (months, "whole") if first else (middles, "middle")
        stay, flows = _leaving(leaving[state], rows, at, which, known)
        if first:
            out[state] = stay
            gone = flows
            if state in limits:
                within[state] = stay * np.clip(limits[state][:, None] + 0.5 - np.arange(days + 1), 0.0, 1.0)
        else:
            entries = rfft(arriving[state], size)

            def alive(stay: Array, entries: NDArray[np.complex128] = entries) -> Array:
                later = irfft(entries * rfft(stay[:, 1:], size), size)[:, :days]
                return np.concatenate((np.zeros((len(rows), 1)), later), axis=1)

            out[state] = alive(stay)
            if state in limits:
                within[state] = alive(stay * np.clip(limits[state][:, None] + 1.0 - np.arange(days + 1), 0.0, 1.0))
            onward = [t.target in leaving for t in leaving[state]]
            gone = [
                irfft(entries * rfft(f, size), size)[:, :days] if on else f for f, on in zip(flows, onward, strict=True)
            ]
        for t, flow in zip(leaving[state], gone, strict=True):
            if t.target in leaving:
                arriving[t.target] = arriving.get(t.target, 0.0) + flow
    return Strata(out, arriving, within)


def _leaving(
    transitions: Sequence[Transition], rows: Sequence[int], at: Array, which: str, known: Known
) -> tuple[Array, list[Array]]:
    """Share still in a state at times since entry, and the share that each transition takes away a day."""
    own = []
    for t in transitions:
        hazards = [t.hazards[j] for j in rows]
        if any(h.dependence for h in hazards):
            raise input_error("dependence on earlier times is not integrated.", field=f"transitions.{t.origin}")
        own.append(_cumulative(hazards, at, which, known))
    stay = np.exp(-np.sum(own, axis=0))
    steps = [np.diff(x, axis=1) for x in own]
    each = np.sum(steps, axis=0)
    lost = -np.diff(stay, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        flows = [np.where(each > 0.0, x / each, 0.0) * lost for x in steps]
    return stay, flows


def _cumulative(hazards: Sequence[Hazard], at: Array, which: str, known: Known) -> Array:
    """Cumulative hazards, one row a stratum; strata share distributions, so each is evaluated once."""
    for h in hazards:
        if (which, h.time) not in known:
            known[which, h.time] = h.time.cumulative_hazard(at)
    return np.array([h.factor * known[which, h.time] for h in hazards])


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
