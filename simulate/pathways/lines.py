"""What each patient gets, line by line, and the model behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from simulate.errors import input_error
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.scenario_schema import Scenario, Strategy
from simulate.evidence.strategy_schema import LINES, Rule, Rules
from simulate.model.hashed import hashed_once
from simulate.model.types import ArmModel
from simulate.pathways.bases import Basis, Edge, Evidence, covariates_of
from simulate.pathways.marginal import Mix, Placed, placed
from simulate.pathways.profiles import Profile
from simulate.pathways.residual import Residual, longer, solve_residual
from simulate.pathways.trial_patients import TrialPatients


def modelled_lines(scenario: Scenario) -> tuple[str, ...]:
    """The lines that a scenario models on their own."""
    return (LINES[0], *(name for name in LINES[1:] if name in scenario.later_lines))


@hashed_once
@dataclass(frozen=True)
class Step:
    """One line of one patient: the regimen, its model among its trial's patients, and survival after it."""

    regimen: str
    placed: Placed
    residual: Residual


@dataclass
class Lines:
    """Chooses regimens by rules and finds their models; remembers both."""

    scenario: Scenario
    evidence: Evidence
    population: PatientPopulation
    trial: TrialPatients
    untreated: Mix
    bases: dict[tuple[str, str], Basis] = field(default_factory=dict)  # (line, regimen)
    residuals: dict[tuple[str, str, tuple[str, ...]], Residual] = field(default_factory=dict)
    _steps: dict[tuple[object, ...], Step] = field(default_factory=dict)
    _models: dict[tuple[object, ...], ArmModel] = field(default_factory=dict)
    _covariates: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _supportive: list[Placed | None] = field(default_factory=list)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines modelled on their own."""
        return modelled_lines(self.scenario)

    def rules(self, strategy: Strategy) -> Mapping[str, Rules]:
        """Rules of a strategy for every line; a later line it does not speak of is that of the era."""
        own: dict[str, Rules] = {}
        if strategy.regimen is not None:
            own[LINES[0]] = (Rule(use=strategy.regimen),)
        elif strategy.follow is not None:
            own.update(self.evidence.library.policy(strategy.follow).lines)
        else:
            own.update(strategy.lines or {})
        era = {name: (Rule(use=line.era),) for name, line in self.scenario.later_lines.items()}
        return {**era, **own}

    def baseline(self, line: str) -> str | None:
        """The regimen whose trial carries the level of a line."""
        return self.scenario.baseline if line == LINES[0] else self.scenario.later_lines[line].era

    def basis(self, line: str, regimen: str) -> tuple[Basis, tuple[Edge, ...]]:
        """Where a regimen's model in a line comes from.

        Raises
        ------
        InputError : it is neither connected to the baseline nor named in `unanchored`.
        """
        own, base = self.evidence.regimen(regimen), self.baseline(line)
        trial, arm = own.evidence.trial or "", own.evidence.arm or ""
        borrowed = (self.evidence.library.trial(trial).borrowed or "") if trial else ""
        if base is None or regimen == base:
            return Basis(regimen, "baseline", trial, arm, (), borrowed), ()
        base_evidence = self.evidence.regimen(base).evidence
        if trial and trial == base_evidence.trial and self.evidence.randomised(own.evidence, base_evidence):
            return Basis(regimen, "same trial", trial, arm, (), borrowed), ()
        if regimen in self.scenario.unanchored:
            return Basis(regimen, "unanchored", trial, arm, (), borrowed), ()
        path = self.evidence.path(base, regimen)
        if path is None:
            raise input_error(
                f"regimen {regimen!r} is connected with {base!r} by no randomised comparison.",
                field="unanchored",
                advice=f"Add it to `unanchored: [{regimen}]`, or state `effects` against another regimen in its file.",
            )
        chain = tuple(f"{e.anchor.trial or e.anchor.source}: {e.target} v {e.origin}" for e in path)
        return Basis(regimen, "anchored", trial, arm, chain, borrowed), path

    def covariates(self, line: str, regimen: str) -> tuple[str, ...]:
        """Covariates that decide on a regimen's model in a line."""
        if (line, regimen) not in self._covariates:
            basis, path = self.basis(line, regimen)
            self.bases[line, regimen] = basis
            names = covariates_of(self.evidence, self.evidence.regimen(regimen), path)
            base = self.baseline(line)
            if path and base is not None:
                names |= covariates_of(self.evidence, self.evidence.regimen(base), ())
            self._covariates[line, regimen] = tuple(sorted(names))
        return self._covariates[line, regimen]

    def model(self, line: str, regimen: str, profile: Profile) -> ArmModel:
        """The model of a regimen in a line, before prognosis."""
        seen = (line, regimen, *(profile[c] for c in self.covariates(line, regimen)))
        if seen not in self._models:
            basis, path = self.basis(line, regimen)
            start = regimen if basis.kind != "anchored" else path[0].origin
            own = self.evidence.regimen(start).evidence
            if own.trial is None or own.arm is None:
                raise input_error(f"regimen {start!r} has no survival model.", field="evidence", advice=own.why or "")
            cell = self.evidence.cell(own.trial, own.arm, own.strata, self.population, profile)
            for edge in path:
                cell = self.evidence.carried(cell, edge, self.population, profile)
            self._models[seen] = cell
        return self._models[seen]

    def step(self, line: str, regimen: str, profile: Profile) -> Step:
        """A regimen in a line: its model among its trial's patients, and survival after it without further lines."""
        seen = (line, regimen, *(profile[n] for n in self.deciding(line, regimen)))
        if seen not in self._steps:
            model = self.model(line, regimen, profile)
            residual = self._residual(line, model, profile)
            on, behind = self.trial.starting[line], self.trial.behind[line]
            around = placed(replace(model, dependence=0.0), on, behind, residual.time)
            self._steps[seen] = Step(regimen, around, residual)
            self.residuals[line, regimen, tuple(str(x) for x in seen[2:])] = residual
        return self._steps[seen]

    def supportive(self) -> Placed | None:
        """Survival of patients who get nothing in the first line, where a study of them is named."""
        if not self._supportive:
            self._supportive.append(self._no_treatment())
        return self._supportive[0]

    def _no_treatment(self) -> Placed | None:
        name = self.scenario.supportive_care.regimen
        if name is None:
            return None
        own = self.evidence.regimen(name).evidence
        if own.trial is None or own.arm is None:
            raise input_error(f"regimen {name!r} has no survival model.", field="supportive_care.regimen")
        self.bases[LINES[0], name] = Basis(name, "unanchored", own.trial, own.arm)
        return placed(self.evidence.cell(own.trial, own.arm, own.strata, self.population, {}), self.untreated)

    def deciding(self, line: str, regimen: str) -> tuple[str, ...]:
        """Covariates, at the start, that decide on a step: those of its own model and of the era's next line."""
        names = set(self.covariates(line, regimen))
        following = self._next(line)
        if following is not None:
            names |= set(self.covariates(following, self.scenario.later_lines[following].era))
        return tuple(sorted(names))

    def _next(self, line: str) -> str | None:
        i = LINES.index(line) + 1
        return LINES[i] if i < len(LINES) and LINES[i] in self.scenario.later_lines else None

    def _residual(self, line: str, model: ArmModel, profile: Profile) -> Residual:
        following = self._next(line)
        if following is None or model.death_share == 1.0:
            return Residual(model.pps, 1.0, 0.0)
        later = self.scenario.later_lines[following]
        era = self.model(following, later.era, profile)
        return solve_residual(model.pps, later.reach, era, self.scenario.supportive_care.median)


def scaled(step: Step, stretch: float) -> Step:
    """A step with all its times multiplied."""
    if stretch == 1.0:
        return step
    time = longer(ArmModel(step.residual.time, 1.0, step.residual.time), stretch).pfs
    return Step(
        step.regimen,
        replace(step.placed, model=longer(step.placed.model, stretch)),
        replace(step.residual, time=time, stretch=step.residual.stretch * stretch),
    )
