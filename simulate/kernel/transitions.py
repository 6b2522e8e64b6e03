"""Leaving a state: each transition draws a latent time from its own named uniform, and the earliest wins."""

from __future__ import annotations

import numpy as np

from simulate.kernel import families, philox
from simulate.kernel import vector_math as vm
from simulate.kernel.arrays import CLOCK, FOLD, GOES, LOW, PATIENT, PRODUCT, RACE, SOME_PATIENT, STAY, U0, U1, Z
from simulate.kernel.jit import compiled


@compiled
def fill(a, n, value):
    """``a[:n] = value``."""
    for i in range(n):
        a[i] = value


@compiled(inline=True)
def lanes_of(work, packed, lo, hi):
    """Lanes ``lo .. hi - 1`` of the block, or of its packed lanes, for `simulate.kernel.philox`."""
    row = SOME_PATIENT if packed else PATIENT
    return work.number[row, lo:hi], work.number[row + LOW, lo:hi], work.number[row + PRODUCT, lo:hi]


@compiled
def leave(graph, job, work, s, j, packed, lo, hi):
    """Months in state `s` (row STAY) and the state after it (row GOES) for lanes ``lo .. hi - 1``, all of stratum `j`.

    Views of the lanes start at 0: a loop from an unknown start does not vectorise.
    """
    stay, goes = work.real[STAY, lo:hi], work.whole[GOES, lo:hi]
    raced = 0  # groups finished
    k, end = graph.first[s], graph.first[s + 1]
    while k < end:
        stop = k + 1  # transitions k .. stop-1 share a baseline: they race on the cumulative hazard
        while stop < end and graph.hazard[j, stop].group == k:
            stop += 1
        z = work.real[Z, lo:hi] if raced else stay
        to = work.whole[RACE, lo:hi] if raced else goes
        live = end < 0  # false; a literal would compile `draw_hazard` twice
        for t in range(k, stop):
            live |= draw_hazard(graph, job, work, z, to, (j, t, packed, lo, hi), live)
        if live:
            u = work.real[U0, lo:hi]
            # the second uniform is scratch for the inversion unless the next transition still needs it
            keep = stop < end and graph.transition[stop].call == 0
            families.invert(z, u, work.real[FOLD if keep else U1, lo:hi], graph, j, k)
            h = graph.hazard[j, k]
            if h.dependence != 0.0:
                depend(z, work.real[CLOCK + packed, lo:hi], u, h.dependence, h.log_reference)
            if raced:
                race(stay, goes, z, to)
            raced += 1
        k = stop
    if raced == 0:
        fill(stay, hi - lo, np.inf)
        fill(goes, hi - lo, s)


@compiled
def draw_hazard(graph, job, work, z, goes, where, live):
    """Draw transition `t` and let it race, on the cumulative hazard, against those of its group drawn before it.

    Parameters
    ----------
    z, goes : cumulative hazard and target of the first so far; nothing yet unless `live`.
    where : stratum, transition, whether lanes are packed, first lane, end of the lanes.

    Returns
    -------
    Whether the transition can happen at all.
    """
    j, t, packed, lo, hi = where
    move_to = graph.transition[t]
    u0, u1 = work.real[U0, lo:hi], work.real[U1, lo:hi]
    if move_to.call == 2:
        philox.uniform_pairs(lanes_of(work, packed, lo, hi), u0, u1, move_to.draw, job)
    elif move_to.call == 1:
        philox.uniforms(lanes_of(work, packed, lo, hi), u0, move_to.draw, job)
    uniform = u1 if move_to.half else u0
    ratio = graph.hazard[j, t].inverse_ratio
    if ratio == np.inf:
        return False
    if not live:
        families.unit_hazard(uniform, z, ratio)
        fill(goes, hi - lo, move_to.target)
    else:
        families.race_hazard(uniform, z, goes, ratio, move_to.target)
    return True


@compiled
def depend(time, clock, scratch, gamma, log_reference):
    """Multiply latent times by ``(clock / reference) ** gamma``; clock is the time since the start, > 0."""
    for i in range(len(time)):
        scratch[i] = vm.log(clock[i])
    for i in range(len(time)):
        time[i] *= vm.exp(gamma * (scratch[i] - log_reference))


@compiled
def race(stay, goes, time, target):
    """Keep the earlier of two latent times."""
    for i in range(len(stay)):
        a, b, to, other = time[i], stay[i], target[i], goes[i]
        goes[i] = to if a < b else other
    for i in range(len(stay)):
        a, b = time[i], stay[i]
        stay[i] = a if a < b else b
