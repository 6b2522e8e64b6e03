"""One strategy's graph of health states over the classes of patients."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.strategy_schema import LINES
from simulate.model.graph import STATES, GraphSpec
from simulate.model.hashed import hashed_once
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import Distribution
from simulate.pathways.background import LifeTable, age_of
from simulate.pathways.lines import Lines, Step
from simulate.pathways.profiles import PatientClass, Profile
from simulate.pathways.toxicities import EventRates, rates_for

START, DEAD = "progression_free", "dead"
LIVING = {LINES[0]: START, LINES[1]: LINES[1], LINES[2]: LINES[2]}
AFTER = {line: f"after_{line}" for line in LINES}
INSTANT = Distribution("exponential", (1e-9,))  # months: a patient who starts in supportive care is there at once
NEVER = Distribution("exponential", (1.0,))


Events = Mapping[str, tuple[Mapping[str, EventRates], Mapping[str, Mapping[int, float]]]]  # by regimen


class After(NamedTuple):
    """Factors on what follows a regimen in the first line, with which the pathway returns its overall survival.

    Attributes
    ----------
    hazards : on all hazards after the first line.
    beyond : on those beyond the median of each process.
    shape : on the shape of survival without a further line, of a Weibull.
    """

    hazards: float = 1.0
    beyond: float = 1.0
    shape: float = 1.0


@dataclass(frozen=True)
class Setting:
    """What is the same for all patients: the shares who go on, and the corrections that give the trials' survival.

    Attributes
    ----------
    reaching : later line → share of those able to start it who do.
    after : first-line regimen → `After`; nothing is corrected where it is not named.
    """

    reaching: Mapping[str, float]
    after: Mapping[str, After]


@hashed_once
@dataclass(frozen=True)
class Treatment:
    """What one class of patients gets under a strategy.

    Attributes
    ----------
    steps : a `Step` a line, ``None`` where nothing is given.
    able : share, of those treated in the line before, who can start a line; 1 in the first.
    on : mean prognostic hazard ratio of those who can, when the line is decided on.
    unable : the same of those who cannot.
    """

    steps: tuple[Step | None, ...]
    able: tuple[float, ...]
    on: tuple[float, ...]
    unable: tuple[float, ...]


def known_events(events: Events) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Every event of a first-line regimen; where regimens grade one differently it is two events."""
    out: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for own, _ in events.values():
        for rates in own.values():
            out.setdefault(event_name(rates), (rates.label, rates.grades, rates.headline))
    return out


def event_name(rates: EventRates) -> str:
    """Name of an event with these grades: rates of different grades are never put side by side."""
    return f"{rates.event}:{','.join(rates.grades)}"


def graph(
    lines: Lines,
    found: tuple[PatientClass, ...],
    treatments: tuple[Treatment, ...],
    setting: Setting,
    table: LifeTable | None,
    known: Mapping[str, tuple[str, tuple[str, ...], str]],
    events: Events,
) -> GraphSpec:
    """One strategy's graph: a stratum a class."""
    population = lines.population
    states, transitions = transitions_of(lines, treatments, setting)
    firsts = [None if treatment.steps[0] is None else treatment.steps[0].regimen for treatment in treatments]
    limits = []
    for name in known:
        asked = {r: () if r is None else _asked(r, name, events) for r in set(firsts)}
        same: dict[Hashable, tuple[float, ...]] = {}  # patients whom the event's modifiers treat alike have one rate
        rows = []
        for regimen, treatment, c in zip(firsts, treatments, found, strict=True):
            key = (regimen, *[c.profile[x] for x in asked[regimen]])
            if key not in same:
                same[key] = _rates(treatment, name, known[name][1], events, population, c.profile)
            rows.append(same[key])
        limits.append((name, tuple(rows)))
    background: tuple[Hazard, ...] = ()
    if table is not None:
        background = tuple(table.hazard(age_of(population, c.profile)) for c in found)
    return GraphSpec(
        states,
        tuple(f"class_{i}" for i in range(len(found))),
        transitions,
        tuple(c.share for c in found),
        tuple(limits),
        background,
    )


def transitions_of(
    lines: Lines, treatments: tuple[Treatment, ...], setting: Setting
) -> tuple[tuple[str, ...], tuple[Transition, ...]]:
    """States of a strategy's graph and the transitions between them, a hazard a class."""
    hazards: dict[tuple[str, str], list[Hazard]] = {}
    names = lines.lines
    known: dict[Treatment, dict[tuple[str, str], Hazard]] = {}
    for treatment in treatments:
        if treatment not in known:
            known[treatment] = _transitions(treatment, names, lines, setting)
        for (origin, target), hazard in known[treatment].items():
            hazards.setdefault((origin, target), []).append(hazard)
    states = (*(LIVING[n] for n in names), *(AFTER[n] for n in names), DEAD)
    named = [(a, b, _decision(a, b)) for a, b in hazards]
    if len(names) == 1:  # the illness-death model that every other part of the package knows
        states = STATES
        renamed = {AFTER[names[0]]: STATES[1]}
        named = [(renamed.get(a, a), renamed.get(b, b), _decision(a, b)) for a, b in hazards]
    return states, tuple(Transition(a, b, d, tuple(h)) for (a, b, d), h in zip(named, hazards.values(), strict=True))


def _asked(regimen: str, name: str, events: Events) -> tuple[str, ...]:
    """Covariates that the modifiers of a regimen's event ask for."""
    own = (rates for rates in events[regimen][0].values() if event_name(rates) == name)
    return tuple(sorted({c for rates in own for m in rates.modifiers for c in m.when}))


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
    events: Events,
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
    treatment: Treatment, names: tuple[str, ...], lines: Lines, setting: Setting
) -> dict[tuple[str, str], Hazard]:
    """Hazards between states for one class; after a line, prognosis is that with which the next is decided on."""
    ratios = treatment.on
    out: dict[tuple[str, str], Hazard] = {}
    start = treatment.steps[0]
    after = After() if start is None else setting.after.get(start.regimen, After())
    care = lines.scenario.supportive_care.median
    for i, name in enumerate(names):
        step = treatment.steps[i]
        here, gone = LIVING[name], AFTER[name]
        following = names[i + 1] if i + 1 < len(names) else None
        share, rest = _going_on(treatment, i, setting.reaching.get(following or "", 0.0))
        if step is None:  # nobody gets here, or, at the start, is in supportive care at once
            first = i == 0
            leave = INSTANT if first else NEVER
            parts = {gone: 1.0, DEAD: 0.0}
            if following is not None:
                parts[LIVING[following]] = 0.0
            alone = lines.supportive() if first else None
            factor, behind = 1.0, ratios[0]
            time = Distribution("exponential", (care / math.log(2.0),))
            if alone is not None:
                time, behind = alone.leaving(), ratios[0]
        else:
            model = step.placed.model
            leave, factor = (
                step.placed.leaving(1.0 if i == 0 else after.beyond),
                ratios[i] * (1.0 if i == 0 else after.hazards),
            )
            on = 1.0 - model.death_share
            parts = {gone: on * (1.0 - share), DEAD: model.death_share}
            if following is not None:
                parts[LIVING[following]] = on * share
            time, behind = step.residual.time, rest * after.hazards
            if i == 0 and after.shape != 1.0 and time.family == "weibull":
                time = replace(time, params=(time.params[0] * after.shape, *time.params[1:]))
            time = step.placed.death_after.tail(after.beyond).of(time)
        for target, part in parts.items():
            out[here, target] = Hazard(leave, part * factor)
        out[gone, DEAD] = Hazard(time, behind)
    return out


def _going_on(treatment: Treatment, i: int, reaching: float) -> tuple[float, float]:
    """Share of a class who start the line after line `i`, and the mean hazard ratio of the others."""
    if i + 1 == len(treatment.steps):
        return 0.0, treatment.on[i]
    able, on, unable = treatment.able[i + 1], treatment.on[i + 1], treatment.unable[i + 1]
    share = able * reaching if treatment.steps[i + 1] is not None else 0.0
    if share >= 1.0:
        return 1.0, on
    return share, ((able - share) * on + (1.0 - able) * unable) / (1.0 - share)
