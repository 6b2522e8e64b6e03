"""Pathways of one line as one joint model: against the pathways' own integration, the kernel, and its parts."""

from __future__ import annotations

import numpy as np
import pytest

import simulate as sim
from simulate.cohort_draws import entry_times
from simulate.economics.amounts import Values
from simulate.economics.changes import evaluated, numbers
from simulate.economics.composite import Composite, composite
from simulate.economics.composite_events import Given, events_of, single
from simulate.economics.model_range import model_range
from simulate.economics.psa import analyse, toxicity_draws
from simulate.economics.traces import PF, simulated
from simulate.errors import InputError
from simulate.pathways.bases import Evidence
from simulate.pathways.oracle import integrate
from simulate.pathways.toxicities import event_rates
from simulate.scenario.cases import case_of

PATIENTS, DRAWS = 100_000, 60
DAYS = 1461


@pytest.fixture(scope="module")
def scenario():
    """Two lines of evidence, each on chemotherapy of another trial, one shared by both."""
    return sim.load("second_line_us")


@pytest.fixture(scope="module")
def case(scenario):
    return case_of(scenario)


@pytest.fixture(scope="module")
def whole(case) -> Composite:
    assert isinstance(case.calibration, Composite)
    return case.calibration


@pytest.fixture(scope="module")
def drawn(whole):
    return whole.drawn(DRAWS, 1)


def test_it_integrates_as_the_pathways_do(scenario, whole):
    """Two ways through the same curves: the pathway's graph by convolution, and arms and strata of a joint model."""
    for strategy, graph in scenario.plan.graphs.items():
        own = integrate(graph, DAYS / 30.4375)
        found = whole.integrated(strategy, whole.model, whole.mix, DAYS)
        n = min(len(own.os), DAYS + 1)
        np.testing.assert_allclose(found.alive[0, :n], own.os[:n], atol=2e-4)
        np.testing.assert_allclose(found.state(PF)[0, :n], own.pfs[:n], atol=2e-4)


def test_the_kernel_agrees_within_its_error(case):
    """Shares alive and progression-free at 6, 12 and 24 months, 18 comparisons at 4.5 standard errors."""
    for strategy in case.arms:
        exact = case.integrated(strategy)
        entry = entry_times(case.tables([case.model], strategy), PATIENTS, seed=3)
        seen = simulated(entry, case.clock.days, held=True)
        for day in (183, 365, 731):
            for curve, own in ((exact.alive, seen.alive), (exact.state(PF), seen.state(PF))):
                p = float(curve[0, day])
                assert abs(float(own[0, day]) - p) < 4.5 * np.sqrt(p * (1.0 - p) / PATIENTS), (strategy, day)


def test_strata_are_all_patients_once(whole):
    assert sum(whole.mix) == pytest.approx(1.0, abs=1e-12)
    assert set(whole.model.cells) == {(s, j) for s in whole.model.arms for j in whole.model.strata}
    assert set(whole.placings) == set(whole.model.cells)


def test_made_again_from_the_calibrations_it_is_itself(whole):
    assert whole.rebuilt().cells == whole.model.cells
    worse = {t: c.draw(0) for t, c in whole.calibrations.items()}
    assert whole.composed(worse).cells != whole.model.cells


def test_each_trial_moves_what_rests_on_it(whole):
    """Another EMPOWER-Cervical 1 changes cemiplimab alone; another innovaTV 301 all, whose level it carries."""
    point = {t: c.model for t, c in whole.calibrations.items()}
    moved = {}
    for trial, calibration in whole.calibrations.items():
        cells = whole.composed({**point, trial: calibration.draw(3)}).cells
        moved[trial] = {s for (s, j), cell in cells.items() if cell != whole.model.cells[s, j]}
    assert set(moved) == {"empower_cervical1", "innovatv301"}
    assert moved["empower_cervical1"] == {"cemiplimab"}
    assert moved["innovatv301"] == set(whole.model.arms)


def test_draws_of_two_trials_know_nothing_of_each_other(whole):
    """Correlations between parameters of two trials: the largest of some 100 below 4.5 standard errors."""
    count = 800
    _, parameters = whole.drawn(count, 5)
    trials = sorted({name.partition(": ")[0] for name in parameters})
    assert len(trials) == 2
    one, other = (np.array([v for k, v in parameters.items() if k.startswith(f"{t}: ")]) for t in trials)
    between = np.corrcoef(one, other)[: len(one), len(one) :]
    assert np.abs(between).max() < 4.5 / np.sqrt(count)
    assert np.abs(np.corrcoef(one) - np.eye(len(one))).max() > 0.3  # within a trial they hang together


def test_draws_are_repeatable_and_change_with_the_seed(whole, drawn):
    again, other = whole.drawn(DRAWS, 1), whole.drawn(DRAWS, 2)
    assert [m.cells for m in again[0]] == [m.cells for m in drawn[0]]
    assert [m.cells for m in other[0]] != [m.cells for m in drawn[0]]
    for name, values in drawn[1].items():
        assert values.shape == (DRAWS,)
        np.testing.assert_array_equal(again[1][name], values)


def test_draws_lie_around_the_point(case, drawn):
    """Restricted mean of 24 months over draws, against the point: within half a standard deviation of the draws."""
    for strategy in case.arms:

        def mean(model, s=strategy):
            return case.integrated(s, model).alive[0, :731].sum() / 30.4375

        means = np.array([mean(m) for m in drawn[0]])
        assert means.std() > 0.1
        assert abs(np.median(means) - mean(case.model)) < 0.5 * means.std()


def test_deaths_of_other_causes_are_in_the_curves_once(case, whole):
    free = case.without_others()
    for strategy in case.arms:
        inside, outside = case.integrated(strategy).alive, free.integrated(strategy).alive
        assert (inside <= outside + 1e-12).all()
        assert inside[0, 731] < outside[0, 731] - 1e-4
        np.testing.assert_array_equal(case.held(case.integrated(strategy)).shares, case.integrated(strategy).shares)
    others = whole.alive_of_others(DAYS)
    assert others[0] == pytest.approx(1.0)
    assert (np.diff(others) < 0.0).all()
    np.testing.assert_allclose(others, np.array(whole.mix) @ whole.spared(DAYS), rtol=1e-12)


def test_each_draw_costs_what_its_model_integrates_to(case, whole):
    """Simulated draws against the integrated model of the same draw: none beyond 5 of the simulation errors told."""
    count, seed = 12, 7
    found = analyse(case, count, 2_000, seed)
    models, _ = whole.drawn(count, seed)
    values = Values.drawn(case.file, count, seed)
    for i, strategy in enumerate(case.arms):
        events = toxicity_draws(case, strategy, count, seed)
        for d, model in enumerate(models):
            one = Values(case.file, {p: v[d : d + 1] if len(v) > 1 else v for p, v in values.by_place.items()})
            rates = {e: v[d : d + 1] for e, v in events.items()}
            book = case.outcomes(strategy, case.integrated(strategy, model), one, rates)
            assert abs(found.cost[d, i] - book.cost[0]) < 5.0 * found.cost_error[i]
            assert abs(found.qaly[d, i] - book.qaly[0]) < 5.0 * found.qaly_error[i]


def test_a_dash_is_not_a_zero(case, whole):
    """Ocular events are counted under tisotumab vedotin alone; nobody else is said to have none."""
    ocular = next(t for t in whole.model.toxicities if t.event == "ocular")
    assert set(ocular.rates) == {"tisotumab_vedotin"}
    assert "ocular" not in case.care("chemotherapy").events


def test_events_are_those_of_what_is_given(case):
    """Chemotherapy is carried by innovaTV 301 and priced as four drugs: neutropenia of those three that report it."""
    shares = {"pemetrexed": 0.389, "vinorelbine": 0.112, "topotecan": 0.074}
    files = Evidence(case.calibration.plan.lines.evidence.library)
    own = {}
    for name in shares:
        found = event_rates(files, files.regimen(name))["neutropenia"]
        own[name] = found.rates[found.grades.index(found.headline) if found.headline else 0]
    expected = sum(shares[n] * own[n] for n in shares) / sum(shares.values())
    assert case.care("chemotherapy").events["neutropenia"][0] == pytest.approx(expected, rel=1e-3)
    assert "neuropathy" not in case.care("chemotherapy").events  # reported of vinorelbine alone, for one in nine


def test_what_is_added_takes_no_event_away():
    sbrt = case_of(sim.load("oligometastatic_sbrt_us"))
    systemic, both = (sbrt.care(s).events for s in ("systemic", "borrowed"))
    assert len(systemic) >= 6
    assert {e: v[0] for e, v in systemic.items()} == {e: both[e][0] for e in systemic}
    # one number, drawn and varied once
    drawn = [toxicity_draws(sbrt, s, 50, 3) for s in ("systemic", "borrowed")]
    for event in systemic:
        np.testing.assert_array_equal(drawn[0][event], drawn[1][event])
        assert sbrt.owner("borrowed", event) == "systemic"
    assert "toxicity.systemic.fistula" in numbers(sbrt)
    assert "toxicity.borrowed.fistula" not in numbers(sbrt)
    cost, qaly = evaluated(sbrt, {"toxicity.systemic.fistula": [0.0, 1.0]})["borrowed"]
    assert cost[1] - cost[0] > 10_000.0
    assert qaly[1] < qaly[0]


def test_events_on_top_are_independent_causes(case):
    rates = {r.event: r.value for r in single(Evidence(case.calibration.plan.lines.evidence.library), "topotecan")}
    plan = case.calibration.plan
    given = {"chemotherapy": Given({"pemetrexed": 1.0}, {"topotecan": 0.5})}
    found = {t.event: t.rates["chemotherapy"][0] for t in events_of(plan, ("chemotherapy",), given)}
    alone = {r.event: r.value for r in single(Evidence(plan.lines.evidence.library), "pemetrexed")}
    expected = 1.0 - (1.0 - alone["neutropenia"]) * (1.0 - 0.5 * rates["neutropenia"])
    assert found["neutropenia"] == pytest.approx(expected, rel=1e-12)
    assert found["thrombocytopenia"] == pytest.approx(0.5 * rates["thrombocytopenia"], rel=1e-12)


def test_later_lines_are_refused():
    guideline = sim.load("guideline_pathway")
    with pytest.raises(InputError, match="later lines are not evaluated"):
        composite("guideline_pathway", tuple(guideline.strategies), guideline.plan)


def test_the_range_over_models_changes_one_trial_at_a_time(scenario, case, whole):
    """Every model meets its own trial's figures; tisotumab vedotin rests on innovaTV 301 alone, cemiplimab on both."""
    found = {s: model_range(case, scenario.trials, strategy=s) for s in ("cemiplimab", "tisotumab_vedotin")}
    for strategy, one in found.items():
        assert one.models[0].label == "as calibrated"
        pair = [case.outcomes(s, case.integrated(s), Values.mean(case.file)) for s in ("chemotherapy", strategy)]
        assert one.models[0].increment.cost == pytest.approx(pair[1].cost[0] - pair[0].cost[0])
        assert one.icer[0] < one.models[0].increment.cost / one.models[0].increment.qaly < one.icer[1]
        assert all(m.feasible for m in one.models)
    behind = {s: {m.label.partition(":")[0] for m in one.models[1:]} for s, one in found.items()}
    assert behind == {
        "cemiplimab": {"EMPOWER-Cervical 1", "innovaTV 301"}, "tisotumab_vedotin": {"innovaTV 301"},
    }  # fmt: skip
    assert not any("dependence" in m.label for one in found.values() for m in one.models)


def test_a_model_of_survival_alone_is_ranged_over_families_of_survival():
    spine = sim.load("spine_sbrt_us")
    found = model_range(case_of(spine), spine.trials)
    assert [m.label for m in found.models[1:]] == [
        f"Yoon 2013: OS {f}" for f in ("lognormal", "loglogistic", "gengamma")
    ]
    assert {m.name for m in found.missing} == {"OS at 36 months", "OS at 60 months"}
