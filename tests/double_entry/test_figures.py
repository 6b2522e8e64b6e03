"""A second transcription of every reported number, typed blind to the parameter files, and compared.

`second.csv` holds values only, as printed, by the row of the evidence table they came from, typed by reading the table
and public pages without sight of `params/`. Whoever changes a number has to change it twice. Where the two
transcriptions differ and the difference was looked into, `rulings.csv` says which stands and why; `doubts.md` holds
what the second hand found doubtful in the sources.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from simulate.evidence import Library
from simulate.evidence.schema import Figure

HERE = Path(__file__).parent


def table(name: str) -> dict[str, dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return {row["record"]: row for row in csv.DictReader(stream)}


ENTRIES, RULINGS = table("second.csv"), table("rulings.csv")
MONTHS = {"weeks": 7 / 30.4375, "days": 1 / 30.4375}  # of a median; times are stored in months
COUNTS = ("patients", "deaths", "events", "cycles")


@pytest.fixture(scope="module")
def stated() -> dict[str, list[Figure]]:
    """Figures of the whole library by every row of the evidence table they state."""
    library = Library([])
    out: dict[str, list[Figure]] = {}
    for trial in library.trials():
        for figure in library.trial(trial).all_figures:
            for record in figure.records:
                out.setdefault(record, []).append(figure)
    return out


def printed(text: str) -> tuple[float, float]:
    """A printed number and half of its last decimal place, the most that rounding can hide."""
    decimals = len(text.partition(".")[2])
    return float(text), 0.5 * 10**-decimals


def differences(record: str, entry: dict[str, str], figure: Figure) -> list[str]:
    """What a figure says otherwise than the second transcription."""
    return [
        *_value(entry, figure),
        *_interval(entry, figure),
        *([f"n {entry['n']} v {figure.n}"] if entry["n"] and figure.n != int(entry["n"]) else []),
    ]


def _value(entry: dict[str, str], figure: Figure) -> list[str]:
    if not entry["printed"]:
        return [] if figure.value is None else [f"no number v {figure.value}"]
    try:
        value, rounding = printed(entry["printed"])
    except ValueError:
        return [f"{entry['printed']!r} is no number"]
    unit = entry["unit"]
    if unit == "percent":
        same = figure.rate is not None and abs(figure.rate - value / 100) <= rounding / 100 + 1e-9
    elif unit in COUNTS:
        same = value in (figure.events, figure.value)
    elif unit in MONTHS and figure.unit is None:
        same = figure.value is not None and abs(figure.value - value * MONTHS[unit]) <= 0.001
    else:
        same = figure.value == value
    return [] if same else [f"{value} {unit} v {figure.value} ({figure.events}/{figure.n})"]


def _interval(entry: dict[str, str], figure: Figure) -> list[str]:
    if not (entry["low"] and entry["high"]):  # one end is no interval
        return [] if figure.interval is None else [f"no interval v {figure.interval}"]
    low, high = float(entry["low"]), float(entry["high"])
    found = figure.range if not entry["level"] else figure.interval
    if found is None:
        return [f"{low} to {high} is not stated"]
    percent = entry["unit"] == "percent"
    scale = 0.01 if percent else MONTHS.get(entry["unit"], 1.0) if figure.unit is None else 1.0
    slack = 1e-9 if scale in (1.0, 0.01) else 0.001
    out = []
    if abs(found.low - low * scale) > slack or abs(found.high - high * scale) > slack:
        out.append(f"{low} to {high} v {found.low} to {found.high}")
    if entry["level"] and figure.interval is not None and figure.interval.level != float(entry["level"]) / 100:
        out.append(f"level {entry['level']} v {figure.interval.level}")
    return out


def test_every_number_was_typed_twice(stated):
    assert sorted(set(stated) - set(ENTRIES)) == []


def test_hardly_a_number_was_typed_that_nobody_states(stated):
    """Costs, utilities and the like, which have no file yet; they must not hide rows that went missing."""
    assert len(set(ENTRIES) - set(stated)) < 0.02 * len(ENTRIES)


@pytest.mark.parametrize("record", [r for r in ENTRIES if r not in RULINGS])
def test_both_transcriptions_agree(stated, record):
    for figure in stated.get(record, []):
        assert differences(record, ENTRIES[record], figure) == [], figure.id


@pytest.mark.parametrize("record", RULINGS)
def test_a_ruling_is_of_a_difference_that_is_still_there(stated, record):
    figures = stated.get(record, [])
    assert not figures or any(differences(record, ENTRIES[record], f) for f in figures)
    assert len(RULINGS[record]["why"]) > 20
