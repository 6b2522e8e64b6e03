"""Conditions read from the top: which one never holds, because an earlier one holds for all of its patients."""

from __future__ import annotations

from collections.abc import Sequence

from simulate.evidence.condition_schema import Condition, Conditions
from simulate.evidence.strategy_schema import Rule


def within(narrow: Conditions, wide: Conditions) -> bool:
    """Whether every patient who meets `narrow` meets `wide` too, as far as the conditions themselves tell.

    >>> low, high = Condition(max=0), Condition(max=2)
    >>> within({"ecog": low}, {"ecog": high}), within({"ecog": high}, {"ecog": low})
    (True, False)
    """
    return all(name in narrow and _implies(narrow[name], condition) for name, condition in wide.items())


def _implies(narrow: Condition, wide: Condition) -> bool:
    values = _values(narrow)
    if values is not None:
        return all(_met(value, wide) for value in values)
    if _values(wide) is not None:
        return False
    above = wide.min is None or (narrow.min is not None and narrow.min >= wide.min)
    return above and (wide.max is None or (narrow.max is not None and narrow.max <= wide.max))


def _values(condition: Condition) -> tuple[object, ...] | None:
    return (condition.is_,) if condition.is_ is not None else condition.any_of


def _met(value: object, condition: Condition) -> bool:
    wanted = _values(condition)
    if wanted is not None:
        return any(isinstance(value, bool) == isinstance(w, bool) and value == w for w in wanted)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (condition.min is None or value >= condition.min) and (condition.max is None or value <= condition.max)


def hidden_case(cases: Sequence[Conditions], i: int) -> int | None:
    """The earlier case, itself with conditions, that leaves case `i` nobody."""
    return next((j for j in range(i) if cases[j] and within(cases[i], cases[j])), None)


def for_everyone(rule: Rule) -> bool:
    """Whether a rule asks nothing."""
    return not (rule.when or rule.after or rule.not_after)


def hidden_rule(rules: Sequence[Rule], i: int) -> int | None:
    """The earlier rule, itself with conditions, that leaves rule `i` nobody."""
    return next((j for j in range(i) if not for_everyone(rules[j]) and _wider(rules[j], rules[i])), None)


def _wider(wide: Rule, narrow: Rule) -> bool:
    after = not wide.after or (bool(narrow.after) and set(narrow.after) <= set(wide.after))
    return after and set(wide.not_after) <= set(narrow.not_after) and within(narrow.when, wide.when)
