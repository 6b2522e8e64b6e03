"""A model of one's own against the general population, and through other units of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulate.economics.case import aging
from simulate.evidence.own_schema import MONTHS
from simulate.model.types import DAYS_PER_MONTH
from simulate.techver.curves import EARLY
from simulate.techver.own.curves import ENDPOINTS, WORDS
from simulate.techver.own.subject import OwnSubject
from simulate.techver.own.world import family_of, parameters_of
from simulate.techver.timing import conversions
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal

Array = NDArray[np.float64]
# What a parameter is in a unit that is `k` times as long.
IN_UNIT: dict[str, dict[str, Callable[[Array, Array, float], Array]]] = {
    "exponential": {"rate": lambda v, _, k: v * k},
    "weibull": {"scale": lambda v, _, k: v / k},
    "weibull_ph": {"rate": lambda v, shape, k: v * k**shape},
    "lognormal": {"meanlog": lambda v, _, k: v - np.log(k)},
    "loglogistic": {"scale": lambda v, _, k: v / k},
    "gompertz": {"rate": lambda v, _, k: v * k, "shape": lambda v, _, k: v * k},
}


# ------------------------------------------------------------------------------------------------ TV13
def tv13(subject: OwnSubject) -> Verdict:
    """Alive share at most that of the general population, utility at most the norm of the age."""
    case, checks = subject.case, []
    if subject.population is not None:
        for s in subject.strategies:
            over = float((subject.point.traces[s].alive[0] - subject.population).max())
            checks.append(at_most(f"{s}: OS(t) − general population, largest", over, 0.0, EARLY))
    if case.file.age_norm is not None and case.question.start_age is not None:
        checks += _norm(subject, case.file.age_norm.coefficients, case.question.start_age)
    return decide("TV13", checks, absent="no age at the start (`economics.start_age`) to hold the patients to.")


def _norm(subject: OwnSubject, coefficients: tuple[float, ...], age: float) -> list[Check]:
    """Utilities at the start, and the quality of all life-years together, by the norm of the age lived at."""
    clock, out = subject.case.clock, []
    start = float(np.polynomial.polynomial.polyval(age, coefficients))
    days = int(np.ceil(clock.horizon * DAYS_PER_MONTH)) + 1
    norm = start * np.interp(clock.months, np.arange(days + 1) / DAYS_PER_MONTH, aging(coefficients, age, days))
    world = subject.point.discounted(0.0, 0.0)
    for s in subject.strategies:
        book = subject.book(world, s)
        lines = [x for x in book.health if x.category == "utility"]
        out += [at_most(f"{s}: utility {x.name} and the norm at the start", x.price, start) for x in lines]
        general = float(world.traces[s].alive[0] * norm @ clock.in_state("time")) / 12.0
        lived = float(np.sum([x.total for x in lines]))
        out.append(at_most(f"{s}: QALYs of the states and of as many healthy people as live", lived, general, 1e-6))
    return out


# ------------------------------------------------------------------------------------------------ TV15
def tv15(subject: OwnSubject) -> Verdict:
    """Every curve is the same in days, weeks, months and years; cycles cover the horizon; rates and interest."""
    checks = [equal("365.25 days are twelve months", MONTHS["days"] * 365.25, 12.0)]
    checks.append(equal("seven days are a week", 7.0 * MONTHS["days"], MONTHS["weeks"]))
    case = subject.case
    for s in subject.strategies:
        for endpoint in ENDPOINTS:
            found = subject.curve(subject.point, s, endpoint)
            for unit, months in MONTHS.items():
                if unit != case.model.unit:
                    again = _in_unit(subject, s, endpoint, unit, months / MONTHS[case.model.unit])
                    checks.append(equal(f"{s}, {WORDS[endpoint]}: the same in {unit}", again, found))
    return decide("TV15", [*checks, *conversions(case.clock)])


def _in_unit(subject: OwnSubject, strategy: str, endpoint: str, unit: str, factor: float) -> Array:
    """A curve of the model written down in another unit, `factor` times as long."""
    case, values = subject.case, subject.mean
    where = parameters_of(case, strategy, endpoint)
    shape = values[where["shape"]] if "shape" in where else np.ones(1)
    for name, change in IN_UNIT[family_of(case, strategy, endpoint)].items():
        values = values.changed(where[name], change(subject.mean[where[name]], shape, factor))
    model = case.model.model_copy(update={"unit": unit})
    return subject.engine.curve(replace(case, model=model), strategy, endpoint, values)
