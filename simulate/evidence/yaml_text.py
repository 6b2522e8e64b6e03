"""YAML 1.2 text to plain data, with the line of every field.

Parameter files are data typed by people and passed around by mail, so this reader takes the
plain part of YAML only: mappings, lists, text, numbers, true/false, null. Everything that can run
code, hide content or exhaust the machine (tags, anchors and aliases, merge keys, deep nesting,
several documents) is refused with the line it stands on. Events are consumed one by one and the
tree is built with an explicit stack, so no input can exhaust Python's.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulate.errors import InputError, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_PROBLEMS = 50
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

FieldPath = tuple[str | int, ...]


@dataclass
class Document:
    """Plain data of one YAML text and the line of each field.

    Attributes
    ----------
    file : how the user knows the text (a path, or ``--set``).
    data : dicts, lists, str, int, float, bool and None.
    lines : 1-based line of each field, by path; a path is a tuple of keys and list positions.
    """

    file: str
    data: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)

    def line(self, path: FieldPath) -> int:
        """Line of a field, or of the nearest parent that has one (a missing field has none of its own)."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(path: Path, file: str | None = None) -> Document:
    """Read a YAML file; raise `InputError` naming file and line for anything but plain data."""
    name = file or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(Problem(name, None, "", f"cannot be read: {reason}.", "Give the path of a readable YAML file.")) from None
    return parse(raw, name)


def parse(text: str | bytes, file: str = "") -> Document:
    """Parse YAML text to plain data.

    Parameters
    ----------
    text : the YAML, as text or UTF-8 bytes.
    file : name used in messages.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        _refuse(file, None, f"is larger than {MAX_BYTES // 1024} KiB.", "Parameter files are small; split it or check that this is the right file.")
    decoded = _decode(raw, file)
    builder = _Builder(file)
    for event in _events(decoded, file):
        builder.take(event)
        if len(builder.problems) >= MAX_PROBLEMS:
            break
    if builder.problems:
        raise InputError(builder.problems)
    if not builder.started:
        _refuse(file, 1, "the file is empty.", "Begin from one of the bundled files: `simulate list` names them.")
    return builder.document


def parse_value(text: str, name: str) -> Any:
    """Value of ``--set name=text``: a YAML scalar or flow collection."""
    try:
        return parse(text or "null", "").data
    except InputError as error:
        found = "; ".join(p.message for p in error.problems)
        raise InputError(Problem(f"--set {name}", None, "", f"the value {text!r} is not valid YAML: {found}")) from None


def _refuse(file: str, line: int | None, message: str, advice: str) -> None:
    raise InputError(Problem(file, line, "", message, advice))


def _decode(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        found = f"byte 0x{raw[error.start]:02x} is not UTF-8."
        raise InputError(Problem(file, line, "", found, "Save the file as UTF-8.")) from None


def _events(text: str, file: str):
    """Yield ruamel's parse events; turn its exceptions into `InputError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        raise _syntax_error(error, file) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(Problem(file, line, "", f"character {error.character!r} is not allowed in YAML.", "Remove it.")) from None
    except InputError:
        raise
    except Exception as error:  # the scanner has a few unguarded corners; none may reach the user as a traceback
        raise InputError(Problem(file, None, "", f"is not valid YAML ({type(error).__name__}: {error}).", "Check the syntax.")) from None


def _syntax_error(error: Any, file: str) -> InputError:
    """Say in plain words what the scanner stumbled on, and where it began."""
    found = error.problem or error.context or "unreadable text"
    mark = error.problem_mark or error.context_mark
    advice = "Check indentation, quotes, brackets and the space after each colon."
    if "\\t" in found or "tab" in found:
        found, advice = "a tab where spaces are needed", "Indent with spaces, never with tabs."
    elif "quoted scalar" in (error.context or ""):
        mark, advice = error.context_mark or mark, "Close the quotation mark."
    elif "flow" in (error.context or "") and error.context_mark is not None:
        mark, advice = error.context_mark, "Close the bracket, and separate its items with commas."
    return InputError(Problem(file, mark.line + 1 if mark else None, "", f"not valid YAML: {found}.", advice))


class _Builder:
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
            self._problem(line, f"alias *{event.anchor} is not allowed.", "Write the value out.")
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
            self._problem(line, f"tag {tag} is not allowed.", "Remove the tag; plain values need none.")
        if event.anchor:
            self._problem(line, f"anchor &{event.anchor} is not allowed.", "Write the value out where it is needed.")

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
            self._problem(line, f"key {key!r} is not text.", "Field names are words; put the key in quotes if it is a name.")
        elif key in mapping:
            first = self.document.line((*path, key))
            self._problem(line, f"duplicate key {key!r}; it stands already on line {first}.", "Keep one of the two.")
        self._keys[-1] = key
        self.document.lines.setdefault((*path, key), line)

    def _resolve(self, text: str, line: int) -> Any:
        """YAML 1.2 core schema: what a plain scalar means."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _NOT_FINITE.fullmatch(text):
            self._problem(line, f"{text} is not a number.", "Leave the field out, or write null, if the value is unknown.")
            return None
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
                self._problem(line, "a list or mapping cannot be a key.", "Put text in quotes if it begins with [ or {.")
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


def field_text(path: FieldPath, data: Any = None) -> str:
    """Dotted path of a field, list items by their `id` where they have one.

    >>> field_text(("figures", 0, "value"), {"figures": [{"id": "os_median"}]})
    'figures.os_median.value'
    >>> field_text(("landmarks", 2))
    'landmarks[2]'
    """
    text, node = "", data
    for key in path:
        node = node[key] if _has(node, key) else None
        name = node.get("id") or node.get("event") if isinstance(node, dict) and isinstance(key, int) else None
        if isinstance(key, int) and not isinstance(name, str):
            text += f"[{key}]"
        else:
            text += f".{name if isinstance(key, int) else key}"
    return text.lstrip(".")


def _has(node: Any, key: str | int) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)
