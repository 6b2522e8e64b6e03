"""What an economic evaluation says, in sentences composed from its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.own import OwnCase
from simulate.report import labels
from simulate.report.evaluation_decisions import WORTH
from simulate.report.evaluation_figures import draws_needed, follow_up_of, precision, study_of
from simulate.report.numbers import count, fixed, money, percent, plain_number
from simulate.report.view import listed

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

STRUCTURES = {
    "simulation": "simulated patients",
    "clock_reset": "joint model, integrated",
    "clock_forward": "clock forward",
    "partitioned": "partitioned survival",
}
SMALL_PART = 0.1  # of the draws' spread, that simulation may leave
LARGE_PART = 0.25  # of a value of information, above which its standard error asks for more draws
ALIKE = 0.005  # relative: ratios as near as this are told as one
ONE_STRUCTURE = "The scenario brings its own curves, so one structure was calculated: its partitioned survival model."
TEACHING = (
    "This is an exercise in method on published figures, for research and teaching. It is not advice on what a health "
    "service should buy, and never on the care of a patient."
)


def structure_name(e: Evaluation, name: str) -> str:
    """A structure in words."""
    return "the scenario’s own partition" if isinstance(e.case, OwnCase) else STRUCTURES.get(name, name)


def ratio(c: Mapping[str, Any], currency: str) -> str:
    """ICER of a contrast, or what stands in its place."""
    if c["icer"] is None:
        return str(c["reading"])
    lost = " saved per QALY lost" if c["delta_qaly"] < 0 else ""
    return money(c["icer"], currency) + lost


def drawn_contrast(e: Evaluation, i: int) -> dict[str, Any]:
    """Mean increments of strategy `i` over the comparator in the draws, with their ratio and 95 % intervals."""
    assert e.draws is not None
    cost, qaly = (getattr(e.draws, k)[:, i] - getattr(e.draws, k)[:, 0] for k in ("cost", "qaly"))
    dc, dq = float(cost.mean()), float(qaly.mean())
    reading = "dominates" if dc <= 0 and dq >= 0 else "dominated" if dc >= 0 and dq <= 0 else ""
    spread = {k: tuple(map(float, np.quantile(v, (0.025, 0.975)))) for k, v in (("cost", cost), ("qaly", qaly))}
    benefit = {t: t * qaly - cost for t in e.priced}
    return {
        "delta_cost": dc,
        "delta_qaly": dq,
        "icer": None if reading else dc / dq,
        "reading": reading,
        "cost": spread["cost"],
        "qaly": spread["qaly"],
        "inmb": {t: float(v.mean()) for t, v in benefit.items()},
        "inmb_range": {t: tuple(map(float, np.quantile(v, (0.025, 0.975)))) for t, v in benefit.items()},
    }


def probability(e: Evaluation, strategy: str, threshold: float) -> float:
    """Share of draws in which a strategy is the best at a threshold."""
    found = e.acceptability
    assert found is not None
    at = int(np.argmin(np.abs(found.wtp - threshold)))
    return float(found.probability[at, e.strategies.index(strategy)])


def years(months: float) -> str:
    """A horizon in words."""
    return f"{plain_number(months / 12.0)} years" if months % 6 == 0 else f"{plain_number(months)} months"


def structure_words(e: Evaluation) -> list[str]:
    """Why the structures differ, paragraph by paragraph."""
    summary = e.summary()
    found = summary["structures"]
    if len(found) < 2:
        own = [f"{e.scenario.label(s)} {percent(v)}" for s, v in summary["crossed"].items()]
        cut = [f"Draws in which PFS lay above OS and was cut down to it: {listed(own)}."] if own else []
        return [ONE_STRUCTURE, *cut]
    out = [_simulated(summary), _forward(e, summary), _partition(e, summary)]
    return [p for p in out if p]


def _simulated(summary: Mapping[str, Any]) -> str:
    """Simulation against integration, and the identity of the bookkeeping."""
    found, far = summary["structures"], []
    for s, own in summary["strategies"].items():
        for k in ("cost", "qaly"):
            error = own["mc_error"][k]
            if error > 0.0:
                gap = found["simulation"]["strategies"][s][k] - found["clock_reset"]["strategies"][s][k]
                far.append(abs(gap) / error)
    text = ""
    if far:
        text = (
            "Simulated patients and the integrated joint model are the same model calculated twice: costs and QALYs "
            f"differ by at most {fixed(max(far), 1)} Monte Carlo standard errors. "
        )
    gap = summary["joint_partition_difference"]
    if gap is None:
        return text
    same = "and it does" if gap < 1e-9 else f"but differs by {gap:.1g}"
    return (
        f"{text}A partition of the joint model’s own two curves must give the same costs and QALYs, because shares of "
        f"patients by day are all that is priced, {same}. So whatever follows is due to other "
        "curves, not to other bookkeeping."
    )


def _forward(e: Evaluation, summary: Mapping[str, Any]) -> str:
    own = summary["structures"].get("clock_forward")
    if own is None:
        return ""
    miss = max((v["misfit"].get("os", 0.0) for v in own["strategies"].values()), default=0.0)
    gaps = _gaps(e, "clock_forward")
    return (
        "The clock-forward model lets the hazard after progression depend on the time since the start instead of the "
        "time since progression: a patient who has just progressed dies at the rate of those who progressed long ago. "
        f"Fitted to the same overall survival it misses that curve by at most {fixed(100 * miss, 2)} percentage "
        f"points. {gaps}"
    )


def _partition(e: Evaluation, summary: Mapping[str, Any]) -> str:
    own = summary["structures"].get("partitioned")
    end = follow_up_of(e)
    if own is None or end is None:
        return ""
    families = []
    for s, v in own["strategies"].items():
        parts = [f"{labels.FAMILIES.get(d['family'], d['family'])} for {k.upper()}" for k, d in v["fitted"].items()]
        if parts:
            families.append(f"{e.scenario.label(s)}: {listed(parts)}")
    gaps = []
    for s in e.strategies:
        base, other = years_lived(e, s, e.base_structure, end), years_lived(e, s, "partitioned", end)
        within, beyond = (other[i] - base[i] for i in (0, 1))
        gaps.append(
            f"{e.scenario.label(s)}: {fixed(within, 3, sign=True)} within, {fixed(beyond, 3, sign=True)} beyond"
        )
    capped = [e.scenario.label(s) for s, v in own["strategies"].items() if v["capped"] > 0.0]
    crossing = f" PFS had to be cut down to OS for {listed(capped)}." if capped else ""
    return (
        f"The partitioned model fits PFS and OS apart from each other, as analysts do from published curves: it sees "
        f"{_seen(e, end)} and takes, for each curve, the family that follows it most closely "
        f"({'; '.join(families)}). It knows nothing of who progressed, so nothing ties the tail of OS to what happens "
        f"after progression, and the family decides it. Life-years more than under the joint model, within and beyond "
        f"those months: {'; '.join(gaps)}.{crossing} {_gaps(e, 'partitioned')}"
    )


def _seen(e: Evaluation, end: float) -> str:
    """Months to which other structures are fitted: of follow-up, or of the horizon where that is no longer."""
    months = f"{plain_number(round(end, 1))} months"
    return f"{months}, the whole horizon (the data cut is no earlier)," if end >= e.case.clock.horizon else months


def _gaps(e: Evaluation, structure: str) -> str:
    """What a structure does to net benefit at the lowest threshold."""
    summary = e.summary()
    currency, key = summary["currency"], f"{e.priced[0]:g}"
    out = []
    for base, other in zip(summary["contrasts"], summary["structures"][structure]["contrasts"], strict=True):
        change = other["inmb"][key] - base["inmb"][key]
        out.append(f"{money(change, currency, sign=True)} for {e.scenario.label(base['strategy'])}")
    if not out:
        return ""
    return f"Change of incremental net benefit at {money(e.priced[0], currency)} per QALY: {listed(out)}."


def years_lived(e: Evaluation, strategy: str, structure: str, until: float) -> tuple[float, float]:
    """Undiscounted life-years up to a month, and after it."""
    alive = e.structures[strategy][structure].traces.alive.mean(axis=0)
    months = e.case.clock.months
    area = np.concatenate(([0.0], np.cumsum(0.5 * (alive[1:] + alive[:-1]) * np.diff(months)))) / 12.0
    within = float(np.interp(until, months, area))
    return within, float(area[-1]) - within


def draws_words(e: Evaluation) -> list[str]:
    """Whether draws, patients of each draw, and draws for the value of partial information are enough."""
    return [p for p in (_count_words(e), simulation_words(e), evppi_words(e)) if p]


def _count_words(e: Evaluation) -> str:
    """How many draws there were, and how many a stated precision takes."""
    assert e.draws is not None
    currency, have, need = e.case.file.currency, len(e.draws), draws_needed(e)
    enough = "so these are enough" if need <= have else "so these are too few"
    return (
        f"The stated precision is a standard error of {money(precision(e), currency)} of the mean incremental net "
        f"benefit, the worth of 0.01 QALY at {money(e.threshold, currency)} per QALY. It takes {count(need)} draws; "
        f"{count(have)} were made, {enough}. More draws do not make the answer surer, only its average more exact."
    )


def simulation_words(e: Evaluation) -> str:
    """What simulating patients adds to a draw, and how many patients would make it small; empty of integrated draws."""
    d = e.draws
    assert d is not None
    if d.by_batch is None or d.by_batch.shape[1] < 2:
        return ""
    currency = e.case.file.currency
    parts = {"cost": (d.cost_error, d.cost), "QALYs": (d.qaly_error, d.qaly)}
    shares = {
        (k, s): float(error[i]) / max(float(v[:, i].std(ddof=1)), 1e-12)
        for k, (error, v) in parts.items() for i, s in enumerate(e.strategies)
    }  # fmt: skip
    (what, who), most = max(shares.items(), key=lambda kv: kv[1])
    left = float(d.mean_error(e.threshold).max())
    patients = [d.patients * (x / y) ** 2 for x, y in ((most, SMALL_PART), (left, precision(e)))]
    text = (
        f"Each draw follows {count(d.patients)} patients, the same in all draws. What their simulation leaves in a "
        f"draw is at most {percent(most)} of the standard deviation of the draws ({what} of {e.scenario.label(who)})"
    )
    text += ", " + _enough(patients[0], d.patients, f"{percent(SMALL_PART, 0)} of it").removeprefix("and ")
    text += (
        f" In the mean incremental net benefit it leaves a standard error of {money(left, currency)}, which more draws "
        "do not lessen, "
    )
    return text + _enough(patients[1], d.patients, f"the stated precision of {money(precision(e), currency)}")


def _enough(need: float, have: int, of: str) -> str:
    """Whether patients are enough to come below something, and how many would be."""
    if need <= have:
        return f"and which is below {of}: the patients are enough."
    return f"and which is above {of}: about {count(100.0 * math.ceil(need / 100.0))} patients a draw would be enough."


def evppi_words(e: Evaluation) -> str:
    """Which values of partial information are too unsure, and how many draws they would take; empty if none is."""
    assert e.draws is not None
    unsure, most = [], 0.0
    for r in e.summary()["evpi"]:
        for group, v in r["evppi"].items():
            if v["value"] > WORTH and v["error"] > LARGE_PART * v["value"]:
                unsure.append(f"{group} at {money(r['wtp'], e.case.file.currency)}")
                most = max(most, len(e.draws) * (v["error"] / (LARGE_PART * v["value"])) ** 2)
    if not unsure:
        return ""
    return (
        f"The value of information on one group is less sure than that: its standard error is above "
        f"{percent(LARGE_PART, 0)} of it for {listed(unsure)} per QALY. It takes more draws, about "
        f"{count(1000.0 * math.ceil(most / 1000.0))} for the least sure of them."
    )


def meta(e: Evaluation) -> str:
    """The line under the title."""
    case, rates = e.case, e.case.clock.discount
    drawn = "no draws" if e.draws is None else f"{count(len(e.draws))} draws"
    network = "" if e.summary()["network"] is None else "; effects of a network meta-analysis"
    simulated = ""
    if not isinstance(case, OwnCase):
        simulated = f"{count(e.patients)} synthetic patients under each strategy; "
    return (
        f"{simulated}{drawn}; seed {e.seed}. {case.file.label}: {case.file.currency} of {case.file.price_year}; "
        f"{case.reference.label}; perspective: {case.reference.perspective}; horizon {years(case.clock.horizon)}; "
        f"costs discounted at {percent(rates.costs)}, health at {percent(rates.effects)} a year "
        f"({rates.method.replace('_', ' ')}). Evidence: {study_of(e)}{network}."
    )
