"""What follows from an evaluation for a decision: all who are concerned, the budget, severity, trials worth running.

Everything here reads an `Evaluation` and calculates when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulate.economics.acceptability import checked_draws
from simulate.economics.amounts import converted
from simulate.economics.budget import BudgetImpact, budget_impact
from simulate.economics.case import Case
from simulate.economics.networked import Networked
from simulate.economics.one_way import Bar, two_way
from simulate.economics.population import Reached, reached
from simulate.economics.prices import ValueBasedPrice, value_based_price
from simulate.economics.proposed import SIZES, prior_sizes, sample_information
from simulate.economics.severity import Shortfall, shortfall
from simulate.economics.subgroups import Subgroup, subgroups
from simulate.errors import InputError
from simulate.evidence.decision_schema import ProposedTrial
from simulate.scenario.pathways import PathwayScenario
from simulate.scenario.scenario import Scenario

if TYPE_CHECKING:
    from simulate.economics.model_range import ModelRange
    from simulate.scenario.evaluation import Evaluation

Array = NDArray[np.float64]
STEPS = 21  # values of each number of a two-way grid
NUMBERS = ("file", "fixed", "toxicity")  # groups of the one-way analysis that are numbers, not conventions


@dataclass(frozen=True)
class SampleInformation:
    """What a trial is expected to be worth.

    Attributes
    ----------
    group : of parameters that it informs.
    patients : int[N], an arm.
    value : float64[N, W], per patient, by size and threshold.
    ceiling : float64[W], of perfect information on the group, or on everything where that is less.
    population, net_gain : float64[N, W], of all who benefit once it has reported, and less its cost; None where the
        scenario does not say.
    cost : float64[N], of the trial; None where the scenario does not say.
    """

    group: str
    patients: tuple[int, ...]
    value: Array
    ceiling: Array
    population: Array | None = None
    net_gain: Array | None = None
    cost: Array | None = None


@dataclass(frozen=True)
class Grid:
    """Net benefit over two numbers: float64[len(first), len(second)], with the values as evaluated."""

    names: tuple[str, str]
    first: Array
    second: Array
    base: tuple[float, float]
    inmb: Array


@dataclass(frozen=True)
class Decisions:
    """What follows from an evaluation; `evaluation` is what it follows from."""

    evaluation: Evaluation

    @property
    def case(self) -> Case | None:
        """The case of a trial's arms; None of a model of one's own."""
        case = self.evaluation.case
        return case if isinstance(case, Case) else None

    # -------------------------------------------------------------------------------------------- all concerned
    @cached_property
    def reached(self) -> Reached | None:
        """Patients concerned, discounted as costs are; None where the scenario does not say."""
        e = self.evaluation
        affected = e.case.question.population
        return None if affected is None else reached(affected, e.case.clock.rate("costs"))

    @cached_property
    def budget(self) -> BudgetImpact | None:
        """Cost of the uptake year by year; None where the scenario gives none."""
        case = self.case
        affected = None if case is None else case.question.population
        if case is None or affected is None or affected.uptake is None or len(case.arms) < 2:
            return None
        uptake = affected.uptake
        return budget_impact(
            case,
            affected.yearly.value,
            uptake.shares,
            strategy=uptake.strategy,
            uptake_without=uptake.without or None,
            starting=uptake.starting,
        )

    @cached_property
    def severity(self) -> Shortfall | None:
        """Severity under the comparator; None where the rules do not weigh it, or no age or life table is given."""
        case = self.case
        if case is None or case.reference.severity is None or case.file.age_norm is None:
            return None
        if case.life is None or case.question.start_age is None:
            return None
        return shortfall(case, case.life.probability)

    # -------------------------------------------------------------------------------------------- trials
    @cached_property
    def trials(self) -> list[SampleInformation]:
        """The trial proposed; or, of each group of parameters, trials of the usual sizes."""
        e, case = self.evaluation, self.case
        if e.draws is None or case is None or not e.fits:
            return []
        asked = case.question.proposed_trial
        groups = [asked.informs] if asked is not None else list(e.fits)
        return [self._trial(case, group, asked) for group in groups if group in e.fits]

    def _trial(self, case: Case, group: str, asked: ProposedTrial | None) -> SampleInformation:
        e = self.evaluation
        assert e.draws is not None
        names = e.draws.groups[group]
        known = np.column_stack([e.draws.parameters[n] for n in names])
        sizes = SIZES if asked is None else asked.patients_per_arm
        today = None if asked is None else asked.today
        prior = prior_sizes(case, names) if today is None else np.full(len(names), today)
        increments = checked_draws(e.draws.cost, e.draws.qaly, e.priced).less(0)
        value = sample_information(e.fits[group], increments, known, prior, sizes)
        ceiling = e.information[group].value
        value = np.minimum(value, ceiling)
        found = SampleInformation(group, tuple(sizes), value, ceiling)
        affected = case.question.population
        if affected is None:
            return found
        after = 0.0 if asked is None else asked.years
        population = value * reached(affected, case.clock.rate("costs"), after).patients
        cost = None if asked is None else _cost(case, asked, len(e.strategies))
        gain = None if cost is None else population - cost[:, None]
        return SampleInformation(group, tuple(sizes), value, ceiling, population, gain, cost)

    # -------------------------------------------------------------------------------------------- prices, grids
    @cached_property
    def prices(self) -> dict[str, list[ValueBasedPrice]]:
        """Strategy → price of the dearest drug that it adds at which it costs just each threshold a QALY."""
        case = self.case
        if case is None:
            return {}
        return self._prices(case, self.evaluation.priced)

    @cached_property
    def weighted_prices(self) -> dict[str, list[ValueBasedPrice]]:
        """The same where each QALY counts with the weight of severity; empty where it has none but 1."""
        case, severity = self.case, self.severity
        if case is None or severity is None or severity.weight == 1.0:
            return {}
        return self._prices(case, [severity.threshold(t) for t in self.evaluation.priced])

    def _prices(self, case: Case, thresholds: Sequence[float]) -> dict[str, list[ValueBasedPrice]]:
        out, e = {}, self.evaluation
        for strategy in e.strategies[1:]:
            drug = self._dearest(strategy)
            if drug is not None:
                try:
                    out[strategy] = value_based_price(case, drug, thresholds, strategy=strategy, draws=e.draws)
                except InputError:  # the comparator uses as much of it
                    continue
        return out

    def _dearest(self, strategy: str) -> str | None:
        """The drug that a strategy spends most on, of those on which the comparator spends less than half as much."""
        e = self.evaluation
        own, other = (_spent(e, s) for s in (strategy, e.strategies[0]))
        added = {drug: v for drug, v in own.items() if other.get(drug, 0.0) < 0.5 * v}
        return max(added, key=added.__getitem__, default=None)

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """Strategy → net benefit over the two numbers that move it most, survival apart, at the lowest threshold."""
        case, e = self.case, self.evaluation
        if case is None:
            return {}
        out = {}
        for strategy, found in e.one_way.items():
            bars = [b for b in found.bars if b.group in NUMBERS and b.swing(found.threshold) > 0.0][:2]
            if len(bars) == 2:
                out[strategy] = _grid(case, strategy, found.threshold, bars)
        return out

    # -------------------------------------------------------------------------------------------- patients, models
    @cached_property
    def subgroups(self) -> dict[str, list[Subgroup]]:
        """Strategy → increments in every part of the patients within which the arms were randomised."""
        case, scenario = self.case, self.evaluation.scenario
        if case is None or not isinstance(scenario, Scenario):
            return {}
        return {s: subgroups(case, scenario.trial, s) for s in self.evaluation.strategies[1:]}

    @cached_property
    def model_range(self) -> dict[str, ModelRange]:
        """Strategy → the answer under every model that meets the reported figures; slow the first time."""
        case, e = self.case, self.evaluation
        if case is None or isinstance(case.calibration, Networked) or not e.ranged:
            return {}
        from simulate.economics.model_range import model_range

        assert isinstance(e.scenario, Scenario | PathwayScenario)
        behind = e.scenario.trial if isinstance(e.scenario, Scenario) else e.scenario.trials
        return {s: model_range(case, behind, strategy=s, threshold=e.threshold) for s in e.strategies[1:]}


def _spent(e: Evaluation, strategy: str) -> dict[str, float]:
    """Drug → what a patient's doses cost under a strategy."""
    out: dict[str, float] = {}
    for line in e.base(strategy).outcomes.costs:
        if line.category == "drugs" and len(line.place) > 1:
            drug = str(line.place[1])
            out[drug] = out.get(drug, 0.0) + float(np.mean(line.total))
    return out


def _cost(case: Case, trial: ProposedTrial, arms: int) -> Array | None:
    """Cost of a trial at each size, in the payer's currency; None where the scenario gives none."""
    if trial.cost is None and trial.cost_per_patient is None:
        return None
    once, each = (
        0.0 if amount is None else amount.value * converted(amount, case.file)
        for amount in (trial.cost, trial.cost_per_patient)
    )
    return once + each * arms * np.array(trial.patients_per_arm, np.float64)


def _grid(case: Case, strategy: str, threshold: float, bars: list[Bar]) -> Grid:
    values = []
    for bar in bars:
        assert bar.low is not None
        assert bar.high is not None
        values.append(np.linspace(bar.low, bar.high, STEPS))
    first, second = ((bar.name, v) for bar, v in zip(bars, values, strict=True))
    found = two_way(case, first, second, strategy=strategy, threshold=threshold)
    base = tuple(float(b.value or 0.0) for b in bars)
    return Grid((bars[0].name, bars[1].name), values[0], values[1], (base[0], base[1]), found)
