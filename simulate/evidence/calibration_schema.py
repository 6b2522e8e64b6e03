"""How a trial file says it wants to be calibrated: families, priors, overrides, and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from simulate.evidence.fields import Family, Flag, Id, Model, Number, Positive, Slug, Text


class Prior(Model):
    """A prior by mean and standard deviation."""

    mean: Number
    sd: Positive


class EndpointModel(Model):
    """How the distribution of one endpoint is chosen.

    `effect` says how arms differ: each its own shape, or one for all (proportional hazards for a Weibull). `ratio_cuts`
    (months, increasing) asks for a piecewise-constant hazard ratio on the first arm's distribution instead.
    `shape_prior` replaces the prior of the family's log shape (of a Gompertz: shape times median).
    """

    family: Family = "auto"
    cure: Flag = False
    effect: Literal["shape_per_arm", "common_shape"] = "shape_per_arm"
    ratio_cuts: tuple[Positive, ...] = ()
    shape_prior: Prior | None = None
    why: Text | None = None

    @field_validator("ratio_cuts")
    @classmethod
    def _increasing(cls, cuts: tuple[float, ...]) -> tuple[float, ...]:
        if list(cuts) != sorted(set(cuts)):
            raise ValueError("months must increase")
        return cuts


class PriorChoice(Model):
    """A parameter the figures do not identify: its prior, where it comes from, and an optional fixed value."""

    prior: Prior
    fixed: Number | None = None
    source: Slug | None = None
    why: Text


class Calibration(Model):
    """How the trial is calibrated; every choice can be overridden here and says why.

    `structure` is what the figures can tell: PFS and OS (``illness_death``), OS alone (``survival_only``: there is no
    progression in the model), or proportions alone (``outcomes_only``).
    """

    structure: Literal["illness_death", "survival_only", "outcomes_only"] = "illness_death"

    cuts: dict[Id, Id] = Field(default_factory=dict)
    pfs: EndpointModel = EndpointModel()
    pps: EndpointModel = EndpointModel()
    death_share: PriorChoice | None = None
    dependence: PriorChoice | None = None
    note: Text | None = None
