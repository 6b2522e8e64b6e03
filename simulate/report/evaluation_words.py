"""What an economic evaluation says, in sentences composed from its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.economics.own import OwnCase
from simulate.report import labels
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
ALIKE = 0.005  # relative: ratios as near as this are told as one
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


def answer(e: Evaluation) -> list[str]:
    """Paragraphs: what it costs and gains, what the structure does, what is unsure, what this is for."""
    summary = e.summary()
    out = [_main(e, c, i + 1) for i, c in enumerate(summary["contrasts"])]
    if not out:
        s, own = next(iter(summary["strategies"].items()))
        currency = summary["currency"]
        out = [f"{e.scenario.label(s)}: {money(own['cost'], currency)} and {fixed(own['qaly'], 3)} QALYs a patient."]
    if summary["contrasts"]:
        out.append(verdict(e))
    if e.draws is not None and len(e.strategies) > 1:
        out.append(_unsure(e))
    return [*out, TEACHING]


def _main(e: Evaluation, c: Mapping[str, Any], i: int) -> str:
    summary, label = e.summary(), e.scenario.label
    currency = summary["currency"]
    who, other = label(c["strategy"]), label(c["comparator"])
    ly = summary["strategies"][c["strategy"]]["ly"] - summary["strategies"][c["comparator"]]["ly"]
    more, gains = c["delta_cost"] >= 0, c["delta_qaly"] >= 0
    text = (
        f"Per patient and over {years(summary['horizon'])}, {who} costs {money(abs(c['delta_cost']), currency)} "
        f"{'more' if more else 'less'} than {other} and {'gains' if gains else 'loses'} "
        f"{fixed(abs(c['delta_qaly']), 3)} QALYs ({fixed(abs(ly), 2)} years of life {'more' if ly >= 0 else 'less'}): "
    )
    if c["icer"] is None:
        reading = {"dominates": "it is better and no dearer (it dominates)",
                   "dominated": "it is dearer and no better (it is dominated)"}  # fmt: skip
        text += f"{reading.get(c['reading'], 'there is no difference')}."
    elif gains:
        text += f"{money(c['icer'], currency)} for each QALY gained."
    else:
        text += f"{money(c['icer'], currency)} are saved for each QALY given up."
    if e.draws is None:
        return text
    d = drawn_contrast(e, i)
    text += (
        f" With all uncertain numbers drawn together ({count(len(e.draws))} times) the mean differences are "
        f"{money(d['delta_cost'], currency)} and {fixed(d['delta_qaly'], 3)} QALYs, "
        f"{ratio(d, currency)}{' per QALY' if d['icer'] is not None and d['delta_qaly'] > 0 else ''}."
    )
    shares = [f"{percent(probability(e, c['strategy'], t), 0)} at {money(t, currency)}" for t in e.priced]
    return f"{text} The probability that it is the best buy is {listed(shares)} per QALY."


def verdict(e: Evaluation) -> str:
    """Whether the structure of the model changes the choice."""
    summary = e.summary()
    found = summary["structures"]
    if len(found) < 2:
        return "The scenario brings its own curves, so one structure was calculated: its partitioned survival model."
    parts = []
    for i, c in enumerate(summary["contrasts"]):
        own = {k: v["contrasts"][i] for k, v in found.items() if k != "simulation"}  # the base case again
        ratios = [x["icer"] for x in own.values() if x["icer"] is not None]
        who = e.scenario.label(c["strategy"])
        changes = [t for t in c["inmb"] if len({x["inmb"][t] > 0 for x in own.values()}) > 1]
        if ratios and len(ratios) == len(own):
            low, high = (money(f(ratios), summary["currency"]) for f in (min, max))
            if abs(max(ratios) - min(ratios)) < ALIKE * abs(min(ratios)):
                parts.append(f"Under every structure of the model the ratio of {who} is about {low} per QALY.")
            else:
                parts.append(
                    f"Across the structures of the model the ratio of {who} runs from {low} to {high} per QALY."
                )
        elif len({x["reading"] for x in own.values()}) == 1:
            standing = {"dominates": "dominates", "dominated": "is dominated"}.get(c["reading"], "makes no difference")
            parts.append(f"Under every structure of the model {who} {standing}.")
        else:
            parts.append(f"The structures of the model do not agree on where {who} stands on the plane.")
        if changes:
            at = listed([money(float(t), summary["currency"]) for t in changes])
            parts.append(f"Which structure is taken changes the choice at {at} per QALY.")
        else:
            parts.append("None of them changes the choice at any threshold.")
    return " ".join(parts)


def _unsure(e: Evaluation) -> str:
    currency = e.summary()["currency"]
    rows = e.summary()["evpi"]
    if not any(r["evpi"] > 0.0 for r in rows):
        return "No draw changes the choice at any threshold, so removing all uncertainty would be worth nothing there."
    worth = [f"{money(r['evpi'], currency)} at {money(r['wtp'], currency)}" for r in rows]
    text = f"Removing all uncertainty would be worth {listed(worth)} per QALY, for each patient to be treated."
    highest = rows[-1]
    if highest["evppi"]:
        group, most = max(highest["evppi"].items(), key=lambda kv: kv[1]["value"])
        if most["value"] > 0.0:
            text += f" The largest part of it lies in {group}: {money(most['value'], currency)}."
    return text


def structure_words(e: Evaluation) -> list[str]:
    """Why the structures differ, paragraph by paragraph."""
    summary = e.summary()
    found = summary["structures"]
    if len(found) < 2:
        own = [f"{e.scenario.label(s)} {percent(v)}" for s, v in summary["crossed"].items()]
        text = [verdict(e)]
        return [*text, f"Draws in which PFS lay above OS and was cut down to it: {listed(own)}."] if own else text
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
        f"{plain_number(round(end, 1))} months and takes, for each curve, the family that follows it most closely "
        f"({'; '.join(families)}). It knows nothing of who progressed, so nothing ties the tail of OS to what happens "
        f"after progression, and the family decides it. Life-years more than under the joint model, within and beyond "
        f"those months: {'; '.join(gaps)}.{crossing} {_gaps(e, 'partitioned')}"
    )


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


def draws_words(e: Evaluation) -> str:
    """How many draws there were, and how many a stated precision takes."""
    assert e.draws is not None
    currency, have, need = e.case.file.currency, len(e.draws), draws_needed(e)
    enough = "so these are enough" if need <= have else "so these are too few"
    return (
        f"The stated precision is a standard error of {money(precision(e), currency)} of the mean incremental net "
        f"benefit, the worth of 0.01 QALY at {money(e.threshold, currency)} per QALY. It takes {count(need)} draws; "
        f"{count(have)} were made, {enough}. More draws do not make the answer surer, only its average more exact."
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
