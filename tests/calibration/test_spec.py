"""The parameter vector: medians, shapes and ratios mean what their names say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulate.calibration.spec import SHAPE_PRIOR, Layout, ProcessSpec, Spec, base_distribution
from simulate.errors import InputError

GUESS = {"pfs": {"a": 6.0, "b": 8.0}, "pps": {"a": 7.0, "b": 7.0}}


def spec(pfs: ProcessSpec, strata: tuple[str, ...] = ("all",)) -> Spec:
    return Spec(("a", "b"), strata, pfs, ProcessSpec("weibull"), (0.1, 0.7), 0.0, GUESS)


@pytest.mark.parametrize("family", ["exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gengamma"])
@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.5])
@pytest.mark.parametrize("q", [-0.8, 0.0, 1.3])
def test_base_distribution_has_the_median_asked_for(family, shape, q):
    assert base_distribution(family, 7.3, shape, q, 0.0).median == pytest.approx(7.3, rel=1e-9)


def test_cured_share_leaves_the_median_of_the_others():
    d = base_distribution("weibull", 7.3, 0.2, 0.0, 0.2)
    assert float(d.survival(7.3)) == pytest.approx(0.2 + 0.8 * 0.5)
    assert float(d.survival(1e4)) == pytest.approx(0.2)


def test_gengamma_with_q_one_is_the_weibull():
    t = np.linspace(0.1, 60, 50)
    a, b = base_distribution("gengamma", 7.0, 0.3, 1.0, 0.0), base_distribution("weibull", 7.0, 0.3, 0.0, 0.0)
    assert np.abs(a.survival(t) - b.survival(t)).max() < 1e-12


def test_unknown_family_is_refused():
    with pytest.raises(InputError, match="unknown family"):
        base_distribution("cauchy", 7.0, 0.0, 0.0, 0.0)


def test_zero_vector_is_the_prior_mean():
    layout = Layout(spec(ProcessSpec("weibull")))
    cells = layout.cells(np.zeros(layout.size))
    assert cells["a", "all"].pfs.median == pytest.approx(6.0)
    assert cells["b", "all"].pfs.params[0] == pytest.approx(math.exp(SHAPE_PRIOR["weibull"][0]))
    assert cells["a", "all"].death_share == pytest.approx(0.1)
    assert len({p.name for p in layout.parameters}) == layout.size


def test_common_shape_is_proportional_hazards():
    layout = Layout(spec(ProcessSpec("weibull", effect="common_shape")))
    cells = layout.cells(np.full(layout.size, 0.3))
    t = np.array([2.0, 8.0, 20.0])
    ratio = cells["b", "all"].pfs.cumulative_hazard(t) / cells["a", "all"].pfs.cumulative_hazard(t)
    assert np.ptp(ratio) < 1e-9


def test_piecewise_ratio_changes_at_its_cut():
    layout = Layout(spec(ProcessSpec("weibull", effect="piecewise_hazard_ratio", cuts=(5.0,))))
    x = np.zeros(layout.size)
    x[layout.index["pfs.log_ratio_0.b"]] = 1.0
    x[layout.index["pfs.log_ratio_1.b"]] = -1.0
    cells = layout.cells(x)
    a, b = cells["a", "all"].pfs, cells["b", "all"].pfs
    early = b.cumulative_hazard(4.0) / a.cumulative_hazard(4.0)
    late = (b.cumulative_hazard(9.0) - b.cumulative_hazard(6.0)) / (a.cumulative_hazard(9.0) - a.cumulative_hazard(6.0))
    assert float(early) == pytest.approx(math.exp(0.7))
    assert float(late) == pytest.approx(math.exp(-0.7))


def test_prognosis_is_shared_by_arms_and_interaction_is_not():
    layout = Layout(spec(ProcessSpec("weibull"), ("x", "y")))
    x = np.zeros(layout.size)
    x[layout.index["pfs.prognosis.x"]] = 1.0
    cells = layout.cells(x)
    for arm in ("a", "b"):
        assert cells[arm, "x"].pfs.median / cells[arm, "y"].pfs.median == pytest.approx(math.exp(0.4))
    x[layout.index["pfs.interaction.b.x"]] = 1.0
    moved = layout.cells(x)
    assert moved["a", "x"] == cells["a", "x"]
    assert moved["b", "x"].pfs.median / cells["b", "x"].pfs.median == pytest.approx(math.exp(0.3))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_death_share_may_be_fixed_at_its_ends(share):
    fixed = Spec(("a", "b"), ("all",), ProcessSpec(), ProcessSpec(), (share, 1e-6), 0.0, GUESS)
    layout = Layout(fixed)
    assert layout.cells(np.zeros(layout.size))["a", "all"].death_share == pytest.approx(share, abs=2e-6)


def test_a_trial_file_can_override_every_choice_of_a_process(library):
    """Nothing a file may say about a distribution is passed over in silence."""
    from simulate.calibration import modelled, specification
    from simulate.evidence.calibration_schema import EndpointModel

    trial = library.trial("gog240")
    statistics, _ = modelled(trial)

    def pfs(**said) -> ProcessSpec:
        asked = trial.calibration.model_copy(update={"pfs": EndpointModel.model_validate(said)})
        found = specification(trial.model_copy(update={"calibration": asked}), statistics).pfs
        return replace(found, learned=None)  # what the library says of shapes is not the file's choice

    assert pfs(family="lognormal", cure=True) == ProcessSpec("lognormal", cure=True)
    assert pfs(family="weibull", effect="common_shape") == ProcessSpec("weibull", effect="common_shape")
    cuts = ProcessSpec("weibull", effect="piecewise_hazard_ratio", cuts=(3.0, 9.0))
    assert pfs(family="weibull", ratio_cuts=(3.0, 9.0)) == cuts
    prior = pfs(family="weibull", shape_prior={"mean": 0.3, "sd": 0.1})
    layout = Layout(spec(prior))
    assert layout.parameters[layout.index["pfs.shape.a"]].mean == 0.3
    layout = Layout(spec(cuts))
    x = np.zeros(layout.size)
    x[layout.index["pfs.log_ratio_2.b"]] = -1.0
    assert layout.cells(x)["b", "all"].pfs.ratios == pytest.approx((1.0, 1.0, math.exp(-0.7)))
