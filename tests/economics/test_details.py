"""What single lines of the economics must do: each case here was found by planting a defect that no other test saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulate as sim
from simulate.economics.amounts import Values
from simulate.economics.budget import yearly_costs
from simulate.economics.case import stop_rate
from simulate.economics.clock import Clock
from simulate.economics.compared import clock_forward_of, death_share
from simulate.economics.composite import Composite
from simulate.economics.composite_events import _of_plan, events_of
from simulate.economics.frontier import pairwise, settled
from simulate.economics.one_way import ranges
from simulate.economics.own import prepare_own
from simulate.economics.population import reached
from simulate.economics.proposed import removed
from simulate.economics.schedule import doses
from simulate.economics.structures import clock_forward, refitted
from simulate.economics.subgroups import within
from simulate.errors import InputError
from simulate.evidence import Library
from simulate.evidence.decision_schema import Affected, ProposedTrial
from simulate.evidence.economics_schema import Discount
from simulate.evidence.setting import setting_of
from simulate.model.hazards import Hazard
from simulate.model.types import DAYS_PER_MONTH, Distribution
from simulate.pathways.background import LifeTable
from simulate.pathways.marginal import SURVIVAL, Around, Mix, around
from simulate.scenario.cases import case_of
from simulate.scenario.decisions import _cost
from simulate.scenario.evaluation import evaluate

STATED = {"assumed": True, "why": "test"}
TOY = Path(__file__).parent / "data" / "params"


@pytest.fixture(scope="module")
def pathways():
    return case_of(sim.load("second_line_us"))


def undiscounted(case):
    return replace(case, clock=Clock(case.clock.horizon, Discount(costs=0.0, effects=0.0, method="continuous")))


def uses(case, strategy: str, name: str) -> float:
    book = case.outcomes(strategy, case.integrated(strategy), Values.mean(case.file))
    return sum(float(x.uses[0]) for x in book.costs if x.name == name)


def test_monitoring_is_shared_among_regimens_as_patients_are(case):
    """Half of the patients get each backbone: scans of both at half their number, every 9 weeks while free of it."""
    plain = undiscounted(case)
    free = case.integrated("chemotherapy").shares[0, 0]
    day = np.arange(63.0, 120.0 * DAYS_PER_MONTH, 63.0)
    expected = np.interp(day, np.arange(len(free)), free).sum()
    both = uses(plain, "chemotherapy", "imaging")
    assert both == pytest.approx(expected, rel=2e-3)
    one = next(iter(case.regimens["chemotherapy"].items()))
    alone = replace(plain, regimens={**case.regimens, "chemotherapy": {one[0]: (one[1][0], 1.0)}})
    assert uses(alone, "chemotherapy", "imaging") == pytest.approx(both, rel=1e-9)


def test_what_is_watched_at_each_visit_ends_with_treatment():
    """US prices the visit before each cycle: as many as cycles begun under the stop, not until progression."""
    case = undiscounted(case_of(sim.load("bevacizumab_us")))
    on = uses(case, "chemotherapy", "toxicity")
    never = replace(case, stops=dict.fromkeys(case.stops, 0.0))
    assert on < 0.8 * uses(never, "chemotherapy", "toxicity")
    given = max(uses(case, "chemotherapy", d) for d in ("cisplatin", "paclitaxel"))
    assert on >= given - 1e-9


def test_deaths_of_other_causes_take_progressions_too(case):
    flat = LifeTable("flat", np.full(120, -np.expm1(-0.6)), "made up")  # 0.05 a month
    asked = case.question.model_copy(update={"start_age": 50.0})
    older = replace(case, life=flat, follow_up=12.0, question=asked)
    free, held = case.curves("chemotherapy"), older.integrated("chemotherapy")
    ratio = older.population
    np.testing.assert_allclose(held.progressing, free.progressing * ratio[:-1], rtol=1e-12)
    assert ratio[-1] < 0.05
    assert held.progressing.sum() < free.progressing.sum()


def test_progressions_of_pathways_beside_many_other_deaths(pathways):
    """Each day's progressions by the share alive in its middle (Simpson), with 300 times the deaths of other causes."""
    whole = pathways.calibration
    assert isinstance(whole, Composite)
    hard = replace(whole, background=tuple(replace(h, factor=300.0 * h.factor) for h in whole.background))
    days, arm = 400, "chemotherapy"
    expected = np.zeros(days)
    at = np.arange(0.0, days + 0.25, 0.5) / DAYS_PER_MONTH
    for j, stratum in enumerate(whole.model.strata):
        alone = replace(hard, background=())
        mix = tuple(float(k == j) for k in range(len(whole.model.strata)))
        entering = alone.integrated(arm, whole.model, mix, days).progressing[0]
        h = hard.background[j]
        spared = np.exp(-h.factor * h.time.cumulative_hazard(at))
        middle = (spared[:-2:2] + 4.0 * spared[1:-1:2] + spared[2::2]) / 6.0
        expected += whole.mix[j] * entering * middle
        assert stratum in whole.model.strata
    found = hard.integrated(arm, whole.model, whole.mix, days).progressing[0]
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-9)


def test_clock_forward_of_pathways_has_other_deaths_once(pathways):
    """It is fitted to curves that hold them from the start: nothing is taken off again beyond the follow-up."""
    joint = pathways.curves("chemotherapy")
    assert joint.held
    share = death_share(pathways, "chemotherapy")
    raw = clock_forward({}, joint.alive[0], joint.shares[0, 0], share).traces
    found = clock_forward_of(pathways, "chemotherapy").traces
    np.testing.assert_array_equal(found.shares, raw.shares)
    late = int(pathways.follow_up * DAYS_PER_MONTH) + 2000
    assert not np.allclose(
        pathways.held(replace(raw, held=False)).shares[0, :, late], raw.shares[0, :, late], rtol=1e-3
    )


def test_what_a_scenario_says_instead_leaves_the_rest():
    library = Library([])
    question = library.scenario("second_line_us").economics
    plain, own = library.economics("us"), setting_of(question, library)
    assert own.states["progressed"].utility != plain.states["progressed"].utility
    assert own.states["progressed"].cost == plain.states["progressed"].cost is not None
    assert own.toxicities["immune_mediated"].disutility == plain.toxicities["immune_mediated"].disutility
    assert own.toxicities["immune_mediated"].cost != plain.toxicities["immune_mediated"].cost


def test_patients_concerned_are_discounted_as_costs_are():
    toy = sim.load(
        "toy", params=TOY, overrides={"economics.discounting": "{costs: 0.05, effects: 0.01, method: yearly}"}
    )
    e = evaluate(toy, draws=0, patients=1000)
    affected = e.case.question.population
    assert e.decisions.reached.patients == reached(affected, 0.05).patients != reached(affected, 0.01).patients


def test_a_trial_costs_for_every_arm():
    case = case_of(sim.load("toy", params=TOY))
    each = {"value": 1000.0, "currency": "USD", "price_year": 2020, **STATED}
    trial = ProposedTrial.model_validate(
        {"informs": "survival", "patients_per_arm": [100, 250], "cost_per_patient": each}
    )
    np.testing.assert_allclose(_cost(case, trial, 3), [300_000.0, 750_000.0])


def test_a_trial_serves_those_after_it():
    affected = Affected.model_validate({"yearly": {"value": 300.0, "se": 30.0, **STATED}, "years": 4.5})
    toy = sim.load("toy", params=TOY)
    asked = toy.file.economics.model_copy(update={
        "population": affected,
        "thresholds": (400_000.0,),
        "proposed_trial": ProposedTrial.model_validate(
            {"informs": "survival", "patients_per_arm": [100], "years": 2.0}
        ),
    })  # fmt: skip
    e = evaluate(
        replace(toy, file=toy.file.model_copy(update={"economics": asked})), draws=120, patients=1000, draw_patients=50
    )
    trial = next(t for t in e.decisions.trials if t.group == "survival")
    assert trial.value.min() > 0.0
    later = reached(affected, e.case.clock.rate("costs"), 2.0).patients
    np.testing.assert_allclose(trial.population, trial.value * later, rtol=1e-12)


def test_the_tail_of_a_curve_begins_beyond_its_median():
    own = Around(tuple(float(k) for k in range(len(SURVIVAL))), tuple(float(k) for k in range(1, len(SURVIVAL) + 2)))
    found = own.tail(10.0).factors
    at = SURVIVAL.index(0.5) + 1
    assert found == (*own.factors[:at], *(10.0 * f for f in own.factors[at:]))
    assert Around().tail(2.0).factors == (1.0, 2.0)


def test_a_price_is_varied_as_one_only_if_all_its_vials_are_certain(case):
    drugs = dict(case.file.drugs)
    first, *rest = drugs["bevacizumab"].vials
    unsure = first.model_copy(update={"price": first.price.model_copy(update={"cv": 0.2, "distribution": "gamma"})})
    drugs["bevacizumab"] = drugs["bevacizumab"].model_copy(update={"vials": (unsure, *rest)})
    mixed = replace(case, file=case.file.model_copy(update={"drugs": drugs}))
    assert "price.bevacizumab" in ranges(case, 0.2)
    assert "price.bevacizumab" not in ranges(mixed, 0.2)
    assert "drugs.bevacizumab.vials.0.price" in ranges(mixed, 0.2)


# ------------------------------------------------------------------------------------------- found by a second reading
def test_what_is_given_on_top_neither_stops_nor_dilutes_the_rest(case):
    """A regimen that everybody gets besides two backbones: stops as without it, and its own share in every stratum."""
    top = Library([]).regimen("sbrt_oligometastases")
    question = case.question.model_copy(update={"added": {"bevacizumab": {"sbrt_oligometastases": 0.9}}})
    own = {**case.regimens["bevacizumab"], "sbrt_oligometastases": (top, 0.9)}
    more = replace(case, question=question, regimens={**case.regimens, "bevacizumab": own})
    assert stop_rate(more, "bevacizumab") == stop_rate(case, "bevacizumab") > 0.0
    trial = Library([]).trial("gog240")
    whole = within(more, trial, tuple(trial.strata)).regimens["bevacizumab"]
    assert {k: share for k, (_, share) in whole.items()} == pytest.approx({k: s for k, (_, s) in own.items()})
    part = within(more, trial, ("cisplatin_paclitaxel",)).regimens["bevacizumab"]
    assert part["sbrt_oligometastases"][1] == 0.9
    assert sum(share for name, (_, share) in part.items() if name != "sbrt_oligometastases") == pytest.approx(1.0)


@pytest.mark.parametrize("counting", ["integral", "start", "end", "half_cycle", "simpson"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 30.0), (5.0, 15.0), (10.25, 10.75), (300.0, 1e9)])
def test_a_stretch_of_days_is_as_long_under_every_counting(counting, start, end):
    clock = Clock(12.0, Discount(costs=0.03, effects=0.03, method="continuous"), counting, 1.0)
    lived = clock.between(start / DAYS_PER_MONTH, end / DAYS_PER_MONTH, "time").sum() * DAYS_PER_MONTH
    assert lived == pytest.approx(min(end, 12.0 * DAYS_PER_MONTH) - start, rel=1e-9)


def test_years_of_a_budget_add_up_with_deaths_of_other_causes():
    case = undiscounted(case_of(sim.load("oligometastatic_sbrt_us")))
    years = yearly_costs(case, "borrowed")
    book = case.outcomes("borrowed", case.integrated("borrowed"), Values.mean(case.file))
    for category, total in book.by_category().items():
        assert years[category].sum() == pytest.approx(float(total[0]), rel=1e-6), category


def test_a_trial_of_parameters_that_act_in_opposite_ways():
    """Net benefits x and -x + y/20 of two strategies: what is learned of x is not lost in their sum."""
    rng = np.random.default_rng(3)
    known = rng.normal(size=(2_000, 2))
    benefit = np.column_stack((known[:, 0], -known[:, 0] + 0.05 * known[:, 1]))
    shares = removed(known, benefit, np.array([10.0, 1e6]), [10])
    assert shares[0] == pytest.approx(0.5, abs=0.01)


def test_rounding_is_no_trade_off():
    effects = settled([1.2345678901234567, 1.2345678901234565, 2.0])
    assert effects[0] == effects[1]
    rows = pairwise([10.0, 20.0, 30.0], effects, ["a", "b", "c"], reference="a", threshold=1.0)
    assert [r.reading for r in rows] == ["dominated", "costs more for more effect"]
    assert settled([1.0, 1.0 + 1e-9]) == [1.0, 1.0 + 1e-9]


def test_a_drug_with_longer_cycles_ends_with_the_course():
    base = Library([]).regimen("cisplatin_paclitaxel_gog240")
    drug = base.drugs[0].model_copy(update={"cycle_days": 42, "days": (1,)})
    course = base.course.model_copy(update={"max_cycles": 6})
    (given,) = doses(base.model_copy(update={"drugs": (drug,), "course": course}), 60.0)
    np.testing.assert_allclose(given.months * DAYS_PER_MONTH, [0.0, 42.0, 84.0])


def test_a_curve_of_which_little_is_seen_is_fitted_to_that():
    slow = np.exp(-np.arange(3653) / DAYS_PER_MONTH / 2000.0)
    found, miss = refitted(slow, "exponential", 24.0)
    assert found.params[0] == pytest.approx(2000.0, rel=1e-6)
    assert miss < 1e-9
    with pytest.raises(InputError, match="nothing happens within the follow-up"):
        refitted(np.ones(800), "exponential", 24.0)


def test_the_background_runs_on_the_clock_of_the_study():
    """Survival after progression begins when patients are older: what is left for the cancer is less."""
    time = Distribution("exponential", (60.0,))
    rising = Hazard(Distribution("gompertz", (0.02, 0.001)))
    mix = Mix((0.5, 0.5), (1.0, 2.0), (rising, rising))
    early, late = around(time, mix), around(time, mix, 60.0)
    assert late.factors[0] < early.factors[0]


def test_regimens_that_grade_an_event_apart_add_up():
    """A rule gives each half of the patients: events of both halves are events of the strategy."""
    plan = sim.load("guideline_pathway").plan
    strategy = "guideline"
    total: dict[str, float] = {}
    for rate in _of_plan(plan, strategy):
        total[rate.event] = total.get(rate.event, 0.0) + rate.value
    found = {t.event: t.rates[strategy][0] for t in events_of(plan, (strategy,), {})}
    assert found == pytest.approx(total)
    assert len(found) < len(list(_of_plan(plan, strategy)))


def test_events_of_a_model_of_ones_own_last_parts_of_a_julian_year():
    own = sim.load("own_us", params=Path(__file__).parents[1] / "techver" / "data")
    case = prepare_own(own.file, own.library)
    values = case.mean()
    book = case.outcomes("chemotherapy", case.traces("chemotherapy", values)[0], values)
    (line,) = [x for x in book.health if x.category == "toxicity" and x.name == "fistula"]
    event = case.file.toxicities["fistula"]
    assert float(line.total[0]) == pytest.approx(-0.02 * event.disutility.value * event.days / 365.25, rel=1e-12)
