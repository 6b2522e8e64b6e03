"""CHEERS 2022: its 28 items, each with where the page answers it, or that it does not.

Husereau et al., Consolidated Health Economic Evaluation Reporting Standards 2022 (CHEERS 2022) statement, BMJ
2022;376:e067975, doi:10.1136/bmj-2021-067975. Names of the items are its own; what stands beside them is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simulate.economics.own import OwnCase
from simulate.report.evaluation_inputs import counted
from simulate.report.evaluation_words import years
from simulate.report.numbers import count, percent
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

REPORTED, PARTLY, NOT_REPORTED = "reported", "in part", "not reported"
PLACES = {
    "answer": "The answer", "results": "Results", "structure": "Structure", "costs": "Costs", "doubt": "Uncertainty",
    "numbers": "Inputs", "assumptions": "Assumptions and limits", "sources": "Sources", "reproduce": "Reproduce",
    "question": "title",
}  # fmt: skip
SECTIONS = ((1, "Title"), (2, "Abstract"), (3, "Introduction"), (4, "Methods"), (22, "Results"), (26, "Discussion"),
            (27, "Other relevant information"))  # fmt: skip


class Item(NamedTuple):
    """One item: its name, whether it is answered, where, and how."""

    name: str
    status: str
    where: str
    how: str


def items(e: Evaluation) -> list[Item]:
    """The items in their order."""
    return [*_opening(e), *_methods(e), *_closing(e)]


def _opening(e: Evaluation) -> list[Item]:
    names = " v ".join(e.scenario.label(s) for s in e.strategies)
    return [
        Item("Title", REPORTED, "question", f"{names}."),
        Item(
            "Abstract", REPORTED, "answer", "Context, result, alternative structures and uncertainty, not structured."
        ),
        Item("Background and objectives", PARTLY, "question", "The question; no review of the disease or of practice."),
    ]


def _methods(e: Evaluation) -> list[Item]:
    case = e.case
    own = isinstance(case, OwnCase)
    rates = case.clock.discount
    rate = f"{percent(rates.costs)} on costs, {percent(rates.effects)} on health, {rates.method.replace('_', ' ')}"
    events = len(case.file.toxicities)
    drawn = "None: no draws were made." if e.draws is None else (
        f"{count(len(e.draws))} draws of all uncertain numbers, structures side by side, value of information."
    )  # fmt: skip
    model = "The scenario’s own partitioned survival model." if own else (
        "One joint illness-death model calibrated to reported figures, with other structures beside it."
    )  # fmt: skip
    spread = "As it stands; curves are not fitted here." if own else (
        "Calibration, extrapolation beyond follow-up, simulation against integration."
    )  # fmt: skip
    patients = "Not described: the model came without patients." if own else (
        f"Patients like those of the trial, {e.scenario.file.population}; its report describes them."
    )  # fmt: skip
    priced = f"{case.file.currency} of {case.file.price_year}"
    return [
        Item("Health economic analysis plan", NOT_REPORTED, "", "None was registered; the scenario file is the plan."),
        Item("Study population", NOT_REPORTED if own else PARTLY, "sources", patients),
        Item("Setting and location", REPORTED, "numbers", f"{case.reference.country}; {case.file.payer}."),
        Item("Comparators", PARTLY, "costs", "Named with what is given; why these, only in the question."),
        Item("Perspective", REPORTED, "numbers", f"{case.reference.perspective}; rules of {case.reference.body}."),
        Item("Time horizon", REPORTED, "numbers", f"{years(case.clock.horizon)}; rules: {case.reference.horizon}."),
        Item("Discount rate", REPORTED, "numbers", f"{rate}; as {case.reference.label} asks."),
        Item("Selection of outcomes", REPORTED, "results",
             f"Life-years, QALYs; harms of {count(events)} adverse events as cost and loss of utility."),
        Item("Measurement of outcomes", PARTLY, "sources", "As the trials did; read second-hand where marked."),
        Item("Valuation of outcomes", PARTLY, "numbers", "Utilities with sources; whose values, where one says."),
        Item("Measurement and valuation of resources and costs", REPORTED, "costs",
             "Uses follow from regimens and states, prices from the economic file."),
        Item("Currency, price date, and conversion", REPORTED, "numbers", f"{priced}; index and exchange listed."),
        Item("Rationale and description of model", REPORTED, "structure", f"{model} The code is open."),
        Item("Analytics and assumptions", REPORTED, "assumptions", spread),
        Item("Characterising heterogeneity", NOT_REPORTED, "", "No subgroup was evaluated; --set population does one."),
        Item("Characterising distributional effects", NOT_REPORTED, "", "Everybody’s QALY counts alike."),
        Item("Characterising uncertainty", NOT_REPORTED if e.draws is None else REPORTED, "doubt", drawn),
        Item("Approach to engagement with patients and others affected by the study", NOT_REPORTED, "",
             "Nobody was asked."),
    ]  # fmt: skip


def _closing(e: Evaluation) -> list[Item]:
    n = counted(e.case)
    parameters = (
        f"All {count(n['all'])} numbers: {count(n['source'])} from a source, {count(n['borrowed'])} borrowed, "
        f"{count(n['assumed'])} assumed; {count(n['uncertain'])} with a range."
    )
    effect = "None was calculated." if e.draws is None else "Plane, acceptability, expected loss, value of information."
    status = NOT_REPORTED if e.draws is None else REPORTED
    return [
        Item("Study parameters", REPORTED, "numbers", parameters),
        Item("Summary of main results", REPORTED, "results", "Costs, life-years, QALYs, ratio, net benefit."),
        Item("Effect of uncertainty", status, "doubt", effect),
        Item("Effect of engagement with patients and others affected by the study", "not applicable", "",
             "There was none."),
        Item("Study findings, limitations, generalisability, and current knowledge", PARTLY, "assumptions",
             "Findings and limits; no comparison with other evaluations."),
        Item("Source of funding", NOT_REPORTED, "", "The program does not know it: to be filled in by who reports."),
        Item("Conflicts of interest", NOT_REPORTED, "", "The program does not know them: to be filled in."),
    ]  # fmt: skip


def cheers_table(e: Evaluation) -> Table:
    """The checklist as a table."""
    columns = (
        Column("item", numeric=False), Column("state", numeric=False), Column("where", numeric=False),
        Column("how", numeric=False),
    )  # fmt: skip
    rows = []
    for number, item in enumerate(items(e), 1):
        section = next(name for start, name in reversed(SECTIONS) if number >= start)
        where = (
            Cell(PLACES[item.where], href="" if item.where == "question" else f"#{item.where}") if item.where else "–"
        )
        mark = {REPORTED: "met", NOT_REPORTED: "conflict"}.get(item.status, "partly")
        first = Cell(f"{number} {item.name}", small=section)
        rows.append(row(first, Cell(item.status, mark=mark), where, item.how))
    caption = "CHEERS 2022, item by item (Husereau et al., BMJ 2022;376:e067975)"
    return Table("cheers-list", caption, columns, tuple(rows), wide=True)
