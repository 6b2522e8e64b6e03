"""Leave-one-out: every used figure predicted from the others of its trial."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulate.calibration import Calibration, calibrate
from simulate.calibration.calibrate import fit, locations, used
from simulate.calibration.linear import residual_covariance
from simulate.calibration.observations import observations
from simulate.calibration.solve import Forward
from simulate.calibration.spec import Spec
from simulate.calibration.statistics import Statistic
from simulate.evidence.schema import Trial
from simulate.files import cached_json, code_key
from simulate.processes import each

CODE = code_key(
    "calibration", "analytic", "model", "evidence", "fidelity"
)  # of the code as imported: editing it makes older answers unreachable

_COLUMNS = ("study", "figure", "endpoint", "statistic", "timepoint", "reported", "predicted", "ratio", "sd", "z",
            "months_beyond_median")  # fmt: skip


def leave_one_out(trial: Trial, calibration: Calibration | None = None) -> pd.DataFrame:
    """Predict every used survival figure from the others of its trial and the prior.

    Returns
    -------
    DataFrame with columns study, figure, endpoint, statistic, timepoint, reported, predicted, ratio, sd (on its scale),
    z and months_beyond_median (of landmarks). Cached by content.
    """
    calibration = calibration or calibrate(trial)
    key = {
        "trial": trial.model_dump_json(),
        "spec": repr(calibration.spec),
        "covariance": calibration.covariance.tolist(),
        "medians": repr(observations("medians")),  # place an arm whose figure is left out
        "code": CODE,
    }
    rows = cached_json("leave_one_out", key, lambda: _leave_one_out(trial, calibration))
    return pd.DataFrame(rows, columns=None if rows else list(_COLUMNS))


def _beyond(timepoint: float | None, medians: list[float]) -> float | None:
    """Months from the reported medians to a landmark, where both are reported."""
    return None if timepoint is None or not medians else timepoint - float(np.median(medians))


def _leave_one_out(trial: Trial, calibration: Calibration) -> list[dict[str, Any]]:
    chosen = used(calibration.statistics)
    pieces = []
    for left in chosen:
        # the priors on medians must not know the figure either
        guess, width = locations(trial, [calibration.statistics[i] for i in chosen if i != left])
        pieces.append((calibration, left, replace(calibration.spec, guess=guess, location_sd=width)))
    return [{"study": trial.id, **row} for row in each(_left_out, pieces)]


def _left_out(piece: tuple[Calibration, int, Spec]) -> dict[str, Any]:
    """The statistic of this number, predicted by a calibration to the others under this specification."""
    calibration, left, spec = piece
    rest = [i for i in used(calibration.statistics) if i != left]
    cov = calibration.covariance
    forward, solution = fit([calibration.statistics[i] for i in rest], spec, cov[np.ix_(rest, rest)])
    everything = Forward(forward.layout, calibration.statistics)
    value = everything(solution.x)
    jacobian = everything.jacobian(solution.x, value)
    ju = jacobian[rest]
    size = len(solution.x)
    gain = np.linalg.solve(ju.T @ solution.weights @ ju + np.eye(size), ju.T @ solution.weights)
    sd = float(np.sqrt(residual_covariance(jacobian[[left]], ju, gain, cov, [left], rest)[0, 0]))
    return row_of(calibration, calibration.statistics[left], float(value[left]), sd)


def row_of(calibration: Calibration, s: Statistic, value: float, sd: float) -> dict[str, Any]:
    """One figure beside its prediction `value`, which is on the figure's working scale like its `sd`."""
    predicted = s.from_scale(value)
    medians = [x.value for x in calibration.statistics if x.kind == "median" and x.endpoint == s.endpoint]
    return {
        "figure": s.figure,
        "endpoint": s.endpoint,
        "statistic": s.kind,
        "timepoint": s.timepoint,
        "reported": s.value,
        "predicted": predicted,
        "ratio": predicted / s.value if s.value else math.nan,
        "sd": sd,
        "z": (s.reported - value) / sd,
        "months_beyond_median": _beyond(s.timepoint, medians),
    }
