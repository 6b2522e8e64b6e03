"""Uncertain numbers of an economic evaluation: amounts of money, utilities, sizes of patients."""

from __future__ import annotations

from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from simulate.evidence.fields import Model, Number, Positive, Proportion, Records, Text
from simulate.evidence.limits import MIN_RATE
from simulate.evidence.regimen_schema import Stated

Currency = Literal["AUD", "CAD", "CNY", "EUR", "GBP", "JPY", "USD"]
Year = Annotated[int, Field(strict=True, ge=1980, le=2100)]
Distribution = Literal["gamma", "beta", "lognormal", "normal", "fixed"]


def _not_tiny(rate: float) -> float:
    if 0 < rate < MIN_RATE:
        raise PydanticCustomError("rate_too_small", "Input should be 0 or at least {ge}", {"ge": MIN_RATE})
    return rate


Rate = Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False), AfterValidator(_not_tiny)]  # a year


class Spread(Model):
    """An interval of the mean, by default of 95 %."""

    low: Number
    high: Number
    level: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.95


class Quantity(Stated):
    """A number with its uncertainty: one of `se` (of the mean, not a standard deviation), `interval` or `cv`.

    `cv` is the standard error over the value. `fixed` has none: a list price, a number that a method fixes. By default
    costs are gamma, utilities and proportions beta, others normal. `borrowed` says from whom, where the number is not
    of this disease or this country.
    """

    value: Number
    se: Positive | None = None
    interval: Spread | None = None
    cv: Positive | None = None
    distribution: Distribution | None = None
    borrowed: Text | None = None
    record: Records | None = None

    @property
    def standard_error(self) -> float:
        """Standard error of the mean; 0 where the file gives none.

        From an interval it is the width over the normal quantiles, on the value's own scale.
        """
        if self.se is not None:
            return self.se
        if self.cv is not None:
            return self.cv * abs(self.value)
        if self.interval is not None:
            z = NormalDist().inv_cdf(0.5 + 0.5 * self.interval.level)
            return (self.interval.high - self.interval.low) / (2.0 * z)
        return 0.0


class Utility(Quantity):
    """Of a health state, 1 for full health; states worse than death are below 0."""

    value: Annotated[float, Field(strict=True, ge=-1, le=1)]


class Disutility(Quantity):
    """What is taken from a utility, so 0.1 and not -0.1."""

    value: Proportion


class Gain(Disutility):
    """What is added to a utility while an outcome of treatment lasts."""


class Share(Quantity):
    """A proportion of patients."""

    value: Proportion


class Money(Quantity):
    """An amount in `currency` at prices of `price_year`; those of the file where it does not say.

    `indexed` is false of an amount that stands as it was in its year: a list price, or a year before the index.
    """

    value: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
    currency: Currency | None = None
    price_year: Year | None = None
    indexed: bool = True


class Size(Quantity):
    """A measure of patients: their mean, its standard error as for every number, and how patients differ.

    `between` is the standard deviation between patients: vials are opened for each of them, not for the mean.
    """

    value: Positive
    between: Positive | None = None
