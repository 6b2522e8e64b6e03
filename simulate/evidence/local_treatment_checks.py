"""Rules of local treatments: what dose radiation may have, and what no operation has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.findings import Finding
from simulate.evidence.regimen_schema import LocalTreatment, Regimen

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath

# The highest totals in use are about 90 Gy (external radiation and brachytherapy together), in fractions of at most
# 30 Gy (stereotactic and intraoperative), of which a course of small ones has up to 45.
MAX_DOSE_GY = 90
MAX_FRACTIONS = 45
MAX_FRACTION_GY = 30
PROCEDURES = ("surgery", "vertebroplasty", "kyphoplasty")
RADIATION_FIELDS = ("dose_gy", "fractions", "fractions_assumed", "interval_days", "concurrent")


def check_local_treatments(regimen: Regimen) -> Iterator[Finding]:
    """Every rule that a local treatment of the regimen breaks."""
    seen: list[tuple[object, ...]] = []
    for i, item in enumerate(regimen.local_treatments):
        path: FieldPath = ("local_treatments", i)
        if item.treatment in PROCEDURES:
            yield from _procedure(path, item)
        else:
            yield from _radiation(path, item)
        if item.alternative and i == 0:
            yield Finding((*path, "alternative"), "the first has nothing to stand in for.", "List the usual one first.")
        key = (item.treatment, item.site, item.dose_gy, item.fractions)
        if key in seen:
            yield Finding(
                (*path, "treatment"), f"{item.treatment} stands twice.", "Keep one, or tell their sites apart."
            )
        seen.append(key)
    yield from _intraoperative(regimen)


def _procedure(path: FieldPath, item: LocalTreatment) -> Iterator[Finding]:
    field = next((name for name in RADIATION_FIELDS if getattr(item, name)), None)
    if field is not None:
        message = f"belongs to radiation, the treatment is {item.treatment}."
        yield Finding((*path, field), message, "Leave it out; radiation beside it is an entry of its own.")


def _radiation(path: FieldPath, item: LocalTreatment) -> Iterator[Finding]:
    if (item.dose_gy is None) != (item.fractions is None):
        given, missing = ("dose", "fractions") if item.fractions is None else ("number of fractions", "dose_gy")
        advice = f"Add `{missing}`, or leave both out where no page shows them."
        yield Finding(path, f"a {given} without `{missing}`.", advice)
    if item.fractions is not None and item.fractions > MAX_FRACTIONS:
        message = f"{item.fractions} fractions are more than {MAX_FRACTIONS}."
        yield Finding((*path, "fractions"), message, "Give the fractions of one course.")
    elif item.dose_gy is not None and item.dose_gy > MAX_DOSE_GY:
        message = f"{item.dose_gy:g} Gy is no dose of a course; at most {MAX_DOSE_GY}."
        yield Finding((*path, "dose_gy"), message, "Give the total in Gy: 4500 cGy are 45.")
    elif item.dose_gy is not None and item.fractions is not None and item.dose_gy / item.fractions > MAX_FRACTION_GY:
        message = f"{item.dose_gy / item.fractions:g} Gy a fraction; at most {MAX_FRACTION_GY}."
        yield Finding((*path, "fractions"), message, "`dose_gy` is the total of all `fractions`: check both.")
    if item.fractions_assumed and (item.fractions is None or item.why is None):
        yield Finding((*path, "fractions_assumed"), "needs `fractions` and `why`.", "Say what is taken, and why.")
    if item.interval_days is not None and (item.fractions or 0) < 2:
        yield Finding((*path, "interval_days"), "days between fractions, but not several.", "Leave it out.")


def _intraoperative(regimen: Regimen) -> Iterator[Finding]:
    """Radiation during an operation is one fraction, and there is an operation."""
    operated = any(item.treatment == "surgery" for item in regimen.local_treatments)
    for i, item in enumerate(regimen.local_treatments):
        if item.treatment != "intraoperative_radiation":
            continue
        if not operated:
            message = "intraoperative radiation without surgery."
            yield Finding(("local_treatments", i), message, "Add the operation during which it is given.")
        if item.fractions is not None and item.fractions > 1:
            message = f"{item.fractions} fractions during one operation."
            yield Finding(("local_treatments", i, "fractions"), message, "Intraoperative radiation is a single dose.")
