"""What the reported figures do not say: parameter uncertainty, and the assumptions no figure identifies.

`uncertainty` propagates the parameter draws of a calibration through the integrated model; `sensitivity` calibrates
again with another death share, PFS–PPS dependence or family, meeting the same primary figures, and shows what changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from simulate.analytic import cox_hazard_ratio, follow_up_weights, solve
from simulate.calibration import Calibration, ProcessSpec, Spec, build_model
from simulate.calibration.calibrate import fit, used
from simulate.calibration.solve import Forward
from simulate.calibration.spec import Layout
from simulate.calibration.statistics import Statistic
from simulate.evidence.schema import Trial
from simulate.files import cached_json, code_key
from simulate.model.types import JointModel
from simulate.processes import each

Array = NDArray[np.float64]
DRAWS = 200
NEGLIGIBLE_DROPOUT = 0.003  # a month
CODE = code_key("calibration", "analytic", "model", "evidence", "sensitivity")


@dataclass(frozen=True)
class Question:
    """What is computed for every draw or assumption.

    `arms` are (treated, control); `follow_up` maps an endpoint to (accrual, cutoff) months; `tau` and `horizon` months.
    """

    arms: tuple[str, str]
    follow_up: Mapping[str, tuple[float, float]]
    horizon: float = 120.0
    tau: float = 36.0
    mix: tuple[float, ...] | None = None


def answer(model: JointModel, question: Question) -> dict[str, float]:
    """Medians, hazard ratios and mean gains of one model, by integration."""
    treated, control = question.arms
    solved = solve(model, question.arms, horizon=question.horizon, mix=question.mix)
    a, b = solved[treated], solved[control]
    out = {}
    for endpoint in ("os", "pfs"):
        x, y = a.curves.endpoint(endpoint), b.curves.endpoint(endpoint)
        if endpoint in question.follow_up:
            weights = follow_up_weights(len(x) - 1, *question.follow_up[endpoint])
            out[f"{endpoint}_hazard_ratio"] = cox_hazard_ratio(x, y, weights)
        out[f"{endpoint}_hazard_ratio_uncensored"] = cox_hazard_ratio(x, y)
        out[f"{endpoint}_median_treated"] = a.median(endpoint)
        out[f"{endpoint}_median_control"] = b.median(endpoint)
        out[f"{endpoint}_rmst_difference"] = a.rmst(endpoint, question.tau) - b.rmst(endpoint, question.tau)
        out[f"{endpoint}_mean_difference"] = a.rmst(endpoint, question.horizon) - b.rmst(endpoint, question.horizon)
    return out


def _finite(row: Mapping[str, float]) -> dict[str, float | None]:
    return {k: (float(v) if np.isfinite(v) else None) for k, v in row.items()}


def uncertainty(calibration: Calibration, question: Question, draws: int = DRAWS) -> pd.DataFrame:
    """Answers for the parameter draws (one row a draw), cached by content.

    The draws carry the sampling error of the trial (parametric bootstrap) and the priors of what it does not identify.
    """
    key = {
        "posterior": [calibration.posterior.draws.tolist(), calibration.posterior.dependence.tolist()],
        "spec": repr(calibration.spec),
        "question": repr(question),
        "model": calibration.model.to_json(),
        "draws": draws,
        "code": CODE,
    }

    def compute() -> list[dict[str, Any]]:
        return [_finite(answer(calibration.draw(i), question)) for i in range(min(draws, calibration.draws))]

    return pd.DataFrame(cached_json("uncertainty", key, compute)).astype(float)


def _with_process(spec: Spec, name: str, process: ProcessSpec) -> Spec:
    return replace(spec, pfs=process) if name == "pfs" else replace(spec, pps=process)


def alternatives(calibration: Calibration) -> list[tuple[str, str, Any]]:
    """(label, why, specification) of every assumption varied; where all events are deaths, of survival alone."""
    spec = calibration.spec
    share, sd = spec.death_share
    out: list[tuple[str, str, Any]] = []
    if share < 1.0:
        odds = share / (1.0 - share)
        low, high = (odds * np.exp(k * sd) / (1.0 + odds * np.exp(k * sd)) for k in (-1.645, 1.645))
        out = [
            (f"death share {low:.0%}", "5th percentile of its prior", replace(spec, death_share=(float(low), 1e-6))),
            (f"death share {high:.0%}", "95th percentile of its prior", replace(spec, death_share=(float(high), 1e-6))),
        ]
    families: Sequence[str] = ("weibull", "lognormal", "loglogistic", "gengamma")
    for name in ("pfs", "pps") if share < 1.0 else ("pfs",):
        current: ProcessSpec = getattr(spec, name)
        for family in families:
            if family != current.family:
                label = f"{name.upper() if share < 1.0 else 'OS'} {family}"
                out.append(
                    (
                        label,
                        "another tail that meets the same figures",
                        _with_process(spec, name, replace(current, family=family)),
                    )
                )
    for gamma in (-0.25, 0.25) if share < 1.0 else ():
        words = "longer" if gamma > 0 else "shorter"
        out.append(
            (
                f"dependence {gamma:+.2f}",
                f"later progression, {words} survival after it",
                replace(spec, dependence=gamma),
            )
        )
    return out


def matching_dropout(calibration: Calibration) -> dict[str, float]:
    """Data cut → the monthly loss to follow-up that makes the model's deaths those reported.

    Only cuts whose deaths are reported and overpredicted; the rate is solved on the calibrated model.
    """
    forward = Forward(calibration.layout, calibration.statistics)
    curves = forward.curves(calibration.posterior.x)
    out: dict[str, list[float]] = {}
    for s in calibration.statistics:
        if s.kind != "events" or s.endpoint != "os":
            continue

        def excess(rate: float, s: Statistic = s) -> float:
            return replace(s, cut=replace(s.cut, dropout=rate)).evaluate(curves.__getitem__) - s.value

        if excess(0.0) > 0.0 > excess(0.2):
            out.setdefault(s.cut.id, []).append(float(brentq(excess, 0.0, 0.2)))
    return {cut: float(np.mean(rates)) for cut, rates in out.items()}


def with_dropout(statistics: Sequence[Statistic], dropout: Mapping[str, float]) -> list[Statistic]:
    """The statistics under data cuts that lose patients; a cut without its own rate takes the mean of the others."""
    other = float(np.mean(list(dropout.values())))
    return [replace(s, cut=replace(s.cut, dropout=dropout.get(s.cut.id, other))) for s in statistics]


def alternative_models(trial: Trial, calibration: Calibration) -> list[tuple[str, str, bool, JointModel]]:
    """(label, why, feasible, model) of every assumption varied, each calibrated to the same figures; cached by content.

    The question does not enter, so that several strategies of one trial share them.
    """

    def varied() -> list[tuple[str, str, Any, list[Statistic]]]:
        statistics = [calibration.statistics[i] for i in used(calibration.statistics)]
        out = [(label, why, spec, statistics) for label, why, spec in alternatives(calibration)]
        dropout = matching_dropout(calibration)
        if dropout and max(dropout.values()) > NEGLIGIBLE_DROPOUT:
            rates = " and ".join(f"{r:.1%} ({cut})" for cut, r in dropout.items())
            label, why = f"loss to follow-up {rates} a month", "makes the deaths at each data cut those reported"
            out.append((label, why, calibration.spec, with_dropout(statistics, dropout)))
        return out

    return refitted("alternatives", trial, calibration, varied, CODE)


def refitted(
    name: str,
    trial: Trial,
    calibration: Calibration,
    varied: Callable[[], Sequence[tuple[str, str, Any, Sequence[Statistic]]]],
    code: str,
) -> list[tuple[str, str, bool, JointModel]]:
    """(label, why, feasible, model) of each specification, calibrated to its figures; cached by content.

    Parameters
    ----------
    name : of the cache.
    varied : gives (label, why, specification, figures) of each when there is something to calibrate.
    code : hash of the code that decides on `varied`.
    """
    key = {
        "trial": trial.model_dump_json(),
        "spec": repr(calibration.spec),
        "model": calibration.model.to_json(),
        "code": code,
    }

    def compute() -> list[tuple[str, str, bool, str]]:
        chosen = used(calibration.statistics)
        sampling = calibration.covariance[np.ix_(chosen, chosen)]
        asked = varied()
        fits = each(_fitted, [(figures, spec, sampling) for _, _, spec, figures in asked])
        return [
            (label, why, feasible, build_model(trial, Layout(spec).cells(x)).to_json())
            for (label, why, spec, _), (x, feasible) in zip(asked, fits, strict=True)
        ]

    found = cached_json(name, key, compute)
    return [(label, why, feasible, JointModel.from_json(text)) for label, why, feasible, text in found]


def _fitted(piece: tuple[Sequence[Statistic], Spec, Array]) -> tuple[Array, bool]:
    """Where the fit of (figures, specification, covariance) ended, and whether it meets the figures."""
    _, solution = fit(*piece)
    return solution.x, solution.feasible


def sensitivity(trial: Trial, calibration: Calibration, question: Question) -> pd.DataFrame:
    """Answers under other assumptions, each calibrated to the same figures (one row an assumption; first the base).

    Columns: assumption, why, feasible and the answers of `answer`.
    """
    models = [
        ("base", "as calibrated", calibration.feasible, calibration.model),
        *alternative_models(trial, calibration),
    ]
    return pd.DataFrame(
        [
            {"assumption": label, "why": why, "feasible": feasible, **_finite(answer(model, question))}
            for label, why, feasible, model in models
        ]
    )
