"""The patients whose trials gave the curves: who starts each line, and who has no further one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence.pathway_schema import LaterLine
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.strategy_schema import LINES
from simulate.pathways.background import LifeTable, age_of
from simulate.pathways.changes import changing, in_line, with_changes
from simulate.pathways.choices import met
from simulate.pathways.marginal import Mix
from simulate.pathways.profiles import Combinations, grown, prognostic, ratios_in, table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrialPatients:
    """Mixes of a trial's patients.

    Attributes
    ----------
    starting : line → who starts it.
    behind : line → who has no line after it, by what they are then.
    able : later line → share, of those who leave the line before alive, who can start it.
    """

    starting: Mapping[str, Mix]
    behind: Mapping[str, Mix]
    able: Mapping[str, float]

    def reaching(self, reach: Mapping[str, float], *, field: str = "reach") -> dict[str, float]:
        """Share of those able to start a line who do, where a share `reach` of all does.

        Raises
        ------
        InputError : more should start a line than can.
        """
        out = {}
        for line, share in reach.items():
            if share > self.able[line] + 1e-9:
                raise input_error(
                    f"{share:g} start it, but only {self.able[line]:.3g} of the trials' patients can.",
                    field=f"later_lines.{line}.{field}",
                    advice="Widen `when`, or lower `reach` and `range`.",
                )
            out[line] = share / self.able[line] if share > 0.0 else 0.0
        return out


def trial_patients(
    patients: PatientPopulation, lines: Sequence[str], later: Mapping[str, LaterLine], life: LifeTable | None
) -> TrialPatients:
    """Mixes of patients line by line.

    Whoever starts a line is taken to be spread over the others as at the line before: that the less fit die sooner,
    before a next line is decided on, is left out here and taken up by the factor solved for each regimen.

    Raises
    ------
    InputError : more should start a line than can.
    """
    changed = with_changes(patients, lines)
    names = set(prognostic(patients)) | {n for line in lines[1:] for n in later[line].when}
    names |= set(changing(patients)) if len(lines) > 1 else set()
    start = table(changed, names | ({"age"} if life is not None else set()))
    found, origin = start, np.arange(len(start.share))
    for line in lines[1:]:
        for name in changing(patients):
            found, rows = grown(found, in_line(changed, name, line))
            origin = origin[rows]
    mixes = _Mixes(found, origin, _ages(start, life), life)
    weight, able = found.share, {}
    starting, behind = {lines[0]: mixes.of(weight, lines[0])}, {}
    for before, line in pairwise(lines):
        can = met(found, later[line].when, line).astype(float)
        able[line] = float(weight @ can / weight.sum())
        going = can * min(1.0, later[line].reach / able[line]) if able[line] > 0.0 else can
        behind[before] = mixes.of(weight * (1.0 - going), line)
        weight = weight * going if going.any() else weight
        starting[line] = mixes.of(weight, line)
    behind[lines[-1]] = starting[lines[-1]]
    out = TrialPatients(starting, behind, able)
    out.reaching({line: later[line].reach for line in lines[1:]})
    for line in lines[1:]:
        for end in later[line].range or ():
            out.reaching({line: end}, field="range")
    return out


def trial_mix(patients: PatientPopulation, life: LifeTable | None) -> Mix:
    """Prognosis and background of patients at the start."""
    found = table(patients, {*prognostic(patients), *(("age",) if life is not None else ())})
    return _Mixes(found, np.arange(len(found.share)), _ages(found, life), life).of(found.share, LINES[0])


def _ages(found: Combinations, life: LifeTable | None) -> list[float | None]:
    """Age of every combination, where background mortality is asked for."""
    if life is None:
        return [None] * len(found.share)
    levels = found.population.covariates["age"].levels
    known: list[float | None] = [age_of(found.population, {"age": key}) for key in levels]
    return [known[k] for k in found.level("age")]


@dataclass(frozen=True)
class _Mixes:
    """Makes mixes of weighted combinations; `origin` is what each was at the start, `ages` of those."""

    found: Combinations
    origin: NDArray[np.int64]
    ages: list[float | None]
    life: LifeTable | None

    def of(self, weight: Array, line: str) -> Mix:
        """Patients alike at the start are one class, with the mean ratio of what they are then: as in a graph."""
        n = len(self.ages)
        share = np.bincount(self.origin, weight, n)
        total = np.bincount(self.origin, weight * ratios_in(self.found, line), n)
        grouped: dict[tuple[float, float | None], float] = {}
        for w, r, age in zip(share, total, self.ages, strict=True):
            if w > 0.0:
                key = (float(f"{r / w:.6g}"), age)
                grouped[key] = grouped.get(key, 0.0) + float(w)
        life = self.life
        rows = [(w, r, None if life is None or a is None else life.hazard(a)) for (r, a), w in grouped.items()]
        return Mix.of(rows or [(1.0, 1.0, None)])
