"""What a file may say of where a number comes from."""

from __future__ import annotations

from simulate.evidence.fields import Flag, Model, Records, Slug, Text
from simulate.evidence.figure_schema import Seen


class Sourced(Model):
    """Something from a `source`, with how it was `seen`, or `assumed` and `why`."""

    source: Slug | None = None
    seen: Seen | None = None
    where: Text | None = None
    record: Records | None = None
    assumed: Flag = False
    why: Text | None = None
