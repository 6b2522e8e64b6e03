"""Rules between the fields of a trial or bibliography; each yields findings, none stops the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from simulate.evidence.figure_checks import check_figures
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.schema import Trial, months_between
from simulate.evidence.source_schema import Sources
from simulate.evidence.structure_checks import check_structure
from simulate.evidence.toxicity_checks import check_toxicity

if TYPE_CHECKING:
    from simulate.evidence.document import FieldPath
    from simulate.evidence.library import Library

# Dates give months to the third decimal; a hand-typed month may be rounded to the first.
MONTH_TOLERANCE = 0.06


def check_trial(trial: Trial, library: Library | None = None) -> list[Finding]:
    """Every rule a trial breaks."""
    return [
        *_arms_and_strata(trial),
        *_populations(trial),
        *_cuts(trial),
        *check_figures(trial),
        *check_toxicity(trial),
        *check_structure(trial),
        *_calibration(trial),
        *(_citations(trial, library) if library is not None else ()),
    ]


def check_sources(sources: Sources, library: Library | None = None) -> list[Finding]:
    """A source must be findable: by DOI, PubMed id or address."""
    del library
    return [
        Finding(("sources", name), "has neither doi, pmid nor url.", "Give one, so that a reader can find it.")
        for name, source in sources.sources.items()
        if source.kind != "assumption" and not (source.doi or source.pmid or source.url)
    ]


def unknown(path: FieldPath, what: str, name: str, known: Iterable[str]) -> Finding:
    """Finding for a name that is not defined."""
    return Finding(path, f"no {what} {name!r}.", suggest(name, known))


def _arms_and_strata(trial: Trial) -> Iterator[Finding]:
    total = trial.patients
    if trial.randomised is not None and total != trial.randomised:
        yield Finding(
            ("randomised",), f"{trial.randomised} differs from the sum of the arms, {total}.", "Check n of each arm."
        )
    if (trial.randomised is None) == (trial.design == "randomised"):
        message = (
            "is missing."
            if trial.randomised is None
            else f"{trial.randomised} patients, but the design is {trial.design}."
        )
        yield Finding(("randomised",), message, "Patients randomised belong to `design: randomised`, and to no other.")
    if "pooled" in trial.arms:
        yield Finding(("arms", "pooled"), "'pooled' is reserved for all arms together.", "Name the arm otherwise.")
    for name, stratum in trial.strata.items():
        for arm_id in stratum.n:
            if arm_id not in trial.arms:
                yield unknown(("strata", name, "n", arm_id), "arm", arm_id, trial.arms)
    for name, arm in trial.arms.items():
        found = sum(stratum.n.get(name, 0) for stratum in trial.strata.values())
        if found != (arm.n or 0):
            message = f"the strata hold {found} patients of arm {name}, the arm has {arm.n or 'none'}."
            yield Finding(
                ("strata",), message, "Strata are disjoint and cover the arm: correct n of a stratum or of the arm."
            )
        if arm.safety_n is not None and arm.n is not None and arm.safety_n > arm.n:
            # Crossing over between arms is rare and real, so this stops nobody.
            message = f"{arm.safety_n} exceeds the {arm.n} randomised to the arm."
            yield Finding(
                ("arms", name, "safety_n"), message, "Patients are counted as treated: check the source.", "warning"
            )
        for i, drug in enumerate(arm.drugs):
            for stratum_id in drug.strata:
                if stratum_id not in trial.strata:
                    yield unknown(("arms", name, "drugs", i, "strata"), "stratum", stratum_id, trial.strata)


def _populations(trial: Trial) -> Iterator[Finding]:
    for name, population in trial.populations.items():
        path = ("populations", name)
        for field in ("strata", "within"):
            for stratum in getattr(population, field) or ():
                if stratum not in trial.strata:
                    yield unknown((*path, field), "stratum", stratum, trial.strata)
        if population.strata is not None:
            if not population.strata:
                yield Finding(
                    (*path, "strata"), "an empty population.", "Name its strata, or write null for a subgroup."
                )
            if population.within is not None or population.homogeneous_effect:
                yield Finding(
                    path,
                    "is made of strata and cannot be a subgroup too.",
                    "Keep `strata`, or `within` and `homogeneous_effect`.",
                )
        elif not population.homogeneous_effect:
            message = "is a subgroup not made of strata; only its contrasts can be predicted."
            yield Finding(path, message, "Say so with `homogeneous_effect: true`, or name its strata.")
        for arm in population.n or ():
            if arm not in trial.arms:
                yield unknown((*path, "n", arm), "arm", arm, trial.arms)


def _cuts(trial: Trial) -> Iterator[Finding]:
    for name, cut in trial.cuts.items():
        path = ("cuts", name)
        if cut.cutoff < cut.accrual:
            message = f"{cut.cutoff} months lies before the end of accrual at {cut.accrual}."
            yield Finding((*path, "cutoff"), message, "Both count from the first enrolment.")
        for field, end in (("accrual", "last_enrolment"), ("cutoff", "data_cutoff")):
            expected = months_between(cut.first_enrolment, getattr(cut, end))
            if expected is not None and abs(expected - getattr(cut, field)) > MONTH_TOLERANCE:
                message = f"{getattr(cut, field):g} months, but the dates give {expected:.2f}."
                yield Finding((*path, field), message, "Leave it out to take it from the dates, or correct a date.")


def _calibration(trial: Trial) -> Iterator[Finding]:
    for endpoint, cut in trial.calibration.cuts.items():
        if cut not in trial.cuts:
            yield unknown(("calibration", "cuts", endpoint), "data cut", cut, trial.cuts)
    yield from _priors(trial)


def _priors(trial: Trial) -> Iterator[Finding]:
    """Priors the calibration can work with: the death share on its logit scale, a dependence that is a mild power."""
    c = trial.calibration
    limits = []
    if c.death_share is not None:
        ends = "Give a number from 0 to 1, for a prior between them."
        limits += [
            (("death_share", "prior"), c.death_share.prior.mean, 0.001, 0.999, "is not a proportion", ends),
            (
                ("death_share", "prior"),
                c.death_share.prior.sd,
                0.0,
                0.5,
                "is too wide for a proportion",
                "Give at most 0.5.",
            ),
            (("death_share", "fixed"), c.death_share.fixed, 0.0, 1.0, "is not a proportion", ends),
        ]
    if c.dependence is not None:
        power = "It is the power of a ratio of times: give a number from -2 to 2."
        limits += [
            (("dependence", "prior"), c.dependence.prior.sd, 0.0, 1.0, "is too wide", "Give at most 1."),
            (("dependence", "fixed"), c.dependence.fixed, -2.0, 2.0, "is out of range", power),
        ]
    for name in ("pfs", "pps"):
        own = getattr(c, name).shape_prior
        if own is not None:
            scale = "It is on the log scale: 0.1 for a shape of 1.1, with a standard deviation of at most 2."
            limits += [((name, "shape_prior"), own.mean, -2.0, 2.0, "is out of range", scale)]
            limits += [((name, "shape_prior"), own.sd, 0.0, 2.0, "is too wide", scale)]
    for path, value, low, high, what, advice in limits:
        if value is not None and not low <= value <= high:
            yield Finding(("calibration", *path), f"{value:g} {what}.", advice)


def _citations(trial: Trial, library: Library) -> Iterator[Finding]:
    """Every number must lead to a publication and to the page it was read on."""
    bibliography = library.bibliography()
    cited: list[tuple[FieldPath, str | None, str | None]] = [
        (("sources", i), s, None) for i, s in enumerate(trial.sources)
    ]
    for field in ("figures", "baseline"):
        cited += [((field, i), f.source, f.seen_at) for i, f in enumerate(getattr(trial, field))]
    cited += [(("cuts", name), cut.source, cut.seen_at) for name, cut in trial.cuts.items()]
    for name, arm in trial.arms.items():
        cited += [(("arms", name, "drugs", i), d.source, d.seen_at) for i, d in enumerate(arm.drugs)]
    for field in ("death_share", "dependence"):
        choice = getattr(trial.calibration, field)
        cited += [(("calibration", field), choice.source, None)] if choice is not None else []
    for path, source, page in cited:
        here = path if path[0] == "sources" else (*path, "source")
        if source is not None and source not in bibliography.sources:
            yield unknown(here, "source", source, bibliography.sources)
        if page is not None and page not in bibliography.pages:
            yield unknown((*path, "seen_at"), "page", page, bibliography.pages)
