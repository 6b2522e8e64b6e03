"""Validation errors in human words: what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simulate.errors import Problem
from simulate.evidence.document import Document, FieldPath, field_text, shortened
from simulate.evidence.fields import GRADE_PATTERN, ID_PATTERN, LEVEL_PATTERN, SLUG_PATTERN

_PATTERNS = {
    ID_PATTERN: "Use lower-case letters, digits and underscores, beginning with a letter.",
    SLUG_PATTERN: "Use lower-case letters, digits, underscores and hyphens, beginning with a letter.",
    GRADE_PATTERN: "Write any, 3, 3-4 or >=3.",
    LEVEL_PATTERN: "Write any, 3, 3-4 or >=3; of a response objective or complete.",
}
# pydantic's error type -> what is allowed, filled from the error's context.
_ALLOWED = {
    "missing": "is missing.",
    "float_type": "{found} is not a number.",
    "int_type": "{found} is not a whole number.",
    "int_from_float": "{found} is not a whole number.",
    "string_type": "{found} is not text.",
    "bool_type": "{found} is neither true nor false.",
    "tuple_type": "{found} is not a list.",
    "list_type": "{found} is not a list.",
    "dict_type": "{found} is not a mapping of names to values.",
    "model_type": "{found} is not a mapping of fields to values.",
    "model_attributes_type": "{found} is not a mapping of fields to values.",
    "one_or_many": "{found} is neither a name nor a list of names.",
    "finite_number": "{found} is not a finite number.",
    "greater_than": "{found} must be greater than {gt}.",
    "greater_than_equal": "{found} must be at least {ge}.",
    "less_than": "{found} must be less than {lt}.",
    "less_than_equal": "{found} must be at most {le}.",
    "too_short": "needs at least {min_length} item(s), found {actual_length}.",
    "too_long": "has more than {max_length} items.",
    "string_too_short": "is empty.",
    "string_too_long": "is longer than {max_length} characters.",
    "rate_too_small": "{found} is neither 0 nor at least {ge}.",
    "control_character": "holds the control character {character}.",
    "literal_error": "{found} is not one of {expected}.",
    "string_pattern_mismatch": "{found} is not in the expected form.",
}
_ADVICE = {
    "string_type": "Put text in quotes if it looks like a number.",
    "tuple_type": "Write a list: [a, b].",
    "too_long": "Join some.",
    "missing": "Add the field.",
    "rate_too_small": "Rates are per year; write 0 for no discounting.",
    "control_character": "Remove it.",
    "string_too_short": "Write something, or leave the field out.",
}


def suggest(name: Any, known: Iterable[str]) -> str:
    """Advice for an unknown name: the nearest known one, or all of them if they are few.

    >>> suggest("chemoterapy", ["chemotherapy", "chemotherapy_bevacizumab"])
    "Did you mean 'chemotherapy'?"
    """
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    if not known:
        return "None is defined."
    listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f"Known: {listed}."


def from_validation(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Every error of a failed validation as a `Problem` with its line."""
    found = []
    for item in error.errors(include_url=False):
        path = tuple(part for part in item["loc"] if part != "[key]")
        message, advice = _words(item, model, path)
        found.append(Problem(document.file, document.line(path), field_text(path, document.data), message, advice))
    return found


def _words(item: Any, model: type[BaseModel], path: FieldPath) -> tuple[str, str]:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        names = fields_at(model, path[:-1])
        return "no such field.", suggest(path[-1], names) if names else "Remove it."
    found = describe(item["input"])
    if isinstance(item["input"], float) and not math.isfinite(item["input"]):
        return f"{found} is not a number.", "Leave the field out, or write null, if the value is unknown."
    context = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    template = _ALLOWED.get(kind)
    message = template.format(found=found, **context) if template else f"{found}: {item['msg']}."
    advice = _ADVICE.get(kind, "")
    if kind == "string_pattern_mismatch":
        advice = _PATTERNS.get(context.get("pattern", ""), "")
    elif kind == "literal_error" and isinstance(item["input"], str):
        names = context.get("expected", "").replace("'", "").replace(" or ", ", ").split(", ")
        near = difflib.get_close_matches(item["input"], names, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else ""
    return message, advice


def describe(value: Any) -> str:
    """A value as the user wrote it, short enough for one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return shortened(repr(value))


def fields_at(model: type[BaseModel], path: FieldPath) -> list[str]:
    """Field names allowed at a path of a schema, empty where the names are the user's own."""
    here: Any = model
    for key in path:
        here = _inside(here, key)
    return sorted(info.alias or name for name, info in here.model_fields.items()) if _is_model(here) else []


def _inside(annotation: Any, key: str | int) -> Any:
    """Type of what `key` leads to inside a value of type `annotation`, or None."""
    if _is_model(annotation):
        info = annotation.model_fields.get(key)
        return _without_none(info.annotation) if info else None
    parts = get_args(annotation)
    if get_origin(annotation) is dict:
        return _without_none(parts[1])
    return _without_none(parts[0]) if get_origin(annotation) in (tuple, list) else None


def _without_none(annotation: Any) -> Any:
    parts = [part for part in get_args(annotation) if part is not type(None)]
    is_union = get_origin(annotation) in (Union, UnionType)
    return parts[0] if is_union and len(parts) == 1 else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
