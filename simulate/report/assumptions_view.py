"""What the figures do not say, as tables: parameter uncertainty and sensitivity to assumptions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.report import labels
from simulate.report.labels import Names
from simulate.report.numbers import fixed, plain_number
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    from simulate.scenario import Result

_ANSWERS = (
    ("os_hazard_ratio", "OS hazard ratio, trial’s follow-up", 2),
    ("os_hazard_ratio_uncensored", "OS hazard ratio, everyone followed up", 2),
    ("os_rmst_difference", "OS gain to {tau} months (months)", 1),
    ("os_mean_difference", "OS gain to {horizon} months (months)", 1),
    ("os_median_control", "OS median, {control} (months)", 1),
    ("os_median_treated", "OS median, {treated} (months)", 1),
    ("pfs_hazard_ratio", "PFS hazard ratio, trial’s follow-up", 2),
    ("pfs_rmst_difference", "PFS gain to {tau} months (months)", 1),
    ("pfs_median_control", "PFS median, {control} (months)", 1),
    ("pfs_median_treated", "PFS median, {treated} (months)", 1),
)


def _words(result: Result, names: Names, strategy: str) -> dict[str, str]:
    q = result.scenario.question(strategy)
    return {
        "tau": plain_number(q.tau),
        "horizon": plain_number(q.horizon),
        "treated": names.strategy(strategy),
        "control": names.strategy(result.scenario.file.comparator),
    }


def interval(draws: Any, column: str) -> tuple[float, float] | None:
    """Central 95 % of a column of parameter draws; None without at least ten finite ones."""
    if draws is None or column not in draws:
        return None
    values = draws[column].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if len(values) < 10:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def uncertainty_table(result: Result, names: Names, strategy: str) -> Table | None:
    """What the trial's sampling error and the priors leave open: 95 % intervals over parameter draws."""
    draws, base = result.uncertainty.get(strategy), _base(result, strategy)
    if draws is None or draws.empty:
        return None
    words = _words(result, names, strategy)
    rows = []
    for column, text, decimals in _ANSWERS:
        found = interval(draws, column)
        if found is None:
            continue
        point = base.get(column)
        rows.append(
            row(
                text.format(**words),
                Cell(fixed(point, decimals), value=point),
                Cell(f"{fixed(found[0], decimals)} to {fixed(found[1], decimals)}"),
            )
        )
    columns = (
        Column("quantity", numeric=False),
        Column("calibrated"),
        Column("95 % interval", f"{len(draws)} parameter draws"),
    )
    caption = "Parameter uncertainty: sampling error of the trial and priors together"
    return Table(f"uncertainty-{strategy}", caption, columns, tuple(rows))


def _base(result: Result, strategy: str) -> dict[str, Any]:
    frame = result.sensitivity.get(strategy)
    if frame is None or frame.empty:
        return {}
    base = frame[frame["assumption"] == "base"]
    return dict(base.iloc[0]) if len(base) else {}


_SHOWN = (
    ("os_hazard_ratio", "OS HR", "trial’s follow-up", 2),
    ("os_hazard_ratio_uncensored", "OS HR", "everyone followed", 2),
    ("os_rmst_difference", "OS gain to {tau} mo", "months", 2),
    ("os_mean_difference", "OS gain to {horizon} mo", "months", 2),
    ("pfs_mean_difference", "PFS gain to {horizon} mo", "months", 2),
)


def sensitivity_table(result: Result, names: Names, strategy: str) -> Table | None:
    """Other assumptions that meet the same figures, and what each changes."""
    frame = result.sensitivity.get(strategy)
    if frame is None or frame.empty:
        return None
    words = _words(result, names, strategy)
    shown = [c for c in _SHOWN if c[0] in frame]
    columns = (
        Column("assumption", numeric=False),
        *(Column(head.format(**words), unit) for _, head, unit, _ in shown),
        Column("meets the figures", numeric=False),
    )
    rows = []
    for r in frame.to_dict("records"):
        cells = [Cell(fixed(_number(r[c]), d), value=_number(r[c])) for c, _, _, d in shown]
        name = "as calibrated" if r["assumption"] == "base" else assumption(r["assumption"])
        rows.append(
            row(
                Cell(name, small="" if r["assumption"] == "base" else r["why"]),
                *cells,
                "yes" if r["feasible"] else "no",
            )
        )
    caption = "Other assumptions, each calibrated to the same reported figures"
    return Table(f"sensitivity-{strategy}", caption, columns, tuple(rows), wide=True)


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def assumption(text: str) -> str:
    """An assumption's label with its family spelled out and a real minus sign."""
    words = [labels.FAMILIES.get(w, w) for w in text.split(" ")]
    return " ".join(words).replace("-0.", "−0.")


def spread(frame: Any, column: str) -> tuple[float, float] | None:
    """Smallest and largest answer over the assumptions that meet the figures."""
    if frame is None or column not in frame:
        return None
    values = np.array(
        [_number(v) for v, ok in zip(frame[column], frame["feasible"], strict=True) if ok and _number(v) is not None]
    )
    return (float(values.min()), float(values.max())) if len(values) > 1 else None
