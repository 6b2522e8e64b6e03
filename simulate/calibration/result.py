"""A calibrated trial: the joint model, its errors, its conflicts and its draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from simulate.analytic import cell_curves
from simulate.calibration.linear import LinearPosterior
from simulate.calibration.solve import Forward
from simulate.calibration.spec import Cell, Layout, Spec
from simulate.calibration.statistics import Statistic, predict, reported
from simulate.files import atomic_write
from simulate.model.types import ArmModel, Distribution, JointModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A calibrated trial.

    Attributes
    ----------
    trial : id of the trial.
    spec : families and priors used.
    model : the joint model at the point calibration, parameters rounded to 9 significant digits.
    statistics : the modelled figures, used and unused, in the file's order.
    prediction : model values on the working scales, shape (F,).
    covariance : sampling covariance of the statistics, shape (F, F).
    posterior : linear-Gaussian predictive errors and parameter draws.
    feasible : whether all primary figures are met as equalities; if not, the fit is weighted.
    objective : what is minimised, at the calibrated point.
    joint : distance of the used figures from what the prior and their sampling errors let expect, shape of a chi-square
        with one degree of freedom a used figure (large: they contradict each other, or the prior, or the families).
    calibrated : False if `model` was stored elsewhere and only held against this evidence.
    """

    trial: str
    spec: Spec
    model: JointModel
    statistics: tuple[Statistic, ...]
    prediction: Array
    covariance: Array
    posterior: LinearPosterior = field(repr=False)
    feasible: bool
    objective: float
    joint: float
    calibrated: bool = True

    @cached_property
    def layout(self) -> Layout:
        """Meaning of the parameter vector."""
        return Layout(self.spec)

    @property
    def draws(self) -> int:
        """Number of parameter draws."""
        return len(self.posterior.draws)

    @property
    def joint_p(self) -> float:
        """P value of `joint`: small where the used figures contradict each other under this specification."""
        return float(chdtrc(len(used(self.statistics)), self.joint))

    def tensions(self, beyond: float = 2.0) -> dict[str, float]:
        """Parameters more than `beyond` prior standard deviations from their prior mean, and by how many."""
        pairs = zip(self.layout.parameters, self.posterior.x, strict=True)
        return {p.name: float(v) for p, v in pairs if abs(v) > beyond}

    def draw(self, index: int) -> JointModel:
        """The joint model of one parameter draw (0 … draws − 1); toxicities stay at their point values."""
        layout = Layout(replace(self.spec, dependence=float(self.posterior.dependence[index])))
        return replace(self.model, cells=rounded_cells(layout.cells(self.posterior.draws[index])))

    def with_model(self, model: JointModel) -> Calibration:
        """The same evidence held against a stored model: its own predictions and residuals, nothing solved anew."""
        forward = Forward(self.layout, self.statistics)
        curves = {key: cell_curves(cell, forward.days) for key, cell in model.cells.items()}
        prediction = predict(self.statistics, curves.__getitem__)
        residual = reported(self.statistics) - prediction
        # nothing was fitted, so what separates figure and model is the figure's own sampling error
        sd = np.sqrt(np.diag(self.covariance))
        posterior = replace(self.posterior, residual=residual, residual_sd=sd)
        return replace(self, model=model, prediction=prediction, posterior=posterior, calibrated=False)

    def to_df(self) -> pd.DataFrame:
        """One row a modelled figure: role, reported, model, standard error on the working scale and z."""
        sd = np.sqrt(np.diag(self.covariance))
        rows = zip(self.statistics, self.prediction, sd, self.posterior.z, strict=True)
        return pd.DataFrame(
            [
                {"figure": s.figure, "endpoint": s.endpoint, "statistic": s.kind, "timepoint": s.timepoint,
                 "role": s.role, "reported": s.value, "model": s.from_scale(float(p)), "se": float(e), "z": float(z)}
                for s, p, e, z in rows
            ]
        )  # fmt: skip

    def summary(self) -> str:
        """A few lines in words: families, whether the primary figures are met, contradictions."""
        met = "the primary figures are met" if self.feasible else "the primary figures conflict; the fit is weighted"
        lines = [
            f"{self.trial}: PFS {self.spec.pfs.label}, PPS {self.spec.pps.label}; {met}",
            f"joint test of the used figures: chi-square {self.joint:.1f}, p {self.joint_p:.2g}",
        ]
        return "\n".join(lines + [f"{k} lies {v:+.1f} SD from its prior mean" for k, v in self.tensions().items()])

    def save(self, path: str | Path) -> Path:
        """Write the calibrated model as JSON, to be used with ``simulate run --model``."""
        return atomic_write(path, self.model.to_json())

    def parameters(self) -> dict[str, float]:
        """Calibrated parameters on their natural (log, logit) scales."""
        z = self.layout.natural(self.posterior.x)
        return {p.name: float(v) for p, v in zip(self.layout.parameters, z, strict=True)}


def _significant(value: float, digits: int = 9) -> float:
    return float(f"{value:.{digits - 1}e}") if math.isfinite(value) else value


def _rounded(d: Distribution) -> Distribution:
    params = tuple(_significant(p) for p in d.params)
    return Distribution(d.family, params, _significant(d.cure), d.ratio_cuts, tuple(_significant(r) for r in d.ratios))


def rounded_cells(cells: dict[Cell, ArmModel]) -> dict[Cell, ArmModel]:
    """Parameters to 9 significant digits: the last ones differ between processors and Python versions."""
    return {
        k: ArmModel(_rounded(c.pfs), _significant(c.death_share), _rounded(c.pps), _significant(c.dependence))
        for k, c in cells.items()
    }


def used(statistics: Sequence[Statistic]) -> list[int]:
    """Positions of the statistics that calibration may see."""
    return [i for i, s in enumerate(statistics) if s.role in ("primary", "fit")]
