"""Costs, life-years and QALYs of each strategy in each draw, with the account book they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulate.economics.items import ALIVE, PROGRESSING, Item
from simulate.economics.traces import Traces

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One line of the book filled in: uses per patient, the price of one, their product; each float64[D]."""

    category: str
    name: str
    place: tuple[str | int, ...]
    uses: Array
    price: Array

    @property
    def total(self) -> Array:
        """Discounted amount per patient."""
        return self.uses * self.price


@dataclass(frozen=True)
class Outcomes:
    """One strategy under one structure.

    Attributes
    ----------
    costs, health : the filled-in book; amounts of money, QALYs.
    life_years : state → undiscounted years, float64[D].
    discounted_years : state → years discounted like QALYs.
    """

    costs: tuple[Line, ...]
    health: tuple[Line, ...]
    life_years: Mapping[str, Array]
    discounted_years: Mapping[str, Array]

    @property
    def cost(self) -> Array:
        """Discounted cost, float64[D]."""
        return _sum(self.costs)

    @property
    def qaly(self) -> Array:
        """Discounted QALYs, float64[D]."""
        return _sum(self.health)

    @property
    def ly(self) -> Array:
        """Undiscounted life-years, float64[D]."""
        return np.sum(list(self.life_years.values()), axis=0)

    def by_category(self) -> dict[str, Array]:
        """Cost of each category."""
        return _grouped([(x.category, x.total) for x in self.costs])

    def by_item(self) -> dict[str, Array]:
        """QALYs of each health item, as ``category: name``."""
        return _grouped([(f"{x.category}: {x.name}", x.total) for x in self.health])


def _grouped(lines: list[tuple[str, Array]]) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for name, total in lines:
        out[name] = out[name] + total if name in out else total
    return out


def _sum(lines: tuple[Line, ...]) -> Array:
    return np.sum(np.broadcast_arrays(*(line.total for line in lines)), axis=0) if lines else np.zeros(1)


def account(traces: Traces, costs: list[Item], health: list[Item], in_state: Mapping[str, Array]) -> Outcomes:
    """Fill in the book from who is in which state when.

    Parameters
    ----------
    in_state : ``time`` and ``effects`` → weights of months in a state, undiscounted and discounted like effects.
    """
    years = {what: weights / 12.0 for what, weights in in_state.items()}
    uses, spent = _totals(traces, [*costs, *health], years)
    lines = [
        Line(i.category, i.name, i.place, u * i.share, i.price) for i, u in zip([*costs, *health], uses, strict=True)
    ]
    return Outcomes(
        tuple(lines[: len(costs)]), tuple(lines[len(costs) :]), spent.get("time", {}), spent.get("effects", {})
    )


def _totals(
    traces: Traces, items: list[Item], years: Mapping[str, Array]
) -> tuple[list[Array], dict[str, dict[str, Array]]]:
    """Uses of every item, and years in every state: one product of matrices a state.

    Whoever is alive is in one of the states, so what is weighed by survival is weighed by each of them.
    """
    out: list[Array] = [np.zeros(traces.draws) for _ in items]
    spent: dict[str, dict[str, Array]] = {what: {} for what in years}
    for k, item in enumerate(items):
        if item.on == "start":
            out[k] = item.weights
        elif item.on == PROGRESSING:
            out[k] = traces.progressing @ item.weights
    for state in traces.states:
        chosen = [k for k, item in enumerate(items) if item.on in (state, ALIVE)]
        weights = np.column_stack([*(items[k].weights for k in chosen), *years.values()])
        totals = traces.state(state) @ weights
        for j, k in enumerate(chosen):
            out[k] = out[k] + totals[:, j]
        for j, what in enumerate(years, start=len(chosen)):
            spent[what][state] = totals[:, j]
    return out, spent
