"""Make the library's priors: what every study says of families, shapes and medians, written to ``priors/*.csv``.

``python -m simulate.calibration.learn`` does so for the bundled library. Here a study's landmarks and medians are all
taken in, those it only checks too: its curves are to be known, not tested. Families first: the others rest on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from simulate.analytic import cell_curves, crossing_time
from simulate.calibration import observations as store
from simulate.calibration import shapes as mixed
from simulate.calibration.calibrate import calibrate, specification
from simulate.calibration.family_prior import FAMILIES, learned_families
from simulate.calibration.figures import modelled
from simulate.calibration.observations import FOLDER, KINDS, FamilyEvidence, Observation
from simulate.calibration.result import Calibration
from simulate.calibration.search import log_evidence
from simulate.calibration.spec import SHAPE_PRIOR, Spec
from simulate.evidence import Library
from simulate.evidence.calibration_schema import EndpointModel
from simulate.evidence.library import bundled_params
from simulate.evidence.schema import Trial
from simulate.files import atomic_write

LEAST = 0.25  # precision, in units of the plain prior's, below which a study says nothing of a shape
TELLING = ("median", "landmark", "quantile")
MEDIAN_VARIANCE = 1.5  # of a log median: squared, over the number of patients (exponential times, some censored)
DAYS = 240 * 30


def with_every_landmark(trial: Trial) -> Trial:
    """The study with the landmarks and medians it only checks taken in."""
    figures = [
        f.model_copy(update={"role": "fit"}) if f.role == "check" and f.statistic in TELLING else f
        for f in trial.figures
    ]
    return trial.model_copy(update={"figures": tuple(figures)})


def plain_specification(trial: Trial) -> Spec | None:
    """A study's specification under the plain priors; None for one without survival figures that are used."""
    statistics, _ = modelled(trial)
    if trial.calibration.structure == "outcomes_only" or not any(s.role in ("primary", "fit") for s in statistics):
        return None
    spec = specification(trial, statistics)
    return replace(spec, pfs=replace(spec.pfs, learned=None), pps=replace(spec.pps, learned=None))


def processes(trial: Trial) -> dict[str, str]:
    """Which process of the specification each learned process is."""
    return {"os": "pfs"} if trial.calibration.structure == "survival_only" else {"pfs": "pfs", "pps": "pps"}


def readings(trial: Trial) -> Iterator[Trial]:
    """The study as its file reads it and, where that has a progression, by its overall survival alone.

    So the shapes of overall survival are learned from every study, not only from those that report nothing else.
    """
    yield trial
    if trial.calibration.structure == "illness_death":
        alone = trial.calibration.model_copy(update={"structure": "survival_only", "pfs": EndpointModel()})
        yield trial.model_copy(update={"calibration": alone})


def families(trial: Trial) -> Iterator[FamilyEvidence]:
    """How well each family explains a study's figures, a process at a time, the other one as it is."""
    trial = with_every_landmark(trial)
    spec = plain_specification(trial)
    if spec is None:
        return
    calibration = calibrate(trial, spec)
    chosen = [i for i, s in enumerate(calibration.statistics) if s.role in ("primary", "fit")]
    statistics = [calibration.statistics[i] for i in chosen]
    sampling = calibration.covariance[np.ix_(chosen, chosen)]
    classes = sorted({a.treatment_class or "" for a in trial.arms.values()})
    for process, slot in processes(trial).items():
        for family in FAMILIES:
            own = replace(getattr(spec, slot), family=family, shape_prior=None)
            score, _, _ = log_evidence(statistics, replace(spec, **{slot: own}), sampling)
            for name in classes:
                yield FamilyEvidence(
                    trial.id, process, name, str(trial.line_of_therapy or ""), family, round(float(score), 3)
                )


def _known(trial: Trial) -> tuple[Trial, Calibration | None]:
    full = with_every_landmark(trial)
    spec = plain_specification(full)
    return full, None if spec is None else calibrate(full, spec)


def shapes(trial: Trial) -> Iterator[Observation]:
    """Shapes of a study's arms, the plain prior taken out again."""
    trial, calibration = _known(trial)
    if calibration is None:
        return
    variance = np.var(calibration.posterior.draws, axis=0)
    for i, parameter in enumerate(calibration.layout.parameters):
        slot, _, rest = parameter.name.partition(".")
        process = next((p for p, s in processes(trial).items() if s == slot), None)
        if process is None or not rest.startswith("shape."):
            continue
        own = getattr(calibration.spec, slot)
        precision = 1.0 / float(variance[i]) - 1.0
        if own.shape_prior is not None or precision < LEAST:
            continue  # its file has its own prior, or its figures say nothing
        arm = rest.removeprefix("shape.")
        arm = next(iter(trial.arms)) if arm == "all" else arm
        value = float(calibration.posterior.x[i]) / float(variance[i]) / precision
        width = SHAPE_PRIOR[own.family][1]
        yield Observation(
            trial.id,
            arm,
            process,
            trial.arms[arm].treatment_class or "",
            str(trial.line_of_therapy or ""),
            own.family,
            round(width * value, 4),
            round(width**2 / precision, 4),
        )


def medians(trial: Trial) -> Iterator[Observation]:
    """Log medians of PFS and OS of the arms that have such a figure of their own; of PPS of those that have both."""
    trial, calibration = _known(trial)
    if calibration is None:
        return
    told = {
        (cell[0], s.endpoint)
        for s in calibration.statistics
        if s.role in ("primary", "fit") and s.kind in TELLING
        for cell in s.groups[0].cells
    }
    model = calibration.model
    for arm in model.arms:
        curves = [cell_curves(model.cells[arm, s], DAYS) for s in model.strata]
        for endpoint in ("pfs", "os", "pps"):
            needed = ("pfs", "os") if endpoint == "pps" else (endpoint,)
            if not all((arm, e) in told for e in needed):
                continue
            pooled = sum(w * c.endpoint(endpoint) for w, c in zip(model.mix[arm], curves, strict=True))
            median = crossing_time(np.asarray(pooled))
            if not math.isfinite(median):
                continue
            n = trial.arms[arm].n or 50
            yield Observation(
                trial.id,
                arm,
                endpoint,
                trial.arms[arm].treatment_class or "",
                str(trial.line_of_therapy or ""),
                calibration.spec.pfs.family,
                round(math.log(median), 4),
                round(MEDIAN_VARIANCE**2 / n, 4),
            )


def _forget() -> None:
    store.observations.cache_clear()
    learned_families.cache_clear()
    mixed.learned.cache_clear()
    mixed.learned_together.cache_clear()
    mixed._without.cache_clear()


def learn(library: Library) -> None:
    """Write the three files of the bundled library, each resting on those before it."""
    makers: dict[str, Callable[[Trial], Iterator[Any]]] = {"families": families, "shapes": shapes, "medians": medians}
    with store.anew() as made:
        for kind, maker in makers.items():
            _forget()
            read = (lambda trial: (trial,)) if kind == "medians" else readings
            rows = [row for name in library.trials() for trial in read(library.trial(name)) for row in maker(trial)]
            made[kind] = tuple(sorted(rows, key=lambda r: tuple(str(v) for v in list(asdict(r).values())[:5])))
        texts = {kind: _csv(kind, rows) for kind, rows in made.items()}
    _forget()
    for kind, text in texts.items():
        print(atomic_write(bundled_params() / FOLDER / f"{kind}.csv", text))


def _csv(kind: str, rows: Sequence[Any]) -> str:
    names = [f.name for f in fields(KINDS[kind])]
    lines = [",".join(names), *(",".join(str(asdict(r)[k]) for k in names) for r in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    learn(Library([]))
