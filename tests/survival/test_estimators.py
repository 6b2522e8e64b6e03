"""The array functions against loops a reader can check by eye."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulate.errors import InputError
from simulate.survival import estimators as est


def naive_kaplan_meier(times, events, at):
    """S(at), one distinct time after the other."""
    s = 1.0
    for t in sorted(set(times[events])):
        if t > at:
            break
        n = sum(x >= t for x in times)
        d = sum(x == t and e for x, e in zip(times, events, strict=True))
        s *= 1 - d / n
    return s


def test_product_limit_is_the_loop_over_distinct_times():
    rng = np.random.default_rng(1)
    times, events = np.round(rng.exponential(5, 60), 0), rng.random(60) < 0.7
    distinct = np.unique(times)
    d = np.array([np.sum((times == t) & events) for t in distinct])
    n = np.array([np.sum(times >= t) for t in distinct])
    s = est.product_limit(d, n)
    assert s[0] == 1.0
    for k, t in enumerate(distinct):
        assert s[k + 1] == pytest.approx(naive_kaplan_meier(times, events, t), abs=1e-14)


def test_numbers_at_risk_count_who_leaves_now_or_later():
    assert est.numbers_at_risk([[3, 0, 2], [1, 1, 1]]).tolist() == [[5, 2, 2], [3, 2, 1]]


def test_the_last_death_leaves_survival_zero_and_an_infinite_variance_of_its_log():
    assert est.product_limit([1, 1], [2, 1]).tolist() == [1.0, 0.5, 0.0]
    assert est.greenwood([1, 1], [2, 1]).tolist() == [0.0, 0.5, math.inf]


def test_an_empty_risk_set_has_no_hazard():
    assert est.product_limit([1, 0], [1, 0]).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("level", [0.9, 0.5, 0.123])
def test_a_crossing_lies_on_the_line(level):
    times = np.linspace(0, 60, 400)
    survival = np.exp(-times / 20)
    t = float(est.crossing_time(times, survival, level))
    assert float(est.survival_at(times, survival, t)) == pytest.approx(level, abs=1e-12)


def test_crossings_of_many_curves_at_once():
    times = np.array([0.0, 1.0, 2.0])
    curves = np.array([[1.0, 0.6, 0.4], [1.0, 0.9, 0.8], [1.0, 0.5, 0.5]])
    assert est.crossing_time(times, curves).tolist() == pytest.approx([1.5, math.inf, 1.0])
    assert est.crossing_time(times, curves, linear=False).tolist() == [2.0, math.inf, 1.0]


def test_rounding_does_not_delay_a_step_that_reaches_the_level():
    # ten deaths of twenty, one by one: the product of (1 - 1/n) is 0.5 up to rounding
    n = np.arange(20.0, 10.0, -1.0)
    survival = est.product_limit(np.ones(10), n)
    assert float(est.crossing_time(np.arange(11.0), survival, linear=False)) == 10.0


def test_survival_beyond_the_end_is_unknown_unless_nobody_is_left():
    times = np.array([0.0, 1.0])
    assert math.isnan(float(est.survival_at(times, np.array([1.0, 0.3]), 2.0)))
    assert float(est.survival_at(times, np.array([1.0, 0.0]), 2.0)) == 0.0


def test_a_month_that_is_a_whole_day_up_to_rounding_is_that_day():
    times = np.arange(4000) / est.DAYS_PER_MONTH
    survival = np.linspace(1.0, 0.0, 4000)
    for k in (487, 974, 3000):
        assert float(est.survival_at(times, survival, k / est.DAYS_PER_MONTH)) == pytest.approx(survival[k], abs=1e-12)


def test_log_log_intervals_keep_certainties_and_refuse_levels_that_are_none():
    low, high = est.log_log_interval([1.0, 0.5, 0.0], [0.0, 0.01, math.inf])
    assert low.tolist()[::2] == [1.0, 0.0]
    assert high.tolist()[::2] == [1.0, 0.0]
    # by hand: theta = 1.959964 * 0.1 / |log 0.5|
    theta = math.exp(1.959963984540054 * 0.1 / math.log(2))
    assert (low[1], high[1]) == pytest.approx((0.5**theta, 0.5 ** (1 / theta)))
    with pytest.raises(InputError, match="level"):
        est.log_log_interval([0.5], [0.1], 95)


# ------------------------------------------------------------------------------------------------ Monte Carlo error
def test_for_means_of_equal_batches_the_jackknife_is_the_sd_over_root_b():
    batches = np.array([3.1, 2.7, 3.6, 2.9, 3.3, 3.0])
    rows = np.append(batches.mean(), [np.delete(batches, b).mean() for b in range(6)])
    assert est.jackknife_error(rows, np.full(6, 50)) == pytest.approx(batches.std(ddof=1) / math.sqrt(6), rel=1e-12)


def test_unequal_batches_give_an_unbiased_error_of_a_mean():
    # true variance of the mean of N(0, 1): 1 / n. Mean of 4,000 estimates; each has a relative SD of about sqrt(2 / 5)
    rng = np.random.default_rng(4)
    sizes = np.array([10, 40, 25, 60, 15, 50])
    found = []
    for _ in range(4000):
        sums = rng.normal(0.0, np.sqrt(sizes))
        rows = est.leave_one_out(sums) / est.leave_one_out(sizes)
        found.append(est.jackknife_error(rows, sizes) ** 2)
    mc = np.std(found) / math.sqrt(4000)
    assert np.mean(found) == pytest.approx(1 / sizes.sum(), abs=4 * mc)


def test_empty_batches_count_for_nothing():
    full = est.jackknife_error([2.0, 1.5, 2.5, 2.1], [10, 10, 10])
    assert est.jackknife_error([2.0, 1.5, 2.0, 2.5, 2.1], [10, 0, 10, 10]) == full


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [([1.0], [10]), ([1.0, 1.0], [10]), ([1.0, math.inf, 2.0], [5, 5]), ([math.nan, 1.0, 2.0], [5, 5])],
    ids=["one batch", "one left out", "one not reached", "no estimate"],
)
def test_no_error_where_there_is_none(rows, sizes):
    assert est.jackknife_error(rows, sizes) is None


def test_leaving_one_batch_out():
    assert est.leave_one_out([[1, 2], [3, 4], [5, 6]]).tolist() == [[9, 12], [8, 10], [6, 8], [4, 6]]
    assert est.leave_one_out([[1, 2]]).tolist() == [[1, 2]]
