"""A model as kernel arrays: order of states, pairs of draws, groups of proportional transitions, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.cohort import graph_rows, new_job
from simulate.errors import InputError
from simulate.kernel.arrays import HAZARD, TRANSITION
from simulate.kernel.philox import draw_of
from simulate.model.graph import GraphSpec, arm_spec, build, compile_arm, target_shares
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import ArmModel, Distribution, JointModel, Toxicity

MONTHS = Distribution("weibull", (1.2, 10.0))
OTHER = Distribution("exponential", (8.0,))


def arrow(origin, target, decision=None, time=MONTHS, factor=1.0, **more):
    return Transition(origin, target, decision or f"{origin} to {target}", (Hazard(time, factor, **more),))


def graph(states, *arrows, **more):
    return build(GraphSpec(tuple(states), ("all",), arrows, **more))


@pytest.fixture
def model():
    cells = {("a", "x"): ArmModel(MONTHS, 0.25, OTHER, 0.4), ("a", "y"): ArmModel(OTHER, 0.0, MONTHS)}
    toxicity = Toxicity("fistula", "Fistula", ("any", "3"), {"a": (0.25, 1.0 / 3 - 0.2)})
    return JointModel("m", ("a",), ("x", "y"), {"a": (0.3, 0.7)}, cells, (toxicity,))


def test_an_arm(model):
    compiled = compile_arm(model, "a")
    g = compiled.graph
    assert compiled.states == ("progression_free", "progressed", "dead")
    assert compiled.transient == ("progression_free", "progressed")
    assert g.first.tolist() == [0, 2, 3, 3]
    assert compiled.target.tolist() == [1, 2, 2]
    # progression and death share one call of the generator and, being proportional, one inversion
    assert g.transition["call"].tolist() == [2, 0, 1]
    assert g.transition["half"].tolist() == [0, 1, 0]
    assert g.transition["draw"][0] == g.transition["draw"][1] == draw_of("progression")[0]
    assert g.hazard["group"].tolist() == [[0, 0, 2], [0, 0, 2]]
    assert g.hazard["inverse_ratio"][0, :2].tolist() == [1 / 0.75, 4.0]
    assert g.hazard["inverse_ratio"][1, :2].tolist() == [1.0, np.inf]
    assert g.hazard["dependence"].tolist() == [[0, 0, 0.4], [0, 0, 0]]
    assert g.hazard["log_reference"][0, 2] == pytest.approx(np.log(MONTHS.median))
    assert g.mix.tolist() == [0.3, 1.0]
    assert g.toxicity[0, 0].tolist() == [draw_of("toxicity:fistula")[0], 2**30, round(2**32 * (1 / 3 - 0.2))]


def test_arrays_have_one_type_and_layout(model):
    """A read-only array or another type would compile a second kernel."""
    kinds = set()
    for compiled in (compile_arm(model, "a"), compile_arm(model, "a", (1.0, 0.0)), graph("ab", arrow("a", "b"))):
        g = compiled.graph
        assert all(a.flags.c_contiguous and a.flags.writeable and a.flags.owndata for a in g)
        kinds.add(tuple((a.dtype, a.ndim) for a in g))
    assert kinds == {
        tuple(
            (np.dtype(d), n)
            for d, n in [
                ("i8", 1),
                (TRANSITION, 1),
                (HAZARD, 2),
                ("f8", 4),
                ("f8", 3),
                ("f8", 1),
                (TRANSITION, 1),
                ("u8", 3),
            ]
        )
    }


def test_states_are_put_in_topological_order_with_absorbing_states_last():
    compiled = graph(
        ["start", "dead", "care", "second"],
        arrow("start", "dead"), arrow("care", "dead"), arrow("start", "second"), arrow("second", "care"),
    )  # fmt: skip
    assert compiled.states == ("start", "second", "care", "dead")
    for s in range(len(compiled.states)):
        assert all(compiled.target[compiled.graph.first[s] : compiled.graph.first[s + 1]] > s)
    assert compiled.mask(["care", "dead"]) == 0b1100


def test_the_second_half_of_a_call_follows_the_first():
    compiled = graph(
        "abc", arrow("a", "c", "death_before_progression"), arrow("a", "b", "other"), arrow("a", "c", "progression"),
        arrow("b", "c", "death_before_other"),
    )  # fmt: skip
    # in state b the partner is elsewhere, so that transition draws its own call
    assert compiled.graph.transition["call"].tolist() == [2, 0, 1, 2]
    assert compiled.graph.transition["half"].tolist() == [0, 1, 0, 1]


def test_only_neighbours_with_the_same_baseline_form_a_group():
    compiled = graph("abcd", arrow("a", "b"), arrow("a", "c", factor=2.0), arrow("a", "d", time=OTHER), arrow("b", "d"))
    assert compiled.graph.hazard["group"][0].tolist() == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("states", "arrows", "words"),
    [
        ("abc", [arrow("a", "b"), arrow("b", "c"), arrow("c", "b")], "cycle"),
        ("ab", [arrow("a", "b"), arrow("b", "a")], "back to the start"),
        ("ab", [arrow("a", "z")], "unknown state 'z'"),
        ("ab", [arrow("b", "b")], "no transition leaves the start"),
        ("aab", [arrow("a", "b")], "distinct"),
        ("abc", [arrow("a", "b", "x"), arrow("a", "c", "x")], "decision of its own"),
        ("ab", [arrow("a", "b", dependence=0.5, reference=3.0)], "no earlier time"),
        ("ab", [Transition("a", "b", "x", (Hazard(MONTHS), Hazard(MONTHS)))], "one hazard per stratum"),
        ([f"s{i}" for i in range(63)], [arrow("s0", "s1")], "at most 62"),
    ],
)
def test_refusals(states, arrows, words):
    with pytest.raises(InputError, match=words):
        graph(states, *arrows)


@pytest.mark.parametrize("hazard", [{"factor": -1.0}, {"factor": np.inf}, {"dependence": 1.0, "reference": np.inf}])
def test_refused_hazards(hazard):
    with pytest.raises(InputError):
        Hazard(MONTHS, **hazard)


def test_decisions_that_would_share_a_draw_are_refused(monkeypatch):
    monkeypatch.setattr("simulate.kernel.philox.draw_of", lambda name: (7, 0))
    with pytest.raises(InputError, match="would share a draw"):
        graph("ab", arrow("a", "b"))


def test_target_shares(model):
    assert target_shares(model, "a", None) == (0.3, 0.7)
    assert target_shares(model, "a", {"y": 1}) == (0.0, 1.0)
    assert arm_spec(model, "a", [0.5, 0.5]).shares == (0.5, 0.5)
    for mix in ({"z": 1.0}, (1.0,), (0.5, 0.6), (-0.5, 1.5)):
        with pytest.raises(InputError, match=r"strat"):
            target_shares(model, "a", mix)
    with pytest.raises(InputError, match="unknown arm 'b'"):
        compile_arm(model, "b")


def test_dependence_without_a_median_is_refused(model):
    cured = ArmModel(Distribution("exponential", (5.0,), cure=0.6), 0.1, OTHER, 0.5)
    one = JointModel("m", ("a",), ("x",), {"a": (1.0,)}, {("a", "x"): cured})
    with pytest.raises(InputError, match="reference time"):
        compile_arm(one, "a")


def test_background_ends_every_state_on_the_study_clock():
    """Two exponential states under a stepped background: OS is the product of its closed form and the background's."""
    fast, slow = Distribution("exponential", (10.0,)), Distribution("exponential", (20.0,))
    behind = Distribution("exponential", (50.0,), 0.0, (12.0, 24.0, 36.0), (1.0, 2.0, 3.0, 4.0))
    arrows = (arrow("a", "b", time=fast), arrow("b", "dead", time=slow))
    compiled = build(GraphSpec(("a", "b", "dead"), ("x",), arrows, background=(Hazard(behind),)))
    n = 400_000
    rows = graph_rows(compiled, new_job(n, 5, 0))
    for t in (5.0, 15.0, 30.0, 50.0):
        cancer = np.exp(-t / 10) + (np.exp(-t / 20) - np.exp(-t / 10)) * 2.0
        expected = cancer * behind.survival(t)
        bound = 4.0 * np.sqrt(expected * (1.0 - expected) / n)  # four standard errors of a share
        assert abs(np.mean(rows.entry[2] > t) - expected) < bound
        free = np.exp(-t / 10) * behind.survival(t)
        assert abs(np.mean(np.minimum(rows.entry[1], rows.entry[2]) > t) - free) < 4.0 * np.sqrt(free * (1 - free) / n)


def test_toxicity_rates_of_each_stratum():
    """A modifier makes an event impossible in one stratum; the other keeps its rate."""
    arrows = (Transition("a", "b", "x", (Hazard(MONTHS), Hazard(MONTHS))),)
    limits = (("fistula", ((0.0, 0.0), (0.4, 0.1))),)
    compiled = build(GraphSpec("ab", ("never", "irradiated"), arrows, (0.5, 0.5), limits))
    n = 200_000
    rows = graph_rows(compiled, new_job(n, 1, 0))
    inside = rows.stratum == 1
    assert not rows.grade[0][~inside].any()
    for grade, rate in ((1, 0.4), (2, 0.1)):
        bound = 4.0 * np.sqrt(rate * (1 - rate) / inside.sum())
        assert abs(np.mean(rows.grade[0][inside] >= grade) - rate) < bound
    with pytest.raises(InputError, match="per stratum"):
        build(GraphSpec("ab", ("x", "y"), arrows, (0.5, 0.5), (("e", ((0.1,), (0.1,), (0.1,))),)))
