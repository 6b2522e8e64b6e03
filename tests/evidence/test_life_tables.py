"""Life tables: every broken line is named, and a scenario that uses the table says so."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from simulate.errors import InputError
from simulate.evidence import Library, bundled_params
from simulate.pathways.background import life_table

# name: (passage, what replaces it, line, what the message must say)
CASES = {
    "text for a number": ("\n10,0.000123", "\n10,small", 13, "qx: 'small' is not a number. Write a decimal point"),
    "decimal comma": ("\n10,0.000123", "\n10,\"0,000123\"", 13, "is not a number"),
    "not a number": ("\n10,0.000123", "\n10,nan", 13, "'nan' is not a number"),
    "infinite": ("\n10,0.000123", "\n10,inf", 13, "'inf' is not a number"),
    "per thousand": ("\n10,0.000123", "\n10,12.3", 13, "qx: 12.3 is more than 1. It is a probability within a year"),
    "negative": ("\n10,0.000123", "\n10,-0.1", 13, "-0.1 is no probability of death. Give a number above 0"),
    "nobody dies": ("\n10,0.000123", "\n10,0", 13, "0 is no probability of death"),
    "missing probability": ("\n10,0.000123", "\n10", 13, "qx: the probability of death is missing"),
    "missing age": ("\n10,0.000123", "", 13, "age: age 10 is missing before age 11. Give every age from 0"),
    "missing ages": ("\n10,0.000123\n11,0.000135", "", 13, "ages 10 to 11 are missing before age 12"),
    "age twice": ("\n10,0.000123", "\n10,0.000123\n10,0.000123", 14, "age 10 stands where 11 is expected"),
    "age as a range": ("\n10,", "\n10-11,", 13, "'10-11' is not an age in whole years"),
    "age with a fraction": ("\n10,", "\n10.5,", 13, "'10.5' is not an age"),
    "no names of columns": ("age,qx\n", "", 2, "where the names of the columns stand. Begin with `age,qx`"),
    "columns swapped": ("age,qx", "qx,age", 2, "found 'qx,age' where the names"),
    "semicolons": ("age,qx", "age;qx", 2, "found 'age;qx' where the names"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, pathways):
    old, new, line, says = CASES[name]
    path = pathways / "life_tables" / "women.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    problems = Library([]).check(path)
    assert len(problems) == 1, "\n".join(map(str, problems))
    assert re.search(says, str(problems[0])), problems[0]
    assert (problems[0].line, problems[0].file.endswith("women.csv")) == (line, True)
    with pytest.raises(InputError, match=r"women.csv:\d+"):
        life_table(Library([]), "women")
    (said,) = Library([]).check("scenarios/lines")
    assert said.field == "life_table"
    assert said.message.startswith("life table 'women' has errors:\n")


WHOLE = {
    "empty": (b"", "the table is empty. Give the columns age and qx"),
    "only notes": (b"# nothing\n", "the table is empty"),
    "only the head": (b"age,qx\n", "has no ages. Give every age from 0 to 85"),
    "cut off": (b"age,qx\n" + b"".join(b"%d,0.01\n" % i for i in range(60)), "ends at age 59. .* Was the file cut off"),
    "cut off in a line": (b"age,qx\n" + b"".join(b"%d,0.01\n" % i for i in range(60)) + b"60,", "probability of death is missing"),
    "far too old": (b"age,qx\n" + b"".join(b"%d,0.01\n" % i for i in range(200)), "ends at age 199"),
    "UTF-16": ("age,qx\n0,0.01\n".encode("utf-16"), "is not UTF-8. Save it"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not UTF-8"),
    "too large": (b"# x\n" * 300_000, "is larger than 1024 KiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files(name, pathways):
    raw, says = WHOLE[name]
    path = pathways / "life_tables" / "women.csv"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=says) as caught:
        life_table(Library([]), "women")
    assert "women.csv" in str(caught.value)
    assert [p.field for p in Library([]).check("scenarios/lines")] == ["life_table"]


def test_all_errors_of_a_table_are_reported_at_once(pathways):
    path = pathways / "life_tables" / "women.csv"
    path.write_text(path.read_text().replace("\n10,0.", "\n10,9.").replace("\n20,0.", "\n20,x0."))
    assert [p.line for p in Library([]).check(path)] == [13, 23]


def test_a_table_of_another_program_is_read(pathways):
    path = pathways / "life_tables" / "women.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + path.read_bytes().replace(b"# An invented table, Gompertz\n", b"").replace(b"\n", b"\r\n")
    )
    assert len(life_table(Library([]), "women").probability) == 101


@pytest.mark.parametrize(
    ("name", "origin", "printed"),
    [
        ("ssa_female_2023", "SSA Period Life Table 2023", {}),
        # in the bulletin of that table, 24 September 2020, main points
        ("ons_uk_female_2017_2019", "ONS, National life tables, United Kingdom, 2017-2019", {0: 83.1, 65: 21.1}),
    ],
)
def test_the_bundled_tables_are_sound(bundled, name, origin, printed):
    path = bundled_params() / "life_tables" / f"{name}.csv"
    assert bundled.check(path) == []
    table = life_table(bundled, name)
    assert table.origin.startswith(origin)
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(lines)]
    dying = np.array([r["qx"] for r in rows])
    assert np.array_equal(table.probability, dying)
    alive = np.cumprod(np.concatenate(([1.0], 1.0 - dying)))
    if "lx" in rows[0]:  # survivors of 100,000: printed to 0.1, of probabilities printed to 1e-6, 0.05 a year at most
        assert np.abs(1e5 * alive[:-1] - [r["lx"] for r in rows]).max() < 0.25
    # expectation of life as printed; those alive beyond the end of the table expect no more there than on its last line
    years = 0.5 * (alive[1:] + alive[:-1])
    for age in range(1, len(rows)):
        found = years[age:].sum() / alive[age]
        beyond = rows[-1]["ex"] * alive[-1] / alive[age]
        assert found - 0.02 <= rows[age]["ex"] <= found + beyond + 0.02, age
    assert {age: round(rows[age]["ex"], 1) for age in printed} == printed
