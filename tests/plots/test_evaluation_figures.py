"""Figures of evaluations: whole words, labels that nothing crosses, keys in sight, a panel a strategy."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.plots import economics, style
from simulate.plots.decisions import Map, Range, grid, models, trials
from simulate.plots.plane import ELLIPSE, Cloud, plane, skewness
from simulate.plots.tornado import End, Panel, tornado
from tests.plots.reading import unreadable

SOURCE = "Source: a model of some trial; prices and values: a country, a payer, 2024. For research and teaching."
LONG = "probability of complete pain response, stereotactic 24 Gy in 2 fractions"
NAMES = ("single-agent chemotherapy", "stereotactic 24 Gy in 2 fractions", "tisotumab vedotin and more")


def said(ax) -> str:
    """All text of a figure but its keys'."""
    figure = style.figure_of(ax)
    return "\n".join(t.get_text() for one in figure.axes for t in (*one.texts, one.title, one._left_title))


def keys(ax) -> list[str]:
    drawn = [one.get_legend() for one in style.figure_of(ax).axes]
    return [t.get_text() for key in drawn if key is not None for t in key.get_texts()]


def note(ax) -> str:
    return " ".join(t.get_text() for t in ax.texts)


def panels(ax) -> list[str]:
    return [one._left_title.get_text() for one in style.figure_of(ax).axes if one._left_title.get_text()]


# ------------------------------------------------------------------------------------------------ tornado
def bars(*ends: tuple[float, float], base: float = -30_000.0) -> Panel:
    names = [LONG, "weight (kg)", *(f"number {i}" for i in range(20))]
    own = [End(n, a, b, "1,234,567", "0.04117") for n, (a, b) in zip(names, ends, strict=False)]
    return Panel("a strategy, at USD 100,000 per QALY", base, own)


def test_names_of_a_tornado_are_whole_and_nothing_touches():
    panel = bars((-60_000.0, 10_000.0), (-31_000.0, -25_000.0), (-30_000.0, -30_000.0))
    ax = tornado([panel, panel], unit="USD per patient", source=SOURCE)
    names = [" ".join(t.get_text().split()) for t in ax.get_yticklabels()]
    assert names[0] == LONG
    assert "…" not in "".join(names)
    assert unreadable(ax) == []
    assert all(one.get_xlabel() == "Net benefit (USD per patient)" for one in style.figure_of(ax).axes)


def test_what_is_written_at_a_bar_is_inside_the_axes_and_over_the_lines():
    ax = tornado([bars((-60_000.0, -3_000.0), (-29_000.0, -20_000.0))], unit="USD", source=SOURCE)
    style.figure_of(ax).draw_without_rendering()
    inside = ax.get_window_extent()
    written = [t for t in ax.texts if t.get_bbox_patch() is not None]
    assert len(written) == 3
    for t in written:
        box = t.get_window_extent()
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
        assert t.get_bbox_patch().get_facecolor()[:3] == (1.0, 1.0, 1.0)
        assert t.get_zorder() > max(line.get_zorder() for line in ax.lines)


def test_both_ends_on_one_side_are_written_together():
    """One label over the other bar's end cannot be read."""
    ax = tornado([bars((-29_000.0, -20_000.0), (-50_000.0, -10_000.0))], unit="USD")
    written = [t for t in ax.texts if t.get_bbox_patch() is not None]
    assert [t.get_text() for t in written] == ["1,234,567, 0.04117", "1,234,567", "0.04117"]
    assert written[0].xy[0] == -20_000.0


# ------------------------------------------------------------------------------------------------ the plane
def cloud(name: str, effect: np.ndarray, cost: np.ndarray) -> Cloud:
    angle = np.linspace(0.0, 2.0 * np.pi, 90)
    outline = np.stack([effect.mean() + effect.std() * np.cos(angle), cost.mean() + cost.std() * np.sin(angle)])
    return Cloud(name, effect, cost, outline, (float(effect.mean()), float(cost.mean())))


def test_the_ellipse_is_named_and_said_to_be_far_from_skewed_draws():
    rng = np.random.default_rng(1)
    normal = cloud(NAMES[1], rng.normal(0.3, 0.1, 500), rng.normal(5e4, 1e4, 500))
    skewed = cloud(NAMES[2], rng.normal(0.3, 0.1, 500), 5e4 * rng.lognormal(0.0, 0.9, 500))
    drawn = plane([normal, skewed], (1e5, 1.5e5), currency="USD", comparator=NAMES[0], source=SOURCE)
    assert keys(drawn).count(ELLIPSE) == 1
    assert f"{NAMES[2]} (cost {skewness(skewed.cost):.1f})" in note(drawn)
    assert NAMES[1] not in note(drawn)
    assert unreadable(drawn) == []
    alone = plane([normal], (1e5,), currency="USD", comparator=NAMES[0], source=SOURCE)
    assert "skewness" not in note(alone)


# ------------------------------------------------------------------------------------------------ others with draws
@pytest.mark.parametrize("spread", [200.0, 20_000.0])
def test_the_stated_precision_stands_beside_the_curves(spread: float):
    rng = np.random.default_rng(2)
    benefit = {n: rng.normal(-1e5, spread, 400) for n in NAMES[1:]}
    ax = economics.convergence(benefit, 1000.0, 77, threshold="100,000 per QALY", currency="USD", source=SOURCE)
    assert "stated precision USD 1,000: 77 draws are enough" in keys(ax)
    assert "stated" not in said(ax)
    assert unreadable(ax) == []
    assert ax.get_ylim()[1] > 1000.0


@pytest.mark.parametrize("thresholds", [(1e5, 1.5e5), (1e5, 1.05e5), (2e4, 3e4, 5e4, 9e5)])
def test_thresholds_and_names_of_any_length_find_room(thresholds: tuple[float, ...]):
    wtp = np.linspace(0.0, 5e5, 30)
    shares = {n: np.full(30, 0.3) for n in NAMES}
    ax = economics.acceptability(wtp, shares, np.full(30, 0.3), thresholds, currency="USD", source=SOURCE)
    assert unreadable(ax) == []
    loss = {n: 1e5 * v for n, v in shares.items()}
    assert unreadable(economics.expected_loss(wtp, loss, 1e4 * wtp / wtp[-1], thresholds, currency="USD")) == []


def test_trials_that_are_worth_the_same_are_both_seen():
    sizes, nothing = [50, 200, 800], np.zeros((3, 1))
    groups = ("toxicity", "survival", "costs of care")
    ax = trials(dict.fromkeys(groups, sizes), dict.fromkeys(groups, nothing), dict.fromkeys(groups, np.ones(1)),
                ["At USD 100,000 per QALY"], unit="USD", source=SOURCE)  # fmt: skip
    sizes_of = [line.get_markersize() for line in ax.lines if len(line.get_xdata()) == 3]
    assert sizes_of == sorted(sizes_of, reverse=True)
    assert len(set(sizes_of)) == 3
    assert unreadable(ax) == []


# ------------------------------------------------------------------------------------------------ a panel a strategy
def test_every_strategy_has_its_map_with_the_same_colours():
    from matplotlib.patheffects import withStroke

    values = np.linspace(0.8, 1.2, 9)
    first, second = ("a drug, price against the file’s (ratio)", values, 1.0), ("weight (kg)", 70.0 * values, 70.0)
    plain = np.add.outer(values, values)
    maps = [Map(NAMES[1], first, second, -2e5 * plain), Map(NAMES[2], second, first, 3e4 * (plain - 2.0))]
    ax = grid(maps, unit="USD per patient", source=SOURCE)
    assert panels(ax) == [NAMES[1], NAMES[2]]
    drawn = [one for one in style.figure_of(ax).axes if one._left_title.get_text()]
    assert [one.get_xlabel() for one in drawn] == [first[0], second[0]]
    grounds = [next(c for c in one.collections if c.get_array() is not None and c.get_cmap().name == "light")
               for one in drawn]  # fmt: skip
    assert grounds[0].norm.vmin == grounds[1].norm.vmin == -4.8e5
    numbers = [t for one in drawn for t in one.texts if t.get_text().replace("−", "").replace(",", "").isdigit()]
    assert len(numbers) >= 4
    assert all(isinstance(t.get_path_effects()[0], withStroke) for t in numbers)
    assert unreadable(ax) == []


def test_no_number_of_a_map_is_under_the_circle():
    """A line of net benefit through the middle, where the evaluation stands."""
    values = np.linspace(0.8, 1.2, 9)
    one = Map("x", ("a (ratio)", values, 1.0), ("b (kg)", values, 1.0), 1e5 * (np.add.outer(values, values) - 2.9))
    ax = grid([one], unit="USD")
    style.figure_of(ax).draw_without_rendering()
    circle = ax.transData.transform((1.0, 1.0))
    numbers = [t for t in ax.texts if "000" in t.get_text()]
    assert "−90,000" in [t.get_text() for t in numbers]
    assert not [t for t in numbers if t.get_window_extent().contains(*circle)]
    inside = ax.get_window_extent()
    assert all(inside.x0 < t.get_window_extent().x0 and t.get_window_extent().x1 < inside.x1 for t in numbers)
    assert "−0" not in [t.get_text() for other in ax.figure.axes for t in other.get_yticklabels()]


def test_the_ground_of_a_map_is_never_dark():
    values = np.linspace(0.8, 1.2, 9)
    one = Map("x", ("a (ratio)", values, 1.0), ("b (kg)", values, 1.0), -2e5 * np.add.outer(values, values))
    ax = grid([one], unit="USD")
    ground = next(c for c in ax.collections if c.get_array() is not None and c.get_cmap().name == "light")
    light = ground.get_cmap()(np.linspace(0.0, 1.0, 11))[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert light.min() > 0.25


def test_every_strategy_has_its_models():
    rng = np.random.default_rng(3)
    ranges = [Range(n, rng.normal(-3e4, 1e4, 12), -3e4) for n in NAMES]
    ax = models(ranges, unit="USD per patient", source=SOURCE)
    assert panels(ax) == list(NAMES)
    assert keys(ax) == ["a model that meets the reported figures", "as calibrated"]
    for one, r in zip(style.figure_of(ax).axes, ranges, strict=True):
        assert np.array_equal(one.lines[0].get_xdata(), np.sort(r.inmb))
        assert one.get_xlabel() == "Net benefit (USD per patient)"
        (low, high), height = one.get_ylim(), one.get_window_extent().height / style.figure_of(one).dpi * 72.0
        ends = one.transLimits.transform([(0.0, 1.0), (0.0, len(r.inmb))])[:, 1] * height
        assert low < high
        assert ends[0] > 2.0  # points: half of a mark of 4 is not cut
        assert ends[1] < height - 2.0
    assert unreadable(ax) == []
    assert unreadable(models([Range("none meets them", np.zeros(0), -3e4)], unit="USD")) == []


# ------------------------------------------------------------------------------------------------ curves
MONTHS = np.arange(361.0)


def curves(*rates: float) -> dict[str, dict[str, np.ndarray]]:
    forms = ("joint model", "partitioned")
    return {n: {k: np.exp(-r * MONTHS) for k in forms} for n, r in zip(NAMES, rates, strict=False)}


@pytest.mark.parametrize(
    ("rates", "follow_up", "end"),
    [((0.1, 0.07), 30.0, 60.0), ((0.1, 0.07), 100.0, 114.0), ((0.1, 0.001), 30.0, 360.0), ((0.1, 0.07), 360.0, 60.0)],
)
def test_curves_end_where_nobody_lives_and_beyond_the_follow_up(rates, follow_up: float, end: float):
    ax = economics.structures(MONTHS, curves(*rates), endpoint="Alive", follow_up=follow_up, beyond="Grey: beyond.")
    assert ax.get_xlim() == (0.0, end)
    grey = [p for p in ax.patches if p.get_facecolor()[:3] == pytest.approx((0.9373,) * 3, abs=0.001)]
    assert len(grey) == (follow_up < end)
    assert ("Grey: beyond." in note(ax)) == (follow_up < end)
    assert unreadable(ax) == []


def test_strategies_with_the_same_curves_are_both_seen():
    drawn = economics.structures(MONTHS, curves(0.1, 0.1), endpoint="Alive", follow_up=None)
    widths = [line.get_linewidth() for line in drawn.lines]
    assert min(widths[:2]) > 2 * max(widths[2:])
    apart = economics.structures(MONTHS, curves(0.1, 0.05), endpoint="Alive", follow_up=None)
    assert len({line.get_linewidth() for line in apart.lines}) == 1


def test_forms_begin_a_column_of_the_key():
    ax = economics.structures(MONTHS, curves(0.1), endpoint="Alive", follow_up=None, source=SOURCE)
    assert keys(ax) == [NAMES[0], "", "joint model", "partitioned"]
    assert unreadable(ax) == []
