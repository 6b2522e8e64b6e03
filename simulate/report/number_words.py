"""Numbers of an evaluation in words: what their dotted names stand for, with a unit."""

from __future__ import annotations

from collections.abc import Mapping

from simulate.economics.own import OWN

BODIES = {"weight": "kg", "body_surface": "m²", "clearance": "mL/min"}
MONEY = ("cost", "price", "start", "progression", "death")  # last words of names that are amounts
PRICED = ("administration", "monitoring", "procedures", "once")  # sections that hold nothing else
WHOLE = {
    "discount.costs": "discount rate of costs, a year",
    "discount.effects": "discount rate of health, a year",
    "discount.both": "both discount rates, a year",
    "horizon": "horizon (months)",
    "survival": "survival, all parameters together",
    "near_death.decrement": "utility lost in the last months",
}


def number_words(name: str, currency: str, labels: Mapping[str, str] | None = None) -> str:
    """A number of the evaluation by its dotted name, in words; `labels` are what strategies are called.

    Examples
    --------
    >>> number_words("drugs.bevacizumab.vials.0.price", "USD"), number_words("price.bevacizumab", "USD")
    ('bevacizumab, price of a vial (USD)', 'bevacizumab, price against the file’s')
    >>> number_words("states.progressed.cost", "USD"), number_words("toxicity.new.fistula", "USD", {"new": "X"})
    ('progressed, cost a month (USD)', 'probability of fistula, X')
    >>> number_words("procedures.radiotherapy", "EUR"), number_words("bodies.body_surface", "EUR")
    ('radiotherapy (EUR)', 'body surface (m²)')
    >>> number_words("own_model.arms.old.os.parameters.rate", "USD"), number_words("discount.costs", "USD")
    ('old: OS, rate', 'discount rate of costs, a year')
    """
    if name in WHOLE:
        return WHOLE[name]
    labels = labels or {}
    head, *rest = name.split(".")
    if head == OWN and len(rest) > 2:
        arm = labels.get(rest[1], _plain(rest[1]))
        return f"{arm}: {_words(rest[2:], currency, rest[2])}"
    if head == "price":
        return f"{_plain(rest[0])}, price against the file’s"
    if head == "toxicity" and len(rest) == 2:
        return f"probability of {_plain(rest[1])}, {labels.get(rest[0], _plain(rest[0]))}"
    if head == "states" and rest[-1] == "cost":
        return f"{_plain(rest[0])}, cost a month ({currency})"
    if head == "drugs" and rest[-1] == "price":
        return f"{_plain(rest[0])}, price of a vial ({currency})"
    return _words(rest or [head], currency, head)


def _words(parts: list[str], currency: str, head: str) -> str:
    said = [_plain(p) for p in parts if not p.isdigit() and p not in ("parameters", "costs", "utilities")] or [head]
    unit = BODIES.get(parts[-1]) if head == "bodies" else None
    if parts[-1] in MONEY or head in PRICED or "costs" in parts:
        unit = currency
    kind = ["utility"] if "utilities" in parts else []
    said = [x.upper() if x in ("os", "pfs") else x for x in (*said, *kind)]
    return ", ".join(said) + (f" ({unit})" if unit else "")


def _plain(name: str) -> str:
    return name.replace("_", " ")
