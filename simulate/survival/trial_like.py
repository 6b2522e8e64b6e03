"""One simulated trial of a real trial's size: the only place where a p-value across simulated arms means something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simulate.errors import InputError, input_error
from simulate.survival.cox import cox
from simulate.survival.curves import SurvivalCurve
from simulate.survival.logrank import log_rank
from simulate.survival.two_sample import two_sample


@dataclass(frozen=True)
class TrialLike:
    """What one simulated trial of `n` patients per arm would have reported, followed as the real one was.

    `p_value` is the log-rank test's. Another trial of the same strategies would have found something else: this shows
    how much a trial of this size can vary, not what is true of the strategies.
    """

    n: tuple[int, int]
    events: tuple[int, int]
    hazard_ratio: float
    low: float
    high: float
    level: float
    p_value: float
    p_value_cox: float


def trial_like(
    times1: ArrayLike, times0: ArrayLike, accrual: float, cutoff: float, *, seed: int = 0, level: float = 0.95
) -> TrialLike | None:
    """Analyse one trial: enrolment drawn uniformly over `accrual` months, everyone censored at the cut-off.

    Parameters
    ----------
    times1, times0 : (n,) months to the event of two groups of *different* patients; ``inf`` if it never comes.
    accrual, cutoff : months; the cut-off counts from the first enrolment.
    seed : of the enrolment draws.
    level : of the interval.

    Returns
    -------
    TrialLike or None
        None where the trial saw no event in one of its arms.

    Raises
    ------
    InputError : a group without patients, or a time that is NaN or negative.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    curves = []
    for times in (times1, times0):
        t = np.asarray(times, dtype=float)
        if t.size == 0 or np.any(np.isnan(t)) or np.any(t < 0):
            raise input_error("a trial needs patients, with times that are not negative.", field="trial_like")
        followed = cutoff - accrual * rng.random(t.size)
        enrolled = followed > 0.0
        t, followed = t[enrolled], followed[enrolled]
        if t.size == 0:
            return None
        curves.append(SurvivalCurve.from_rows(np.minimum(t, followed), t <= followed))
    table = two_sample(*curves)
    try:
        ratio, test = cox(table, level=level), log_rank(table)
    except InputError:
        return None
    return TrialLike(
        n=(int(curves[0].n), int(curves[1].n)),
        events=(int(curves[0].events.sum()), int(curves[1].events.sum())),
        hazard_ratio=ratio.value,
        low=ratio.low,
        high=ratio.high,
        level=level,
        p_value=test.p_value,
        p_value_cox=ratio.p_value,
    )


def arm_times(rows: Any, strategy: str, endpoint: str, n: int) -> np.ndarray:
    """The first `n` patients of a strategy in a frame of rows (columns ``strategy`` and `endpoint`, months).

    Raises
    ------
    InputError : a missing column, or fewer than `n` rows.
    """
    for column in ("strategy", endpoint):
        if column not in rows:
            raise input_error(f"the rows have no column {column!r}.", field="trial_like")
    times = rows.loc[rows["strategy"] == strategy, endpoint].to_numpy(dtype=float)[:n]
    if len(times) < n:
        raise input_error(f"{n} patients wanted, the rows hold {len(times)} of {strategy}.", field="trial_like")
    return times


def check_separate(rows: Any) -> None:
    """Refuse rows in which a patient stands in two arms: a trial's arms are different people, their times independent.

    Raises
    ------
    InputError : a patient (column ``patient``, where there is one) under more than one strategy.
    """
    if "patient" in rows and rows["patient"].duplicated().any():
        raise input_error(
            "the rows hold the same patient under two strategies; a trial's arms are different patients.",
            field="trial_like",
            advice="Give each strategy its own patients: cut one cohort into arms by patient number.",
        )
