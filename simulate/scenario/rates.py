"""Discount rates of a scenario as the kernel takes them."""

from __future__ import annotations

from math import log1p

from simulate.evidence.scenario_schema import Discounting


def discount_rates(discounting: Discounting) -> tuple[float, ...]:
    """Continuous yearly rates: none, effects, costs; a yearly rate i becomes ln(1 + i)."""

    def continuous(rate: float) -> float:
        return log1p(rate) if discounting.method == "yearly" else rate

    return tuple(dict.fromkeys((0.0, continuous(discounting.effects), continuous(discounting.costs))))
