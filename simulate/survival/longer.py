"""The chance that a patient under one strategy outlives another patient under the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulate.errors import input_error
from simulate.survival.curves import SurvivalCurve
from simulate.survival.estimators import Array


class Longer(NamedTuple):
    """`value`: P(T1 > T0) with ties counted half; `undecided`: share of pairs in which both outlast the curves.

    The two patients are independent draws from the two curves. This is a statement about populations, the
    probabilistic index of the Mann-Whitney test. It is *not* the chance that a patient benefits: nobody is observed
    under both strategies, and no trial and no simulation of one identifies that.
    """

    value: float
    undecided: float


def probability_longer(curve1: SurvivalCurve, curve0: SurvivalCurve) -> Longer:
    """P(T1 > T0) for independent patients of `curve1` and `curve0`, ties and undecided pairs counted half.

    Raises
    ------
    InputError : curves that are not day counts on the same days.
    """
    if not (curve1.linear and curve0.linear):
        raise input_error("P(T1 > T0) needs two curves from day counts.")
    days = min(len(curve1.times), len(curve0.times))
    s1, s0 = curve1.survival[:days], curve0.survival[:days]
    return Longer(float(share_longer(s1, s0)), float(s1[-1] * s0[-1]))


def share_longer(survival1: Array, survival0: Array) -> Array:
    """P(T1 > T0) from survival at the same boundaries: ``(..., K + 1) -> (...)``, ties half."""
    dies0 = -np.diff(survival0, axis=-1)
    # both in one interval: with S straight in it, each is as likely to come first
    middle = 0.5 * (survival1[..., 1:] + survival1[..., :-1])
    return np.sum(dies0 * middle, axis=-1) + 0.5 * survival1[..., -1] * survival0[..., -1]
