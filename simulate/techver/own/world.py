"""A state of affairs of a model that a scenario brings along: what is changed in it is changed in its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.own import OWN, OwnCase
from simulate.evidence.money_schema import Disutility, Utility
from simulate.techver.world import World, cut

Array = NDArray[np.float64]
HEALTH = ("pfs", "os", "utilities", "toxicities")  # fields of a strategy that make life-years and QALYs


@dataclass(frozen=True)
class OwnWorld(World):
    """As a `World`; its traces follow from its values alone.

    Attributes
    ----------
    case : the model, conventions, prices' file.
    events : strategy → adverse event → share, as in the values.
    crossed : strategy → share of steps at which PFS was cut down to OS.
    """

    case: OwnCase  # type: ignore[assignment]
    crossed: Mapping[str, Array] = field(default_factory=dict)

    def places(self, kind: type) -> list[Place]:
        """Places of the numbers of a kind, of the economic file and of the model."""
        return [p for p, q in self.case.quantities().items() if isinstance(q, kind) and p in self.values.by_place]

    def with_utility(self, utility: float) -> Self:
        """Every state at one utility, nothing taken off for events or the last months."""
        changes = {**dict.fromkeys(self.places(Utility), utility), **dict.fromkeys(self.places(Disutility), 0.0)}
        return self.priced(changes)

    def until(self, horizon: float) -> Self:
        """With a shorter horizon."""
        clock = replace(self.case.clock, horizon=horizon, cycle=min(self.case.clock.cycle, horizon))
        traces = {s: cut(t, clock.days) for s, t in self.traces.items()}
        return replace(self, case=replace(self.case, clock=clock), traces=traces)

    def with_rates(self, rate: float, events: list[str] | None = None) -> Self:
        """With adverse events as probable as this."""
        places = [
            place(self.case, s, "toxicities", e)
            for s, known in self.events.items() for e in known if events is None or e in events
        ]  # fmt: skip
        changed = self.priced(dict.fromkeys(places, rate))
        return replace(changed, events=events_of(self.case, changed.values))


def place(case: OwnCase, strategy: str, *where: str | int) -> Place:
    """Place of a number of a strategy's curves and amounts."""
    return (OWN, "arms", case.arms[strategy], *where)


def parameters_of(case: OwnCase, strategy: str, endpoint: str) -> dict[str, Place]:
    """Parameter of the family of a curve → its place, which is another strategy's for a curve `of` that one."""
    base, curve = case.model.bare(case.arms[strategy], endpoint)
    return {k: (OWN, "arms", base, endpoint, "parameters", k) for k in curve.parameters}


def family_of(case: OwnCase, strategy: str, endpoint: str) -> str:
    """Family of a curve, its own or that of the strategy whose curve it is."""
    return str(case.model.bare(case.arms[strategy], endpoint)[1].family)


def ratio_of(case: OwnCase, strategy: str, endpoint: str, values: Values) -> Array:
    """Hazard ratio on the family of a curve as the table has it: its own times that of the curve it is `of`."""
    arm = case.arms[strategy]
    arms = {arm, case.model.bare(arm, endpoint)[0]}
    return np.prod([values.get((OWN, "arms", a, endpoint, "hazard_ratio"), 1.0) for a in arms], axis=0)


def events_of(case: OwnCase, values: Values) -> dict[str, dict[str, Array]]:
    """Strategy → adverse event → share of patients."""
    return {
        s: {e: values[place(case, s, "toxicities", e)] for e in case.model.arms[arm].toxicities}
        for s, arm in case.arms.items()
    }


def exchanged(case: OwnCase, one: str, other: str) -> OwnCase:
    """Two strategies with each other's curves and amounts."""
    return replace(case, arms={**case.arms, one: case.arms[other], other: case.arms[one]})


def alike(case: OwnCase, one: str, other: str) -> OwnCase:
    """A strategy given the curves and amounts of another."""
    return replace(case, arms={**case.arms, other: case.arms[one]})


def healthy_alike(world: OwnWorld, one: str, other: str) -> OwnWorld:
    """A strategy given the curves, utilities and events of another; its costs are its own."""
    case, arms = world.case, world.case.model.arms
    a, b = case.arms[one], case.arms[other]
    both = f"{a} at the prices of {b}"
    arm = arms[b].model_copy(update={k: getattr(arms[a], k) for k in HEALTH})
    model = case.model.model_copy(update={"arms": {**arms, both: arm}})
    values = {
        (OWN, "arms", both, *p[3:]): v
        for p, v in world.values.by_place.items()
        if p[:2] == (OWN, "arms") and p[2] == (a if p[3] in HEALTH else b)
    }
    values = {**world.values.by_place, **values}
    case = replace(case, model=model, arms={**case.arms, other: both})
    return replace(world, case=case, values=replace(world.values, by_place=values))
