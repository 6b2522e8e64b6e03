"""Synthetic cancer-trial cohorts from reported figures: calibrated, simulated, compared and checked.

A published trial gives a handful of numbers. `simulate` turns them, each with its citation, into one joint model per
arm, simulates any number of synthetic patients under several strategies, and compares the strategies, with the Monte
Carlo error of every answer beside it::

    import simulate as sim

    result = sim.load("bevacizumab").run(patients=1_000_000, seed=1)
    result.summary()
    result.survival("os").plot()

For research and teaching. The patients are synthetic, the models rest on a few reported figures, and nothing here
says what would happen to a person: it never advises on a patient's care.

Names are imported when they are first used, so ``import simulate`` costs milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulate.calibration import calibrate
    from simulate.evidence import Library
    from simulate.scenario import Result, Scenario, load

__version__ = "0.1.0"

__all__ = ["Library", "Result", "Scenario", "__version__", "calibrate", "load"]

_HOME = {
    "Library": "simulate.evidence",
    "Result": "simulate.scenario",
    "Scenario": "simulate.scenario",
    "calibrate": "simulate.calibration",
    "load": "simulate.scenario",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use (PEP 562)."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
