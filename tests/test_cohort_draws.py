"""Many draws at once: every draw is the graph simulated alone, to the last bit, whatever the threads and chunks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from simulate.calibration import Calibration, ProcessSpec, Spec
from simulate.calibration.spec import Layout
from simulate.cohort import count_graph, graph_rows, new_job
from simulate.cohort_draws import (
    drawn_models,
    entry_times,
    graph_tables,
    hazard_tables,
    iter_entry_times,
    mean_months,
    stack,
)
from simulate.errors import InputError
from simulate.kernel import run
from simulate.kernel.draws import simulate_draws
from simulate.model.graph import GraphSpec, build, compile_arm
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import ArmModel, Distribution, JointModel

DRAWS = 7
CUTS = (4.0, 10.0)


def spec(d: int, strata: int = 1, background: bool = False) -> GraphSpec:
    """Draw d of a graph with every family, proportional competitors, cure, hazard ratios, dependence, rare states."""
    f = 1.0 + 0.1 * d
    pfs = [
        Distribution("weibull", (1.3, 9.0 * f), 0.05 * d, CUTS, (1.0, 0.6, 1.2 * f)),
        Distribution("loglogistic", (1.6, 6.0 * f), 0.2),
        Distribution("gompertz", (0.01 * (d - 2), 0.1 * f)),  # exponential in draw 2
    ]
    pps = [
        Distribution("lognormal", (2.0, 0.8 * f)),
        Distribution("gengamma", (2.0, 0.7, 0.2 * (d - 3))),  # log-normal in draw 3
        Distribution("exponential", (8.0 * f,), 0.0, (), (1.0 if d % 2 else 0.7,)),
    ]
    last = Distribution("weibull", (1.1, 5.0 * f))

    def each(laws, *more):
        return tuple(Hazard(law, *more) for law in laws[:strata])

    gamma = 0.1 * (d % 3)
    arrows = (
        Transition("second", "dead", "death_before_second_progression", each(pps, 0.8, gamma, 9.0)),
        Transition("second", "third", "second_progression", each(pps, 0.2, gamma if d % 2 else 0.0, 9.0)),
        Transition("first", "second", "progression", each(pfs, 0.0 if d == 5 else 0.9)),
        Transition("first", "dead", "death_before_progression", each(pfs, 0.1 * f)),
        Transition("third", "dead", "death_after_second_progression", each([last] * 3)),
    )
    other = Distribution("exponential", (300.0 * f,), 0.0, (12.0, 60.0), (1.0, 1.1, 1.6 * f))
    names, shares = ("x", "y", "z")[:strata], ((1.0,), (), (0.5, 0.3, 0.2))[strata - 1]
    behind = (Hazard(other),) * strata if background else ()
    return GraphSpec(("first", "second", "third", "dead"), names, arrows, shares, (("vte", (0.4,)),), behind)


def alone(compiled, patients, **job) -> np.ndarray:
    return graph_rows(compiled, new_job(patients, **{"seed": 5, "replicate": 3, **job}), threads=1).entry


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("strata", [1, 3])
@pytest.mark.parametrize("patients", [1, 63, 1_000, 9_001])
def test_every_draw_is_the_graph_alone(strata, background, patients):
    specs = [spec(d, strata, background) for d in range(DRAWS)]
    each = [build(s) for s in specs]
    expected = np.stack([alone(c, patients, first_patient=2**32 - 500) for c in each])
    kwargs = {"seed": 5, "replicate": 3, "first_patient": 2**32 - 500}
    for draws in (graph_tables(specs), stack(each), each):
        found = entry_times(draws, patients, threads=1, **kwargs)
        assert found.dtype == np.float64
        assert np.array_equal(found, expected)
    assert len(np.unique(expected[:, -1, 0])) == DRAWS


@pytest.mark.parametrize("strata", [1, 3])
def test_neither_threads_nor_chunks_change_a_bit(monkeypatch, strata):
    draws = graph_tables([spec(d, strata) for d in range(DRAWS)])
    kwargs = {"patients": 700, "seed": 9}
    whole, months = entry_times(draws, threads=1, **kwargs), mean_months(draws, threads=1, **kwargs)
    for task in (1, 700 * 3, 700 * 100):
        monkeypatch.setattr(run, "TASK_PATIENTS", task)
        for threads in (1, 2, 5):
            assert np.array_equal(entry_times(draws, threads=threads, **kwargs), whole)
            assert np.array_equal(mean_months(draws, threads=threads, **kwargs), months)
            assert np.array_equal(np.concatenate(list(iter_entry_times(draws, threads=threads, **kwargs))), whole)
    sizes = [len(c) for c in iter_entry_times(draws, chunk=3, threads=2, **kwargs)]
    assert sizes == [3, 3, 1]
    for i, part in enumerate(iter_entry_times((draws.part(a, a + 2) for a in range(0, DRAWS, 2)), **kwargs)):
        assert np.array_equal(part, whole[2 * i : 2 * i + 2])
    assert list(iter_entry_times(iter(()), **kwargs)) == []


def test_one_kernel_is_compiled():
    """Another type or layout of one array would compile a second one: ten seconds."""
    for strata, background in ((1, False), (3, True)):
        specs = [spec(d, strata, background) for d in range(3)]
        for draws in (graph_tables(specs), stack([build(s) for s in specs])):
            entry_times(draws, 10, seed=1)
            mean_months(draws, 10, seed=1)
            list(iter_entry_times(draws.part(1, 2), 10, seed=1))
    assert len(simulate_draws.signatures) == 1


def test_a_stream_holds_few_chunks_and_stops_when_left():
    made = []

    def parts():
        for d in range(1_000):
            made.append(d)
            yield graph_tables([spec(d % DRAWS)])

    stream = iter_entry_times(parts(), 50, seed=1, threads=2)
    for _ in range(3):
        next(stream)
    assert len(made) < 12
    stream.close()
    assert len(made) < 12


@pytest.mark.parametrize("strata", [1, 3])
def test_mean_months_are_those_of_counts(strata):
    specs = [spec(d, strata, True) for d in range(DRAWS)]
    draws = graph_tables(specs)
    rates = (0.0, 0.03)
    found = mean_months(draws, 9_001, seed=5, horizon=60.0, rates=rates)
    for d, s in enumerate(specs):
        for one in (build(s), draws.draw(d)):
            counts = count_graph(one, new_job(9_001, 5, 0, horizon=60.0), {}, rates=rates)
            np.testing.assert_allclose(found[d], counts.pooled().time_sum[0] / 9_001, rtol=1e-12)


def test_the_draws_of_a_graph_are_built_as_it_is():
    specs = [spec(d, 3, True) for d in range(DRAWS)]
    draws = graph_tables(specs)
    for d, s in enumerate(specs):
        one, same = build(s).graph, draws.draw(d).graph
        names = [n for n in one.hazard.dtype.names if n != "table"]
        assert np.array_equal(one.hazard[names], same.hazard[names])
        assert np.array_equal(one.knots, same.knots)
        assert np.array_equal(alone(draws.draw(d), 300), alone(build(s), 300))


def calibration() -> Calibration:
    """Only what draws are made of."""
    arms, strata = ("control", "treated"), ("x", "y", "z")
    guess = {"pfs": dict.fromkeys(arms, 8.0), "pps": dict.fromkeys(arms, 9.0)}
    pfs = ProcessSpec("loglogistic", True, "piecewise_hazard_ratio", CUTS)
    declared = Spec(arms, strata, pfs, ProcessSpec("weibull"), guess=guess)
    layout = Layout(declared)
    rng = np.random.default_rng(1)
    posterior = SimpleNamespace(draws=rng.normal(size=(20, layout.size)), dependence=rng.normal(0.0, 0.2, 20))
    model = JointModel("t", arms, strata, dict.fromkeys(arms, (0.5, 0.3, 0.2)), layout.cells(np.zeros(layout.size)))
    return Calibration("t", declared, model, (), np.zeros(0), np.zeros((0, 0)), posterior, True, 0.0, 0.0)


def test_models_and_arms_of_a_calibration():
    fitted = calibration()
    models = drawn_models(fitted)
    assert models == [fitted.draw(i) for i in range(20)]
    assert drawn_models(fitted, [4, 2]) == [models[4], models[2]]
    for arm in fitted.model.arms:
        for mix in (None, {"y": 1.0}, (0.2, 0.2, 0.6)):
            found = entry_times(hazard_tables(models, arm, mix), 500, seed=5, replicate=3)
            assert np.array_equal(found, [alone(compile_arm(m, arm, mix), 500) for m in models])


def test_strategies_and_draws_share_their_patients():
    """A hazard ratio below 1 on a single time delays it for everybody; with other patients it would not."""

    def arm(ratio):
        hazards = (Hazard(Distribution("weibull", (1.3, 9.0)), ratio),)
        return GraphSpec(("ill", "dead"), ("all",), (Transition("ill", "dead", "death", hazards),))

    draws = graph_tables([arm(r) for r in (1.0, 0.8, 0.5)])
    times = entry_times(draws, 2_000, seed=1)[:, 1]
    assert np.all(np.diff(times, axis=0) > 0.0)
    assert np.all(entry_times(graph_tables([arm(0.4)]), 2_000, seed=1)[0, 1] > times[-1])


def other(d: int, change: str) -> GraphSpec:
    s = spec(d, 3)
    return {
        "states": replace(s, states=("first", "second", "third", "fourth", "dead")),
        "strata": replace(s, strata=("x", "y", "w")),
        "shares of the strata": replace(s, shares=(0.4, 0.4, 0.2)),
        "transitions": replace(s, transitions=(*s.transitions[:4], replace(s.transitions[4], decision="death"))),
        "background": spec(d, 3, True),
    }[change]


@pytest.mark.parametrize("change", ["states", "strata", "shares of the strata", "transitions", "background"])
def test_draws_of_other_structures_are_refused(change):
    specs = [spec(0, 3), spec(1, 3), other(2, change)]
    message = f"draw 2 differs from the first in its {change}"
    with pytest.raises(InputError, match=message):
        graph_tables(specs)
    each = [build(s) for s in specs]
    with pytest.raises(InputError, match="draw 2 differs from the first"):
        stack(each)
    with pytest.raises(InputError, match="draw 2 differs from the first"):
        list(iter_entry_times([stack(each[:2]), stack(each[2:])], 10, seed=1))


def test_other_refusals():
    draws = graph_tables([spec(0), spec(1)])
    early = spec(1)
    arrows = list(early.transitions)
    arrows[2] = replace(arrows[2], hazards=(Hazard(arrows[2].hazards[0].time, 1.0, 0.3, 9.0),))
    short = spec(1, 3)
    few = (replace(short.transitions[0], hazards=short.transitions[0].hazards[:2]), *short.transitions[1:])
    for ask, match in (
        (lambda: graph_tables([]), "at least one draw"),
        (lambda: stack([]), "at least one draw"),
        (lambda: graph_tables([spec(0), replace(early, transitions=tuple(arrows))]), "no earlier time"),
        (lambda: graph_tables([spec(0, 3), replace(short, transitions=few)]), "one hazard per stratum"),
        (lambda: entry_times(draws, 0, seed=1), "patients is 0"),
        (lambda: entry_times(draws, 1, seed=-1), "seed is -1"),
        (lambda: iter_entry_times(draws, 1, seed=1, chunk=0), "chunk is 0"),
        (lambda: mean_months(draws, 1, seed=1, rates=(-0.1,)), "rates are"),
        (lambda: mean_months(draws, 1, seed=1, horizon=0.0), "horizon is 0"),
    ):
        with pytest.raises(InputError, match=match):
            ask()


def test_models_without_the_arm_are_refused():
    model = JointModel("t", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): ArmModel(*PLAIN)})
    with pytest.raises(InputError, match="unknown arm"):
        hazard_tables([model], "b")


PLAIN = (Distribution("weibull", (1.3, 9.0)), 0.2, Distribution("exponential", (8.0,)))
