"""A population as weighted classes of patients.

Every combination of the covariates that matter is enumerated exactly, with its share; combinations that a scenario
treats alike are then one class, which is a stratum of the kernel. Nothing is sampled, so the shares of the classes are
those of the file, and the same uniform draws the same patient under every strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from simulate.errors import input_error
from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.population_schema import Covariate, Level, PatientPopulation

MAX_COMBINATIONS = 2_000_000
MAX_CLASSES = 4_000
Profile = Mapping[str, str]  # covariate -> id of its level


@dataclass(frozen=True)
class PatientClass:
    """Patients whom a scenario treats alike: their share, one of their profiles, and what distinguishes them."""

    share: float
    profile: Profile
    key: Hashable


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


def shares_of(covariate: Covariate, population: PatientPopulation, profile: Profile) -> tuple[float, ...]:
    """Shares of a covariate's levels among patients of `profile` (its earlier covariates)."""
    for case in covariate.cases:
        if holds(case.when, population, profile):
            return case.shares
    raise input_error("no case holds for these patients; add one without `when`.", field=covariate.label)


def ancestors(population: PatientPopulation, names: Iterable[str]) -> tuple[str, ...]:
    """The covariates and those they depend on, in the order of the file."""
    wanted = set(names)
    for name in reversed(population.covariates):  # a parent stands before its children
        if name in wanted:
            wanted.update(c for case in population.covariates[name].cases for c in case.when)
    return tuple(n for n in population.covariates if n in wanted)


def combinations(population: PatientPopulation, names: Iterable[str]) -> list[tuple[float, dict[str, str]]]:
    """Every combination of levels of `names` and their ancestors that occurs, with its share."""
    out: list[tuple[float, dict[str, str]]] = [(1.0, {})]
    for name in ancestors(population, names):
        covariate = population.covariates[name]
        known: dict[tuple[str, ...], tuple[float, ...]] = {}
        parents = sorted({c for case in covariate.cases for c in case.when})
        grown = []
        for share, profile in out:
            key = tuple(profile[p] for p in parents)
            if key not in known:
                known[key] = shares_of(covariate, population, profile)
            pairs = zip(covariate.levels, known[key], strict=True)
            grown += [(share * part, {**profile, name: level}) for level, part in pairs if part > 0.0]
        out = grown
        if len(out) > MAX_COMBINATIONS:
            raise input_error(
                f"{len(out):,} combinations of covariates are too many.",
                field="covariates",
                advice="Use fewer covariates in rules, or fewer levels.",
            )
    return out


def classes(
    population: PatientPopulation, names: Iterable[str], key: Callable[[Profile], Hashable]
) -> tuple[PatientClass, ...]:
    """Patients grouped by what a scenario does with them.

    Parameters
    ----------
    names : covariates the key may look at.
    key : of a profile; profiles with equal keys are one class.

    Returns
    -------
    Classes in the order in which they first occur, shares adding up to 1.
    """
    total: dict[Hashable, float] = {}
    first: dict[Hashable, dict[str, str]] = {}
    for share, profile in combinations(population, names):
        k = key(profile)
        total[k] = total.get(k, 0.0) + share
        first.setdefault(k, profile)
    if len(total) > MAX_CLASSES:
        raise input_error(f"{len(total):,} classes of patients are too many.", field="covariates")
    scale = sum(total.values())
    return tuple(PatientClass(share / scale, first[k], k) for k, share in total.items())


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
