"""The only module that imports lifelines, and only inside functions: the import takes two seconds.

Day counts go in as weights, so the cost follows the number of days and not of patients. Not used, because wrong in
lifelines 0.30.3: the variance of the restricted mean (issue 1682), Fleming-Harrington weights together with case
weights (pull request 1698), Aalen-Johansen's jitter of ties.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

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
    """Hazard ratio of `curve1` against `curve0` by lifelines' CoxPHFitter on weighted rows, model-based variance.

    Both curves must be day counts; ties as lifelines treats weighted rows (``ties="rows"`` in `simulate.survival.cox`).
    """
    import pandas as pd
    from lifelines import CoxPHFitter

    rows = pd.concat([weighted_rows(curve1, 1), weighted_rows(curve0, 0)], ignore_index=True)
    with _whole_weights_not_needed():
        fitter = CoxPHFitter().fit(rows, "time", "event", weights_col="weight", robust=False)
    events = float(curve1.events.sum() + curve0.events.sum())
    beta, se = float(fitter.params_["group"]), float(fitter.standard_errors_["group"])
    return from_log(beta, se, level, events, "Cox, lifelines on day counts")


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
