"""Philox4x32-10: every draw is a pure function of (seed, replicate, patient, decision).

Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3* (SC11, doi:10.1145/2063384.2063405). The
counter is (patient low, patient high, decision, replicate) and the key is the seed, so a draw depends neither on the
order of drawing nor on the shape of the graph, the block, the thread or the strategy.
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
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds; words are 32-bit values carried in uint64 so that the loop around them vectorises."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = (p1 >> _S32) ^ c1 ^ k0
        c1 = p1 & _MASK
        c2 = (p0 >> _S32) ^ c3 ^ k1
        c3 = p0 & _MASK
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@compiled(inline=True)
def open_uniform(high, low):
    """Uniform on the open interval from two words: (k + 1/2) / 2**52, so neither 0 nor 1 can occur.

    With 53 bits k + 1/2 would round, and the largest k would give exactly 1.
    """
    bits = (high << _S20) | (low >> _S12) | _ONE_BITS
    return (np.uint64(bits).view(np.float64) - 1.0) + _HALF_STEP


@compiled
def uniform_pairs(patient, first, second, decision, job):
    """Both uniforms of one decision.

    Parameters
    ----------
    patient : uint64[n], patient numbers of the lanes.
    first, second : float64[n], filled.
    decision : uint64 below 2**32.
    job : `simulate.kernel.arrays.Job`, for the seed and the replicate.
    """
    k0, k1, replicate = job.key & _MASK, job.key >> _S32, job.replicate
    for i in range(len(patient)):
        p = patient[i]
        a, b, c, d = philox(p & _MASK, p >> _S32, decision, replicate, k0, k1)
        first[i] = open_uniform(a, b)
        second[i] = open_uniform(c, d)


@compiled
def uniforms(patient, first, decision, job):
    """The first uniform only; see `uniform_pairs`."""
    k0, k1, replicate = job.key & _MASK, job.key >> _S32, job.replicate
    for i in range(len(patient)):
        p = patient[i]
        a, b, _, _ = philox(p & _MASK, p >> _S32, decision, replicate, k0, k1)
        first[i] = open_uniform(a, b)


@compiled
def words(patient, word, decision, job):
    """The first 32-bit word (uint64[n]) of one decision: enough to compare with a probability."""
    k0, k1, replicate = job.key & _MASK, job.key >> _S32, job.replicate
    for i in range(len(patient)):
        p = patient[i]
        a, _, _, _ = philox(p & _MASK, p >> _S32, decision, replicate, k0, k1)
        word[i] = a
