"""Nothing stands without a source or an admitted assumption."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.stated_schema import Sourced


def origin(
    path: FieldPath,
    stated: Sourced,
    library: Library | None = None,
) -> Iterator[Finding]:
    """Why a statement has no origin, or one that leads nowhere."""
    if stated.assumed and stated.source is not None:
        yield Finding(path, "is both assumed and from a source.", "Keep one of `source` and `assumed`.")
    elif stated.assumed and stated.why is None:
        yield Finding(path, "is assumed without a reason.", "Add `why`.")
    elif not stated.assumed and stated.source is None:
        yield Finding(path, "has no source.", "Name its `source`, or write `assumed: true` and `why`.")
    elif stated.source is not None and stated.seen is None:
        yield Finding(path, "does not say how its source was seen.", "Add `seen`.")
    if library is not None and stated.source is not None:
        yield from cited((*path, "source"), stated.source, library)


def cited(path: FieldPath, source: str, library: Library) -> Iterator[Finding]:
    """A source that is in no bibliography."""
    if source not in library.sources:
        yield Finding(path, f"no source {source!r}.", suggest(source, library.sources))
