"""Counting and adding: day bins, leaf sums in a fixed order, toxicity grades, and Kaplan-Meier from rows or counts."""

from __future__ import annotations

import numpy as np

from simulate.kernel.jit import compiled

DAYS_PER_MONTH = 30.4375
_TOP = np.uint64(0xFFFFFFFF)


@compiled
def fold_sum(values, scratch, n):
    """Sum of `n` values (a power of two) by halving: the same bits whatever the vector width.

    Three halvings at a time: a short loop costs as much to enter as a hundred additions.
    """
    if n < 8:
        for i in range(n):
            scratch[i] = values[i]
        return _fold_down(scratch, n)
    e = n // 8
    for i in range(e):
        a = (values[i] + values[i + 4 * e]) + (values[i + 2 * e] + values[i + 6 * e])
        b = (values[i + e] + values[i + 5 * e]) + (values[i + 3 * e] + values[i + 7 * e])
        scratch[i] = a + b
    return _fold_down(scratch, e)


@compiled
def fold_product(x, y, scratch, n):
    """Sum of the `n` products, as `fold_sum`."""
    if n < 8:
        for i in range(n):
            scratch[i] = x[i] * y[i]
        return _fold_down(scratch, n)
    e = n // 8
    for i in range(e):
        a = x[i] * y[i] + x[i + 4 * e] * y[i + 4 * e]
        b = x[i + 2 * e] * y[i + 2 * e] + x[i + 6 * e] * y[i + 6 * e]
        c = x[i + e] * y[i + e] + x[i + 5 * e] * y[i + 5 * e]
        d = x[i + 3 * e] * y[i + 3 * e] + x[i + 7 * e] * y[i + 7 * e]
        scratch[i] = (a + b) + (c + d)
    return _fold_down(scratch, e)


@compiled
def _fold_down(s, n):
    while n >= 8:
        n //= 8
        for i in range(n):
            a = (s[i] + s[i + 4 * n]) + (s[i + 2 * n] + s[i + 6 * n])
            s[i] = a + ((s[i + n] + s[i + 5 * n]) + (s[i + 3 * n] + s[i + 7 * n]))
    while n > 1:
        n //= 2
        for i in range(n):
            s[i] = s[i] + s[i + n]
    return s[0]


@compiled
def leaf_moments(spent, out, scratch, lo, n, leaf):
    """First and second moments of discounted time of one leaf.

    Parameters
    ----------
    spent : float64[R, S', B] months in each transient state; lanes of the leaf from `n` on are cleared here.
    out : float64[R, M], filled: S' sums, then the upper triangle of S' x S' sums of products, row by row.
    scratch : float64[leaf].
    lo, n, leaf : first lane of the leaf, lanes of the block in use, lanes of a leaf.
    """
    rates, states, _ = spent.shape
    hi = lo + leaf
    for r in range(rates):
        at = states
        for s in range(states):
            a = spent[r, s]
            for i in range(n, hi):
                a[i] = 0.0
            out[r, s] = fold_sum(a[lo:hi], scratch, leaf)
        for s in range(states):
            for q in range(s, states):
                out[r, at] = fold_product(spent[r, s, lo:hi], spent[r, q, lo:hi], scratch, leaf)
                at += 1


@compiled(entry=True)
def add_leaves(leaf_sums, total):
    """Add blocks in index order, one after the other, to `total` (float64[R, M])."""
    blocks, rates, width = leaf_sums.shape
    for b in range(blocks):
        for r in range(rates):
            for m in range(width):
                total[r, m] += leaf_sums[b, r, m]


@compiled
def earliest(times, entry, n):
    """``times = min(times, entry)``."""
    for i in range(n):
        times[i] = min(times[i], entry[i])


@compiled
def day_bins(event_time, clock, start, bins, n, days):
    """Bin of each lane: event day d at d, censoring day d at D + 1 + d, no such endpoint at 2 (D + 1).

    Times at or beyond day D are administratively censored there.
    """
    last = np.float64(days)
    nowhere = 2 * (days + 1)
    for i in range(n):
        first, out, begin = event_time[i], clock[i], start[i]
        happened = first < np.inf
        enters = begin < np.inf
        end = first if happened else out
        length = (end - begin) * DAYS_PER_MONTH
        day = np.int64(length if length < last else last)
        counts = happened & (day < days)
        where = day if counts else day + days + 1
        bins[i] = where if enters else nowhere


@compiled
def count_bins(bins, counts, n):
    """Histogram of small integers."""
    for i in range(n):
        counts[bins[i]] += 1


@compiled
def count_below(word, n, first, second, third):
    """How many of `n` words (uint32) are below each of three limits (uint64, up to 2**32), in one pass.

    Reading them costs more than comparing, and 32-bit counters fit twice as many lanes into a vector.
    """
    low0, low1, low2 = np.uint32(min(first, _TOP)), np.uint32(min(second, _TOP)), np.uint32(min(third, _TOP))
    a, b, c = np.int32(0), np.int32(0), np.int32(0)
    for i in range(n):
        a = np.int32(a + (word[i] < low0))
        b = np.int32(b + (word[i] < low1))
        c = np.int32(c + (word[i] < low2))
    return n if first > _TOP else a, n if second > _TOP else b, n if third > _TOP else c


@compiled(entry=True)
def _scan_packed(keys, times, at_risk, events, censored, survival):
    """Walk sorted (time, censored) keys once; see `exact_table`. Returns the number of distinct times."""
    n = len(keys)
    i, m, s = 0, 0, 1.0
    one = np.uint64(1)
    times[0] = 0.0
    survival[0] = 1.0
    while i < n:
        value = keys[i] >> one
        start, d = i, 0
        while i < n and (keys[i] >> one) == value:
            d += 1 - np.int64(keys[i] & one)
            i += 1
        at_risk[m] = n - start
        events[m] = d
        censored[m] = i - start - d
        s *= 1.0 - d / (n - start)
        m += 1
        times[m] = np.uint64(value).view(np.float64)
        survival[m] = s
    at_risk[m] = 0.0
    return m


def exact_table(times: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, ...]:
    """Life table of right-censored rows with their Kaplan-Meier estimate, exact, in the time of one sort.

    The bits of a non-negative float are ordered like the number and its sign bit is free: shifted left by one, with
    the censoring flag in the lowest bit, one sort of unsigned integers orders times and puts events before censorings.

    Parameters
    ----------
    times : float[n], not negative, no NaN (``inf`` allowed).
    events : bool[n], true for an event, false for a censoring.

    Returns
    -------
    With m distinct times: 0 and the times (float64[m + 1]), at risk just before each and 0 (float64[m + 1]), events and
    censorings at each (float64[m]), and the survival, 1 and just after each (float64[m + 1]).

    Raises
    ------
    ValueError : unequal or empty shapes, a time that is negative or NaN.
    """
    keys = np.array(times, dtype=np.float64)
    if keys.ndim != 1 or np.shape(events) != keys.shape:
        raise ValueError("times and events must be one-dimensional and of the same length")
    keys += 0.0  # -0.0 has its sign bit set and would sort last
    if not np.all(keys >= 0.0):
        raise ValueError("times must be >= 0 and not NaN")
    packed = keys.view(np.uint64)
    packed <<= np.uint64(1)
    packed |= ~np.asarray(events, dtype=bool)
    packed.sort()
    n = len(packed)
    out = np.empty(n + 1), np.empty(n + 1), np.empty(n), np.empty(n), np.empty(n + 1)
    m = _scan_packed(packed, *out)
    return out[0][: m + 1], out[1][: m + 1], out[2][:m], out[3][:m], out[4][: m + 1]


def at_risk(leaving: np.ndarray) -> np.ndarray:
    """Numbers at risk from the numbers leaving: everyone who leaves now or later, along the last axis."""
    return np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]


def product_limit(events: np.ndarray, exposed: np.ndarray) -> np.ndarray:
    """Survival just after each interval; an interval that nobody enters has no hazard. Last axis; shapes are equal."""
    hazard = np.divide(events, exposed, out=np.zeros(np.shape(exposed)), where=exposed > 0)
    return np.cumprod(np.subtract(1.0, hazard, out=hazard), axis=-1, out=hazard)
