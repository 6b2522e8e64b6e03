"""Rules between the fields of a population file and of a strategy file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.population_schema import Case, Covariate, PatientPopulation, Prognosis
from simulate.evidence.strategy_schema import LINES, MAX_RULES, Policy, Rules

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

NOTHING = "supportive_care"  # what a rule uses where no further treatment is given
SUM_TOLERANCE = 1e-6


def check_population(population: PatientPopulation, library: Library | None = None) -> list[Finding]:
    """Every rule a population breaks."""
    findings: list[Finding] = []
    before: dict[str, Covariate] = {}
    for name, covariate in population.covariates.items():
        path: FieldPath = ("covariates", name)
        findings += _levels(path, covariate)
        for i, case in enumerate(covariate.cases):
            findings += _case((*path, "cases", i), case, covariate, before, last=i == len(covariate.cases) - 1)
        if covariate.prognosis is not None:
            findings += _prognosis((*path, "prognosis"), covariate.prognosis, covariate)
        before[name] = covariate
    if library is not None:
        findings += _citations(population, library)
    return findings


def _levels(path: FieldPath, covariate: Covariate) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, level in covariate.levels.items():
        here = (*path, "levels", name)
        if level.value is None and level.min is None and level.max is None:
            yield Finding(here, "has neither a value nor bounds.", "Give `value`, or `min` and `max`.")
        if level.min is not None and level.max is not None and level.min > level.max:
            yield Finding(here, f"min {level.min:g} exceeds max {level.max:g}.", "Swap them.")
        text = repr((level.value, level.min, level.max))
        if text in seen:
            yield Finding(here, f"is the same as level {seen[text]!r}.", "Merge the two.")
        seen[text] = name


def _case(
    path: FieldPath, case: Case, covariate: Covariate, before: dict[str, Covariate], *, last: bool
) -> Iterator[Finding]:
    if len(case.shares) != len(covariate.levels):
        message = f"{len(case.shares)} shares for {len(covariate.levels)} levels."
        yield Finding((*path, "shares"), message, f"One each for {', '.join(covariate.levels)}.")
    elif abs(sum(case.shares) - 1.0) > SUM_TOLERANCE:
        yield Finding((*path, "shares"), f"add up to {sum(case.shares):g}.", "Shares of all levels add up to 1.")
    yield from conditions((*path, "when"), case.when, before)
    if last and case.when:
        message = "the last case is not for everyone else."
        yield Finding((*path, "when"), message, "Add a case without `when`.")
    if not last and not case.when:
        yield Finding(path, "holds for everyone, so the cases after it never do.", "Move it to the end.")
    yield from _origin(path, case)


def _prognosis(path: FieldPath, prognosis: Prognosis, covariate: Covariate) -> Iterator[Finding]:
    if len(prognosis.hazard_ratios) != len(covariate.levels):
        message = f"{len(prognosis.hazard_ratios)} hazard ratios for {len(covariate.levels)} levels."
        yield Finding((*path, "hazard_ratios"), message, f"One each for {', '.join(covariate.levels)}.")
    yield from _origin(path, prognosis)


def _origin(path: FieldPath, stated: Case | Prognosis) -> Iterator[Finding]:
    """Nothing stands without a source or an admitted assumption."""
    if stated.assumed and stated.why is None:
        yield Finding(path, "is assumed without a reason.", "Add `why`.")
    elif not stated.assumed and stated.source is None:
        yield Finding(path, "has no source.", "Name its `source`, or write `assumed: true` and `why`.")
    elif stated.source is not None and stated.seen is None and not stated.assumed:
        yield Finding(path, "does not say how its source was seen.", "Add `seen`.")


def conditions(path: FieldPath, when: Conditions, known: dict[str, Covariate]) -> Iterator[Finding]:
    """Conditions that name no known covariate, or that none of its levels can meet."""
    for name, condition in when.items():
        if name not in known:
            yield Finding((*path, name), f"no covariate {name!r} before this one.", suggest(name, known))
        elif not any(_possible(level.value, level.min, level.max, condition) for level in known[name].levels.values()):
            levels = ", ".join(_shown(v.value, v.min, v.max) for v in known[name].levels.values())
            yield Finding((*path, name), "no level meets this.", f"Levels of {name} are {levels}.")


def _possible(value: object, low: float | None, high: float | None, condition: Condition) -> bool:
    if condition.is_ is not None or condition.any_of is not None:
        wanted = (condition.is_,) if condition.is_ is not None else condition.any_of or ()
        return any(isinstance(value, bool) == isinstance(w, bool) and value == w for w in wanted)
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    bottom, top = (low, high) if low is not None or high is not None else (number, number)
    if bottom is None and top is None:
        return False
    above = condition.min is None or (bottom if bottom is not None else float("-inf")) >= condition.min
    return above and (condition.max is None or (top if top is not None else float("inf")) <= condition.max)


def _shown(value: object, low: float | None, high: float | None) -> str:
    if value is not None:
        return str(value).lower() if isinstance(value, bool) else str(value)
    return f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"


def _citations(population: PatientPopulation, library: Library) -> Iterator[Finding]:
    known = library.sources
    for i, source in enumerate(population.sources):
        if source not in known:
            yield Finding(("sources", i), f"no source {source!r}.", suggest(source, known))
    for name, covariate in population.covariates.items():
        stated: list[tuple[FieldPath, Case | Prognosis]] = [
            (("covariates", name, "cases", i), case) for i, case in enumerate(covariate.cases)
        ]
        if covariate.prognosis is not None:
            stated.append((("covariates", name, "prognosis"), covariate.prognosis))
        for path, item in stated:
            if item.source is not None and item.source not in known:
                yield Finding((*path, "source"), f"no source {item.source!r}.", suggest(item.source, known))


def check_policy(policy: Policy, library: Library | None = None) -> list[Finding]:
    """Every rule a strategy file breaks."""
    findings = list(rules_of_lines(("lines",), policy.lines, library))
    if library is not None:
        for i, source in enumerate(policy.sources):
            if source not in library.sources:
                findings.append(Finding(("sources", i), f"no source {source!r}.", suggest(source, library.sources)))
    return findings


def rules_of_lines(path: FieldPath, lines: dict[str, Rules], library: Library | None) -> Iterator[Finding]:
    """Rules for lines that do not exist, of regimens that do not, or that can never be read."""
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
        for i, rule in enumerate(rules):
            if not (rule.when or rule.after or rule.not_after) and i < len(rules) - 1:
                yield Finding(
                    (*here, i), "is for everyone, so the rules after it are never read.", "Move it to the end."
                )
            if library is None:
                continue
            known = (*library.regimens(), NOTHING)
            for field in ("after", "not_after"):
                for name in getattr(rule, field):
                    if name not in known:
                        yield Finding((*here, i, field), f"no regimen {name!r}.", suggest(name, known))
            if rule.use not in known:
                yield Finding((*here, i, "use"), f"no regimen {rule.use!r}.", suggest(rule.use, known))
            if rule.source is not None and rule.source not in library.sources:
                message = f"no source {rule.source!r}."
                yield Finding((*here, i, "source"), message, suggest(rule.source, library.sources))
