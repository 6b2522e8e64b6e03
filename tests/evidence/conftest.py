"""A small sound library, and how to damage one file of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulate.evidence import Library
from tests.evidence.pathway_files import copied

FILES = {
    "trial": "trials/mini.yaml",
    "scenario": "scenarios/question.yaml",
    "regimen": "regimens/given.yaml",
    "sources": "sources.yaml",
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A writable copy of the small library."""
    target = tmp_path / "params"
    shutil.copytree(Path(__file__).parent / "data" / "library", target)
    return target


@pytest.fixture
def damage(folder):
    """Replace one passage of a file; return the file's path and the first line that changed."""

    def replace(kind: str, old: str, new: str) -> tuple[Path, int]:
        path = folder / FILES[kind]
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {path.name}"
        # The first place where old and new differ is where a reader must look.
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        line = text[: text.index(old) + same].count("\n") + 1
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path, line

    return replace


@pytest.fixture
def problems_of(folder):
    """All problems of a file of the small library."""

    def check(path: Path) -> list:
        return Library(folder).check(path)

    return check


@pytest.fixture(scope="session")
def bundled() -> Library:
    """The library that ships with the package."""
    return Library(params=[])


@pytest.fixture
def pathways(tmp_path, monkeypatch) -> Path:
    """A writable copy of the small library of pathways, which stands alone: the bundled one is not beneath it."""
    target = copied(tmp_path)
    monkeypatch.setattr("simulate.evidence.library.bundled_params", lambda: target)
    return target
