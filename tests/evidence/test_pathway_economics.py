"""Economics of pathways, and what holds for one scenario's patients only: every fault gives one clear message."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path

import pytest

from simulate.errors import InputError
from simulate.evidence import Library, bundled_params

SPINE, SECOND, SBRT = "spine_sbrt_us", "second_line_us", "oligometastatic_sbrt_us"
# name: (scenario, passage, what replaces it, what the message must say)
CASES = {
    "later lines": (SPINE, "horizon: 120", "later_lines: {second_line: {reach: 0.5, era: x, assumed: true, why: x}}\nhorizon: 120", "later_lines: pathways with later lines are not evaluated. Leave `later_lines` out"),
    "a comparator of one strategy": (SPINE, "regimen: spine_stereotactic_radiotherapy}", "regimen: spine_stereotactic_radiotherapy, comparator: conventional}", "strategies.stereotactic.comparator: an evaluation holds all strategies against each other. Remove it"),
    "a life table of the evaluation": (SPINE, "  start_age: 51\n", "  start_age: 51\n  life_table: ssa_female_2023\n", "economics.life_table: belongs to evaluations of a trial's arms; .* Write `life_table` beside `economics`"),
    "added to nobody": (SBRT, "added: {borrowed:", "added: {borowed:", "economics.added.borowed: no strategy 'borowed'. Did you mean 'borrowed'"),
    "added of nothing": (SBRT, "{systemic_sbrt_borrowed: 1.0}", "{systemic_sbrt_borowed: 1.0}", "economics.added.borrowed.systemic_sbrt_borowed: no regimen .* Did you mean 'systemic_sbrt_borrowed'"),
    "added in per cent": (SBRT, "{systemic_sbrt_borrowed: 1.0}", "{systemic_sbrt_borrowed: 100}", "economics.added.borrowed.*: 100 must be at most 1"),
    "given twice": (SBRT, "{systemic_sbrt_borrowed: 1.0}", "{cisplatin_paclitaxel_bevacizumab: 0.5}", "added.borrowed.cisplatin_paclitaxel_bevacizumab: strategy 'borrowed' is given .* already. Give its whole share under `regimens`"),
    "utility above 1": (SPINE, "utility: {value: 0.40, se: 0.02, source: dutch_bone_2003, seen: derived, where", "utility: {value: 40, se: 0.02, source: dutch_bone_2003, seen: derived, where", "instead.states.progression_free.utility.value: 40 must be at most 1"),
    "gain without a source": (SPINE, "source: shaw_2005, seen: derived, where", "where", "instead.responses.complete_pain_response.gain: has no source"),
    "negative gain": (SPINE, "value: 0.173", "value: -0.173", "responses.complete_pain_response.gain.value: -0.173 must be (at least|greater than) 0"),
    "gains that lift a utility above 1": (SPINE, "value: 0.173, cv: 0.4", "value: 0.95, cv: 0.01", "a utility of 0.4 and what outcomes add to it, 0.95, are above 1. Lower the gains"),
    "a response that lasts no time": (SPINE, "days: 234.0", "days: 0", "complete_pain_response.days: 0 must be greater than 0"),
    "a response before the start": (SPINE, "after: 28.0", "after: -28", "complete_pain_response.after: -28 must be at least 0"),
    "a response of nothing": (SPINE, "      complete_pain_response:", "      complete_pian_response:", "no treatment of this scenario reports 'complete_pian_response'. Did you mean 'complete_pain_response'"),
    "a price in another year": (SPINE, "price_year: 2014", "price_year: 1914", "procedures.stereotactic_radiotherapy.price_year: .*1914"),
    "a price in an unknown currency": (SPINE, "cv: 0.2, price_year: 2014", "cv: 0.2, currency: XXX, price_year: 2014", "procedures.stereotactic_radiotherapy.currency"),
    "without something else": (SPINE, "without: [near_death", "without: [near_birth", "instead.without.0.|without\\[0\\]: 'near_birth' is not one of .* Did you mean 'near_death'"),
    "without and instead": (SECOND, "    subsequent:\n", "    without: [subsequent]\n    subsequent:\n", "instead.without: .*subsequent"),
    "a field of a state that there is not": (SECOND, "      progressed:\n        utility:", "      progressed:\n        utilities:", "states.progressed.utilities: no such field. Did you mean 'utility'"),
    "negative cost of later treatment": (SECOND, "value: 16759.0", "value: -16759.0", "instead.subsequent.cost.value: -16759.0? must be at least 0"),
    "share of later treatment in per cent": (SECOND, "share: {value: 0.451", "share: {value: 45.1", "instead.subsequent.share.value: 45.1 must be at most 1"),
    "no age": (SECOND, "  start_age: 51\n", "", "economics.start_age: us has an age norm, and no age is given"),
    "drug without a price": (SECOND, "topotecan: 0.074", "irinotecan: 0.074", "economics.regimens.chemotherapy.irinotecan: us has no price of irinotecan"),
}  # fmt: skip


def overlay(folder: Path, scenario: str, old: str, new: str) -> Path:
    """One bundled scenario with one fault, in a folder laid over the library."""
    text = (bundled_params() / "scenarios" / f"{scenario}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "scenarios" / f"{scenario}.yaml"
    path.parent.mkdir()
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_a_broken_file_of_prices_is_found_by_the_command_that_is_advised(tmp_path, monkeypatch):
    """With the folder that it lies in, unless the environment names that."""
    folder = tmp_path / "my prices"
    (folder / "economics").mkdir(parents=True)
    text = (bundled_params() / "economics" / "us.yaml").read_text(encoding="utf-8")
    (folder / "economics" / "us.yaml").write_text(text.replace("value: 9100.0", "value: -1"), encoding="utf-8")
    with pytest.raises(InputError, match="economic file 'us' has errors") as caught:
        Library(folder).scenario(SECOND)
    assert f"See `simulate check economics/us --params '{folder}'`." in str(caught.value)
    assert any("-1 must be at least 0" in str(p) for p in Library(folder).check("economics/us"))
    monkeypatch.setenv("SIMULATE_PARAMS", str(folder))
    with pytest.raises(InputError, match="See `simulate check economics/us`"):
        Library().scenario(SECOND)


@pytest.mark.parametrize("name", CASES)
def test_each_fault(name, tmp_path):
    scenario, old, new, says = CASES[name]
    path = overlay(tmp_path, scenario, old, new)
    with pytest.raises(InputError, match=says) as caught:
        Library(tmp_path).scenario(scenario)
    told = caught.value.problems
    assert len(told) <= 3
    assert all(p.file is not None and Path(p.file).name == path.name and p.line for p in told)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("scenario", [SPINE, SECOND, SBRT])
def test_the_bundled_scenarios_are_sound(scenario):
    assert not [p for p in Library([]).check(f"scenarios/{scenario}") if p.severity == "error"]
