"""A partitioned survival model that a scenario brings along: its own curves, costs and utilities, nothing inferred.

Curves are closed forms on the scenario's own grid, so a thousand draws of all parameters are a few products of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from simulate.economics.amounts import Place, Values, converted, quantile, uniforms
from simulate.economics.clock import Clock
from simulate.economics.items import ALIVE, PROGRESSING, Item
from simulate.economics.outcomes import Outcomes, account
from simulate.economics.traces import PD, PF, STATES, Traces
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.economics_schema import EconomicQuestion, Economics, ReferenceCase, places_of
from simulate.evidence.money_schema import Money, Quantity
from simulate.evidence.own_schema import MONTHS, OwnArm, OwnCurve, OwnModel
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.setting import setting_of
from simulate.model.types import DAYS_PER_MONTH

Array = NDArray[np.float64]
OWN = "own_model"


def log_survival(curve: OwnCurve, parameters: Mapping[str, Array], ratio: Array, times: Array) -> Array:
    """Logarithm of survival at times in the model's unit, float64[D, T].

    Parameters
    ----------
    parameters : each float64[D] or [1], named as in `simulate.evidence.own_schema.CURVES`.
    ratio : hazard ratio on top, float64[D] or [1].
    """
    p = {k: np.atleast_1d(v)[:, None] for k, v in parameters.items()}
    with np.errstate(divide="ignore"):
        log_t = np.log(times)[None, :]
    if curve.family == "exponential":
        out = -p["rate"] * times
    elif curve.family == "weibull":
        out = -np.exp(p["shape"] * (log_t - np.log(p["scale"])))
    elif curve.family == "weibull_ph":
        out = -p["rate"] * np.exp(p["shape"] * log_t)
    elif curve.family == "lognormal":
        out = log_ndtr((p["meanlog"] - log_t) / p["sdlog"])
    elif curve.family == "loglogistic":
        out = -np.logaddexp(0.0, p["shape"] * (log_t - np.log(p["scale"])))
    else:
        shape = p["shape"]
        with np.errstate(invalid="ignore", divide="ignore"):
            grown = np.where(np.abs(shape) < 1e-12, times, np.expm1(shape * times) / shape)
        out = -p["rate"] * grown
    return out * np.atleast_1d(ratio)[:, None]


@dataclass(frozen=True)
class OwnCase:
    """An evaluation of a model of one's own; offers what `simulate.economics.case.Case` offers of one trial.

    Attributes
    ----------
    question, file, reference, clock : as of a `Case`.
    model : the scenario's.
    arms : strategy → arm of the model, the comparator first.
    """

    question: EconomicQuestion
    file: Economics
    reference: ReferenceCase
    clock: Clock
    model: OwnModel
    arms: Mapping[str, str]

    @property
    def others_inside(self) -> bool:
        """Whether deaths of other causes run beside the curves: never, they are taken as they stand."""
        return False

    @property
    def norm(self) -> None:
        """Utility of the general population by age: not applied, utilities are taken as they stand."""

    @property
    def thresholds(self) -> tuple[float, ...]:
        """What is paid for a QALY: the scenario's, else the reference case's."""
        return self.question.thresholds or tuple(t.value for t in self.reference.thresholds)

    def quantities(self) -> dict[Place, Quantity]:
        """Every number of the economic file and of the model with its place."""
        own = {(OWN, *place): q for place, q in places_of(self.model).items()}
        return {**self.file.quantities(), **own}

    def mean(self) -> Values:
        """All numbers at the values of the files."""
        return Values(self.file, {p: np.array([q.value * self._factor(q)]) for p, q in self.quantities().items()})

    def drawn(self, draws: int, seed: int) -> Values:
        """Draws of all numbers, each from its own stream."""
        return Values(
            self.file,
            {
                p: quantile(q, uniforms(".".join(map(str, p)), draws, seed)) * self._factor(q)
                for p, q in self.quantities().items()
            },
        )

    def _factor(self, quantity: Quantity) -> float:
        return converted(quantity, self.file) if isinstance(quantity, Money) else 1.0

    def curve(self, strategy: str, endpoint: str, values: Values) -> Array:
        """Survival of an endpoint on the grid, float64[D, T + 1]."""
        base, own = self.model.bare(self.arms[strategy], endpoint)
        parameters = {k: values[(OWN, "arms", base, endpoint, "parameters", k)] for k in own.parameters}
        ratio = self.ratio(strategy, endpoint, values)
        return np.exp(log_survival(own, parameters, ratio, self.clock.months / MONTHS[self.model.unit]))

    def ratio(self, strategy: str, endpoint: str, values: Values) -> Array:
        """Hazard ratio on the family of a curve: its own, and that of the strategy whose curve it is, float64[D]."""
        arm = self.arms[strategy]
        own, base = ((OWN, "arms", a, endpoint, "hazard_ratio") for a in (arm, self.model.bare(arm, endpoint)[0]))
        return values.get(own, 1.0) * (values.get(base, 1.0) if base != own else 1.0)

    def traces(self, strategy: str, values: Values) -> tuple[Traces, Array]:
        """Who is in which state when, and the share of steps at which PFS lay above OS in each draw, float64[D].

        Raises
        ------
        InputError : curves cross, and the model says that they must not (`capped: false`).
        """
        free, alive = np.broadcast_arrays(self.curve(strategy, "pfs", values), self.curve(strategy, "os", values))
        crossed = np.mean(free > alive + 1e-12, axis=1)
        if not self.model.capped and crossed.any():
            raise input_error(
                f"progression-free survival of {strategy} lies above overall survival.",
                field=f"{OWN}.arms.{strategy}",
                advice="Correct the curves, or let them be cut: `capped: true`.",
            )
        shares = np.empty((len(free), 2, free.shape[1]))
        np.minimum(free, alive, out=shares[:, 0])
        np.subtract(alive, shares[:, 0], out=shares[:, 1])
        progressing = np.maximum(-np.diff(shares[:, 0], axis=1), 0.0)  # a partition takes every event for a progression
        return Traces(STATES, shares, progressing), crossed

    def outcomes(self, strategy: str, traces: Traces, values: Values) -> Outcomes:
        """Costs and health of a strategy from who is in which state when."""
        arm = self.model.arms[self.arms[strategy]]
        place: Place = (OWN, "arms", self.arms[strategy])
        costs = [*self._state_costs(place, values), *self._events(place, arm, values)]
        costs += self._repeated(place, arm, values)
        weights = {what: self.clock.in_state(what) for what in ("time", "effects")}
        return account(traces, costs, self._health(place, arm, values), weights)

    def _state_costs(self, place: Place, values: Values) -> list[Item]:
        out = []
        for state in (PF, PD):
            for where in ((*place, "costs", state), ("states", state, "cost")):
                if where in values.by_place:
                    out.append(Item("states", state, where, state, self.clock.in_state("costs"), values[where]))
                    break
        return out

    def _events(self, place: Place, arm: OwnArm, values: Values) -> list[Item]:
        """What is paid once: at the start, at progression, at death, for adverse events."""
        out = []
        entering, leaving = self.clock.at_entering("costs"), self.clock.at_leaving("costs")
        ways = {
            "start": ("procedures", "start", np.ones(1)),
            "progression": ("states", PROGRESSING, entering),
            "death": ("terminal", ALIVE, leaving),
        }
        for name, (category, on, weights) in ways.items():
            for where in ((*place, name), ("once", name)):
                if where in values.by_place:
                    out.append(Item(category, name, where, on, weights, values[where]))
                    break
        for event in arm.toxicities:
            where = ("toxicities", event, "cost")
            if where in values.by_place:
                share = values[(*place, "toxicities", event)]
                out.append(Item("toxicity", event, where, "start", share, values[where]))
        return out

    def _repeated(self, place: Place, arm: OwnArm, values: Values) -> list[Item]:
        out = []
        for i, repeated in enumerate(arm.repeated):
            every = repeated.every * MONTHS[self.model.unit]
            times = np.arange(0.0, self.clock.horizon - 1e-9, every)[: repeated.times]
            where = (*place, "repeated", i, "cost")
            weights = self.clock.at_times(times, "costs")
            out.append(Item("drugs", repeated.what, where, repeated.state, weights, values[where]))
        return out

    def _health(self, place: Place, arm: OwnArm, values: Values) -> list[Item]:
        out = []
        weights = self.clock.in_state("effects") / 12.0
        for state in (PF, PD):
            where = (*place, "utilities", state)
            if where not in values.by_place:
                where = ("states", state, "utility")
            out.append(Item("utility", state, where, state, weights, values[where]))
        for event in arm.toxicities:
            where = ("toxicities", event, "disutility")
            days = self.file.toxicities[event].days if event in self.file.toxicities else None
            if where in values.by_place and days:
                lost = -values[(*place, "toxicities", event)] * days / DAYS_PER_MONTH / 12.0
                out.append(Item("toxicity", event, where, "start", lost, values[where]))
        if self.file.near_death is not None:
            where = ("near_death", "decrement")
            last = -self.clock.before_leaving(self.file.near_death.months, "effects") / 12.0
            out.append(Item("near_death", "last months", where, ALIVE, last, values[where]))
        return out


def prepare_own(scenario: Scenario, library: Library) -> OwnCase:
    """Put the evaluation of a scenario's own model together.

    Raises
    ------
    InputError : the scenario brings none, or says nothing of costs.
    """
    question, model = scenario.economics, scenario.own_model
    if question is None or model is None:
        raise input_error(f"scenario {scenario.id} brings no model of its own.", field="own_model")
    file = setting_of(question, library)
    reference = library.reference_case(file.reference_case)
    discount = question.discounting or reference.discounting
    per_month = 1.0 / (model.grid * MONTHS[model.unit])
    clock = Clock(scenario.horizon, discount, question.counting, question.cycle, per_month)
    order = (scenario.comparator, *(s for s in scenario.strategies if s != scenario.comparator))
    return OwnCase(question, file, reference, clock, model, {s: s for s in order})
