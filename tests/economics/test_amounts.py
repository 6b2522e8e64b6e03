"""Uncertain numbers: currency and year, distributions whose mean is the file's value, streams of their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulate.economics.amounts import Values, converted, distribution_of, quantile, uniforms
from simulate.evidence.economics_schema import Economics
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share, Size, Spread, Utility

N = 200_000
MIDDLES = (np.arange(N) + 0.5) / N
INTERVAL = Spread(low=0.6, high=0.8)
# kind, value, spread, distribution asked for, distribution and standard error expected
NUMBERS = [
    (Money, 500.0, {"cv": 0.2}, None, "gamma", 100.0),
    (Money, 500.0, {"se": 450.0}, None, "gamma", 450.0),
    (Money, 500.0, {"se": 100.0}, "lognormal", "lognormal", 100.0),
    (Money, 500.0, {"se": 10.0}, "normal", "normal", 10.0),
    (Money, 500.0, {}, None, "fixed", 0.0),
    (Money, 500.0, {}, "fixed", "fixed", 0.0),
    (Money, 0.0, {"se": 10.0}, None, "fixed", 0.0),
    (Utility, 0.7, {"interval": INTERVAL}, None, "beta", 0.2 / (2.0 * 1.959963985)),
    (Utility, 0.7, {"interval": Spread(low=0.6, high=0.8, level=0.5)}, None, "beta", 0.2 / (2.0 * 0.6744897502)),
    (Utility, 0.98, {"se": 0.01}, None, "beta", 0.01),
    (Utility, -0.2, {"se": 0.05}, None, "normal", 0.05),
    (Disutility, 0.1, {"se": 0.05}, None, "beta", 0.05),
    (Share, 0.57, {"cv": 0.1}, None, "beta", 0.057),
    (Share, 0.57, {"cv": 0.1}, "normal", "normal", 0.057),
    (Size, 70.0, {"se": 1.5, "between": 15.0}, None, "normal", 1.5),
    (Quantity, -3.0, {"cv": 0.1}, None, "normal", 0.3),
]  # fmt: skip


def file(**more) -> Economics:
    index = {"label": "prices", "values": [{"year": y, "value": v} for y, v in ((2010, 80.0), (2020, 120.0))]}
    given = {
        "id": "toy", "label": "toy", "payer": "nobody", "reference_case": "toy", "currency": "USD", "price_year": 2020,
        "index": index, "exchange": {"EUR": {"rate": 1.2, "year": 2010}, "GBP": {"rate": 1.5, "year": 2020}},
        "monitoring": {"scan": {"value": 100.0, "cv": 0.3}, "visit": {"value": 50.0, "se": 5.0}},
        "states": {"progressed": {"utility": {"value": 0.6, "se": 0.05}, "cost": {"value": 9.0}}},
    }  # fmt: skip
    return Economics.model_validate({**given, **more})


@pytest.mark.parametrize(("kind", "value", "spread", "asked", "name", "se"), NUMBERS)
def test_mean_and_standard_error_are_those_of_the_file(kind, value, spread, asked, name, se):
    """At the middles of N equal parts of (0, 1): what the outermost leave out is below 1e-3 of the standard error."""
    number = kind(value=value, distribution=asked, **spread)
    assert distribution_of(number) == name
    drawn = quantile(number, MIDDLES)
    assert drawn.mean() == pytest.approx(value, abs=1e-3 * se + 1e-12)
    assert drawn.std() == pytest.approx(se, rel=2e-3, abs=1e-9)
    assert (np.diff(drawn) >= 0.0).all()
    if name == "beta":
        assert drawn.min() > 0.0
        assert drawn.max() < 1.0
    if name in ("gamma", "lognormal"):
        assert drawn.min() >= 0.0


@given(st.floats(0.02, 0.98), st.floats(0.01, 0.9), st.floats(0.001, 0.999))
def test_quantiles_are_those_of_the_named_distribution(mean, part, u):
    se = part * np.sqrt(mean * (1.0 - mean))
    size = mean * (1.0 - mean) / se**2 - 1.0
    beta = stats.beta(mean * size, (1.0 - mean) * size)
    assert quantile(Share(value=mean, se=se), np.array([u]))[0] == pytest.approx(beta.ppf(u), rel=1e-6, abs=1e-12)
    gamma = stats.gamma((mean / se) ** 2, scale=se**2 / mean)
    assert quantile(Money(value=mean, se=se), np.array([u]))[0] == pytest.approx(gamma.ppf(u), rel=1e-6, abs=1e-12)


def test_brought_to_the_currency_and_year_of_the_file():
    toy = file()
    assert converted(Money(value=1.0), toy) == 1.0
    assert converted(Money(value=1.0, price_year=2020, currency="USD"), toy) == 1.0
    assert converted(Money(value=1.0, price_year=2010), toy) == pytest.approx(1.5)
    assert converted(Money(value=1.0, currency="GBP"), toy) == pytest.approx(1.5)
    # exchanged in the year of the rate, then brought on by the index at home
    assert converted(Money(value=1.0, currency="EUR"), toy) == pytest.approx(1.2 * 1.5)
    # a price abroad of another year is first brought to that of the rate by the index there
    there = {"label": "there", "values": [{"year": 2000, "value": 50.0}, {"year": 2010, "value": 60.0}]}
    abroad = file(exchange={"EUR": {"rate": 1.2, "year": 2010, "index": there}})
    assert converted(Money(value=1.0, currency="EUR", price_year=2000), abroad) == pytest.approx(1.2 * 1.2 * 1.5)
    assert converted(Money(value=1.0, currency="EUR", price_year=2010), abroad) == pytest.approx(1.2 * 1.5)
    # what is not indexed is exchanged at most, of a year that no index has too
    assert converted(Money(value=1.0, price_year=2010, indexed=False), abroad) == 1.0
    assert converted(Money(value=1.0, price_year=1990, indexed=False), abroad) == 1.0
    assert converted(Money(value=1.0, currency="EUR", price_year=1990, indexed=False), abroad) == 1.2
    money = {"value": 100.0, "cv": 0.3, "currency": "EUR"}
    toy = file(monitoring={"scan": money})
    assert Values.mean(toy)["monitoring", "scan"] == pytest.approx(180.0)
    plain = file(monitoring={"scan": {**money, "currency": None}})
    drawn, own = (Values.drawn(f, 100, 1)["monitoring", "scan"] for f in (toy, plain))
    np.testing.assert_allclose(drawn, 1.8 * own, rtol=1e-12)  # its spread with it


def test_means_of_draws(case):
    """Of each number of the file, within 4.5 standard errors of 4,000 draws."""
    mean, drawn = Values.mean(case.file), Values.drawn(case.file, 4000, 5)
    assert mean.by_place.keys() == drawn.by_place.keys()
    uncertain = drawn.uncertain()
    for place, value in mean.by_place.items():
        draws = drawn[place]
        assert abs(draws.mean() - value[0]) <= 4.5 * draws.std() / np.sqrt(4000) + 1e-9 * abs(value[0]), place
        assert (".".join(map(str, place)) in uncertain) == (case.file.quantities()[place].standard_error > 0.0)


def test_streams_know_nothing_of_other_numbers():
    before = Values.drawn(file(), 200, 3)
    more = file(
        monitoring={
            "blood": {"value": 1.0, "cv": 0.2}, "visit": {"value": 55.0, "se": 5.0}, "scan": {"value": 100.0, "cv": 0.3}
        }
    )  # fmt: skip
    after = Values.drawn(more, 200, 3)
    for place in (("monitoring", "scan"), ("states", "progressed", "utility")):
        np.testing.assert_array_equal(before[place], after[place])
    visit = before["monitoring", "visit"], after["monitoring", "visit"]
    assert (np.argsort(visit[0]) == np.argsort(visit[1])).all()  # another price, the same luck
    assert not np.array_equal(before["monitoring", "scan"], Values.drawn(file(), 200, 4)["monitoring", "scan"])
    longer = Values.drawn(file(), 300, 3)["monitoring", "scan"]
    np.testing.assert_array_equal(before["monitoring", "scan"], longer[:200])


def test_uniforms():
    """Uniform, and without correlation: each within 4.5 standard errors."""
    draws = 20_000
    u = np.array([uniforms(f"drugs.a.vials.{i}.price", draws, seed) for i in range(3) for seed in (1, 2)])
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert np.abs(u.mean(axis=1) - 0.5).max() < 4.5 / np.sqrt(12.0 * draws)
    apart = np.corrcoef(u) - np.eye(len(u))
    assert np.abs(apart).max() < 4.5 / np.sqrt(draws)
    assert stats.kstest(u[0], "uniform").pvalue > 1e-4


def test_one_number_changed():
    values = Values.mean(file())
    other = values.changed(("monitoring", "scan"), 7.0)
    assert other["monitoring", "scan"] == 7.0
    assert values["monitoring", "scan"] == 100.0
    np.testing.assert_array_equal(other["monitoring", "visit"], values["monitoring", "visit"])
    assert values.get(("monitoring", "none"), 3.0) == 3.0
    assert values.uncertain() == {}
