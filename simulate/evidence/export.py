"""JSON Schemas for editors: completion and checking while a parameter file is typed."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from simulate.evidence.economics_schema import Economics, ReferenceCase
from simulate.evidence.population_schema import PatientPopulation
from simulate.evidence.regimen_schema import Regimen
from simulate.evidence.scenario_schema import Scenario
from simulate.evidence.schema import Trial
from simulate.evidence.source_schema import Sources
from simulate.evidence.strategy_schema import Policy

SCHEMAS: dict[str, type[BaseModel]] = {
    "trial": Trial,
    "scenario": Scenario,
    "regimen": Regimen,
    "population": PatientPopulation,
    "strategy": Policy,
    "economic_file": Economics,
    "reference_case": ReferenceCase,
    "sources": Sources,
}


def schema_text(model: type[BaseModel]) -> str:
    """JSON Schema of a model as it is stored, keys sorted so that a diff shows only what changed."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def export_schemas(folder: str | Path) -> list[Path]:
    """Write the schema of each kind of file, for example `trial.json`, into a folder."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, model in SCHEMAS.items():
        path = target / f"{name}.json"
        path.write_text(schema_text(model), encoding="utf-8")
        written.append(path)
    return written
