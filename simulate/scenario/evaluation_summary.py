"""Parts of an evaluation's ``summary.json``: structures, effects of a network, acceptability, value of information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.case import Case
from simulate.economics.frontier import incremental_analysis, settled
from simulate.economics.networked import Networked

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation


def structure_summary(e: Evaluation, name: str) -> dict[str, Any]:
    """Every strategy and contrast under one structure."""
    out: dict[str, Any] = {
        "strategies": {},
        "contrasts": e.contrasts(name),
        "frontier": frontier_rows(*e.totals(name), e.strategies),
    }
    for s in e.strategies:
        own = e.structures[s][name]
        o = own.outcomes
        out["strategies"][s] = {
            "cost": float(o.cost.mean()),
            "qaly": float(o.qaly.mean()),
            "ly": float(o.ly.mean()),
            "ly_by_state": {k: float(v.mean()) for k, v in o.life_years.items()},
            "capped": own.capped,
            "misfit": dict(own.misfit),
            "fitted": {k: {"family": d.family, "params": list(d.params)} for k, d in own.fitted.items()},
        }
    return out


def frontier_rows(costs: Sequence[float], effects: Sequence[float], names: Sequence[str]) -> list[dict[str, Any]]:
    """The full incremental analysis, from the cheapest to the dearest."""
    return [
        {"strategy": r.name, "status": r.status, "icer": r.icer, "against": r.against,
         "dominated_by": list(r.dominated_by)}
        for r in incremental_analysis(costs, effects, names)
    ]  # fmt: skip


def drawn_means(e: Evaluation) -> tuple[list[float], list[float]]:
    """Mean cost and QALY of every strategy over the draws."""
    assert e.draws is not None
    return settled(e.draws.cost.mean(axis=0).tolist()), settled(e.draws.qaly.mean(axis=0).tolist())


def drawn_frontier(e: Evaluation) -> list[dict[str, Any]]:
    """The full incremental analysis of the means over the draws; empty without."""
    return [] if e.draws is None else frontier_rows(*drawn_means(e), e.strategies)


def choice_summary(e: Evaluation) -> list[dict[str, Any]]:
    """At every threshold the strategy of the highest net benefit: by the draws' means, and under each structure."""
    structures = list(next(iter(e.structures.values())))
    rows = []
    for t in e.priced:
        found = {k: _best(*e.totals(k), e.strategies, t) for k in structures}
        drawn = None if e.draws is None else _best(*drawn_means(e), e.strategies, t)
        rows.append({"wtp": t, "base": found[e.base_structure], "draws": drawn, "structures": found})
    return rows


def _best(costs: Sequence[float], effects: Sequence[float], names: Sequence[str], threshold: float) -> str:
    """The first of equals."""
    return names[int(np.argmax(threshold * np.array(effects) - np.array(costs)))]


def network_summary(e: Evaluation) -> dict[str, Any] | None:
    """What a network meta-analysis says of each strategy, and which draws; None without one."""
    found = e.case.calibration if isinstance(e.case, Case) else None
    if not isinstance(found, Networked):
        return None
    strategies = {}
    for s in found.arms:
        ratios = {}
        for endpoint, values in found.log_ratios(s).items():
            low, high = np.quantile(values, (0.025, 0.975))
            ratios[endpoint] = {"value": float(np.exp(values.mean())), "low": float(np.exp(low)),
                                "high": float(np.exp(high))}  # fmt: skip
        strategies[s] = {"treatment": found.network.treatment(s), "hazard_ratio": ratios}
    return {
        "against": found.against,
        "draws": len(found.effects["pfs"]),
        "follow_up": found.follow_up,
        "files": {k: {"file": name, "sha256": found.hashes[k]} for k, name in found.network.files.items()},
        "strategies": strategies,
    }


def ceac_summary(e: Evaluation) -> list[dict[str, Any]]:
    """How sure the choice is, at each willingness to pay."""
    found = e.acceptability
    if found is None:
        return []
    return [
        {
            "wtp": float(w),
            "probability": dict(zip(e.strategies, map(float, p), strict=True)),
            "optimal": e.strategies[int(best)],
            "frontier": float(f),
            "expected_loss": dict(zip(e.strategies, map(float, loss), strict=True)),
        }
        for w, p, best, f, loss in zip(
            found.wtp, found.probability, found.optimal, found.frontier, found.expected_loss, strict=True
        )
    ]


def evpi_summary(e: Evaluation) -> list[dict[str, Any]]:
    """Per patient, at every threshold: of everything, and of each group of parameters."""
    if e.draws is None:
        return []
    known = dict(e.information)
    whole = known.pop("all")
    rows = []
    for i, threshold in enumerate(e.priced):
        at = int(np.argmin(np.abs(e.wtp - threshold)))
        values = {k: {"value": float(v.value[i]), "error": float(v.standard_error[i])} for k, v in known.items()}
        rows.append({"wtp": threshold, "evpi": float(whole.value[at]), "error": float(whole.standard_error[at]),
                     "evppi": values})  # fmt: skip
    return rows
