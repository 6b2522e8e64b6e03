"""Value of perfect information, on all parameters or on some, from draws of every strategy's cost and effect.

What knowing a group of parameters is worth is found by regression: the mean of the incremental costs and effects given
the group is a smooth function of the group's draws, estimated from one set of draws without nested simulation (Strong,
Oakley and Brennan, Med Decis Making 2014;34:311, doi:10.1177/0272989X13505910). Increments over the first strategy are
regressed, not each strategy's own, since what the strategies share only adds noise. Net benefit is linear in cost and
effect, so one regression serves every willingness to pay.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.acceptability import Draws, checked_draws
from simulate.errors import input_error

Array = NDArray[np.float64]
METHODS = ("splines", "gaussian process")
GAUSSIAN_PROCESS_MOST = 3_000  # draws: its time grows with the cube
TUNED_ON = 400  # draws that the Gaussian process's length scales are found on
FEW_LEVELS = 6  # a parameter with no more values than this is taken level by level
TENSOR_MOST = 3  # parameters in a group, up to which splines are multiplied with splines
SMOOTHING = np.logspace(-4, 5, 28)


@dataclass(frozen=True)
class Value:
    """A value of information per patient, in money.

    Attributes
    ----------
    name : what the information is about.
    wtp : [W], willingness to pay for a unit of effect.
    value : [W], at 0 or above.
    standard_error : [W], by the number of draws. Where there is a regression, the larger of two: that of the fitted
        means, by their number and by the coefficients (Strong et al. 2014), and that of the gain which choosing by the
        fitted means makes in the draws themselves, for the first is too small where the curve bends much.
    bias : [W], by how much the regression's noise is estimated to raise `value`, which is left as it is; 0 without one.
    """

    name: str
    wtp: Array
    value: Array
    standard_error: Array
    bias: Array


def evpi(cost: ArrayLike, effect: ArrayLike, wtp: ArrayLike) -> Value:
    """Expected value of perfect information on everything uncertain.

    Parameters
    ----------
    cost, effect : [D, S], draws of each strategy's.
    wtp : [W], willingness to pay for a unit of effect, 0 or above.

    Raises
    ------
    InputError : as `checked_draws`.
    """
    draws = checked_draws(cost, effect, wtp).less(0)
    value, error = expected_gain(draws)
    return Value("everything", draws.wtp, value, error, np.zeros_like(value))


def evppi(
    cost: ArrayLike,
    effect: ArrayLike,
    wtp: ArrayLike,
    params: ArrayLike,
    *,
    group: str = "parameters",
    method: str = "splines",
    resamples: int = 100,
    seed: int = 1,
    fit: Fit | None = None,
) -> Value:
    """Expected value of perfect information on a group of parameters alone.

    Parameters
    ----------
    cost, effect, wtp : as for `evpi`.
    params : [D, P] or [D], the group's values in the same draws.
    group : its name.
    method : ``splines`` (penalised cubic splines and, in pairs, their products: up to three parameters; above that the
        products of the parameters themselves), or ``gaussian process`` (up to 3,000 draws; slower).
    resamples : draws of the regression's coefficients, for the standard error and the bias.
    seed : of those draws.
    fit : the regression of the same draws by `fitted`, where it was made before.

    Returns
    -------
    Value, held between 0 and the value of perfect information in the same draws.

    Raises
    ------
    InputError : as `checked_draws`, parameters that do not fit the draws, an unknown method, or no scikit-learn.
    """
    draws = checked_draws(cost, effect, wtp).less(0)
    known = group_values(params, draws.size[0], group)
    fit = conditional_means(draws, known, method) if fit is None else fit
    value, error = expected_gain(fit.means)
    again = np.array([expected_gain(drawn)[0] for drawn in fit.redrawn(resamples, seed)])
    spread = again.std(axis=0, ddof=1) if resamples > 1 else np.zeros_like(value)
    bias = again.mean(axis=0) - value if resamples > 0 else np.zeros_like(value)
    error = np.maximum(np.hypot(error, spread), _choice_error(fit.means, draws))
    return Value(group, draws.wtp, np.clip(value, 0.0, expected_gain(draws)[0]), error, bias)


def fitted(cost: ArrayLike, effect: ArrayLike, wtp: ArrayLike, params: ArrayLike, method: str = "splines") -> Fit:
    """Mean increments given a group of parameters, as `evppi` finds them; all as there."""
    draws = checked_draws(cost, effect, wtp).less(0)
    return conditional_means(draws, group_values(params, draws.size[0], "params"), method)


def expected_gain(increments: Draws) -> tuple[Array, Array]:
    """How much better choosing draw by draw is than choosing once, [W], and its Monte Carlo standard error, [W]."""
    value, error = np.empty(len(increments.wtp)), np.empty(len(increments.wtp))
    for part, benefit in increments.blocks():
        once = benefit.mean(axis=1).argmax(axis=1)
        loss = benefit.max(axis=2) - np.take_along_axis(benefit, once[:, None, None], axis=2)[:, :, 0]
        value[part] = loss.mean(axis=1)
        error[part] = loss.std(axis=1) / np.sqrt(max(increments.size[0] - 1, 1))
    return value, error


def _choice_error(fitted: Draws, increments: Draws) -> Array:
    """Monte Carlo standard error, [W], of the gain that the choices by fitted means make in the draws themselves."""
    found = np.empty(len(fitted.wtp))
    for (part, mean), (_, benefit) in zip(fitted.blocks(), increments.blocks(), strict=True):
        informed = np.take_along_axis(benefit, mean.argmax(axis=2)[:, :, None], axis=2)
        once = np.take_along_axis(benefit, mean.mean(axis=1).argmax(axis=1)[:, None, None], axis=2)
        found[part] = (informed - once)[:, :, 0].std(axis=1) / np.sqrt(max(fitted.size[0] - 1, 1))
    return found


# ------------------------------------------------------------------------------------------------ regression
@dataclass(frozen=True)
class Fit:
    """Mean increments given a group of parameters.

    Attributes
    ----------
    means : the fitted increments of cost and effect; the first strategy's are 0.
    root : [D, Q], its product with its transpose is the smoother's matrix, which takes data to fitted values.
    residual : [R, R], covariance of the residuals of the R = 2(S − 1) increments, those of cost first.
    """

    means: Draws
    root: Array
    residual: Array

    def redrawn(self, times: int, seed: int) -> Iterator[Draws]:
        """Fitted increments with the regression's coefficients drawn from their (posterior) normal distribution."""
        random = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(self.residual)
        across = vectors * np.sqrt(np.maximum(values, 0.0))
        split = self.means.size[1] - 1
        for index in range(times):
            if index % 2 == 0:  # and then its mirror image, so that the mean of the draws is the estimate
                noise = self.root @ random.standard_normal((self.root.shape[1], len(across))) @ across.T
            sign = 1.0 if index % 2 == 0 else -1.0
            cost, effect = self.means.cost.copy(), self.means.effect.copy()
            cost[:, 1:] += sign * noise[:, :split]
            effect[:, 1:] += sign * noise[:, split:]
            yield replace(self.means, cost=cost, effect=effect)


def conditional_means(increments: Draws, known: Array, method: str) -> Fit:
    """Regress increments over the first strategy on what is known, [D, P], by one of `METHODS`."""
    if method not in METHODS:
        raise input_error(f"{method!r}; allowed are {', '.join(METHODS)}.", field="method")
    known = known[:, np.ptp(known, axis=0) > 0.0]
    targets = np.hstack((increments.cost[:, 1:], increments.effect[:, 1:]))
    centre, scale = targets.mean(axis=0), targets.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    standard = (targets - centre) / scale
    count, constant = len(targets), np.full((len(targets), 1), len(targets) ** -0.5)
    if targets.shape[1] == 0 or known.shape[1] == 0:
        fitted, root = np.zeros_like(standard), constant
    else:
        smoother = _splines if method == "splines" else _gaussian_process
        fitted, smooth = smoother(known, standard)
        root = np.hstack((constant, smooth))
    freedom = max(count - float((root**2).sum()), 1.0)
    left = (standard - fitted) * scale
    means = fitted * scale + centre
    cost, effect = np.zeros_like(increments.cost), np.zeros_like(increments.effect)
    cost[:, 1:], effect[:, 1:] = np.split(means, 2, axis=1)
    return Fit(replace(increments, cost=cost, effect=effect), root, left.T @ left / freedom)


def group_values(params: ArrayLike, count: int, group: str) -> Array:
    """Parameters as [D, P]."""
    found = np.asarray(params, float)
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or len(found) != count or found.shape[1] == 0 or not np.isfinite(found).all():
        raise input_error(
            f"{group}: shape {found.shape}; allowed are finite numbers, a row for each of the {count} draws.",
            field="params",
        )
    return found


def _scikit_learn() -> Any:
    """Scikit-learn, which only these regressions need."""
    try:
        import sklearn  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise input_error(
            "the value of information on some parameters needs scikit-learn, which is not installed.",
            advice="Install it with `pip install scikit-learn`.",
        ) from None
    return sklearn


def _splines(known: Array, targets: Array) -> tuple[Array, Array]:
    """Penalised splines: fitted values of centred targets, and the root of the smoother's matrix."""
    _scikit_learn()
    from sklearn.linear_model import RidgeCV  # type: ignore[import-untyped, unused-ignore]

    columns = _basis(known)
    columns = columns[:, columns.std(axis=0) > 1e-9]
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    # the parameters themselves, a hundredfold, are in effect free of the penalty: a straight line is not shrunk
    columns = np.hstack((100.0 * (known - known.mean(axis=0)) / known.std(axis=0), columns))
    ridge = RidgeCV(alphas=SMOOTHING, fit_intercept=False).fit(columns, targets)
    vectors, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    root = vectors * (sizes / np.hypot(sizes, np.sqrt(ridge.alpha_)))
    return root @ (root.T @ targets), root


def _basis(known: Array) -> Array:
    """Spline columns of every parameter, and products between the parameters in pairs."""
    blocks = [_curve(column) for column in known.T]
    factors = blocks if known.shape[1] <= TENSOR_MOST else list((known - known.mean(axis=0)).T[:, :, None])
    products = [
        (first[:, :, None] * second[:, None, :]).reshape(len(known), -1)
        for index, first in enumerate(factors)
        for second in factors[index + 1 :]
    ]
    return np.hstack(blocks + products)


def _curve(column: Array) -> Array:
    """Spline columns of one parameter: a cubic with knots at quantiles, or an indicator of each of a few levels."""
    from sklearn.preprocessing import SplineTransformer  # type: ignore[import-untyped, unused-ignore]

    levels = np.unique(column)
    if len(levels) <= FEW_LEVELS:
        return np.asarray(column[:, None] == levels[1:], dtype=np.float64)
    knots = np.unique(np.quantile(column, np.linspace(0.0, 1.0, 6)))
    curve = SplineTransformer(degree=3, knots=knots[:, None], include_bias=False).fit_transform(column[:, None])
    return np.asarray(curve, dtype=np.float64)


def _gaussian_process(known: Array, targets: Array) -> tuple[Array, Array]:
    """Gaussian process with a length scale for each parameter: fitted values, and the root of the smoother's matrix."""
    if len(known) > GAUSSIAN_PROCESS_MOST:
        raise input_error(
            f"a Gaussian process on {len(known)} draws; allowed are {GAUSSIAN_PROCESS_MOST}.",
            field="method",
            advice="Use splines.",
        )
    _scikit_learn()
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped, unused-ignore]
    from sklearn.gaussian_process import GaussianProcessRegressor  # type: ignore[import-untyped, unused-ignore]
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel  # type: ignore[import-untyped, unused-ignore]

    places = (known - known.mean(axis=0)) / known.std(axis=0)
    lengths = RBF(np.full(places.shape[1], 2.0), (0.1, 1e3))
    kernel = ConstantKernel(1.0, (1e-3, 1e4)) * lengths + WhiteKernel(0.5, (1e-6, 1e2))
    some = slice(None, None, max(len(places) // TUNED_ON, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound: a parameter without effect
        tuned = GaussianProcessRegressor(kernel).fit(places[some], targets[some]).kernel_
    values, vectors = np.linalg.eigh(tuned.k1(places))
    kept = values > 1e-10 * values[-1]
    root = vectors[:, kept] * np.sqrt(values[kept] / (values[kept] + tuned.k2.noise_level))
    return root @ (root.T @ targets), root
