"""Rules for scenarios of pathways: what a strategy may be, which files they name, lines that follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.library import display
from simulate.evidence.life_tables import read_life_table
from simulate.evidence.messages import suggest
from simulate.evidence.named import Regimens
from simulate.evidence.origins import origin
from simulate.evidence.pathway_evidence import check_evidence
from simulate.evidence.pathway_schema import Supportive
from simulate.evidence.population_checks import conditions, shares_of, shown
from simulate.evidence.population_schema import Covariate, PatientPopulation
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_checks import rules_of_lines
from simulate.evidence.strategy_schema import LINES, Rules

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

ONLY_PATHWAYS = (
    "evidence_population", "baseline", "unanchored", "later_lines", "supportive_care", "life_table", "selection_bias",
    "scans", "by",
)  # fmt: skip
ONLY_TRIALS = ("pathway", "follow_up", "trial_like_n")
ENDPOINTS = ("os", "pfs")  # of a pathway


def check_form(scenario: Scenario) -> Iterator[Finding]:
    """A scenario is about one trial's arms, or about regimens and policies; not about both."""
    for name, strategy in scenario.strategies.items():
        given = [k for k in ("arm", "regimen", "follow", "lines") if getattr(strategy, k) is not None]
        path: FieldPath = ("strategies", name)
        wanted = "`arm`" if scenario.trial is not None else "one of `regimen`, `follow`, `lines`"
        if len(given) != 1:
            found = "nothing" if not given else " and ".join(given)
            yield Finding(path, f"is made of {found}.", f"Give exactly {wanted}.")
        elif (given[0] == "arm") != (scenario.trial is not None):
            where = f"trial {scenario.trial}" if scenario.trial is not None else "no trial"
            yield Finding(path, f"names {given[0]!r}, but the scenario has {where}.", f"Give {wanted}.")
    about_trial = scenario.trial is not None
    for field in ONLY_PATHWAYS if about_trial else ONLY_TRIALS:
        if getattr(scenario, field) != Scenario.model_fields[field].get_default(call_default_factory=True):
            own, other = ("pathways", "about a trial") if about_trial else ("one trial", "of pathways")
            advice = "Remove it, or leave out `trial` and name regimens." if about_trial else "Remove it."
            yield Finding((field,), f"belongs to scenarios of {own}; this one is {other}.", advice)
    if not about_trial:
        yield from _form_of_pathways(scenario)


def _form_of_pathways(scenario: Scenario) -> Iterator[Finding]:
    for endpoint in scenario.rmst:
        if endpoint in ("ttp", "pps"):
            message = f"{endpoint!r} is not counted in scenarios of pathways."
            yield Finding(("rmst", endpoint), message, f"Known: {', '.join(ENDPOINTS)}.")
    for field in ("unanchored", "by"):
        names = getattr(scenario, field)
        for i, name in enumerate(names):
            if name in names[:i]:
                yield Finding((field, i), f"{name!r} stands twice.", "Remove one.")
    for i, bias in enumerate(scenario.selection_bias):
        for field in ("pull", "lead"):
            values = getattr(bias, field)
            if list(values) != sorted(set(values)):
                yield Finding(("selection_bias", i, field), "the values do not increase.", "Sort them, each once.")
        for j, months in enumerate(bias.lead):
            if months > scenario.horizon:
                message = f"{months:g} months lies beyond the horizon {scenario.horizon:g}."
                yield Finding(("selection_bias", i, "lead", j), message, "Survival before the clock began, in months.")


def check_pathways(scenario: Scenario, library: Library) -> Iterator[Finding]:
    """Everything a scenario of pathways names must exist, and its rules must speak of its patients."""
    regimens = Regimens(library)
    patients = _patients(scenario.population, library)
    evidence = _patients(scenario.evidence_population or scenario.population, library)
    yield from _files(scenario, regimens)
    yield from _lines(scenario, regimens)
    if scenario.later_lines and patients is not None and evidence is not None:
        yield from _changing_alike(patients, evidence)
    for name, line in scenario.later_lines.items():
        for population in {p.id: p for p in (patients, evidence) if p is not None}.values():
            yield from conditions(("later_lines", name, "when"), line.when, population)
    yield from _supportive(scenario.supportive_care, regimens, evidence)
    for name, strategy in scenario.strategies.items():
        path: FieldPath = ("strategies", name)
        if strategy.regimen is not None:
            yield from regimens.named((*path, "regimen"), strategy.regimen)
        if strategy.lines is not None:
            here: FieldPath = (*path, "lines")
            yield from rules_of_lines(here, strategy.lines, regimens, numbered=bool(scenario.later_lines))
            yield from _modelled(scenario, here, strategy.lines)
            if patients is not None:
                yield from _asked(here, strategy.lines, patients)
        if strategy.follow is not None:
            yield from _followed(scenario, (*path, "follow"), strategy.follow, library, patients)
    if patients is not None:
        for i, name in enumerate(scenario.by):
            if name not in patients.covariates:
                message = f"population {patients.id} has no covariate {name!r}."
                yield Finding(("by", i), message, suggest(name, patients.covariates))
    yield from _ages(scenario, library, (patients, evidence))
    if patients is not None and evidence is not None:
        yield from check_evidence(scenario, regimens, patients, evidence)


def _changing_alike(patients: PatientPopulation, evidence: PatientPopulation) -> Iterator[Finding]:
    """What changes between lines in one population changes in the other: the trials' curves contain their decline."""
    for name in patients.covariates.keys() & evidence.covariates.keys():
        one, other = patients.covariates[name].changes, evidence.covariates[name].changes
        if (one is None) != (other is None):
            without = patients if one is None else evidence
            message = f"{name} changes between lines in one population and not in {without.id}."
            yield Finding(("evidence_population",), message, "Give both the same `changes`, or neither.")


def _patients(name: str, library: Library) -> PatientPopulation | None:
    try:
        return library.patients(name) if name in library.populations() else None
    except InputError:
        return None  # said of the field that names it


def _named(path: FieldPath, what: str, name: str, known: tuple[str, ...]) -> Iterator[Finding]:
    if name not in known:
        yield Finding(path, f"no {what} {name!r}.", suggest(name, known))


def _files(scenario: Scenario, regimens: Regimens) -> Iterator[Finding]:
    library = regimens.library
    for field in ("population", "evidence_population"):
        name = getattr(scenario, field)
        if name is None:
            continue
        if field not in scenario.model_fields_set:
            yield Finding((field,), "is missing.", f"Name the patients: {', '.join(library.populations())}.")
            continue
        yield from _named((field,), "population", name, library.populations())
        if name in library.populations():
            try:
                library.patients(name)
            except InputError as error:
                yield Finding((field,), f"population {name!r} has errors:\n{error}", "Correct its file first.")
    if scenario.baseline is not None:
        yield from regimens.named(("baseline",), scenario.baseline)
    for i, name in enumerate(scenario.unanchored):
        yield from regimens.named(("unanchored", i), name)
    held = [s for s, other in scenario.comparators.items() if other == scenario.comparator]
    for i, bias in enumerate(scenario.selection_bias):
        if bias.strategy not in scenario.strategies or bias.strategy == scenario.comparator:
            message = f"{bias.strategy!r} is not a strategy held against the comparator."
            yield Finding(("selection_bias", i, "strategy"), message, suggest(bias.strategy, held))


def _followed(
    scenario: Scenario, path: FieldPath, name: str, library: Library, patients: PatientPopulation | None
) -> Iterator[Finding]:
    """A strategy file: what is wrong with it for these patients is said where the scenario names it."""
    yield from _named(path, "strategy", name, library.policies())
    if name not in library.policies():
        return
    try:
        lines = library.policy(name).lines
    except InputError as error:
        yield Finding(path, f"strategy {name!r} has errors:\n{error}", "Correct its file first.")
        return
    for finding in _asked(("lines",), lines, patients) if patients is not None else ():
        place = ".".join(str(part) for part in finding.path[1:])
        yield Finding(path, f"strategy {name!r}, {place}: {finding.message}", finding.advice)
    for finding in _modelled(scenario, ("lines",), lines):
        yield Finding(path, f"strategy {name!r}, {finding.path[1]}: {finding.message}", finding.advice, "warning")


def _modelled(scenario: Scenario, path: FieldPath, lines: dict[str, Rules]) -> Iterator[Finding]:
    """Rules for a line the scenario does not simulate would be passed over in silence."""
    for line in lines:
        if line in LINES[1:] and line not in scenario.later_lines:
            message = "the scenario has no such line, so its rules are not read."
            yield Finding((*path, line), message, f"Add `later_lines.{line}`, or leave these rules out.")


def _asked(path: FieldPath, lines: dict[str, Rules], patients: PatientPopulation) -> Iterator[Finding]:
    for line, rules in lines.items():
        for i, rule in enumerate(rules):
            yield from conditions((*path, line, i, "when"), rule.when, patients)


def _lines(scenario: Scenario, regimens: Regimens) -> Iterator[Finding]:
    later = LINES[1:]
    for name, line in scenario.later_lines.items():
        path: FieldPath = ("later_lines", name)
        if name not in later:
            yield Finding(path, f"no later line {name!r}.", suggest(name, later))
        else:
            yield from regimens.of_line((*path, "era"), line.era, LINES.index(name) + 1)
        yield from regimens.named((*path, "era"), line.era)
        yield from origin(path, line, regimens.library)
        if line.range is not None and line.range[0] > line.range[1]:
            yield Finding(
                (*path, "range"), f"{line.range[0]:g} exceeds {line.range[1]:g}.", "Give the lower one first."
            )
        elif line.range is not None and not line.range[0] <= line.reach <= line.range[1]:
            low, high = line.range
            yield Finding((*path, "reach"), f"{line.reach:g} lies outside {low:g} to {high:g}.", "Check both.")
    if later[1] in scenario.later_lines and later[0] not in scenario.later_lines:
        yield Finding(("later_lines", later[1]), "follows a line that is not given.", f"Add {later[0]}.")


def _supportive(care: Supportive, regimens: Regimens, evidence: PatientPopulation | None) -> Iterator[Finding]:
    """Those who had nothing: the study of them, and the shares of their levels."""
    path: FieldPath = ("supportive_care",)
    if care.regimen is not None:
        yield from regimens.named((*path, "regimen"), care.regimen)
    if care.source is not None or care.assumed or care.patients:
        yield from origin(path, care, regimens.library)
    if care.patients and care.regimen is None:
        yield Finding((*path, "patients"), "says who had nothing in no study.", "Name the study's `regimen` too.")
    known = evidence.covariates if evidence is not None else {}
    for name, shares in care.patients.items() if evidence is not None else ():
        here: FieldPath = (*path, "patients", name)
        if name not in known:
            yield Finding(here, f"no covariate {name!r}.", suggest(name, known))
            continue
        yield from shares_of(here, shares, known[name])
        if known[name].prognosis is None and name != "age":
            message = f"{name} has no prognosis, so its shares change nothing."
            yield Finding(here, message, "Remove it, or give the covariate hazard ratios.")


def _ages(scenario: Scenario, library: Library, patients: tuple[PatientPopulation | None, ...]) -> Iterator[Finding]:
    """A life table that can be read, and an age in it for all patients."""
    name, path = scenario.life_table, ("life_table",)
    if name is None:
        return
    known = library.data_files("life_tables", ".csv")
    yield from _named(path, "life table", name, known)
    table: tuple[float, ...] | None = None
    if name in known:
        file = library.data_file("life_tables", name, ".csv")
        try:
            table, _ = read_life_table(file, display(file))
        except InputError as error:
            yield Finding(path, f"life table {name!r} has errors:\n{error}", "Correct its file first.")
    for population in {p.id: p for p in patients if p is not None}.values():
        if "age" not in population.covariates:
            yield Finding(path, f"population {population.id} has no age.", "Add the covariate age.")
        else:
            yield from _aged(path, population.id, population.covariates["age"], table)


def _aged(path: FieldPath, population: str, ages: Covariate, table: tuple[float, ...] | None) -> Iterator[Finding]:
    for name, level in ages.levels.items():
        stated = level.value if isinstance(level.value, int | float) and not isinstance(level.value, bool) else None
        if stated is None and (level.min is None or level.max is None):
            message = f"level {name!r} of age in population {population} is no age: {shown(level)}."
            yield Finding(path, message, "Give it a `value` in years, or `min` and `max`.")
            continue
        age = stated if stated is not None else 0.5 * ((level.min or 0.0) + (level.max or 0.0))
        if age < 0 or (table is not None and age >= len(table)):
            message = f"level {name!r} of age in population {population} is {age:g} years, which no line of it gives."
            yield Finding(path, message, "Correct the age, or take another life table.")
