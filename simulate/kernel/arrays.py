"""What goes into and comes out of the kernel: named tuples of arrays, always of the same types.

A NamedTuple of arrays is one argument instead of twenty-six. Every field is a C-contiguous, writable array of the type
written beside it or a plain int or float: one read-only array or one int in place of a float would compile a second
kernel (seconds), so `graph` and `job` are built by `simulate.model.graph` and `simulate.cohort` only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Graph(NamedTuple):
    """An acyclic graph of S health states and T transitions for K strata, and X toxicities with up to G grades.

    States are numbered in topological order: transitions lead to higher numbers; absorbing states come last.
    """

    first: np.ndarray  # int64[S+1]: transitions of state s are first[s] .. first[s+1]-1
    target: np.ndarray  # int64[T]
    draw: np.ndarray  # uint64[T]: decision id
    half: np.ndarray  # int64[T]: which of the two uniforms of that decision's call
    call: np.ndarray  # int64[T]: uniforms to draw now: 0 (the transition before drew both), 1, or 2
    group: np.ndarray  # int64[K, T]: first transition with the same baseline (proportional competitors), or k itself
    family: np.ndarray  # int64[K, T]
    params: np.ndarray  # float64[K, T, 3]
    inverse_ratio: np.ndarray  # float64[K, T]: 1 / constant hazard factor, inf where the transition never happens
    cure: np.ndarray  # float64[K, T]
    pieces: np.ndarray  # int64[K, T]: pieces of the hazard ratio, 1 for none
    knots: np.ndarray  # float64[K, T, P, 3], see `families.piecewise`
    dependence: np.ndarray  # float64[K, T]: gamma
    log_reference: np.ndarray  # float64[K, T]: log of the reference time (months) of the dependence
    table: np.ndarray  # int64[K, T]: which table of a tabulated family
    tables: np.ndarray  # float64[Q, TABLE_PIECES, 6]
    mix: np.ndarray  # float64[K]: cumulative shares of the strata
    stratum_draw: np.ndarray  # uint64[1]
    toxicity_draw: np.ndarray  # uint64[X]
    toxicity_limit: np.ndarray  # uint64[X, G]: a grade is reached if the 32-bit word is below it


class Job(NamedTuple):
    """What to simulate and what to count. Times in months, rates per month."""

    first_patient: int  # number of the first patient; the block grid starts here
    patients: int
    leaf: int  # patients in a block, a power of two
    replicate: np.ndarray  # uint64[1], below 2**32
    key: np.ndarray  # uint64[2]
    horizon: float  # months; discounted time stops here
    days: int  # D: last day bin; it holds times at or beyond day D
    rates: np.ndarray  # float64[R], discount rates per month
    origin: np.ndarray  # int64[E], state each endpoint starts from
    event: np.ndarray  # int64[E], bit mask of the states that are its event
    want_rows: int  # 0 or 1


class Tally(NamedTuple):
    """Counts of one task, all added to, and the sums of each block."""

    day: np.ndarray  # int64[E, 2(D+1)+1]: events, censorings, and one bin for patients without the endpoint
    leaf_sums: np.ndarray  # float64[blocks, R, M]: M = S' + S'(S'+1)/2 moments of time in the S' transient states
    toxicity: np.ndarray  # int64[X, G+1]: patients whose highest grade is g; 0 is none
    strata: np.ndarray  # int64[K]


class Rows(NamedTuple):
    """One row a patient. All empty (length 0) unless `Job.want_rows`."""

    entry: np.ndarray  # float64[S, n]: months at which each state was entered, inf for never
    state: np.ndarray  # int8[n]: last state
    grade: np.ndarray  # int8[X, n]: index of the highest grade, 0 none
    stratum: np.ndarray  # int16[n]


class Work(NamedTuple):
    """Scratch of one thread, one lane a patient of the block."""

    patient: np.ndarray  # uint64[B]
    u0: np.ndarray  # float64[B]
    u1: np.ndarray  # float64[B]
    z: np.ndarray  # float64[B]
    stay: np.ndarray  # float64[B]: months in the current state
    goes: np.ndarray  # int64[B]: state entered next
    race: np.ndarray  # int64[B]: the same, of the transitions being raced
    at: np.ndarray  # int64[B]: current state
    clock: np.ndarray  # float64[B]: months since the start at the last change of state
    some_patient: np.ndarray  # uint64[B]: the four below hold the lanes of a state that few reach
    some_clock: np.ndarray  # float64[B]
    some_lane: np.ndarray  # int64[B]
    bin: np.ndarray  # int64[B]
    word: np.ndarray  # uint64[B]
    stratum: np.ndarray  # int64[B]
    edge: np.ndarray  # int64[K+1]: lanes edge[j] .. edge[j+1]-1 belong to stratum j
    some_edge: np.ndarray  # int64[K+1]
    entry: np.ndarray  # float64[S, B], or [0, B] where neither rows nor endpoints are wanted
    factor: np.ndarray  # float64[R, B]: discount factor at `clock` (rate 0: the clock itself, up to the horizon)
    spent: np.ndarray  # float64[R, S', B]: discounted months in each transient state
    fold: np.ndarray  # float64[B]


def new_work(graph: Graph, job: Job) -> Work:
    """Scratch for one thread."""
    leaf, rates = job.leaf, len(job.rates)
    entries = len(graph.first) - 1 if job.want_rows or len(job.origin) else 0
    strata = len(graph.mix)

    def real(*shape: int) -> np.ndarray:
        return np.zeros((*shape, leaf))

    def whole() -> np.ndarray:
        return np.zeros(leaf, np.int64)

    def word() -> np.ndarray:
        return np.zeros(leaf, np.uint64)

    edges = np.zeros(strata + 1, np.int64)
    return Work(
        *(word(), real(), real(), real(), real(), whole(), whole(), whole(), real()),
        *(word(), real(), whole(), whole(), word(), whole(), edges, edges.copy()),
        *(real(entries), real(rates), real(rates, transient_states(graph)), real()),
    )


def transient_states(graph: Graph) -> int:
    """Number of states that can be left; they come first."""
    return int(np.count_nonzero(np.diff(graph.first) > 0))


def moments(transient: int) -> int:
    """First and second moments (upper triangle) of the times in `transient` states."""
    return transient + transient * (transient + 1) // 2


def private(graph: Graph) -> Graph:
    """A copy for one thread: reference counts of shared arrays would bounce between cores."""
    return Graph(*(a.copy() for a in graph))
