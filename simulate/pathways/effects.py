"""Relative effects between arms of one trial, carried to another baseline.

The effect of X against C is the ratio of their hazards in short pieces of time, so that it need not be constant, for
progression and for death after progression, and the difference of their death shares on the logit scale. Applied to
a baseline model it gives X as it would do in the baseline's patients, if the effect is the same there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from simulate.analytic import cell_curves, cox_hazard_ratio, follow_up_weights
from simulate.errors import input_error
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution

Array = NDArray[np.float64]
CUTS = (2.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0)
LEAST = 0.35  # cumulative hazard in a piece: 30 % of those who enter it have the event
FOLLOW_UP = (24.0, 48.0)  # months of enrolment and cut-off under which a printed OS hazard ratio is met
WIDEST = 2.5  # log hazard ratio of death after progression
LIMIT = 20.0  # of a piece's hazard ratio: beyond, a piece holds too little hazard to say


@dataclass(frozen=True)
class Ratio:
    """Hazard ratio in pieces: `ratios[i]` before `CUTS[i]`, the last beyond the last."""

    ratios: tuple[float, ...]

    def __mul__(self, other: Ratio) -> Ratio:
        return Ratio(tuple(a * b for a, b in zip(self.ratios, other.ratios, strict=True)))

    def __pow__(self, exponent: float) -> Ratio:
        return Ratio(tuple(r**exponent for r in self.ratios))

    def inverse(self) -> Ratio:
        """Of C against X."""
        return self**-1.0


@dataclass(frozen=True)
class Effect:
    """Of one arm against another: `progression` and `death_after` as `Ratio`, `death_share` as log odds ratio."""

    progression: Ratio
    death_after: Ratio
    death_share: float

    def __mul__(self, other: Effect) -> Effect:
        return Effect(
            self.progression * other.progression,
            self.death_after * other.death_after,
            self.death_share + other.death_share,
        )

    def __pow__(self, exponent: float) -> Effect:
        return Effect(self.progression**exponent, self.death_after**exponent, self.death_share * exponent)


def between(treated: Distribution, control: Distribution) -> Ratio:
    """Hazard ratio of two distributions in pieces of time.

    Neighbouring pieces of `CUTS` are joined until each holds `LEAST` of the control's cumulative hazard: what two
    families of curves do where hardly anybody has the event is no evidence, and carried to a baseline with events there
    it would be taken for some.
    """
    edges = np.array([0.0, *CUTS, 2.0 * CUTS[-1]])
    a, b = (np.diff(d.cumulative_hazard(edges)) for d in (treated, control))
    groups: list[list[int]] = [[]]
    for i in range(len(b)):
        groups[-1].append(i)
        if b[groups[-1]].sum() >= LEAST and b[i + 1 :].sum() >= LEAST:
            groups.append([])
    ratio = np.ones(len(b))
    for group in groups:
        if b[group].sum() > 1e-9:
            ratio[group] = a[group].sum() / b[group].sum()
    return Ratio(tuple(float(r) for r in np.clip(ratio, 1.0 / LIMIT, LIMIT)))


def effect(treated: ArmModel, control: ArmModel) -> Effect:
    """Of one arm against another of the same trial and stratum.

    Raises
    ------
    InputError : one of them is known by overall survival only, the other is not.
    """
    if (treated.death_share == 1.0) != (control.death_share == 1.0):
        raise input_error("one arm has a progression and the other has not.", field="evidence")
    shift = 0.0
    if treated.death_share < 1.0:
        tiny = 1e-6
        ends = [float(logit(min(max(c.death_share, tiny), 1.0 - tiny))) for c in (treated, control)]
        shift = ends[0] - ends[1]
    return Effect(between(treated.pfs, control.pfs), between(treated.pps, control.pps), shift)


def with_ratio(base: Distribution, ratio: Ratio) -> Distribution:
    """A distribution with its hazard multiplied, piece by piece; pieces the base has already are kept."""
    cuts = sorted({*base.ratio_cuts, *CUTS})
    middles = [0.5 * (a + b) for a, b in zip([0.0, *cuts], [*cuts, 2.0 * cuts[-1]], strict=True)]
    own = base.ratios or (1.0,)
    ratios = [
        own[int(np.searchsorted(base.ratio_cuts, m))] * ratio.ratios[int(np.searchsorted(CUTS, m))] for m in middles
    ]
    return Distribution(base.family, base.params, base.cure, tuple(cuts), tuple(ratios))


def apply(base: ArmModel, effect: Effect) -> ArmModel:
    """The baseline under an effect."""
    share = base.death_share
    if 0.0 < share < 1.0:
        share = float(expit(logit(share) + effect.death_share))
    pfs, pps = with_ratio(base.pfs, effect.progression), with_ratio(base.pps, effect.death_after)
    return ArmModel(pfs, share, pps, base.dependence)


def printed(base: ArmModel, pfs: float | None, os: float | None, sign: int = 1) -> ArmModel:
    """The baseline under printed hazard ratios of PFS and OS (`sign` -1: of the baseline against the other).

    The ratio of death after progression is solved so that the Cox estimate of overall survival under `FOLLOW_UP` is the
    one printed; with one ratio alone the other is taken for the same.
    """
    first, last = ((r or other or 1.0) ** sign for r, other in ((pfs, os), (os, pfs)))

    def constant(r: float) -> Ratio:
        return Ratio((r,) * (len(CUTS) + 1))

    if base.death_share == 1.0:  # overall survival alone is modelled, in the place of PFS
        return apply(base, Effect(constant(last), constant(1.0), 0.0))
    days = math.ceil(FOLLOW_UP[1] * DAYS_PER_MONTH)
    control = cell_curves(base, days).os
    weights = follow_up_weights(days, *FOLLOW_UP)

    def arm(log_after: float) -> ArmModel:
        return apply(base, Effect(constant(first), constant(math.exp(log_after)), 0.0))

    def miss(log_after: float) -> float:
        return math.log(cox_hazard_ratio(cell_curves(arm(log_after), days).os, control, weights) / last)

    if miss(-WIDEST) > 0.0 or miss(WIDEST) < 0.0:
        raise input_error(
            f"an OS hazard ratio of {last:.3g} cannot stand beside a PFS ratio of {first:.3g} here.", field="effects.os"
        )
    return arm(float(f"{float(brentq(miss, -WIDEST, WIDEST, xtol=1e-8)):.9g}"))


def pulled(treated: ArmModel, control: ArmModel, share: float) -> ArmModel:
    """The treated arm if `share` of its log hazard ratio against the control is bias (0: as reported; 1: no effect)."""
    if share == 0.0:
        return treated
    return apply(control, effect(treated, control) ** (1.0 - share))


def stretched(time: Distribution, factor: float) -> Distribution:
    """The distribution of `factor` times the time."""
    cuts = tuple(c * factor for c in time.ratio_cuts)
    return Distribution(time.family, _scaled(time, factor), time.cure, cuts, time.ratios)


def _scaled(time: Distribution, factor: float) -> tuple[float, ...]:
    """Parameters of `factor` times the time, family by family."""
    p = time.params
    if time.family == "exponential":
        return (p[0] * factor,)
    if time.family in ("weibull", "loglogistic"):
        return (p[0], p[1] * factor)
    if time.family == "gompertz":
        return (p[0] / factor, p[1] / factor)
    return (p[0] + float(np.log(factor)), *p[1:])  # lognormal and generalised gamma have a log location
