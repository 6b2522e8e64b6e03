"""An R script that rebuilds an evaluation in hesim from nothing but the numbers printed in it, ours beside its own.

hesim (Incerti and Jansen, arXiv 2102.09437) makes the curves and the patients: `Psm` for the partition of the two
fitted curves, `IndivCtstm`'s transitions for the clock-reset model. Costs and QALYs are then summed in plain R, because
doses on planned days, an age norm and the last months of life have no place among hesim's values of states; what hesim
integrates itself, the states alone, is printed too. The part that does not change is ``templates/hesim.R``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Values
from simulate.economics.compared import death_share
from simulate.economics.items import cost_items
from simulate.economics.outcomes import Outcomes
from simulate.economics.plan import Planned, planned, summed_by_day
from simulate.economics.traces import cells_of
from simulate.errors import input_error
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution
from simulate.report.html import TEMPLATES
from simulate.report.workbook import case_of

if TYPE_CHECKING:
    from simulate.economics.case import Case
    from simulate.scenario.evaluation import Evaluation

Array = NDArray[np.float64]
NAME = "hesim.R"
PATIENTS = 20_000  # of each stratum, under clock reset
WIDTH = 110
# our family → hesim's name and the coefficient of each of our parameters, on the real line
HESIM = {
    "exponential": ("exp", (("rate", lambda scale: -math.log(scale)),)),
    "weibull": ("weibull", (("shape", math.log), ("scale", math.log))),
    "gompertz": ("gompertz", (("shape", float), ("rate", math.log))),
    "lognormal": ("lnorm", (("meanlog", float), ("sdlog", math.log))),
    "loglogistic": ("llogis", (("shape", math.log), ("scale", math.log))),
    "gengamma": ("gengamma", (("mu", float), ("sigma", math.log), ("Q", float))),
}
SMALLEST = 1e-12  # of a hazard: hesim takes its logarithm


def r_script(evaluation: Evaluation) -> str:
    """The script: parameters, then the code that uses them. It reads and writes no files.

    Raises
    ------
    InputError : the evaluation is not of a trial's arms.
    """
    case = case_of(evaluation)
    data = "\n".join(_data(evaluation, case))
    return data + "\n\n" + (TEMPLATES / NAME).read_text(encoding="utf-8")


def _data(evaluation: Evaluation, case: Case) -> Iterator[str]:
    file, clock, values = case.file, case.clock, Values.mean(case.file)
    label = " ".join(f"{evaluation.scenario.id}: {file.label}".split())
    yield f"# {label}, {file.currency} at prices of {file.price_year}. Written by simulate; for research and teaching."
    yield '# Needs hesim 0.5 or later: install.packages("hesim"). Run: Rscript hesim.R'
    yield "library(data.table)\nlibrary(hesim)\n"
    yield f"seed <- {evaluation.seed % 2**31}\npatients <- {PATIENTS}"
    yield f"horizon <- {_number(clock.horizon)} # months"
    yield f"per_month <- {_number(clock.per_month)} # days of the grid"
    yield f"days_per_month <- {_number(DAYS_PER_MONTH)}"
    yield f"method <- {_text(clock.discount.method)}"
    yield f"rate <- list(costs = {_number(clock.discount.costs)}, effects = {_number(clock.discount.effects)}) # a year"
    yield f"near_death_months <- {_number(file.near_death.months if file.near_death else 0.0)}"
    yield f"age_norm <- {_norm(case)}"
    yield f"spared_by_month <- {_spared(case)}"
    yield "\n# every uncertain number of the economic file, in its currency and year"
    yield "value <- list("
    places = [f"  {_text('.'.join(map(str, p)))} = {_number(v[0])}" for p, v in values.by_place.items()]
    yield ",\n".join(places) + "\n)\n"
    yield "strategies <- list("
    yield ",\n".join("\n".join(_strategy(evaluation, case, s, values)) for s in evaluation.strategies)
    yield ")"


def _norm(case: Case) -> str:
    norm, start = case.file.age_norm, case.question.start_age
    if case.norm is None or norm is None or start is None:
        return "NULL"
    return f"list(coefficients = {_vector(norm.coefficients)}, start = {_number(start)})"


def _spared(case: Case) -> str:
    """Share spared by deaths of other causes at whole months, one month beyond the horizon."""
    if case.population is None:
        return "NULL"
    months = np.arange(math.ceil(case.clock.horizon) + 1.0)
    return _vector(np.interp(months, case.clock.months, case.population), 2)


def _strategy(evaluation: Evaluation, case: Case, strategy: str, values: Values) -> Iterator[str]:
    found = evaluation.structures[strategy]
    fitted = found["partitioned"].fitted
    yield f"  list( # {' '.join(evaluation.scenario.label(strategy).split())}"
    yield f"    name = {_text(strategy)},"
    yield f"    pfs = {_curve(fitted['pfs'], case.clock.horizon)},"
    yield f"    os = {_curve(fitted['os'], case.clock.horizon)},"
    yield f"    death_share = {_number(death_share(case, strategy))},"
    yield f"    stop = {_number(case.stops[strategy])}, # a month, besides progression"
    yield "    planned = list("
    yield ",\n".join(_planned(item) for item in planned(case, strategy))
    yield "    ),\n    once = list("
    yield ",\n".join(_once(case, strategy, values))
    yield "    ),\n    outcomes = list("
    yield ",\n".join(_outcomes(case, strategy))
    yield "    ),\n    reset = list("
    cells = cells_of(case.model, case.arms[strategy], case.mix)
    if not any(cell.dependence for cell in cells) and not case.others_inside:
        yield ",\n".join(_stratum(cell, share, case.clock.horizon) for cell, share in cells.items())
    yield "    ),"
    for name in ("partitioned", "clock_reset"):
        end = "," if name == "partitioned" else ""
        yield f"    ours_{name} = {_ours(summed_by_day(case, strategy, found[name]))}{end}"
    yield "  )"


def _ours(o: Outcomes) -> str:
    return f"c(cost = {_number(o.cost[0])}, qaly = {_number(o.qaly[0])}, ly = {_number(o.ly[0])})"


def _planned(item: Planned) -> str:
    """One line of the schedule; its price stays a formula of the file's numbers."""
    day = np.flatnonzero(np.round(item.uses, 9))
    uses = np.round(item.uses[day], 9)
    price = " + ".join(f"{_number(n)} * value[[{_text('.'.join(map(str, p)))}]]" for p, n in item.parts) or "0"
    if item.factor:
        price = f"({price}) * value[[{_text('.'.join(map(str, item.factor)))}]]"
    same = len(uses) > 0 and bool(np.all(uses == uses[0]))
    return (
        f"      list(\n        name = {_text(item.name)}, category = {_text(item.category)},\n"
        f"        on_treatment = {'TRUE' if item.on_treatment else 'FALSE'},\n        price = {_wrapped(price, 10)},\n"
        f"        day = {_days(day)},\n        uses = {_number(uses[0]) if same else _vector(uses, 10)}\n      )"
    )


def _days(day: NDArray[np.int64]) -> str:
    """Days at a constant distance as a sequence, others one by one."""
    step = np.diff(day)
    if len(day) > 2 and bool(np.all(step == step[0])):
        return f"seq({day[0]}, {day[-1]}, by = {step[0]})"
    return _vector(day, 10)


def _once(case: Case, strategy: str, values: Values) -> Iterator[str]:
    care = case.care(strategy)
    for item in cost_items(care, case.file, values, case.clock):
        if item.category == "procedures":
            yield _event(item.name, float(item.weights[0]), ".".join(map(str, item.place)), "", 0.0)
    for event, probability in care.events.items():
        own = case.file.toxicities.get(event)
        if own is not None:
            place = f"toxicities.{event}"
            yield _event(event, float(probability[0]), f"{place}.cost", f"{place}.disutility", own.days or 0.0)


def _outcomes(case: Case, strategy: str) -> Iterator[str]:
    for event, probability in case.care(strategy).events.items():
        own = case.file.responses.get(event)
        if own is not None:
            until = "Inf" if own.days is None else _number(own.after + own.days)
            yield (
                f"      list(name = {_text(event)}, share = {_number(probability[0])},\n"
                f"        gain = {_text(f'responses.{event}.gain')}, after = {_number(own.after)}, until = {until})"
            )


def _event(name: str, share: float, cost: str, disutility: str, days: float) -> str:
    return (
        f"      list(name = {_text(name)}, share = {_number(share)}, cost = {_text(cost)},\n"
        f"        disutility = {_text(disutility)}, days = {_number(days)})"
    )


def _stratum(cell: ArmModel, share: float, horizon: float) -> str:
    return (
        f"      list(\n        share = {_number(share)}, death_share = {_number(cell.death_share)},\n"
        f"        pfs = {_curve(cell.pfs, horizon)},\n        pps = {_curve(cell.pps, horizon)}\n      )"
    )


def _curve(curve: Distribution, horizon: float) -> str:
    """A curve with hesim's name and coefficients; what hesim has no family for is exact at the ends of months."""
    if not curve.cure and not curve.ratios:
        if curve.family not in HESIM:
            raise input_error(f"hesim has no {curve.family} curve.", field="family")
        name, parameters = HESIM[curve.family]
        given = zip(parameters, curve.params, strict=True)
        coefs = ", ".join(f"{parameter} = {_number(scale(value))}" for (parameter, scale), value in given)
        return f"list(dist = {_text(name)}, coefs = list({coefs}))"
    starts = np.arange(0.0, horizon)
    hazard = np.maximum(np.diff(curve.cumulative_hazard(np.append(starts, starts[-1] + 1.0))), SMALLEST)
    coefs = f"as.list({_vector(np.log(hazard), 10)})"
    return f'list(dist = "pwexp", aux = list(time = 0:{len(starts) - 1}), coefs = {coefs})'


# ------------------------------------------------------------------------------------------------ R
def _number(value: float) -> str:
    """A finite number with all its digits."""
    number = float(value)
    if not math.isfinite(number):
        raise input_error(f"{number} cannot be written to R.", field="r_script")
    return repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def _text(text: str) -> str:
    """A string in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _vector(values: Sequence[float] | Array | NDArray[np.int64], indent: int = 0) -> str:
    return _wrapped("c(" + ", ".join(_number(v) for v in values) + ")", indent)


def _wrapped(text: str, indent: int) -> str:
    """Long lines broken at spaces; no string of ours holds one where it is broken."""
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) + indent > WIDTH:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return ("\n" + " " * indent).join(lines)
