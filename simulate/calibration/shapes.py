"""The prior on shapes, learned from the library.

Every calibrated study tells something about the shape of its curves: by how much it lies from the prior of its family
(`SHAPE_PRIOR`), and how surely. These deviations are described by a mixed model, a common mean, a deviation of each
class of treatment, one of each line of therapy, and what is left between studies. A new study's prior is the model's
prediction for its class and line; a study never contributes to its own prior.

The observations are those of calibrations under the plain prior, with that prior taken out again, so that nothing is
learned from itself.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from simulate.evidence.library import bundled_params

Array = NDArray[np.float64]
SPREAD = 0.25  # scale of the weak priors on the standard deviations of the mixed model, as wide as the plain prior
FILE = "priors/shapes.csv"
COLUMNS = ("study", "arm", "process", "treatment_class", "line", "family", "deviation", "variance")


@dataclass(frozen=True)
class Observation:
    """Shape of one arm's curve: log deviation from its family's prior mean, and its sampling variance."""

    study: str
    arm: str
    process: str
    treatment_class: str
    line: str
    family: str
    deviation: float
    variance: float


@lru_cache(maxsize=4)
def observations(path: Path | None = None) -> tuple[Observation, ...]:
    """The library's observations; none where the file does not exist (it is being made)."""
    file = path or bundled_params() / FILE
    if not file.is_file():
        return ()
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(
        Observation(**{k: r[k] for k in COLUMNS[:6]}, deviation=float(r["deviation"]), variance=float(r["variance"]))
        for r in rows
    )


@dataclass(frozen=True)
class MixedModel:
    """Standard deviations of the classes, of the lines and between studies, with what they were estimated from."""

    rows: tuple[Observation, ...]
    classes: float
    lines: float
    studies: float

    def predict(self, treatment_class: str, line: str) -> tuple[float, float]:
        """Mean and standard deviation of the deviation of a new study's arm."""
        y = np.array([r.deviation for r in self.rows])
        weight = np.linalg.inv(_covariance(self.rows, self.classes, self.lines, self.studies))
        ones = np.ones(len(y))
        mean = float(ones @ weight @ y / (ones @ weight @ ones))
        shared = np.array(
            [
                self.classes**2 * (r.treatment_class == treatment_class) + self.lines**2 * (r.line == line)
                for r in self.rows
            ]
        )
        own = self.classes**2 + self.lines**2 + self.studies**2
        left = 1.0 - shared @ weight @ ones
        variance = own - shared @ weight @ shared + left**2 / (ones @ weight @ ones)
        return mean + float(shared @ weight @ (y - mean)), math.sqrt(max(float(variance), 1e-6))


def _covariance(rows: Sequence[Observation], classes: float, lines: float, studies: float) -> Array:
    same_class = np.array([[a.treatment_class == b.treatment_class for b in rows] for a in rows], float)
    same_line = np.array([[a.line == b.line for b in rows] for a in rows], float)
    same_study = np.array([[a.study == b.study for b in rows] for a in rows], float)
    # half of what separates studies is shared by the arms of one
    own = 0.5 * studies**2 * (same_study + np.eye(len(rows)))
    noise = np.diag([r.variance for r in rows])
    return np.asarray(classes**2 * same_class + lines**2 * same_line + own + noise)


def estimate(rows: Sequence[Observation]) -> MixedModel:
    """Standard deviations at the maximum of the restricted likelihood and weak half-normal priors of scale `SPREAD`."""
    y = np.array([r.deviation for r in rows])
    ones = np.ones(len(y))

    def objective(log_sd: Array) -> float:
        sd = np.exp(log_sd)
        covariance = _covariance(rows, *(float(s) for s in sd))
        weight = np.linalg.inv(covariance)
        info = float(ones @ weight @ ones)
        centred = y - float(ones @ weight @ y) / info
        likelihood = np.linalg.slogdet(covariance)[1] + math.log(info) + float(centred @ weight @ centred)
        return 0.5 * float(likelihood) + float(np.sum(0.5 * (sd / SPREAD) ** 2 - log_sd))

    found = minimize(objective, np.log([0.1, 0.1, 0.2]), method="L-BFGS-B", bounds=[(-5.0, 0.5)] * 3)
    classes, lines, studies = (float(x) for x in np.exp(found.x))
    return MixedModel(tuple(rows), classes, lines, studies)


@lru_cache(maxsize=1024)
def _without(study: str, process: str, rows: tuple[Observation, ...]) -> MixedModel | None:
    kept = [r for r in rows if r.process == process and r.study != study]
    return estimate(kept) if len(kept) >= 5 else None


def learned(study: str, process: str, treatment_class: str | None, line: int | None) -> tuple[float, float] | None:
    """Shift and standard deviation of the shape's prior for an arm, its own study left out; ``None`` with no library.

    Parameters
    ----------
    process : ``pfs``, ``pps`` or, where only survival is modelled, ``os``.
    """
    model = _without(study, process, observations())
    return None if model is None else model.predict(treatment_class or "", str(line or ""))
