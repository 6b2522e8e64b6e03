"""Verification: the simulation held against numerical integration of the same model, over many independent seeds.

For every arm of every model a z-score per seed and quantity: (simulated − integrated) / its exact standard error. If
the kernel, the counting and the integration agree, the scores are standard normal: mean, variance and tails are tested.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from simulate.analytic import ArmOutcome, cox_hazard_ratio, follow_up_weights, restricted_mean, solve
from simulate.calibration import calibrate
from simulate.cohort import Counts, simulate_counts
from simulate.evidence import Library
from simulate.model.types import DAYS_PER_MONTH, JointModel
from simulate.survival import SurvivalCurve
from simulate.survival.batches import Batches
from simulate.survival.cox import log_hazard_ratio
from simulate.survival.two_sample import TwoSample

Array = NDArray[np.float64]
LANDMARKS = (3.0, 6.0, 12.0, 24.0, 36.0)
TAU = 36.0
NOBODY = 1e-4  # share of patients who progress, below which only survival is modelled
FALSE_ALARM = 1e-4  # chance that any test of one model and arm fails although all agrees
# The Cox estimate from n patients an arm is itself off by about 6 to 8 / n on the log scale: measured with 12,500,
# 50,000 and 200,000 where two arms almost coincide and common random numbers leave hardly any other error. Elsewhere
# this is far below the bound.
COX_BIAS = 10.0
FOLLOW_UP = {"all followed to 119 months": (0.0, 119.0), "33 months of accrual, cut at 59": (33.0, 59.0)}


@dataclass(frozen=True)
class Agreement:
    """z-scores of one model and arm: `z` has one row a seed and one column a quantity, named by `quantities`.

    `bias` is what an estimate from so many patients is itself off by, in the same units; the bound of the mean is wider
    by it.
    """

    model: str
    arm: str
    quantities: tuple[str, ...]
    z: Array
    bias: Array | None = None

    def to_df(self) -> pd.DataFrame:
        """Mean, variance, tail share of the z-scores of each quantity, with the bounds they are held to."""
        k, q = self.z.shape
        alpha = FALSE_ALARM / (3 * q)
        mean_bound = stats.norm.isf(alpha / 2) / math.sqrt(k)
        low, high = stats.chi2.ppf([alpha / 2, 1 - alpha / 2], k - 1) / (k - 1)
        tail_limit = stats.binom.isf(alpha, k, 2 * stats.norm.sf(2.0))
        rows = []
        for j, name in enumerate(self.quantities):
            z = self.z[:, j]
            mean, variance, tail = float(z.mean()), float(z.var(ddof=1)), int((np.abs(z) > 2.0).sum())
            bound = mean_bound + (0.0 if self.bias is None else float(self.bias[j]))
            passed = abs(mean) < bound and low < variance < high and tail <= tail_limit
            rows.append(
                {
                    "model": self.model,
                    "arm": self.arm,
                    "quantity": name,
                    "seeds": k,
                    "mean_z": mean,
                    "mean_bound": bound,
                    "variance": variance,
                    "variance_low": low,
                    "variance_high": high,
                    "beyond_2": tail,
                    "beyond_2_limit": int(tail_limit),
                    "passed": bool(passed),
                }
            )
        return pd.DataFrame(rows)


def _density(survival: Array, months: float) -> float:
    i = min(int(months * DAYS_PER_MONTH), len(survival) - 2)
    return float(survival[i] - survival[i + 1]) * DAYS_PER_MONTH


def _rmst_variance(survival: Array, tau: float) -> float:
    """Variance of min(T, tau): 2 * integral of t S(t) minus the squared mean."""
    t = np.minimum(np.arange(len(survival)) / DAYS_PER_MONTH, tau)
    second = float(np.sum((t[1:] * survival[1:] + t[:-1] * survival[:-1]) * np.diff(t)))
    return second - restricted_mean(survival, tau) ** 2


def _endpoints(outcome: ArmOutcome) -> tuple[str, ...]:
    """What is compared: where only survival is modelled nobody progresses."""
    return ("os", "pfs", "pps") if outcome.curves.progressed[-1] > NOBODY else ("os",)


def expected(outcome: ArmOutcome, patients: int) -> dict[str, tuple[float, float]]:
    """Quantity → (integrated value, standard error with `patients` patients)."""
    out: dict[str, tuple[float, float]] = {}
    progressed = float(outcome.curves.progressed[-1])
    for endpoint in _endpoints(outcome):
        s = outcome.curves.endpoint(endpoint)
        n = patients * (progressed if endpoint == "pps" else 1.0)
        for t in LANDMARKS:
            value = outcome.landmark(endpoint, t)
            if 30.0 / n < value < 1.0 - 30.0 / n:
                out[f"{endpoint} at {t:g} months"] = (value, math.sqrt(value * (1.0 - value) / n))
        median = outcome.median(endpoint)
        if math.isfinite(median):
            out[f"{endpoint} median"] = (median, 0.5 / math.sqrt(n) / _density(s, median))
        out[f"{endpoint} mean to {TAU:g} months"] = (outcome.rmst(endpoint, TAU), math.sqrt(_rmst_variance(s, TAU) / n))
    return out


def observed(counts: Counts, endpoints: Sequence[str] = ("os", "pfs", "pps")) -> dict[str, float]:
    """The same quantities from simulated counts."""
    out = {}
    for endpoint in endpoints:
        curve = SurvivalCurve.from_counts(counts, endpoint)
        out.update({f"{endpoint} at {t:g} months": float(curve.at(t)) for t in LANDMARKS})
        out[f"{endpoint} median"] = curve.median()
        out[f"{endpoint} mean to {TAU:g} months"] = curve.rmst(TAU).value
    return out


def _time_z(counts: Counts, outcome: ArmOutcome) -> dict[str, float]:
    """Z of the mean discounted time in each state; its standard error from the simulated second moments."""
    n = counts.patients
    out = {}
    for r, rate in enumerate(counts.rates):
        exact = outcome.time_in_state(rate)
        for i, state in enumerate(("progression_free", "post_progression")[: len(_endpoints(outcome))]):
            mean = float(counts.time_sum[:, r, i].sum()) / n
            variance = float(counts.time_cross[:, r, i, i].sum()) / n - mean**2
            out[f"months {state} at {rate:.1%} a year"] = (mean - exact[state]) / math.sqrt(variance / n)
    return out


def _log_ratios(simulated: Mapping[str, Counts], arms: Sequence[str]) -> dict[str, float]:
    """Simulated log hazard ratios of the second arm against the first, under each follow-up of `FOLLOW_UP`."""
    out = {}
    for endpoint in ("os", "pfs"):
        control, treated = (Batches.from_counts(simulated[a].pooled(), endpoint) for a in arms[:2])
        for name, (accrual, cutoff) in FOLLOW_UP.items():
            one, other = treated.under(accrual, cutoff), control.under(accrual, cutoff)
            table = TwoSample(one.events[:, :-1], one.at_risk, other.events[:, :-1], other.at_risk)
            # Efron: events of a day meet half of each other, as in the integral at mid-day
            out[f"{endpoint} log hazard ratio, {name}"] = float(log_hazard_ratio(table, ties="efron")[0][0])
    return out


def _exact_log_ratios(outcomes: Mapping[str, ArmOutcome], arms: Sequence[str]) -> dict[str, float]:
    """The same by integration."""
    out = {}
    for endpoint in ("os", "pfs"):
        control, treated = (outcomes[a].curves.endpoint(endpoint) for a in arms[:2])
        for name, (accrual, cutoff) in FOLLOW_UP.items():
            weights = follow_up_weights(len(control) - 1, accrual, cutoff)
            out[f"{endpoint} log hazard ratio, {name}"] = math.log(cox_hazard_ratio(treated, control, weights))
    return out


def _progression(counts: Counts) -> dict[str, float]:
    """Time to progression of one arm: landmarks and median, by Kaplan–Meier with deaths as censorings."""
    curve = SurvivalCurve.from_counts(counts, "ttp")
    out = {f"ttp at {t:g} months, {counts.arm}": float(curve.at(t)) for t in LANDMARKS}
    return out | {f"ttp median, {counts.arm}": curve.median()}


def _exact_progression(outcome: ArmOutcome) -> dict[str, float]:
    """The same by integration; nothing where only survival is modelled."""
    if outcome.curves.progressed[-1] <= NOBODY:
        return {}
    out = {f"ttp at {t:g} months, {outcome.arm}": outcome.landmark("ttp", t) for t in LANDMARKS}
    return out | {f"ttp median, {outcome.arm}": outcome.median("ttp")}


def mean_agreement(
    model: JointModel, *, seeds: int = 200, patients: int = 100_000, threads: int | None = None, first_seed: int = 1
) -> Agreement:
    """Hazard ratios and time to progression of a model's first two arms over seeds, against the integration.

    Arms share random numbers and deaths censor progression, so there is no simple exact standard error: it is taken
    from the seeds themselves. Only the mean is tested, the variance is 1 by construction.
    """
    arms = model.arms[:2]
    solved = solve(model, arms, horizon=120.0)
    exact = _exact_log_ratios(solved, arms) | {k: v for a in arms for k, v in _exact_progression(solved[a]).items()}
    rows = []
    for seed in range(first_seed, first_seed + seeds):
        simulated = simulate_counts(model, arms, patients=patients, seed=seed, threads=threads)
        found = _log_ratios(simulated, arms)
        if len(exact) > len(found):
            found |= {k: v for a in arms for k, v in _progression(simulated[a]).items()}
        rows.append([found[k] - v for k, v in exact.items()])
    gap = np.array(rows)
    sd = gap.std(axis=0, ddof=1)
    off = np.array([COX_BIAS / patients if "hazard ratio" in name else 0.0 for name in exact])
    return Agreement(model.id, f"{arms[1]} v {arms[0]}", tuple(exact), gap / sd, off / sd)


def agreement(
    model: JointModel,
    *,
    seeds: int = 200,
    patients: int = 100_000,
    threads: int | None = None,
    first_seed: int = 1,
    stratum: str | None = None,
) -> list[Agreement]:
    """Simulate `model` under `seeds` seeds and compare every arm with its integration, or every arm in one stratum."""
    horizon, rates = 120.0, (0.0, 0.035)
    mix = None if stratum is None else tuple(float(s == stratum) for s in model.strata)
    outcomes = solve(model, horizon=horizon, mix=mix)
    scores: dict[str, list[dict[str, float]]] = {arm: [] for arm in model.arms}
    for seed in range(first_seed, first_seed + seeds):
        simulated = simulate_counts(
            model, model.arms, patients=patients, seed=seed, horizon=horizon, rates=rates, mix=mix, threads=threads
        )
        for arm, counts in simulated.items():
            found, pooled = observed(counts, _endpoints(outcomes[arm])), counts.pooled()
            z = {k: (found[k] - value) / se for k, (value, se) in expected(outcomes[arm], patients).items()}
            scores[arm].append(z | _time_z(pooled, outcomes[arm]))
    out = []
    for arm, rows in scores.items():
        names = tuple(rows[0])
        label = arm if stratum is None else f"{arm} in {stratum}"
        out.append(Agreement(model.id, label, names, np.array([[r[k] for k in names] for r in rows])))
    return out


def run_verify(
    *, seeds: int, patients: int, threads: int | None, out: Path | None, params: Path | None, quiet: bool
) -> list[dict[str, Any]]:
    """`simulate verify`: every trial of the library; prints a table, returns plain records."""
    from simulate.tables import print_frame, write_csv

    library = Library(params)
    frames = []
    for name in library.trials():
        if library.trial(name).calibration.structure == "outcomes_only":
            continue
        model = calibrate(library.trial(name)).model
        size: dict[str, Any] = {"seeds": seeds, "patients": patients, "threads": threads}
        found = agreement(model, **size)
        if len(model.arms) > 1:
            found.append(mean_agreement(model, **size))
        if len(model.strata) > 1:
            for stratum in model.strata:
                found += agreement(model, **size, stratum=stratum)
        frames += [a.to_df() for a in found]
    table = pd.concat(frames, ignore_index=True).assign(patients=patients)
    if not quiet:
        columns = [
            "model",
            "arm",
            "quantity",
            "mean_z",
            "mean_bound",
            "variance",
            "beyond_2",
            "beyond_2_limit",
            "passed",
        ]
        print_frame(
            table[columns], title=f"Simulation against integration: {seeds} seeds of {patients:,} patients", digits=3
        )
        print(f"{int(table['passed'].sum())} of {len(table)} quantities agree within their bounds")
    if out is not None:
        write_csv(out / "verify.csv", table)
    return _records(table)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: Sequence[Mapping[Any, Any]] = table.to_dict("records")
    return [{str(k): v.item() if isinstance(v, np.generic) else v for k, v in r.items()} for r in rows]
