"""Parts of an evaluation's ``summary.json``: structures, acceptability, value of information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation


def structure_summary(e: Evaluation, name: str) -> dict[str, Any]:
    """Every strategy and contrast under one structure."""
    out: dict[str, Any] = {"strategies": {}, "contrasts": e.contrasts(name)}
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
        rows.append({"wtp": threshold, "evpi": float(whole.value[at]), "evppi": values})
    return rows
