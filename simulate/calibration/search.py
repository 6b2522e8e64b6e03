"""Search over families: which specifications explain the reported figures, and how clearly.

Each specification is scored by the logarithm of the marginal likelihood of the figures it was given (Laplace): the
misfit, what the prior has to pay for it, and the room the prior leaves (Occam's factor). Differences below about 2 say
nothing. A mixture cure is only offered where a landmark beyond three medians is reported: before that nothing in the
data tells a cured share from a long tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.calibrate import calibrate, fit, specification, used
from simulate.calibration.figures import modelled
from simulate.calibration.solve import solve
from simulate.calibration.spec import ProcessSpec, Spec
from simulate.calibration.statistics import Statistic
from simulate.evidence.schema import Trial
from simulate.files import cached_json, code_key
from simulate.processes import each

Array = NDArray[np.float64]
CODE = code_key(
    "calibration", "analytic", "model"
)  # of the code as imported: editing it makes older answers unreachable
PLAIN = ("exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gengamma")
CURE_NEEDS_MEDIANS = 3.0


@dataclass(frozen=True)
class SearchRow:
    """One specification of the search: labels, log marginal likelihood, misfit, whether equalities are met."""

    pfs: str
    pps: str
    score: float
    objective: float
    feasible: bool


def cure_allowed(statistics: Sequence[Statistic], endpoint: str) -> bool:
    """Whether a landmark beyond three medians of the endpoint is reported."""
    medians = [s.value for s in statistics if s.endpoint == endpoint and s.kind == "median"]
    late = [s.timepoint or 0.0 for s in statistics if s.endpoint == endpoint and s.kind == "landmark"]
    return bool(medians and late) and max(late) >= CURE_NEEDS_MEDIANS * float(np.median(medians))


def candidates(statistics: Sequence[Statistic], endpoint: str, cut: float) -> list[ProcessSpec]:
    """Processes tried for one endpoint."""
    out = [ProcessSpec(f) for f in PLAIN] + [ProcessSpec("weibull", effect="common_shape")]
    out.append(ProcessSpec("weibull", effect="piecewise_hazard_ratio", cuts=(cut,)))
    if cure_allowed(statistics, endpoint):
        out += [ProcessSpec(f, cure=True) for f in PLAIN if f != "exponential"]
    return out


def log_evidence(statistics: Sequence[Statistic], spec: Spec, sampling: Array) -> tuple[float, float, bool]:
    """(Laplace log marginal likelihood, its objective, feasible) of the statistics under a specification.

    Taken at the weighted maximum a posteriori, where the figures enter with their sampling covariance `sampling`
    (F × F) and none is an equality.
    """
    forward, tight = fit(statistics, spec, sampling)
    weighted = solve(forward, sampling, tight.x, tight=False)
    curvature = np.eye(forward.layout.size) + weighted.jacobian.T @ weighted.weights @ weighted.jacobian
    log_volume = 0.5 * (np.linalg.slogdet(curvature)[1] + np.linalg.slogdet(2 * np.pi * sampling)[1])
    return -weighted.objective - float(log_volume), weighted.objective, tight.feasible


PREFERENCE = ("weibull", "loglogistic", "lognormal", "gengamma", "gompertz", "exponential")
INDISTINGUISHABLE = 2.0


def choose(rows: Sequence[SearchRow]) -> tuple[SearchRow, str]:
    """The simplest specification that the figures cannot tell from the best, and the explanation.

    Among the rows within 2 log units of the best, which the figures cannot tell apart, the simplest: one family with a
    shape per arm, in the order Weibull, log-logistic, log-normal, generalised gamma, Gompertz, exponential.
    """
    near = [r for r in rows if r.score >= rows[0].score - INDISTINGUISHABLE and r.feasible] or [rows[0]]
    plain = [r for r in near if _plain(r.pfs) in PREFERENCE and _plain(r.pps) in PREFERENCE] or near[:1]
    taken = min(plain, key=lambda r: (_rank(r.pfs), _rank(r.pps)))
    words = (
        f"{len(near)} of {len(rows)} specifications explain the figures as well "
        f"(within {INDISTINGUISHABLE:g} log units of the best, PFS {rows[0].pfs}, PPS {rows[0].pps}); "
        f"the simplest of them is PFS {taken.pfs}, PPS {taken.pps}."
    )
    return taken, words


def _plain(label: str) -> str:
    return label.removeprefix("mixture cure ")


def _rank(label: str) -> int:
    """Place in the order of preference; a cured share comes after every family without one."""
    family = _plain(label)
    return (PREFERENCE.index(family) if family in PREFERENCE else len(PREFERENCE)) + (label != family) * len(PREFERENCE)


def search(trial: Trial) -> list[SearchRow]:
    """Score every family of PFS and, with the best of them, every family of PPS; best first, cached on disk."""
    everything, _ = modelled(trial)
    statistics = [everything[i] for i in used(everything)]
    base = specification(trial, everything)
    sampling = calibrate(trial, base).covariance[np.ix_(used(everything), used(everything))]
    key = {"trial": trial.model_dump_json(), "search": 1, "code": CODE}

    def scores(pairs: Sequence[tuple[ProcessSpec, ProcessSpec]]) -> list[dict[str, Any]]:
        specs = [
            replace(
                base,
                pfs=replace(pfs, learned=base.pfs.learned),
                pps=replace(pps, learned=base.pps.learned),
            )
            for pfs, pps in pairs
        ]
        found = each(_scored, [(statistics, spec, sampling) for spec in specs])
        return [{"pfs": a.label, "pps": b.label, **row} for (a, b), row in zip(pairs, found, strict=True)]

    def compute() -> list[dict[str, Any]]:
        cut = float(np.median(list(base.guess["pfs"].values())))
        first = {pfs.label: pfs for pfs in candidates(statistics, "pfs", cut)}
        rows = scores([(pfs, base.pps) for pfs in first.values()])
        chosen = first[max(rows, key=lambda r: r["score"])["pfs"]]
        known = {(r["pfs"], r["pps"]) for r in rows}
        others = [pps for pps in candidates(statistics, "os", cut) if (chosen.label, pps.label) not in known]
        return sorted(rows + scores([(chosen, pps) for pps in others]), key=lambda r: -r["score"])

    return [SearchRow(**r) for r in cached_json("search", key, compute)]


def _scored(piece: tuple[Sequence[Statistic], Spec, Array]) -> dict[str, Any]:
    """The evidence for a specification, finite so that JSON holds it."""
    try:
        value, objective, feasible = log_evidence(*piece)
    except (np.linalg.LinAlgError, FloatingPointError):
        value, objective, feasible = float("-inf"), float("inf"), False
    return {
        "score": value if np.isfinite(value) else -1e9,
        "objective": objective if np.isfinite(objective) else 1e9,
        "feasible": feasible,
    }
