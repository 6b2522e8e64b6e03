"""Many parameter draws of one graph for the same patients: the loop over the draws is compiled.

A probabilistic sensitivity analysis simulates few patients under many hazards. Here one call takes a range of draws;
what no hazard changes (patient numbers, their part of the generator, their strata) is done once a block for all of
them. A patient's uniforms are functions of the patient number, so every draw meets the same patients.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from simulate.kernel import counts, run
from simulate.kernel.arrays import BLOCK, FOLD, PATIENT, Graph, Job, Work, new_work, private
from simulate.kernel.families import GENGAMMA
from simulate.kernel.jit import borrowed, compiled
from simulate.kernel.pathway import number_block, put_at_start, visit_state


class Tables(NamedTuple):
    """Hazards of D draws of one graph, see `simulate.kernel.arrays.Graph` for the other axes."""

    hazard: np.ndarray  # HAZARD[D, K, T or T+1]
    knots: np.ndarray  # float64[D, K, T or T+1, P, 3]
    tables: np.ndarray  # float64[Q, TABLE_PIECES, 6]: of all draws together

    def part(self, start: int, stop: int) -> Tables:
        """Draws ``start .. stop - 1``, without a copy."""
        return Tables(self.hazard[start:stop], self.knots[start:stop], self.tables)


class Kept(NamedTuple):
    """What is kept of D draws of n patients; an array of length 0 is not wanted."""

    entry: np.ndarray  # float64[D or 0, S, n]: months at which each state was entered, inf for never
    months: np.ndarray  # float64[D or 0, R, S']: sums over patients of the discounted months in each transient state


Part = tuple[Tables, np.ndarray]
"""Some of the draws, and the array to fill: `Kept.entry` of a job that wants rows, else `Kept.months`."""


@compiled(entry=True)
def simulate_draws(graph, draws, job, work, kept):
    """Simulate the job's patients under each draw.

    Parameters
    ----------
    graph, job, work : see `simulate.kernel.arrays`; the hazards, knots and tables of `graph` are not used. `work` is
        that of `draws_work`.
    draws : `Tables`.
    kept : `Kept`. Its `entry` is filled, its `months` are added to.
    """
    graph, draws, job = borrowed(graph), borrowed(draws), borrowed(job)
    work, kept = borrowed(work), borrowed(kept)
    states, lanes = len(graph.first) - 1, work.real.shape[1]
    for done in range(0, job.patients, lanes):
        n = min(lanes, job.patients - done)
        number_block(graph, job, work, done, n)
        for d in range(len(draws.hazard)):
            drawn = borrowed(
                Graph(
                    graph.first,
                    graph.transition,
                    draws.hazard[d],
                    draws.knots[d],
                    draws.tables,
                    graph.mix,
                    graph.background,
                    graph.toxicity,
                )
            )
            put_at_start(drawn, job, work, n)
            for s in range(states):
                if graph.first[s + 1] > graph.first[s]:
                    visit_state(drawn, job, work, s, n)
            if len(kept.entry) > 0:
                keep_entries(job, work, kept.entry[d], len(graph.mix), done, n)
            if len(kept.months) > 0:
                add_months(job, work, kept.months[d], n)


@compiled
def keep_entries(job, work, entry, strata, done, n):
    """Write a block's months of entry back in the order of the patients' numbers."""
    if strata == 1:
        for s in range(work.entry.shape[0]):
            to, months = entry[s, done : done + n], work.entry[s]
            for i in range(n):
                to[i] = months[i]
        return
    first, patient = np.uint64(job.first_patient + done), work.number[PATIENT]
    for s in range(work.entry.shape[0]):
        to, months = entry[s, done : done + n], work.entry[s]
        for i in range(n):
            to[np.int64(patient[i] - first)] = months[i]


@compiled
def add_months(job, work, total, n):
    """Add a block's discounted months; lanes from `n` on are cleared, since sums take all lanes by halving."""
    lanes = work.real.shape[1]
    for r in range(len(job.rates)):
        for s in range(work.spent.shape[1]):
            spent = work.spent[r, s]
            for i in range(n, lanes):
                spent[i] = 0.0
            total[r, s] += counts.fold_sum(spent, work.real[FOLD], lanes)


def draws_work(graph: Graph, job: Job) -> Work:
    """Scratch for one thread of `simulate_draws`: as many lanes as there are patients, a power of two, within limits.

    No sum keeps to a leaf here, so that strata need no short blocks as they do in `simulate.kernel.arrays.new_work`.
    """
    lanes = 64
    while lanes < min(job.patients, BLOCK):
        lanes *= 2
    return new_work(graph, job._replace(leaf=lanes, patients=lanes))


def in_order(graph: Graph, job: Job, parts: Iterable[Part], threads: int | None) -> Generator[np.ndarray, None, None]:
    """Simulate each part on one of the threads and yield the filled arrays in order; see `run.ordered`."""
    run.announce(simulate_draws)
    none = np.zeros((0, 0, 0))
    spare: list[tuple[Graph, Work]] = []

    def task(part: Part) -> np.ndarray:
        tables, out = part
        own, work = spare.pop() if spare else (private(graph), draws_work(graph, job))
        simulate_draws(own, tables, job, work, Kept(out, none) if job.want_rows else Kept(none, out))
        spare.append((own, work))
        return out

    yield from run.ordered(task, parts, threads or run.default_threads())


def task_draws(patients: int) -> int:
    """Draws of one task."""
    return max(run.TASK_PATIENTS // patients, 1)


def simulate_all(graph: Graph, tables: Tables, job: Job, out: np.ndarray, threads: int | None) -> None:
    """Simulate all draws into `out` as `in_order` does each part."""
    step = task_draws(job.patients)
    parts = ((tables.part(a, a + step), out[a : a + step]) for a in range(0, len(out), step))
    with closing(in_order(graph, job, parts, threads)) as results:
        for _ in results:
            pass


def stack_tables(graphs: Sequence[Graph]) -> Tables:
    """The hazards of graphs of one structure as draws."""
    hazard = np.stack([graph.hazard for graph in graphs])
    pieces = max(graph.knots.shape[2] for graph in graphs)
    knots = np.zeros((*hazard.shape, pieces, 3))
    tables, count = [], 0
    for d, graph in enumerate(graphs):
        knots[d, :, :, : graph.knots.shape[2]] = graph.knots
        tabulated = hazard[d]["family"] == GENGAMMA
        if tabulated.any():
            hazard[d]["table"][tabulated] += count
            tables.append(graph.tables)
            count += len(graph.tables)
    return Tables(hazard, knots, np.concatenate(tables) if tables else graphs[0].tables)
