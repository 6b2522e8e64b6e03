"""What a scenario's run gave, and its survival curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulate.calibration import Calibration
from simulate.cohort import Counts, iter_rows
from simulate.compare import Comparison
from simulate.fidelity import Fidelity, fidelity
from simulate.model.types import JointModel
from simulate.processes import limited
from simulate.sensitivity import sensitivity, uncertainty
from simulate.survival import SurvivalCurve

if TYPE_CHECKING:
    from simulate.scenario.scenario import Scenario


@dataclass(frozen=True)
class Result:
    """What a scenario's run gave.

    Attributes
    ----------
    scenario, model : what was run.
    counts : strategy → `Counts`.
    comparison : strategies side by side.
    patients, seed, threads : of the run.
    started : when, ISO 8601.
    """

    scenario: Scenario
    model: JointModel
    counts: Mapping[str, Counts]
    comparison: Comparison
    patients: int
    seed: int
    threads: int | None = None
    started: str = ""

    @cached_property
    def calibration(self) -> Calibration:
        """The trial's calibration; where a stored model was run, its evidence held against that model."""
        found = self.scenario.calibrate()
        return found if found.model == self.model else found.with_model(self.model)

    def plot(self, ax: Any = None) -> Any:
        """Overall survival under every strategy; returns the Axes."""
        return self.survival("os").plot(ax)

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
        return fidelity(self.scenario.trial, self.calibration, seed=self.seed, threads=self.threads)

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
        names = list(self.scenario.strategies)
        for name in names:  # one by one: strategies may share an arm
            arm = self.scenario.arm(name)
            frames = iter_rows(
                self.model,
                (arm,),
                patients=patients or self.patients,
                seed=self.seed,
                mix=self.scenario.mix,
                threads=self.threads,
                chunk=chunk,
            )
            for frame in frames:
                yield frame.assign(strategy=pd.Categorical([name] * len(frame), categories=names))

    def save(self, out: str | Path, *, save_patients: bool = False, command: str | None = None) -> Path:
        """Write ``summary.json``, tables, figures, ``report.html``, ``provenance.json`` into a folder, or nothing."""
        from simulate.report import write_result

        with limited(self.threads):
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
            arm = self.scenario.arm(k)
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
        from simulate.plots import plot_km, study

        trial = self.scenario.trial
        return plot_km(
            {_plain(self.scenario.label(k)): c for k, c in self.curves.items()},
            self.endpoint,
            ax=ax,
            reported_medians={_plain(self.scenario.label(k)): v for k, v in self.reported_medians().items()},
            source=f"Simulated from figures reported by {study(trial.title, trial.id)}; "
            "synthetic patients, for research and teaching.",
            follow_up=self.scenario.follow_up.get(self.endpoint, (0.0, 60.0, ""))[1],
        )

    def save(self, path: str | Path) -> Path:
        """Write the curves as CSV."""
        from simulate.files import atomic_write

        return atomic_write(path, self.to_df().to_csv(index=False))


def _plain(label: str) -> str:
    """A label that matplotlib draws as it is written: dollar signs do not start a formula."""
    return label.replace("$", r"\$")
