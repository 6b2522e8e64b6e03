"""A model as the compiled kernel's arrays: states, competing transitions, strata, toxicities.

Types are converted here and nowhere else: int64, uint64 and float64, C-contiguous, own memory.

>>> from simulate.model.types import Distribution
>>> months = Distribution("exponential", (10.0,))
>>> spec = GraphSpec(("ill", "dead"), ("all",), (Transition("ill", "dead", "death", (Hazard(months),)),))
>>> build(spec).target
array([1])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulate.errors import input_error
from simulate.kernel import philox
from simulate.kernel.arrays import TRANSITION, Graph, transient_states
from simulate.model.hazards import Hazard, Transition, hazard_arrays
from simulate.model.types import ArmModel, JointModel

STATES = ("progression_free", "progressed", "dead")
BACKGROUND = "background_death"
MAX_STATES = 62  # endpoints name their event states in the bits of one int64


@dataclass(frozen=True)
class GraphSpec:
    """An acyclic graph of health states for the strata of a population, in words.

    Everyone starts in ``states[0]``. `shares` are those of the strata and add up to 1. `limits[event]` are the
    exceedance probabilities of the event's ordered grades,
    or one such tuple per stratum. `background` (one `Hazard` per stratum, or none) runs on
    the study clock through all states and ends in the last of `states`: death of other causes.
    """

    states: tuple[str, ...]
    strata: tuple[str, ...]
    transitions: tuple[Transition, ...]
    shares: tuple[float, ...] = (1.0,)
    limits: tuple[tuple[str, tuple], ...] = ()
    background: tuple[Hazard, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """Kernel arrays and the names that go with their numbers."""

    graph: Graph
    states: tuple[str, ...]
    strata: tuple[str, ...]
    events: tuple[str, ...]
    grades: tuple[int, ...]

    @property
    def target(self) -> np.ndarray:
        """Target state of each transition."""
        return self.graph.transition["target"]

    @property
    def transient(self) -> tuple[str, ...]:
        """States that can be left, in the kernel's order."""
        return self.states[: transient_states(self.graph)]

    def mask(self, states: Sequence[str]) -> int:
        """Bit mask of a set of states."""
        return sum(1 << self.states.index(s) for s in states)


def arm_spec(model: JointModel, arm: str, mix: Mapping[str, float] | Sequence[float] | None = None) -> GraphSpec:
    """One arm of a joint model: progression-free, progressed, dead.

    Parameters
    ----------
    mix : shares of the strata of a target population, by name or in the model's order; the arm's own if ``None``.
    """
    if arm not in model.arms:
        raise input_error(f"unknown arm {arm!r}; model {model.id} has {', '.join(model.arms)}.", field="arm")
    cells = [model.cells[arm, s] for s in model.strata]
    start, progressed, dead = STATES
    transitions = (
        Transition(start, progressed, "progression", tuple(Hazard(c.pfs, 1.0 - c.death_share) for c in cells)),
        Transition(start, dead, "death_before_progression", tuple(Hazard(c.pfs, c.death_share) for c in cells)),
        Transition(progressed, dead, "death_after_progression", tuple(_after_progression(c) for c in cells)),
    )
    limits = tuple((t.event, tuple(t.rates[arm])) for t in model.toxicities if arm in t.rates)
    return GraphSpec(STATES, model.strata, transitions, target_shares(model, arm, mix), limits)


def target_shares(model: JointModel, arm: str, mix: Mapping[str, float] | Sequence[float] | None) -> tuple[float, ...]:
    """Shares of `model.strata` in a target population."""
    if mix is None:
        return tuple(model.mix[arm])
    if isinstance(mix, Mapping):
        unknown = set(mix) - set(model.strata)
        if unknown:
            raise input_error(
                f"unknown stratum {sorted(unknown)[0]!r}; allowed: {', '.join(model.strata)}.", field="mix"
            )
        shares = tuple(float(mix.get(s, 0.0)) for s in model.strata)
    else:
        shares = tuple(float(x) for x in mix)
    if len(shares) != len(model.strata) or min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-9:
        raise input_error("shares of strata must be >= 0, one per stratum, and add up to 1.", field="mix")
    return shares


def _after_progression(cell: ArmModel) -> Hazard:
    if cell.dependence == 0.0:
        return Hazard(cell.pps)
    return Hazard(cell.pps, 1.0, cell.dependence, cell.pfs.median)


def compile_arm(model: JointModel, arm: str, mix: Mapping[str, float] | Sequence[float] | None = None) -> Compiled:
    """Kernel arrays of one arm; see `arm_spec`."""
    return build(arm_spec(model, arm, mix))


def build(spec: GraphSpec) -> Compiled:
    """Kernel arrays of a graph.

    Raises
    ------
    InputError : a cycle, an unknown state, a hazard per stratum missing, two decisions that share a draw.
    """
    states = _topological(spec)
    number = {s: i for i, s in enumerate(states)}
    transitions = sorted(spec.transitions, key=lambda t: number[t.origin])
    transitions = _pairs_together(transitions)
    _check(spec, transitions)
    draws = [philox.draw_of(t.decision) for t in transitions]
    behind = [Transition("", spec.states[-1], BACKGROUND, spec.background)] if spec.background else []
    origin = np.array([number[t.origin] for t in transitions], np.int64)
    graph = Graph(
        first=np.searchsorted(origin, np.arange(len(states) + 1)).astype(np.int64),
        transition=np.array(
            [
                (number[t.target], *draw, call)
                for t, draw, call in zip(transitions, draws, _calls(origin, draws), strict=True)
            ],
            TRANSITION,
        ),
        **hazard_arrays([*transitions, *behind], np.append(origin, -1), len(spec.strata)),
        background=np.array([(number[t.target], *philox.draw_of(t.decision), 1) for t in behind], TRANSITION),
        mix=np.cumsum(np.asarray(spec.shares, np.float64)),
        toxicity=_toxicity_limits(spec),
    )
    events = tuple(event for event, _ in spec.limits)
    return Compiled(graph, states, spec.strata, events, tuple(len(by_stratum(rates)[0]) for _, rates in spec.limits))


def _topological(spec: GraphSpec) -> tuple[str, ...]:
    """States so that transitions lead forward: the start first, absorbing states last, else in the given order."""
    known = set(spec.states)
    for t in spec.transitions:
        for s in (t.origin, t.target):
            if s not in known:
                raise input_error(f"unknown state {s!r}; states are {', '.join(spec.states)}.", field="transitions")
    if len(known) != len(spec.states) or len(known) > MAX_STATES:
        raise input_error(f"states must be distinct and at most {MAX_STATES}.", field="states")
    leaves = {t.origin for t in spec.transitions}
    if spec.states[0] not in leaves:
        raise input_error(f"no transition leaves the start {spec.states[0]!r}.", field="transitions")
    if any(t.target == spec.states[0] for t in spec.transitions):
        raise input_error(f"a transition leads back to the start {spec.states[0]!r}.", field="transitions")
    order: list[str] = []
    left = list(spec.states)
    while left:
        ready = [s for s in left if not any(t.target == s and t.origin in left for t in spec.transitions)]
        if not ready:
            raise input_error(f"the states {', '.join(left)} form a cycle.", field="transitions")
        # a state without transitions must not overtake: moments are kept for the leading, transient states only
        chosen = next((s for s in ready if s in leaves), ready[0])
        order.append(chosen)
        left.remove(chosen)
    return tuple(order)


def _pairs_together(transitions: list[Transition]) -> list[Transition]:
    """Within a state, ``death_before_NAME`` directly after ``NAME``: they share one call of the generator."""
    position: dict[tuple[str, int], int] = {}
    for i, t in enumerate(transitions):
        position.setdefault((t.origin, philox.draw_of(t.decision)[0]), i)

    def key(i: int) -> tuple[int, int]:
        draw, half = philox.draw_of(transitions[i].decision)
        return position[transitions[i].origin, draw], half

    return [transitions[i] for i in sorted(range(len(transitions)), key=key)]


def _check(spec: GraphSpec, transitions: list[Transition]) -> None:
    shares = spec.shares
    if len(shares) != len(spec.strata) or min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-9:
        raise input_error("shares of strata must be >= 0, one per stratum, and add up to 1.", field="mix")
    names: dict[tuple[int, int], str] = {}
    decisions = [
        "stratum",
        BACKGROUND,
        *(f"toxicity:{event}" for event, _ in spec.limits),
        *(t.decision for t in transitions),
    ]
    for name in decisions:
        other = names.setdefault(philox.draw_of(name), name)
        if other != name:
            raise input_error(f"decisions {other!r} and {name!r} would share a draw; rename one.", field="decision")
    if len(set(decisions)) != len(decisions):
        raise input_error("every transition and event needs a decision of its own.", field="decision")
    if spec.background and len(spec.background) != len(spec.strata):
        raise input_error("one hazard per stratum is needed.", field="background")
    for t in transitions:
        if len(t.hazards) != len(spec.strata):
            raise input_error("one hazard per stratum is needed.", field=f"transitions.{t.decision}")
        if t.origin == spec.states[0] and any(h.dependence for h in t.hazards):
            raise input_error("the start has no earlier time to depend on.", field=f"transitions.{t.decision}")


def _toxicity_limits(spec: GraphSpec) -> np.ndarray:
    """Decision id and limits of the 32-bit words that reach each grade; grades an event lacks are never reached."""
    grades = max([len(by_stratum(rates)[0]) for _, rates in spec.limits], default=0)
    out = np.zeros((len(spec.strata), len(spec.limits), 1 + grades), np.uint64)
    for x, (event, rates) in enumerate(spec.limits):
        out[:, x, 0] = philox.draw_of(f"toxicity:{event}")[0]
        own = by_stratum(rates)
        if len(own) not in (1, len(spec.strata)) or len({len(r) for r in own}) > 1:
            raise input_error("one row of rates per stratum, of equal length, is needed.", field=f"limits.{event}")
        out[:, x, 1 : 1 + len(own[0])] = [[round(r * 2.0**32) for r in row] for row in own]
    return out


def by_stratum(rates: tuple) -> tuple[tuple[float, ...], ...]:
    """Rates of an event as rows: one for all strata, or one per stratum."""
    return rates if rates and isinstance(rates[0], tuple) else (rates,)


def _calls(origin: np.ndarray, draws: list[tuple[int, int]]) -> list[int]:
    """How many uniforms each transition draws: 0 where the one before it drew both of the call."""
    call = [1] * len(draws)
    for i, (draw, half) in enumerate(draws):
        follows = i > 0 and origin[i] == origin[i - 1] and draws[i - 1][0] == draw
        if half == 1:
            call[i] = 0 if follows else 2
            if follows:
                call[i - 1] = 2
    return call
