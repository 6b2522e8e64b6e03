"""The answer in one paragraph, composed from the numbers, and words for who cannot see the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulate.report import labels
from simulate.report.assumptions_view import interval, spread
from simulate.report.labels import Labels, Names
from simulate.report.numbers import count, fixed, percent, plain_number
from simulate.report.results_view import measured, median
from simulate.report.view import listed

if TYPE_CHECKING:
    from simulate.scenario import Result

BANNER = "For research and teaching. Never for decisions about the care of a patient."
MONTE_CARLO = (
    "The number after ± is the Monte Carlo error: the standard error that remains because a finite number of "
    "patients was simulated. "
    "Another seed would move a result by about that much. It says nothing about how well the trial itself is known; "
    "for that see "
    "“What the figures do not say”."
)
LONGER = (
    "P(T₁ > T₀) is the chance that a patient drawn at random under the first strategy goes longer without the event "
    "than a "
    "different patient drawn at random under the second; 50 % means no difference. It is not the chance that a "
    "patient benefits: "
    "nobody is observed under both strategies, and no trial identifies that."
)
NO_P = (
    "No p value is given for the simulated strategies themselves: with enough simulated patients any difference "
    "becomes "
    "“significant”. What can be tested is one trial of the real trial’s size."
)
PATHWAY_MONTE_CARLO = (
    "The number after ± is the Monte Carlo error of the simulation only: another seed would move a result by about "
    "that much. How well the studies themselves are known, many of them series of 20 to 100 patients, is far less "
    "certain and is not in it."
)
PATHWAY_NO_P = (
    "No p value is given: with enough simulated patients any difference becomes “significant”, and no trial of these "
    "strategies in these patients exists."
)
ONE_TRIAL = (
    "One simulated trial with {size}, different patients in each, analysed as the real one was. Another seed gives "
    "another "
    "trial: this row shows how much chance a trial of this size leaves."
)
SOURCES = (
    "A hazard ratio belongs to a data cut. Each source is listed with the reason it is cited, how it was seen and "
    "the figures "
    "it gave."
)
FOREST = (
    "Squares and lines: reported figures with their intervals; filled: used by the calibration, open: predicted. "
    "Circles: the "
    "model by integration. Crosses: simulated. Red with “! conflict”: the model contradicts the figure.",
    "Forest plot of reported figures beside the model and the simulation; the numbers are in the tables below.",
)


def answer(result: Result, summary: Mapping[str, Any], names: Names) -> list[str]:
    """Paragraphs: what was found, and how to take it."""
    found = [_medians(result, summary, names)]
    for c in summary["contrasts"]:
        if c["endpoint"] == "os":
            found.append(_contrast(c, summary, names))
    return [" ".join(found), _caveat(result, summary, names)]


def _medians(result: Result, summary: Mapping[str, Any], names: Names) -> str:
    parts = []
    for e, words in (("os", "median overall survival was"), ("pfs", "median progression-free survival")):
        values = [
            f"{_months(median(s['endpoints'][e]).text)} with {names.strategy(k)}"
            for k, s in reversed(list(summary["strategies"].items()))
            if e in s["endpoints"]
        ]
        if values:
            parts.append(f"{words} {listed(values)}")
    population = result.scenario.file.population
    who = f"like those of {names.study}" + ("" if population == "all" else f" ({names.population(population)})")
    return f"In simulated patients {who}, {'; '.join(parts)}."


def _months(text: str) -> str:
    return text if text[:1].isalpha() else f"{text} months"


def _contrast(c: Mapping[str, Any], summary: Mapping[str, Any], names: Names) -> str:
    several = len(summary["strategies"]) > 2
    who = f"{names.strategy(c['strategy'])} against {names.strategy(c['comparator'])}"
    words = []
    if c.get("hazard_ratio") is not None:
        hr = measured(c["hazard_ratio"], c.get("mc_error"), 3, 3)
        error = f" (Monte Carlo error {hr.error})" if hr.error else ""
        words.append(f"The hazard ratio for death, {who}, was {hr.text} under the trial’s follow-up{error}")
        if c.get("hazard_ratio_uncensored") is not None:
            words[-1] += f" and {fixed(c['hazard_ratio_uncensored'], 3)} when nobody is censored"
    gain = c.get("rmst_difference")
    if gain is not None:
        tau = summary["strategies"][c["strategy"]]["endpoints"]["os"]["rmst"]["tau"]
        more = "longer" if gain >= 0 else "less"
        label = f"{names.strategy(c['strategy'])}: " if several else ""
        words.append(
            f"{label}Over the first {plain_number(tau)} months patients lived {fixed(abs(gain), 1)} months {more} on "
            "average"
        )
    longer = c.get("p_longer")
    if longer is not None:
        words.append(
            f"Of two different patients, one under each strategy, the former lives longer in {percent(longer, 0)} of "
            "pairs"
        )
    return "".join(f"{w}. " for w in words).strip()


def _caveat(result: Result, summary: Mapping[str, Any], names: Names) -> str:
    words = [
        f"The medians and hazard ratios reported by {names.study} went into the model, so meeting them proves "
        "nothing. What the model "
        "adds, such as mean gains and everything beyond the trial’s follow-up, rests on assumptions."
    ]
    several = len(result.scenario.strategies) > 2
    for s in result.scenario.strategies[1:]:
        who = f" with {names.strategy(s)}" if several else ""
        tau = plain_number(result.scenario.question(s).tau)
        horizon = plain_number(result.scenario.question(s).horizon)
        wide = interval(result.uncertainty.get(s), "os_rmst_difference")
        if wide:
            words.append(
                f"The sampling error of the trial and the priors leave the gain{who} to {tau} months between "
                f"{fixed(wide[0], 1)} and "
                f"{fixed(wide[1], 1)} months (95\N{NO-BREAK SPACE}% interval)."
            )
        across = spread(result.sensitivity.get(s), "os_mean_difference")
        if across:
            sampled = interval(result.uncertainty.get(s), "os_mean_difference")
            beside = (
                f"; sampling error and priors alone leave it between {fixed(sampled[0], 1)} and {fixed(sampled[1], 1)}"
                if sampled
                else ""
            )
            words.append(
                f"Other assumptions that meet the same figures put the gain{who} to {horizon} months anywhere from "
                f"{fixed(across[0], 1)} to {fixed(across[1], 1)} months{beside}."
            )
    return " ".join(words)


def curve_alt(endpoint: str, summary: Mapping[str, Any], names: Labels) -> str:
    """What the curves show, for who cannot see them."""
    parts = []
    for k, s in summary["strategies"].items():
        e = s["endpoints"].get(endpoint)
        if e is None:
            continue
        marks = [f"{percent(v, 0)} at {m} months" for m, v in e["landmarks"].items()]
        parts.append(f"{names.strategy(k)}: median {_months(median(e).text)}, {listed(marks)} still without the event")
    return f"Kaplan–Meier curves of {labels.endpoint(endpoint)}. {'; '.join(parts)}."


def curve_caption(endpoint: str, result: Result, names: Names, end: float) -> str:
    """What is drawn, from where, and where extrapolation begins if the figure goes to `end` months."""
    follow_up = result.scenario.follow_up.get(endpoint)
    beyond = (
        ""
        if follow_up is None or follow_up[1] >= end
        else f" Grey: beyond the trial’s follow-up ({fixed(follow_up[1], 0)} months), extrapolation."
    )
    n = count(result.patients)
    return (
        f"{labels.endpoint(endpoint).capitalize()}, {n} simulated patients under each strategy. Diamonds: medians "
        f"reported by {names.study}."
        f"{beyond}"
    )
