"""Conditions on a patient's covariates, as data: eligibility, contraindications, modifiers of a toxicity.

``{ecog: {max: 1}, pdl1_cps: {min: 1}, histology: {any_of: [squamous, adenosquamous]}}`` holds where every entry holds.
Conditions are never evaluated text: what they may ask is what is written here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from simulate.evidence.fields import Flag, Id, Model, Number, Text

Value = Flag | Number | Text
MAX_CONDITIONS = 20


class Condition(Model):
    """What one covariate must be: a value (`is`), one of several (`any_of`), or within `min` and `max` (inclusive).

    Bounds hold for the *whole* level of a covariate given in levels: a level from 0 to 5 months does not meet
    ``min: 3``, because some of its patients do not.
    """

    is_: Value | None = Field(default=None, alias="is")
    any_of: tuple[Value, ...] | None = None
    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Condition:
        kinds = [self.is_ is not None, self.any_of is not None, self.min is not None or self.max is not None]
        if sum(kinds) != 1:
            raise PydanticCustomError("condition_kind", "Give exactly one of: is, any_of, or bounds (min, max)")
        if self.any_of is not None and (not self.any_of or len(set(self.any_of)) < len(self.any_of)):
            raise PydanticCustomError("condition_any_of", "any_of needs one or more different values")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise PydanticCustomError("condition_bounds", "min should not exceed max")
        return self


Conditions = Annotated[dict[Id, Condition], Field(max_length=MAX_CONDITIONS)]
