"""Run the kernel over a range of patients on several threads, results in the order of the patients."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from simulate.kernel.arrays import Graph, Job, Rows, Tally, Work, moments, new_work, private, transient_states
from simulate.kernel.jit import is_cached
from simulate.kernel.pathway import simulate_task

TASK_PATIENTS = 262_144  # milliseconds of work, so that an interrupt is prompt
Span = tuple[int, int]


def spans(start: int, stop: int, leaf: int) -> list[Span]:
    """Cut the patients ``start .. stop - 1`` into tasks, at leaves."""
    step = max(TASK_PATIENTS // leaf, 1) * leaf
    return [(a, min(a + step, stop)) for a in range(start, stop, step)]


def in_order(graph: Graph, job: Job, tasks: Iterable[Span], threads: int) -> Iterator[tuple[Tally, Rows]]:
    """Simulate each span of patients (counted from ``job.first_patient``) and yield the results in the given order.

    A few tasks per thread are under way at a time, so memory does not depend on their number. Leaving the iteration
    early, also by an exception or an interrupt, cancels what has not begun.
    """
    announce()
    spare: list[tuple[Graph, Work]] = []

    def task(span: Span) -> tuple[Tally, Rows]:
        own, work = spare.pop() if spare else (private(graph), new_work(graph, job))
        piece = job._replace(first_patient=job.first_patient + span[0], patients=span[1] - span[0])
        tally, rows = new_tally(own, piece), new_rows(own, piece)
        simulate_task(own, piece, work, tally, rows)
        spare.append((own, work))
        return tally, rows

    todo = iter(tasks)
    if threads <= 1:
        yield from map(task, todo)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="simulate") as pool:
        pending: deque[Future[tuple[Tally, Rows]]] = deque()
        try:
            for span in todo:
                pending.append(pool.submit(task, span))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def announce() -> None:
    """Say on a terminal that the first run compiles."""
    if sys.stderr.isatty() and not is_cached(simulate_task):
        print("simulate: compiling the kernel, about 10 seconds, once", file=sys.stderr, flush=True)


def new_tally(graph: Graph, job: Job) -> Tally:
    """An empty tally of one task."""
    blocks = -(-job.patients // job.leaf)
    counted = job.want_rows == 0
    return Tally(
        day=np.zeros((len(job.origin), 2 * (job.days + 1) + 1), np.int64),
        leaf_sums=np.zeros((blocks if counted else 0, len(job.rates), moments(transient_states(graph)))),
        toxicity=np.zeros((len(graph.toxicity_draw), graph.toxicity_limit.shape[1] + 1), np.int64),
        strata=np.zeros(len(graph.mix), np.int64),
    )


def new_rows(graph: Graph, job: Job) -> Rows:
    """Room for the rows of one task, none unless they are wanted."""
    n = job.patients if job.want_rows else 0
    return Rows(
        entry=np.zeros((len(graph.first) - 1, n)),
        state=np.zeros(n, np.int8),
        grade=np.zeros((len(graph.toxicity_draw), n), np.int8),
        stratum=np.zeros(n, np.int16),
    )
