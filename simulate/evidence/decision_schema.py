"""Whom a decision concerns, and the trial that could inform it: what a scenario may say beyond one patient."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulate.evidence.fields import Id, Model, NonNegative, Positive, PositiveCount, Proportion
from simulate.evidence.money_schema import Money, Quantity
from simulate.evidence.regimen_schema import Stated

# Groups of parameters of the probabilistic analysis, as `simulate.economics.psa` names them.
Group = Literal["survival", "toxicity", "utilities", "costs of care", "treatment costs"]
MOST_YEARS = 100


class People(Quantity):
    """A number of patients."""

    value: Positive


class Uptake(Stated):
    """Share of the patients of each year who are given a strategy.

    `shares` with the decision, one a year, and `without` it, by default nobody. `strategy` is by default the last.
    Patients start at the `beginning` of each year, or `monthly` in equal numbers.
    """

    shares: tuple[Proportion, ...] = Field(min_length=1, max_length=MOST_YEARS)
    without: tuple[Proportion, ...] = ()
    strategy: Id | None = None
    starting: Literal["beginning", "monthly"] = "beginning"


class Affected(Model):
    """Whom the decision concerns: patients who come to it each year, and for how many years it stands."""

    yearly: People
    years: Annotated[float, Field(strict=True, gt=0, le=MOST_YEARS)] = 10.0
    uptake: Uptake | None = None


class ProposedTrial(Model):
    """A trial that could be run: its sizes, what it would inform, what it would cost.

    `today` is how many patients an arm today's knowledge of the group is worth, where that is not what it follows from:
    the trial's own patients for survival and toxicity, the spread of each number for others. `cost` is paid once,
    `cost_per_patient` for each patient of both arms. Its results are there after `years`.
    """

    patients_per_arm: tuple[PositiveCount, ...] = Field(min_length=1)
    informs: Group
    today: Positive | None = None
    cost: Money | None = None
    cost_per_patient: Money | None = None
    years: NonNegative = 0.0
