"""Scenarios with a model of their own: every fault gives one clear message with its line, its field and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from tests.evidence.pathway_files import assert_said, damaged

DATA = Path(__file__).parent / "data"
SCENARIO = "scenarios/own"
BORROWED = (
    "pfs: {of: old, hazard_ratio: {value: 0.7, se: 0.05, distribution: lognormal, source: smith_2020, seen: seed}}"
)
PLAIN = "os: {family: exponential, parameters: {rate: {value: 0.03, assumed: true, why: invented}}}"
# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
OF = {
    "of nobody": ("pfs: {of: old, ", "pfs: {of: odl, ", "own_model.arms.new.pfs.of: no strategy 'odl'. Did you mean 'old'"),
    "of itself": ("pfs: {of: old, ", "pfs: {of: new, ", "arms.new.pfs.of: 'new' has no such curve of its own. Name a strategy with `family`, `parameters`"),
    "of a curve that is borrowed": ("pfs: {of: old}", "pfs: {of: new}", "arms.newer.pfs.of: 'new' has no such curve of its own"),
    "of beside a family": (PLAIN, PLAIN.replace("os: {", "os: {of: old, "), "arms.newer.os.of: stands beside a family. Leave one of them out"),
    "neither of nor a family": (BORROWED, BORROWED.replace("of: old, ", ""), "arms.new.pfs.family: is missing. Take exponential, .* or a curve `of` a strategy"),
    "parameters of a borrowed curve": ("pfs: {of: old}", "pfs: {of: old, parameters: {scale: {value: 9, assumed: true, why: x}}}", "newer.pfs.parameters.scale: a curve of another strategy has no parameter 'scale'"),
    "parameters without a family": (PLAIN, PLAIN.replace("family: exponential, ", ""), "newer.os.family: is missing|has no parameter 'rate'"),
    "of a list": ("pfs: {of: old}", "pfs: {of: [old]}", "newer.pfs.of: .* is not text"),
    "ratio that may be drawn below 0": ("se: 0.05, distribution: lognormal", "se: 0.05, distribution: normal", "new.pfs.hazard_ratio: is uncertain, and normal draws of it would fall below 0. Write `distribution: lognormal`"),
    "ratio of no distribution": ("se: 0.08, distribution: lognormal", "se: 0.08", "new.os.hazard_ratio: is uncertain, and normal draws of it would fall below 0"),
    "ratio of nothing": ("value: 0.7, se: 0.05", "value: 0, se: 0.05", "new.pfs.hazard_ratio: must be above 0. 1 changes nothing"),
    "negative ratio": ("value: 0.8, se: 0.08", "value: -0.8, se: 0.08", "new.os.hazard_ratio: must be above 0"),
    "ratio without a source": (", source: smith_2020, seen: seed}}", "}}", "new.pfs.hazard_ratio: has no source"),
    "ratio of an unknown source": ("source: smith_2020, seen", "source: smyth_2020, seen", "hazard_ratio.source: no source 'smyth_2020'. Did you mean 'smith_2020'"),
}  # fmt: skip
CURVES = {
    "unknown family": ("family: weibull", "family: wiebull", "old.pfs.family: 'wiebull' is not one of .* Did you mean 'weibull'"),
    "parameter of another family": ("scale: {value: 9", "rate: {value: 9", "old.pfs.parameters(.rate)?: weibull (needs 'scale'|has no parameter 'rate')"),
    "scale below 0": ("scale: {value: 9", "scale: {value: -9", "pfs.parameters.scale: is -9; it must be above 0. Check the sign"),
    "Weibull shape of 0": ("shape: {value: 1.2", "shape: {value: 0", "pfs.parameters.shape: is 0; it must be above 0"),
    "parameter without a reason": ("rate: {value: 0.05, assumed: true, why: invented}", "rate: {value: 0.05, assumed: true}", "old.os.parameters.rate: is assumed without a reason. Add `why`"),
}  # fmt: skip
MODEL = {
    "arm of no strategy": ("  newer: {label: newer}\n", "", "own_model.arms.newer: no strategy 'newer'. Did you mean 'new'"),
    "strategy without an arm": ("    newer:\n", "    newest:\n", "own_model.arms: has no arm 'newer'. Give curves for every strategy|arms.newest: no strategy 'newest'"),
    "strategy with an arm of a trial": ("new: {label: new}", "new: {label: new, arm: old}", "strategies.new: names 'arm', but the scenario has a model of its own. Give only its `label`"),
    "model beside a trial": ("comparator: old\n", "comparator: old\ntrial: mini\n", "own_model: stands beside a trial. Leave one of them out"),
    "no grid": ("unit: months", "unit: months\n  grid: 0", "own_model.grid: 0 must be greater than 0"),
    "grid beyond the horizon": ("unit: months", "unit: months\n  grid: 61", "own_model.grid: a grid of 61 months does not fit a horizon of 60 months. Between one step and 20,000 fit"),
    "grid of seconds": ("unit: months", "unit: days\n  grid: 0.00001", "own_model.grid: a grid of 1e-05 days does not fit"),
    "share in per cent": ("rash: {value: 0.2", "rash: {value: 20", "old.toxicities.rash.value: 20 must be at most 1"),
    "bought at every moment": ("every: 0.75", "every: 0", r"new.repeated\[0\].every: 0 must be greater than 0"),
    "bought never": ("every: 0.75", "every: 0.75, times: 0", r"new.repeated\[0\].times: 0 must be at least 1"),
    "negative cost": ("start: {value: 500", "start: {value: -500", "newer.start.value: -500 must be at least 0"),
    "cost without a source": ("cost: {value: 3000, assumed: true, why: invented}", "cost: {value: 3000}", r"new.repeated\[0\].cost: has no source"),
}  # fmt: skip
CASES = {**OF, **CURVES, **MODEL}
# What is missing is reported where it should be, what does not fit beside what it does not fit.
ELSEWHERE = {
    "neither of nor a family", "parameters without a family", "arm of no strategy", "strategy without an arm",
    "model beside a trial", "no grid", "grid beyond the horizon", "grid of seconds",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A writable copy of the small library with an evaluation, which stands alone."""
    target = Path(shutil.copytree(DATA / "library", tmp_path / "params"))
    shutil.copytree(DATA / "economics", target, dirs_exist_ok=True)
    monkeypatch.setattr("simulate.evidence.library.bundled_params", lambda: target)
    return target


def test_the_small_scenario_is_sound_and_borrows(folder):
    library = Library([])
    assert library.check(SCENARIO) == []
    model = library.scenario("own").own_model
    assert [model.bare(arm, "pfs")[0] for arm in model.arms] == ["old", "old", "old"]
    assert [model.bare(arm, "os")[0] for arm in model.arms] == ["old", "old", "newer"]
    assert model.bare("new", "pfs")[1] is model.arms["old"].pfs


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_named_with_file_and_line(name, folder):
    old, new, says = CASES[name]
    path, line = damaged(folder, SCENARIO, old, new)
    library = assert_said(path, None if name in ELSEWHERE else line, says, most=3)
    with pytest.raises(InputError) as caught:
        library.scenario("own")
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2
