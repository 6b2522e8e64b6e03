"""Files of an economic evaluation: tables as frames, the names of all outputs, provenance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulate.calibration.calibrate import BOOTSTRAP_SEED
from simulate.calibration.linear import DRAW_SEED
from simulate.economics.own import OwnCase
from simulate.evidence.own_schema import OwnModel
from simulate.provenance import provenance
from simulate.report.evaluation_decisions import DECISION_FILES, decision_frames
from simulate.scenario.own import OwnScenario

if TYPE_CHECKING:
    from simulate.economics.outcomes import Line
    from simulate.scenario.evaluation import Evaluation

Array = NDArray[np.float64]
MEASURES = ("cost", "ly", "qaly")
# What every evaluation writes, and what one with draws of the parameters adds.
EVERY_EVALUATION = (
    "summary.json",
    "provenance.json",
    "model.json",
    "report.html",
    "strategies.csv",
    "costs.csv",
    "qalys.csv",
    "structures.csv",
    "contrasts.csv",
    "frontier.csv",
    "traces.csv",
    "inputs.csv",
    "cost_breakdown.svg",
    "cost_breakdown.png",
    "os_by_structure.svg",
    "os_by_structure.png",
)
OF_PROGRESSION = ("pfs_by_structure.svg", "pfs_by_structure.png")  # where any patient progresses
WITH_DRAWS = (
    "ceac.csv",
    "evpi.csv",
    "draws.csv",
    "costs_wide.csv",
    "effects_wide.csv",
    "parameters.csv",
    "ce_plane.svg",
    "ce_plane.png",
    "ceac.svg",
    "ceac.png",
    "expected_loss.svg",
    "expected_loss.png",
    "convergence.svg",
    "convergence.png",
)
# With two strategies; `scenarios.csv` not of a model of one's own.
OF_ARMS = ("one_way.csv", "tornado.svg", "tornado.png", "scenarios.csv")
EXPORTED = ("evaluation.xlsx", "hesim.R")  # where asked for
EVALUATION_OUTPUTS = EVERY_EVALUATION + OF_PROGRESSION + WITH_DRAWS + OF_ARMS + DECISION_FILES + EXPORTED


def evaluation_frames(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """File name → table."""
    from simulate.report.evaluation_inputs import inputs_frame
    from simulate.report.evaluation_sensitivity import one_way_frame, scenarios_frame

    frames = {
        "strategies.csv": _strategies(evaluation),
        "costs.csv": _book(evaluation, "costs"),
        "qalys.csv": _book(evaluation, "health"),
        "structures.csv": _structures(evaluation),
        "contrasts.csv": _contrasts(evaluation),
        "frontier.csv": _frontier(evaluation),
        "traces.csv": traces(evaluation),
        "inputs.csv": inputs_frame(evaluation.case),
    }
    if evaluation.one_way:
        frames["one_way.csv"] = one_way_frame(evaluation)
    if evaluation.scenarios:
        frames["scenarios.csv"] = scenarios_frame(evaluation)
    if evaluation.draws is not None:
        frames |= _of_draws(evaluation)
    return frames | decision_frames(evaluation)


def _strategies(e: Evaluation) -> pd.DataFrame:
    rows = []
    for i, (s, own) in enumerate(e.summary()["strategies"].items()):
        row = {"strategy": s, "label": e.scenario.label(s), **{m: own[m] for m in MEASURES}}
        row |= {f"ly_{state}": v for state, v in own["ly_by_state"].items()}
        row |= {f"mc_error_{m}": own["mc_error"][m] for m in MEASURES}
        if e.draws is not None:
            for m in MEASURES:
                values = getattr(e.draws, m)[:, i]
                low, high = np.quantile(values, (0.025, 0.975))
                row |= {f"psa_mean_{m}": values.mean(), f"psa_sd_{m}": values.std(ddof=1)}
                row |= {f"psa_low_{m}": low, f"psa_high_{m}": high}
        rows.append(row)
    return pd.DataFrame(rows)


def _book(e: Evaluation, which: str) -> pd.DataFrame:
    """The account book of the base case: one row a strategy and line."""
    rows = []
    for s in e.strategies:
        lines: Sequence[Line] = getattr(e.base(s).outcomes, which)
        for x in lines:
            uses, price, total = (float(np.mean(v)) for v in (x.uses, x.price, x.total))
            place = ".".join(map(str, x.place))
            rows.append(
                {"strategy": s, "category": x.category, "name": x.name, "place": place, "uses": uses,
                 "price" if which == "costs" else "value": price, "total": total}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _structures(e: Evaluation) -> pd.DataFrame:
    rows = []
    for structure, found in e.summary()["structures"].items():
        for s, own in found["strategies"].items():
            row = {"structure": structure, "strategy": s, **{m: own[m] for m in MEASURES}}
            row |= {f"ly_{state}": v for state, v in own["ly_by_state"].items()}
            row |= {"capped": own["capped"]}
            row |= {f"misfit_{k}": v for k, v in own["misfit"].items()}
            for k, d in own["fitted"].items():
                name = k.replace(" ", "_")
                row |= {f"family_{name}": d["family"], f"params_{name}": " ".join(map(repr, d["params"]))}
            rows.append(row)
    return pd.DataFrame(rows)


def _contrasts(e: Evaluation) -> pd.DataFrame:
    """One row a structure and strategy against the comparator; `base_structure` of the summary is the base case."""
    columns = ["structure", "strategy", "comparator", "delta_cost", "delta_qaly", "icer", "quadrant", "reading"]
    columns += [f"inmb_{t:g}" for t in e.priced]
    rows = []
    for structure, found in e.summary()["structures"].items():
        for c in found["contrasts"]:
            benefits = {f"inmb_{t}": v for t, v in c["inmb"].items()}
            rows.append({"structure": structure, **{k: v for k, v in c.items() if k != "inmb"}, **benefits})
    return pd.DataFrame(rows, columns=columns)


def _frontier(e: Evaluation) -> pd.DataFrame:
    summary = e.summary()
    rows = []
    for r in summary["frontier"]:
        own = summary["strategies"][r["strategy"]]
        rows.append({**r, "dominated_by": " ".join(r["dominated_by"]), "cost": own["cost"], "qaly": own["qaly"]})
    return pd.DataFrame(rows)


def traces(e: Evaluation) -> pd.DataFrame:
    """Share of patients in each state every month: one row a structure, strategy and month."""
    parts = []
    for s, found in e.structures.items():
        for structure, one in found.items():
            months, shares = monthly(e, one.traces.shares.mean(axis=0))
            columns = dict(zip(one.traces.states, shares, strict=True))
            dead = 1.0 - shares.sum(axis=0)
            parts.append(
                pd.DataFrame({"structure": structure, "strategy": s, "month": months, **columns, "dead": dead})
            )
    return pd.concat(parts, ignore_index=True)


def monthly(e: Evaluation, series: Array) -> tuple[Array, Array]:
    """Whole months to the horizon, and series on the evaluation's grid (their last axis) at them."""
    grid = e.case.clock.months
    months = np.arange(np.floor(grid[-1] + 1e-9) + 1)
    rows = np.atleast_2d(series)
    found = np.stack([np.interp(months, grid, r) for r in rows])
    return months, found.reshape(*series.shape[:-1], len(months))


def _of_draws(e: Evaluation) -> dict[str, pd.DataFrame]:
    """Tables of the probabilistic analysis; the wide ones as BCEA, dampack and voi read them."""
    drawn, found = e.draws, e.acceptability
    assert drawn is not None
    assert found is not None
    names = list(drawn.strategies)
    long = {f"{m}_{s}": getattr(drawn, m)[:, i] for m in ("cost", "qaly", "ly") for i, s in enumerate(names)}
    ceac = [
        {"wtp": w, "strategy": s, "probability": found.probability[j, i], "optimal": bool(found.optimal[j] == i),
         "expected_net_benefit": found.expected_net_benefit[j, i], "expected_loss": found.expected_loss[j, i]}
        for j, w in enumerate(found.wtp) for i, s in enumerate(names)
    ]  # fmt: skip
    evpi = [
        {"about": name, "wtp": w, "value": v, "standard_error": error, "bias": bias}
        for name, one in e.information.items()
        for w, v, error, bias in zip(one.wtp, one.value, one.standard_error, one.bias, strict=True)
    ]
    return {
        "ceac.csv": pd.DataFrame(ceac),
        "evpi.csv": pd.DataFrame(evpi),
        "draws.csv": pd.DataFrame({"draw": np.arange(1, len(drawn) + 1), **long}),
        "costs_wide.csv": pd.DataFrame(drawn.cost, columns=names),
        "effects_wide.csv": pd.DataFrame(drawn.qaly, columns=names),
        "parameters.csv": pd.DataFrame({_in_formulas(k): v for k, v in drawn.parameters.items()}),
    }


def _in_formulas(name: str) -> str:
    """A name that R takes in a formula as it stands: ``treatment costs: bodies.weight`` has a space and a colon."""
    return re.sub(r"[^A-Za-z0-9_.]+", ".", name)


def evaluation_sources(e: Evaluation) -> list[str]:
    """Ids of every source used, those of the economic files last."""
    from simulate.report.sources_view import pathway_source_ids, source_ids

    trial: tuple[str, ...] = ()
    if not isinstance(e.scenario, OwnScenario):
        trial = pathway_source_ids(e.scenario) if e.case.others_inside else source_ids(e.scenario)
    return list(dict.fromkeys((*trial, *economic_sources(e))))


def economic_sources(e: Evaluation) -> list[str]:
    """Ids of the sources of the economic file, the reference case, the regimens and how long they were given."""
    case = e.case
    stated: list[Any] = [e.scenario.file, case.file, case.reference]
    if isinstance(case, OwnCase):
        stated.append(case.model)
    else:
        stated += [r for own in case.regimens.values() for r, _ in own.values()]
    return list(dict.fromkeys(s for one in stated for s in _sources_in(one.model_dump())))


def _sources_in(value: Any) -> list[str]:
    """Every id that stands under `source` or `sources`, in order."""
    if isinstance(value, dict):
        out = [value["source"]] if isinstance(value.get("source"), str) else []
        out += [s for s in value.get("sources") or () if isinstance(s, str)]
        return out + [s for v in value.values() for s in _sources_in(v)]
    return [s for v in value for s in _sources_in(v)] if isinstance(value, list | tuple) else []


def model_text(e: Evaluation) -> str:
    """The model as JSON: the calibrated one, or the scenario's own."""
    model = e.case.model
    return (model.model_dump_json(indent=1) if isinstance(model, OwnModel) else model.to_json()) + "\n"


def evaluation_record(e: Evaluation, command: str | None = None) -> dict[str, Any]:
    """Content of ``provenance.json``."""
    scenario, case = e.scenario, e.case
    known = scenario.library.sources
    files = [Path(p.folder) / p.name for p in scenario.library.provenance()]
    extra: dict[str, Any] = {
        "setting": case.file.id,
        "reference_case": case.reference.id,
        "draws": 0 if e.draws is None else len(e.draws),
        "draw_patients": 0 if e.draws is None else e.draws.patients,
    }
    if not isinstance(case, OwnCase):
        own = case.calibrations
        single = not case.others_inside
        extra |= {
            "network": e.summary()["network"],
            "trial": next(iter(own)) if single else sorted(own),
            "specification": next(iter(own.values())).spec if single else {t: c.spec for t, c in own.items()},
            "calibration_seeds": {"bootstrap": BOOTSTRAP_SEED, "draws": DRAW_SEED},
        }
    return provenance(
        seed=e.seed,
        patients=e.patients,
        scenario=scenario.id,
        scenario_content=scenario.file,
        model=case.model.model_dump() if isinstance(case, OwnCase) else case.model,
        inputs=[f for f in files if f.is_file()],
        sources={s: {"citation": known[s].citation, "why": known[s].why} for s in evaluation_sources(e) if s in known},
        command=command,
        started=e.started or None,
        extra=extra,
    )
