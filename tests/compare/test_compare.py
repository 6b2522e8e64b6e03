"""The comparison: stable keys, plain numbers, paired errors, contrasts that mean what they say."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simulate.compare import compare
from simulate.errors import InputError
from simulate.survival import SurvivalCurve

FOLLOW_UP = {"os": (30.0, 50.0, "final"), "pfs": (30.0, 35.0, "interim")}
TAU = {"os": 36.0, "pfs": 24.0, "ttp": 24.0, "pps": 24.0}
GRADES = {"fistula": ("any", ">=3")}


@pytest.fixture(scope="module")
def counts(cohort):
    return cohort({"plain": 1.0, "better": 1.3}, toxic={"plain": 0.02, "better": 0.14})


@pytest.fixture(scope="module")
def comparison(counts):
    return compare(counts, "plain", follow_up=FOLLOW_UP, landmarks=(12, 24.5), rmst_tau=TAU, grades=GRADES)


def rows_of(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    parts = []
    for i, (strategy, slow) in enumerate((("plain", 1.0), ("better", 1.3))):
        pfs = slow * 6.0 * rng.weibull(1.2, n)
        times = {"pfs": pfs, "os": pfs + slow * rng.exponential(8.0, n)}
        parts.append(pd.DataFrame({"patient": np.arange(n) + i * n, "strategy": strategy, **times}))
    return pd.concat(parts, ignore_index=True)


# ------------------------------------------------------------------------------------------------ machine-readable
def test_the_keys_of_the_summary_are_those_promised(comparison):
    summary = comparison.summary_dict()
    assert list(summary) == ["strategies", "contrasts"]
    assert list(summary["strategies"]) == ["plain", "better"]
    for strategy in summary["strategies"].values():
        assert list(strategy["endpoints"]) == ["os", "pfs", "ttp", "pps"]
        for endpoint in strategy["endpoints"].values():
            assert list(endpoint) == ["median", "median_mc_error", "rmst", "landmarks"]
            assert list(endpoint["landmarks"]) == ["12", "24.5"]
            assert {"tau", "value"} <= set(endpoint["rmst"])
    promised = {
        "strategy",
        "comparator",
        "endpoint",
        "follow_up",
        "hazard_ratio",
        "mc_error",
        "hazard_ratio_uncensored",
        "rmst_difference",
    }
    assert [(c["strategy"], c["comparator"], c["endpoint"]) for c in summary["contrasts"]] == [
        ("better", "plain", "os"),
        ("better", "plain", "pfs"),
    ]
    assert all(promised <= set(c) for c in summary["contrasts"])
    assert [c["follow_up"] for c in summary["contrasts"]] == ["final", "interim"]


def test_the_summary_is_plain_json_without_nan(comparison):
    text = json.dumps(comparison.summary_dict(), allow_nan=False)
    assert json.loads(text) == comparison.summary_dict()


def test_what_is_not_reached_is_none_and_not_infinite(cohort):
    summary = compare(cohort({"a": 9.0, "b": 12.0}, horizon=20.0), "a", follow_up={}, landmarks=(12,)).summary_dict()
    assert summary["strategies"]["a"]["endpoints"]["os"]["median"] is None
    assert summary["strategies"]["a"]["endpoints"]["os"]["median_mc_error"] is None
    contrast = summary["contrasts"][0]
    assert (contrast["hazard_ratio"], contrast["follow_up"], contrast["median_difference"]) == (None, None, None)
    assert contrast["hazard_ratio_uncensored"] == pytest.approx(0.75, abs=0.1)
    json.dumps(summary, allow_nan=False)


def test_every_grade_can_be_addressed(counts, comparison):
    toxicities = comparison.summary_dict()["strategies"]["better"]["toxicities"]
    table = counts["better"].toxicity["fistula"].sum(axis=0)
    any_grade, severe = table[1:].sum() / 10_000, table[2] / 10_000
    assert toxicities == {
        "fistula": {"grade": "any", "rate": any_grade, "grades": {"any": any_grade, ">=3": severe}},
        "fistula_grade_3": {"grade": ">=3", "rate": severe},
    }
    headed = compare(counts, "plain", follow_up={}, grades=GRADES, headline={"fistula": ">=3"}).summary_dict()
    toxicities = headed["strategies"]["better"]["toxicities"]
    assert toxicities["fistula"]["rate"] == severe
    assert toxicities["fistula_grade_any"]["rate"] == any_grade


# ------------------------------------------------------------------------------------------------ numbers
def test_endpoints_are_read_off_the_curves(counts, comparison):
    for strategy in ("plain", "better"):
        for endpoint in ("os", "pfs", "ttp", "pps"):
            curve = SurvivalCurve.from_counts(counts[strategy], endpoint)
            got = comparison.summary_dict()["strategies"][strategy]["endpoints"][endpoint]
            assert got["median"] == pytest.approx(curve.median(), rel=1e-12)
            assert got["rmst"]["value"] == pytest.approx(curve.rmst(TAU[endpoint]).value, rel=1e-12)
            assert got["landmarks"]["24.5"] == pytest.approx(curve.at(24.5), rel=1e-12)


def test_survival_after_progression_is_of_those_who_progressed(counts, comparison):
    pps = next(e for e in comparison.endpoints if (e.strategy, e.endpoint) == ("plain", "pps"))
    progressed = next(e for e in comparison.endpoints if (e.strategy, e.endpoint) == ("plain", "ttp")).events
    assert pps.patients == progressed + counts["plain"].events[:, 2, -1].sum()
    assert pps.patients == pytest.approx(8000, abs=4 * math.sqrt(10_000 * 0.16))


def test_hazard_ratios_are_those_of_lifelines_under_each_follow_up(counts, comparison):
    from simulate.survival import _lifelines, administrative_censoring

    for contrast in comparison.contrasts:
        e = ("os", "pfs", "ttp", "pps").index(contrast.endpoint)
        cut = [
            SurvivalCurve.from_table(
                *administrative_censoring(
                    c.events[:, e].sum(0), c.censored[:, e].sum(0), contrast.accrual, contrast.cutoff
                )
            )
            for c in (counts["better"], counts["plain"])
        ]
        whole = [SurvivalCurve.from_counts(counts[s], contrast.endpoint) for s in ("better", "plain")]
        assert contrast.hazard_ratio == pytest.approx(_lifelines.cox(*cut).value, rel=1e-9)
        assert contrast.hazard_ratio_uncensored == pytest.approx(_lifelines.cox(*whole).value, rel=1e-9)
    # time runs 1.3 times slower with shape 1.2: the hazard ratio of PFS is 1.3 ** -1.2
    pfs = comparison.contrasts[1]
    assert pfs.hazard_ratio == pytest.approx(1.3**-1.2, abs=5 * pfs.mc_error)


def test_differences_are_differences(comparison):
    of = comparison.summary_dict()["strategies"]
    for c in comparison.contrasts:
        better, plain = of["better"]["endpoints"][c.endpoint], of["plain"]["endpoints"][c.endpoint]
        assert c.median_difference == pytest.approx(better["median"] - plain["median"], rel=1e-9)
        assert c.rmst_difference == pytest.approx(better["rmst"]["value"] - plain["rmst"]["value"], rel=1e-9)
        for mark in c.landmark_differences:
            key = f"{mark.months:g}"
            assert mark.value == pytest.approx(better["landmarks"][key] - plain["landmarks"][key], abs=1e-12)
        assert 0.5 < c.p_longer < 1.0


def test_errors_are_paired(counts, comparison):
    os = comparison.contrasts[0]
    parts = [e.rmst_mc_error for e in comparison.endpoints if e.endpoint == "os"]
    assert 0 < os.rmst_difference_mc_error < 0.5 * math.hypot(*parts)


def test_a_strategy_against_its_twin_shows_no_difference_and_no_error(cohort):
    twins = compare(cohort({"a": 1.0, "b": 1.0}), "a", follow_up=FOLLOW_UP)
    for c in twins.contrasts:
        assert (c.hazard_ratio, c.hazard_ratio_uncensored) == pytest.approx((1.0, 1.0), abs=1e-9)
        assert c.p_longer == pytest.approx(0.5, abs=1e-12)
        assert (c.rmst_difference, c.median_difference) == (0.0, 0.0)
        assert c.rmst_difference_mc_error == 0.0
        assert c.mc_error == pytest.approx(0.0, abs=1e-9)


def test_swapping_the_comparator_turns_every_contrast_round(counts):
    forward = compare(counts, "plain", follow_up=FOLLOW_UP).contrasts
    back = compare(counts, "better", follow_up=FOLLOW_UP).contrasts
    for a, b in zip(forward, back, strict=True):
        assert a.hazard_ratio * b.hazard_ratio == pytest.approx(1.0, rel=1e-6)
        assert a.rmst_difference == -b.rmst_difference
        assert a.p_longer + b.p_longer == pytest.approx(1.0, abs=1e-12)


def test_a_strategy_may_have_a_comparator_of_its_own_or_none(cohort):
    counts = cohort({"a": 1.0, "b": 1.2, "c": 1.5, "d": 1.6}, toxic={"c": 0.1, "d": 0.3})
    found = compare(counts, "a", follow_up=FOLLOW_UP, comparators={"a": None, "c": None, "d": "c"}, grades=GRADES)
    assert [(c.strategy, c.comparator) for c in found.contrasts if c.endpoint == "os"] == [("b", "a"), ("d", "c")]
    alone = compare({s: counts[s] for s in ("c", "d")}, "c", follow_up=FOLLOW_UP).contrasts[0]
    assert found.contrasts[2].rmst_difference == alone.rmst_difference
    differences = {(t.strategy, t.grade): t.difference for t in found.toxicity}
    assert differences["c", "any"] is None
    assert differences["d", "any"] > 0.1
    times = {t.strategy: t.difference for t in found.time_in_state if t.state == "total"}
    assert (times["a"], times["c"]) == (None, None)
    assert times["d"] > 0.0
    assert "against a or c" in found.summary()
    with pytest.raises(InputError, match="cannot be held against"):
        compare(counts, "a", follow_up=FOLLOW_UP, comparators={"b": "b"})


def test_time_in_states_adds_up_to_the_restricted_mean(counts, comparison):
    frame = comparison.to_df("time_in_state")
    for strategy, rows in frame.groupby("strategy"):
        months = rows.set_index("state")["months"]
        assert months["progression_free"] + months["progressed"] == pytest.approx(months["total"], rel=1e-12)
        curve = SurvivalCurve.from_counts(counts[strategy], "os")
        # the curve knows days, the sums exact times: SD of a day / sqrt(12) a patient
        assert months["total"] == pytest.approx(
            curve.rmst(curve.horizon).value, abs=4 / 30.4375 / math.sqrt(12 * 10_000)
        )
    assert frame["difference"].isna().tolist() == [True] * 3 + [False] * 3
    # ten equal batches: SD over batches of their own differences / sqrt(10)
    by_batch = [counts[s].time_sum[:, 0].sum(axis=-1) / counts[s].n for s in ("better", "plain")]
    expected = np.std(by_batch[0] - by_batch[1], ddof=1) / math.sqrt(10)
    assert frame["difference_mc_error"].iloc[-1] == pytest.approx(expected, rel=1e-9)


def test_toxicity_table(comparison):
    frame = comparison.to_df("toxicity")
    assert frame[["strategy", "grade"]].to_numpy().tolist() == [
        ["plain", "any"],
        ["plain", ">=3"],
        ["better", "any"],
        ["better", ">=3"],
    ]
    assert (frame["rate"] * frame["n"]).round().tolist() == frame["events"].tolist()
    better = frame.iloc[2]
    assert better["difference"] == pytest.approx(frame["rate"][2] - frame["rate"][0])
    # common random numbers: events of one are a subset of the other's, the difference has a binomial error
    p = better["difference"]
    assert better["difference_mc_error"] == pytest.approx(math.sqrt(p * (1 - p) / 10_000), rel=0.72)  # 9 df: 24 % x 3


# ------------------------------------------------------------------------------------------------ a trial's size
def test_p_values_come_from_one_trial_of_a_trials_size_only(counts):
    got = compare(counts, "plain", follow_up=FOLLOW_UP, trial_like=(150, rows_of(150)))
    for c in got.contrasts:
        assert c.trial_like.n == (150, 150)
        assert c.trial_like.low < c.trial_like.hazard_ratio < c.trial_like.high
        assert 0.0 <= c.trial_like.p_value <= 1.0
    assert list(got.to_df("trial_like")["endpoint"]) == ["os", "pfs"]
    without = compare(counts, "plain", follow_up=FOLLOW_UP)
    assert not [
        column
        for table in ("contrasts", "strategies", "landmarks")
        for column in without.to_df(table)
        if "p_value" in column
    ]
    assert without.contrasts[0].trial_like is None


def test_a_trial_of_the_same_patients_in_both_arms_is_refused(counts):
    rows = rows_of(20)
    with pytest.raises(InputError, match="different patients"):
        compare(counts, "plain", follow_up=FOLLOW_UP, trial_like=(20, rows.assign(patient=rows["patient"] % 20)))


# ------------------------------------------------------------------------------------------------ refusals
def test_bad_questions_are_refused_with_a_reason(counts, cohort):
    with pytest.raises(InputError, match=r"'none'.*plain, better"):
        compare(counts, "none", follow_up={})
    with pytest.raises(InputError, match="landmark at 99"):
        compare(counts, "plain", follow_up={}, landmarks=(99,))
    with pytest.raises(InputError, match="tau is 99"):
        compare(counts, "plain", follow_up={}, rmst_tau={"os": 99.0})
    with pytest.raises(InputError, match="beyond the horizon"):
        compare(cohort({"a": 4.0, "b": 4.4}), "a", follow_up={"os": (30.0, 100.0, "later")})
    with pytest.raises(InputError, match="1 names for 2 grades"):
        compare(counts, "plain", follow_up={}, grades={"fistula": ("any",)})
    with pytest.raises(InputError, match="same batches"):
        compare({**counts, "other": cohort({"other": 1.0}, batches=4)["other"]}, "plain", follow_up={})


def test_nobody_progressed(counts):
    def without(c):
        events, censored = c.events.copy(), c.censored.copy()
        events[:, 3], censored[:, 3] = 0, 0
        return replace(c, events=events, censored=censored)

    got = compare({k: without(c) for k, c in counts.items()}, "plain", follow_up={}, landmarks=(12,))
    nothing = {"tau": 24.0, "value": None, "mc_error": None}
    expected = {"median": None, "median_mc_error": None, "rmst": nothing, "landmarks": {"12": None}}
    assert got.summary_dict()["strategies"]["plain"]["endpoints"]["pps"] == expected
    assert "pps" in got.curves
    assert got.curves["pps"] == {}


def test_a_strategy_without_events_has_no_hazard_ratio(cohort):
    got = compare(
        cohort({"a": 1.0, "b": 1e6}, horizon=24.0), "a", follow_up={"os": (6.0, 20.0, "cut")}, landmarks=(12,)
    )
    assert got.contrasts[0].hazard_ratio is None
    assert got.contrasts[0].mc_error is None


def test_a_single_strategy_has_no_contrast(cohort):
    got = compare(cohort({"a": 1.0}), "a", follow_up=FOLLOW_UP)
    assert got.contrasts == ()
    assert len(got.to_df()) == 0
    assert "Strategies" in got.summary()


# ------------------------------------------------------------------------------------------------ results
def test_tables_and_summary(comparison):
    assert len(comparison.to_df()) == 2
    assert len(comparison.to_df("strategies")) == 8
    landmarks = comparison.to_df("landmarks")
    assert len(landmarks) == 16
    assert ((landmarks["low"] < landmarks["value"]) & (landmarks["value"] < landmarks["high"])).all()
    assert landmarks["difference"].notna().sum() == 4
    text = comparison.summary()
    assert "Contrasts" in text
    assert "Monte Carlo standard errors" in text
    with pytest.raises(InputError, match="no table 'x'"):
        comparison.to_df("x")


def test_saving(comparison, tmp_path):
    assert json.loads(comparison.save(tmp_path / "s.json").read_text()) == comparison.summary_dict()
    assert len(pd.read_csv(comparison.save(tmp_path / "c.csv"))) == 2
    assert comparison.save(tmp_path / "f.svg").read_text().startswith("<?xml")
    folder = comparison.save(tmp_path / "all")
    assert sorted(p.name for p in folder.iterdir()) == [
        "contrasts.csv", "landmarks.csv", "strategies.csv", "summary.json", "time_in_state.csv", "toxicity.csv",
    ]  # fmt: skip


def test_a_comparison_cannot_be_changed(comparison):
    with pytest.raises(AttributeError):
        comparison.comparator = "better"
