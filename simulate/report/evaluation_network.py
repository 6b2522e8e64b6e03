"""Effects that an evaluation takes from a network meta-analysis: words and the table of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulate.report.evaluation_decision_words import origin_words
from simulate.report.numbers import count, fixed, plain_number
from simulate.report.view import Cell, Column, Table, listed, row

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

ENDPOINTS = {"pfs": "progression or death", "os": "death", "pps": "death after progression"}
SHOWN = 12  # digits of a hash


def network_words(e: Evaluation) -> str:
    """Where the effects come from, in a sentence; empty where they are the trial's own."""
    found = e.summary()["network"]
    if found is None:
        return ""
    who = listed([e.scenario.label(s) for s in found["strategies"]])
    other = e.scenario.label(e.strategies[0])
    files = listed([f"{f['file']}, SHA-256 {f['sha256'][:SHOWN]}…" for f in found["files"].values()])
    return (
        f"Effects of {who} are those of a network meta-analysis, not of the trial’s arm: hazard ratios against "
        f"{found['against']} on the curves of {other}, {count(found['draws'])} posterior draws ({files})."
    )


def network_table(e: Evaluation) -> Table | None:
    """Hazard ratios of every strategy that the network gives its effects."""
    found, network = e.summary()["network"], e.case.question.network
    if found is None or network is None:
        return None
    columns = (Column("strategy", numeric=False), Column("hazard ratio of", numeric=False), Column("used"),
               Column("95 % interval", "of the draws"))  # fmt: skip
    rows = []
    for s, own in found["strategies"].items():
        for endpoint, ratio in own["hazard_ratio"].items():
            name = Cell(e.scenario.label(s), small=f"{own['treatment']} against {found['against']}")
            spread = f"{fixed(ratio['low'], 3)} to {fixed(ratio['high'], 3)}"
            rows.append(row(name, ENDPOINTS[endpoint], _n(ratio["value"]), spread))
    notes = [f"{network_words(e)} Used at the values of the files: that of the mean log ratio.", _met(found)]
    notes.append(f"Origin: {origin_words(e, network)}.")
    return Table("network", "Effects of the network", columns, tuple(rows), tuple(n for n in notes if n), wide=True)


def _met(found: dict[str, Any]) -> str:
    if "os" not in found["files"]:
        return ""
    return (
        "The ratio of death is met through survival after progression, so that mean survival within "
        f"{plain_number(round(found['follow_up'], 1))} months is what it asks for."
    )


def _n(value: float) -> Cell:
    return Cell(fixed(value, 3), value=value)
