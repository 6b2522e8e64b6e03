"""The economic file of a scenario, with what the scenario says otherwise of its own patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulate.evidence.economics_schema import EconomicQuestion, Economics, Instead, shares_of_regimens
from simulate.evidence.fields import Model

if TYPE_CHECKING:
    from simulate.evidence.library import Library
    from simulate.evidence.scenario_schema import Scenario

WHOLE = ("once", "monitoring", "procedures", "responses")
PARTS = ("states", "toxicities")


def setting_of(question: EconomicQuestion, library: Library) -> Economics:
    """The economic file that a scenario is evaluated with.

    Raises
    ------
    InputError : no such file, or anything wrong with it.
    """
    file = library.economics(question.setting)
    return file if question.instead is None else merged(file, question.instead)


def merged(file: Economics, instead: Instead) -> Economics:
    """A file with some of its numbers replaced."""
    changed: dict[str, object] = dict.fromkeys(instead.without)
    for name in WHOLE:
        own = getattr(instead, name)
        if own:
            changed[name] = {**getattr(file, name), **own}
    for name in PARTS:
        own, known = getattr(instead, name), getattr(file, name)
        if own:
            changed[name] = {**known, **{k: _over(known[k], v) if k in known else v for k, v in own.items()}}
    for name in ("subsequent", "near_death"):
        if getattr(instead, name) is not None:
            changed[name] = getattr(instead, name)
    return file.model_copy(update=changed)


def _over(known: Model, own: Model) -> Model:
    return known.model_copy(update={k: v for k, v in own if v is not None})


def given_of(scenario: Scenario, strategy: str) -> dict[str, float]:
    """Regimens that a strategy gives with their shares, without those given on top."""
    question = scenario.economics
    if question is None:
        return {}
    own_regimen = scenario.strategies[strategy].regimen if strategy in scenario.strategies else None
    named = question.regimens.get(strategy, own_regimen)
    return {} if named is None else shares_of_regimens(named)


def regimens_of(scenario: Scenario, strategy: str) -> dict[str, float]:
    """Regimens that a strategy gives with their shares, those given on top with them."""
    added = {} if scenario.economics is None else scenario.economics.added.get(strategy, {})
    return {**given_of(scenario, strategy), **added}
