"""How far the answer moves over all models that meet the reported figures, and which further figure would narrow it.

The models are those of `simulate.sensitivity`: other families, with other tails, another share of deaths among the
events of progression-free survival, another dependence of survival after progression on its time, each calibrated to
the same primary figures; here also in all combinations. What a figure that is not reported would tell is found by
regression over these models (as in the regression method of Strong, Oakley and Brennan, Med Decis Making 2014;34:311,
doi:10.1177/0272989X13505910, with models in place of draws): every model predicts the figure as it would be printed,
and the range of net benefit that is left is that of what the prediction does not explain, each model being predicted
from the others. Models are a list, not a distribution: shares explained are of this list.

Where many trials are put together (`simulate.economics.composite`) one assumption of one trial is changed at a time,
the others as calibrated. Dependence between the times is left out there: it is not carried between trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from simulate.analytic import ArmOutcome, solve
from simulate.calibration import Calibration
from simulate.economics.alternatives import all_models, composed_models
from simulate.economics.amounts import Values
from simulate.economics.case import Case, stop_rate
from simulate.economics.changes import Increment, compared, increment
from simulate.economics.composite import Composite
from simulate.economics.traces import Traces, cells_of
from simulate.errors import input_error
from simulate.evidence.schema import Trial
from simulate.files import cached_json, code_key
from simulate.model.types import JointModel

Array = NDArray[np.float64]
ANSWERS = code_key("economics", "analytic", "model", "evidence", "pathways/background")
FARTHEST = 60.0  # months, of the figures predicted
MEDIAN = 120.0  # months within which a median is sought
PERCENT, TENTH = 0.01, 0.1  # what a share and a median in months are printed to
DEATHS = "deaths among PFS events"
ALL_DEATHS = 0.999  # of these: only overall survival is modelled
FIGURES: dict[str, tuple[float, Callable[[ArmOutcome], float]]] = {
    "OS at 36 months": (PERCENT, lambda o: o.landmark("os", 36.0)),
    "OS at 60 months": (PERCENT, lambda o: o.landmark("os", 60.0)),
    "PFS at 12 months": (PERCENT, lambda o: o.landmark("pfs", 12.0)),
    "PFS at 24 months": (PERCENT, lambda o: o.landmark("pfs", 24.0)),
    "median survival after progression": (TENTH, lambda o: o.median("pps")),
}


@dataclass(frozen=True)
class Alternative:
    """A model that was calibrated to the reported figures.

    Attributes
    ----------
    label, why : what it assumes, and why that is tried.
    feasible : whether it meets the primary figures; only such models count.
    increment : of the strategy over the comparator.
    predicted : figure that is not reported → what the model predicts, comparator's and strategy's.
    """

    label: str
    why: str
    feasible: bool
    increment: Increment
    predicted: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Missing:
    """A figure that is not reported, of both strategies.

    Attributes
    ----------
    low, high : least and greatest prediction, comparator's and strategy's.
    explained : share of the variance of net benefit over the models that the printed figure explains, each model
        predicted from the others; 0 or above.
    remaining : range of net benefit that it leaves, at most the whole.
    """

    name: str
    low: tuple[float, float]
    high: tuple[float, float]
    explained: float
    remaining: float


@dataclass(frozen=True)
class ModelRange:
    """The answer over all models; the first is the one calibrated. `missing` leave the least range first."""

    strategy: str
    threshold: float
    models: tuple[Alternative, ...]
    missing: tuple[Missing, ...]

    @property
    def kept(self) -> tuple[Alternative, ...]:
        """Models that meet the primary figures."""
        return tuple(m for m in self.models if m.feasible)

    @property
    def inmb(self) -> tuple[float, float]:
        """Least and greatest net benefit."""
        found = [m.increment.inmb(self.threshold) for m in self.kept]
        return min(found), max(found)

    @property
    def icer(self) -> tuple[float, float]:
        """Least and greatest ratio of models in which QALYs are gained; infinite where in one of them none are.

        A ratio below 0 is a saving.
        """
        found = [m.increment.cost / m.increment.qaly if m.increment.qaly > 0.0 else np.inf for m in self.kept]
        return float(min(found)), float(max(found))

    @property
    def changes_decision(self) -> bool:
        """Whether the net benefit has either sign."""
        low, high = self.inmb
        return low < 0.0 < high

    @property
    def most_wanted(self) -> Missing | None:
        """The figure that would narrow the range most; None where no figure would."""
        low, high = self.inmb
        return next((m for m in self.missing if m.remaining < high - low), None)


def with_model(case: Case, model: JointModel) -> Case:
    """The same evaluation of another model, in which patients are treated for as many cycles."""
    return _treated(case, model, {})


def _treated(case: Case, model: JointModel, traces: Mapping[str, Traces]) -> Case:
    """The evaluation of another model; `traces` under it of some strategies, where there are any already."""
    own = replace(case, calibration=replace(case.calibration, model=model))
    return replace(own, stops={s: stop_rate(own, s, traces.get(s)) if case.stops[s] > 0.0 else 0.0 for s in case.arms})


def _answer(case: Case, model: JointModel, strategies: tuple[str, str]) -> Increment:
    """Increment of the second strategy over the first under another model."""
    traces = {s: case.integrated(s, model) for s in case.arms}
    own, values = _treated(case, model, traces), Values.mean(case.file)
    books = [own.outcomes(s, traces[s], values) for s in strategies]
    return Increment(float(books[1].cost[0] - books[0].cost[0]), float(books[1].qaly[0] - books[0].qaly[0]))


def predictions(case: Case, model: JointModel, strategies: tuple[str, str]) -> dict[str, tuple[float, float]]:
    """Figures that a trial could have reported, of two strategies under one model."""
    arms = [case.arms[s] for s in strategies]
    solved = solve(model, arms, horizon=max(FARTHEST, min(case.clock.horizon, MEDIAN)), mix=case.mix)
    out: dict[str, tuple[float, float]] = {}
    for name, (_, figure) in FIGURES.items():
        first, second = (figure(solved[arm]) for arm in arms)
        out[name] = (first, second)
    first, second = (sum(c.death_share * share for c, share in cells_of(model, a, case.mix).items()) for a in arms)
    out[DEATHS] = (float(first), float(second))
    return out


def model_range(
    case: Case,
    trials: Trial | Mapping[str, Trial],
    *,
    strategy: str | None = None,
    threshold: float | None = None,
    together: bool = True,
) -> ModelRange:
    """The answer under every model that meets the reported figures.

    Parameters
    ----------
    trials : that the evaluation's calibration is of, or all behind strategies that many are put together for.
    strategy : held against the comparator; by default the last.
    threshold : of a QALY; by default the first of the evaluation.
    together : as for `all_models`; without, one assumption is changed at a time.

    Raises
    ------
    InputError : treatments of a network meta-analysis are among the strategies.
    """
    pair = compared(case, strategy)
    at = case.thresholds[0] if threshold is None else threshold
    if isinstance(case.calibration, Composite):
        assert isinstance(trials, Mapping)
        models = composed_models(trials, case.calibration, pair)
    elif isinstance(case.calibration, Calibration):
        assert isinstance(trials, Trial)
        models = all_models(trials, case.calibration, together)
    else:
        raise input_error("effects of a network are among it; models of trials are varied.", field="scenario")
    # all that an answer depends on but the draws
    inputs = {f.name: getattr(case, f.name) for f in fields(case) if f.name != "calibration"}
    key = {"case": inputs, "models": [m for _, _, _, m in models], "base": case.model, "pair": pair, "code": ANSWERS}

    def compute() -> list[tuple[float, float, dict[str, tuple[float, float]]]]:
        out = []
        for _, _, _, model in models:
            found = increment(case, pair[1]) if model == case.model else _answer(case, model, pair)
            out.append((found.cost, found.qaly, predictions(case, model, pair)))
        return out

    rows = [
        Alternative(label, why, feasible, Increment(cost, qaly), {k: (a, b) for k, (a, b) in predicted.items()})
        for (label, why, feasible, _), (cost, qaly, predicted) in zip(
            models, cached_json("model_range", key, compute), strict=True
        )
    ]
    kept = [row for row in rows if row.feasible]
    benefit = np.array([row.increment.inmb(at) for row in kept])
    deadly = all(min(row.predicted[DEATHS]) > ALL_DEATHS for row in kept)
    names = [n for n in (*FIGURES, DEATHS) if n.startswith("OS") or not deadly]
    missing = [_missing(name, np.array([row.predicted[name] for row in kept]), benefit) for name in names]
    missing.sort(key=lambda m: (m.remaining, -m.explained))
    return ModelRange(pair[1], at, tuple(rows), tuple(missing))


def _missing(name: str, predicted: Array, benefit: Array) -> Missing:
    step = FIGURES[name][0] if name in FIGURES else PERCENT
    explained, remaining = (0.0, float(np.ptp(benefit)))
    if np.isfinite(predicted).all():
        explained, remaining = narrowed(np.round(predicted / step) * step, benefit)
    low, high = predicted.min(axis=0), predicted.max(axis=0)
    return Missing(
        name, (float(low[0]), float(low[1])), (float(high[0]), float(high[1])), explained, remaining
    )  # fmt: skip


def narrowed(known: Array, benefit: Array) -> tuple[float, float]:
    """Share of the variance of net benefit explained by figures, and the range that they leave.

    Linear regression; each model's residual is that of a regression on the others (Allen's PRESS, Technometrics
    1974;16:125-7), so that a figure which fits a few models by chance is not taken for knowledge.

    Parameters
    ----------
    known : float64[M, K], figures by model.
    benefit : float64[M].
    """
    whole = float(np.ptp(benefit))
    moved = known[:, np.ptp(known, axis=0) > 0.0]
    if moved.shape[1] == 0 or whole == 0.0:
        return 0.0, whole
    columns = np.column_stack((np.ones(len(benefit)), (moved - moved.mean(axis=0)) / moved.std(axis=0)))
    vectors, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis = vectors[:, sizes > 1e-9 * sizes[0]]
    leverage = (basis**2).sum(axis=1)
    if leverage.max() > 1.0 - 1e-9:  # a model that alone decides its own prediction: nothing is learned of the others
        return 0.0, whole
    left = (benefit - basis @ (basis.T @ benefit)) / (1.0 - leverage)
    alone = (benefit - benefit.mean()) * len(benefit) / (len(benefit) - 1.0)  # without the figure, by the same rule
    explained = 1.0 - float(left @ left) / float(alone @ alone)
    return max(explained, 0.0), min(float(np.ptp(left)), whole)
