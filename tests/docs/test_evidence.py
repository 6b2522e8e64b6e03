"""`docs/evidence.md` is whole: every row leads to a field that exists, and every quantity is simulated."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("evidence_table", Path(__file__).with_name("evidence_table.py"))
table = importlib.util.module_from_spec(_spec)
sys.modules["evidence_table"] = table
_spec.loader.exec_module(table)
ROWS = list(table.statements())
# dates and marks of references, and the categories a guideline gives to evidence
NOT_OUTCOMES = (
    "year of",
    "bibliographic",
    "reference mark",
    "last updated",
    "date of the page",
    "category of evidence",
)


def named(s) -> str:
    return f"{s.document}-{s.n}"


def test_the_five_documents_are_there():
    assert {s.document for s in ROWS} == set(table.TITLES)
    for document in table.TITLES:
        own = [s.n for s in ROWS if s.document == document]
        assert own == list(range(1, len(own) + 1))
        assert len(own) > 30


@pytest.mark.parametrize("s", ROWS, ids=named)
def test_every_place_exists_or_says_why_not(s):
    assert s.kind in ("quantity", "recommendation")
    assert s.places or len(s.why) > 20
    for place in s.places:
        assert table.line(place) > 0


@pytest.mark.parametrize("s", [s for s in ROWS if s.kind == "quantity"], ids=named)
def test_every_quantity_simulates(s):
    """A scenario's results rest on its file."""
    words = f"{s.statement} {s.why}".lower()
    assert any(w in words for w in NOT_OUTCOMES) or table.simulated_by(s)


def test_the_page_is_current(root):
    assert (root / "docs/evidence.md").read_text(encoding="utf-8") == table.render(), (
        "run python tests/docs/evidence_table.py"
    )
