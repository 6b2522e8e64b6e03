"""The answer of an evaluation: what is gained at which cost, what the form of the model does, how unsure it is.

A decision under uncertainty rests on the mean of the draws, so that stands first wherever draws were made; the values
of the files stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulate.economics.frontier import FRONTIER
from simulate.report.evaluation_decision_words import models_words
from simulate.report.evaluation_words import (
    ALIKE,
    ONE_STRUCTURE,
    TEACHING,
    drawn_contrast,
    probability,
    ratio,
    structure_name,
    years,
)
from simulate.report.numbers import count, fixed, money, percent
from simulate.report.view import listed

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

CURVED = 0.1  # by how much drawn and point QALY gains may differ before it is explained
READINGS = {
    "dominates": "it is better and no dearer (it dominates)",
    "dominated": "it is dearer and no better (it is dominated)",
}
Tile = tuple[str, str, str]


def answer(e: Evaluation) -> list[str]:
    """Paragraphs: what it costs and gains, what structures and models do, what is unsure, what this is for."""
    summary = e.summary()
    if not summary["contrasts"]:
        s, own = next(iter(summary["strategies"].items()))
        return [f"{e.scenario.label(s)}: {money(own['cost'], summary['currency'])} and {fixed(own['qaly'], 3)} QALYs a "
                "patient.", TEACHING]  # fmt: skip
    first, *rest = verdicts(e)
    each = [_main(e, c, i + 1) for i, c in enumerate(summary["contrasts"])]
    out = [first, *each, *rest] if len(e.strategies) > 2 else [*each, first, *rest]
    if e.draws is not None:
        out.append(_unsure(e))
    return [*out, TEACHING]


def verdicts(e: Evaluation) -> list[str]:
    """The best buy (with three or more strategies after their full comparison), over structures, over models."""
    together = f"{frontier_words(e)} {choice_words(e)}" if len(e.strategies) > 2 else choice_words(e)
    return [together, structures_verdict(e), *models_verdict(e)]


def at_thresholds(e: Evaluation, thresholds: Sequence[float]) -> str:
    """Thresholds in a sentence, all of them or some."""
    return f"at {listed([money(t, e.case.file.currency) for t in thresholds])} per QALY"


# ------------------------------------------------------------------------------------------------ each against one
def _main(e: Evaluation, c: Mapping[str, Any], i: int) -> str:
    summary, label = e.summary(), e.scenario.label
    currency = summary["currency"]
    who, other = label(c["strategy"]), label(c["comparator"])
    ly = summary["strategies"][c["strategy"]]["ly"] - summary["strategies"][c["comparator"]]["ly"]
    per = f"Per patient and over {years(summary['horizon'])}"
    if e.draws is None:
        return f"{per}, {who} {_differs(c, ly, currency, other)}."
    d = drawn_contrast(e, i)
    drawn_ly = float((e.draws.ly[:, i] - e.draws.ly[:, 0]).mean())
    text = (
        f"{per}, by the mean of {count(len(e.draws))} draws of all uncertain numbers, {who} "
        f"{_differs(d, drawn_ly, currency, other)}. At the values of the files it {_differs(c, ly, currency)}."
        f"{curved(c, d, again=i > 1)}"
    )
    shares = [f"{percent(probability(e, c['strategy'], t), 0)} at {money(t, currency)}" for t in e.priced]
    return f"{text} The probability that it is the best buy is {listed(shares)} per QALY."


def _differs(c: Mapping[str, Any], ly: float, currency: str, other: str = "") -> str:
    """What a strategy costs more and gains, with the ratio: of the draws or of the files' values."""
    more, gains, than = c["delta_cost"] >= 0, c["delta_qaly"] >= 0, f" than {other}" if other else ""
    text = (
        f"costs {money(abs(c['delta_cost']), currency)} {'more' if more else 'less'}{than} "
        f"and {'gains' if gains else 'loses'} {fixed(abs(c['delta_qaly']), 3)} QALYs "
        f"({fixed(abs(ly), 2)} years of life {'more' if ly >= 0 else 'less'}), "
    )
    if c["icer"] is None:
        return f"{text}{READINGS.get(c['reading'], 'so there is no difference')}"
    return f"{text}{money(c['icer'], currency)} {'for each QALY gained' if gains else 'saved for each QALY given up'}"


def curved(c: Mapping[str, Any], d: Mapping[str, Any], again: bool = False) -> str:
    """Why the drawn gain is another than that of the files' values, where it is by more than a tenth; else empty.

    `again` leaves the reason out, where it was told before.
    """
    if c["delta_qaly"] <= 0.0 or abs(d["delta_qaly"] / c["delta_qaly"] - 1.0) <= CURVED:
        return ""
    factor = d["delta_qaly"] / c["delta_qaly"]
    text = f" The drawn gain is {fixed(factor, 2)} times that at the values of the files"
    if again:
        return f"{text}."
    if factor < 1.0:
        return f"{text}: QALYs are not linear in what is drawn."
    return (
        f"{text}: mean survival bends upwards (is convex) in the parameters of its curves, so that draws with long "
        "tails add more than draws with short ones take away, and how long tails are is what the figures tell least of."
    )


# ------------------------------------------------------------------------------------------------ all together
def frontier_words(e: Evaluation) -> str:
    """The full incremental analysis in sentences: by the draws' means, and at the files' values."""
    summary = e.summary()
    if not summary["frontier_draws"]:
        return f"All {len(e.strategies)} strategies together: {_frontier(e, summary['frontier'])}"
    text = f"All {len(e.strategies)} strategies together, by the mean of {count(len(e.draws or ()))} draws: "
    text += _frontier(e, summary["frontier_draws"])
    same = [(r["strategy"], r["status"]) for r in summary["frontier"]] == [
        (r["strategy"], r["status"]) for r in summary["frontier_draws"]
    ]
    if not same:
        return f"{text} At the values of the files: {_frontier(e, summary['frontier'])}"
    ratios = [f"{money(r['icer'], summary['currency'])} for {e.scenario.label(r['strategy'])}"
              for r in summary["frontier"] if r["icer"] is not None]  # fmt: skip
    return f"{text} At the values of the files each has the same place{f', at {listed(ratios)}' if ratios else ''}."


def _frontier(e: Evaluation, rows: Sequence[Mapping[str, Any]]) -> str:
    label, currency = e.scenario.label, e.case.file.currency
    kept = [r for r in rows if r["status"] == FRONTIER]
    text = f"{label(kept[0]['strategy'])} costs least"
    for r in kept[1:]:
        step = "the same" if r["icer"] is None else f"{money(r['icer'], currency)} for each QALY more"
        against = "" if r["against"] is None else f" than {label(r['against'])}"
        text += f"; {label(r['strategy'])} follows at {step}{against}"
    off = []
    for r in rows:
        if r["status"] != FRONTIER:
            by = " and ".join(label(s) for s in r["dominated_by"])
            mixed = "a mixture of " if len(r["dominated_by"]) > 1 else ""
            off.append(f"{label(r['strategy'])} is {r['status']} by {mixed}{by}")
    return f"{text}. {'; '.join(off) if off else 'None is dominated: all are on the frontier'}."


def choice_words(e: Evaluation) -> str:
    """The best buy at every threshold: by the draws' means, and at the files' values where that differs."""
    rows, label = e.summary()["choices"], e.scenario.label
    best = [r["draws"] or r["base"] for r in rows]
    if len(set(best)) == 1:
        which = "every threshold" if len(rows) > 1 else "the threshold"
        text = f"The best buy at {which} ({_thresholds(e)} per QALY) is {label(best[0])}"
    else:
        text = "The best buy is " + listed([f"{label(b)} at {_money(e, r)}" for b, r in zip(best, rows, strict=True)])
        text += " per QALY"
    other = [f"{label(r['base'])} at {_money(e, r)}" for b, r in zip(best, rows, strict=True) if r["base"] != b]
    return f"{text}{f'; at the values of the files it is {listed(other)} per QALY' if other else ''}."


def _money(e: Evaluation, r: Mapping[str, Any]) -> str:
    return money(r["wtp"], e.case.file.currency)


def _thresholds(e: Evaluation) -> str:
    return listed([money(t, e.case.file.currency) for t in e.priced])


# ------------------------------------------------------------------------------------------------ structures, models
def structures_verdict(e: Evaluation) -> str:
    """Over which range the structures lie, and at which thresholds which of them change the choice."""
    summary = e.summary()
    found = {k: v for k, v in summary["structures"].items() if k != "simulation"}  # the base case again
    if len(found) < 2:
        return ONE_STRUCTURE
    parts = [_across(e, found, i, c) for i, c in enumerate(summary["contrasts"])]
    return " ".join([*parts, *_moved(e, found), _disagree(e, list(found))])


def _moved(e: Evaluation, found: Mapping[str, Any]) -> list[str]:
    """Strategies that another structure puts on the frontier or takes off it, where there are more than two."""
    if len(e.strategies) < 3:
        return []
    base = {r["strategy"]: r["status"] for r in e.summary()["frontier"]}
    out = []
    for k, v in found.items():
        for r in v["frontier"]:
            if r["status"] != base[r["strategy"]]:
                place = "on the frontier" if r["status"] == FRONTIER else r["status"]
                out.append(f"{e.scenario.label(r['strategy'])} is {place} under {structure_name(e, k)}")
    return [f"Other than in the base case, {listed(out)}."] if out else ["The frontier has the same strategies in all."]


def _across(e: Evaluation, found: Mapping[str, Any], i: int, c: Mapping[str, Any]) -> str:
    own = {k: v["contrasts"][i] for k, v in found.items()}
    ratios = [x["icer"] for x in own.values() if x["icer"] is not None]
    who, currency = e.scenario.label(c["strategy"]), e.case.file.currency
    if ratios and len(ratios) == len(own):
        low, high = (money(f(ratios), currency) for f in (min, max))
        if abs(max(ratios) - min(ratios)) < ALIKE * abs(min(ratios)):
            return f"Under every structure of the model the ratio of {who} is about {low} per QALY."
        return f"Across the structures of the model the ratio of {who} runs from {low} to {high} per QALY."
    if len({x["reading"] for x in own.values()}) == 1:
        standing = {"dominates": "dominates", "dominated": "is dominated"}.get(c["reading"], "makes no difference")
        return f"Under every structure of the model {who} {standing}."
    return f"The structures of the model do not agree on where {who} stands on the plane."


def _disagree(e: Evaluation, names: Sequence[str]) -> str:
    label, parts, agreed = e.scenario.label, [], []
    for r in e.summary()["choices"]:
        others = {k: r["structures"][k] for k in names if r["structures"][k] != r["base"]}
        if others:
            said = listed([f"{structure_name(e, k)} chooses {label(s)}" for k, s in others.items()])
            parts.append(f"At {_money(e, r)} per QALY {said}, the base case {label(r['base'])}.")
        else:
            agreed.append(r["wtp"])
    if not parts:
        return f"No structure changes the choice at any threshold ({_thresholds(e)} per QALY)."
    return " ".join([*parts, f"They agree {at_thresholds(e, agreed)}." if agreed else "They agree at no threshold."])


def models_verdict(e: Evaluation) -> list[str]:
    """The same over all models that meet the reported figures, strategy by strategy; or that none were calculated."""
    found = e.decisions.model_range
    if found:
        return [models_words(e, s, r) for s, r in found.items()]
    if len(next(iter(e.structures.values()))) < 2 or e.summary()["network"] is not None:
        return []
    return [
        "Structures are forms of one fitted survival model. The range over all models that meet the reported figures "
        "may be wider; it was not calculated (--model-range)."
    ]


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
            text += (
                f" The largest part of it {at_thresholds(e, [highest['wtp']])} lies in {group}: "
                f"{money(most['value'], currency)}."
            )
    return text


# ------------------------------------------------------------------------------------------------ tiles
def facts(e: Evaluation) -> list[Tile]:
    """The numbers at the top: the means of the draws where there are any, the files' values below."""
    contrasts = e.summary()["contrasts"]
    if not contrasts:
        return []
    out = _pair(e) if len(contrasts) == 1 else _ranked(e)
    if e.draws is not None:
        for c in contrasts[:2]:
            t = e.priced[-1]
            share = percent(probability(e, c["strategy"], t), 0)
            at = f"{e.scenario.label(c['strategy'])}, at {money(t, e.case.file.currency)} per QALY"
            out.append(("Probability it is the best buy", share, at))
    return out


def _pair(e: Evaluation) -> list[Tile]:
    c, currency = e.summary()["contrasts"][0], e.case.file.currency
    d = c if e.draws is None else drawn_contrast(e, 1)

    def beside(plain: str) -> str:
        return "per patient, discounted" if e.draws is None else f"mean of the draws; {plain} at the files’ values"

    return [
        ("Added cost", money(d["delta_cost"], currency), beside(money(c["delta_cost"], currency))),
        ("QALYs gained", fixed(d["delta_qaly"], 3), beside(fixed(c["delta_qaly"], 3))),
        ("Cost per QALY gained" if d["delta_qaly"] > 0 else "Ratio", _value(d, currency), beside(ratio(c, currency))),
    ]


def _value(c: Mapping[str, Any], currency: str) -> str:
    return money(c["icer"], currency) if c["icer"] is not None else str(c["reading"])


def _ranked(e: Evaluation) -> list[Tile]:
    """Place of every strategy but the cheapest in the full incremental analysis."""
    summary, label = e.summary(), e.scenario.label
    rows = summary["frontier_draws"] or summary["frontier"]
    plain = {r["strategy"]: r for r in summary["frontier"]}
    out = []
    for r in rows[1:]:
        own = plain[r["strategy"]]
        beside = "" if e.draws is None else f"; at the files’ values {_place(e, own)}"
        against = f"against {label(r['against'])}" if r["against"] is not None else "all strategies together"
        what = f"{label(r['strategy'])} {against}{beside}"
        out.append(("Cost per QALY gained" if r["icer"] is not None else "Place", _place(e, r), what))
    return out


def _place(e: Evaluation, r: Mapping[str, Any]) -> str:
    return money(r["icer"], e.case.file.currency) if r["icer"] is not None else str(r["status"])
