"""What a population file may say: the joint distribution of patients' covariates, and what they mean for prognosis.

A covariate has a few levels. Their shares may depend on covariates named before it (a Bayesian network written as
cases; the first case that holds counts), so that a joint distribution is what its author wrote and nothing else.
"""

from __future__ import annotations

from pydantic import Field

from simulate.evidence.condition_schema import Conditions, Value
from simulate.evidence.fields import Id, Model, Number, Positive, Proportion, Slug, Text
from simulate.evidence.stated_schema import Recorded

MAX_LEVELS = 12


class Level(Model):
    """One level: a `value` (also what shows), or a band of a number from `min` to `max`, both inclusive.

    A band of ages may have a `value` too: the age at which background mortality starts.
    """

    label: Text | None = None
    value: Value | None = None
    min: Number | None = None
    max: Number | None = None


class Case(Recorded):
    """Shares of the levels for the patients of whom `when` holds, with their source; `assumed` needs a `why`."""

    when: Conditions = Field(default_factory=dict)
    shares: tuple[Proportion, ...] = Field(min_length=1)
    borrowed: Text | None = None


class Prognosis(Recorded):
    """Hazard ratios of the levels for progression and death, the same in all living states."""

    hazard_ratios: tuple[Positive, ...] = Field(min_length=1)


class Changes(Recorded):
    """Shares of the levels when a next line is decided on: to every level before, a row in the order of the levels."""

    shares: dict[Id, tuple[Proportion, ...]] = Field(min_length=1)
    borrowed: Text | None = None


class Covariate(Model):
    """One property of a patient at the start; `changes` says what it is at each later line of treatment."""

    label: Text
    unit: Text | None = None
    levels: dict[Id, Level] = Field(min_length=2, max_length=MAX_LEVELS)
    cases: tuple[Case, ...] = Field(min_length=1)
    prognosis: Prognosis | None = None
    changes: Changes | None = None
    note: Text | None = None


class PatientPopulation(Model):
    """Who is treated. Covariates are in the order in which they depend on each other."""

    id: Id
    label: Text
    note: Text | None = None
    sources: tuple[Slug, ...] = ()
    covariates: dict[Id, Covariate] = Field(min_length=1)
