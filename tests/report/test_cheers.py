"""CHEERS 2022: every item under its number, its section and its name, as Table 1 of the statement has them."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulate as sim
from simulate.report.cheers import NOT_REPORTED, PARTLY, REPORTED, cheers_table, items
from simulate.scenario.evaluation import evaluate

PARAMS = Path(__file__).resolve().parent.parent / "economics" / "data" / "params"
SECTIONS = {
    "Title": ["Title"],
    "Abstract": ["Abstract"],
    "Introduction": ["Background and objectives"],
    "Methods": [
        "Health economic analysis plan",
        "Study population",
        "Setting and location",
        "Comparators",
        "Perspective",
        "Time horizon",
        "Discount rate",
        "Selection of outcomes",
        "Measurement of outcomes",
        "Valuation of outcomes",
        "Measurement and valuation of resources and costs",
        "Currency, price date, and conversion",
        "Rationale and description of model",
        "Analytics and assumptions",
        "Characterising heterogeneity",
        "Characterising distributional effects",
        "Characterising uncertainty",
        "Approach to engagement with patients and others affected by the study",
    ],
    "Results": [
        "Study parameters",
        "Summary of main results",
        "Effect of uncertainty",
        "Effect of engagement with patients and others affected by the study",
    ],
    "Discussion": ["Study findings, limitations, generalisability, and current knowledge"],
    "Other relevant information": ["Source of funding", "Conflicts of interest"],
}


def test_items_have_the_numbers_sections_and_names_of_the_statement():
    evaluation = evaluate(sim.load("toy", params=PARAMS), draws=0, patients=400, seed=1)
    first = [cells[0] for cells in cheers_table(evaluation).rows]
    names = [(section, name) for section, own in SECTIONS.items() for name in own]
    assert [(cell.small, cell.text) for cell in first] == [
        (section, f"{number} {name}") for number, (section, name) in enumerate(names, 1)
    ]


OWN = PARAMS.parent.parent.parent / "techver" / "data"
# Scenario, library, overrides, draws: of some items the status and what is said.
CASES = [
    ("bevacizumab_us", None, {}, 0, {
        1: (REPORTED, "chemotherapy v chemotherapy + bevacizumab"),
        5: (PARTLY, "Patients of GOG 240; the page does not describe them"),
        10: (REPORTED, "3.0 % on costs, 3.0 % on health, per cycle; as United States, Second Panel asks."),
        11: (REPORTED, "6 adverse events"),
        15: (PARTLY, "4 amounts of other years stand as printed"),
        16: (PARTLY, "of one trial, with other structures beside it; no drawing of its states"),
        18: (PARTLY, "cisplatin + paclitaxel backbone"),
        19: (NOT_REPORTED, "counts alike."),
        20: (PARTLY, "One number at a time and structures side by side; no draws were made."),
        22: (PARTLY, "more are listed that none uses"),
        24: (PARTLY, "changes of convention (discounting, horizon)."),
        26: (PARTLY, "only as far as the limits name them"),
    }),
    ("bevacizumab_us", None, {"economics.discounting": "{costs: 0, effects: 0, method: per_cycle}"}, 0, {
        10: (PARTLY, "0.0 % on costs, 0.0 % on health, per cycle; United States, Second Panel asks for 3.0 % on costs"),
    }),
    ("pembrolizumab_uk", None, {}, 60, {
        9: (PARTLY, "are alive then"),
        15: (PARTLY, "USD exchanged at an assumed rate"),
        18: (PARTLY, "PD-L1 CPS < 1"),
        19: (PARTLY, "A QALY weighs 1.2 by severity"),
        20: (REPORTED, "60 draws of all uncertain numbers, one number at a time, structures side by side and value"),
        24: (REPORTED, "Plane, acceptability"),
    }),
    ("second_line_us", None, {}, 0, {
        5: (PARTLY, "population first_line_trial, treated as in innovaTV 301 and EMPOWER-Cervical 1"),
        11: (REPORTED, "4 adverse events with"),
        16: (PARTLY, "of 2 trials and put together"),
        18: (NOT_REPORTED, "No subgroup was evaluated."),
    }),
    ("spine_sbrt_us", None, {"horizon": "24"}, 0, {
        9: (PARTLY, "2 years; rules: lifetime. Up to 25"),
        11: (REPORTED, "2 adverse events and 1 good outcome"),
        15: (REPORTED, "brought there by an index."),
        19: (NOT_REPORTED, "counts alike."),
    }),
    (str(OWN / "scenarios" / "own_us.yaml"), OWN, {}, 0, {
        1: (PARTLY, "does not say that this is an economic evaluation"),
        3: (NOT_REPORTED, "asks no question"),
        5: (NOT_REPORTED, "without patients"),
        11: (REPORTED, "2 adverse events"),
        16: (PARTLY, "own partitioned survival model; no drawing"),
        17: (PARTLY, "No assumption is listed; curves are taken as they stand and not validated here."),
        20: (PARTLY, "One number at a time; no draws were made."),
        22: (REPORTED, "24 numbers that a strategy uses: 24 assumed"),
        24: (PARTLY, "Tornado."),
        26: (PARTLY, "Findings; other evaluations"),
    }),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "params", "overrides", "draws", "expected"),
    CASES,
    ids=[f"{c[0].rpartition('/')[2]} {' '.join(c[2])}" for c in CASES],
)
def test_what_is_said_is_what_the_evaluation_has(name, params, overrides, draws, expected):
    scenario = sim.load(name, params=params, overrides=overrides)
    found = items(evaluate(scenario, draws=draws, patients=400, draw_patients=50, seed=1))
    assert len(found) == 28
    for number, (status, words) in expected.items():
        item = found[number - 1]
        assert (item.status, words in item.how.replace("\xa0", " ")) == (status, True), (number, item)
        assert bool(item.where) == (status != NOT_REPORTED), (number, item)
