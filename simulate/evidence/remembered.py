"""Parsed files remembered between runs: reading YAML takes most of the time of a command that only looks things up.

An entry of the cache is named by a hash of the file's bytes and of the code that reads them: a changed file is read
anew. It is JSON, holds plain data and line numbers, and is verified before it is believed. A file with an error is
never remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

from simulate.evidence.document import Document, FieldPath
from simulate.files import cached_json, code_key, sha256_of

CODE = code_key("evidence/yaml_builder", "evidence/yaml_text", "evidence/document", "evidence/remembered")


@cache
def _reader() -> str:
    return f"{CODE} {version('ruamel.yaml')}"


def remembered(raw: bytes, file: str, parse: Callable[[bytes, str], Document]) -> Document:
    """`parse(raw, file)`, or what it gave before for the same bytes.

    Parameters
    ----------
    raw : the bytes of a file.
    file : name used in messages; not part of what is remembered.
    parse : reads them; what it raises goes through.
    """

    def compute() -> dict[str, Any]:
        found = parse(raw, file)
        return {"data": found.data, "lines": [found.lines.get(path) for path in paths(found.data)]}

    stored = cached_json("parsed", {"bytes": sha256_of(raw), "reader": _reader()}, compute)
    lines = zip(paths(stored["data"]), stored["lines"], strict=True)
    return Document(file, stored["data"], {path: line for path, line in lines if line is not None})


def paths(data: Any, here: FieldPath = ()) -> Iterator[FieldPath]:
    """Path of every field, parents first, in the order of the data."""
    yield here
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*here, key))
