"""Trials of the library, calibrated once for all tests of this folder."""

from __future__ import annotations

import pytest

from simulate.calibration import Calibration, calibrate
from simulate.evidence import Library

TRIALS = ("gog240", "jcog0505", "keynote826")


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()


@pytest.fixture(scope="session")
def calibrations(library: Library) -> dict[str, Calibration]:
    return {name: calibrate(library.trial(name)) for name in TRIALS}
