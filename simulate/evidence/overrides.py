"""``--set key=value``: replace fields of a scenario, with errors that name the option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from simulate.errors import InputError, Problem
from simulate.evidence.document import Document, field_text
from simulate.evidence.messages import describe, fields_at, from_validation, suggest
from simulate.evidence.scenario_checks import check_scenario
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.yaml_text import parse_value

if TYPE_CHECKING:
    from simulate.evidence.library import Library


def override_scenario(scenario: Scenario, overrides: Mapping[str, str], library: Library | None) -> Scenario:
    """A copy of the scenario with fields replaced; `InputError` with all errors under their options."""
    data = _apply(scenario.model_dump(mode="json", by_alias=True), overrides, Scenario)
    absent = {s: k for k in overrides for s in _absent(scenario, k)}
    try:
        changed = Scenario.model_validate(data)
    except ValidationError as error:
        found = from_validation(error, Scenario, Document("", data))
        raise InputError([*_incomplete(found, absent, data), *(_under_option(p, overrides) for p in found)]) from None
    changed.in_folder(scenario.folder)
    findings = [f for f in check_scenario(changed, library) if f.severity == "error"]
    if findings:
        found = [Problem("", None, field_text(f.path), f.message, f.advice) for f in findings]
        raise InputError([_under_option(p, overrides) for p in found])
    return changed


def _apply(data: dict[str, Any], overrides: Mapping[str, str], model: type[BaseModel]) -> dict[str, Any]:
    """Put every override into plain data; report all unknown fields at once."""
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
    parts = key.split(".")
    node: Any = data
    for depth, part in enumerate(parts):
        fixed = fields_at(model, tuple(parts[:depth]))
        is_last = depth == len(parts) - 1
        # Names of the user's own (strategies, endpoints) may be new at the end of the key, never on the way.
        known = fixed or (list(node) if isinstance(node, dict) else [])
        accepted = isinstance(node, dict) and bool(part) and (part in known or (is_last and not fixed))
        if not accepted:
            return [
                Problem(f"--set {key}", None, "", f"no field {'.'.join(parts[: depth + 1])!r}.", suggest(part, known))
            ]
        if is_last:
            node[part] = value
        else:
            if node.get(part) is None and fields_at(model, tuple(parts[: depth + 1])):
                node[part] = {}  # a section that the scenario leaves out begins with what is set in it
            node = node.get(part)
    return []


def _absent(scenario: Scenario, key: str) -> Iterator[str]:
    """Sections on the way to a field that the scenario does not have."""
    parts = key.split(".")
    node: Any = scenario
    for depth, part in enumerate(parts[:-1]):
        node = node.get(part) if isinstance(node, Mapping) else getattr(node, part, None)
        if node is None and fields_at(Scenario, tuple(parts[: depth + 1])):
            yield ".".join(parts[: depth + 1])


def _incomplete(found: list[Problem], absent: Mapping[str, str], data: dict[str, Any]) -> list[Problem]:
    """One problem for each section that the options begin and leave unfinished, in the place of each missing field."""
    out = []
    for section, key in absent.items():
        missing = [p for p in found if p.field.rpartition(".")[0] == section and p.message == "is missing."]
        if not missing:
            continue
        for p in missing:
            found.remove(p)
        names = [p.field.rpartition(".")[2] for p in missing]
        given = reduce(lambda node, part: node[part], section.split("."), data)
        whole = ", ".join([*(f"{k}: {describe(v)}" for k, v in given.items()), *(f"{n}: …" for n in names)])
        message = f"the scenario has no {section}, which needs {', '.join(names)} too."
        out.append(Problem(f"--set {key}", None, "", message, f"Set it whole: --set '{section}={{{whole}}}'."))
    return out


def _under_option(problem: Problem, overrides: Mapping[str, str]) -> Problem:
    """The same problem under the option that caused it; the scenario itself was sound before."""
    field = problem.field.replace("[", ".").replace("]", "")
    cause = next((k for k in overrides if f"{field}.".startswith(f"{k}.") or f"{k}.".startswith(f"{field}.")), None)
    if cause is None:
        return Problem("--set", None, problem.field, problem.message, problem.advice)
    inner = problem.field if field != cause else ""
    return Problem(f"--set {cause}", None, inner, problem.message, problem.advice)
