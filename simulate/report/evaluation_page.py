"""`report.html` of an economic evaluation: everything its template needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulate import __version__
from simulate.report import evaluation_sensitivity as sensitivity
from simulate.report import evaluation_tables as tables
from simulate.report import evaluation_words as text
from simulate.report import figures, html, sources_view
from simulate.report.cheers import cheers_table
from simulate.report.evaluation_answer import answer, facts
from simulate.report.evaluation_book import book_table, health_table
from simulate.report.evaluation_decision_tables import decision_tables
from simulate.report.evaluation_decision_words import decision_words
from simulate.report.evaluation_doses import doses_table
from simulate.report.evaluation_figures import evaluation_figures
from simulate.report.evaluation_files import economic_sources, evaluation_record, evaluation_sources
from simulate.report.evaluation_fit import fit_view
from simulate.report.evaluation_inputs import counted, input_tables
from simulate.report.evaluation_network import network_table
from simulate.report.labels import Names
from simulate.report.numbers import count, money, percent, plain_number
from simulate.report.reproduce import reproduce
from simulate.report.view import Cell, Column, Fold, Picture, Table, row
from simulate.report.words import BANNER
from simulate.scenario.own import OwnScenario
from simulate.scenario.pathways import PathwayScenario

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

GLOSSARY = (
    ("QALY", "Quality-adjusted life-year: a year of life times the worth of health in it, 1 for full health."),
    ("ICER", "Incremental cost-effectiveness ratio: added cost over QALYs gained. It says nothing alone where a "
     "strategy dominates, that is costs no more and does no less."),
    ("Net benefit", "QALYs gained times what a QALY is worth to the payer, less the added cost. Above 0: worth it."),
    ("CEAC, CEAF", "Probability, over the draws, that a strategy has the highest net benefit; the frontier follows the "
     "strategy that is best on average, which need not be the likeliest."),
    ("Expected loss, EVPI, EVPPI", "What is forgone on average by a choice that some draws prove wrong. The lowest is "
     "the value of perfect information; EVPPI is that of one group of parameters."),
    ("Probabilistic analysis", "All uncertain numbers are drawn together, many times, from the distributions in the "
     "table of inputs and the calibration."),
    ("EVSI", "Expected value of sample information: of what a trial of some size would tell, less than that of perfect "
     "information on the same."),
    ("Structure", "The form of the model. Partitioned survival reads states off two curves; clock reset starts a new "
     "clock at progression; clock forward keeps counting from the start."),
)  # fmt: skip
CAPTIONS = {
    "ce_plane": (
        "Each point is one draw. To the right of and below a line of a threshold the strategy is worth its cost.",
        "Cost-effectiveness plane: draws of QALYs gained and added cost, with 95 % ellipse and lines of thresholds.",
    ),
    "ceac": (
        "Share of draws in which each strategy has the highest net benefit. The grey band follows the strategy that is "
        "best on average.",
        "Acceptability curves with frontier over the willingness to pay.",
    ),
    "expected_loss": (
        "What choosing each strategy forgoes on average. The lowest curve is the value of perfect information.",
        "Expected loss of each strategy over the willingness to pay.",
    ),
    "convergence": (
        "Mean incremental net benefit with its 95 % interval, and its standard error, as draws are added.",
        "Running mean of net benefit and its standard error against the number of draws.",
    ),
    "tornado": (
        "Net benefit with one number at a time at both ends of its range, the others as evaluated.",
        "Horizontal bars around the net benefit as evaluated, the most influential number at the top.",
    ),
    "two_way": (
        "Net benefit where the two numbers that move it most, survival apart, take other values, each over its range.",
        "Map of net benefit over two numbers, with lines of equal net benefit.",
    ),
    "budget_impact": (
        "Undiscounted cost to the payer of each year with and without the decision; the difference stands above.",
        "Bars of yearly cost with and without the decision.",
    ),
    "evsi": (
        "What a trial of so many patients an arm is expected to be worth, by what it informs.",
        "Expected value of sample information against the patients in each arm.",
    ),
    "model_range": (
        "Net benefit under every model that meets the reported figures, from the worst for the strategy to the best.",
        "Dots of net benefit of all models, sorted.",
    ),
    "cost_breakdown": ("Discounted cost per patient, by what it is for.", "Stacked bars of cost by category."),
    "os_by_structure": (
        "Share alive under each structure. Lines that cannot be told apart coincide.",
        "Overall survival of each strategy under each structure.",
    ),
    "pfs_by_structure": (
        "Share free of progression under each structure. Lines that cannot be told apart coincide.",
        "Progression-free survival of each strategy under each structure.",
    ),
}


def evaluation_page(
    e: Evaluation,
    *,
    command: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    drawn: Mapping[str, Any] | None = None,
) -> str:
    """The page as text.

    Parameters
    ----------
    command : what was typed, shown under *How to reproduce*.
    provenance : of the evaluation, if the caller has it already.
    drawn : name of a figure → the figure, if the caller has drawn it already.

    Raises
    ------
    InputError : Jinja2 is not installed.
    """
    html.require("report.html")
    origin = evaluation_record(e, command) if provenance is None else provenance
    linked = {s for s in evaluation_sources(e) if s in e.scenario.library.sources}
    values = {
        "title": e.scenario.file.title,
        "question": e.scenario.file.question or "",
        "banner": BANNER,
        "meta": f"{text.meta(e)} simulate {__version__}.",
        "version": __version__,
        "answer": answer(e),
        "facts": facts(e),
        "fit": fit_view(e),
        "strategies": tables.strategies_table(e),
        "contrasts": tables.contrasts_table(e),
        "frontier": tables.frontier_table(e),
        "structures": tables.structures_tables(e),
        "structures_text": text.structure_words(e),
        "book": book_table(e),
        "health": health_table(e),
        "given": given_table(e),
        "doses": doses_table(e),
        "network": network_table(e),
        "information": tables.evpi_table(e),
        "sensitivity": [
            t
            for s in e.strategies[1:]
            for t in (sensitivity.one_way_table(e, s), sensitivity.scenarios_table(e, s))
            if t is not None
        ],
        "draws_text": text.draws_words(e) if e.draws is not None and len(e.strategies) > 1 else [],
        "decision": decision_tables(e),
        "decision_text": decision_words(e),
        "rules": rules_table(e, linked),
        "inputs_text": inputs_text(e),
        "inputs_folds": [Fold(f"{t.caption}: {count(len(t.rows))}", (t,)) for t in input_tables(e.case, linked)],
        "assumptions": e.scenario.file.assumptions,
        "limits": [*e.scenario.file.limits, *e.case.file.limits],
        "notes": [n for n in (e.case.file.note, *e.case.reference.notes) if n],
        "cheers": cheers_table(e),
        "sources": _sources(e),
        "pictures": pictures(e, drawn or {}),
        "glossary": GLOSSARY,
        **reproduce(origin),
    }
    values["contents"] = [
        ("answer", "Answer"),
        ("results", "Results"),
        *([("fit", "Survival model")] if values["fit"] else []),
        ("structure", "Structure"),
        ("costs", "Costs"),
        ("doubt", "Uncertainty"),
        *([("decision", "Decision")] if values["decision"] else []),
        ("numbers", "Inputs"),
        ("assumptions", "Assumptions"),
        ("cheers", "CHEERS 2022"),
        ("sources", "Sources"),
        ("reproduce", "Reproduce"),
        ("glossary", "Glossary"),
    ]
    return html.page("evaluation.html.j2", values)


def given_table(e: Evaluation) -> Table | None:
    """What each strategy gives: regimens with shares, and how long, of a trial's arms."""
    regimens = getattr(e.case, "regimens", None)
    if regimens is None:
        return None
    columns = (Column("strategy", numeric=False), Column("regimen", numeric=False), Column("share"),
               Column("treated", numeric=False))  # fmt: skip
    rows = []
    for s, own in regimens.items():
        treated = e.case.question.treated.get(s)
        for name, (regimen, share) in own.items():
            how = "until progression" if regimen.drugs else "once"
            if treated is not None and regimen.drugs:
                how = f"median of {plain_number(treated.median_cycles)} cycles begun"
            rows.append(row(e.scenario.label(s), Cell(regimen.label, small=name), percent(share), how))
    return Table("given", "What each strategy gives", columns, tuple(rows), wide=True)


def rules_table(e: Evaluation, linked: set[str]) -> Table:
    """Rules of the reference case, and what was done."""
    case = e.case
    r, clock = case.reference, case.clock
    rates = f"{percent(clock.discount.costs)} costs, {percent(clock.discount.effects)} health"
    asked = f"{percent(r.discounting.costs)} costs, {percent(r.discounting.effects)} health"
    columns = (Column("rule", numeric=False), Column(r.label, numeric=False), Column("here", numeric=False))
    origin = r.discounting_origin
    source = origin.source or ""
    rows = [
        row("perspective", r.perspective, case.file.payer),
        row("horizon", r.horizon, text.years(clock.horizon)),
        row("discount rates a year", Cell(asked, small=origin.note or origin.why or "",
            href=f"#source-{source}" if source in linked else ""),
            f"{rates}, {clock.discount.method.replace('_', ' ')}"),
        row("counting of time", "–", clock.counting.replace("_", " ")),
    ]  # fmt: skip
    for t in r.thresholds:
        where = f"#source-{t.source}" if t.source in linked else ""
        small = t.note or t.why or ""
        used = "used" if t.value in case.thresholds else "not used"
        rows.append(row(f"threshold {t.label or ''}".strip(), Cell(money(t.value, r.currency), small, where), used))
    extra = [t for t in case.thresholds if t not in {x.value for x in r.thresholds}]
    rows += [row("threshold", "–", money(t, case.file.currency)) for t in extra]
    return Table("rules", f"Rules: {r.body}, {r.country}", columns, tuple(rows), wide=True)


def inputs_text(e: Evaluation) -> str:
    """How many numbers there are and where they come from."""
    n = counted(e.case)
    return (
        f"{count(n['all'])} numbers with an origin of their own: {count(n['source'])} from a source, "
        f"{count(n['borrowed'])} borrowed from another disease or country, {count(n['assumed'])} assumed. "
        f"{count(n['uncertain'])} carry uncertainty and are drawn; the others are fixed. Amounts are brought to "
        f"{e.case.file.currency} of {e.case.file.price_year}; what was printed stands below. The range is that of the "
        "mean, 95 % of the distribution that is drawn from."
    )


def pictures(e: Evaluation, drawn: Mapping[str, Any]) -> dict[str, Picture]:
    """Every figure that there is, by name."""
    from markupsafe import Markup

    out = {}
    for name, draw in evaluation_figures(e).items():
        figure = drawn.get(name) or draw()
        if figure is not None:
            svg = Markup(figures.inline(figure, name))  # noqa: S704 - our own drawing
            out[name] = Picture(f"figure-{name.replace('_', '-')}", svg, *CAPTIONS[name])
    return out


def _sources(e: Evaluation) -> list[dict[str, Any]]:
    if isinstance(e.scenario, OwnScenario):
        return sources_view.plain_sources(e.scenario.library, evaluation_sources(e))
    if isinstance(e.scenario, PathwayScenario):
        return sources_view.plain_sources(e.scenario.library, evaluation_sources(e))
    trial = sources_view.sources_list(Names(e.scenario))
    known = {s["id"] for s in trial}
    others = [s for s in economic_sources(e) if s not in known]
    return [*trial, *sources_view.plain_sources(e.scenario.library, others)]
