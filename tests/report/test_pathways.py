"""Reports of scenarios of pathways: what differences rest on, what was reported, which patients stand side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import simulate as sim
from simulate.report.context import context
from simulate.report.pathway_events import event_rows
from simulate.report.pathway_figures import draw_states, pathway_figures, state_words
from simulate.report.pathway_subgroups import draw_subgroups, source_line
from simulate.report.view import Table
from simulate.scenario.pathways import PathwayResult
from tests.plots.reading import unreadable


def run(name: str) -> PathwayResult:
    found = sim.load(name).run(patients=1000, seed=3)
    assert isinstance(found, PathwayResult)
    return found


@pytest.fixture(scope="module")
def spine() -> PathwayResult:
    """The same survival under every strategy; two groups of patients."""
    return run("spine_metastasis")


@pytest.fixture(scope="module")
def nodes() -> PathwayResult:
    """Series that were not randomised, and other patients side by side."""
    return run("paraaortic_nodes")


@pytest.fixture(scope="module")
def page_of_spine(spine: PathwayResult) -> dict[str, Any]:
    return context(spine)


@pytest.fixture(scope="module")
def page_of_nodes(nodes: PathwayResult) -> dict[str, Any]:
    return context(nodes)


def cells(table: Table) -> list[list[str]]:
    return [[c.text for c in row] for row in table.rows]


def texts(figure: Any) -> str:
    from matplotlib.text import Text

    root = figure.get_figure(root=True) if hasattr(figure, "get_xaxis") else figure
    return "\n".join(t.get_text() for t in root.findobj(Text))


# ------------------------------------------------------------------------------------------------ one survival
def test_where_survival_is_one_the_outcomes_come_first(page_of_spine: dict[str, Any]):
    said = page_of_spine["answer"]
    assert "What differs is in the outcomes" in said[0]
    assert "complete pain response" in said[0].lower()
    assert "able to walk" in said[0]
    assert "survival is the same by construction" in said[1]
    whole = " ".join(said)
    assert "gained" not in whole
    assert "NOT RANDOMISED" not in whole
    names = [name for name, _, _ in page_of_spine["facts"]]
    assert names[-1] == "Median OS, months"
    assert "Complete pain response at 3 months" in names


def test_one_curve_has_one_label(spine: PathwayResult):
    shown = texts(pathway_figures(spine)["km_os"]())
    assert "all strategies: same survival by construction" in shown
    assert "Dashed" not in shown


def test_contrasts_are_within_their_groups(spine: PathwayResult, page_of_spine: dict[str, Any]):
    pairs = [(c["strategy"], c["comparator"]) for c in spine.summary()["contrasts"]]
    assert pairs == [("stereotactic", "conventional"), ("compression_surgery", "compression_radiotherapy")]
    assert {row[1] for row in cells(page_of_spine["contrasts"])} == {"same survival, by construction"}
    assert all(c.error == "" for row in page_of_spine["contrasts"].rows for c in row)


# ------------------------------------------------------------------------------------------------ not randomised
def test_differences_that_are_not_randomised_say_so_where_they_stand(page_of_nodes: dict[str, Any]):
    rows = page_of_nodes["contrasts"].rows
    assert {r[1].text for r in rows} == {"NOT RANDOMISED: other patients"}
    assert {r[1].mark for r in rows} == {"conflict"}
    assert all(len(r[2].text) <= 4 and not r[3].error for r in rows)
    whole = " ".join(page_of_nodes["answer"])
    assert "against isolated: chemotherapy" in whole
    assert "(NOT RANDOMISED: other patients)" in whole
    assert "SIDE BY SIDE" in whole


def test_curves_not_randomised_are_dashed_and_it_is_said(nodes: PathwayResult):
    ax = pathway_figures(nodes)["km_os"]()
    assert sum(line.get_linestyle() == "--" for line in ax.lines) == 6
    shown = texts(ax).replace("\n", " ")
    assert "Dashed: NOT RANDOMISED" in shown
    assert "1,000 synthetic patients" in shown
    assert "Simulated from figures reported by" in shown


def test_tables_say_what_simulation_error_is(page_of_nodes: dict[str, Any]):
    assert "20 to 100 patients" in page_of_nodes["monte_carlo"]
    for text in (page_of_nodes["monte_carlo"], page_of_nodes["no_p"]):
        assert "What the figures do not say" not in text
        assert "real trial’s size" not in text


def test_the_files_name_the_basis(nodes: PathwayResult, tmp_path: Path):
    import pandas as pd

    nodes.save(tmp_path / "out", command="simulate run paraaortic_nodes")
    frame = pd.read_csv(tmp_path / "out" / "contrasts.csv")
    assert set(frame["basis"]) == {"unanchored"}


# ------------------------------------------------------------------------------------------------ events
def test_what_is_not_reported_is_a_dash(spine: PathwayResult, page_of_spine: dict[str, Any]):
    shown = {row[0]: row[1:] for row in cells(page_of_spine["toxicity"])}
    assert shown["vertebral fracture"][0] == "–"
    assert shown["vertebral fracture"][1].endswith("%")
    assert all(r.label != "any" for r in event_rows(spine))


def test_the_same_grade_stands_once_and_a_part_is_marked():
    found = run("guideline_pathway")
    rows = event_rows(found)
    assert len({(r.event, r.grade) for r in rows}) == len(rows)
    assert not any(r.grade == "3-5" for r in rows)
    anaemia = next(r for r in rows if r.event == "anaemia" and r.grade == ">=3")
    assert anaemia.rates["chemotherapy"].whole
    assert not anaemia.rates["guideline"].whole
    table = context(found)["toxicity"]
    assert any("reported of" in c.small for row in table.rows for c in row)
    assert not any(c.text.startswith("0.0") and c.value for row in table.rows for c in row)


# ------------------------------------------------------------------------------------------------ states and lines
def test_panels_are_labelled_and_empty_states_are_not(nodes: PathwayResult):
    figure = draw_states(nodes)
    visible = [ax for ax in figure.axes if ax.get_visible()]
    assert len(visible) == 7
    for ax in visible[-2:]:
        assert ax.get_xlabel() == "Months since the start"  # as under the curves
        assert ax.xaxis.get_tick_params()["labelbottom"]
    assert source_line(nodes) in figure.texts[-1].get_text().replace("\n", " ")
    alone = draw_states(run("bone_agents"))
    assert [t.get_text() for t in alone.legends[0].get_texts()] == [state_words("progression_free", ["progressed"])]


@pytest.mark.parametrize("name", ["performance_status", "bone_agents"])
def test_figures_of_panels_can_be_read(name: str):
    """No text on text, none too small; the source says whether patients were simulated."""
    result = run(name)
    drawn = [(draw_states(result), "Simulated from")]
    drawn += [(draw_subgroups(result), "Integrated from")] if result.scenario.file.by else []
    for figure, begins in drawn:
        assert unreadable(figure) == []
        assert figure.texts[-1].get_text().startswith(begins)


def test_who_never_had_a_first_line_is_not_after_it():
    assert state_words("after_first_line", [], none=True) == "supportive care"
    assert state_words("after_first_line", []) == "supportive care after the first line"


def test_no_column_of_dashes_alone(page_of_spine: dict[str, Any]):
    for row in zip(*cells(page_of_spine["time"]), strict=True):
        assert set(row) != {"–"}


def test_what_stands_in_for_what_is_shown(page_of_spine: dict[str, Any]):
    bases = page_of_spine["pathway"]["bases"]
    assert bases.columns[-1].head == "what stands in for what"
    assert all("Yoon 2013" in row[-1].small for row in bases.rows)


def test_shares_of_a_later_line_are_of_those_who_can_reach_it():
    given = context(run("performance_status"))["pathway"]["given"]
    for line in ("first line", "second line", "third line"):
        own = [row for row in given.rows if row[0].small == line]
        assert own
        for column in range(1, len(given.columns)):
            total = sum(row[column].value or 0.0 for row in own)
            assert total == pytest.approx(1.0) or total == 0.0
