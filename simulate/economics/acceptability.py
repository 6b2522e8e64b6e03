"""Which strategy is best, and how surely, from draws of every strategy's cost and effect.

One draw is one set of parameter values under which all strategies were costed and followed: the rows of a
probabilistic analysis. Net benefit is monetary: willingness to pay × effect − cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.errors import input_error

Array = NDArray[np.float64]
CELLS = 20_000_000  # numbers held at once: 160 MB


@dataclass(frozen=True)
class Draws:
    """Checked draws of cost and effect, both [D, S], and the willingness to pay, [W]."""

    cost: Array
    effect: Array
    wtp: Array

    @property
    def size(self) -> tuple[int, int]:
        """Draws and strategies."""
        return self.cost.shape[0], self.cost.shape[1]

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """The net benefit [w, D, S] of as many values of the willingness to pay at once as memory allows."""
        step = max(CELLS // self.cost.size, 1)
        for first in range(0, len(self.wtp), step):
            part = slice(first, first + step)
            yield part, self.wtp[part, None, None] * self.effect - self.cost

    def less(self, reference: int) -> Draws:
        """The increments of every strategy over the one at column `reference`."""
        count = self.size[1]
        if not 0 <= reference < count:
            raise input_error(f"column {reference}; allowed is 0 to {count - 1}.", field="reference")
        columns = slice(reference, reference + 1)
        return Draws(self.cost - self.cost[:, columns], self.effect - self.effect[:, columns], self.wtp)


@dataclass(frozen=True)
class Acceptability:
    """How sure the choice is at each willingness to pay.

    Attributes
    ----------
    wtp : [W], willingness to pay for a unit of effect.
    expected_net_benefit : [W, S].
    optimal : [W], column of the strategy of highest expected net benefit; the first of equals.
    probability : [W, S], share of draws in which a strategy is best, the acceptability curves (CEAC); strategies tied
        in a draw share it equally, so that every row sums to 1.
    frontier : [W], `probability` of the optimal strategy, the acceptability frontier (CEAF; Fenwick, Claxton and
        Sculpher, Health Econ 2001;10:779).
    expected_loss : [W, S], mean net benefit forgone by choosing a strategy rather than each draw's best; the lowest,
        the optimal strategy's, is the expected value of perfect information (Alarid-Escudero et al., Value Health
        2019;22:611).
    """

    wtp: Array
    expected_net_benefit: Array
    optimal: NDArray[np.intp]
    probability: Array
    frontier: Array
    expected_loss: Array


@dataclass(frozen=True)
class Plane:
    """Increments over a reference strategy: `delta_effect` and `delta_cost`, both [D, S]; the reference's are 0."""

    reference: int
    delta_effect: Array
    delta_cost: Array


@dataclass(frozen=True)
class Ellipse:
    """Region of a pair of increments, if they are normal.

    Attributes
    ----------
    level : share of draws it is to hold.
    effect, cost : its centre, the means.
    covariance : [2, 2], effect first.
    outline_effect, outline_cost : points along it, the first repeated at the end.
    """

    level: float
    effect: float
    cost: float
    covariance: Array
    outline_effect: Array
    outline_cost: Array


def checked_draws(cost: ArrayLike, effect: ArrayLike, wtp: ArrayLike) -> Draws:
    """Draws of cost and effect, [D, S], and the willingness to pay, [W] or one number, as arrays.

    Raises
    ------
    InputError : cost and effect not of one shape [D, S], no draw or strategy, a number that is not finite, or a
        willingness to pay below 0.
    """
    found = Draws(np.asarray(cost, float), np.asarray(effect, float), np.atleast_1d(np.asarray(wtp, float)))
    shapes = found.cost.shape, found.effect.shape
    if shapes[0] != shapes[1] or len(shapes[0]) != 2 or found.cost.size == 0:
        raise input_error(
            f"cost of shape {shapes[0]} and effect of shape {shapes[1]}; allowed is one shape (draws, strategies).",
            field="draws",
        )
    for field, values in (("cost", found.cost), ("effect", found.effect)):
        if not np.isfinite(values).all():
            draw, strategy = np.argwhere(~np.isfinite(values))[0]
            raise input_error(
                f"draw {draw}, strategy {strategy}: {values[draw, strategy]}; allowed are finite numbers.", field=field
            )
    if found.wtp.ndim != 1 or found.wtp.size == 0 or not (np.isfinite(found.wtp) & (found.wtp >= 0.0)).all():
        raise input_error("allowed is a list of finite numbers, 0 or above.", field="wtp")
    return found


def acceptability(cost: ArrayLike, effect: ArrayLike, wtp: ArrayLike) -> Acceptability:
    """Expected net benefit, acceptability curves and frontier, and expected loss over the willingness to pay.

    Parameters
    ----------
    cost, effect : [D, S], draws of each strategy's.
    wtp : [W], willingness to pay for a unit of effect, 0 or above.

    Raises
    ------
    InputError : as `checked_draws`.

    Examples
    --------
    >>> found = acceptability([[0.0, 1.0], [0.0, 3.0]], [[0.0, 1.0], [0.0, 1.0]], [1.0, 2.5])
    >>> found.probability
    array([[0.75, 0.25], [0.5 , 0.5 ]])
    >>> found.optimal, found.frontier
    (array([0, 1]), array([0.75, 0.5 ]))
    """
    draws = checked_draws(cost, effect, wtp)
    shape = len(draws.wtp), draws.size[1]
    expected, probability, loss = np.empty(shape), np.empty(shape), np.empty(shape)
    for part, benefit in draws.blocks():
        best = benefit.max(axis=2, keepdims=True)
        tied = benefit == best
        expected[part] = benefit.mean(axis=1)
        probability[part] = (tied / tied.sum(axis=2, keepdims=True)).mean(axis=1)
        loss[part] = (best - benefit).mean(axis=1)
    optimal = expected.argmax(axis=1)
    frontier = probability[np.arange(len(optimal)), optimal]
    return Acceptability(draws.wtp, expected, optimal, probability, frontier, loss)


def plane(cost: ArrayLike, effect: ArrayLike, reference: int = 0) -> Plane:
    """Increments of every strategy's draws, [D, S], over those of the strategy at column `reference`.

    Raises
    ------
    InputError : as `checked_draws`, or no such column.
    """
    increments = checked_draws(cost, effect, 0.0).less(reference)
    return Plane(reference, increments.effect, increments.cost)


def confidence_ellipse(
    delta_effect: ArrayLike, delta_cost: ArrayLike, *, level: float = 0.95, points: int = 180
) -> Ellipse:
    """Ellipse that holds `level` of a pair of increments, [D] each, if they are jointly normal.

    Its squared radius is the chi-squared quantile on two degrees of freedom, −2 log(1 − level). (Van Hout et al.,
    Health Econ 1994;3:309.)

    Raises
    ------
    InputError : the two not of one length of at least 2, a number that is not finite, or a level outside 0 to 1.
    """
    pair = np.asarray(delta_effect, float), np.asarray(delta_cost, float)
    if pair[0].ndim != 1 or pair[0].shape != pair[1].shape or len(pair[0]) < 2 or not np.isfinite(pair).all():
        raise input_error("allowed are two lists of finite numbers of one length, 2 or more.", field="increments")
    if not 0.0 < level < 1.0:
        raise input_error(f"{level:g}; allowed is between 0 and 1.", field="level")
    covariance = np.cov(pair)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance[0, 1] / spread.prod() if spread.all() else 0.0
    angle = np.linspace(0.0, 2.0 * math.pi, points + 1)
    radius = math.sqrt(-2.0 * math.log1p(-level))
    across = math.sqrt(max(1.0 - correlation**2, 0.0))
    effect, cost = float(pair[0].mean()), float(pair[1].mean())
    return Ellipse(
        level=level,
        effect=effect,
        cost=cost,
        covariance=covariance,
        outline_effect=effect + radius * spread[0] * np.cos(angle),
        outline_cost=cost + radius * spread[1] * (correlation * np.cos(angle) + across * np.sin(angle)),
    )


def inmb_quantiles(
    cost: ArrayLike,
    effect: ArrayLike,
    wtp: ArrayLike,
    *,
    reference: int = 0,
    probabilities: Sequence[float] = (0.025, 0.5, 0.975),
) -> Array:
    """Quantiles over the draws of the incremental net monetary benefit over the strategy at column `reference`.

    Returns
    -------
    [W, Q, S], the reference's own all 0.

    Raises
    ------
    InputError : as `checked_draws`, no such column, or a probability outside 0 to 1.
    """
    wanted = np.asarray(probabilities, float)
    if wanted.ndim != 1 or not ((wanted >= 0.0) & (wanted <= 1.0)).all():
        raise input_error("allowed are probabilities from 0 to 1.", field="probabilities")
    increments = checked_draws(cost, effect, wtp).less(reference)
    found = np.empty((len(increments.wtp), len(wanted), increments.size[1]))
    for part, benefit in increments.blocks():
        found[part] = np.moveaxis(np.quantile(benefit, wanted, axis=1), 0, 1)
    return found
