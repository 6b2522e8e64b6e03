"""A second transcription of every number the models use, typed apart from the parameter files, and compared.

`figures.csv` holds values only, as printed, by the row of the evidence table they came from. Whoever changes a
number has to change it twice.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from simulate.evidence import Library
from simulate.evidence.schema import Figure

TRIALS = ("gog240", "jcog0505", "keynote826")
with (Path(__file__).parent / "figures.csv").open(encoding="utf-8", newline="") as _stream:
    ENTRIES = {row["record"]: row for row in csv.DictReader(_stream)}


@pytest.fixture(scope="module")
def figures() -> tuple[Figure, ...]:
    """Every figure of the three trials."""
    library = Library([])
    return tuple(f for t in TRIALS for f in library.trial(t).all_figures)


@pytest.fixture(scope="module")
def stated(figures) -> dict[str, Figure]:
    """Figures by every row of the evidence table they state."""
    return {record: f for f in figures for record in f.records}


def printed(text: str) -> tuple[float, float]:
    """A printed number and half of its last decimal place, the most that rounding can hide."""
    decimals = len(text.partition(".")[2])
    return float(text), 0.5 * 10**-decimals


def test_every_figure_a_model_uses_was_typed_twice(figures):
    once = [f.id for f in figures if f.role in ("primary", "fit") and not set(f.records) & set(ENTRIES)]
    assert once == []


@pytest.mark.parametrize("record", ENTRIES)
def test_value(stated, record):
    entry, figure = ENTRIES[record], stated[record]
    value, rounding = printed(entry["printed"])
    if entry["unit"] == "patients":
        assert figure.events == value
    elif entry["unit"] == "percent":
        assert figure.rate == pytest.approx(value / 100, abs=rounding / 100 + 1e-9)
    else:
        assert figure.value == value


@pytest.mark.parametrize("record", [r for r, entry in ENTRIES.items() if entry["low"]])
def test_interval(stated, record):
    entry, interval = ENTRIES[record], stated[record].interval
    assert (interval.low, interval.high) == (float(entry["low"]), float(entry["high"]))
    assert interval.level == pytest.approx(float(entry["level"]) / 100)


def test_an_interval_is_stated_only_where_one_was_printed(stated):
    printed_for = {stated[record].id for record, entry in ENTRIES.items() if entry["low"]}
    assert {f.id for f in map(stated.get, ENTRIES) if f.interval is not None} == printed_for


@pytest.mark.parametrize("record", [r for r, entry in ENTRIES.items() if entry["n"]])
def test_n(stated, record):
    assert stated[record].n == int(ENTRIES[record]["n"])
