"""Pathways return overall survival in their setting; printed ratios, factorial trials, the untreated, levels."""

from __future__ import annotations

import math

import numpy as np
import pytest

import simulate as sim
from simulate.analytic import cell_curves, cox_hazard_ratio, follow_up_weights
from simulate.errors import InputError
from simulate.evidence import Library
from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution
from simulate.pathways import effects
from simulate.pathways.assemble import with_shares
from simulate.pathways.comparability import comparability
from simulate.pathways.count_once import count_once
from simulate.pathways.integrated import Integrated
from simulate.pathways.oracle import integrate
from simulate.pathways.profiles import marginal
from simulate.pathways.subgroups import subgroup_rows
from simulate.pathways.trial_patients import trial_mix

BUNDLED = [s for s in Library([]).scenarios() if Library([]).scenario(s).trial is None]
BASE = ArmModel(Distribution("weibull", (1.2, 9.0)), 0.1, Distribution("weibull", (0.9, 10.0)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_pathway_counts_once(name):
    """Among the trials' patients, with the era's later lines: medians within 1 %, most far closer; means within 2 %."""
    found = sim.load(name)
    rows = count_once(Integrated(found.plan, found.file.horizon))
    assert rows
    for r in rows:
        assert r["relative"] is None or abs(r["relative"]) < 0.01, r
        assert r["pathway_mean"] == pytest.approx(r["calibrated_mean"], rel=0.02), r
    reached = [abs(r["relative"]) for r in rows if r["relative"] is not None]
    assert np.median(reached) < 0.005


def test_the_median_reported_stands_beside():
    found = sim.load("non_platinum_backbone")
    rows = {(r["regimen"], r["endpoint"]): r for r in count_once(Integrated(found.plan, found.file.horizon))}
    assert rows["topotecan_paclitaxel", "os"]["reported"] == 12.0
    for r in rows.values():
        if r["reported"] is not None:
            assert r["pathway"] == pytest.approx(r["reported"], rel=0.03)


def test_strata_of_a_factorial_trial_were_randomised_too():
    """GOG 240's backbones are arms of one trial: what it reports of them comes back, not a chain of effects."""
    plan = sim.load("non_platinum_backbone").plan
    assert {b.kind for b in plan.bases.values()} == {"baseline", "same trial"}
    evidence = plan.lines.evidence
    own = [evidence.regimen(r).evidence for r in ("topotecan_paclitaxel", "cisplatin_paclitaxel_gog240")]
    assert own[0].strata != own[1].strata
    assert evidence.randomised(*own)
    jcog = evidence.regimen("cisplatin_paclitaxel").evidence
    assert not evidence.randomised(
        jcog.model_copy(update={"strata": ("prior_platinum",)}),
        jcog.model_copy(update={"strata": ("no_prior_platinum",)}),
    )


@pytest.mark.parametrize(("pfs", "os"), [(0.6, 0.7), (0.67, 0.77), (1.24, 1.12), (0.47, 0.5)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_printed_ratio_of_overall_survival_is_met(pfs, os, sign):
    found = effects.printed(BASE, pfs, os, sign)
    days = math.ceil(effects.FOLLOW_UP[1] * DAYS_PER_MONTH)
    weights = follow_up_weights(days, *effects.FOLLOW_UP)
    ratio = cox_hazard_ratio(cell_curves(found, days).os, cell_curves(BASE, days).os, weights)
    assert ratio == pytest.approx(os**sign, rel=1e-5)
    t = np.array([3.0, 9.0])
    assert found.pfs.cumulative_hazard(t) / BASE.pfs.cumulative_hazard(t) == pytest.approx(pfs**sign)


def test_a_printed_ratio_where_only_survival_is_modelled():
    alone = ArmModel(Distribution("weibull", (1.2, 9.0)), 1.0, Distribution("exponential", (1.0,)))
    found = effects.printed(alone, 0.5, 0.8)
    assert found.pfs.cumulative_hazard(7.0) / alone.pfs.cumulative_hazard(7.0) == pytest.approx(0.8)


def test_ratios_that_cannot_stand_together_are_refused():
    with pytest.raises(InputError, match="cannot stand beside"):
        effects.printed(BASE, 9.0, 0.1)


def test_untreated_patients_have_a_mix_of_their_own():
    """Untreated patients of a series, mostly unfit: their median comes back in that mix, the fit live longer."""
    found = sim.load("performance_status")
    plan = found.plan
    own = found.file.supportive_care.patients
    patients = with_shares(found.library.patients(found.file.evidence_population), own)
    assert tuple(marginal(patients, "ecog").values()) == pytest.approx(own["ecog"])
    alone = plan.lines.supportive()
    mix = trial_mix(patients, plan.table)
    at = alone.model.pfs.median
    alive = sum(
        s * math.exp(-r * alone.leaving().cumulative_hazard(at) - (0.0 if b is None else b.time.cumulative_hazard(at)))
        for s, r, b in zip(mix.shares, mix.ratios, mix.background, strict=True)
    )
    assert alive == pytest.approx(0.5, abs=1e-6)
    rows = {(r["level"], r["strategy"]): r for r in subgroup_rows(found.file, plan, found.subgroups)}
    medians = [rows[f"ps{i}", "by_performance_status"]["os_median"] for i in range(5)]
    assert medians == sorted(medians, reverse=True)
    assert 2.0 < medians[3] < 4.8 < medians[2] + 4.0
    assert medians[4] > 1.0


def test_levels_add_up_to_everybody():
    found = sim.load("platinum_backbone")
    groups = found.subgroups
    assert sum(g.share for g in groups) == pytest.approx(1.0)
    for strategy in found.strategies:
        whole = integrate(found.plan.graphs[strategy], found.file.horizon).os
        parts = sum(g.share * g.outcomes[strategy].os for g in groups)
        assert parts == pytest.approx(whole, abs=1e-9)
    rows = subgroup_rows(found.file, found.plan, groups)
    assert {r["label"] for r in rows} == {"earlier platinum: no", "earlier platinum: yes"}
    gains = {(r["level"], r["strategy"]): r["os_gain"] for r in rows}
    assert gains["no", "by_history"] == pytest.approx(0.0, abs=1e-9)  # they get cisplatin under both
    assert gains["yes", "by_history"] == pytest.approx(gains["yes", "carboplatin"])


@pytest.mark.parametrize(
    ("name", "strategy", "expected"),
    [
        ("non_platinum_backbone", "topotecan", "randomised"),
        ("bevacizumab_second_line", "bevacizumab_added", "anchored"),
        ("oligometastatic_surgery", "resection", "unanchored"),
        ("bone_agents", "zoledronic_acid", "same survival"),
    ],
)
def test_what_a_difference_rests_on(name, strategy, expected):
    found = sim.load(name)
    assert comparability(found.plan, strategy, found.file.comparator) == expected


@pytest.mark.parametrize("name", ["second_line", "pembrolizumab", "performance_status"])
def test_median_and_mean_come_back(name):
    """OS of every regimen of whom the level is known, in its trial's setting: median within 0.5 %, mean within 1.5 %.

    One factor for all times around a trial's curve made the means of `second_line` a quarter too long.
    """
    found = sim.load(name)
    rows = [r for r in count_once(Integrated(found.plan, found.file.horizon)) if r["endpoint"] == "os"]
    assert rows
    for r in rows:
        assert r["pathway"] == pytest.approx(r["calibrated"], rel=0.005)
        assert r["pathway_mean"] == pytest.approx(r["calibrated_mean"], rel=0.015)


def test_the_correction_is_of_time_after_the_first_line():
    """PFS is untouched; without a later life there is nothing to correct."""
    found = sim.load("pembrolizumab")
    assert found.plan.setting.after
    assert all(0.8 < a.hazards < 1.25 and a.shape == 1.0 for a in found.plan.setting.after.values())
    graph = found.plan.graphs["everybody"]
    before = found.plan.redrawn(after={}).graphs["everybody"]
    a, b = integrate(graph, 24.0), integrate(before, 24.0)
    assert a.pfs == pytest.approx(b.pfs, abs=1e-12)
    assert not np.allclose(a.os, b.os)
