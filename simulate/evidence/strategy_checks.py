"""Rules between the fields of a strategy file, and of the lines a scenario writes out itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.named import Regimens
from simulate.evidence.origins import cited
from simulate.evidence.population_checks import NOTHING, possible
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.rule_order import for_everyone, hidden_rule
from simulate.evidence.strategy_schema import LINES, MAX_RULES, Policy, Rule, Rules

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library


def check_policy(policy: Policy, library: Library | None = None) -> list[Finding]:
    """Every rule a strategy file breaks."""
    regimens = Regimens(library) if library is not None else None
    findings = list(rules_of_lines(("lines",), policy.lines, regimens))
    if library is not None:
        for i, source in enumerate(policy.sources):
            findings += cited(("sources", i), source, library)
        findings += _of_someone(policy, library)
    return findings


def rules_of_lines(
    path: FieldPath, lines: Mapping[str, Rules], regimens: Regimens | None, *, numbered: bool = True
) -> Iterator[Finding]:
    """Rules for lines that do not exist, of regimens that do not, or that can never be read.

    `numbered` asks that each regimen is one for its line; a scenario that begins with a later line has other numbers.
    """
    if LINES[0] not in lines:
        yield Finding(path, f"has no {LINES[0]}.", f"Everyone begins with the {LINES[0].replace('_', ' ')}.")
    for line, rules in lines.items():
        here = (*path, line)
        if line not in LINES:
            yield Finding(here, f"no line {line!r}.", suggest(line, LINES))
        if not rules:
            yield Finding(here, "has no rules.", "Add one, or leave the line out.")
        if len(rules) > MAX_RULES:
            yield Finding(here, f"{len(rules)} rules are more than {MAX_RULES}.", "Join some.")
        yield from _order(here, rules)
        for i, rule in enumerate(rules):
            if line in LINES:
                yield from _history((*here, i), line, rule, lines)
            if regimens is not None:
                yield from _names((*here, i), rule, regimens)
                if line in LINES and numbered:
                    yield from regimens.of_line((*here, i, "use"), rule.use, LINES.index(line) + 1)


def _order(path: FieldPath, rules: Rules) -> Iterator[Finding]:
    """Rules are read from the top: one that nobody reaches is a mistake."""
    for i, rule in enumerate(rules):
        earlier = hidden_rule(rules, i)
        if for_everyone(rule) and i < len(rules) - 1:
            yield Finding((*path, i), "is for everyone, so the rules after it are never read.", "Move it to the end.")
        elif earlier is not None:
            message = f"never holds: rule {earlier + 1} of this line holds for all of these patients."
            yield Finding((*path, i), message, "Put the narrower rule first, or remove one.")


def _history(path: FieldPath, line: str, rule: Rule, lines: Mapping[str, Rules]) -> Iterator[Finding]:
    """What was given before: nothing before the first line, and only what an earlier line uses."""
    before = LINES[: LINES.index(line)]
    for field in ("after", "not_after"):
        if getattr(rule, field) and not before:
            yield Finding((*path, field), "nothing was given before the first line.", "Remove it.")
    both = sorted(set(rule.after) & set(rule.not_after))
    if both:
        yield Finding((*path, "not_after"), f"{both[0]!r} stands in `after` too.", "Keep it in one of the two.")
    if before and all(name in lines for name in before):  # else an earlier line is that of the scenario's era
        used = {NOTHING, *(r.use for name in before for r in lines[name])}
        for name in rule.after:
            if name not in used:
                message = f"no earlier line uses {name!r}, so nobody comes after it."
                yield Finding((*path, "after"), message, suggest(name, used))


def _names(path: FieldPath, rule: Rule, regimens: Regimens) -> Iterator[Finding]:
    for field in ("after", "not_after"):
        for name in getattr(rule, field):
            yield from regimens.named((*path, field), name, (NOTHING,))
    yield from regimens.named((*path, "use"), rule.use, (NOTHING,))
    if rule.source is not None:
        yield from cited((*path, "source"), rule.source, regimens.library)


def _of_someone(policy: Policy, library: Library) -> Iterator[Finding]:
    """A strategy file names no population: what it asks must be a property of the patients of some file."""
    populations = list(_sound(library))
    known = {name for p in populations for name in p.covariates}
    for line, rules in policy.lines.items():
        for i, rule in enumerate(rules):
            for name, condition in rule.when.items():
                path: FieldPath = ("lines", line, i, "when", name)
                levels = [v for p in populations if name in p.covariates for v in p.covariates[name].levels.values()]
                if name not in known:
                    yield Finding(path, f"no population has a covariate {name!r}.", suggest(name, known))
                elif not any(possible(level, condition) for level in levels):
                    message = f"no level of {name} meets this in any population."
                    yield Finding(path, message, "See the levels with `simulate show populations/ID`.")


def _sound(library: Library) -> Iterator[PatientPopulation]:
    for name in library.populations():
        try:
            yield library.patients(name)
        except InputError:  # said of its own file
            continue
