"""Draws of a network meta-analysis: read, refused, and put on a comparator's curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulate.analytic import cell_curves
from simulate.cohort_draws import drawn_models, entry_times, hazard_tables
from simulate.economics.nma import read_effects, with_effects
from simulate.errors import InputError
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution, JointModel

DRAWS = np.array([[-0.3, 0.1], [-0.2, 0.05], [-0.4, 0.2], [-0.25, 0.0]])


def written(tmp_path, header, rows=DRAWS, name="pfs.csv"):
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_as_data_frame_of_a_fit(tmp_path):
    header = ['""', '"mu[GOG 240]"', '"d[B]"', '"d[C, high dose]"', '"delta[GOG 240: B]"', '"tau"', '"lp__"']
    rows = [[f'"{i}"', 1.0, *row, 0.4, 0.2, -30.0] for i, row in enumerate(DRAWS)]
    effects = read_effects(written(tmp_path, header, rows), "A")
    assert effects.treatments == ("B", "C, high dose")
    assert effects.log_ratio == pytest.approx(DRAWS)
    assert effects.of("B", "A") == pytest.approx(DRAWS[:, 0])
    assert effects.of("A", "B") == pytest.approx(-DRAWS[:, 0])
    assert effects.of("C, high dose", "B") == pytest.approx(DRAWS[:, 1] - DRAWS[:, 0])
    assert effects.of("A", "A") == pytest.approx(np.zeros(4))


def test_all_contrasts(tmp_path):
    rows = np.column_stack([DRAWS, DRAWS[:, 1] - DRAWS[:, 0]])
    path = written(tmp_path, ["d[B vs. A]", "d[C vs. A]", "d[C vs. B]"], rows)
    assert read_effects(path, "A").of("C", "B") == pytest.approx(rows[:, 2])
    from_b = read_effects(path, "B")  # the same file against another reference
    assert from_b.of("C", "A") == pytest.approx(DRAWS[:, 1])
    rows[2, 2] += 0.01
    with pytest.raises(InputError, match=r"pfs\.csv:4 d\[C vs\. B\]: is not the difference"):
        read_effects(written(tmp_path, ["d[B vs. A]", "d[C vs. A]", "d[C vs. B]"], rows).rename(path), "A")


def test_two_ways_of_saying_one_effect_must_agree(tmp_path):
    rows = np.column_stack((DRAWS[:, 0], DRAWS[:, 0]))
    assert read_effects(written(tmp_path, ["d[B]", "d[B vs. A]"], rows), "A").of("B", "A") == pytest.approx(DRAWS[:, 0])
    rows = np.column_stack((DRAWS[:, 0], DRAWS[:, 0] + 0.1))
    for header in (["d[B]", "d[B vs. A]"], ["d[B vs. A]", "d[B]"]):
        with pytest.raises(InputError, match="'B' has two effects against 'A'"):
            read_effects(written(tmp_path, header, rows), "A")


def test_effects_of_a_study(tmp_path):
    path = written(tmp_path, ["d[GOG 240: B]", "d[KEYNOTE: B]"])
    assert read_effects(path, "A", study="KEYNOTE").of("B", "A") == pytest.approx(DRAWS[:, 1])
    with pytest.raises(InputError, match=r"for each study.*Name one of GOG 240, KEYNOTE"):
        read_effects(path, "A")
    with pytest.raises(InputError, match="no effects for study 'X'"):
        read_effects(path, "A", study="X")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"x\.csv: is empty"),
        ("a,b\n1,2\n", r"x\.csv:1: has no columns of treatment effects.*d\[treatment\]"),
        ("d.B.,d.C.\n0.1,0.2\n", r"x\.csv:1: .*check\.names = FALSE"),
        ("d[B],d[B]\n0.1,0.2\n0.1,0.2\n", r"x\.csv:1 d\[B\]: stands there twice"),
        ("d[B]\n0.1\nnone\n", r"x\.csv:3 d\[B\]: 'none' is not a number"),
        ("d[B]\n0.1\n\nNaN\n", r"x\.csv:4 d\[B\]: 'NaN' is not finite"),
        ("d[B]\n0.1\ninf\n", r"x\.csv:3 d\[B\]: 'inf' is not finite"),
        ("d[B],d[C]\n0.1,0.2\n0.1\n", r"x\.csv:3: has 1 cells where the first line has 2"),
        ("d[B]\n0.1\n12.5\n", r"x\.csv:3 d\[B\]: 12\.5 is a hazard ratio of 2\.68e\+05"),
        ("d[B]\n0.1\n", r"x\.csv: has 1 draws.*not a summary"),
        ("d[A],d[B]\n0.1,0.2\n0.1,0.2\n", r"x\.csv:1 d\[A\]: 'A' has effects of its own"),
        ("d[C vs. B]\n0.1\n0.2\n", r"no effect is against 'A'"),
        ("d[B],d[D vs. C]\n0.1,0.2\n0.1,0.2\n", r"d\[D vs\. C\]: 'D' has no effect against 'A'"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, text, message):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_effects(path, "A")


def test_every_mistake_is_told(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("d[B],d[C]\nx,0.1\n0.1,y\n")
    with pytest.raises(InputError) as caught:
        read_effects(path, "A")
    assert [(p.line, p.field) for p in caught.value.problems] == [(2, "d[B]"), (3, "d[C]")]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_effects(tmp_path / "none.csv", "A")
    (tmp_path / "latin.csv").write_bytes("d[Ä]\n1\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_effects(tmp_path / "latin.csv", "A")


def test_an_unknown_treatment(tmp_path):
    effects = read_effects(written(tmp_path, ["d[B]", "d[C]"]), "A")
    with pytest.raises(InputError, match=r"'X' is not in the network\. Take one of A, B, C"):
        effects.of("X", "A")


def test_sampling_keeps_rows_of_two_files_together(tmp_path):
    rows = np.arange(10.0)[:, None] / 10.0
    a = read_effects(written(tmp_path, ["d[B]"], rows), "A")
    b = read_effects(written(tmp_path, ["d[B]"], -rows, name="os.csv"), "A")
    few, many = a.sample(6, seed=3), a.sample(25, seed=3)
    assert len(np.unique(few.log_ratio)) == 6
    assert len(many) == 25
    assert set(many.log_ratio.ravel()) <= set(rows.ravel())
    assert b.sample(6, seed=3).log_ratio == pytest.approx(-few.log_ratio)
    assert set(few.log_ratio.ravel()) != set(rows.ravel()[:6])  # not the first ones: those are one chain


# ------------------------------------------------------------------------------------------------ models
def simple(death_share: float = 0.2) -> JointModel:
    cell = ArmModel(Distribution("weibull", (1.3, 8.0)), death_share, Distribution("weibull", (0.8, 10.0)))
    return JointModel("m", ("a",), ("all",), {"a": (1.0,)}, {("a", "all"): cell})


def test_hazard_ratios_act_on_their_curves():
    pfs, pps = np.array([-0.5, 0.2]), np.array([0.3, 0.0])
    models = with_effects([simple(), simple()], "a", "b", pfs, pps=pps)
    t = np.array([1.0, 6.0, 24.0])
    for model, first, second in zip(models, pfs, pps, strict=True):
        old, new = model.cells["a", "all"], model.cells["b", "all"]
        assert new.pfs.survival(t) == pytest.approx(old.pfs.survival(t) ** np.exp(first))
        assert new.pps.survival(t) == pytest.approx(old.pps.survival(t) ** np.exp(second))
        assert new.death_share == old.death_share
        assert model.mix["b"] == model.mix["a"]
        assert model.cells["a", "all"] == simple().cells["a", "all"]


def test_overall_survival_is_met_over_the_follow_up():
    months = 30.0
    days = int(np.ceil(months * DAYS_PER_MONTH))
    for first, wanted in ((-0.4, -0.3), (0.0, 0.0), (0.1, -0.2)):
        (model,) = with_effects([simple()], "a", "b", np.array([first]), os=np.array([wanted]), follow_up=months)
        old, new = (cell_curves(model.cells[arm, "all"], days).os for arm in ("a", "b"))
        assert new.sum() == pytest.approx((old ** np.exp(wanted)).sum(), rel=1e-4)
        assert model.cells["b", "all"].pfs.survival(6.0) == pytest.approx(
            simple().cells["a", "all"].pfs.survival(6.0) ** np.exp(first)
        )


def test_an_effect_out_of_reach_is_refused():
    with pytest.raises(InputError, match=r"hazard ratio of 0\.05 where that of PFS is 3 \(draw 1\)"):
        with_effects([simple(0.9)], "a", "b", np.log([3.0]), os=np.log([0.05]))


def test_arguments_are_checked():
    zero = np.zeros(1)
    with pytest.raises(InputError, match="not both"):
        with_effects([simple()], "a", "b", zero, pps=zero, os=zero)
    with pytest.raises(InputError, match=r"no arm 'x'. Take one of a"):
        with_effects([simple()], "x", "b", zero)
    with pytest.raises(InputError, match="'a' already"):
        with_effects([simple()], "a", "a", zero)
    with pytest.raises(InputError, match=r"os: has shape \(2,\) for 1 models"):
        with_effects([simple()], "a", "b", zero, os=np.zeros(2))


def test_draws_of_a_trial_carry_a_new_arm_into_the_analysis(case):
    models = drawn_models(case.calibration, range(8))
    ratio = np.linspace(-0.6, 0.3, 8)
    same = with_effects(models, "chemotherapy", "new", np.zeros(8))
    other = with_effects(models, "chemotherapy", "new", ratio)
    base, equal, moved = (
        entry_times(hazard_tables(m, arm, case.mix), 400, seed=1)
        for m, arm in ((models, "chemotherapy"), (same, "new"), (other, "new"))
    )
    assert np.array_equal(base, equal)
    free = [np.minimum(x[:, 1], x[:, 2]).mean(axis=1) for x in (base, moved)]
    assert ((free[1] > free[0]) == (ratio < 0.0)).all()
    with_arm = replace(case, arms={**case.arms, "new": "new"}, stops={**case.stops, "new": 0.0})
    traces = with_arm.integrated("new", same[0])
    assert traces.shares == pytest.approx(case.integrated("chemotherapy", models[0]).shares)
