"""Philox4x32-10: every draw is a pure function of (seed, replicate, patient, decision).

Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3* (SC11, doi:10.1145/2063384.2063405). The
counter is (patient low, patient high, decision, replicate) and the key is the seed, so a draw depends neither on the
order of drawing nor on the shape of the graph, the block, the thread or the strategy.

The first two of the ten rounds mix the patient and the decision in only two places. `begin` does the patient's part
once, `begin_decision` the decision's part once a call, and `finish` joins them: the same words, a fifth cheaper.
"""

from __future__ import annotations

import hashlib

import numpy as np

from simulate.kernel.jit import compiled

U64 = np.uint64
_MASK = U64(0xFFFFFFFF)
_M0, _M1 = U64(0xD2511F53), U64(0xCD9E8D57)
_W0, _W1 = U64(0x9E3779B9), U64(0xBB67AE85)
_S32, _S20, _S12 = U64(32), U64(20), U64(12)
_ONE_BITS = U64(0x3FF0000000000000)
_HALF_STEP = 2.0**-53
_SECOND = "death_before_"


def draw_of(decision: str) -> tuple[int, int]:
    """Where a named decision finds its uniform: (32-bit decision id, which of the two uniforms of that call).

    One call of the generator gives two uniforms. ``death_before_NAME`` takes the second uniform of the call of
    ``NAME``, every other decision the first of its own: a rule on the name alone, so adding or dropping a decision
    moves no other draw.

    >>> draw_of("progression")[0] == draw_of("death_before_progression")[0]
    True
    >>> draw_of("progression")[1], draw_of("death_before_progression")[1]
    (0, 1)
    """
    half = int(decision.startswith(_SECOND))
    name = decision[len(_SECOND) :] if half else decision
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little"), half


@compiled(inline=True)
def rounds(count, c0, c1, c2, c3, k0, k1):
    """Ten make the generator. Words are 32-bit values carried in uint64 so that the loop around them vectorises."""
    for _ in range(count):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = (p1 >> _S32) ^ c1 ^ k0
        c1 = p1 & _MASK
        c2 = (p0 >> _S32) ^ c3 ^ k1
        c3 = p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@compiled
def begin(lanes, job):
    """What the first two rounds make of the patients: the same for every decision, so done once.

    Parameters
    ----------
    lanes : three of uint64[n]: patient numbers; the low word of the first round's product, filled; the second round's
        product, filled.
    job : `simulate.kernel.arrays.Job`, for the seed and the replicate.
    """
    patient, low, product = lanes
    k1, replicate = job.key >> _S32, job.replicate & _MASK
    for i in range(len(patient)):
        p0 = _M0 * (patient[i] & _MASK)
        low[i] = p0 & _MASK
        product[i] = _M1 * ((p0 >> _S32) ^ replicate ^ k1)


@compiled(inline=True)
def begin_decision(decision, high, job):
    """What the first two rounds make of a decision and of the high word of the patient numbers.

    Returns
    -------
    Three words that `finish` combines with those of `begin`, and the two keys of round three.
    """
    k0, k1 = job.key & _MASK, job.key >> _S32
    p1 = _M1 * (decision & _MASK)
    p0 = _M0 * ((p1 >> _S32) ^ high ^ k0)
    c1, k0, k1 = p1 & _MASK, (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c1 ^ k0, (p0 >> _S32) ^ k1, p0 & _MASK, (k0 + _W0) & _MASK, (k1 + _W1) & _MASK


@compiled(inline=True)
def finish(low, product, begun):
    """Rounds three to ten of one lane."""
    a, b, c, k0, k1 = begun
    return rounds(8, (product >> _S32) ^ a, product & _MASK, (low ^ b) & _MASK, c, k0, k1)


@compiled(inline=True)
def together(patient, job):
    """How many lanes to take at a time so that they share the high word: all, or one where a job has two of them."""
    last = job.first_patient + job.patients - 1
    return max(len(patient), 1) if (job.first_patient >> 32) == (last >> 32) else 1


@compiled(inline=True)
def open_uniform(high, low):
    """Uniform on the open interval from two words: (k + 1/2) / 2**52, so neither 0 nor 1 can occur.

    With 53 bits k + 1/2 would round, and the largest k would give exactly 1.
    """
    bits = (high << _S20) | (low >> _S12) | _ONE_BITS
    return (np.uint64(bits).view(np.float64) - 1.0) + _HALF_STEP


@compiled
def uniform_pairs(lanes, first, second, decision, job):
    """Both uniforms of one decision.

    Parameters
    ----------
    lanes : patient numbers, all of them among the job's, and what `begin` has made of them.
    first, second : float64[n], filled.
    decision : uint64 below 2**32.
    job : see `begin`.
    """
    patient, low, product = lanes
    step = together(patient, job)
    for lo in range(0, len(patient), step):
        begun = begin_decision(decision, patient[lo] >> _S32, job)
        x, y, u0, u1 = low[lo : lo + step], product[lo : lo + step], first[lo : lo + step], second[lo : lo + step]
        for i in range(len(x)):
            a, b, c, d = finish(x[i], y[i], begun)
            u0[i] = open_uniform(a, b)
            u1[i] = open_uniform(c, d)


@compiled
def uniforms(lanes, first, decision, job):
    """The first uniform only; see `uniform_pairs`."""
    patient, low, product = lanes
    step = together(patient, job)
    for lo in range(0, len(patient), step):
        begun = begin_decision(decision, patient[lo] >> _S32, job)
        x, y, u = low[lo : lo + step], product[lo : lo + step], first[lo : lo + step]
        for i in range(len(x)):
            a, b, _, _ = finish(x[i], y[i], begun)
            u[i] = open_uniform(a, b)


@compiled
def words(lanes, word, decision, job):
    """The first 32-bit word (uint32[n]) of one decision: enough to compare with a probability."""
    patient, low, product = lanes
    step = together(patient, job)
    for lo in range(0, len(patient), step):
        begun = begin_decision(decision, patient[lo] >> _S32, job)
        x, y, w = low[lo : lo + step], product[lo : lo + step], word[lo : lo + step]
        for i in range(len(x)):
            a, _, _, _ = finish(x[i], y[i], begun)
            w[i] = a
