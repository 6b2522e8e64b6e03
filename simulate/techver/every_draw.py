"""Every assertion that can be evaluated a draw, in every draw at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulate.techver import arms, book, curves, timing
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal
from simulate.techver.world import World

PER_DRAW: dict[str, Callable[[Subject, World], list[Check]]] = {
    "TV1": book.dearer,
    "TV2": curves.higher_hazard,
    "TV3": curves.ordered,
    "TV6": curves.complete,
    "TV8": book.utilities,
    "TV9": book.for_nothing,
    "TV10": curves.mortality,
    "TV11": arms.equal_inputs,
    "TV12": arms.swapped,
    "TV14": curves.flows,
    "TV17": book.bounds,
    "TV18": book.horizons,
    "TV19": book.sums,
    "TV20": timing.counting,
    "TV21": timing.discounting,
    "TV22": book.adverse,
    "TV23": book.acquisition,
}
SIMULATED = 5.0  # simulation errors of a draw by which its totals may differ from those of integration


def tv31(subject: Subject) -> Verdict:
    """Earlier assertions in every draw of all parameters, integrated; and the analysis itself, draw by draw."""
    checks: list[Check] = []
    for name, made in PER_DRAW.items():
        checks += [Check(f"{name}, {c.what}", c.margin, c.said) for c in made(subject, subject.drawn)]
    checks += analysed(subject)
    note = f"In each of {subject.count} draws: {', '.join(PER_DRAW)}."
    return decide("TV31", checks, note)


def analysed(subject: Subject) -> list[Check]:
    """The probabilistic analysis: components sum in each draw, QALYs below life-years, totals those of integration."""
    d, out = subject.draws, []
    out.append(equal("TV19, analysis: categories and cost", np.sum(list(d.by_category.values()), axis=0), d.cost))
    out.append(equal("TV19, analysis: items and QALYs", np.sum(list(d.qaly_by.values()), axis=0), d.qaly))
    error = {"cost": d.cost_error, "qaly": d.qaly_error}
    for i, s in enumerate(d.strategies):
        exact = subject.book(subject.drawn, s)
        slack = SIMULATED * float(d.qaly_error[i])
        out.append(at_most(f"TV17, analysis, {s}: QALYs and life-years", d.qaly[:, i] - slack, d.ly[:, i]))
        for what in ("cost", "qaly"):
            gap = getattr(d, what)[:, i] - getattr(exact, what)
            typical, limit = float(np.sqrt(np.mean(gap**2))), SIMULATED * float(error[what][i])
            out.append(at_most(f"analysis, {s}: {what}, simulated less integrated, root mean square", typical, limit))
    return out
