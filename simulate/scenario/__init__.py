"""One question put to the library: load a scenario, run it, get a `Result`."""

from simulate.scenario.result import Curves, Result
from simulate.scenario.scenario import Scenario, load

__all__ = ["Curves", "Result", "Scenario", "load"]
