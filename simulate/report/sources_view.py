"""Data cuts and sources: what was read, where, how it was seen, and which figures it gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulate.report import labels
from simulate.report.labels import Names, reported_value
from simulate.report.numbers import count, plain_number
from simulate.report.view import Cell, Column, Table, row


def cuts_table(names: Names, follow_up: Mapping[str, Any]) -> Table:
    """The trial's data cuts: when patients enrolled, when counting stopped."""
    trial = names.scenario.trial
    chosen: dict[str, list[str]] = {}
    for e in follow_up:
        name = names.scenario.file.follow_up.get(e) or trial.calibration.cuts.get(e)
        chosen.setdefault(name or "", []).append(labels.short(e))
    columns = (
        Column("data cut", numeric=False),
        Column("accrual", "months"),
        Column("cut-off", "months after first enrolment"),
        Column("hazard ratios of", numeric=False),
        Column("note", numeric=False),
    )
    rows = tuple(
        row(
            Cell(c.label, small=_dates(c)),
            Cell(plain_number(round(c.accrual, 1)), value=c.accrual),
            Cell(plain_number(round(c.cutoff, 1)) + (" (assumed)" if c.assumed else ""), value=c.cutoff),
            " and ".join(chosen.get(k, [])) or "–",
            c.note or "",
        )
        for k, c in trial.cuts.items()
    )
    return Table("data-cuts", "Data cuts of the trial", columns, rows, wide=True)


def _dates(c: Any) -> str:
    found = [d for d in (c.first_enrolment, c.last_enrolment, c.data_cutoff) if d]
    return " · ".join(found)


def source_ids(scenario: Any) -> tuple[str, ...]:
    """Every source used, in the order of the list."""
    trial = scenario.trial
    return tuple(
        dict.fromkeys(
            (*scenario.file.sources, *trial.sources, *(f.source for f in trial.all_figures), *_model_sources(trial))
        )
    )


def sources_list(names: Names) -> list[dict[str, Any]]:
    """Every source used: citation, links, why it is cited, how and where it was seen, and the figures it gave."""
    scenario = names.scenario
    used = scenario.trial.all_figures
    known = scenario.library.sources
    out = []
    for source_id in source_ids(scenario):
        s = known[source_id]
        mine = [f for f in used if f.source == source_id]
        out.append(
            {
                "id": source_id,
                "citation": s.citation,
                "kind": s.kind,
                "why": s.why,
                "note": s.note or "",
                "links": _links(s),
                "seen": ", ".join(f"{labels.SEEN.get(k, k)} ({n})" for k, n in _tally(f.seen for f in mine).items()),
                "pages": _pages(scenario, mine),
                "figures": [_described(names, f) for f in mine],
            }
        )
    return out


def plain_sources(library: Any, chosen: Iterable[str]) -> list[dict[str, Any]]:
    """Sources by id without the figures they gave: citation, links and why they are cited."""
    known = library.sources
    return [
        {"id": s, "citation": known[s].citation, "kind": known[s].kind, "why": known[s].why,
         "note": known[s].note or "", "links": _links(known[s]), "seen": "", "pages": [], "figures": []}
        for s in chosen if s in known
    ]  # fmt: skip


def _model_sources(trial: Any) -> list[str]:
    c = trial.calibration
    return [x.source for x in (c.death_share, c.dependence) if x is not None and x.source is not None]


def _links(s: Any) -> list[tuple[str, str]]:
    links = []
    if s.doi:
        links.append((f"doi:{s.doi}", f"https://doi.org/{s.doi}"))
    if s.pmid:
        links.append((f"PubMed {s.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{s.pmid}/"))
    if s.url:
        links.append((s.url, s.url))
    return links


def _pages(scenario: Any, figures: list[Any]) -> list[dict[str, str]]:
    out = []
    for page_id in dict.fromkeys(f.seen_at for f in figures if f.seen_at):
        page = scenario.library.page(page_id)
        out.append({"label": page.label, "url": page.url or "", "note": page.note or ""})
    return out


def _tally(items: Iterable[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for item in items:
        out[item] = out.get(item, 0) + 1
    return out


def _described(names: Names, f: Any) -> str:
    words = [labels.short(f.endpoint), labels.grade(f.grade), labels.STATISTICS.get(f.statistic, f.statistic)]
    if f.timepoint is not None:
        words.append(f"at {plain_number(f.timepoint)} months")
    value = reported_value(f.value, f.statistic, f.unit)
    if f.events is not None and f.n and f.statistic in ("landmark", "proportion"):
        value = f"{f.events} of {f.n}"
    elif f.value is None and f.range is not None:
        value = f"{plain_number(f.range.low)} to {plain_number(f.range.high)}"
    elif f.value is None and f.events is not None:
        value = count(f.events)
    where = f"; {f.where}" if f.where else ""
    return f"{' '.join(w for w in words if w)}, {names.whose(f)}: {value} ({f.role}{where})"


def pathway_source_ids(scenario: Any) -> tuple[str, ...]:
    """Every source of the trials, populations, policies and of the scenario itself."""
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
