"""Rules of the effects of a network meta-analysis: whose they are, files that can be read and belong together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulate.errors import InputError, input_error
from simulate.evidence.document import shortened
from simulate.evidence.findings import Finding
from simulate.evidence.folders import beside
from simulate.evidence.messages import suggest
from simulate.evidence.network_schema import Endpoint, Network
from simulate.evidence.origins import origin

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.effects import Effects
    from simulate.evidence.library import Library
    from simulate.evidence.scenario_schema import Scenario

NETWORK: FieldPath = ("economics", "network")


def check_network(scenario: Scenario, library: Library | None) -> Iterator[Finding]:
    """Every rule that the `network` of a scenario's `economics` breaks."""
    network = None if scenario.economics is None else scenario.economics.network
    if network is None:
        return
    if scenario.trial is None:
        message = "belongs to scenarios of a trial's arms, whose curves its effects act on."
        yield Finding(
            NETWORK, message, "Remove it: pathways carry effects themselves, a model of one's own by `hazard_ratio`."
        )
        return
    yield from origin(NETWORK, network, library)
    for name in network.strategies:
        if name not in scenario.strategies:
            yield Finding((*NETWORK, "strategies", name), f"no strategy {name!r}.", suggest(name, scenario.strategies))
    if set(network.strategies) <= {scenario.comparator}:
        message = "names no strategy that is held against the comparator."
        yield Finding((*NETWORK, "strategies"), message, "Name the treatment that another strategy is in the network.")
    if network.os is not None and network.pps is not None:
        message = "is given beside `os`, which decides on survival after progression too."
        yield Finding((*NETWORK, "pps"), message, "Keep one of the two.")
    if library is not None:
        yield from _files(network, scenario)


def _files(network: Network, scenario: Scenario) -> Iterator[Finding]:
    """Files that can be read, hold the treatments, and have a row for each draw of each other."""
    found: dict[Endpoint, Effects] = {}
    for endpoint in network.files:
        try:
            found[endpoint] = effects_of(network, endpoint, scenario)[1]
        except InputError as error:
            yield _fault(endpoint, error)
    for endpoint, effects in found.items():
        known = (effects.reference, *effects.treatments)
        for strategy in scenario.strategies:
            treatment = network.treatment(strategy)
            if strategy in network.strategies and treatment not in known:
                message = f"{network.files[endpoint]} has no treatment {treatment!r}."
                yield Finding((*NETWORK, "strategies", strategy), message, suggest(treatment, known))
        if len(effects) != len(found.get("pfs", effects)):
            message = f"has {len(effects)} draws, {network.pfs} {len(found['pfs'])}."
            yield Finding((*NETWORK, endpoint), message, "Write the same draws to both, in the same order.")


def effects_of(network: Network, endpoint: Endpoint, scenario: Scenario) -> tuple[Path, Effects]:
    """File and draws of the effects on an endpoint.

    Raises
    ------
    InputError : a file that is not there, leads out of the scenario's folder, or is not what it should be.
    """
    from simulate.evidence.effects import read_effects  # numpy, which most checks do without

    name = network.files[endpoint]
    if scenario.folder is None:
        message = "cannot be found: the scenario was not read from a file."
        raise input_error(message, field=endpoint, advice="Load the scenario from its file.")
    path = beside(scenario.folder, name)
    return path, read_effects(path, network.reference, network.study, name)


def _fault(endpoint: Endpoint, error: InputError) -> Finding:
    """The first fault of a file, at the scenario's field that names it."""
    first, more = error.problems[0], len(error.problems) - 1
    line = "" if first.line is None else f":{first.line}"
    field = f" {shortened(first.field)}" if first.field else ""
    text = f"{first.file}{line}{field}: {first.message}" if first.file else first.message
    advice = f"{first.advice} There are {more} more such faults.".strip() if more else first.advice
    return Finding((*NETWORK, endpoint), text, advice)
