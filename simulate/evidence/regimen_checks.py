"""Rules between the fields of a regimen; each yields findings, none stops the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.fields import grade_floor
from simulate.evidence.findings import Finding
from simulate.evidence.local_treatment_checks import check_local_treatments
from simulate.evidence.messages import suggest
from simulate.evidence.regimen_links import check_links
from simulate.evidence.regimen_schema import Course, Regimen, RegimenDrug, Toxicity

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

# Longer cycles are schedules in months; the longest in use is every 6 weeks.
MAX_CYCLE_DAYS = 56
MAX_CYCLES = 100


def check_regimen(regimen: Regimen, library: Library | None = None) -> list[Finding]:
    """Every rule a regimen breaks; those that need trials and sources only where a library is given."""
    findings = [
        *_origins(regimen),
        *_course(regimen),
        *_drugs(regimen),
        *_named_drugs(regimen),
        *check_local_treatments(regimen),
        *_contraindications(regimen),
        *_stopping(regimen),
        *_toxicities(regimen),
        *_monitoring(regimen),
        *_imaging(regimen),
        *_evidence(regimen),
        *_effects(regimen),
    ]
    return [*findings, *(check_links(regimen, library) if library is not None else ())]


def _origins(regimen: Regimen) -> Iterator[Finding]:
    """Nothing stands without a source or an admitted assumption."""
    for path, stated in regimen.stated():
        if stated.assumed and stated.source is not None:
            yield Finding(path, "is both assumed and from a source.", "Keep one of `source` and `assumed`.")
        elif stated.assumed and stated.why is None:
            yield Finding(path, "is assumed without a reason.", "Add `why`.")
        elif not stated.assumed and stated.source is None:
            yield Finding(path, "has no source.", "Name its `source`, or write `assumed: true` and `why`.")
        elif stated.source is not None and stated.seen is None:
            yield Finding(path, "does not say how its source was seen.", "Add `seen`, and `seen_at` for the page.")


def _course(regimen: Regimen) -> Iterator[Finding]:
    course = regimen.course
    if (course is None) == bool(regimen.drugs):
        message = "is missing." if course is None else "a course without drugs."
        advice = "A regimen with drugs has a course, one without drugs has none."
        yield Finding(("course",), message, advice, refers_to="drugs")
    if course is None:
        return
    if course.cycle_days > MAX_CYCLE_DAYS:
        message = f"{course.cycle_days} days is no cycle; at most {MAX_CYCLE_DAYS}."
        yield Finding(("course", "cycle_days"), message, "Give days; rarer doses are `every_cycles` of a drug.")
    if course.max_cycles is not None and course.max_cycles > MAX_CYCLES:
        message = f"{course.max_cycles} cycles are more than {MAX_CYCLES}."
        yield Finding(("course", "max_cycles"), message, "Leave it out where treatment has no limit.")
    if course.until == "cycles" and course.max_cycles is None:
        message = "`until: cycles` without `max_cycles`."
        yield Finding(("course", "until"), message, "Add `max_cycles`, or write `until: progression`.")


def _drugs(regimen: Regimen) -> Iterator[Finding]:
    own = [d.drug for d in regimen.drugs if d.instead_of is None]
    for i, drug in enumerate(regimen.drugs):
        path: FieldPath = ("drugs", i)
        if (drug.dose is None) != (drug.unit is None):
            given, missing = ("dose", "unit") if drug.unit is None else ("unit", "dose")
            yield Finding(path, f"a {given} without a {missing}.", f"Add `{missing}`, or leave both out.")
        if drug.dose is not None and not drug.days:
            yield Finding(path, "a dose without days.", "Add the days of the cycle on which it is given: `days: [1]`.")
        if drug.instead_of is not None and drug.instead_of not in own:
            message = f"no drug {drug.instead_of!r} to stand in for."
            advice = suggest(drug.instead_of, own)
            yield Finding((*path, "instead_of"), message, advice, refers_to=drug.instead_of)
        if regimen.course is not None:
            yield from _drug_in_course(path, drug, regimen.course)
        for j in range(i):
            if _overlap(regimen.drugs[j], drug):
                message = f"{drug.drug} is given twice in the same cycles."
                yield Finding((*path, "drug"), message, "Keep one, or part them by `from_cycle` and `to_cycle`.")
                break


def _drug_in_course(path: FieldPath, drug: RegimenDrug, course: Course) -> Iterator[Finding]:
    cycle_days = drug.cycle_days or course.cycle_days
    if drug.cycle_days is not None and drug.cycle_days > MAX_CYCLE_DAYS:
        message = f"{drug.cycle_days} days is no cycle; at most {MAX_CYCLE_DAYS}."
        yield Finding((*path, "cycle_days"), message, "Rarer doses are `every_cycles` of a drug.")
    late = [day for day in drug.days if day > cycle_days]
    if late:
        message = f"day {late[0]} lies beyond the cycle of {cycle_days} days."
        yield Finding((*path, "days"), message, "Days count from 1 to `cycle_days`.")
    if list(drug.days) != sorted(set(drug.days)):
        yield Finding((*path, "days"), "the days do not increase.", "List each day once, in order.")
    if drug.to_cycle is not None and drug.to_cycle < drug.from_cycle:
        message = f"cycle {drug.to_cycle} lies before cycle {drug.from_cycle}."
        yield Finding((*path, "to_cycle"), message, "Swap `from_cycle` and `to_cycle`.")
    last = drug.to_cycle or drug.from_cycle
    if course.max_cycles is not None and last > course.max_cycles:
        field = "from_cycle" if drug.to_cycle is None else "to_cycle"
        message = f"cycle {last} lies beyond the {course.max_cycles} cycles of the course."
        yield Finding((*path, field), message, "Correct it, or `max_cycles` of the course.")


def _overlap(a: RegimenDrug, b: RegimenDrug) -> bool:
    if (a.drug, a.instead_of) != (b.drug, b.instead_of):
        return False
    ends = [d.to_cycle if d.to_cycle is not None else MAX_CYCLES for d in (a, b)]
    return max(a.from_cycle, b.from_cycle) <= min(ends)


def _named_drugs(regimen: Regimen) -> Iterator[Finding]:
    """Rules that act on a drug name one of this regimen, and only those do."""
    for field, acting in (("contraindications", ("replace_drug", "reduce")), ("stopping", ("stop_drug",))):
        for i, item in enumerate(getattr(regimen, field)):
            path: FieldPath = (field, i)
            if item.action in acting and item.drug is None:
                yield Finding(path, f"`{item.action}` names no drug.", "Add `drug`.")
            elif item.action in ("exclude", "stop_all") and item.drug is not None:
                yield Finding((*path, "drug"), f"`{item.action}` concerns the whole regimen.", "Leave `drug` out.")
            elif item.drug is not None and item.drug not in regimen.drug_names:
                message = f"the regimen has no drug {item.drug!r}."
                advice = suggest(item.drug, regimen.drug_names)
                yield Finding((*path, "drug"), message, advice, refers_to=item.drug)


def _contraindications(regimen: Regimen) -> Iterator[Finding]:
    seen: list[tuple[object, ...]] = []
    for i, item in enumerate(regimen.contraindications):
        path: FieldPath = ("contraindications", i)
        key = (item.when, item.drug)
        if key in seen:
            yield Finding(path, "the same condition stands twice.", "Keep one action for it.")
        seen.append(key)
        if item.replacement is not None and item.action != "replace_drug":
            message = f"belongs to replace_drug, the action is {item.action}."
            yield Finding((*path, "replacement"), message, "Leave it out, or change the action.")
        if item.factor is not None and item.action != "reduce":
            yield Finding((*path, "factor"), f"belongs to reduce, the action is {item.action}.", "Leave it out.")


def _stopping(regimen: Regimen) -> Iterator[Finding]:
    seen: set[tuple[object, ...]] = set()
    for i, item in enumerate(regimen.stopping):
        key = (item.event, item.grade, item.drug)
        if key in seen:
            yield Finding(("stopping", i), f"{item.event} stands twice.", "Keep one rule for it.")
        seen.add(key)
        if item.days is not None and item.action != "hold":
            message = f"{item.days} days, but the action is {item.action}."
            yield Finding(("stopping", i, "days"), message, "Only a hold lasts a number of days.")


def _toxicities(regimen: Regimen) -> Iterator[Finding]:
    seen: set[str] = set()
    for i, item in enumerate(regimen.toxicities):
        path: FieldPath = ("toxicities", i)
        if item.event in seen:
            yield Finding((*path, "event"), f"event {item.event!r} stands twice.", "Keep one.")
        seen.add(item.event)
        if (item.figure is None) == (not item.rates):
            message = "has neither `figure` nor `rates`." if item.figure is None else "has both `figure` and `rates`."
            yield Finding(path, message, "Name the event of the trial file, or give rates with their sources.")
        if (item.trial is None) != (item.arm is None):
            yield Finding(
                path, "names only one of `trial` and `arm`.", "Give both, or neither for those of `evidence`."
            )
        yield from _rates(path, item)
        if item.onset is not None:
            yield from _onset((*path, "onset"), item)
        for j, modifier in enumerate(item.modifiers):
            if (modifier.ratio is None) == (not modifier.only):
                message = "needs exactly one of `ratio` and `only: true`."
                yield Finding((*path, "modifiers", j), message, "Say how much likelier, or that no other has it.")
        if "none" in item.consequence and len(item.consequence) > 1:
            yield Finding((*path, "consequence"), "'none' beside others.", "Keep `none` alone, or leave it out.")


def _rates(path: FieldPath, item: Toxicity) -> Iterator[Finding]:
    """Shares are stated once, lie within n, and fall from mild to severe."""
    for j, rate in enumerate(item.rates):
        here = (*path, "rates", j)
        if (rate.events is None) != (rate.n is None) or (rate.events is None) == (rate.value is None):
            yield Finding(here, "needs either `events` and `n`, or `value`.", "Prefer the counts where both are known.")
        elif rate.events is not None and rate.n is not None and rate.events > rate.n:
            yield Finding(here, f"{rate.events} events exceed n {rate.n}.", "Check both.")
        if not j:
            continue
        milder = item.rates[j - 1]
        if grade_floor(rate.grade) <= grade_floor(milder.grade):
            message = f"grade {rate.grade} does not come after {milder.grade}."
            yield Finding((*here, "grade"), message, "List grades from mild to severe.")
        elif rate.probability is not None and milder.probability is not None and rate.probability > milder.probability:
            message = f"grade {rate.grade} is more frequent than {milder.grade}."
            yield Finding(here, message, "A worse grade cannot be more frequent: check both.")


def _onset(path: FieldPath, item: Toxicity) -> Iterator[Finding]:
    onset = item.onset
    if onset is None:
        return
    if onset.median_months is None and onset.window is None:
        yield Finding(path, "says no time.", "Give `median_months` or `window: [from, to]` in months.")
    elif onset.window is not None:
        low, high = onset.window
        if low >= high or (onset.median_months is not None and not low <= onset.median_months <= high):
            message = f"the window {low:g} to {high:g} is empty or misses the median."
            yield Finding((*path, "window"), message, "Give the earlier month first.")


def _monitoring(regimen: Regimen) -> Iterator[Finding]:
    seen: set[tuple[str, int | None]] = set()
    for i, item in enumerate(regimen.monitoring):
        path: FieldPath = ("monitoring", i)
        times = [item.every_weeks, item.every_months, item.after_cycles]
        if sum(t is not None for t in times) + item.each_visit != 1:
            message = "needs exactly one of `each_visit`, `every_weeks`, `every_months`, `after_cycles`."
            yield Finding(path, message, "Say when it is done.")
        least = next((t for t in times if t is not None), None)
        if item.up_to is not None and (least is None or item.up_to <= least):
            yield Finding((*path, "up_to"), f"{item.up_to:g} ends no range.", "It is the longer of two intervals.")
        if (item.what, item.start_after_cycles) in seen:
            yield Finding((*path, "what"), f"{item.what!r} stands twice.", "Keep one.")
        seen.add((item.what, item.start_after_cycles))


def _imaging(regimen: Regimen) -> Iterator[Finding]:
    imaging = regimen.imaging
    if imaging is None:
        return
    if (imaging.until_week is None) != (imaging.then_every_weeks is None):
        message = "needs both or neither of `until_week` and `then_every_weeks`."
        yield Finding(("imaging",), message, "Say when scans become rarer, and how rare.")
    if imaging.until_week is not None and imaging.until_week < imaging.every_weeks:
        message = f"week {imaging.until_week:g} comes before the first scan."
        yield Finding(("imaging", "until_week"), message, "Weeks count from the start of treatment.")


def _evidence(regimen: Regimen) -> Iterator[Finding]:
    evidence = regimen.evidence
    if (evidence.trial is None) != (evidence.arm is None):
        yield Finding(("evidence",), "names only one of `trial` and `arm`.", "Give both, or null for both.")
    elif evidence.trial is None and evidence.why is None:
        message = "no trial, and no reason."
        yield Finding(("evidence",), message, "Say in `why` that no trial's model can be used.")
    if evidence.trial is None and evidence.strata:
        yield Finding(("evidence", "strata"), "strata of no trial.", "Name the trial, or leave them out.")


def _effects(regimen: Regimen) -> Iterator[Finding]:
    """A comparison is two arms of a trial, or printed hazard ratios; one with each other regimen."""
    seen: set[str] = set()
    for i, item in enumerate(regimen.effects):
        path: FieldPath = ("effects", i)
        if item.against == regimen.id:
            yield Finding((*path, "against"), "is the regimen itself.", "Name the regimen it was compared with.")
        if item.against in seen:
            yield Finding((*path, "against"), f"{item.against!r} stands twice.", "Keep one comparison.")
        seen.add(item.against)
        arms = [item.trial, item.arm, item.comparator]
        printed = item.pfs is not None or item.os is not None
        if printed == (item.trial is not None) or (item.trial is not None and None in arms):
            message = "needs `trial`, `arm` and `comparator`, or hazard ratios `pfs` and `os`."
            yield Finding(path, message, "Give one of the two.")
        elif item.trial is None and (item.arm is not None or item.comparator is not None or item.strata):
            yield Finding(path, "names arms of no trial.", "Add `trial`, or leave the arms out.")
