"""Value-based prices: at which price of one drug a strategy costs just what is paid for the health that it gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulate.economics.amounts import Values
from simulate.economics.case import Case
from simulate.economics.changes import compared, increments
from simulate.economics.psa import Draws
from simulate.errors import input_error

LINEAR = 1e-9  # of the largest of three costs: by how much the middle one may lie off the line


@dataclass(frozen=True)
class ValueBasedPrice:
    """Price of a drug at which a strategy costs just the threshold a QALY.

    `factor` times the price as evaluated; None where the strategy is not worth its cost with the drug for nothing.
    `vials` are milligrams and prices, in the file's currency and year. `factor_draws` is the factor at which the mean
    net benefit of the draws is 0; None also without draws.
    """

    drug: str
    threshold: float
    factor: float | None
    vials: tuple[tuple[float, float], ...]
    factor_draws: float | None = None


def value_based_price(
    case: Case,
    drug: str,
    thresholds: Sequence[float] | None = None,
    *,
    strategy: str | None = None,
    draws: Draws | None = None,
) -> list[ValueBasedPrice]:
    """Price of a drug at each threshold; the net benefit is a straight line in it, which is checked.

    Parameters
    ----------
    thresholds : of a QALY; by default those of the evaluation.
    strategy : held against the comparator; by default the last.
    draws : of the same evaluation, for the price at which their mean net benefit is 0.

    Raises
    ------
    InputError : no such drug, or the strategy uses no more of it than the comparator does.
    """
    if drug not in case.file.drugs:
        raise input_error(f"no drug {drug!r} in the file.", field="drug", advice=f"Take {', '.join(case.file.drugs)}.")
    cost, qaly = increments(case, {f"price.{drug}": [0.0, 1.0, 2.0]}, strategy)
    slope = cost[1] - cost[0]
    # the cheapest vials stay the cheapest where the prices of all sizes are multiplied
    assert abs(cost[2] - cost[1] - slope) <= LINEAR * np.abs(cost).max(), "cost is no straight line in a price"
    if not slope > 0.0:
        raise input_error(f"{drug} is not what the strategy adds: its price cannot make it worth its cost.", field=drug)
    mean = Values.mean(case.file)
    own = [
        (v.mg, float(mean["drugs", drug, "vials", i, "price"][0])) for i, v in enumerate(case.file.drugs[drug].vials)
    ]
    out = []
    for at in case.thresholds if thresholds is None else thresholds:
        factor = float((at * qaly[0] - cost[0]) / slope)
        known = factor >= 0.0
        vials = tuple((mg, price * factor) for mg, price in own) if known else ()
        drawn = None if draws is None else drawn_factor(draws, drug, at, compared(case, strategy)[1])
        out.append(ValueBasedPrice(drug, at, factor if known else None, vials, drawn))
    return out


def drawn_factor(draws: Draws, drug: str, threshold: float, strategy: str) -> float | None:
    """Factor on a drug's price at which the mean net benefit of the draws is 0; None where not even at 0.

    A drug's cost is a straight line in its price in every draw, so the mean over the draws is one too.
    """
    i = draws.strategies.index(strategy)
    cost, qaly, spent = (
        float((x[:, i] - x[:, 0]).mean()) for x in (draws.cost, draws.qaly, draws.drug_cost[drug])
    )  # fmt: skip
    factor = 1.0 + (threshold * qaly - cost) / spent if spent > 0.0 else -1.0
    return factor if factor >= 0.0 else None
