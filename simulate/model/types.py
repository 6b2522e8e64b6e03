"""The generative model: one illness-death process per arm and stratum, named once, frozen.

Nothing here samples or integrates: `simulate.analytic` integrates this model, `simulate.model.graph` turns it into the
arrays of the compiled kernel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.errors import input_error
from simulate.model.families import FAMILIES
from simulate.model.hashed import hashed_once

Array = NDArray[np.float64]
DAYS_PER_MONTH = 30.4375


@hashed_once
@dataclass(frozen=True)
class Distribution:
    """Time to an event, in months: a family, a cured share, and a piecewise-constant hazard ratio on top.

    Parameters
    ----------
    family : a key of `simulate.model.families.FAMILIES`.
    params : the family's parameters, in its documented order.
    cure : share that never has the event; ``S = cure + (1 - cure) * S0``.
    ratio_cuts, ratios : hazard ratio ``ratios[i]`` applies on ``[ratio_cuts[i-1], ratio_cuts[i])``; one more ratio than
        cuts. No ratios means 1 throughout.

    Raises
    ------
    InputError : unknown family, wrong number of parameters, a parameter outside its range.
    """

    family: str
    params: tuple[float, ...]
    cure: float = 0.0
    ratio_cuts: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        spec = FAMILIES.get(self.family)
        if spec is None:
            raise input_error(f"unknown family {self.family!r}; allowed are {', '.join(FAMILIES)}.", field="family")
        if len(self.params) != len(spec.parameters):
            raise input_error(
                f"{self.family} takes {len(spec.parameters)} parameters ({', '.join(spec.parameters)}), "
                f"found {len(self.params)}.",
                field="params",
            )
        for name, positive, value in zip(spec.parameters, spec.positive, self.params, strict=True):
            if not math.isfinite(value) or (positive and value <= 0.0):
                raise input_error(
                    f"{self.family} {name} is {value}; it must be finite{' and > 0' * positive}.", field="params"
                )
        if not 0.0 <= self.cure < 1.0:
            raise input_error(f"cure is {self.cure}; allowed is [0, 1).", field="cure")
        if self.ratio_cuts and len(self.ratios) != len(self.ratio_cuts) + 1:
            raise input_error("piecewise hazard ratios need one more ratio than cuts.", field="ratios")
        if list(self.ratio_cuts) != sorted(set(self.ratio_cuts)) or any(c <= 0 for c in self.ratio_cuts):
            raise input_error("hazard-ratio cuts must be positive and increasing.", field="ratio_cuts")
        if any(not math.isfinite(r) or r < 0 for r in self.ratios):
            raise input_error("hazard ratios must be finite and not negative.", field="ratios")

    def _base_hazard(self, t: Array) -> Array:
        h = FAMILIES[self.family].cumulative_hazard(t, *self.params)
        if self.cure > 0.0:
            h = -np.log(self.cure + (1.0 - self.cure) * np.exp(-h))
        return h

    def cumulative_hazard(self, t: ArrayLike) -> Array:
        """Cumulative hazard at `t` (months, any shape)."""
        at = np.maximum(np.asarray(t, dtype=float), 0.0)
        h = self._base_hazard(at)
        if not self.ratios:
            return h
        if not self.ratio_cuts:
            return self.ratios[0] * h
        at_cut = self._base_hazard(np.asarray(self.ratio_cuts))
        total = self.ratios[0] * np.minimum(h, at_cut[0])
        upper = np.append(at_cut[1:], np.inf)
        for ratio, low, high in zip(self.ratios[1:], at_cut, upper, strict=True):
            total = total + ratio * np.clip(h - low, 0.0, high - low)
        return total

    def survival(self, t: ArrayLike) -> Array:
        """Probability of no event by `t` months."""
        return np.exp(-self.cumulative_hazard(t))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> Array:
        """Time at which the cumulative hazard reaches `h`; ``inf`` where it never does."""
        h = np.asarray(h, dtype=float)
        if self.ratios:
            if self.ratio_cuts:
                base = self._base_hazard(np.asarray(self.ratio_cuts))
                knots = np.concatenate(([0.0], base))
                mapped = np.concatenate(([0.0], np.cumsum(np.diff(knots) * np.asarray(self.ratios[:-1]))))
                piece = np.clip(np.searchsorted(mapped, h, side="right") - 1, 0, len(self.ratios) - 1)
                ratio = np.asarray(self.ratios)[piece]
                with np.errstate(divide="ignore", invalid="ignore"):
                    h = np.where(h == mapped[piece], knots[piece], knots[piece] + (h - mapped[piece]) / ratio)
            elif self.ratios[0] == 0.0:
                return np.full(h.shape, np.inf)
            else:
                h = h / self.ratios[0]
        if self.cure > 0.0:
            with np.errstate(divide="ignore", invalid="ignore"):
                s0 = (np.exp(-h) - self.cure) / (1.0 - self.cure)
                h = np.where(s0 <= 0.0, np.inf, -np.log(np.maximum(s0, 0.0)))
        with np.errstate(over="ignore"):
            return np.where(
                np.isinf(h), np.inf, FAMILIES[self.family].inverse(np.where(np.isinf(h), 1.0, h), *self.params)
            )

    def quantile(self, p: ArrayLike) -> Array:
        """Time by which a share `p` has had the event."""
        return self.inverse_cumulative_hazard(-np.log1p(-np.asarray(p, dtype=float)))

    @property
    def median(self) -> float:
        """Median time in months (``inf`` if more than half never have the event)."""
        return float(self.quantile(0.5))

    def with_hazard_ratio(self, ratio: float) -> Distribution:
        """The same distribution with every hazard multiplied by `ratio`."""
        ratios = tuple(r * ratio for r in self.ratios) if self.ratios else (ratio,)
        return Distribution(self.family, self.params, self.cure, self.ratio_cuts, ratios)


@dataclass(frozen=True)
class ArmModel:
    """Progression-free time, share of its events that are deaths, and post-progression survival.

    OS is PFS for a death and PFS + PPS for a progression, so PFS never exceeds OS. `dependence` (gamma) multiplies the
    PPS time by ``(t_progression / median PFS) ** gamma``; 0 means that PPS does not depend on when progression came.
    """

    pfs: Distribution
    death_share: float
    pps: Distribution
    dependence: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.death_share <= 1.0:
            raise input_error(f"death_share is {self.death_share}; allowed is [0, 1].", field="death_share")


@dataclass(frozen=True)
class Toxicity:
    """Ordered grades of one adverse event; `rates[arm][g]` is the probability of `grades[g]` or worse.

    `headline` is the grade that stands for the event in summaries, the mildest if empty.
    """

    event: str
    label: str
    grades: tuple[str, ...]
    rates: Mapping[str, tuple[float, ...]]
    headline: str = ""

    def __post_init__(self) -> None:
        for arm, rates in self.rates.items():
            if len(rates) != len(self.grades) or any(not 0.0 <= r <= 1.0 for r in rates):
                raise input_error("one rate in [0, 1] per grade is needed.", field=f"toxicity.{self.event}.{arm}")
            if any(b > a for a, b in pairwise(rates)):
                raise input_error("rates must not increase with the grade.", field=f"toxicity.{self.event}.{arm}")


@dataclass(frozen=True)
class JointModel:
    """One joint generative model per arm of a trial: strata × arms of `ArmModel`, plus toxicities.

    `mix[arm]` are the shares of the strata in that arm (they add up to 1). `cells` is keyed by ``(arm, stratum)``.
    """

    id: str
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    mix: Mapping[str, tuple[float, ...]]
    cells: Mapping[tuple[str, str], ArmModel]
    toxicities: tuple[Toxicity, ...] = field(default=())

    def __post_init__(self) -> None:
        for arm in self.arms:
            shares = self.mix[arm]
            if len(shares) != len(self.strata) or abs(sum(shares) - 1.0) > 1e-9 or min(shares) < 0:
                raise input_error("shares of strata must be >= 0 and add up to 1.", field=f"mix.{arm}")
            for stratum in self.strata:
                if (arm, stratum) not in self.cells:
                    raise input_error("no model for this arm and stratum.", field=f"cells.{arm}.{stratum}")

    def to_json(self) -> str:
        """Serialise; `from_json` gives an equal model."""
        doc = {
            "id": self.id,
            "arms": self.arms,
            "strata": self.strata,
            "mix": dict(self.mix),
            "cells": [{"arm": a, "stratum": s, **asdict(c)} for (a, s), c in sorted(self.cells.items())],
            "toxicities": [asdict(t) for t in self.toxicities],
        }
        return json.dumps(doc, indent=1, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> JointModel:
        """Inverse of `to_json`."""
        doc: dict[str, Any] = json.loads(text)

        def dist(d: dict[str, Any]) -> Distribution:
            return Distribution(
                d["family"], *(tuple(d["params"]), d["cure"], tuple(d["ratio_cuts"]), tuple(d["ratios"]))
            )

        cells = {
            (c["arm"], c["stratum"]): ArmModel(dist(c["pfs"]), c["death_share"], dist(c["pps"]), c["dependence"])
            for c in doc["cells"]
        }
        tox = tuple(
            Toxicity(
                t["event"],
                t["label"],
                tuple(t["grades"]),
                {a: tuple(r) for a, r in t["rates"].items()},
                t.get("headline", ""),
            )
            for t in doc["toxicities"]
        )
        mix = {a: tuple(m) for a, m in doc["mix"].items()}
        return JointModel(doc["id"], tuple(doc["arms"]), tuple(doc["strata"]), mix, cells, tox)
