"""When something is used, against slow loops over days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.economics.schedule import cycles, doses, examinations, scans, visits
from simulate.evidence.regimen_schema import Monitoring, Regimen
from simulate.model.types import DAYS_PER_MONTH

HORIZON = 12.0
WEEK = 7.0 / DAYS_PER_MONTH


def regimen(drugs=(), cycle_days: int = 21, max_cycles: int | None = None, **more) -> Regimen:
    course = {"cycle_days": cycle_days, "max_cycles": max_cycles, "until": "progression"} if drugs else None
    evidence = {"trial": None, "arm": None}
    made = {"id": "toy", "label": "toy", "lines": [1], "drugs": drugs, "course": course, "evidence": evidence, **more}
    return Regimen.model_validate(made)


def drug(name: str = "a", days=(1,), **more) -> dict:
    return {"drug": name, "dose": 1.0, "unit": "mg", "days": list(days), **more}


def slow_days(drug: dict, cycle_days: int, max_cycles: int | None, horizon: float) -> list[int]:
    """Days from the start, 0 for the first, on which a drug is given."""
    out = []
    for day in range(int(horizon * DAYS_PER_MONTH) + 2):
        cycle, within = divmod(day, cycle_days)
        number = cycle + 1
        first, last, every = drug.get("from_cycle", 1), drug.get("to_cycle"), drug.get("every_cycles", 1)
        planned = number >= first and (number - first) % every == 0
        planned = planned and (last is None or number <= last) and (max_cycles is None or number <= max_cycles)
        if planned and within + 1 in drug["days"] and day / DAYS_PER_MONTH < horizon:
            out.append(day)
    return out


@given(
    cycle_days=st.integers(7, 42),
    days=st.sets(st.integers(1, 7), min_size=1, max_size=4),
    first=st.integers(1, 4),
    span=st.none() | st.integers(0, 6),
    every=st.integers(1, 3),
    most=st.none() | st.integers(1, 10),
    horizon=st.floats(0.3, 30.0),
)
def test_days_of_doses(cycle_days, days, first, span, every, most, horizon):
    given_drug = drug(days=sorted(days), from_cycle=first, every_cycles=every)
    if span is not None:
        given_drug["to_cycle"] = first + span
    plan = regimen([given_drug], cycle_days, most)
    found = doses(plan, horizon)[0].months * DAYS_PER_MONTH
    np.testing.assert_allclose(found, slow_days(given_drug, cycle_days, most, horizon), atol=1e-6)


def test_cycles_of_one_drug():
    plan = regimen([drug(from_cycle=2, to_cycle=9, every_cycles=3)], 21, max_cycles=8)
    np.testing.assert_allclose(cycles(plan, plan.drugs[0], 100.0) * DAYS_PER_MONTH, [21.0, 84.0, 147.0])
    own = regimen([drug(), drug("b", cycle_days=28)])
    np.testing.assert_allclose(doses(own, 3.0)[1].months * DAYS_PER_MONTH, [0.0, 28.0, 56.0, 84.0])


def test_alternatives_are_not_given_as_well():
    plan = regimen([drug(), drug("b", instead_of="a"), drug("c")])
    assert [d.drug.drug for d in doses(plan, HORIZON)] == ["a", "c"]


def test_one_visit_for_all_drugs_of_a_day():
    plan = regimen([drug(days=(1, 8)), drug("b"), drug("c", days=(2,)), drug("d", to_cycle=1)], 21, max_cycles=2)
    found = visits(plan, HORIZON)
    assert [round(m * DAYS_PER_MONTH, 3) for m in found] == [0.0, 1.0, 7.0, 21.0, 22.0, 28.0]
    assert list(found.values()) == [("a", "b", "d"), ("c",), ("a",), ("a", "b"), ("c",), ("a",)]
    assert visits(regimen(), HORIZON) == {}
    # days of cycles of different length meet again, whatever the rounding of months
    meet = visits(regimen([drug(), drug("b", cycle_days=28)]), 30.0)
    assert sum(names == ("a", "b") for names in meet.values()) == sum(84 * i / DAYS_PER_MONTH < 30.0 for i in range(99))


EXAMINATIONS = [
    ({"every_months": 3}, 3 * np.arange(1, 4)),  # at 12 the horizon is reached
    ({"every_months": 3, "for_months": 6}, [3, 6]),  # for six months: the sixth with them
    ({"every_months": 4, "for_months": 6}, [4]),
    ({"every_weeks": 8, "up_to": 12}, 8 * WEEK * np.arange(1, 7)),  # the lower end of the range
    ({"after_cycles": 2, "up_to": 3}, [42 / DAYS_PER_MONTH]),
    ({"after_cycles": 30}, []),
    ({"each_visit": True}, 21 / DAYS_PER_MONTH * np.arange(6)),
    ({"each_visit": True, "for_months": 2}, 21 / DAYS_PER_MONTH * np.arange(3)),
    ({"each_visit": True, "start_after_cycles": 4}, 21 / DAYS_PER_MONTH * np.arange(4, 6)),
    ({"every_months": 3, "start_after_cycles": 4}, 84 / DAYS_PER_MONTH + 3 * np.arange(1, 4)),
]


@pytest.mark.parametrize(("item", "expected"), EXAMINATIONS)
def test_examinations(item, expected):
    plan = regimen([drug()], 21, max_cycles=6)
    found = examinations(plan, Monitoring(what="blood", **item), HORIZON)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("imaging", "weeks"),
    [
        ({"every_weeks": 9}, [9, 18, 27, 36, 45]),
        ({"every_weeks": 9, "until_week": 27, "then_every_weeks": 12}, [9, 18, 27, 39, 51]),
        ({"every_weeks": 8, "until_week": 20, "then_every_weeks": 12}, [8, 16, 32, 44]),
        ({"every_weeks": 9, "until_week": 520, "then_every_weeks": 12}, [9, 18, 27, 36, 45]),
        ({"every_weeks": 60}, []),
    ],
)
def test_scans(imaging, weeks):
    found = scans(regimen(imaging=imaging), HORIZON)
    np.testing.assert_allclose(found / WEEK, weeks)


def test_no_scans_without_a_plan():
    assert len(scans(regimen(), HORIZON)) == 0


@given(
    horizon=st.floats(0.2, 200.0),
    every=st.floats(0.5, 12.0),
    until=st.none() | st.floats(0.5, 100.0),
    start=st.none() | st.integers(1, 20),
    each=st.booleans(),
)
def test_nothing_beyond_the_horizon(horizon, every, until, start, each):
    plan = regimen([drug(days=(1, 5, 21))], 21, imaging={"every_weeks": every * 4})
    when = {"each_visit": True} if each else {"every_months": every}
    item = Monitoring(what="blood", for_months=until, start_after_cycles=start, **when)
    times = [examinations(plan, item, horizon), *(d.months for d in doses(plan, horizon))]
    times += [np.array(list(visits(plan, horizon))), scans(plan, horizon)]
    for at in times:
        assert (at >= 0.0).all()
        assert (at <= horizon).all()
