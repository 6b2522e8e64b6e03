"""The fidelity table: one row a reported figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulate.calibration import Calibration
from simulate.files import atomic_write


@dataclass(frozen=True)
class FidelityRow:
    """One reported figure beside the model; see `FIELDS` of the command's JSON.

    `ci_derived` marks an interval derived from the numbers of patients because none was printed. `z` is the residual in
    standard deviations, sampling error and the correlation with the figures used included; for a figure that was used
    it is that of its prediction from the others (leave-one-out), None for a toxicity rate taken as it stands.
    `subgroup` marks a subgroup that is not made of strata and is predicted with the whole trial's effect.
    """

    id: str
    study: str
    arm: str
    comparator: str | None
    population: str
    endpoint: str
    statistic: str
    grade: str | None
    timepoint: float | None
    cut: str | None
    reported: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float | None
    ci_derived: bool
    used_as_target: bool
    role: str
    model: float | None
    simulated: float | None
    z: float | None
    verdict: str
    reason: str
    subgroup: bool = False


def rms(rows: Sequence[FidelityRow], targets: bool) -> float:
    """Root mean square z of the rows that were used (`targets`) or were not, superseded ones aside; NaN without any."""
    z = [r.z for r in rows if r.z is not None and r.used_as_target == targets and r.verdict != "superseded"]
    return float(np.sqrt(np.mean(np.square(z)))) if z else math.nan


@dataclass(frozen=True)
class Fidelity:
    """Fidelity of one trial's calibration."""

    trial: str
    rows: tuple[FidelityRow, ...]
    calibration: Calibration

    def to_df(self) -> pd.DataFrame:
        """One row a figure."""
        return pd.DataFrame([asdict(r) for r in self.rows])

    def to_json(self) -> list[dict[str, Any]]:
        """Plain records for `simulate fidelity --json`."""
        return [asdict(r) for r in self.rows]

    def rms_z(self, *, targets: bool = False, subgroups: bool | None = None, events: bool = True) -> float:
        """Root mean square z of the figures not used (or used, each predicted from the others); NaN without any.

        `subgroups` True or False keeps only figures of subgroups, or only the others; `events` False leaves out counts
        of events, which test the follow-up assumed and not the curves.
        """
        chosen = [
            r
            for r in self.rows
            if (subgroups is None or r.subgroup == subgroups) and (events or r.statistic != "events")
        ]
        return rms(chosen, targets)

    def conflicts(self) -> tuple[FidelityRow, ...]:
        """Figures the model contradicts."""
        return tuple(r for r in self.rows if r.verdict == "conflict")

    def summary(self) -> str:
        """A few lines in words."""
        counts = pd.Series([r.verdict for r in self.rows]).value_counts()
        words = ", ".join(f"{n} {v}" for v, n in counts.items())
        lines = [
            f"{self.trial}: {words}",
            f"RMS z of figures not used {self.rms_z():.2f} (subgroups {self.rms_z(subgroups=True):.2f}, others "
            f"{self.rms_z(subgroups=False):.2f}, without counts of events "
            f"{self.rms_z(subgroups=False, events=False):.2f}); "
            f"of those used, each predicted from the others, {self.rms_z(targets=True):.2f}",
            f"joint test of those used: chi-square {self.calibration.joint:.1f}, p {self.calibration.joint_p:.2g}",
        ]
        lines += [
            f"prior strained: {name} lies {x:+.1f} SD from its prior mean"
            for name, x in self.calibration.tensions().items()
        ]
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the table as CSV."""
        return atomic_write(path, self.to_df().to_csv(index=False))
