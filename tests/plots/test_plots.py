"""Figures: what they show, that they are small and reproducible, and that they look as they did."""

from __future__ import annotations

import io
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from simulate.errors import InputError
from simulate.plots import export, forest, km, plot_km, style
from simulate.survival import SurvivalCurve

BASELINE = Path(__file__).parent / "baseline"
SOURCE = (
    "Reported: a trial, final analysis. Simulated: 1,000,000 patients per strategy. Synthetic, not for patient care."
)


def curve(scale: float, n: int = 1_000_000, days: int = 7300, shape: float = 1.2) -> SurvivalCurve:
    """Noisy day counts of `n` patients, as a simulation gives them."""
    t = np.random.default_rng(8).weibull(shape, n) * scale * 30.4375
    day = np.minimum(t.astype(int), days)
    number = np.bincount(day, minlength=days + 1)
    censored = np.zeros(days + 1)
    censored[-1] = number[-1]
    return SurvivalCurve.from_table(np.append(number[:-1], 0), censored)


@pytest.fixture(scope="module")
def curves() -> dict[str, SurvivalCurve]:
    return {"Chemotherapy": curve(17.5), "Chemotherapy + bevacizumab": curve(22.5)}


def km_figure(curves):
    landmarks = {"Chemotherapy": [(24, 0.27, 0.2, 0.34)], "Chemotherapy + bevacizumab": [(24, 0.35, 0.28, 0.42)]}
    return plot_km(
        curves,
        "os",
        reported_medians={"Chemotherapy": 13.3, "Chemotherapy + bevacizumab": 16.8},
        reported_landmarks=landmarks,
        source=SOURCE,
        title="A trial",
        follow_up=59.0,
    )


def steps_figure(_):
    rng = np.random.default_rng(9)
    t, c = rng.exponential(15.0, 226), rng.uniform(10, 40, 226)
    one = SurvivalCurve.from_rows(np.minimum(t, c), t <= c, label="Chemotherapy", endpoint="pfs")
    return one.plot(bands=True)


def forest_figure(_):
    rows = [
        forest.ForestRow("OS, final", 0.77, 0.62, 0.95, 0.770, 0.769),
        forest.ForestRow("PFS, interim", 0.67, 0.54, 0.82, 0.670, 0.671),
        forest.ForestRow("OS, interim", 0.71, 0.54, 0.95, 0.752, 0.753, target=False),
        forest.ForestRow("PFS, a subgroup", 0.68, None, None, None, 0.70, target=False),
    ]
    return forest.draw(rows, log=True, reference=1.0, title="Hazard ratios", source=SOURCE)


FIGURES = {"km": km_figure, "steps": steps_figure, "forest": forest_figure}


def texts(ax) -> list[str]:
    legend = ax.get_legend()
    return [t.get_text() for t in (*ax.texts, *(legend.get_texts() if legend else ()))]


# ------------------------------------------------------------------------------------------------ look
@pytest.mark.parametrize("name", FIGURES)
def test_figures_look_as_they_did(name, curves, tmp_path):
    """Root mean square difference at most 3 of 255 levels. To renew: SIMULATE_NEW_BASELINE=1, then look."""
    import os

    from matplotlib.testing.compare import compare_images

    png = export.png(FIGURES[name](curves), dpi=70)
    expected = BASELINE / f"{name}.png"
    if os.environ.get("SIMULATE_NEW_BASELINE"):
        expected.write_bytes(png)
    actual = tmp_path / f"{name}.png"
    actual.write_bytes(png)
    copy = tmp_path / f"{name}-expected.png"
    copy.write_bytes(expected.read_bytes())
    assert compare_images(str(copy), str(actual), tol=3.0) is None


# ------------------------------------------------------------------------------------------------ content
def test_curves_are_named_marked_and_counted(curves):
    ax = km_figure(curves)
    shown = texts(ax)
    for expected in (
        "Chemotherapy",
        "Chemotherapy + bevacizumab",
        "13.3",
        "16.8",
        "Number at risk (thousands)",
        "1,000",
    ):
        assert expected in shown
    assert ax.get_xlabel() == "Months since randomisation"
    assert ax.get_ylabel() == "Overall survival (%)"
    assert {"reported median", "reported, with interval", "beyond the trial’s follow-up"} <= set(shown)
    assert any(text.startswith("Reported: a trial") for text in shown)


def test_numbers_at_risk_are_those_of_the_curve(curves):
    ax = plot_km(curves, "os")
    ticks = ax.get_xticks()
    expected = curves["Chemotherapy"].at_risk_table(ticks) / 1000
    shown = texts(ax)
    start = shown.index("Number at risk (thousands)") + 2
    for text, n in zip(shown[start : start + len(ticks)], expected, strict=True):
        assert float(text.replace(",", "").replace("<", "")) == pytest.approx(n, abs=0.5)


def test_numbers_at_risk_of_rows_count_who_is_there_at_the_tick():
    one = SurvivalCurve.from_rows([1.0, 2.0, 2.0, 5.0, 12.0], [1, 1, 0, 1, 0], label="A")
    shown = texts(plot_km({"A": one}, "os"))
    ticks = plot_km({"A": one}, "os").get_xticks()
    start = shown.index("Number at risk") + 2
    assert [int(x) for x in shown[start : start + len(ticks)]] == one.at_risk_table(ticks).astype(int).tolist()


def test_survival_after_progression_starts_at_progression(curves):
    assert plot_km(curves, "pps").get_xlabel() == "Months since progression"


def test_many_or_long_names_go_into_the_key(curves):
    three = {**curves, "A third strategy": curve(30.0, n=20_000)}
    ax = plot_km(three, "os")
    listed = [t.get_text() for t in ax.get_legend().get_texts()]
    assert listed == ["A third strategy", "Chemotherapy + bevacizumab", "Chemotherapy"]
    long = plot_km(
        {"A very long name of a strategy with several agents in it": curves["Chemotherapy"], "B": curve(30.0, n=20_000)}
    )
    assert len(long.get_legend().get_texts()) == 2


def test_more_than_two_medians_stand_in_the_key(curves):
    three = {**curves, "A third strategy": curve(18.0, n=20_000)}
    ax = plot_km(three, "os", reported_medians=dict(zip(three, (13.3, 16.8, 13.5), strict=True)))
    shown = texts(ax)
    assert {"Chemotherapy (13.3)", "A third strategy (13.5)", "reported median (months in brackets)"} <= set(shown)
    assert "13.3" not in shown


def test_curves_that_are_marked_are_dashed(curves):
    ax = plot_km(curves, "os", dashed=["Chemotherapy"])
    styles = [line.get_linestyle() for line in ax.lines[:2]]
    assert styles == ["--", "-"]
    assert style.dash(7, broken=True) != style.dash(7) != style.dash(0)


def test_no_text_leaves_a_narrow_figure_or_covers_another(curves):
    ax = plot_km(
        curves,
        "os",
        ax=style.new_axes(3.7, 3.6),
        source=SOURCE,
        reported_medians={"Chemotherapy": 13.3},
        follow_up=40.0,
    )
    figure = style.figure_of(ax)
    figure.draw_without_rendering()
    boxes = [(t.get_text(), t.get_window_extent()) for t in ax.texts if t.get_text()]
    right = ax.get_window_extent().x1 + 25 / 72 * figure.dpi
    for i, (text, box) in enumerate(boxes):
        assert box.x1 < right, text
        for other, second in boxes[i + 1 :]:
            overlap = (
                min(box.x1, second.x1) - max(box.x0, second.x0) > 1
                and min(box.y1, second.y1) - max(box.y0, second.y0) > 3
            )
            assert not overlap, (text, other)


def test_the_time_axis_ends_where_every_curve_is_low():
    ends = {s: plot_km({"A": curve(s, n=50_000)}).get_xlim()[1] for s in (3.0, 17.5, 200.0)}
    assert ends[3.0] <= 12.0
    assert 48.0 <= ends[17.5] <= 72.0
    assert ends[200.0] == pytest.approx(7300 / 30.4375)


def test_forest_rows_show_what_they_know():
    ax = forest_figure(None)
    shown = [t.get_text() for t in ax.texts]
    assert "0.77 (0.62–0.95)" in shown
    assert "0.68" in shown  # no interval
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "OS, final",
        "PFS, interim",
        "OS, interim",
        "PFS, a subgroup",
    ]
    assert ax.get_xscale() == "log"
    assert ax.yaxis_inverted()
    listed = [t.get_text() for t in ax.get_legend().get_texts()]
    assert listed == ["reported, a target", "reported, predicted", "model", "simulated"]


# ------------------------------------------------------------------------------------------------ thinning
@pytest.mark.parametrize("points", [200, 500])
def test_thinning_moves_the_line_by_less_than_it_says(curves, points):
    c = curves["Chemotherapy"]
    keep = km.thin(c.times, c.survival, points=points)
    assert len(keep) < 2.1 * points < len(c.times)
    drawn = np.interp(c.times, c.times[keep], c.survival[keep])
    assert np.abs(drawn - c.survival).max() < 1 / points
    assert {0, len(c.times) - 1} <= set(keep.tolist())


def test_a_short_curve_is_drawn_whole():
    assert km.thin(np.arange(5.0), np.linspace(1, 0, 5)).tolist() == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------ export
@pytest.mark.parametrize("name", FIGURES)
def test_the_same_figure_gives_the_same_bytes(name, curves):
    assert export.svg(FIGURES[name](curves)) == export.svg(FIGURES[name](curves))
    assert export.png(FIGURES[name](curves), dpi=50) == export.png(FIGURES[name](curves), dpi=50)


def test_a_figure_of_a_million_patients_over_twenty_years_is_small_text(curves):
    text = export.svg(km_figure(curves))
    assert len(text.encode()) < 200_000
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    found = {t.text for t in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")}
    assert {"Chemotherapy + bevacizumab", "16.8", "Months since randomisation"} <= found


def test_files_and_suffixes(curves, tmp_path):
    ax = km_figure(curves)
    assert export.save_figure(ax, tmp_path / "a.svg").read_text() == export.svg(style.figure_of(ax))
    assert export.save_figure(ax, tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    for bad in ("a.pdf", "a"):
        with pytest.raises(InputError, match=r"\.svg or \.png"):
            export.save_figure(ax, tmp_path / bad)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_a_given_axes_is_used_and_pyplot_holds_no_figure(curves):
    ax = Figure().subplots()
    assert plot_km(curves, "os", ax=ax) is ax
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_colours_are_those_colour_blind_readers_can_tell():
    assert [style.color(i) for i in (0, 1, 2, 7)] == ["#0072B2", "#D55E00", "#009E73", "#0072B2"]


def test_print_resolution():
    from PIL import Image

    image = Image.open(io.BytesIO(export.png(forest_figure(None))))
    assert image.size[0] > 1200
