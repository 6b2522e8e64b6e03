"""One strategy's endpoint, and two strategies' contrast on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.survival.batches import Batches, hazard_ratios, longer
from simulate.survival.trial_like import TrialLike

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Landmark:
    """Survival at `months` with its Monte Carlo error and the Greenwood interval at the simulated size."""

    months: float
    value: float | None
    mc_error: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class EndpointResult:
    """One endpoint under one strategy; months. `median` is None where half had no event by the horizon.

    `patients` are those the endpoint is about: for survival after progression those who progressed.
    """

    strategy: str
    endpoint: str
    patients: int
    events: int
    median: float | None
    median_mc_error: float | None
    rmst_tau: float
    rmst: float | None
    rmst_mc_error: float | None
    landmarks: tuple[Landmark, ...]


@dataclass(frozen=True)
class Contrast:
    """A strategy against the comparator on one endpoint; every `*_mc_error` is paired, on the number's own scale.

    `hazard_ratio` is the Cox estimate under the follow-up of the trial that reported it (`follow_up` says which:
    accrual and cut-off in months); `hazard_ratio_uncensored` is the estimate with everyone followed to
    `uncensored_to` months. They differ wherever hazards are not proportional. `p_longer` is P(T1 > T0) for two
    independent patients, which is not a chance of individual benefit. `trial_like` is one simulated trial of a real
    trial's size.
    """

    strategy: str
    comparator: str
    endpoint: str
    follow_up: str | None
    accrual: float | None
    cutoff: float | None
    hazard_ratio: float | None
    mc_error: float | None
    hazard_ratio_uncensored: float | None
    hazard_ratio_uncensored_mc_error: float | None
    uncensored_to: float
    rmst_tau: float
    rmst_difference: float | None
    rmst_difference_mc_error: float | None
    median_difference: float | None
    median_difference_mc_error: float | None
    landmark_differences: tuple[Landmark, ...]
    p_longer: float | None
    p_longer_mc_error: float | None
    trial_like: TrialLike | None


def finite(value: float | None) -> float | None:
    """A plain float, or None for what is missing, NaN or infinite: JSON has no other numbers."""
    return None if value is None or not math.isfinite(value) else float(value)


def endpoint_result(batches: Batches, strategy: str, tau: float, landmarks: Sequence[float]) -> EndpointResult:
    """Median, restricted mean and landmarks of one endpoint under one strategy.

    Raises
    ------
    InputError : a landmark or `tau` beyond the horizon.
    """
    for months in landmarks:
        if not 0.0 < months <= batches.times[-1] * (1 + 1e-12):
            raise input_error(
                f"landmark at {months:g} months; allowed is above 0 up to the horizon of {batches.times[-1]:g}.",
                field="landmarks",
            )
    if batches.patients == 0:  # nobody progressed: nothing to say about survival after it
        empty = tuple(Landmark(m, None, None) for m in landmarks)
        return EndpointResult(strategy, batches.endpoint, 0, 0, None, None, tau, None, None, empty)
    curve, median, rmst = batches.curve(), batches.median(), batches.rmst(tau)
    marks = []
    for months in landmarks:
        greenwood = curve.landmark(months)
        error = batches.error(batches.at(months))
        marks.append(Landmark(months, greenwood.value, error, greenwood.low, greenwood.high))
    return EndpointResult(
        strategy=strategy,
        endpoint=batches.endpoint,
        patients=round(batches.patients),
        events=round(float(batches.events[0, :-1].sum())),
        median=finite(median[0]),
        median_mc_error=batches.error(median),
        rmst_tau=tau,
        rmst=finite(rmst[0]),
        rmst_mc_error=batches.error(rmst),
        landmarks=tuple(marks),
    )


def contrast(
    pair: Mapping[str, Batches],
    *,
    tau: float,
    landmarks: Sequence[float],
    follow_up: tuple[float, float, str] | None,
    trial: TrialLike | None,
) -> Contrast:
    """Contrast of two strategies on one endpoint.

    Parameters
    ----------
    pair : the strategy, then the comparator: names to their batches, the same patients in the same batches.
    tau : months, of the restricted mean.
    landmarks : months.
    follow_up : accrual and cut-off in months, and the name of the data cut; None where no report gives one.
    trial : the simulated trial of a real trial's size, if there is one.
    """
    (strategy, one), (comparator, other) = pair.items()
    accrual, cutoff, label = follow_up if follow_up is not None else (None, None, None)
    reported: tuple[float | None, float | None] = (None, None)
    if accrual is not None and cutoff is not None:
        reported = _hazard_ratio(one.under(accrual, cutoff), other.under(accrual, cutoff))
    uncensored = _hazard_ratio(one, other)

    def both(first: Array, second: Array) -> tuple[float | None, float | None]:
        # where neither median is reached their difference is inf - inf: nothing to report, not an error
        with np.errstate(invalid="ignore"):
            rows = first - second
        return finite(rows[0]), one.error(rows)

    rmst, median = both(one.rmst(tau), other.rmst(tau)), both(one.median(), other.median())
    chance = longer(one, other)
    return Contrast(
        strategy=strategy,
        comparator=comparator,
        endpoint=one.endpoint,
        follow_up=label,
        accrual=accrual,
        cutoff=cutoff,
        hazard_ratio=reported[0],
        mc_error=reported[1],
        hazard_ratio_uncensored=uncensored[0],
        hazard_ratio_uncensored_mc_error=uncensored[1],
        uncensored_to=float(one.times[-1]),
        rmst_tau=tau,
        rmst_difference=rmst[0],
        rmst_difference_mc_error=rmst[1],
        median_difference=median[0],
        median_difference_mc_error=median[1],
        landmark_differences=tuple(Landmark(m, *both(one.at(m), other.at(m))) for m in landmarks),
        p_longer=float(chance[0]),
        p_longer_mc_error=one.error(chance),
        trial_like=trial,
    )


def _hazard_ratio(one: Batches, other: Batches) -> tuple[float | None, float | None]:
    """The hazard ratio by lifelines on day counts, and its paired Monte Carlo error by our own Cox on the batches."""
    from simulate.survival import _lifelines

    rows = hazard_ratios(one, other)
    if not (math.isfinite(rows[0]) and rows[0] > 0.0):
        return None, None
    return _lifelines.cox(one.curve(), other.curve()).value, one.error(rows)
