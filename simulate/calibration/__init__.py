"""Reported figures of a trial → one joint generative model, with its errors, its conflicts and its draws."""

from simulate.calibration.calibrate import Calibration, build_model, calibrate, specification
from simulate.calibration.figures import modelled
from simulate.calibration.search import SearchRow, search
from simulate.calibration.spec import ProcessSpec, Spec

__all__ = [
    "Calibration",
    "ProcessSpec",
    "SearchRow",
    "Spec",
    "build_model",
    "calibrate",
    "modelled",
    "search",
    "specification",
]
