"""Predictions of figures that were not told: what counts, the discrepancy learned from other studies, the table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from simulate.evidence import Library
from simulate.fidelity.predictions import (
    COLUMNS,
    INSIDE,
    UNKNOWN,
    all_predictions,
    band,
    discrepancy,
    predictions,
    stored,
    trust,
    trust_table,
    with_discrepancy,
)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library([])


@pytest.fixture(scope="module")
def kept() -> pd.DataFrame:
    return stored()


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (-3.0, "up to the median"),
        (0.0, "up to the median"),
        (0.1, "0 to 6 months beyond"),
        (6.0, "0 to 6 months beyond"),
        (12.0, "6 to 12 months beyond"),
        (12.1, "more than 12 months beyond"),
        (None, UNKNOWN),
        (math.nan, UNKNOWN),
    ],
)
def test_bands(months, words):
    assert band(months) == words


@pytest.mark.parametrize("true", [0.0, 0.15, 0.3])
def test_the_discrepancy_is_recovered(true):
    """Mean of 50 estimates from 80 residuals each, within 4 of its standard errors plus the bias of a bound at 0."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(50):
        sd = rng.uniform(0.1, 0.4, 80)
        found.append(discrepancy(np.hypot(sd, true) * rng.standard_normal(80), sd))
    bias = 0.06 if true == 0.0 else 0.02
    assert abs(np.mean(found) - true) < 4 * np.std(found, ddof=1) / math.sqrt(50) + bias


def test_few_residuals_teach_nothing():
    assert discrepancy(np.full(4, 9.0), np.full(4, 0.1)) == 0.0


def made_up(misses: dict[str, float]) -> pd.DataFrame:
    rows = []
    for study, z in misses.items():
        for i in range(8):
            rows.append(dict.fromkeys(COLUMNS) | {
                "study": study, "figure": f"{study}{i}", "statistic": "landmark", "reported": 0.5, "predicted": 0.5,
                "sd": 0.2, "z": z * (-1) ** i, "used": True, "informed": True,
            })  # fmt: skip
    return pd.DataFrame(rows)


def test_a_study_that_misses_widens_the_intervals_of_the_others_only():
    out = with_discrepancy(made_up({"good": 0.1, "bad": 4.0, "usual": 1.0})).set_index("study")
    assert out.loc["bad", "discrepancy"].iloc[0] < 0.05  # what it knows of are the others, which miss nothing
    assert out.loc["good", "discrepancy"].iloc[0] > 0.3
    assert (out["z_predictive"].abs() <= out["z"].abs() + 1e-9).all()
    width = out["high"] - out["low"]
    assert width["good"].iloc[0] > width["bad"].iloc[0]


def test_the_library_serves_where_few_studies_are_asked_for():
    alone = with_discrepancy(made_up({"one": 1.0}))
    beside = with_discrepancy(made_up({"one": 1.0}), made_up({"bad": 4.0}))
    assert alone["discrepancy"].max() == 0.0
    assert beside["discrepancy"].min() > 0.3


def test_what_counts_as_a_prediction(library):
    frame = predictions(library.trial("gog240")).set_index("figure")
    assert "os_events" not in frame.index  # counts test the follow-up that was assumed
    superseded = {f.id for f in library.trial("gog240").figures if f.role == "superseded"}
    assert not superseded & set(frame.index)
    assert frame.loc["os_median_b", "used"]
    assert not frame.loc["os_median_c_label", "used"]
    assert frame["informed"].all()
    alone = predictions(library.trial("lung_metastasectomy"))
    assert not alone["informed"].any()  # one landmark an arm, nobody randomised: only the library speaks


def test_the_stored_predictions_are_whole(library, kept):
    studies = {t for t in library.trials() if library.trial(t).calibration.structure != "outcomes_only"}
    assert set(kept["study"]) <= studies
    assert len(kept) > 300
    assert not kept["sd"].isna().any()


@pytest.mark.parametrize("name", ["gog240", "keynote158", "jeon2012"])
def test_the_stored_predictions_are_current(library, kept, name):
    """Within what the last digits of a calibration differ by between machines."""
    fresh = all_predictions([library.trial(name)], kept).set_index("figure")
    old = kept[kept["study"] == name].set_index("figure")
    assert list(fresh.index) == list(old.index)
    for column in ("predicted", "sd", "low", "high"):
        assert fresh[column].to_numpy(float) == pytest.approx(old[column].to_numpy(float), rel=5e-3), column


def test_landmarks_are_predicted_within_five_points_and_intervals_hold_what_they_say(kept):
    """The promise of the library: of landmarks beside which another figure of the arm is known."""
    table = trust_table(kept).set_index(["by", "group"])
    landmarks = table.loc[("all", "landmarks")]
    assert landmarks["landmarks"] >= 50
    assert landmarks["median_error_points"] <= 5.0
    assert landmarks["coverage_p"] > 0.05
    assert table.loc[("alone", "landmarks"), "coverage_p"] > 0.05
    every = trust(kept[kept["statistic"] == "landmark"])  # those included of which the library alone speaks
    assert every["median_error_points"] <= 5.0
    assert every["coverage_p"] > 0.05


def test_trust_is_counted_as_it_says(kept):
    told = kept[kept["informed"].astype(bool)]
    found = trust(told)
    inside = int((told["z_predictive"].abs() <= INSIDE).sum())
    assert found["inside"] == inside
    assert found["coverage_p"] == pytest.approx(binomtest(inside, len(told), 0.95).pvalue)
    own = told["reported"].between(told["low"], told["high"])
    assert (own == (told["z_predictive"].abs() <= INSIDE)).mean() > 0.995  # the ends printed are those counted
    table = trust_table(kept)
    parts = table[table["by"] == "endpoint"]
    assert parts["figures"].sum() == len(told)
    assert table[table["by"] == "treatment_class"]["figures"].sum() == len(told)
