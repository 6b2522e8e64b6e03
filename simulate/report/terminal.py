"""What a run prints: strategies, contrasts with what they rest on, adverse events and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from simulate.tables import print_frame

NBSP = "\N{NO-BREAK SPACE}"
PART = " *"  # marks a rate reported of a part of the patients
WIDTH = 116  # letters of a line


def print_comparison(result: Any) -> None:
    """The comparison of a run as tables."""
    summary = result.summary()
    rows = []
    for strategy, s in summary["strategies"].items():
        for endpoint, e in s["endpoints"].items():
            rows.append(
                {
                    "strategy": strategy,
                    "endpoint": endpoint,
                    "median": e["median"],
                    "MC error": e["median_mc_error"],
                    "RMST": e["rmst"]["value"],
                    "to": e["rmst"]["tau"],
                    **{f"at {k} mo": v for k, v in e["landmarks"].items()},
                }
            )
    print_frame(
        pd.DataFrame(rows),
        title=f"{summary['scenario']}: {summary['patients']:,} patients a strategy, seed {summary['seed']} (months)",
    )
    if summary["contrasts"]:
        _print_contrasts(summary["contrasts"])
    rates = _events(result)
    if rates:
        _print_events(rates, list(summary["strategies"]))


def _print_contrasts(contrasts: Sequence[Mapping[str, Any]]) -> None:
    from simulate.report import basis

    for other in dict.fromkeys(c["comparator"] for c in contrasts):
        frame = pd.DataFrame(_contrast_rows([c for c in contrasts if c["comparator"] == other]))
        unknown = [column for column in ("HR", "MC error") if frame[column].isna().all()]
        print_frame(frame.drop(columns=unknown), title=f"Contrasts with {other}")
    follow_up = dict.fromkeys(f"{c['endpoint'].upper()} {c['follow_up']}" for c in contrasts if c["follow_up"])
    if follow_up:
        print(f"HR: as the trial would have estimated it, at its {'; '.join(follow_up)}.")
    for line in basis.explained(contrasts):
        print(f"Basis: {line}.")
    print("P(longer): of two independent patients, one under each strategy; not the chance that a patient benefits.")


def _contrast_rows(contrasts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from simulate.report import basis

    rows = []
    for c in contrasts:
        kind = basis.basis_of(c)
        coarse = kind in (basis.UNANCHORED, basis.SAME)
        rows.append(
            {
                "strategy": c["strategy"],
                "endpoint": c["endpoint"],
                **({"basis": basis.SHORT.get(kind, kind)} if kind else {}),
                "HR": c["hazard_ratio"],
                "MC error": c["mc_error"],
                "HR uncensored": _rounded(c["hazard_ratio_uncensored"], coarse),
                "RMST difference": _rounded(c["rmst_difference"], coarse),
                "P(longer)": _rounded(c["p_longer"], coarse, 2),
            }
        )
    return rows


def _rounded(value: float | None, coarse: bool, digits: int = 1) -> float | None:
    """A difference that is not randomised to as few digits as it deserves."""
    return round(value, digits) + 0.0 if coarse and value is not None else value


def _events(result: Any) -> dict[str, dict[str, str]]:
    """Event and grade in words → strategy → its rate as text, of the strategies of which the event was reported."""
    from simulate.report.labels import grade
    from simulate.report.numbers import percent
    from simulate.report.pathway_events import event_rows
    from simulate.scenario.pathways import PathwayResult

    if isinstance(result, PathwayResult):
        rows = event_rows(result)
        return {r.words: {s: percent(x.value) + ("" if x.whole else PART) for s, x in r.rates.items()} for r in rows}
    labels = {t.event: t.label for t in result.model.toxicities}
    out: dict[str, dict[str, str]] = {}
    for t in result.comparison.toxicity:
        words = labels.get(t.event, t.event) if t.grade == "any" else f"{labels.get(t.event, t.event)} {grade(t.grade)}"
        out.setdefault(words, {})[t.strategy] = percent(t.rate)
    return out


def _print_events(rates: Mapping[str, Mapping[str, str]], strategies: Sequence[str]) -> None:
    """Tables of as many strategies as a line holds."""
    title = "Adverse events and outcomes (share of patients)"
    for block in _blocks(strategies, max(map(len, rates))):
        shown = [words for words, own in rates.items() if any(s in own for s in block)]
        if not shown:
            continue
        columns = {}
        for s in block:
            cells = [rates[words].get(s, "–").replace(NBSP, " ") for words in shown]
            wide = max(len(s), *map(len, cells))
            columns[s.rjust(wide)] = [c.rjust(wide) for c in cells]
        print_frame(pd.DataFrame({"event": shown, **columns}), title=title)
    print("–: not reported, which is not zero.")
    if any(PART in text for own in rates.values() for text in own.values()):
        print(f"{PART.strip()} reported of a part of the patients only; the others count as without the event.")


def _blocks(strategies: Sequence[str], first: int) -> list[list[str]]:
    """Strategies in groups whose columns fit in a line beside a first column of so many letters."""
    out: list[list[str]] = [[]]
    room = WIDTH - first
    for s in strategies:
        wide = max(len(s), 9) + 3
        if out[-1] and room < wide:
            out.append([])
            room = WIDTH - first
        out[-1].append(s)
        room -= wide
    return out
