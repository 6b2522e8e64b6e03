"""Rules between the fields of a population file, and what a condition may ask of its patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.origins import cited, origin
from simulate.evidence.population_schema import Case, Changes, Covariate, Level, PatientPopulation, Prognosis
from simulate.evidence.rule_order import hidden_case

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

NOTHING = "supportive_care"  # what a rule uses where no further treatment is given
SUM_TOLERANCE = 1e-6
WIDEST_RATIO = 100.0  # of a prognosis: what lies beyond is a percentage, or a slip


def check_population(population: PatientPopulation, library: Library | None = None) -> list[Finding]:
    """Every rule a population breaks."""
    findings: list[Finding] = []
    before: dict[str, Covariate] = {}
    for name, covariate in population.covariates.items():
        path: FieldPath = ("covariates", name)
        findings += _levels(path, covariate)
        cases = [case.when for case in covariate.cases]
        for i, case in enumerate(covariate.cases):
            here: FieldPath = (*path, "cases", i)
            findings += _case(here, case, covariate, last=i == len(cases) - 1)
            findings += _parents((*here, "when"), case.when, before, population)
            earlier = hidden_case(cases, i)
            if earlier is not None:
                message = f"never holds: case {earlier + 1} of {name} holds for all of these patients."
                findings.append(Finding((*here, "when"), message, "Put the narrower case first, or remove one."))
            findings += origin(here, case, library)
        if covariate.prognosis is not None:
            findings += _prognosis((*path, "prognosis"), covariate.prognosis, covariate)
            findings += origin((*path, "prognosis"), covariate.prognosis, library)
        if covariate.changes is not None:
            findings += _changes((*path, "changes"), covariate.changes, covariate)
            findings += origin((*path, "changes"), covariate.changes, library)
        before[name] = covariate
    if library is not None:
        for i, source in enumerate(population.sources):
            findings += cited(("sources", i), source, library)
    return findings


def _levels(path: FieldPath, covariate: Covariate) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    bands: dict[str, tuple[float, float]] = {}
    for name, level in covariate.levels.items():
        here = (*path, "levels", name)
        if level.value is None and level.min is None and level.max is None:
            yield Finding(here, "has neither a value nor bounds.", "Give `value`, or `min` and `max`.")
        if level.min is not None and level.max is not None and level.min > level.max:
            yield Finding(here, f"min {level.min:g} exceeds max {level.max:g}.", "Swap them.")
            continue
        if level.value is not None and (level.min is not None or level.max is not None):
            yield from _stands_for(here, level)
        text = repr((level.value, level.min, level.max))
        if text in seen:
            yield Finding(here, f"is the same as level {seen[text]!r}.", "Merge the two.")
            continue
        seen[text] = name
        band = bounds(level)
        if band is None:
            continue
        for other, (low, high) in bands.items():
            if band[0] <= high and low <= band[1]:
                message = f"overlaps level {other!r} ({shown(covariate.levels[other])})."
                yield Finding(here, message, "Both bounds belong to a level: let each begin above the end of the last.")
                break
        bands[name] = band


def _stands_for(path: FieldPath, level: Level) -> Iterator[Finding]:
    """The one number that stands for a band."""
    if isinstance(level.value, bool) or not isinstance(level.value, int | float):
        message = f"has bounds, and a value that is no number: {shown(Level(value=level.value))}."
        yield Finding((*path, "value"), message, "Write it as `label`.")
    elif not (level.min is None or level.min <= level.value) or not (level.max is None or level.value <= level.max):
        band = shown(Level(min=level.min, max=level.max))
        yield Finding(
            (*path, "value"), f"{level.value:g} lies outside {band}.", "It stands for the band: choose one in it."
        )


def bounds(level: Level) -> tuple[float, float] | None:
    """Lowest and highest number of a level; None if it is none."""
    if level.min is not None or level.max is not None:
        return (
            level.min if level.min is not None else float("-inf"),
            level.max if level.max is not None else float("inf"),
        )
    if isinstance(level.value, bool) or not isinstance(level.value, int | float):
        return None
    return (level.value, level.value)


def _case(path: FieldPath, case: Case, covariate: Covariate, *, last: bool) -> Iterator[Finding]:
    yield from shares_of((*path, "shares"), case.shares, covariate)
    if last and case.when:
        message = "the last case is not for everyone else."
        yield Finding((*path, "when"), message, "Add a case without `when`.")
    if not last and not case.when:
        yield Finding(path, "holds for everyone, so the cases after it never do.", "Move it to the end.")


def shares_of(path: FieldPath, shares: tuple[float, ...], covariate: Covariate) -> Iterator[Finding]:
    """Shares that are not one for each level, or do not add up."""
    if len(shares) != len(covariate.levels):
        message = f"{len(shares)} shares for {len(covariate.levels)} levels."
        yield Finding(path, message, f"One each for {', '.join(covariate.levels)}.")
    elif abs(sum(shares) - 1.0) > SUM_TOLERANCE:
        yield Finding(path, f"add up to {sum(shares):g}.", "Shares of all levels add up to 1.")


def _prognosis(path: FieldPath, prognosis: Prognosis, covariate: Covariate) -> Iterator[Finding]:
    here = (*path, "hazard_ratios")
    if len(prognosis.hazard_ratios) != len(covariate.levels):
        message = f"{len(prognosis.hazard_ratios)} hazard ratios for {len(covariate.levels)} levels."
        yield Finding(here, message, f"One each for {', '.join(covariate.levels)}.")
    for i, ratio in enumerate(prognosis.hazard_ratios):
        if not 1.0 / WIDEST_RATIO <= ratio <= WIDEST_RATIO:
            message = f"{ratio:g} is no hazard ratio of a prognosis; at most {WIDEST_RATIO:g} either way."
            yield Finding((*here, i), message, "It multiplies the hazard: 1 changes nothing.")


def _changes(path: FieldPath, changes: Changes, covariate: Covariate) -> Iterator[Finding]:
    """A row for every level, each of shares."""
    for name in covariate.levels:
        if name not in changes.shares:
            message = f"level {name!r} has no row."
            yield Finding((*path, "shares"), message, "Say what becomes of every level; itself, if nothing.")
    for name, row in changes.shares.items():
        if name not in covariate.levels:
            yield Finding((*path, "shares", name), f"no level {name!r}.", suggest(name, covariate.levels))
            continue
        yield from shares_of((*path, "shares", name), row, covariate)


def _parents(
    path: FieldPath, when: Conditions, before: Mapping[str, Covariate], population: PatientPopulation
) -> Iterator[Finding]:
    """A case may depend on covariates named before its own."""
    for name, condition in when.items():
        if name not in before and name in population.covariates:
            message = f"covariate {name!r} does not stand before this one."
            yield Finding((*path, name), message, "A covariate depends on those above it only: move that one up.")
        elif name not in before:
            yield Finding((*path, name), f"no covariate {name!r}.", suggest(name, before))
        else:
            yield from _level((*path, name), name, condition, before[name])


def conditions(path: FieldPath, when: Conditions, population: PatientPopulation) -> Iterator[Finding]:
    """Conditions on a covariate the patients do not have, or that none of its levels can meet."""
    known = population.covariates
    for name, condition in when.items():
        if name not in known:
            message = f"population {population.id} has no covariate {name!r}."
            yield Finding((*path, name), message, suggest(name, known))
        else:
            yield from _level((*path, name), name, condition, known[name])


def _level(path: FieldPath, name: str, condition: Condition, covariate: Covariate) -> Iterator[Finding]:
    """A condition that no level meets, whole or at all; a value of `any_of` that is no level."""
    levels = covariate.levels.values()
    listed = ", ".join(shown(level) for level in levels)
    if not any(possible(level, condition) for level in levels):
        yield Finding(path, "no level meets this.", f"Levels of {name} are {listed}.")
        return
    for value in condition.any_of or ():
        if not any(possible(level, Condition.model_validate({"is": value})) for level in levels):
            message = f"{shown(Level(value=value))} is no level."
            yield Finding((*path, "any_of"), message, f"Levels of {name} are {listed}.")


def possible(level: Level, condition: Condition) -> bool:
    """Whether every patient of a level meets a condition."""
    if condition.is_ is not None or condition.any_of is not None:
        wanted = (condition.is_,) if condition.is_ is not None else condition.any_of or ()
        return any(isinstance(level.value, bool) == isinstance(w, bool) and level.value == w for w in wanted)
    band = bounds(level)
    if band is None:
        return False
    return (condition.min is None or band[0] >= condition.min) and (condition.max is None or band[1] <= condition.max)


def shown(level: Level) -> str:
    """A level as a message names it."""
    if level.value is not None:
        if isinstance(level.value, bool):
            return str(level.value).lower()
        return level.value if isinstance(level.value, str) else f"{level.value:g}"
    return f"{'' if level.min is None else f'{level.min:g}'}–{'' if level.max is None else f'{level.max:g}'}"
