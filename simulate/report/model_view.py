"""The model in words: families, what their parameters mean, priors with their sources, and why they were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulate.calibration.search import choose, search
from simulate.report.labels import FAMILIES, Names, family
from simulate.report.numbers import fixed, percent, plain_number
from simulate.report.view import Cell, Column, Fold, Table, row

if TYPE_CHECKING:
    from simulate.model.types import ArmModel, Distribution
    from simulate.scenario import Result

MEANING = {
    "exponential": "the hazard is constant; scale is the mean time",
    "weibull": "shape above 1: the hazard rises with time, below 1: it falls; by scale 63 % had the event",
    "gompertz": "the hazard grows (shape above 0) or shrinks exponentially; rate is the hazard at the start",
    "lognormal": "the logarithm of the time is normal with mean mu and SD sigma; the hazard rises, then falls",
    "loglogistic": "scale is the median; shape above 1: the hazard rises, then falls; its tail is heavy",
    "gengamma": "holds Weibull (q = 1) and log-normal (q = 0); mu is the location, sigma the spread of the log time",
}
PARAMETERS = {
    "exponential": ("scale",),
    "weibull": ("shape", "scale"),
    "gompertz": ("shape", "rate"),
    "lognormal": ("mu", "sigma"),
    "loglogistic": ("shape", "scale"),
    "gengamma": ("mu", "sigma", "q"),
}
_MONTHS = {("exponential", "scale"), ("weibull", "scale"), ("loglogistic", "scale")}


def parameter_words(d: Distribution) -> str:
    """Parameters of a distribution by name, in months where they are times."""
    words = []
    for name, value in zip(PARAMETERS[d.family], d.params, strict=True):
        words.append(f"{name} {value:.3g}{' mo' if (d.family, name) in _MONTHS else ''}".replace("-", "−"))
    if d.cure > 0:
        words.append(f"cured {percent(d.cure)}")
    if d.ratios:
        cuts = ", ".join(plain_number(round(c, 2)) for c in d.ratio_cuts)
        words.append(
            f"hazard ratios {', '.join(f'{r:.3g}' for r in d.ratios)}" + (f" changing at {cuts} mo" if cuts else "")
        )
    return ", ".join(words)


def model_table(result: Result, names: Names) -> Table:
    """Calibrated distributions of every arm and stratum in use."""
    scenario, model = result.scenario, result.calibration.model
    arms = {scenario.arm(s): names.strategy(s) for s in scenario.strategies}
    columns = (
        Column("strategy", numeric=False),
        Column("time to progression or death (PFS)", numeric=False),
        Column("share of PFS events that are deaths"),
        Column("time after progression (PPS)", numeric=False),
        Column("share of patients"),
    )
    rows = []
    for arm, label in arms.items():
        for stratum, share in zip(model.strata, scenario.mix, strict=True):
            if share == 0:
                continue
            c: ArmModel = model.cells[arm, stratum]
            small = scenario.trial.strata[stratum].label if len(model.strata) > 1 else ""
            rows.append(
                row(
                    Cell(label, small=small),
                    Cell(family(c.pfs), small=f"median {fixed(c.pfs.median, 2)} mo; {parameter_words(c.pfs)}"),
                    Cell(percent(c.death_share), value=c.death_share),
                    Cell(family(c.pps), small=f"median {fixed(c.pps.median, 2)} mo; {parameter_words(c.pps)}"),
                    percent(share, 0),
                )
            )
    return Table("model", "The calibrated model, parameters in months", columns, tuple(rows), wide=True)


def families_used(result: Result) -> list[tuple[str, str]]:
    """Families in the model with the meaning of their parameters."""
    cells = result.calibration.model.cells.values()
    used = dict.fromkeys(d.family for c in cells for d in (c.pfs, c.pps))
    return [(FAMILIES.get(f, f), MEANING.get(f, "")) for f in used]


def choices(result: Result) -> list[tuple[str, str]]:
    """(choice, why) of everything the calibration settled: families, priors, feasibility."""
    trial, spec = result.scenario.trial, result.calibration.spec
    c = trial.calibration
    out = []
    for name, process, choice in (("PFS", spec.pfs, c.pfs), ("PPS", spec.pps, c.pps)):
        how = "chosen by comparing families" if choice.family == "auto" else "set in the trial file"
        out.append((f"{name}: {_named(process.label)}, {how}", choice.why or "–"))
    if c.death_share is not None:
        out.append(
            _prior(
                result,
                f"Death share, prior {percent(c.death_share.prior.mean, 0)} ± {percent(c.death_share.prior.sd, 0)}",
                c.death_share,
            )
        )
    else:
        out.append(
            (f"Death share, prior {percent(spec.death_share[0], 0)}", "the default prior; the trial file gives none")
        )
    if c.dependence is not None:
        prior = f"{plain_number(c.dependence.prior.mean)} ± {plain_number(c.dependence.prior.sd)}"
        out.append(_prior(result, f"Dependence of PPS on the time of progression, prior {prior}", c.dependence))
    met = (
        "All primary figures are met as equalities."
        if result.calibration.feasible
        else "The primary figures cannot all be met at once; a weighted fit was made and the conflicts are named above."
    )
    out.append(("Fit", met))
    return out


def _prior(result: Result, title: str, choice: Any) -> tuple[str, str]:
    text = choice.why
    if choice.fixed is not None:
        text = f"fixed at {plain_number(choice.fixed)}. {text}"
    if choice.source is not None:
        text = f"{text} Source: {result.scenario.library.source(choice.source).citation}"
    return title, text


def _named(label: str) -> str:
    """A specification's label with its family spelled out."""
    return " ".join(FAMILIES.get(w.rstrip(","), w.rstrip(",")) + "," * w.endswith(",") for w in label.split(" "))


def search_fold(result: Result) -> Fold:
    """Which other families explain the reported figures as well."""
    rows = search(result.scenario.trial)
    _, words = choose(rows)
    columns = (
        Column("PFS", numeric=False),
        Column("PPS", numeric=False),
        Column("score", "log marginal likelihood"),
        Column("meets all primary figures", numeric=False),
    )
    shown = tuple(
        row(
            _named(r.pfs),
            _named(r.pps),
            Cell(fixed(r.score, 1) if r.score > -1e8 else "no fit", value=r.score),
            "yes" if r.feasible else "no",
        )
        for r in rows
    )
    table = Table(
        "families", "Families compared on the reported figures; differences below about 2 say nothing", columns, shown
    )
    return Fold("Families compared", (table,), (_named(words),))
