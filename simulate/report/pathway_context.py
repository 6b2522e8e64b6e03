"""What the template needs of a scenario of pathways: the same places filled, and those of populations and bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulate import __version__
from simulate.report import (
    contrasts_view,
    pathway_answer,
    pathway_evidence,
    pathway_lines,
    pathway_results,
    pathway_subgroups,
    predictive_view,
    results_view,
    sources_view,
    words,
)
from simulate.report import pathway_view as view
from simulate.report.glossary import GLOSSARY
from simulate.report.numbers import count
from simulate.report.pathway_events import toxicity_table
from simulate.report.pathway_figures import captions, pathway_figures
from simulate.report.pathway_view import PathNames
from simulate.report.reproduce import reproduce
from simulate.report.view import Picture

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult

MODEL = (
    "Every patient belongs to a class of the population and gets what the strategy’s rules say. Leaving a line is one "
    "latent time, as in the line’s trial, which ends in the next line, in supportive care or in death; what follows is "
    "drawn anew. Deaths of other causes run on the patient’s age throughout, where a life table is named. Each patient "
    "draws the same random numbers under every strategy; this makes differences precise and says "
    "nothing on who benefits."
)


def pathway_context(
    result: PathwayResult, *, command: str | None, provenance: Mapping[str, Any], drawn: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The values of the template; `drawn` are figures that exist already."""
    scenario, names, summary = result.scenario, PathNames(result.scenario), result.summary()
    del command
    strategies = "1 strategy" if len(scenario.strategies) == 1 else f"{len(scenario.strategies)} strategies"
    studies = "1 study" if len(scenario.trials) == 1 else f"{len(scenario.trials)} studies"
    values: dict[str, Any] = {
        "title": scenario.file.title,
        "question": scenario.file.question,
        "banner": words.BANNER,
        "meta": f"{count(result.patients)} synthetic patients under each of {strategies}; evidence of "
        f"{studies}; seed {result.seed}; simulate {__version__}. Times in months (30.4375 days).",
        "version": __version__,
        "answer": pathway_answer.answer(result, summary, names),
        "facts": pathway_answer.facts(result, summary, names),
        **_results(result, summary, names),
        **_evidence(result, summary, names),
        "curves": _pictures(result, summary, names, drawn or {}),
        "forest": None,
        "assumptions": scenario.file.assumptions,
        "limits": scenario.file.limits,
        **reproduce(provenance),
        "glossary": GLOSSARY,
    }
    values["contents"] = [
        ("answer", "Answer"), ("results", "Results"), ("curves", "Curves"),
        *([("harms", "Adverse events")] if values["toxicity"] is not None else []),
        ("pathway", "Patients and pathways"), ("fidelity", "Reported v model"), ("the-model", "Model"),
        ("assumptions", "Assumptions"), ("sources", "Sources"), ("reproduce", "Reproduce"), ("glossary", "Glossary"),
    ]  # fmt: skip
    return values


def _results(result: PathwayResult, summary: Mapping[str, Any], names: PathNames) -> dict[str, Any]:
    return {
        "monte_carlo": words.PATHWAY_MONTE_CARLO,
        "longer": words.LONGER,
        "no_p": words.PATHWAY_NO_P,
        "strategies": results_view.strategies_table(summary, names, result.comparison),
        "time": pathway_results.time_table(result, names),
        "contrasts": contrasts_view.contrasts_table(summary, names),
        "one_trial": None,
        "one_trial_note": "",
        "toxicity": toxicity_table(result, names),
        "uncertainty": [],
        "sensitivity": [],
        "pathway": {
            "subgroups": pathway_subgroups.subgroup_tables(result, names),
            "given": view.given_table(result.scenario, names),
            "bases": pathway_evidence.bases_table(result.scenario, names),
            "patients": view.patients_table(result.scenario),
            "once": pathway_evidence.count_once_table(summary["count_once"], names),
            "mixes": pathway_lines.mixes_table(summary["later_mixes"], result.scenario, names),
            "on_treatment": pathway_lines.on_treatment_table(summary["on_treatment"], result.scenario, names),
            "stretch": pathway_evidence.stretch_table(result.scenario, names),
            "scans": pathway_results.scans_table(result, names),
            "bias": pathway_evidence.bias_tables(summary["selection_bias"], names, result.scenario.file.comparator),
        },
    }


def _evidence(result: PathwayResult, summary: Mapping[str, Any], names: PathNames) -> dict[str, Any]:
    del summary, names
    scenario = result.scenario
    notes = [f"{t.id}: {n}" for t in scenario.trials.values() for n in t.notes]
    notes += [
        f"{t.id}: another source ({d.by}) says: {d.says} {d.why}"
        for t in scenario.trials.values()
        for d in t.disagreements
    ]
    text = (
        "Each study was calibrated on its own figures; the table says how closely. Meeting the "
        "figures a model was given "
        "proves nothing; z is the distance of those it never saw in standard deviations, about 1 in the mean square if "
        "only chance parts them. `simulate fidelity` prints every figure."
    )
    return {
        "fidelity": {
            "conflicts": None,
            "targets": pathway_evidence.trials_table(scenario),
            "others": None,
            "folds": [],
        },
        "fidelity_text": text,
        "trust": None,
        "trust_text": "",
        "predictive": predictive_view.quoted(predictive_view.classes_of(scenario.trials.values())),
        "cuts": None,
        "sources": sources_view.plain_sources(scenario.library, sources_view.pathway_source_ids(scenario)),
        "sources_text": "Every publication behind the regimens, the patients and the rules.",
        "notes": notes,
        "model": None,
        "model_text": MODEL,
        "families": [],
        "choices": [],
        "search": None,
    }


def _pictures(
    result: PathwayResult, summary: Mapping[str, Any], names: PathNames, drawn: Mapping[str, Any]
) -> list[Picture]:
    from markupsafe import Markup

    from simulate.report import figures

    out = []
    makers = pathway_figures(result)
    told = captions(result)
    for name, make in makers.items():
        figure = drawn.get(name) or make()
        svg = Markup(figures.inline(figure, name))  # noqa: S704 - our own drawing, labels escaped by Matplotlib
        alt = told[name]
        if name == "km_os":
            alt = words.curve_alt("os", summary, names)
        note = (
            f" {count(result.patients)} synthetic patients under each strategy. Source: the studies listed below, "
            "through simulate."
        )
        out.append(Picture(f"figure-{name}", svg, told[name] + note, alt))
    return out
