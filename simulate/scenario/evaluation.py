"""The economic evaluation of a scenario: the same patients, priced and weighed, with every source of doubt apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.economics.acceptability import Acceptability, acceptability
from simulate.economics.case import Case
from simulate.economics.compared import STRUCTURES, Structured, all_structures, joint_partition
from simulate.economics.frontier import pairwise, settled
from simulate.economics.named_changes import Row, scenario_table
from simulate.economics.one_way import Tornado, Turn, tornado, turning_value
from simulate.economics.own import OwnCase, prepare_own
from simulate.economics.own_one_way import tornado_own
from simulate.economics.own_psa import analyse_own, structured
from simulate.economics.psa import Draws, analyse
from simulate.economics.voi import Fit, Value, evpi, evppi, fitted
from simulate.errors import input_error
from simulate.processes import limited
from simulate.scenario.cases import case_of
from simulate.scenario.decision_summary import decision_summary
from simulate.scenario.decisions import Decisions
from simulate.scenario.evaluation_summary import (
    ceac_summary,
    evpi_summary,
    frontier_rows,
    network_summary,
    structure_summary,
)
from simulate.scenario.own import OwnScenario
from simulate.scenario.pathways import PathwayScenario
from simulate.scenario.scenario import Scenario

Array = NDArray[np.float64]
GRID = 41  # values of the willingness to pay
JOINT = 100  # draws of survival behind the one-way analysis
FIXED_BY = 0.2  # share by which it moves numbers without uncertainty
TURNED = 12  # numbers, the most influential, whose turning value is sought
FEWEST = 100  # draws from which a regression is fitted


def evaluate(
    scenario: Scenario | PathwayScenario | OwnScenario,
    *,
    draws: int = 1000,
    patients: int | None = None,
    draw_patients: int = 1000,
    seed: int | None = None,
    threads: int | None = None,
    model_range: bool = False,
) -> Evaluation:
    """Evaluate a scenario: deterministic, under every structure, and probabilistic.

    Parameters
    ----------
    draws : of all uncertain numbers together; 0 for none.
    patients : synthetic patients of the simulated structure (default: the scenario's).
    draw_patients : of each draw.
    seed : of everything random.
    model_range : the answer under every model that meets the reported figures too; slow at first.

    Raises
    ------
    InputError : the scenario says nothing of costs, or anything wrong with its files.
    """
    n = scenario.file.patients if patients is None else patients
    for name, value, least in (("--patients", n, 2), ("--draws", draws, 0), ("--draw-patients", draw_patients, 2)):
        if value < least:
            raise input_error(f"is {value}; it must be at least {least}.", field=name)
    if draws == 1:
        raise input_error("is 1; one draw has no spread.", field="--draws", advice="Take 0, or 100 and more.")
    s = scenario.file.seed if seed is None else seed
    started = datetime.now(UTC).isoformat(timespec="seconds")
    if isinstance(scenario, OwnScenario):
        own = prepare_own(scenario.file, scenario.library)
        found = {k: {"partitioned": structured(own, k)} for k in scenario.strategies}
        sampled, crossed = analyse_own(own, draws, s) if draws else (None, {})
        return Evaluation(scenario, own, found, sampled, n, s, threads, started, "partitioned", crossed)
    with limited(threads):
        case = case_of(scenario)
    structures = {k: all_structures(case, k, n, s, threads) for k in scenario.strategies}
    drawn = analyse(case, draws, draw_patients, s, threads) if draws else None
    return Evaluation(scenario, case, structures, drawn, n, s, threads, started, ranged=model_range)


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation gave.

    Attributes
    ----------
    scenario, case : what was evaluated, put together.
    structures : strategy → structure → `Structured`, at the values of the files.
    draws : the probabilistic analysis; None without.
    patients, seed, threads, started : of the run.
    base_structure : name of the base case: the joint model integrated, or the one partition of a model of one's own.
    crossed : strategy → share of draws in which PFS lay above OS and was cut down to it, of a model of one's own.
    ranged : whether the answer under every model that meets the reported figures is part of it, which takes longer.
    """

    scenario: Scenario | PathwayScenario | OwnScenario
    case: Case | OwnCase
    structures: Mapping[str, Mapping[str, Structured]]
    draws: Draws | None
    patients: int
    seed: int
    threads: int | None = None
    started: str = ""
    base_structure: str = "clock_reset"
    crossed: Mapping[str, float] = field(default_factory=dict)
    ranged: bool = False

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, the comparator first."""
        return tuple(self.structures)

    @property
    def threshold(self) -> float:
        """The willingness to pay at which single net benefits are given: the lowest of the thresholds."""
        return min(self.case.thresholds, default=50_000.0)

    @cached_property
    def wtp(self) -> Array:
        """Grid of the willingness to pay, from 0 to three times the highest threshold, the thresholds among it."""
        top = 3.0 * max(self.case.thresholds, default=50_000.0)
        return np.unique(np.concatenate((np.linspace(0.0, top, GRID), self.case.thresholds)))

    def base(self, strategy: str) -> Structured:
        """The base case: the joint model integrated, free of simulation error."""
        return self.structures[strategy][self.base_structure]

    def totals(self, structure: str) -> tuple[list[float], list[float]]:
        """Mean cost and QALY of every strategy under a structure."""
        own = [self.structures[s][structure].outcomes for s in self.strategies]
        return settled([float(o.cost.mean()) for o in own]), settled([float(o.qaly.mean()) for o in own])

    @cached_property
    def acceptability(self) -> Acceptability | None:
        """How sure the choice is at each willingness to pay."""
        return None if self.draws is None else acceptability(self.draws.cost, self.draws.qaly, self.wtp)

    @cached_property
    def information(self) -> dict[str, Value]:
        """Value of perfect information: on all (``all``) by `wtp`, on each group of parameters by threshold."""
        if self.draws is None:
            return {}
        d = self.draws
        out = {"all": evpi(d.cost, d.qaly, self.wtp)}
        for group, names in d.groups.items():
            if group in self.fits:
                known = np.column_stack([d.parameters[n] for n in names])
                out[group] = evppi(d.cost, d.qaly, self.priced, known, group=group, fit=self.fits[group])
        return out

    @cached_property
    def fits(self) -> dict[str, Fit]:
        """Mean increments given each group of parameters; none where there are too few draws."""
        d = self.draws
        if d is None or len(d) < FEWEST:
            return {}
        known = {group: np.column_stack([d.parameters[n] for n in names]) for group, names in d.groups.items()}
        return {group: fitted(d.cost, d.qaly, self.priced, v) for group, v in known.items()}

    @cached_property
    def decisions(self) -> Decisions:
        """What follows for a decision: all who are concerned, the budget, severity, trials, prices, subgroups."""
        return Decisions(self)

    @property
    def priced(self) -> tuple[float, ...]:
        """The thresholds, or the one that stands in for them."""
        return self.case.thresholds or (self.threshold,)

    @cached_property
    def turning(self) -> dict[str, dict[str, Turn]]:
        """Strategy → each of the most influential numbers → the value at which it is just worth its cost.

        Of a trial's arms and of pathways; survival, moved by its joint draws, has no single value. It is sought within
        the number's own range first, where the ends of that lie on two sides.
        """
        case, at = self.case, self.threshold
        if isinstance(case, OwnCase):
            return {}
        found: dict[str, dict[str, Turn]] = {}
        for s, own in self.one_way.items():
            bars = [bar for bar in own.bars[:TURNED] if bar.value is not None]
            brackets = {bar.name: bar.ends if bar.turns(at) else None for bar in bars}
            found[s] = {k: turning_value(case, k, bracket=b, strategy=s, threshold=at) for k, b in brackets.items()}
        return found

    @cached_property
    def one_way(self) -> dict[str, Tornado]:
        """Strategy → one-way analysis at `threshold`; a trial's survival by joint draws if there are draws."""
        case, others = self.case, self.strategies[1:]
        if isinstance(case, OwnCase):
            return {s: tornado_own(case, strategy=s, threshold=self.threshold, fixed_by=FIXED_BY) for s in others}
        drawn = min(JOINT, len(self.draws)) if self.draws is not None else 0
        return {
            s: tornado(case, strategy=s, threshold=self.threshold, fixed_by=FIXED_BY, draws=drawn, seed=self.seed)
            for s in others
        }

    @cached_property
    def scenarios(self) -> dict[str, list[Row]]:
        """Strategy → the evaluation under each change of convention alone, of a trial's arms."""
        case = self.case
        return {} if isinstance(case, OwnCase) else {s: scenario_table(case, strategy=s) for s in self.strategies[1:]}

    def summary(self) -> dict[str, Any]:
        """The machine-readable result, as in ``summary.json``."""
        with limited(self.threads):
            return self._summary

    @cached_property
    def _summary(self) -> dict[str, Any]:
        case = self.case
        return {
            "scenario": self.scenario.id,
            "seed": self.seed,
            "patients": self.patients,
            "draws": 0 if self.draws is None else len(self.draws),
            "draw_patients": 0 if self.draws is None else self.draws.patients,
            "setting": case.file.id,
            "reference_case": case.reference.id,
            "currency": case.file.currency,
            "price_year": case.file.price_year,
            "horizon": case.clock.horizon,
            "discounting": case.clock.discount.model_dump(mode="json"),
            "counting": case.clock.counting,
            "thresholds": list(case.thresholds),
            "network": network_summary(self),
            "strategies": {s: self._strategy(i, s) for i, s in enumerate(self.strategies)},
            "frontier": frontier_rows(*self.totals(self.base_structure), self.strategies),
            "base_structure": self.base_structure,
            "contrasts": self.contrasts(self.base_structure),
            "structures": {
                k: structure_summary(self, k) for k in STRUCTURES if k in next(iter(self.structures.values()))
            },
            "joint_partition_difference": None
            if isinstance(case, OwnCase)
            else max(joint_partition(case, s) for s in self.strategies),
            "crossed": dict(self.crossed),
            "ceac": ceac_summary(self),
            "evpi": evpi_summary(self),
            **decision_summary(self),
        }

    def _strategy(self, i: int, name: str) -> dict[str, Any]:
        own = self.base(name).outcomes
        out: dict[str, Any] = {
            "cost": float(own.cost[0]),
            "ly": float(own.ly[0]),
            "qaly": float(own.qaly[0]),
            "cost_by_category": {k: float(np.mean(v)) for k, v in own.by_category().items()},
            "qaly_by_item": {k: float(np.mean(v)) for k, v in own.by_item().items()},
            "ly_by_state": {k: float(v[0]) for k, v in own.life_years.items()},
            "mc_error": self._simulation_error(name),
        }
        if self.draws is not None:
            columns = {k: getattr(self.draws, k)[:, i] for k in ("cost", "qaly", "ly")}
            out["psa_mean"] = {k: float(v.mean()) for k, v in columns.items()}
            out["psa_sd"] = {k: float(v.std(ddof=1)) for k, v in columns.items()}
            out["psa_simulation_error"] = {
                "cost": float(self.draws.cost_error[i]),
                "qaly": float(self.draws.qaly_error[i]),
            }
        return out

    def _simulation_error(self, name: str) -> dict[str, float]:
        """Standard error of the simulated structure, between batches of patients; 0 where nothing is simulated."""
        found = self.structures[name].get("simulation")
        if found is None:
            return {"cost": 0.0, "qaly": 0.0, "ly": 0.0}
        root = np.sqrt(len(found.outcomes.cost))
        return {k: float(np.std(getattr(found.outcomes, k), ddof=1) / root) for k in ("cost", "qaly", "ly")}

    def contrasts(self, structure: str) -> list[dict[str, Any]]:
        """Every strategy against the first under a structure."""
        costs, effects = self.totals(structure)
        rows = pairwise(costs, effects, self.strategies, reference=self.strategies[0], threshold=self.threshold)
        return [
            {
                "strategy": r.name,
                "comparator": r.reference,
                "delta_cost": r.delta_cost,
                "delta_qaly": r.delta_effect,
                "icer": r.icer,
                "inmb": {f"{t:g}": t * r.delta_effect - r.delta_cost for t in self.priced},
                "quadrant": r.quadrant,
                "reading": r.reading,
            }
            for r in rows
        ]

    def save(self, out: str | Path, *, command: str | None = None, exports: Collection[str] = ()) -> Path:
        """Write ``summary.json``, tables, figures, ``report.html``, ``provenance.json`` into a folder, or nothing.

        `exports` as in `simulate.report.evaluation_writer.write_evaluation`: ``excel``, ``r``.
        """
        from simulate.report.evaluation_writer import write_evaluation

        with limited(self.threads):
            return write_evaluation(self, Path(out), command, exports)
