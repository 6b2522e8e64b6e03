"""A small library of pathways that stands alone, and how to damage one of its files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from simulate.evidence import Library

DATA = Path(__file__).parent / "data" / "pathways"
KINDS = {"population": "populations/routine", "strategy": "strategies/policy", "scenario": "scenarios/lines"}


def copied(folder: Path) -> Path:
    """A writable copy of the library."""
    return Path(shutil.copytree(DATA, folder / "params"))


def damaged(folder: Path, kind: str, old: str, new: str) -> tuple[Path, int]:
    """Replace one passage of a file; its path and the line of the first difference."""
    path = folder / f"{KINDS.get(kind, kind)}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    line = text[: text.index(old) + same].count("\n") + 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, line


def assert_said(path: Path, line: int | None, says: str, most: int = 2) -> Library:
    """One clear message, in this file and on this line, and hardly another; the library that found it."""
    library = Library([])
    problems = [p for p in library.check(path) if p.severity == "error"]
    text = "\n".join(map(str, problems))
    said = [p for p in problems if re.search(says, str(p))]
    assert said, text or "no problem was found"
    assert len(problems) <= most, text
    assert all(p.file.endswith(path.name) and p.line for p in problems), text
    assert max(len(str(p)) for p in problems) < 500, text
    assert all(p.message[-1] in ".?!" and (p.advice or "\n" in p.message or len(p.message) < 90) for p in problems), (
        text
    )
    if line is not None:
        assert line in {p.line for p in said}, f"expected line {line}: {text}"
    return library
