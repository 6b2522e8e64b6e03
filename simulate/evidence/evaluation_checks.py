"""What a scenario to be evaluated needs: prices of all that its strategies use, values of all its states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.economics_schema import EconomicQuestion, Economics, shares_of_regimens
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.origins import origin
from simulate.evidence.regimen_schema import Regimen

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
    if library is None:
        return
    yield from _life_table(asked, library)
    known = library.economics_files()
    if asked.setting not in known:
        message = f"no economic file {asked.setting!r}."
        yield Finding(("economics", "setting"), message, suggest(asked.setting, known))
        return
    try:
        setting = library.economics(asked.setting)
    except InputError:
        message = f"economic file {asked.setting!r} has errors."
        yield Finding(("economics", "setting"), message, f"See `simulate check economics/{asked.setting}`.")
        return
    yield from _values(setting, asked)
    yield from _regimens(asked, setting, library)


def _strategies(scenario: Scenario, asked: EconomicQuestion, library: Library | None) -> Iterator[Finding]:
    """A regimen for every arm, and for nothing else."""
    path: FieldPath = ("economics", "regimens")
    for name in asked.regimens:
        if name not in scenario.strategies:
            yield Finding((*path, name), f"no strategy {name!r}.", suggest(name, scenario.strategies))
    for name, treated in asked.treated.items():
        here: FieldPath = ("economics", "treated", name)
        if name not in asked.regimens:
            yield Finding(here, f"strategy {name!r} has no regimen.", suggest(name, asked.regimens))
        yield from origin(here, treated, library)
    for name, strategy in scenario.strategies.items():
        if strategy.arm is not None and name not in asked.regimens:
            message = f"strategy {name!r} has no regimen, so nothing says what it uses."
            yield Finding(path, message, f"Add `{name}: REGIMEN`.")


def _life_table(asked: EconomicQuestion, library: Library) -> Iterator[Finding]:
    """A life table that exists, and an age at which it begins."""
    if asked.life_table is None:
        return
    known = library.data_files("life_tables", ".csv")
    path: FieldPath = ("economics", "life_table")
    if asked.life_table not in known:
        yield Finding(path, f"no life table {asked.life_table!r}.", suggest(asked.life_table, known))
    if asked.start_age is None:
        yield Finding(path, "needs the age at which it begins.", "Give `start_age`, years.")


def _values(setting: Economics, asked: EconomicQuestion) -> Iterator[Finding]:
    """Both living states need a utility; an age norm needs an age."""
    path: FieldPath = ("economics", "setting")
    for state in ("progression_free", "progressed"):
        values = setting.states.get(state)
        if values is None or values.utility is None:
            yield Finding(path, f"{setting.id} gives no utility of {state}.", f"Add `states.{state}.utility` to it.")
    if setting.age_norm is not None and asked.start_age is None:
        message = f"{setting.id} has an age norm, and no age is given."
        yield Finding(("economics", "start_age"), message, "Give the age at the start, years.")


def _regimens(asked: EconomicQuestion, setting: Economics, library: Library) -> Iterator[Finding]:
    known = library.regimens()
    for strategy, given in asked.regimens.items():
        path: FieldPath = ("economics", "regimens", strategy)
        shares = shares_of_regimens(given)
        if abs(sum(shares.values()) - 1.0) > 1e-6:
            yield Finding(path, f"shares add up to {sum(shares.values()):g}.", "Shares of all regimens add up to 1.")
        for name in shares:
            here = path if isinstance(given, str) else (*path, name)
            if name not in known:
                yield Finding(here, f"no regimen {name!r}.", suggest(name, known))
                continue
            try:
                regimen = library.regimen(name)
            except InputError:
                yield Finding(here, f"regimen {name!r} has errors.", f"See `simulate check regimens/{name}`.")
                continue
            yield from _priced(here, regimen, setting)


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
