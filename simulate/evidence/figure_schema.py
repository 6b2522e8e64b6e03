"""One reported number: what it says, of whom, where it was seen and what it is used for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from simulate.evidence.fields import (
    ArmRef,
    Count,
    Id,
    Level,
    Model,
    NonNegative,
    Number,
    PositiveCount,
    Proportion,
    Records,
    Slug,
    Text,
)

Statistic = Literal[
    "median", "hazard_ratio", "landmark", "proportion", "events", "count", "risk_ratio", "odds_ratio", "range", "mean",
    "cumulative_incidence", "quantile", "mean_change", "difference",
]  # fmt: skip
RATIOS = ("hazard_ratio", "risk_ratio", "odds_ratio")
FRACTIONS = ("landmark", "proportion")
Role = Literal["primary", "fit", "check", "superseded", "context"]
Seen = Literal[
    "primary_abstract", "primary_full_text", "secondary_transcription", "news_or_review_summary", "regulatory_label",
    "conference_abstract", "systematic_review", "regulator_announcement", "tertiary_summary", "digitisation", "seed",
    "derived",
]  # fmt: skip


class Interval(Model):
    """Confidence interval as printed, with its level."""

    low: Number
    high: Number
    level: Number = 0.95


class Span(Model):
    """Smallest and largest observed value; not a confidence interval."""

    low: Number
    high: Number


class Figure(Model):
    """One reported number with its source and what it is used for.

    A contrast is `arm` in `population` against `comparator` in `comparator_population`
    (the same population if not named). `value` of a proportion may be left out where `events` and `n`
    are given.
    """

    id: Id
    arm: ArmRef
    comparator: ArmRef | None = None
    population: Id
    comparator_population: Id | None = None
    endpoint: Id
    statistic: Statistic
    timepoint: NonNegative | None = None
    grade: Level | None = None
    value: Number | None = None
    unit: Text | None = None
    interval: Interval | None = None
    range: Span | None = None
    p_value: Proportion | None = None
    p_note: Text | None = None
    events: Count | None = None
    n: PositiveCount | None = None
    cut: Id | None = None
    role: Role
    source: Slug
    where: Text | None = None
    seen: Seen
    seen_at: Slug | None = None
    why: Text | None = None
    note: Text | None = None
    rivals: tuple[Id, ...] = ()
    record: Records | None = None

    @model_validator(mode="before")
    @classmethod
    def _derive_value(cls, data: Any) -> Any:
        """A proportion given as events of n needs no second, rounded number beside it."""
        if not isinstance(data, dict) or data.get("value") is not None or data.get("statistic") not in FRACTIONS:
            return data
        events, n = data.get("events"), data.get("n")
        if (
            isinstance(events, int)
            and isinstance(n, int)
            and not isinstance(events, bool)
            and 0 <= events <= n
            and n > 0
        ):
            return {**data, "value": events / n}
        return data

    @property
    def is_contrast(self) -> bool:
        """Whether the figure compares two groups."""
        return self.comparator is not None

    @property
    def rate(self) -> float | None:
        """Events over n where both are known, else the printed value: rounded percentages are a second choice."""
        if self.events is not None and self.n and self.statistic in FRACTIONS:
            return self.events / self.n
        return self.value

    @property
    def records(self) -> tuple[str, ...]:
        """Rows of the evidence table this figure states."""
        return as_tuple(self.record)


def as_tuple(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
