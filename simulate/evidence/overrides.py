"""``--set key=value``: replace fields of a record, with errors that name the option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from simulate.errors import InputError, Problem
from simulate.evidence.messages import fields_at, from_validation, suggest
from simulate.evidence.yaml_text import Document, parse_value


def apply(data: dict[str, Any], overrides: Mapping[str, str], model: type[BaseModel]) -> dict[str, Any]:
    """Put every override into plain data; report all unknown keys at once."""
    found: list[Problem] = []
    for key, text in overrides.items():
        try:
            value = parse_value(text, key)
        except InputError as error:
            found += error.problems
            continue
        found += _put(data, key, value, model)
    if found:
        raise InputError(found)
    return data


def _put(data: dict[str, Any], key: str, value: Any, model: type[BaseModel]) -> list[Problem]:
    *parents, last = parts = key.split(".")
    node: Any = data
    for depth, part in enumerate(parents):
        if not isinstance(node, dict) or part not in node:
            return [_unknown(key, parts[: depth + 1], node, model)]
        node = node[part]
    # A field of the schema may be set whether or not the file has it; names of the user's own must exist.
    allowed = fields_at(model, tuple(parents)) or (list(node) if isinstance(node, dict) else [])
    open_mapping = isinstance(node, dict) and not fields_at(model, tuple(parents))
    if not isinstance(node, dict) or (last not in allowed and not open_mapping) or not last:
        return [_unknown(key, parts, node, model)]
    node[last] = value
    return []


def _unknown(key: str, parts: list[str], node: Any, model: type[BaseModel]) -> Problem:
    names = fields_at(model, tuple(parts[:-1])) or (sorted(node) if isinstance(node, dict) else [])
    return Problem(f"--set {key}", None, "", f"no field {'.'.join(parts)!r}.", suggest(parts[-1], names))


def problems(error: ValidationError, overrides: Mapping[str, str], data: Any, model: type[BaseModel]) -> list[Problem]:
    """Errors of the record that the overrides made, each under the option that caused it."""
    found = []
    for problem in from_validation(error, model, Document("", data)):
        field = problem.field.replace("[", ".").replace("]", "")
        cause = next((k for k in overrides if field == k or field.startswith(f"{k}.") or k.startswith(f"{field}.")), field)
        inner = problem.field if problem.field != cause else ""
        found.append(Problem(f"--set {cause}", None, inner, problem.message, problem.advice))
    return found
