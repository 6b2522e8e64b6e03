"""Covariates that change between lines of treatment.

What a patient is when a later line is decided on is drawn at the start, with its probability given the level before:
for a change at progression that depends on nothing else, this is the same distribution as drawing it then, and classes
of patients stay exact. Between decisions nothing changes, and a change is independent of how long a line lasted.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulate.evidence.condition_schema import Condition
from simulate.evidence.population_schema import Case, Covariate, Level, PatientPopulation
from simulate.evidence.strategy_schema import LINES


def in_line(population: PatientPopulation, name: str, line: str) -> str:
    """The covariate that says what `name` is when a line is decided on; no file can give one this name."""
    later = f"{name}@{line}"
    return later if later in population.covariates else name


def changing(population: PatientPopulation) -> tuple[str, ...]:
    """Covariates that change between lines."""
    return tuple(n for n, c in population.covariates.items() if c.changes is not None)


def with_changes(population: PatientPopulation, lines: Iterable[str]) -> PatientPopulation:
    """The patients with a further covariate for each later line and covariate that changes."""
    covariates = dict(population.covariates)
    for name, covariate in population.covariates.items():
        before = name
        for line in lines:
            if line == LINES[0] or covariate.changes is None:
                continue
            later, shares = f"{name}@{line}", covariate.changes.shares
            cases = tuple(
                Case.model_construct(when={before: _is(level)}, shares=shares[key])
                for key, level in covariate.levels.items()
            )
            label = f"{covariate.label}, {line.replace('_', ' ')}"
            covariates[later] = Covariate.model_construct(
                label=label, levels=covariate.levels, cases=cases, prognosis=None, changes=None
            )
            before = later
    return population.model_copy(update={"covariates": covariates})


def _is(level: Level) -> Condition:
    """The condition that one level meets."""
    if level.min is None and level.max is None:
        return Condition.model_validate({"is": level.value})
    return Condition(min=level.min, max=level.max)
