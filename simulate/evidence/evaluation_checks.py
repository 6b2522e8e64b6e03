"""What a scenario to be evaluated needs: prices of all that its strategies use, values of all its states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.decision_checks import check_amounts, check_decision
from simulate.evidence.economics_checks import check_instead
from simulate.evidence.economics_schema import EconomicQuestion, Economics, Instead, shares_of_regimens
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.network_checks import check_network
from simulate.evidence.origins import origin
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.setting import given_of, merged, regimens_of

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.scenario_schema import Scenario

PER_SURFACE, PER_WEIGHT, BY_CLEARANCE = "mg/m2", "mg/kg", "AUC"
NEEDS = {PER_SURFACE: "body_surface", PER_WEIGHT: "weight", BY_CLEARANCE: "clearance"}


def check_evaluation(scenario: Scenario, library: Library | None) -> Iterator[Finding]:
    """Every rule the `economics` of a scenario breaks."""
    asked = scenario.economics
    if asked is None:
        return
    if asked.cycle > scenario.horizon:
        message = f"a cycle of {asked.cycle:g} months is longer than the horizon, {scenario.horizon:g}."
        yield Finding(("economics", "cycle"), message, "Shorten the cycle, or lengthen the horizon.")
    if list(asked.thresholds) != sorted(set(asked.thresholds)):
        yield Finding(("economics", "thresholds"), "do not increase.", "Sort them, each once.")
    yield from _strategies(scenario, asked, library)
    yield from check_decision(scenario, library)
    yield from check_network(scenario, library)
    if library is None:
        return
    yield from _life_table(scenario, asked, library)
    known = library.economics_files()
    if asked.setting not in known:
        message = f"no economic file {asked.setting!r}."
        yield Finding(("economics", "setting"), message, suggest(asked.setting, known))
        return
    try:
        setting = library.economics(asked.setting)
    except InputError:
        message = f"economic file {asked.setting!r} has errors."
        yield Finding(("economics", "setting"), message, library.see(f"economics/{asked.setting}"))
        return
    if asked.instead is not None:
        yield from check_instead(asked.instead, setting, library)
        yield from _outcomes(scenario, asked.instead, library)
        setting = merged(setting, asked.instead)
    yield from _values(setting, asked, scenario)
    yield from check_amounts(asked.proposed_trial, setting)
    yield from _regimens(scenario, asked, setting, library)


def _strategies(scenario: Scenario, asked: EconomicQuestion, library: Library | None) -> Iterator[Finding]:
    """A regimen for every arm, and for nothing else."""
    path: FieldPath = ("economics", "regimens")
    for name in asked.regimens:
        if name not in scenario.strategies:
            yield Finding((*path, name), f"no strategy {name!r}.", suggest(name, scenario.strategies))
    for name, treated in asked.treated.items():
        here: FieldPath = ("economics", "treated", name)
        if not regimens_of(scenario, name):
            yield Finding(here, f"strategy {name!r} has no regimen.", suggest(name, asked.regimens))
        yield from origin(here, treated, library)
    for name, added in asked.added.items():
        if name not in scenario.strategies:
            yield Finding(("economics", "added", name), f"no strategy {name!r}.", suggest(name, scenario.strategies))
            continue
        for twice in sorted(added.keys() & given_of(scenario, name).keys()):
            message = f"strategy {name!r} is given {twice!r} already."
            yield Finding(("economics", "added", name, twice), message, "Give its whole share under `regimens`.")
    for name, strategy in scenario.strategies.items():
        ruled = strategy.follow is not None or strategy.lines is not None
        if (strategy.arm is not None or ruled) and name not in asked.regimens:
            message = f"strategy {name!r} has no regimen, so nothing says what it uses."
            yield Finding(path, message, f"Add `{name}: REGIMEN`.")
    if scenario.trial is None and scenario.own_model is None:
        yield from _pathways(scenario)


def _pathways(scenario: Scenario) -> Iterator[Finding]:
    """What of a scenario of pathways can be evaluated: one line, strategies held against the one comparator."""
    if scenario.later_lines:
        message = "pathways with later lines are not evaluated."
        advice = "Leave `later_lines` out: what follows is then that of the trials, and `subsequent` its cost."
        yield Finding(("later_lines",), message, advice)
    for name, strategy in scenario.strategies.items():
        if strategy.comparator is not None:
            message = "an evaluation holds all strategies against each other."
            advice = "Remove it, and strategies for other patients with it."
            yield Finding(("strategies", name, "comparator"), message, advice)


def _life_table(scenario: Scenario, asked: EconomicQuestion, library: Library) -> Iterator[Finding]:
    """A life table that exists, and an age at which it begins."""
    if asked.life_table is None:
        return
    if scenario.trial is None and scenario.own_model is None:
        message = "belongs to evaluations of a trial's arms; pathways have one of their own, from the start on."
        yield Finding(("economics", "life_table"), message, "Write `life_table` beside `economics`, not in it.")
        return
    known = library.data_files("life_tables", ".csv")
    path: FieldPath = ("economics", "life_table")
    if asked.life_table not in known:
        yield Finding(path, f"no life table {asked.life_table!r}.", suggest(asked.life_table, known))
    if asked.start_age is None:
        yield Finding(path, "needs the age at which it begins.", "Give `start_age`, years.")


def _outcomes(scenario: Scenario, instead: Instead, library: Library) -> Iterator[Finding]:
    """Good outcomes that a treatment of the scenario is known to have; under rules anybody may get anything."""
    if scenario.own_model is not None or any(s.follow or s.lines for s in scenario.strategies.values()):
        return
    try:
        events = _events(scenario, library)
    except InputError:
        return  # said where the regimen or the trial is named
    for event in instead.responses:
        if event not in events:
            path: FieldPath = ("economics", "instead", "responses", event)
            yield Finding(path, f"no treatment of this scenario reports {event!r}.", suggest(event, sorted(events)))


def _events(scenario: Scenario, library: Library) -> set[str]:
    if scenario.trial is not None:
        return {t.event for t in library.trial(scenario.trial).toxicity}
    named = {s.regimen for s in scenario.strategies.values() if s.regimen is not None}
    return {t.event for name in named for t in library.regimen(name).toxicities}


def _values(setting: Economics, asked: EconomicQuestion, scenario: Scenario) -> Iterator[Finding]:
    """Both living states need a utility, which outcomes may not lift above 1; an age norm needs an age."""
    path: FieldPath = ("economics", "setting")
    best = 0.0
    for state in ("progression_free", "progressed"):
        values = setting.states.get(state)
        if values is None or values.utility is None:
            yield Finding(path, f"{setting.id} gives no utility of {state}.", f"Add `states.{state}.utility` to it.")
        else:
            best = max(best, values.utility.value)
    gained = sum(r.gain.value for r in setting.responses.values())
    if best + gained > 1.0:
        message = f"a utility of {best:g} and what outcomes add to it, {gained:g}, are above 1."
        yield Finding(path, message, "Lower the gains of `responses`.")
    if setting.age_norm is not None and asked.start_age is None:
        message = f"{setting.id} has an age norm, and no age is given."
        yield Finding(("economics", "start_age"), message, "Give the age at the start, years.")


def _regimens(scenario: Scenario, asked: EconomicQuestion, setting: Economics, library: Library) -> Iterator[Finding]:
    """Shares that add up, and a price of everything that is given."""
    for strategy, given in asked.regimens.items():
        total = sum(shares_of_regimens(given).values())
        if abs(total - 1.0) > 1e-6:
            message = f"shares add up to {total:g}."
            yield Finding(("economics", "regimens", strategy), message, "Shares of all regimens add up to 1.")
    for strategy in scenario.strategies:
        named = asked.regimens.get(strategy)
        path: FieldPath = ("economics", "regimens", strategy) if named is not None else ("strategies", strategy)
        for name in regimens_of(scenario, strategy):
            here = path if named is None or isinstance(named, str) else (*path, name)
            if name in asked.added.get(strategy, {}):
                here = ("economics", "added", strategy, name)
            yield from _regimen(here, name, setting, library)


def _regimen(path: FieldPath, name: str, setting: Economics, library: Library) -> Iterator[Finding]:
    known = library.regimens()
    if name not in known:
        yield Finding(path, f"no regimen {name!r}.", suggest(name, known))
        return
    try:
        regimen = library.regimen(name)
    except InputError:
        yield Finding(path, f"regimen {name!r} has errors.", library.see(f"regimens/{name}"))
        return
    yield from _priced(path, regimen, setting)


def _priced(path: FieldPath, regimen: Regimen, setting: Economics) -> Iterator[Finding]:
    """A price for every drug that can be given, the sizes its dose needs, a price of every local treatment."""
    for drug in regimen.drugs:
        if drug.instead_of is not None:
            continue
        if drug.drug not in setting.drugs:
            message = f"{setting.id} has no price of {drug.drug}, which {regimen.id} gives."
            yield Finding(path, message, f"Add `drugs.{drug.drug}` to it.")
        if drug.dose is None or drug.unit is None or not drug.days:
            message = f"{regimen.id} does not say how {drug.drug} is dosed."
            yield Finding(path, message, "Give `dose`, `unit` and `days` in its file.")
            continue
        size = NEEDS.get(drug.unit)
        if size is not None and getattr(setting.bodies, size) is None:
            message = f"{drug.drug} is given in {drug.unit}, and {setting.id} has no {size.replace('_', ' ')}."
            yield Finding(path, message, f"Add `bodies.{size}` to it.")
    for local in regimen.local_treatments:
        if not local.alternative and local.treatment not in setting.procedures:
            message = f"{setting.id} has no price of {local.treatment}, part of {regimen.id}."
            yield Finding(path, message, f"Add `procedures.{local.treatment}` to it.")
