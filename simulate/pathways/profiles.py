"""A population as weighted classes of patients.

Every combination of the covariates that matter is enumerated exactly, with its share; combinations that a scenario
treats alike are then one class, which is a stratum of the kernel. Nothing is sampled, so the shares of the classes are
those of the file, and the same uniform draws the same patient under every strategy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.population_schema import Covariate, Level, PatientPopulation
from simulate.evidence.strategy_schema import LINES
from simulate.pathways.changes import in_line

MAX_COMBINATIONS = 20_000_000
Profile = Mapping[str, str]  # covariate -> id of its level


@dataclass(frozen=True)
class PatientClass:
    """Patients whom a scenario treats alike.

    Attributes
    ----------
    share : of all patients.
    profile : one of theirs.
    ratio : their mean prognostic hazard ratio at the start.
    """

    share: float
    profile: Profile
    ratio: float


def meets(level: Level, condition: Condition) -> bool:
    """Whether every patient of a level meets a condition."""
    if condition.is_ is not None:
        return level.value is not None and _same(level.value, condition.is_)
    if condition.any_of is not None:
        return level.value is not None and any(_same(level.value, v) for v in condition.any_of)
    number = level.value if isinstance(level.value, int | float) and not isinstance(level.value, bool) else None
    low = level.min if level.min is not None else (number if level.max is None else -np.inf)
    high = level.max if level.max is not None else (number if level.min is None else np.inf)
    if low is None or high is None:
        return False
    return (condition.min is None or low >= condition.min) and (condition.max is None or high <= condition.max)


def _same(a: object, b: object) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def meeting(
    conditions: Conditions, population: PatientPopulation, line: str = LINES[0]
) -> tuple[tuple[str, frozenset[str]], ...]:
    """The levels that meet each condition, by the covariate as it is in a line of treatment.

    Raises
    ------
    InputError : a condition on a covariate the population does not have.
    """
    out = []
    for name, condition in conditions.items():
        if name not in population.covariates:
            known = ", ".join(population.covariates)
            raise input_error(
                f"population {population.id} has no covariate {name!r}.", field=name, advice=f"Known: {known}."
            )
        levels = population.covariates[name].levels.items()
        met = frozenset(key for key, level in levels if meets(level, condition))
        out.append((in_line(population, name, line), met))
    return tuple(out)


def holds(conditions: Conditions, population: PatientPopulation, profile: Profile) -> bool:
    """Whether a profile meets every condition at the start; errors as `meeting`."""
    return all(profile[name] in met for name, met in meeting(conditions, population))


def ancestors(population: PatientPopulation, names: Iterable[str]) -> tuple[str, ...]:
    """The covariates and those they depend on, in the order of the file."""
    wanted = set(names)
    for name in reversed(population.covariates):  # a parent stands before its children
        if name in wanted:
            wanted.update(c for case in population.covariates[name].cases for c in case.when)
    return tuple(n for n in population.covariates if n in wanted)


@dataclass(frozen=True)
class Combinations:
    """Every combination of levels that occurs: ``levels[n, c]`` of covariate `names[c]`, with its share."""

    population: PatientPopulation
    names: tuple[str, ...]
    levels: NDArray[np.int8]
    share: NDArray[np.float64]

    def profile(self, row: int) -> dict[str, str]:
        """One combination in words."""
        known = self.population.covariates
        return {n: list(known[n].levels)[k] for n, k in zip(self.names, self.levels[row].tolist(), strict=True)}

    def level(self, name: str) -> NDArray[np.int8]:
        """Number of the level of a covariate, int8[N]."""
        return self.levels[:, self.names.index(name)]


def table(population: PatientPopulation, names: Iterable[str]) -> Combinations:
    """Every combination of levels of `names` and of the covariates they depend on.

    Raises
    ------
    InputError : too many of them, or no case of a covariate holds for some patients.
    """
    order = ancestors(population, names)
    found = Combinations(population, (), np.zeros((1, 0), np.int8), np.ones(1))
    for name in order:
        found, _ = grown(found, name)
    return found


def grown(found: Combinations, name: str) -> tuple[Combinations, NDArray[np.int64]]:
    """Combinations with a further covariate, and the row that each comes from.

    Raises
    ------
    InputError : too many of them, or no case of the covariate holds for some patients.
    """
    part = _level_shares(found, found.population.covariates[name])
    if part.size > MAX_COMBINATIONS:
        raise input_error(
            f"{part.size:,} combinations of covariates are too many.",
            field="covariates",
            advice="Use fewer covariates in rules, or fewer levels.",
        )
    rows, level = np.nonzero(part)
    levels = np.column_stack((found.levels[rows], level.astype(np.int8)))
    return Combinations(found.population, (*found.names, name), levels, found.share[rows] * part[rows, level]), rows


def _level_shares(found: Combinations, covariate: Covariate) -> NDArray[np.float64]:
    """Shares of a covariate's levels for every combination so far, float64[N, L]."""
    out = np.full((len(found.share), len(covariate.levels)), np.nan)
    open_rows = np.ones(len(found.share), bool)
    for case in covariate.cases:
        holding = open_rows.copy()
        for name, condition in case.when.items():
            levels = found.population.covariates[name].levels.values()
            met = np.array([meets(level, condition) for level in levels])
            holding &= met[found.levels[:, found.names.index(name)]]
        out[holding] = case.shares
        open_rows &= ~holding
    if open_rows.any():
        raise input_error("no case holds for some patients; add one without `when`.", field=covariate.label)
    return out


def combinations(population: PatientPopulation, names: Iterable[str]) -> list[tuple[float, dict[str, str]]]:
    """Every combination of levels of `names` and their ancestors that occurs, with its share."""
    found = table(population, names)
    return [(float(share), found.profile(i)) for i, share in enumerate(found.share)]


def ratios_in(found: Combinations, line: str) -> NDArray[np.float64]:
    """Prognostic hazard ratio of every combination in a line of treatment."""
    out = np.ones(len(found.share))
    for name in found.names:
        prognosis = found.population.covariates[name].prognosis
        if prognosis is not None:
            now = in_line(found.population, name, line)
            column = found.level(now if now in found.names else name)
            out *= np.array(prognosis.hazard_ratios)[column]
    return out


def prognostic(population: PatientPopulation) -> tuple[str, ...]:
    """Covariates with a prognostic effect."""
    return tuple(n for n, c in population.covariates.items() if c.prognosis is not None)


def marginal(population: PatientPopulation, name: str) -> dict[str, float]:
    """Share of each level of one covariate in the whole population."""
    out = dict.fromkeys(population.covariates[name].levels, 0.0)
    for share, profile in combinations(population, [name]):
        out[profile[name]] += share
    return out
