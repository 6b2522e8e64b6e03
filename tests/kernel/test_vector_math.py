"""Accuracy of logarithm, exponential and normal quantile against NumPy's long double and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from simulate.kernel import vector_math as vm
from simulate.kernel.jit import compiled

RNG = np.random.default_rng(1)
N = 400_000


@compiled
def logs(x, y):
    for i in range(len(x)):
        y[i] = vm.log(x[i])


@compiled
def exps(x, y):
    for i in range(len(x)):
        y[i] = vm.exp(x[i])


@compiled
def expm1s(x, y):
    for i in range(len(x)):
        y[i] = vm.expm1(x[i])


@compiled
def log1ps(x, y):
    for i in range(len(x)):
        y[i] = vm.log1p(x[i])


@compiled
def quantiles(hazard, y):
    for i in range(len(hazard)):
        event = -vm.expm1(-hazard[i])
        y[i] = vm.normal_quantile(event, vm.log(event), hazard[i])


def of(function, x):
    y = np.empty_like(x)
    function(x, y)
    return y


def worst_ulp(y, truth):
    rounded = truth.astype(np.float64)
    return float(np.max(np.abs(y - truth) / np.spacing(np.abs(rounded))))


LONG_ENOUGH = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="long double is a double here")


@LONG_ENOUGH
@pytest.mark.parametrize(
    "x",
    [
        np.exp(RNG.uniform(-708, 709, N)),
        RNG.uniform(0, 1, N) + 2.0**-53,
        1 + RNG.uniform(-1e-3, 1e-3, N),
        np.array([2.0**-1022, 0.5, np.sqrt(0.5), 1.0, np.sqrt(2.0), 2.0, np.finfo(float).max]),
    ],
)
def test_log_within_one_ulp(x):
    assert worst_ulp(of(logs, x), np.log(x.astype(np.longdouble))) <= 1.0


@LONG_ENOUGH
@pytest.mark.parametrize("x", [RNG.uniform(-708, 709, N), RNG.uniform(-1, 1, N), RNG.normal(0, 1e-9, N)])
def test_exp_within_two_ulp(x):
    assert worst_ulp(of(exps, x), np.exp(x.astype(np.longdouble))) <= 2.0


@LONG_ENOUGH
@pytest.mark.parametrize("x", [RNG.uniform(-38, 700, N), RNG.uniform(-1, 1, N), RNG.normal(0, 1e-12, N)])
def test_expm1_within_four_ulp(x):
    assert worst_ulp(of(expm1s, x), np.expm1(x.astype(np.longdouble))) <= 4.0


@LONG_ENOUGH
@pytest.mark.parametrize("x", [RNG.uniform(-0.999, 10, N), RNG.normal(0, 1e-12, N), np.exp(RNG.uniform(0, 700, N))])
def test_log1p_within_four_ulp(x):
    assert worst_ulp(of(log1ps, x), np.log1p(x.astype(np.longdouble))) <= 4.0


def test_ends():
    inf = np.inf
    assert of(logs, np.array([1.0, inf])).tolist() == [0.0, inf]
    assert of(exps, np.array([0.0, inf, 710.0, -inf, -746.0])).tolist() == [1.0, inf, inf, 0.0, 0.0]
    assert of(expm1s, np.array([0.0, -inf, -50.0])).tolist() == [0.0, -1.0, -1.0]
    assert of(log1ps, np.array([0.0, inf])).tolist() == [0.0, inf]


def test_exp_underflows_gradually():
    x = np.linspace(-745, -708, 2_000)
    assert np.allclose(of(exps, x), np.exp(x), rtol=1e-15, atol=5e-324)


@pytest.mark.parametrize("hazard", [RNG.exponential(1.0, N), np.exp(RNG.uniform(-37, np.log(4096), N))])
def test_normal_quantile_in_both_tails(hazard):
    truth = -special.ndtri_exp(-hazard)
    # near the median the quantile itself is near 0, so the error there is absolute
    assert np.max(np.abs(of(quantiles, hazard) - truth) / np.maximum(np.abs(truth), 1.0)) < 2e-13


def test_normal_quantile_far_out():
    last = -special.ndtri_exp(-4096.0)
    assert of(quantiles, np.array([4096.0, 1e6])).tolist() == pytest.approx([last, last], rel=2e-13)
    assert of(quantiles, np.array([np.inf])).tolist() == [np.inf]
