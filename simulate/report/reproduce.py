"""How a report says it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulate.report.numbers import count
from simulate.report.view import Cell, Column, Table, row


def reproduce(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Command, versions and inputs of a run, from its provenance."""
    versions = [row(k, v or "not installed") for k, v in origin["versions"].items()]
    versions.append(row("Python", origin["python"]))
    machine = origin["platform"]
    inputs = [row(f"{i['folder']}/{i['file']}", Cell(i["sha256"][:16], small="")) for i in origin["inputs"]]
    inputs += [
        row("calibrated model (model.json)", origin["model_sha256"][:16]),
        row("code of simulate", origin["code_sha256"][:16]),
    ]
    text = (
        f"Seed {origin['seed']}, {count(origin['patients'])} patients per strategy, written "
        f"{origin['written'].replace('T', ' ')[:16]} UTC on "
        f"{machine['system']} {machine['machine']}. The same seed gives the same patients on any number of threads. "
        "provenance.json holds "
        "this in full; model.json holds the calibrated model."
    )
    return {
        "command": origin["command"],
        "reproduce_text": text,
        "versions": Table(
            "versions",
            "Versions",
            (Column("package", numeric=False), Column("version", numeric=False)),
            tuple(versions),
        ),
        "inputs": Table(
            "inputs",
            "Parameter files and hashes",
            (Column("what", numeric=False), Column("SHA-256, first 16 digits", numeric=False)),
            tuple(inputs),
        ),
    }
