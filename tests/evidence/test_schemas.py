"""JSON Schemas for editors: current, and in agreement with the files."""

from __future__ import annotations

import json

import pytest

from simulate.evidence import bundled_params, export_schemas
from simulate.evidence.library import KINDS
from simulate.evidence.yaml_text import read

jsonschema = pytest.importorskip("jsonschema")
FILES = [*sorted(bundled_params().glob("*.yaml")), *sorted(bundled_params().glob("*/*.yaml"))]


def test_exported_schemas_are_current(tmp_path):
    for fresh in export_schemas(tmp_path):
        stored = bundled_params() / "schema" / fresh.name
        assert stored.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), f"re-export {stored.name}"


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if p.name == "sources.yaml" or p.parent.name in (*KINDS, "sources")],
    ids=lambda p: f"{p.parent.name}/{p.stem}",
)
def test_files_name_their_schema_and_satisfy_it(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    schema = json.loads((path.parent / first.removeprefix(prefix)).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(read(path).data)


def test_schema_refuses_an_unknown_field():
    schema = json.loads((bundled_params() / "schema" / "scenario.json").read_text(encoding="utf-8"))
    data = read(bundled_params() / "scenarios" / "bevacizumab.yaml").data
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors({**data, "patinets": 3}))
    assert len(errors) == 1
