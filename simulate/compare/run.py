"""Put strategies side by side.

The strategies share their random numbers: patient by patient the same draws. The error of a contrast is therefore
paired, and far smaller than that of its parts. Simulated patients are as many as one likes, so nothing here has a
p-value except one trial of a real trial's size.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.compare.comparison import Comparison
from simulate.compare.contrasts import contrast, endpoint_result
from simulate.compare.shares import state_times, toxicity_rates
from simulate.errors import input_error
from simulate.survival.batches import Batches
from simulate.survival.trial_like import TrialLike, arm_times, check_separate
from simulate.survival.trial_like import trial_like as one_trial

if TYPE_CHECKING:
    import pandas as pd

CONTRASTED = ("os", "pfs")
_TAU = 24.0  # months, of a restricted mean that nobody asked for


def compare(
    counts: Mapping[str, Any],
    comparator: str,
    *,
    follow_up: Mapping[str, tuple[float, float, str]],
    landmarks: Sequence[float] = (12.0, 24.0),
    rmst_tau: Mapping[str, float] | None = None,
    trial_like: tuple[int, pd.DataFrame] | None = None,
    grades: Mapping[str, Sequence[str]] | None = None,
    headline: Mapping[str, str] | None = None,
    unknown: Mapping[str, Collection[str]] | None = None,
    comparators: Mapping[str, str | None] | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare strategies simulated on the same patients.

    Parameters
    ----------
    counts : strategy to its `Counts`, in batches of the same patients under every strategy.
    comparator : the strategy that the others are held against.
    follow_up : endpoint to (accrual, cut-off, name of the data cut), months; the cut-off counts from the first
        enrolment. Its hazard ratio is what the trial would have estimated. An endpoint without one has no
        `hazard_ratio`.
    landmarks : months at which survival is given.
    rmst_tau : endpoint to the restriction of its mean, months; 24, or the horizon if that is shorter, where missing.
    trial_like : patients per arm, and rows (columns strategy, os, pfs in months, uncensored; patient) of at least as
        many *different* patients per strategy: one trial of that size, with drawn enrolment, an interval and
        p-values.
    grades : event to the names of its grades, mildest first.
    headline : event to the grade that stands for it in the summary; the mildest where missing.
    unknown : endpoint to the strategies of which no study reported it; nothing is said of it there.
    comparators : strategy to what it is held against instead of `comparator`; None for no contrast at all.
    seed : of the enrolment of that one trial.

    Raises
    ------
    InputError : unknown comparator, or one held against itself; strategies that do not share their batches of
        patients; a landmark, restriction or cut-off beyond the horizon; rows that are too few or of shared patients.
    """
    order = _checked(counts, comparator)
    against = _against(order, comparators or {})
    left_out = {(s, e) for e, strategies in (unknown or {}).items() for s in strategies}
    taus = rmst_tau or {}
    endpoints = tuple(counts[comparator].endpoints)
    batches = {e: {s: Batches.from_counts(counts[s], e) for s in order} for e in endpoints}
    tau = {e: float(taus.get(e, min(_TAU, float(batches[e][comparator].times[-1])))) for e in endpoints}
    trials = _trials(against, endpoints, follow_up, trial_like, seed)
    results = tuple(
        endpoint_result(batches[e][s], s, tau[e], landmarks) for s in order for e in endpoints if (s, e) not in left_out
    )
    contrasts = tuple(
        contrast(
            {s: batches[e][s], other: batches[e][other]},
            tau=tau[e],
            landmarks=landmarks,
            follow_up=follow_up.get(e),
            trial=trials.get((s, e)),
        )
        for s, other in against.items()
        for e in CONTRASTED
        if e in endpoints and not {(s, e), (other, e)} & left_out
    )
    by_order = {s: counts[s] for s in order}
    return Comparison(
        strategies=order,
        comparator=comparator,
        endpoints=results,
        contrasts=contrasts,
        toxicity=toxicity_rates(by_order, against, grades or {}),
        time_in_state=state_times(by_order, against),
        curves={
            e: {s: b.curve() for s, b in of.items() if b.patients > 0 and (s, e) not in left_out}
            for e, of in batches.items()
        },
        headline=dict(headline or {}),
    )


def _checked(counts: Mapping[str, Any], comparator: str) -> tuple[str, ...]:
    """The strategies, the comparator first."""
    if comparator not in counts:
        raise input_error(f"unknown comparator {comparator!r}; allowed are {', '.join(counts)}.", field="comparator")
    base = counts[comparator]
    for strategy, one in counts.items():
        if not np.array_equal(one.n, base.n) or one.events.shape != base.events.shape:
            raise input_error(
                f"{strategy} and {comparator} were not simulated on the same batches of patients and days.",
                field=f"counts.{strategy}",
                advice="Simulate all strategies in one call, or with equal patients, seed and horizon.",
            )
    return (comparator, *(s for s in counts if s != comparator))


def _against(order: tuple[str, ...], own: Mapping[str, str | None]) -> dict[str, str]:
    """Every strategy that is held against another one, and against which: the first of all unless told otherwise."""
    out = {}
    for strategy in order[1:]:
        other = own.get(strategy, order[0])
        if other is None:
            continue
        if other not in order or other == strategy:
            raise input_error(f"{strategy} cannot be held against {other!r}.", field=f"comparators.{strategy}")
        out[strategy] = other
    return out


def _trials(
    against: Mapping[str, str],
    endpoints: tuple[str, ...],
    follow_up: Mapping[str, tuple[float, float, str]],
    wanted: tuple[int, pd.DataFrame] | None,
    seed: int,
) -> dict[tuple[str, str], TrialLike]:
    """One simulated trial a strategy and endpoint; the same patients and enrolment for both endpoints."""
    if wanted is None:
        return {}
    n, rows = wanted
    check_separate(rows)
    out = {}
    for strategy, other in against.items():
        for endpoint in (e for e in CONTRASTED if e in endpoints and e in follow_up):
            accrual, cutoff, _ = follow_up[endpoint]
            treated, control = (arm_times(rows, s, endpoint, n) for s in (strategy, other))
            found = one_trial(treated, control, accrual, cutoff, seed=seed)
            if found is not None:
                out[strategy, endpoint] = found
    return out
