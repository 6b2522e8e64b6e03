"""Strategies against their comparators: the table of differences and the few numbers at the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulate.report import basis, labels
from simulate.report.labels import Labels
from simulate.report.numbers import error, fixed, percent, plain_number
from simulate.report.results_view import measured, median
from simulate.report.view import Cell, Column, Table, row

Summary = Mapping[str, Any]
Fact = tuple[str, str, str]


def contrasts_table(summary: Summary, names: Labels) -> Table | None:
    """Strategy against comparator: hazard ratios, difference of restricted means, P(T1 > T0), and what they rest on."""
    found = sorted(summary["contrasts"], key=lambda c: list(labels.ENDPOINTS).index(c["endpoint"]))
    if not found:
        return None
    in_trial = any(c.get("hazard_ratio") is not None for c in found)
    based = any(basis.basis_of(c) for c in found)
    columns = (
        Column("contrast", numeric=False),
        *((Column("rests on", numeric=False),) if based else ()),
        *((Column("hazard ratio", "trial’s follow-up"),) if in_trial else ()),
        Column("hazard ratio", "everyone followed up"),
        Column("gain in restricted mean", "months"),
        Column("P(T₁ > T₀)", "two different patients"),
    )
    rows = []
    for c in found:
        hr = measured(c.get("hazard_ratio"), c.get("mc_error"), 3, 3)
        trial = Cell(hr.text, small=c.get("follow_up") or "", value=hr.value, error=hr.error)
        first = Cell(labels.ENDPOINTS[c["endpoint"]].capitalize(), small=_who(c, names))
        rows.append(row(first, *((_basis(c),) if based else ()), *((trial,) if in_trial else ()), *_differences(c)))
    notes = (*(f"{line[:1].upper()}{line[1:]}." for line in basis.explained(found)), *_coarse(found))
    caption = "Differences between strategies, ± paired Monte Carlo error"
    return Table("contrasts", caption, columns, tuple(rows), notes, wide=True)


def _coarse(found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    if not any(basis.basis_of(c) == basis.UNANCHORED for c in found):
        return ()
    return ("Differences that are not randomised are rounded, without Monte Carlo error: their error is another.",)


def _who(c: Mapping[str, Any], names: Labels) -> str:
    return f"{names.strategy(c['strategy'])} v {names.strategy(c['comparator'])}"


def _basis(c: Mapping[str, Any]) -> Cell:
    kind = basis.basis_of(c)
    return Cell(basis.MARKS.get(kind, kind), mark=basis.VERDICTS.get(kind, ""))


def _differences(c: Mapping[str, Any]) -> tuple[Cell, Cell, Cell]:
    """Hazard ratio with everyone followed, gain, P(T1 > T0); without the simulation's error where it means nothing."""
    ratio, gain, longer = c.get("hazard_ratio_uncensored"), c.get("rmst_difference"), c.get("p_longer")
    until = f"to {plain_number(c['rmst_tau'])} mo"
    if basis.basis_of(c) in (basis.UNANCHORED, basis.SAME):
        return (
            Cell(fixed(ratio, 1), value=ratio),
            Cell(fixed(gain, 0 if gain is not None and abs(gain) >= 10.0 else 1, sign=True), small=until, value=gain),
            Cell(percent(longer, 0), value=longer),
        )
    shown = measured(gain, c.get("rmst_difference_mc_error"), 1, 2, sign=True)
    mc = c.get("p_longer_mc_error")
    return (
        measured(ratio, c.get("hazard_ratio_uncensored_mc_error"), 3, 3),
        Cell(shown.text, small=until, value=shown.value, error=shown.error),
        Cell(percent(longer), value=longer, error=error(None if mc is None else 100 * mc, 1)),
    )


def medians(summary: Summary, names: Labels, strategies: Sequence[str]) -> list[Fact]:
    """Medians of OS and PFS in the order of the strategies, the comparator first."""
    out = []
    for e in ("os", "pfs"):
        known = [s for s in strategies if e in summary["strategies"][s]["endpoints"]]
        values = [median(summary["strategies"][s]["endpoints"][e]).text for s in known]
        if values:
            what = " v ".join(names.strategy(s) for s in known)
            out.append((f"Median {e.upper()}, months", " v ".join(values), what))
    return out


def facts(summary: Summary, names: Labels, strategies: Sequence[str]) -> list[Fact]:
    """The few numbers at the top: (name, value, what it is); with several contrasts each says whose it is."""
    out = medians(summary, names, strategies)
    found = [c for c in summary["contrasts"] if c["endpoint"] == "os" and c.get("hazard_ratio") is not None]
    if not found:
        return out
    whose = ""
    if len(found) > 1:
        arms = "; ".join(names.strategy(c["strategy"]) for c in found)
        whose = f"{arms}; each against {names.strategy(found[0]['comparator'])}, "
    ratios = "; ".join(fixed(c["hazard_ratio"], 2) for c in found)
    out.append(("Hazard ratio for death", ratios, f"{whose}under the trial’s follow-up"))
    gains = "; ".join(fixed(c["rmst_difference"], 1, sign=True) for c in found)
    tau = plain_number(found[0]["rmst_tau"])
    out.append(("Mean gain in life, months", gains, f"{whose}over the first {tau} months"))
    return out
