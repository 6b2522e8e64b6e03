"""Everything the template needs, from a result: tables, figures and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulate import __version__
from simulate.fidelity import leave_one_out
from simulate.report import (
    assumptions_view,
    contrasts_view,
    figures,
    model_view,
    predictive_view,
    results_view,
    sources_view,
    words,
)
from simulate.report import evidence_view as evidence
from simulate.report.glossary import GLOSSARY
from simulate.report.labels import Names
from simulate.report.numbers import count, fixed
from simulate.report.record import record
from simulate.report.reproduce import reproduce
from simulate.report.view import Picture
from simulate.scenario.pathways import PathwayResult

if TYPE_CHECKING:
    from simulate.scenario import Result


def context(
    result: Result | PathwayResult,
    *,
    command: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    drawn: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The values of the template.

    Parameters
    ----------
    command : what was typed.
    provenance : of the run; made here if absent.
    drawn : figures that exist already, by name.
    """
    if isinstance(result, PathwayResult):
        from simulate.report.pathway_context import pathway_context
        from simulate.report.pathway_files import pathway_record

        origin = pathway_record(result, command) if provenance is None else provenance
        return pathway_context(result, command=command, provenance=origin, drawn=drawn)
    names, summary = Names(result.scenario), result.summary()
    origin = record(result, command) if provenance is None else provenance
    values = {
        **_head(result, summary, names),
        **_results(result, summary, names),
        **_pictures(result, summary, names, drawn or {}),
        **_evidence(result, names),
        **_model(result, names),
        **reproduce(origin),
        "glossary": GLOSSARY,
        "pathway": None,
        "model_text": "",
        "predictive": predictive_view.quoted(predictive_view.classes_of([result.scenario.trial])),
    }
    values["contents"] = _contents(values)
    return values


def _head(result: Result, summary: Mapping[str, Any], names: Names) -> dict[str, Any]:
    scenario = result.scenario
    strategies = "1 strategy" if len(scenario.strategies) == 1 else f"{len(scenario.strategies)} strategies"
    meta = (
        f"{count(result.patients)} synthetic patients under each of {strategies}; evidence of {names.study}; seed "
        f"{result.seed}; "
        f"simulate {__version__}. Times in months (30.4375 days)."
    )
    return {
        "title": scenario.file.title,
        "question": scenario.file.question,
        "banner": words.BANNER,
        "meta": meta,
        "version": __version__,
        "answer": words.answer(result, summary, names),
        "facts": contrasts_view.facts(summary, names, scenario.strategies),
    }


def _results(result: Result, summary: Mapping[str, Any], names: Names) -> dict[str, Any]:
    one_trial, n = results_view.trial_like_table(summary, names)
    others = result.scenario.strategies[1:]
    tables = [
        (assumptions_view.uncertainty_table(result, names, s), assumptions_view.sensitivity_table(result, names, s))
        for s in others
    ]
    size = f"{count(n)} patients in each arm" if n else "the trial’s number of patients"
    return {
        "monte_carlo": words.MONTE_CARLO,
        "longer": words.LONGER,
        "no_p": words.NO_P,
        "strategies": results_view.strategies_table(summary, names, result.comparison),
        "time": results_view.time_table(result.comparison, names, result.scenario.file.horizon),
        "contrasts": contrasts_view.contrasts_table(summary, names),
        "one_trial": one_trial,
        "one_trial_note": words.ONE_TRIAL.format(size=size),
        "toxicity": evidence.toxicity_table(result, names),
        "uncertainty": [u for u, _ in tables if u is not None],
        "sensitivity": [s for _, s in tables if s is not None],
    }


def _pictures(result: Result, summary: Mapping[str, Any], names: Names, drawn: Mapping[str, Any]) -> dict[str, Any]:
    from markupsafe import Markup

    curves = []
    for e in ("os", "pfs"):
        wide = drawn.get(f"km_{e}") or figures.curve(result, e)
        narrow = figures.curve(result, e, narrow=True)
        # our own drawing: Matplotlib has escaped the labels in it
        svg = [Markup(figures.inline(f, f"{e}-{size}")) for f, size in ((wide, "wide"), (narrow, "narrow"))]  # noqa: S704
        curves.append(
            Picture(
                f"figure-{e}",
                svg[0],
                words.curve_caption(e, result, names, wide.get_xlim()[1]),
                words.curve_alt(e, summary, names),
                svg[1],
            )
        )
    forest = drawn.get("reported_vs_simulated") or figures.reported_beside_simulated(result, names)
    picture = None
    if forest is not None:
        picture = Picture("figure-forest", Markup(figures.inline(forest, "forest")), *words.FOREST)  # noqa: S704
    return {"curves": curves, "forest": picture}


def _evidence(result: Result, names: Names) -> dict[str, Any]:
    fidelity = evidence.fidelity_tables(result, names)
    trust = evidence.leave_one_out_view(leave_one_out(result.scenario.trial, result.calibration), names)
    n = len([r for r in result.fidelity.rows if r.model is not None])
    text = (
        f"{names.study} gave {len(result.fidelity.rows)} figures; {n} can be held against the model. Meeting the "
        "figures it was given proves "
        "nothing, so those it never saw stand apart. z is the distance in standard deviations, the sampling error of "
        "the trial included; "
        "beyond ±1.96 or outside its interval a figure counts as a conflict. The root mean square z of the figures "
        f"not used is {fixed(fidelity['rms'], 2)}; about "
        "1 is what chance alone gives."
    )
    return {
        "fidelity": fidelity,
        "fidelity_text": text,
        "trust": trust,
        "trust_text": _trust(trust),
        "cuts": sources_view.cuts_table(names, result.scenario.follow_up),
        "sources": sources_view.sources_list(names),
        "sources_text": words.SOURCES,
        "notes": result.scenario.trial.notes,
    }


def _trust(trust: Mapping[str, Any] | None) -> str:
    if trust is None:
        return ""
    return (
        "Prediction is the test. Each figure the calibration used was left out and predicted from the others: half "
        "of the predictions came "
        f"within {trust['typical']} of the reported figure, and the furthest ({trust['worst_figure']}) was off by "
        f"{trust['worst']}; the root "
        f"mean square z is {trust['rms_z']}. A figure that nobody reported, such as a mean gain or a survival rate "
        "beyond the follow-up, "
        "deserves no more trust than this."
    )


def _model(result: Result, names: Names) -> dict[str, Any]:
    return {
        "model": model_view.model_table(result, names),
        "families": model_view.families_used(result),
        "choices": model_view.choices(result),
        "search": model_view.search_fold(result),
        "assumptions": result.scenario.file.assumptions,
        "limits": result.scenario.file.limits,
    }


def _contents(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    entries = [
        ("answer", "Answer"),
        ("results", "Results"),
        ("curves", "Curves"),
        ("harms", "Adverse events"),
        ("fidelity", "Reported v simulated"),
        ("uncertain", "Uncertainty"),
        ("the-model", "Model"),
        ("assumptions", "Assumptions"),
        ("sources", "Sources"),
        ("reproduce", "Reproduce"),
        ("glossary", "Glossary"),
    ]
    return [e for e in entries if e[0] != "harms" or values["toxicity"] is not None]
