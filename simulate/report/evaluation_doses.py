"""What of each drug is given and what it costs: dose, milligrams, vials, waste, the price of a dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulate.economics.amounts import Values
from simulate.economics.case import Case
from simulate.economics.doses import BODIES, cost_of_dose, mean_mg
from simulate.economics.schedule import doses
from simulate.report.numbers import fixed, percent, plain_number
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.evidence.economics_schema import DrugPrice
    from simulate.evidence.regimen_schema import Regimen, RegimenDrug
    from simulate.scenario.evaluation import Evaluation

WASTE = {"whole": "whole vials opened for each dose", "shared": "vials shared, no waste"}


def doses_table(e: Evaluation) -> Table | None:
    """Every drug of every regimen; None where nothing is given, or the scenario brings its own model."""
    case = e.case
    if not isinstance(case, Case):
        return None
    currency, values = case.file.currency, Values.mean(case.file)
    known: dict[str, Regimen] = {name: r for own in case.regimens.values() for name, (r, _) in own.items()}
    rows = []
    for regimen in known.values():
        for given in doses(regimen, case.clock.horizon):
            price = case.file.drugs.get(given.drug.drug)
            if price is not None:
                rows.append(_row(regimen, given.drug, price, values))
    if not rows:
        return None
    columns = (
        Column("drug", numeric=False),
        Column("dose", numeric=False),
        Column("mean dose", "mg"),
        Column("vials", "mg", numeric=False),
        Column("doses given", "of planned"),
        Column("cost of a dose", currency),
    )
    note = (
        f"Milligrams over how patients differ in size: {_bodies(case)}. With whole vials the cheapest that hold a dose "
        "are opened for each patient; with shared ones a dose costs its milligrams."
    )
    return Table("doses", "What a dose is and costs", columns, tuple(rows), (note,), wide=True)


def _row(regimen: Regimen, drug: RegimenDrug, price: DrugPrice, values: Values) -> tuple[Cell, ...]:
    intensity = float(np.mean(values.get(("drugs", drug.drug, "dose_intensity"), 1.0)))
    cost, mg = (float(np.mean(x)) for x in (cost_of_dose(drug, price, values), mean_mg(drug, values)))
    days = "day" if len(drug.days) == 1 else "days"
    when = f"{days} {', '.join(map(str, drug.days))}"
    if regimen.course is not None:
        when += f" of {plain_number(drug.cycle_days or regimen.course.cycle_days)}"
    return row(
        Cell(drug.drug.replace("_", " "), small=regimen.label),
        Cell(f"{plain_number(drug.dose or 0.0)} {drug.unit or ''}".strip(), small=when),
        Cell(fixed(mg, 0 if mg >= 10.0 else 1), value=mg),
        Cell(", ".join(plain_number(v.mg) for v in price.vials), small=WASTE[price.waste]),
        Cell(percent(intensity, 0), value=intensity, small="" if price.dose_intensity is not None else "none stated"),
        Cell(fixed(cost, 2), value=cost),
    )


def _bodies(case: Case) -> str:
    words = {"body_surface": "m²", "weight": "kg", "clearance": "mL/min"}
    said = []
    for name in BODIES.values():
        size = getattr(case.file.bodies, name)
        if size is not None:
            spread = "" if size.between is None else f" (SD {plain_number(size.between)})"
            said.append(f"{name.replace('_', ' ')} {plain_number(size.value)} {words[name]}{spread}")
    return ", ".join(said)
