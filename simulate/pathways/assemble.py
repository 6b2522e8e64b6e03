"""From a scenario of pathways to one graph of health states per strategy, over the same classes of patients."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace

from simulate.evidence import Library
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.population_schema import Case, PatientPopulation
from simulate.evidence.scenario_schema import Scenario
from simulate.model.graph import GraphSpec
from simulate.pathways.background import LIFETIME, YEARS, LifeTable, life_table
from simulate.pathways.bases import Basis, Evidence
from simulate.pathways.changes import with_changes
from simulate.pathways.graphs import DEAD, START, After, Setting, Treatment, graph, known_events, transitions_of
from simulate.pathways.lines import Lines, Step, modelled_lines, scaled
from simulate.pathways.partition import Course, divided, regimens_used
from simulate.pathways.profiles import PatientClass, Profile
from simulate.pathways.toxicities import EventRates, counted_by, event_rates, shares_met
from simulate.pathways.trial_patients import trial_mix, trial_patients

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
    setting : shares who reach later lines, and corrections.
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
    setting: Setting
    alone: Mapping[str, Plan] = field(default_factory=dict)

    def redrawn(
        self,
        *,
        after: Mapping[str, After] | None = None,
        reach: Mapping[str, float] | None = None,
        strategies: Collection[str] | None = None,
    ) -> Plan:
        """The same plan with other corrections after the first line, or other shares who reach later lines.

        Parameters
        ----------
        after : first-line regimen → factors on the hazards after it, see `simulate.pathways.graphs.Setting`.
        reach : later line → share of the trials' patients who start it; the others keep theirs. Survival after a line
            without a further one stays as it was solved with the era's share.
        strategies : those of which graphs are asked for; by default all.

        Raises
        ------
        InputError : more should start a line than can.
        """
        setting = self.setting
        if after is not None:
            setting = replace(setting, after=dict(after))
        if reach is not None:
            setting = replace(setting, reaching={**setting.reaching, **self.lines.trial.reaching(reach)})
        graphs = {
            s: replace(self.graphs[s], transitions=transitions_of(self.lines, own, setting)[1])
            for s, own in self.treatments.items()
            if strategies is None or s in strategies
        }
        return replace(self, graphs=graphs, setting=setting)

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
    in_trials = library.patients(scenario.evidence_population or scenario.population)
    modelled = modelled_lines(scenario)
    years = YEARS if scenario.economics is None else LIFETIME
    table = life_table(library, scenario.life_table, years) if scenario.life_table is not None else None
    untreated = trial_mix(with_shares(in_trials, scenario.supportive_care.patients), table)
    trial = trial_patients(in_trials, modelled, scenario.later_lines, table)
    lines = Lines(scenario, evidence, with_changes(target, modelled), trial, untreated)
    events: dict[str, tuple[Mapping[str, EventRates], Mapping[str, Mapping[int, float]]]] = {}
    regimens = regimens_used(scenario, lines)
    if toxicity:
        evidence.expect(trial for name in regimens for trial in counted_by(evidence.regimen(name)))
    for name in regimens:
        own = event_rates(evidence, evidence.regimen(name)) if toxicity else {}
        events[name] = (own, {e: shares_met(rates, in_trials) for e, rates in own.items()})
    found, courses = divided(scenario, lines, events, aged=table is not None)
    treatments = {s: _treatments(lines, found, own) for s, own in courses.items()}
    known = known_events(events)
    setting = Setting(trial.reaching({name: line.reach for name, line in scenario.later_lines.items()}), {})
    graphs = {s: graph(lines, found, treatments[s], setting, table, known, events) for s in scenario.strategies}
    return Plan(target, found, treatments, graphs, lines, dict(lines.bases), known, table, setting)


def with_shares(patients: PatientPopulation, shares: Mapping[str, tuple[float, ...]]) -> PatientPopulation:
    """Patients among whom some covariates have other shares, whatever else they are."""
    covariates = dict(patients.covariates)
    for name, own in shares.items():
        case = Case(shares=own, assumed=True, why="given by the scenario")
        covariates[name] = covariates[name].model_copy(update={"cases": (case,)})
    return patients.model_copy(update={"covariates": covariates})


def _treatments(lines: Lines, found: tuple[PatientClass, ...], courses: tuple[Course, ...]) -> tuple[Treatment, ...]:
    """What every class gets under a strategy."""
    known: dict[Hashable, tuple[Step | None, ...]] = {}
    out = []
    for c, course in zip(found, courses, strict=True):
        given = [(line, use) for line, use in zip(lines.lines, course.uses, strict=True) if use != NOTHING]
        seen = (course.uses, *(c.profile[n] for line, use in given for n in lines.deciding(line, use)))
        if seen not in known:
            known[seen] = _steps(lines, course.uses, c.profile)
        out.append(Treatment(known[seen], course.able, course.on, course.unable))
    return tuple(out)


def _steps(lines: Lines, uses: tuple[str, ...], profile: Profile) -> tuple[Step | None, ...]:
    steps: list[Step | None] = []
    stretch = 1.0
    for line, use in zip(lines.lines, uses, strict=True):
        step = None if use == NOTHING else scaled(lines.step(line, use, profile), stretch)
        steps.append(step)
        stretch = step.residual.stretch if step is not None else stretch
    return tuple(steps)
