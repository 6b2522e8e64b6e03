"""Effects from a network meta-analysis: what a scenario says of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulate.evidence.fields import Id, Text
from simulate.evidence.regimen_schema import Stated

Endpoint = Literal["pfs", "os", "pps"]
ENDPOINTS: tuple[Endpoint, ...] = ("pfs", "os", "pps")


class Network(Stated):
    """Strategies whose curves are the comparator's under hazard ratios of a network meta-analysis.

    `pfs` is a CSV file of posterior draws of log hazard ratios as multinma writes them, beside the scenario's file;
    `os` one of overall survival, or `pps` one of survival after progression. `reference` is the network's reference
    treatment, `study` the population whose effects are taken where a file has several. `strategies` names the treatment
    that each strategy is in the network; the comparator is the reference if it is not named.
    """

    reference: Text
    pfs: Text
    os: Text | None = None
    pps: Text | None = None
    study: Text | None = None
    strategies: dict[Id, Text] = Field(min_length=1)

    @property
    def files(self) -> dict[Endpoint, str]:
        """Endpoint → name of its file."""
        named: dict[Endpoint, str | None] = {"pfs": self.pfs, "os": self.os, "pps": self.pps}
        return {endpoint: name for endpoint, name in named.items() if name is not None}

    def treatment(self, strategy: str) -> str:
        """What a strategy is in the network."""
        return self.strategies.get(strategy, self.reference)
