"""Life tables: CSV files of age and yearly probability of death, with every error and its line."""

from __future__ import annotations

import math
from pathlib import Path

from simulate.errors import InputError, Problem
from simulate.evidence.document import shortened

OLDEST = 130
GOES_TO = 85  # years of age to which a table must reach: what lies beyond its end keeps the last probability
MAX_BYTES = 1_048_576


def read_life_table(path: Path, file: str) -> tuple[tuple[float, ...], str]:
    """Yearly probabilities of death by completed age from 0, and where the table says it comes from.

    Parameters
    ----------
    path : a CSV file with the columns age and qx (others are left alone); lines that begin with ``#`` are notes.
    file : how messages name it.

    Raises
    ------
    InputError : every line that is not an age and a probability, ages that are missing, a table that ends too soon.
    """
    lines = _text(path, file).splitlines()
    origin = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not rows:
        raise InputError(Problem(file, None, "", "the table is empty.", "Give the columns age and qx."))
    problems: list[Problem] = []
    number, head = rows[0]
    if [cell.strip() for cell in head.split(",")[:2]] != ["age", "qx"]:
        message = f"found {shortened(repr(head))} where the names of the columns stand."
        problems.append(Problem(file, number, "", message, "Begin with `age,qx`."))
        if _is_number(head.partition(",")[0]):
            rows.insert(0, (number, head))
    probability: list[float] = []
    expected = 0
    for number, line in rows[1:]:
        cells = [cell.strip() for cell in line.split(",")]
        age = int(cells[0]) if cells[0].isdecimal() and len(cells[0]) < 4 else None
        if age is None:
            message = f"{shortened(repr(cells[0]))} is not an age in whole years."
            problems.append(Problem(file, number, "age", message, "Each line is an age and a probability: 50,0.0031."))
        elif age != expected:
            problems.append(Problem(file, number, "age", *_gap(age, expected)))
        expected = (age if age is not None else expected) + 1
        problem = _probability(cells)
        if problem is not None:
            problems.append(Problem(file, number, "qx", *problem))
        else:
            probability.append(float(cells[1]))
    if not problems and not GOES_TO <= expected - 1 <= OLDEST:
        message = f"ends at age {expected - 1}." if probability else "has no ages."
        advice = f"Give every age from 0 to {GOES_TO} or more, at most {OLDEST}. Was the file cut off?"
        problems.append(Problem(file, rows[-1][0], "age", message, advice))
    if problems:
        raise InputError(problems)
    return tuple(probability), origin


def _text(path: Path, file: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(Problem(file, None, "", f"is larger than {MAX_BYTES // 1024} KiB.", "Give a life table."))
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(Problem(file, None, "", f"cannot be read ({error.strerror}).")) from None
    except UnicodeDecodeError:
        raise InputError(Problem(file, None, "", "is not UTF-8.", "Save it as CSV in UTF-8.")) from None


def _gap(age: int, expected: int) -> tuple[str, str]:
    if age < expected:
        return f"age {age} stands where {expected} is expected.", "Each age stands once, in order from 0."
    missing = f"age {expected} is" if age == expected + 1 else f"ages {expected} to {age - 1} are"
    return f"{missing} missing before age {age}.", "Give every age from 0."


def _probability(cells: list[str]) -> tuple[str, str] | None:
    if len(cells) < 2 or not cells[1]:
        return "the probability of death is missing.", "Each line is an age and a probability: 50,0.0031."
    if not _is_number(cells[1]):
        return f"{shortened(repr(cells[1]))} is not a number.", "Write a decimal point, and no unit."
    value = float(cells[1])
    if value > 1.0:
        return f"{value:g} is more than 1.", "It is a probability within a year: write 0.0031 for 3.1 in 1000."
    if value <= 0.0:
        return f"{value:g} is no probability of death.", "Give a number above 0, at most 1."
    return None


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
