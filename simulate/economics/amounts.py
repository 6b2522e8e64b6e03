"""Uncertain numbers of an economic file: brought to one currency and year, and drawn.

Every number has its own stream of random numbers, found by its place in the file: adding or changing one moves the
draws of no other. Draws are by inversion, so that two files that differ in one number are compared on the same luck.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulate.evidence.economics_schema import Economics, PriceIndex
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share, Utility

Array = NDArray[np.float64]
Place = tuple[str | int, ...]


def converted(amount: Money, file: Economics) -> float:
    """Factor that brings an amount to the file's currency and price year.

    Another currency is brought to the year of its rate by the index of prices abroad, exchanged, and brought on by the
    file's own index. An amount that is not indexed is exchanged at most.
    """
    exchange = None if amount.currency in (None, file.currency) else file.exchange[amount.currency]
    if not amount.indexed:
        return 1.0 if exchange is None else exchange.rate
    if exchange is None:
        return _ratio(file.index, amount.price_year, file.price_year)
    at_home = _ratio(file.index, exchange.year, file.price_year)
    return _ratio(exchange.index, amount.price_year, exchange.year) * exchange.rate * at_home


def _ratio(index: PriceIndex | None, year: int | None, to: int) -> float:
    """Prices of one year over those of another, of the same year where it is not said."""
    if year is None or year == to or index is None:
        return 1.0
    now, then = index.of(to), index.of(year)
    return 1.0 if now is None or then is None else now / then  # refused by the checks


def distribution_of(quantity: Quantity) -> str:
    """Name of the distribution of a number: as the file says, or what its kind has by default."""
    if quantity.distribution is not None:
        return quantity.distribution
    if quantity.standard_error == 0.0:
        return "fixed"
    if isinstance(quantity, Money):
        return "gamma" if quantity.value > 0.0 else "fixed"
    if isinstance(quantity, Utility | Disutility | Share) and 0.0 < quantity.value < 1.0:
        return "beta"
    return "normal"


def quantile(quantity: Quantity, u: Array) -> Array:
    """Value at probabilities `u` of a number's distribution; its mean is the value of the file."""
    mean, se, name = quantity.value, quantity.standard_error, distribution_of(quantity)
    if name == "fixed" or se == 0.0:
        return np.full(np.shape(u), mean)
    if name == "gamma":
        shape = (mean / se) ** 2
        return special.gammaincinv(shape, u) * (se**2 / mean)
    if name == "beta":
        size = mean * (1.0 - mean) / min(se**2, 0.999 * mean * (1.0 - mean)) - 1.0
        return special.betaincinv(mean * size, (1.0 - mean) * size, u)
    if name == "lognormal":
        log_sd = math.sqrt(math.log1p((se / mean) ** 2))
        return mean * np.exp(log_sd * special.ndtri(u) - 0.5 * log_sd**2)
    return mean + se * special.ndtri(u)


def uniforms(place: str, draws: int, seed: int) -> Array:
    """The stream of one number, float64[D] in (0, 1)."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}:{place}".encode(), digest_size=16).digest(), "little")
    return (np.random.Generator(np.random.Philox(key=key)).random(draws) * (1.0 - 2.0**-52)) + 2.0**-53


@dataclass(frozen=True)
class Values:
    """All numbers of an economic file, each float64[D]: D draws, or 1 at the file's own values."""

    file: Economics
    by_place: Mapping[Place, Array]

    @staticmethod
    def mean(file: Economics) -> Values:
        """At the values of the file."""
        return Values(file, {p: np.array([q.value * _factor(q, file)]) for p, q in file.quantities().items()})

    @staticmethod
    def drawn(file: Economics, draws: int, seed: int) -> Values:
        """Draws of all numbers, each from its own stream."""
        out = {}
        for place, quantity in file.quantities().items():
            u = uniforms(".".join(map(str, place)), draws, seed)
            out[place] = quantile(quantity, u) * _factor(quantity, file)
        return Values(file, out)

    def __getitem__(self, place: Place) -> Array:
        return self.by_place[place]

    def get(self, place: Place, default: float) -> Array:
        """A number that the file may leave out."""
        return self.by_place[place] if place in self.by_place else np.array([default])

    def changed(self, place: Place, value: float | Array) -> Values:
        """The same with one number replaced, in the file's currency and year."""
        return Values(self.file, {**self.by_place, place: np.atleast_1d(np.asarray(value, np.float64))})

    def uncertain(self) -> dict[str, Array]:
        """Numbers that differ between draws, by dotted place."""
        return {".".join(map(str, p)): v for p, v in self.by_place.items() if len(v) > 1 and np.ptp(v) > 0.0}


def _factor(quantity: Quantity, file: Economics) -> float:
    return converted(quantity, file) if isinstance(quantity, Money) else 1.0
