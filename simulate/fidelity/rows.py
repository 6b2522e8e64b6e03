"""Rows of the fidelity table: a reported figure beside the model's and the simulation's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from simulate.analytic import Curves
from simulate.calibration import Calibration, calibrate, modelled
from simulate.calibration.figures import reported_value
from simulate.calibration.statistics import Statistic, predict
from simulate.cohort import Counts, simulate_counts
from simulate.evidence.schema import Figure, Trial
from simulate.fidelity.table import Fidelity, FidelityRow
from simulate.fidelity.withheld import leave_one_out
from simulate.survival import SurvivalCurve

CONFLICT_Z = 1.96
MET = 0.005  # a used figure counts as met within half a per cent
PATIENTS = 200_000


def simulated_cells(
    calibration: Calibration, *, patients: int = PATIENTS, seed: int = 1, threads: int | None = None
) -> dict[tuple[str, str], Counts]:
    """Simulate every arm and stratum on its own, to 120 months."""
    model = calibration.model
    out = {}
    for i, stratum in enumerate(model.strata):
        mix = tuple(1.0 if j == i else 0.0 for j in range(len(model.strata)))
        counts = simulate_counts(model, model.arms, patients=patients, seed=seed, replicate=i, mix=mix, threads=threads)
        out.update({(arm, stratum): counts[arm] for arm in model.arms})
    return out


def _empirical(counts: Counts) -> Curves:
    pooled = counts.pooled()
    days = pooled.events.shape[-1]
    curve = {
        e: np.asarray(SurvivalCurve.from_counts(counts, e).survival, dtype=float)
        if pooled.events[0, i].any() or pooled.censored[0, i].any()
        else np.ones(days)  # nobody gets there: where only survival is modelled nobody progresses
        for i, e in enumerate(pooled.endpoints)
    }
    progressions = pooled.events[0, pooled.endpoints.index("ttp"), :-1]
    progressed = np.concatenate(([0.0], np.cumsum(progressions))) / pooled.patients
    return Curves(curve["os"], curve["pfs"], curve["ttp"], curve["pps"], progressed)


def _natural(f: Figure, s: Statistic, scaled: float) -> float:
    value = s.from_scale(scaled)
    return value * (f.n or sum(g.total for g in s.groups)) if s.kind == "events" else value


def _interval(f: Figure, s: Statistic, sd: float) -> tuple[float | None, float | None, float | None, bool]:
    if f.interval is not None:
        return f.interval.low, f.interval.high, f.interval.level, False
    half = 1.959964 * sd
    return _natural(f, s, s.reported - half), _natural(f, s, s.reported + half), 0.95, True


def _common(trial: Trial, f: Figure) -> dict[str, Any]:
    def name(arm: str | tuple[str, ...] | None) -> str | None:
        return arm if arm is None or isinstance(arm, str) else "+".join(arm)

    population = f.population
    if f.comparator_population is not None and f.comparator_population != f.population:
        population = f"{f.population} vs {f.comparator_population}"
    return {
        "id": f.id,
        "study": trial.id,
        "arm": name(f.arm) or "",
        "comparator": name(f.comparator),
        "population": population,
        "endpoint": f.endpoint,
        "statistic": f.statistic,
        "grade": f.grade,
        "timepoint": f.timepoint,
        "cut": f.cut,
        "reported": reported_value(f),
        "role": f.role,
        "used_as_target": f.role in ("primary", "fit"),
    }


def _verdict(
    f: Figure, s: Statistic, model: float, z: float, interval: tuple[float | None, float | None]
) -> tuple[str, str]:
    low, high = interval
    inside = low is not None and high is not None and low <= model <= high
    why = f.note or f.why or ""
    if f.role == "superseded":
        return "superseded", why or "a rival of the figure used"
    met = f.role == "primary" and bool(f.value) and abs(model / (f.value or 1.0) - 1.0) < MET
    if met and abs(z) > CONFLICT_Z:
        return (
            "conflict",
            f"met as an equality, but the other figures predict another value (z {z:+.1f}). {why}".strip(),
        )
    if met:
        return "met", "used as an equality; z is that of its prediction from the other figures"
    if abs(z) > CONFLICT_Z or not inside:
        direction = "below" if model < (reported_value(f) or 0.0) else "above"
        text = (
            f"the model lies {direction} the reported figure (z {z:+.1f}){'' if inside else ', outside its interval'}"
        )
        return "conflict", f"{text}. {why}".strip()
    return "consistent", "subgroup predicted with the whole trial's effect" if s.homogeneous else ""


def _survival_row(
    trial: Trial, calibration: Calibration, i: int, simulated: float, withheld: Mapping[str, float]
) -> FidelityRow:
    s = calibration.statistics[i]
    f = trial.figure(s.figure)
    sd = math.sqrt(calibration.covariance[i, i])
    low, high, level, derived = _interval(f, s, sd)
    z = withheld.get(s.figure, float(calibration.posterior.z[i]))
    model = _natural(f, s, float(calibration.prediction[i]))
    verdict, reason = _verdict(f, s, model, z, (low, high))
    common = _common(trial, f)
    return FidelityRow(
        **common,
        ci_low=low,
        ci_high=high,
        ci_level=level,
        ci_derived=derived,
        model=model,
        simulated=_natural(f, s, simulated),
        z=z,
        subgroup=s.homogeneous,
        verdict=verdict,
        reason=reason,
    )


def integrated_rows(trial: Trial, calibration: Calibration) -> tuple[FidelityRow, ...]:
    """Every figure of survival beside the calibrated model, by integration: nothing is simulated or fitted again.

    `simulated` is None; `z` of a figure that was used is its residual, None where it is met as an equality.
    """
    out = []
    for i in range(len(calibration.statistics)):
        row = replace(_survival_row(trial, calibration, i, math.nan, {}), simulated=None)
        met = row.verdict == "met"
        out.append(replace(row, z=None, reason="used as an equality") if met else row)
    return tuple(out)


def _toxicity_cells(trial: Trial) -> dict[tuple[str, str, str], tuple[str, int]]:
    """(event, grade, arm) → (id of the figure its rate comes from, position of the grade)."""
    return {
        (t.event, g.grade, arm): (g.figures[arm], i)
        for t in trial.toxicity
        for i, g in enumerate(t.grades)
        for arm in trial.arms
    }


def _toxicity_row(
    trial: Trial, calibration: Calibration, f: Figure, counts: Mapping[str, Sequence[Counts]]
) -> FidelityRow | None:
    """Row of a toxicity rate whose event and grade the model has, or None."""
    if f.statistic != "proportion" or f.grade is None or not isinstance(f.arm, str) or f.value is None:
        return None
    found = _toxicity_cells(trial).get((f.endpoint, f.grade, f.arm))
    if found is None:
        return None
    target, grade = found
    model = next(t for t in calibration.model.toxicities if t.event == f.endpoint).rates[f.arm][grade]
    hits = sum(int(np.asarray(c.toxicity[f.endpoint])[:, grade + 1 :].sum()) for c in counts[f.arm])
    total = sum(int(np.asarray(c.n).sum()) for c in counts[f.arm])
    n = f.n or trial.arms[f.arm].safety_n or trial.arms[f.arm].n
    if n is None:
        return None
    rate = float(f.rate if f.rate is not None else f.value)
    used_here = f.id == target
    # a rounded percentage adds the rounding error of half a point to the binomial one
    sd = math.sqrt(max(model * (1 - model), 0.25 / n) / n + (0.0 if f.events is not None else 0.005**2 / 3.0))
    # the same patients twice: how far two reports of one rate may lie apart is at most one sampling error
    z = None if used_here else (rate - model) / sd
    low, high = (f.interval.low, f.interval.high) if f.interval else _wilson(rate, n)
    verdict, reason = (
        ("met", "used as the rate") if used_here else ("consistent", "same event and grade from another source")
    )
    if f.role == "superseded":
        verdict, reason = "superseded", f.why or f.note or ""
    elif z is not None and abs(z) > CONFLICT_Z:
        verdict, reason = "conflict", f"differs from the figure used (z {z:+.1f}). {f.note or f.why or ''}".strip()
    return FidelityRow(
        **{**_common(trial, f), "used_as_target": used_here, "reported": rate},
        ci_low=low,
        ci_high=high,
        ci_level=0.95,
        ci_derived=f.interval is None,
        model=model,
        simulated=hits / total,
        z=z,
        verdict=verdict,
        reason=reason,
    )


def _wilson(p: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion."""
    q = float(ndtri(0.5 + level / 2.0))
    centre = (p + q * q / (2 * n)) / (1 + q * q / n)
    half = q / (1 + q * q / n) * math.sqrt(p * (1 - p) / n + q * q / (4 * n * n))
    return (0.0 if p == 0.0 else centre - half), (1.0 if p == 1.0 else centre + half)


def fidelity(
    trial: Trial,
    calibration: Calibration | None = None,
    *,
    patients: int = PATIENTS,
    seed: int = 1,
    threads: int | None = None,
) -> Fidelity:
    """Reported, model, simulated, z and verdict of every figure of a trial.

    Parameters
    ----------
    trial : evidence.
    calibration : default is `calibrate(trial)`.
    patients : simulated patients per arm and stratum.

    Returns
    -------
    Fidelity
    """
    calibration = calibration or calibrate(trial)
    cells = simulated_cells(calibration, patients=patients, seed=seed, threads=threads)
    curves = {cell: _empirical(c) for cell, c in cells.items()}
    simulated = predict(calibration.statistics, curves.__getitem__)
    by_arm = {arm: [c for (a, _), c in cells.items() if a == arm] for arm in trial.arms}
    position = {s.figure: i for i, s in enumerate(calibration.statistics)}
    reasons = {p.figure.id: p.reason for p in modelled(trial)[1]}
    withheld: dict[str, float] = {}
    if calibration.calibrated:  # a stored model was not made from these figures: its residuals speak for themselves
        table = leave_one_out(trial, calibration)
        withheld = dict(zip(table["figure"], table["z"], strict=True))
    rows = []
    for f in trial.figures:
        if f.id in position:
            i = position[f.id]
            rows.append(_survival_row(trial, calibration, i, float(simulated[i]), withheld))
            continue
        row = _toxicity_row(trial, calibration, f, by_arm)
        if row is None:
            ci = f.interval
            row = FidelityRow(
                **{**_common(trial, f), "used_as_target": False},
                ci_low=ci.low if ci else None,
                ci_high=ci.high if ci else None,
                ci_level=ci.level if ci else None,
                ci_derived=False,
                model=None,
                simulated=None,
                z=None,
                verdict="not modelled",
                reason=reasons.get(f.id, "not modelled"),
            )
        rows.append(row)
    return Fidelity(trial.id, tuple(rows), calibration)
