"""A trial's accrual and cut-off: expected counts against drawn enrolment."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from simulate.errors import InputError
from simulate.survival import SurvivalCurve, administrative_censoring, cox, two_sample
from simulate.survival.follow_up import under_observation

DAYS_PER_MONTH = 30.4375


@pytest.mark.parametrize(("accrual", "cutoff"), [(24.0, 36.0), (24.0, 24.0), (30.0, 12.0), (0.0, 20.0)])
def test_events_are_seen_with_the_mean_of_g_over_their_day(accrual, cutoff):
    days = 1300
    events, _ = administrative_censoring(np.append(np.ones(days), 0), np.zeros(days + 1), accrual, cutoff)
    for d in (0, 100, 364, 365, 366, 700, 730, 731, 1095, 1299):
        low, high = d / DAYS_PER_MONTH, (d + 1) / DAYS_PER_MONTH
        kinks = [x for x in (cutoff - accrual, cutoff) if low < x < high]
        mean = quad(lambda t: float(under_observation(t, accrual, cutoff)), low, high, points=kinks or None)[0]
        assert events[d] == pytest.approx(mean * DAYS_PER_MONTH, abs=1e-9)


def test_everybody_enrolled_is_seen_or_censored(two_arms):
    for accrual, cutoff, share in ((24.0, 36.0, 1.0), (30.0, 12.0, 0.4), (0.0, 20.0, 1.0)):
        events, censored = administrative_censoring(*two_arms[0], accrual, cutoff)
        assert events.sum() + censored.sum() == pytest.approx(20_000 * share, rel=1e-12)
        assert events.min() >= 0
        assert censored.min() >= 0
        assert events[int(cutoff * DAYS_PER_MONTH) + 1 :].sum() == 0.0


def test_survival_is_that_of_the_full_follow_up_where_censoring_says_nothing(two_arms):
    full = SurvivalCurve.from_table(*two_arms[0])
    cut = SurvivalCurve.from_table(*administrative_censoring(*two_arms[0], 24.0, 36.0))
    np.testing.assert_allclose(cut.at(np.arange(1.0, 34.0)), full.at(np.arange(1.0, 34.0)), rtol=2e-3)


def test_the_hazard_ratio_is_the_mean_over_drawn_enrolments(two_arms, day_table):
    """60 drawn enrolments of the same 20,000 patients per arm; their mean is held to four of its standard errors."""
    rng = np.random.default_rng(31)
    n, accrual, cutoff = 20_000, 20.0, 30.0
    times = 18.0 * rng.weibull(1.5, n), 14.0 * rng.weibull(0.9, n)
    tables = [day_table(t, 1500) for t in times]
    expected = cox(
        two_sample(*(SurvivalCurve.from_table(*administrative_censoring(*t, accrual, cutoff)) for t in tables))
    )
    drawn = []
    for _ in range(60):
        cut = [day_table(t, 1500, cutoff - accrual * rng.random(n)) for t in times]
        drawn.append(math.log(cox(two_sample(*(SurvivalCurve.from_table(*c) for c in cut))).value))
    error = np.std(drawn, ddof=1) / math.sqrt(60)
    assert math.log(expected.value) == pytest.approx(np.mean(drawn), abs=4 * error)
    # and it is not the ratio of the full follow-up, whose hazards cross
    assert (
        abs(math.log(expected.value / cox(two_sample(*(SurvivalCurve.from_table(*t) for t in tables))).value))
        > 10 * error
    )


def test_batches_are_cut_each_alone(two_arms):
    events, censored = (np.stack(x) for x in zip(*two_arms, strict=True))
    together = administrative_censoring(events, censored, 24.0, 36.0)
    for b in (0, 1):
        alone = administrative_censoring(events[b], censored[b], 24.0, 36.0)
        np.testing.assert_array_equal(together[0][b], alone[0])
        np.testing.assert_array_equal(together[1][b], alone[1])


def test_a_cut_off_beyond_the_horizon_is_refused_unless_nobody_is_left():
    events, left = np.array([5.0, 5.0, 0.0]), np.array([0.0, 0.0, 1.0])
    with pytest.raises(InputError, match=r"beyond the horizon.*longer horizon"):
        administrative_censoring(events, left, 1.0, 24.0)
    seen, _ = administrative_censoring(events, 0 * left, 1.0, 24.0)
    assert seen.sum() == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("accrual", "cutoff", "field"),
    [(-1, 10, "accrual"), (math.nan, 10, "accrual"), (5, 0, "cutoff"), (5, math.inf, "cutoff")],
)
def test_impossible_follow_up_is_refused(accrual, cutoff, field):
    with pytest.raises(InputError) as caught:
        administrative_censoring([1, 0], [0, 1], accrual, cutoff)
    assert caught.value.problems[0].field == field
