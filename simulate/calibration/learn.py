"""Make the library's prior on shapes: what every calibrated study says of its curves, written to ``priors/shapes.csv``.

``python -m simulate.calibration.learn`` does so for the bundled library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np

from simulate.calibration.calibrate import calibrate, specification
from simulate.calibration.figures import modelled
from simulate.calibration.shapes import COLUMNS, FILE, Observation
from simulate.calibration.spec import SHAPE_PRIOR
from simulate.evidence import Library
from simulate.evidence.library import bundled_params
from simulate.evidence.schema import Trial
from simulate.files import atomic_write

LEAST = 0.25  # precision, in units of the plain prior's, below which a study says nothing of a shape


TELLING = ("median", "landmark", "quantile")


def with_every_landmark(trial: Trial) -> Trial:
    """The study with the landmarks and medians it only checks taken in: here its shape is to be known, not tested."""
    figures = [
        f.model_copy(update={"role": "fit"}) if f.role == "check" and f.statistic in TELLING else f
        for f in trial.figures
    ]
    return trial.model_copy(update={"figures": tuple(figures)})


def observed(trial: Trial) -> Iterator[Observation]:
    """Shapes of a study's arms, the plain prior taken out again; nothing for one without survival figures."""
    trial = with_every_landmark(trial)
    statistics, _ = modelled(trial)
    if trial.calibration.structure == "outcomes_only" or not statistics:
        return
    spec = specification(trial, statistics)
    plain = replace(spec, pfs=replace(spec.pfs, learned=()), pps=replace(spec.pps, learned=()))
    calibration = calibrate(trial, plain)
    variance = np.var(calibration.posterior.draws, axis=0)
    for i, parameter in enumerate(calibration.layout.parameters):
        process, _, rest = parameter.name.partition(".")
        if process not in ("pfs", "pps") or not rest.startswith("shape."):
            continue
        own = getattr(calibration.spec, process)
        survival_only = trial.calibration.structure == "survival_only"
        if own.shape_prior is not None or (survival_only and process == "pps"):
            continue  # its file has its own prior, or there is no such process
        precision = 1.0 / float(variance[i]) - 1.0
        if precision < LEAST:
            continue
        arm = rest.removeprefix("shape.")
        arm = next(iter(trial.arms)) if arm == "all" else arm
        value = float(calibration.posterior.x[i]) / float(variance[i]) / precision
        width = SHAPE_PRIOR[own.family][1]
        yield Observation(
            trial.id,
            arm,
            "os" if survival_only else process,
            trial.arms[arm].treatment_class or "",
            str(trial.line_of_therapy or ""),
            own.family,
            round(width * value, 4),
            round(width**2 / precision, 4),
        )


def learn(library: Library) -> list[Observation]:
    """What all studies of a library say, by study, process and arm."""
    found = [o for name in library.trials() for o in observed(library.trial(name))]
    return sorted(found, key=lambda o: (o.process, o.study, o.arm))


def write(path: Path, rows: list[Observation]) -> Path:
    """Write the observations as CSV."""
    lines = [",".join(COLUMNS), *(",".join(str(x) for x in astuple(r)) for r in rows)]
    return atomic_write(path, "\n".join(lines) + "\n")


if __name__ == "__main__":
    print(write(bundled_params() / FILE, learn(Library([]))))
