"""Severity: closed forms, the life table's own expectation of life, cut-offs to the digit."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from simulate.economics.changes import with_clock
from simulate.economics.severity import expected, shortfall, weights_of
from simulate.errors import InputError
from simulate.evidence.economics_schema import AgeNorm, Severity, SeverityWeight

ARA_BRAZIER = (0.9508566, -0.0002587, -0.0000332)
NICE = Severity(
    weights=(
        SeverityWeight(proportional=0.85, absolute=12.0, weight=1.2),
        SeverityWeight(proportional=0.95, absolute=18.0, weight=1.7),
    ),
    assumed=True,
    why="test",
)


@pytest.fixture(scope="module")
def table(root):
    with open(root / "params/life_tables/ssa_female_2023.csv", encoding="utf-8") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return np.array([float(r["qx"]) for r in rows]), np.array([float(r["ex"]) for r in rows])


@pytest.fixture(scope="module")
def severe(case):
    """The invented evaluation with NICE's weights, an age and a norm."""
    return dataclasses.replace(
        case,
        reference=case.reference.model_copy(update={"severity": NICE}),
        question=case.question.model_copy(update={"start_age": 47.0}),
        file=case.file.model_copy(update={"age_norm": AgeNorm(coefficients=ARA_BRAZIER, assumed=True, why="test")}),
    )


def test_a_constant_hazard_in_closed_form():
    """Hazard h, force of interest r, utility u: u (1 - exp(-(h + r) T)) / (h + r) to the end of the table."""
    h, r, u = 0.08, 0.035, 0.8
    q = np.full(120, -np.expm1(-h))
    for age in (0.0, 40.0, 62.3):
        end = 120.0 - age
        found = expected(q, age, (u,), r, "continuous")
        assert found.qaly == pytest.approx(u * -np.expm1(-(h + r) * end) / (h + r), rel=1e-6)
        assert found.life_years == pytest.approx(-np.expm1(-h * end) / h, rel=1e-12)


def test_methods_of_discounting():
    h = 0.08
    q = np.full(120, -np.expm1(-h))
    per_cycle = expected(q, 50.0, (1.0,), 0.035, "per_cycle").qaly
    assert per_cycle == pytest.approx(expected(q, 50.0, (1.0,), np.log(1.035), "continuous").qaly, rel=1e-12)
    years = np.arange(70)
    each = np.exp(-h * years) * -np.expm1(-h) / h
    assert expected(q, 50.0, (1.0,), 0.035, "yearly").qaly == pytest.approx(
        float(each @ 1.035 ** -(1.0 * years)), rel=1e-9
    )


def test_expectation_of_life_is_the_tables_own(table):
    """The table prints e(x) to two decimals; deaths within a year of age are spread a little differently."""
    q, ex = table
    for age in (0, 30, 47, 60, 80):
        assert expected(q, float(age), (1.0,), 0.0).life_years == pytest.approx(ex[age], abs=0.03)
        assert expected(q, float(age), (1.0,), 0.0).qaly == pytest.approx(ex[age], abs=0.03)


def test_a_part_of_a_year_of_age(table):
    """Slow reference: quadrature year by year of a hazard that changes on birthdays, from 47.4 on."""
    q, _ = table
    age, rate = 47.4, 0.035
    h = -np.log1p(-np.minimum(q, 0.999999))
    total, alive, at = 0.0, 1.0, age
    norm = np.polynomial.polynomial.Polynomial(ARA_BRAZIER)

    def lived(x, hazard, since):
        return np.exp(-hazard * (x - since)) * max(norm(x), 0.0) * 1.035 ** -(x - age)

    while at < len(q):
        year, end = int(at), float(int(at) + 1)
        part, _ = quad(lived, at, end, args=(h[year], at))
        total += alive * part
        alive *= np.exp(-h[year] * (end - at))
        at = end
    assert expected(q, age, ARA_BRAZIER, rate).qaly == pytest.approx(total, rel=1e-6)


def test_utility_never_rises_and_never_falls_below_zero():
    q = np.full(100, 0.05)
    assert expected(q, 20.0, (0.5, 0.01), 0.0).qaly == pytest.approx(
        0.7 * expected(q, 20.0, (1.0,), 0.0).qaly, rel=1e-3
    )
    assert expected(q, 20.0, (0.0, -0.01), 0.0).qaly == 0.0


@pytest.mark.parametrize(
    ("absolute", "proportional", "wanted"),
    [
        (11.999, 0.849, (1.0, 1.0)),
        (12.0, 0.5, (1.2, 1.0)),
        (5.0, 0.85, (1.0, 1.2)),
        (17.99, 0.949, (1.2, 1.2)),
        (18.0, 0.86, (1.7, 1.2)),
        (12.5, 0.95, (1.2, 1.7)),
        (3.0, 1.0 - 1.8 / 12.0 - 1e-15, (1.0, 1.2)),  # 0.85 but for rounding
        (12.0 - 1e-13, 0.0, (1.2, 1.0)),
        (0.0, 0.0, (1.0, 1.0)),
    ],
)
def test_on_a_cut_off_the_higher_weight_counts(absolute, proportional, wanted):
    assert weights_of(NICE, absolute, proportional) == wanted
    turned = NICE.model_copy(update={"weights": NICE.weights[::-1]})
    assert weights_of(turned, absolute, proportional) == wanted


def test_weight_of_an_evaluation(severe, table):
    q, _ = table
    found = shortfall(severe, q)
    assert found.without.qaly == expected(q, 47.0, ARA_BRAZIER, 0.03, "per_cycle").qaly
    assert found.absolute == found.without.qaly - found.with_disease
    assert found.proportional == pytest.approx(1.0 - found.with_disease / found.without.qaly)
    assert found.weight == max(found.by_absolute, found.by_proportional) == 1.2
    assert found.threshold(30_000.0) == pytest.approx(36_000.0)
    assert 0.0 < found.alive < 0.02
    older = shortfall(severe, q, age=70.0)
    assert (older.by_absolute, older.by_proportional, older.weight) == (1.0, 1.2, 1.2)
    # under the new treatment less is lost; both sides are discounted at the same rate
    assert shortfall(severe, q, strategy="bevacizumab").absolute < found.absolute
    undiscounted = shortfall(with_clock(severe, effects=0.0), q)
    assert undiscounted.with_disease > found.with_disease
    assert undiscounted.without.qaly == expected(q, 47.0, ARA_BRAZIER, 0.0).qaly
    assert undiscounted.weight == 1.7


def test_the_older_lose_less(severe, table):
    q, _ = table
    losses = [shortfall(severe, q, age=age).absolute for age in (40.0, 50.0, 60.0, 75.0)]
    assert losses == sorted(losses, reverse=True)


def test_what_is_missing_is_named(case, severe, table):
    q, _ = table
    with pytest.raises(InputError, match="does not weigh severity"):
        shortfall(case, q)
    with pytest.raises(InputError, match="how old"):
        shortfall(dataclasses.replace(severe, question=case.question), q)
    with pytest.raises(InputError, match="no utility of the general population"):
        shortfall(dataclasses.replace(severe, file=case.file), q)
    with pytest.raises(InputError, match="not in the life table"):
        expected(q, 130.0, (1.0,), 0.0)
    with pytest.raises(InputError, match="no strategy 'placebo'"):
        shortfall(severe, q, strategy="placebo")
