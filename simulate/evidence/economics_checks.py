"""Rules between the fields of economic files: amounts that can be converted, spreads that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from simulate.errors import InputError
from simulate.evidence.economics_schema import Economics, EventValues, Instead, PriceIndex, ReferenceCase, places_of
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share, Size, Utility
from simulate.evidence.origins import cited, origin

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

# Of the joint model, and of pathways.
STATES = ("progression_free", "progressed", "second_line", "after_second_line")
WIDE = 1.0  # coefficient of variation above which a standard error is more likely a slip


def check_reference_case(case: ReferenceCase, library: Library | None = None) -> list[Finding]:
    """Every rule a reference case breaks."""
    out = list(origin(("discounting_origin",), case.discounting_origin, library))
    for i, threshold in enumerate(case.thresholds):
        out += origin(("thresholds", i), threshold, library)
    if case.severity is not None:
        out += origin(("severity",), case.severity, library)
        weights = case.severity.weights
        for i, (low, high) in enumerate(pairwise(weights)):
            if not (high.proportional > low.proportional and high.absolute > low.absolute and high.weight > low.weight):
                message = "does not exceed the one before."
                out.append(Finding(("severity", "weights", i + 1), message, "List the weights from low to high."))
    return out + _sources(case.sources, library)


def check_economics(file: Economics, library: Library | None = None) -> list[Finding]:
    """Every rule an economic file breaks."""
    out: list[Finding] = []
    for path, quantity in file.quantities().items():
        out += origin(path, quantity, library)
        out += _spread(path, quantity)
        if isinstance(quantity, Money):
            out += _convertible(path, quantity, file)
    out += _drugs(file)
    for name in file.states:
        if name not in STATES:
            out.append(Finding(("states", name), f"no state {name!r}.", suggest(name, STATES)))
    out += _events((), file.toxicities)
    for name in ("index", "age_norm"):
        stated = getattr(file, name)
        if stated is not None:
            out += origin((name,), stated, library)
    for currency, exchange in file.exchange.items():
        out += origin(("exchange", currency), exchange, library)
        if exchange.index is not None:
            out += origin(("exchange", currency, "index"), exchange.index, library)
        if currency == file.currency:
            out.append(Finding(("exchange", currency), "is the file's own currency.", "Remove it."))
        elif exchange.year != file.price_year:
            out += _indexed(("exchange", currency, "year"), exchange.year, file.price_year, file.index)
    if library is not None:
        out += _reference(file, library)
    return out + _sources(file.sources, library)


def _events(path: FieldPath, events: Mapping[str, EventValues]) -> Iterator[Finding]:
    for name, event in events.items():
        here: FieldPath = (*path, "toxicities", name)
        if (event.disutility is None) != (event.days is None):
            yield Finding(here, "has only one of `disutility` and `days`.", "A loss of utility lasts some days.")
        if event.cost is None and event.disutility is None:
            yield Finding(here, "has neither a cost nor a disutility.", "Give one, or leave the event out.")


def check_instead(instead: Instead, file: Economics, library: Library) -> Iterator[Finding]:
    """Every rule that the numbers of a scenario break that stand in the place of a file's."""
    at: FieldPath = ("economics", "instead")
    for path, quantity in places_of(instead).items():
        yield from stated_quantity((*at, *path), quantity, library)
        if isinstance(quantity, Money):
            yield from convertible((*at, *path), quantity, file)
    for name in instead.states:
        if name not in STATES:
            yield Finding((*at, "states", name), f"no state {name!r}.", suggest(name, STATES))
    yield from _events(at, {k: v for k, v in instead.toxicities.items() if k not in file.toxicities})
    for name in instead.without:
        if getattr(instead, name, None) is not None:
            yield Finding((*at, "without"), f"names {name!r}, which is given too.", "Keep one of the two.")


def _sources(sources: tuple[str, ...], library: Library | None) -> list[Finding]:
    if library is None:
        return []
    return [f for i, source in enumerate(sources) for f in cited(("sources", i), source, library)]


def _reference(file: Economics, library: Library) -> Iterator[Finding]:
    known = library.reference_cases()
    if file.reference_case not in known:
        message = f"no reference case {file.reference_case!r}."
        yield Finding(("reference_case",), message, suggest(file.reference_case, known))
        return
    try:
        case = library.reference_case(file.reference_case)
    except InputError:
        message = f"reference case {file.reference_case!r} has errors."
        yield Finding(("reference_case",), message, library.see(f"reference_cases/{file.reference_case}"))
        return
    if case.currency != file.currency:
        message = f"{file.currency} is not the currency of reference case {case.id}, {case.currency}."
        yield Finding(("currency",), message, "Its thresholds are in that currency: use it, or another reference case.")


def _spread(path: FieldPath, quantity: Quantity) -> Iterator[Finding]:
    """At most one spread, around the value, that the distribution can have."""
    given = [name for name in ("se", "interval", "cv") if getattr(quantity, name) is not None]
    if len(given) > 1:
        yield Finding(path, f"has {' and '.join(given)}.", "Keep one: each says how uncertain the mean is.")
    if quantity.distribution == "fixed" and given:
        yield Finding((*path, given[0]), "is given for a fixed number.", "Remove it, or the distribution.")
    if quantity.interval is not None:
        low, high = quantity.interval.low, quantity.interval.high
        if not low <= quantity.value <= high:
            message = f"{low:g} to {high:g} does not contain the value {quantity.value:g}."
            yield Finding((*path, "interval"), message, "Check the three numbers.")
    if quantity.cv is not None and quantity.cv > WIDE:
        message = f"{quantity.cv:g} is a standard error larger than the value."
        yield Finding((*path, "cv"), message, "A coefficient of variation of 20 % is 0.2.")
    if quantity.se is not None and isinstance(quantity, Money | Size) and 0.0 < quantity.value < quantity.se:
        message = f"{quantity.se:g} exceeds the value {quantity.value:g}."
        yield Finding((*path, "se"), message, "Give the standard error of the mean, not a standard deviation.")
    yield from _distribution(path, quantity)


def _distribution(path: FieldPath, quantity: Quantity) -> Iterator[Finding]:
    name, value = quantity.distribution, quantity.value
    here: FieldPath = (*path, "distribution")
    if name in ("gamma", "lognormal") and value <= 0.0:
        yield Finding(here, f"a {name} mean is above 0, found {value:g}.", "Take normal or fixed.")
    beta = name == "beta" or (name is None and isinstance(quantity, Utility | Disutility | Share))
    if name == "beta" and not 0.0 < value < 1.0:
        yield Finding(here, f"a beta mean lies between 0 and 1, found {value:g}.", "Take normal or fixed.")
    elif beta and 0.0 < value < 1.0 and quantity.standard_error**2 >= value * (1.0 - value):
        field = next(n for n in ("se", "cv", "interval") if getattr(quantity, n) is not None)
        message = f"{quantity.standard_error:g} is wider than any distribution between 0 and 1 with mean {value:g}."
        yield Finding((*path, field), message, "Give the standard error of the mean, not a standard deviation.")


def _convertible(path: FieldPath, amount: Money, file: Economics) -> Iterator[Finding]:
    """Amounts in another currency or of another year need an exchange rate and an index."""
    if amount.currency is not None and amount.currency != file.currency and amount.currency not in file.exchange:
        message = f"is in {amount.currency}, the file in {file.currency}, and no exchange rate is given."
        yield Finding((*path, "currency"), message, f"Add `exchange: {{{amount.currency}: {{rate: …, year: …}}}}`.")
    year = amount.price_year
    if year is None and not amount.indexed:
        yield Finding((*path, "indexed"), "is false of an amount without its year.", "Give `price_year`.")
    if year is None or not amount.indexed:
        return
    here: FieldPath = (*path, "price_year")
    if amount.currency in (None, file.currency):
        yield from _indexed(here, year, file.price_year, file.index)
    elif amount.currency in file.exchange:
        exchange = file.exchange[amount.currency]
        yield from _indexed(here, year, exchange.year, exchange.index, amount.currency)


def _indexed(
    path: FieldPath, year: int, to: int, index: PriceIndex | None, abroad: str | None = None
) -> Iterator[Finding]:
    """An index with both years, unless they are one."""
    if year == to:
        return
    name = "index" if abroad is None else f"exchange.{abroad}.index"
    leave = "" if path[0] == "exchange" else ", or `indexed: false` to the amount"
    if index is None:
        whose = f"the file's price year {to}" if abroad is None else f"{to}, the year of the rate of {abroad}"
        advice = f"Add `{name}` with a value for both years{leave}."
        yield Finding(path, f"{year} is not {whose}, and no index is given.", advice)
        return
    for needed in (year, to):
        if index.of(needed) is None:
            yield Finding(path, f"the index has no value for {needed}.", f"Add it to `{name}.values`{leave}.")


def _drugs(file: Economics) -> Iterator[Finding]:
    for name, drug in file.drugs.items():
        sizes = [v.mg for v in drug.vials]
        for i, mg in enumerate(sizes):
            if mg in sizes[:i]:
                message = f"a vial of {mg:g} mg stands twice."
                yield Finding(("drugs", name, "vials", i), message, "Keep the price that is paid.")
    if file.drugs and file.administration is None:
        yield Finding(("drugs",), "are priced, their administration is not.", "Add `administration`.")


def stated_quantity(path: FieldPath, quantity: Quantity, library: Library | None) -> Iterator[Finding]:
    """Origin and spread of a number that stands outside an economic file."""
    yield from origin(path, quantity, library)
    yield from _spread(path, quantity)


def convertible(path: FieldPath, amount: Money, file: Economics) -> Iterator[Finding]:
    """Whether an amount can be brought to a file's currency and year."""
    return _convertible(path, amount, file)
