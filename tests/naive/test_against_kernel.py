"""The kernel against the naive simulator: the same distributions, by two-sample tests.

Bounds: the Kolmogorov-Smirnov distance of two samples of n and m exceeds 2.69 sqrt(1/n + 1/m) with probability 1e-6
(Kolmogorov's limit, conservative where there are ties), a normal z-score 4.9 with the same. Seeds are fixed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from simulate.cohort import graph_rows, new_job, simulate_rows
from simulate.model.graph import GraphSpec, build
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import ArmModel, Distribution, JointModel

KERNEL_N, NAIVE_N = 100_000, 3_000
KS = 2.69 * math.sqrt(1 / KERNEL_N + 1 / NAIVE_N)
Z = 4.9

W = {"family": "weibull", "params": (1.3, 9.0)}
CELLS = {
    "weibull": {"pfs": W, "death_share": 0.2, "pps": {"family": "exponential", "params": (8.0,)}},
    "gompertz": {
        "pfs": {"family": "gompertz", "params": (0.03, 0.08)},
        "death_share": 0.1,
        "pps": {"family": "gompertz", "params": (-0.05, 0.1)},
    },
    "lognormal": {
        "pfs": {"family": "lognormal", "params": (2.0, 0.9)},
        "death_share": 0.3,
        "pps": {"family": "gengamma", "params": (2.1, 0.7, -0.6)},
    },
    "loglogistic, cured, dependent": {
        "pfs": {"family": "loglogistic", "params": (1.8, 7.0), "cure": 0.25},
        "death_share": 0.15,
        "pps": {"family": "gengamma", "params": (2.3, 0.8, 1.4)},
        "dependence": 0.6,
    },
    "piecewise": {
        "pfs": {**W, "cuts": (3.0, 9.0), "ratios": (1.6, 0.5, 1.1)},
        "death_share": 0.05,
        "pps": {**W, "cuts": (4.0,), "ratios": (1.0, 0.4)},
    },
}


def distribution(d) -> Distribution:
    return Distribution(d["family"], d["params"], d.get("cure", 0.0), d.get("cuts", ()), d.get("ratios", ()))


def model_of(cell) -> JointModel:
    arm = ArmModel(
        distribution(cell["pfs"]), cell["death_share"], distribution(cell["pps"]), cell.get("dependence", 0.0)
    )
    return JointModel("naive", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): arm})


@pytest.mark.parametrize("name", CELLS)
def test_illness_death(naive, name):
    cell = CELLS[name]
    rows = simulate_rows(model_of(cell), ["a"], patients=KERNEL_N, seed=11)
    slow = naive.illness_death(np.random.default_rng(5), cell, NAIVE_N)
    pfs, os_, progressed = (np.array(column) for column in zip(*slow, strict=True))
    assert stats.ks_2samp(rows["pfs"], pfs).statistic < KS
    assert stats.ks_2samp(rows["os"], os_).statistic < KS
    p, q = rows["progressed"].mean(), progressed.mean()
    assert abs(p - q) < Z * math.sqrt(p * (1 - p) * (1 / KERNEL_N + 1 / NAIVE_N))
    # the joint law too: OS of those who progressed before and after the median PFS
    early = np.median(rows["pfs"])
    for side in (np.less, np.greater_equal):
        a = rows.loc[rows["progressed"] & side(rows["pfs"], early), "pps"]
        b = (os_ - np.where(progressed, pfs, 0.0))[progressed & side(pfs, early)]
        assert stats.ks_2samp(a, b).statistic < 2.69 * math.sqrt(1 / len(a) + 1 / len(b))


def test_three_lines_and_supportive_care(naive):
    """Nine competing, clock-reset transitions in a graph that is not a chain."""
    long = {"family": "weibull", "params": (1.1, 40.0)}
    arrows = {
        "line1": [("line2", W, 1.0), ("care", {"family": "exponential", "params": (30.0,)}, 1.0), ("dead", long, 1.0)],
        "line2": [("line3", {"family": "lognormal", "params": (1.5, 0.8)}, 1.0), ("care", W, 0.4), ("dead", long, 2.0)],
        "line3": [("care", {"family": "loglogistic", "params": (1.5, 4.0)}, 1.0), ("dead", long, 3.0)],
        "care": [("dead", {"family": "gompertz", "params": (0.05, 0.2)}, 1.0)],
    }
    transitions = [
        Transition(origin, to, f"{origin} to {to}", (Hazard(distribution(d), factor),))
        for origin, targets in arrows.items()
        for to, d, factor in targets
    ]
    compiled = build(GraphSpec(("line1", "line2", "line3", "care", "dead"), ("all",), tuple(transitions)))
    rows = graph_rows(compiled, new_job(KERNEL_N, 3, 0))
    slow = naive.walk(np.random.default_rng(8), arrows, "line1", NAIVE_N)
    for state, entry in zip(compiled.states, rows.entry, strict=True):
        mine = np.array([p.get(state, math.inf) for p in slow])
        assert stats.ks_2samp(np.minimum(entry, 1e6), np.minimum(mine, 1e6)).statistic < KS


def test_closed_form_of_constant_hazards():
    """S_OS = S_PFS + h01 / (h12 - h01 - h02) (S_PFS - exp(-h12 t)); at (1; 0.7, 0.5, 0.8) this is 0.56043."""
    h01, h02, h12, n = 0.7, 0.5, 0.8, 4_000_000
    cell = ArmModel(
        Distribution("exponential", (1 / (h01 + h02),)), h02 / (h01 + h02), Distribution("exponential", (1 / h12,))
    )
    model = JointModel("closed", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): cell})
    rows = simulate_rows(model, ["a"], patients=n, seed=2)
    for t in (0.5, 1.0, 3.0):
        pfs = math.exp(-(h01 + h02) * t)
        expected = pfs + h01 / (h12 - h01 - h02) * (pfs - math.exp(-h12 * t))
        if t == 1.0:
            assert round(expected, 5) == 0.56043
        for value, truth in (((rows["os"] > t).mean(), expected), ((rows["pfs"] > t).mean(), pfs)):
            assert abs(value - truth) < Z * math.sqrt(truth * (1 - truth) / n)


def test_published_pfs_survival():
    """PFS with hazards 0.3 and 1.8 to progression and death: S_PFS(2) = exp(-4.2) = 0.01499558."""
    n = 4_000_000
    cell = ArmModel(Distribution("exponential", (1 / 2.1,)), 1.8 / 2.1, Distribution("exponential", (1.0,)))
    rows = simulate_rows(
        JointModel("s", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): cell}), ["a"], patients=n, seed=4
    )
    truth = 0.01499558
    assert abs((rows["pfs"] > 2).mean() - truth) < Z * math.sqrt(truth * (1 - truth) / n)
