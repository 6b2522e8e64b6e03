"""The fidelity table: one row a reported figure."""

from __future__ import annotations

import math
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

    `ci_derived` marks an interval derived from the numbers of patients because none was printed. `z` is the residual
    in standard deviations, sampling error and the correlation with the figures used included.
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

    def rms_z(self, *, targets: bool = False) -> float:
        """Root mean square z of the figures not used (or used); NaN without any."""
        z = [r.z for r in self.rows if r.z is not None and r.used_as_target == targets and r.verdict != "superseded"]
        return float(np.sqrt(np.mean(np.square(z)))) if z else math.nan

    def conflicts(self) -> tuple[FidelityRow, ...]:
        """Figures the model contradicts."""
        return tuple(r for r in self.rows if r.verdict == "conflict")

    def summary(self) -> str:
        """A few lines in words."""
        counts = pd.Series([r.verdict for r in self.rows]).value_counts()
        words = ", ".join(f"{n} {v}" for v, n in counts.items())
        rms = f"RMS z of figures not used {self.rms_z():.2f}, of those used {self.rms_z(targets=True):.2f}"
        return f"{self.trial}: {words}; {rms}"

    def save(self, path: str | Path) -> Path:
        """Write the table as CSV."""
        return atomic_write(path, self.to_df().to_csv(index=False))
