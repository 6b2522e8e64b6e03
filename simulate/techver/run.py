"""All assertions on one scenario: the table that `simulate verify SCENARIO` prints, and its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.economics.case import Case
from simulate.economics.composite import Composite
from simulate.evidence import Library
from simulate.pathways.background import LIFETIME, life_table
from simulate.scenario.cases import case_of
from simulate.scenario.own import OwnScenario
from simulate.scenario.pathways import PathwayScenario
from simulate.scenario.scenario import Scenario, load
from simulate.techver import arms, book, curves, decision, every_draw, inputs, sampling, timing
from simulate.techver.own.run import OWN_ASSERTIONS, own_subject
from simulate.techver.own.subject import OwnSubject
from simulate.techver.subject import Subject
from simulate.techver.verdicts import FAILED, NOT_APPLICABLE, PASSED, Verdict

Array = NDArray[np.float64]
Assertion = Callable[[Subject], Verdict]

# Wording after Büyükkaramikli et al. 2019, restated so that a program can decide it; IN: tables of inputs.
ASSERTIONS: dict[str, tuple[str, Assertion]] = {
    "TV1": ("price up, or weight or body surface up: drugs cost more", book.tv1),
    "TV2": ("odds, risk or hazard ratio up: event probability up", curves.tv2),
    "TV3": ("PFS(t) and time on treatment ≤ OS(t) for all t, in every draw", curves.tv3),
    "TV4": ("Weibull of shape 1 = exponential; generalised gamma = Weibull, gamma, to 1e-12", curves.tv4),
    "TV5": ("a ratio applied to a curve comes from the same model as the baseline", arms.tv5),
    "TV6": ("states sum to the cohort; 0 ≤ p ≤ 1; dead never fewer; lifetime: all dead", curves.tv6),
    "TV7": ("mean and variance of each simulated time match its distribution", sampling.tv7),
    "TV8": ("utilities 1: QALY = LY at every t; 0: none; lower: fewer", book.tv8),
    "TV9": ("costs 0: cost 0", book.tv9),
    "TV10": ("no mortality: nobody dies, LY = horizon; huge: all dead at once", curves.tv10),
    "TV11": ("equal inputs: equal LY and QALY; equal costs too: equal costs", arms.tv11),
    "TV12": ("the arms' inputs swapped: outputs swap exactly", arms.tv12),
    "TV13": ("alive ≤ general population; utility ≤ norm of the age", curves.tv13),
    "TV14": ("inflow − outflow = change of state; entries = exits", curves.tv14),
    "TV15": ("rate, probability and cycle conversions round-trip", timing.tv15),
    "TV16": ("common random numbers across arms; covariates keep their correlation", arms.tv16),
    "TV17": ("LY > QALY; undiscounted ≥ discounted; QALY/LY within the utilities", book.tv17),
    "TV18": ("shorter horizon: smaller totals", book.tv18),
    "TV19": ("components sum to totals", book.tv19),
    "TV20": ("half-cycle LY ≤ start-of-cycle LY; drugs at the start of cycles unchanged", timing.tv20),
    "TV21": ("v/(1+r)² at 2 years; r = 0 equal; r up: down; r huge: first cycle only", timing.tv21),
    "TV22": ("events: no consequence = rate 0; rate 0 cheaper and better; extreme reverse", book.tv22),
    "TV23": ("acquisition cost / time on treatment = unit cost", book.tv23),
    "TV24": ("double, halve the efficacy difference: about double, half the increment", arms.tv24),
    "TV25": ("ICERs along the frontier never fall; dominance labelled", decision.tv25),
    "TV26": ("one-way analysis: joint parameters out; low ≤ mean ≤ high of the distribution", sampling.tv26),
    "TV27": ("families by kind of number; standard error, not standard deviation", sampling.tv27),
    "TV28": ("PSA mean near deterministic; new seed alike; CEACs sum to 1, from the scatter", decision.tv28),
    "TV29": ("arms correlated under common streams, else not; uniforms flat", sampling.tv29),
    "TV30": ("EVPI ≥ EVPPI ≥ EVSI; EVSI → EVPPI", decision.tv30),
    "TV31": ("earlier assertions in every draw", every_draw.tv31),
    "IN1": ("PFS nowhere above OS: reported, calibrated, fitted", inputs.in1),
    "IN2": ("calibrated = reported primary medians", inputs.in2),
    "IN3": ("units of time: monthly costs, yearly rates", inputs.in3),
    "IN4": ("utilities ≤ 1, proportions within 0 and 1", inputs.in4),
    "IN5": ("increments agree with ICER, quadrant and net benefit", inputs.in5),
}


def subject_of(
    scenario: Scenario | PathwayScenario | OwnScenario, *, count: int = 200, seed: int | None = None
) -> Subject | OwnSubject:
    """What is verified of a scenario.

    Raises
    ------
    InputError : the scenario says nothing of costs, or anything wrong with its files.
    """
    own = scenario.file.seed if seed is None else seed
    if isinstance(scenario, OwnScenario):
        return own_subject(scenario, count=count, seed=own)
    case = case_of(scenario)
    return Subject(case, count=count, seed=own, population=general_population(case, scenario.library))


def general_population(case: Case, library: Library) -> Array | None:
    """Survival of women of the patients' age by day; None without an age. The first life table if none is named.

    Where a plan of pathways has patients of many ages, theirs together.
    """
    if isinstance(case.calibration, Composite) and case.calibration.background:
        return case.calibration.alive_of_others(case.clock.days)
    tables = library.data_files("life_tables", ".csv")
    name = case.question.life_table or (sorted(tables)[0] if tables else None)
    if case.question.start_age is None or name is None:
        return None
    hazard = life_table(library, name, LIFETIME).hazard(case.question.start_age)
    return hazard.time.survival(case.clock.months)


def assertions_of(subject: Subject | OwnSubject) -> Mapping[str, Callable[[Any], Verdict]]:
    """How each assertion is executed on a subject."""
    return OWN_ASSERTIONS if isinstance(subject, OwnSubject) else {k: made for k, (_, made) in ASSERTIONS.items()}


def verified(subject: Subject | OwnSubject, only: Sequence[str] = ()) -> list[Verdict]:
    """Verdicts of all assertions, or of some; what an assertion cannot even compute has failed."""
    out = []
    for name, assertion in assertions_of(subject).items():
        if not only or name in only:
            try:
                out.append(assertion(subject))
            except (ArithmeticError, LookupError, TypeError, ValueError, AssertionError) as error:
                out.append(Verdict(name, FAILED, f"could not be computed: {type(error).__name__}: {error}"))
    return out


def records(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The machine-readable result."""
    counts = {k: sum(v.verdict == k for v in verdicts) for k in (PASSED, FAILED, NOT_APPLICABLE)}
    return {
        "passed": counts[PASSED],
        "failed": counts[FAILED],
        "not_applicable": counts[NOT_APPLICABLE],
        "assertions": [{"id": v.id, "verdict": v.verdict, "detail": v.detail} for v in verdicts],
    }


def run_techver(
    name: str | Path, *, params: Path | None, out: Path | None, quiet: bool, draws: int = 200
) -> dict[str, Any]:
    """`simulate verify SCENARIO`: every assertion; prints a table, returns the record."""
    import pandas as pd

    from simulate.tables import print_frame, write_csv

    verdicts = verified(subject_of(load(name, params=params), count=draws))
    found = records(verdicts)
    table = pd.DataFrame(
        [{"id": v.id, "assertion": ASSERTIONS[v.id][0], "verdict": v.verdict, "detail": v.detail} for v in verdicts]
    )
    if not quiet:
        print_frame(table[["id", "verdict", "assertion"]], title=f"Technical verification of {Path(name).stem}")
        for v in verdicts:
            if v.verdict != PASSED:
                print(f"{v.id} {v.verdict}: {v.detail}")
        print(f"{found['passed']} passed, {found['failed']} failed, {found['not_applicable']} not applicable")
    if out is not None:
        write_csv(out / "assertions.csv", table)
    return found
