"""Other shares of patients who reach later lines than the era's, and what they do to overall survival."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulate.analytic import restricted_mean
from simulate.evidence.scenario_schema import Scenario
from simulate.model.graph import GraphSpec
from simulate.pathways.assemble import Plan
from simulate.pathways.oracle import integrate


def other_mixes(scenario: Scenario, plan: Plan) -> list[dict[str, Any]]:
    """Overall survival at both ends of every later line's `range`, the other lines as they are.

    What a later line gives is what its trial saw beyond survival without it, solved with the era's share; that those
    who are treated more often are like those who were treated anyway is assumed.

    Returns
    -------
    Rows with ``setting`` (``trial``: a first-line regimen among its trial's patients, ``scenario``: a strategy),
    ``name``, ``line``, ``reach`` (share of the trials' patients who leave the line before and start this one), and
    ``median``, ``mean`` (restricted to ``tau`` months) with their changes from the era's ``median_change``,
    ``mean_change``, months; a median that is not reached is ``None``.
    """
    tau = min(scenario.rmst.get("os", 36.0), scenario.horizon)
    settings = [("trial", name, own, own.graphs[name]) for name, own in plan.alone.items()]
    settings += [("scenario", name, plan, plan.graphs[name]) for name in plan.graphs]
    era = {(kind, name): _survival(graph, scenario.horizon, tau) for kind, name, _, graph in settings}
    rows: list[dict[str, Any]] = []
    for line, later in scenario.later_lines.items():
        for reach in later.range or ():
            redrawn: dict[int, Plan] = {}
            for kind, name, own, _ in settings:
                if id(own) not in redrawn:
                    redrawn[id(own)] = own.redrawn(reach={line: reach})
                other = redrawn[id(own)]
                found = _survival(other.graphs[name], scenario.horizon, tau)
                rows.append({"setting": kind, "name": name, "line": line, "reach": reach, "tau": tau, **found})
                for key in ("median", "mean"):
                    before, after = era[kind, name][key], found[key]
                    rows[-1][f"{key}_change"] = None if before is None or after is None else after - before
    return rows


def _survival(graph: GraphSpec, horizon: float, tau: float) -> dict[str, float | None]:
    found = integrate(graph, horizon)
    median = found.median("os")
    return {"median": float(median) if np.isfinite(median) else None, "mean": restricted_mean(found.os, tau)}
