"""One finding of a rule between fields, before it is tied to a line."""

from __future__ import annotations

from dataclasses import dataclass

from simulate.evidence.document import FieldPath


@dataclass(frozen=True)
class Finding:
    """What a rule found at a path of the record; a `warning` does not stop a run."""

    path: FieldPath
    message: str
    advice: str = ""
    severity: str = "error"
