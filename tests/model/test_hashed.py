"""A remembered hash is that of the fields, and stays in its process."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace

from simulate.model.hashed import hashed_once
from simulate.model.hazards import Hazard
from simulate.model.types import Distribution


@hashed_once
@dataclass(frozen=True)
class Pair:
    """Counts how often it is hashed."""

    first: object
    second: str = "b"


def test_fields_are_hashed_once():
    class Counted:
        hashed = 0

        def __hash__(self):
            Counted.hashed += 1
            return 1

    pair = Pair(Counted())
    assert hash(pair) == hash(pair)
    assert Counted.hashed == 1


def test_equal_ones_are_one_key_and_changed_ones_are_not():
    one = Hazard(Distribution("exponential", (10.0,)), 2.0)
    same, other = Hazard(Distribution("exponential", (10.0,)), 2.0), replace(one, factor=3.0)
    assert one == same
    assert len({one, same, other}) == 2
    assert repr(one) == repr(same)


def test_the_hash_is_not_pickled():
    pair = Pair("a")
    assert hash(pair) == vars(pair)["_hash"]
    back = pickle.loads(pickle.dumps(pair))
    assert "_hash" not in vars(back)
    assert {back: 1}[pair] == 1
