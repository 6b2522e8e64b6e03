"""Named changes of an evaluation, each alone: conventions, and assumptions that no number of a file carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulate.economics.case import Case, stop_rate
from simulate.economics.changes import Increment, increment, with_clock
from simulate.evidence.money_schema import Share

RATES = (0.0, 0.015, 0.06)  # yearly discount rates that agencies ask for or compare with
HORIZONS = (60.0, 120.0, 240.0)  # months


@dataclass(frozen=True)
class Change:
    """A named change of an evaluation."""

    name: str
    apply: Callable[[Case], Case]


@dataclass(frozen=True)
class Row:
    """An evaluation under one change: `increment` over the comparator, `inmb` at each threshold."""

    name: str
    increment: Increment
    inmb: tuple[float, ...]


def given_drugs(case: Case) -> frozenset[str]:
    """Drugs that any strategy gives."""
    regimens = (regimen for own in case.regimens.values() for regimen, _ in own.values())
    return frozenset(d.drug for regimen in regimens for d in regimen.drugs if d.instead_of is None)


def wasted(case: Case, waste: str) -> Case:
    """Every drug with ``whole`` vials opened for each dose, or vials ``shared``: paid for by the milligram."""
    drugs = {k: v.model_copy(update={"waste": waste}) for k, v in case.file.drugs.items()}
    return replace(case, file=case.file.model_copy(update={"drugs": drugs}))


def with_intensity(case: Case, share: float) -> Case:
    """A share of the planned doses given and paid for, at the same effect, of drugs of which none is stated."""
    given = Share(value=share, distribution="fixed", assumed=True, why="a named change")
    drugs = {k: v.model_copy(update={"dose_intensity": v.dose_intensity or given}) for k, v in case.file.drugs.items()}
    return replace(case, file=case.file.model_copy(update={"drugs": drugs}))


def with_event_days(case: Case, factor: float) -> Case:
    """Adverse events that last longer or shorter, at the same cost."""
    events = {
        k: v if v.days is None else v.model_copy(update={"days": factor * v.days})
        for k, v in case.file.toxicities.items()
    }
    return replace(case, file=case.file.model_copy(update={"toxicities": events}))


def treated_for(case: Case, more: float) -> Case:
    """Median cycles begun more or fewer under every strategy that has one, at the same survival."""
    treated = {
        s: t.model_copy(update={"median_cycles": max(1.0, t.median_cycles + more)})
        for s, t in case.question.treated.items()
    }
    own = replace(case, question=case.question.model_copy(update={"treated": treated}))
    return replace(own, stops={s: stop_rate(own, s) for s in own.arms})


def until_progression(case: Case) -> Case:
    """Nobody stops treatment before progression, but for the cycles a regimen is limited to."""
    return replace(case, stops=dict.fromkeys(case.stops, 0.0))


def standard_changes(case: Case) -> list[Change]:
    """The changes asked of every evaluation, but for those that it is made with already."""
    out = []
    for rate in RATES:
        if not rate == case.clock.rate("costs") == case.clock.rate("effects"):
            name = f"discounted at {100.0 * rate:.3g} %"
            out.append(Change(name, lambda c, r=rate: with_clock(c, costs=r, effects=r)))  # type: ignore[misc]
    for months in HORIZONS:
        if months != case.clock.horizon:
            out.append(Change(f"horizon {months / 12.0:g} years", lambda c, m=months: with_clock(c, horizon=m)))  # type: ignore[misc]
    for counting, words in (
        ("integral", "continuously"),
        ("half_cycle", "by half-cycle correction"),
        ("start", "at the start of cycles"),
        ("end", "at the end of cycles"),
        ("simpson", "by Simpson's rule"),
    ):
        if counting != case.clock.counting:
            out.append(Change(f"time counted {words}", lambda c, how=counting: with_clock(c, counting=how)))  # type: ignore[misc]
    return [*out, *_of_use(case)]


def _of_use(case: Case) -> list[Change]:
    """How drugs are given and paid for, how long events last: what no interval of a file says."""
    out = []
    given = [case.file.drugs[d] for d in sorted(given_drugs(case)) if d in case.file.drugs]
    for waste, words in (("shared", "vials shared"), ("whole", "whole vials opened for each dose")):
        if any(d.waste != waste for d in given):
            out.append(Change(words, lambda c, how=waste: wasted(c, how)))  # type: ignore[misc]
    if any(d.dose_intensity is None for d in given):
        out.append(Change("nine of ten doses given, where no share is stated", lambda c: with_intensity(c, 0.9)))
    if any(case.stops.values()):
        out.append(Change("treated until progression", until_progression))
        for more, words in ((-1.0, "one cycle fewer"), (1.0, "one cycle more")):
            out.append(Change(f"median of {words}", lambda c, n=more: treated_for(c, n)))  # type: ignore[misc]
    if any(v.days and v.disutility is not None for v in case.file.toxicities.values()):
        for factor, words in ((0.5, "half"), (2.0, "twice")):
            out.append(Change(f"adverse events last {words} as long", lambda c, k=factor: with_event_days(c, k)))  # type: ignore[misc]
    return out


def scenario_table(case: Case, changes: Sequence[Change] | None = None, strategy: str | None = None) -> list[Row]:
    """An evaluation under each change alone; the first row is the evaluation itself.

    Parameters
    ----------
    changes : by default `standard_changes`.
    """
    chosen = [Change("as evaluated", lambda c: c), *(standard_changes(case) if changes is None else changes)]
    rows = []
    for change in chosen:
        found = increment(change.apply(case), strategy)
        rows.append(Row(change.name, found, tuple(found.inmb(t) for t in case.thresholds)))
    return rows
