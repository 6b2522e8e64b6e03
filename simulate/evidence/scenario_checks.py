"""Rules between the fields of a scenario, and between a scenario and the trial it asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.evaluation_checks import check_evaluation
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.own_checks import check_own
from simulate.evidence.pathway_checks import check_form, check_pathways
from simulate.evidence.scenario_schema import NO_COMPARATOR, STATES, Scenario
from simulate.evidence.schema import Trial

if TYPE_CHECKING:
    from simulate.evidence.library import Library

ENDPOINTS = ("os", "pfs", "ttp", "pps")
MONTHS_IN_A_LIFE = 1200


def check_scenario(scenario: Scenario, library: Library | None = None) -> list[Finding]:
    """Every rule a scenario breaks; those that need the trial only where a library is given."""
    if scenario.own_model is not None:
        sound = [*_strategies(scenario), *_times(scenario), *check_own(scenario, library)]
        return [*sound, *check_evaluation(scenario, library)]
    findings = [*check_form(scenario), *_strategies(scenario), *check_pathway(scenario.pathway), *_times(scenario)]
    findings += check_evaluation(scenario, library)
    return [*findings, *(_against_library(scenario, library) if library is not None else ())]


def _strategies(scenario: Scenario) -> Iterator[Finding]:
    if scenario.comparator not in scenario.strategies:
        yield Finding(
            ("comparator",), f"no strategy {scenario.comparator!r}.", suggest(scenario.comparator, scenario.strategies)
        )
    yield from _comparators(scenario)
    least = 2 * len(scenario.strategies)
    if scenario.trial_like_n is not None and scenario.trial_like_n < least:
        message = f"{scenario.trial_like_n} is too few for {len(scenario.strategies)} strategies."
        yield Finding(("trial_like_n",), message, f"Give {least} or more patients, two a strategy, or leave it out.")


def _comparators(scenario: Scenario) -> Iterator[Finding]:
    """What single strategies are held against: another strategy, or `none`."""
    allowed = (*scenario.strategies, NO_COMPARATOR)
    for name, strategy in scenario.strategies.items():
        own, path = strategy.comparator, ("strategies", name, "comparator")
        if own is None:
            continue
        if scenario.trial is not None:
            message = "belongs to scenarios of pathways; the arms of a trial are held against one of them."
            yield Finding(path, message, "Remove it.")
        elif name == scenario.comparator:
            yield Finding(path, "is the comparator of the scenario, held against nothing.", "Remove it.")
        elif own == name:
            yield Finding(path, f"holds {name!r} against itself.", "Name another strategy, or `none`.")
        elif own not in allowed:
            yield Finding(path, f"no strategy {own!r}.", suggest(own, allowed))
        elif own == NO_COMPARATOR and NO_COMPARATOR in scenario.strategies:
            message = "`none` is no comparator at all, and a strategy is called so too."
            yield Finding(path, message, "Give that strategy another id.")
    for i, bias in enumerate(scenario.selection_bias):
        chosen = scenario.strategies.get(bias.strategy)
        if chosen is not None and chosen.comparator not in (None, scenario.comparator):
            message = f"{bias.strategy!r} is held against {chosen.comparator!r}, not against the scenario’s comparator."
            yield Finding(("selection_bias", i, "strategy"), message, "Remove this entry or its `comparator`.")


def _times(scenario: Scenario) -> Iterator[Finding]:
    if scenario.horizon > MONTHS_IN_A_LIFE:
        yield Finding(
            ("horizon",), f"{scenario.horizon:g} months is longer than a life.", "The unit of time is the month."
        )
    for i, landmark in enumerate(scenario.landmarks):
        if landmark > scenario.horizon:
            message = f"{landmark:g} months lies beyond the horizon {scenario.horizon:g}."
            yield Finding(("landmarks", i), message, "Lengthen the horizon or drop the landmark.")
    for endpoint, tau in scenario.rmst.items():
        if endpoint not in ENDPOINTS:
            yield Finding(("rmst", endpoint), f"no endpoint {endpoint!r}.", suggest(endpoint, ENDPOINTS))
        if tau > scenario.horizon:
            message = f"{tau:g} months lies beyond the horizon {scenario.horizon:g}."
            yield Finding(("rmst", endpoint), message, "Lengthen the horizon or shorten the restriction.")
    for endpoint in scenario.follow_up:
        if endpoint not in ENDPOINTS:
            yield Finding(("follow_up", endpoint), f"no endpoint {endpoint!r}.", suggest(endpoint, ENDPOINTS))


def check_pathway(pathway: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """A pathway is an acyclic graph of known states, from progression-free to death, with no way round."""
    known = True
    for state, targets in pathway.items():
        for name, path in ((state, ("pathway", state)), *((t, ("pathway", state)) for t in targets)):
            if name not in STATES:
                known = False
                yield Finding(path, f"no health state {name!r}.", suggest(name, STATES))
            elif name not in pathway:
                known = False
                yield Finding(
                    path,
                    f"leads to {name!r}, which is not in the pathway.",
                    f"Add `{name}: []` or drop the transition.",
                )
        if len(set(targets)) < len(targets):
            yield Finding(("pathway", state), "names a state twice.", "Name each next state once.")
    if "dead" not in pathway or STATES[0] not in pathway:
        yield Finding(
            ("pathway",), f"needs the states {STATES[0]} and dead.", "Patients enter in the first and end in the last."
        )
        return
    if pathway["dead"]:
        yield Finding(("pathway", "dead"), "death is final and leads nowhere.", "Write `dead: []`.")
    if not known:
        return
    loop = _loop(pathway)
    if loop:
        message = f"goes in a circle: {' → '.join(loop)}."
        yield Finding(
            ("pathway", loop[0]),
            message,
            "Health states follow one another; name a second visit as a state of its own.",
        )
        return
    yield from _dead_ends(pathway)


def _dead_ends(pathway: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    reached = {STATES[0]}
    frontier = [STATES[0]]
    while frontier:
        fresh = [t for t in pathway[frontier.pop()] if t not in reached]
        reached.update(fresh)
        frontier += fresh
    for state, targets in pathway.items():
        if state not in reached:
            yield Finding(
                ("pathway", state), f"cannot be reached from {STATES[0]}.", "Add a transition to it or remove it."
            )
        if not targets and state != "dead":
            yield Finding(
                ("pathway", state), "leads nowhere; only death ends a pathway.", "Add the transition to dead."
            )


def _loop(pathway: Mapping[str, tuple[str, ...]]) -> list[str]:
    """States of a cycle, first and last the same, or an empty list."""
    for start in pathway:
        trail: list[tuple[str, list[str]]] = [(start, [start])]
        visited: set[str] = set()
        while trail:
            state, way = trail.pop()
            for target in pathway[state]:
                if target == start:
                    return [*way, start]
                if target not in visited:
                    visited.add(target)
                    trail.append((target, [*way, target]))
    return []


def _against_library(scenario: Scenario, library: Library) -> Iterator[Finding]:
    for i, source in enumerate(scenario.sources):
        if source not in library.sources:
            yield Finding(("sources", i), f"no source {source!r}.", suggest(source, library.sources))
    if scenario.trial is None:
        yield from check_pathways(scenario, library)
        return
    if scenario.trial not in library.trials():
        yield Finding(("trial",), f"no trial {scenario.trial!r}.", suggest(scenario.trial, library.trials()))
        return
    try:
        trial = library.trial(scenario.trial)
    except InputError as error:
        yield Finding(("trial",), f"trial {scenario.trial!r} has errors:\n{error}", "Correct its file first.")
        return
    if trial.calibration.structure == "outcomes_only":
        message = f"trial {trial.id} reports outcomes only; there is no survival to simulate."
        yield Finding(("trial",), message, "Name another trial.")
    yield from _against_trial(scenario, trial)


def _against_trial(scenario: Scenario, trial: Trial) -> Iterator[Finding]:
    for name, strategy in scenario.strategies.items():
        if strategy.arm is not None and strategy.arm not in trial.arms:
            yield Finding(
                ("strategies", name, "arm"),
                f"trial {trial.id} has no arm {strategy.arm!r}.",
                suggest(strategy.arm, trial.arms),
            )
    population = trial.populations.get(scenario.population)
    if population is None:
        message = f"trial {trial.id} has no population {scenario.population!r}."
        yield Finding(("population",), message, suggest(scenario.population, trial.populations))
    elif population.strata is None:
        message = f"{scenario.population!r} is not made of strata; only contrasts are known for it."
        made = [name for name, p in trial.populations.items() if p.strata is not None]
        yield Finding(("population",), message, f"Choose one of: {', '.join(sorted(made))}.")
    for endpoint, cut in scenario.follow_up.items():
        if cut not in trial.cuts:
            yield Finding(
                ("follow_up", endpoint), f"trial {trial.id} has no data cut {cut!r}.", suggest(cut, trial.cuts)
            )
    if scenario.trial_like_n is not None and scenario.trial_like_n > trial.patients:
        message = f"{scenario.trial_like_n} exceeds the {trial.patients} patients of trial {trial.id}."
        yield Finding(("trial_like_n",), message, "A trial-like size is at most the trial's.", "warning")
