"""Probabilistic analysis of a model that a scenario brings along: closed-form curves, all draws at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulate.economics.compared import Structured
from simulate.economics.own import OWN, OwnCase
from simulate.economics.psa import Draws, group_of, grouped

Array = NDArray[np.float64]


def structured(case: OwnCase, strategy: str) -> Structured:
    """A strategy at the values of the files."""
    values = case.mean()
    traces, crossed = case.traces(strategy, values)
    return Structured(case.outcomes(strategy, traces, values), traces, {}, {}, float(crossed[0]))


def analyse_own(case: OwnCase, draws: int, seed: int) -> tuple[Draws, dict[str, float]]:
    """Draw every number of the model and of the economic file.

    Returns
    -------
    The draws, and for every strategy the share of draws in which PFS lay above OS somewhere and was cut down to it.
    """
    values = case.drawn(draws, seed)
    books, crossed = {}, {}
    for strategy in case.arms:
        traces, over = case.traces(strategy, values)
        books[strategy] = case.outcomes(strategy, traces, values)
        crossed[strategy] = float(np.mean(np.broadcast_to(over, draws) > 0.0))

    def side(rows: list[Array]) -> Array:
        return np.column_stack([np.broadcast_to(r, draws) for r in rows])

    def named(tables: list[dict[str, Array]]) -> dict[str, Array]:
        keys = dict.fromkeys(k for t in tables for k in t)
        return {k: side([t.get(k, np.zeros(1)) for t in tables]) for k in keys}

    parameters = {f"{_group(name)}: {name}": v for name, v in values.uncertain().items()}
    own = list(books.values())
    none = np.zeros(len(own))
    return (
        Draws(
            tuple(case.arms),
            side([o.cost for o in own]),
            side([o.qaly for o in own]),
            side([o.ly for o in own]),
            named([o.by_category() for o in own]),
            named([o.by_item() for o in own]),
            parameters,
            grouped(parameters),
            none,
            none,
            0,
        ),
        crossed,
    )


def _group(name: str) -> str:
    """What a number is about, by its place."""
    if name.startswith(OWN) and (".pfs." in name or ".os." in name):
        return "survival"
    if name.startswith(OWN):
        inside = name.split(".")
        return "toxicity" if "toxicities" in inside else "utilities" if "utilities" in inside else "costs of care"
    return group_of(name)
