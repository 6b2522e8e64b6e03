"""Budget impact: years that add up to the undiscounted total, and slow cohort-by-cohort references."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simulate.economics.amounts import Values
from simulate.economics.budget import budget_impact, cumulative, yearly_costs
from simulate.economics.changes import with_clock
from simulate.errors import InputError

BEV, CHEMO = "bevacizumab", "chemotherapy"


def undiscounted(case, strategy):
    own = with_clock(case, costs=0.0, effects=0.0)
    return own.outcomes(strategy, own.integrated(strategy), Values.mean(case.file)).by_category()


@pytest.mark.parametrize("counting", ["integral", "start", "half_cycle", "simpson"])
@pytest.mark.parametrize("horizon", [120.0, 100.0])
def test_years_add_up_to_the_undiscounted_total(case, counting, horizon):
    own = with_clock(case, counting=counting, horizon=horizon, cycle=0.7)
    for strategy in case.arms:
        years, total = yearly_costs(own, strategy), undiscounted(own, strategy)
        assert set(years) == set(total)
        for category, each in years.items():
            assert len(each) == np.ceil(horizon / 12.0)
            assert each.sum() == pytest.approx(float(total[category][0]), rel=1e-11)


def test_discounting_of_the_evaluation_does_not_matter(case):
    for category, each in yearly_costs(case, BEV).items():
        np.testing.assert_allclose(each, yearly_costs(with_clock(case, costs=0.06), BEV)[category], rtol=1e-12)


def test_a_year_is_what_the_curves_say(case):
    """Slow reference of the months in a state: the trapezoid on the days of a year, its ends interpolated."""
    traces, file = case.integrated(CHEMO), case.file
    days = np.arange(case.clock.days + 1) / 30.4375
    years = cumulative(case, CHEMO, [12.0 * k for k in range(4)])["states"]
    fine = np.linspace(0.0, 36.0, 36 * 1000 + 1)
    for k in range(3):
        at = fine[12000 * k : 12000 * (k + 1) + 1]
        free, progressed = (np.interp(at, days, traces.state(s)[0]) for s in traces.states)
        entered = np.interp(at[[0, -1]], days, np.concatenate(([0.0], np.cumsum(traces.progressing[0]))))
        wanted = 500.0 * np.trapezoid(free, at) + 2702.0 * 518.9 / 463.7 * np.trapezoid(progressed, at)
        wanted += 300.0 * (entered[1] - entered[0])
        assert years[k + 1] - years[k] == pytest.approx(wanted, rel=1e-5)
    assert file.once["progression"].value == 300.0


def test_what_comes_once_at_the_start_falls_in_the_first_year(case):
    years = yearly_costs(case, BEV)
    assert years["toxicity"][0] == pytest.approx(float(undiscounted(case, BEV)["toxicity"][0]))
    np.testing.assert_allclose(years["toxicity"][1:], 0.0, atol=1e-9)
    assert (np.diff(years["drugs"]) < 0.0).all()


def test_beyond_the_horizon_nothing_is_added(case):
    costs = cumulative(case, BEV, [0.0, 60.0, 120.0, 200.0])["drugs"]
    assert costs[0] == 0.0 < costs[1] < costs[2] == costs[3]


def test_calendar_years_cohort_by_cohort(case):
    """Slow reference: each year's starters followed by themselves."""
    patients, uptake, before = [1000.0, 1100.0, 900.0, 1000.0], [0.1, 0.4, 0.6, 0.6], [0.05, 0.05, 0.0, 0.0]
    found = budget_impact(case, patients, uptake, uptake_without=before)
    new, old = (sum(yearly_costs(case, s).values()) for s in (BEV, CHEMO))
    with_it, without = np.zeros(4), np.zeros(4)
    for start in range(4):
        for year in range(start, 4):
            for out, share in ((with_it, uptake[start]), (without, before[start])):
                out[year] += patients[start] * (share * new[year - start] + (1.0 - share) * old[year - start])
    np.testing.assert_allclose(found.with_strategy, with_it, rtol=1e-11)
    np.testing.assert_allclose(found.without, without, rtol=1e-11)
    np.testing.assert_allclose(found.net, sum(found.by_category.values()), rtol=1e-9)
    np.testing.assert_allclose(found.treated, [50.0, 385.0, 540.0, 600.0])
    assert found.total == pytest.approx(with_it.sum() - without.sum())


def test_all_years_of_one_cohort_are_the_undiscounted_increment(case):
    """One year's starters followed to the horizon, everybody on the strategy."""
    found = budget_impact(case, [10.0] + [0.0] * 9, [1.0] * 10)
    total = [sum(float(v[0]) for v in undiscounted(case, s).values()) for s in (BEV, CHEMO)]
    assert found.total == pytest.approx(10.0 * (total[0] - total[1]), rel=1e-10)


def test_monthly_starters_month_by_month(case):
    """Slow reference: twelve cohorts a year, each of them a twelfth, followed to the end of each year."""
    found = budget_impact(case, 120.0, [1.0, 1.0, 1.0], starting="monthly")
    spent = [sum(v for v in cumulative(case, s, [float(m) for m in range(37)]).values()) for s in (BEV, CHEMO)]
    extra = spent[0] - spent[1]
    for year in range(3):
        wanted = 0.0
        for start in range(12 * (year + 1)):
            first = max(12 * year - start, 0)
            wanted += 10.0 * (extra[12 * (year + 1) - start] - extra[first])
        assert found.net[year] == pytest.approx(wanted, rel=1e-10)
    assert found.net[0] < budget_impact(case, 120.0, [1.0] * 3).net[0]


def test_no_uptake_costs_nothing(case):
    found = budget_impact(case, 500.0, [0.3, 0.3], uptake_without=[0.3, 0.3])
    np.testing.assert_allclose(found.net, 0.0, atol=1e-6)
    names = (CHEMO, "again")
    same = dataclasses.replace(
        case,
        arms=dict.fromkeys(names, CHEMO),
        regimens=dict.fromkeys(names, case.regimens[CHEMO]),
        stops=dict.fromkeys(names, case.stops[CHEMO]),
    )
    np.testing.assert_allclose(budget_impact(same, 500.0, [0.5, 1.0]).net, 0.0, atol=1e-6)


def test_what_is_displaced_is_a_mixture(case):
    three = dataclasses.replace(
        case,
        arms={**case.arms, "costlier": case.arms[BEV]},
        regimens={**case.regimens, "costlier": case.regimens[BEV]},
        stops={**case.stops, "costlier": 0.0},
    )
    whole = budget_impact(three, 100.0, [0.5, 0.5], strategy="costlier")
    half = budget_impact(three, 100.0, [0.5, 0.5], strategy="costlier", displaced={CHEMO: 0.5, BEV: 0.5})
    other = budget_impact(three, 100.0, [0.5, 0.5], strategy="costlier", displaced={BEV: 1.0})
    np.testing.assert_allclose(half.net, 0.5 * (whole.net + other.net), rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"uptake": [0.5, 1.2]}, "uptake"),
        ({"uptake": []}, "uptake"),
        ({"uptake": [0.5], "uptake_without": [0.1, 0.1]}, "uptake_without"),
        ({"uptake": [0.5, 0.5], "patients": [10.0]}, "patients"),
        ({"uptake": [0.5], "patients": -1.0}, "patients"),
        ({"uptake": [0.5], "displaced": {CHEMO: 0.9}}, "displaced"),
        ({"uptake": [0.5], "displaced": {BEV: 1.0}}, "displaced"),
        ({"uptake": [0.5], "starting": "weekly"}, "starting"),
    ],
)
def test_what_is_refused(case, arguments, field):
    with pytest.raises(InputError) as found:
        budget_impact(case, **{"patients": 100.0, **arguments})
    assert found.value.problems[0].field == field
