"""The same evaluation among the patients of one stratum of a randomised trial, or of several.

Only what was randomised is contrasted: the strata of a randomised trial, in each of which every arm has patients, and
populations that are made of them. Subgroups by what a doctor chose (bevacizumab in KEYNOTE-826) are no strata, and
none of them stands here. Survival is the model's own of the stratum. Adverse events are those of the whole arm, and
treatment besides progression stops at the rate of the whole trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulate.economics.case import Case
from simulate.economics.changes import Increment, compared, increments
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.schema import Trial


@dataclass(frozen=True)
class Subgroup:
    """A stratum, or a population of strata.

    Attributes
    ----------
    name, label : of the trial's file.
    strata : that it is made of.
    share : of the patients evaluated.
    patients : strategy → randomised patients of its arm.
    increment : of the strategy over the comparator.
    """

    name: str
    label: str
    strata: tuple[str, ...]
    share: float
    patients: Mapping[str, int]
    increment: Increment


def randomised_subgroups(trial: Trial, arms: Mapping[str, str], mix: tuple[float, ...]) -> dict[str, tuple[str, ...]]:
    """Name → strata of every part of the patients evaluated within which the arms were randomised.

    Parameters
    ----------
    arms : strategy → arm.
    mix : shares of the trial's strata among the patients evaluated.
    """
    inside = tuple(s for s, share in zip(trial.strata, mix, strict=True) if share > 0.0)
    if trial.design != "randomised" or len(inside) < 2:
        return {}
    filled = {s for s in inside if all(trial.strata[s].n.get(arm, 0) > 0 for arm in arms.values())}
    found: dict[str, tuple[str, ...]] = {s: (s,) for s in inside if s in filled}
    known = {frozenset(v) for v in found.values()}
    for name, population in trial.populations.items():
        strata = tuple(s for s in inside if s in (population.strata or ()))
        whole = len(strata) == len(population.strata or ())
        if whole and 1 < len(strata) < len(inside) and filled >= set(strata) and frozenset(strata) not in known:
            found[name] = strata
            known.add(frozenset(strata))
    return found


def within(case: Case, trial: Trial, strata: tuple[str, ...]) -> Case:
    """The same evaluation with the patients of some strata alone, given what is given there."""
    kept = [share if s in strata else 0.0 for s, share in zip(trial.strata, case.mix, strict=True)]
    mix = tuple(x / sum(kept) for x in kept)
    added = case.question.added
    regimens = {s: _given(own, added.get(s, {}), trial.id, strata) for s, own in case.regimens.items()}
    return replace(case, mix=mix, regimens=regimens)


def _given(
    regimens: Mapping[str, tuple[Regimen, float]], added: Mapping[str, float], trial: str, strata: tuple[str, ...]
) -> dict[str, tuple[Regimen, float]]:
    """Regimens of a strategy without those that other strata of the trial have, shares adding up to 1 again.

    What is given on top keeps its share.
    """

    def here(regimen: Regimen) -> bool:
        own = regimen.evidence
        elsewhere = own is not None and own.trial == trial and own.strata and not set(own.strata) & set(strata)
        return not elsewhere

    kept = {name: (r, share) for name, (r, share) in regimens.items() if here(r)}
    total = sum(share for name, (_, share) in kept.items() if name not in added)
    if total <= 0.0:
        return dict(regimens)
    return {name: (r, share if name in added else share / total) for name, (r, share) in kept.items()}


def subgroups(case: Case, trial: Trial, strategy: str | None = None) -> list[Subgroup]:
    """Increments of a strategy over the comparator in every subgroup of `randomised_subgroups`.

    Parameters
    ----------
    trial : that the evaluation's calibration is of.
    strategy : by default the last.
    """
    comparator, chosen = compared(case, strategy)
    pair = {s: case.arms[s] for s in (comparator, chosen)}
    out = []
    for name, strata in randomised_subgroups(trial, pair, case.mix).items():
        cost, qaly = increments(within(case, trial, strata), {}, chosen)
        share = float(np.sum([x for s, x in zip(trial.strata, case.mix, strict=True) if s in strata]))
        patients = {s: sum(trial.strata[x].n.get(arm, 0) for x in strata) for s, arm in pair.items()}
        label = trial.strata[name].label if name in trial.strata else trial.populations[name].label
        out.append(Subgroup(name, label, strata, share, patients, Increment(float(cost[0]), float(qaly[0]))))
    return out
