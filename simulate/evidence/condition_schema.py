"""Conditions on a patient's covariates, as data: eligibility, contraindications, modifiers of a toxicity.

``{ecog: {max: 1}, pdl1_cps: {min: 1}, histology: {any_of: [squamous, adenosquamous]}}`` holds where every entry holds.
Conditions are never evaluated text: what they may ask is what is written here.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from simulate.evidence.fields import Id, Model, Number, Text

MAX_CONDITIONS = 20
_TEXT = TypeAdapter(Text)


def _value(value: Any) -> bool | float | str:
    """One message for a value of no allowed type, where a union of types would give one for each of them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        try:
            return _TEXT.validate_python(value.strip())
        except ValidationError:  # empty, too long, or what a terminal would obey
            pass
    raise PydanticCustomError("condition_value", "Give true or false, a number, or a text")


Value = Annotated[bool | float | str, PlainValidator(_value, json_schema_input_type=bool | float | str)]


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
