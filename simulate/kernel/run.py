"""Run the kernel over a range of patients on several threads, results in the order of the patients."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np

from simulate.kernel.arrays import Graph, Job, Rows, Tally, Work, moments, new_work, private, transient_states
from simulate.kernel.counts import add_leaves
from simulate.kernel.jit import is_cached
from simulate.kernel.pathway import simulate_task
from simulate.kernel.philox import draw_of

TASK_PATIENTS = 262_144  # milliseconds of work, so that an interrupt is prompt
Span = tuple[int, int]
Todo = TypeVar("Todo")
Done = TypeVar("Done")


def make_job(patients: int, seed: int, replicate: int, first_patient: int, leaf: int) -> Job:
    """A job that keeps nothing yet; the one place that fixes the types which the kernel is compiled for."""
    return Job(
        first_patient=int(first_patient),
        patients=int(patients),
        leaf=int(leaf),
        key=np.uint64(seed),
        replicate=np.uint64(replicate),
        stratum_draw=np.uint64(draw_of("stratum")[0]),
        horizon=1.0,
        days=1,
        rates=np.zeros(0),
        endpoints=np.zeros((0, 2), np.int64),
        want_rows=0,
    )


def default_threads() -> int:
    """``NUMBA_NUM_THREADS`` if set, else the processors this process may use."""
    wish = os.environ.get("NUMBA_NUM_THREADS", "")
    if wish.isdigit() and int(wish) > 0:
        return int(wish)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spans(start: int, stop: int, leaf: int) -> Iterator[Span]:
    """Cut the patients ``start .. stop - 1`` into tasks, at leaves, one by one: there may be very many."""
    step = max(TASK_PATIENTS // leaf, 1) * leaf
    return ((a, min(a + step, stop)) for a in range(start, stop, step))


def ordered(task: Callable[[Todo], Done], todo: Iterable[Todo], threads: int) -> Generator[Done, None, None]:
    """Do the tasks on threads and yield their results in the given order.

    A few tasks per thread are under way at a time, so memory does not depend on their number. Leaving the iteration
    early, also by an exception or an interrupt, cancels what has not begun.
    """
    if threads <= 1:
        yield from map(task, todo)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="simulate") as pool:
        pending: deque[Future[Done]] = deque()
        try:
            for one in todo:
                pending.append(pool.submit(task, one))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def in_order(graph: Graph, job: Job, tasks: Iterable[Span], threads: int) -> Generator[tuple[Tally, Rows], None, None]:
    """Simulate each span of patients (counted from ``job.first_patient``) and yield the results as `ordered` does."""
    announce()
    spare: list[tuple[Graph, Work]] = []

    def task(span: Span) -> tuple[Tally, Rows]:
        own, work = spare.pop() if spare else (private(graph), new_work(graph, job))
        piece = job._replace(first_patient=job.first_patient + span[0], patients=span[1] - span[0])
        tally, rows = new_tally(own, piece), new_rows(own, piece)
        simulate_task(own, piece, work, tally, rows)
        spare.append((own, work))
        return tally, rows

    yield from ordered(task, tasks, threads)


class Sums(NamedTuple):
    """Counts of a cohort in B batches; see `simulate.kernel.arrays.Tally` for the other axes."""

    day: np.ndarray  # int64[B, E, 2(D+1)+1]
    moments: np.ndarray  # float64[B, R, M]
    toxicity: np.ndarray  # int64[B, X, G+1]
    strata: np.ndarray  # int64[B, K]


def batch_edges(job: Job, most: int) -> list[int]:
    """Patient numbers that bound at most `most` batches: whole leaves, as equal as can be."""
    leaves = -(-job.patients // job.leaf)
    batches = min(most, leaves)
    return [leaves * b // batches * job.leaf for b in range(batches)] + [job.patients]


def _in_batches(edges: list[int], leaf: int) -> Iterator[tuple[int, Span]]:
    """Every task with the batch it belongs to."""
    return ((b, span) for b, (start, stop) in enumerate(pairwise(edges)) for span in spans(start, stop, leaf))


def count(
    graph: Graph, job: Job, edges: list[int], threads: int, progress: Callable[[int, int], None] | None = None
) -> Sums:
    """Simulate and count; leaves are added in the order of the patients, whatever the number of threads."""
    batches = len(edges) - 1
    empty = new_tally(graph, job._replace(patients=1))
    total = Sums(
        np.zeros((batches, *empty.day.shape), np.int64),
        np.zeros((batches, *empty.leaf_sums.shape[1:])),
        np.zeros((batches, *empty.toxicity.shape), np.int64),
        np.zeros((batches, *empty.strata.shape), np.int64),
    )
    done = 0
    # closed at once when `progress` raises or an interrupt comes, so that no task is left running
    tasks = (span for _, span in _in_batches(edges, job.leaf))
    with closing(in_order(graph, job, tasks, threads)) as results:
        for (b, (start, stop)), (tally, _) in zip(_in_batches(edges, job.leaf), results, strict=True):
            for whole, part in ((total.day, tally.day), (total.toxicity, tally.toxicity), (total.strata, tally.strata)):
                whole[b] += part
            add_leaves(tally.leaf_sums, total.moments[b])
            done += stop - start
            if progress is not None:
                progress(done, job.patients)
    return total


def rows(graph: Graph, job: Job, threads: int) -> Rows:
    """Simulate and keep every patient."""
    whole = new_rows(graph, job)
    with closing(in_order(graph, job, spans(0, job.patients, job.leaf), threads)) as results:
        for (start, stop), (_, part) in zip(spans(0, job.patients, job.leaf), results, strict=True):
            for to, piece in zip(whole, part, strict=True):
                to[..., start:stop] = piece
    return whole


def announce(entry: Any = simulate_task) -> None:
    """Say on a terminal that the first run of an entry point compiles."""
    if sys.stderr.isatty() and not is_cached(entry):
        print("simulate: compiling the kernel, about 10 seconds, once", file=sys.stderr, flush=True)


def new_tally(graph: Graph, job: Job) -> Tally:
    """An empty tally of one task."""
    leaves = -(-job.patients // job.leaf)
    counted = job.want_rows == 0
    return Tally(
        day=np.zeros((len(job.endpoints), 2 * (job.days + 1) + 1), np.int64),
        leaf_sums=np.zeros((leaves if counted else 0, len(job.rates), moments(transient_states(graph)))),
        toxicity=np.zeros(graph.toxicity.shape[1:], np.int64),
        strata=np.zeros(len(graph.mix), np.int64),
    )


def new_rows(graph: Graph, job: Job) -> Rows:
    """Room for the rows of one task, none unless they are wanted."""
    n = job.patients if job.want_rows else 0
    return Rows(
        entry=np.zeros((len(graph.first) - 1, n)),
        state=np.zeros(n, np.int8),
        grade=np.zeros((graph.toxicity.shape[1], n), np.int8),
        stratum=np.zeros(n, np.int16),
    )
