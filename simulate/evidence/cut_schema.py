"""Data cut-offs: who was enrolled when, and how long they were followed."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ConfigDict, model_validator

from simulate.evidence.fields import Date, Flag, Model, Positive, Slug, Text

DAYS_PER_MONTH = 30.4375


def months_between(first: Any, last: Any) -> float | None:
    """Months from one full ISO date to another, or None if either is missing or not to the day."""
    try:
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    except (TypeError, ValueError):
        return None
    return round(days / DAYS_PER_MONTH, 3)


def _months_may_follow_from_dates(schema: dict[str, Any]) -> None:
    """An editor must not ask for months that the dates give."""
    schema["required"] = [name for name in schema["required"] if name not in ("accrual", "cutoff")]


class Cut(Model):
    """A data cut-off: who was enrolled when, and how long they were followed.

    `accrual` and `cutoff` are months after the first enrolment; both follow from the dates where these are
    given to the day. `assumed` marks a cut-off that was derived, not reported.
    """

    model_config = ConfigDict(json_schema_extra=_months_may_follow_from_dates)

    label: Text
    first_enrolment: Date | None = None
    last_enrolment: Date | None = None
    data_cutoff: Date | None = None
    accrual: Positive
    cutoff: Positive
    assumed: Flag = False
    source: Slug | None = None
    seen_at: Slug | None = None
    note: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _months_from_dates(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        first = data.get("first_enrolment")
        for months, end in (("accrual", "last_enrolment"), ("cutoff", "data_cutoff")):
            found = months_between(first, data.get(end))
            if data.get(months) is None and found is not None:
                data = {**data, months: found}
        return data
