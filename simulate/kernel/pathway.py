"""Blocks of patients through an acyclic graph of health states with competing, clock-reset transitions.

In each state every outgoing transition draws a latent time from its own named uniform; the earliest wins. A block of
patients visits the states in topological order. Each step is a short loop over one contiguous array, which LLVM turns
into vector code; where few reach a state, their lanes are packed first. Lanes are sorted by stratum, so that a family
and its parameters are scalars inside every loop. All uniforms are functions of the patient number, so no patient moves.
"""

from __future__ import annotations

import numpy as np

from simulate.kernel import counts, families, philox
from simulate.kernel.arrays import (
    AT,
    BACKGROUND,
    BIN,
    CLOCK,
    FOLD,
    GOES,
    PATIENT,
    SOME_CLOCK,
    SOME_LANE,
    SOME_PATIENT,
    STAY,
    U0,
    U1,
    Z,
)
from simulate.kernel.jit import borrowed, compiled
from simulate.kernel.spending import discount, spend, spend_discounted, spend_packed
from simulate.kernel.transitions import fill, lanes_of, leave

_PACK_BELOW = 0.5  # share of lanes in a state below which packing them pays


@compiled(entry=True)
def simulate_task(graph, job, work, tally, rows):
    """Simulate `job.patients` patients from `job.first_patient` on, block by block.

    Parameters
    ----------
    graph, job, work, tally, rows : see `simulate.kernel.arrays`. `tally` is added to, `rows` filled if wanted.
    """
    graph, job, work = borrowed(graph), borrowed(job), borrowed(work)
    tally, rows = borrowed(tally), borrowed(rows)
    states, lanes = len(graph.first) - 1, work.real.shape[1]
    for done in range(0, job.patients, lanes):
        n = min(lanes, job.patients - done)
        number_block(graph, job, work, done, n)
        put_at_start(graph, job, work, n)
        for j in range(len(graph.mix)):
            tally.strata[j] += work.edge[0, j + 1] - work.edge[0, j]
        for s in range(states):
            if graph.first[s + 1] > graph.first[s]:
                visit_state(graph, job, work, s, n)
        if job.want_rows:
            write_rows(job, work, rows, done, n)
        else:
            if len(job.rates) > 0:
                for lo in range(0, n, job.leaf):
                    leaf = tally.leaf_sums[(done + lo) // job.leaf]
                    counts.leaf_moments(work.spent, leaf, work.real[FOLD], lo, n, job.leaf)
            for e in range(len(job.endpoints)):
                count_endpoint(job, work, tally.day[e], e, n)
        draw_toxicities(graph.toxicity, job, work, tally.toxicity, rows.grade, done)


@compiled
def number_block(graph, job, work, done, n):
    """Number the patients of a block and sort them by stratum: what no hazard changes."""
    patient = work.number[PATIENT]
    first = np.uint64(job.first_patient + done)
    for i in range(n):
        patient[i] = first + np.uint64(i)
    work.edge[0, 0] = 0
    work.edge[0, 1] = n
    philox.begin(lanes_of(work, 0, 0, n), job)
    if len(graph.mix) > 1:
        sort_by_stratum(graph.mix, job, work, first, n)


@compiled
def put_at_start(graph, job, work, n):
    """Put the numbered patients of a block into state 0 at time 0."""
    if len(graph.background) > 0:
        draw_background(graph, job, work, n)
    fill(work.whole[AT], n, 0)
    fill(work.real[CLOCK], n, 0.0)
    for s in range(work.entry.shape[0]):
        fill(work.entry[s], n, 0.0 if s == 0 else np.inf)
    for r in range(len(job.rates)):
        fill(work.factor[r], n, 0.0 if job.rates[r] == 0.0 else 1.0)


@compiled
def sort_by_stratum(mix, job, work, first, n):
    """Counting sort of the block's patients by their stratum; row 0 of `work.edge` bounds the strata."""
    strata = len(mix)
    edge, next_lane = work.edge[0], work.edge[1]
    patient, u, stratum = work.number[PATIENT], work.real[U0], work.whole[GOES]
    philox.uniforms(lanes_of(work, 0, 0, n), u, job.stratum_draw, job)
    fill(stratum, n, 0)
    for j in range(strata - 1):
        limit = mix[j]
        for i in range(n):
            stratum[i] += u[i] >= limit
    fill(edge, strata + 1, 0)
    for i in range(n):
        edge[stratum[i] + 1] += 1
    for j in range(strata):
        edge[j + 1] += edge[j]
    for j in range(strata):
        next_lane[j] = edge[j]
    for i in range(n):
        j = stratum[i]
        patient[next_lane[j]] = first + np.uint64(i)
        next_lane[j] += 1
    philox.begin(lanes_of(work, 0, 0, n), job)


@compiled
def draw_background(graph, job, work, n):
    """The month on the study clock at which the background ends whatever state a patient is in."""
    u, column = work.real[U0], len(graph.transition)
    philox.uniforms(lanes_of(work, 0, 0, n), u, graph.background[0].draw, job)
    for j in range(len(graph.mix)):
        lo, hi = work.edge[0, j], work.edge[0, j + 1]
        ratio = graph.hazard[j, column].inverse_ratio
        if hi > lo and ratio < np.inf:
            z = work.real[BACKGROUND, lo:hi]
            families.unit_hazard(u[lo:hi], z, ratio)
            families.invert(z, u[lo:hi], work.real[U1, lo:hi], graph, j, column)
        else:
            fill(work.real[BACKGROUND, lo:hi], hi - lo, np.inf)


@compiled
def cut_short(stay, goes, clock, background, target, n):
    """End the stay at the background's month where that comes first; lanes outside the state are sorted out later."""
    for i in range(n):
        months, left, to = stay[i], background[i] - clock[i], goes[i]
        sooner = left < months
        stay[i] = left if sooner else months
        goes[i] = target if sooner else to


@compiled
def visit_state(graph, job, work, s, n):
    """Take the patients who are in state `s` to their next state."""
    here = n if s == 0 else count_at(work.whole[AT], s, n)
    packed = 1 if here < _PACK_BELOW * n else 0
    if packed:
        pack(work, s, len(graph.mix))
        philox.begin(lanes_of(work, 1, 0, here), job)
    for j in range(len(graph.mix)):
        lo, hi = work.edge[packed, j], work.edge[packed, j + 1]
        if hi > lo:
            leave(graph, job, work, s, j, packed, lo, hi)
    if packed:
        settle_packed(graph, job, work, s, here, n)
    else:
        settle(graph, job, work, s, n)


@compiled
def settle(graph, job, work, s, n):
    """Clock, state, entries and time spent of the lanes in state `s`; every step runs over all lanes."""
    clock, stay = work.real[CLOCK], work.real[STAY]
    at, goes = work.whole[AT], work.whole[GOES]
    if len(graph.background) > 0:
        cut_short(stay, goes, clock, work.real[BACKGROUND], graph.background[0].target, n)
    move(at, clock, stay, goes, s, n)
    if work.entry.shape[0] > 0:
        if len(graph.background) > 0:
            target = graph.background[0].target
            mark_entry(work.entry[target], at, goes, clock, target, s, n)
        for k in range(graph.first[s], graph.first[s + 1]):
            target = graph.transition[k].target
            mark_entry(work.entry[target], at, goes, clock, target, s, n)
    for r in range(len(job.rates)):
        spent = work.spent[r, s]
        if job.rates[r] == 0.0:
            spend(work.factor[r], spent, clock, at, s, n, job.horizon)
        else:
            discount(spent, clock, n, job.horizon, -job.rates[r])
            spend_discounted(work.factor[r], spent, at, s, n, 1.0 / job.rates[r])
    arrive(at, goes, s, n)


@compiled
def settle_packed(graph, job, work, s, m, n):
    """The same for the `m` packed lanes of a state, written straight to where they belong."""
    clock, stay, before = work.real[CLOCK], work.real[STAY], work.real[SOME_CLOCK]
    at, goes, lane_of = work.whole[AT], work.whole[GOES], work.whole[SOME_LANE]
    if len(graph.background) > 0:
        limit = work.real[U0]
        for i in range(m):
            limit[i] = work.real[BACKGROUND, lane_of[i]]
        cut_short(stay, goes, before, limit, graph.background[0].target, m)
    for i in range(m):
        before[i] += stay[i]
        goes[i] = goes[i] if stay[i] < np.inf else s
    for i in range(m):
        clock[lane_of[i]] = before[i]
        at[lane_of[i]] = goes[i]
    if work.entry.shape[0] > 0:
        for i in range(m):
            if goes[i] != s:
                work.entry[goes[i], lane_of[i]] = before[i]
    for r in range(len(job.rates)):
        spend_packed(work, r, work.spent[r, s], m, n, job.horizon, job.rates[r])


@compiled
def count_at(at, s, n):
    """Number of lanes in state `s`."""
    count = 0
    for i in range(n):
        count += at[i] == s
    return count


@compiled
def pack(work, s, strata):
    """Copy the lanes in state `s` next to each other, in their order."""
    lane_of, at = work.whole[SOME_LANE], work.whole[AT]
    m = 0
    work.edge[1, 0] = 0
    for j in range(strata):
        for i in range(work.edge[0, j], work.edge[0, j + 1]):
            lane_of[m] = i
            m += at[i] == s
        work.edge[1, j + 1] = m
    for i in range(m):
        lane = lane_of[i]
        work.number[SOME_PATIENT, i] = work.number[PATIENT, lane]
        work.real[SOME_CLOCK, i] = work.real[CLOCK, lane]


@compiled
def move(at, clock, stay, goes, s, n):
    """Advance the clock of the lanes in state `s`; who never leaves keeps the state and has an infinite clock."""
    for i in range(n):
        now, months, state, to = clock[i], stay[i], at[i], goes[i]
        here = state == s
        later = now + months
        clock[i] = later if here else now
        goes[i] = to if (here & (months < np.inf)) else state


@compiled
def mark_entry(entry, at, goes, clock, target, s, n):
    """Entry time of `target` for the lanes that leave `s` for it."""
    for i in range(n):
        before, now = entry[i], clock[i]
        arrives = (at[i] == s) & (goes[i] == target)
        entry[i] = now if arrives else before


@compiled
def arrive(at, goes, s, n):
    """Enter the next state."""
    for i in range(n):
        at[i] = goes[i]


@compiled
def count_endpoint(job, work, day, e, n):
    """Add one endpoint of the block to its day counts."""
    first, bins, event = work.real[Z], work.whole[BIN], job.endpoints[e, 1]
    fill(first, n, np.inf)
    for s in range(work.entry.shape[0]):
        if (event >> s) & 1:
            counts.earliest(first, work.entry[s], n)
    counts.day_bins(first, work.real[CLOCK], work.entry[job.endpoints[e, 0]], bins, n, job.days)
    counts.count_bins(bins, day, n)


@compiled
def draw_toxicities(toxicity, job, work, tally, grades, done):
    """Highest grade of every event: the grades whose exceedance probability lies above one word of the event."""
    n = work.edge[0, -1]
    word, patient = work.word, work.number[PATIENT]
    first = np.uint64(job.first_patient + done)
    for x in range(toxicity.shape[1]):
        philox.words(lanes_of(work, 0, 0, n), word, toxicity[0, x, 0], job)
        for j in range(toxicity.shape[0]):
            lo, hi = work.edge[0, j], work.edge[0, j + 1]
            above, grades_end = hi - lo, toxicity.shape[2]
            for g in range(1, grades_end, 3):
                limits = toxicity[j, x]
                second = limits[g + 1] if g + 1 < grades_end else limits[g]
                third = limits[g + 2] if g + 2 < grades_end else second
                reached = counts.count_below(word[lo:hi], hi - lo, limits[g], second, third)
                for k in range(min(3, grades_end - g)):
                    tally[x, g + k - 1] += above - reached[k]
                    above = reached[k]
            tally[x, -1] += above
            if job.want_rows:
                for i in range(lo, hi):
                    grade = 0
                    for g in range(1, toxicity.shape[2]):
                        grade += word[i] < toxicity[j, x, g]
                    grades[x, done + np.int64(patient[i] - first)] = grade


@compiled
def write_rows(job, work, rows, done, n):
    """Write a block's patients back in the order of their numbers."""
    first = np.uint64(job.first_patient + done)
    stratum = 0
    for i in range(n):
        while i >= work.edge[0, stratum + 1]:
            stratum += 1
        row = done + np.int64(work.number[PATIENT, i] - first)
        rows.state[row] = work.whole[AT, i]
        rows.stratum[row] = stratum
        for s in range(work.entry.shape[0]):
            rows.entry[s, row] = work.entry[s, i]
