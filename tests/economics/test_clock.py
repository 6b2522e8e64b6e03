"""Discounting and counting: closed forms of exponential survival, slow sums, and quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from simulate.economics.clock import COUNTING, Clock, discount_factor
from simulate.errors import InputError
from simulate.evidence.economics_schema import Discount
from simulate.model.types import DAYS_PER_MONTH

HAZARD = 0.06  # a month
# The second is no whole number of days, the third less than half a year, the last less than a month.
HORIZONS = [60.0, 120.0, 100.37, 5.01, 0.71]
METHODS = ["continuous", "yearly", "per_cycle"]


def clock(horizon: float, rate: float = 0.03, method: str = "continuous", counting: str = "integral", cycle=0.5):
    return Clock(horizon, Discount(costs=rate, effects=2.0 * rate, method=method), counting, cycle)


def survival(at: Clock) -> np.ndarray:
    return np.exp(-HAZARD * np.arange(at.days + 1) / DAYS_PER_MONTH)


def slow_sum(at: Clock, what: str) -> float:
    """Months lived, cycle by cycle."""
    rate = {"costs": at.discount.costs, "effects": at.discount.effects, "time": 0.0}[what]
    total, start = 0.0, 0.0
    number = 0
    while start < at.horizon - 1e-9:
        end = min(at.cycle * (number + 1), at.horizon)
        middle = 0.5 * (start + end)

        def worth(t: float, start: float = start) -> float:
            years = t / 12.0
            if at.discount.method == "continuous":
                factor = math.exp(-rate * years)
            elif at.discount.method == "yearly":
                factor = (1.0 + rate) ** -math.floor(start / 12.0 + 1e-9)
            else:
                factor = (1.0 + rate) ** -(start / 12.0)
            return factor * math.exp(-HAZARD * t)

        total += (end - start) * {
            "start": worth(start),
            "end": worth(end),
            "half_cycle": 0.5 * worth(start) + 0.5 * worth(end),
            "simpson": (worth(start) + 4.0 * worth(middle) + worth(end)) / 6.0,
        }[at.counting]
        start, number = end, number + 1
    return total


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("rate", [0.0, 0.015, 0.1])
def test_life_years_in_closed_form(horizon, rate):
    """LY = (1 - exp(-(L + r) T)) / (L + r), in years. The trapezoid on days is off by (L + r)² day² / 12, 3e-7."""
    at = clock(horizon, rate)
    for what, r in (("time", 0.0), ("costs", rate), ("effects", 2.0 * rate)):
        both, years = 12.0 * HAZARD + r, horizon / 12.0
        expected = (1.0 - math.exp(-both * years)) / both
        assert survival(at) @ at.in_state(what) / 12.0 == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_annual_rate_is_continuous_at_its_logarithm(horizon):
    annual = clock(horizon, 0.05, "per_cycle")
    logarithms = Discount(costs=math.log(1.05), effects=math.log(1.1), method="continuous")
    continuous = Clock(horizon, logarithms, cycle=0.5)
    for what in ("costs", "effects", "time"):
        np.testing.assert_allclose(annual.in_state(what), continuous.in_state(what), rtol=1e-12)
        np.testing.assert_allclose(annual.at_leaving(what), continuous.at_leaving(what), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_yearly_steps_against_a_slow_loop(horizon):
    """In steps of 1/50 day. A year ends within a day, which counts with one of both: r/2 day a year at most."""
    rate, step = 0.05, 1.0 / (50.0 * DAYS_PER_MONTH)
    total, t = 0.0, 0.0
    while t < horizon:
        width = min(step, horizon - t)
        middle = t + 0.5 * width
        total += width * math.exp(-HAZARD * middle) / (1.0 + rate) ** math.floor(middle / 12.0)
        t += width
    bound = rate * 0.5 / DAYS_PER_MONTH * (horizon // 12.0) + 1e-5
    at = clock(horizon, rate, "yearly")
    assert survival(at) @ at.in_state("costs") == pytest.approx(total, abs=bound)
    if horizon < 12.0:
        assert survival(at) @ at.in_state("costs") == pytest.approx(survival(at) @ at.in_state("time"), rel=1e-12)


@pytest.mark.parametrize("counting", ["start", "end", "half_cycle", "simpson"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("horizon", "cycle"), [(60.0, 1.0), (60.0, 0.25), (100.37, 3.0), (36.0, 12.0), (0.71, 0.5)])
def test_cycles_against_slow_sums(counting, method, horizon, cycle):
    """Survival between days is interpolated: off by (L day)² / 8, 5e-7."""
    at = clock(horizon, 0.04, method, counting, cycle)
    for what in ("costs", "effects", "time"):
        assert survival(at) @ at.in_state(what) == pytest.approx(slow_sum(at, what), rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("horizon", HORIZONS)
def test_of_a_falling_curve_the_start_counts_most(method, horizon):
    found = {c: clock(horizon, 0.03, method, c) for c in COUNTING}
    total = {c: survival(at) @ at.in_state("effects") for c, at in found.items()}
    assert total["start"] > total["half_cycle"] > total["end"]
    assert 2.0 * total["half_cycle"] == pytest.approx(total["start"] + total["end"], rel=1e-12)
    assert total["half_cycle"] > total["simpson"] > total["end"]  # a convex curve lies below its chord


@pytest.mark.parametrize("horizon", HORIZONS)
def test_simpson_is_the_integral(horizon):
    """Simpson's error is (L cycle)⁴ / 2880, below that of the trapezoid on days."""
    for what in ("time", "effects"):
        simpson, integral = (clock(horizon, counting=c) for c in ("simpson", "integral"))
        assert survival(simpson) @ simpson.in_state(what) == pytest.approx(
            survival(integral) @ integral.in_state(what), rel=2e-6
        )


def test_short_cycles_are_the_integral():
    """All sums over cycles of a day and the integral differ by at most a day's discount."""
    integral = clock(36.0, 0.05, "per_cycle")
    for counting in ("half_cycle", "simpson"):
        at = clock(36.0, 0.05, "per_cycle", counting, 1.0 / DAYS_PER_MONTH)
        found, expected = (survival(x) @ x.in_state("costs") for x in (at, integral))
        assert found == pytest.approx(expected, rel=0.05 / 365.0)


@given(
    horizon=st.floats(0.1, 400.0),
    part=st.floats(0.003, 1.0),
    counting=st.sampled_from(COUNTING),
    method=st.sampled_from(METHODS),
)
def test_whoever_lives_throughout_lives_the_horizon(horizon, part, counting, method):
    at = Clock(horizon, Discount(costs=0.0, effects=0.03, method=method), counting, part * horizon)
    assert at.in_state("time").sum() == pytest.approx(horizon, rel=1e-9)
    np.testing.assert_array_equal(at.in_state("costs"), at.in_state("time"))
    assert at.in_state("effects").sum() <= horizon * (1.0 + 1e-9)
    assert abs(at.at_leaving("effects").sum()) < 1e-9  # nobody leaves
    assert abs(at.before_leaving(3.0, "effects").sum()) < 1e-9
    assert at.at_entering("costs").sum() == pytest.approx(horizon * DAYS_PER_MONTH, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_things_done_at_times(method):
    at = clock(36.5, 0.05, method)
    when = [0.0, 0.4, 7.0, 11.99, 12.0, 24.0, 36.49, 36.5, 40.0]  # the last two are not before the horizon
    expected = sum(math.exp(-HAZARD * t) * float(discount_factor(t, 0.05, method)) for t in when[:-2])
    assert survival(at) @ at.at_times(when, "costs") == pytest.approx(expected, rel=1e-6)
    assert at.at_times(when, "time").sum() == pytest.approx(7.0)
    assert not at.at_times([], "costs").any()


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("rate", [0.0, 0.08])
def test_leaving(horizon, rate):
    at = clock(horizon, rate)
    both = HAZARD + rate / 12.0
    expected = HAZARD / both * (1.0 - math.exp(-both * horizon))
    found = survival(at) @ at.at_leaving("costs")
    assert found == pytest.approx(expected, abs=1e-6)  # of the last day a chord is taken: (L day)² / 8, 5e-7
    # of those who enter where others leave, the same
    assert -np.diff(survival(at)) @ at.at_entering("costs") == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("last", [0.5, 3.0, 1000.0])
def test_months_before_leaving_against_quadrature(horizon, last):
    rate = 0.08
    at, force = clock(horizon, rate), rate / 12.0

    def worth(t: float) -> float:
        lived = (math.exp(-force * max(t - last, 0.0)) - math.exp(-force * t)) / force
        return HAZARD * math.exp(-HAZARD * t) * lived

    expected = quad(worth, 0.0, horizon, points=[min(last, horizon)], epsabs=1e-12)[0]
    # leavers of the day in which the kink lies are counted at its middle: L day² at most, 6e-5 of a month's share
    assert survival(at) @ at.before_leaving(last, "costs") == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_a_sum_in_two_years():
    """TECH-VER TV21: of v in two years, v / (1 + r)² now."""
    for method in ("yearly", "per_cycle"):
        assert discount_factor(24.0, 0.035, method) == pytest.approx(1.0 / 1.035**2, rel=1e-12)
        at = clock(60.0, 0.035, method)
        everyone = np.ones(at.days + 1)
        assert 1000.0 * everyone @ at.at_times([24.0], "costs") == pytest.approx(1000.0 / 1.035**2, rel=1e-12)
    assert discount_factor(24.0, math.log(1.035), "continuous") == pytest.approx(1.0 / 1.035**2, rel=1e-12)
    np.testing.assert_allclose(
        discount_factor([0.0, 11.9, 12.0, 23.9, 24.0], 0.1, "yearly"), [1, 1, 1 / 1.1, 1 / 1.1, 1 / 1.21]
    )


def test_costs_and_effects_have_their_own_rates():
    at = clock(60.0, 0.03)
    assert survival(at) @ at.in_state("costs") > survival(at) @ at.in_state("effects")
    assert at.rate("costs") == 0.03
    assert at.rate("effects") == 0.06
    assert at.rate("time") == 0.0


@pytest.mark.parametrize(
    ("horizon", "counting", "cycle", "says"),
    [
        (12.0, "middle", 1.0, "no counting 'middle'"),
        (12.0, "start", 13.0, "a cycle of 13 months does not fit"),
        (12.0, "start", 0.0, "a cycle of 0 months"),
        (0.0, "integral", 1.0, "does not fit the horizon"),
    ],
)
def test_refused(horizon, counting, cycle, says):
    with pytest.raises(InputError, match=says):
        clock(horizon, counting=counting, cycle=cycle)
