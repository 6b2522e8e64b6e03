"""Probabilistic analysis: parameters of the survival model, of toxicity and of the economic file drawn together.

Each draw simulates the same patients. What simulation adds beyond the parameters is taken away with a control variate:
the same patients are also simulated at the point calibration, whose exact totals are known by integration, so that a
draw is ``exact at the point + (simulated at the draw - simulated at the point)``. What is left of simulation error
is measured between batches of patients and reported apart from the uncertainty of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulate.cohort_draws import entry_times
from simulate.economics.amounts import Values, uniforms
from simulate.economics.case import Case, event_rates
from simulate.economics.outcomes import Outcomes
from simulate.economics.survival import drawn
from simulate.economics.traces import Traces, simulated
from simulate.model.types import JointModel

Array = NDArray[np.float64]
CHUNK = 250  # draws held at once
BATCHES, MEASURED = 20, 20  # batches of patients, draws in which simulation error is measured


@dataclass(frozen=True)
class Draws:
    """A probabilistic analysis.

    Attributes
    ----------
    strategies : names, the comparator first.
    cost, qaly, ly : float64[D, S].
    by_category : category → float64[D, S].
    qaly_by : name of a health item → float64[D, S].
    parameters : dotted name → float64[D]: what was drawn.
    groups : group → names of its parameters.
    cost_error, qaly_error : float64[S], simulation error (standard error) that is left in a draw.
    patients : of each draw.
    drug_cost : drug → float64[D, S], its part of `cost`: a straight line in its price.
    by_batch : float64[2, B, S], by how much each batch of patients alone puts the mean cost and mean QALY of some draws
        off; None where nothing is simulated.
    """

    strategies: tuple[str, ...]
    cost: Array
    qaly: Array
    ly: Array
    by_category: Mapping[str, Array]
    qaly_by: Mapping[str, Array]
    parameters: Mapping[str, Array]
    groups: Mapping[str, tuple[str, ...]]
    cost_error: Array
    qaly_error: Array
    patients: int
    drug_cost: Mapping[str, Array] = field(default_factory=dict)
    by_batch: Array | None = None

    def __len__(self) -> int:
        return len(self.cost)

    def mean_error(self, threshold: float) -> Array:
        """Simulation error (standard error), float64[S], of the mean incremental net benefit over the first strategy.

        The patients are the same in all draws and under all strategies, so more draws do not lessen it.
        """
        if self.by_batch is None or self.by_batch.shape[1] < 2:
            return np.zeros(len(self.strategies))
        net = threshold * self.by_batch[1] - self.by_batch[0]
        return np.asarray((net - net[:, :1]).std(axis=0, ddof=1) / np.sqrt(len(net)), np.float64)


def group_of(place: str) -> str:
    """What a number of an economic file is about, by its dotted place: groups on which information has one source."""
    head, *rest = place.split(".")
    if rest and rest[-1] in ("utility", "disutility", "decrement", "gain"):
        return "utilities"
    if head in ("drugs", "administration", "bodies"):
        return "treatment costs"
    return "toxicity" if head == "toxicities" else "costs of care"


def grouped(parameters: Mapping[str, Array]) -> dict[str, tuple[str, ...]]:
    """Group → names of its parameters, which begin with it."""
    out: dict[str, tuple[str, ...]] = {}
    for name in parameters:
        group = name.partition(":")[0]
        out[group] = (*out.get(group, ()), name)
    return out


def toxicity_draws(case: Case, strategy: str, draws: int, seed: int) -> dict[str, Array]:
    """Rates of adverse events, beta with the reported rate as its mean and the arm's patients as its size.

    A rate of 0 or 1 stays: no event among n is weak evidence against one, which this leaves out.
    """
    arm = case.arms[strategy]
    out = {}
    for event, rate in event_rates(case.model, arm).items():
        owner = case.arms[case.owner(strategy, event)]
        n = float(case.calibration_patients(owner))
        u = uniforms(f"toxicity.{owner}.{event}", draws, seed)
        out[event] = rate_quantile(float(rate[0]), n, u)
    return out


def rate_quantile(rate: float, n: float, u: Array) -> Array:
    """Quantiles of a rate of adverse events among `n` patients."""
    return special.betaincinv(rate * n, (1.0 - rate) * n, u) if 0.0 < rate < 1.0 else np.full(np.shape(u), rate)


def analyse(case: Case, draws: int, patients: int, seed: int, threads: int | None = None) -> Draws:
    """Draw everything and account for it.

    Parameters
    ----------
    draws, patients : number of draws, synthetic patients of each.
    seed : of parameters and patients.
    """
    models, of_survival = drawn(case.calibration, draws, seed)
    values = Values.drawn(case.file, draws, seed)
    parameters: dict[str, Array] = {f"{group_of(k)}: {k}": v for k, v in values.uncertain().items()}
    columns = []
    for strategy in case.arms:
        events = toxicity_draws(case, strategy, draws, seed)
        parameters.update(
            {f"toxicity: {strategy}.{e}": v for e, v in events.items() if case.owner(strategy, e) == strategy}
        )
        columns.append(_strategy(case, strategy, models, values, events, patients, seed, threads))
    parameters.update({f"survival: {name}": value for name, value in of_survival.items()})
    return _together(tuple(case.arms), columns, parameters, grouped(parameters), patients)


@dataclass(frozen=True)
class _Column:
    """One strategy's draws."""

    cost: Array
    qaly: Array
    ly: Array
    by_category: dict[str, Array]
    qaly_by: dict[str, Array]
    drug_cost: dict[str, Array]
    cost_error: float
    qaly_error: float
    by_batch: Array


def _strategy(
    case: Case,
    strategy: str,
    models: list[JointModel],
    values: Values,
    events: Mapping[str, Array],
    patients: int,
    seed: int,
    threads: int | None,
) -> _Column:
    tables = case.tables([case.model, *models], strategy)
    days = case.clock.days
    point = entry_times(tables.part(0, 1), patients, seed=seed, threads=threads)
    exact, same = case.integrated(strategy), simulated(point, days, held=case.others_inside)
    parts = []
    for lo, hi in chunks(len(models)):
        entry = entry_times(tables.part(1 + lo, 1 + hi), patients, seed=seed, threads=threads)
        rates = {e: v[lo:hi] for e, v in events.items()}
        seen = simulated(entry, days, held=case.others_inside)
        parts.append(_corrected(case, strategy, seen, same, exact, _slice(values, lo, hi), rates))
    count = min(MEASURED, len(models))
    entry = entry_times(tables.part(1, 1 + count), patients, seed=seed, threads=threads)
    errors = _errors(case, strategy, entry, point, _slice(values, 0, count))
    return _Column(
        np.concatenate([p.cost for p in parts]),
        np.concatenate([p.qaly for p in parts]),
        np.concatenate([p.ly for p in parts]),
        {n: np.concatenate([p.by_category[n] for p in parts]) for n in parts[0].by_category},
        {n: np.concatenate([p.qaly_by[n] for p in parts]) for n in parts[0].qaly_by},
        {n: np.concatenate([p.drug_cost[n] for p in parts]) for n in parts[0].drug_cost},
        *errors,
    )


def _slice(values: Values, lo: int, hi: int) -> Values:
    return Values(values.file, {p: v[lo:hi] if len(v) > 1 else v for p, v in values.by_place.items()})


def _corrected(
    case: Case, strategy: str, drawn: Traces, same: Traces, exact: Traces, values: Values, events: Mapping[str, Array]
) -> _Column:
    """Totals of some draws, the simulation error that they share with the point calibration taken away."""
    books = case.accounts(strategy, (drawn, same, exact), values, events)

    def total(parts: Sequence[Array]) -> Array:
        a, b, c = parts
        return np.broadcast_to(a - b + c, drawn.draws).copy()

    def named(get: Callable[[Outcomes], dict[str, Array]]) -> dict[str, Array]:
        found = [get(o) for o in books]
        return {k: total([f[k] for f in found]) for k in found[0]}

    return _Column(
        total([o.cost for o in books]),
        total([o.qaly for o in books]),
        total([o.ly for o in books]),
        named(Outcomes.by_category),
        named(Outcomes.by_item),
        named(_by_drug),
        0.0,
        0.0,
        np.zeros((2, 0)),
    )


def _by_drug(found: Outcomes) -> dict[str, Array]:
    """Cost of each drug by itself, without what giving it costs."""
    out: dict[str, Array] = {}
    for line in found.costs:
        if line.category == "drugs":
            out[line.name] = out.get(line.name, np.zeros(1)) + line.total
    return out


def _errors(case: Case, strategy: str, entry: Array, point: Array, values: Values) -> tuple[float, float, Array]:
    """Root mean squared simulation error of cost and QALY left in a draw, and that of each batch in the draws' mean."""
    count, states, patients = entry.shape
    batches = min(BATCHES, patients)
    size = patients // batches
    if batches < 2:
        return float("nan"), float("nan"), np.zeros((2, 0))

    def in_batches(months: Array) -> Traces:
        kept = months[:, :, : batches * size].reshape(len(months), states, batches, size)
        rows = np.ascontiguousarray(kept.transpose(0, 2, 1, 3)).reshape(-1, states, size)
        return simulated(rows, case.clock.days, held=case.others_inside)

    repeated = Values(values.file, {p: np.repeat(v, batches) if len(v) > 1 else v for p, v in values.by_place.items()})
    alike = in_batches(point)  # under every draw
    shares, progressing = (np.tile(x, (count, *(1,) * (x.ndim - 1))) for x in (alike.shares, alike.progressing))
    both = (in_batches(entry), Traces(alike.states, shares, progressing, held=alike.held))
    drawn, same = case.accounts(strategy, both, repeated)
    found, means = [], []
    for a, b in ((drawn.cost, same.cost), (drawn.qaly, same.qaly)):
        left = (a - b).reshape(count, batches)
        found.append(float(np.sqrt(np.mean(left.var(axis=1, ddof=1) / batches))))
        means.append(left.mean(axis=0) - left.mean())
    return found[0], found[1], np.stack(means)


def _together(
    strategies: tuple[str, ...],
    columns: list[_Column],
    parameters: Mapping[str, Array],
    groups: Mapping[str, tuple[str, ...]],
    patients: int,
) -> Draws:
    def side(name: str) -> Array:
        return np.column_stack([getattr(c, name) for c in columns])

    def named(name: str) -> dict[str, Array]:
        keys = dict.fromkeys(k for c in columns for k in getattr(c, name))
        zero = np.zeros(len(columns[0].cost))
        return {k: np.column_stack([getattr(c, name).get(k, zero) for c in columns]) for k in keys}

    return Draws(
        strategies,
        side("cost"),
        side("qaly"),
        side("ly"),
        named("by_category"),
        named("qaly_by"),
        parameters,
        groups,
        np.array([c.cost_error for c in columns]),
        np.array([c.qaly_error for c in columns]),
        patients,
        named("drug_cost"),
        np.stack([c.by_batch for c in columns], axis=-1),
    )


def chunks(draws: int, size: int = CHUNK) -> Iterator[tuple[int, int]]:
    """Ranges of draws that are held at once."""
    return ((lo, min(lo + size, draws)) for lo in range(0, draws, size))
