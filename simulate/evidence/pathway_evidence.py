"""Whether the regimens of a scenario of pathways can be simulated: a model, a connection to the baseline, patients.

What the pathways would find out while they are put together is said here of the file, with the line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.named import Regimens
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES, Rules

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath

Used = dict[tuple[str, str], "FieldPath"]  # (line, regimen) -> where the scenario asks for it


def check_evidence(
    scenario: Scenario, regimens: Regimens, patients: PatientPopulation, evidence: PatientPopulation
) -> Iterator[Finding]:
    """What stands behind every regimen of every line; regimens that cannot be loaded are left out, being said."""
    used = regimens_used(scenario, regimens)
    first = {name: path for (line, name), path in used.items() if line == LINES[0]}
    if scenario.baseline is None and len(first) > 1:
        advice = f"Name the regimen whose trial carries the level of the first line: {', '.join(sorted(first))}."
        yield Finding(("baseline",), "is missing.", advice)
    yield from _unanchored(scenario, regimens, used)
    yield from _same_line(scenario, regimens, first)
    bases = {LINES[0]: scenario.baseline, **{name: line.era for name, line in scenario.later_lines.items()}}
    needed: Used = dict(used)
    if scenario.baseline is not None:
        needed.setdefault((LINES[0], scenario.baseline), ("baseline",))
    care = scenario.supportive_care.regimen
    if care is not None:
        needed.setdefault((LINES[0], care), ("supportive_care", "regimen"))
    said: set[str] = set()
    for (line, name), path in needed.items():
        regimen = regimens.get(name)
        if regimen is None or name in said:
            continue
        findings = list(_one(scenario, regimens, regimen, bases.get(line), path))
        findings += _asks(regimens, regimen, path, {patients.id: patients, evidence.id: evidence}, first=name in first)
        said |= {name} if findings else set()
        yield from findings


def regimens_used(scenario: Scenario, regimens: Regimens) -> Used:
    """Every regimen of every line that is simulated, and where it is named first."""
    modelled = (LINES[0], *(line for line in LINES[1:] if line in scenario.later_lines))
    used: Used = {}
    for name, strategy in scenario.strategies.items():
        path: FieldPath = ("strategies", name)
        lines: dict[str, Rules] = strategy.lines or {}
        if strategy.regimen is not None:
            used.setdefault((LINES[0], strategy.regimen), (*path, "regimen"))
        if strategy.follow in regimens.library.policies():
            try:
                lines = regimens.library.policy(strategy.follow or "").lines
            except InputError:
                continue
        for line in modelled:
            for i, rule in enumerate(lines.get(line, ())):
                here = (*path, "follow") if strategy.follow is not None else (*path, "lines", line, i, "use")
                if rule.use != NOTHING:
                    used.setdefault((line, rule.use), here)
    for line in modelled[1:]:
        used.setdefault((line, scenario.later_lines[line].era), ("later_lines", line, "era"))
    return used


def _unanchored(scenario: Scenario, regimens: Regimens, used: Used) -> Iterator[Finding]:
    names = {name for _, name in used}
    for i, name in enumerate(scenario.unanchored):
        path: FieldPath = ("unanchored", i)
        if name == scenario.baseline:
            yield Finding(path, f"{name!r} is the baseline, compared with itself.", "Remove it.")
        elif name not in names and name in regimens.library.regimens():
            yield Finding(path, f"no strategy uses {name!r}.", suggest(name, names))


def _same_line(scenario: Scenario, regimens: Regimens, first: dict[str, FieldPath]) -> Iterator[Finding]:
    """What is compared is for one line; with later lines in the scenario, for the first."""
    named = {**({scenario.baseline: ("baseline",)} if scenario.baseline is not None else {}), **first}
    found = {name: regimen for name in named if (regimen := regimens.get(name)) is not None}
    if scenario.later_lines:
        ruled = {path for path in named.values() if path[0] == "strategies" and path[2] != "regimen"}
        for name, path in named.items():
            if path not in ruled:  # rules are looked at where they stand
                yield from regimens.of_line(path, name, 1)
        return
    common: set[int] = set()
    for name, regimen in found.items():
        shared = (common & set(regimen.lines)) if common else set(regimen.lines)
        if not shared:
            own, others = ", ".join(map(str, regimen.lines)), ", ".join(map(str, sorted(common)))
            message = f"regimen {name!r} is for line {own}, the others for {others}."
            yield Finding(named[name], message, "Compare regimens of one line, or add the line to `lines` of its file.")
        else:
            common = shared


def _one(
    scenario: Scenario, regimens: Regimens, regimen: Regimen, base: str | None, path: FieldPath
) -> Iterator[Finding]:
    """A regimen's own model, or a chain of randomised comparisons from the baseline's."""
    untreated = path[0] == "supportive_care"
    alone = base is None or regimen.id == base or untreated
    origin = regimens.get(base) if base is not None else None
    unanchored = regimen.id in scenario.unanchored
    if not alone and origin is not None and not unanchored and not _randomised(regimens, regimen, origin):
        if origin.evidence.trial is not None and not connected(regimens, origin.id, regimen.id):
            message = f"regimen {regimen.id!r} is connected with {origin.id!r} by no randomised comparison."
            advice = "Add it to `unanchored`, or state `effects` against another regimen in its file."
            yield Finding(path, message, advice)
        return
    own = regimen.evidence
    trial = regimens.trial(own.trial)
    if own.trial is None or own.arm is None:
        yield Finding(path, f"regimen {regimen.id!r} has no study of its own.", _instead(own.why))
    elif trial is not None and trial.calibration.structure == "outcomes_only":
        message = f"trial {trial.id} of regimen {regimen.id!r} reports outcomes only, no survival."
        yield Finding(path, message, "Name another regimen.")
    elif trial is not None and untreated and any(trial.strata[s].when for s in own.strata or trial.strata):
        message = f"the strata of trial {trial.id} depend on covariates; those who had nothing are of none."
        yield Finding(path, message, "Name another study.")


def _instead(why: str | None) -> str:
    return f"Its file says: {why}" if why else "Name another regimen."


def _randomised(regimens: Regimens, one: Regimen, other: Regimen) -> bool:
    """Two arms of one randomised trial, in the same strata unless these were randomised too."""
    a, b = one.evidence, other.evidence
    trial = regimens.trial(a.trial)
    if trial is None or a.trial != b.trial or trial.design != "randomised":
        return False
    return trial.factorial or a.strata == b.strata


def connected(regimens: Regimens, origin: str, target: str) -> bool:
    """Whether a chain of comparisons that the regimens' files state leads from one to another."""
    near: dict[str, set[str]] = {}
    arms: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name in regimens.library.regimens():
        regimen = regimens.get(name)
        if regimen is None:
            continue
        for anchor in regimen.effects:
            near.setdefault(name, set()).add(anchor.against)
            near.setdefault(anchor.against, set()).add(name)
        own = regimen.evidence
        if own.trial is not None and own.arm is not None and own.modelled is None:
            arms.setdefault((own.trial, own.strata), []).append(name)
    for (trial_id, _), names in arms.items():
        trial = regimens.trial(trial_id) if len(names) > 1 else None
        if trial is not None and trial.design == "randomised":
            for name in names:
                near.setdefault(name, set()).update(n for n in names if n != name)
    seen, queue = {origin}, deque([origin])
    while queue:
        fresh = near.get(queue.popleft(), set()) - seen
        seen |= fresh
        queue += fresh
    return target in seen


def _asks(
    regimens: Regimens, regimen: Regimen, path: FieldPath, known: dict[str, PatientPopulation], *, first: bool
) -> Iterator[Finding]:
    """Covariates on which a regimen's strata or adverse events depend."""
    wanted: dict[str, str] = {}
    trial = regimens.trial(regimen.evidence.trial)
    if trial is not None:
        for stratum in regimen.evidence.strata or tuple(trial.strata):
            wanted.update(dict.fromkeys(trial.strata[stratum].when, f"stratum {stratum} of trial {trial.id}"))
    for toxicity in regimen.toxicities if first else ():
        for modifier in toxicity.modifiers:
            wanted.update(dict.fromkeys(modifier.when, f"{toxicity.event} under {regimen.id!r}"))
    for name, why in wanted.items():
        for population in known.values():
            if name not in population.covariates:
                message = f"{why} depends on {name!r}, which population {population.id} has not."
                yield Finding(path, message, "Add the covariate to the population.")
                break
