"""Calibration: the reported figures of a trial → one joint generative model, with its errors and its conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.figures import modelled, toxicities, trial_sizes
from simulate.calibration.linear import LinearPosterior, linearise
from simulate.calibration.result import Calibration, rounded_cells, used
from simulate.calibration.shapes import learned
from simulate.calibration.solve import Forward, Solution, solve
from simulate.calibration.spec import Cell, Layout, ProcessSpec, Spec
from simulate.calibration.statistics import Statistic
from simulate.calibration.trial_bootstrap import covariance, replicate_statistics
from simulate.evidence.schema import EndpointModel, Trial
from simulate.files import cached_json, code_key
from simulate.model.types import ArmModel, JointModel

CODE = code_key(
    "calibration", "analytic", "model"
)  # of the code as imported: editing it makes older answers unreachable
Array = NDArray[np.float64]
REPLICATES = 1000
BOOTSTRAP_SEED = 20240
DRAWS = 500
DEATH_SHARE = (0.10, 0.7)  # default prior where a file gives none: median share, SD on the logit scale


def _process(choice: EndpointModel, default: str) -> ProcessSpec:
    family = default if choice.family == "auto" else choice.family
    effect = "piecewise_hazard_ratio" if choice.ratio_cuts else choice.effect
    own = choice.shape_prior
    return ProcessSpec(family, choice.cure, effect, choice.ratio_cuts, None if own is None else (own.mean, own.sd))


def _guess(trial: Trial, statistics: Sequence[Statistic]) -> dict[str, dict[str, float]]:
    """Rough medians an arm, which centre the weak priors on location."""
    out: dict[str, dict[str, float]] = {"pfs": {}, "pps": {}}
    for arm in trial.arms:
        median = {}
        alive_is_free = trial.calibration.structure == "survival_only"  # the PFS slot holds OS
        for endpoint in ("pfs", "os"):
            own = [
                s.value
                for s in statistics
                if s.kind == "median" and s.endpoint == endpoint and {c[0] for c in s.groups[0].cells} == {arm}
            ]
            median[endpoint] = float(np.median(own)) if own else {"pfs": 6.0, "os": 14.0}[endpoint]
        out["pfs"][arm] = median["os" if alive_is_free else "pfs"]
        out["pps"][arm] = max(0.8 * (median["os"] - median["pfs"]), 1.0)
    return out


def learned_shapes(trial: Trial, process: str) -> tuple[tuple[str, float, float], ...]:
    """What the library's other studies say of the shapes of this one's arms; empty where there is no library."""
    found = []
    for name, arm in trial.arms.items():
        prior = learned(trial.id, process, arm.treatment_class, trial.line_of_therapy)
        if prior is not None:
            found.append((name, *prior))
    return tuple(found)


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
        replace(_process(c.pfs, "weibull"), learned=learned_shapes(trial, first)),
        replace(_process(c.pps, "weibull"), learned=learned_shapes(trial, "pps")),
        share,
        dependence,
        _guess(trial, statistics),
    )
    return replace(spec, **override)


def automatic(trial: Trial, spec: Spec) -> Spec:
    """The specification with every ``auto`` family replaced by the search's choice."""
    c = trial.calibration
    if "auto" not in (c.pfs.family, c.pps.family):
        return spec
    from simulate.calibration.search import choose, search

    row, _ = choose(search(trial))
    if c.pfs.family == "auto":
        spec = replace(spec, pfs=_labelled(row.pfs, spec, spec.pfs))
    if c.pps.family == "auto":
        spec = replace(spec, pps=_labelled(row.pps, spec, spec.pps))
    return spec


def _labelled(label: str, spec: Spec, own: ProcessSpec) -> ProcessSpec:
    """The process a label of the search names; a prior on the shape stays the file's."""
    family, _, effect = label.removeprefix("mixture cure ").partition(", ")
    found = replace(own, family=family, cure=label.startswith("mixture cure "))
    if effect == "common shape":
        return replace(found, effect="common_shape")
    if effect == "piecewise HR":
        return replace(
            found, effect="piecewise_hazard_ratio", cuts=(float(np.median(list(spec.guess["pfs"].values()))),)
        )
    return found


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
        spec = automatic(trial, specification(trial, statistics))
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
