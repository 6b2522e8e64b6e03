"""Rules of whom a decision concerns and of a proposed trial: shares by year, sizes in order, amounts that convert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.decision_schema import Affected, ProposedTrial
from simulate.evidence.economics_checks import convertible, stated_quantity
from simulate.evidence.economics_schema import Economics
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.origins import origin

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.scenario_schema import Scenario

POPULATION: FieldPath = ("economics", "population")
TRIAL: FieldPath = ("economics", "proposed_trial")


def check_decision(scenario: Scenario, library: Library | None) -> Iterator[Finding]:
    """Every rule that `population` and `proposed_trial` of a scenario's `economics` break."""
    asked = scenario.economics
    if asked is None:
        return
    if asked.population is not None:
        yield from _population(asked.population, scenario, library)
    if asked.proposed_trial is not None:
        yield from _trial(asked.proposed_trial, asked.population, library)


def check_amounts(trial: ProposedTrial | None, setting: Economics) -> Iterator[Finding]:
    """Costs of a proposed trial that cannot be brought to the payer's currency and year."""
    for name in ("cost", "cost_per_patient"):
        amount = getattr(trial, name, None)
        if amount is not None:
            yield from convertible((*TRIAL, name), amount, setting)


def _population(affected: Affected, scenario: Scenario, library: Library | None) -> Iterator[Finding]:
    yield from stated_quantity((*POPULATION, "yearly"), affected.yearly, library)
    uptake = affected.uptake
    if uptake is None:
        return
    here: FieldPath = (*POPULATION, "uptake")
    yield from origin(here, uptake, library)
    if uptake.without and len(uptake.without) != len(uptake.shares):
        message = f"has {len(uptake.without)} years where `shares` has {len(uptake.shares)}."
        yield Finding((*here, "without"), message, "Give one share for each year.")
    others = [s for s in scenario.strategies if s != scenario.comparator]
    if uptake.strategy is not None and uptake.strategy not in others:
        message = f"no strategy {uptake.strategy!r} is held against the comparator."
        yield Finding((*here, "strategy"), message, suggest(uptake.strategy, others))


def _trial(trial: ProposedTrial, affected: Affected | None, library: Library | None) -> Iterator[Finding]:
    if list(trial.patients_per_arm) != sorted(set(trial.patients_per_arm)):
        yield Finding((*TRIAL, "patients_per_arm"), "do not increase.", "Sort them, each once.")
    for name in ("cost", "cost_per_patient"):
        amount = getattr(trial, name)
        if amount is not None:
            yield from stated_quantity((*TRIAL, name), amount, library)
            if affected is None:
                message = "cannot be weighed: nothing says how many patients the decision concerns."
                yield Finding((*TRIAL, name), message, "Add `economics.population`.")
