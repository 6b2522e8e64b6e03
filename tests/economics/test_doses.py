"""Vials against every combination of them; means over patients against patients drawn one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulate.economics.amounts import Values
from simulate.economics.doses import NODES, cheapest, cost_of_dose, dose_mg
from simulate.evidence.economics_schema import Economics
from simulate.evidence.regimen_schema import RegimenDrug

PATIENTS = 400_000


def slow_cheapest(mg: float, sizes: list[float], prices: list[float]) -> float:
    most = [int(mg // s) + 1 for s in sizes]
    counts = product(*(range(m + 1) for m in most))
    return min(np.dot(c, prices) for c in counts if np.dot(c, sizes) >= mg - 1e-9)


@settings(max_examples=60, deadline=None)
@given(
    vials=st.dictionaries(st.integers(40, 500), st.integers(0, 1000), min_size=1, max_size=3),
    doses=st.lists(st.floats(0.5, 500.0), min_size=1, max_size=4),
)
def test_cheapest_against_every_combination(vials, doses):
    sizes, prices = list(vials), list(vials.values())
    found = cheapest(np.array(doses), np.array(sizes, float), np.array(prices, float))
    expected = [slow_cheapest(mg, sizes, prices) for mg in doses]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    # what is paid for is at least as dear as if vials could be shared
    assert (found >= np.array(doses) * min(p / s for s, p in vials.items()) - 1e-9).all()


@given(st.integers(0, 2**32 - 1))
def test_each_draw_has_its_own_prices(seed):
    rng = np.random.default_rng(seed)
    mg, sizes, prices = rng.uniform(1.0, 600.0, (4, 3)), np.array([100.0, 30.0, 400.0]), rng.uniform(1.0, 9.0, (4, 3))
    found = cheapest(mg, sizes, np.broadcast_to(prices[:, None, :], (4, 3, 3)))
    for d in range(4):
        np.testing.assert_allclose(found[d], cheapest(mg[d], sizes, prices[d]), rtol=1e-12)


def test_whole_numbers_of_vials_need_no_other():
    assert cheapest(np.array([100.0]), np.array([100.0]), np.array([7.0]))[0] == 7.0
    assert cheapest(np.array([3 * 0.1]), np.array([0.1]), np.array([7.0]))[0] == 21.0  # 0.30000000000000004
    assert cheapest(np.array([100.01]), np.array([100.0]), np.array([7.0]))[0] == 14.0


def drug(dose: float, unit: str, **more) -> RegimenDrug:
    return RegimenDrug(drug="examplumab", dose=dose, unit=unit, days=(1,), **more)


def test_milligrams():
    """Calvert's formula: AUC 5 at 90 mL/min is 575 mg; clearance is capped at 125 mL/min."""
    np.testing.assert_allclose(dose_mg(drug(5, "AUC"), np.array([90.0, 125.0, 160.0])), [575.0, 750.0, 750.0])
    np.testing.assert_allclose(dose_mg(drug(50, "mg/m2"), np.array([1.5, 2.0])), [75.0, 100.0])
    np.testing.assert_allclose(dose_mg(drug(15, "mg/kg"), np.array([60.0, 80.0])), [900.0, 1200.0])
    np.testing.assert_allclose(dose_mg(drug(200, "mg"), np.array([60.0, 80.0])), [200.0, 200.0])
    np.testing.assert_allclose(dose_mg(drug(15, "mg/kg", max_dose_mg=1000), np.array([60.0, 80.0])), [900.0, 1000.0])


def prices(vials: dict[float, float], waste: str = "whole", bodies=None, **more) -> Economics:
    sold = [{"mg": float(mg), "price": {"value": float(p), "distribution": "fixed"}} for mg, p in vials.items()]
    given = {"id": "toy", "label": "toy", "payer": "nobody", "reference_case": "toy", "currency": "USD"}
    drugs = {"examplumab": {"vials": sold, "waste": waste, **more}}
    return Economics.model_validate({**given, "price_year": 2020, "drugs": drugs, "bodies": bodies or {}})


def cost(given: RegimenDrug, file: Economics, values: Values | None = None) -> np.ndarray:
    return cost_of_dose(given, file.drugs["examplumab"], values or Values.mean(file))


WEIGHT = {"weight": {"value": 70.0, "between": 15.0}}
SURFACE = {"body_surface": {"value": 1.75, "between": 0.2}}
CLEARANCE = {"clearance": {"value": 90.0, "between": 30.0}}
CASES = [
    (drug(15, "mg/kg"), {400.0: 3200.0, 100.0: 800.0}, WEIGHT),
    (drug(15, "mg/kg"), {400.0: 3200.0}, WEIGHT),
    (drug(6, "mg/kg"), {400.0: 1.0}, WEIGHT),
    (drug(2, "mg/kg", max_dose_mg=150), {50.0: 1.0}, WEIGHT),
    (drug(57, "mg/m2"), {50.0: 10.0}, SURFACE),
    (drug(175, "mg/m2"), {100.0: 20.0, 30.0: 7.0}, SURFACE),
    (drug(5, "AUC"), {450.0: 40.0, 150.0: 15.0}, CLEARANCE),
    (drug(200, "mg"), {100.0: 5.0}, {}),
]


@pytest.mark.parametrize(("given_drug", "vials", "bodies"), CASES)
@pytest.mark.parametrize("waste", ["whole", "shared"])
def test_mean_over_patients_against_patients_drawn(given_drug, vials, bodies, waste):
    """Bound: 4 standard errors of the patients drawn, and half the range of costs over the number of nodes.

    The cost rises with the size in steps; each step is misplaced by half a node at most.
    """
    rng = np.random.default_rng(8)
    size = np.ones(PATIENTS)
    for body in bodies.values():
        log_sd = np.sqrt(np.log1p((body["between"] / body["value"]) ** 2))
        size = body["value"] * np.exp(log_sd * rng.standard_normal(PATIENTS) - 0.5 * log_sd**2)
    mg = dose_mg(given_drug, size)
    if waste == "whole":
        paid = cheapest(mg, np.array(list(vials)), np.array(list(vials.values())))
    else:
        paid = mg * min(p / s for s, p in vials.items())
    found = cost(given_drug, prices(vials, waste, bodies))
    bound = 4.0 * paid.std() / np.sqrt(PATIENTS) + 0.5 * np.ptp(np.quantile(paid, [1e-4, 1 - 1e-4])) / NODES + 1e-9
    assert found.shape == (1,)
    assert found[0] == pytest.approx(paid.mean(), abs=bound)
    assert cost(given_drug, prices(vials, "whole", bodies))[0] >= cost(given_drug, prices(vials, "shared", bodies))[0]


def test_shared_vials_cost_the_mean_dose():
    """Where the cost is proportional to the size, it does not matter how patients differ."""
    apart = cost(drug(15, "mg/kg"), prices({100.0: 800.0, 400.0: 3000.0}, "shared", WEIGHT))
    assert apart[0] == pytest.approx(15.0 * 70.0 * 7.5, rel=1e-12)
    alike = cost(drug(15, "mg/kg"), prices({100.0: 800.0}, "whole", {"weight": {"value": 70.0}}))
    assert alike[0] == 11 * 800.0


def test_doses_left_out_cost_nothing():
    plain = cost(drug(15, "mg/kg"), prices({100.0: 800.0}, bodies=WEIGHT))
    less = cost(drug(15, "mg/kg"), prices({100.0: 800.0}, bodies=WEIGHT, dose_intensity={"value": 0.8}))
    assert less[0] == pytest.approx(0.8 * plain[0], rel=1e-12)


def test_draws_are_those_one_by_one():
    bodies = {"weight": {"value": 70.0, "se": 2.0, "between": 15.0}}
    file = prices({100.0: 800.0, 400.0: 3000.0}, bodies=bodies, dose_intensity={"value": 0.9, "se": 0.02})
    uncertain = file.model_dump()
    for vial in uncertain["drugs"]["examplumab"]["vials"]:
        vial["price"].update(cv=0.2, distribution=None)
    file = Economics.model_validate(uncertain)
    values = Values.drawn(file, 6, 2)
    found = cost(drug(15, "mg/kg"), file, values)
    one = [Values(file, {p: v[d : d + 1] for p, v in values.by_place.items()}) for d in range(6)]
    np.testing.assert_allclose(found, [cost(drug(15, "mg/kg"), file, v)[0] for v in one], rtol=1e-12)
    assert np.ptp(found) > 0.0
