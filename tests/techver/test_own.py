"""The assertions hold on a model of one's own with everything in it, and each catches the defects planted for it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import simulate as sim
from simulate.cli import app
from simulate.economics.clock import COUNTING
from simulate.evidence.economics_schema import AgeNorm
from simulate.techver import ASSERTIONS, records, subject_of, verified
from simulate.techver.own.run import OWN_ASSERTIONS
from tests.techver.own_defects import NEW, OWN_DEFECTS

HERE = Path(__file__).parent

DATA = HERE / "data"
PAGE = HERE.parents[1] / "docs/how-to/rebuild-a-published-model.md"
PLANTED = [(name, defect) for name, own in OWN_DEFECTS.items() for defect in own]
NEVER = {"IN2": "holds no reported medians"}  # of no model of one's own
REBUILT = {**NEVER, "TV5": "no curve has a hazard ratio", "TV13": "no age at the start", "TV22": "no adverse event"}


def subject_from(params: Path, name: str, **overrides: str):
    return subject_of(sim.load(name, params=params, overrides=overrides), count=60)


@pytest.fixture(scope="module")
def subject():
    return subject_from(DATA, "own_us")


@pytest.fixture(scope="module")
def verdicts(subject):
    return {v.id: v for v in verified(subject)}


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of the how-to, as a reader copies them."""
    top = tmp_path_factory.mktemp("rebuilt")
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in zip(("economics/table", "scenarios/rebuilt"), blocks, strict=True):
        path = top / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return top


@pytest.mark.parametrize("name", ASSERTIONS)
def test_holds(name, verdicts):
    verdict = verdicts[name]
    assert verdict.verdict == ("not applicable" if name in NEVER else "passed"), verdict.detail
    assert NEVER[name] in verdict.detail if name in NEVER else any(c.isdigit() for c in verdict.detail)


@pytest.mark.parametrize(("name", "defect"), PLANTED)
def test_catches(name, defect, subject, verdicts):
    """And nothing else in the test makes the assertion fail: without the defect it passes."""
    assert verdicts[name].verdict == "passed"
    (verdict,) = verified(OWN_DEFECTS[name][defect](subject), (name,))
    assert verdict.verdict == "failed", verdict.detail
    assert "could not be computed" not in verdict.detail, verdict.detail


def test_every_assertion_that_can_fail_has_a_defect():
    assert set(OWN_ASSERTIONS) == set(ASSERTIONS)
    assert set(OWN_DEFECTS) == set(ASSERTIONS) - set(NEVER)


# ------------------------------------------------------------------------------------------------ not applicable
def test_the_command_on_the_published_table_of_the_how_to(rebuilt):
    """As its reader runs it, 200 draws and all."""
    done = simulate("rebuilt", "--json", params=rebuilt)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["passed"], document["failed"], document["not_applicable"]) == (32, 0, 4)
    absent = {a["id"]: a["detail"] for a in document["assertions"] if a["verdict"] == "not applicable"}
    assert set(absent) == set(REBUILT)
    assert all(REBUILT[k] in detail for k, detail in absent.items()), absent


def test_without_uncertainty_or_anything_bought_again(rebuilt):
    """What asks for draws or doses says that there are none."""
    scenario = sim.load("rebuilt", params=rebuilt)
    model = scenario.file.own_model
    bare = {k: a.model_copy(update={"repeated": (), "start": None}) for k, a in model.arms.items()}
    subject = subject_of(scenario, count=60)
    case = replace(subject.case, model=model.model_copy(update={"arms": bare}))
    states = {
        k: s.model_copy(update={"utility": s.utility.model_copy(update={"interval": None})})
        for k, s in case.file.states.items()
    }
    certain = replace(subject, case=replace(case, file=case.file.model_copy(update={"states": states})))
    found = {v.id: v for v in verified(certain, ("TV1", "TV23", "TV27", "TV30"))}
    assert {v.verdict for v in found.values()} == {"not applicable"}
    assert "nothing in the model has a price" in found["TV1"].detail
    assert "bought again and again" in found["TV23"].detail
    assert all("has an uncertainty" in found[k].detail for k in ("TV27", "TV30"))


def test_curves_of_different_families_have_no_difference_to_double(rebuilt):
    """And a ratio on a family that no other strategy has is on no baseline."""
    subject = subject_from(rebuilt, "rebuilt")
    arms = subject.case.model.arms
    ratio = arms["placebo"].os.parameters["rate"].model_copy(update={"value": 0.7})
    stated = {k: arms["placebo"].pfs.parameters["shape"].model_copy(update={"value": v})
              for k, v in (("meanlog", 3.0), ("sdlog", 0.9))}  # fmt: skip
    own = arms["pembrolizumab"].os.model_copy(
        update={"family": "lognormal", "parameters": stated, "hazard_ratio": ratio}
    )
    other = {**arms, "pembrolizumab": arms["pembrolizumab"].model_copy(update={"os": own})}
    case = replace(subject.case, model=subject.case.model.model_copy(update={"arms": other}))
    found = {v.id: v for v in verified(replace(subject, case=case), ("TV5", "TV7", "TV24"))}
    assert [found[k].verdict for k in ("TV5", "TV7", "TV24")] == ["not applicable", "passed", "not applicable"]
    assert "no baseline to compare" in found["TV5"].detail
    assert "different families" in found["TV24"].detail


# ------------------------------------------------------------------------------------------------ conventions
@pytest.mark.parametrize("counting", COUNTING)
@pytest.mark.parametrize("method", ["yearly", "continuous", "per_cycle"])
def test_other_conventions_hold_too(counting, method, subject):
    clock = subject.case.clock
    discount = clock.discount.model_copy(update={"method": method})
    case = replace(subject.case, clock=replace(clock, counting=counting, cycle=1.0, discount=discount))
    timed = ("TV8", "TV10", "TV15", "TV17", "TV18", "TV19", "TV20", "TV21", "TV23")
    found = {v.id: v.detail for v in verified(replace(subject, case=case), timed) if v.verdict != "passed"}
    assert found == {}


def test_utilities_are_held_to_the_norm_of_the_age(subject):
    """Coefficients of a norm that falls with age from 0.97, and from 0.57."""
    verdict = {}
    for start in (0.97, 0.57):
        norm = AgeNorm.model_construct(coefficients=(start, -0.001))
        file = subject.case.file.model_copy(update={"age_norm": norm})
        (verdict[start],) = verified(replace(subject, case=replace(subject.case, file=file)), ("TV13",))
    assert [v.verdict for v in verdict.values()] == ["passed", "failed"]
    assert "and the norm at the start" in verdict[0.57].detail


def test_curves_that_may_not_cross_are_said_and_the_rest_is_verified(subject):
    strict = subject_from(DATA, "own_us", **{"own_model.capped": "false"})
    assert strict.strict
    assert not subject.strict
    found = {v.id: v for v in verified(strict, ("TV3", "TV28"))}
    assert [v.verdict for v in found.values()] == ["failed", "passed"]
    assert f"{NEW}: curves do not cross in any draw, as `capped: false` asks" in found["TV3"].detail


# ------------------------------------------------------------------------------------------------ command
def simulate(*arguments, params=DATA):
    return CliRunner().invoke(app, ["verify", *arguments, "--params", str(params)])


def test_command(monkeypatch, tmp_path, subject, verdicts):
    """From the scenario's own files to the record, the same of either kind of model."""
    monkeypatch.setattr("simulate.techver.run.verified", lambda s: list(verdicts.values()))
    done = simulate("own_us", "--json", "--out", str(tmp_path / "tables"))
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document == records(list(verdicts.values()))
    assert set(document) == {"passed", "failed", "not_applicable", "assertions"}
    assert [a["id"] for a in document["assertions"]] == list(ASSERTIONS)
    assert (tmp_path / "tables" / "assertions.csv").read_text().count("TV31") >= 1
    printed = simulate("own_us").stdout
    assert "IN2 not applicable: a model of one's own holds no reported medians" in printed
    assert "35 passed, 0 failed, 1 not applicable" in printed


def test_command_fails_where_an_assertion_does(monkeypatch, subject):
    broken = OWN_DEFECTS["TV12"]["a favoured name"](subject)
    monkeypatch.setattr("simulate.techver.run.verified", lambda s: verified(broken, ("TV12",)))
    done = simulate("own_us")
    assert done.exit_code == 1
    assert "TV12 failed" in done.stdout
