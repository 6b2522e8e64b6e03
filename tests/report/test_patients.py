"""`patients.parquet`: every patient once a strategy, PFS at most OS, units, row groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulate.errors import InputError
from simulate.report.patients import write_patients
from simulate.scenario import Result


@pytest.fixture(scope="module")
def frame(written: Path) -> pd.DataFrame:
    return pq.read_table(written / "patients.parquet").to_pandas()


def test_one_row_a_patient_and_strategy(frame: pd.DataFrame, result: Result):
    assert len(frame) == 2 * result.patients
    assert not frame.duplicated(["patient", "strategy"]).any()
    assert set(frame["strategy"]) == set(result.scenario.strategies)


def test_pfs_never_exceeds_os(frame: pd.DataFrame):
    assert (frame["pfs"] <= frame["os"]).all()
    assert np.isclose(frame["os"], frame["pfs"] + frame["pps"].fillna(0.0)).all()


def test_rows_are_the_patients_of_the_counts(frame: pd.DataFrame, result: Result):
    for strategy, rows in frame.groupby("strategy"):
        median = result.summary()["strategies"][strategy]["endpoints"]["os"]["median"]
        assert abs(rows["os"].median() - median) < 0.05
        vte = (rows["toxicity_venous_thromboembolism"] > 0).mean()
        assert vte == pytest.approx(
            result.summary()["strategies"][strategy]["toxicities"]["venous_thromboembolism"]["rate"], abs=1e-12
        )


def test_the_file_says_what_its_columns_are(written: Path):
    schema = pq.read_schema(written / "patients.parquet")
    about = json.loads(schema.metadata[b"simulate"])
    assert (about["scenario"], about["seed"], about["patients"]) == ("bevacizumab", 5, 4000)
    assert about["toxicities"]["hypertension"] == ["any", ">=2", "3-4"]
    units = json.loads(schema.metadata[b"units"])
    assert set(units) == set(schema.names)
    assert units["os"] == "months from randomisation to death"
    assert units["progressed"] == "true or false"
    assert schema.field("pfs").metadata[b"unit"].startswith(b"months")


def test_chunks_are_streamed_as_row_groups(tmp_path: Path):
    """The second chunk is made only after the first was written, and its categories may differ."""
    path = tmp_path / "p.parquet"
    sizes = []

    def chunks():
        for i in range(3):
            sizes.append(path.stat().st_size if path.exists() else None)
            yield pd.DataFrame(
                {
                    "patient": np.arange(50_000) + i,
                    "strategy": pd.Categorical([f"s{i}"] * 50_000),
                    "os": np.arange(50_000) / 7,
                }
            )

    assert write_patients(chunks(), path, {}) == 150_000
    file = pq.ParquetFile(path)
    assert file.metadata.num_row_groups == 3
    assert sizes[0] is None
    assert sizes[2] > sizes[1] > 0
    assert file.read().column("strategy").unique().to_pylist() == ["s0", "s1", "s2"]
    assert file.schema_arrow.field("strategy").type == pa.string()


def test_no_patients_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="no patients"):
        write_patients([], tmp_path / "p.parquet", {})
