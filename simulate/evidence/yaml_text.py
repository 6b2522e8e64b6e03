"""YAML 1.2 text to plain data, with the line of every field.

Parameter files are data typed by people and passed around by mail, so this reader takes the
plain part of YAML only: mappings, lists, text, numbers, true/false, null. Everything that can run
code, hide content or exhaust the machine (tags, anchors and aliases, merge keys, deep nesting,
several documents) is refused with the line it stands on. Events are consumed one by one and the
tree is built with an explicit stack, so no input can exhaust Python's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from simulate.errors import InputError, Problem
from simulate.evidence.document import Document, shortened
from simulate.evidence.remembered import remembered
from simulate.evidence.yaml_builder import Builder

MAX_BYTES = 1024 * 1024
MAX_PROBLEMS = 50


def read(path: Path, file: str | None = None) -> Document:
    """Read a YAML file; raise `InputError` naming file and line for anything but plain data."""
    name = file or str(path)
    try:
        mode = path.stat().st_mode
        if not (S_ISREG(mode) or S_ISDIR(mode)):  # a pipe would wait for ever; opening a folder says what it is
            _refuse(name, None, "is not a regular file.", "Give the path of a readable YAML file.")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Problem(name, None, "", f"cannot be read: {reason}.", "Give the path of a readable YAML file.")
        ) from None
    return remembered(raw, name, parse)


def parse(text: str | bytes, file: str = "") -> Document:
    """Parse YAML text to plain data.

    Parameters
    ----------
    text : the YAML, as text or UTF-8 bytes.
    file : name used in messages.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        _refuse(
            file,
            None,
            f"is larger than {MAX_BYTES // 1024} KiB.",
            "Parameter files are small; split it or check that this is the right file.",
        )
    decoded = _decode(raw, file)
    builder = Builder(file)
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
        raise InputError(
            Problem(f"--set {name}", None, "", f"the value {shortened(repr(text))} is not valid YAML: {found}")
        ) from None


def _refuse(file: str, line: int | None, message: str, advice: str) -> None:
    raise InputError(Problem(file, line, "", message, advice))


def _decode(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        found = f"byte 0x{raw[error.start]:02x} is not UTF-8."
        raise InputError(Problem(file, line, "", found, "Save the file as UTF-8.")) from None


def _events(text: str, file: str) -> Iterator[Any]:
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
        raise InputError(
            Problem(file, line, "", f"character {error.character!r} is not allowed in YAML.", "Remove it.")
        ) from None
    except InputError:
        raise
    except Exception as error:  # the scanner has a few unguarded corners; none may reach the user as a traceback
        raise InputError(
            Problem(file, None, "", f"is not valid YAML ({type(error).__name__}: {error}).", "Check the syntax.")
        ) from None


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
