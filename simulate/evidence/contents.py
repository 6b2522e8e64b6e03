"""What a library holds, by kind, id and title."""

from __future__ import annotations

from simulate.errors import input_error
from simulate.evidence.library import KINDS, Library, singular
from simulate.evidence.messages import suggest


def titles(library: Library, kind: str | None = None) -> list[dict[str, str]]:
    """Kind, id and title of every file of a kind, or of all, scenarios first; `InputError` for an unknown kind."""
    if kind is not None and kind not in KINDS:
        raise input_error(f"no kind {kind!r}.", field="KIND", advice=suggest(kind, KINDS))
    files = [tuple(name.split("/")) for name in library.names()]
    chosen = [(k, i) for k, i in files if kind in (None, k)]
    rows = []
    for k, i in sorted(chosen, key=lambda file: file[0] != "scenarios"):
        record = library.record(k, i)
        title = getattr(record, "title", None) or getattr(record, "label", "")
        rows.append({"kind": singular(k), "id": i, "title": str(title)})
    return rows
