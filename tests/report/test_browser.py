"""The page in a real browser: no overflow, no errors, no requests, figures with a size, folds open in print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.report.test_evaluation import evaluated

pytestmark = pytest.mark.browser


def opened(browser: Any, written: Path, width: int, **options: Any) -> tuple[Any, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 800}, **options)
    errors: list[str] = []
    requests: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("request", lambda r: requests.append(r.url))
    page.goto((written / "report.html").as_uri())
    return page, errors, requests


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_screen_and_asks_for_nothing(browser: Any, written: Path, width: int, scheme: str):
    page, errors, requests = opened(browser, written, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []
    assert [r for r in requests if not r.startswith("data:")] == [(written / "report.html").as_uri()]
    sizes = page.evaluate(
        """[...document.querySelectorAll('figure')].map(f => [...f.querySelectorAll('svg')]
             .filter(s => s.checkVisibility())
             .map(s => [s.getBoundingClientRect().width, s.getBoundingClientRect().height]))"""
    )
    assert [len(s) for s in sizes] == [1, 1, 1]
    assert all(w > 250 and h > 200 for figure in sizes for w, h in figure)
    page.close()


def test_wide_tables_scroll_inside_their_own_place_on_a_phone(browser: Any, written: Path):
    page, _, _ = opened(browser, written, 360)
    wider = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 5).length"
    )
    assert wider >= 3
    # text stands inside the screen, captions of wide tables included
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('p, h1, h2, h3, li, caption span')].map(e => "
        "e.getBoundingClientRect().right))"
    )
    assert right <= 360
    page.close()


def test_the_print_holds_the_folded_parts(browser: Any, written: Path):
    page, _, _ = opened(browser, written, 900)
    shown = "document.querySelector('#not-modelled').checkVisibility()"
    assert page.evaluate(shown) is False
    page.emulate_media(media="print")
    assert page.evaluate(shown) is True
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    page.close()


@pytest.fixture(scope="module")
def evaluated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluated("toy").save(tmp_path_factory.mktemp("evaluated") / "out", command="simulate evaluate toy")


def test_on_a_phone_figures_of_an_evaluation_scroll_in_their_place_with_the_key_in_sight(
    browser: Any, evaluated_folder: Path
):
    page, errors, _ = opened(browser, evaluated_folder, 400)
    assert errors == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    found = page.evaluate(
        """[...document.querySelectorAll('figure')].map(f => {
             const c = f.querySelector('.canvas'), s = f.querySelector('svg').getBoundingClientRect();
             const keys = [...f.querySelectorAll('[id*="legend_"]')].map(k => k.getBoundingClientRect());
             return {id: f.id, right: c.getBoundingClientRect().right, wide: s.width, inside: c.clientWidth,
                     keys: keys.map(k => [k.left, k.right])}})"""
    )
    assert len(found) >= 9
    for one in found:
        assert one["right"] <= 400, one
        assert one["wide"] > one["inside"], one  # no smaller than can be read: it scrolls
        assert all(left >= 0 and right <= one["right"] for left, right in one["keys"]), one
    assert sum(bool(one["keys"]) for one in found) >= 8
    page.close()


def test_figures_are_as_wide_in_print_as_they_were_drawn(browser: Any, evaluated_folder: Path):
    """160 mm, at which the smallest text is 7 points."""
    page, _, _ = opened(browser, evaluated_folder, 680)  # 180 mm between the margins of A4
    page.emulate_media(media="print")
    wide = page.evaluate("[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect().width)")
    assert min(wide) >= 600.0
    page.close()


@pytest.mark.parametrize("width", [400, 1100])
def test_numbers_at_the_top_stay_whole(browser: Any, evaluated_folder: Path, width: int):
    page, _, _ = opened(browser, evaluated_folder, width)
    lines, over = page.evaluate(
        """(() => { const b = document.querySelector('.facts .big'); b.textContent = 'USD\u00a01,024,902';
             return [b.getBoundingClientRect().height / parseFloat(getComputedStyle(b).lineHeight),
                     b.scrollWidth - b.clientWidth] })()"""
    )
    assert lines == pytest.approx(1.0, abs=0.05)
    assert over <= 0
    page.close()
