"""Treatments of a network meta-analysis: posterior draws of log hazard ratios put on a comparator's curves.

The draws are read by `simulate.evidence.effects.read_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from simulate.analytic import Integrator
from simulate.errors import input_error
from simulate.evidence.effects import Effects, read_effects
from simulate.model.types import DAYS_PER_MONTH, ArmModel, JointModel

__all__ = ["Effects", "read_effects", "with_effects"]

Array = NDArray[np.float64]
REACH = 6.0  # log hazard ratios after progression that are tried to meet one of overall survival


def with_effects(
    models: Sequence[JointModel],
    comparator: str,
    arm: str,
    pfs: Array,
    *,
    pps: Array | None = None,
    os: Array | None = None,
    follow_up: float = 36.0,
) -> list[JointModel]:
    """Models with one more arm: the comparator's under hazard ratios, draw by draw.

    Every stratum of the comparator keeps its curves' shapes, its share of PFS events that are deaths and its dependence
    between times; log hazard ratio `pfs` acts on PFS, and on survival after progression acts `pps`, or whatever lets
    overall survival have log hazard ratio `os`. The latter is solved in each draw so that mean overall survival
    restricted to `follow_up`, over the strata, is that of the comparator's curve to the power of the ratio. The new arm
    has no adverse events of its own. Draws of models and of effects are paired as they come and so independent, as
    are two sources of evidence; the trial that `models` stand on should not be counted again in the network.

    Parameters
    ----------
    models : draws of the joint model (`simulate.cohort_draws.drawn_models`), or one of them.
    comparator : arm of the models whose curves are taken.
    arm : name of the new arm.
    pfs, pps, os : log hazard ratios, float64[len(models)]; at most one of `pps` and `os`, none for no effect then.
    follow_up : months over which an effect on overall survival is met.

    Raises
    ------
    InputError : an unknown comparator, an arm that is there, numbers of draws that differ, both `pps` and `os`, an
        effect on overall survival that no survival after progression can give.
    """
    if pps is not None and os is not None:
        raise input_error("give an effect after progression or on overall survival, not both.", field="pps")
    after = np.zeros(len(models)) if pps is None else np.asarray(pps, np.float64)
    first = np.asarray(pfs, np.float64)
    for name, ratio in (("pfs", first), ("pps", after), ("os", None if os is None else np.asarray(os, np.float64))):
        if ratio is not None and ratio.shape != (len(models),):
            message = f"has shape {ratio.shape} for {len(models)} models."
            raise input_error(message, field=name, advice="Take as many with Effects.sample.")
    target = _Target(follow_up)
    out = []
    for d, model in enumerate(models):
        if comparator not in model.arms:
            advice = f"Take one of {', '.join(model.arms)}."
            raise input_error(f"no arm {comparator!r}.", field="comparator", advice=advice)
        if arm in model.arms:
            raise input_error(f"the model has an arm {arm!r} already.", field="arm", advice="Give another name.")
        later = after[d] if os is None else target.after(model, comparator, float(first[d]), float(os[d]), d)
        cells = {(arm, s): _cell(model.cells[comparator, s], float(first[d]), float(later)) for s in model.strata}
        out.append(
            replace(
                model,
                arms=(*model.arms, arm),
                mix={**model.mix, arm: model.mix[comparator]},
                cells={**model.cells, **cells},
            )
        )
    return out


def _cell(cell: ArmModel, pfs: float, pps: float) -> ArmModel:
    return replace(cell, pfs=cell.pfs.with_hazard_ratio(math.exp(pfs)), pps=cell.pps.with_hazard_ratio(math.exp(pps)))


class _Target:
    """Survival after progression that gives overall survival a hazard ratio."""

    def __init__(self, follow_up: float) -> None:
        self.integrate = Integrator(max(math.ceil(follow_up * DAYS_PER_MONTH), 1))

    def _os(self, model: JointModel, arm: str, pfs: float, pps: float) -> Array:
        parts = zip(model.strata, model.mix[arm], strict=True)
        curves = [w * self.integrate(_cell(model.cells[arm, s], pfs, pps)).os for s, w in parts if w > 0.0]
        return np.asarray(np.sum(curves, axis=0), np.float64)

    def after(self, model: JointModel, arm: str, pfs: float, os: float, draw: int) -> float:
        """Log hazard ratio after progression."""
        wanted = float(np.sum(self._os(model, arm, 0.0, 0.0) ** math.exp(os)))

        def miss(pps: float) -> float:
            return float(np.sum(self._os(model, arm, pfs, pps))) - wanted

        if miss(-REACH) < 0.0 or miss(REACH) > 0.0:
            raise input_error(
                f"no survival after progression gives overall survival a hazard ratio of {math.exp(os):.3g} where that "
                f"of PFS is {math.exp(pfs):.3g} (draw {draw + 1}).",
                field="os",
                advice="Give an effect after progression, or effects that were estimated together.",
            )
        return float(brentq(miss, -REACH, REACH, xtol=1e-4))
