"""Calibration: the reported figures of a trial → one joint generative model, with its errors and its conflicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.family_prior import learned_families, likeliest
from simulate.calibration.figures import modelled, toxicities, trial_sizes
from simulate.calibration.linear import LinearPosterior, linearise
from simulate.calibration.result import Calibration, rounded_cells, used
from simulate.calibration.shapes import learned, learned_together
from simulate.calibration.solve import Forward, Solution, solve
from simulate.calibration.spec import Cell, Layout, Learned, ProcessSpec, Spec
from simulate.calibration.statistics import Statistic
from simulate.calibration.trial_bootstrap import covariance, replicate_statistics
from simulate.evidence.schema import EndpointModel, Trial
from simulate.files import cached_json, code_key
from simulate.model.types import ArmModel, JointModel
from simulate.processes import each

CODE = code_key(
    "calibration", "analytic", "model"
)  # of the code as imported: editing it makes older answers unreachable
Array = NDArray[np.float64]
REPLICATES = 1000
BOOTSTRAP_SEED = 20240
DRAWS = 500
LIKE_THE_OTHER_ARMS = 0.4  # SD of an arm's log median around those it was randomised against
NO_LIBRARY = {"pfs": 6.0, "os": 14.0, "pps": 6.4}  # months, where nothing was learned yet
DEATH_SHARE = (0.10, 0.7)  # default prior where a file gives none: median share, SD on the logit scale


def _process(trial: Trial, choice: EndpointModel, process: str) -> ProcessSpec:
    family: str = choice.family
    if family == "auto":
        classes = frozenset(arm.treatment_class or "" for arm in trial.arms.values())
        family = likeliest(learned_families(trial.id, process, classes, trial.line_of_therapy))
    effect = "piecewise_hazard_ratio" if choice.ratio_cuts else choice.effect
    own = choice.shape_prior
    return ProcessSpec(
        family,
        choice.cure,
        effect,
        choice.ratio_cuts,
        None if own is None else (own.mean, own.sd),
        learned_shapes(trial, process),
    )


def _rough_medians(trial: Trial, statistics: Sequence[Statistic], endpoint: str) -> dict[str, float]:
    """Medians of the arms (months) of the figures that may be used: reported, else as a landmark's rate implies."""
    out = {}
    for arm in trial.arms:
        own = [
            s
            for s in statistics
            if s.endpoint == endpoint and s.role in ("primary", "fit") and {c[0] for c in s.groups[0].cells} == {arm}
        ]
        reported = [s.value for s in own if s.kind == "median"]
        implied = [
            math.log(2.0) * s.timepoint / -math.log(s.value)
            for s in own
            if s.kind == "landmark" and s.timepoint and 0.0 < s.value < 1.0
        ]
        if reported or implied:
            out[arm] = float(np.median(reported or implied))
    return out


def locations(
    trial: Trial, statistics: Sequence[Statistic]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Centres (months) and, where no figure is of the arm itself, widths of the priors on log medians.

    An arm without a figure of an endpoint is taken like the other arms if they were randomised, else like its class and
    line in the library's other studies. Survival after progression is placed by both endpoints' figures of the arm
    itself, else by the library.
    """
    centre: dict[str, dict[str, float]] = {"pfs": {}, "os": {}, "pps": {}}
    width: dict[str, dict[str, float]] = {"pfs": {}, "os": {}, "pps": {}}

    def like_the_library(process: str, name: str) -> None:
        prior = learned(trial.id, process, trial.arms[name].treatment_class, trial.line_of_therapy, "medians")
        if prior is None:
            centre[process][name] = NO_LIBRARY[process]
        else:
            centre[process][name], width[process][name] = math.exp(prior[0]), prior[1]

    for endpoint in ("pfs", "os"):
        known = _rough_medians(trial, statistics, endpoint)
        for name in trial.arms:
            if name in known:
                centre[endpoint][name] = known[name]
            elif known and trial.design == "randomised":
                centre[endpoint][name] = float(np.exp(np.mean(np.log(list(known.values())))))
                width[endpoint][name] = LIKE_THE_OTHER_ARMS
            else:
                like_the_library(endpoint, name)
    if trial.calibration.structure == "survival_only":  # the PFS slot holds OS
        return {"pfs": centre["os"], "pps": dict.fromkeys(trial.arms, 1.0)}, {"pfs": width["os"]}
    for name in trial.arms:
        if name not in width["pfs"] and name not in width["os"]:  # both are told by figures
            centre["pps"][name] = max(0.8 * (centre["os"][name] - centre["pfs"][name]), 1.0)
        else:
            like_the_library("pps", name)
    return {k: centre[k] for k in ("pfs", "pps")}, {k: width[k] for k in ("pfs", "pps")}


def learned_shapes(trial: Trial, process: str) -> Learned | None:
    """What the library's other studies say of the shapes of this one's arms; ``None`` where there is no library."""
    line = str(trial.line_of_therapy or "")
    found = learned_together(trial.id, process, tuple((a.treatment_class or "", line) for a in trial.arms.values()))
    return None if found is None else Learned(tuple(trial.arms), *found)


def specification(trial: Trial, statistics: Sequence[Statistic], **override: Any) -> Spec:
    """The specification a trial file asks for; `override` replaces fields of `Spec`."""
    c = trial.calibration
    share, dependence = DEATH_SHARE, 0.0
    if c.death_share is not None:
        share = (
            c.death_share.prior.mean,
            c.death_share.prior.sd / (c.death_share.prior.mean * (1 - c.death_share.prior.mean)),
        )
        if c.death_share.fixed is not None:
            share = (c.death_share.fixed, 1e-6)
    if c.structure == "survival_only":
        share = (1.0, 1e-6)  # every end of the alive state is a death
    if c.dependence is not None and c.dependence.fixed is not None:
        dependence = c.dependence.fixed
    first = "os" if c.structure == "survival_only" else "pfs"
    spec = Spec(
        tuple(trial.arms),
        tuple(trial.strata),
        _process(trial, c.pfs, first),
        _process(trial, c.pps, "pps"),
        share,
        dependence,
        *locations(trial, statistics),
    )
    return replace(spec, **override)


def build_model(trial: Trial, cells: dict[Cell, ArmModel]) -> JointModel:
    """A `JointModel` with the trial's own mix of strata in every arm."""
    sizes = trial_sizes(trial)
    mix = {}
    for a in trial.arms:
        n = [sizes[a, s] for s in trial.strata]
        mix[a] = tuple(v / sum(n) for v in n) if sum(n) else (1.0 / len(n),) * len(n)
    return JointModel(trial.id, tuple(trial.arms), tuple(trial.strata), mix, rounded_cells(cells), toxicities(trial))


def fit(
    statistics: Sequence[Statistic], spec: Spec, sampling: Array | None = None, start: Array | None = None
) -> tuple[Forward, Solution]:
    """Solve one specification on the statistics given, all of which are used; weighted if the equalities conflict."""
    forward = Forward(Layout(spec), statistics)
    if sampling is None:
        sampling = np.diag([s.rough_se() ** 2 for s in statistics])
    solution = solve(forward, sampling, start)
    if not solution.feasible:
        solution = solve(forward, sampling, start, tight=False)
        solution = replace(solution, feasible=False)
    return forward, solution


def sampling_covariance(
    trial: Trial, cells: dict[Cell, ArmModel], statistics: Sequence[Statistic], replicates: int = REPLICATES
) -> tuple[Array, Array]:
    """Covariance of the statistics from simulated trials, and the replicates' deviations (replicates × F).

    Correlations come from the simulated trials; standard deviations from the printed interval where there is one. The
    estimate of a subgroup covaries with the whole trial's as the whole does with itself (an efficient estimator).
    """
    model, sizes = build_model(trial, cells), trial_sizes(trial)
    simulated = replicate_statistics(model, sizes, statistics, replicates=replicates, seed=BOOTSTRAP_SEED)
    rough = np.array([s.rough_se() for s in statistics])
    base = covariance(simulated, rough)
    sd = np.sqrt(np.diag(base))
    scale = np.array([1.0 if s.se is None or s.homogeneous else s.se for s in statistics])
    factor = np.where([s.se is not None and not s.homogeneous for s in statistics], scale / sd, 1.0)
    out = base * np.outer(factor, factor)
    for i, s in enumerate(statistics):
        if s.homogeneous:
            out[i, i] = max((s.se or 0.0) ** 2, 1.05 * out[i, i])
    deviations = np.nan_to_num(simulated - np.nanmean(simulated, axis=0)) * factor
    return out, deviations


def _prior_only(everything: Forward) -> dict[str, Any]:
    """What a calibration stores where no figure may be used: the prior, and the other figures held against it."""
    size = everything.layout.size
    sampling = np.diag([s.rough_se() ** 2 for s in everything.statistics])
    nothing = Solution(np.zeros(size), np.zeros(0), True, np.zeros((0, size)), np.zeros((0, 0)), 0.0)
    posterior = linearise(everything, nothing, sampling, np.zeros((DRAWS, len(sampling))), [])
    return {
        "joint": 0.0,
        "x": nothing.x.tolist(),
        "feasible": True,
        "objective": 0.0,
        "covariance": sampling.tolist(),
        "posterior": posterior.to_dict(),
    }


def calibrate(trial: Trial, spec: Spec | None = None) -> Calibration:
    """Calibrate a trial.

    A point with rough standard errors; the trial simulated there for the covariance of its statistics; the point again
    with that covariance. Cached on disk by the content of the trial, the specification and the code.

    Parameters
    ----------
    trial : evidence.
    spec : default is what the trial file asks for (`specification`).

    Returns
    -------
    Calibration
    """
    statistics, _ = modelled(trial)
    if spec is None:
        spec = specification(trial, statistics)
    key = {"trial": trial.model_dump_json(), "spec": repr(spec), "code": CODE}

    def compute() -> dict[str, Any]:
        chosen = [statistics[i] for i in used(statistics)]
        if not chosen:
            return _prior_only(Forward(Layout(spec), statistics))
        forward, first = fit(chosen, spec)
        sampling, deviations = sampling_covariance(trial, forward.layout.cells(first.x), statistics)
        among = sampling[np.ix_(used(statistics), used(statistics))]
        _, second = fit(chosen, spec, among, first.x)
        everything = Forward(forward.layout, statistics)
        prior = trial.calibration.dependence
        sd = prior.prior.sd if prior is not None and prior.fixed is None else 0.0
        posterior = linearise(everything, second, sampling, deviations[:DRAWS], used(statistics), sd)
        weighted = solve(forward, among, second.x, tight=False)
        return {
            "joint": 2.0 * weighted.objective,
            "x": second.x.tolist(),
            "feasible": second.feasible,
            "objective": second.objective,
            "covariance": sampling.tolist(),
            "posterior": posterior.to_dict(),
        }

    stored = cached_json("calibration", key, compute)
    x = np.array(stored["x"])
    layout = Layout(spec)
    model = build_model(trial, layout.cells(x))
    everything = Forward(layout, statistics)
    return Calibration(
        trial.id,
        spec,
        model,
        tuple(statistics),
        everything(x),
        np.array(stored["covariance"]).reshape(len(statistics), len(statistics)),
        LinearPosterior.from_dict(stored["posterior"]),
        stored["feasible"],
        stored["objective"],
        stored["joint"],
    )


def calibrate_all(trials: Sequence[Trial]) -> list[Calibration]:
    """`calibrate` each trial as its file asks, on as many processors as there are."""
    return each(_calibrated, [(trial, specification(trial, modelled(trial)[0])) for trial in trials])


def _calibrated(piece: tuple[Trial, Spec]) -> Calibration:
    return calibrate(*piece)
