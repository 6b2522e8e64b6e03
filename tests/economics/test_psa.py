"""Probabilistic draws: each against the exact integral at its own parameters, and what makes one reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from simulate.cohort_draws import drawn_models
from simulate.economics import psa as module
from simulate.economics.amounts import Values
from simulate.economics.case import event_rates
from simulate.economics.drawing import more_draws
from simulate.economics.psa import analyse, chunks, toxicity_draws

DRAWS, PATIENTS, SEED = 40, 2000, 3


@pytest.fixture(scope="module")
def drawn(case):
    return analyse(case, DRAWS, PATIENTS, SEED)


@pytest.fixture(scope="module")
def exact(case):
    """Cost and QALY of each draw and strategy by integration at its parameters, float64[2, D, S]."""
    models = drawn_models(more_draws(case.calibration, DRAWS, SEED))
    values = Values.drawn(case.file, DRAWS, SEED)
    out = np.empty((2, DRAWS, len(case.arms)))
    for s, strategy in enumerate(case.arms):
        events = toxicity_draws(case, strategy, DRAWS, SEED)
        for d, model in enumerate(models):
            own = Values(case.file, {p: v[d : d + 1] for p, v in values.by_place.items()})
            rates = {e: v[d : d + 1] for e, v in events.items()}
            book = case.outcomes(strategy, case.integrated(strategy, model), own, rates)
            out[:, d, s] = book.cost[0], book.qaly[0]
    return out


def test_each_draw_is_near_its_exact_value(drawn, exact):
    """No draw is further off than 5 of the reported simulation errors; draws differ in their own error."""
    errors = (drawn.cost_error, drawn.qaly_error)
    for found, expected, error in zip((drawn.cost, drawn.qaly), exact, errors, strict=True):
        left = (found - expected) / error
        assert np.abs(left).max() < 5.0
        # the same patients in every draw: errors of draws are alike, so their mean square varies much
        assert (np.sqrt((left**2).mean(axis=0)) < 2.5).all()


def test_what_is_left_is_small_beside_the_uncertainty(drawn, exact):
    for error, values in zip((drawn.cost_error, drawn.qaly_error), exact, strict=True):
        assert (error > 0.0).all()
        assert (error < 0.2 * values.std(axis=0)).all()


def test_reported_errors_are_those_between_other_patients(case, exact, monkeypatch):
    """Over 12 sets of patients, the root mean square of what is left is the reported one within a factor of 2."""
    values, rates = Values.drawn, toxicity_draws
    monkeypatch.setattr(module.Values, "drawn", staticmethod(lambda file, draws, _: values(file, draws, SEED)))
    monkeypatch.setattr(module, "toxicity_draws", lambda case, s, draws, _: rates(case, s, draws, SEED))
    left, reported, means, said = [], [], [], []
    for seed in range(12):
        found = analyse(case, 10, 1000, 100 + seed)
        net = 1e5 * (found.qaly - exact[1, :10]) - (found.cost - exact[0, :10])
        means.append((net[:, 1] - net[:, 0]).mean())
        said.append(found.mean_error(1e5)[1])
        left.append(((found.cost - exact[0, :10]) ** 2, (found.qaly - exact[1, :10]) ** 2))
        reported.append((found.cost_error, found.qaly_error))
    ratio = np.sqrt(np.mean(left, axis=(0, 2))) / np.sqrt(np.mean(np.square(reported), axis=0))
    assert ratio.min() > 0.5
    assert ratio.max() < 2.0
    # and so of the mean over the draws, whose patients are the same
    assert 0.5 < np.sqrt(np.mean(np.square(means)) / np.mean(np.square(said))) < 2.0
    assert found.mean_error(1e5)[0] == 0.0


def test_four_times_the_patients_half_the_error(case, drawn):
    more = analyse(case, DRAWS, 4 * PATIENTS, SEED)
    np.testing.assert_allclose(more.cost_error / drawn.cost_error, 0.5, atol=0.15)
    np.testing.assert_allclose(more.qaly_error / drawn.qaly_error, 0.5, atol=0.15)


def same(a, b) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("cost", "qaly", "ly", "cost_error", "qaly_error"))


def test_seeds_and_threads(case, drawn):
    assert same(drawn, analyse(case, DRAWS, PATIENTS, SEED, threads=1))
    other = analyse(case, DRAWS, PATIENTS, SEED + 1)
    assert not np.array_equal(drawn.cost, other.cost)
    assert not np.array_equal(drawn.qaly_by["utility: progressed"], other.qaly_by["utility: progressed"])


def test_chunks_change_nothing(case, drawn, monkeypatch):
    assert [lo for lo, _ in chunks(10, 4)] == [0, 4, 8]
    assert list(chunks(10, 4))[-1] == (8, 10)
    monkeypatch.setattr(module, "chunks", lambda draws: chunks(draws, 7))
    other = analyse(case, DRAWS, PATIENTS, SEED)
    np.testing.assert_allclose(other.cost, drawn.cost, rtol=1e-10)
    np.testing.assert_allclose(other.qaly, drawn.qaly, rtol=1e-10)


def test_more_draws_begin_with_the_same(case, drawn):
    fewer = analyse(case, 5, PATIENTS, SEED)
    np.testing.assert_allclose(fewer.cost, drawn.cost[:5], rtol=1e-10)
    one = analyse(case, 1, PATIENTS, SEED)
    np.testing.assert_allclose(one.cost, drawn.cost[:1], rtol=1e-10)


def test_parts_add_up(drawn):
    assert drawn.strategies == ("chemotherapy", "bevacizumab")
    assert len(drawn) == DRAWS
    np.testing.assert_allclose(sum(drawn.by_category.values()), drawn.cost, rtol=1e-9)
    np.testing.assert_allclose(sum(drawn.qaly_by.values()), drawn.qaly, rtol=1e-9)
    assert (drawn.ly > drawn.qaly).all()
    assert drawn.patients == PATIENTS


def test_parameters_by_name_and_group(case, drawn):
    """Every uncertain number of the file, every parameter of survival, every rate: each once, in one group."""
    survival = {f"survival: {p.name}" for p in case.calibration.layout.parameters} | {"survival: dependence"}
    rates = {f"toxicity: {s}.{t.event}" for s in case.arms for t in case.model.toxicities}
    uncertain = {".".join(map(str, p)) for p, q in case.file.quantities().items() if q.standard_error > 0.0}
    of_file = set(drawn.parameters) - survival - rates
    assert sorted(name.partition(": ")[2] for name in of_file) == sorted(uncertain)
    assert survival | rates <= set(drawn.parameters)
    for name, own in drawn.parameters.items():
        assert own.shape == (DRAWS,), name
        assert np.ptp(own) > 0.0, name
    assert sorted(n for names in drawn.groups.values() for n in names) == sorted(drawn.parameters)
    assert set(drawn.groups["survival"]) == survival
    assert set(drawn.groups["utilities"]) == {
        "utilities: states.progression_free.utility", "utilities: states.progressed.utility",
        "utilities: toxicities.fistula.disutility", "utilities: near_death.decrement",
        "utilities: responses.hypertension.gain",
    }  # fmt: skip
    assert set(drawn.groups["toxicity"]) == {
        *rates, "toxicity: toxicities.fistula.cost", "toxicity: toxicities.hypertension.cost"
    }  # fmt: skip
    assert "treatment costs: bodies.weight" in drawn.groups["treatment costs"]
    assert {"costs of care: subsequent.share", "costs of care: once.death"} <= set(drawn.groups["costs of care"])


def test_draws_beyond_those_of_the_calibration(case):
    """The first are its own; of the others mean and spread within 4.5 standard errors of them."""

    def both(posterior) -> np.ndarray:
        return np.column_stack((posterior.draws, posterior.dependence))

    own = both(case.calibration.posterior)
    count, more = len(own), 4000
    found = both(more_draws(case.calibration, count + more, 7).posterior)
    np.testing.assert_array_equal(found[:count], own)
    beyond = found[count:]
    assert len(beyond) == more
    z = (beyond.mean(axis=0) - own.mean(axis=0)) / (own.std(axis=0) / np.sqrt(more))
    assert np.abs(z).max() < 4.5
    np.testing.assert_allclose(beyond.std(axis=0) / own.std(axis=0), 1.0, atol=4.5 / np.sqrt(2 * more))
    np.testing.assert_allclose(np.corrcoef(beyond.T), np.corrcoef(own.T), atol=4.5 / np.sqrt(more))
    assert len(drawn_models(more_draws(case.calibration, count + 20, 7))) == count + 20
    assert len(more_draws(case.calibration, 3, 7).posterior.draws) == 3


def test_rates_of_adverse_events(case):
    """The reported rate is their mean, the arm's patients their size; within 4.5 standard errors of 20,000 draws."""
    for strategy, arm in case.arms.items():
        found = toxicity_draws(case, strategy, 20_000, 1)
        rates, n = event_rates(case.model, arm), case.patients[arm]
        assert found.keys() == rates.keys()
        apart = np.corrcoef(list(found.values())) - np.eye(len(found))
        assert np.abs(apart).max() < 4.5 / np.sqrt(20_000)  # each from a stream of its own
        for event, draws in found.items():
            expected = rates[event][0]
            variance = expected * (1 - expected) / (n + 1.0)
            assert abs(draws.mean() - expected) < 4.5 * np.sqrt(variance / 20_000)
            assert draws.var() == pytest.approx(variance, rel=0.1)  # 4.5 standard errors of a variance of 20,000 draws
            assert draws.min() >= 0.0
            assert draws.max() <= 1.0
