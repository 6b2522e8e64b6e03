"""The integrated model against closed forms, brute force and its own limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulate.analytic import (
    Curves,
    cell_curves,
    cox_hazard_ratio,
    crossing_time,
    landmark,
    mixture,
    restricted_mean,
    solve,
)
from simulate.analytic.statistics import expected_events, follow_up_weights
from simulate.model import DAYS_PER_MONTH, ArmModel, Distribution, JointModel

WEIBULL = Distribution("weibull", (1.2, 8.0))


def exponential(rate: float) -> Distribution:
    return Distribution("exponential", (1.0 / rate,))


def illness_death(h01: float, h02: float, h12: float) -> ArmModel:
    return ArmModel(exponential(h01 + h02), h02 / (h01 + h02), exponential(h12))


@pytest.mark.parametrize(
    ("h01", "h02", "h12", "t", "expected"),
    # closed form S_PFS + h01 / (h12 - h01 - h02) (S_PFS - exp(-h12 t)); the first is the published value 0.56043
    [(0.7, 0.5, 0.8, 1.0, 0.56043), (0.07, 0.05, 0.08, 12.0, None), (0.02, 0.11, 0.08, 30.0, None)],
)
def test_constant_hazards_have_a_closed_form(h01, h02, h12, t, expected):
    free = math.exp(-(h01 + h02) * t)
    closed = free + h01 / (h12 - h01 - h02) * (free - math.exp(-h12 * t))
    if expected is not None:
        assert closed == pytest.approx(expected, abs=5e-6)
    curves = cell_curves(illness_death(h01, h02, h12), 2000)
    # interpolation within the day and the mid-day rule: second order in the day, (h / 30.4)^2
    assert landmark(curves.os, t) == pytest.approx(closed, abs=4e-5 if h01 > 0.5 else 1e-6)


def test_death_share_limits():
    only_deaths = cell_curves(ArmModel(WEIBULL, 1.0, exponential(0.1)), 900)
    assert np.array_equal(only_deaths.os, only_deaths.pfs)
    never_dies_first = cell_curves(ArmModel(WEIBULL, 0.0, exponential(0.1)), 900)
    assert np.array_equal(never_dies_first.ttp, never_dies_first.pfs)


@pytest.mark.parametrize("share", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("pps", [exponential(0.1), Distribution("lognormal", (2.0, 1.0), 0.1)])
def test_pfs_never_exceeds_os_and_both_fall(share, pps):
    c = cell_curves(ArmModel(WEIBULL, share, pps), 3650)
    assert np.all(c.pfs <= c.os + 1e-12)
    for curve in (c.os, c.pfs, c.ttp, c.pps):
        assert curve[0] == pytest.approx(1.0)
        assert np.all(np.diff(curve) <= 1e-12)
        assert np.all((curve >= -1e-12) & (curve <= 1.0 + 1e-12))


def test_convolution_against_direct_quadrature():
    from scipy.integrate import quad

    cell = ArmModel(WEIBULL, 0.2, Distribution("loglogistic", (1.7, 7.0)))
    t = 17.0

    def integrand(s: float) -> float:
        density = (WEIBULL.survival(s - 1e-4) - WEIBULL.survival(s + 1e-4)) / 2e-4
        return float(density * cell.pps.survival(t - s))

    exact = float(WEIBULL.survival(t)) + 0.8 * quad(integrand, 1e-3, t, limit=200)[0]
    assert landmark(cell_curves(cell, 900).os, t) == pytest.approx(exact, abs=2e-5)


def test_dependence_zero_is_the_limit_and_sign_moves_the_tail():
    cell = ArmModel(WEIBULL, 0.1, exponential(0.1))
    base = cell_curves(cell, 1800)
    almost = cell_curves(ArmModel(WEIBULL, 0.1, exponential(0.1), 1e-7), 1800)
    assert np.abs(base.os - almost.os).max() < 1e-5
    positive = cell_curves(ArmModel(WEIBULL, 0.1, exponential(0.1), 0.4), 1800)
    assert landmark(positive.os, 40.0) > landmark(base.os, 40.0)
    assert landmark(positive.os, 4.0) < landmark(base.os, 4.0)


def test_dependence_against_a_simulation():
    """Brute force, 1e6 patients: bound 4.5 standard errors of a share (5e-4) plus the block error (1e-3)."""
    cell = ArmModel(WEIBULL, 0.1, Distribution("weibull", (1.1, 9.0)), 0.5)
    rng = np.random.default_rng(3)
    n = 1_000_000
    x = WEIBULL.inverse_cumulative_hazard(rng.standard_exponential(n))
    y = cell.pps.inverse_cumulative_hazard(rng.standard_exponential(n)) * (x / WEIBULL.median) ** 0.5
    os = np.where(rng.random(n) < 0.1, x, x + y)
    curves = cell_curves(cell, 1800)
    for t in (6.0, 12.0, 24.0, 36.0):
        assert landmark(curves.os, t) == pytest.approx(float((os > t).mean()), abs=4.5 * 5e-4 + 1e-3)


def test_mixture_of_equals_is_the_cell_and_shares_count():
    a = cell_curves(ArmModel(WEIBULL, 0.1, exponential(0.1)), 900)
    b = cell_curves(ArmModel(exponential(0.3), 0.1, exponential(0.2)), 900)
    same = mixture([a, a], [0.3, 0.7])
    for name in ("os", "pfs", "pps"):
        assert np.allclose(same.endpoint(name), a.endpoint(name), atol=1e-14)
    assert np.abs(same.ttp - a.ttp).max() < 1e-5
    assert np.allclose(mixture([a, b], [0.25, 0.75]).os, 0.25 * a.os + 0.75 * b.os)


def test_medians_and_means_interpolate_within_the_day():
    s = np.exp(-0.1 * np.arange(2000) / DAYS_PER_MONTH)
    assert crossing_time(s) == pytest.approx(math.log(2) / 0.1, abs=1e-5)
    assert crossing_time(np.full(10, 0.9)) == math.inf
    assert restricted_mean(s, 36.0) == pytest.approx((1 - math.exp(-3.6)) / 0.1, rel=1e-6)
    rate = 0.035
    discounted = (1 - math.exp(-(0.1 + rate / 12) * 36.0)) / (0.1 + rate / 12)
    assert restricted_mean(s, 36.0, rate) == pytest.approx(discounted, rel=1e-6)


@pytest.mark.parametrize("weights", [None, follow_up_weights(1500, 33.0, 59.0), follow_up_weights(1500, 0.0, 20.0)])
def test_proportional_hazards_give_their_ratio_at_any_follow_up(weights):
    t = np.arange(1501) / DAYS_PER_MONTH
    a, b = WEIBULL.with_hazard_ratio(0.67).survival(t), WEIBULL.survival(t)
    assert cox_hazard_ratio(a, b, weights) == pytest.approx(0.67, rel=1e-5)
    assert cox_hazard_ratio(b, a, weights) == pytest.approx(1 / 0.67, rel=1e-5)


def test_hazard_ratio_depends_on_follow_up_without_proportional_hazards():
    """Progression slows but survival after it does not: the OS ratio drifts to 1 with longer follow-up."""
    pps = Distribution("weibull", (1.1, 9.0))
    a = cell_curves(ArmModel(WEIBULL.with_hazard_ratio(0.67), 0.1, pps), 3650).os
    b = cell_curves(ArmModel(WEIBULL, 0.1, pps), 3650).os
    short = cox_hazard_ratio(a, b, follow_up_weights(3650, 0.0, 12.0))
    final = cox_hazard_ratio(a, b, follow_up_weights(3650, 33.0, 59.0))
    assert 0.67 < short < final < cox_hazard_ratio(a, b) < 1.0


def test_follow_up_weights_and_events():
    g = follow_up_weights(2000, 30.0, 50.0)
    mid = (np.arange(2000) + 0.5) / DAYS_PER_MONTH
    assert np.all(g[mid < 20.0] == 1.0)
    assert np.all(g[mid > 50.0] == 0.0)
    assert g[np.argmin(abs(mid - 35.0))] == pytest.approx(0.5, abs=1e-3)
    s = np.exp(-0.1 * np.arange(2001) / DAYS_PER_MONTH)
    # P(T < C) for C uniform on (20, 50) months
    exact = 1 - (math.exp(-2.0) - math.exp(-5.0)) / (0.1 * 30.0)
    assert expected_events(s, g) == pytest.approx(exact, abs=1e-5)


def test_states_add_up_and_strata_average():
    fast, slow = ArmModel(exponential(0.2), 0.1, exponential(0.2)), ArmModel(WEIBULL, 0.1, exponential(0.1))
    model = JointModel("m", ("a",), ("x", "y"), {"a": (0.4, 0.6)}, {("a", "x"): fast, ("a", "y"): slow})
    out = solve(model, horizon=60.0)["a"]
    for t in (0.0, 5.0, 33.3, 60.0):
        shares = out.occupancy(t)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert min(shares.values()) >= -1e-12
    months = out.time_in_state()
    assert sum(months.values()) == pytest.approx(out.rmst("os", 60.0))
    by_stratum = [sum(out.time_in_state(0.03, s).values()) for s in ("x", "y")]
    assert sum(out.time_in_state(0.03).values()) == pytest.approx(0.4 * by_stratum[0] + 0.6 * by_stratum[1])
    assert isinstance(out.curves, Curves)
    other = solve(model, horizon=60.0, mix=(1.0, 0.0))["a"]
    assert np.array_equal(other.curves.os, out.by_stratum["x"].os)


def test_dependence_survives_days_without_events():
    cell = ArmModel(Distribution("lognormal", (2.0, 0.3)), 0.1, exponential(0.1), 0.25)
    assert np.all(np.isfinite(cell_curves(cell, 900).os))


def test_beyond_the_grid_is_refused():
    s = np.exp(-0.1 * np.arange(366) / DAYS_PER_MONTH)
    for beyond in (lambda: landmark(s, 36.0), lambda: restricted_mean(s, 36.0)):
        with pytest.raises(ValueError, match="beyond the grid"):
            beyond()
