"""What is verified of a model that a scenario brings along: `simulate.techver.subject` over closed-form curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.acceptability import Acceptability, acceptability
from simulate.economics.amounts import Place, Values, distribution_of, uniforms
from simulate.economics.compared import Structured
from simulate.economics.evsi import evsi_by_size
from simulate.economics.frontier import incremental_analysis, pairwise
from simulate.economics.outcomes import Outcomes
from simulate.economics.own import OWN, OwnCase, log_survival
from simulate.economics.own_one_way import ranges_own
from simulate.economics.own_psa import analyse_own, structured
from simulate.economics.psa import Draws
from simulate.economics.traces import PD, PF, Traces
from simulate.economics.voi import evpi, evppi
from simulate.evidence.own_schema import MONTHS
from simulate.techver.own.world import OwnWorld, events_of, place

Array = NDArray[np.float64]
OWN_MODEL = "own model"


@dataclass(frozen=True)
class OwnEngine:
    """The program's computations for such a model, each replaceable.

    Attributes
    ----------
    log_survival, curve, traces, outcomes, structure : a family's formula; a curve, the states and the account book of a
        strategy; all at the values of the files.
    mean, drawn, uniforms, family : numbers at their values and drawn.
    analyse : the probabilistic analysis.
    frontier, contrasts, acceptability, evpi, evppi, evsi : what is made of costs and effects.
    ranges : what a one-way analysis varies, and between which ends.
    """

    log_survival: Callable[..., Array] = log_survival
    curve: Callable[[OwnCase, str, str, Values], Array] = OwnCase.curve
    traces: Callable[[OwnCase, str, Values], tuple[Traces, Array]] = OwnCase.traces
    outcomes: Callable[[OwnCase, str, Traces, Values], Outcomes] = OwnCase.outcomes
    structure: Callable[[OwnCase, str], Structured] = structured
    mean: Callable[[OwnCase], Values] = OwnCase.mean
    drawn: Callable[[OwnCase, int, int], Values] = OwnCase.drawn
    uniforms: Callable[[str, int, int], Array] = uniforms
    family: Callable[..., str] = distribution_of
    analyse: Callable[[OwnCase, int, int], tuple[Draws, dict[str, float]]] = analyse_own
    frontier: Callable[..., tuple] = incremental_analysis
    contrasts: Callable[..., tuple] = pairwise
    acceptability: Callable[..., Acceptability] = acceptability
    evpi: Callable[..., object] = evpi
    evppi: Callable[..., object] = evppi
    evsi: Callable[..., Array] = evsi_by_size
    ranges: Callable[[OwnCase], dict] = ranges_own


@dataclass(frozen=True)
class OwnSubject:
    """An evaluation of a model of one's own under verification.

    Attributes
    ----------
    case : what is evaluated, with curves that cross cut; `strict` if the model itself refuses such curves.
    engine : the computations.
    count : draws of the probabilistic analysis.
    seed : of everything random.
    population : survival of the general population of the patients' age on the grid; None where it is not known.
    """

    case: OwnCase
    engine: OwnEngine = field(default_factory=OwnEngine)
    count: int = 200
    seed: int = 1
    population: Array | None = None
    strict: bool = False

    @property
    def strategies(self) -> tuple[str, ...]:
        """The comparator first."""
        return tuple(self.case.arms)

    @cached_property
    def mean(self) -> Values:
        """Every number at the values of the files."""
        return self.engine.mean(self.case)

    @cached_property
    def draws(self) -> Draws:
        """The probabilistic analysis."""
        return self.engine.analyse(self.case, self.count, self.seed)[0]

    @cached_property
    def draws_again(self) -> Draws:
        """The same from another seed."""
        return self.engine.analyse(self.case, self.count, self.seed + 1)[0]

    @cached_property
    def structures(self) -> dict[str, dict[str, Structured]]:
        """The one structure there is → strategy → what it gives."""
        return {OWN_MODEL: {s: self.engine.structure(self.case, s) for s in self.strategies}}

    # -------------------------------------------------------------------------------------------- worlds
    @cached_property
    def point(self) -> OwnWorld:
        """The base case: at the values of the files."""
        return self.world(self.mean)

    @cached_property
    def drawn(self) -> OwnWorld:
        """Every draw of every number."""
        return self.world(self.engine.drawn(self.case, self.count, self.seed), "draws")

    @property
    def worlds(self) -> tuple[OwnWorld, ...]:
        """The base case: a model of one's own has one structure."""
        return (self.point,)

    def world(self, values: Values, name: str = OWN_MODEL, case: OwnCase | None = None) -> OwnWorld:
        """Who is in which state when, at some values."""
        own = case or self.case
        found = {s: self.engine.traces(own, s, values) for s in own.arms}
        traces, crossed = ({s: pair[i] for s, pair in found.items()} for i in (0, 1))
        return OwnWorld(name, own, traces, values, events_of(own, values), crossed=crossed)  # type: ignore[arg-type]

    def changed(
        self, world: OwnWorld, changes: Mapping[Place, ArrayLike] | None = None, case: OwnCase | None = None
    ) -> OwnWorld:
        """The same world with some numbers, or the model, changed and its curves worked out anew."""
        return self.world(world.priced(changes or {}).values, world.name, case or world.case)

    def ratio(self, world: OwnWorld, endpoint: str, factor: float) -> OwnWorld:
        """With the hazards of an endpoint multiplied in every strategy."""
        case = world.case
        bare = {case.model.bare(case.arms[s], endpoint)[0] for s in self.strategies}
        places: list[Place] = [(OWN, "arms", arm, endpoint, "hazard_ratio") for arm in sorted(bare)]
        return self.changed(world, {p: factor * world.values.get(p, 1.0) for p in places})

    def curve(self, world: OwnWorld, strategy: str, endpoint: str) -> Array:
        """A curve as the table has it, not cut."""
        return self.engine.curve(world.case, strategy, endpoint, world.values)

    def longer(self, horizon: float) -> OwnCase:
        """The same evaluation with another horizon."""
        clock = self.case.clock
        return replace(self.case, clock=replace(clock, horizon=horizon, cycle=min(clock.cycle, horizon)))

    def paid_after(self, world: OwnWorld, strategy: str, months: float) -> bool:
        """Whether a strategy costs something after so many months."""
        values, arm = world.values, world.case.model.arms[world.case.arms[strategy]]
        always = [("costs", PF), ("costs", PD), ("progression",), ("death",)]
        filed = {("costs", PF): ("states", PF, "cost"), ("costs", PD): ("states", PD, "cost"),
                 ("progression",): ("once", "progression"), ("death",): ("once", "death")}  # fmt: skip
        for where in always:
            own = place(world.case, strategy, *where)
            if np.all(values.get(own if own in values.by_place else filed[where], 0.0) > 0.0):
                return True
        unit = MONTHS[world.case.model.unit]
        for i, repeated in enumerate(arm.repeated):
            step = repeated.every * unit
            times = np.arange(0.0, world.case.clock.horizon - 1e-9, step)[: repeated.times]
            if times[-1] > months and np.all(values[place(world.case, strategy, "repeated", i, "cost")] > 0.0):
                return True
        return False

    def book(self, world: OwnWorld, strategy: str) -> Outcomes:
        """The account book of a strategy."""
        return self.engine.outcomes(world.case, strategy, world.traces[strategy], world.values)
