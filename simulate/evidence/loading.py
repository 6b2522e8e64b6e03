"""From a parsed document to a validated record: the schema first, then the rules between fields."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from simulate.errors import Problem
from simulate.evidence.checks import check_sources, check_trial
from simulate.evidence.document import Document, FieldPath, field_text
from simulate.evidence.economics_checks import check_economics, check_reference_case
from simulate.evidence.economics_schema import Economics, ReferenceCase
from simulate.evidence.findings import Finding
from simulate.evidence.library import singular
from simulate.evidence.messages import describe, from_validation
from simulate.evidence.population_checks import check_population
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.regimen_checks import check_regimen
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.scenario_checks import check_scenario
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.schema import Trial
from simulate.evidence.source_schema import Sources
from simulate.evidence.strategy_checks import check_policy
from simulate.evidence.strategy_schema import Policy

if TYPE_CHECKING:
    from simulate.evidence.library import Library

_KINDS: dict[str, tuple[type[BaseModel], Callable[..., list[Finding]]]] = {
    "trials": (Trial, check_trial),
    "scenarios": (Scenario, check_scenario),
    "regimens": (Regimen, check_regimen),
    "populations": (PatientPopulation, check_population),
    "strategies": (Policy, check_policy),
    "economics": (Economics, check_economics),
    "reference_cases": (ReferenceCase, check_reference_case),
    "sources": (Sources, check_sources),
}


def kind_of(document: Document) -> str:
    """Guess from its fields what a file outside the library is."""
    data = document.data if isinstance(document.data, dict) else {}
    if "sources" in data and isinstance(data["sources"], dict):
        return "sources"
    if "payer" in data or "body" in data:
        return "economics" if "payer" in data else "reference_cases"
    if "covariates" in data:
        return "populations"
    if "lines" in data and isinstance(data["lines"], dict):
        return "strategies"
    if "evidence" in data or "drugs" in data:
        return "regimens"
    return "trials" if "figures" in data or "strata" in data else "scenarios"


def validate(kind: str, document: Document, library: Library | None = None) -> tuple[BaseModel | None, list[Problem]]:
    """Validate a document as a trial, scenario, regimen or bibliography.

    Returns
    -------
    record : the validated record, or None if the schema does not accept the document.
    problems : every error and warning with its line. Where only some figures break the schema, the rules between
        fields are still applied to the others, so that one typing error does not hide the rest.
    """
    model, rules = _KINDS[kind]
    if not isinstance(document.data, dict):
        message = f"a {singular(kind)} file is a mapping of fields to values, found {_what(document.data)}."
        return None, [Problem(document.file, document.line(()), "", message, "Begin with `id:`.")]
    problems: list[Problem] = []
    kept: dict[str, list[int]] = {}
    try:
        record = model.model_validate(document.data)
    except ValidationError as error:
        problems = from_validation(error, model, document)
        record, kept = _without_broken_items(model, document.data, error)
    if isinstance(record, Scenario):
        record.in_folder(Path(document.file).absolute().parent)
    if record is not None:
        broken = _broken_ids(document.data, kept)
        findings = [f for f in rules(record, library) if f.refers_to not in broken]
        problems += [_placed(f, _original(f.path, kept), document) for f in findings]
    problems += _name_mismatch(kind, document)
    sound = not any(p.severity == "error" for p in problems)
    return (record if sound else None), sorted(problems, key=lambda p: p.line or 0)


def _without_broken_items(
    model: type[BaseModel], data: dict, error: ValidationError
) -> tuple[Any, dict[str, list[int]]]:
    """Validate again without the list items that failed, if nothing else did."""
    broken: dict[str, set[int]] = {}
    for item in error.errors(include_url=False, include_input=False):
        loc = item["loc"]
        if len(loc) < 2 or not isinstance(loc[0], str) or not isinstance(loc[1], int):
            return None, {}
        broken.setdefault(loc[0], set()).add(loc[1])
    kept = {name: [i for i in range(len(data[name])) if i not in bad] for name, bad in broken.items()}
    partial = {**data, **{name: [data[name][i] for i in indices] for name, indices in kept.items()}}
    try:
        return model.model_validate(partial), kept
    except ValidationError:
        return None, {}


def _broken_ids(data: dict, kept: dict[str, list[int]]) -> set[str]:
    """Names of the lists some items of which were left out, and the ids of these items (of a drug, its name)."""
    left_out = [item for name, indices in kept.items() for i, item in enumerate(data[name]) if i not in indices]
    ids = {str(item.get("id", item.get("drug"))) for item in left_out if isinstance(item, dict)}
    return ids | set(kept)


def _placed(finding: Finding, path: FieldPath, document: Document) -> Problem:
    field = field_text(path, document.data)
    return Problem(document.file, document.line(path), field, finding.message, finding.advice, finding.severity)


def _original(path: FieldPath, kept: dict[str, list[int]]) -> FieldPath:
    """Path in the document of a path in the record that was validated without its broken items."""
    if len(path) > 1 and isinstance(path[0], str) and path[0] in kept:
        return (path[0], kept[path[0]][int(path[1])], *path[2:])
    return path


def _name_mismatch(kind: str, document: Document) -> list[Problem]:
    """A bundled file is found by its name, so its id must be that name."""
    name = document.file.replace("\\", "/").rsplit("/", 2)
    own = document.data.get("id")
    in_library = kind != "sources" and len(name) > 1 and name[-2] == kind
    if not in_library or not isinstance(own, str) or own == name[-1].removesuffix(".yaml"):
        return []
    line = document.line(("id",))
    return [Problem(document.file, line, "id", f"{own!r} differs from the file's name.", "Rename one of the two.")]


def _what(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"only {describe(value)}"
