"""Time spent in a state, discounted or not: what the lanes in it gain between entry and exit."""

from __future__ import annotations

from simulate.kernel import vector_math as vm
from simulate.kernel.arrays import SOME_CLOCK, SOME_LANE, U1
from simulate.kernel.jit import compiled
from simulate.kernel.transitions import fill


@compiled
def spend(factor, spent, clock, at, s, n, horizon):
    """Months in state `s` up to the horizon; `factor` is the clock at entry up to the horizon."""
    for i in range(n):
        now, before = min(clock[i], horizon), factor[i]
        here = at[i] == s
        spent[i] = now - before if here else 0.0
        factor[i] = now if here else before


@compiled
def discount(factor, clock, n, horizon, minus_rate):
    """Discount factor at the clock, or at the horizon if that is sooner."""
    for i in range(n):
        factor[i] = vm.exp(minus_rate * min(clock[i], horizon))


@compiled
def spend_discounted(factor, spent, at, s, n, scale):
    """Discounted months in state `s`: (factor at entry - factor at exit) / rate; `spent` holds the factor at exit."""
    for i in range(n):
        now, before = spent[i], factor[i]
        here = at[i] == s
        gained = (before - now) * scale
        spent[i] = gained if here else 0.0
        factor[i] = now if here else before


@compiled
def spend_packed(work, r, spent, m, n, horizon, rate):
    """`spend` or `spend_discounted` for packed lanes, whose clocks at exit are in the row SOME_CLOCK."""
    lane_of, factor, clock, now = work.whole[SOME_LANE], work.factor[r], work.real[SOME_CLOCK], work.real[U1]
    fill(spent, n, 0.0)
    if rate == 0.0:
        for i in range(m):
            lane, months = lane_of[i], min(clock[i], horizon)
            spent[lane] = months - factor[lane]
            factor[lane] = months
    else:
        scale = 1.0 / rate
        discount(now, clock, m, horizon, -rate)
        for i in range(m):
            lane = lane_of[i]
            spent[lane] = (factor[lane] - now[i]) * scale
            factor[lane] = now[i]
