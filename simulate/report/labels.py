"""What things are called: endpoints, arms, populations, reported figures, their values with units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from simulate.plots.names import study
from simulate.report.numbers import MISSING, count, fixed, percent, plain_number

if TYPE_CHECKING:
    from simulate.evidence.schema import Figure
    from simulate.evidence.source_schema import Source
    from simulate.fidelity import FidelityRow
    from simulate.scenario import Scenario

NBSP = "\N{NO-BREAK SPACE}"
ENDPOINTS = {
    "os": "overall survival",
    "pfs": "progression-free survival",
    "ttp": "time to progression",
    "pps": "survival after progression",
}
STATISTICS = {
    "median": "median",
    "hazard_ratio": "hazard ratio",
    "landmark": "landmark",
    "proportion": "rate",
    "events": "events",
    "count": "count",
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
    "range": "range",
    "mean": "mean",
}
SEEN = {
    "primary_abstract": "abstract of the paper",
    "primary_full_text": "full text of the paper",
    "secondary_transcription": "transcription by others",
    "news_or_review_summary": "news or review",
    "regulatory_label": "regulatory label",
    "conference_abstract": "conference abstract",
    "systematic_review": "systematic review",
    "regulator_announcement": "announcement of a regulator",
    "seed": "figure given with this project",
    "derived": "derived from other figures",
}
FAMILIES = {
    "exponential": "exponential",
    "weibull": "Weibull",
    "gompertz": "Gompertz",
    "lognormal": "log-normal",
    "loglogistic": "log-logistic",
    "gengamma": "generalised gamma",
}


def endpoint(name: str) -> str:
    """Name of an endpoint or adverse event in a sentence."""
    return ENDPOINTS.get(name, name.replace("_", " "))


def short(name: str) -> str:
    """Name of an endpoint in a table: OS, PFS, or the adverse event in words."""
    return name.upper() if name in ENDPOINTS or name in ("orr", "dcr") else name.replace("_", " ")


def grade(text: str | None) -> str:
    """A CTCAE grade: ``>=3`` as ``grade ≥ 3``."""
    if text is None:
        return ""
    if text == "any":
        return "any grade"
    if not any(c.isdigit() for c in text):  # the depth of a response
        return text
    return f"grade {text.replace('>=', '≥ ').replace('-', '–')}"


def source(known: Source, source_id: str) -> str:
    """Short name of a source, from its id: a label by its region, a paper by author and year.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> source(SimpleNamespace(kind="label"), "avastin_us_label")
    'US label'
    >>> source(SimpleNamespace(kind="article"), "tewari_2014")
    'Tewari 2014'
    """
    words = source_id.split("_")
    if known.kind == "label":
        return " ".join([w.upper() for w in words if w in ("us", "eu", "uk", "jp")] + ["label"])
    return " ".join(w.capitalize() for w in words)


def family(spec: Any) -> str:
    """Words for a distribution's or a process's family."""
    words = FAMILIES.get(spec.family, spec.family)
    return f"{words} with a cured share" if spec.cure else words


class Labels(Protocol):
    """What knows how a strategy is called."""

    def strategy(self, name: str) -> str:
        """Label of a strategy."""
        ...


@dataclass(frozen=True)
class Names:
    """Labels of one scenario's arms, populations and figures."""

    scenario: Scenario

    @property
    def study(self) -> str:
        """Short name of the trial."""
        return study(self.scenario.trial.title, self.scenario.trial.id)

    def strategy(self, name: str) -> str:
        """Label of a strategy."""
        return self.scenario.label(name)

    def arm(self, reference: str | tuple[str, ...] | None) -> str:
        """Label of an arm, of several, or of all of them; accepts ``a+b`` as fidelity rows write it."""
        if not reference:
            return ""
        parts = reference.split("+") if isinstance(reference, str) else list(reference)
        arms = self.scenario.trial.arms
        return " or ".join(
            "all arms" if p == "pooled" else arms[p].label if p in arms else p.replace("_", " ") for p in parts
        )

    def population(self, name: str) -> str:
        """Label of a population, or of two that are compared."""
        found = self.scenario.trial.populations
        text = " v ".join(found[p].label if p in found else p.replace("_", " ") for p in name.split(" vs "))
        return text.replace(">=", "≥").replace("<=", "≤")

    def figure(self, row: FidelityRow) -> str:
        """What a reported figure is: endpoint, grade, statistic, time."""
        words = [short(row.endpoint), grade(row.grade)]
        if row.timepoint is not None and row.statistic in ("landmark", "proportion"):
            words.append(f"at {plain_number(row.timepoint)} months")
        elif row.statistic != "proportion":
            words.append(STATISTICS.get(row.statistic, row.statistic))
        return " ".join(w for w in words if w)

    def group(self, row: FidelityRow) -> str:
        """Whose figure it is: arm or contrast, population if not everybody, data cut if not the usual."""
        everybody = row.population in (self.scenario.file.population, "safety")
        who = self._who(row.arm, row.comparator, None if everybody else self.population(row.population))
        return f"{who}; {self.cut(row)}" if self.cut(row) else who

    def source(self, figure: str) -> str:
        """Short name of the source of a figure."""
        found = self.scenario.trial.figure(figure).source
        return source(self.scenario.library.sources[found], found)

    def cut(self, row: FidelityRow) -> str:
        """Data cut of a figure, if it is another than the one its endpoint is calibrated on."""
        usual = self.scenario.file.follow_up.get(row.endpoint) or self.scenario.trial.calibration.cuts.get(row.endpoint)
        known = self.scenario.trial.cuts
        if row.cut is None or row.cut == usual or row.cut not in known or row.endpoint not in ENDPOINTS:
            return ""
        return known[row.cut].label.split(",")[0]

    def _who(self, arm: str | tuple[str, ...], comparator: str | tuple[str, ...] | None, population: str | None) -> str:
        who = self.arm(arm)
        if comparator and comparator != arm:
            who = f"{who} v {self.arm(comparator)}"
        if population is None:
            return who
        return population if arm == "pooled" and " v " in population else f"{who}; {population}"

    def whose(self, figure: Figure) -> str:
        """As `group`, of a figure of the evidence."""
        label: str | None = self.population(figure.population)
        if figure.comparator_population is not None and figure.comparator_population != figure.population:
            label = f"{label} v {self.population(figure.comparator_population)}"
        elif figure.population == self.scenario.file.population:
            label = None
        return self._who(figure.arm, figure.comparator, label)


def reported_value(value: float | None, statistic: str, unit: str | None = None) -> str:
    """A reported figure with its unit."""
    if value is None:
        return MISSING
    if statistic in ("landmark", "proportion"):
        text = plain_number(round(100 * value, 1))
        return f"{text}{NBSP}%"
    if unit:
        return f"{plain_number(value)} {unit}"
    if statistic == "median":
        return f"{plain_number(value, 1)}{NBSP}mo"
    return plain_number(value, 2 if statistic.endswith("_ratio") else 0)


def model_value(value: float | None, statistic: str) -> str:
    """A model's or simulation's figure, with one digit more than papers print."""
    if statistic in ("landmark", "proportion"):
        return percent(value)
    if statistic in ("events", "count"):
        return count(value)
    if statistic == "median":
        return MISSING if value is None else f"{fixed(value, 2)}{NBSP}mo"
    return fixed(value, 3)


def reported_interval(row: FidelityRow) -> str:
    """The interval of a reported figure with its level; says so where it was derived."""
    if row.ci_low is None or row.ci_high is None:
        return ""
    scale, unit = (100.0, f"{NBSP}%") if row.statistic in ("landmark", "proportion") else (1.0, "")
    decimals = 2 if row.statistic.endswith("_ratio") else 0 if row.statistic in ("events", "count") else 1
    low, high = (fixed(scale * x, decimals) for x in (row.ci_low, row.ci_high))
    level = "" if row.ci_level is None else f"{100 * row.ci_level:g}{NBSP}%: "
    return f"{level}{low} to {high}{unit}{', derived' if row.ci_derived else ''}"
