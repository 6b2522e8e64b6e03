"""CHEERS 2022: every item under its number, its section and its name, as Table 1 of the statement has them."""

from __future__ import annotations

from pathlib import Path

import simulate as sim
from simulate.report.cheers import cheers_table
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
