"""From a scenario of pathways to one graph of health states per strategy, over the same classes of patients."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from simulate.evidence import Library
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.population_schema import Case, PatientPopulation
from simulate.evidence.scenario_schema import Scenario, Strategy
from simulate.model.graph import GraphSpec
from simulate.pathways.background import LifeTable, life_table
from simulate.pathways.bases import Basis, Evidence
from simulate.pathways.graphs import DEAD, START, Treatment, age_of, graph, known_events, transitions_of
from simulate.pathways.lines import Lines, Step, scaled
from simulate.pathways.marginal import Mix
from simulate.pathways.partition import parts, regimens_used
from simulate.pathways.profiles import PatientClass, Profile, classes, combinations, hazard_ratio, prognostic
from simulate.pathways.toxicities import EventRates, event_rates, shares_met

ALMOST_ALL = 0.995  # share of patients
ONLY_DEATHS = 0.999  # death share of a model that knows overall survival alone


@dataclass(frozen=True)
class Plan:
    """A scenario of pathways, assembled.

    Attributes
    ----------
    population : whose patients are simulated.
    classes : of patients, the strata of every graph.
    treatments : strategy → one `Treatment` a class.
    graphs : strategy → `GraphSpec`.
    lines : names of the lines modelled.
    bases : (line, regimen) → where its model comes from.
    events : event → (label, grades, headline).
    alone : regimen of the first line → its plan for everybody in the trials' setting.
    """

    population: PatientPopulation
    classes: tuple[PatientClass, ...]
    treatments: Mapping[str, tuple[Treatment, ...]]
    graphs: Mapping[str, GraphSpec]
    lines: Lines
    bases: Mapping[tuple[str, str], Basis]
    events: Mapping[str, tuple[str, tuple[str, ...], str]]
    table: LifeTable | None
    alone: Mapping[str, Plan] = field(default_factory=dict)

    def redrawn(self) -> Plan:
        """The graphs put together again, after a change of `lines.after`."""
        graphs = {
            s: replace(self.graphs[s], transitions=transitions_of(self.lines, self.classes, own)[1])
            for s, own in self.treatments.items()
        }
        return replace(self, graphs=graphs)

    @property
    def states(self) -> tuple[str, ...]:
        """Living states, in the order of the graphs."""
        return next(iter(self.graphs.values())).states[:-1]

    def progression_known(self, strategy: str) -> bool:
        """Whether PFS was reported for what (almost) every patient gets first.

        A study that reports overall survival alone is modelled without progression: its first state lasts until death,
        and nothing is said of its PFS. Supportive care has none.
        """
        known = 0.0
        for c, t in zip(self.classes, self.treatments[strategy], strict=True):
            first = t.steps[0]
            if first is not None and first.placed.model.death_share < ONLY_DEATHS:
                known += c.share
        return known > ALMOST_ALL

    @property
    def endpoints(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Endpoints as `simulate.cohort.count_graph` takes them."""
        left = tuple(s for s in (*self.states[1:], DEAD))
        return {"os": (START, (DEAD,)), "pfs": (START, left)}


def build_plan(
    scenario: Scenario,
    library: Library,
    population: PatientPopulation | None = None,
    evidence: Evidence | None = None,
    *,
    toxicity: bool = True,
) -> Plan:
    """Put the graphs of a scenario together.

    Parameters
    ----------
    population : simulate these patients instead of the scenario's (the count-once check does).
    evidence : calibrated trials that are at hand already.
    toxicity : False leaves adverse events out, where only times are asked for.

    Raises
    ------
    InputError : a regimen without a model or a connection, a covariate the population lacks.
    """
    evidence = evidence or Evidence(library)
    target = population or library.patients(scenario.population)
    trial_patients = library.patients(scenario.evidence_population or scenario.population)
    table = life_table(library, scenario.life_table) if scenario.life_table is not None else None
    untreated = trial_mix(with_shares(trial_patients, scenario.supportive_care.patients), table)
    lines = Lines(scenario, evidence, target, trial_mix(trial_patients, table), untreated)
    events: dict[str, tuple[Mapping[str, EventRates], Mapping[str, Mapping[int, float]]]] = {}
    for name in regimens_used(scenario, lines):
        own = event_rates(evidence, evidence.regimen(name)) if toxicity else {}
        events[name] = (own, {e: shares_met(rates, trial_patients) for e, rates in own.items()})
    found = classes(target, parts(scenario, lines, events, aged=table is not None))
    treatments = {s: _treatments(lines, strategy, found) for s, strategy in scenario.strategies.items()}
    known = known_events(events)
    graphs = {s: graph(lines, found, treatments[s], table, known, events) for s in scenario.strategies}
    return Plan(target, found, treatments, graphs, lines, dict(lines.bases), known, table)


def with_shares(patients: PatientPopulation, shares: Mapping[str, tuple[float, ...]]) -> PatientPopulation:
    """Patients among whom some covariates have other shares, whatever else they are."""
    covariates = dict(patients.covariates)
    for name, own in shares.items():
        case = Case(shares=own, assumed=True, why="given by the scenario")
        covariates[name] = covariates[name].model_copy(update={"cases": (case,)})
    return patients.model_copy(update={"covariates": covariates})


def trial_mix(patients: PatientPopulation, table: LifeTable | None) -> Mix:
    """Prognosis and background of the patients whose trials gave the curves."""
    names = {*prognostic(patients), *(("age",) if table is not None else ())}
    grouped: dict[tuple[float, float | None], float] = {}
    for share, profile in combinations(patients, names):
        key = (hazard_ratio(patients, profile), age_of(patients, profile) if table is not None else None)
        grouped[key] = grouped.get(key, 0.0) + share
    rows = [(s, r, None if table is None or a is None else table.hazard(a)) for (r, a), s in grouped.items()]
    return Mix.of(rows or [(1.0, 1.0, None)])


def _treatments(lines: Lines, strategy: Strategy, found: tuple[PatientClass, ...]) -> tuple[Treatment, ...]:
    """What every class gets under a strategy."""
    rules = dict(lines.rules(strategy))
    known: dict[Hashable, Treatment] = {}
    out = []
    for c in found:
        course = lines.course(rules, c.profile)
        given = [(line, use) for line, use in zip(lines.lines, course, strict=True) if use != NOTHING]
        seen = (course, *(lines.deciding(line, use, c.profile) for line, use in given))
        if seen not in known:
            known[seen] = _treatment(lines, course, c.profile)
        out.append(known[seen])
    return tuple(out)


def _treatment(lines: Lines, course: tuple[str, ...], profile: Profile) -> Treatment:
    steps: list[Step | None] = []
    stretch = 1.0
    for line, use in zip(lines.lines, course, strict=True):
        step = None if use == NOTHING else scaled(lines.step(line, use, profile), stretch)
        steps.append(step)
        stretch = step.residual.stretch if step is not None else stretch
    return Treatment(tuple(steps))
