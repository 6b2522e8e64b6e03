"""A regimen in words and tables, for the command and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulate.evidence.condition_schema import Condition
from simulate.evidence.regimen_schema import (
    Anchor,
    Contraindication,
    Imaging,
    LocalTreatment,
    Monitoring,
    Regimen,
    RegimenDrug,
    Stopping,
    Toxicity,
)


def regimen_tables(regimen: Regimen) -> dict[str, list[dict[str, Any]]]:
    """Tables of a regimen by title, those with rows only."""
    tables = {
        "Drugs": [_drug(d) for d in regimen.drugs],
        "Local treatments": [_local_treatment(t) for t in regimen.local_treatments],
        "Compared with": [_effect(e) for e in regimen.effects],
        "Contraindications": [_contraindication(c) for c in regimen.contraindications],
        "Stopping rules": [_stopping(s) for s in regimen.stopping],
        "Toxicity": [_toxicity(t) for t in regimen.toxicities],
        "Monitoring": [{"what": _plain(m.what), "when": _when(m), "from": _origin(m)} for m in regimen.monitoring],
    }
    return {title: rows for title, rows in tables.items() if rows}


def regimen_lines(regimen: Regimen) -> list[str]:
    """Course, imaging and evidence of a regimen, a sentence each."""
    lines = [f"line of treatment: {', '.join(map(str, regimen.lines))}"]
    course = regimen.course
    if course is not None:
        limit = "" if course.max_cycles is None else f", at most {course.max_cycles}"
        lines.append(f"cycles of {course.cycle_days} days{limit}, until {course.until} ({_origin(course)})")
    if regimen.imaging is not None:
        lines.append(f"scans {_scans(regimen.imaging)} ({_origin(regimen.imaging)})")
    evidence = regimen.evidence
    arm = "no trial" if evidence.trial is None else f"{evidence.trial}, arm {evidence.arm}"
    strata = f", strata {', '.join(evidence.strata)}" if evidence.strata else ""
    reasons = "".join(f"; {text}" for text in (evidence.modelled, evidence.why) if text)
    return [*lines, f"survival: {arm}{strata}{reasons}"]


def conditions_text(conditions: Mapping[str, Condition]) -> str:
    """Conditions as one phrase, for example ``pdl1_cps at least 1 and ecog at most 1``."""
    return " and ".join(f"{_plain(name)} {_condition(c)}" for name, c in conditions.items())


def _condition(condition: Condition) -> str:
    if condition.is_ is not None:
        return "yes" if condition.is_ is True else "no" if condition.is_ is False else str(condition.is_)
    if condition.any_of is not None:
        return " or ".join(map(str, condition.any_of))
    bounds = [("at least", condition.min), ("at most", condition.max)]
    return " and ".join(f"{word} {value:g}" for word, value in bounds if value is not None)


def _drug(drug: RegimenDrug) -> dict[str, Any]:
    cycles = "" if drug.from_cycle == 1 and drug.to_cycle is None else f"{drug.from_cycle} to {drug.to_cycle or 'end'}"
    return {
        "drug": _plain(drug.drug),
        "dose": ""
        if drug.dose is None
        else f"{drug.unit} {drug.dose:g}"
        if drug.unit == "AUC"
        else f"{drug.dose:g} {drug.unit}",
        "days": _days(drug.days),
        "cycles": cycles if drug.every_cycles == 1 else f"{cycles} every {drug.every_cycles}".strip(),
        "schedule": "; ".join(t for t in (drug.schedule, _own_cycle(drug)) if t),
        "instead of": _plain(drug.instead_of or ""),
        "from": _origin(drug),
    }


def _own_cycle(drug: RegimenDrug) -> str:
    return "" if drug.cycle_days is None else f"cycles of {drug.cycle_days} days"


def _local_treatment(item: LocalTreatment) -> dict[str, Any]:
    return {
        "treatment": ("or " if item.alternative else "") + _plain(item.treatment),
        "site": _plain(item.site or ""),
        "dose": _dose(item),
        "with": ", ".join(map(_plain, item.concurrent)),
        "from": _origin(item),
    }


def _dose(item: LocalTreatment) -> str:
    if item.dose_gy is None or item.fractions is None:
        return ""
    every = "" if item.interval_days is None else f", every {item.interval_days} days"
    number = f"{item.fractions} fraction{'s' if item.fractions > 1 else ''}"
    return f"{item.dose_gy:g} Gy in {number}{every}" + (" (fractions assumed)" if item.fractions_assumed else "")


def _days(days: tuple[int, ...]) -> str:
    whole = len(days) > 2 and days == tuple(range(days[0], days[-1] + 1))
    return f"{days[0]}-{days[-1]}" if whole else ", ".join(map(str, days))


def _effect(item: Anchor) -> dict[str, Any]:
    ratios = [f"{name} {value:g}" for name, value in (("PFS", item.pfs), ("OS", item.os)) if value is not None]
    arms = f"{item.trial}: {_plain(item.arm or '')} v {_plain(item.comparator or '')}"
    strata = f" in {', '.join(map(_plain, item.strata))}" if item.strata else ""
    how = arms + strata if item.trial else f"hazard ratios {', '.join(ratios)}"
    return {"regimen": _plain(item.against), "by": how, "from": _origin(item) or item.trial}


def _contraindication(item: Contraindication) -> dict[str, Any]:
    action = _plain(item.action)
    if item.drug is not None:
        action = f"{action}: {_plain(item.drug)}" + (f" by {_plain(item.replacement)}" if item.replacement else "")
    return {"when": conditions_text(item.when), "action": action, "from": _origin(item)}


def _stopping(item: Stopping) -> dict[str, Any]:
    event = _plain(item.event) + ("" if item.grade is None else f" grade {item.grade}")
    drug = "" if item.drug is None else f": {_plain(item.drug)}"
    days = "" if item.days is None else f", {item.days} days each side"
    return {"event": event, "action": f"{_plain(item.action)}{drug}{days}", "from": _origin(item)}


def _toxicity(item: Toxicity) -> dict[str, Any]:
    onset = item.onset
    times = [] if onset is None or onset.median_months is None else [f"median {onset.median_months:g}"]
    times += [] if onset is None or onset.window is None else [f"{onset.window[0]:g} to {onset.window[1]:g}"]
    rates = ", ".join(f"{r.probability:.1%} {r.grade}" for r in item.rates if r.probability is not None)
    return {
        "event": item.label or _plain(item.event),
        "rate": rates or f"as {_plain(item.figure or '')}" + (f" of {item.trial}" if item.trial else ""),
        "onset (months)": ", ".join(times),
        "consequence": ", ".join(map(_plain, item.consequence))
        + ("" if item.grade is None else f" from grade {item.grade}"),
        "in whom": "; ".join(
            f"{'only ' if m.only else f'{m.ratio:g} times '}{conditions_text(m.when)}" for m in item.modifiers
        ),
    }


def _when(item: Monitoring) -> str:
    words = (
        ("every {} weeks", item.every_weeks),
        ("every {} months", item.every_months),
        ("after {} cycles", item.after_cycles),
    )
    upper = "" if item.up_to is None else f" to {item.up_to:g}"
    text = next((form.format(f"{n:g}{upper}") for form, n in words if n is not None), "each visit")
    text += "" if item.for_months is None else f" for {item.for_months:g} months"
    return text + ("" if item.start_after_cycles is None else f", from cycle {item.start_after_cycles + 1}")


def _scans(imaging: Imaging) -> str:
    text = f"every {imaging.every_weeks:g} weeks"
    if imaging.until_week is None or imaging.then_every_weeks is None:
        return text
    return f"{text} to week {imaging.until_week:g}, then every {imaging.then_every_weeks:g}"


def _origin(item: Any) -> str:
    return "assumed" if item.assumed else item.source or ""


def _plain(name: str) -> str:
    return name.replace("_", " ")
