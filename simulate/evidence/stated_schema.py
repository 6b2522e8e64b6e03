"""What a file may say of where a number comes from."""

from __future__ import annotations

from simulate.evidence.fields import Flag, Model, Records, Slug, Text
from simulate.evidence.figure_schema import Seen


class Sourced(Model):
    """Something with its origin: a `source` and how it was `seen`, or `assumed: true` and `why`."""

    source: Slug | None = None
    seen: Seen | None = None
    where: Text | None = None
    assumed: Flag = False
    why: Text | None = None


class Recorded(Sourced):
    """The same, with the `record` of it in the table of evidence."""

    record: Records | None = None
