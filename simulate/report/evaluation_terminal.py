"""What `simulate evaluate` prints: strategies, contrasts, structures side by side, value of information."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulate.report import evaluation_words as text
from simulate.report.evaluation_answer import verdicts
from simulate.report.evaluation_decision_words import decision_words
from simulate.report.evaluation_network import network_words
from simulate.report.numbers import NOISE, fixed, money, percent
from simulate.report.view import listed
from simulate.tables import print_frame

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

NBSP = "\N{NO-BREAK SPACE}"
WIDTH = 120  # of a line of words


def print_evaluation(e: Evaluation) -> None:
    """The evaluation as tables."""
    summary = e.summary()
    drawn = "no draws" if e.draws is None else f"{summary['draws']:,} draws"
    title = f"{summary['scenario']}: {summary['currency']} {summary['price_year']}, {drawn}, seed {summary['seed']}"
    _print(pd.DataFrame(_strategies(e)), f"{title}; per patient, discounted (life-years not)")
    if e.draws is not None:
        print("mean, SD: over the draws of all uncertain numbers.")
    if not isinstance(e.case, text.OwnCase):
        print("The base case is integrated; ± is the Monte Carlo error of the simulated patients beside it.")
    if summary["network"] is not None:
        _say(network_words(e))
    if summary["contrasts"]:
        other = e.strategies[0]
        _print(pd.DataFrame(_contrasts(e)), f"Against {other} ({summary['currency']})")
        if e.draws is not None:
            print(f"Best buy, share of draws: {'; '.join(_shares(e))}.")
        for sentence in verdicts(e):
            _say(sentence)
    if len(summary["structures"]) > 1:
        _print(pd.DataFrame(_structures(e)), f"Structures side by side ({summary['currency']})")
    if summary["evpi"]:
        _print(pd.DataFrame(_information(e)), "Value of perfect information, per patient")
        _say(text.evppi_words(e))
    for sentence in decision_words(e):
        _say(sentence)
    _say(text.TEACHING)


def _say(words: str) -> None:
    """A paragraph in lines of a terminal; nothing where there are no words."""
    for line in textwrap.wrap(words.replace(NBSP, " "), WIDTH, break_on_hyphens=False):
        print(line)


def _print(frame: pd.DataFrame, title: str) -> None:
    """A table whose numbers are written already: to the right, like numbers."""
    shown = {}
    for i, name in enumerate(frame.columns):
        cells = [str(v).replace(NBSP, " ") for v in frame[name]]
        wide = max(len(name), *map(len, cells)) if cells else len(name)
        align = str.ljust if i == 0 or name in ("strategy", "structure") else str.rjust
        shown[align(name, wide)] = [align(c, wide) for c in cells]
    print_frame(pd.DataFrame(shown), title=title)


def _strategies(e: Evaluation) -> list[dict[str, str]]:
    rows = []
    for s, own in e.summary()["strategies"].items():
        row = {"strategy": s}
        for k, name, decimals in (("cost", "cost", 0), ("ly", "life-years", 3), ("qaly", "QALYs", 3)):
            error = own["mc_error"][k]
            row[name] = fixed(own[k], decimals) + (f" ± {fixed(error, decimals)}" if error > NOISE else "")
            if e.draws is not None and k != "ly":
                row[f"mean, SD of {name}"] = (
                    f"{fixed(own['psa_mean'][k], decimals)}, {fixed(own['psa_sd'][k], decimals)}"
                )
        rows.append(row)
    return rows


def _contrasts(e: Evaluation) -> list[dict[str, str]]:
    currency, rows = e.summary()["currency"], []
    for i, c in enumerate(e.summary()["contrasts"], 1):
        if e.draws is not None:
            d = text.drawn_contrast(e, i)
            benefits = {f"{t:g}": v for t, v in d["inmb"].items()}
            rows.append(_contrast(d, currency, {"strategy": c["strategy"], "at": "mean of draws"}, benefits))
        rows.append(_contrast(c, currency, {"strategy": c["strategy"], "at": "files' values"}, c["inmb"]))
    return rows


def _shares(e: Evaluation) -> list[str]:
    out = []
    for s in e.strategies[1:]:
        own = [f"{percent(text.probability(e, s, t))} at {t:,.0f}".replace(NBSP, " ") for t in e.priced]
        out.append(f"{s} {listed(own)} per QALY")
    return out


def _contrast(c: Any, currency: str, first: dict[str, str], benefits: dict[str, float]) -> dict[str, str]:
    return {
        **first,
        "added cost": fixed(c["delta_cost"], 0),
        "QALYs gained": fixed(c["delta_qaly"], 3),
        "ICER": text.ratio(c, currency).removeprefix(f"{currency}{NBSP}"),
        **{f"INMB at {float(t):,.0f}": fixed(v, 0) for t, v in benefits.items()},
    }


def _structures(e: Evaluation) -> list[dict[str, str]]:
    summary = e.summary()
    rows = []
    for k, v in summary["structures"].items():
        name = text.structure_name(e, k) + (" (base)" if k == e.base_structure else "")
        for c in v["contrasts"]:
            several = {"strategy": c["strategy"]} if len(v["contrasts"]) > 1 else {}
            first = {"structure": name, **several}
            rows.append(_contrast(c, summary["currency"], first, c["inmb"]))
        if not v["contrasts"]:
            for s, own in v["strategies"].items():
                rows.append(
                    {"structure": name, "strategy": s, "cost": fixed(own["cost"], 0), "QALYs": fixed(own["qaly"], 3)}
                )
    return rows


def _information(e: Evaluation) -> list[dict[str, str]]:
    currency, found = e.summary()["currency"], e.summary()["evpi"]
    heads = [f"at {money(r['wtp'], currency)}".replace(NBSP, " ") for r in found]
    whole = {"about": "everything (EVPI)"} | {h: fixed(r["evpi"], 0) for h, r in zip(heads, found, strict=True)}
    rows = [whole]
    for group in found[0]["evppi"]:
        cells = [f"{fixed(r['evppi'][group]['value'], 0)} ± {fixed(r['evppi'][group]['error'], 0)}" for r in found]
        rows.append({"about": group, **dict(zip(heads, cells, strict=True))})
    return rows
