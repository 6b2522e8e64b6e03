"""A population as weighted classes of patients.

Every combination of the covariates that matter is enumerated exactly, with its share; combinations that a scenario
treats alike are then one class, which is a stratum of the kernel. Nothing is sampled, so the shares of the classes are
those of the file, and the same uniform draws the same patient under every strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.population_schema import Covariate, Level, PatientPopulation

MAX_COMBINATIONS = 20_000_000
MAX_CLASSES = 4_000
Profile = Mapping[str, str]  # covariate -> id of its level


@dataclass(frozen=True)
class PatientClass:
    """Patients whom a scenario treats alike: their share, one of their profiles, their mean prognostic hazard ratio."""

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


def holds(conditions: Conditions, population: PatientPopulation, profile: Profile) -> bool:
    """Whether a profile meets every condition.

    Raises
    ------
    InputError : a condition on a covariate the population does not have.
    """
    for name, condition in conditions.items():
        if name not in population.covariates:
            known = ", ".join(population.covariates)
            raise input_error(
                f"population {population.id} has no covariate {name!r}.", field=name, advice=f"Known: {known}."
            )
        if not meets(population.covariates[name].levels[profile[name]], condition):
            return False
    return True


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
        return self.profiles([row], self.names)[0]

    def profiles(self, rows: Sequence[int] | NDArray[np.int64], names: Sequence[str]) -> list[dict[str, str]]:
        """Some covariates of some combinations in words."""
        known = [list(self.population.covariates[n].levels) for n in names]
        columns = np.array([self.names.index(n) for n in names], np.int64)
        levels = self.levels[np.asarray(rows)[:, None], columns].tolist()
        return [{n: own[k] for n, own, k in zip(names, known, row, strict=True)} for row in levels]

    def groups(self, names: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows that differ in `names` only by their first occurrence: (first row of each group, group of each row)."""
        code = np.zeros(len(self.share), np.int64)
        for n in names:
            code = code * len(self.population.covariates[n].levels) + self.levels[:, self.names.index(n)]
        _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
        return first, inverse


def table(population: PatientPopulation, names: Iterable[str]) -> Combinations:
    """Every combination of levels of `names` and of the covariates they depend on.

    Raises
    ------
    InputError : too many of them, or no case of a covariate holds for some patients.
    """
    order = ancestors(population, names)
    found = Combinations(population, (), np.zeros((1, 0), np.int8), np.ones(1))
    for name in order:
        part = _level_shares(found, population.covariates[name])
        if part.size > MAX_COMBINATIONS:
            raise input_error(
                f"{part.size:,} combinations of covariates are too many.",
                field="covariates",
                advice="Use fewer covariates in rules, or fewer levels.",
            )
        rows, level = np.nonzero(part)
        grown = np.column_stack((found.levels[rows], level.astype(np.int8)))
        found = Combinations(population, (*found.names, name), grown, found.share[rows] * part[rows, level])
    return found


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


def classes(
    population: PatientPopulation, parts: Sequence[tuple[tuple[str, ...], Callable[[Profile], Hashable]]]
) -> tuple[PatientClass, ...]:
    """Patients grouped by what a scenario does with them.

    Parameters
    ----------
    parts : covariates and a function of them each; patients for whom all functions agree are one class.

    Returns
    -------
    Classes in the order in which they first occur, shares adding up to 1.
    """
    found = table(population, {n for names, _ in parts for n in names})
    code = np.zeros(len(found.share), np.int64)
    for names, part in parts:
        first, group = found.groups(names)
        known: dict[Hashable, int] = {}
        values = [known.setdefault(part(profile), len(known)) for profile in found.profiles(first, names)]
        if code.max(initial=0) > np.iinfo(np.int64).max // (len(known) + 1):  # keep the product of parts small
            _, code = np.unique(code, return_inverse=True)
        code = code * len(known) + np.array(values)[group]
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    if len(first) > MAX_CLASSES:
        raise input_error(f"{len(first):,} classes of patients are too many.", field="covariates")
    share = np.bincount(inverse, found.share)
    weighted = np.bincount(inverse, found.share * _ratios(found))
    rows = np.argsort(first)
    total = share.sum()
    return tuple(
        PatientClass(float(share[k] / total), found.profile(int(first[k])), float(f"{weighted[k] / share[k]:.6g}"))
        for k in rows
    )


def _ratios(found: Combinations) -> NDArray[np.float64]:
    """Prognostic hazard ratio of every combination."""
    out = np.ones(len(found.share))
    for name in found.names:
        prognosis = found.population.covariates[name].prognosis
        if prognosis is not None:
            out *= np.array(prognosis.hazard_ratios)[found.levels[:, found.names.index(name)]]
    return out


def hazard_ratio(population: PatientPopulation, profile: Profile) -> float:
    """Product of the prognostic hazard ratios of a profile's levels."""
    out = 1.0
    for name, level in profile.items():
        covariate = population.covariates[name]
        if covariate.prognosis is not None:
            out *= covariate.prognosis.hazard_ratios[list(covariate.levels).index(level)]
    return float(f"{out:.6g}")


def prognostic(population: PatientPopulation) -> tuple[str, ...]:
    """Covariates with a prognostic effect."""
    return tuple(n for n, c in population.covariates.items() if c.prognosis is not None)


def marginal(population: PatientPopulation, name: str) -> dict[str, float]:
    """Share of each level of one covariate in the whole population."""
    out = dict.fromkeys(population.covariates[name].levels, 0.0)
    for share, profile in combinations(population, [name]):
        out[profile[name]] += share
    return out
