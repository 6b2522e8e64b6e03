"""Reported beside simulated, as a figure and as words: conflicts show, rivals are told apart, deaths are counted."""

from __future__ import annotations

import copy

import pytest
from matplotlib.colors import to_hex

from simulate.plots.forest import CONFLICT
from simulate.report import figures, results_view
from simulate.report.labels import Names
from simulate.scenario import Result


@pytest.fixture(scope="module")
def names(result: Result) -> Names:
    return Names(result.scenario)


@pytest.fixture(scope="module")
def figure(result: Result, names: Names):
    return figures.reported_beside_simulated(result, names)


def test_conflicts_are_marked_and_nothing_else_is(figure, result: Result):
    ticks = [t for ax in figure.axes for t in ax.get_yticklabels()]
    marked = [t for t in ticks if t.get_text().endswith("! conflict")]
    shown = [r for r in result.fidelity.rows if r.verdict == "conflict" and r.endpoint in ("os", "pfs", "pps")]
    assert len(marked) == len(shown) > 0
    assert {t.get_text() for t in ticks if to_hex(t.get_color()) == CONFLICT.lower()} == {t.get_text() for t in marked}


def test_deaths_have_a_panel_and_the_trial_is_named(figure, result: Result):
    labels = {ax.get_xlabel(): ax for ax in figure.axes}
    deaths = labels["Number of events (OS: deaths)"]
    (row,) = (r for r in result.fidelity.rows if r.id == "os_events")
    assert row.reported == 348  # its interval is derived from the numbers of patients
    assert f"348 ({row.ci_low:.0f}–{row.ci_high:.0f})" in [t.get_text() for t in deaths.texts]
    assert [t.get_text() for t in figure.texts] == ["GOG 240: reported beside simulated"]


def test_no_two_rows_of_a_panel_are_called_the_same(figure):
    for ax in figure.axes:
        labels = [t.get_text() for t in ax.get_yticklabels()]
        assert len(labels) == len(set(labels))
    shown = " ".join(t.get_text() for ax in figure.axes for t in ax.get_yticklabels())
    assert "(US\N{NO-BREAK SPACE}label)" in shown
    assert "(Tewari\N{NO-BREAK SPACE}2014)" in shown


@pytest.mark.parametrize(
    ("simulated", "said"),
    [
        ((220, 204), "more deaths than the real one (424 v 348), so its interval is somewhat too narrow"),
        ((150, 120), "fewer deaths than the real one (270 v 348), so its interval is somewhat too wide"),
        ((180, 170), None),
    ],
)
def test_another_number_of_deaths_than_reported_is_said(result: Result, names: Names, simulated, said):
    summary = copy.deepcopy(result.summary())
    for c in summary["contrasts"]:
        if c["endpoint"] == "os":
            c["trial_like"]["events"] = simulated
    table, _ = results_view.trial_like_table(summary, names)
    assert len(table.notes) == (said is not None)
    assert said is None or said in table.notes[0]
