"""Rules between a regimen and what it names: publications, pages, the trial whose model it uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.regimen_schema import Regimen, Toxicity

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.schema import Trial


def check_links(regimen: Regimen, library: Library) -> Iterator[Finding]:
    """Every name of a regimen that leads nowhere."""
    yield from _citations(regimen, library)
    yield from _against_trials(regimen, library)


def _citations(regimen: Regimen, library: Library) -> Iterator[Finding]:
    bibliography = library.bibliography()
    for path, stated in regimen.stated():
        if stated.source is not None and stated.source not in bibliography.sources:
            message = f"no source {stated.source!r}."
            yield Finding((*path, "source"), message, suggest(stated.source, bibliography.sources))
        if stated.seen_at is not None and stated.seen_at not in bibliography.pages:
            message = f"no page {stated.seen_at!r}."
            yield Finding((*path, "seen_at"), message, suggest(stated.seen_at, bibliography.pages))


def _against_trials(regimen: Regimen, library: Library) -> Iterator[Finding]:
    known: dict[str, Trial | None] = {}
    evidence = regimen.evidence
    named: list[tuple[FieldPath, str | None, str | None]] = [(("evidence",), evidence.trial, evidence.arm)]
    named += [(("toxicities", i), t.trial, t.arm) for i, t in enumerate(regimen.toxicities)]
    for path, trial_id, arm in named:
        if trial_id is None:
            continue
        if trial_id not in known:
            known[trial_id], findings = _trial((*path, "trial"), trial_id, library)
            yield from findings
        trial = known[trial_id]
        if trial is not None and arm is not None and arm not in trial.arms:
            message = f"trial {trial_id} has no arm {arm!r}."
            yield Finding((*path, "arm"), message, suggest(arm, trial.arms))
    yield from _effects(regimen, library, known)
    own = known.get(evidence.trial or "")
    if own is not None:
        for stratum in evidence.strata:
            if stratum not in own.strata:
                message = f"trial {own.id} has no stratum {stratum!r}."
                yield Finding(("evidence", "strata"), message, suggest(stratum, own.strata))
    for i, item in enumerate(regimen.toxicities):
        yield from _modelled(("toxicities", i), item, evidence.trial, known)


def _trial(path: FieldPath, name: str, library: Library) -> tuple[Trial | None, list[Finding]]:
    if name not in library.trials():
        return None, [Finding(path, f"no trial {name!r}.", suggest(name, library.trials()))]
    try:
        return library.trial(name), []
    except InputError as error:
        return None, [Finding(path, f"trial {name!r} has errors:\n{error}", "Correct its file first.")]


def _modelled(
    path: FieldPath, item: Toxicity, default: str | None, known: dict[str, Trial | None]
) -> Iterator[Finding]:
    if item.figure is None:
        return
    name = item.trial or default
    if name is None:
        message = f"{item.figure!r} of no trial."
        yield Finding((*path, "figure"), message, "Add `trial` and `arm`, or give `rates`.")
        return
    trial = known.get(name)
    if trial is None:  # said already
        return
    models = {t.event: t for t in trial.toxicity}
    if item.figure not in models:
        message = f"trial {name} models no event {item.figure!r}."
        yield Finding((*path, "figure"), message, suggest(item.figure, models))
    elif item.grade is not None and item.grade not in (grades := [g.grade for g in models[item.figure].grades]):
        message = f"trial {name} has {item.figure} at {', '.join(grades)}, not at {item.grade}."
        yield Finding((*path, "grade"), message, suggest(item.grade, grades))


def _effects(regimen: Regimen, library: Library, known: dict[str, Trial | None]) -> Iterator[Finding]:
    """Comparisons lead to regimens of the library, and to arms that were randomised against each other."""
    for i, item in enumerate(regimen.effects):
        path: FieldPath = ("effects", i)
        if item.against not in library.regimens():
            message = f"no regimen {item.against!r}."
            yield Finding((*path, "against"), message, suggest(item.against, library.regimens()))
        if item.trial is None:
            continue
        if item.trial not in known:
            known[item.trial], findings = _trial((*path, "trial"), item.trial, library)
            yield from findings
        trial = known[item.trial]
        if trial is None:
            continue
        for field, arm in (("arm", item.arm), ("comparator", item.comparator)):
            if arm is not None and arm not in trial.arms:
                yield Finding((*path, field), f"trial {trial.id} has no arm {arm!r}.", suggest(arm, trial.arms))
        for stratum in item.strata:
            if stratum not in trial.strata:
                message = f"trial {trial.id} has no stratum {stratum!r}."
                yield Finding((*path, "strata"), message, suggest(stratum, trial.strata))
        if trial.design != "randomised":
            message = f"trial {trial.id} is no randomised trial."
            yield Finding((*path, "trial"), message, "Only arms that were randomised compare regimens.")
