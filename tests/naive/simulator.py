"""A slow, obvious second implementation of the model: one patient at a time, `numpy.random`, bisection, no kernel.

It shares nothing with the kernel and is written the other way round where there are two ways: the kernel lets
progression and death race, here the end of PFS is drawn first and then whether it was a death. Survival functions are
written out again; times are found by bisection on them.
"""

from __future__ import annotations

import math

from scipy import special


def base_survival(family, params, t):
    if t <= 0:
        return 1.0
    if family == "exponential":
        return math.exp(-t / params[0])
    if family == "weibull":
        return math.exp(-((t / params[1]) ** params[0]))
    if family == "gompertz":
        shape, rate = params
        return math.exp(-rate * t) if shape == 0 else math.exp(-(rate / shape) * (math.exp(min(shape * t, 700)) - 1))
    if family == "lognormal":
        return 0.5 * math.erfc((math.log(t) - params[0]) / params[1] / math.sqrt(2))
    if family == "loglogistic":
        return 1 / (1 + (t / params[1]) ** params[0])
    if family == "gengamma":  # Prentice: w = (log t - mu) / sigma, q^-2 exp(q w) is gamma with shape q^-2
        mu, sigma, q = params
        x = math.exp(min(q * (math.log(t) - mu) / sigma, 700)) / q**2
        return float(special.gammaincc(q**-2, x) if q > 0 else special.gammainc(q**-2, x))
    raise AssertionError(family)


def survival(d, t):
    """Survival at `t` of a dict(family, params, cure=0, cuts=(), ratios=())."""
    cure = d.get("cure", 0.0)

    def hazard(x):
        s = cure + (1 - cure) * base_survival(d["family"], d["params"], x)
        return -math.log(s) if s > 0 else math.inf

    cuts, ratios = list(d.get("cuts", ())), list(d.get("ratios", (1.0,)))
    total, start = 0.0, 0.0
    for end, ratio in zip([*cuts, math.inf], ratios, strict=True):
        if t > start and ratio > 0:
            total += ratio * (hazard(min(t, end)) - hazard(start))
        start = end
    return math.exp(-total)


def time_of(d, u, longest=1e7):
    """Time by which survival has fallen to `u`, by bisection; inf if it has not by `longest` months."""
    if survival(d, longest) > u:
        return math.inf
    low, high = 0.0, longest
    for _ in range(90):
        middle = 0.5 * (low + high)
        if survival(d, middle) > u:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def illness_death(rng, cell, n):
    """(pfs, os, progressed) of `n` patients of a dict(pfs, death_share, pps, dependence=0)."""
    median = time_of(cell["pfs"], 0.5)
    out = []
    for _ in range(n):
        pfs = time_of(cell["pfs"], rng.random())
        if pfs == math.inf:
            out.append((math.inf, math.inf, False))
        elif rng.random() < cell["death_share"]:
            out.append((pfs, pfs, False))
        else:
            pps = time_of(cell["pps"], rng.random()) * (pfs / median) ** cell.get("dependence", 0.0)
            out.append((pfs, pfs + pps, True))
    return out


def walk(rng, arrows, start, n):
    """Entry times by state of `n` patients through `arrows`: {state: [(next state, distribution, hazard factor)]}."""
    people = []
    for _ in range(n):
        state, clock, entered = start, 0.0, {start: 0.0}
        while state in arrows:
            draws = [(time_of(d, rng.random() ** (1 / factor)), to) for to, d, factor in arrows[state]]
            stay, to = min(draws)
            if stay == math.inf:
                break
            clock += stay
            state = to
            entered[state] = clock
        people.append(entered)
    return people
