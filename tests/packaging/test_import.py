"""``import simulate`` is cheap, offers its names and brings nothing along."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import simulate


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_import_brings_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'numba', 'pandas', 'lifelines', 'matplotlib', 'pydantic', 'rich', 'typer'}"
    assert python(f"import sys, simulate; print(sorted({heavy} & set(sys.modules)))") == "[]\n"


@pytest.mark.parametrize("name", [n for n in simulate.__all__ if n != "__version__"])
def test_public_names_come_from_their_modules(name):
    home = simulate._HOME[name]
    assert name in dir(simulate)
    assert getattr(simulate, name) is getattr(import_module(home), name)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(AttributeError, match="offers Library"):
        _ = simulate.no_such_name
    assert not hasattr(simulate, "_private")


def test_the_docstring_says_what_it_is_not_for():
    assert "research and teaching" in simulate.__doc__
    assert "never advises" in simulate.__doc__
