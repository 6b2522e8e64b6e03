"""Adverse events of a regimen for a patient: rates of a trial's arm, moved by who the patient is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.regimen_schema import Modifier, Regimen
from simulate.pathways.bases import Evidence
from simulate.pathways.profiles import Profile, combinations, holds


@dataclass(frozen=True)
class EventRates:
    """Exceedance probabilities of an event's grades in the regimen's own study, and what changes them."""

    event: str
    label: str
    grades: tuple[str, ...]
    rates: tuple[float, ...]
    headline: str
    modifiers: tuple[Modifier, ...]
    consequence: tuple[str, ...]


def counted_by(regimen: Regimen) -> Iterator[str]:
    """Trials of whose models `event_rates` takes events."""
    for item in regimen.toxicities:
        trial = item.trial or regimen.evidence.trial
        if item.figure is not None and trial is not None and (item.arm or regimen.evidence.arm) is not None:
            yield trial


def event_rates(evidence: Evidence, regimen: Regimen) -> dict[str, EventRates]:
    """Every event of a regimen, by name: of its trial's toxicity model, or stated in the regimen's own file."""
    out: dict[str, EventRates] = {}
    for item in regimen.toxicities:
        if item.figure is None:
            grades = tuple(r.grade for r in item.rates)
            rates = tuple(float(r.probability or 0.0) for r in item.rates)
            label, headline = item.label or item.event.replace("_", " "), grades[0]
        else:
            trial, arm = item.trial or regimen.evidence.trial, item.arm or regimen.evidence.arm
            if trial is None or arm is None:  # refused by the checks
                continue
            model = next(t for t in evidence.toxicities(trial) if t.event == item.figure)
            if arm not in model.rates:
                continue
            grades, rates, label, headline = model.grades, model.rates[arm], model.label, model.headline
        out[item.event] = EventRates(
            item.event, item.label or label, grades, tuple(rates), headline, item.modifiers, item.consequence
        )
    return out


def rates_for(
    rates: EventRates, population: PatientPopulation, profile: Profile, met: Mapping[int, float]
) -> tuple[float, ...]:
    """Rates of a patient, such that the study's own patients on average have the study's rates.

    `met[i]` is the share of the study's patients who meet modifier `i`.
    """
    factor = 1.0
    for i, modifier in enumerate(rates.modifiers):
        share, inside = met[i], holds(modifier.when, population, profile)
        if modifier.only:
            factor *= (1.0 / share if share > 0.0 else 1.0) if inside else 0.0
        elif modifier.ratio is not None:
            factor *= (modifier.ratio if inside else 1.0) / (share * modifier.ratio + 1.0 - share)
    return tuple(min(1.0, r * factor) for r in rates.rates)


def shares_met(rates: EventRates, reference: PatientPopulation) -> dict[int, float]:
    """Share of the study's patients who meet each modifier of an event."""
    out = {}
    for i, modifier in enumerate(rates.modifiers):
        found = combinations(reference, modifier.when)
        out[i] = sum(share for share, profile in found if holds(modifier.when, reference, profile))
    return out
