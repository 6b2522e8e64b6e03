"""The small types every schema is built from: identifiers, numbers, grades, references to arms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

ID_PATTERN = r"^[a-z][a-z0-9_]*$"
SLUG_PATTERN = r"^[a-z][a-z0-9_-]*$"
GRADE_PATTERN = r"^(any|[1-5]|>=[1-5]|[1-5]-[1-5])$"
DATE_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"
LEVEL_PATTERN = GRADE_PATTERN[:-2] + "|objective|complete)$"
POOLED = "pooled"


def _printable(text: str) -> str:
    """Refuse what a terminal or a page would obey rather than show."""
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in "\n\t":
            raise PydanticCustomError("control_character", "Control character", {"character": ascii(character)})
    return text


# Strict everywhere: "13.3" in quotes is text and a mistake, not a number to be coerced in silence.
Id = Annotated[str, Field(strict=True, pattern=ID_PATTERN, max_length=80)]
Slug = Annotated[str, Field(strict=True, pattern=SLUG_PATTERN, max_length=80)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=4000), AfterValidator(_printable)]
Grade = Annotated[str, Field(strict=True, pattern=GRADE_PATTERN)]
Level = Annotated[str, Field(strict=True, pattern=LEVEL_PATTERN)]  # a grade, or how far a tumour responded
Date = Annotated[str, Field(strict=True, pattern=DATE_PATTERN)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=10**9)]
Proportion = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Flag = Annotated[bool, Field(strict=True)]

Family = Literal["auto", "exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gengamma"]


class Model(BaseModel):
    """Frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _one_or_many(value: Any) -> Any:
    """Accept one text or a list of them; keep a list as a tuple so that the record stays hashable."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise PydanticCustomError("one_or_many", "Input should be one name or a list of names")


def _match(pattern: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        value = _one_or_many(value)
        names = (value,) if isinstance(value, str) else value or ()
        for name in names:
            if not re.fullmatch(pattern, name):
                raise PydanticCustomError(
                    "string_pattern_mismatch", "String should match pattern", {"pattern": pattern}
                )
        return value

    return check


# An arm of the trial, a list of arms analysed together, or `pooled` for all arms.
ArmRef = Annotated[str | tuple[str, ...], BeforeValidator(_match(ID_PATTERN))]
# One row of the evidence table, or several that say the same.
Records = Annotated[str | tuple[str, ...], BeforeValidator(_match(r"^[A-Za-z0-9_.-]+$"))]


def grade_floor(grade: str) -> int:
    """Lowest CTCAE grade a label covers: ``any`` 1, ``>=3`` 3, ``3-4`` 3; a ``complete`` response is 2."""
    if grade in ("objective", "complete"):
        return 1 if grade == "objective" else 2
    return 1 if grade == "any" else int(grade.removeprefix(">=")[0])
