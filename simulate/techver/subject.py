"""What is verified: an evaluation, and every computation that an assertion asks of the program.

Assertions reach the program through `Engine` only, so that a test can put a defective computation in the place of any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulate.cohort_draws import entry_times
from simulate.economics import compared, survival
from simulate.economics.acceptability import Acceptability, acceptability
from simulate.economics.amounts import Values, distribution_of, quantile, uniforms
from simulate.economics.case import Case, event_rates
from simulate.economics.evsi import evsi_by_size
from simulate.economics.frontier import incremental_analysis, pairwise
from simulate.economics.one_way import ranges
from simulate.economics.outcomes import Outcomes
from simulate.economics.psa import Draws, analyse, toxicity_draws
from simulate.economics.traces import Traces, joined
from simulate.economics.voi import evpi, evppi
from simulate.kernel.run import default_threads, ordered
from simulate.model.types import Distribution, JointModel
from simulate.techver.world import Events, World, identity

Array = NDArray[np.float64]


def _integrated(case: Case, strategy: str, model: JointModel) -> Traces:
    return case.integrated(strategy, model)


def _outcomes(case: Case, strategy: str, traces: Traces, values: Values, events: Events) -> Outcomes:
    return case.outcomes(strategy, traces, values, events)


def _structure(case: Case, name: str, strategy: str, patients: int, seed: int) -> compared.Structured:
    if name == "simulation":
        return compared.simulation(case, strategy, patients, seed)
    made: Callable[[Case, str], compared.Structured] = getattr(compared, f"{name}_of")
    return made(case, strategy)


def _entry(case: Case, model: JointModel, strategy: str, mix: tuple[float, ...], patients: int, seed: int) -> Array:
    return entry_times(case.tables([model], strategy, mix), patients, seed=seed)[0]


def _models(case: Case, draws: int, seed: int) -> list[JointModel]:
    return survival.drawn(case.calibration, draws, seed)[0]


def _together(parts: list[Traces]) -> Traces:
    """Draws one after the other; whether deaths of other causes are in them is kept."""
    return replace(joined(parts), held=parts[0].held)


@dataclass(frozen=True)
class Engine:
    """The program's computations, each replaceable.

    Attributes
    ----------
    integrated, outcomes, structure : traces of a strategy; its account book; both under a structure.
    entry : simulated months of entry into each state, float64[3, N].
    models, rates : drawn survival models; drawn rates of adverse events.
    mean, drawn, quantile, uniforms, family : numbers of the economic file, at their values and drawn.
    analyse : the probabilistic analysis.
    distribution : a time-to-event distribution.
    frontier, contrasts, acceptability, evpi, evppi, evsi : what is made of costs and effects.
    ranges : what a one-way analysis varies, and between which ends.
    """

    integrated: Callable[[Case, str, JointModel], Traces] = _integrated
    outcomes: Callable[[Case, str, Traces, Values, Events], Outcomes] = _outcomes
    structure: Callable[[Case, str, str, int, int], compared.Structured] = _structure
    entry: Callable[[Case, JointModel, str, tuple[float, ...], int, int], Array] = _entry
    models: Callable[[Case, int, int], list[JointModel]] = _models
    rates: Callable[[Case, str, int, int], Events] = toxicity_draws
    mean: Callable[..., Values] = Values.mean
    drawn: Callable[..., Values] = Values.drawn
    quantile: Callable[..., Array] = quantile
    uniforms: Callable[[str, int, int], Array] = uniforms
    family: Callable[..., str] = distribution_of
    analyse: Callable[[Case, int, int, int], Draws] = analyse
    distribution: Callable[..., Distribution] = Distribution
    frontier: Callable[..., tuple] = incremental_analysis
    contrasts: Callable[..., tuple] = pairwise
    acceptability: Callable[..., Acceptability] = acceptability
    evpi: Callable[..., object] = evpi
    evppi: Callable[..., object] = evppi
    evsi: Callable[..., Array] = evsi_by_size
    ranges: Callable[[Case], dict] = ranges


@dataclass(frozen=True)
class Subject:
    """An evaluation under verification.

    Attributes
    ----------
    case : what is evaluated.
    engine : the computations.
    count : draws of the probabilistic analysis.
    patients : simulated patients of each draw; `people` those of tests of the simulation.
    seed : of everything random.
    population : survival of the general population of the patients' age by day; None where it is not known.
    """

    case: Case
    engine: Engine = field(default_factory=Engine)
    count: int = 200
    patients: int = 500
    people: int = 20_000
    seed: int = 1
    population: Array | None = None

    @property
    def strategies(self) -> tuple[str, ...]:
        """The comparator first."""
        return tuple(self.case.arms)

    @cached_property
    def mean(self) -> Values:
        """The economic file at its values."""
        return self.engine.mean(self.case.file)

    @cached_property
    def draws(self) -> Draws:
        """The probabilistic analysis."""
        return self.engine.analyse(self.case, self.count, self.patients, self.seed)

    @cached_property
    def draws_again(self) -> Draws:
        """The same from another seed."""
        return self.engine.analyse(self.case, self.count, self.patients, self.seed + 1)

    @cached_property
    def models(self) -> tuple[JointModel, ...]:
        """The drawn survival models."""
        return tuple(self.engine.models(self.case, self.count, self.seed))

    @cached_property
    def structures(self) -> dict[str, dict[str, compared.Structured]]:
        """Structure → strategy → what it gives."""
        return {
            name: {s: self.structure(name, s) for s in self.strategies} for name in compared.STRUCTURES
        }  # fmt: skip

    def structure(self, name: str, strategy: str, case: Case | None = None) -> compared.Structured:
        """One strategy under one structure."""
        return self.engine.structure(case or self.case, name, strategy, self.people, self.seed)

    # -------------------------------------------------------------------------------------------- worlds
    @cached_property
    def point(self) -> World:
        """The base case: the joint model integrated, at the values of the files."""
        return self.world((self.case.model,), self.mean)

    @cached_property
    def drawn(self) -> World:
        """Every draw of survival, adverse events and the economic file, integrated."""
        events = {s: self.engine.rates(self.case, s, self.count, self.seed) for s in self.strategies}
        return self.world(self.models, self.engine.drawn(self.case.file, self.count, self.seed), events, "draws")

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        """The base case and every other structure, at the values of the files."""
        others = [
            World(name, self.case, {s: self.case.held(x.traces) for s, x in own.items()}, self.mean, self._rates(), ())
            for name, own in self.structures.items()
            if name != "clock_reset"
        ]
        return (self.point, *others)

    def _rates(self) -> dict[str, Events]:
        return {s: event_rates(self.case.model, self.case.arms[s]) for s in self.strategies}

    def world(
        self,
        models: tuple[JointModel, ...],
        values: Values,
        events: Mapping[str, Events] | None = None,
        name: str = "clock_reset",
        case: Case | None = None,
    ) -> World:
        """Integrated traces of one or many models, at some values; models are shared among the threads."""
        own = case or self.case
        threads = default_threads() if len(models) > 1 else 1
        traces = {
            s: _together(list(ordered(lambda m, s=s: self.engine.integrated(own, s, m), models, threads)))  # type: ignore[misc]
            for s in own.arms
        }
        rates = events or {s: event_rates(own.model, own.arms[s]) for s in own.arms}
        return World(name, own, traces, values, rates, models)

    def changed(
        self, world: World, change: Callable[[JointModel], JointModel] = identity, case: Case | None = None
    ) -> World:
        """The same world with every model changed, integrated anew."""
        return self.world(tuple(change(m) for m in world.models), world.values, world.events, world.name,
                          case or world.case)  # fmt: skip

    def paid_after(self, world: World, strategy: str, months: float) -> bool:
        """Whether a strategy costs something after so many months: a trial's arms always do."""
        return True

    def book(self, world: World, strategy: str) -> Outcomes:
        """The account book of a strategy."""
        w = world
        return self.engine.outcomes(w.case, strategy, w.traces[strategy], w.values, w.events[strategy])
