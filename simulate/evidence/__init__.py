"""Reported figures and their sources: schemas, the library of parameter files, the checks.

Names load on first use, because the schemas need pydantic and `import simulate` must stay cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Library": "library",
    "bundled_params": "library",
    "Trial": "schema",
    "Figure": "schema",
    "Interval": "schema",
    "Cut": "schema",
    "ToxicityModel": "schema",
    "Source": "source_schema",
    "Regimen": "regimen_schema",
    "Scenario": "scenario_schema",
    "export_schemas": "export",
}
__all__ = [
    "Cut",
    "Figure",
    "Interval",
    "Library",
    "Regimen",
    "Scenario",
    "Source",
    "ToxicityModel",
    "Trial",
    "bundled_params",
    "export_schemas",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
