"""What the library's studies say of families, shapes and medians: CSV files made by `simulate.calibration.learn`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from simulate.evidence.library import bundled_params

FOLDER = "priors"


@dataclass(frozen=True)
class Observation:
    """One arm's deviation from a prior mean, and its sampling variance.

    Of a shape: the log deviation from the family's prior mean (`SHAPE_PRIOR`); of a median: its logarithm (months).
    `process` is ``pfs``, ``pps`` or, where only survival is modelled, ``os``; of medians ``pfs``, ``pps`` or ``os``.
    """

    study: str
    arm: str
    process: str
    treatment_class: str
    line: str
    family: str
    deviation: float
    variance: float


@dataclass(frozen=True)
class FamilyEvidence:
    """Log marginal likelihood of a study's figures under one family of one process."""

    study: str
    process: str
    treatment_class: str
    line: str
    family: str
    log_evidence: float


_MAKING: dict[str, tuple[Any, ...]] | None = None


@contextmanager
def anew() -> Iterator[dict[str, tuple[Any, ...]]]:
    """While the files are made: what was made so far stands for them, so that nothing is learned from older ones."""
    global _MAKING
    _MAKING = {}
    try:
        yield _MAKING
    finally:
        _MAKING = None
        observations.cache_clear()


KINDS: dict[str, type] = {"shapes": Observation, "medians": Observation, "families": FamilyEvidence}


@lru_cache(maxsize=8)
def observations(kind: str) -> tuple[Any, ...]:
    """Rows of ``shapes``, ``medians`` or ``families``; while they are being made anew, those made so far."""
    if _MAKING is not None:
        return _MAKING.get(kind, ())
    file = bundled_params() / FOLDER / f"{kind}.csv"
    if not file.is_file():
        return ()
    row_type = KINDS[kind]
    numbers = {f.name for f in fields(row_type) if f.type == "float"}
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(
            row_type(**{k: float(v) if k in numbers else v for k, v in row.items()}) for row in csv.DictReader(stream)
        )
