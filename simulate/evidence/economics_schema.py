"""What an economic file may say: who pays, in what money, what each thing costs, what health is worth.

Prices belong to things that are used (a vial, an hour of infusion, a month in a state), never to strategies: what a
strategy uses follows from its regimens' files and from the model.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulate.evidence.decision_schema import Affected, ProposedTrial
from simulate.evidence.fields import Id, Model, NonNegative, Number, Positive, Proportion, Slug, Text
from simulate.evidence.money_schema import (
    Currency,
    Disutility,
    Gain,
    Money,
    Quantity,
    Rate,
    Share,
    Size,
    Utility,
    Year,
)
from simulate.evidence.network_schema import Network
from simulate.evidence.regimen_schema import Stated

Age = Annotated[float, Field(strict=True, ge=0, le=110)]  # years
Method = Literal["continuous", "yearly", "per_cycle"]


class Discount(Model):
    """Yearly rates and how they are applied.

    `continuous`: a moment t years on counts ``exp(-rate t)``; `yearly`: each whole year ``(1 + rate)**-floor(t)``;
    `per_cycle`: ``(1 + rate)**-t`` at the time of each cycle.
    """

    costs: Rate
    effects: Rate
    method: Method


class Threshold(Stated):
    """What a payer gives for a QALY, in the currency of the file."""

    value: Positive
    label: Text | None = None


class SeverityWeight(Model):
    """Weight of a QALY where proportional or absolute shortfall reaches these; the higher of the two counts."""

    proportional: Annotated[float, Field(strict=True, gt=0, le=1)]
    absolute: Positive
    weight: Positive


class Severity(Stated):
    """Weights of severity, lowest first."""

    weights: tuple[SeverityWeight, ...] = Field(min_length=1)


class ReferenceCase(Model):
    """The rules of an agency for evaluations put to it."""

    id: Id
    label: Text
    body: Text
    country: Text
    currency: Currency
    perspective: Text
    horizon: Text
    discounting: Discount
    discounting_origin: Stated
    thresholds: tuple[Threshold, ...] = ()
    severity: Severity | None = None
    notes: tuple[Text, ...] = ()
    sources: tuple[Slug, ...] = ()


class IndexYear(Model):
    """Value of an index in a year."""

    year: Year
    value: Positive


class PriceIndex(Stated):
    """An index of prices by year, with which amounts of other years are brought to the file's."""

    label: Text
    values: tuple[IndexYear, ...] = Field(min_length=1)

    def of(self, year: int) -> float | None:
        """Value in a year; None where the file gives none."""
        return next((v.value for v in self.values if v.year == year), None)


class Exchange(Stated):
    """Units of the file's currency for one of another, in a year; the amount is then brought on by the file's index.

    `index` is of prices abroad: amounts with a `price_year` are brought to the year of the rate by it.
    """

    rate: Positive
    year: Year
    index: PriceIndex | None = None


class Vial(Model):
    """One size of vial and its price."""

    mg: Positive
    price: Money


class DrugPrice(Model):
    """How a drug is bought and given.

    `waste`: ``whole`` vials are opened for each dose, at the least cost; ``shared`` pays for what is given.
    `dose_intensity` is the share of planned doses that is given. `hours` of infusion, for the administration.
    """

    vials: tuple[Vial, ...] = Field(min_length=1)
    waste: Literal["whole", "shared"] = "whole"
    dose_intensity: Share | None = None
    hours: Positive | None = None
    note: Text | None = None


class Bodies(Model):
    """Sizes of the patients, from which doses follow."""

    weight: Size | None = None  # kg
    body_surface: Size | None = None  # m2
    clearance: Size | None = None  # mL/min, for Calvert's formula


class Administration(Model):
    """Each visit at which a drug is infused or swallowed."""

    first_hour: Money
    additional_hour: Money | None = None
    oral: Money | None = None


class StateValues(Model):
    """A month in a state, and what health is worth in it."""

    cost: Money | None = None
    utility: Utility | None = None


class EventValues(Model):
    """An adverse event: what it costs, what it takes from utility, for how many days."""

    cost: Money | None = None
    disutility: Disutility | None = None
    days: Positive | None = None
    why: Text | None = None


class Response(Model):
    """A good outcome of treatment, by the event that counts it: what it adds to the utility of a state while alive.

    From day `after` on, for `days` (without: for the rest of life). `why` says where these come from.
    """

    gain: Gain
    after: NonNegative = 0.0
    days: Positive | None = None
    why: Text | None = None


class NearDeath(Model):
    """Utility taken off in the last months of life."""

    months: Positive
    decrement: Disutility


class AgeNorm(Stated):
    """Mean utility of women of an age in the general population: a polynomial in years.

    Utilities of states are multiplied by the norm at a patient's age over that at the start.
    """

    coefficients: tuple[Number, ...] = Field(min_length=1)


class Subsequent(Model):
    """Treatment after progression: the share who have any, and what it costs once begun."""

    share: Share
    cost: Money


class Economics(Model):
    """One payer's prices and the values of health, each with its source.

    `states` names states of the model: ``progression_free``, ``progressed``, of pathways also ``second_line`` and
    ``after_second_line``. `once`: paid at an event (``progression``, ``death``). `monitoring` prices what regimens
    watch, by its name in their files; `procedures` their local treatments, by modality.
    """

    id: Id
    label: Text
    payer: Text
    reference_case: Id
    currency: Currency
    price_year: Year
    note: Text | None = None
    index: PriceIndex | None = None
    exchange: dict[Currency, Exchange] = Field(default_factory=dict)
    bodies: Bodies = Bodies()
    drugs: dict[Id, DrugPrice] = Field(default_factory=dict)
    administration: Administration | None = None
    monitoring: dict[Id, Money] = Field(default_factory=dict)
    procedures: dict[Id, Money] = Field(default_factory=dict)
    states: dict[Id, StateValues] = Field(default_factory=dict)
    once: dict[Literal["progression", "death"], Money] = Field(default_factory=dict)
    subsequent: Subsequent | None = None
    toxicities: dict[Id, EventValues] = Field(default_factory=dict)
    responses: dict[Id, Response] = Field(default_factory=dict)
    near_death: NearDeath | None = None
    age_norm: AgeNorm | None = None
    limits: tuple[Text, ...] = ()
    sources: tuple[Slug, ...] = ()

    def quantities(self) -> dict[tuple[str | int, ...], Quantity]:
        """Every uncertain number with its place in the file, in the file's order."""
        return places_of(self)


def places_of(model: Model) -> dict[tuple[str | int, ...], Quantity]:
    """Every uncertain number inside a record with its place, in the order of its fields."""
    out: dict[tuple[str | int, ...], Quantity] = {}
    _collect(model, (), out)
    return out


def _collect(value: object, path: tuple[str | int, ...], out: dict[tuple[str | int, ...], Quantity]) -> None:
    if isinstance(value, Quantity):
        out[path] = value
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            _collect(getattr(value, name), (*path, name), out)
    elif isinstance(value, dict):
        for key, item in value.items():
            _collect(item, (*path, key), out)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            _collect(item, (*path, i), out)


def shares_of_regimens(given: str | dict[str, float]) -> dict[str, float]:
    """Regimens of a strategy with their shares."""
    return {given: 1.0} if isinstance(given, str) else dict(given)


class Instead(Model):
    """What the patients of one scenario cost and feel, in the place of what the economic file says.

    Entries of `states` and `toxicities` replace field by field, so that a utility alone may be given; others whole.
    `without` names parts of the file that do not count here.
    """

    states: dict[Id, StateValues] = Field(default_factory=dict)
    once: dict[Literal["progression", "death"], Money] = Field(default_factory=dict)
    subsequent: Subsequent | None = None
    monitoring: dict[Id, Money] = Field(default_factory=dict)
    procedures: dict[Id, Money] = Field(default_factory=dict)
    toxicities: dict[Id, EventValues] = Field(default_factory=dict)
    responses: dict[Id, Response] = Field(default_factory=dict)
    near_death: NearDeath | None = None
    without: tuple[Literal["subsequent", "near_death", "age_norm"], ...] = ()


class Treated(Stated):
    """How long a strategy's patients were treated, as its trial says: the median number of cycles begun.

    A stop at a constant rate besides progression is solved so that the model returns it.
    """

    median_cycles: Annotated[float, Field(strict=True, ge=1, allow_inf_nan=False)]


class EconomicQuestion(Model):
    """How a scenario is evaluated.

    `setting` is an economic file, `instead` what it says otherwise of these patients. `regimens` say what each
    strategy gives: one regimen, or several with their shares; a strategy of a regimen gives that one if it is not
    named. `added` are further regimens with the share of patients who have them too. `treated` is how long; without
    it, until progression. `start_age`, years, is for the age norm and for `life_table`: deaths of other causes beyond
    the trial's follow-up, within which its curves contain them. `counting` is how time is summed: ``integral`` by
    default, or in cycles of `cycle` months at their ``start``, ``end``, by ``half_cycle`` or ``simpson``. `population`
    is whom the decision concerns, `proposed_trial` one that could inform it. `network` gives strategies the effects
    of a network meta-analysis in the place of their arms' own.
    """

    setting: Id
    instead: Instead | None = None
    regimens: dict[Id, Id | dict[Id, Proportion]] = Field(default_factory=dict)
    added: dict[Id, dict[Id, Proportion]] = Field(default_factory=dict)
    treated: dict[Id, Treated] = Field(default_factory=dict)
    start_age: Age | None = None
    life_table: Id | None = None
    counting: Literal["integral", "start", "end", "half_cycle", "simpson"] = "integral"
    cycle: Positive = 1.0
    discounting: Discount | None = None
    thresholds: tuple[Positive, ...] = ()
    population: Affected | None = None
    proposed_trial: ProposedTrial | None = None
    network: Network | None = None
