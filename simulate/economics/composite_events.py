"""Adverse events of strategies whose evidence comes from many trials: of what their patients are given.

What is given is what is priced. Where that is a regimen which carries the survival of a strategy, rates are those of
the pathways, moved by who the patients are. Where it is other regimens (a mixture of drugs that one arm stands for),
rates are those of each regimen's own study: averaged over the regimens that report an event, the others taken as these,
if at least half of the patients get one of them, and otherwise left out, because a dash is not a zero. What is given on
top of a regimen adds its events and takes none away; two causes of one event are independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from simulate.calibration.figures import toxicities
from simulate.model.types import Toxicity
from simulate.pathways.assemble import Plan
from simulate.pathways.bases import Evidence
from simulate.pathways.graphs import event_name
from simulate.pathways.toxicities import event_rates

HALF = 0.5  # of the patients at least get a regimen that reports an event, or it is not counted


class Given(NamedTuple):
    """Regimens that a strategy's patients get, with shares that add up to 1, and those given on top."""

    regimens: Mapping[str, float]
    added: Mapping[str, float]


class Rate(NamedTuple):
    """How often an event is seen, at which grade."""

    event: str
    label: str
    grade: str
    value: float


class _Files(Evidence):
    """Events as the trials' files count them, without a calibration of what only they are taken from."""

    def toxicities(self, trial: str) -> tuple[Toxicity, ...]:
        return toxicities(self.library.trial(trial))


def events_of(plan: Plan, strategies: tuple[str, ...], given: Mapping[str, Given]) -> tuple[Toxicity, ...]:
    """Every event by its name alone, at the grade at which each strategy's study counts it, over all patients."""
    rates: dict[str, dict[str, float]] = {}
    labels: dict[str, tuple[str, str]] = {}
    files = _Files(plan.lines.evidence.library)
    for s in strategies:
        for rate in _of_strategy(plan, s, given.get(s), files):
            rates.setdefault(rate.event, {})[s] = rate.value
            labels.setdefault(rate.event, (rate.label, rate.grade))
    return tuple(
        Toxicity(event, labels[event][0], (labels[event][1],), {s: (r,) for s, r in own.items()}, labels[event][1])
        for event, own in rates.items()
    )


def _of_strategy(plan: Plan, strategy: str, given: Given | None, files: Evidence) -> list[Rate]:
    carried = {s: frozenset(t.steps[0].regimen for t in own if t.steps[0]) for s, own in plan.treatments.items()}
    wanted = carried[strategy] if given is None or not given.regimens else frozenset(given.regimens)
    same = [s for s in (strategy, *carried) if carried[s] == wanted]
    found = _of_plan(plan, same[0]) if same else mixed(files, given.regimens if given else {})
    out: dict[str, Rate] = {}
    for r in found:  # at each grade at which one of the strategy's studies counts it, over all of its patients
        out[r.event] = r if r.event not in out else out[r.event]._replace(value=min(1.0, out[r.event].value + r.value))
    for name, share in (given.added if given is not None else {}).items():
        for r in single(files, name):
            known = out[r.event].value if r.event in out else 0.0
            out[r.event] = (out.get(r.event) or r)._replace(value=1.0 - (1.0 - known) * (1.0 - share * r.value))
    return list(out.values())


def single(evidence: Evidence, regimen: str) -> Iterator[Rate]:
    """Events of a regimen among its own study's patients."""
    for r in event_rates(evidence, evidence.regimen(regimen)).values():
        at = r.grades.index(r.headline) if r.headline else 0
        yield Rate(r.event, r.label, r.headline or r.grades[0], r.rates[at])


def mixed(evidence: Evidence, shares: Mapping[str, float]) -> Iterator[Rate]:
    """Events of patients who get one regimen each: see the module."""
    found: dict[str, list[tuple[float, Rate]]] = {}
    for name, share in shares.items():
        for r in single(evidence, name):
            found.setdefault(r.event, []).append((share, r))
    whole = sum(shares.values())
    for own in found.values():
        reporting = sum(share for share, _ in own)
        if reporting >= HALF * whole:
            first = max(own, key=lambda pair: pair[0])[1]
            yield first._replace(value=sum(share * r.value for share, r in own) / reporting)


def _of_plan(plan: Plan, strategy: str) -> Iterator[Rate]:
    shares = np.array([c.share for c in plan.classes])
    for name, rows in plan.graphs[strategy].limits:
        label, grades, headline = plan.events[name]
        at = grades.index(headline) if headline else 0
        if _reported(plan, strategy, name):
            own = np.array([row[at] for row in rows]) if isinstance(rows[0], tuple) else np.full(len(shares), rows[at])
            yield Rate(name.partition(":")[0], label, headline or grades[0], float(shares @ own / shares.sum()))


def _reported(plan: Plan, strategy: str, name: str) -> bool:
    """Whether an event, at these grades, was reported of what a strategy gives: a dash is not a zero."""
    evidence = plan.lines.evidence
    given = {t.steps[0].regimen for t in plan.treatments[strategy] if t.steps[0] is not None}
    return any(event_name(r) == name for g in given for r in event_rates(evidence, evidence.regimen(g)).values())
