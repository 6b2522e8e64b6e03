"""One question put to the library: load a scenario, run it, get a `Result`.

>>> import simulate as sim
>>> scenario = sim.load("bevacizumab")
>>> scenario.strategies
('chemotherapy', 'chemotherapy_bevacizumab')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from simulate.calibration import Calibration, calibrate
from simulate.cohort import Counts, simulate_counts, simulate_rows
from simulate.compare import Comparison, compare
from simulate.errors import InputError, Problem, input_error
from simulate.evidence import Library
from simulate.evidence.scenario_schema import ILLNESS_DEATH
from simulate.evidence.scenario_schema import Scenario as ScenarioFile
from simulate.evidence.schema import Trial
from simulate.model.types import JointModel
from simulate.scenario.rates import discount_rates
from simulate.scenario.result import Result
from simulate.sensitivity import Question

if TYPE_CHECKING:
    from simulate.scenario.own import OwnScenario
    from simulate.scenario.pathways import PathwayScenario

Progress = Callable[[int, int], None]
CONTRASTED = ("os", "pfs")


def load(
    name: str | Path, *, params: str | Path | None = None, overrides: Mapping[str, str] | None = None
) -> Scenario | PathwayScenario | OwnScenario:
    """Load a scenario of the library by its id, or a scenario file by its path.

    Parameters
    ----------
    name : id such as ``"bevacizumab"``, or the path of a YAML file.
    params : folder laid over the bundled library, file by file.
    overrides : dotted field → text of its value, as ``--set key=value`` gives them.

    Raises
    ------
    InputError : unknown id, or anything wrong with the files, all errors at once with their lines.
    """
    library = Library(params)
    file = library.scenario(name)
    if overrides:
        file = file.with_overrides(overrides, library)
    if file.own_model is not None:
        from simulate.scenario.own import OwnScenario

        return OwnScenario(file, library)
    if file.trial is None:
        from simulate.scenario.pathways import PathwayScenario

        return PathwayScenario(file, library)
    scenario = Scenario(file, library.trial(file.trial), library)
    problems = list(_not_covered(scenario))
    if problems:
        raise InputError(problems)
    return scenario


def _not_covered(scenario: Scenario) -> Iterator[Problem]:
    """What a sound file may ask for and a run does not do: said, rather than passed over."""
    file = scenario.file
    pathway = {state: set(targets) for state, targets in file.pathway.items()}
    if pathway != {state: set(targets) for state, targets in ILLNESS_DEATH.items()}:
        advice = "Write progression_free: [post_progression, dead], post_progression: [dead], dead: []."
        yield Problem("", None, "pathway", "a run knows only the pathway that trials are calibrated to.", advice)
    for endpoint in file.follow_up:
        if endpoint not in CONTRASTED:
            message = f"hazard ratios are given for {' and '.join(CONTRASTED)} only."
            yield Problem("", None, f"follow_up.{endpoint}", message, "Remove it.")
    for endpoint, (_, cutoff, label) in scenario.follow_up.items():
        if cutoff > file.horizon:
            end = f"the {endpoint.upper()} follow-up ({label}) ends at {cutoff:g}"
            message = f"the horizon is {file.horizon:g} months; {end}."
            yield Problem(
                "", None, "horizon", message, "Lengthen the horizon, or name an earlier data cut in follow_up."
            )


@dataclass(frozen=True)
class Scenario:
    """A scenario about one trial: its file with the evidence it stands on."""

    file: ScenarioFile
    trial: Trial
    library: Library

    @property
    def id(self) -> str:
        """Id of the scenario."""
        return self.file.id

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies compared, the comparator first."""
        others = tuple(s for s in self.file.strategies if s != self.file.comparator)
        return (self.file.comparator, *others)

    def arm(self, strategy: str) -> str:
        """The trial's arm that a strategy is."""
        arm = self.file.strategies[strategy].arm
        if arm is None:  # refused by the checks
            raise input_error("names no arm of the trial.", field=f"strategies.{strategy}")
        return arm

    def label(self, strategy: str) -> str:
        """Label of a strategy in figures and tables."""
        return self.file.strategies[strategy].label

    @property
    def mix(self) -> tuple[float, ...]:
        """Shares of the trial's strata in the target population: pooled over arms, the same under every strategy."""
        inside = self.trial.strata_of(self.file.population)
        n = [sum(v.n.values()) if s in inside else 0 for s, v in self.trial.strata.items()]
        return tuple(x / sum(n) for x in n)

    @property
    def follow_up(self) -> dict[str, tuple[float, float, str]]:
        """Endpoint → (accrual, cut-off, label) of the data cut its hazard ratio belongs to."""
        out = {}
        for endpoint in CONTRASTED:
            name = self.file.follow_up.get(endpoint) or self.trial.calibration.cuts.get(endpoint)
            if name is not None:
                cut = self.trial.cuts[name]
                out[endpoint] = (cut.accrual, cut.cutoff, cut.label)
        return out

    def calibrate(self) -> Calibration:
        """Calibrate the trial (cached on disk by content)."""
        return calibrate(self.trial)

    def question(self, strategy: str) -> Question:
        """What is propagated through parameter draws and alternative assumptions."""
        arms = (self.arm(strategy), self.arm(self.file.comparator))
        cuts = {e: (a, c) for e, (a, c, _) in self.follow_up.items()}
        return Question(arms, cuts, self.file.horizon, self.file.rmst.get("os", 36.0), self.mix)

    def run(
        self,
        *,
        patients: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        model: JointModel | None = None,
        progress: Progress | None = None,
    ) -> Result:
        """Calibrate, simulate and compare.

        Parameters
        ----------
        patients : synthetic patients per strategy (default: the file's).
        seed : of every random number.
        threads : default is every core; the results do not depend on it.
        model : a stored `JointModel`, used instead of calibrating; the evidence is held against it as it stands.
        progress : called with (patients done, patients in all).

        Returns
        -------
        Result
        """
        n = self.file.patients if patients is None else patients
        if n < 1:
            raise input_error(f"patients is {n}; it must be at least 1.", field="--patients")
        s = self.file.seed if seed is None else seed
        started = datetime.now(UTC).isoformat(timespec="seconds")
        used = self.calibrate().model if model is None else _fitting(model, self.trial)
        arms = [self.arm(k) for k in self.strategies]
        counts = simulate_counts(
            used,
            arms,
            patients=n,
            seed=s,
            horizon=self.file.horizon,
            rates=discount_rates(self.file.discounting),
            mix=self.mix,
            threads=threads,
            progress=progress,
        )
        by_strategy = {k: counts[self.arm(k)] for k in self.strategies}
        comparison = self._compare(by_strategy, used, s, threads)
        return Result(self, used, by_strategy, comparison, n, s, threads, started)

    def _compare(self, counts: Mapping[str, Counts], model: JointModel, seed: int, threads: int | None) -> Comparison:
        per_arm = (self.file.trial_like_n or self.trial.patients) // len(self.strategies)
        arms = [self.arm(k) for k in self.strategies]
        # a trial's arms are different patients: one stretch of patients is cut into arms, nobody is in two of them
        n = per_arm * len(arms)
        rows = simulate_rows(model, arms, patients=n, seed=seed, mix=self.mix, threads=threads, replicate=1)
        parts = []
        for i, (name, arm) in enumerate(zip(self.strategies, arms, strict=True)):
            own = rows[(rows["strategy"] == arm) & (rows["patient"] % len(arms) == i)]
            parts.append(own.assign(strategy=name))
        grades = {t.event: t.grades for t in model.toxicities}
        headline = {t.event: t.headline for t in model.toxicities if t.headline}
        return compare(
            counts,
            self.file.comparator,
            follow_up=self.follow_up,
            landmarks=self.file.landmarks,
            rmst_tau=self.file.rmst,
            trial_like=(per_arm, pd.concat(parts, ignore_index=True)),
            grades=grades,
            headline=headline,
        )


def _fitting(model: JointModel, trial: Trial) -> JointModel:
    if model.id != trial.id or model.arms != tuple(trial.arms) or model.strata != tuple(trial.strata):
        raise input_error(f"the stored model is of {model.id!r}, this scenario needs {trial.id!r}.", field="--model")
    return model
