"""Sums in a fixed order, day bins, and Kaplan-Meier estimates against lifelines and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulate.kernel import counts


def exact(times, events):
    """Distinct times, at risk, events and survival of the life table; its ends and its censorings are checked here."""
    at, risk, died, censored, survival = counts.exact_table(times, events)
    assert (at[0], risk[-1], survival[0]) == (0.0, 0.0, 1.0)
    assert np.array_equal(risk[:-1] - risk[1:], died + censored)
    return at[1:], risk[:-1], died, survival[1:]


@pytest.mark.parametrize("n", [1, 2, 4, 8, 64, 1024])
def test_fold_sums_are_those_of_halving(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(size=n)

    def halved(x):
        x = list(x)
        while len(x) > 1:
            x = [x[i] + x[i + len(x) // 2] for i in range(len(x) // 2)]
        return x[0]

    assert counts.fold_sum(a, np.zeros(n), n) == halved(a)
    assert counts.fold_product(a, b, np.zeros(n), n) == halved(a * b)


def test_day_bins_at_the_edges():
    day = 1 / 30.4375  # months
    days, inf = 10, np.inf
    #                 event, clock, start -> bin
    cases = [
        (0.0, 0.0, 0.0, 0),
        (2 * day, 9.0, 0.0, 2),
        (np.nextafter(2 * day, 0), 9.0, 0.0, 1),
        (12 * day, 12 * day, 10 * day, 2),  # the clock starts at the origin
        (9.99 * day, 9.0, 0.0, 9),
        (10 * day, 10 * day, 0.0, 11 + 10),  # at the horizon: censored there
        (inf, 3.5 * day, 0.0, 11 + 3),  # absorbed elsewhere: censored
        (inf, inf, 0.0, 11 + 10),  # never absorbed
        (inf, 3.0, inf, 22),  # never started
    ]
    event, clock, start = (np.array(c) for c in list(zip(*cases, strict=True))[:3])
    bins = np.zeros(len(cases), np.int64)
    counts.day_bins(event, clock, start, bins, len(cases), days)
    assert bins.tolist() == [c[3] for c in cases]


def by_hand(times, events):
    """Product-limit estimate written out."""
    survival, out = 1.0, []
    for t in sorted(set(times)):
        at_risk = sum(x >= t for x in times)
        d = sum(x == t and e for x, e in zip(times, events, strict=True))
        survival *= 1 - d / at_risk
        out.append((t, at_risk, d, survival))
    return out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 7.25, float("inf")]), st.booleans()), min_size=1))
def test_exact_km_by_hand(rows):
    times, events = [t for t, _ in rows], [e for _, e in rows]
    found = exact(np.array(times), np.array(events))
    for column, expected in zip(found, zip(*by_hand(times, events), strict=True), strict=True):
        assert column.tolist() == pytest.approx(list(expected), abs=1e-12)


def test_exact_km_is_that_of_lifelines():
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(1)
    times, cut = rng.weibull(1.3, 20_000) * 10, rng.uniform(0, 20, 20_000)
    seen, events = np.minimum(times, cut), times <= cut
    at, risk, d, s = exact(seen, events)
    fitted = KaplanMeierFitter().fit(seen, events)
    table = fitted.event_table.iloc[1:] if fitted.event_table.index[0] == 0 else fitted.event_table
    assert np.array_equal(at, table.index)
    assert np.array_equal(risk, table["at_risk"])
    assert np.array_equal(d, table["observed"])
    assert np.max(np.abs(s - fitted.survival_function_.iloc[1:, 0].to_numpy())) < 1e-12


def test_exact_km_keeps_every_bit_of_a_time_and_does_not_touch_its_input():
    times = np.array([np.nextafter(1.0, 2.0), 1.0, -0.0, np.nextafter(1.0, 0.0)])
    before = times.copy()
    found = exact(times, np.ones(4, bool))[0]
    assert found.tolist() == [0.0, np.nextafter(1.0, 0.0), 1.0, np.nextafter(1.0, 2.0)]
    assert np.array_equal(times, before)


@pytest.mark.parametrize(
    ("times", "events"), [([1.0, -1.0], [1, 1]), ([1.0, np.nan], [1, 1]), ([1.0], [1, 0]), ([[1.0]], [[1]])]
)
def test_exact_km_refuses(times, events):
    with pytest.raises(ValueError, match="times"):
        exact(np.array(times), np.array(events, bool))


def test_product_limit_of_counts_is_the_exact_one_of_whole_days():
    rng = np.random.default_rng(2)
    day, event = rng.integers(0, 50, 3_000), rng.random(3_000) < 0.7
    events, censored = np.bincount(day[event], minlength=60), np.bincount(day[~event], minlength=60)
    at, _, _, s = exact(day.astype(float), event)
    survival = counts.product_limit(events, counts.at_risk(events + censored))
    assert survival[at.astype(int)] == pytest.approx(s, abs=1e-13)
    assert survival[-1] == pytest.approx(s[-1], abs=1e-13)
