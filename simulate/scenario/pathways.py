"""A scenario of pathways: a population, strategies made of regimens or policies, evidence of many trials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulate.calibration import Calibration
from simulate.cohort import Counts, count_graph, graph_rows, new_job
from simulate.compare import Comparison, compare
from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.scenario_schema import Scenario as ScenarioFile
from simulate.evidence.schema import Trial
from simulate.model.graph import Compiled, build
from simulate.model.types import JointModel
from simulate.pathways.assemble import Plan
from simulate.pathways.comparability import comparability
from simulate.pathways.integrated import Integrated
from simulate.pathways.oracle import Outcome
from simulate.pathways.setting import assemble
from simulate.pathways.subgroups import Subgroup, subgroup_rows, subgroups
from simulate.processes import limited
from simulate.scenario.rates import discount_rates
from simulate.survival import SurvivalCurve

SCANNED = 100_000  # patients behind the effect of scans
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PathwayScenario:
    """A scenario of pathways with the library its evidence is in."""

    file: ScenarioFile
    library: Library

    @property
    def id(self) -> str:
        """Id of the scenario."""
        return self.file.id

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies compared, the comparator first."""
        return (self.file.comparator, *(s for s in self.file.strategies if s != self.file.comparator))

    def label(self, strategy: str) -> str:
        """Label of a strategy in figures and tables."""
        return self.file.strategies[strategy].label

    @property
    def follow_up(self) -> dict[str, tuple[float, float, str]]:
        """A mixed population has no trial's follow-up: its hazard ratios are of everybody, followed to the horizon."""
        return {}

    @cached_property
    def plan(self) -> Plan:
        """The graphs, assembled once."""
        return assemble(self.file, self.library)

    def compiled(self, strategy: str) -> Compiled:
        """Kernel arrays of a strategy, made once."""
        if strategy not in self._compiled:
            self._compiled[strategy] = build(self.plan.graphs[strategy])
        return self._compiled[strategy]

    @cached_property
    def _compiled(self) -> dict[str, Compiled]:
        return {}

    @property
    def trials(self) -> dict[str, Trial]:
        """The trials whose models are used."""
        self.plan  # noqa: B018 - assembling calibrates what it needs
        return dict(self.plan.lines.evidence.trials)

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """Their calibrations."""
        self.plan  # noqa: B018
        return dict(self.plan.lines.evidence.calibrations)

    def run(
        self,
        *,
        patients: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        model: JointModel | None = None,
        progress: Progress | None = None,
    ) -> PathwayResult:
        """Assemble, simulate and compare; parameters as in `simulate.scenario.Scenario.run`.

        Raises
        ------
        InputError : a stored model was given (a pathway has no single one), or anything wrong with the files.
        """
        if model is not None:
            raise input_error("a scenario of pathways has no single stored model.", field="--model")
        n = self.file.patients if patients is None else patients
        if n < 1:
            raise input_error(f"patients is {n}; it must be at least 1.", field="--patients")
        s = self.file.seed if seed is None else seed
        started = datetime.now(UTC).isoformat(timespec="seconds")
        job = new_job(n, s, 0, horizon=self.file.horizon)
        rates = discount_rates(self.file.discounting)
        with limited(threads):
            self.plan  # noqa: B018 - assembled, which calibrates
        counts: dict[str, Counts] = {}
        for i, name in enumerate(self.strategies):
            report = None
            if progress is not None:
                report = _shifted(progress, i * n, n * len(self.strategies))
            counts[name] = count_graph(
                self.compiled(name), job, self.plan.endpoints, name=name, rates=rates, threads=threads, progress=report
            )
        events = self.plan.events
        comparison = compare(
            counts,
            self.file.comparator,
            follow_up={},
            landmarks=self.file.landmarks,
            rmst_tau={e: t for e, t in self.file.rmst.items() if e in self.plan.endpoints},
            grades={e: grades for e, (_, grades, _) in events.items()},
            headline={e: h for e, (_, _, h) in events.items() if h},
            unknown={"pfs": [s for s in self.strategies if not self.plan.progression_known(s)]},
            comparators=self.file.comparators,
        )
        return PathwayResult(self, counts, comparison, n, s, threads, started)

    @cached_property
    def subgroups(self) -> list[Subgroup]:
        """Every strategy integrated among the patients of each level that `by` asks for."""
        return subgroups(self.file, self.plan)

    @cached_property
    def integrals(self) -> dict[str, Any]:
        """What a summary says of the plan by integration, whoever is simulated."""
        from simulate.pathways.bias import selection_bias
        from simulate.pathways.count_once import count_once
        from simulate.pathways.on_treatment import on_treatment
        from simulate.pathways.other_mixes import other_mixes

        return {
            "count_once": count_once(self._integrated),
            "later_mixes": other_mixes(self.file, self._integrated),
            "on_treatment": on_treatment(self.plan, self.file.horizon),
            "selection_bias": selection_bias(self.file, self._integrated),
        }

    @cached_property
    def _integrated(self) -> Integrated:
        return Integrated(self.plan, self.file.horizon)

    def integrated(self, strategy: str) -> Outcome:
        """The same strategy by numerical integration: what the simulation is held against."""
        return self._integrated.strategy(strategy)


def _shifted(progress: Progress, offset: int, total: int) -> Progress:
    return lambda done, _: progress(offset + done, total)


@dataclass(frozen=True)
class PathwayResult:
    """What a scenario of pathways gave.

    Attributes
    ----------
    scenario : what was run.
    counts : strategy → `Counts`.
    comparison : strategies side by side.
    patients, seed, threads : of the run.
    started : when, ISO 8601.
    """

    scenario: PathwayScenario
    counts: Mapping[str, Counts]
    comparison: Comparison
    patients: int
    seed: int
    threads: int | None = None
    started: str = ""

    def summary(self) -> dict[str, Any]:
        """The machine-readable result, as in ``summary.json``."""
        return self._summary

    @cached_property
    def _summary(self) -> dict[str, Any]:
        compared = self.comparison.summary_dict()
        for c in compared["contrasts"]:
            c["basis"] = comparability(self.scenario.plan, c["strategy"], c["comparator"])
        return {
            "scenario": self.scenario.id,
            "seed": self.seed,
            "patients": self.patients,
            **compared,
            "unanchored": sorted({b.regimen for b in self.scenario.plan.bases.values() if b.kind == "unanchored"}),
            **self.scenario.integrals,
            "scans": self._scans(),
            "subgroups": subgroup_rows(self.scenario.file, self.scenario.plan, self.scenario.subgroups),
        }

    def _scans(self) -> list[dict[str, Any]]:
        """What schedules of imaging do to PFS, on patients of this run."""
        from simulate.pathways.scans import scan_rows, schedules

        plan, horizon = self.scenario.plan, self.scenario.file.horizon
        tau = min(self.scenario.file.rmst.get("pfs", 24.0), horizon)
        known = [s for s in self.scenario.strategies if plan.progression_known(s)]
        times = ((s, *self._leaving(s, min(self.patients, SCANNED))) for s in known)
        return scan_rows(times, self.scenario.file.comparators, schedules(self.scenario.file.scans), tau)

    def _leaving(self, strategy: str, patients: int) -> tuple[np.ndarray, np.ndarray]:
        """Months to leaving the first line alive, and to death, of the first patients."""
        compiled = self.scenario.compiled(strategy)
        rows = graph_rows(compiled, new_job(patients, self.seed, 0), threads=self.threads)
        entry = dict(zip(compiled.states, rows.entry, strict=True))
        alive = np.min([entry[s] for s in compiled.states[1:-1]], axis=0)
        return alive, entry[compiled.states[-1]]

    def to_df(self) -> pd.DataFrame:
        """The contrasts, one row a strategy and endpoint."""
        return self.comparison.to_df()

    def survival(self, endpoint: str) -> Mapping[str, SurvivalCurve]:
        """Survival curves of an endpoint under every strategy of which it is known."""
        return dict(self.comparison.curves.get(endpoint, {}))

    def plot(self, ax: Any = None) -> Any:
        """Overall survival under every strategy; returns the Axes."""
        from simulate.plots import plot_km

        return plot_km({self.scenario.label(k): c for k, c in self.survival("os").items()}, "os", ax=ax)

    def rows(self, *, patients: int | None = None, chunk: int = 262_144) -> Iterator[pd.DataFrame]:
        """The same synthetic patients as rows: their class, months of entry into every state, highest grades."""
        names, total = list(self.scenario.strategies), patients or self.patients
        covariates = self.scenario.plan.classes
        for name in names:
            compiled = self.scenario.compiled(name)
            for start in range(0, total, chunk):
                job = new_job(min(chunk, total - start), self.seed, 0, first_patient=start)
                rows = graph_rows(compiled, job, threads=self.threads)
                entry = dict(zip(compiled.states, rows.entry, strict=True))
                left = np.min([t for s, t in entry.items() if s != compiled.states[0]], axis=0)
                data: dict[str, Any] = {
                    "patient": np.arange(start, start + job.patients, dtype=np.int64),
                    "strategy": pd.Categorical([name] * job.patients, categories=names),
                    "patient_class": rows.stratum.astype(np.int32),
                    "share_of_class": np.array([c.share for c in covariates])[rows.stratum],
                    "pfs": left,
                    "os": entry["dead"],
                    **self._found(left, entry["dead"]),
                    **{f"enters_{s}": entry[s] for s in self.scenario.plan.states[1:]},
                }
                for x, event in enumerate(compiled.events):
                    data[f"toxicity_{event}"] = rows.grade[x]
                yield pd.DataFrame(data)

    def _found(self, left: np.ndarray, dead: np.ndarray) -> dict[str, np.ndarray]:
        """PFS as the scenario's scans find it, where it names a schedule."""
        from simulate.pathways.scans import found_at

        scans = self.scenario.file.scans
        if scans is None:
            return {}
        progression = np.where(left < dead, left, np.inf)
        return {"pfs_found_at_scans": found_at(progression, dead, float(scans.every_weeks))}

    def save(self, out: str | Path, *, save_patients: bool = False, command: str | None = None) -> Path:
        """Write ``summary.json``, tables, figures, ``report.html``, ``provenance.json`` into a folder, or nothing."""
        from simulate.report import write_result

        with limited(self.threads):
            return write_result(self, Path(out), save_patients=save_patients, command=command)
