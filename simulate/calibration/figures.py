"""Evidence figures → the statistics the model can predict, and the reason where it cannot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import ndtri

from simulate.calibration.spec import Cell
from simulate.calibration.statistics import Cut, Group, Statistic
from simulate.evidence.schema import Figure, Trial
from simulate.model.types import Toxicity

MODELLED = {"median", "hazard_ratio", "landmark", "events"}
DEFAULT_CUT_OF_EVENTS = "a count of events belongs to a data cut; name it with `cut`"


@dataclass(frozen=True)
class Problematic:
    """A figure the joint model does not predict, and why."""

    figure: Figure
    reason: str


def trial_sizes(trial: Trial) -> dict[Cell, int]:
    """Patients of every arm and stratum."""
    return {(a, s): stratum.n.get(a, 0) for a in trial.arms for s, stratum in trial.strata.items()}


def _group(trial: Trial, arms: Iterable[str], strata: Iterable[str]) -> Group:
    sizes = trial_sizes(trial)
    cells = tuple((a, s) for a in arms for s in strata if sizes[a, s] > 0)
    return Group(cells, tuple(float(sizes[c]) for c in cells))


def _standard_error(trial: Trial, figure: Figure, homogeneous: bool) -> float | None:
    """SE on the working scale: printed interval, else two-sided p value, else (subgroups) the number of patients."""
    ratio = figure.statistic in ("median", "hazard_ratio")
    if figure.interval is not None and figure.statistic != "events":
        i = figure.interval
        if not ratio and not 0.0 < i.low < i.high < 1.0:
            return None
        low, high = (math.log(i.low), math.log(i.high)) if ratio else (_logit(i.low), _logit(i.high))
        return (high - low) / (2.0 * float(ndtri(0.5 + i.level / 2.0)))
    if not homogeneous or figure.statistic != "hazard_ratio" or figure.value is None:
        return None
    if figure.p_value is not None and figure.p_note is None and 0.0 < figure.p_value < 1.0 and figure.value != 1.0:
        return abs(math.log(figure.value)) / float(-ndtri(figure.p_value / 2.0))
    n = figure.n or _both_sides(trial, figure)
    return 2.0 / math.sqrt(0.75 * n) if n else None


def _both_sides(trial: Trial, figure: Figure) -> int | None:
    """Patients of both sides of a contrast, where known."""
    sizes = [trial.size(side, figure.population) for side in (figure.arm, figure.comparator) if side is not None]
    return None if any(n is None for n in sizes) else sum(n for n in sizes if n is not None)


def reported_value(figure: Figure) -> float | None:
    """The reported number: the count of an ``events`` figure, the value of any other."""
    if figure.statistic == "events" and figure.events is not None:
        return float(figure.events)
    return figure.value


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def _cut(trial: Trial, figure: Figure) -> Cut | None:
    name = figure.cut or trial.calibration.cuts.get(figure.endpoint)
    if name is None:
        return None
    cut = trial.cuts[name]
    return Cut(name, cut.accrual, cut.cutoff)


def _reason(trial: Trial, figure: Figure) -> str | None:
    """Why a figure is not predicted, or None."""
    if figure.endpoint not in ("os", "pfs", "pps") or figure.statistic not in MODELLED:
        return "not a survival figure the joint model predicts; kept as evidence"
    if reported_value(figure) is None:
        return "no value is reported"
    population = trial.populations[figure.population]
    comparator = trial.populations[figure.comparator_population or figure.population]
    if population.strata is None or comparator.strata is None:
        if figure.statistic != "hazard_ratio":
            return (
                "absolute figure of a subgroup that cuts across the strata; needs its prognosis, which no source gives"
            )
        if not population.homogeneous_effect:
            return "contrast of a subgroup for which no homogeneous effect is assumed"
    if figure.endpoint == "pps" and figure.statistic == "events":
        return "deaths after progression are not counted apart"
    if _cut(trial, figure) is None:
        return DEFAULT_CUT_OF_EVENTS
    return None


def _outside_structure(trial: Trial, figure: Figure) -> str | None:
    """Why the calibration's structure leaves a survival figure out, or None."""
    structure = trial.calibration.structure
    if structure == "outcomes_only":
        return "this study gives proportions only; no survival model is made of it"
    if structure == "survival_only" and figure.endpoint != "os":
        return "only overall survival is modelled for this study"
    return None


def _statistic(trial: Trial, figure: Figure) -> Statistic | Problematic:
    reason = _reason(trial, figure) or _outside_structure(trial, figure)
    if reason is not None:
        return Problematic(figure, reason)
    homogeneous = trial.populations[figure.population].strata is None
    se = _standard_error(trial, figure, homogeneous)
    if homogeneous and se is None:
        return Problematic(
            figure, "neither an interval, nor a p value, nor a number of patients is reported for this subgroup"
        )
    treated = _group(trial, trial.arms_of(figure.arm), trial.strata_of(figure.population))
    groups: tuple[Group, ...] = (treated,)
    value = float(reported_value(figure) or 0.0)
    if figure.comparator is not None:
        other = figure.comparator_population or figure.population
        groups = (treated, _group(trial, trial.arms_of(figure.comparator), trial.strata_of(other)))
    if not all(g.cells for g in groups):
        return Problematic(figure, "the number of patients is not reported, so its precision is unknown")
    if figure.statistic == "events":
        value = value / (figure.n or treated.total)
    role = figure.role if figure.role in ("primary", "fit") else "check"
    cut = _cut(trial, figure)
    assert cut is not None
    return Statistic(
        figure.id, figure.statistic, figure.endpoint, groups, value, role, cut, figure.timepoint, se, homogeneous
    )


def modelled(trial: Trial) -> tuple[list[Statistic], list[Problematic]]:
    """Split the figures of a trial into those the joint model predicts and the others, each with its reason."""
    statistics: list[Statistic] = []
    others: list[Problematic] = []
    for figure in trial.figures:
        found = _statistic(trial, figure)
        if isinstance(found, Problematic):
            others.append(found)
        else:
            statistics.append(found)
    return statistics, others


def toxicities(trial: Trial) -> tuple[Toxicity, ...]:
    """Ordered-grade toxicities from events / n of the figures the trial file names."""
    out = []
    for item in trial.toxicity:
        rates = {}
        for arm in trial.arms:
            rates[arm] = tuple(float(trial.figure(g.figures[arm]).rate or 0.0) for g in item.grades)
        out.append(Toxicity(item.event, item.label, tuple(g.grade for g in item.grades), rates, item.headline or ""))
    return tuple(out)
