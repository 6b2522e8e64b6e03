"""Draws of treatment effects from a network meta-analysis: log hazard ratios, read and checked.

`read_effects` takes the draws as multinma (Phillippo) names them, written to a CSV file in R by one of ::

    write.csv(as.data.frame(fit, pars = "d"), "pfs.csv", row.names = FALSE)
    write.csv(as.matrix(relative_effects(fit)), "pfs.csv", row.names = FALSE)

A column ``d[B]`` is B against the network's reference, ``d[B vs. A]`` is B against A, ``d[study: B]`` is B in the
population of a study (network meta-regression). Other columns (``mu[…]``, ``delta[…]``, ``tau``, ``lp__``, numbers of
draws) are left alone. The effects must be log hazard ratios: of multinma's survival models those of the proportional
hazards likelihoods (``exponential``, ``weibull``, ``gompertz``, ``mspline``, ``pexp``), not of the accelerated ones.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulate.errors import InputError, Problem, input_error
from simulate.evidence.document import shortened

Array = NDArray[np.float64]
COLUMN = re.compile(r"d\[(.+)\]")
VERSUS, OF_STUDY = " vs. ", ": "
MANGLED = re.compile(r"d\.(?!raw)[\w.]+")  # R's read.csv turns d[B] into d.B.
LARGEST = 5.0  # a log hazard ratio beyond it (148 times the hazard) is another quantity
SAME = 1e-6
MOST = 20  # problems told at once
MAX_BYTES = 64 * 1024 * 1024  # thousands of draws of hundreds of columns


@dataclass(frozen=True)
class Effects:
    """Draws of log hazard ratios against one reference.

    Attributes
    ----------
    reference : the treatment the others are held against.
    treatments : the others.
    log_ratio : float64[D, len(treatments)].
    """

    reference: str
    treatments: tuple[str, ...]
    log_ratio: Array

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.log_ratio)

    def of(self, treatment: str, comparator: str) -> Array:
        """Log hazard ratio of a treatment against a comparator, float64[D].

        Raises
        ------
        InputError : a treatment the network does not have.
        """
        return self._against_reference(treatment) - self._against_reference(comparator)

    def _against_reference(self, treatment: str) -> Array:
        if treatment == self.reference:
            return np.zeros(len(self))
        if treatment not in self.treatments:
            known = ", ".join((self.reference, *self.treatments))
            raise input_error(
                f"{treatment!r} is not in the network.", field="treatment", advice=f"Take one of {known}."
            )
        return self.log_ratio[:, self.treatments.index(treatment)]

    def sample(self, draws: int, seed: int) -> Effects:
        """As many draws as are asked for, in random order: each once as long as there are enough.

        Chains lie one after the other, so the first draws alone would be those of the first chain. Use the same seed
        for the files of one analysis (PFS and OS fitted jointly): their rows then stay together.
        """
        rng = np.random.default_rng(seed)
        at = rng.permutation(len(self))[:draws] if draws <= len(self) else rng.integers(len(self), size=draws)
        return replace(self, log_ratio=self.log_ratio[at])


def read_effects(path: str | Path, reference: str, study: str | None = None, file: str | None = None) -> Effects:
    """Read draws of treatment effects in multinma's layout.

    Parameters
    ----------
    path : a CSV file, a row a draw.
    reference : the network's reference treatment, which has no column of its own.
    study : the population whose effects are taken, where the file has several.
    file : how messages name it; by default its path.

    Raises
    ------
    InputError : every mistake with its line and column: no columns of effects, a cell that is no finite number, a
        number that is no log hazard ratio, rows of another length, columns twice, contrasts that contradict each other;
        or that it is too large.
    """
    file = str(path) if file is None else file
    header, rows = _cells(Path(path), file)
    columns = _columns(header, file, study)
    values = np.full((len(rows), len(columns)), np.nan)
    problems: list[Problem] = []
    for i, (line, row) in enumerate(rows):
        if len(row) != len(header):
            message = f"has {len(row)} cells where the first line has {len(header)}."
            problems.append(Problem(file, line, "", message, "Was the file cut off?"))
            continue
        for k, j in enumerate(columns):
            value = _number(row[j])
            if isinstance(value, str):
                problems.append(Problem(file, line, header[j], value, "Effects are log hazard ratios."))
            else:
                values[i, k] = value
    if len(rows) < 2 and not problems:
        problems.append(Problem(file, None, "", f"has {len(rows)} draws.", "Give the posterior draws, not a summary."))
    if problems:
        raise InputError(problems[:MOST])
    return _effects(file, reference, {columns[j]: values[:, k] for k, j in enumerate(columns)}, [n for n, _ in rows])


def _cells(path: Path, file: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header, and every row with its line."""
    try:
        if path.stat().st_size > MAX_BYTES:
            advice = 'Write the effects alone: pars = "d".'
            raise input_error(f"is larger than {MAX_BYTES // 1024**2} MiB.", file=file, advice=advice)
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text)
            found = [(reader.line_num, [c.strip() for c in row]) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise input_error(f"cannot be read ({reason}).", file=file, advice="Write it as CSV, in UTF-8.") from error
    if not found:
        raise input_error("is empty.", file=file, advice="Write the draws with R's write.csv.")
    return found[0][1], found[1:]


def _columns(header: list[str], file: str, study: str | None) -> dict[int, tuple[str, str | None]]:
    """Positions of the columns of effects → treatment and what it is held against (None: the reference)."""
    inside = {j: m[1] for j, name in enumerate(header) if (m := COLUMN.fullmatch(name))}
    if not inside:
        mangled = any(MANGLED.fullmatch(name) for name in header)
        advice = "R's read.csv renames them: use check.names = FALSE." if mangled else "They are called d[treatment]."
        raise input_error("has no columns of treatment effects.", file=file, line=1, advice=advice)
    studies = list(dict.fromkeys(name.partition(OF_STUDY)[0] for name in inside.values() if OF_STUDY in name))
    if study is not None:
        inside = {j: n.removeprefix(study + OF_STUDY) for j, n in inside.items() if n.startswith(study + OF_STUDY)}
    if not inside or (studies and study is None):
        message = "has effects for each study." if study is None else f"has no effects for study {study!r}."
        raise input_error(message, file=file, line=1, advice=f"Name one of {', '.join(studies) or 'none'}.")
    out: dict[int, tuple[str, str | None]] = {}
    for j, name in inside.items():
        treatment, versus, other = name.partition(VERSUS)
        pair = (treatment, other if versus else None)
        if pair in out.values():
            raise input_error("stands there twice.", file=file, line=1, field=header[j])
        out[j] = pair
    return out


def _number(text: str) -> float | str:
    """A log hazard ratio, or what is wrong with it."""
    try:
        value = float(text)
    except ValueError:
        return f"{shortened(repr(text))} is not a number."
    if not math.isfinite(value):
        return f"{text!r} is not finite."
    return value if abs(value) <= LARGEST else f"{value:g} is a hazard ratio of {math.exp(min(value, 700.0)):.3g}."


def _effects(file: str, reference: str, values: dict[tuple[str, str | None], Array], lines: list[int]) -> Effects:
    """Effects against the reference; contrasts between two others must be their difference."""
    base = {t: v for (t, other), v in values.items() if other in (None, reference)}
    base |= {o: -v for (t, o), v in values.items() if t == reference and o is not None}
    for (treatment, other), value in values.items():
        if treatment in base and other in (None, reference):
            off = np.abs(base[treatment] - value) > SAME * np.maximum(np.abs(value), 1.0)
            if off.any():
                line, message = lines[int(np.argmax(off))], f"{treatment!r} has two effects against {reference!r}."
                raise input_error(message, file=file, line=line, field=f"d[{treatment}]", advice="Leave one out.")
    if reference in base:
        message = f"{reference!r} has effects of its own, so it is not the reference."
        raise input_error(message, file=file, line=1, field=f"d[{reference}]")
    if not base:
        raise input_error(f"no effect is against {reference!r}.", file=file, line=1, advice="Name the reference.")
    known = {reference: np.zeros(len(lines)), **base}
    for (treatment, other), value in values.items():
        if other is None or reference in (treatment, other):
            continue
        missing = [t for t in (treatment, other) if t not in known]
        if missing:
            advice = "Write the effects against the reference too."
            message = f"{missing[0]!r} has no effect against {reference!r}."
            raise input_error(message, file=file, line=1, field=f"d[{treatment}{VERSUS}{other}]", advice=advice)
        off = np.abs(known[treatment] - known[other] - value) > SAME * np.maximum(np.abs(value), 1.0)
        if off.any():
            line, message = lines[int(np.argmax(off))], "is not the difference of the two effects."
            raise input_error(message, file=file, line=line, field=f"d[{treatment}{VERSUS}{other}]")
    return Effects(reference, tuple(base), np.column_stack(list(base.values())))
