"""Rules for scenarios that bring their own model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulate.evidence.economics_checks import stated_quantity
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.own_schema import CURVES, MONTHS, OwnArm, OwnCurve, OwnModel

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library
    from simulate.evidence.money_schema import Quantity
    from simulate.evidence.scenario_schema import Scenario

POSITIVE = ("rate", "scale", "sdlog")  # parameters that are above 0 in every family
MOST_STEPS = 20_000


def check_own(scenario: Scenario, library: Library | None) -> Iterator[Finding]:
    """Every rule that a model of one's own breaks."""
    own = scenario.own_model
    if own is None:
        return
    if scenario.trial is not None:
        yield Finding(("own_model",), "stands beside a trial.", "Leave one of them out.")
    if scenario.economics is None:
        yield Finding(("economics",), "is missing.", "A model of one's own is only evaluated: name its `setting`.")
    for name, strategy in scenario.strategies.items():
        given = [k for k in ("arm", "regimen", "follow", "lines") if getattr(strategy, k) is not None]
        if given:
            message = f"names {given[0]!r}, but the scenario has a model of its own."
            yield Finding(("strategies", name), message, "Give only its `label`; its curves are in `own_model.arms`.")
        if name not in own.arms:
            yield Finding(("own_model", "arms"), f"has no arm {name!r}.", "Give curves for every strategy.")
    for name in own.arms:
        if name not in scenario.strategies:
            yield Finding(("own_model", "arms", name), f"no strategy {name!r}.", suggest(name, scenario.strategies))
    step = own.grid * MONTHS[own.unit]
    if not step <= scenario.horizon <= MOST_STEPS * step:
        message = f"a grid of {own.grid:g} {own.unit} does not fit a horizon of {scenario.horizon:g} months."
        yield Finding(("own_model", "grid"), message, f"Between one step and {MOST_STEPS:,} fit.")
    for name, arm in own.arms.items():
        yield from _arm(("own_model", "arms", name), arm, library)
        yield from _borrowed(name, arm, own)


def _arm(path: FieldPath, arm: OwnArm, library: Library | None) -> Iterator[Finding]:
    for endpoint in ("pfs", "os"):
        yield from _curve((*path, endpoint), getattr(arm, endpoint), library)
    for field in ("costs", "utilities", "toxicities"):
        for key, quantity in getattr(arm, field).items():
            yield from stated_quantity((*path, field, key), quantity, library)
    for field in ("start", "progression", "death"):
        quantity = getattr(arm, field)
        if quantity is not None:
            yield from stated_quantity((*path, field), quantity, library)
    for i, repeated in enumerate(arm.repeated):
        yield from stated_quantity((*path, "repeated", i, "cost"), repeated.cost, library)


def _borrowed(name: str, arm: OwnArm, own: OwnModel) -> Iterator[Finding]:
    """Curves that are another strategy's but for a hazard ratio: it has to have one of its own."""
    for endpoint in ("pfs", "os"):
        of = getattr(arm, endpoint).of
        path: FieldPath = ("own_model", "arms", name, endpoint, "of")
        if of is None:
            continue
        if of not in own.arms:
            yield Finding(path, f"no strategy {of!r}.", suggest(of, own.arms))
        elif of == name or getattr(own.arms[of], endpoint).of is not None:
            yield Finding(path, f"{of!r} has no such curve of its own.", "Name a strategy with `family`, `parameters`.")


def _curve(path: FieldPath, curve: OwnCurve, library: Library | None) -> Iterator[Finding]:
    """The family's own parameters, each inside its range; or another strategy's."""
    if curve.family is None:
        if curve.of is None:
            yield Finding((*path, "family"), "is missing.", f"Take {', '.join(CURVES)}, or a curve `of` a strategy.")
    elif curve.of is not None:
        yield Finding((*path, "of"), "stands beside a family.", "Leave one of them out.")
    wanted = CURVES[curve.family] if curve.family is not None else ()
    here: FieldPath = (*path, "parameters")
    for name in wanted:
        if name not in curve.parameters:
            yield Finding(here, f"{curve.family} needs {name!r}.", f"Its parameters are {', '.join(wanted)}.")
    for name, quantity in curve.parameters.items():
        if name not in wanted:
            family = curve.family or "a curve of another strategy"
            yield Finding((*here, name), f"{family} has no parameter {name!r}.", suggest(name, wanted))
            continue
        positive = name in POSITIVE or (name == "shape" and curve.family != "gompertz")
        if positive and quantity.value <= 0.0:
            yield Finding((*here, name), f"is {quantity.value:g}; it must be above 0.", "Check the sign.")
        if positive:
            yield from _drawn_above(0.0, (*here, name), quantity)
        yield from stated_quantity((*here, name), quantity, library)
    if curve.hazard_ratio is not None:
        if curve.hazard_ratio.value <= 0.0:
            yield Finding((*path, "hazard_ratio"), "must be above 0.", "1 changes nothing.")
        yield from _drawn_above(0.0, (*path, "hazard_ratio"), curve.hazard_ratio)
        yield from stated_quantity((*path, "hazard_ratio"), curve.hazard_ratio, library)


def _drawn_above(low: float, path: FieldPath, quantity: Quantity) -> Iterator[Finding]:
    """A number that must be positive is not drawn from a normal distribution, which falls below."""
    if quantity.value > low and quantity.standard_error > 0.0 and quantity.distribution in (None, "normal"):
        message = "is uncertain, and normal draws of it would fall below 0."
        yield Finding(path, message, "Write `distribution: lognormal` or `gamma`.")
