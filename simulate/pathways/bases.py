"""Which model stands behind a regimen for a patient: its own arm, or an effect carried to the baseline's patients."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

from simulate.calibration import Calibration, calibrate
from simulate.calibration.calibrate import calibrate_all
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.regimen_schema import Anchor, Regimen, TrialArm
from simulate.evidence.schema import Trial
from simulate.model.types import ArmModel, JointModel, Toxicity
from simulate.pathways import effects
from simulate.pathways.profiles import Profile, holds


@dataclass(frozen=True)
class Basis:
    """Where a regimen's model comes from.

    `kind` is ``baseline`` (the arm that carries the level), ``same trial``, ``anchored`` (an effect through randomised
    comparisons, `chain`), ``unanchored`` (its own study's level, compared without randomisation) or ``later line``.
    """

    regimen: str
    kind: str
    trial: str
    arm: str
    chain: tuple[str, ...] = ()
    borrowed: str = ""


@dataclass(frozen=True)
class Edge:
    """One comparison: `target` against `origin`, from `anchor`; `sign` -1 reads it the other way round."""

    origin: str
    target: str
    anchor: Anchor
    sign: int


class Evidence:
    """The regimens of a library and the calibrated trials behind them; each trial is calibrated once, when needed."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.trials: dict[str, Trial] = {}
        self.calibrations: dict[str, Calibration] = {}
        self._ready: dict[str, Calibration] = {}
        self._regimens: dict[str, Regimen] = {}
        self._edges: list[Edge] | None = None

    def regimen(self, name: str) -> Regimen:
        """A regimen of the library."""
        if name not in self._regimens:
            self._regimens[name] = self.library.regimen(name)
        return self._regimens[name]

    def calibration(self, trial: str) -> Calibration:
        """A calibrated trial."""
        if trial not in self.calibrations:
            self.trials[trial] = self.library.trial(trial)
            self.calibrations[trial] = self._ready.get(trial) or calibrate(self.trials[trial])
        return self.calibrations[trial]

    def expect(self, trials: Iterable[str]) -> None:
        """Calibrate trials that will be asked for together, which is quicker than one after the other."""
        new = [t for t in dict.fromkeys(trials) if t not in self.calibrations and t not in self._ready]
        self._ready.update(zip(new, calibrate_all([self.library.trial(t) for t in new]), strict=True))

    def model(self, trial: str) -> JointModel:
        """The model of a trial, calibrated once."""
        return self.calibration(trial).model

    def toxicities(self, trial: str) -> tuple[Toxicity, ...]:
        """Adverse events that a trial counted."""
        return self.model(trial).toxicities

    def cell(
        self, trial: str, arm: str, strata: tuple[str, ...], population: PatientPopulation, profile: Profile
    ) -> ArmModel:
        """The model of an arm for a patient: of the one stratum named, or whose `when` the patient meets.

        Raises
        ------
        InputError : no stratum or several strata fit, or the trial has no survival model.
        """
        model = self.model(trial)
        chosen = strata_for(self.trials[trial], strata, population, profile)
        if self.trials[trial].calibration.structure == "outcomes_only":
            raise input_error(f"trial {trial} has no survival model.", field="evidence.trial")
        return model.cells[arm, chosen]

    def edges(self) -> list[Edge]:
        """Every comparison the regimens of the library state, both ways."""
        if self._edges is None:
            self._edges = list(self._stated())
        return self._edges

    def _stated(self) -> Iterator[Edge]:
        own: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = {}
        for name in self.library.regimens():
            regimen = self.regimen(name)
            for anchor in regimen.effects:
                yield Edge(anchor.against, name, anchor, 1)
                yield Edge(name, anchor.against, anchor, -1)
            e = regimen.evidence
            if e.trial is not None and e.arm is not None and e.modelled is None:
                own.setdefault((e.trial, e.strata), []).append((name, e.arm))
        # two regimens that are arms of one randomised trial, in the same strata, need not say so
        for (trial, strata), arms in own.items():
            if len(arms) > 1 and self.library.trial(trial).design == "randomised":
                for a, b in permutations(arms, 2):
                    anchor = Anchor(against=a[0], trial=trial, arm=b[1], comparator=a[1], strata=strata)
                    yield Edge(a[0], b[0], anchor, 1)

    def path(self, origin: str, target: str) -> tuple[Edge, ...] | None:
        """The shortest chain of comparisons from one regimen to another; ``None`` if there is none."""
        seen: dict[str, tuple[Edge, ...]] = {origin: ()}
        queue = deque([origin])
        while queue:
            here = queue.popleft()
            if here == target:
                return seen[here]
            for edge in self.edges():
                if edge.origin == here and edge.target not in seen:
                    seen[edge.target] = (*seen[here], edge)
                    queue.append(edge.target)
        return None

    def carried(self, base: ArmModel, edge: Edge, population: PatientPopulation, profile: Profile) -> ArmModel:
        """A model with the effect of one comparison, for a patient."""
        a = edge.anchor
        if a.trial is None or a.arm is None or a.comparator is None:
            return effects.printed(base, a.pfs, a.os, edge.sign)
        cells = [self.cell(a.trial, arm, a.strata, population, profile) for arm in (a.arm, a.comparator)]
        return effects.apply(base, effects.effect(*cells) ** edge.sign)

    def randomised(self, one: TrialArm, other: TrialArm) -> bool:
        """Whether two arms of one trial were randomised against each other."""
        trial = self.library.trial(one.trial or "")
        return trial.design == "randomised" and (trial.factorial or one.strata == other.strata)


def strata_for(trial: Trial, named: tuple[str, ...], population: PatientPopulation, profile: Profile) -> str:
    """The stratum of a trial that a patient belongs to."""
    candidates = [s for s in (named or tuple(trial.strata)) if holds(trial.strata[s].when, population, profile)]
    if len(candidates) == 1:
        return candidates[0]
    what = "no stratum fits" if not candidates else f"strata {', '.join(candidates)} all fit"
    raise input_error(
        f"{what} a patient of population {population.id} in trial {trial.id}.",
        field="evidence.strata",
        advice="Name one stratum in the regimen's `evidence.strata`, or say with `when` who belongs to each.",
    )


def covariates_of(evidence: Evidence, regimen: Regimen, edges: tuple[Edge, ...]) -> set[str]:
    """Covariates that decide on the stratum of a regimen's trial, or of a comparison on its chain."""
    out: set[str] = set()
    places = [(regimen.evidence.trial, regimen.evidence.strata)]
    places += [(e.anchor.trial, e.anchor.strata) for e in edges]
    for trial_id, named in places:
        if trial_id is not None:
            trial = evidence.library.trial(trial_id)
            out |= {c for s in (named or trial.strata) for c in trial.strata[s].when}
    return out
