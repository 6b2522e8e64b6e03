"""What one dose of a drug costs: milligrams from a patient's size, vials from milligrams.

Vials are opened for each patient, so with `waste: whole` the mean cost of a dose is not the cost of the mean dose: it
is averaged over how patients differ in size.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulate.economics.amounts import Values
from simulate.evidence.economics_schema import DrugPrice
from simulate.evidence.money_schema import Size
from simulate.evidence.regimen_schema import RegimenDrug

Array = NDArray[np.float64]
CLEARANCE_CAP = 125.0  # mL/min, of Calvert's formula as regulators ask for it
NODES = 100  # patients of different size over whom a dose is averaged: each vial more is a step, at most 1/200 off
BODIES = {"mg/m2": "body_surface", "mg/kg": "weight", "AUC": "clearance"}


def dose_mg(drug: RegimenDrug, size: Array) -> Array:
    """Milligrams of a dose for patients of a size in the drug's unit; Calvert's formula for an AUC.

    Calvert AH et al., J Clin Oncol 1989;7:1748-56: dose in mg = AUC (clearance + 25).
    """
    per_unit = float(drug.dose or 0.0)
    if drug.unit == "mg":
        mg = np.full(np.shape(size), per_unit)
    elif drug.unit == "AUC":
        mg = per_unit * (np.minimum(size, CLEARANCE_CAP) + 25.0)
    else:
        mg = per_unit * size
    return mg if drug.max_dose_mg is None else np.minimum(mg, drug.max_dose_mg)


def cheapest(mg: Array, sizes: Array, prices: Array) -> Array:
    """Least cost of whole vials that hold at least `mg`.

    Parameters
    ----------
    mg : float64[N].
    sizes : float64[V], mg of each vial.
    prices : float64[N, V] or [V].

    Every number of the larger vials is tried, the smallest fills what is missing.
    """
    order = np.argsort(-sizes)
    sizes, prices = sizes[order], np.broadcast_to(prices, (*mg.shape, len(sizes)))[..., order]
    most = [int(np.ceil(mg.max() / size)) for size in sizes[:-1]]
    best = np.full(mg.shape, np.inf)
    for counts in product(*(range(m + 1) for m in most)):
        held = float(np.dot(counts, sizes[:-1])) if counts else 0.0
        paid = (prices[..., :-1] * np.array(counts)).sum(axis=-1)
        rest = np.ceil(np.maximum(mg - held, 0.0) / sizes[-1] - 1e-9)
        best = np.minimum(best, paid + rest * prices[..., -1])
    return best


def _sizes(size: Size | None, drawn: Array) -> tuple[Array, Array]:
    """Sizes of patients about drawn means, float64[D, N], and their weights."""
    if size is None or size.between is None:
        return drawn[:, None], np.ones(1)
    log_sd = np.sqrt(np.log1p((size.between / size.value) ** 2))  # sizes are positive: lognormal between patients
    # equal shares of patients: quadrature for smooth functions misses the steps between numbers of vials
    relative = np.exp(log_sd * ndtri((np.arange(NODES) + 0.5) / NODES))
    return drawn[:, None] * (relative / relative.mean()), np.full(NODES, 1.0 / NODES)


def _patients(drug: RegimenDrug, values: Values, draws: int = 1) -> tuple[Array, Array]:
    """Milligrams of a dose for patients of different size, float64[D, N], and their weights."""
    body = BODIES.get(drug.unit or "")
    size = getattr(values.file.bodies, body) if body else None
    drawn = values.get(("bodies", body or ""), 1.0)
    sizes, weight = _sizes(size, np.broadcast_to(drawn, max(len(drawn), draws)))
    return dose_mg(drug, sizes), weight


def mean_mg(drug: RegimenDrug, values: Values) -> Array:
    """Mean milligrams of a planned dose, float64[D]."""
    mg, weight = _patients(drug, values)
    return np.asarray(mg @ weight, np.float64)


def cost_of_dose(drug: RegimenDrug, price: DrugPrice, values: Values) -> Array:
    """Mean cost of one dose, float64[D], at relative dose intensity: doses left out cost nothing."""
    place = ("drugs", drug.drug)
    prices = np.stack(
        np.broadcast_arrays(*(values[(*place, "vials", i, "price")] for i in range(len(price.vials)))), axis=-1
    )
    mg, weight = _patients(drug, values, len(prices))
    draws = len(mg)
    vials = np.array([v.mg for v in price.vials])
    if price.waste == "whole":
        each = cheapest(mg, vials, np.broadcast_to(prices[:, None, :], (draws, 1, len(vials))))
    else:
        each = mg * (prices / vials).min(axis=-1)[:, None]
    intensity = values.get((*place, "dose_intensity"), 1.0)
    return (each @ weight) * intensity
