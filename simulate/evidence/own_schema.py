"""A model that a scenario brings along: curves and amounts as a published evaluation prints them in its input table.

No trial is calibrated and nothing is inferred: what the table says is what is calculated, so that a published
partitioned survival analysis can be rebuilt line by line.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulate.evidence.fields import Flag, Id, Model, Positive, PositiveCount, Text
from simulate.evidence.money_schema import Money, Quantity, Share, Utility

Unit = Literal["days", "weeks", "months", "years"]
MONTHS = {"days": 1.0 / 30.4375, "weeks": 7.0 / 30.4375, "months": 1.0, "years": 12.0}
# Parameters as R and most input tables name them: `weibull_ph` is exp(-rate * t**shape), `gompertz` has the hazard
# rate * exp(shape * t).
CURVES: dict[str, tuple[str, ...]] = {
    "exponential": ("rate",),
    "weibull": ("shape", "scale"),
    "weibull_ph": ("rate", "shape"),
    "lognormal": ("meanlog", "sdlog"),
    "loglogistic": ("shape", "scale"),
    "gompertz": ("shape", "rate"),
}


class OwnCurve(Model):
    """A survival curve: its family with the parameters that input tables give, in the unit of the model.

    `hazard_ratio` multiplies the hazard, for tables that print one curve and a ratio. Then `of` names the strategy
    whose curve that is, in the place of `family` and `parameters`: the two are drawn together.
    """

    family: Literal["exponential", "weibull", "weibull_ph", "lognormal", "loglogistic", "gompertz"] | None = None
    parameters: dict[Id, Quantity] = Field(default_factory=dict)
    of: Id | None = None
    hazard_ratio: Quantity | None = None


class Repeated(Model):
    """A cost that comes again: `every` so many units of time while in `state`, `times` at most, the first at once."""

    what: Text
    cost: Money
    every: Positive
    times: PositiveCount | None = None
    state: Literal["progression_free", "progressed"] = "progression_free"


class OwnArm(Model):
    """One strategy: two curves and what it costs.

    `costs` and `utilities` are of a state, a month there; those of the economic file count where a state is not named.
    `start`, `progression` and `death` are paid once. `toxicities` are the shares of patients with an event.
    """

    pfs: OwnCurve
    os: OwnCurve
    costs: dict[Literal["progression_free", "progressed"], Money] = Field(default_factory=dict)
    utilities: dict[Literal["progression_free", "progressed"], Utility] = Field(default_factory=dict)
    repeated: tuple[Repeated, ...] = ()
    start: Money | None = None
    progression: Money | None = None
    death: Money | None = None
    toxicities: dict[Id, Share] = Field(default_factory=dict)


class OwnModel(Model):
    """Curves of every strategy. `unit` is that of all times and rates in it, `grid` the step of the calculation in it.

    `capped`: progression-free survival is cut down to overall survival where the curves cross, and reported.
    """

    unit: Unit
    grid: Positive = 1.0
    capped: Flag = True
    arms: dict[Id, OwnArm] = Field(min_length=1)
    note: Text | None = None

    def bare(self, arm: str, endpoint: str) -> tuple[str, OwnCurve]:
        """The arm whose family and parameters a curve has, itself but for a curve `of` another; and that curve."""
        own: OwnCurve = getattr(self.arms[arm], endpoint)
        return (arm, own) if own.of is None else (own.of, getattr(self.arms[own.of], endpoint))
