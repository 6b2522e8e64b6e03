"""Survival of strategies whose evidence comes from many trials: a plan of pathways as one joint model.

A scenario of pathways with one modelled line gives every class of patients an illness-death process under every
strategy. Written as a `JointModel` whose arms are the strategies and whose strata are classes of patients that are
treated alike, it goes through the same economics as a single trial. Deaths of other causes run beside it from the
start, on each stratum's own age clock.

Draws: every trial's calibration is drawn on its own (trials are independent), the drawn effects are carried along the
same chains of comparisons, and the result is put among the patients with the factors solved at the point calibration.
Simplifications: those factors (prognosis around a trial's curve, count once) are not solved again in each draw; without
deaths of other causes the first do not depend on the curve at all. An unanchored strategy is drawn as its own study's
uncertainty says, without variance between studies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import Integrator
from simulate.calibration import Calibration
from simulate.calibration.result import rounded_cells
from simulate.cohort_draws import drawn_models
from simulate.economics.composite_events import Given, events_of
from simulate.economics.drawing import more_draws
from simulate.economics.traces import STATES, Traces
from simulate.errors import input_error
from simulate.evidence.strategy_schema import LINES
from simulate.model.graph import STATES as GRAPH_STATES
from simulate.model.hazards import Hazard
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution, JointModel
from simulate.pathways.assemble import Plan
from simulate.pathways.bases import Evidence
from simulate.pathways.graphs import After
from simulate.pathways.lines import Lines
from simulate.pathways.marginal import Placed
from simulate.pathways.profiles import Profile

Array = NDArray[np.float64]
START, PROGRESSED, _ = GRAPH_STATES


@dataclass(frozen=True)
class Placing:
    """How a regimen's model stands in one stratum.

    `placed` puts it around its trial's patients; `leaving` and `dying` multiply its hazards in this stratum.
    """

    regimen: str
    profile: Profile
    placed: Placed
    leaving: float
    dying: float

    def among(self, model: ArmModel) -> ArmModel:
        """The model of a patient whose hazard ratio is 1; that of survival on PFS is not carried over."""
        return ArmModel(self.placed.progression.of(model.pfs), model.death_share, self.placed.death_after.of(model.pps))

    def cell(self, among: ArmModel) -> ArmModel:
        """The model of this stratum from that of a hazard ratio of 1."""
        return ArmModel(_times(among.pfs, self.leaving), among.death_share, _times(among.pps, self.dying))


@dataclass(frozen=True)
class Composite:
    """The survival model of a plan, and what its draws are made of.

    Attributes
    ----------
    trial : id of the scenario, in the place of a trial's.
    plan : the assembled pathways, one line.
    placings : (strategy, stratum) → `Placing`.
    model : joint model at the point calibrations; its arms are the strategies.
    background : deaths of other causes, one `Hazard` a stratum, or none.
    """

    trial: str
    plan: Plan
    placings: Mapping[tuple[str, str], Placing]
    model: JointModel
    background: tuple[Hazard, ...]

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """Trial → its calibration, of every trial that decides on a strategy's survival."""
        return dict(self.plan.lines.evidence.calibrations)

    @cached_property
    def mix(self) -> tuple[float, ...]:
        """Shares of the strata, the same under every strategy."""
        return tuple(self.model.mix[self.model.arms[0]])

    def drawn(self, draws: int, seed: int) -> tuple[list[JointModel], dict[str, Array]]:
        """Draws of the model, and the parameters of every trial's calibration, as ``trial: name``."""
        known, parameters = {}, {}
        for trial, calibration in sorted(self.calibrations.items()):
            more = more_draws(calibration, draws, seed)
            order = shuffled(trial, draws, seed)
            known[trial] = drawn_models(more, order)
            for i, p in enumerate(calibration.layout.parameters):
                if np.ptp(more.posterior.draws[:, i]) > 0.0:
                    parameters[f"{trial}: {p.name}"] = more.posterior.draws[order, i]
        return [self.composed({t: own[d] for t, own in known.items()}) for d in range(draws)], parameters

    def composed(self, models: Mapping[str, JointModel]) -> JointModel:
        """The joint model with other models of the trials behind it."""
        lines = self.plan.lines
        evidence = _Drawn(lines.evidence, models)
        drawn = replace(lines, evidence=evidence, bases={}, residuals={}, _steps={}, _models={}, _supportive=[])
        return replace(self.model, cells=cells_of(drawn, self.placings))

    def rebuilt(self) -> JointModel:
        """The model made again from every trial's calibrated parameters: `model`, if all is well."""
        own = {
            t: replace(c.model, cells=rounded_cells(c.layout.cells(c.posterior.x))) if c.calibrated else c.model
            for t, c in self.calibrations.items()
        }
        return self.composed(own)

    # -------------------------------------------------------------------------------------------- integration
    def spared(self, days: int) -> Array:
        """Share of each stratum that has not died of other causes, by day, float64[J, T + 1]."""
        months = np.arange(days + 1) / DAYS_PER_MONTH
        if not self.background:
            return np.ones((len(self.model.strata), days + 1))
        known = {h: np.exp(-h.factor * h.time.cumulative_hazard(months)) for h in set(self.background)}
        return np.array([known[h] for h in self.background])

    def alive_of_others(self, days: int) -> Array:
        """The same of all patients together, float64[T + 1]: the general population of their ages."""
        return np.asarray(np.array(self.mix) @ self.spared(days), np.float64)

    def integrated(self, arm: str, model: JointModel, mix: tuple[float, ...], days: int) -> Traces:
        """A strategy by numerical integration, deaths of other causes in it from the start."""
        integrate, beside = Integrator(days), self.spared(days)
        known: dict[ArmModel, tuple[Array, Array]] = {}
        shares, progressing = np.zeros((2, days + 1)), np.zeros(days)
        for j, (stratum, share) in enumerate(zip(model.strata, mix, strict=True)):
            if share == 0.0:
                continue
            cell = model.cells[arm, stratum]
            if cell not in known:
                curves = integrate(cell)
                known[cell] = np.stack([curves.pfs, curves.os - curves.pfs]), np.diff(curves.progressed)
            own, entering = known[cell]
            shares += share * own * beside[j]
            progressing += share * entering * 0.5 * (beside[j, 1:] + beside[j, :-1])
        return Traces(STATES, shares[None], progressing[None], held=True)


def cells_of(lines: Lines, placings: Mapping[tuple[str, str], Placing]) -> dict[tuple[str, str], ArmModel]:
    """Every strategy's model in every stratum."""
    among: dict[tuple[object, ...], ArmModel] = {}
    out = {}
    for key, p in placings.items():
        seen = (p.regimen, p.placed.progression, p.placed.death_after, *_deciding(lines, p))
        if seen not in among:
            among[seen] = p.among(lines.model(LINES[0], p.regimen, p.profile))
        out[key] = p.cell(among[seen])
    return rounded_cells(out)


class _Drawn(Evidence):
    """The evidence of a plan with other models in the place of the calibrated ones."""

    def __init__(self, known: Evidence, models: Mapping[str, JointModel]) -> None:
        super().__init__(known.library)
        self.trials, self._regimens, self._edges = known.trials, known._regimens, known.edges()
        self.calibrations = known.calibrations
        self._drawn = models

    def model(self, trial: str) -> JointModel:
        return self._drawn[trial]


def shuffled(trial: str, draws: int, seed: int) -> NDArray[np.int64]:
    """The order in which a trial's draws are taken: its own, so that trials know nothing of each other."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}:{trial}".encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key)).permutation(draws)


def _times(time: Distribution, ratio: float) -> Distribution:
    return time if ratio == 1.0 else time.with_hazard_ratio(ratio)


def composite(
    scenario: str, strategies: tuple[str, ...], plan: Plan, given: Mapping[str, Given] | None = None
) -> Composite:
    """A plan's strategies as one joint model.

    Parameters
    ----------
    given : strategy → what its patients get, where that is not what carries its survival: for adverse events.

    Raises
    ------
    InputError : more than one line is modelled, or somebody gets nothing in it.
    """
    if len(plan.lines.lines) > 1:
        raise input_error(
            "pathways with later lines are not evaluated.",
            field="later_lines",
            advice="Leave `later_lines` out: survival and costs after progression are then those of the trials and of "
            "`subsequent`.",
        )
    rows: dict[object, list[int]] = {}
    for i in range(len(plan.classes)):
        seen = tuple(_placing(plan, s, i) for s in strategies)
        key = tuple((p.regimen, p.leaving, p.dying, _deciding(plan.lines, p)) for p in seen)
        rows.setdefault((key, _background(plan, strategies[0], i)), []).append(i)
    groups = list(rows.values())
    strata = tuple(f"group_{j}" for j in range(len(groups)))
    placings = {
        (s, name): _placing(plan, s, own[0]) for s in strategies for name, own in zip(strata, groups, strict=True)
    }
    cells = cells_of(plan.lines, placings)
    shares = [sum(plan.classes[i].share for i in own) for own in groups]
    mix = tuple(float(x) / sum(shares) for x in shares)
    model = JointModel(
        scenario,
        strategies,
        strata,
        dict.fromkeys(strategies, mix),
        rounded_cells(cells),
        events_of(plan, strategies, given or {}),
    )
    first = plan.graphs[strategies[0]].background
    return Composite(scenario, plan, placings, model, tuple(first[own[0]] for own in groups) if first else ())


def _background(plan: Plan, strategy: str, i: int) -> Hazard | None:
    own = plan.graphs[strategy].background
    return own[i] if own else None


def _placing(plan: Plan, strategy: str, i: int) -> Placing:
    """What a class gets, and the factors on its hazards: read off the strategy's graph."""
    step = plan.treatments[strategy][i].steps[0]
    if step is None:
        raise input_error(
            f"strategy {strategy!r} gives some patients nothing.",
            field=f"strategies.{strategy}",
            advice="Name a regimen for everybody; best supportive care is one.",
        )
    factors: dict[str, float] = {}
    for t in plan.graphs[strategy].transitions:
        factors[t.origin] = factors.get(t.origin, 0.0) + t.hazards[i].factor
    after = plan.setting.after.get(step.regimen, After())
    placed = replace(step.placed, death_after=step.placed.death_after.tail(after.beyond))
    return Placing(step.regimen, plan.classes[i].profile, placed, factors[START], factors[PROGRESSED])


def _deciding(lines: Lines, placing: Placing) -> tuple[object, ...]:
    names = lines.covariates(LINES[0], placing.regimen)
    return tuple(placing.profile[c] for c in names)
