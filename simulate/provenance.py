"""Where a result came from: versions, command, seed, parameter files and their hashes, the sources used and why."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from simulate import __version__
from simulate.files import code_key, content_key, plain, sha256_of

__all__ = ["command_line", "input_files", "provenance", "shown_path", "versions"]

PACKAGES = (
    "numpy", "scipy", "numba", "llvmlite", "pandas", "lifelines", "matplotlib", "pyarrow", "pydantic", "scikit-learn",
)  # fmt: skip


def versions() -> dict[str, str | None]:
    """Versions of this package and of those its numbers depend on, without importing them (None: not installed)."""
    found: dict[str, str | None] = {"simulate": __version__}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def command_line(arguments: Sequence[str] | None = None) -> str:
    """The command as one would type it again; of this process by default."""
    program, *rest = sys.argv if arguments is None else list(arguments)
    name = Path(program).name
    known = {"__main__.py": ["simulate"], "-c": ["python"], "": ["python"]}
    script = ["python", name] if name.endswith(".py") else [name]
    return shlex.join([*known.get(name, script), *rest])


def shown_path(path: str | os.PathLike[str]) -> str:
    """`path` without what is nobody else's business: relative to here or to this package, else with ``~`` for home.

    Examples
    --------
    >>> shown_path(Path.cwd() / "params" / "sources.yaml")
    'params/sources.yaml'
    """
    full = Path(path).resolve()
    package = Path(__file__).resolve().parent
    for base, prefix in ((Path.cwd(), ""), (package, "simulate/"), (package.parent, ""), (_home(), "~/")):
        if base is not None and full.is_relative_to(base) and base != Path(base.anchor):
            return prefix + full.relative_to(base).as_posix()
    return full.as_posix()


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def input_files(paths: Iterable[str | os.PathLike[str]]) -> list[dict[str, str]]:
    """For each file its name, the folder it came from (an overlay or the bundled library) and its hash."""
    unique = sorted({Path(p).resolve() for p in paths})
    return [{"file": p.name, "folder": shown_path(p.parent), "sha256": sha256_of(p)} for p in unique]


def provenance(
    *,
    seed: int | None = None,
    patients: int | None = None,
    scenario: str | None = None,
    scenario_content: object = None,
    model: object = None,
    inputs: Iterable[str | os.PathLike[str]] = (),
    sources: Mapping[str, Any] | Iterable[Any] = (),
    command: str | None = None,
    started: datetime | str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything needed to make a result again, and to judge what it rests on.

    Parameters
    ----------
    seed, patients : what the simulation was asked for.
    scenario : id of the scenario.
    scenario_content : the scenario itself; its hash is kept.
    model : the calibrated model; its hash is kept.
    inputs : every parameter file that was read.
    sources : the citations used: a mapping from id to the citation and why it was used, or a list of such.
    command : what was typed; this process's command line by default.
    started : when the run began, as a time or in ISO 8601; now by default.
    extra : anything more, under its own names.

    Returns
    -------
    dict
        plain values only: strings, numbers, lists, dicts; `json.dumps` takes it as it is.

    Examples
    --------
    >>> record = provenance(seed=1, scenario="bevacizumab")
    >>> record["seed"], record["scenario"]["id"]
    (1, 'bevacizumab')
    """
    now = datetime.now(UTC)
    record: dict[str, Any] = {
        "command": command_line() if command is None else command,
        "seed": seed,
        "patients": patients,
        "scenario": {"id": scenario, "sha256": None if scenario_content is None else content_key(scenario_content)},
        "model_sha256": None if model is None else content_key(model),
        "inputs": input_files(inputs),
        "sources": sources if isinstance(sources, Mapping) else list(sources),
        "versions": versions(),
        "code_sha256": code_key(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": {"system": platform.system(), "machine": platform.machine(), "processors": os.cpu_count()},
        "started": _utc(started or now),
        "written": _utc(now),
    }
    if extra:
        clash = sorted(set(extra) & set(record))
        if clash:
            raise ValueError(f"provenance has these already: {', '.join(clash)}")
        record.update(extra)
    return plain(record)


def _utc(moment: datetime | str) -> str:
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return moment.astimezone(UTC).isoformat(timespec="seconds")
