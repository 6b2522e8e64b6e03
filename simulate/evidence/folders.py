"""Where parameter files lie, and how a message names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from simulate.errors import InputError, Problem
from simulate.hashes import sha256_of

# Folders of files found by id; where two hold the same id, the earlier one is meant by the id alone.
KINDS = ("trials", "scenarios", "regimens", "populations", "strategies", "economics", "reference_cases")


def bundled_params() -> Path:
    """Folder of the bundled library: `_params` inside the package, else `../params` beside it.

    The checkout's own folder wins in an editable installation, because only an installed wheel has `_params`.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "_params"
    return inside if inside.is_dir() else package.parent / "params"


def display(path: Path) -> str:
    """A path as the user would type it: relative to the working folder where it lies beneath it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix() if path.is_absolute() else str(path)
    except (ValueError, OSError):
        return str(path)


def singular(kind: str) -> str:
    """One file of a kind: ``strategies`` → ``strategy``."""
    special = {"strategies": "strategy", "economics": "economic file", "reference_cases": "reference case"}
    return special.get(kind, kind.removesuffix("s"))


@dataclass(frozen=True)
class FileProvenance:
    """Which file was read: its name inside the library, the folder it came from, the hash of its bytes."""

    name: str
    folder: str
    sha256: str


def provenance_of(path: Path, folders: Sequence[Path]) -> FileProvenance:
    """Name of a file inside the first of some folders that holds it, else beside it; its hash."""
    folder = next((f for f in folders if path.is_relative_to(f)), path.parent)
    return FileProvenance(path.relative_to(folder).as_posix(), str(folder), sha256_of(path))


def inside(folder: Path, name: str) -> Path | None:
    """Path of a file in a folder; None where there is none.

    Raises
    ------
    InputError : a link that leads out of the folder.
    """
    path = folder / name
    if not path.is_file():
        return None
    if not path.resolve().is_relative_to(folder.resolve()):
        message = f"is a link that leads out of {display(folder)}."
        raise InputError(Problem(display(path), None, "", message, "Copy the file into the folder."))
    return path


def beside(folder: Path, name: str) -> Path:
    """Path of a file that a file in `folder` names.

    Raises
    ------
    InputError : no such file, or a name that leads out of the folder.
    """
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or re.search(r"[\\:]", name):
        message = f"{name!r} leads out of the scenario's folder."
        raise InputError(Problem("", None, "", message, "Name a file beside the scenario's."))
    path = inside(folder, name)
    if path is None:
        message = f"no file {name!r} beside the scenario's."
        raise InputError(Problem("", None, "", message, "Names are relative to the scenario's file."))
    return path
