"""How far predictions can be trusted: what the library's own predictions of figures it was not told say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulate.fidelity.predictions import informed, stored, trust_table
from simulate.report.labels import short
from simulate.report.numbers import count, fixed, percent
from simulate.report.view import Cell, Column, Table, row

if TYPE_CHECKING:
    import pandas as pd

    from simulate.evidence.schema import Trial

CLASSES = {
    "chemotherapy": "chemotherapy",
    "anti_angiogenic": "anti-angiogenic",
    "immunotherapy": "immunotherapy",
    "antibody_drug_conjugate": "antibody–drug conjugate",
    "targeted": "targeted therapy",
    "local": "local therapy",
    "supportive": "palliation",
    "mixed": "mixed or not stated",
}
BY = {
    "all": "",
    "figures": "",
    "statistic": "statistic",
    "endpoint": "endpoint",
    "treatment_class": "class of treatment",
    "line": "line of therapy",
    "months beyond the median": "landmarks, by months beyond the median",
    "alone": "no other figure of the arm is known: the library alone",
}
STATISTICS = {"median": "medians", "hazard_ratio": "hazard ratios", "landmark": "landmark survival"}


def error_table(frame: pd.DataFrame, wanted: Iterable[tuple[str, str]] | None = None) -> Table:
    """Predictive error by group; `wanted` keeps only these pairs of (by, group)."""
    chosen = None if wanted is None else set(wanted)
    rows = []
    for r in trust_table(frame).to_dict("records"):
        if chosen is not None and (r["by"], r["group"]) not in chosen:
            continue
        points = r["median_error_points"]
        known = points is not None and points == points  # NaN where the group has no landmark
        rows.append(
            row(
                Cell(_group(r["by"], r["group"]), small=BY[r["by"]]),
                count(r["figures"]),
                Cell(
                    f"{fixed(points, 1)} points" if known else "–",
                    small=f"{count(r['landmarks'])} landmarks" if known else "",
                ),
                Cell(
                    percent(r["coverage"], 0),
                    small=f"{count(r['inside'])} of {count(r['figures'])}",
                    value=r["coverage"],
                ),
                Cell(fixed(r["rms_z"], 2), value=r["rms_z"]),
            )
        )
    columns = (
        Column("figures predicted", numeric=False),
        Column("figures"),
        Column("error of landmarks", "median, percentage points"),
        Column("inside", "their 95 % prediction interval"),
        Column("RMS z", "without the discrepancy"),
    )
    notes = (
        "Each figure is predicted from the others of its study and from what the other studies say of families, "
        "shapes and "
        "medians; the interval takes in the sampling error of the figure and how far predictions missed in the other "
        "studies.",
    )
    return Table("predictive-error", "Predictive error over all studies", columns, tuple(rows), notes, wide=True)


def _group(by: str, group: str) -> str:
    if by == "endpoint":
        return short(group)
    if by == "treatment_class":
        return CLASSES.get(group, group)
    if by == "statistic":
        return STATISTICS.get(group, group)
    if by == "line":
        return "not a line of therapy" if group == "none" else f"line {group}"
    return group


def classes_of(trials: Iterable[Trial]) -> tuple[str, ...]:
    """Classes of treatment of the arms of some studies."""
    found = (arm.treatment_class or "mixed" for trial in trials for arm in trial.arms.values())
    return tuple(dict.fromkeys(found))


def quoted(classes: Iterable[str]) -> dict[str, Any] | None:
    """What a scenario's report quotes for the classes of treatment in it; None where no predictions are stored."""
    frame = stored()
    if frame.empty:
        return None
    wanted = [("all", "landmarks"), ("endpoint", "os"), ("endpoint", "pfs")]
    wanted += [("treatment_class", c) for c in classes]
    bands = frame.loc[frame["statistic"] == "landmark", "band"].unique()
    wanted += [("months beyond the median", str(b)) for b in bands]
    return {"table": error_table(frame, wanted), "text": sentence(frame)}


def sentence(frame: pd.DataFrame) -> str:
    """The predictive error in a few sentences."""
    table = trust_table(frame).set_index(["by", "group"])
    parts = []
    if ("all", "all figures") in table.index:
        every, studies = table.loc[("all", "all figures")], informed(frame)["study"].nunique()
        whose = f"{count(studies)} studies" if studies > 1 else "the study"
        parts.append(
            f"{count(int(every['figures']))} reported figures of {whose} were predicted from the others; "
            f"{count(int(every['inside']))} lay inside their 95 % prediction interval."
        )
    told = "Survival at a landmark was missed by {points} percentage points in the median; {inside}."
    alone = "Where no other figure of the arm is known, landmarks were missed by {points} points; {inside}."
    for key, words in ((("all", "landmarks"), told), (("alone", "landmarks"), alone)):
        if key in table.index:
            own = table.loc[key]
            inside = f"{count(int(own['inside']))} of {count(int(own['landmarks']))} lay inside their interval"
            parts.append(words.format(points=fixed(float(own["median_error_points"]), 1), inside=inside))
    parts.append(
        "A number that nobody reported, such as a mean gain or survival beyond the follow-up, deserves no more trust "
        "than this."
    )
    return " ".join(parts)
