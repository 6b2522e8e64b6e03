"""CHEERS 2022: its 28 items, each with where the page answers it, or that it does not.

What stands beside an item follows from what the evaluation really has: draws, subgroups, weights of severity, numbers
that some strategy uses. Husereau et al., Consolidated Health Economic Evaluation Reporting Standards 2022 (CHEERS 2022)
statement, BMJ 2022;376:e067975, doi:10.1136/bmj-2021-067975. Names of the items are its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulate.economics.amounts import Place
from simulate.economics.composite import Composite
from simulate.economics.own import OwnCase
from simulate.evidence.money_schema import Disutility, Gain, Money, Utility
from simulate.report.evaluation_doses import doses_table
from simulate.report.evaluation_figures import study_of
from simulate.report.evaluation_inputs import quantities_of
from simulate.report.evaluation_words import years
from simulate.report.in_use import many, origin_of, several_structures, stands_in, used_places
from simulate.report.numbers import count, percent, plain_number
from simulate.report.view import Cell, Column, Table, listed, row

if TYPE_CHECKING:
    from simulate.evidence.economics_schema import Discount
    from simulate.scenario.evaluation import Evaluation

REPORTED, PARTLY, NOT_REPORTED, WITHOUT = "reported", "in part", "not reported", "not applicable"
PLACES = {
    "answer": "The answer", "results": "Results", "structure": "Structure", "costs": "Costs", "doubt": "Uncertainty",
    "decision": "Decision", "numbers": "Inputs", "assumptions": "Assumptions and limits", "sources": "Sources",
    "reproduce": "Reproduce", "question": "title",
}  # fmt: skip
SECTIONS = ((1, "Title"), (2, "Abstract"), (3, "Introduction"), (4, "Methods"), (22, "Results"), (26, "Discussion"),
            (27, "Other relevant information"))  # fmt: skip
ECONOMIC = re.compile(r"cost|economic|value for money", re.IGNORECASE)  # what a title says of its kind of study
LIFETIME = 0.01  # share alive at the horizon below which it is as good as a lifetime
ENGAGEMENT = "patients and others affected by the study"


class Item(NamedTuple):
    """One item: its name, whether it is answered, where, and how."""

    name: str
    status: str
    where: str
    how: str


def items(e: Evaluation) -> list[Item]:
    """The items in their order."""
    return [*_opening(e), *_patients_and_rules(e), *_outcomes_and_costs(e), *_analysis(e), *_closing(e)]


# ------------------------------------------------------------------------------------------------ 1 to 10
def _opening(e: Evaluation) -> list[Item]:
    file, names = e.scenario.file, " v ".join(e.scenario.label(s) for s in e.strategies)
    kind = "" if ECONOMIC.search(file.title) else " The title does not say that this is an economic evaluation."
    parts = ["the result", *(["other structures"] if several_structures(e) else [])]
    parts += ["how sure it is"] if e.draws is not None else []
    asked = "The question; no review of the disease or of practice."
    return [
        Item("Title", PARTLY if kind else REPORTED, "question", f"Compared: {names}.{kind}"),
        Item("Abstract", PARTLY, "answer", f"It tells {listed(parts)}; not structured, and without methods."),
        Item("Background and objectives", PARTLY, "question", asked) if file.question
        else Item("Background and objectives", NOT_REPORTED, "", "The scenario asks no question in words."),
    ]  # fmt: skip


def _patients_and_rules(e: Evaluation) -> list[Item]:
    case, r = e.case, e.case.reference
    given = bool(getattr(case, "regimens", None))
    why = "why these, only in the question" if e.scenario.file.question else "why these is not said"
    plan = "None was registered; the scenario file is the plan."
    return [
        Item("Health economic analysis plan", NOT_REPORTED, "", plan),
        _population(e),
        Item("Setting and location", REPORTED, "numbers", f"{r.country}; {case.file.payer}."),
        Item("Comparators", PARTLY, "costs" if given else "results",
             f"{'Named with what is given' if given else 'Named; what is given shows in the costs alone'}; {why}."),
        Item("Perspective", REPORTED, "numbers", f"{r.perspective}; rules of {r.body}."),
        _horizon(e),
        _discounting(e),
    ]  # fmt: skip


def _population(e: Evaluation) -> Item:
    name = "Study population"
    if isinstance(e.case, OwnCase):
        return Item(name, NOT_REPORTED, "", "Not described: the model came without patients.")
    mixed = isinstance(e.case.calibration, Composite)
    who = f"Patients of {study_of(e)}"
    if mixed:
        who = f"The library’s population {e.scenario.file.population}, treated as in {study_of(e)}"
    elif e.scenario.file.population != "all":
        who += f", population {e.scenario.file.population}"
    return Item(name, PARTLY, "sources", f"{who}; the page does not describe them further.")


def _horizon(e: Evaluation) -> Item:
    alive = max(float(np.mean(e.base(s).traces.alive[:, -1])) for s in e.strategies)
    text = f"{years(e.case.clock.horizon)}; rules: {e.case.reference.horizon}."
    if alive <= LIFETIME:
        return Item("Time horizon", REPORTED, "numbers", text)
    return Item(
        "Time horizon", PARTLY, "numbers", f"{text} Up to {percent(alive)} are alive then; why it ends is not said."
    )


def _discounting(e: Evaluation) -> Item:
    used, asked, who = e.case.clock.discount, e.case.reference.discounting, e.case.reference.label
    if used == asked:
        return Item("Discount rate", REPORTED, "numbers", f"{_rates(used)}; as {who} asks.")
    text = f"{_rates(used)}; {who} asks for {_rates(asked)}. Why they differ is not said."
    return Item("Discount rate", PARTLY, "numbers", text)


def _rates(d: Discount) -> str:
    return f"{percent(d.costs)} on costs, {percent(d.effects)} on health, {d.method.replace('_', ' ')}"


# ------------------------------------------------------------------------------------------------ 11 to 15
def _outcomes_and_costs(e: Evaluation) -> list[Item]:
    own, used = isinstance(e.case, OwnCase), used_places(e)
    harms, gains = (len({p[1] for p in used if p[0] == k}) for k in ("toxicities", "responses"))
    parts = [
        many(harms, "adverse event") if harms else "no adverse event",
        *([many(gains, "good outcome")] if gains else []),
    ]
    counted = f"Life-years and QALYs; {listed(parts)} with a cost or a change of utility."
    measured = "The scenario’s own numbers." if own else "As the trials did; read second-hand where marked."
    resources = (
        Item("", PARTLY, "costs", "Amounts of the scenario’s own model and of the economic file; uses are its own.")
        if own
        else Item("", REPORTED, "costs", "Uses follow from regimens and states, prices from the economic file.")
    )
    return [
        Item("Selection of outcomes", REPORTED, "results", counted),
        Item("Measurement of outcomes", PARTLY, "numbers" if own else "sources", measured),
        Item("Valuation of outcomes", PARTLY, "numbers",
             f"{_origins(e, used)}; by whom and how they were valued, only where a note says."),
        resources._replace(name="Measurement and valuation of resources and costs"),
        _currency(e),
    ]  # fmt: skip


def _origins(e: Evaluation, used: set[Place]) -> str:
    """Of utilities in use, how many are from where."""
    known = quantities_of(e.case)
    found = [q for p, q in known.items() if isinstance(q, Utility | Disutility | Gain) and stands_in(p, used)]
    n = {k: sum(origin_of(q) == k for q in found) for k in ("from a source", "borrowed", "assumed")}
    return f"{many(len(found), 'utility or change of one', 'utilities and changes')}: " + listed(
        [f"{count(v)} {k}" for k, v in n.items() if v] or ["none"]
    )


def _currency(e: Evaluation) -> Item:
    """Currency and year, and what stands otherwise in the file."""
    file = e.case.file
    money = [q for p, q in quantities_of(e.case).items() if isinstance(q, Money) and stands_in(p, used_places(e))]
    abroad = sorted({q.currency for q in money if q.currency not in (None, file.currency)})
    other = [q for q in money if q.price_year not in (None, file.price_year)]
    old = sum(not q.indexed for q in other)
    parts = [f"{file.currency} of {file.price_year}"]
    if len(other) > old:
        parts.append(f"{many(len(other) - old, 'amount')} of other years brought there by an index")
    if abroad:
        assumed = " at an assumed rate" if any(file.exchange[c].assumed for c in abroad) else ""
        parts.append(f"{listed([str(c) for c in abroad])} exchanged{assumed}")
    if old:
        parts.append(f"{many(old, 'amount')} of other years stand{'s' if old == 1 else ''} as printed")
    name = "Currency, price date, and conversion"
    return Item(name, PARTLY if old else REPORTED, "numbers", f"{'; '.join(parts)}.")


# ------------------------------------------------------------------------------------------------ 16 to 21
def _analysis(e: Evaluation) -> list[Item]:
    own = isinstance(e.case, OwnCase)
    beside = ", with other structures beside it" if several_structures(e) else ""
    model = "The scenario’s own partitioned survival model"
    if not isinstance(e.case, OwnCase):
        trials = len(e.case.calibrations)
        model = "Illness-death models calibrated to reported figures of "
        model += "one trial" if trials == 1 else f"{trials} trials and put together"
    n = len(e.scenario.file.assumptions)
    listing = f"{many(n, 'assumption')} listed" if n else "No assumption is listed"
    how = "curves are taken as they stand and not validated here" if own else (
        "simulated patients are held against integration, curves beyond the follow-up compared; how the model was "
        "calibrated is told elsewhere"
    )  # fmt: skip
    return [
        Item("Rationale and description of model", PARTLY, "structure",
             f"{model}{beside}; no drawing of its states, and no address of the program."),
        Item("Analytics and assumptions", PARTLY, "assumptions" if n else "structure", f"{listing}; {how}."),
        _heterogeneity(e),
        _distribution(e),
        _uncertainty(e),
        Item(f"Approach to engagement with {ENGAGEMENT}", NOT_REPORTED, "", "Nobody was asked."),
    ]  # fmt: skip


def _heterogeneity(e: Evaluation) -> Item:
    name = "Characterising heterogeneity"
    found = {g.label: None for own in e.decisions.subgroups.values() for g in own}
    if not found:
        return Item(name, NOT_REPORTED, "", "No subgroup was evaluated.")
    return Item(
        name, PARTLY, "decision", f"{listed(list(found))}: parts within which was randomised; how sure is not shown."
    )


def _distribution(e: Evaluation) -> Item:
    name, weighed = "Characterising distributional effects", e.decisions.severity
    if weighed is not None:
        text = f"A QALY weighs {plain_number(weighed.weight)} by severity, told beside unweighted ones; nothing else."
        return Item(name, PARTLY, "decision", text)
    if e.case.reference.severity is not None:
        who = e.case.reference.label
        return Item(name, NOT_REPORTED, "", f"Everybody’s QALY counts alike; {who} weighs severity, not done here.")
    return Item(name, NOT_REPORTED, "", "Everybody’s QALY counts alike.")


def _uncertainty(e: Evaluation) -> Item:
    name = "Characterising uncertainty"
    parts = [] if e.draws is None else [f"{count(len(e.draws))} draws of all uncertain numbers"]
    parts += ["one number at a time"] if e.one_way else []
    parts += ["structures side by side"] if several_structures(e) else []
    parts += ["value of information"] if e.draws is not None and len(e.strategies) > 1 else []
    parts += ["all models that meet the figures"] if e.decisions.model_range else []
    if not parts:
        return Item(name, NOT_REPORTED, "", "None: no draws were made.")
    text = listed(parts)
    if e.draws is None:
        return Item(name, PARTLY, "doubt", f"{text[0].upper()}{text[1:]}; no draws were made.")
    return Item(name, REPORTED, "doubt", f"{text}.")


# ------------------------------------------------------------------------------------------------ 22 to 28
def _closing(e: Evaluation) -> list[Item]:
    measures = ["costs", "life-years", "QALYs", *(["ratio", "net benefit"] if len(e.strategies) > 1 else [])]
    some = [*(["findings"] if len(e.strategies) > 1 else []), *(["limits"] if _limits(e) else [])]
    said = listed(some) if some else "what was found"
    discussed = f"{said[0].upper()}{said[1:]}; other evaluations only as far as the limits name them."
    return [
        _parameters(e),
        Item("Summary of main results", REPORTED, "results", f"{listed(measures)[0].upper()}{listed(measures)[1:]}."),
        _effect(e),
        Item(f"Effect of engagement with {ENGAGEMENT}", WITHOUT, "", "There was none."),
        Item("Study findings, limitations, generalisability, and current knowledge", PARTLY, "assumptions", discussed),
        Item("Source of funding", NOT_REPORTED, "", "The program does not know it: to be filled in by who reports."),
        Item("Conflicts of interest", NOT_REPORTED, "", "The program does not know them: to be filled in."),
    ]


def _limits(e: Evaluation) -> bool:
    return bool(e.scenario.file.limits or e.case.file.limits)


def _parameters(e: Evaluation) -> Item:
    """Of the numbers that are listed those that some strategy uses, and what is not listed."""
    used, known = used_places(e), quantities_of(e.case)
    own = {p: q for p, q in known.items() if stands_in(p, used)}
    n = {k: sum(origin_of(q) == k for q in own.values()) for k in ("from a source", "borrowed", "assumed")}
    spread = sum(q.standard_error > 0.0 for q in own.values())
    origins = listed([f"{count(v)} {k}" for k, v in n.items() if v])
    text = f"{count(len(own))} numbers that a strategy uses: {origins}; {count(spread)} with a range."
    idle = len(known) - len(own)
    if idle:
        text += f" {count(idle)} more are listed that none uses."
    if isinstance(e.case, OwnCase):
        return Item("Study parameters", REPORTED, "numbers", text)
    text += " Elsewhere: doses (Costs)," if doses_table(e) is not None else " Elsewhere:"
    text += " parameters of survival (model.json), rates of adverse events (files of evidence)."
    return Item("Study parameters", PARTLY, "numbers", text)


def _effect(e: Evaluation) -> Item:
    several = len(e.strategies) > 1
    parts = ["plane", "acceptability", "expected loss", "value of information"] if e.draws and several else []
    parts += ["tornado"] if e.one_way else []
    parts += ["changes of convention (discounting, horizon)"] if e.scenarios else []
    if e.draws is not None and not several:
        parts.append("spread of the draws")
    name = "Effect of uncertainty"
    if not parts:
        return Item(name, NOT_REPORTED, "", "None was calculated.")
    text = listed(parts)
    return Item(name, PARTLY if e.draws is None else REPORTED, "doubt", f"{text[0].upper()}{text[1:]}.")


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
