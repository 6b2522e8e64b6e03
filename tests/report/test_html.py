"""The page: well formed, self-contained, accessible, escaped, and with the numbers of summary.json."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from simulate.report import render_html
from simulate.scenario import Result
from tests.report.conftest import HOSTILE
from tests.report.page import Page


@pytest.fixture(scope="module")
def text(written: Path) -> str:
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def summary(written: Path) -> dict:
    return json.loads((written / "summary.json").read_text())


def test_the_reader_of_the_tests_notices_broken_pages():
    assert Page("<p><b>x</p></b>").problems
    assert Page("<div>").problems
    assert not Page("<p>a<br>b</p>").problems


def test_is_well_formed(text: str, page: Page):
    assert text.startswith("<!DOCTYPE html>")
    assert page.problems == []
    assert ("html", "lang", "en") in page.attributes


def test_ids_are_unique_and_every_link_within_the_page_leads_somewhere(page: Page):
    assert len(page.ids) == len(set(page.ids))
    targets = [v[1:] for _, k, v in page.attributes if k in ("href", "xlink:href") and v.startswith("#")]
    targets += [ref for _, _, v in page.attributes for ref in re.findall(r"url\(#([^)]+)\)", v)]
    targets += [v for _, k, v in page.attributes if k == "aria-labelledby"]
    assert len(targets) > 20
    assert set(targets) <= set(page.ids)


def test_needs_nothing_from_outside(text: str, page: Page):
    assert "script" not in page.tags
    assert not {"iframe", "object", "embed", "img", "audio", "video", "form"} & set(page.tags)
    for tag, name, value in page.attributes:
        if name in ("src", "srcset", "href", "xlink:href", "action", "data", "poster") and not value.startswith(
            ("#", "data:")
        ):
            assert (tag, name) == ("a", "href"), (tag, name, value)
            assert re.match(r"https?://", value)
        assert not name.startswith("on")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_links_out_are_the_sources(page: Page, result: Result):
    links = {v for tag, k, v in page.attributes if tag == "a" and k == "href" and v.startswith("http")}
    known = result.scenario.library.bibliography()
    allowed = {s.url for s in known.sources.values()} | {p.url for p in known.pages.values()}
    allowed |= {f"https://doi.org/{s.doi}" for s in known.sources.values()}
    allowed |= {f"https://pubmed.ncbi.nlm.nih.gov/{s.pmid}/" for s in known.sources.values()}
    assert links
    assert links <= allowed


def test_headings_step_down_one_at_a_time(page: Page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:], strict=False))


def test_every_table_has_a_caption_and_scoped_headings(page: Page):
    assert {"strategies", "contrasts", "one-trial", "toxicity", "targets", "not-targets", "model", "data-cuts"} <= set(
        page.tables
    )
    assert {k: v for k, v in page.tables.items() if v != ["caption"]} == {}


def test_figures_are_there_with_words_for_who_cannot_see_them(page: Page, text: str):
    assert {"figure-os", "figure-pfs", "figure-forest"} <= set(page.ids)
    assert page.tags.count("figure") == 3
    labels = [v for tag, k, v in page.attributes if tag == "div" and k == "aria-label" and len(v) > 40]
    assert len(labels) == 3
    assert "median" in labels[0]
    assert text.count("<svg") == 5  # two curves for wide and narrow screens, and the forest plot


def test_numbers_are_those_of_the_summary(page: Page, summary: dict):
    shown = {}
    for table, value, _ in page.numbers:
        shown.setdefault(table, set()).add(value)
    for strategy in summary["strategies"].values():
        for e in strategy["endpoints"].values():
            assert {e["median"], e["rmst"]["value"], *e["landmarks"].values()} <= shown["strategies"]
        for event in strategy["toxicities"].values():
            assert event["rate"] in shown["toxicity"]
    for c in summary["contrasts"]:
        assert {c["hazard_ratio"], c["hazard_ratio_uncensored"], c["rmst_difference"], c["p_longer"]} <= shown[
            "contrasts"
        ]
        assert {c["trial_like"]["hazard_ratio"], c["trial_like"]["p_value"]} <= shown["one-trial"]


def test_what_is_printed_is_the_number_rounded(page: Page):
    checked = 0
    for table, value, text in page.numbers:
        found = re.fullmatch(r"([+−]?[\d,]+(?:\.(\d+))?)\s*(%|mo|months)?(?: \(assumed\))?", text.strip())
        if found is None:
            continue
        printed = float(found[1].replace("−", "-").replace(",", ""))
        share = found[3] == "%" or (table == "strategies" and value <= 1.0)  # landmarks: the heading has the sign
        scale = 100.0 if share else 1.0
        assert math.isclose(printed, scale * value, abs_tol=0.5000001 * 10.0 ** -len(found[2] or "")), text
        checked += 1
    assert checked > 150


def test_the_answer_says_the_numbers_in_words(page: Page, summary: dict):
    words = page.words()
    os = {k: s["endpoints"]["os"]["median"] for k, s in summary["strategies"].items()}
    first = f"median overall survival was {os['chemotherapy_bevacizumab']:.1f} months with chemotherapy + bevacizumab"
    assert f"{first} and {os['chemotherapy']:.1f} months with chemotherapy;" in words
    c = next(c for c in summary["contrasts"] if c["endpoint"] == "os")
    assert f"was {c['hazard_ratio']:.3f} under the trial’s follow-up" in words
    assert f"and {c['hazard_ratio_uncensored']:.3f} when nobody is censored" in words
    assert "Never for decisions about the care of a patient" in words
    assert "not the chance that a patient benefits" in words


def test_no_p_value_at_the_simulated_size(page: Page, text: str):
    start = text.index('<table id="contrasts"')
    table = text[start : text.index("</table>", start)]
    assert "log-rank" not in table
    assert not re.search(r"\bp\b", Page(table).words())


def test_every_figure_of_the_trial_is_shown_with_its_source(page: Page, result: Result):
    rows = result.fidelity.rows
    words = page.words()
    assert f"GOG 240 gave {len(rows)} figures" in words
    for r in result.fidelity.conflicts():
        assert " ".join(r.reason.split()) in words
    for source in {f.source for f in result.scenario.trial.all_figures}:
        assert f"source-{source}" in page.ids
        assert " ".join(result.scenario.library.source(source).citation.split()) in words


def test_texts_of_users_are_escaped(hostile: Result):
    text = render_html(hostile, command=HOSTILE)
    page = Page(text)
    assert page.problems == []
    assert "script" not in page.tags
    assert "<script" not in text
    assert "$\\frac$" in "".join(page.text)  # in the figures too, not taken for a formula
    assert text.count("&lt;script&gt;") >= 8  # title twice, question, label, assumption, limit, command …
    assert page.words().count(" ".join(HOSTILE.split())) >= 8


def test_one_strategy_alone_makes_a_report(hostile: Result, tmp_path: Path):
    out = hostile.save(tmp_path / "out", command="simulate run hostile.yaml")
    page = Page((out / "report.html").read_text())
    assert "contrasts" not in page.tables
    assert "strategies" in page.tables
    assert "nothing to compare" in page.words()
    assert (out / "contrasts.csv").read_text().startswith("strategy,comparator,endpoint")
    assert json.loads((out / "summary.json").read_text())["contrasts"] == []
