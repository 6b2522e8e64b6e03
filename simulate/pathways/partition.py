"""Which covariates matter in a scenario, and which patients it therefore treats alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

from simulate.evidence.population_checks import NOTHING
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES, Rules
from simulate.pathways.graphs import Events
from simulate.pathways.lines import Lines
from simulate.pathways.profiles import Profile, hazard_ratio, prognostic

PROGNOSIS_STEP = 0.3  # of a log hazard ratio


def regimens_used(scenario: Scenario, lines: Lines) -> tuple[str, ...]:
    """Every regimen a strategy may use in a line that is modelled."""
    used = [
        rule.use
        for strategy in scenario.strategies.values()
        for line, rules in lines.rules(strategy).items()
        if line in lines.lines
        for rule in rules
    ]
    return tuple(dict.fromkeys(u for u in used if u != NOTHING))


def covariates_of_strategy(scenario: Scenario, lines: Lines, events: Events, rules: dict[str, Rules]) -> set[str]:
    """Covariates on which it depends what a strategy does with a patient and what lies behind it."""
    out: set[str] = set()
    for line in lines.lines:
        for rule in rules.get(line, ()):
            out |= set(rule.when)
            if rule.use == NOTHING:
                continue
            out |= set(lines.covariates(line, rule.use))
            if line == LINES[0]:
                out |= {c for rates in events[rule.use][0].values() for m in rates.modifiers for c in m.when}
    for line in lines.lines[1:]:
        out |= set(lines.covariates(line, scenario.later_lines[line].era))
    return out


def parts(
    scenario: Scenario, lines: Lines, events: Events, *, aged: bool
) -> list[tuple[tuple[str, ...], Callable[[Profile], Hashable]]]:
    """What distinguishes patients: what every strategy does with them, their prognosis, their age, and `by`.

    Hazard ratios that differ by less than a step of `PROGNOSIS_STEP` on the log scale are one class, with their mean.
    """
    out: list[tuple[tuple[str, ...], Callable[[Profile], Hashable]]] = []

    def prognosis(profile: Profile) -> Hashable:
        return round(math.log(hazard_ratio(lines.population, profile)) / PROGNOSIS_STEP)

    out.append((prognostic(lines.population), prognosis))
    if aged:
        out.append((("age",), lambda profile: profile["age"]))
    for name in scenario.by:
        out.append(((name,), lambda profile, name=name: profile[name]))  # type: ignore[misc]
    for strategy in scenario.strategies.values():
        rules = dict(lines.rules(strategy))
        names = tuple(sorted(covariates_of_strategy(scenario, lines, events, rules)))
        out.append((names, lambda profile, rules=rules: _given(lines, events, rules, profile)))  # type: ignore[misc]
    return out


def _given(lines: Lines, events: Events, rules: dict[str, Rules], profile: Profile) -> Hashable:
    """What a strategy gives a patient in every line, what decides on its models, and on its adverse events."""
    out: list[Hashable] = []
    given = lines.course(rules, profile)
    for line, use in zip(lines.lines, given, strict=True):
        out.append(use)
        if use == NOTHING:
            continue
        out += lines.deciding(line, use, profile)
        if line == LINES[0]:
            modifiers = [m for rates in events[use][0].values() for m in rates.modifiers]
            out += [tuple(profile[c] for c in sorted(m.when)) for m in modifiers]
    return tuple(out)
