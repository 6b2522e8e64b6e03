"""What the command's options mean: fields to override, a folder to write to, a stored model."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from simulate.errors import InputError, input_error

WRITTEN = ("report.html", "summary.json", "provenance.json", "model.json")  # in the folder of every run and evaluation


def overrides(items: list[str]) -> dict[str, str]:
    """Fields to replace, from ``key=value`` texts."""
    out = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise input_error(
                f"found {item!r}; it must be key=value.", field="--set", advice="For example --set horizon=60."
            )
        out[key.strip()] = value
    return out


def exported(names: list[str], out: Path | None) -> tuple[str, ...]:
    """What else an evaluation is written as."""
    if not names:
        return ()  # without the report's imports
    from simulate.report.evaluation_writer import EXPORTS

    for name in names:
        if name not in EXPORTS:
            raise input_error(f"found {name!r}.", field="--export", advice=f"Take {' or '.join(EXPORTS)}.")
    if out is None:
        raise input_error("needs a folder to write to.", field="--export", advice="Add --out DIR.")
    return tuple(dict.fromkeys(names))


def writable(out: Path | None) -> None:
    """Refuse a folder that cannot be written before the work is done rather than after: it is tried."""
    if out is None:
        return
    found = out.resolve()
    if found.exists() and not found.is_dir():
        raise input_error("is a file, not a folder.", file=str(out), advice="Name another folder with --out.")
    existing = next(p for p in (found, *found.parents) if p.exists())
    if not existing.is_dir():
        raise input_error(
            f"cannot be made: {existing} is a file.", file=str(out), advice="Name another folder with --out."
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise input_error(
            "cannot be written: no permission.", file=str(out), advice="Choose a folder you may write to."
        )
    try:
        Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=existing)).rmdir()
    except OSError as error:
        message = f"cannot be written ({error.strerror})."
        raise input_error(message, file=str(out), advice="Choose a folder you may write to.") from None
    for name in WRITTEN:
        if (found / name).is_dir():
            advice = "Move it, or name another folder with --out."
            raise input_error("is a folder where a file is to be written.", file=str(out / name), advice=advice)


def stored_model(path: Path) -> Any:
    """A joint model that a run stored."""
    from simulate.model import JointModel

    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would wait for ever
        raise input_error("is not a regular file.", file=str(path), advice="Use the model.json of a run.")
    try:
        return JointModel.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise input_error(f"cannot be read ({error.strerror}).", file=str(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as error:
        raise input_error(
            f"is not a stored model ({error}).", file=str(path), advice="Use the model.json of a run."
        ) from None
