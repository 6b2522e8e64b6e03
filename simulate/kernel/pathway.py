"""Blocks of patients through an acyclic graph of health states with competing, clock-reset transitions.

In each state every outgoing transition draws a latent time from its own named uniform; the earliest wins. A block of
patients visits the states in topological order. Per quantity there is one contiguous array and each step is a short
loop over it, which LLVM turns into vector code; where few patients reach a state, their lanes are packed first. Lanes
are sorted by stratum, so that a family and its parameters are scalars inside every loop. All uniforms are functions of
the patient number, so neither blocks nor packing nor sorting can change a patient.
"""

from __future__ import annotations

import numpy as np

from simulate.kernel import counts, families, philox
from simulate.kernel import vector_math as vm
from simulate.kernel.jit import compiled

_PACK_BELOW = 0.5  # share of lanes in a state below which packing them pays


@compiled(entry=True)
def simulate_task(graph, job, work, tally, rows):
    """Simulate `job.patients` patients from `job.first_patient` on, block by block.

    Parameters
    ----------
    graph, job, work, tally, rows : see `simulate.kernel.arrays`. `tally` is added to (its `leaf_sums` are filled),
        `rows` are filled if `job.want_rows`.
    """
    done = 0
    block = 0
    while done < job.patients:
        n = min(job.leaf, job.patients - done)
        start_block(graph, job, work, tally, done, n)
        for s in range(len(graph.first) - 1):
            if graph.first[s + 1] > graph.first[s]:
                visit_state(graph, job, work, s, n)
        if job.want_rows == 0:
            if len(job.rates) > 0:
                counts.leaf_moments(work.spent, tally.leaf_sums[block], work.fold, n, job.leaf)
            for e in range(len(job.origin)):
                count_endpoint(job, work, tally.day[e], e, n)
        else:
            write_rows(job, work, rows, done, n)
        draw_toxicities(graph, job, work, tally, rows, done, n)
        done += n
        block += 1


@compiled
def start_block(graph, job, work, tally, done, n):
    """Number the patients of a block, sort them by stratum and put them into state 0 at time 0."""
    first = np.uint64(job.first_patient + done)
    for i in range(n):
        work.patient[i] = first + np.uint64(i)
    strata = len(graph.mix)
    work.edge[0] = 0
    work.edge[1] = n
    if strata == 1:
        tally.strata[0] += n
    else:
        sort_by_stratum(graph, job, work, first, n)
        for j in range(strata):
            tally.strata[j] += work.edge[j + 1] - work.edge[j]
    for i in range(n):
        work.at[i] = 0
        work.clock[i] = 0.0
    for s in range(work.entry.shape[0]):
        entry = work.entry[s]
        value = 0.0 if s == 0 else np.inf
        for i in range(n):
            entry[i] = value
    for r in range(len(job.rates)):
        factor = work.factor[r]
        value = 0.0 if job.rates[r] == 0.0 else 1.0
        for i in range(n):
            factor[i] = value


@compiled
def sort_by_stratum(graph, job, work, first, n):
    """Counting sort of the block's patients by their stratum; `work.edge` bounds the strata, order inside is kept."""
    strata = len(graph.mix)
    philox.uniforms(work.patient, work.u0, 0, n, graph.stratum_draw[0], job.replicate[0], job.key)
    for i in range(n):
        work.stratum[i] = 0
    for j in range(strata - 1):
        limit = graph.mix[j]
        for i in range(n):
            work.stratum[i] += work.u0[i] >= limit
    for j in range(strata + 1):
        work.edge[j] = 0
    for i in range(n):
        work.edge[work.stratum[i] + 1] += 1
    for j in range(strata):
        work.edge[j + 1] += work.edge[j]
    for j in range(strata):
        work.some_edge[j] = work.edge[j]
    for i in range(n):
        j = work.stratum[i]
        work.patient[work.some_edge[j]] = first + np.uint64(i)
        work.some_edge[j] += 1


@compiled
def visit_state(graph, job, work, s, n):
    """Take the patients who are in state `s` to their next state."""
    here = n
    if s > 0:
        here = count_at(work.at, s, n)
    if here < _PACK_BELOW * n:
        pack(work, s, n, len(graph.mix))
        for j in range(len(graph.mix)):
            leave(graph, job, work, work.some_patient, work.some_clock, s, j, work.some_edge[j], work.some_edge[j + 1])
        unpack(work, here)
    else:
        for j in range(len(graph.mix)):
            leave(graph, job, work, work.patient, work.clock, s, j, work.edge[j], work.edge[j + 1])
    move(work.at, work.clock, work.stay, work.goes, s, n)
    for k in range(graph.first[s], graph.first[s + 1] if work.entry.shape[0] > 0 else graph.first[s]):
        mark_entry(work.entry[graph.target[k]], work.at, work.goes, work.clock, graph.target[k], s, n)
    for r in range(len(job.rates)):
        if job.rates[r] == 0.0:
            spend(work.factor[r], work.spent[r, s], work.clock, work.at, s, n, job.horizon)
        else:
            spend_discounted(work.factor[r], work.spent[r, s], work.clock, work.at, s, n, job.horizon, job.rates[r])
    arrive(work.at, work.goes, s, n)


@compiled
def count_at(at, s, n):
    """Number of lanes in state `s`."""
    count = 0
    for i in range(n):
        count += at[i] == s
    return count


@compiled
def pack(work, s, n, strata):
    """Copy the lanes in state `s` next to each other, in their order."""
    m = 0
    work.some_edge[0] = 0
    for j in range(strata):
        for i in range(work.edge[j], work.edge[j + 1]):
            work.some_lane[m] = i
            m += work.at[i] == s
        work.some_edge[j + 1] = m
    for i in range(m):
        lane = work.some_lane[i]
        work.some_patient[i] = work.patient[lane]
        work.some_clock[i] = work.clock[lane]


@compiled
def unpack(work, m):
    """Put stay and next state of packed lanes back; from the end, so that no lane is overwritten before it is read."""
    for back in range(m):
        i = m - 1 - back
        lane = work.some_lane[i]
        work.stay[lane] = work.stay[i]
        work.goes[lane] = work.goes[i]


@compiled
def leave(graph, job, work, patient, clock, s, j, lo, hi):
    """Months in state `s` (`work.stay`) and the state after it (`work.goes`) for lanes [lo, hi), all of stratum `j`."""
    if lo == hi:
        return
    scratch = (work.u0, work.u1)
    begin, end = graph.first[s], graph.first[s + 1]
    raced = 0  # groups finished
    k = begin
    while k < end:
        stop = k + 1  # transitions k .. stop-1 share a baseline: they race on the cumulative hazard
        while stop < end and graph.group[j, stop] == k:
            stop += 1
        z = work.stay if raced == 0 else work.z
        goes = work.goes if raced == 0 else work.race
        live = draw_group(graph, job, work, patient, z, goes, j, k, stop, lo, hi)
        if live >= 0:
            # the uniforms are scratch for the inversion unless the next transition still needs its half of the call
            keep = stop < end and graph.call[stop] == 0
            families.invert(z, (work.u0, work.fold) if keep else scratch, lo, hi, graph, j, live)
            if graph.dependence[j, live] != 0.0:
                depend(z, clock, work.u0, lo, hi, graph.dependence[j, live], graph.log_reference[j, live])
            if raced > 0:
                race(work.stay, work.goes, z, goes, lo, hi)
            raced += 1
        k = stop
    if raced == 0:
        for i in range(lo, hi):
            work.stay[i] = np.inf
            work.goes[i] = s


@compiled
def draw_group(graph, job, work, patient, z, goes, j, k, stop, lo, hi):
    """Cumulative hazard of the first of the proportional transitions k .. stop-1, in `z`; its target in `goes`.

    Returns the first transition that can happen, or -1 if none can.
    """
    live = -1
    for t in range(k, stop):
        if graph.call[t] == 2:
            philox.uniform_pairs(patient, work.u0, work.u1, lo, hi, graph.draw[t], job.replicate[0], job.key)
        elif graph.call[t] == 1:
            philox.uniforms(patient, work.u0, lo, hi, graph.draw[t], job.replicate[0], job.key)
        uniform = work.u0 if graph.half[t] == 0 else work.u1
        ratio = graph.inverse_ratio[j, t]
        if ratio == np.inf:
            continue
        if live < 0:
            live = t
            families.unit_hazard(uniform, z, lo, hi, ratio)
            target = graph.target[t]
            for i in range(lo, hi):
                goes[i] = target
        else:
            families.race_hazard(uniform, z, goes, lo, hi, ratio, graph.target[t])
    return live


@compiled
def depend(time, clock, scratch, lo, hi, gamma, log_reference):
    """Multiply latent times by ``(clock / reference) ** gamma``; clock is the time since the start, > 0."""
    for i in range(lo, hi):
        scratch[i] = vm.log(clock[i])
    for i in range(lo, hi):
        time[i] *= vm.exp(gamma * (scratch[i] - log_reference))


@compiled
def race(stay, goes, time, target, lo, hi):
    """Keep the earlier of two latent times."""
    for i in range(lo, hi):
        sooner = time[i] < stay[i]
        stay[i] = time[i] if sooner else stay[i]
        goes[i] = target[i] if sooner else goes[i]


@compiled
def move(at, clock, stay, goes, s, n):
    """Advance the clock of the lanes in state `s`; who never leaves keeps the state and has an infinite clock."""
    for i in range(n):
        here = at[i] == s
        clock[i] = clock[i] + stay[i] if here else clock[i]
        goes[i] = goes[i] if (here & (stay[i] < np.inf)) else at[i]


@compiled
def mark_entry(entry, at, goes, clock, target, s, n):
    """Entry time of `target` for the lanes that leave `s` for it."""
    for i in range(n):
        arrives = (at[i] == s) & (goes[i] == target)
        entry[i] = clock[i] if arrives else entry[i]


@compiled
def spend(factor, spent, clock, at, s, n, horizon):
    """Months in state `s` up to the horizon; `factor` is the clock at entry up to the horizon."""
    for i in range(n):
        now = min(clock[i], horizon)
        here = at[i] == s
        spent[i] = now - factor[i] if here else 0.0
        factor[i] = now if here else factor[i]


@compiled
def spend_discounted(factor, spent, clock, at, s, n, horizon, rate):
    """Discounted months in state `s` up to the horizon: (factor at entry - factor at exit) / rate."""
    scale = 1.0 / rate
    for i in range(n):
        spent[i] = vm.exp(-rate * min(clock[i], horizon))
    for i in range(n):
        here = at[i] == s
        now = spent[i]
        spent[i] = (factor[i] - now) * scale if here else 0.0
        factor[i] = now if here else factor[i]


@compiled
def arrive(at, goes, s, n):
    """Enter the next state."""
    for i in range(n):
        at[i] = goes[i]


@compiled
def count_endpoint(job, work, day, e, n):
    """Add one endpoint of the block to its day counts."""
    first = True
    for s in range(work.entry.shape[0]):
        if (job.event[e] >> s) & 1:
            entry = work.entry[s]
            if first:
                for i in range(n):
                    work.z[i] = entry[i]
                first = False
            else:
                counts.earliest(work.z, entry, n)
    counts.day_bins(work.z, work.clock, work.entry[job.origin[e]], work.bin, n, job.days)
    counts.count_bins(work.bin, day, n)


@compiled
def draw_toxicities(graph, job, work, tally, rows, done, n):
    """Highest grade of every event: the grades whose exceedance probability lies above one word of the event."""
    grades = graph.toxicity_limit.shape[1]
    for x in range(len(graph.toxicity_draw)):
        philox.words(work.patient, work.word, 0, n, graph.toxicity_draw[x], job.replicate[0], job.key)
        above = n
        for g in range(grades):
            reached = counts.count_below(work.word, n, graph.toxicity_limit[x, g])
            tally.toxicity[x, g] += above - reached
            above = reached
        tally.toxicity[x, grades] += above
        if job.want_rows:
            offset = np.uint64(job.first_patient + done)
            for i in range(n):
                grade = 0
                for g in range(grades):
                    grade += work.word[i] < graph.toxicity_limit[x, g]
                rows.grade[x, done + np.int64(work.patient[i] - offset)] = grade


@compiled
def write_rows(job, work, rows, done, n):
    """Write a block's patients back in the order of their numbers."""
    first = np.uint64(job.first_patient + done)
    stratum = 0
    for i in range(n):
        while i >= work.edge[stratum + 1]:
            stratum += 1
        row = done + np.int64(work.patient[i] - first)
        rows.state[row] = work.at[i]
        rows.stratum[row] = stratum
        for s in range(work.entry.shape[0]):
            rows.entry[s, row] = work.entry[s, i]
