"""A state of affairs in which strategies are accounted for, and how to make another one from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.case import Case, aging
from simulate.economics.traces import Traces
from simulate.evidence.money_schema import Disutility, Money, Utility
from simulate.model.types import ArmModel, Distribution, JointModel

Array = NDArray[np.float64]
Events = Mapping[str, Array]


@dataclass(frozen=True)
class World:
    """Who is in which state when, at which values: of one set of parameters or of many.

    Attributes
    ----------
    name : of the structure, or ``draws``.
    case : regimens, prices, conventions.
    traces : strategy → shares.
    values : of the economic file.
    events : strategy → adverse event → probability.
    models : of which the traces are the integrals; empty where they come from elsewhere.
    """

    name: str
    case: Case
    traces: Mapping[str, Traces]
    values: Values
    events: Mapping[str, Events]
    models: tuple[JointModel, ...] = ()

    def priced(self, changes: Mapping[Place, ArrayLike]) -> Self:
        """With other numbers of the economic file."""
        values = self.values
        for place, value in changes.items():
            values = values.changed(place, np.asarray(value, np.float64))
        return replace(self, values=values)

    def places(self, kind: type) -> list[Place]:
        """Places of the numbers of a kind: `Money`, `Utility`, …"""
        return [
            p for p, q in self.values.file.quantities().items() if isinstance(q, kind) and p in self.values.by_place
        ]

    def without_money(self) -> Self:
        """Everything for nothing."""
        return self.priced(dict.fromkeys(self.places(Money), 0.0))

    def with_utility(self, utility: float) -> Self:
        """Every state at one utility, nothing taken off for events, the last months or age."""
        changes: dict[Place, ArrayLike] = dict.fromkeys(self.places(Utility), utility)
        changes.update(dict.fromkeys(self.places(Disutility), 0.0))
        return replace(self, case=replace(self.case, norm=None)).priced(changes)

    def clocked(self, **changes: object) -> Self:
        """With other conventions of time; see `simulate.economics.clock.Clock`."""
        return replace(self, case=replace(self.case, clock=replace(self.case.clock, **changes)))  # type: ignore[arg-type]

    def discounted(self, costs: float | None = None, effects: float | None = None) -> Self:
        """At other yearly rates, which may be higher than a file may say."""
        now = self.case.clock.discount
        rates = {"costs": now.costs if costs is None else costs, "effects": now.effects if effects is None else effects}
        return self.clocked(discount=type(now).model_construct(None, **rates, method=now.method))

    def until(self, horizon: float) -> Self:
        """With a shorter horizon."""
        case = self.case
        clock = replace(case.clock, horizon=horizon, cycle=min(case.clock.cycle, horizon))
        norm = None if case.norm is None else case.norm[: clock.days + 1]
        traces = {s: cut(t, clock.days) for s, t in self.traces.items()}
        return replace(self, case=replace(case, clock=clock, norm=norm), traces=traces)

    def with_rates(self, rate: float, events: list[str] | None = None) -> Self:
        """With adverse events as probable as this."""
        own = {
            s: {e: np.array([rate]) if events is None or e in events else v for e, v in known.items()}
            for s, known in self.events.items()
        }
        return replace(self, events=own)


def cut(traces: Traces, days: int) -> Traces:
    """Traces up to a day."""
    shares, progressing = traces.shares[:, :, : days + 1], traces.progressing[:, :days]
    return replace(traces, shares=shares, progressing=progressing)


def longer(case: Case, horizon: float) -> Case:
    """The same evaluation with a longer horizon, the norm worked out anew."""
    clock = replace(case.clock, horizon=horizon, cycle=min(case.clock.cycle, horizon))
    norm = case.norm
    if norm is not None and case.file.age_norm is not None and case.question.start_age is not None:
        norm = aging(case.file.age_norm.coefficients, case.question.start_age, clock.days)
    return replace(case, clock=clock, norm=norm)


def exchanged(case: Case, one: str, other: str) -> Case:
    """Two strategies with each other's arm, regimens and stops."""

    def swap(mapping: Mapping[str, object]) -> dict[str, object]:
        return {**mapping, one: mapping[other], other: mapping[one]}

    return replace(case, arms=swap(case.arms), regimens=swap(case.regimens), stops=swap(case.stops))  # type: ignore[arg-type]


def alike(case: Case, one: str, other: str, costs: bool) -> Case:
    """A strategy given the arm of another, and with `costs` also its regimens and stops."""

    def same(mapping: Mapping[str, object]) -> dict[str, object]:
        return {**mapping, other: mapping[one]}

    case = replace(case, arms=same(case.arms))  # type: ignore[arg-type]
    return replace(case, regimens=same(case.regimens), stops=same(case.stops)) if costs else case  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ models
def identity(model: JointModel) -> JointModel:
    """Left as it is."""
    return model


def each_cell(change: Callable[[ArmModel], ArmModel]) -> Callable[[JointModel], JointModel]:
    """Change every arm and stratum of a model."""
    return lambda model: replace(model, cells={k: change(c) for k, c in model.cells.items()})


def hazards(leaving: float = 1.0, dying: float = 1.0) -> Callable[[JointModel], JointModel]:
    """Multiply the hazards of leaving the first state, and of dying after progression."""

    def change(cell: ArmModel) -> ArmModel:
        return replace(cell, pfs=_times(cell.pfs, leaving), pps=_times(cell.pps, dying))

    return each_cell(change)


def _times(time: Distribution, ratio: float) -> Distribution:
    return time if ratio == 1.0 else time.with_hazard_ratio(ratio)


def nobody_dies(model: JointModel) -> JointModel:
    """Progression as it is, no death before or after."""
    return each_cell(lambda cell: replace(cell, death_share=0.0, pps=_times(cell.pps, 0.0)))(model)
