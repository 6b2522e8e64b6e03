"""Value of information against closed forms, quadrature and its own orderings.

Closed form: where the increment's mean given the information is N(m, s), the information is worth
s φ(m/s) − |m| Φ(−|m|/s). Most draws here are quasi-random (scrambled Sobol), so that 16,384 of them leave a sampling
error well below the 1% allowed and what is tested is the method's own error.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, qmc

from simulate.economics.evsi import evsi, evsi_by_size, expected_net_benefit_of_sampling, patients_to_benefit
from simulate.economics.voi import FEW_LEVELS, GAUSSIAN_PROCESS_MOST, METHODS, evpi, evppi
from simulate.errors import InputError

pytest.importorskip("sklearn")

WTP = np.array([1.0, 2.0, 3.0])
MANY = 2**14
EVENLY = norm.ppf((np.arange(100_000) + 0.5) / 100_000)


def exact(mean, spread):
    """Value of information after which the increment's mean is N(mean, spread)."""
    return spread * norm.pdf(mean / spread) - abs(mean) * norm.cdf(-abs(mean) / spread)


def normals(count, dimensions, seed=1):
    return norm.ppf(qmc.Sobol(dimensions, seed=seed).random(count))


def two(increment_cost, increment_effect):
    """Draws of two strategies, the first free and without effect."""
    nothing = np.zeros(len(increment_effect))
    return np.column_stack((nothing, increment_cost)), np.column_stack((nothing, increment_effect))


@pytest.fixture(scope="module")
def voi_vignette():
    """The model of the vignette voi.Rmd of R's voi: effect p1 ~ N(1, 1), cost p2 ~ N(0, 2), and noise for a trial."""
    z = normals(MANY, 3)
    p1, p2 = 1.0 + z[:, 0], 2.0 * z[:, 1]
    return {"draws": two(p2, p1), "p1": p1, "p2": p2, "noise": z[:, 2]}


def test_published_numbers_are_the_closed_form():
    spreads = np.sqrt([5.0, 1.0, 4.0, 10 / 11, 100 / 101])  # a trial of n that sees p1 with a deviation of 1
    np.testing.assert_allclose(
        exact(1.0, spreads), [0.4798107, 0.0833155, 0.3955931, 0.0723251, 0.0821176], rtol=0.0, atol=5.1e-8
    )


def test_perfect_information(voi_vignette):
    found = evpi(*voi_vignette["draws"], WTP)
    np.testing.assert_allclose(found.value, [exact(k, np.sqrt(k**2 + 4.0)) for k in WTP], rtol=1e-3)


@pytest.mark.parametrize(("name", "spread"), [("p1", lambda k: k), ("p2", lambda k: 2.0)])
def test_partial_information(voi_vignette, name, spread):
    found = evppi(*voi_vignette["draws"], WTP, voi_vignette[name], group=name, resamples=10)
    assert found.name == name
    np.testing.assert_allclose(found.value, [exact(k, spread(k)) for k in WTP], rtol=0.01)


@pytest.mark.parametrize("size", [10, 100])
def test_sample_information(voi_vignette, size):
    seen = voi_vignette["p1"] + voi_vignette["noise"] / np.sqrt(size)
    found = evsi(*voi_vignette["draws"], WTP, seen, resamples=10)
    np.testing.assert_allclose(found.value, [exact(k, k * np.sqrt(size / (size + 1.0))) for k in WTP], rtol=0.01)


def test_sample_information_by_size(voi_vignette):
    sizes = np.array([0.0, 1.0, 10.0, 100.0, 1e12])
    found = evsi_by_size(*voi_vignette["draws"], WTP, voi_vignette["p1"], sizes=sizes, prior_size=1.0)
    assert (found[0] == 0.0).all()
    wanted = [[exact(k, k * np.sqrt(size / (size + 1.0))) for k in WTP] for size in sizes[1:]]
    np.testing.assert_allclose(found[1:], wanted, rtol=0.01, atol=1e-4)
    assert (np.diff(found, axis=0) >= 0.0).all()
    perfect = evppi(*voi_vignette["draws"], WTP, voi_vignette["p1"], resamples=0).value
    np.testing.assert_allclose(found[-1], perfect, rtol=1e-6)


def test_everything_perfect_partial_and_sampled_are_in_order(voi_vignette):
    draws, p1 = voi_vignette["draws"], voi_vignette["p1"]
    everything = evpi(*draws, WTP).value
    partial = evppi(*draws, WTP, p1, resamples=0).value
    assert (everything >= partial).all()
    before = np.zeros(len(WTP))
    for size in (1, 10, 100, 10_000):
        seen = p1 + voi_vignette["noise"] / np.sqrt(size)
        value = evsi(*draws, WTP, seen, ceiling=partial, resamples=0).value
        assert (before <= value).all()
        assert (value <= partial).all()
        before = value
    np.testing.assert_allclose(before, partial, rtol=0.005)


def test_two_parameters_together_are_worth_the_model(voi_vignette):
    """Both parameters known, nothing is left unknown."""
    both = np.column_stack((voi_vignette["p1"], voi_vignette["p2"]))
    found = evppi(*voi_vignette["draws"], WTP, both, resamples=4)
    np.testing.assert_allclose(found.value, evpi(*voi_vignette["draws"], WTP).value, rtol=1e-3)


def test_square_against_quadrature():
    """An increment of x² − 1.2 + noise, which is not linear in x."""
    z = normals(MANY, 2)
    found = evppi(*two(z[:, 1], z[:, 0] ** 2 - 1.2), [1.0], z[:, 0], resamples=4)
    gain = quad(lambda x: (x**2 - 1.2) * norm.pdf(x), np.sqrt(1.2), 12.0)[0]  # x² is above 1.2, at one side
    assert found.value[0] == pytest.approx(2.0 * gain - max(1.0 - 1.2, 0.0), rel=0.01)


def test_product_of_two_against_quadrature():
    """x y + noise, x and y normal: neither alone is worth anything, E|x y| / 2 = 1/π together."""
    z = normals(MANY, 3)
    draws = two(z[:, 2], z[:, 0] * z[:, 1])
    together = evppi(*draws, [1.0], z[:, :2], resamples=4)
    assert together.value[0] == pytest.approx(1.0 / np.pi, rel=0.01)
    assert evppi(*draws, [1.0], z[:, 0], resamples=4).value[0] < 0.02


def test_levels():
    """A parameter of two values is taken value by value: 0.3 × 0.6 if it is 1, against nothing at a mean of −0.1."""
    z = normals(MANY, 2)
    known = (norm.cdf(z[:, 0]) < 0.3).astype(float)
    assert len(np.unique(known)) <= FEW_LEVELS
    found = evppi(*two(z[:, 1], known - 0.4), [1.0], known, resamples=4)
    assert found.value[0] == pytest.approx(0.18, rel=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_methods_on_a_thousand_draws(method):
    """Three strategies and four parameters, one of them idle: both methods are within the error they give."""
    z = np.random.default_rng(2).standard_normal((800, 6))
    means = np.column_stack((0.0 * z[:, 0], 0.3 + z[:, 0] + 0.3 * z[:, 1] * z[:, 2], 0.1 + z[:, 2]))
    cost = np.column_stack((0.0 * z[:, 0], z[:, 4], 0.5 * z[:, 5]))
    big = np.random.default_rng(3).standard_normal((400_000, 3))
    known = np.column_stack((0.0 * big[:, 0], 0.3 + big[:, 0] + 0.3 * big[:, 1] * big[:, 2], 0.1 + big[:, 2]))
    found = evppi(cost, means, [1.0], z[:, :4], method=method, resamples=20)
    truth = known.max(axis=1).mean() - known.mean(axis=0).max()
    assert abs(found.value[0] - truth) < 3.0 * found.standard_error[0] < 0.2


@pytest.mark.parametrize(
    ("mean", "truth"),
    [
        (lambda x: 1.0 + x, exact(1.0, 1.0)),
        (lambda x: np.sin(2.0 * x) - 0.2, np.maximum(np.sin(2.0 * EVENLY) - 0.2, 0.0).mean()),
    ],
)
def test_standard_error_covers_the_spread_of_repeated_analyses(mean, truth):
    random, found = np.random.default_rng(4), []
    for _ in range(120):
        p = random.standard_normal((500, 2))
        one = evppi(*two(p[:, 1], mean(p[:, 0])), [1.0], p[:, 0], resamples=30)
        found.append((one.value[0], one.standard_error[0], one.bias[0]))
    values, errors, biases = np.transpose(found)
    assert 0.85 < errors.mean() / values.std() < 1.5
    assert abs(values.mean() - truth) < 4.0 * values.std() / np.sqrt(120) + abs(biases.mean())


def test_resamples_are_for_the_error_only(voi_vignette):
    """The value does not depend on the resamples, and the same seed gives the same error."""
    some = [part[:500] for part in voi_vignette["draws"]]
    known = voi_vignette["p1"][:500]
    first, second = (evppi(*some, WTP, known, resamples=8) for _ in range(2))
    np.testing.assert_array_equal(first.value, evppi(*some, WTP, known, resamples=0).value)
    np.testing.assert_array_equal(first.standard_error, second.standard_error)
    assert (first.standard_error >= evppi(*some, WTP, known, resamples=0).standard_error).all()


@pytest.mark.parametrize("params", [np.ones(64), np.column_stack((np.ones(64), np.arange(64.0)))])
def test_constant_parameters_are_worth_nothing(params):
    z = normals(64, 2, seed=3)
    found = evppi(*two(z[:, 0], z[:, 1] + 0.5), WTP, params)
    assert (found.value >= 0.0).all()
    if params.ndim == 1:
        np.testing.assert_allclose(found.value, 0.0, atol=1e-12)


def test_bounds_hold_whatever_the_draws():
    random = np.random.default_rng(9)
    for _ in range(10):
        cost, effect = random.standard_normal((2, 40, 4))
        perfect = evpi(cost, effect, np.linspace(0.0, 5.0, 11)).value
        found = evppi(cost, effect, np.linspace(0.0, 5.0, 11), random.standard_normal((40, 3)), resamples=2)
        assert (found.value >= 0.0).all()
        assert (found.value <= perfect).all()


def test_one_strategy_leaves_nothing_to_decide():
    one = np.arange(10.0)[:, None]
    assert (evpi(one, one, WTP).value == 0.0).all()
    assert (evppi(one, one, WTP, one).value == 0.0).all()


def test_simulated_trial_is_given_its_own_random_numbers(voi_vignette):
    draws, p1 = voi_vignette["draws"], voi_vignette["p1"]
    found = evsi(*draws, WTP, lambda random: random.normal(p1, 10**-0.5), resamples=4)
    again = evsi(*draws, WTP, lambda random: random.normal(p1, 10**-0.5), resamples=4)
    np.testing.assert_array_equal(found.value, again.value)
    assert found.value[0] == pytest.approx(exact(1.0, np.sqrt(10 / 11)), rel=0.03)


def test_patients_to_benefit():
    assert patients_to_benefit(1000.0, 10.0, discount=0.0) == pytest.approx(10_000.0)
    assert patients_to_benefit(1000.0, 10.0, discount=0.0, after=12.0) == 0.0
    assert patients_to_benefit(1000.0, 0.0) == 0.0
    assert patients_to_benefit([100.0, 200.0, 300.0], 2.5, discount=0.0) == pytest.approx(450.0)
    assert patients_to_benefit([100.0, 200.0, 300.0], 2.5, discount=0.0, after=0.5) == pytest.approx(400.0)
    wanted = quad(lambda t: 500.0 * 1.035**-t, 1.25, 7.6)[0]
    assert patients_to_benefit(500.0, 7.6, discount=0.035, after=1.25) == pytest.approx(wanted, rel=1e-9)
    assert patients_to_benefit([500.0] * 8, 7.6, discount=0.035, after=1.25) == pytest.approx(wanted, rel=1e-9)


def test_net_benefit_of_sampling():
    value = np.array([[1.0, 2.0], [3.0, 4.0], [3.5, 4.5]])
    found = expected_net_benefit_of_sampling(value, [100.0, 90.0, 80.0], [50.0, 60.0, 200.0])
    np.testing.assert_allclose(found, [[50.0, 150.0], [210.0, 300.0], [80.0, 160.0]])
    np.testing.assert_allclose(expected_net_benefit_of_sampling([1.0, 2.0], 10.0, 5.0), [5.0, 15.0])


def test_bad_input(voi_vignette, monkeypatch):
    draws = [part[:50] for part in voi_vignette["draws"]]
    known = voi_vignette["p1"][:50]
    with pytest.raises(InputError, match=r"toxicity: shape \(49, 1\)"):
        evppi(*draws, WTP, known[:49], group="toxicity")
    with pytest.raises(InputError, match="finite"):
        evppi(*draws, WTP, np.full(50, np.nan))
    with pytest.raises(InputError, match="splines, gaussian process"):
        evppi(*draws, WTP, known, method="forest")
    with pytest.raises(InputError, match="ceiling"):
        evsi(*draws, WTP, known, ceiling=[1.0])
    with pytest.raises(InputError, match="sizes"):
        evsi_by_size(*draws, WTP, known, sizes=[10.0], prior_size=0.0)
    with pytest.raises(InputError, match="incidence of 2 years"):
        patients_to_benefit([1.0, 2.0], 2.5)
    with pytest.raises(InputError, match="0 or above"):
        patients_to_benefit(1.0, -1.0)
    with pytest.raises(InputError, match=r"cost \(2,\)"):
        expected_net_benefit_of_sampling(np.ones((3, 2)), 1.0, [1.0, 2.0])
    many = np.zeros((GAUSSIAN_PROCESS_MOST + 1, 2))
    many[:, 1] = np.arange(len(many))
    with pytest.raises(InputError, match="Use splines"):
        evppi(many, many, WTP, many[:, 1], method="gaussian process")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(InputError, match="pip install scikit-learn"):
        evppi(*draws, WTP, known)
