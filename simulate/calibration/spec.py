"""What is calibrated: families, priors and the layout of the parameter vector.

The vector ``x`` is standardised: each entry is a prior standard deviation from its prior mean, so the prior is
``N(0, I)`` and ``|x|^2 / 2`` is the penalty of the constrained MAP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammainccinv, gammaincinv

from simulate.errors import input_error
from simulate.model.types import ArmModel, Distribution

Array = NDArray[np.float64]
Cell = tuple[str, str]

# Prior on the shape of each family: mean and SD on the scale named in `_base`. Weibull, log-normal (k = 1 / sigma) and
# generalised gamma: log k about log 1.1 +- 0.25; log-logistic about log 1.8. Gompertz: shape times median, set so that
# the hazard grows about as a Weibull's with k = 1.1 does between a quarter of the median and three medians.
SHAPE_PRIOR: dict[str, tuple[float, float]] = {
    "weibull": (math.log(1.1), 0.25),
    "lognormal": (math.log(1.1), 0.25),
    "gengamma": (math.log(1.1), 0.25),
    "loglogistic": (math.log(1.8), 0.25),
    "gompertz": (0.1, 0.25),
}
Q_PRIOR = (0.5, 0.5)  # between log-normal (0) and Weibull (1)
CURE_PRIOR = (math.log(0.05 / 0.95), 1.0)
LOCATION_SD = 1.0  # log median: weak, around a guess that a reported median made
PROGNOSIS_SD = 0.4  # log median of a stratum, shared by the arms: a ratio of two strata has 0.57
INTERACTION_SD = 0.3  # log median of one arm in one stratum: a ratio of two effects has 0.6
RATIO_SD = 0.7  # log hazard ratio of each piece


@dataclass(frozen=True)
class Learned:
    """Shapes of the arms as the library's other studies see them: shifts of the family's prior mean, covariance."""

    arms: tuple[str, ...]
    shift: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class ProcessSpec:
    """One time to event: family, cure, and how arms differ.

    `effect` is ``shape_per_arm`` (own median and shape), ``common_shape`` (own median; proportional hazards for a
    Weibull) or ``piecewise_hazard_ratio`` (first arm's distribution times a ratio that changes at `cuts`, months).
    `shape_prior` replaces the family's own (mean, SD) of `SHAPE_PRIOR`; `learned` holds the shifts of that mean, arm by
    arm, and their covariance that the library's other studies suggest (`simulate.calibration.shapes`).
    """

    family: str = "weibull"
    cure: bool = False
    effect: str = "shape_per_arm"
    cuts: tuple[float, ...] = ()
    shape_prior: tuple[float, float] | None = None
    learned: Learned | None = None

    def prior_of_shape(self, arm: str) -> tuple[float, float]:
        """Mean and standard deviation of the shape's prior for an arm, or for all of them together (``all``)."""
        if self.shape_prior is not None:
            return self.shape_prior
        mean, sd = SHAPE_PRIOR[self.family]
        if self.learned is None:
            return mean, sd
        shift, covariance = np.array(self.learned.shift), np.array(self.learned.covariance)
        if arm == "all":
            return mean + float(shift.mean()), math.sqrt(float(covariance.mean()))
        i = self.learned.arms.index(arm)
        return mean + float(shift[i]), math.sqrt(float(covariance[i, i]))

    @property
    def label(self) -> str:
        """Short name for tables."""
        effect = {"shape_per_arm": "", "common_shape": ", common shape", "piecewise_hazard_ratio": ", piecewise HR"}
        return ("mixture cure " if self.cure else "") + self.family + effect[self.effect]


@dataclass(frozen=True)
class Spec:
    """A specification of the joint model of one trial."""

    arms: tuple[str, ...]
    strata: tuple[str, ...]
    pfs: ProcessSpec = field(default_factory=ProcessSpec)
    pps: ProcessSpec = field(default_factory=ProcessSpec)
    death_share: tuple[float, float] = (0.1, 0.7)  # prior: median share, SD on the logit scale
    dependence: float = 0.0
    guess: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # process -> arm -> median guess, months
    # process -> arm -> SD of the log median where no median was reported; `LOCATION_SD` elsewhere
    location_sd: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """One entry of the vector: its name and its normal prior on the natural (log, logit) scale."""

    name: str
    mean: float
    sd: float


def _logit(share: float) -> float:
    """Logit of a share, of 1e-6 at the ends: a file may fix the death share at none or all."""
    share = min(max(share, 1e-6), 1.0 - 1e-6)
    return math.log(share / (1.0 - share))


def _process_parameters(prefix: str, process: ProcessSpec, spec: Spec) -> list[Parameter]:
    arms, strata, guess = spec.arms, spec.strata, spec.guess[prefix]
    width = spec.location_sd.get(prefix, {})
    out = []
    piecewise = process.effect == "piecewise_hazard_ratio"
    for i, arm in enumerate(arms):
        if piecewise and i > 0:
            out += [Parameter(f"{prefix}.log_ratio_{w}.{arm}", 0.0, RATIO_SD) for w in range(len(process.cuts) + 1)]
        else:
            out.append(Parameter(f"{prefix}.log_median.{arm}", math.log(guess[arm]), width.get(arm, LOCATION_SD)))
    if process.family in SHAPE_PRIOR:
        own = process.effect == "shape_per_arm"
        for arm in arms if own else ("all",):
            out.append(Parameter(f"{prefix}.shape.{arm}", *process.prior_of_shape(arm)))
    if process.family == "gengamma":
        out.append(Parameter(f"{prefix}.q", *Q_PRIOR))
    if process.cure:
        for arm in arms[:1] if piecewise else arms:
            out.append(Parameter(f"{prefix}.cure.{arm}", *CURE_PRIOR))
    if len(strata) > 1:
        out += [Parameter(f"{prefix}.prognosis.{s}", 0.0, PROGNOSIS_SD) for s in strata]
        out += [Parameter(f"{prefix}.interaction.{a}.{s}", 0.0, INTERACTION_SD) for a in arms for s in strata]
    return out


def base_distribution(family: str, median: float, shape: float, q: float, cure: float) -> Distribution:
    """A family from its median (of those not cured) and its shape on the prior's scale."""
    if family == "exponential":
        return Distribution(family, (median / math.log(2.0),), cure)
    if family == "gompertz":
        growth = shape if abs(shape) > 1e-8 else 1e-8
        g = growth / median
        return Distribution(family, (g, math.log(2.0) * g / math.expm1(growth)), cure)
    k = math.exp(shape)
    if family == "weibull":
        return Distribution(family, (k, median / math.log(2.0) ** (1.0 / k)), cure)
    if family == "loglogistic":
        return Distribution(family, (k, median), cure)
    if family == "lognormal":
        return Distribution(family, (math.log(median), 1.0 / k), cure)
    if family == "gengamma":
        if abs(q) < 1e-4:
            q = 1e-4
        m = 1.0 / (q * q)
        x = gammaincinv(m, 0.5) if q > 0 else gammainccinv(m, 0.5)
        return Distribution(family, (math.log(median) - math.log(x / m) / (q * k), 1.0 / k, q), cure)
    raise input_error(f"unknown family {family!r}.", field="family")


class Layout:
    """Names, priors and meaning of the vector of a `Spec`."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        parameters = [
            *_process_parameters("pfs", spec.pfs, spec),
            Parameter("death_share", _logit(spec.death_share[0]), spec.death_share[1]),
            *_process_parameters("pps", spec.pps, spec),
        ]
        self.parameters = tuple(parameters)
        self.index = {p.name: i for i, p in enumerate(parameters)}
        self._mean = np.array([p.mean for p in parameters])
        self._scale = np.diag([p.sd for p in parameters])
        self._read: dict[tuple[str, str, str], tuple[int, ...]] = {}
        self._made: dict[tuple[object, ...], Distribution] = {}
        for prefix, process in (("pfs", spec.pfs), ("pps", spec.pps)):
            at = [self.index[n] for a in spec.arms if (n := f"{prefix}.shape.{a}") in self.index]
            if process.learned is not None and process.shape_prior is None and len(at) > 1:
                # arms share part of the prior: the entry of each is standardised given those before it
                self._scale[np.ix_(at, at)] = np.linalg.cholesky(np.array(process.learned.covariance))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.parameters)

    def natural(self, x: Array) -> Array:
        """Natural (log, logit) scale of a standardised vector."""
        return self._mean + self._scale @ np.asarray(x)

    def _remembered(self, place: tuple[str, str, str], spec: ProcessSpec, z: list[float]) -> Distribution:
        """The distribution of a process, arm and stratum; made once for the same values of the entries it reads."""
        read = self._read.get(place)
        key = None if read is None else (place, *(z[i] for i in read))
        found = None if key is None else self._made.get(key)
        if found is not None:
            return found
        found, self._read[place] = self._distribution(*place, spec, z)
        if len(self._made) > 400:
            self._made.clear()
        self._made[place, *(z[i] for i in self._read[place])] = found
        return found

    def _distribution(
        self, prefix: str, arm: str, stratum: str, spec: ProcessSpec, z: list[float]
    ) -> tuple[Distribution, tuple[int, ...]]:
        """A distribution, and the entries of the natural vector it was made of, which do not depend on their values."""
        read: dict[int, None] = {}

        def get(name: str, default: float = 0.0) -> float:
            i = self.index.get(f"{prefix}.{name}")
            if i is None:
                return default
            read[i] = None
            return z[i]

        reference = self.spec.arms[0]
        piecewise = spec.effect == "piecewise_hazard_ratio"
        own = reference if piecewise else arm
        interaction = get(f"interaction.{arm}.{stratum}")
        shift = get(f"prognosis.{stratum}") + (0.0 if piecewise else interaction)
        median = math.exp(min(max(get(f"log_median.{own}") + shift, -6.0), 9.0))
        shape = get(f"shape.{arm}", get("shape.all"))
        if spec.family != "gompertz":
            shape = min(max(shape, -2.5), 2.5)
        cure = float(expit(get(f"cure.{own}", -math.inf)))
        base = base_distribution(spec.family, median, shape, min(max(get("q"), -3.0), 3.0), min(cure, 0.999))
        if not piecewise or arm == reference:
            return base, tuple(read)
        pieces = range(len(spec.cuts) + 1)
        ratios = tuple(math.exp(get(f"log_ratio_{i}.{arm}") - interaction) for i in pieces)
        return Distribution(base.family, base.params, base.cure, spec.cuts, ratios), tuple(read)

    def cells(self, x: Array) -> dict[Cell, ArmModel]:
        """The `ArmModel` of every arm and stratum."""
        z = self.natural(x).tolist()
        share = float(expit(z[self.index["death_share"]]))
        out = {}
        for arm in self.spec.arms:
            for stratum in self.spec.strata:
                pfs = self._remembered(("pfs", arm, stratum), self.spec.pfs, z)
                pps = self._remembered(("pps", arm, stratum), self.spec.pps, z)
                out[arm, stratum] = ArmModel(pfs, share, pps, self.spec.dependence)
        return out
