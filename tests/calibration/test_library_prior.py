"""What the library's other studies say of families, shapes and medians: recovered, and never learned from oneself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulate.calibration import calibrate, family_prior, modelled, shapes, specification
from simulate.calibration.calibrate import locations
from simulate.calibration.family_prior import FAMILIES, learned_families, likeliest, weights
from simulate.calibration.learn import medians, readings
from simulate.calibration.learn import shapes as shapes_of
from simulate.calibration.observations import FamilyEvidence, Observation, observations
from simulate.calibration.shapes import estimate, learned
from simulate.calibration.spec import LOCATION_SD, SHAPE_PRIOR, Layout, Learned, ProcessSpec, Spec
from simulate.evidence import Library


@pytest.fixture(scope="module")
def library() -> Library:
    return Library([])


def made_up(classes: float, lines: float, studies: float, seed: int) -> list[Observation]:
    """60 studies of two arms, four classes, three lines, drawn from the mixed model around 0.2."""
    rng = np.random.default_rng(seed)
    by_class, by_line = classes * rng.standard_normal(4), lines * rng.standard_normal(3)
    out = []
    for i in range(60):
        shared = math.sqrt(0.5) * studies * rng.standard_normal()
        c, line = int(rng.integers(4)), int(rng.integers(3))
        for arm in "ab":
            own = math.sqrt(0.5) * studies * rng.standard_normal()
            value = 0.2 + by_class[c] + by_line[line] + shared + own + 0.1 * rng.standard_normal()
            out.append(Observation(f"s{i}", arm, "pfs", f"c{c}", str(line), "weibull", float(value), 0.01))
    return out


def test_standard_deviations_of_the_mixed_model_are_recovered():
    """Mean over 20 made-up libraries; the bound is 4 standard errors of that mean plus what the weak prior adds."""
    found = np.array([(m.classes, m.studies) for m in (estimate(made_up(0.3, 0.0, 0.2, s), 0.25) for s in range(20))])
    error = 4 * found.std(axis=0, ddof=1) / math.sqrt(20)
    assert abs(found[:, 0].mean() - 0.3) < error[0] + 0.08  # four classes: the prior of scale 0.25 shows
    assert abs(found[:, 1].mean() - 0.2) < error[1] + 0.01


def test_a_new_study_is_predicted_with_honest_intervals():
    """Hold out each of 60 studies of four libraries: 80 % intervals hold 80 %, within 4 binomial standard errors (0.70
    to 0.90, so that intervals twice as wide would fail)."""
    inside = []
    for seed in range(5, 9):
        rows = made_up(0.3, 0.2, 0.2, seed)
        for i in range(60):
            model = estimate([r for r in rows if r.study != f"s{i}"], 0.25)
            (mine,) = [r for r in rows if r.study == f"s{i}" and r.arm == "a"]
            mean, sd = model.predict(mine.treatment_class, mine.line)
            inside.append(abs(mine.deviation - mean) < 1.2816 * math.hypot(sd, 0.1))
    assert abs(np.mean(inside) - 0.8) < 4 * math.sqrt(0.16 / len(inside))


def test_a_class_that_differs_is_seen_to_differ():
    rows = [Observation(f"s{i}", "a", "pfs", "odd" if i % 3 == 0 else "usual", "1", "weibull",
                        (-0.6 if i % 3 == 0 else 0.1) + 0.02 * (i % 5), 0.01) for i in range(30)]  # fmt: skip
    model = estimate(rows, 0.25)
    assert model.predict("odd", "1")[0] == pytest.approx(-0.56, abs=0.1)
    assert model.predict("usual", "1")[0] == pytest.approx(0.14, abs=0.1)
    unknown = model.predict("never seen", "1")
    assert unknown[1] > model.predict("odd", "1")[1]


def family_rows(share: float, clarity: float) -> tuple[FamilyEvidence, ...]:
    """40 studies; in `share` of them log-normal explains the figures better, in the others Weibull, by `clarity`."""
    out = []
    for i in range(40):
        best = "lognormal" if i < 40 * share else "weibull"
        out += [FamilyEvidence(f"s{i}", "pfs", "c", "1", f, clarity * (f == best)) for f in FAMILIES]
    return tuple(out)


def test_shares_of_families_are_those_of_the_studies_where_these_are_clear():
    shares = weights(family_rows(0.75, 12.0), frozenset({"c"}), "1")
    assert shares["lognormal"] == pytest.approx(0.75, abs=0.04)
    assert shares["loglogistic"] < 0.05
    assert sum(shares.values()) == pytest.approx(1.0)
    assert likeliest(shares) == "lognormal"


def test_studies_that_tell_nothing_leave_the_families_alike():
    shares = weights(family_rows(0.75, 0.0), frozenset({"c"}), "1")
    assert max(shares.values()) - min(shares.values()) < 1e-6
    assert likeliest(shares) == "weibull"  # the simplest of equals


def test_a_study_never_counts_for_its_own_prior(monkeypatch):
    rows = (*family_rows(0.0, 12.0), *(FamilyEvidence("mine", "pfs", "c", "1", f, 500.0 * (f == "lognormal"))
                                       for f in FAMILIES))  # fmt: skip
    monkeypatch.setattr(family_prior, "observations", lambda kind: rows)
    family_prior.learned_families.cache_clear()
    try:
        assert likeliest(learned_families("mine", "pfs", frozenset({"c"}), 1)) == "weibull"
    finally:
        family_prior.learned_families.cache_clear()


def test_a_study_is_left_out_of_what_is_learned_of_shapes(monkeypatch):
    rows = tuple(made_up(0.1, 0.1, 0.1, 3))
    wild = tuple(Observation("mine", a, "pfs", "c0", "1", "weibull", 5.0, 1e-6) for a in "ab")
    monkeypatch.setattr(shapes, "observations", lambda kind: rows + wild)
    for cached in (shapes.learned, shapes._without):
        cached.cache_clear()
    try:
        mine, other = learned("mine", "pfs", "c0", 1), learned("other", "pfs", "c0", 1)
    finally:
        for cached in (shapes.learned, shapes._without):
            cached.cache_clear()
    assert abs(mine[0]) < 1.0
    assert other[0] > mine[0] + 0.1


def test_the_bundled_observations_are_of_studies_the_library_has(library):
    for kind in ("families", "shapes", "medians"):
        rows = observations(kind)
        assert len(rows) > 40
        assert {r.study for r in rows} <= set(library.trials())


@pytest.mark.parametrize("name", ["gog227c", "krog1411"])
def test_the_bundled_observations_are_current(library, name):
    """What a study says today is what the file holds."""
    shown = [o for reading in readings(library.trial(name)) for o in shapes_of(reading)]
    shown += list(medians(library.trial(name)))
    stored = [o for kind in ("shapes", "medians") for o in observations(kind) if o.study == name]
    assert len(shown) == len(stored) > 0
    for a, b in zip(sorted(shown, key=repr), sorted(stored, key=repr), strict=True):
        assert replace(a, deviation=0.0, variance=0.0) == replace(b, deviation=0.0, variance=0.0)
        assert a.deviation == pytest.approx(b.deviation, abs=2e-3)
        assert a.variance == pytest.approx(b.variance, rel=0.02, abs=2e-4)


def test_auto_takes_the_family_the_other_studies_favour(library):
    trial = library.trial("gog204")
    assert trial.calibration.pfs.family == "auto"
    expected = likeliest(learned_families("gog204", "pfs", frozenset({"chemotherapy"}), 1))
    assert specification(trial, modelled(trial)[0]).pfs.family == expected


def test_a_learned_prior_moves_a_shape_and_a_prior_of_the_file_is_kept():
    plain = ProcessSpec("weibull")
    told = ProcessSpec("weibull", learned=Learned(("a", "b"), (0.3, -0.1), ((0.01, 0.008), (0.008, 0.04))))
    mean, sd = SHAPE_PRIOR["weibull"]
    assert plain.prior_of_shape("a") == (mean, sd)
    assert told.prior_of_shape("a") == (pytest.approx(mean + 0.3), pytest.approx(0.1))
    assert told.prior_of_shape("b") == (pytest.approx(mean - 0.1), pytest.approx(0.2))
    assert told.prior_of_shape("all") == (pytest.approx(mean + 0.1), pytest.approx(math.sqrt(0.0165)))
    assert replace(told, shape_prior=(1.0, 0.2)).prior_of_shape("a") == (1.0, 0.2)


def test_the_prior_on_a_median_does_not_know_a_figure_left_out(library):
    """Without its OS median survival after progression of a randomised arm is placed by the library, widely; so is OS
    of a series without a figure."""
    trial = library.trial("gog169")
    statistics = modelled(trial)[0]
    left = next(s for s in statistics if s.kind == "median" and s.endpoint == "os")
    arm = left.groups[0].cells[0][0]
    centre, width = locations(trial, [s for s in statistics if s is not left])
    expected = learned("gog169", "pps", trial.arms[arm].treatment_class, trial.line_of_therapy, "medians")
    assert centre["pps"][arm] == pytest.approx(math.exp(expected[0]))
    assert width["pps"][arm] == pytest.approx(expected[1])
    assert arm not in locations(trial, statistics)[1]["pps"]
    series = library.trial("kubota2019")
    only = [s for s in modelled(series)[0] if s.role in ("primary", "fit")]
    centre, width = locations(series, [])
    name = only[0].groups[0].cells[0][0]
    expected = learned("kubota2019", "os", series.arms[name].treatment_class, series.line_of_therapy, "medians")
    assert centre["pfs"][name] == pytest.approx(math.exp(expected[0]))
    assert width["pfs"][name] == pytest.approx(expected[1]) != LOCATION_SD


def test_a_checked_median_does_not_place_the_prior(library):
    """Changing a figure that is only checked changes nothing of the calibration."""
    trial = library.trial("jcog0505")
    checked = next(f for f in trial.figures if f.role == "check" and f.statistic == "median")
    moved = checked.model_copy(update={"value": 2.0 * checked.value})
    other = trial.model_copy(update={"figures": tuple(moved if f is checked else f for f in trial.figures)})
    assert calibrate(other).model.cells == calibrate(trial).model.cells


def test_arms_of_a_trial_share_part_of_their_prior():
    """Draws of the prior have the covariance learned; arms of one study are closer than arms of two."""
    rows = made_up(0.3, 0.2, 0.3, 7)
    model = estimate(rows, 0.25)
    mean, covariance = model.together([("c0", "1"), ("c0", "1"), ("c1", "1")])
    assert mean[0] == pytest.approx(mean[1])
    assert covariance[0, 0] == pytest.approx(model.predict("c0", "1")[1] ** 2, rel=1e-6)
    assert covariance[0, 1] > 0.4 * covariance[0, 0]
    assert covariance[0, 1] > covariance[0, 2] > 0
    arms = ("a", "b")
    learned_ = Learned(arms, (0.1, 0.2), tuple(map(tuple, covariance[:2, :2])))
    guess = {"pfs": dict.fromkeys(arms, 6.0), "pps": dict.fromkeys(arms, 7.0)}
    layout = Layout(Spec(arms, ("all",), ProcessSpec(learned=learned_), ProcessSpec(), guess=guess))
    draws = np.random.default_rng(1).standard_normal((20_000, layout.size))
    natural = np.array([layout.natural(x) for x in draws])
    at = [layout.index[f"pfs.shape.{a}"] for a in arms]
    found = np.cov(natural[:, at].T)
    bound = 5 * covariance[0, 0] * math.sqrt(2 / 20_000)  # standard error of a covariance, times 5
    assert found == pytest.approx(covariance[:2, :2], abs=bound)
    assert natural[:, at].mean(axis=0) == pytest.approx(
        np.array([0.1, 0.2]) + SHAPE_PRIOR["weibull"][0], abs=5 * math.sqrt(covariance[0, 0] / 20_000)
    )
