"""Which patients a scenario treats alike, and what each strategy gives them.

Patients are one class if every strategy gives them the same regimens, from the same strata of the evidence and with the
same adverse events, if their prognosis is about the same, and their age. A class is exact at the start. What changes
before a later line is folded into it: the share of a class that can start the line, and the mean prognosis of those who
can and of those who cannot. (Simplification; docs/model.md tells what it costs.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.strategy_schema import LINES, Rules
from simulate.pathways.changes import changing, in_line
from simulate.pathways.choices import Choices, Codes, levels_together, together
from simulate.pathways.graphs import Events
from simulate.pathways.lines import Lines
from simulate.pathways.profiles import Combinations, PatientClass, grown, prognostic, ratios_in, table

Array = NDArray[np.float64]
PROGNOSIS_STEP = 0.3  # of a log hazard ratio
MAX_CLASSES = 4_000


@dataclass(frozen=True)
class Course:
    """What a strategy gives a class of patients, line by line.

    Attributes
    ----------
    uses : regimen; ``supportive_care`` where nothing is given.
    able : share, of those treated in the line before, who can start the line; 1 in the first.
    on : mean prognostic hazard ratio of those who can, when the line is decided on.
    unable : the same of those who cannot.
    """

    uses: tuple[str, ...]
    able: tuple[float, ...]
    on: tuple[float, ...]
    unable: tuple[float, ...]


def regimens_used(scenario: Scenario, lines: Lines) -> tuple[str, ...]:
    """Every regimen a strategy may use in a line that is modelled."""
    used = [
        rule.use
        for strategy in scenario.strategies.values()
        for line, rules in lines.rules(strategy).items()
        if line in lines.lines
        for rule in rules
    ]
    return tuple(dict.fromkeys(u for u in used if u != NOTHING))


def divided(
    scenario: Scenario, lines: Lines, events: Events, *, aged: bool
) -> tuple[tuple[PatientClass, ...], dict[str, tuple[Course, ...]]]:
    """Classes of patients, and one course a class for every strategy.

    Prognostic hazard ratios that differ by less than a step of `PROGNOSIS_STEP` on the log scale are one class, with
    their mean.

    Raises
    ------
    InputError : more than `MAX_CLASSES` classes, or too many combinations of covariates.
    """
    choices = Choices(scenario.later_lines)
    rules = {s: dict(lines.rules(strategy)) for s, strategy in scenario.strategies.items()}
    later = _later_names(scenario, lines, rules)
    wanted = {*prognostic(lines.population), *scenario.by, *later, *(("age",) if aged else ())}
    found = table(lines.population, {*wanted, *_first_names(lines, rules, events)})
    ratio = ratios_in(found, LINES[0])
    step = np.rint(np.log(ratio) / PROGNOSIS_STEP).astype(np.int64)
    first = {s: choices.chosen(found, LINES[0], own.get(LINES[0], ()), ()) for s, own in rules.items()}
    code = together(
        step - step.min(initial=0),
        levels_together(found, (*scenario.by, *(("age",) if aged else ()))),
        *(_decided(found, use, choices, lines, LINES[0], events) for use in first.values()),
    )
    alike = _Alike.of(found, together(code, levels_together(found, later)), ratio)
    parts = _Later.of(found, alike, lines)
    keys: list[Codes] = [code[alike.first][parts.origin]]
    for s, own in rules.items():
        parts.follow(s, first[s][alike.first][parts.origin], own, choices)
        keys += [_decided(parts.found, use, choices, lines, line, events) for line, use in parts.uses(s)]
    _, start, group = np.unique(together(*keys), return_index=True, return_inverse=True)
    if len(start) > MAX_CLASSES:
        raise input_error(f"{len(start):,} classes of patients are too many.", field="covariates")
    order = np.argsort(start)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    group, start = rank[group], start[order]
    share = np.bincount(group, parts.found.share)
    mean = np.bincount(group, parts.found.share * alike.ratio[parts.origin]) / share
    rows = alike.first[parts.origin[start]]
    classes = tuple(
        PatientClass(float(w / share.sum()), found.profile(int(i)), _six(r))
        for w, i, r in zip(share, rows, mean, strict=True)
    )
    return classes, {s: parts.courses(s, group, start, choices) for s in rules}


def _later_names(scenario: Scenario, lines: Lines, rules: dict[str, dict[str, Rules]]) -> tuple[str, ...]:
    """Covariates at the start on which later lines depend."""
    out: set[str] = set()
    for line in lines.lines[1:]:
        own = scenario.later_lines[line]
        out |= {*own.when, *lines.covariates(line, own.era), *changing(lines.population)}
        for rule in (r for strategy in rules.values() for r in strategy.get(line, ())):
            out |= set(rule.when)
            if rule.use != NOTHING:
                out |= set(lines.deciding(line, rule.use))
    return tuple(sorted(out))


def _first_names(lines: Lines, rules: dict[str, dict[str, Rules]], events: Events) -> set[str]:
    """Covariates on which the first line, its models and its adverse events depend."""
    out: set[str] = set()
    for rule in (r for strategy in rules.values() for r in strategy.get(LINES[0], ())):
        out |= set(rule.when)
        if rule.use != NOTHING:
            out |= set(_deciding(lines, LINES[0], rule.use, events))
    return out


def _deciding(lines: Lines, line: str, use: str, events: Events) -> tuple[str, ...]:
    """Covariates that decide on a regimen's models, and in the first line on its adverse events."""
    names = set(lines.deciding(line, use))
    if line == LINES[0]:
        names |= {c for rates in events[use][0].values() for m in rates.modifiers for c in m.when}
    return tuple(sorted(names))


def _decided(found: Combinations, use: Codes, choices: Choices, lines: Lines, line: str, events: Events) -> Codes:
    """One number for each regimen and combination of levels that decide on it."""
    within = np.zeros(len(use), np.int64)
    for k in np.unique(use):
        if k > 0:
            here = use == k
            names = _deciding(lines, line, choices.uses[k], events)
            within[here] = levels_together(found, names)[here]
    return together(use, within)


def _six(value: float) -> float:
    return float(f"{value:.6g}")


@dataclass(frozen=True)
class _Alike:
    """Groups of combinations: first row of each, their share, their mean hazard ratio at the start."""

    first: Codes
    share: Array
    ratio: Array

    @staticmethod
    def of(found: Combinations, code: Codes, ratio: Array) -> _Alike:
        _, first, group = np.unique(code, return_index=True, return_inverse=True)
        share = np.bincount(group, found.share).astype(float)
        mean = np.bincount(group, found.share * ratio) / share
        order = np.argsort(first)
        return _Alike(first[order], share[order], mean[order])


class _Later:
    """The groups divided further by what changes before each later line.

    `found` has a row for each combination of what a group is later, `origin` the group of each row.
    """

    def __init__(self, found: Combinations, origin: Codes, lines: Lines, ratios: list[Array]) -> None:
        self.found, self.origin, self.lines, self.ratios = found, origin, lines, ratios
        self._given: dict[str, list[Codes]] = {}
        self._keys: dict[str, list[Codes]] = {}

    @staticmethod
    def of(found: Combinations, alike: _Alike, lines: Lines) -> _Later:
        rows = Combinations(found.population, found.names, found.levels[alike.first], alike.share)
        origin = np.arange(len(alike.first))
        for line in lines.lines[1:]:
            for name in changing(found.population):
                rows, before = grown(rows, in_line(found.population, name, line))
                origin = origin[before]
        start = ratios_in(rows, LINES[0])
        ratios = [alike.ratio[origin] * (ratios_in(rows, line) / start) for line in lines.lines]
        return _Later(rows, origin, lines, ratios)

    def follow(self, strategy: str, first: Codes, rules: dict[str, Rules], choices: Choices) -> None:
        """Choose for every later line under a strategy."""
        given, keys = [first], [first]
        within = self.origin
        for line in self.lines.lines[1:]:
            use = choices.chosen(self.found, line, rules.get(line, ()), given)
            within = together(within, keys[-1])
            given.append(use)
            keys.append(_filled(use, within, self.found.share))
        self._given[strategy], self._keys[strategy] = given, keys

    def uses(self, strategy: str) -> list[tuple[str, Codes]]:
        """What rows of a group get in each later line if they can start it."""
        return list(zip(self.lines.lines[1:], self._keys[strategy][1:], strict=True))

    def courses(self, strategy: str, group: Codes, start: Codes, choices: Choices) -> tuple[Course, ...]:
        """The course of every class; `group` is the class of every row, `start` the first row of every class."""
        n, weight = len(start), self.found.share
        able, on, unable = [np.ones(n)], [_mean(group, weight, self.ratios[0], n)], [np.ones(n)]
        for use, ratio in zip(self._given[strategy][1:], self.ratios[1:], strict=True):
            going = weight * (use != 0)
            before = np.bincount(group, weight, n)
            able.append(np.divide(np.bincount(group, going, n), before, out=np.zeros(n), where=before > 0.0))
            on.append(_mean(group, going, ratio, n))
            unable.append(_mean(group, weight - going, ratio, n))
            weight = going
        uses = [[choices.uses[k] for k in key[start]] for key in self._keys[strategy]]
        numbers = [np.array([[_six(x) for x in row] for row in a]).T.tolist() for a in (able, on, unable)]
        return tuple(
            Course(tuple(u[c] for u in uses), *(tuple(a[c]) for a in numbers))  # type: ignore[arg-type]
            for c in range(n)
        )


def _mean(group: Codes, weight: Array, ratio: Array, n: int) -> Array:
    """Weighted mean of each class; 1 where it has no weight."""
    total = np.bincount(group, weight, n)
    return np.divide(np.bincount(group, weight * ratio, n), total, out=np.ones(n), where=total > 0.0)


def _filled(use: Codes, within: Codes, share: Array) -> Codes:
    """Who cannot start a line joins those of the same patients who can, by the regimen that most of them get."""
    _, group = np.unique(within, return_inverse=True)
    _, first, which = np.unique(together(group, use), return_index=True, return_inverse=True)
    weight = np.bincount(which, share) * (use[first] != 0)
    best = np.zeros(int(group.max(initial=-1)) + 1, np.int64)
    for k in np.argsort(weight, kind="stable"):  # the heaviest last
        if weight[k] > 0.0:
            best[group[first[k]]] = use[first[k]]
    return np.where(use != 0, use, best[group])
