"""What a scenario of pathways adds: later lines, background mortality, selection bias, scans."""

from __future__ import annotations

from pydantic import Field

from simulate.evidence.condition_schema import Conditions
from simulate.evidence.fields import Id, Model, NonNegative, Number, Positive, Proportion, Text
from simulate.evidence.stated_schema import Recorded, Sourced


class LaterLine(Recorded):
    """A line after the first: the share of those whose line before ended alive who start it, and what it was.

    `reach` is of the trials' patients; only those of whom `when` holds at that time can start, at a share that gives
    `reach` among all. Other patients start at the same share where they can.
    `era` is the regimen that stands for this line in the years of the first-line trials: survival after the line before
    is parted into this line and the rest so that the trials' own curves come back. `range` is what sources report.
    """

    reach: Proportion
    when: Conditions = Field(default_factory=dict)
    range: tuple[Proportion, Proportion] | None = None
    era: Id


class Supportive(Sourced):
    """Survival without further treatment: the median about which the residual after each line has its weak prior.

    `regimen` is best supportive care with a study of its own: patients who get nothing in the first line live as long
    as its patients did, compared without randomisation. `patients` says who these were where they were not like those
    of the trials: a covariate to the shares of its levels. Prognostic ratios act around their mix.
    """

    median: Positive = 4.0
    regimen: Id | None = None
    patients: dict[Id, tuple[Proportion, ...]] = Field(default_factory=dict)


class SelectionBias(Model):
    """How a comparison that rests on selected patients is taken apart.

    `strategy` is held against the comparator with a share `pull` of its log hazard ratio taken for selection, and with
    `lead` months of guaranteed survival before its clock began (immortal time) taken away.
    """

    strategy: Id
    pull: tuple[Proportion, ...] = Field(default=(0.0, 0.25, 0.5, 0.75, 1.0), min_length=1)
    lead: tuple[NonNegative, ...] = Field(default=(0.0, 2.0, 4.0, 6.0), min_length=1)
    why: Text


class Scans(Model):
    """Progression is found at the next scan: every so many weeks from the start."""

    every_weeks: Number = Field(gt=0, le=104)
    why: Text | None = None
