"""Simulate a cohort: a joint model and its arms in, mergeable counts or one row a patient out.

Threads run compiled code that holds no lock; work is cut at leaves of 1,024 patients and added in index order, so the
number of threads changes no bit of a result. Memory does not grow with the number of patients (except for rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence.limits import MAX_PATIENTS, MIN_RATE

if TYPE_CHECKING:
    import pandas as pd

    from simulate.kernel.arrays import Job, Rows
    from simulate.model.graph import Compiled
    from simulate.model.types import JointModel

Mix = Mapping[str, float] | Sequence[float] | None
Progress = Callable[[int, int], None]

DAYS_PER_MONTH = 30.4375
BATCHES = 40  # patient ranges that give the Monte Carlo error
LEAF, SMALL_LEAF, SMALL = 1024, 64, 65_536  # below SMALL patients smaller leaves still give many batches
ENDPOINTS = {
    "os": ("progression_free", ("dead",)),
    "pfs": ("progression_free", ("progressed", "dead")),
    "ttp": ("progression_free", ("progressed",)),
    "pps": ("progressed", ("dead",)),
}
"""Endpoint: (state it starts from, states whose first entry is the event)."""


@dataclass(frozen=True)
class Counts:
    """One strategy's cohort as counts, in B batches of patients.

    Attributes
    ----------
    arm : name of the strategy.
    endpoints : names, in the order of axis 1 of `events` (os, pfs, ttp, pps).
    horizon : months; time in states ends here. The day grid ends at D, the horizon rounded up to whole days.
    n : int64[B], patients of each batch.
    events, censored : int64[B, E, D + 1]. Bin d < D counts the times in [d, d + 1) days since the endpoint's start; bin
        D of `censored` counts those at or beyond day D. Only patients who reach the start (progression for pps)
        count; who can no longer have the event (a death before progression, for ttp) is censored at absorption.
    time_sum : float64[B, R, S], sum over patients of the discounted months in each transient state up to the horizon.
    time_cross : float64[B, R, S, S], sum over patients of the products of those months.
    rates : discount rates per year; a month at t years counts exp(-rate t).
    states : names of the transient states, the order of the last axes.
    toxicity : event -> int64[B, G + 1], patients whose highest grade is the g-th of the event; 0 is none.
    strata : names of the strata.
    stratum_n : int64[B, K], patients of each stratum.
    """

    arm: str
    endpoints: tuple[str, ...]
    horizon: float
    n: NDArray[np.int64]
    events: NDArray[np.int64]
    censored: NDArray[np.int64]
    time_sum: NDArray[np.float64]
    time_cross: NDArray[np.float64]
    rates: tuple[float, ...]
    states: tuple[str, ...]
    toxicity: Mapping[str, NDArray[np.int64]]
    strata: tuple[str, ...]
    stratum_n: NDArray[np.int64]

    @property
    def patients(self) -> int:
        """Patients of all batches."""
        return int(self.n.sum())

    def __add__(self, other: Counts) -> Counts:
        """Merge with counts of *other patients* of the same strategy: batch b is added to batch b.

        The batches of the sum are again disjoint sets of patients, so they still give Monte Carlo errors. A cohort with
        fewer batches is filled up with empty ones. Integer results do not depend on the order of merging.
        """
        if not isinstance(other, Counts):
            return NotImplemented
        for name in ("arm", "endpoints", "horizon", "rates", "states", "strata"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"counts differ in {name}: {getattr(self, name)!r} and {getattr(other, name)!r}")
        if self.toxicity.keys() != other.toxicity.keys():
            raise ValueError("counts differ in their toxicities")
        merged: dict[str, Any] = {name: _padded_sum(getattr(self, name), getattr(other, name)) for name in _ARRAYS}
        toxicity = {k: _padded_sum(v, other.toxicity[k]) for k, v in self.toxicity.items()}
        return replace(self, toxicity=toxicity, **merged)

    def pooled(self) -> Counts:
        """All batches added up, as one batch."""
        merged: dict[str, Any] = {name: getattr(self, name).sum(axis=0, keepdims=True) for name in _ARRAYS}
        return replace(self, toxicity={k: v.sum(axis=0, keepdims=True) for k, v in self.toxicity.items()}, **merged)


_ARRAYS = ("n", "events", "censored", "time_sum", "time_cross", "stratum_n")


def _padded_sum(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    if len(a) < len(b):
        a, b = b, a
    out = a.copy()
    out[: len(b)] += b
    return out


def simulate_counts(
    model: JointModel,
    arms: Sequence[str],
    *,
    patients: int,
    seed: int,
    horizon: float = 120.0,
    rates: Sequence[float] = (0.0,),
    mix: Mix = None,
    threads: int | None = None,
    replicate: int = 0,
    first_patient: int = 0,
    progress: Progress | None = None,
) -> dict[str, Counts]:
    """Simulate the same patients under each strategy and keep only counts.

    Parameters
    ----------
    model : the calibrated model.
    arms : arms of `model`, the strategies; their order changes nothing.
    patients : number of patients of each strategy.
    seed : 0 to 2**64 - 1.
    horizon : months, see `Counts`.
    rates : discount rates per year, continuous: a month at t years counts exp(-rate t).
    mix : shares of the strata of a target population, by name or in the model's order; ``None``: each arm's own.
    threads : default ``NUMBA_NUM_THREADS`` or the processors here; changes no bit of the result.
    replicate : 0 to 2**32 - 1; another replicate is another cohort.
    first_patient : number of the first patient, for cohorts cut into parts.
    progress : called with (patients done, patients in all) from the calling thread.

    Returns
    -------
    Counts of each strategy, in at most 40 batches of consecutive patients.
    """
    from simulate.model.graph import compile_arm

    graphs = {arm: compile_arm(model, arm, mix) for arm in arms}
    job = new_job(patients, seed, replicate, horizon=horizon, first_patient=first_patient)
    total = patients * len(graphs)
    out: dict[str, Counts] = {}
    for i, (arm, compiled) in enumerate(graphs.items()):
        report = None if progress is None else _shifted(progress, i * patients, total)
        out[arm] = count_graph(compiled, job, ENDPOINTS, name=arm, rates=rates, threads=threads, progress=report)
    return out


def _shifted(progress: Progress, offset: int, total: int) -> Progress:
    return lambda done, _: progress(offset + done, total)


def new_job(patients: int, seed: int, replicate: int, *, horizon: float = 120.0, first_patient: int = 0) -> Job:
    """Check what to simulate and convert it to the types the kernel is compiled for."""
    from simulate.kernel.run import make_job

    checks = (
        ("patients", 1 <= patients <= MAX_PATIENTS, patients, f"1 to {MAX_PATIENTS:,}"),
        ("seed", 0 <= seed < 2**64, seed, "0 to 2**64 - 1"),
        ("replicate", 0 <= replicate < 2**32, replicate, "0 to 2**32 - 1"),
        ("first_patient", 0 <= first_patient < 2**62, first_patient, "0 to 2**62"),
        ("horizon", 0.0 < horizon <= 12_000.0, horizon, "above 0 and at most 12000 months"),
    )
    for name, fine, value, allowed in checks:
        if not fine:
            raise input_error(f"{name} is {value}; allowed is {allowed}.", field=name)
    leaf = LEAF if patients >= SMALL else SMALL_LEAF
    # whole days: the margin keeps a horizon of whole days from gaining one by rounding
    days = int(np.ceil(horizon * DAYS_PER_MONTH - 1e-6))
    return make_job(patients, seed, replicate, first_patient, leaf)._replace(horizon=float(horizon), days=days)


def count_graph(
    compiled: Compiled,
    job: Job,
    endpoints: Mapping[str, tuple[str, tuple[str, ...]]],
    *,
    name: str = "",
    rates: Sequence[float] = (),
    threads: int | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Counts of any graph; `endpoints` as `ENDPOINTS`. `simulate_counts` is this for the arms of a model."""
    from simulate.kernel import run

    # below, (1 - exp(-r t)) / r loses its digits; a yearly rate of MIN_RATE is a little less as a continuous one
    if not all(r == 0.0 or 0.99 * MIN_RATE <= r <= 10.0 for r in rates):
        raise input_error(f"rates are {tuple(rates)}; allowed is 0, or 1e-6 to 10, per year.", field="rates")
    job = job._replace(
        rates=np.array(rates, np.float64) / 12.0,
        endpoints=np.array(
            [(compiled.states.index(o), compiled.mask(states)) for o, states in endpoints.values()], np.int64
        ).reshape(-1, 2),
    )
    edges = run.batch_edges(job, BATCHES)
    sums = run.count(compiled.graph, job, edges, threads or run.default_threads(), progress)
    states, day = len(compiled.transient), sums.day
    cross = np.empty((*sums.moments.shape[:2], states, states))
    rows, cols = np.triu_indices(states)
    cross[..., rows, cols] = cross[..., cols, rows] = sums.moments[..., states:]
    return Counts(
        arm=name,
        endpoints=tuple(endpoints),
        horizon=job.horizon,
        n=np.diff(np.array(edges)).astype(np.int64),
        events=day[..., : job.days + 1].copy(),
        censored=day[..., job.days + 1 : 2 * (job.days + 1)].copy(),
        time_sum=sums.moments[..., :states].copy(),
        time_cross=cross,
        rates=tuple(float(r) for r in rates),
        states=compiled.transient,
        toxicity={e: sums.toxicity[:, x, : compiled.grades[x] + 1].copy() for x, e in enumerate(compiled.events)},
        strata=compiled.strata,
        stratum_n=sums.strata,
    )


def simulate_rows(
    model: JointModel,
    arms: Sequence[str],
    *,
    patients: int,
    seed: int,
    mix: Mix = None,
    threads: int | None = None,
    replicate: int = 0,
    first_patient: int = 0,
) -> pd.DataFrame:
    """Simulate the same patients under each strategy, one row a patient and strategy.

    Parameters are those of `simulate_counts`. A patient of a given seed, replicate and number is the same in every
    call, whatever the other patients.

    Returns
    -------
    Columns ``patient`` (int64), ``strategy``, ``stratum`` (categories), ``pfs``, ``os``, ``pps`` (months; ``inf`` for
    never, ``pps`` NaN without progression), ``progressed`` (bool), and per event ``toxicity_EVENT`` (int8, index of the
    highest grade, 0 none). Rows are ordered by strategy, then patient.
    """
    import pandas as pd

    parts = list(
        iter_rows(
            model, arms, patients=patients, seed=seed, mix=mix, threads=threads, replicate=replicate,
            first_patient=first_patient, chunk=max(patients, 1),
        )
    )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def iter_rows(
    model: JointModel,
    arms: Sequence[str],
    *,
    patients: int,
    seed: int,
    mix: Mix = None,
    threads: int | None = None,
    replicate: int = 0,
    first_patient: int = 0,
    chunk: int = 262_144,
) -> Iterator[pd.DataFrame]:
    """The rows of `simulate_rows` as frames of at most `chunk` patients of one strategy, strategy by strategy.

    All frames have the same columns and categories, so that they can be written to one file.
    """
    from simulate.model.graph import compile_arm

    graphs = {arm: compile_arm(model, arm, mix) for arm in arms}
    new_job(patients, seed, replicate, first_patient=first_patient)  # refuse before the first frame
    events = tuple(t.event for t in model.toxicities)
    for code, compiled in enumerate(graphs.values()):
        for start in range(0, patients, chunk):
            job = new_job(min(chunk, patients - start), seed, replicate, first_patient=first_patient + start)
            rows = graph_rows(compiled, job, threads=threads)
            yield _frame(compiled, job, rows, tuple(graphs), code, events)


def graph_rows(compiled: Compiled, job: Job, *, threads: int | None = None) -> Rows:
    """Rows of any graph as arrays, see `simulate.kernel.arrays.Rows`."""
    from simulate.kernel import run

    return run.rows(compiled.graph, job._replace(want_rows=1), threads or run.default_threads())


def _frame(
    compiled: Compiled, job: Job, rows: Rows, strategies: tuple[str, ...], code: int, events: tuple[str, ...]
) -> pd.DataFrame:
    import pandas as pd

    progressed, dead = (rows.entry[compiled.states.index(s)] for s in ("progressed", "dead"))
    has_progressed = np.isfinite(progressed)
    with np.errstate(invalid="ignore"):  # inf - inf: neither progressed nor died
        pps = np.where(has_progressed, dead - progressed, np.nan)
    data: dict[str, Any] = {
        "patient": np.arange(job.first_patient, job.first_patient + job.patients, dtype=np.int64),
        "strategy": pd.Categorical.from_codes(np.full(job.patients, code, np.int8), list(strategies)),
        "stratum": pd.Categorical.from_codes(rows.stratum, list(compiled.strata)),
        "pfs": np.minimum(progressed, dead),
        "progressed": has_progressed,
        "os": dead,
        "pps": pps,
    }
    none = np.zeros(job.patients, np.int8)  # an event without a rate in this arm does not occur
    for event in events:
        data[f"toxicity_{event}"] = rows.grade[compiled.events.index(event)] if event in compiled.events else none
    return pd.DataFrame(data)
