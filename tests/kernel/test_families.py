"""Compiled inverse cumulative hazards against the NumPy reference, `Distribution.inverse_cumulative_hazard`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulate.kernel import families
from simulate.model.graph import GraphSpec, build
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import Distribution

RNG = np.random.default_rng(3)
# what a uniform can give: -log u for u in the open interval, plus what a small hazard share makes of it
HAZARDS = np.concatenate((RNG.exponential(1.0, 20_000), np.exp(RNG.uniform(-30.0, np.log(600.0), 20_000))))
TABLE_BOUND = 1e-12  # relative error of the generalised gamma's table, for hazards up to 40

PLAIN = [
    Distribution("exponential", (11.0,)),
    Distribution("weibull", (1.3, 9.0)),
    Distribution("weibull", (0.6, 30.0)),
    Distribution("gompertz", (0.08, 0.03)),
    Distribution("gompertz", (0.0, 0.03)),
    Distribution("gompertz", (-0.04, 0.05)),
    Distribution("lognormal", (2.3, 0.8)),
    Distribution("loglogistic", (1.7, 8.0)),
    Distribution("loglogistic", (0.8, 25.0)),
]
GENERALISED_GAMMA = [
    (2.2, 0.7, 0.5),
    (2.2, 0.7, 1.0),
    (2.0, 0.9, 2.0),
    (2.2, 0.7, -0.5),
    (2.4, 0.5, -1.5),
    (2.2, 0.8, 0.05),
]


def compiled_inverse(time: Distribution, hazards, factor=1.0):
    """Invert through the arrays the kernel sees; the constant factor is divided out as `unit_hazard` does it."""
    spec = GraphSpec(("a", "b"), ("all",), (Transition("a", "b", "event", (Hazard(time, factor),)),))
    graph = build(spec).graph
    z = np.array(hazards, float) * graph.hazard[0, 0]["inverse_ratio"]
    families.invert(z, np.empty_like(z), np.empty_like(z), graph, 0, 0)
    return z


def relative_error(found, expected):
    same = found == expected  # both inf
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(same, 0.0, np.abs(found - expected) / np.abs(expected))))


@pytest.mark.parametrize("time", PLAIN, ids=str)
def test_families(time):
    hazards = HAZARDS
    if time.family == "gompertz" and time.params[0] < 0:  # just below its total hazard the time is ill-conditioned
        total = -time.params[1] / time.params[0]
        hazards = hazards[np.abs(hazards / total - 1) > 1e-3]
    assert relative_error(compiled_inverse(time, hazards), time.inverse_cumulative_hazard(hazards)) < 2e-12


@pytest.mark.parametrize("params", GENERALISED_GAMMA)
def test_generalised_gamma_table(params):
    time = Distribution("gengamma", params)
    hazards = HAZARDS[HAZARDS < 40]
    assert relative_error(compiled_inverse(time, hazards), time.inverse_cumulative_hazard(hazards)) < TABLE_BOUND


@pytest.mark.parametrize("q", [0.0, 1e-7])
def test_generalised_gamma_at_zero_is_lognormal(q):
    expected = compiled_inverse(Distribution("lognormal", (2.0, 0.7)), HAZARDS)
    assert np.array_equal(compiled_inverse(Distribution("gengamma", (2.0, 0.7, q)), HAZARDS), expected)


@pytest.mark.parametrize("time", PLAIN, ids=str)
def test_cure(time):
    cured = Distribution(time.family, time.params, cure=0.3)
    total = -np.log(0.3)
    hazards = HAZARDS[(np.abs(HAZARDS / total - 1) > 1e-3) & (HAZARDS > 1e-3)]  # the reference loses digits below
    found = compiled_inverse(cured, hazards)
    assert np.all(np.isinf(found[hazards > total]))
    if time.family == "gompertz" and time.params[0] < 0:
        keep = np.isfinite(found)
        found, hazards = found[keep], hazards[keep]
    assert relative_error(found, cured.inverse_cumulative_hazard(hazards)) < 2e-11


def test_cure_keeps_its_digits_for_small_hazards():
    # 1 - S0 = (1 - S) / (1 - cure), so for h -> 0 the time of an exponential is h scale / (1 - cure)
    h = np.array([1e-12, 1e-9])
    found = compiled_inverse(Distribution("exponential", (10.0,), cure=0.4), h)
    assert found / (h * 10.0 / 0.6) == pytest.approx([1.0, 1.0], rel=2e-9)
    assert found[0] / (h[0] * 10.0 / 0.6) == pytest.approx(1.0, rel=1e-11)


PIECEWISE = [((6.0,), (1.0, 0.5)), ((3.0, 12.0), (2.0, 0.25, 1.5)), ((2.0, 4.0, 8.0, 16.0), (1, 2, 0.5, 3, 0.1))]
PIECEWISE += [((5.0,), (1.0, 0.0)), ((3.0, 9.0), (1.0, 0.0, 2.0)), ((3.0,), (0.0, 1.0)), ((), (0.7,))]


@pytest.mark.parametrize(("cuts", "ratios"), PIECEWISE)
@pytest.mark.parametrize("cure", [0.0, 0.2])
def test_piecewise_hazard_ratio(cuts, ratios, cure):
    time = Distribution("weibull", (1.2, 10.0), cure, cuts, tuple(map(float, ratios)))
    hazards = HAZARDS[HAZARDS > 1e-3]
    if cure:
        total = time.cumulative_hazard(1e9)
        hazards = hazards[np.abs(hazards / total - 1) > 1e-3]
    found, expected = compiled_inverse(time, hazards), time.inverse_cumulative_hazard(hazards)
    assert np.array_equal(np.isinf(found), np.isinf(expected))
    assert relative_error(found, expected) < 2e-11


def test_a_constant_factor_is_a_hazard_ratio():
    for time in PLAIN:
        found = compiled_inverse(time, np.array([0.01, 0.7, 3.0]), factor=0.4)
        assert found == pytest.approx(
            time.with_hazard_ratio(0.4).inverse_cumulative_hazard([0.01, 0.7, 3.0]), rel=1e-11
        )


@settings(max_examples=60, deadline=None)
@given(
    shape=st.floats(0.3, 4.0),
    scale=st.floats(0.5, 60.0),
    cut=st.floats(0.5, 30.0),
    ratio=st.floats(0.1, 5.0),
    h=st.floats(1e-3, 30.0),
)
def test_inverse_undoes_the_cumulative_hazard(shape, scale, cut, ratio, h):
    time = Distribution("weibull", (shape, scale), 0.0, (cut,), (1.0, ratio))
    t = compiled_inverse(time, [h])[0]
    assert time.cumulative_hazard(t) == pytest.approx(h, rel=1e-10)


def test_never_stays_never():
    for time in (*PLAIN, Distribution("gengamma", (2.0, 0.7, 0.5)), Distribution("gengamma", (2.0, 0.7, -0.5))):
        assert compiled_inverse(time, [np.inf])[0] == np.inf
