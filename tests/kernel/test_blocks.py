"""How many leaves the scratch holds at a time changes no bit of a result."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.cohort import count_graph, graph_rows, new_job
from simulate.kernel import arrays
from simulate.model.graph import GraphSpec, build
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import Distribution


def pathway(strata):
    """A state that most patients reach, and one that few do, so that its lanes are packed."""

    def hazards(median, share=1.0):
        return tuple(Hazard(Distribution("weibull", (1.3, median + i)), share) for i in range(strata))

    arrows = (
        Transition("first", "second", "progression", hazards(9.0, 0.9)),
        Transition("first", "dead", "death_before_progression", hazards(9.0, 0.1)),
        Transition("second", "third", "second_progression", hazards(7.0, 0.3)),
        Transition("second", "dead", "death_before_second_progression", hazards(7.0, 0.7)),
        Transition("third", "dead", "death_after_second_progression", hazards(5.0)),
    )
    background = tuple(Hazard(Distribution("exponential", (300.0,))) for _ in range(strata))
    limits = (("vte", (1.0, 0.3, 0.0)), ("nausea", (0.9, 0.4, 0.1, 0.01)))
    names = tuple(f"stratum {i}" for i in range(strata))
    shares = (1.0 / strata,) * strata
    return build(GraphSpec(("first", "second", "third", "dead"), names, arrows, shares, limits, background))


@pytest.mark.parametrize("strata", [1, 3])
@pytest.mark.parametrize("patients", [1, 64, 1000, 30_001, 70_001])
@pytest.mark.parametrize("first", [0, 2**32 - 500])
def test_blocks_of_one_leaf_and_of_many_give_the_same_bits(monkeypatch, strata, patients, first):
    endpoints = {"os": ("first", ("dead",)), "second": ("second", ("third", "dead"))}
    job = new_job(patients, 5, 2, horizon=30.0, first_patient=first)
    compiled = pathway(strata)

    def run(block):
        monkeypatch.setattr(arrays, "BLOCK", block)
        counts = count_graph(compiled, job, endpoints, rates=(0.0, 0.03), threads=1)
        return counts, graph_rows(compiled, job, threads=1)

    (many, rows), (one, same) = run(4096), run(1)
    for name in ("n", "events", "censored", "time_sum", "time_cross", "stratum_n"):
        assert np.array_equal(getattr(many, name), getattr(one, name))
    for event, by_grade in many.toxicity.items():
        assert np.array_equal(by_grade, one.toxicity[event])
        grades = rows.grade[list(many.toxicity).index(event)]
        assert np.array_equal(by_grade.sum(axis=0), np.bincount(grades, minlength=by_grade.shape[1]))
    for a, b in zip(rows, same, strict=True):
        assert np.array_equal(a, b)
