"""Other shares of patients who reach later lines than the era's, and what they do to overall survival."""

from __future__ import annotations

from typing import Any

from simulate.analytic import restricted_mean
from simulate.evidence.scenario_schema import Scenario
from simulate.pathways.assemble import Plan
from simulate.pathways.integrated import Integrated
from simulate.pathways.oracle import Outcome, integrate

ENOUGH = 60.0  # months within which a median is looked for


def other_mixes(scenario: Scenario, integrated: Integrated) -> list[dict[str, Any]]:
    """Overall survival at both ends of every later line's `range`, the other lines as they are.

    What a later line gives is what its trial saw beyond survival without it, solved with the era's share; that those
    who are treated more often are like those who were treated anyway is assumed.

    Returns
    -------
    Rows with ``setting`` (``trial``: a first-line regimen among its trial's patients, ``scenario``: a strategy),
    ``name``, ``line``, ``reach`` (share of the trials' patients who leave the line before and start this one), and
    ``median``, ``mean`` (restricted to ``tau`` months) with their changes from the era's ``median_change``,
    ``mean_change``, months; a median that is not reached within `ENOUGH` months (or `tau`, if that is later) is
    ``None``. The changes are exactly 0 where nobody can start the line.
    """
    plan = integrated.plan
    tau = min(scenario.rmst.get("os", 36.0), scenario.horizon)
    end = min(scenario.horizon, max(tau, ENOUGH))
    settings = [("trial", name, own, integrated.alone(name)) for name, own in plan.alone.items()]
    settings += [("scenario", name, plan, integrated.strategy(name)) for name in plan.graphs]
    era = {(kind, name): _survival(outcome, end, tau) for kind, name, _, outcome in settings}
    rows: list[dict[str, Any]] = []
    for line, later in scenario.later_lines.items():
        for reach in later.range or ():
            for kind, name, own, _ in settings:
                found = era[kind, name]
                if _startable(own, name, line):
                    other = own.redrawn(reach={line: reach}, strategies=(name,))
                    found = _survival(integrate(other.graphs[name], end), end, tau)
                rows.append({"setting": kind, "name": name, "line": line, "reach": reach, "tau": tau, **found})
                for key in ("median", "mean"):
                    before, after = era[kind, name][key], found[key]
                    rows[-1][f"{key}_change"] = None if before is None or after is None else after - before
    return rows


def _startable(plan: Plan, strategy: str, line: str) -> bool:
    """Whether somebody gets anything in a line."""
    i = plan.lines.lines.index(line)
    rows = zip(plan.classes, plan.treatments[strategy], strict=True)
    return any(c.share > 0.0 and t.steps[i] is not None and t.able[i] > 0.0 for c, t in rows)


def _survival(found: Outcome, end: float, tau: float) -> dict[str, float | None]:
    median = found.median("os")
    return {"median": float(median) if median <= end else None, "mean": restricted_mean(found.os, tau)}
