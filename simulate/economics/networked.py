"""Strategies whose effects come from a network meta-analysis, on the comparator's curves of one trial.

The trial says how the comparator's patients fare, the network how a treatment differs from it. A strategy named in the
scenario's `network` becomes an arm of its own in the joint model: the comparator's curves under the hazard ratios of
its treatment (`simulate.economics.nma.with_effects`). Of the trial's arm that the strategy names it keeps the adverse
events and the number of patients. At the point calibration the ratios are those of the mean log ratios; each draw of
the calibration is joined by a draw of the network, the two being independent sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulate.calibration import Calibration
from simulate.cohort_draws import drawn_models
from simulate.economics.drawing import more_draws
from simulate.economics.nma import with_effects
from simulate.errors import InputError, Problem
from simulate.evidence import Library
from simulate.evidence.effects import Effects
from simulate.evidence.network_checks import effects_of
from simulate.evidence.network_schema import Endpoint, Network
from simulate.evidence.scenario_schema import Scenario
from simulate.model.types import JointModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Networked:
    """The survival model of a trial with arms that a network adds to it.

    Attributes
    ----------
    calibration : of the trial.
    network : what the scenario says of it.
    comparator : arm of the trial whose curves are taken; `against` is what it is in the network.
    arms : strategy → the arm of its own.
    effects : endpoint → draws.
    hashes : endpoint → SHA-256 of its file.
    follow_up : months over which an effect on overall survival is met.
    model : the joint model at the point calibration and the mean log ratios.
    """

    calibration: Calibration
    network: Network
    comparator: str
    against: str
    arms: Mapping[str, str]
    effects: Mapping[Endpoint, Effects]
    hashes: Mapping[Endpoint, str]
    follow_up: float
    model: JointModel

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """Trial → its calibration."""
        return {self.calibration.trial: self.calibration}

    def log_ratios(self, strategy: str, effects: Mapping[Endpoint, Effects] | None = None) -> dict[Endpoint, Array]:
        """Endpoint → log hazard ratios of a strategy against the comparator, float64[D]."""
        own = self.effects if effects is None else effects
        return {k: v.of(self.network.treatment(strategy), self.against) for k, v in own.items()}

    def drawn(self, draws: int, seed: int) -> tuple[list[JointModel], dict[str, Array]]:
        """Draws of the model, and what was drawn, by name: the calibration's parameters, ``network.pfs.TREATMENT``."""
        more = more_draws(self.calibration, draws, seed)
        parameters = calibrated(more)
        sampled = {k: v.sample(draws, seed) for k, v in self.effects.items()}
        ratios = {s: self.log_ratios(s, sampled) for s in self.arms}
        for strategy, own in ratios.items():
            for endpoint, values in own.items():
                if np.ptp(values) > 0.0:
                    parameters[f"network.{endpoint}.{self.network.treatment(strategy)}"] = values
        return self.added(drawn_models(more), ratios), parameters

    def added(self, models: Sequence[JointModel], ratios: Mapping[str, Mapping[Endpoint, Array]]) -> list[JointModel]:
        """Models of the trial with the network's arms, under log hazard ratios of each strategy."""
        out = list(models)
        for strategy, own in ratios.items():
            try:
                out = with_effects(out, self.comparator, self.arms[strategy], own["pfs"], pps=own.get("pps"),
                                   os=own.get("os"), follow_up=self.follow_up)  # fmt: skip
            except InputError as error:
                raise InputError([self._told(p, strategy) for p in error.problems]) from None
        return out

    def _told(self, problem: Problem, strategy: str) -> Problem:
        """A problem of an effect with the file it comes from."""
        file = next((name for k, name in self.network.files.items() if k == problem.field), "")
        message = f"strategy {strategy!r}: {problem.message}"
        return replace(problem, file=file, field=f"economics.network.{problem.field}", message=message)


def calibrated(calibration: Calibration) -> dict[str, Array]:
    """The drawn parameters of a calibration by name, float64[D]."""
    posterior = calibration.posterior
    out = {p.name: posterior.draws[:, i] for i, p in enumerate(calibration.layout.parameters)}
    if np.ptp(posterior.dependence) > 0.0:
        out["dependence"] = posterior.dependence
    return out


def networked(
    scenario: Scenario,
    network: Network,
    library: Library,
    calibration: Calibration,
    arms: Mapping[str, str],
    follow_up: float,
) -> Networked:
    """A trial's survival model with the arms that a scenario takes from a network.

    Parameters
    ----------
    arms : strategy → arm of the trial, the comparator first.
    follow_up : months over which an effect on overall survival is met.

    Raises
    ------
    InputError : anything wrong with the files, or an effect on overall survival that no survival after progression can
        give.
    """
    first = next(iter(arms))
    read = {endpoint: effects_of(network, endpoint, scenario) for endpoint in network.files}
    effects = {endpoint: found for endpoint, (_, found) in read.items()}
    hashes = {endpoint: library.count(path).sha256 for endpoint, (path, _) in read.items()}
    own = {s: f"network:{s}" for s in arms if s in network.strategies and s != first}
    plain = Networked(calibration, network, arms[first], network.treatment(first), own, effects, hashes, follow_up,
                      calibration.model)  # fmt: skip
    means = {s: {k: v.mean(keepdims=True) for k, v in plain.log_ratios(s).items()} for s in own}
    (model,) = plain.added([calibration.model], means)
    return replace(plain, model=_with_events(model, {own[s]: arms[s] for s in own}))


def _with_events(model: JointModel, of: Mapping[str, str]) -> JointModel:
    """The model with adverse events of arms of the trial in the arms of the network."""
    events = tuple(
        replace(t, rates={**t.rates, **{new: t.rates[arm] for new, arm in of.items() if arm in t.rates}})
        for t in model.toxicities
    )
    return replace(model, toxicities=events)
