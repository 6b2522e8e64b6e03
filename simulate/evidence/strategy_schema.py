"""What a strategy file may say: who gets which regimen in which line, as rules that are read from the top."""

from __future__ import annotations

from pydantic import Field

from simulate.evidence.condition_schema import Conditions
from simulate.evidence.fields import Id, Model, Slug, Text

LINES = ("first_line", "second_line", "third_line")
MAX_RULES = 60


class Rule(Model):
    """`use` this regimen where `when` holds, `after` one of some regimens of an earlier line, and `not_after` others.

    The first rule that holds counts; a last one without conditions is for all.
    """

    when: Conditions = Field(default_factory=dict)
    after: tuple[Id, ...] = ()
    not_after: tuple[Id, ...] = ()
    use: Id
    why: Text | None = None
    says: Text | None = None
    source: Slug | None = None


Rules = tuple[Rule, ...]


class Policy(Model):
    """A decision algorithm: rules for each line. A line left out is not given: supportive care follows."""

    id: Id
    label: Text
    note: Text | None = None
    sources: tuple[Slug, ...] = ()
    lines: dict[Id, Rules] = Field(min_length=1)
    limits: tuple[Text, ...] = ()
