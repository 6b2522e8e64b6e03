"""Hashes of what things contain: files, values of our types, this package's own source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

__all__ = ["code_key", "content_key", "plain", "sha256_of"]


def sha256_of(source: bytes | str | os.PathLike[str]) -> str:
    """SHA-256 of bytes, or of the file a path names, in hexadecimal."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain(value: Any) -> Any:
    """`value` in what JSON holds: pydantic models, dataclasses, mappings with any key, arrays, paths and sets included.

    Examples
    --------
    >>> plain({("chemotherapy", "all"): (1, 2.5), "folder": Path("params")})
    {'chemotherapy/all': [1, 2.5], 'folder': 'params'}
    """
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, int | float):
        return value
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, os.PathLike):
        return Path(value).as_posix()
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _plain_key(key: object) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def content_key(value: object) -> str:
    """Hash of what `value` contains: equal content, equal key, whatever the order of its mappings.

    Examples
    --------
    >>> content_key({"a": 1, "b": (2.5,)}) == content_key({"b": [2.5], "a": 1})
    True
    """
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"))
    return sha256_of(text.encode())


def code_key(*parts: str) -> str:
    """Hash of this package's own source in the named parts (``"model"``, ``"files"``); all of it by default.

    Folded into a cache's key, it makes an answer computed by older code unreachable. Nothing is imported.
    """
    root = Path(__file__).parent
    roots = [root / part for part in parts] or [root]
    sources: set[Path] = set()
    for place in roots:
        sources.update(place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")])
    return content_key({file.relative_to(root).as_posix(): sha256_of(file) for file in sorted(sources)})
