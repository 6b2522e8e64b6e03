"""One finding of a rule between fields, before it is tied to a line."""

from __future__ import annotations

from dataclasses import dataclass

from simulate.evidence.document import FieldPath


@dataclass(frozen=True)
class Finding:
    """What a rule found at a path of the record.

    A `warning` does not stop a run. `refers_to` is the id of a figure, the name of a drug or of a list that was looked
    for and not found: where it stands in the file but broke the schema, its own problem is enough.
    """

    path: FieldPath
    message: str
    advice: str = ""
    severity: str = "error"
    refers_to: str = ""
