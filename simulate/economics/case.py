"""An evaluation put together: what each strategy gives, under which model, at whose prices, by which conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulate.calibration import Calibration
from simulate.cohort_draws import Draws as Tables
from simulate.economics.amounts import Values
from simulate.economics.clock import Clock
from simulate.economics.composite import Composite
from simulate.economics.items import Care, cost_items, health_items
from simulate.economics.outcomes import Outcomes, account
from simulate.economics.survival import Survival, integrated, tables
from simulate.economics.traces import Traces
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.economics_schema import EconomicQuestion, Economics, ReferenceCase
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.setting import regimens_of, setting_of
from simulate.model.types import DAYS_PER_MONTH, JointModel
from simulate.pathways.background import LifeTable, life_table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One evaluation.

    Attributes
    ----------
    question, file, reference : the scenario's `economics`, the payer's file, the agency's rules.
    calibration : of the trial, with arms of a network or without, or the survival model put together from many trials.
    arms : strategy → arm, the comparator first.
    mix : shares of the strata.
    regimens : strategy → regimens with their shares.
    stops : strategy → rate, a month, at which treatment stops besides progression.
    clock : horizon and conventions.
    norm : utility of the general population by day over that at the start; None without.
    follow_up : months of follow-up that an analyst would see.
    patients : arm → patients of the trial.
    life : the life table.
    """

    question: EconomicQuestion
    file: Economics
    reference: ReferenceCase
    calibration: Survival
    arms: Mapping[str, str]
    mix: tuple[float, ...]
    regimens: Mapping[str, Mapping[str, tuple[Regimen, float]]]
    stops: Mapping[str, float]
    clock: Clock
    norm: Array | None
    follow_up: float
    patients: Mapping[str, int]
    life: LifeTable | None = None

    @cached_property
    def population(self) -> Array | None:
        """Share spared by deaths of other causes beyond the follow-up, by day; None without a life table."""
        if isinstance(self.calibration, Composite):
            alive = self.calibration.alive_of_others(self.clock.days)
            return beyond(alive, self.follow_up, self.clock) if self.calibration.background else None
        if self.life is None or self.question.start_age is None:
            return None
        return spared(self.life, self.question.start_age, self.follow_up, self.clock)

    def calibration_patients(self, arm: str) -> int:
        """Patients of an arm of the trial."""
        return self.patients[arm]

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """Trial → its calibration, of every trial behind the strategies."""
        own = self.calibration
        return {own.trial: own} if isinstance(own, Calibration) else own.calibrations

    @property
    def model(self) -> JointModel:
        """The joint model at the point calibration."""
        return self.calibration.model

    @property
    def thresholds(self) -> tuple[float, ...]:
        """What is paid for a QALY: the scenario's, else the reference case's."""
        return self.question.thresholds or tuple(t.value for t in self.reference.thresholds)

    def integrated(self, strategy: str, model: JointModel | None = None) -> Traces:
        """A strategy by numerical integration of the joint model, the calibrated one unless another is given."""
        return self.held(self.curves(strategy, model))

    def curves(self, strategy: str, model: JointModel | None = None) -> Traces:
        """The same without deaths of other causes beyond the follow-up: what other structures are fitted to.

        Where many trials are put together, deaths of other causes run beside from the start and are in it (`held`).
        """
        return integrated(self.calibration, model or self.model, self.arms[strategy], self.mix, self.clock.days)

    def tables(self, models: Sequence[JointModel], strategy: str, mix: Sequence[float] | None = None) -> Tables:
        """A strategy's hazards under some models, for the kernel; `mix` are other shares of the strata."""
        return tables(self.calibration, models, self.arms[strategy], self.mix if mix is None else mix)

    @property
    def others_inside(self) -> bool:
        """Whether deaths of other causes are in the curves from the start, as where many trials are put together."""
        return isinstance(self.calibration, Composite)

    def without_others(self) -> Case:
        """The same without any deaths of other causes that are not in the trials' curves."""
        calibration = self.calibration
        if isinstance(calibration, Composite):
            calibration = replace(calibration, background=())
        return replace(self, calibration=calibration, life=None)

    def owner(self, strategy: str, event: str) -> str:
        """The first strategy whose rate of an event is this one's too: one number, drawn and varied once.

        Only where many trials are put together, of strategies that give the same but for what is added.
        """
        if self.others_inside:
            mine = self._given(strategy), self.model_rate(strategy, event)
            for other in self.arms:
                if (self._given(other), self.model_rate(other, event)) == mine:
                    return other
        return strategy

    def _given(self, strategy: str) -> dict[str, float]:
        added = self.question.added.get(strategy, {})
        return {name: share for name, (_, share) in self.regimens[strategy].items() if name not in added}

    def model_rate(self, strategy: str, event: str) -> float | None:
        """Rate of an event as evaluated; None where nobody reported it."""
        rate = event_rates(self.model, self.arms[strategy]).get(event)
        return None if rate is None else float(rate[0])

    def held(self, traces: Traces) -> Traces:
        """Traces with deaths of other causes beyond the trial's follow-up, where a life table is named; once.

        Within the follow-up the trial's curves contain them. Beyond it the mortality of the general population is added
        to the extrapolated hazard, so that nobody's hazard lies below it; states keep their proportions.
        """
        if self.population is None or traces.held:
            return traces
        ratio = self.population
        return Traces(traces.states, traces.shares * ratio, traces.progressing * ratio[:-1], held=True)

    def care(self, strategy: str, events: Mapping[str, Array] | None = None) -> Care:
        """What a strategy gives; `events` by default at their reported rates."""
        own = events if events is not None else event_rates(self.model, self.arms[strategy])
        return Care(self.regimens[strategy], self.stops[strategy], own)

    def outcomes(
        self, strategy: str, traces: Traces, values: Values, events: Mapping[str, Array] | None = None
    ) -> Outcomes:
        """Costs and health of a strategy from who is in which state when."""
        return self.accounts(strategy, (traces,), values, events)[0]

    def accounts(
        self, strategy: str, many: Sequence[Traces], values: Values, events: Mapping[str, Array] | None = None
    ) -> list[Outcomes]:
        """The same of several traces at the same prices and events, which are looked up once."""
        care = self.care(strategy, events)
        weights = {what: self.clock.in_state(what) for what in ("time", "effects")}
        costs = cost_items(care, self.file, values, self.clock)
        health = health_items(care, self.file, values, self.clock, self.norm)
        return [account(self.held(traces), costs, health, weights) for traces in many]


def event_rates(model: JointModel, arm: str) -> dict[str, Array]:
    """Probability of each adverse event in an arm, at its headline grade."""
    out = {}
    for toxicity in model.toxicities:
        if arm not in toxicity.rates:
            continue  # not reported of this arm: nothing is paid for it there
        grade = toxicity.grades.index(toxicity.headline) if toxicity.headline else 0
        out[toxicity.event] = np.array([toxicity.rates[arm][grade]])
    return out


def asked(scenario: Scenario) -> EconomicQuestion:
    """What a scenario asks of costs.

    Raises
    ------
    InputError : nothing.
    """
    if scenario.economics is None:
        advice = "Add `economics: {setting: …}`, or take a scenario that has it: simulate list scenarios."
        raise input_error(f"scenario {scenario.id} says nothing of costs.", field="economics", advice=advice)
    return scenario.economics


def prepare(
    scenario: Scenario,
    library: Library,
    calibration: Survival,
    arms: Mapping[str, str],
    mix: tuple[float, ...],
    follow_up: float,
    patients: Mapping[str, int],
) -> Case:
    """Put an evaluation of a trial's arms together.

    Raises
    ------
    InputError : the scenario has no `economics`, or anything wrong with the files it names.
    """
    question = asked(scenario)
    file = setting_of(question, library)
    reference = library.reference_case(file.reference_case)
    discount = question.discounting or reference.discounting
    clock = Clock(scenario.horizon, discount, question.counting, question.cycle)
    regimens = {
        s: {name: (library.regimen(name), share) for name, share in regimens_of(scenario, s).items()} for s in arms
    }
    norm = None
    if file.age_norm is not None and question.start_age is not None:
        norm = aging(file.age_norm.coefficients, question.start_age, clock.days)
    life = None
    if question.life_table is not None and question.start_age is not None:
        life = life_table(library, question.life_table)
    plain = Case(question, file, reference, calibration, arms, mix, regimens, dict.fromkeys(arms, 0.0), clock, norm,
                 follow_up, patients, life)  # fmt: skip
    return replace(plain, stops={s: stop_rate(plain, s) for s in arms})


def spared(life: LifeTable, start_age: float, follow_up: float, clock: Clock) -> Array:
    """Share spared by deaths of other causes beyond the follow-up, by day; 1 within it."""
    return beyond(general_population(life, start_age, clock.days), follow_up, clock)


def beyond(alive: Array, follow_up: float, clock: Clock) -> Array:
    """Survival of the general population from the end of the follow-up on, by day; 1 before."""
    return np.minimum(1.0, alive / float(np.interp(follow_up, clock.months, alive)))


def general_population(table: LifeTable, start_age: float, days: int) -> Array:
    """Survival of women of the general population by day: a constant hazard within each year of age.

    The last age of the table goes on.
    """
    years = start_age + np.arange(days + 1) / DAYS_PER_MONTH / 12.0
    hazard = -np.log1p(-np.minimum(table.probability, 0.999999))
    whole = np.arange(len(hazard) + 1, dtype=np.float64)
    cumulative = np.concatenate(([0.0], np.cumsum(hazard)))
    beyond = np.maximum(years - whole[-1], 0.0) * hazard[-1]
    at = np.interp(years, whole, cumulative) + beyond
    return np.exp(-(at - at[0]))


def aging(coefficients: tuple[float, ...], start_age: float, days: int) -> Array:
    """General population utility by day over that at the start; it never rises with age."""
    years = start_age + np.arange(days + 1) / DAYS_PER_MONTH / 12.0
    norm = np.polynomial.polynomial.polyval(years, coefficients)
    return np.minimum.accumulate(np.maximum(norm, 0.0)) / norm[0]


def stop_rate(case: Case, strategy: str, traces: Traces | None = None) -> float:
    """Rate of stopping besides progression with which the median number of cycles begun is that of the trial.

    `traces` of the strategy by integration, where there are any already.
    """
    treated = case.question.treated.get(strategy)
    if treated is None:
        return 0.0
    added = case.question.added.get(strategy, {})
    own = [given for name, given in case.regimens[strategy].items() if name not in added]
    regimen = max(own, key=lambda kv: kv[1])[0] if own else None
    if regimen is None or regimen.course is None:
        return 0.0
    # the n-th cycle begins n - 1 cycles after the start: half of all begin it, and half a cycle later fewer do
    at = (treated.median_cycles - 0.5) * regimen.course.cycle_days / DAYS_PER_MONTH
    free = (case.integrated(strategy) if traces is None else traces).shares[0, 0]
    on = float(np.interp(at * DAYS_PER_MONTH, np.arange(len(free)), free))
    if on <= 0.5:
        return 0.0  # progression alone stops them sooner
    return float(np.log(2.0 * on)) / at
