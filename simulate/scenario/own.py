"""A scenario that brings its own model: it is evaluated, and nothing else, because it holds no trial's evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.scenario_schema import Scenario as ScenarioFile


@dataclass(frozen=True)
class OwnScenario:
    """A scenario's own model with the library its prices are in."""

    file: ScenarioFile
    library: Library

    @property
    def id(self) -> str:
        """Id of the scenario."""
        return self.file.id

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies compared, the comparator first."""
        return (self.file.comparator, *(s for s in self.file.strategies if s != self.file.comparator))

    def label(self, strategy: str) -> str:
        """Label of a strategy in figures and tables."""
        return self.file.strategies[strategy].label

    def run(self, **_: Any) -> Any:
        """Refused: there is no joint model of patients in a pair of survival curves.

        Raises
        ------
        InputError : always.
        """
        advice = f"Try: simulate evaluate {self.id}"
        raise input_error("a model of one's own is only evaluated.", field="own_model", advice=advice)
