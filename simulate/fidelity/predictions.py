"""Every prediction the library makes of a figure it did not use, and what they say together.

A figure the calibration used is predicted from the others of its study (leave-one-out); a figure it only checks was
never used. The shape priors come from the other studies. Errors are told by endpoint, class of treatment and months
beyond the median, because that is how far a curve is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from simulate.calibration import Calibration, calibrate
from simulate.calibration.result import used
from simulate.evidence.schema import Trial
from simulate.fidelity.withheld import leave_one_out

LEVEL = 0.95
INSIDE = 1.959964
BANDS = ((-np.inf, 0.0, "up to the median"), (0.0, 6.0, "0 to 6 months beyond"), (6.0, 12.0, "6 to 12 months beyond"),
         (12.0, np.inf, "more than 12 months beyond"))  # fmt: skip
UNKNOWN = "median not reported"


def predictions(trial: Trial, calibration: Calibration | None = None) -> pd.DataFrame:
    """Every survival figure of a study predicted without itself.

    Returns
    -------
    DataFrame as `leave_one_out` with ``used`` (left out in turn; else never used), ``subgroup`` (predicted with the
    whole trial's effect), ``treatment_class``, ``line``, ``band`` (months beyond the median, in words) and
    ``error_points`` (of landmarks, percentage points). Superseded figures and counts of events, which test the
    follow-up that was assumed, are left out.
    """
    calibration = calibration or calibrate(trial)
    frame = leave_one_out(trial, calibration)
    frame = frame.assign(used=True, subgroup=False)
    rest = pd.DataFrame(_never_used(trial, calibration), columns=list(frame.columns))
    parts = [p for p in (frame, rest) if len(p)]
    if not parts:
        return frame
    out = pd.concat(parts, ignore_index=True)
    out = out[out["statistic"] != "events"].reset_index(drop=True)
    figures = {f.id: f for f in trial.figures}
    arms = [figures[f].arm for f in out["figure"]]
    first = [a if isinstance(a, str) else next(iter(a)) for a in arms]
    out["treatment_class"] = [(trial.arms[a].treatment_class if a in trial.arms else None) or "mixed" for a in first]
    out["line"] = str(trial.line_of_therapy or "")
    out["band"] = [band(x) for x in out["months_beyond_median"]]
    landmark = out["statistic"] == "landmark"
    out["error_points"] = np.where(landmark, 100.0 * (out["predicted"] - out["reported"]).astype(float), np.nan)
    return out


def _never_used(trial: Trial, calibration: Calibration) -> list[dict[str, Any]]:
    chosen = set(used(calibration.statistics))
    out = []
    for i, s in enumerate(calibration.statistics):
        if i in chosen or s.role == "superseded":
            continue
        predicted = s.from_scale(float(calibration.prediction[i]))
        medians = [x.value for x in calibration.statistics if x.kind == "median" and x.endpoint == s.endpoint]
        beyond = None if s.timepoint is None or not medians else s.timepoint - float(np.median(medians))
        sd = float(calibration.posterior.residual_sd[i])
        out.append(
            {
                "study": trial.id,
                "figure": s.figure,
                "endpoint": s.endpoint,
                "statistic": s.kind,
                "timepoint": s.timepoint,
                "reported": s.value,
                "predicted": predicted,
                "ratio": predicted / s.value if s.value else np.nan,
                "sd": sd,
                "z": float(calibration.posterior.z[i]),
                "months_beyond_median": beyond,
                "used": False,
                "subgroup": s.homogeneous,
            }
        )
    return out


def band(months: float | None) -> str:
    """Months beyond the median in words."""
    if months is None or not np.isfinite(months):
        return UNKNOWN
    return next(words for low, high, words in BANDS if low < months <= high or (low == -np.inf and months <= high))


def trust(frame: pd.DataFrame) -> dict[str, Any]:
    """What a set of predictions says: number, RMS z, coverage of 95 % intervals and its binomial p, landmark errors."""
    z = frame["z"].astype(float)
    inside = int((z.abs() <= INSIDE).sum())
    points = frame["error_points"].dropna().abs()
    return {
        "figures": len(frame),
        "rms_z": float(np.sqrt(np.mean(z**2))) if len(frame) else None,
        "inside": inside,
        "coverage": inside / len(frame) if len(frame) else None,
        "coverage_p": float(binomtest(inside, len(frame), LEVEL).pvalue) if len(frame) else None,
        "landmarks": len(points),
        "median_error_points": float(points.median()) if len(points) else None,
    }


def trust_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`trust` of everything, and by statistic, endpoint, class of treatment and months beyond the median."""
    groups: list[tuple[str, str, pd.DataFrame]] = [("all", "all figures", frame)]
    groups += [("all", "landmarks", frame[frame["statistic"] == "landmark"])]
    landmarks = frame[frame["statistic"] == "landmark"]
    for by, part in (("statistic", frame), ("endpoint", frame), ("treatment_class", frame), ("band", landmarks)):
        groups += [(by, str(name), own) for name, own in part.groupby(by, sort=True)]
    order = {words: i for i, (_, _, words) in enumerate(BANDS)}
    groups.sort(key=lambda g: (GROUPS.index(g[0]), order.get(g[1], 9)))
    return pd.DataFrame([{"by": by, "group": name, **trust(own)} for by, name, own in groups])


GROUPS = ("all", "statistic", "endpoint", "treatment_class", "band")


def all_predictions(trials: Iterable[Trial]) -> pd.DataFrame:
    """`predictions` of every study that has a survival model."""
    parts = [predictions(t) for t in trials if t.calibration.structure != "outcomes_only"]
    parts = [p for p in parts if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
