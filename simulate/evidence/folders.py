"""Where parameter files lie, and how a message names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
