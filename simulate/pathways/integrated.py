"""Integrated strategies of a plan, each once, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulate.pathways.assemble import Plan
from simulate.pathways.oracle import Outcome, integrate


@dataclass(frozen=True)
class Integrated:
    """A plan integrated to `horizon` months: its strategies, and its first-line regimens among their trials' patients.

    Examples
    --------
    ``Integrated(plan, 120.0).strategy("chemotherapy").median("os")``
    """

    plan: Plan
    horizon: float
    _known: dict[tuple[int, str], Outcome] = field(default_factory=dict, repr=False, compare=False)

    def strategy(self, name: str) -> Outcome:
        """A strategy of the scenario."""
        return self._of(self.plan, name)

    def alone(self, regimen: str) -> Outcome:
        """A first-line regimen for everybody in the trials' setting."""
        return self._of(self.plan.alone[regimen], regimen)

    def _of(self, plan: Plan, name: str) -> Outcome:
        key = (id(plan), name)
        if key not in self._known:
            self._known[key] = integrate(plan.graphs[name], self.horizon)
        return self._known[key]
