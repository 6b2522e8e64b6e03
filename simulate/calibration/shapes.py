"""The hierarchical prior on shapes and medians, learned from the library.

Every calibrated study tells something about its curves: by how much their shape lies from the prior of its family
(`SHAPE_PRIOR`), what their median is, and how surely. These are described by a mixed model: a common mean, a deviation
of each class of treatment, one of each line of therapy, and what is left between studies. A new study's prior is the
model's prediction for its class and line; a study never contributes to its own prior.

The observations are those of calibrations under the plain prior, with that prior taken out again, so that nothing is
learned from itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from simulate.calibration.observations import Observation, observations
from simulate.files import cached_json, code_key

Array = NDArray[np.float64]
# scales of the weak priors on the standard deviations: as wide as the plain prior of a shape, and of a log median
SPREAD = {"shapes": 0.25, "medians": 1.0}
CODE = code_key("calibration/shapes")  # of the code as imported
FEWEST = 5  # observations below which nothing is learned


@dataclass(frozen=True)
class MixedModel:
    """Standard deviations of the classes, of the lines and between studies, with what they were estimated from."""

    rows: tuple[Observation, ...]
    classes: float
    lines: float
    studies: float

    def predict(self, treatment_class: str, line: str) -> tuple[float, float]:
        """Mean and standard deviation of a new study's arm."""
        mean, covariance = self.together([(treatment_class, line)])
        return float(mean[0]), math.sqrt(float(covariance[0, 0]))

    def together(self, arms: Sequence[tuple[str, str]]) -> tuple[Array, Array]:
        """Means and covariance of the arms, (class, line) each, of one new study.

        They share what its line, its study and, where it is the same, their class add; without that two arms of a trial
        could differ as much as two trials do.
        """
        y = np.array([r.deviation for r in self.rows])
        weight = np.linalg.inv(_Structure(self.rows).covariance((self.classes, self.lines, self.studies)))
        ones = np.ones(len(y))
        info = float(ones @ weight @ ones)
        centre = float(ones @ weight @ y) / info
        shared = np.array(
            [
                [self.classes**2 * (r.treatment_class == c) + self.lines**2 * (r.line == line) for r in self.rows]
                for c, line in arms
            ]
        )
        same_class = np.array([[a[0] == b[0] for b in arms] for a in arms])
        same_line = np.array([[a[1] == b[1] for b in arms] for a in arms])
        own = self.classes**2 * same_class + self.lines**2 * same_line
        own = own + 0.5 * self.studies**2 * (1.0 + np.eye(len(arms)))
        left = 1.0 - shared @ weight @ ones
        covariance = own - shared @ weight @ shared.T + np.outer(left, left) / info
        return centre + shared @ weight @ (y - centre), covariance + 1e-9 * np.eye(len(arms))


class _Structure:
    """Which rows share a class, a line and a study, as matrices."""

    def __init__(self, rows: Sequence[Observation]) -> None:
        def same(values: list[str]) -> Array:
            codes = np.unique(values, return_inverse=True)[1]
            return np.asarray(codes[:, None] == codes[None, :], dtype=float)

        # half of what separates studies is shared by the arms of one
        self.parts = (
            same([r.treatment_class for r in rows]),
            same([r.line for r in rows]),
            0.5 * (same([r.study for r in rows]) + np.eye(len(rows))),
        )
        self.noise = np.diag([r.variance for r in rows])

    def covariance(self, sd: Sequence[float] | Array) -> Array:
        """Covariance of the rows for standard deviations of classes, lines and studies."""
        return np.asarray(self.noise + sum(s * s * part for s, part in zip(sd, self.parts, strict=True)))


def estimate(rows: Sequence[Observation], spread: float) -> MixedModel:
    """Standard deviations at the mode, on the log scale, of the restricted likelihood times half-normal priors.

    `spread` is the priors' scale. The mode of the logarithm keeps them above zero: a class or line is never taken to
    add exactly nothing.
    """
    y = np.array([r.deviation for r in rows])
    ones, structure = np.ones(len(y)), _Structure(rows)

    def objective(log_sd: Array) -> float:
        sd = np.exp(log_sd)
        root = cho_factor(structure.covariance(sd), lower=True)
        of_ones, of_y = cho_solve(root, np.column_stack([ones, y])).T
        info = float(ones @ of_ones)
        mean = float(ones @ of_y) / info
        misfit = float(y @ of_y) - mean * mean * info
        likelihood = 2.0 * float(np.log(np.diag(root[0])).sum()) + math.log(info) + misfit
        return 0.5 * float(likelihood) + float(np.sum(0.5 * (sd / spread) ** 2 - log_sd))

    start = np.log(np.array([0.4, 0.4, 0.8]) * spread)
    found = minimize(objective, start, method="L-BFGS-B", bounds=[(-5.0, 0.7)] * 3)
    classes, lines, studies = (float(x) for x in np.exp(found.x))
    return MixedModel(tuple(rows), classes, lines, studies)


@lru_cache(maxsize=1024)
def _without(study: str, process: str, kind: str) -> MixedModel | None:
    kept = tuple(r for r in observations(kind) if r.process == process and r.study != study)
    if len(kept) < FEWEST:
        return None

    def compute() -> list[float]:
        model = estimate(kept, SPREAD[kind])
        return [model.classes, model.lines, model.studies]

    found = cached_json("mixed_model", {"rows": repr(kept), "spread": SPREAD[kind], "code": CODE}, compute)
    return MixedModel(kept, *found)


@lru_cache(maxsize=4096)
def learned(
    study: str, process: str, treatment_class: str | None, line: int | None, kind: str = "shapes"
) -> tuple[float, float] | None:
    """Mean and standard deviation for an arm of a study, the study itself left out; ``None`` with no library.

    Parameters
    ----------
    process : ``pfs``, ``pps`` or ``os``; of shapes ``os`` only where only survival is modelled.
    kind : ``shapes`` (log deviation from the family's prior mean) or ``medians`` (log months).
    """
    model = _without(study, process, kind)
    return None if model is None else model.predict(treatment_class or "", str(line or ""))


@lru_cache(maxsize=1024)
def learned_together(
    study: str, process: str, arms: tuple[tuple[str, str], ...]
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]] | None:
    """Shapes of the arms, (class, line) each, of a study: means and covariance, the study itself left out.

    ``None`` with no library.
    """
    model = _without(study, process, "shapes")
    if model is None:
        return None
    mean, covariance = model.together(arms)
    return tuple(map(float, mean)), tuple(tuple(map(float, row)) for row in covariance)
