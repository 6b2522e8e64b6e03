"""Acceptability, expected loss, and the cost-effectiveness plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from simulate.economics import acceptability as module
from simulate.economics.acceptability import acceptability, checked_draws, confidence_ellipse, inmb_quantiles, plane
from simulate.economics.frontier import FRONTIER, incremental_analysis
from simulate.economics.voi import evpi
from simulate.errors import InputError

WTP = np.linspace(0.0, 100_000.0, 50)


@pytest.fixture(scope="module")
def draws():
    """1,000 draws of four strategies, the last of them the second under another name."""
    random = np.random.default_rng(5)
    cost = np.array([10_000.0, 20_000.0, 45_000.0]) + 3_000.0 * random.standard_normal((1000, 3))
    effect = np.array([1.0, 1.4, 1.8]) + 0.3 * random.standard_normal((1000, 3))
    return np.column_stack((cost, cost[:, 1])), np.column_stack((effect, effect[:, 1]))


def test_against_a_plain_loop(draws):
    cost, effect = draws
    found = acceptability(cost, effect, WTP)
    for row, wtp in enumerate(WTP):
        benefit = wtp * effect - cost
        shares = np.zeros(4)
        for one in benefit:
            best = np.flatnonzero(one == one.max())
            shares[best] += 1.0 / len(best)
        np.testing.assert_allclose(found.probability[row], shares / 1000, atol=1e-12)
        np.testing.assert_allclose(found.expected_net_benefit[row], benefit.mean(axis=0), rtol=1e-12)
        assert found.optimal[row] == benefit.mean(axis=0).argmax()
        assert found.frontier[row] == found.probability[row, found.optimal[row]]


def test_shares_sum_to_one_with_ties(draws):
    found = acceptability(*draws, WTP)
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0, rtol=0.0, atol=1e-14)
    np.testing.assert_array_equal(found.probability[:, 1], found.probability[:, 3])
    all_tied = acceptability(np.ones((10, 4)), np.ones((10, 4)), WTP)
    assert (all_tied.probability == 0.25).all()
    assert (all_tied.optimal == 0).all()


def test_lowest_expected_loss_is_the_value_of_perfect_information(draws):
    found = acceptability(*draws, WTP)
    rows = np.arange(len(WTP))
    np.testing.assert_allclose(found.expected_loss[rows, found.optimal], evpi(*draws, WTP).value, rtol=1e-9)
    np.testing.assert_allclose(found.expected_loss.min(axis=1), evpi(*draws, WTP).value, rtol=1e-9)
    loss_difference = found.expected_loss[:, :1] - found.expected_loss
    benefit_difference = found.expected_net_benefit - found.expected_net_benefit[:, :1]
    np.testing.assert_allclose(loss_difference, benefit_difference, atol=1e-8)


def test_the_choice_changes_at_the_ratios_of_the_frontier(draws):
    cost, effect = draws[0][:, :3], draws[1][:, :3]
    rows = incremental_analysis(cost.mean(axis=0), effect.mean(axis=0), ["0", "1", "2"])
    for row in rows:
        if row.status == FRONTIER and row.icer is not None:
            around = acceptability(cost, effect, [row.icer * (1 - 1e-6), row.icer * (1 + 1e-6)]).optimal
            assert list(around) == [int(row.against), int(row.name)]


def test_normal_increment():
    """One increment, normal: the curve is the normal distribution function of its mean in standard deviations."""
    benefit = norm.ppf((np.arange(10_000) + 0.5) / 10_000, loc=0.4)
    effect = np.column_stack((np.zeros(10_000), benefit))
    found = acceptability(0.0 * effect, effect, [1.0])
    assert found.probability[0, 1] == pytest.approx(norm.cdf(0.4), abs=1e-4)


def test_blocks_change_nothing(draws, monkeypatch):
    whole = acceptability(*draws, WTP), inmb_quantiles(*draws, WTP), evpi(*draws, WTP).value
    monkeypatch.setattr(module, "CELLS", 9_000)
    parts = acceptability(*draws, WTP), inmb_quantiles(*draws, WTP), evpi(*draws, WTP).value
    np.testing.assert_array_equal(whole[0].probability, parts[0].probability)
    np.testing.assert_array_equal(whole[0].expected_loss, parts[0].expected_loss)
    np.testing.assert_array_equal(whole[1], parts[1])
    np.testing.assert_array_equal(whole[2], parts[2])


def test_plane(draws):
    cost, effect = draws
    found = plane(cost, effect, reference=2)
    np.testing.assert_array_equal(found.delta_cost, cost - cost[:, [2]])
    np.testing.assert_array_equal(found.delta_effect, effect - effect[:, [2]])


def test_ellipse_holds_its_level():
    random = np.random.default_rng(3)
    pairs = random.multivariate_normal([0.5, 8_000.0], [[0.04, 300.0], [300.0, 4e6]], size=100_000)
    found = confidence_ellipse(*pairs.T)
    off = pairs - [found.effect, found.cost]
    distance = np.einsum("di,ij,dj->d", off, np.linalg.inv(found.covariance), off)
    outline = np.column_stack((found.outline_effect - found.effect, found.outline_cost - found.cost))
    radius = np.einsum("di,ij,dj->d", outline, np.linalg.inv(found.covariance), outline)
    np.testing.assert_allclose(radius, 5.991465, rtol=1e-6)  # chi-squared on 2 degrees of freedom, 95%
    assert (distance <= radius[0]).mean() == pytest.approx(0.95, abs=0.003)
    assert (np.abs(outline[0] - outline[-1]) < 1e-9 * np.abs(outline).max(axis=0)).all()  # closed


def test_ellipse_of_what_does_not_vary():
    found = confidence_ellipse([1.0, 1.0, 1.0], [2.0, 3.0, 4.0])
    assert (found.outline_effect == 1.0).all()
    assert math.isclose(np.ptp(found.outline_cost), 2 * math.sqrt(5.991465), rel_tol=1e-6)


def test_quantiles(draws):
    cost, effect = draws
    found = inmb_quantiles(cost, effect, WTP, reference=1, probabilities=(0.1, 0.9))
    assert found.shape == (50, 2, 4)
    benefit = WTP[7] * (effect[:, 2] - effect[:, 1]) - (cost[:, 2] - cost[:, 1])
    np.testing.assert_allclose(found[7, :, 2], np.quantile(benefit, [0.1, 0.9]), rtol=1e-9)
    assert (found[:, :, [1, 3]] == 0.0).all()


@pytest.mark.parametrize(
    ("cost", "effect", "wtp", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 3)), [1.0], "one shape"),
        (np.zeros(3), np.zeros(3), [1.0], "one shape"),
        (np.zeros((0, 2)), np.zeros((0, 2)), [1.0], "one shape"),
        ([[0.0, np.nan]], [[0.0, 1.0]], [1.0], "draw 0, strategy 1: nan"),
        (np.zeros((3, 2)), np.zeros((3, 2)), [-1.0], "wtp"),
        (np.zeros((3, 2)), np.zeros((3, 2)), [], "wtp"),
        (np.zeros((3, 2)), np.zeros((3, 2)), [np.inf], "wtp"),
    ],
)
def test_bad_draws(cost, effect, wtp, message):
    with pytest.raises(InputError, match=message):
        checked_draws(cost, effect, wtp)


def test_bad_options(draws):
    with pytest.raises(InputError, match="0 to 3"):
        plane(*draws, reference=4)
    with pytest.raises(InputError, match="0 to 1"):
        inmb_quantiles(*draws, WTP, probabilities=(1.5,))
    with pytest.raises(InputError, match="level"):
        confidence_ellipse([1.0, 2.0], [1.0, 2.0], level=1.0)
    with pytest.raises(InputError, match="one length"):
        confidence_ellipse([1.0], [1.0])
