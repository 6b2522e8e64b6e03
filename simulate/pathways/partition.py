"""Which covariates matter in a scenario, and which patients it therefore treats alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from simulate.evidence.population_checks import NOTHING
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES, Rules
from simulate.pathways.graphs import Events
from simulate.pathways.lines import Lines
from simulate.pathways.profiles import Profile, hazard_ratio, prognostic


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


class Partition:
    """The key of a profile: what every strategy does with it, its prognosis, its age.

    Each part of the key looks at few covariates and is remembered by their levels, because populations have hundreds of
    thousands of combinations.
    """

    def __init__(self, scenario: Scenario, lines: Lines, events: Events, *, aged: bool) -> None:
        self.parts: list[tuple[tuple[str, ...], Callable[[Profile], Hashable], dict[Hashable, Hashable]]] = []
        self._add(prognostic(lines.population), lambda profile: hazard_ratio(lines.population, profile))
        if aged:
            self._add(("age",), lambda profile: profile["age"])
        for strategy in scenario.strategies.values():
            rules = dict(lines.rules(strategy))
            names = covariates_of_strategy(scenario, lines, events, rules)
            self._add(names, lambda profile, rules=rules: _given(lines, events, rules, profile))  # type: ignore[misc]

    def _add(self, names: Iterable[str], part: Callable[[Profile], Hashable]) -> None:
        self.parts.append((tuple(sorted(names)), part, {}))

    @property
    def covariates(self) -> set[str]:
        """Every covariate that matters."""
        return {name for names, _, _ in self.parts for name in names}

    def __call__(self, profile: Profile) -> Hashable:
        """The key of a profile."""
        out = []
        for names, part, known in self.parts:
            levels = tuple([profile[n] for n in names])
            found = known.get(levels)
            if found is None:
                # of the covariates that matter only: two parts must not differ in what they have not looked at
                found = known[levels] = part({n: profile[n] for n in names})
            out.append(found)
        return tuple(out)


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
