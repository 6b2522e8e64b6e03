"""All assertions on a model of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.economics.own import OwnCase, prepare_own
from simulate.evidence import Library
from simulate.pathways.background import LIFETIME, life_table
from simulate.scenario.own import OwnScenario
from simulate.techver import book as common_book
from simulate.techver import decision, timing
from simulate.techver import inputs as common_inputs
from simulate.techver.every_draw import analysed
from simulate.techver.own import arms, book, curves, general, inputs, sampling
from simulate.techver.own.subject import OwnSubject
from simulate.techver.verdicts import Check, Verdict, decide

Array = NDArray[np.float64]
# Assertions of costs, health and decisions ask a subject only for what both kinds offer, hence `Any`.
Common = Callable[[Any, Any], list[Check]]

PER_DRAW: dict[str, Common] = {
    "TV1": book.dearer,
    "TV2": curves.higher_hazard,
    "TV3": curves.ordered,
    "TV6": curves.complete,
    "TV8": common_book.utilities,
    "TV9": common_book.for_nothing,
    "TV10": curves.mortality,
    "TV11": arms.equal_inputs,
    "TV12": arms.swapped,
    "TV14": curves.entries,
    "TV17": common_book.bounds,
    "TV18": common_book.horizons,
    "TV19": book.sums,
    "TV20": timing.counting,
    "TV21": timing.discounting,
    "TV22": common_book.adverse,
    "TV23": book.acquisition,
}


def tv31(subject: OwnSubject) -> Verdict:
    """Earlier assertions in every draw of all numbers; and the analysis itself, draw by draw."""
    checks = [
        Check(f"{name}, {c.what}", c.margin, c.said)
        for name, made in PER_DRAW.items() for c in made(subject, subject.drawn)
    ]  # fmt: skip
    checks += analysed(subject)  # type: ignore[arg-type]
    return decide("TV31", checks, f"In each of {subject.count} draws: {', '.join(PER_DRAW)}.")


OWN_ASSERTIONS: dict[str, Callable[[Any], Verdict]] = {
    "TV1": book.tv1,
    "TV2": curves.tv2,
    "TV3": curves.tv3,
    "TV4": curves.tv4,
    "TV5": arms.tv5,
    "TV6": curves.tv6,
    "TV7": curves.tv7,
    "TV8": common_book.tv8,
    "TV9": common_book.tv9,
    "TV10": curves.tv10,
    "TV11": arms.tv11,
    "TV12": arms.tv12,
    "TV13": general.tv13,
    "TV14": curves.tv14,
    "TV15": general.tv15,
    "TV16": arms.tv16,
    "TV17": common_book.tv17,
    "TV18": common_book.tv18,
    "TV19": book.tv19,
    "TV20": timing.tv20,
    "TV21": timing.tv21,
    "TV22": book.tv22,
    "TV23": book.tv23,
    "TV24": arms.tv24,
    "TV25": decision.tv25,
    "TV26": sampling.tv26,
    "TV27": sampling.tv27,
    "TV28": decision.tv28,
    "TV29": sampling.tv29,
    "TV30": sampling.tv30,
    "TV31": tv31,
    "IN1": curves.in1,
    "IN2": inputs.in2,
    "IN3": inputs.in3,
    "IN4": inputs.in4,
    "IN5": common_inputs.in5,
}


def own_subject(scenario: OwnScenario, *, count: int, seed: int) -> OwnSubject:
    """What is verified of a scenario that brings its own model; curves that cross are cut and counted.

    Raises
    ------
    InputError : anything wrong with its files.
    """
    case = prepare_own(scenario.file, scenario.library)
    population = _population(case, scenario.library)
    cut = replace(case, model=case.model.model_copy(update={"capped": True}))
    return OwnSubject(cut, count=count, seed=seed, population=population, strict=not case.model.capped)


def _population(case: OwnCase, library: Library) -> Array | None:
    """Survival of women of the patients' age on the grid; None without an age. The first table if none is named."""
    tables = library.data_files("life_tables", ".csv")
    name = case.question.life_table or (sorted(tables)[0] if tables else None)
    if case.question.start_age is None or name is None:
        return None
    hazard = life_table(library, name, LIFETIME).hazard(case.question.start_age)
    return np.asarray(hazard.time.survival(case.clock.months), np.float64)
