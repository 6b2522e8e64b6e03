"""What single strategies of a scenario of pathways may be held against."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from simulate.evidence.scenario_checks import check_scenario
from simulate.evidence.scenario_schema import Scenario, Strategy

PARAMS = Path(__file__).parents[2] / "params"


def scenario(**comparators: str) -> Scenario:
    """Four strategies, `a` the comparator, some held against what is given."""
    strategies = {
        s: Strategy(label=s, regimen="topotecan", comparator=comparators.get(s)) for s in ("a", "b", "c", "d")
    }
    return Scenario(id="test", title="test", baseline="topotecan", strategies=strategies, comparator="a")


def test_by_default_all_are_held_against_the_comparator():
    assert scenario().comparators == {"a": None, "b": "a", "c": "a", "d": "a"}
    assert check_scenario(scenario()) == []


def test_a_strategy_may_have_its_own_or_none():
    chosen = scenario(c="none", d="c")
    assert chosen.comparators == {"a": None, "b": "a", "c": None, "d": "c"}
    assert check_scenario(chosen) == []
    assert check_scenario(scenario(c="d", d="c")) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"b": "e"}, "no strategy 'e'"),
        ({"b": "b"}, "against itself"),
        ({"a": "b"}, "is the comparator of the scenario"),
    ],
)
def test_bad_values_are_named(given, says):
    found = check_scenario(scenario(**given))
    assert len(found) == 1
    assert says in found[0].message
    assert found[0].path == ("strategies", *given, "comparator")


def test_none_must_not_be_a_strategy_too():
    strategies = {"none": Strategy(label="none", regimen="topotecan"), "b": Strategy(label="b", regimen="topotecan")}
    plain = Scenario(id="test", title="test", strategies=strategies, comparator="none")
    assert plain.comparators == {"none": None, "b": "none"}
    assert check_scenario(plain) == []
    strategies["b"] = Strategy(label="b", regimen="topotecan", comparator="none")
    found = check_scenario(Scenario(id="test", title="test", strategies=strategies, comparator="none"))
    assert ["no comparator at all" in f.message for f in found] == [True]


def test_selection_is_asked_of_what_the_comparator_is_for():
    strategies = {s: Strategy(label=s, regimen="topotecan") for s in "abc"}
    strategies["c"] = Strategy(label="c", regimen="topotecan", comparator="b")
    found = check_scenario(
        Scenario.model_validate(
            {
                "id": "test",
                "title": "test",
                "strategies": strategies,
                "comparator": "a",
                "selection_bias": [{"strategy": "c", "why": "chosen"}],
            }
        )
    )
    assert ["held against 'b'" in f.message for f in found] == [True]


def test_the_field_is_of_pathways_alone():
    strategies = {"a": Strategy(label="a", arm="a"), "b": Strategy(label="b", arm="b", comparator="none")}
    found = check_scenario(Scenario(id="test", title="test", trial="mini", strategies=strategies, comparator="a"))
    assert ["belongs to scenarios of pathways" in f.message for f in found] == [True]


def test_a_file_is_refused_with_its_line(tmp_path):
    text = (Path(PARAMS) / "scenarios" / "spine_metastasis.yaml").read_text()
    path = tmp_path / "spine_metastasis.yaml"
    path.write_text(re.sub(r"comparator: compression_radiotherapy\b", "comparator: compression_radiotherapi", text))
    with pytest.raises(InputError, match=r"spine_metastasis\.yaml:\d+ .*Did you mean 'compression_radiotherapy'"):
        Library().scenario(str(path))


@pytest.mark.parametrize("name", ["paraaortic_nodes", "palliative_radiotherapy", "spine_metastasis"])
def test_different_patients_stand_side_by_side(name):
    held = Library().scenario(name).comparators
    assert list(held.values()).count(None) >= 2
