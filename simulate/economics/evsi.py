"""Value of the sample information that a proposed trial would give: per patient, in all, and less its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.economics.acceptability import checked_draws
from simulate.economics.voi import Value, conditional_means, evppi, expected_gain, group_values
from simulate.errors import input_error

Array = NDArray[np.float64]


def evsi(
    cost: ArrayLike,
    effect: ArrayLike,
    wtp: ArrayLike,
    summaries: ArrayLike | Callable[[np.random.Generator], ArrayLike],
    *,
    trial: str = "trial",
    ceiling: ArrayLike | None = None,
    method: str = "splines",
    resamples: int = 100,
    seed: int = 1,
) -> Value:
    """Expected value of sample information by regression on summaries of simulated data.

    In every draw one trial is simulated from that draw's parameters. What its data would say of the increments is the
    regression of the increments on the data's summaries (Strong, Oakley, Brennan and Breeze, Med Decis Making
    2015;35:570, doi:10.1177/0272989X15575286). The summaries have to hold all that the data say of the parameters; what
    they leave out lowers the value.

    Parameters
    ----------
    cost, effect, wtp : as for `simulate.economics.voi.evpi`.
    summaries : [D, K] or [D], those of the trial simulated in each draw; or what simulates them, given random numbers.
    trial : its name.
    ceiling : [W], the value of perfect information on the parameters that the trial is about, which no trial exceeds;
        None to hold the value to that of perfect information on everything.
    method, resamples, seed : as for `simulate.economics.voi.evppi`; `seed` is that of the simulation too.

    Raises
    ------
    InputError : as `simulate.economics.voi.evppi`, or a ceiling that does not fit `wtp`.
    """
    data = summaries(np.random.default_rng(seed)) if callable(summaries) else summaries
    found = evppi(cost, effect, wtp, data, group=trial, method=method, resamples=resamples, seed=seed)
    if ceiling is None:
        return found
    limit = np.atleast_1d(np.asarray(ceiling, float))
    if limit.shape != found.value.shape or not (limit >= 0.0).all():
        raise input_error("allowed is a number, 0 or above, for each willingness to pay.", field="ceiling")
    return replace(found, value=np.minimum(found.value, limit))


def evsi_by_size(
    cost: ArrayLike,
    effect: ArrayLike,
    wtp: ArrayLike,
    params: ArrayLike,
    *,
    sizes: ArrayLike,
    prior_size: float,
    method: str = "splines",
) -> Array:
    """Expected value of sample information at many trial sizes from one regression: the normal shortcut.

    The mean increments given a trial's data are taken to be distributed as those given the parameters, with
    n / (n + prior size) of their variance. Exact where they are linear in a normal parameter of which the trial
    observes a normal mean; elsewhere an approximation, to be checked against `evsi` at one size. (Jalal and
    Alarid-Escudero, Med Decis Making 2018;38:174, doi:10.1177/0272989X17715627; the variance is matched as in Heath,
    Manolopoulou and Baio, Med Decis Making 2018;38:163.)

    Parameters
    ----------
    cost, effect, wtp : as for `simulate.economics.voi.evpi`.
    params : [D, P] or [D], the parameters that the trial is about.
    sizes : [N], patients (or events) in the trial, 0 or above.
    prior_size : how many patients today's knowledge is worth, above 0: for a normal mean the variance of one
        observation over that of the parameter; for a beta-distributed probability the sum of its two parameters.
    method : as for `simulate.economics.voi.evppi`.

    Returns
    -------
    [N, W], per patient; rising with size to the value of perfect information on the parameters.

    Raises
    ------
    InputError : as `simulate.economics.voi.evppi`, or a size out of range.
    """
    counts = np.atleast_1d(np.asarray(sizes, float))
    if counts.ndim != 1 or not (counts >= 0.0).all() or not (np.isfinite(prior_size) and prior_size > 0.0):
        raise input_error("trial sizes must be 0 or above, and the prior size finite and above 0.", field="sizes")
    draws = checked_draws(cost, effect, wtp).less(0)
    means = conditional_means(draws, group_values(params, draws.size[0], "params"), method).means
    limit = expected_gain(draws)[0]
    middle = means.cost.mean(axis=0), means.effect.mean(axis=0)
    found = np.empty((len(counts), len(draws.wtp)))
    for row, share in enumerate(1.0 / np.sqrt(1.0 + prior_size / np.maximum(counts, 1e-300))):
        shrunk = replace(
            means,
            cost=middle[0] + share * (means.cost - middle[0]),
            effect=middle[1] + share * (means.effect - middle[1]),
        )
        found[row] = np.clip(expected_gain(shrunk)[0], 0.0, limit)
    return found


def patients_to_benefit(incidence: ArrayLike, horizon: float, *, discount: float = 0.035, after: float = 0.0) -> float:
    """Patients that a decision is made for, discounted to today; times a value per patient, its population value.

    Patients come evenly through each year, and are discounted continuously at the annual rate: with one incidence it
    is incidence × ∫ (1 + discount)⁻ᵗ dt from `after` to `horizon`.

    Parameters
    ----------
    incidence : patients a year: one number, or one for each year from today, enough to reach the horizon.
    horizon : years from today until the decision no longer matters.
    discount : annual rate, 0 or above.
    after : years from today until the information is there; earlier patients do not benefit.

    Raises
    ------
    InputError : a number below 0 or not finite, or years of incidence that do not reach the horizon.

    Examples
    --------
    >>> round(patients_to_benefit(1000.0, 10.0, discount=0.0, after=2.5))
    7500
    >>> round(patients_to_benefit(1000.0, 10.0, discount=0.035), 1)
    8461.3
    """
    numbers = np.concatenate((np.ravel(np.asarray(incidence, float)), [horizon, discount, after]))
    if not (np.isfinite(numbers) & (numbers >= 0.0)).all():
        raise input_error("incidence, horizon, discount and after must be finite and 0 or above.", field="population")
    years = np.arange(np.ceil(horizon))
    yearly = np.asarray(incidence, float)
    if yearly.ndim > 1 or (yearly.ndim == 1 and len(yearly) < len(years)):
        raise input_error(
            f"incidence of {yearly.size} years; a horizon of {horizon:g} years needs {len(years)}.", field="incidence"
        )
    yearly = yearly[: len(years)] if yearly.ndim else np.full(len(years), yearly)
    edges = np.clip([years, years + 1.0], min(after, horizon), horizon)
    rate = np.log1p(discount)
    until = -np.expm1(-rate * edges) / rate if rate > 0.0 else edges  # discounted years from today
    return float(yearly @ (until[1] - until[0]))


def expected_net_benefit_of_sampling(value: ArrayLike, patients: ArrayLike, cost: ArrayLike) -> Array:
    """What a trial is worth to all who benefit, less what it costs (ENBS); money, above 0 if worth running.

    Parameters
    ----------
    value : [N, W] or [W], expected value of its sample information per patient, at N sizes.
    patients : how many benefit, discounted (`patients_to_benefit`, after the trial); one number,
        or [N].
    cost : the trial's cost, discounted, its fixed and its patients' parts together; one number, or [N].

    Raises
    ------
    InputError : shapes that do not go together, or a number below 0.

    Examples
    --------
    >>> expected_net_benefit_of_sampling([[2.0, 5.0], [3.0, 6.0]], 1000.0, [2500.0, 4500.0])
    array([[ -500.,  2500.], [-1500.,  1500.]])
    """
    worth = np.asarray(value, float)
    counts, costs = np.asarray(patients, float), np.asarray(cost, float)
    fits = all(other.ndim == 0 or (worth.ndim == 2 and other.shape == worth.shape[:1]) for other in (counts, costs))
    if worth.ndim not in (1, 2) or not fits or not all((part >= 0.0).all() for part in (worth, counts, costs)):
        raise input_error(
            f"value {worth.shape}, patients {counts.shape}, cost {costs.shape}; allowed are numbers, 0 or above, in "
            "the shapes (sizes, wtp), (sizes,), (sizes,).",
            field="sampling",
        )
    reached = counts[:, None] if counts.ndim else counts
    spent = costs[:, None] if costs.ndim else costs
    return np.asarray(worth * reached - spent)
