"""A parsed file: plain data and the line of each of its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FieldPath = tuple[str | int, ...]


@dataclass
class Document:
    """Plain data of one YAML text and the line of each field.

    Attributes
    ----------
    file : how the user knows the text (a path, or ``--set``).
    data : dicts, lists, str, int, float, bool and None.
    lines : 1-based line of each field, by path; a path is a tuple of keys and list positions.
    """

    file: str
    data: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)

    def line(self, path: FieldPath) -> int:
        """Line of a field, or of the nearest parent that has one (a missing field has none of its own)."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


SHOWN = 60


def shortened(text: str) -> str:
    """What a message shows of a text: a file that is no parameter file must not be printed whole.

    >>> shortened(repr("a" * 100))
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'"
    """
    if len(text) <= SHOWN:
        return text
    quote = text[0] if text[0] in "'\"" else ""
    return text[: SHOWN - 1 - len(quote)] + "…" + quote


def field_text(path: FieldPath, data: Any = None) -> str:
    """Dotted path of a field, list items by their `id` where they have one.

    >>> field_text(("figures", 0, "value"), {"figures": [{"id": "os_median"}]})
    'figures.os_median.value'
    >>> field_text(("landmarks", 2))
    'landmarks[2]'
    """
    text, node = "", data
    for key in path:
        node = node[key] if _has(node, key) else None
        name = node.get("id") or node.get("event") if isinstance(node, dict) and isinstance(key, int) else None
        if isinstance(key, int) and not isinstance(name, str):
            text += f"[{key}]"
        else:
            text += f".{shortened(str(name if isinstance(key, int) else key))}"
    return text.lstrip(".")


def _has(node: Any, key: str | int) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)
