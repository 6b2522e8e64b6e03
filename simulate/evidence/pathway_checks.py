"""Rules for scenarios of pathways: what a strategy may be, which files they name, lines that follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.population_checks import conditions, rules_of_lines
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES, Rules

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

ONLY_PATHWAYS = (
    "evidence_population", "baseline", "unanchored", "later_lines", "life_table", "selection_bias", "scans", "by",
)  # fmt: skip


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
    if scenario.trial is not None:
        for field in ONLY_PATHWAYS:
            if getattr(scenario, field) != Scenario.model_fields[field].get_default(call_default_factory=True):
                message = "belongs to scenarios of pathways; this one is about a trial."
                yield Finding((field,), message, "Remove it, or leave out `trial` and name regimens.")


def check_pathways(scenario: Scenario, library: Library) -> Iterator[Finding]:
    """Everything a scenario of pathways names must exist, and its rules must speak of its patients."""
    yield from _files(scenario, library)
    yield from _lines(scenario, library)
    known = scenario.population in library.populations()
    for name, strategy in scenario.strategies.items():
        path: FieldPath = ("strategies", name)
        lines: dict[str, Rules] = strategy.lines or {}
        if strategy.regimen is not None:
            yield from _named((*path, "regimen"), "regimen", strategy.regimen, library.regimens())
        if strategy.lines is not None:
            yield from rules_of_lines((*path, "lines"), strategy.lines, library)
        if strategy.follow is not None:
            yield from _named((*path, "follow"), "strategy", strategy.follow, library.policies())
            if strategy.follow in library.policies():
                try:
                    lines = library.policy(strategy.follow).lines
                except InputError as error:
                    message = f"strategy {strategy.follow!r} has errors:\n{error}"
                    yield Finding((*path, "follow"), message, "Correct its file first.")
        if known:
            yield from _covariates(scenario, library, path, lines)


def _named(path: FieldPath, what: str, name: str, known: tuple[str, ...]) -> Iterator[Finding]:
    if name not in known:
        yield Finding(path, f"no {what} {name!r}.", suggest(name, known))


def _files(scenario: Scenario, library: Library) -> Iterator[Finding]:
    populations = library.populations()
    for field in ("population", "evidence_population"):
        name = getattr(scenario, field)
        if name is None:
            continue
        yield from _named((field,), "population", name, populations)
        if name in populations:
            try:
                library.patients(name)
            except InputError as error:
                yield Finding((field,), f"population {name!r} has errors:\n{error}", "Correct its file first.")
    if scenario.baseline is not None:
        yield from _named(("baseline",), "regimen", scenario.baseline, library.regimens())
    for i, name in enumerate(scenario.unanchored):
        yield from _named(("unanchored", i), "regimen", name, library.regimens())
    if scenario.supportive_care.regimen is not None:
        yield from _named(
            ("supportive_care", "regimen"), "regimen", scenario.supportive_care.regimen, library.regimens()
        )
    yield from _untreated(scenario, library)
    if scenario.life_table is not None:
        yield from _named(("life_table",), "life table", scenario.life_table, library.data_files("life_tables", ".csv"))
    for i, bias in enumerate(scenario.selection_bias):
        if bias.strategy not in scenario.strategies or bias.strategy == scenario.comparator:
            others = [s for s in scenario.strategies if s != scenario.comparator]
            message = f"{bias.strategy!r} is not a strategy held against the comparator."
            yield Finding(("selection_bias", i, "strategy"), message, suggest(bias.strategy, others))


def _untreated(scenario: Scenario, library: Library) -> Iterator[Finding]:
    """Shares of the levels of those who had nothing."""
    try:
        known = library.patients(scenario.evidence_population or scenario.population).covariates
    except InputError:
        return  # said already
    for name, shares in scenario.supportive_care.patients.items():
        path: FieldPath = ("supportive_care", "patients", name)
        if name not in known:
            yield Finding(path, f"no covariate {name!r}.", suggest(name, tuple(known)))
        elif len(shares) != len(known[name].levels):
            levels = ", ".join(known[name].levels)
            yield Finding(
                path, f"{len(shares)} shares for {len(known[name].levels)} levels.", f"One each of: {levels}."
            )
        elif abs(sum(shares) - 1.0) > 1e-6:
            yield Finding(path, f"the shares add up to {sum(shares):g}.", "They must add up to 1.")


def _lines(scenario: Scenario, library: Library) -> Iterator[Finding]:
    later = LINES[1:]
    for name, line in scenario.later_lines.items():
        path: FieldPath = ("later_lines", name)
        if name not in later:
            yield Finding(path, f"no later line {name!r}.", suggest(name, later))
        yield from _named((*path, "era"), "regimen", line.era, library.regimens())
        if line.source is None and not line.assumed:
            yield Finding(path, "has no source.", "Name its `source`, or write `assumed: true` and `why`.")
        if line.assumed and line.why is None:
            yield Finding(path, "is assumed without a reason.", "Add `why`.")
        if line.source is not None:
            yield from _named((*path, "source"), "source", line.source, tuple(library.sources))
        if line.range is not None and not line.range[0] <= line.reach <= line.range[1]:
            low, high = line.range
            yield Finding((*path, "reach"), f"{line.reach:g} lies outside {low:g} to {high:g}.", "Check both.")
    if later[1] in scenario.later_lines and later[0] not in scenario.later_lines:
        yield Finding(("later_lines", later[1]), "follows a line that is not given.", f"Add {later[0]}.")


def _covariates(scenario: Scenario, library: Library, path: FieldPath, lines: dict[str, Rules]) -> Iterator[Finding]:
    try:
        known = dict(library.patients(scenario.population).covariates)
    except InputError:
        return  # said already
    for line, rules in lines.items():
        for i, rule in enumerate(rules):
            yield from conditions((*path, "lines", line, i, "when"), rule.when, known)
    for i, name in enumerate(scenario.by):
        if name not in known:
            yield Finding(("by", i), f"population {scenario.population} has no {name!r}.", suggest(name, tuple(known)))
    if scenario.life_table is not None and "age" not in known:
        yield Finding(("life_table",), f"population {scenario.population} has no age.", "Add the covariate age.")
