"""What a proposed trial would tell, from the draws at hand: how much of each group's uncertainty its patients remove.

A trial of n patients an arm leaves of a parameter's variance the share n₀ / (n + n₀), where n₀ is how many patients
today's knowledge is worth (Jalal and Alarid-Escudero, Med Decis Making 2018;38:174, doi:10.1177/0272989X17715627):

* survival, and rates of adverse events: the patients of an arm of the trial that they were calibrated to. A further
  trial is taken to follow its patients as long;
* utilities and other shares: the two parameters of the beta distribution together, as if every patient were counted
  as in full health or none. Patients differ by less than that, so fewer would do;
* sizes of patients whose spread between patients is known: its square over that of the standard error;
* amounts of money and whatever is left: the square of the mean over the standard error, the shape of the gamma
  distribution, as if costs of patients were exponential.

The parameters of a group with different n₀ share the variance of net benefit by linear regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.acceptability import Draws
from simulate.economics.case import Case
from simulate.economics.changes import dotted
from simulate.economics.voi import Fit, expected_gain
from simulate.evidence.money_schema import Disutility, Quantity, Share, Size, Utility

Array = NDArray[np.float64]
SIZES = (50, 100, 200, 400, 800)  # patients an arm, where a scenario proposes no trial


def worth_of(quantity: Quantity) -> float:
    """How many patients today's knowledge of a number of the economic file is worth; infinite where it is fixed."""
    value, se = quantity.value, quantity.standard_error
    if se == 0.0:
        return float("inf")
    if isinstance(quantity, Utility | Disutility | Share) and 0.0 < value < 1.0:
        return max(value * (1.0 - value) / se**2 - 1.0, 1.0)
    if isinstance(quantity, Size) and quantity.between is not None:
        return float((quantity.between / se) ** 2)
    return float((value / se) ** 2)


def prior_sizes(case: Case, names: Sequence[str]) -> Array:
    """How many patients an arm today's knowledge of each parameter is worth, by its name in the probabilistic analysis.

    Parameters
    ----------
    names : as in the `parameters` of `simulate.economics.psa.Draws`: ``group: name``.
    """
    file = {dotted(place): q for place, q in case.file.quantities().items()}
    arms = {s: float(case.calibration_patients(arm)) for s, arm in case.arms.items()}
    out = []
    for name in names:
        place = name.partition(": ")[2]
        if place in file:
            out.append(worth_of(file[place]))
        else:
            out.append(arms.get(place.partition(".")[0], float(np.mean(list(arms.values())))))
    return np.array(out)


def removed(known: Array, benefit: Array, prior: Array, sizes: ArrayLike) -> Array:
    """Share of the variance of net benefit, as far as the parameters explain it, that trials remove, float64[N].

    Parameters
    ----------
    known : float64[D, P], draws of the parameters.
    benefit : float64[D], incremental net benefit of the same draws; of several strategies float64[D, S].
    prior : float64[P], patients that today's knowledge of each is worth.
    sizes : [N], patients an arm.
    """
    n = np.asarray(sizes, np.float64)[:, None]
    shares = n / (n + prior)
    spread = known.std(axis=0)
    moved = spread > 0.0
    if not moved.any():
        return np.zeros(len(n))
    standard = (known[:, moved] - known[:, moved].mean(axis=0)) / spread[moved]
    each = benefit.reshape(len(benefit), -1)
    slopes = np.linalg.lstsq(standard, each - each.mean(axis=0), rcond=None)[0]
    weights = (slopes**2).sum(axis=1)  # of every strategy: those that move in opposite ways do not cancel
    total = float(weights.sum())
    weights = weights / total if total > 0.0 else np.full(len(slopes), 1.0 / len(slopes))
    return np.asarray(shares[:, moved] @ weights)


def sample_information(fit: Fit, increments: Draws, known: Array, prior: Array, sizes: ArrayLike) -> Array:
    """Expected value of sample information per patient by trial size, float64[N, W], from one regression.

    Parameters
    ----------
    fit : of the increments on the parameters that the trial is about.
    increments : over the first strategy, of the same draws.
    known, prior, sizes : as for `removed`.

    Returns
    -------
    float64[N, W], between 0 and the value of perfect information in the draws.
    """
    n = np.atleast_1d(np.asarray(sizes, np.float64))
    limit = expected_gain(increments)[0]
    means, middle = fit.means, (fit.means.cost.mean(axis=0), fit.means.effect.mean(axis=0))
    out = np.empty((len(n), len(increments.wtp)))
    for w, wtp in enumerate(increments.wtp):
        benefit = (wtp * means.effect - means.cost)[:, 1:]
        for row, share in enumerate(np.sqrt(removed(known, benefit, prior, n))):
            shrunk = replace(
                means,
                cost=middle[0] + share * (means.cost - middle[0]),
                effect=middle[1] + share * (means.effect - middle[1]),
                wtp=increments.wtp[[w]],
            )
            out[row, w] = expected_gain(shrunk)[0][0]
    return np.clip(out, 0.0, limit)
