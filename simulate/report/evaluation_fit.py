"""The survival model of an evaluation: what each trial behind it says, how its model fits, and where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np

from simulate.calibration.result import used
from simulate.economics.composite import Composite
from simulate.economics.own import OwnCase
from simulate.fidelity.rows import integrated_rows
from simulate.fidelity.table import rms
from simulate.report.labels import Names, family, model_value, reported_interval, reported_value
from simulate.report.model_view import parameter_words
from simulate.report.numbers import count, fixed, p_value, percent, plain_number
from simulate.report.pathway_evidence import bases_table
from simulate.report.pathway_view import PathNames
from simulate.report.view import Cell, Column, Table, listed, row
from simulate.scenario.pathways import PathwayScenario

if TYPE_CHECKING:
    from simulate.calibration import Calibration
    from simulate.fidelity import FidelityRow
    from simulate.model.types import ArmModel
    from simulate.scenario import Scenario
    from simulate.scenario.evaluation import Evaluation

ONLY_DEATHS = 0.999  # share of deaths above which the first time is overall survival, and nothing follows it
PRIOR_ALONE = 0.9  # standard deviation, in those of its prior, above which the figures tell next to nothing of it
NOTHING_VALIDATED = (
    "That a model meets the figures it was made from validates nothing. It is tested only by figures that it did not "
    "use, and by nothing beyond the follow-up."
)


@dataclass(frozen=True)
class TrialFit:
    """One trial: its name, paragraphs, tables and the figures that its model contradicts, a sentence each."""

    name: str
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """All trials behind an evaluation, and where pathways take their models from."""

    paragraphs: tuple[str, ...]
    trials: tuple[TrialFit, ...]
    bases: Table | None


def fit_view(e: Evaluation) -> Fit | None:
    """The survival model and how it fits; None of a model that the scenario brings along."""
    case = e.case
    if isinstance(case, OwnCase):
        return None
    trials = tuple(_trial(e, name, c) for name, c in sorted(case.calibrations.items()))
    bases = bases_table(e.scenario, PathNames(e.scenario)) if isinstance(e.scenario, PathwayScenario) else None
    text = [
        "Patients are free of progression, progressed or dead. In every arm and stratum a time to progression or death "
        "(PFS), the share of these events that are deaths, and a time from progression to death (PPS) are calibrated "
        f"to what {'the trial' if len(trials) == 1 else 'each trial'} reported. {NOTHING_VALIDATED}"
    ]
    if isinstance(case.calibration, Composite):
        text.append(_placed(e, case.calibration))
    return Fit(tuple(text), trials, bases)


def base_families(e: Evaluation, strategy: str) -> str:
    """Families of a strategy's curves in the base case, such as ``Weibull PFS, Weibull PPS``."""
    if isinstance(e.case, OwnCase):
        return "–"
    case = e.case
    shares = zip(case.model.strata, case.mix, strict=True)
    cells = [case.model.cells[case.arms[strategy], s] for s, share in shares if share > 0.0]
    first = " and ".join(dict.fromkeys(family(c.pfs) for c in cells))
    if _only_survival(cells):
        return f"{_capital(first)} OS"
    after = " and ".join(dict.fromkeys(family(c.pps) for c in cells))
    return f"{_capital(first)} PFS, {after} PPS"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _only_survival(cells: Sequence[ArmModel]) -> bool:
    return all(c.death_share > ONLY_DEATHS for c in cells)


# ------------------------------------------------------------------------------------------------ one trial
def _names(e: Evaluation, trial: str) -> Names:
    """Labels of one trial's arms and figures."""
    if not isinstance(e.scenario, PathwayScenario) and not isinstance(e.case, OwnCase):
        return Names(cast("Scenario", e.scenario))
    library = e.scenario.library
    scope = SimpleNamespace(
        trial=library.trial(trial), library=library, file=SimpleNamespace(population="all", follow_up={})
    )
    return Names(cast("Scenario", scope))


def _arms(e: Evaluation, name: str, c: Calibration) -> list[str]:
    """Arms of a trial that some strategy's survival rests on; all where that is not said."""
    if isinstance(e.scenario, PathwayScenario):
        own = [b for b in e.scenario.plan.bases.values() if b.trial == name]
        wanted = set() if any(b.chain for b in own) else {b.arm for b in own}  # an effect takes both sides of it
    else:
        wanted = {e.scenario.arm(s) for s in e.strategies}  # type: ignore[union-attr]
    return [a for a in c.model.arms if a in wanted] or list(c.model.arms)


def _trial(e: Evaluation, name: str, c: Calibration) -> TrialFit:
    names = _names(e, name)
    rows = integrated_rows(names.scenario.trial, c)
    fitted = [r for r in rows if r.used_as_target]
    against = [r for r in rows if r.verdict == "conflict"]
    tables = (_model_table(e, name, c, names), _figures_table(name, fitted, names))
    paragraphs = (_met(c, rows), _uncertainty(names, c))
    return TrialFit(names.study, paragraphs, tables, tuple(_sentence(r, names) for r in against))


def _model_table(e: Evaluation, name: str, c: Calibration, names: Names) -> Table:
    arms = _arms(e, name, c)
    only = _only_survival(list(c.model.cells.values()))
    columns = (
        Column("arm", numeric=False), Column("time to death (OS)" if only else "time to progression or death (PFS)",
                                             numeric=False),
        *(() if only else (Column("deaths among these events"), Column("survival after progression (PPS)",
                                                                       numeric=False), Column("dependence"))),
    )  # fmt: skip
    rows = []
    for arm in arms:
        for stratum in c.model.strata:
            cell = c.model.cells[arm, stratum]
            small = names.scenario.trial.strata[stratum].label if len(c.model.strata) > 1 else ""
            own = [Cell(family(cell.pfs), small=f"median {fixed(cell.pfs.median, 2)} mo; {parameter_words(cell.pfs)}")]
            if not only:
                own += [
                    Cell(percent(cell.death_share), value=cell.death_share),
                    Cell(family(cell.pps), small=f"median {fixed(cell.pps.median, 2)} mo; {parameter_words(cell.pps)}"),
                    Cell(fixed(cell.dependence, 2), value=cell.dependence),
                ]
            rows.append(row(Cell(names.arm(arm), small=small), *own))
    note = (
        "Dependence: the time after progression is multiplied by (time of progression / median PFS) to this power; no "
        "figure tells it, and 0 is none."
    )
    title = f"{names.study}: calibrated curves, parameters in months"
    return Table(f"fit-model-{_id(name)}", title, columns, tuple(rows), () if only else (note,), wide=True)


def _figures_table(name: str, rows: Sequence[FidelityRow], names: Names) -> Table:
    columns = (
        Column("figure", numeric=False), Column("used as", numeric=False), Column("reported", "interval"),
        Column("model"), Column("z", "SD"), Column("verdict", numeric=False),
    )  # fmt: skip
    shown = [
        row(
            Cell(names.figure(r), small=names.group(r)),
            "equality" if r.role == "primary" else "fit",
            Cell(reported_value(r.reported, r.statistic), small=reported_interval(r), value=r.reported),
            Cell(model_value(r.model, r.statistic), value=r.model),
            Cell(fixed(r.z, 1, sign=True), value=r.z),
            Cell(r.verdict, mark=r.verdict),
        )
        for r in rows
    ]
    title = f"{names.study}: the {count(len(rows))} figures that its model was made from"
    note = "z: reported less model, in standard deviations of that difference; of a figure met as an equality none."
    return Table(f"fit-figures-{_id(name)}", title, columns, tuple(shown), (note,), wide=True)


def _id(name: str) -> str:
    return name.replace("_", "-")


def _met(c: Calibration, rows: Sequence[FidelityRow]) -> str:
    """Whether the figures used are met, how they agree, and what those say that were not used."""
    primary = sum(r.role == "primary" for r in rows)
    fit = sum(r.role == "fit" for r in rows)
    if primary and not c.feasible:
        text = f"The {count(primary)} primary figures cannot all be met at once: the fit is weighted."
    else:
        text = f"{_capital(_many(primary, 'primary figure'))} met as equalities" if primary else "No primary figure"
        text += f", {_many(fit, 'more figure')} fitted." if fit else "."
    test = f"chi-square {fixed(c.joint, 1)}, p {p_value(c.joint_p)}"
    text += f" Joint test of those {count(len(used(c.statistics)))}, with the priors: {test}."
    for name, x in c.tensions().items():
        text += f" {_plain(name)} lies {fixed(x, 1, sign=True)} SD from the mean of its prior."
    others = [r for r in rows if not r.used_as_target and r.z is not None and r.verdict != "superseded"]
    if not others:
        return f"{text} No figure was left to test it."
    return (
        f"{text} {_capital(_many(len(others), 'figure'))} of survival not used: root mean square z "
        f"{fixed(rms(rows, targets=False), 2)} (about 1 if all is well; many are of overlapping patients)."
    )


def _many(n: int, what: str) -> str:
    return f"{count(n)} {what}{'' if n == 1 else 's'}"


def _uncertainty(names: Names, c: Calibration) -> str:
    """Where the draws of the parameters come from, and what no figure tells."""
    spread = c.posterior.draws.std(axis=0)
    moved = spread > 1e-9
    alone = [p.name for p, sd in zip(c.layout.parameters, spread, strict=True) if sd > PRIOR_ALONE]
    gamma = float(np.std(c.posterior.dependence))
    text = (
        f"Uncertainty: simulated trials of {count(names.scenario.trial.patients)} patients give the errors of the "
        f"reported figures and their correlation; each draw fits {_many(int(moved.sum()), 'parameter')} to figures "
        f"with such errors and to a draw of the priors (linearised; {count(c.draws)} draws, any more from a normal "
        "distribution like theirs). Families of curves are not drawn: the range over models shows them."
    )
    if alone:
        text += f" Told next to nothing by the figures, so by the prior: {listed([_plain(a) for a in alone])}."
    if gamma > 0.0:
        text += f" Dependence is drawn about its value with SD {fixed(gamma, 2)}, a prior."
    return text


def _plain(name: str) -> str:
    """A parameter's dotted name as words."""
    process, *rest = name.split(".")
    return " ".join([process.upper() if process in ("pfs", "pps") else process, *rest]).replace("_", " ")


def _sentence(r: FidelityRow, names: Names) -> str:
    """A figure that its model contradicts: reported, interval, model, z, and what the trial's file says of it."""
    what, group = names.figure(r), names.group(r)
    interval = reported_interval(r)
    used_here = "used" if r.used_as_target else "not used"
    return (
        f"{what}{f' ({group})' if group else ''}, {used_here}: reported {reported_value(r.reported, r.statistic)}"
        f"{f' ({interval})' if interval else ''}, model {model_value(r.model, r.statistic)}; "
        f"{r.reason.replace('(z -', '(z −')}"
    ).rstrip(".") + "."


# ------------------------------------------------------------------------------------------------ many trials
def _placed(e: Evaluation, own: Composite) -> str:
    """What places each trial's curves among the patients evaluated."""
    parts = []
    for s in e.strategies:
        found = [p for (name, _), p in own.placings.items() if name == s]
        parts.append(f"{e.scenario.label(s)}: {_factors([p.leaving for p in found])} on leaving PFS, "
                     f"{_factors([p.dying for p in found])} on dying after progression")  # fmt: skip
    return (
        "The curves of several trials are put among the patients of one population: each trial’s curve is that of a "
        "mixture of prognoses, solved so that among its own patients it comes back as calibrated, and the strata of "
        f"the population differ by factors on its hazards ({'; '.join(parts)}). Effects are carried over randomised "
        "comparisons only; where there is none, marked below, a strategy keeps the level of its own study, and the "
        "difference contains that of their patients. These factors are not drawn."
    )


def _factors(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    if high - low < 0.005:
        return "no factor" if abs(low - 1.0) < 0.005 else f"× {plain_number(round(low, 2), 2)}"
    return f"× {fixed(low, 2)} to {fixed(high, 2)}"
