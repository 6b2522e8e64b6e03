"""`patients.parquet`: the simulated patients, one row a patient and strategy, written in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate import __version__
from simulate.errors import input_error

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

UNITS = {
    "patient": "number; the same number is the same person under every strategy",
    "strategy": "name of the strategy",
    "stratum": "name of the trial's stratum",
    "pfs": "months from randomisation to progression or death",
    "os": "months from randomisation to death",
    "ttp": "months from randomisation to progression",
    "pps": "months from progression to death",
}
ROWS = 100_000  # of a row group: some megabytes in memory whatever the number of patients


def write_patients(chunks: Iterable[pd.DataFrame], path: Path, about: Mapping[str, Any]) -> int:
    """Write chunks of rows as row groups; returns the number of rows.

    Parameters
    ----------
    chunks : frames with equal columns, as `Result.rows` gives them; only one is held at a time.
    path : the file.
    about : scenario, seed and the like, kept in the file's metadata under ``simulate``.

    Raises
    ------
    InputError : no rows.
    """
    import pyarrow.parquet as pq

    writer, schema, rows = None, None, 0
    try:
        for chunk in chunks:
            table = _table(chunk, schema)
            if writer is None:
                schema = _described(table.schema, about)
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            writer.write_table(table.cast(schema), row_group_size=ROWS)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise input_error("there are no patients to save.", field="--save-patients")
    return rows


def _table(chunk: pd.DataFrame, schema: pa.Schema | None) -> pa.Table:
    """A chunk as Arrow; words as dictionaries, whose codes cost next to nothing on disk."""
    import pyarrow as pa

    table = pa.Table.from_pandas(chunk.reset_index(drop=True), preserve_index=False).replace_schema_metadata(None)
    if schema is not None:
        return table.select(schema.names)
    return table


def _described(schema: pa.Schema, about: Mapping[str, Any]) -> pa.Schema:
    """The schema with a unit on every column, and what the file holds."""
    import pyarrow as pa

    fields = []
    for field in schema:
        kind = field.type
        if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            # plain text, not a dictionary: the categories of a later chunk need not be those of the first
            kind = pa.string()
        fields.append(pa.field(field.name, kind, metadata={"unit": unit(field.name, kind)}))
    facts = json.dumps({"version": __version__, **about}, sort_keys=True)
    units = json.dumps({f.name: f.metadata[b"unit"].decode() for f in fields})
    return pa.schema(
        fields, metadata={"simulate": facts, "units": units, "note": "synthetic patients; research and teaching only"}
    )


def unit(name: str, kind: Any = None) -> str:
    """What a column holds, in words."""
    import pyarrow as pa

    if name in UNITS:
        return UNITS[name]
    if kind is not None and pa.types.is_boolean(kind):
        return "true or false"
    if kind is not None and pa.types.is_floating(kind):
        return "months"
    return (
        "highest grade, as a position in the event's grades; 0 is none"
        if kind is not None and pa.types.is_integer(kind)
        else "text"
    )
