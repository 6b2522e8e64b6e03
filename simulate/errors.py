"""Errors as part of the product: what was found, where, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Attributes
    ----------
    file : path as the user would type it, or ``""`` for a command-line value.
    line : 1-based line in `file`, or ``None`` where the input has no lines.
    field : dotted path of the field, for example ``arms.chemotherapy.n``.
    message : what was found and what is allowed.
    advice : what to do about it; may be empty.
    severity : ``"error"`` stops the run, ``"warning"`` does not.
    """

    file: str
    line: int | None
    field: str
    message: str
    advice: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line is not None else "")
        head = " ".join(part for part in (place, self.field) if part)
        message = self.message if self.severity == "error" else f"{self.severity}: {self.message}"
        text = f"{head}: {message}" if head else message
        return f"{text} {self.advice}" if self.advice else text


class SimulateError(Exception):
    """Base of every error a user can cause; the command prints it and exits with status 2."""

    exit_status = 2


class InputError(SimulateError):
    """Bad input: one or more `Problem`, reported together."""

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def input_error(
    message: str, *, field: str = "", advice: str = "", file: str = "", line: int | None = None
) -> InputError:
    """Build an `InputError` of a single problem."""
    return InputError(Problem(file=file, line=line, field=field, message=message, advice=advice))
