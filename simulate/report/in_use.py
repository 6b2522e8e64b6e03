"""Which numbers the strategies of an evaluation really use, and where these come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulate.economics.amounts import Place
from simulate.economics.doses import BODIES
from simulate.economics.own import OWN
from simulate.evidence.money_schema import Quantity
from simulate.report.numbers import count

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulate.scenario.evaluation import Evaluation


def used_places(e: Evaluation) -> set[Place]:
    """Places of the economic file, and of a model of one's own, that some strategy's account book holds.

    A place stands for all that lies below it: of a drug its vials too. Sizes of patients are used where a dose follows
    from them.
    """
    out: set[Place] = {(OWN,)}
    for s in e.strategies:
        book = e.base(s).outcomes
        out |= {x.place for x in (*book.costs, *book.health) if x.place and float(np.abs(x.total).max()) > 0.0}
    regimens = [r for own in getattr(e.case, "regimens", {}).values() for r, _ in own.values()]
    out |= {("bodies", BODIES[d.unit]) for r in regimens for d in r.drugs if d.unit in BODIES}
    if ("subsequent", "cost") in out:
        out.add(("subsequent",))
    return out


def stands_in(place: Place, used: Collection[Place]) -> bool:
    """Whether a place is one of some, or lies below it."""
    return any(place[: len(p)] == p for p in used)


def origin_of(quantity: Quantity) -> str:
    """Where a number comes from, in words."""
    return "borrowed" if quantity.borrowed else "assumed" if quantity.assumed else "from a source"


def several_structures(e: Evaluation) -> bool:
    """Whether more than one structure was calculated."""
    return len(next(iter(e.structures.values()))) > 1


def many(n: int, one: str, several: str | None = None) -> str:
    """So many of something.

    Examples
    --------
    >>> many(1, "draw"), many(1200, "draw")
    ('1 draw', '1,200 draws')
    """
    return f"{count(n)} {one if n == 1 else several or f'{one}s'}"
