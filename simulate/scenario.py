"""One question put to the library: load a scenario, run it, get a `Result`.

>>> import simulate as sim
>>> scenario = sim.load("bevacizumab")
>>> scenario.strategies
('chemotherapy', 'chemotherapy_bevacizumab')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from simulate.calibration import Calibration, calibrate
from simulate.cohort import Counts, iter_rows, simulate_counts, simulate_rows
from simulate.compare import Comparison, compare
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.scenario_schema import Scenario as ScenarioFile
from simulate.evidence.schema import Trial
from simulate.fidelity import Fidelity, fidelity
from simulate.model.types import JointModel
from simulate.sensitivity import Question, sensitivity, uncertainty
from simulate.survival import SurvivalCurve

Progress = Callable[[int, int], None]


def load(name: str | Path, *, params: str | Path | None = None, overrides: Mapping[str, str] | None = None) -> Scenario:
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
        file = file.with_overrides(overrides)
    trial = library.trial(file.trial)
    return Scenario(_checked(file, trial), trial, library)


def _checked(file: ScenarioFile, trial: Trial) -> ScenarioFile:
    """The file again, if what an override changed still fits the trial."""
    for name, strategy in file.strategies.items():
        if strategy.arm not in trial.arms:
            raise input_error(
                f"{strategy.arm!r} is not an arm of {trial.id}; allowed are {', '.join(trial.arms)}.",
                field=f"strategies.{name}.arm",
            )
    if file.comparator not in file.strategies:
        raise input_error(
            f"{file.comparator!r} is not a strategy; allowed are {', '.join(file.strategies)}.", field="comparator"
        )
    if file.population not in trial.populations or trial.populations[file.population].strata is None:
        allowed = ", ".join(p for p, v in trial.populations.items() if v.strata is not None)
        raise input_error(
            f"{file.population!r} is not a population made of strata of {trial.id}; allowed are {allowed}.",
            field="population",
        )
    for endpoint, cut in file.follow_up.items():
        if cut not in trial.cuts:
            raise input_error(
                f"{cut!r} is not a data cut of {trial.id}; allowed are {', '.join(trial.cuts)}.",
                field=f"follow_up.{endpoint}",
            )
    return file


@dataclass(frozen=True)
class Scenario:
    """A scenario file with the evidence it stands on."""

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
        for endpoint in ("os", "pfs"):
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
        arms = (self.file.strategies[strategy].arm, self.file.strategies[self.file.comparator].arm)
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
        model : a stored `JointModel`, used instead of calibrating.
        progress : called with (patients done, patients in all).

        Returns
        -------
        Result
        """
        n = self.file.patients if patients is None else patients
        if n < 1:
            raise input_error(f"patients is {n}; it must be at least 1.", field="--patients")
        s = self.file.seed if seed is None else seed
        calibration = self.calibrate()
        if model is not None:
            calibration = replace(calibration, model=_fitting(model, calibration.model))
        arms = [self.file.strategies[k].arm for k in self.strategies]
        d = self.file.discounting
        counts = simulate_counts(
            calibration.model,
            arms,
            patients=n,
            seed=s,
            horizon=self.file.horizon,
            rates=_rates(d.effects, d.costs, d.method),
            mix=self.mix,
            threads=threads,
            progress=progress,
        )
        by_strategy = {k: counts[self.file.strategies[k].arm] for k in self.strategies}
        comparison = self._compare(by_strategy, calibration.model, s)
        return Result(self, calibration, by_strategy, comparison, n, s)

    def _compare(self, counts: Mapping[str, Counts], model: JointModel, seed: int) -> Comparison:
        per_arm = (self.file.trial_like_n or self.trial.randomised) // len(self.strategies)
        arms = [self.file.strategies[k].arm for k in self.strategies]
        # a trial's arms are different patients: one stretch of patients is cut into arms, nobody is in two of them
        rows = simulate_rows(model, arms, patients=per_arm * len(arms), seed=seed, mix=self.mix, replicate=1)
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


def _rates(effects: float, costs: float, method: str) -> tuple[float, ...]:
    """Continuous yearly rates: none, effects, costs; a yearly rate i becomes ln(1 + i)."""
    from math import log1p

    def continuous(rate: float) -> float:
        return log1p(rate) if method == "yearly" else rate

    return tuple(dict.fromkeys((0.0, continuous(effects), continuous(costs))))


def _fitting(model: JointModel, expected: JointModel) -> JointModel:
    if model.id != expected.id or model.arms != expected.arms or model.strata != expected.strata:
        raise input_error(f"the stored model is of {model.id!r}, this scenario needs {expected.id!r}.", field="--model")
    return model


@dataclass(frozen=True)
class Result:
    """What a scenario's run gave.

    Attributes
    ----------
    scenario, calibration : what was run.
    counts : strategy → `Counts`.
    comparison : strategies side by side.
    patients, seed : of the run.
    """

    scenario: Scenario
    calibration: Calibration
    counts: Mapping[str, Counts]
    comparison: Comparison
    patients: int
    seed: int

    def summary(self) -> dict[str, Any]:
        """The machine-readable result, as in ``summary.json``."""
        return {
            "scenario": self.scenario.id,
            "seed": self.seed,
            "patients": self.patients,
            **self.comparison.summary_dict(),
        }

    def to_df(self) -> pd.DataFrame:
        """The contrasts, one row a strategy and endpoint."""
        return self.comparison.to_df()

    def survival(self, endpoint: str) -> Curves:
        """Survival curves of an endpoint under every strategy; ``.plot()`` draws them with the reported medians."""
        curves = {k: SurvivalCurve.from_counts(c, endpoint) for k, c in self.counts.items()}
        return Curves(self.scenario, endpoint, curves)

    @cached_property
    def fidelity(self) -> Fidelity:
        """Reported beside simulated for every figure of the trial."""
        return fidelity(self.scenario.trial, self.calibration, seed=self.seed)

    @cached_property
    def uncertainty(self) -> dict[str, pd.DataFrame]:
        """Strategy → answers over the parameter draws."""
        return {k: uncertainty(self.calibration, self.scenario.question(k)) for k in self.scenario.strategies[1:]}

    @cached_property
    def sensitivity(self) -> dict[str, pd.DataFrame]:
        """Strategy → answers under other assumptions that meet the same figures."""
        trial = self.scenario.trial
        return {
            k: sensitivity(trial, self.calibration, self.scenario.question(k)) for k in self.scenario.strategies[1:]
        }

    def rows(self, *, patients: int | None = None, chunk: int = 262_144) -> Iterator[pd.DataFrame]:
        """The same synthetic patients as rows, in frames of at most `chunk` patients of one strategy."""
        names = {self.scenario.file.strategies[k].arm: k for k in self.scenario.strategies}
        frames = iter_rows(
            self.calibration.model,
            tuple(names),
            patients=patients or self.patients,
            seed=self.seed,
            mix=self.scenario.mix,
            chunk=chunk,
        )
        for frame in frames:
            yield frame.assign(strategy=frame["strategy"].cat.rename_categories(names))

    def save(self, out: str | Path, *, save_patients: bool = False, command: str | None = None) -> Path:
        """Write ``summary.json``, tables, figures, ``report.html``, ``provenance.json`` into a folder, or nothing."""
        from simulate.report import write_result

        return write_result(self, Path(out), save_patients=save_patients, command=command)


@dataclass(frozen=True)
class Curves:
    """Survival curves of one endpoint, one a strategy."""

    scenario: Scenario
    endpoint: str
    curves: Mapping[str, SurvivalCurve]

    def __getitem__(self, strategy: str) -> SurvivalCurve:
        return self.curves[strategy]

    def reported_medians(self) -> dict[str, float]:
        """Strategy → the primary reported median of the scenario's population, where there is one."""
        out = {}
        for k in self.curves:
            arm = self.scenario.file.strategies[k].arm
            found = self.scenario.trial.select(
                role=("primary", "fit"),
                endpoint=self.endpoint,
                statistic="median",
                population=self.scenario.file.population,
                arm=arm,
            )
            if found and found[0].value is not None:
                out[k] = found[0].value
        return out

    def to_df(self, every: float = 1.0) -> pd.DataFrame:
        """Survival every `every` months, one column a strategy."""
        import numpy as np

        times = np.arange(0.0, self.scenario.file.horizon + 1e-9, every)
        columns = {k: [float(c.at(t)) for t in times] for k, c in self.curves.items()}
        return pd.DataFrame({"months": times, **columns})

    def summary(self) -> pd.DataFrame:
        """Median of each strategy, simulated and reported."""
        reported = self.reported_medians()
        return pd.DataFrame(
            [{"strategy": k, "median": c.median(), "reported": reported.get(k)} for k, c in self.curves.items()]
        ).set_index("strategy")

    def plot(self, ax: Any = None) -> Any:
        """Kaplan–Meier figure with at-risk table, reported medians marked; returns the Axes."""
        from simulate.plots import plot_km

        trial = self.scenario.trial
        return plot_km(
            {self.scenario.label(k): c for k, c in self.curves.items()},
            self.endpoint,
            ax=ax,
            reported_medians={self.scenario.label(k): v for k, v in self.reported_medians().items()},
            source=f"Simulated from figures reported by {trial.title}; synthetic patients, for research and teaching.",
            follow_up=self.scenario.follow_up.get(self.endpoint, (0.0, 60.0, ""))[1],
        )

    def save(self, path: str | Path) -> Path:
        """Write the curves as CSV."""
        from simulate.files import atomic_write

        return atomic_write(path, self.to_df().to_csv(index=False))
