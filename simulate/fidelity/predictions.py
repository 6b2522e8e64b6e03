"""Every prediction the library makes of a figure it did not use, and what they say together.

A figure the calibration used is predicted from the others of its study (leave-one-out); a figure it only checks was
never used. The priors come from the other studies. Errors are told by endpoint, class of treatment and months beyond
the median, because that is how far a curve is trusted.

No smooth family is true: scans put steps into curves, effects change. How far figures lie from their prediction beyond
what sampling and the priors explain is therefore learned too, from the *other* studies (`with_discrepancy`), and goes
into the prediction intervals. The plain z-scores are kept beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from simulate.calibration import Calibration, calibrate
from simulate.calibration.result import used
from simulate.calibration.statistics import Statistic
from simulate.evidence import Library
from simulate.evidence.library import bundled_params
from simulate.evidence.schema import Trial
from simulate.fidelity.withheld import leave_one_out, row_of
from simulate.tables import write_csv

FILE = "priors/predictions.csv"
LEVEL = 0.95
INSIDE = 1.959964
BANDS = ((-np.inf, 0.0, "up to the median"), (0.0, 6.0, "0 to 6 months beyond"), (6.0, 12.0, "6 to 12 months beyond"),
         (12.0, np.inf, "more than 12 months beyond"))  # fmt: skip
UNKNOWN = "median not reported"
DISCREPANCY_SCALE = 0.25  # of the weak half-normal prior on the discrepancy, on the working scale
COLUMNS = (
    "study", "figure", "arm", "endpoint", "statistic", "timepoint", "reported", "predicted", "ratio", "error_points",
    "sd", "z", "discrepancy", "z_predictive", "low", "high", "months_beyond_median", "band", "used", "informed",
    "subgroup", "treatment_class", "line",
)  # fmt: skip


def predictions(trial: Trial, calibration: Calibration | None = None) -> pd.DataFrame:
    """Every survival figure of a study predicted without itself.

    Returns
    -------
    DataFrame as `leave_one_out` with ``used`` (left out in turn; else never used), ``informed`` (another figure of its
    arm, or of an arm randomised against it, was used: otherwise only the library's prior speaks), ``subgroup``
    (predicted with the whole trial's effect), ``treatment_class``, ``line``, ``band`` (months beyond the median, in
    words) and ``error_points`` (of landmarks, percentage points). Superseded figures and counts of events, which test
    the follow-up that was assumed, are left out.
    """
    calibration = calibration or calibrate(trial)
    superseded = {f.id for f in trial.figures if f.role == "superseded"}
    rows = [
        *leave_one_out(trial, calibration).assign(used=True).to_dict("records"),
        *_never_used(calibration),
    ]
    statistics = {s.figure: s for s in calibration.statistics}
    sources = [s for s in calibration.statistics if s.role in ("primary", "fit")]
    out = []
    for row in rows:
        s = statistics[row["figure"]]
        if s.kind == "events" or s.figure in superseded:
            continue
        arm = next(iter(s.groups[0].cells))[0]
        landmark = s.kind == "landmark"
        out.append(
            {
                **row,
                "study": trial.id,
                "arm": arm,
                "informed": _informed(trial, s, sources),
                "subgroup": s.homogeneous,
                "treatment_class": trial.arms[arm].treatment_class or "mixed",
                "line": str(trial.line_of_therapy or ""),
                "band": band(row["months_beyond_median"]),
                "error_points": 100.0 * (row["predicted"] - row["reported"]) if landmark else math.nan,
            }
        )
    return pd.DataFrame(out, columns=[c for c in COLUMNS if c not in ("discrepancy", "z_predictive", "low", "high")])


def _informed(trial: Trial, s: Statistic, sources: list[Statistic]) -> bool:
    """Whether another used figure tells something of the arm, or of one it was randomised against."""
    arms = {c[0] for g in s.groups for c in g.cells}
    others = {c[0] for x in sources if x.figure != s.figure for g in x.groups for c in g.cells}
    return bool(others) if trial.design == "randomised" else bool(arms & others)


def _never_used(calibration: Calibration) -> list[dict[str, Any]]:
    chosen, sd = set(used(calibration.statistics)), calibration.posterior.residual_sd
    return [
        {**row_of(calibration, s, float(calibration.prediction[i]), float(sd[i])), "used": False}
        for i, s in enumerate(calibration.statistics)
        if i not in chosen
    ]


def band(months: float | None) -> str:
    """Months beyond the median in words."""
    if months is None or not np.isfinite(months):
        return UNKNOWN
    return next(words for low, high, words in BANDS if low < months <= high or (low == -np.inf and months <= high))


def discrepancy(residual: NDArray[np.float64], sd: NDArray[np.float64]) -> float:
    """Standard deviation, beyond `sd`, of residuals on the working scale: penalised maximum likelihood."""
    if len(residual) < 5:
        return 0.0

    def cost(extra: float) -> float:
        variance = sd**2 + extra**2
        likelihood = 0.5 * float(np.sum(np.log(variance) + residual**2 / variance))
        return likelihood + 0.5 * (extra / DISCREPANCY_SCALE) ** 2

    return float(minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded").x)


def with_discrepancy(frame: pd.DataFrame, library: pd.DataFrame | None = None) -> pd.DataFrame:
    """Prediction intervals that take in the discrepancy seen in the other studies, by kind of statistic.

    The others are those of `frame` and, where given, of `library`. Adds ``discrepancy`` (working scale),
    ``z_predictive``, and the interval's ends ``low`` and ``high``.
    """
    out = frame.copy()
    extra = np.zeros(len(out))
    columns = ["study", "statistic", "z", "sd"]
    known = [out[columns]]
    if library is not None:
        known.append(library.loc[~library["study"].isin(out["study"]), columns])
    seen = pd.concat([k for k in known if len(k)], ignore_index=True)
    for study, kind in sorted(set(zip(out["study"], out["statistic"], strict=True))):
        others = seen[(seen["study"] != study) & (seen["statistic"] == kind)].astype({"z": float, "sd": float})
        own = ((out["study"] == study) & (out["statistic"] == kind)).to_numpy()
        extra[own] = discrepancy((others["z"] * others["sd"]).to_numpy(), others["sd"].to_numpy())
    total = np.hypot(out["sd"].to_numpy(float), extra)
    out["discrepancy"], out["z_predictive"] = extra, out["z"].to_numpy(float) * out["sd"].to_numpy(float) / total
    predicted = out["predicted"].to_numpy(float)
    share = (out["statistic"] == "landmark").to_numpy()
    clipped = np.clip(predicted, 1e-9, 1.0 - 1e-9)
    for name, sign in (("low", -1.0), ("high", 1.0)):
        odds = clipped / (1.0 - clipped) * np.exp(sign * INSIDE * total)
        out[name] = np.where(share, odds / (1.0 + odds), predicted * np.exp(sign * INSIDE * total))
    return out[list(COLUMNS)]


def all_predictions(trials: Iterable[Trial], library: pd.DataFrame | None = None) -> pd.DataFrame:
    """`predictions` of the studies that have a survival model, with prediction intervals.

    `library` are predictions of other studies, from which the discrepancy is learned too.
    """
    records = [
        row
        for t in trials
        if t.calibration.structure != "outcomes_only"
        for row in predictions(t).to_dict("records")
    ]  # fmt: skip
    return with_discrepancy(pd.DataFrame(records), library) if records else pd.DataFrame(columns=list(COLUMNS))


def trust(frame: pd.DataFrame) -> dict[str, Any]:
    """What a set of predictions says.

    Number of figures, root mean square z, share inside their 95 % prediction interval and its two-sided binomial p,
    number of landmarks, and the median absolute error of these in percentage points.
    """
    from scipy.stats import binomtest  # slow to import, and of predictions alone

    inside = int((frame["z_predictive"].astype(float).abs() <= INSIDE).sum())
    points = frame["error_points"].dropna().astype(float).abs()
    return {
        "figures": len(frame),
        "rms_z": float(np.sqrt(np.mean(frame["z"].astype(float) ** 2))) if len(frame) else None,
        "inside": inside,
        "coverage": inside / len(frame) if len(frame) else None,
        "coverage_p": float(binomtest(inside, len(frame), LEVEL).pvalue) if len(frame) else None,
        "landmarks": len(points),
        "median_error_points": float(points.median()) if len(points) else None,
    }


GROUPS = ("all", "figures", "statistic", "endpoint", "treatment_class", "line", "months beyond the median", "alone")


def informed(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions from other figures; without any it is the library's prior that speaks, not a left-out figure."""
    return frame[frame["informed"].astype(bool)]


def trust_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`trust` of the predictions from other figures of the study, by statistic, endpoint, class, line and months beyond
    the median; last, apart, of figures beside which no other is known of their arm (``alone``).
    """
    told = informed(frame)
    alone = frame.drop(told.index)
    landmarks = told[told["statistic"] == "landmark"]
    groups: list[tuple[str, str, pd.DataFrame]] = [
        ("all", "all figures", told),
        ("all", "landmarks", landmarks),
        ("figures", "used, left out in turn", told[told["used"].astype(bool)]),
        ("figures", "never used", told[~told["used"].astype(bool)]),
        ("alone", "all figures", alone),
        ("alone", "landmarks", alone[alone["statistic"] == "landmark"]),
    ]
    for by, column, part in (
        ("statistic", "statistic", told),
        ("endpoint", "endpoint", told),
        ("treatment_class", "treatment_class", told),
        ("line", "line", told),
        ("months beyond the median", "band", landmarks),
    ):
        groups += [(by, str(name) or "none", own) for name, own in part.groupby(column, sort=True)]
    order = {words: i for i, (_, _, words) in enumerate(BANDS)}
    groups.sort(key=lambda g: (GROUPS.index(g[0]), order.get(g[1], 9)))
    return pd.DataFrame([{"by": by, "group": name, **trust(own)} for by, name, own in groups if len(own)])


@lru_cache(maxsize=1)
def stored() -> pd.DataFrame:
    """The bundled library's predictions as they were last made; empty where there are none."""
    file = bundled_params() / FILE
    if not file.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(file, keep_default_na=True, dtype={"line": str}).fillna({"line": ""})


def store() -> Path:
    """Make and write the bundled library's predictions (six significant digits)."""
    library = Library([])
    frame = all_predictions(library.trial(t) for t in library.trials())
    numbers = frame.select_dtypes("number").columns
    frame[numbers] = frame[numbers].map(lambda v: float(f"{v:.6g}"))
    return write_csv(bundled_params() / FILE, frame)


if __name__ == "__main__":
    print(store())
    print(trust_table(stored()).round(3).to_string())
