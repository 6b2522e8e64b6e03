"""What goes into and comes out of the kernel: named tuples of arrays, always of the same types.

A NamedTuple of arrays is one argument instead of twenty-six. Every field is a C-contiguous, writable array of the type
written beside it or a plain int or float: one read-only array or one int in place of a float would compile a second
kernel (seconds), so `graph` and `job` are built by `simulate.model.graph` and `simulate.cohort` only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TRANSITION = np.dtype(
    [
        ("target", np.int64),
        ("draw", np.uint64),  # decision id
        ("half", np.int64),  # which of the two uniforms of that decision's call
        ("call", np.int64),  # uniforms to draw now: 0 (the transition before drew both), 1, or 2
    ]
)
HAZARD = np.dtype(
    [
        ("family", np.int64),  # see `families.NAMES`
        ("a", np.float64),  # the family's parameters in their order
        ("b", np.float64),
        ("table", np.int64),  # which table of a tabulated family
        ("inverse_ratio", np.float64),  # 1 / constant hazard factor, inf where the transition never happens
        ("cure", np.float64),
        ("pieces", np.int64),  # pieces of the hazard ratio, 1 for none
        ("group", np.int64),  # first transition with the same baseline (proportional competitors), or itself
        ("dependence", np.float64),  # gamma
        ("log_reference", np.float64),  # log of the reference time (months) of the dependence
    ]
)


class Graph(NamedTuple):
    """An acyclic graph of S health states and T transitions for K strata, and X toxicities with up to G grades.

    States are numbered in topological order: transitions lead to higher numbers; absorbing states come last.
    """

    first: np.ndarray  # int64[S+1]: transitions of state s are first[s] .. first[s+1]-1
    transition: np.ndarray  # TRANSITION[T]
    hazard: np.ndarray  # HAZARD[K, T] or, with a background, HAZARD[K, T+1]: its last column is the background's
    knots: np.ndarray  # float64[K, T or T+1, P, 3], see `families.piecewise`
    tables: np.ndarray  # float64[Q, TABLE_PIECES, 6], see `families.table_pass`
    mix: np.ndarray  # float64[K]: cumulative shares of the strata
    background: (
        np.ndarray
    )  # TRANSITION[0 or 1]: what ends every state on the study clock, as death of other causes does
    toxicity: np.ndarray  # uint64[K, X, 1+G]: decision id; per grade, the limit of the 32-bit words that reach it


class Job(NamedTuple):
    """What to simulate and what to count. Times in months, rates per month."""

    first_patient: int  # number of the first patient; the grid of leaves starts here
    patients: int
    leaf: int  # patients whose moments are summed together, a power of two
    key: np.uint64  # the seed
    replicate: np.uint64  # below 2**32
    stratum_draw: np.uint64  # decision id of the stratum
    horizon: float  # months; discounted time stops here
    days: int  # D: last day bin; it holds times at or beyond day D
    rates: np.ndarray  # float64[R], discount rates per month
    endpoints: np.ndarray  # int64[E, 2]: state each endpoint starts from, bit mask of the states that are its event
    want_rows: int  # 0 or 1


class Tally(NamedTuple):
    """Counts of one task, all added to, and the sums of each leaf."""

    day: np.ndarray  # int64[E, 2(D+1)+1]: events, censorings, and one bin for patients without the endpoint
    leaf_sums: np.ndarray  # float64[leaves, R, M]: M = S' + S'(S'+1)/2 moments of time in the S' transient states
    toxicity: np.ndarray  # int64[X, G+1]: patients whose highest grade is g; 0 is none
    strata: np.ndarray  # int64[K]


class Rows(NamedTuple):
    """One row a patient. All empty (length 0) unless `Job.want_rows`."""

    entry: np.ndarray  # float64[S, n]: months at which each state was entered, inf for never
    state: np.ndarray  # int8[n]: last state
    grade: np.ndarray  # int8[X, n]: index of the highest grade, 0 none
    stratum: np.ndarray  # int16[n]


# Rows of the scratch of one thread, one lane a patient of the block. Few arrays with many rows, because a call counts a
# reference on each array of its arguments. The `SOME_` rows hold the packed lanes of a state that few reach.
CLOCK, SOME_CLOCK, U0, U1, Z, STAY, FOLD, BACKGROUND = range(8)  # of `Work.real`
AT, GOES, RACE, SOME_LANE, BIN = range(5)  # of `Work.whole`
PATIENT, LOW, PRODUCT, SOME_PATIENT, SOME_LOW, SOME_PRODUCT = range(6)  # of `Work.number`, see `philox.begin`

BLOCK = 4096  # lanes of the scratch: fewer cost more loops to enter, more leave the second-level cache


class Work(NamedTuple):
    """Scratch of one thread, one lane a patient of the block: B lanes, one leaf or several whole ones."""

    real: np.ndarray  # float64[8, B]: CLOCK: months from start to last change of state; STAY: months in the state
    whole: np.ndarray  # int64[5, B]: AT: state; GOES: state entered next; RACE: the same of the transition being raced
    number: np.ndarray  # uint64[6, B]: patient numbers and what `philox.begin` makes of them
    word: np.ndarray  # uint32[B]: one word of a toxicity
    edge: np.ndarray  # int64[2, K+1]: lanes edge[0, j] .. edge[0, j+1]-1 belong to stratum j; row 1: of packed lanes
    entry: np.ndarray  # float64[S, B]: months at which a state was entered; [0, B] if nobody asks
    factor: np.ndarray  # float64[R, B]: discount factor at `CLOCK` (rate 0: the clock itself, up to the horizon)
    spent: np.ndarray  # float64[R, S', B]: discounted months in each transient state


def new_work(graph: Graph, job: Job) -> Work:
    """Scratch for one thread."""
    rates = len(job.rates)
    lanes = job.leaf
    if len(graph.mix) == 1:  # else lanes are sorted by stratum, and a leaf's lanes must stay its own
        lanes = max(lanes, min(BLOCK, -(-job.patients // lanes) * lanes))
    entries = len(graph.first) - 1 if job.want_rows or len(job.endpoints) else 0
    return Work(
        real=np.zeros((8, lanes)),
        whole=np.zeros((5, lanes), np.int64),
        number=np.zeros((6, lanes), np.uint64),
        word=np.zeros(lanes, np.uint32),
        edge=np.zeros((2, len(graph.mix) + 1), np.int64),
        entry=np.zeros((entries, lanes)),
        factor=np.zeros((rates, lanes)),
        spent=np.zeros((rates, transient_states(graph), lanes)),
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
