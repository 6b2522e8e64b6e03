"""What the template needs of a scenario of pathways: the same places filled, and those of populations and bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulate import __version__
from simulate.report import pathway_results, predictive_view, results_view, sources_view, words
from simulate.report import pathway_view as view
from simulate.report.glossary import GLOSSARY
from simulate.report.labels import grade
from simulate.report.numbers import count, error, fixed, percent, plain_number
from simulate.report.pathway_files import pathway_figures
from simulate.report.pathway_view import PathNames
from simulate.report.reproduce import reproduce
from simulate.report.view import Cell, Column, Picture, Table, listed

if TYPE_CHECKING:
    from simulate.scenario.pathways import PathwayResult

MANY, RARE = 12, 0.005  # events from which rare rows are left out, and what is rare
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
    few = len(scenario.strategies) <= 3
    facts = results_view.facts(summary, names, scenario.file.comparator, scenario.strategies[1:])[:4] if few else []
    strategies = "1 strategy" if len(scenario.strategies) == 1 else f"{len(scenario.strategies)} strategies"
    values: dict[str, Any] = {
        "title": scenario.file.title,
        "question": scenario.file.question,
        "banner": words.BANNER,
        "meta": f"{count(result.patients)} synthetic patients under each of {strategies}; evidence of "
        f"{len(scenario.trials)} studies; seed {result.seed}; simulate {__version__}. Times in months (30.4375 days).",
        "version": __version__,
        "answer": answer(result, summary, names),
        "facts": facts,
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
        "monte_carlo": words.MONTE_CARLO,
        "longer": words.LONGER,
        "no_p": words.NO_P,
        "strategies": results_view.strategies_table(summary, names, result.comparison),
        "time": pathway_results.time_table(result, names),
        "contrasts": results_view.contrasts_table(summary, names),
        "one_trial": None,
        "one_trial_note": "",
        "toxicity": toxicity_table(result, names),
        "uncertainty": [],
        "sensitivity": [],
        "pathway": {
            "given": view.given_table(result.scenario, names),
            "bases": view.bases_table(result.scenario, names),
            "patients": view.patients_table(result.scenario),
            "once": view.count_once_table(summary["count_once"], names),
            "stretch": view.stretch_table(result.scenario, names),
            "scans": pathway_results.scans_table(result, names),
            "bias": view.bias_tables(summary["selection_bias"], names, result.scenario.file.comparator),
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
        "fidelity": {"conflicts": None, "targets": view.trials_table(scenario), "others": None, "folds": []},
        "fidelity_text": text,
        "trust": None,
        "trust_text": "",
        "predictive": predictive_view.quoted(predictive_view.classes_of(scenario.trials.values())),
        "cuts": None,
        "sources": sources_view.plain_sources(scenario.library, source_ids(result)),
        "sources_text": "Every publication behind the regimens, the patients and the rules.",
        "notes": notes,
        "model": None,
        "model_text": MODEL,
        "families": [],
        "choices": [],
        "search": None,
    }


def source_ids(result: PathwayResult) -> tuple[str, ...]:
    """Every source of the trials, populations, policies and of the scenario itself."""
    scenario = result.scenario
    found: list[str | None] = [*scenario.file.sources, *scenario.plan.population.sources]
    for trial in scenario.trials.values():
        found += [*trial.sources, *(f.source for f in trial.all_figures)]
    for covariate in scenario.plan.population.covariates.values():
        found += [c.source for c in covariate.cases]
        found += [covariate.prognosis.source] if covariate.prognosis is not None else []
    for strategy in scenario.file.strategies.values():
        found += [r.source for rules in scenario.plan.lines.rules(strategy).values() for r in rules]
    found += [line.source for line in scenario.file.later_lines.values()]
    return tuple(dict.fromkeys(s for s in found if s))


def toxicity_table(result: PathwayResult, names: PathNames) -> Table | None:
    """Simulated adverse events of the first line under every strategy."""
    events = result.scenario.plan.events
    if not events or not result.comparison.toxicity:
        return None
    columns = (
        Column("event", numeric=False),
        *(Column(names.strategy(s), "% ± MC error") for s in result.scenario.strategies),
    )
    found = {(t.event, t.grade, t.strategy): t for t in result.comparison.toxicity}
    rows = []
    for name, (label, grades, _) in sorted(events.items()):
        for g in grades:
            if len(events) > MANY and all(
                (t := found.get((name, g, s))) is None or t.rate < RARE for s in result.scenario.strategies
            ):
                continue
            cells = []
            for s in result.scenario.strategies:
                t = found.get((name, g, s))
                shown = "–" if t is None or t.rate == 0.0 else percent(t.rate)
                mc = "" if t is None or t.rate == 0.0 or t.mc_error is None else error(100 * t.mc_error, 1)
                cells.append(Cell(shown, value=None if t is None else t.rate, error=mc))
            rows.append((Cell(label, small=grade(g)), *cells))
    what = "first line" if len(result.scenario.plan.lines.lines) > 1 else "treatment"
    notes = [
        f"Events of the {what}, as its trial reports them; “–” where the regimen’s report does not name the event."
    ]
    if len(events) > MANY:
        notes.append(f"Rows below {percent(RARE)} under every strategy are left to toxicity.csv.")
    caption = f"Adverse events and outcomes of the {what}"
    return Table("toxicity", caption, columns, tuple(rows), tuple(notes), wide=True)


def answer(result: PathwayResult, summary: Mapping[str, Any], names: PathNames) -> list[str]:
    """Paragraphs: what was found, and how to take it."""
    scenario = result.scenario
    medians = []
    for k, s in summary["strategies"].items():
        m = s["endpoints"]["os"]["median"]
        medians.append(f"{'not reached' if m is None else fixed(m, 1) + ' months'} ({names.strategy(k)})")
    parts = [f"Patients: {scenario.plan.population.label}. Median overall survival: {listed(medians)}."]
    gains = [c for c in summary["contrasts"] if c["endpoint"] == "os" and c["rmst_difference"] is not None]
    if gains:
        words = [f"{fixed(c['rmst_difference'], 1, sign=True)} ({names.strategy(c['strategy'])})" for c in gains]
        parts.append(
            f"Mean months of life gained over the first {plain_number(gains[0]['rmst_tau'])} months, against "
            f"{names.strategy(scenario.file.comparator)}: {listed(words)}."
        )
    if summary["unanchored"]:
        labels = listed([names.regimen(r) for r in summary["unanchored"]])
        parts.append(
            f"NOT RANDOMISED: {labels} entered with the survival of their own studies. Differences against them "
            "contain the difference between the patients of those studies and are not estimates of an effect."
        )
    parts += [_selection(one, names) for one in summary["selection_bias"]]
    untold = [names.strategy(s) for s in scenario.strategies if not scenario.plan.progression_known(s)]
    if untold:
        parts.append(
            f"Progression-free survival is not shown for {listed(untold)}: for all or part of these patients it was "
            "not reported."
        )
    parts.append(
        "The studies’ own medians went into their models, so meeting them proves nothing. The mix of patients, the "
        "rules and everything beyond the studies’ follow-up rest on the assumptions listed below."
    )
    return parts


def _selection(one: Mapping[str, Any], names: PathNames) -> str:
    """How much selection would explain, in one or two sentences."""
    whole = next((r for r in one["rows"] if r["pull"] == 0.0 and r["lead"] == 0.0), None)
    halved = next((r for r in one["rows"] if r["pull"] == 0.5 and r["lead"] == 0.0), None)
    text = f"SELECTED PATIENTS: {names.strategy(one['strategy'])}."
    if whole is not None and halved is not None:
        text += (
            f" If half of its log hazard ratio is the choice of patients, {fixed(halved['gain'], 1)} months remain of "
            f"the gain of {fixed(whole['gain'], 1)} over {plain_number(one['tau'])} months."
        )
    lead = one["lead_that_erases"]
    if lead is not None:
        text += f" Immortal time of {plain_number(lead)} months would erase it."
    return text + f" E-value {fixed(one['e_value'], 1)}."


def _pictures(
    result: PathwayResult, summary: Mapping[str, Any], names: PathNames, drawn: Mapping[str, Any]
) -> list[Picture]:
    from markupsafe import Markup

    from simulate.report import figures

    out = []
    makers = pathway_figures(result)
    captions = {
        "km_os": "Overall survival under each strategy.",
        "km_pfs": "Progression-free survival, of the strategies for which it was reported.",
        "states": "Where the patients are: share in each state of the pathway over time, one panel a strategy.",
    }
    for name, make in makers.items():
        figure = drawn.get(name) or make()
        svg = Markup(figures.inline(figure, name))  # noqa: S704 - our own drawing, labels escaped by Matplotlib
        alt = captions[name]
        if name == "km_os":
            alt = words.curve_alt("os", summary, names)
        note = f" {count(result.patients)} simulated patients each. Source: the studies listed below, through simulate."
        out.append(Picture(f"figure-{name}", svg, captions[name] + note, alt))
    return out
