"""A model of one's own: closed-form curves, a published table rebuilt, curves that cross, refusals."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm

import simulate as sim
from simulate.economics.own import OwnCase, log_survival, prepare_own
from simulate.economics.own_psa import analyse_own
from simulate.errors import InputError
from simulate.evidence import Library
from simulate.evidence.own_schema import OwnCurve
from simulate.scenario.evaluation import Evaluation, evaluate
from simulate.scenario.own import OwnScenario

PAGE = Path(__file__).parents[2] / "docs/how-to/rebuild-a-published-model.md"
TIMES = np.array([0.0, 0.5, 3.0, 12.0, 60.0])
CLOSED = {
    "exponential": ({"rate": 0.05}, lambda t: np.exp(-0.05 * t)),
    "weibull": ({"shape": 1.3, "scale": 9.0}, lambda t: np.exp(-((t / 9.0) ** 1.3))),
    "weibull_ph": ({"rate": 0.0448, "shape": 1.2675}, lambda t: np.exp(-0.0448 * t**1.2675)),
    "lognormal": ({"meanlog": 1.7, "sdlog": 0.9}, lambda t: lognorm(0.9, scale=np.exp(1.7)).sf(t)),
    "loglogistic": ({"shape": 1.8, "scale": 8.0}, lambda t: 1.0 / (1.0 + (t / 8.0) ** 1.8)),
    "gompertz": ({"shape": -0.02, "rate": 0.06}, lambda t: np.exp(0.06 / 0.02 * np.expm1(-0.02 * t))),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of the how-to, as a reader copies them."""
    top = tmp_path_factory.mktemp("rebuilt")
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in zip(("economics/table", "scenarios/rebuilt"), blocks, strict=True):
        path = top / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return top


@pytest.fixture(scope="module")
def rebuilt(folder: Path) -> Evaluation:
    """The published table, evaluated."""
    assert [p for name in ("rebuilt", "table") for p in Library(folder).check(name)] == []
    return evaluate(sim.load("rebuilt", params=folder), draws=200, seed=3)


@pytest.mark.parametrize("family", CLOSED)
def test_curves_are_their_closed_forms(family):
    parameters, expected = CLOSED[family]
    stated = {k: {"value": v, "assumed": True, "why": "test"} for k, v in parameters.items()}
    curve = OwnCurve.model_validate({"family": family, "parameters": stated})
    arrays = {k: np.array([v, v]) for k, v in parameters.items()}
    for ratio in (1.0, 0.6):
        found = np.exp(log_survival(curve, arrays, np.array([ratio]), TIMES))
        np.testing.assert_allclose(found, np.tile(expected(TIMES) ** ratio, (2, 1)), rtol=1e-12)


def test_a_published_table_gives_its_qalys(rebuilt: Evaluation):
    """Against quadrature of the table's formulae, to 1e-4 of a QALY (grid of 0.1 months, trapezoid)."""
    table = {"placebo": (0.0876, 1.2312, 0.0586), "pembrolizumab": (0.0448, 1.2675, 0.029)}
    for name, (rate, shape, death) in table.items():

        def inside(t: float, rate: float = rate, shape: float = shape, death: float = death) -> float:
            alive = np.exp(-death * t)
            free = min(np.exp(-rate * t**shape), alive)
            return (0.71 * free + 0.67 * (alive - free)) * 1.03 ** (-t / 12.0) / 12.0

        expected = quad(inside, 0.0, 360.0, limit=400)[0]
        assert rebuilt.summary()["strategies"][name]["qaly"] == pytest.approx(expected, abs=1e-4)
    # what the page says, and what was calculated from the table by another hand
    found = rebuilt.summary()["strategies"]
    assert [round(found[s]["qaly"], 3) for s in table] == [0.937, 1.810]
    assert found["pembrolizumab"]["ly"] == pytest.approx(2.8735, abs=2e-4)


def test_doses_are_paid_while_progression_free(rebuilt: Evaluation):
    """35 doses at most, each to who has not progressed by then, discounted."""
    at = 0.69 * np.arange(35)
    free = np.minimum(np.exp(-0.0448 * at**1.2675), np.exp(-0.029 * at))
    expected = 9714.0 * float(np.sum(free * 1.03 ** (-at / 12.0)))
    found = rebuilt.summary()["strategies"]["pembrolizumab"]["cost_by_category"]
    assert found["drugs"] == pytest.approx(expected, rel=1e-4)
    assert found["procedures"] == pytest.approx(3538.0)


def test_draws_keep_the_means_of_the_file(rebuilt: Evaluation):
    """Utilities are beta; QALYs are linear in them, so their mean is the point within 4 standard errors."""
    assert rebuilt.draws is not None
    for i, name in enumerate(rebuilt.strategies):
        q = rebuilt.draws.qaly[:, i]
        expected = rebuilt.summary()["strategies"][name]["qaly"]
        assert q.mean() == pytest.approx(expected, abs=4 * q.std() / np.sqrt(len(q)))


def test_curves_that_cross_are_cut_and_counted(folder: Path):
    scenario = sim.load("rebuilt", params=folder, overrides={"own_model.arms.placebo.os.parameters.rate.value": "0.2"})
    case = prepare_own(scenario.file, scenario.library)
    traces, crossed = case.traces("placebo", case.mean())
    assert crossed[0] > 0.05
    assert traces.shares.min() >= 0.0
    # the printed curves cross in their first days: Weibull starts flat, exponential does not
    other, early = case.traces("pembrolizumab", case.mean())
    assert 0.0 < early[0] * case.clock.days <= 2.0
    assert other.shares[0, 0, :3].max() <= 1.0
    _, share = analyse_own(case, 50, 1)
    assert share == {"placebo": 1.0, "pembrolizumab": 1.0}  # no spread in the table's curves
    strict = sim.load(
        "rebuilt",
        params=folder,
        overrides={"own_model.arms.placebo.os.parameters.rate.value": "0.2", "own_model.capped": "false"},
    )
    with pytest.raises(InputError, match="progression-free survival of placebo lies above overall survival"):
        evaluate(strict, draws=0)


def test_it_is_evaluated_and_not_run(folder: Path):
    scenario = sim.load("rebuilt", params=folder)
    assert isinstance(scenario, OwnScenario)
    with pytest.raises(InputError, match="only evaluated"):
        scenario.run()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("own_model.arms.placebo.os.family", "weibull", "weibull needs 'shape'"),
        ("own_model.arms.placebo.os.parameters.rate.value", "-0.1", "it must be above 0"),
        ("own_model.grid", "500", "does not fit a horizon"),
        ("economics", "null", "only evaluated"),
        ("own_model.arms", "{}", "at least 1"),
        ("own_model.unit", "fortnights", "is not one of"),
        ("economics.setting", "nobody", "no economic file 'nobody'"),
    ],
)
def test_refusals(folder: Path, field: str, value: str, says: str):
    with pytest.raises(InputError, match=says):
        sim.load("rebuilt", params=folder, overrides={field: value})


def test_units_do_not_matter(folder: Path):
    """The same curves in weeks."""
    months = evaluate(sim.load("rebuilt", params=folder), draws=0).summary()["strategies"]["placebo"]
    week = 7.0 / 30.4375
    overrides = {
        "own_model.unit": "weeks",
        "own_model.grid": "0.5",
        "own_model.arms.placebo.os.parameters.rate.value": repr(0.0586 * week),
        "own_model.arms.placebo.pfs.parameters.rate.value": repr(0.0876 * week**1.2312),
    }
    case: OwnCase = evaluate(sim.load("rebuilt", params=folder, overrides=overrides), draws=0).case  # type: ignore[assignment]
    traces, _ = case.traces("placebo", case.mean())
    assert case.outcomes("placebo", traces, case.mean()).qaly[0] == pytest.approx(months["qaly"], abs=1e-4)
