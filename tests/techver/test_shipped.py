"""The assertions hold on every scenario that is delivered with prices: with fewer draws than the command takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

import simulate as sim
from simulate.evidence import Library
from simulate.techver import records, subject_of, verified

READY = ("bevacizumab_us", "bevacizumab_uk", "pembrolizumab_us", "pembrolizumab_uk", "second_line_us",
         "oligometastatic_sbrt_us", "spine_sbrt_us")  # fmt: skip
# What has nothing to be asked about, and why.
NOTHING = {
    "second_line_us": {"TV24": "different families"},
    "oligometastatic_sbrt_us": {"TV24": "different families"},
    "spine_sbrt_us": {"TV1": "no drug is priced", "TV23": "nothing to compare"},
}


def test_all_that_are_ready_are_here():
    library = Library([])
    priced = {name for name in library.scenarios() if library.scenario(name).economics is not None}
    assert priced == set(READY)


@pytest.mark.slow
@pytest.mark.parametrize("name", READY)
def test_holds(name):
    subject = replace(subject_of(sim.load(name), count=40), patients=400, people=10_000)
    found = records(verified(subject))
    failed = [a for a in found["assertions"] if a["verdict"] == "failed"]
    assert not failed
    absent = {a["id"]: a["detail"] for a in found["assertions"] if a["verdict"] == "not applicable"}
    assert absent.keys() == NOTHING.get(name, {}).keys()
    assert all(why in absent[k] for k, why in NOTHING.get(name, {}).items())
    assert found["passed"] == 36 - len(absent)
