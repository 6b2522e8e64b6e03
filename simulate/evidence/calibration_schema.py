"""How a trial file says it wants to be calibrated: families, priors, overrides, and why."""

from __future__ import annotations

from pydantic import Field

from simulate.evidence.fields import Family, Flag, Id, Model, Number, Positive, Slug, Text


class EndpointModel(Model):
    """How the distribution of one endpoint is chosen; `ratio_cuts` asks for a piecewise hazard ratio."""

    family: Family = "auto"
    cure: Flag = False
    ratio_cuts: tuple[Positive, ...] = ()
    why: Text | None = None


class Prior(Model):
    """A prior by mean and standard deviation."""

    mean: Number
    sd: Positive


class PriorChoice(Model):
    """A parameter the figures do not identify: its prior, where it comes from, and an optional fixed value."""

    prior: Prior
    fixed: Number | None = None
    source: Slug | None = None
    why: Text


class Calibration(Model):
    """How the trial is calibrated; every choice can be overridden here and says why."""

    cuts: dict[Id, Id] = Field(default_factory=dict)
    pfs: EndpointModel = EndpointModel()
    pps: EndpointModel = EndpointModel()
    death_share: PriorChoice | None = None
    dependence: PriorChoice | None = None
    shape_prior: Prior | None = None
    note: Text | None = None
