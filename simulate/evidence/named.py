"""Regimens by name while a file is checked: each one that cannot be used is said once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.regimen_schema import Regimen
    from simulate.evidence.schema import Trial


class Regimens:
    """Regimens of a library, and what is wrong with those a file names."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._said: set[str] = set()

    def get(self, name: str) -> Regimen | None:
        """A sound regimen, or None."""
        try:
            return self.library.regimen(name)
        except InputError:
            return None

    def trial(self, name: str | None) -> Trial | None:
        """A sound trial, or None."""
        try:
            return None if name is None else self.library.trial(name)
        except InputError:
            return None

    def named(self, path: FieldPath, name: str, also: tuple[str, ...] = ()) -> Iterator[Finding]:
        """A regimen that does not exist, or whose file has errors; names in `also` stand for none."""
        known = (*self.library.regimens(), *also)
        if name not in known:
            yield Finding(path, f"no regimen {name!r}.", suggest(name, known))
        elif name not in also and name not in self._said:
            try:
                self.library.regimen(name)
            except InputError as error:
                self._said.add(name)
                yield Finding(path, f"regimen {name!r} has errors:\n{error}", "Correct its file first.")

    def of_line(self, path: FieldPath, name: str, number: int) -> Iterator[Finding]:
        """A regimen in a line for which it is not meant."""
        regimen = self.get(name)
        if regimen is not None and number not in regimen.lines:
            listed = ", ".join(map(str, regimen.lines))
            message = f"regimen {name!r} is not given in line {number}; its file lists {listed}."
            yield Finding(path, message, f"Use another regimen here, or add {number} to `lines` of its file.")
