"""The naive simulator as a fixture: a test folder is no package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def naive():
    spec = importlib.util.spec_from_file_location("naive_simulator", Path(__file__).with_name("simulator.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
