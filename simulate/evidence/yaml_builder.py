"""Builds plain data from YAML events with a stack of open collections, never by recursion."""

from __future__ import annotations

import math
import re
from typing import Any

from simulate.errors import InputError, Problem
from simulate.evidence.document import Document, FieldPath, field_text, shortened

MAX_DEPTH = 20
# No figure needs more digits, and int() refuses text above 4,300 digits with a ValueError.
MAX_NUMBER_LENGTH = 40

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Builder:
    """Builds the tree from events, with a stack of open collections instead of recursion."""

    def __init__(self, file: str) -> None:
        self.document = Document(file)
        self.problems: list[Problem] = []
        self.started = False
        self._open: list[tuple[dict | list, FieldPath]] = []
        self._keys: list[str | None] = []
        # Inside a key that is itself a collection nothing is stored; this counts its open brackets.
        self._skipping = 0

    def take(self, event: Any) -> None:
        """Take the next event of the stream."""
        kind = type(event).__name__
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if kind == "DocumentStartEvent":
            self._start_document(event, line)
        elif kind == "AliasEvent":
            self._problem(line, f"alias *{shortened(event.anchor)} is not allowed.", "Write the value out.")
            self._store(None, line)
        elif kind == "ScalarEvent":
            self._check_node(event, line)
            self._scalar(event, line)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._check_node(event, line)
            self._start_collection({} if kind == "MappingStartEvent" else [], line)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._end_collection()

    def _problem(self, line: int, message: str, advice: str) -> None:
        path = self._open[-1][1] if self._open else ()
        self.problems.append(Problem(self.document.file, line, field_text(path, self.document.data), message, advice))

    def _start_document(self, event: Any, line: int) -> None:
        if self.started:
            self._problem(line, "a second document begins here.", "Keep one document a file: remove the `---` line.")
        if event.version or event.tags:
            self._problem(line, "YAML directives are not allowed.", "Remove the lines that begin with %.")
        self.started = True

    def _check_node(self, event: Any, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            self._problem(line, f"tag {shortened(str(tag))} is not allowed.", "Remove the tag; plain values need none.")
        if event.anchor:
            self._problem(
                line, f"anchor &{shortened(event.anchor)} is not allowed.", "Write the value out where it is needed."
            )

    def _scalar(self, event: Any, line: int) -> None:
        waiting_for_key = self._open and isinstance(self._open[-1][0], dict) and self._keys[-1] is None
        if waiting_for_key and not self._skipping:
            self._key(event, line)
            return
        plain = event.style is None or event.style == ""
        value = self._resolve(event.value, line) if plain else event.value
        self._store(value, line)

    def _key(self, event: Any, line: int) -> None:
        key = event.value
        mapping, path = self._open[-1]
        plain = event.style is None or event.style == ""
        if plain and key == "<<":
            self._problem(line, "merge key << is not allowed.", "Write the fields out.")
        elif plain and not isinstance(self._resolve(key, line), str):
            self._problem(
                line,
                f"key {shortened(repr(key))} is not text.",
                "Field names are words; put the key in quotes if it is a name.",
            )
        elif key in mapping:
            first = self.document.line((*path, key))
            self._problem(
                line,
                f"duplicate key {shortened(repr(key))}; it stands already on line {first}.",
                "Keep one of the two.",
            )
        self._keys[-1] = key
        self.document.lines.setdefault((*path, key), line)

    def _resolve(self, text: str, line: int) -> Any:
        """YAML 1.2 core schema: what a plain scalar means."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _NOT_FINITE.fullmatch(text):
            return float(text.replace(".", ""))  # no field takes it: refused by the schema, with all other errors
        number = int if _INT.fullmatch(text) else float if _FLOAT.fullmatch(text) else None
        if number is None and not (_OCTAL.fullmatch(text) or _HEX.fullmatch(text)):
            return text
        if len(text) > MAX_NUMBER_LENGTH:
            self._problem(line, f"number of {len(text)} digits.", f"Use at most {MAX_NUMBER_LENGTH} characters.")
            return None
        value = int(text, 0) if number is None else number(text)
        if isinstance(value, float) and not math.isfinite(value):
            self._problem(line, f"number {text} is too large.", "Check the exponent.")
            return None
        return value

    def _store(self, value: Any, line: int) -> FieldPath:
        """Put a value where the open collection expects it; return its path."""
        if self._skipping:
            return ()
        if not self._open:
            if self.document.data is None:
                self.document.data = value
            self.document.lines.setdefault((), line)
            return ()
        container, parent = self._open[-1]
        if isinstance(container, list):
            path = (*parent, len(container))
            self.document.lines[path] = line
            container.append(value)
            return path
        key = self._keys[-1]
        if key is None:  # an alias in the place of a key; reported where it was met
            self._keys[-1] = ""
            return parent
        container.setdefault(key, value)
        self._keys[-1] = None
        return (*parent, key)

    def _start_collection(self, value: dict | list, line: int) -> None:
        if len(self._open) + self._skipping >= MAX_DEPTH:
            self._problem(line, f"nested deeper than {MAX_DEPTH} levels.", "Check for stray brackets.")
            raise InputError(self.problems)
        is_key = self._open and isinstance(self._open[-1][0], dict) and self._keys[-1] is None
        if is_key or self._skipping:
            if not self._skipping:
                self._problem(
                    line, "a list or mapping cannot be a key.", "Put text in quotes if it begins with [ or {."
                )
            self._skipping += 1
            return
        path = self._store(value, line)
        self._open.append((value, path))
        self._keys.append(None)

    def _end_collection(self) -> None:
        if self._skipping:
            self._skipping -= 1
            if not self._skipping:
                self._keys[-1] = ""
            return
        self._open.pop()
        self._keys.pop()
