"""What a regimen file may say: how a treatment is given, to whom not, when it stops, what it does, what is watched.

Survival comes from the arm of a trial (`evidence`). Everything else states where it was read, or that it is assumed
and why. Rules between fields live in `simulate.evidence.regimen_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simulate.evidence.condition_schema import Conditions
from simulate.evidence.document import FieldPath
from simulate.evidence.fields import (
    Count,
    Flag,
    Id,
    Level,
    Model,
    NonNegative,
    Positive,
    PositiveCount,
    Proportion,
    Records,
    Slug,
    Text,
)
from simulate.evidence.stated_schema import Sourced

DoseUnit = Literal["mg/m2", "mg/kg", "mg", "AUC"]
Route = Literal["intravenous", "oral"]
Until = Literal["progression", "toxicity", "cycles"]
Consequence = Literal["none", "dose_reduction", "delay", "stop_drug", "stop_all", "hospital", "death"]
Modality = Literal[
    "radiotherapy", "stereotactic_radiotherapy", "brachytherapy", "intraoperative_radiation", "surgery",
    "vertebroplasty", "kyphoplasty",
]  # fmt: skip


class Stated(Sourced):
    """Something of a regimen with its origin, the page on which that was seen, and a note."""

    seen_at: Slug | None = None
    note: Text | None = None


class RegimenDrug(Stated):
    """One drug: its dose on each of `days` of a cycle, from `from_cycle` to `to_cycle`, every `every_cycles` cycles.

    `instead_of` names the drug of this regimen it replaces where that one is not given; `cycle_days` is its own cycle
    where that differs from the course's. `dose` is left out where no page shows it.
    """

    drug: Id
    dose: Positive | None = None
    unit: DoseUnit | None = None
    max_dose_mg: Positive | None = None
    route: Route = "intravenous"
    days: tuple[PositiveCount, ...] = ()
    schedule: Text | None = None
    from_cycle: PositiveCount = 1
    to_cycle: PositiveCount | None = None
    every_cycles: PositiveCount = 1
    cycle_days: PositiveCount | None = None
    instead_of: Id | None = None
    record: Records | None = None


class LocalTreatment(Stated):
    """Radiotherapy or a procedure at one site; `dose_gy` is the total of all `fractions`.

    Fractions follow each other on successive working days unless `interval_days` says otherwise. `concurrent` names
    drugs given during radiotherapy, or `chemotherapy` where no page says which. An `alternative` is given instead of
    the treatment listed before it. `dose_gy` is left out where no page shows it; `fractions_assumed` says that a page
    shows only the total, and `why` says what is taken.
    """

    treatment: Modality
    site: Id | None = None
    dose_gy: Positive | None = None
    fractions: PositiveCount | None = None
    fractions_assumed: Flag = False
    interval_days: PositiveCount | None = None
    concurrent: tuple[Id, ...] = ()
    alternative: Flag = False


class Course(Stated):
    """Length of a cycle in days, and what ends treatment: a number of cycles, progression, or only toxicity.

    Whatever `until` says, progression and unacceptable toxicity end every course but one given until toxicity, and
    `max_cycles` ends each of them.
    """

    cycle_days: PositiveCount
    max_cycles: PositiveCount | None = None
    until: Until


class TrialArm(Model):
    """The arm of a trial whose calibrated model the regimen uses, in some of its strata where it has several.

    Without a trial the regimen has no survival model, and `why` says so. `modelled` says what is borrowed where the
    arm is not this regimen's own.
    """

    trial: Id | None
    arm: Id | None
    strata: tuple[Id, ...] = ()
    modelled: Text | None = None
    why: Text | None = None


class Anchor(Stated):
    """How the regimen compares with another one (`against`), so that it can be carried to that one's patients.

    Either two arms of a randomised `trial`, or printed hazard ratios (`pfs`, `os`) with their source.
    """

    against: Id
    trial: Id | None = None
    arm: Id | None = None
    comparator: Id | None = None
    strata: tuple[Id, ...] = ()
    pfs: Positive | None = None
    os: Positive | None = None


class Contraindication(Stated):
    """Who should not have the regimen, or not as it stands.

    `replace_drug` gives `replacement` for `drug`, or nothing where it names none; `reduce` gives the part `factor` of
    its dose, or an unstated part.
    """

    when: Conditions = Field(min_length=1)
    action: Literal["exclude", "replace_drug", "reduce"]
    drug: Id | None = None
    replacement: Id | None = None
    factor: Proportion | None = None


class Stopping(Stated):
    """An event that ends or interrupts treatment; `days` of a hold count on each side of the event."""

    event: Id
    grade: Level | None = None
    action: Literal["stop_drug", "stop_all", "hold"]
    drug: Id | None = None
    days: PositiveCount | None = None


class Rate(Stated):
    """How many of `n` patients had this grade or worse; `value` alone where no count is known."""

    grade: Level
    events: Count | None = None
    n: PositiveCount | None = None
    value: Proportion | None = None
    record: Records | None = None

    @property
    def probability(self) -> float | None:
        """Events over n where both are known, else the stated share."""
        return self.events / self.n if self.events is not None and self.n else self.value


class Onset(Stated):
    """When an event begins: its median, or the months between which it does, counted from the start of treatment."""

    median_months: Positive | None = None
    window: Annotated[tuple[NonNegative, ...], Field(min_length=2, max_length=2)] | None = None


class Modifier(Stated):
    """In whom an event is likelier (`ratio` of its probability), or the only ones in whom it happens (`only`)."""

    when: Conditions = Field(min_length=1)
    ratio: Positive | None = None
    only: Flag = False


class Toxicity(Stated):
    """One adverse event: how often, when, what it leads to, in whom.

    `figure` is an event of the trial's own toxicity models, in the arm of `evidence` or in another `trial` and `arm`;
    `rates` are for events that no trial file models. The source beside them is that of `consequence`, which begins
    with `grade`.
    """

    event: Id
    label: Text | None = None
    figure: Id | None = None
    trial: Id | None = None
    arm: Id | None = None
    rates: tuple[Rate, ...] = ()
    onset: Onset | None = None
    grade: Level | None = None
    consequence: tuple[Consequence, ...] = Field(min_length=1)
    modifiers: tuple[Modifier, ...] = ()


class Monitoring(Stated):
    """An examination: at each visit, every so many weeks or months, or once after some cycles.

    `up_to` is the upper end of a range in the same unit: every 2 to 3 months.
    """

    what: Id
    each_visit: Flag = False
    every_weeks: Positive | None = None
    every_months: Positive | None = None
    after_cycles: PositiveCount | None = None
    up_to: Positive | None = None
    for_months: Positive | None = None
    start_after_cycles: PositiveCount | None = None


class Imaging(Stated):
    """When scans are done, on which progression is found: every so many weeks, less often after `until_week`."""

    every_weeks: Positive
    until_week: Positive | None = None
    then_every_weeks: Positive | None = None


class Regimen(Model):
    """A treatment as it is given: drugs, local treatments or both; best supportive care has neither."""

    id: Id
    label: Text
    lines: tuple[PositiveCount, ...] = Field(min_length=1)
    drugs: tuple[RegimenDrug, ...] = ()
    course: Course | None = None
    local_treatments: tuple[LocalTreatment, ...] = ()
    evidence: TrialArm
    effects: tuple[Anchor, ...] = ()
    contraindications: tuple[Contraindication, ...] = ()
    stopping: tuple[Stopping, ...] = ()
    toxicities: tuple[Toxicity, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()
    imaging: Imaging | None = None
    notes: tuple[Text, ...] = ()

    @property
    def cycle_days(self) -> int | None:
        """Length of a cycle in days; None without drugs."""
        return self.course.cycle_days if self.course else None

    @property
    def max_cycles(self) -> int | None:
        """Cycles at most; None without a limit."""
        return self.course.max_cycles if self.course else None

    @property
    def until(self) -> Until | None:
        """What ends treatment; None without drugs."""
        return self.course.until if self.course else None

    @property
    def drug_names(self) -> tuple[str, ...]:
        """Each drug once, in the order of the file."""
        return tuple(dict.fromkeys(d.drug for d in self.drugs))

    def stated(self) -> Iterator[tuple[FieldPath, Stated]]:
        """Everything that must say where it comes from, with its place in the file."""
        for name in ("course", "imaging"):
            value = getattr(self, name)
            if value is not None:
                yield (name,), value
        for name in ("drugs", "local_treatments", "contraindications", "stopping", "monitoring", "toxicities"):
            for i, item in enumerate(getattr(self, name)):
                yield (name, i), item
        # two arms of a trial are cited in the trial's own file
        yield from ((("effects", i), e) for i, e in enumerate(self.effects) if e.trial is None or e.assumed)
        for i, toxicity in enumerate(self.toxicities):
            if toxicity.onset is not None:
                yield ("toxicities", i, "onset"), toxicity.onset
            for field in ("rates", "modifiers"):
                for j, item in enumerate(getattr(toxicity, field)):
                    yield ("toxicities", i, field, j), item
