"""The models that are tried where the answer is ranged over all that meet the reported figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from simulate.calibration import Calibration, Spec
from simulate.calibration.calibrate import used
from simulate.calibration.statistics import Statistic
from simulate.economics.composite import Composite
from simulate.evidence.schema import Trial
from simulate.files import code_key
from simulate.model.types import JointModel
from simulate.plots.names import study
from simulate.sensitivity import alternative_models, alternatives, refitted

CODE = code_key("calibration", "analytic", "model", "evidence", "sensitivity", "economics/alternatives")
VARIED = ("pfs", "pps", "death_share", "dependence")  # fields of a specification that alternatives change


def combined(calibration: Calibration) -> list[tuple[str, str, Spec]]:
    """(label, why, specification) of every combination of two or more of the alternatives of different kinds."""
    base = calibration.spec
    options: dict[str, list[tuple[str, Any]]] = {name: [("", getattr(base, name))] for name in VARIED}
    for label, _, spec in alternatives(calibration):
        name = next(n for n in VARIED if getattr(spec, n) != getattr(base, n))
        options[name].append((label, getattr(spec, name)))
    out = []
    for chosen in product(*options.values()):
        labels = [label for label, _ in chosen if label]
        if len(labels) > 1:
            values = {name: value for name, (_, value) in zip(options, chosen, strict=True)}
            out.append((", ".join(labels), "together", replace(base, **values)))
    return out


def all_models(
    trial: Trial, calibration: Calibration, together: bool = True
) -> list[tuple[str, str, bool, JointModel]]:
    """(label, why, feasible, model) of the calibrated model and every alternative; cached by content.

    Parameters
    ----------
    together : alternatives of different kinds also in all combinations.
    """
    found = [
        ("as calibrated", "most plausible", calibration.feasible, calibration.model),
        *alternative_models(trial, calibration),
    ]
    if not together:
        return found

    def varied() -> list[tuple[str, str, Spec, list[Statistic]]]:
        figures = [calibration.statistics[i] for i in used(calibration.statistics)]
        return [(label, why, spec, figures) for label, why, spec in combined(calibration)]

    return found + refitted("combined_alternatives", trial, calibration, varied, CODE)


def composed_models(
    trials: Mapping[str, Trial], survival: Composite, strategies: tuple[str, str]
) -> list[tuple[str, str, bool, JointModel]]:
    """The same of strategies whose evidence comes from many trials: one assumption of one of them at a time.

    Models of a trial on which neither of the two strategies rests are left out.
    """
    known = survival.calibrations
    point = {t: c.model for t, c in known.items()}
    feasible = all(c.feasible for c in known.values() if c.calibrated)
    out = [("as calibrated", "most plausible", feasible, survival.model)]
    for t, c in sorted(known.items()):
        if not c.calibrated:
            continue
        name = study(trials[t].title, t)
        for label, why, meets, model in alternative_models(trials[t], c):
            if any(cell.dependence for cell in model.cells.values()):
                continue
            whole = survival.composed({**point, t: model})
            if any(whole.cells[k] != cell for k, cell in survival.model.cells.items() if k[0] in strategies):
                out.append((f"{name}: {label}", why, meets, whole))
    return out
