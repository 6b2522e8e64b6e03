"""The figures of an economic evaluation, from its results."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.economics.acceptability import confidence_ellipse, plane
from simulate.economics.own import OwnCase
from simulate.plots import economics as plots
from simulate.plots.plane import Cloud
from simulate.plots.plane import plane as plane_figure
from simulate.report.evaluation_decisions import decision_figures
from simulate.report.evaluation_files import monthly
from simulate.report.evaluation_sensitivity import tornado_figure
from simulate.report.figures import literal
from simulate.report.labels import Names, study
from simulate.report.view import listed
from simulate.scenario.own import OwnScenario
from simulate.scenario.pathways import PathwayScenario

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

Array = NDArray[np.float64]
PART_OF_A_QALY = 0.01  # the stated precision: a standard error of net benefit worth this much health
NOBODY = 1e-6  # a share of patients below it is the error of an integral
DRAWN_STRUCTURES = {"clock_reset": "joint model", "partitioned": "partitioned", "clock_forward": "clock forward"}
CATEGORIES = {
    "drugs": "drugs",
    "administration": "administration",
    "monitoring": "monitoring",
    "procedures": "procedures",
    "toxicity": "adverse events",
    "states": "care in the states",
    "subsequent": "later treatment",
    "terminal": "end of life",
}


def evaluation_figures(e: Evaluation) -> dict[str, Callable[[], Any]]:
    """Name of each figure file → what draws it."""
    out: dict[str, Callable[[], Any]] = {"cost_breakdown": lambda: cost_breakdown(e)}
    shown = ("os", "pfs") if progresses(e) else ("os",)
    out |= {f"{k}_by_structure": lambda k=k: survival(e, k) for k in shown}  # type: ignore[misc]
    if e.draws is not None:
        out |= {
            "ce_plane": lambda: ce_plane(e),
            "ceac": lambda: ceac(e),
            "expected_loss": lambda: expected_loss(e),
            "convergence": lambda: convergence(e),
        }
    if any(found.bars for found in e.one_way.values()):
        out["tornado"] = lambda: tornado_figure(e, source_line(e))
    out |= decision_figures(e, source_line(e))
    return {name: lambda draw=draw: _literal(draw()) for name, draw in out.items()}  # type: ignore[misc]


def _literal(drawn: Any) -> Any:
    return None if drawn is None else literal(drawn)


def study_of(e: Evaluation) -> str:
    """Short name of the trial, or what stands in its place."""
    if isinstance(e.scenario, OwnScenario):
        return "the scenario’s own"
    if isinstance(e.scenario, PathwayScenario):
        return listed([study(t.title, t.id) for t in e.scenario.trials.values()])
    return Names(e.scenario).study


def follow_up_of(e: Evaluation) -> float | None:
    """Months after which curves are extrapolation; None where the model's own curves are taken as they stand."""
    return None if isinstance(e.case, OwnCase) else e.case.follow_up


def source_line(e: Evaluation) -> str:
    """What stands at the foot of every figure."""
    return (
        f"Source: {study_of(e)} model; prices and values: {e.case.file.label}, {e.case.file.price_year}. Synthetic "
        "patients; for research and teaching."
    )


def _labels(e: Evaluation) -> dict[str, str]:
    return {s: e.scenario.label(s) for s in e.strategies}


def ce_plane(e: Evaluation) -> Any:
    """The plane of increments; None for one strategy."""
    assert e.draws is not None
    if len(e.strategies) < 2:
        return None
    increments = plane(e.draws.cost, e.draws.qaly)
    costs, effects = e.totals(e.base_structure)
    clouds = []
    for i, (_, label) in enumerate(_labels(e).items()):
        if i:
            effect, cost = increments.delta_effect[:, i], increments.delta_cost[:, i]
            ellipse = confidence_ellipse(effect, cost)
            outline = np.stack([ellipse.outline_effect, ellipse.outline_cost])
            clouds.append(Cloud(label, effect, cost, outline, (effects[i] - effects[0], costs[i] - costs[0])))
    comparator = e.scenario.label(e.strategies[0])
    currency = e.case.file.currency
    return plane_figure(clouds, e.priced, currency=currency, comparator=comparator, source=source_line(e))


def ceac(e: Evaluation) -> Any:
    """Acceptability curves and frontier."""
    found = e.acceptability
    assert found is not None
    shares = {label: found.probability[:, i] for i, label in enumerate(_labels(e).values())}
    currency = e.case.file.currency
    return plots.acceptability(found.wtp, shares, found.frontier, e.priced, currency=currency, source=source_line(e))


def expected_loss(e: Evaluation) -> Any:
    """Expected loss by strategy."""
    found = e.acceptability
    assert found is not None
    loss = {label: found.expected_loss[:, i] for i, label in enumerate(_labels(e).values())}
    currency, evpi = e.case.file.currency, e.information["all"].value
    return plots.expected_loss(found.wtp, loss, evpi, e.priced, currency=currency, source=source_line(e))


def benefits(e: Evaluation) -> dict[str, Array]:
    """Strategy → its incremental net benefit at the lowest threshold, draw by draw."""
    assert e.draws is not None
    net = e.threshold * e.draws.qaly - e.draws.cost
    return {s: net[:, i] - net[:, 0] for i, s in enumerate(e.strategies) if i}


def precision(e: Evaluation) -> float:
    """The stated precision of the mean net benefit, in money."""
    return PART_OF_A_QALY * e.threshold


def draws_needed(e: Evaluation) -> int:
    """Draws after which the standard error of every mean incremental net benefit is the stated precision."""
    spread = max((float(v.std(ddof=1)) for v in benefits(e).values()), default=0.0)
    return max(math.ceil((spread / precision(e)) ** 2), 2)


def convergence(e: Evaluation) -> Any:
    """Mean and standard error by draws; None for one strategy."""
    if len(e.strategies) < 2:
        return None
    currency = e.case.file.currency
    shown = {e.scenario.label(s): v for s, v in benefits(e).items()}
    threshold = f"{e.threshold:,.0f} per QALY"
    return plots.convergence(
        shown, precision(e), draws_needed(e), threshold=threshold, currency=currency, source=source_line(e)
    )


def cost_breakdown(e: Evaluation) -> Any:
    """Costs by category, of every strategy."""
    own = {s: e.summary()["strategies"][s]["cost_by_category"] for s in e.strategies}
    labels = _labels(e)
    present: list[str] = [
        k for k in dict.fromkeys(k for v in own.values() for k in v) if any(v.get(k, 0.0) for v in own.values())
    ]
    order = [k for k in CATEGORIES if k in present] + [k for k in present if k not in CATEGORIES]
    if not order:
        return None
    costs = {CATEGORIES.get(k) or k: {labels[s]: own[s].get(k, 0.0) for s in own} for k in order}
    return plots.breakdown(costs, currency=e.case.file.currency, source=source_line(e))


def progresses(e: Evaluation) -> bool:
    """Whether any patient is alive and not free of progression, under any strategy and structure."""
    traces = [own.traces for found in e.structures.values() for own in found.values()]
    return any(bool(np.any(t.alive - t.state(t.states[0]) > NOBODY)) for t in traces)


def survival(e: Evaluation, endpoint: str) -> Any:
    """Overall or progression-free survival of every strategy under each structure."""
    curves: dict[str, dict[str, Array]] = {}
    months = np.zeros(1)
    for s, label in _labels(e).items():
        own = {}
        for structure, name in DRAWN_STRUCTURES.items():
            if structure in e.structures[s]:
                traces = e.structures[s][structure].traces
                daily = traces.alive if endpoint == "os" else traces.state(traces.states[0])
                months, own[name] = monthly(e, daily.mean(axis=0))
        curves[label] = own
    title = "Alive" if endpoint == "os" else "Free of progression"
    until = follow_up_of(e)
    beyond = "" if until is None else f"Grey: beyond the follow-up ({until:.0f} months), extrapolation."
    return plots.structures(months, curves, endpoint=title, follow_up=until, source=source_line(e), beyond=beyond)
