"""The workbook recomputes: its formulas, worked out by a spreadsheet of our own, against the evaluation.

`spreadsheet.py` is that spreadsheet. The same files were also recalculated with LibreOffice 7.4 when this was written:
all cells of the live sheets agreed to 1e-9 with the values stored in them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulate as sim
from simulate.economics.amounts import Values
from simulate.economics.clock import discount_factor
from simulate.economics.plan import planned, summed_by_day
from simulate.errors import InputError
from simulate.evidence.economics_schema import Discount
from simulate.model.types import Distribution
from simulate.pathways.background import LifeTable
from simulate.report import workbook
from simulate.report.workbook import write_workbook
from simulate.report.workbook_grid import factor, survival, weeks
from simulate.scenario.evaluation import Evaluation, evaluate
from tests.report.spreadsheet import Book, Parser

TOY = Path(__file__).parents[1] / "economics" / "data" / "params"
WITHIN = 1e-4  # ten times closer than what the check of the workbook lets pass


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(sim.load("toy", params=TOY), draws=4, patients=400, draw_patients=100, seed=1)


@pytest.fixture(scope="module")
def written(evaluation, tmp_path_factory) -> Path:
    return write_workbook(evaluation, tmp_path_factory.mktemp("workbook") / "toy.xlsx")


@pytest.fixture
def book(written) -> Book:
    return Book(written)


def under(evaluation: Evaluation, **clock: object) -> Evaluation:
    """The evaluation under another clock, an age norm and deaths of other causes."""
    case = replace(evaluation.case, clock=replace(evaluation.case.clock, **clock))
    at = case.clock.months
    flat = LifeTable("flat", np.full(120, -np.expm1(-0.048)), "made up")  # 0.004 a month, beyond the follow-up
    asked = case.question.model_copy(update={"start_age": 50.0})
    case = replace(case, norm=np.exp(-0.002 * at), life=flat, follow_up=36.0, question=asked)
    np.testing.assert_allclose(case.population, np.exp(-0.004 * np.maximum(at - 36.0, 0.0)), rtol=1e-6)
    structures = {
        s: {
            k: replace(own, outcomes=case.outcomes(s, own.traces, Values.mean(case.file)))
            if not own.traces.held
            else own
            for k, own in found.items()
        }
        for s, found in evaluation.structures.items()
    }
    return replace(evaluation, case=case, structures=structures, draws=None)


def test_every_stored_value_is_what_its_formula_gives(book):
    assert len(book.formulas) > 10_000
    for (sheet, ref), formula in book.formulas.items():
        value, stored = book.value(sheet, ref), book.stored[sheet, ref]
        if isinstance(stored, str):
            assert value == stored, (sheet, ref, formula)
        else:
            assert value == pytest.approx(stored, rel=1e-9, abs=1e-9), (sheet, ref, formula)


def test_it_recomputes_to_the_evaluation(evaluation, book):
    for i, s in enumerate(evaluation.strategies):
        ours = evaluation.structures[s]["partitioned"].outcomes
        row = 4 + i
        for column, value in zip("BCD", (ours.cost, ours.qaly, ours.ly), strict=True):
            assert book.value("PSM", f"{column}{row}") == pytest.approx(value[0], rel=WITHIN)
        assert book.value("PSM", f"{chr(76 + len(evaluation.priced))}{row}") == "OK"
        sheet = f"PSM {i + 1}"
        lines = {**ours.by_category(), "life-years progressed": ours.life_years["progressed"]}
        for name, value in lines.items():
            at = book.find(sheet, name, "M")
            assert book.value(sheet, f"N{at}") == pytest.approx(value[0], rel=10 * WITHIN, abs=0.1), name
    cost, qaly = (v[1] - v[0] for v in evaluation.totals("partitioned"))
    assert book.value("PSM", "G5") == pytest.approx(cost / qaly, rel=WITHIN)


CHANGES = {
    "drugs.bevacizumab.vials.0.price": 0.5,
    "drugs.bevacizumab.vials.1.price": 0.5,
    "drugs.bevacizumab.dose_intensity": 0.9,
    "administration.first_hour": 1.5,
    "monitoring.imaging": 2.0,
    "states.progression_free.utility": 1.2,
    "states.progressed.utility": 0.8,
    "states.progressed.cost": 1.4,
    "once.progression": 3.0,
    "once.death": 0.5,
    "subsequent.share": 0.7,
    "toxicities.fistula.cost": 1.3,
    "toxicities.fistula.disutility": 2.0,
    "near_death.decrement": 3.0,
    "responses.hypertension.gain": 4.0,
}


def test_changed_inputs_change_the_totals_as_they_change_ours(evaluation, book):
    values, case = Values.mean(evaluation.case.file), evaluation.case
    before = [book.value("PSM", f"B{4 + i}") for i in range(2)]
    for name, by in CHANGES.items():
        place = tuple(int(p) if p.isdigit() else p for p in name.split("."))
        cell = f"B{book.find('Inputs', name)}"
        assert book.value("Inputs", cell) == pytest.approx(values[place][0])
        book.set("Inputs", cell, float(values[place][0]) * by)
        values = values.changed(place, values[place] * by)
    for what, rate in (("costs", 0.06), ("effects", 0.015)):
        book.set("Inputs", f"B{book.find('Inputs', f'discount rate of {what}, a year')}", rate)
    method = case.clock.discount.method
    clock = replace(case.clock, discount=Discount(costs=0.06, effects=0.015, method=method))
    case = replace(case, clock=clock)
    for i, s in enumerate(evaluation.strategies):
        ours = case.outcomes(s, evaluation.structures[s]["partitioned"].traces, values)
        assert book.value("PSM", f"B{4 + i}") == pytest.approx(ours.cost[0], rel=WITHIN)
        assert book.value("PSM", f"C{4 + i}") == pytest.approx(ours.qaly[0], rel=WITHIN)
        assert abs(book.value("PSM", f"B{4 + i}") / before[i] - 1.0) > 0.001


def test_a_curve_changed_in_its_cell_moves_the_states(evaluation, book):
    cell = f"B{book.find('PSM 1', 'OS scale')}"
    ly = book.value("PSM", "D4")
    book.set("PSM 1", cell, 1.5 * book.value("PSM 1", cell))
    assert book.value("PSM", "D4") > 1.2 * ly


@pytest.mark.parametrize(
    "clock",
    [
        {"discount": Discount(costs=0.03, effects=0.05, method="yearly"), "counting": "half_cycle"},
        {"discount": Discount(costs=0.05, effects=0.015, method="continuous"), "counting": "start"},
        {"horizon": 50.3},
    ],
    ids=["yearly", "continuous", "a horizon within a week"],
)
def test_whatever_the_conventions(evaluation, tmp_path, clock):
    if "horizon" in clock:
        other = evaluation.case.clock
        days = replace(other, **clock).days
        cut = {
            s: {
                k: replace(
                    own,
                    traces=replace(
                        own.traces,
                        shares=own.traces.shares[:, :, : days + 1],
                        progressing=own.traces.progressing[:, :days],
                    ),
                )
                for k, own in found.items()
            }
            for s, found in evaluation.structures.items()
        }
        evaluation = replace(evaluation, structures=cut)
    changed = under(evaluation, **clock)
    book = Book(write_workbook(changed, tmp_path / "other.xlsx"))
    for i, s in enumerate(changed.strategies):
        ours = summed_by_day(changed.case, s, changed.structures[s]["partitioned"])
        for column, value in zip("BCD", (ours.cost, ours.qaly, ours.ly), strict=True):
            # whole years of discounting begin within a week
            assert book.value("PSM", f"{column}{4 + i}") == pytest.approx(value[0], rel=5 * WITHIN)


FAMILIES = [
    Distribution("exponential", (11.0,)),
    Distribution("weibull", (1.4, 9.0)),
    Distribution("weibull", (0.6, 9.0)),
    Distribution("lognormal", (2.2, 0.8)),
    Distribution("loglogistic", (1.9, 13.0)),
    Distribution("gompertz", (-0.03, 0.09)),
    Distribution("gompertz", (0.04, 0.02)),
    Distribution("gompertz", (0.0, 0.05)),
]


@pytest.mark.parametrize("curve", FAMILIES, ids=lambda c: f"{c.family} {c.params}")
def test_closed_forms_are_those_of_the_families(curve, book):
    cells = [f"{p!r}" for p in curve.params]
    for t in (0.0, 1e-3, 0.3, 7.0, 60.0, 400.0):
        signed = [f"({c})" for c in cells]
        value = Parser(book, "PSM", survival(curve.family, f"{t!r}", *signed)).whole()
        assert value == pytest.approx(float(curve.survival(t)), rel=1e-9, abs=1e-14), t


def test_a_family_without_a_formula_is_refused():
    with pytest.raises(InputError, match="gengamma"):
        survival("gengamma", "B1", "B2", "B3")


@pytest.mark.parametrize("method", ["continuous", "yearly", "per_cycle"])
def test_discounting_is_that_of_the_clock(method, book):
    for t in (0.0, 5.0, 11.99, 12.0, 47.3, 360.0):
        value = Parser(book, "PSM", factor(method, f"{t!r}", "0.035")).whole()
        assert value == pytest.approx(float(discount_factor(t, 0.035, method)), rel=1e-12)


def test_every_number_of_the_file_is_there_with_its_origin(evaluation, book):
    values = Values.mean(evaluation.case.file)
    for place, value in values.by_place.items():
        row = book.find("Inputs", ".".join(map(str, place)))
        assert book.stored["Inputs", f"B{row}"] == pytest.approx(value[0])
        assert book.stored["Inputs", f"J{row}"] == "assumed"
    row = book.find("Inputs", "states.progressed.cost")
    assert book.stored["Inputs", f"D{row}"] == 2702.0
    assert book.stored["Inputs", f"E{row}"] == "USD 2016"


def test_sheets(evaluation, book):
    assert book.sheets == ["About", "Inputs", "Results", "Structures", "Draws", "Traces", "PSM", "PSM 1", "PSM 2"]
    assert [book.stored["Draws", f"A{r}"] for r in (4, 7)] == [1.0, 4.0]
    traces = [v for (s, r), v in book.stored.items() if s == "Traces" and r.startswith("C") and isinstance(v, float)]
    assert max(traces) == 120.0


def test_text_is_never_a_formula(evaluation, tmp_path):
    scenario = evaluation.scenario
    strategies = {
        s: v.model_copy(update={"label": '=HYPERLINK("http://x","<&>")'}) for s, v in scenario.file.strategies.items()
    }
    hostile = replace(scenario, file=scenario.file.model_copy(update={"strategies": strategies}))
    book = Book(write_workbook(replace(evaluation, scenario=hostile, draws=None), tmp_path / "hostile.xlsx"))
    assert book.stored["PSM", "A4"].startswith("=HYPERLINK")
    assert not any("HYPERLINK" in f for f in book.formulas.values())
    assert book.stored["Draws", "A3"].startswith("The evaluation was made without draws")


def test_without_xlsxwriter(evaluation, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs XlsxWriter.*pip install"):
        write_workbook(evaluation, tmp_path / "x.xlsx")
    assert not list(tmp_path.iterdir())


def test_another_ending_is_refused(evaluation, tmp_path):
    with pytest.raises(InputError, match=r"\.xlsx"):
        write_workbook(evaluation, tmp_path / "x.xls")


# ------------------------------------------------------------------------------------------------ the plan
def test_planned_uses_and_prices_are_those_of_the_account_book(evaluation):
    case, values = evaluation.case, Values.mean(evaluation.case.file)
    for s in evaluation.strategies:
        plan = planned(case, s)
        traces = evaluation.structures[s]["partitioned"].traces
        ours = case.outcomes(s, traces, values).by_category()
        worth = discount_factor(case.clock.months, case.clock.discount.costs, case.clock.discount.method)
        free = traces.state("progression_free")[0]
        for category in ("drugs", "administration", "monitoring"):
            total = sum(
                p.price(values)
                * float(p.uses @ (free * worth * np.exp(-case.stops[s] * p.on_treatment * case.clock.months)))
                for p in plan
                if p.category == category
            )
            assert total == pytest.approx(float(ours[category][0]), rel=1e-6)


def test_of_two_ways_at_one_price_the_one_with_fewer_vials(evaluation):
    dose = next(p for p in planned(evaluation.case, "bevacizumab") if p.name == "bevacizumab")
    counts = {place[3]: n for place, n in dose.parts}
    assert 400.0 * counts[1] + 100.0 * counts[0] == pytest.approx(100.0 * 10.98)
    assert counts[0] < 4.0


def test_uses_between_two_points_are_divided(evaluation):
    points = weeks(evaluation.case.clock.horizon)
    for p in planned(evaluation.case, "chemotherapy"):
        uses = p.on_grid(points)
        assert uses.sum() == pytest.approx(p.uses.sum())
        assert uses @ points == pytest.approx(p.uses @ np.minimum(p.months, points[-1]))
