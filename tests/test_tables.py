"""Numbers and frames as people read them."""

from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd
import pytest

from simulate.tables import interval, number, percent, print_frame, text_table, write_csv


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"),
        (-0.0001, 3, "−0.0001"),
        (-0.0, 3, "0"),
        (999.6, 3, "1,000"),
        (13.3, 4, "13.3"),
        (0.000123456, 3, "0.000123"),
        (1e9, 3, "1,000,000,000"),
        (math.nan, 3, "–"),
        (math.inf, 3, "∞"),
        (np.float64(2.5), 3, "2.5"),
        (100, 3, "100"),
    ],
)
def test_number(value, digits, text):
    assert number(value, digits) == text


def test_interval_and_percent():
    assert interval(0.77, 0.62, 0.95) == "0.77 (0.62 to 0.95)"
    assert interval(0.77, None, None) == "0.77"
    assert percent(0.012345, 2) == "1.23 %"


FRAME = pd.DataFrame(
    {"arm": ["[red]a[/red]", "b"], "n": [452, 1_000_000], "hr": [0.1234567, np.nan], "ok": [True, False]}
)


def test_text_table_shows_every_cell_as_it_is():
    lines = text_table(FRAME, "Title").splitlines()
    assert lines[0] == "Title"
    assert lines[1].split() == ["arm", "n", "hr", "ok"]
    assert lines[3].split() == ["[red]a[/red]", "452", "0.1235", "True"]
    assert lines[4].split() == ["b", "1,000,000", "–", "False"]


def test_print_frame_writes_plain_text_to_a_file():
    out = io.StringIO()
    print_frame(FRAME, file=out)
    assert out.getvalue() == text_table(FRAME) + "\n"


def test_csv_keeps_every_digit(tmp_path):
    frame = pd.DataFrame({"x": [0.1 + 0.2, 1e-300], "y": ["a,b", "c"]})
    path = write_csv(tmp_path / "a.csv", frame)
    assert path.read_bytes().count(b"\r") == 0
    pd.testing.assert_frame_equal(pd.read_csv(path, float_precision="round_trip"), frame, check_exact=True)
