"""From a scenario of pathways to one graph of health states per strategy, over the same classes of patients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from simulate.evidence import Library
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES
from simulate.model.graph import STATES, GraphSpec
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import Distribution
from simulate.pathways.background import LifeTable, life_table
from simulate.pathways.bases import Basis, Evidence
from simulate.pathways.lines import Lines, Step, scaled
from simulate.pathways.marginal import Mix
from simulate.pathways.profiles import PatientClass, Profile, classes, combinations, hazard_ratio, prognostic
from simulate.pathways.toxicities import EventRates, event_rates, rates_for, shares_met

START, DEAD = "progression_free", "dead"
LIVING = {LINES[0]: START, LINES[1]: LINES[1], LINES[2]: LINES[2]}
AFTER = {line: f"after_{line}" for line in LINES}
INSTANT = Distribution("exponential", (1e-9,))  # months: a patient who starts in supportive care is there at once
NEVER = Distribution("exponential", (1.0,))


@dataclass(frozen=True)
class Treatment:
    """What one class of patients gets under a strategy: a `Step` a line, ``None`` where nothing is given."""

    steps: tuple[Step | None, ...]


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
    """

    population: PatientPopulation
    classes: tuple[PatientClass, ...]
    treatments: Mapping[str, tuple[Treatment, ...]]
    graphs: Mapping[str, GraphSpec]
    lines: Lines
    bases: Mapping[tuple[str, str], Basis]
    events: Mapping[str, tuple[str, tuple[str, ...], str]]
    table: LifeTable | None

    @property
    def states(self) -> tuple[str, ...]:
        """Living states, in the order of the graphs."""
        return next(iter(self.graphs.values())).states[:-1]

    @property
    def endpoints(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Endpoints as `simulate.cohort.count_graph` takes them."""
        left = tuple(s for s in (*self.states[1:], DEAD))
        return {"os": (START, (DEAD,)), "pfs": (START, left)}


def assemble(scenario: Scenario, library: Library, population: PatientPopulation | None = None) -> Plan:
    """Put the graphs of a scenario together.

    Parameters
    ----------
    population : simulate these patients instead of the scenario's (the count-once check does).

    Raises
    ------
    InputError : a regimen without a model or a connection, a covariate the population lacks.
    """
    evidence = Evidence(library)
    target = population or library.patients(scenario.population)
    trial_patients = library.patients(scenario.evidence_population or scenario.population)
    table = life_table(library, scenario.life_table) if scenario.life_table is not None else None
    lines = Lines(scenario, evidence, target, trial_mix(trial_patients, table))
    events = {}
    for name in _regimens(scenario, lines):
        own = event_rates(evidence, evidence.regimen(name))
        met = {e: shares_met(rates, trial_patients) for e, rates in own.items()}
        events[name] = (own, met)
    found = classes(
        target, _covariates(scenario, lines, events, table is not None), _key(scenario, lines, events, table)
    )
    treatments = {s: tuple(_treatment(scenario, lines, s, c.profile) for c in found) for s in scenario.strategies}
    known = _events(events)
    graphs = {s: _graph(lines, found, treatments[s], table, known, events) for s in scenario.strategies}
    return Plan(target, found, treatments, graphs, lines, dict(lines.bases), known, table)


def trial_mix(patients: PatientPopulation, table: LifeTable | None) -> Mix:
    """Prognosis and background of the patients whose trials gave the curves."""
    names = {*prognostic(patients), *(("age",) if table is not None else ())}
    grouped: dict[tuple[float, float | None], float] = {}
    for share, profile in combinations(patients, names):
        key = (hazard_ratio(patients, profile), _age(patients, profile) if table is not None else None)
        grouped[key] = grouped.get(key, 0.0) + share
    rows = [(s, r, None if table is None or a is None else table.hazard(a)) for (r, a), s in grouped.items()]
    return Mix.of(rows or [(1.0, 1.0, None)])


def _age(population: PatientPopulation, profile: Profile) -> float:
    level = population.covariates["age"].levels[profile["age"]]
    if isinstance(level.value, int | float):
        return float(level.value)
    return 0.5 * ((level.min or 0.0) + (level.max or level.min or 0.0))


def _regimens(scenario: Scenario, lines: Lines) -> tuple[str, ...]:
    """Every regimen a strategy may use in a line that is modelled."""
    used = [
        rule.use
        for strategy in scenario.strategies.values()
        for line, rules in lines.rules(strategy).items()
        if line in lines.lines
        for rule in rules
    ]
    return tuple(dict.fromkeys(u for u in used if u != NOTHING))


def _covariates(
    scenario: Scenario, lines: Lines, events: Mapping[str, tuple[Mapping[str, EventRates], object]], aged: bool
) -> set[str]:
    """Covariates on which anything in the scenario depends."""
    out = set(prognostic(lines.population)) | ({"age"} if aged else set())
    for strategy in scenario.strategies.values():
        for line, rules in lines.rules(strategy).items():
            if line not in lines.lines:
                continue
            for rule in rules:
                out |= set(rule.when)
                if rule.use != NOTHING:
                    out |= set(lines.covariates(line, rule.use))
    for line in lines.lines[1:]:
        out |= set(lines.covariates(line, scenario.later_lines[line].era))
    for own, _ in events.values():
        out |= {c for rates in own.values() for m in rates.modifiers for c in m.when}
    return out


def _key(
    scenario: Scenario,
    lines: Lines,
    events: Mapping[str, tuple[Mapping[str, EventRates], object]],
    table: LifeTable | None,
) -> Callable[[Profile], tuple[object, ...]]:
    """What distinguishes patients: what they get and what lies behind it, prognosis, age, changed event rates."""
    rules = {s: lines.rules(strategy) for s, strategy in scenario.strategies.items()}

    def of(profile: Profile) -> tuple[object, ...]:
        out: list[object] = [hazard_ratio(lines.population, profile)]
        if table is not None:
            out.append(profile["age"])
        for own in rules.values():
            for line in lines.lines:
                use = lines.choose(own[line], profile) if line in own else NOTHING
                out.append(use)
                if use == NOTHING:
                    continue
                out += lines.deciding(line, use, profile)
                if line == LINES[0]:
                    out += [
                        tuple(profile[c] for c in sorted(m.when)) for r in events[use][0].values() for m in r.modifiers
                    ]
        return tuple(out)

    return of


def _treatment(scenario: Scenario, lines: Lines, strategy: str, profile: Profile) -> Treatment:
    rules = lines.rules(scenario.strategies[strategy])
    steps: list[Step | None] = []
    stretch = 1.0
    for line in lines.lines:
        use = lines.choose(rules[line], profile) if line in rules else NOTHING
        step = None if use == NOTHING else scaled(lines.step(line, use, profile), stretch)
        steps.append(step)
        stretch = step.residual.stretch if step is not None else stretch
    return Treatment(tuple(steps))


def _events(
    events: Mapping[str, tuple[Mapping[str, EventRates], object]],
) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Every event of a first-line regimen; where regimens grade one differently it is two events."""
    out: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for own, _ in events.values():
        for rates in own.values():
            out.setdefault(event_name(rates), (rates.label, rates.grades, rates.headline))
    return out


def event_name(rates: EventRates) -> str:
    """Name of an event with these grades: rates of different grades are never put side by side."""
    return f"{rates.event}:{','.join(rates.grades)}"


def _graph(
    lines: Lines,
    found: tuple[PatientClass, ...],
    treatments: Iterable[Treatment],
    table: LifeTable | None,
    known: Mapping[str, tuple[str, tuple[str, ...], str]],
    events: Mapping[str, tuple[Mapping[str, EventRates], Mapping[str, Mapping[int, float]]]],
) -> GraphSpec:
    """One strategy's graph: a stratum a class."""
    population, treatments = lines.population, tuple(treatments)
    ratios = [hazard_ratio(population, c.profile) for c in found]
    hazards: dict[tuple[str, str], list[Hazard]] = {}
    reach = [lines.scenario.later_lines[name].reach for name in lines.lines[1:]]
    names = lines.lines
    for treatment, ratio in zip(treatments, ratios, strict=True):
        for (origin, target), hazard in _transitions(treatment, names, reach, ratio, lines).items():
            hazards.setdefault((origin, target), []).append(hazard)
    states = (*(LIVING[n] for n in names), *(AFTER[n] for n in names), DEAD)
    named = [(a, b, _decision(a, b)) for a, b in hazards]
    if len(names) == 1:  # the illness-death model that every other part of the package knows
        states = STATES
        renamed = {AFTER[names[0]]: STATES[1]}
        named = [(renamed.get(a, a), renamed.get(b, b), _decision(a, b)) for a, b in hazards]
    transitions = tuple(Transition(a, b, d, tuple(h)) for (a, b, d), h in zip(named, hazards.values(), strict=True))
    limits = []
    for name in known:
        rows = []
        for treatment, c in zip(treatments, found, strict=True):
            rows.append(_rates(treatment, name, known[name][1], events, population, c.profile))
        limits.append((name, tuple(rows)))
    background: tuple[Hazard, ...] = ()
    if table is not None:
        background = tuple(table.hazard(_age(population, c.profile)) for c in found)
    return GraphSpec(
        states,
        tuple(f"class_{i}" for i in range(len(found))),
        transitions,
        tuple(c.share for c in found),
        tuple(limits),
        background,
    )


def _decision(origin: str, target: str) -> str:
    """Draws are named by what happens; leaving the first line draws as in a trial's own scenario."""
    if (origin, target) == (START, DEAD):
        return "death_before_progression"
    if (origin, target) == (START, AFTER[LINES[0]]):
        return "progression"
    if (origin, target) == (AFTER[LINES[0]], DEAD):
        return "death_after_progression"
    return f"{origin} to {target}"


def _rates(
    treatment: Treatment,
    name: str,
    grades: tuple[str, ...],
    events: Mapping[str, tuple[Mapping[str, EventRates], Mapping[str, Mapping[int, float]]]],
    population: PatientPopulation,
    profile: Profile,
) -> tuple[float, ...]:
    """Rates of an event in the first line."""
    first = treatment.steps[0]
    if first is not None:
        own, met = events[first.regimen]
        for rates in own.values():
            if event_name(rates) == name:
                return rates_for(rates, population, profile, met[rates.event])
    return (0.0,) * len(grades)


def _transitions(
    treatment: Treatment, names: tuple[str, ...], reach: list[float], ratio: float, lines: Lines
) -> dict[tuple[str, str], Hazard]:
    """Hazards between states for one class."""
    out: dict[tuple[str, str], Hazard] = {}
    care = lines.scenario.supportive_care.median
    for i, name in enumerate(names):
        step = treatment.steps[i]
        here, after = LIVING[name], AFTER[name]
        following = names[i + 1] if i + 1 < len(names) else None
        given = following is not None and treatment.steps[i + 1] is not None
        share = reach[i] if given else 0.0
        if step is None:  # nobody gets here, or, at the start, is in supportive care at once
            first = i == 0
            leave = INSTANT if first else NEVER
            parts = {after: 1.0, DEAD: 0.0}
            if following is not None:
                parts[LIVING[following]] = 0.0
            alone = lines.supportive() if first else None
            factor, behind = 1.0, ratio
            time = Distribution("exponential", (care / math.log(2.0),))
            if alone is not None:
                time, behind = alone.model.pfs, ratio * alone.progression
        else:
            model = step.placed.model
            leave, factor = model.pfs, ratio * step.placed.progression
            on = 1.0 - model.death_share
            parts = {after: on * (1.0 - share), DEAD: model.death_share}
            if following is not None:
                parts[LIVING[following]] = on * share
            time, behind = step.residual.time, ratio * step.placed.death_after
        for target, part in parts.items():
            out[here, target] = Hazard(leave, part * factor)
        out[after, DEAD] = Hazard(time, behind)
    return out
