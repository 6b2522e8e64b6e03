"""The only module that imports lifelines, and only inside functions: the import takes two seconds.

Day counts go in as weights, so the cost follows the number of days and not of patients. Not used, because wrong in
lifelines 0.30.3: the variance of the restricted mean (issue 1682), Fleming-Harrington weights together with case
weights (pull request 1698), Aalen-Johansen's jitter of ties.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.survival.cox import HazardRatio, from_log
from simulate.survival.curves import SurvivalCurve
from simulate.survival.estimators import Array
from simulate.survival.logrank import LogRank

if TYPE_CHECKING:
    import pandas as pd


def preload() -> None:
    """Import lifelines now, while something else has to be waited for."""
    import lifelines  # noqa: F401


def weighted_rows(curve: SurvivalCurve, group: int = 0) -> pd.DataFrame:
    """The curve as weighted rows: time (index of the interval), event (0, 1), weight > 0, group.

    Days, not months, as time: only their order counts. Those left at the end are censored in a last interval.
    """
    import pandas as pd

    index = np.arange(len(curve.events))
    left = curve.at_risk[-1]
    time = np.concatenate((index, index, [len(index)]))
    event = np.concatenate((np.ones(len(index)), np.zeros(len(index) + 1))).astype(int)
    weight = np.concatenate((curve.events, curve.censored, [left]))
    rows = pd.DataFrame({"time": time, "event": event, "weight": weight, "group": group})
    return rows[rows["weight"] > 0].reset_index(drop=True)


def kaplan_meier(curve: SurvivalCurve) -> Array:
    """S after each interval, (K,), by lifelines' KaplanMeierFitter on weighted rows."""
    from lifelines import KaplanMeierFitter

    rows = weighted_rows(curve)
    with _whole_weights_not_needed():
        fitter = KaplanMeierFitter().fit(rows["time"], rows["event"], weights=rows["weight"])
    return np.asarray(fitter.predict(np.arange(len(curve.events))), dtype=float)


def cox(curve1: SurvivalCurve, curve0: SurvivalCurve, *, level: float = 0.95) -> HazardRatio:
    """Hazard ratio of `curve1` against `curve0` by lifelines' Cox fitter on weighted rows, model-based variance.

    Both curves must be day counts; ties as lifelines treats weighted rows (``ties="rows"`` in `simulate.survival.cox`).
    """
    import pandas as pd

    rows = pd.concat([weighted_rows(curve1, 1), weighted_rows(curve0, 0)], ignore_index=True)
    with _whole_weights_not_needed():
        fitter = _fitter()().fit(rows, "time", "event", weights_col="weight", robust=False)
    events = float(curve1.events.sum() + curve0.events.sum())
    beta, se = float(fitter.params_["group"]), float(fitter.standard_errors_["group"])
    return from_log(beta, se, level, events, "Cox, lifelines on day counts")


@cache
def _fitter() -> Any:
    """Class of lifelines' Cox fitter (what its CoxPHFitter delegates to) with its loop over rows as arrays."""
    from lifelines.fitters.coxph_fitter import SemiParametricPHFitter

    class OneCovariate(SemiParametricPHFitter):  # type: ignore[misc]
        def _get_efron_values_single(self, X: Any, T: Any, E: Any, weights: Any, entries: Any, beta: Array) -> Any:
            found = _efron(X.values, T.values, E.values.astype(bool), weights.values, beta)
            return found or super()._get_efron_values_single(X, T, E, weights, entries, beta)

    return OneCovariate


def _efron(
    x: Array, time: Array, event: NDArray[np.bool_], weight: Array, beta: Array
) -> tuple[Array, Array, float] | None:
    """Hessian, gradient and log-likelihood of one covariate as lifelines finds them row by row, and as it rounds them.

    Every sum runs in lifelines' order, from the last time to the first. ``None`` where more than two rows with events
    share a time: two groups have one each.
    """
    back = slice(None, None, -1)
    first = np.flatnonzero(np.concatenate(([True], time[1:] != time[:-1])))
    ties = np.add.reduceat(event.astype(np.int64), first)
    some = ties > 0
    if ties.max() > 2 or not some.any():
        return None
    theta = weight * np.exp(np.dot(x, beta))
    x = x[:, 0]
    ties, two = ties[some][back], ties[some][back] == 2

    def tied(values: Array) -> Array:
        return np.asarray(np.add.reduceat(np.where(event, values, 0.0), first)[some][back])

    def at_risk(values: Array) -> Array:
        return np.asarray(np.add.accumulate(values[back])[back][first[some]][back])

    moments = theta, theta * x, x * (theta * x)
    (risk, risk_x, risk_xx), (tie, tie_x, tie_xx) = ([f(m) for m in moments] for f in (at_risk, tied))
    deaths, deaths_x = tied(weight), tied(weight * x)
    # the second of two tied rows has half of both no longer at risk
    one = 1.0 / risk
    other = np.where(two, 1.0 / np.where(two, risk - 0.5 * tie, 1.0), 0.0)
    mean, mean_other = risk_x * one, (risk_x - 0.5 * tie_x) * other
    square = np.where(two, risk_xx * (one + other) - tie_xx * (0.5 * other), risk_xx * one)
    each = deaths / ties
    logs = np.log(one) + np.log(np.where(two, other, 1.0))
    return (
        _in_order(each * (mean * mean + mean_other * mean_other - square)).reshape(1, 1),
        _in_order(deaths_x, -(each * (mean + mean_other))).reshape(1),
        float(_in_order(deaths_x * beta[0], each * logs)),
    )


def _in_order(*terms: Array) -> Array:
    """Sum from the first to the last, the terms in turn; `np.sum` would pair them."""
    return np.asarray(np.add.accumulate(np.stack(terms, axis=1).ravel())[-1])


def log_rank(curve1: SurvivalCurve, curve0: SurvivalCurve) -> LogRank:
    """Log-rank test by lifelines on weighted rows; it gives the statistic and the p-value alone."""
    from lifelines.statistics import logrank_test

    a, b = weighted_rows(curve1), weighted_rows(curve0)
    with _whole_weights_not_needed():
        test = logrank_test(a["time"], b["time"], a["event"], b["event"], weights_A=a["weight"], weights_B=b["weight"])
    return LogRank(np.nan, np.nan, float(test.test_statistic), float(test.p_value))


@contextmanager
def _whole_weights_not_needed() -> Iterator[None]:
    """Silence lifelines' advice on weights that are not whole: ours are expected numbers, not sampling weights."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*weights are not integers.*")
        yield
