"""What a trial file may say: arms, strata, populations, data cuts, reported figures.

Every type is frozen and refuses unknown fields. Rules inside one value live here; rules between
fields (an interval contains its value, PFS does not exceed OS) live in `simulate.evidence.checks`,
which reports all of them at once with their lines.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from simulate.evidence.calibration_schema import Calibration, EndpointModel, Prior, PriorChoice
from simulate.evidence.condition_schema import Conditions
from simulate.evidence.cut_schema import Cut, months_between
from simulate.evidence.fields import (
    POOLED,
    Count,
    Flag,
    Id,
    Level,
    Model,
    Positive,
    PositiveCount,
    Records,
    Slug,
    Text,
)
from simulate.evidence.figure_schema import FRACTIONS, RATIOS, Figure, Interval, Role, Seen, Span, Statistic, as_tuple

__all__ = [
    "FRACTIONS",
    "RATIOS",
    "Arm",
    "Calibration",
    "Cut",
    "Drug",
    "EndpointModel",
    "Figure",
    "Interval",
    "Population",
    "Prior",
    "PriorChoice",
    "Role",
    "Seen",
    "Span",
    "Statistic",
    "Stratum",
    "ToxicityGrade",
    "ToxicityModel",
    "Trial",
    "months_between",
]  # fmt: skip

Design = Literal["randomised", "single_arm", "series", "registry", "meta_analysis", "case_reports", "collection"]
TreatmentClass = Literal[
    "chemotherapy", "anti_angiogenic", "immunotherapy", "antibody_drug_conjugate", "targeted", "local", "supportive"
]  # fmt: skip
ALL = "all"


class Drug(Model):
    """Dose of one drug of a regimen."""

    drug: Id
    dose: Positive | None = None
    unit: Text | None = None
    schedule: Text | None = None
    strata: tuple[Id, ...] = ()
    note: Text | None = None
    source: Slug | None = None
    seen: Seen | None = None
    seen_at: Slug | None = None
    record: Records | None = None


class Arm(Model):
    """One arm; `safety_n` is its number in the safety analysis. `n` is absent where no source gives it."""

    label: Text
    n: PositiveCount | None = None
    treatment_class: TreatmentClass | None = None
    safety_n: PositiveCount | None = None
    regimen: Text | None = None
    drugs: tuple[Drug, ...] = ()


class Stratum(Model):
    """A part of the trial that no other stratum overlaps; `n` counts its patients in each arm.

    `when` says in terms of covariates who belongs to it, so that a population's patients find their stratum.
    """

    label: Text
    n: dict[Id, Count]
    when: Conditions = Field(default_factory=dict)
    note: Text | None = None


class Population(Model):
    """A population figures are reported for.

    Either it is made of whole `strata`, or it is a subgroup that cuts across them (`strata` null): then
    only contrasts are predicted for it, with the effect in the strata named by `within` (default all),
    and `homogeneous_effect` must say so.
    """

    label: Text
    strata: tuple[Id, ...] | None = None
    within: tuple[Id, ...] | None = None
    homogeneous_effect: Flag = False
    n: dict[Id, Count] | None = None
    note: Text | None = None


class ToxicityGrade(Model):
    """The figures, one an arm, that give the probability of this grade or worse."""

    grade: Level
    figures: dict[Id, Id]


class ToxicityModel(Model):
    """One adverse event as an ordered outcome, mildest grade first; `headline` is the grade that stands for it.

    Responses (`objective`, `complete`), relief of symptoms and other events of a patient are outcomes of the same form.
    """

    event: Id
    kind: Literal["toxicity", "response", "symptom", "event"] = "toxicity"
    label: Text
    grades: tuple[ToxicityGrade, ...] = Field(min_length=1)
    headline: Level | None = None
    note: Text | None = None


class Disagreement(Model):
    """What another source, or a secondary document, says instead, and why the figure of this file is used."""

    says: Text
    by: Slug
    figure: Id | None = None
    why: Text
    record: Records | None = None


def _one_stratum(data: Any) -> Any:
    """Patients nobody divided are one stratum and one population, `all`."""
    if not isinstance(data, dict) or not isinstance(data.get("arms"), dict):
        return data
    n = {name: arm["n"] for name, arm in data["arms"].items() if isinstance(arm, dict) and arm.get("n") is not None}
    strata = data.get("strata") or {ALL: {"label": "all patients", "n": n}}
    whole = {ALL: {"label": "all patients", "strata": list(strata)}} if isinstance(strata, dict) else None
    populations = data.get("populations") or whole
    if isinstance(populations, dict) and whole is not None:
        populations = {**({} if ALL in populations else whole), **populations}
    return {**data, "strata": strata, **({} if populations is None else {"populations": populations})}


def _strata_may_be_left_out(schema: dict[str, Any]) -> None:
    """An editor must not ask for a division that nobody made."""
    schema["required"] = [name for name in schema["required"] if name not in ("strata", "populations")]


class Trial(Model):
    """Everything the library knows of one trial, or of another study of the same form (`design`).

    In a `factorial` trial the strata were randomised too: arms in different strata are arms of one trial.
    `borrowed` says where evidence comes from that is not of cervical cancer. A `collection` holds small studies of one
    theme, an arm each, which are never contrasted.
    """

    model_config = ConfigDict(json_schema_extra=_strata_may_be_left_out)

    id: Id
    title: Text
    design: Design = "randomised"
    factorial: Flag = False
    registration: Text | None = None
    line_of_therapy: PositiveCount | None = None
    setting: Text
    randomised: PositiveCount | None = None
    borrowed: Text | None = None
    sources: tuple[Slug, ...] = Field(min_length=1)
    notes: tuple[Text, ...] = ()
    arms: dict[Id, Arm] = Field(min_length=1)
    strata: dict[Id, Stratum] = Field(min_length=1)
    populations: dict[Id, Population] = Field(min_length=1)
    cuts: dict[Id, Cut] = Field(default_factory=dict)
    figures: tuple[Figure, ...] = Field(min_length=1)
    baseline: tuple[Figure, ...] = ()
    toxicity: tuple[ToxicityModel, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    calibration: Calibration = Calibration()

    @model_validator(mode="before")
    @classmethod
    def _undivided(cls, data: Any) -> Any:
        return _one_stratum(data)

    @property
    def patients(self) -> int:
        """Patients of all arms whose number is known."""
        return sum(arm.n or 0 for arm in self.arms.values())

    @property
    def all_figures(self) -> tuple[Figure, ...]:
        """Figures and baseline together."""
        return self.figures + self.baseline

    def figure(self, figure_id: str) -> Figure:
        """Figure by id; `KeyError` if there is none."""
        for figure in self.all_figures:
            if figure.id == figure_id:
                return figure
        raise KeyError(figure_id)

    def select(self, *, role: str | tuple[str, ...] | None = None, **fields: object) -> tuple[Figure, ...]:
        """Figures that match every given field as it is written, for example ``endpoint="os", arm="pooled"``."""
        roles = (role,) if isinstance(role, str) else role
        return tuple(
            f
            for f in self.all_figures
            if (roles is None or f.role in roles) and all(getattr(f, name) == value for name, value in fields.items())
        )

    def n_of(self, figure: Figure) -> int | None:
        """Patients behind a figure: its own `n`, else those of its arms in its populations, where known."""
        if figure.n is not None:
            return figure.n
        sizes = [self.size(figure.arm, figure.population)]
        if figure.comparator is not None:
            sizes.append(self.size(figure.comparator, figure.comparator_population or figure.population))
        return None if None in sizes else sum(n for n in sizes if n is not None)

    def arms_of(self, reference: str | tuple[str, ...] | None) -> tuple[str, ...]:
        """Arm ids a figure's `arm` or `comparator` names; `pooled` is all of them."""
        if reference == POOLED:
            return tuple(self.arms)
        return as_tuple(reference)

    def strata_of(self, population: str) -> tuple[str, ...]:
        """Strata that make up a population, or within which a subgroup lies."""
        found = self.populations[population]
        return found.strata or found.within or tuple(self.strata)

    def weights(self, arm: str, population: str) -> dict[str, float]:
        """Share of each stratum among the patients of one arm in a population made of strata."""
        counts = {s: self.strata[s].n.get(arm, 0) for s in self.strata_of(population)}
        total = sum(counts.values())
        return {s: n / total if total else 0.0 for s, n in counts.items()}

    def size(self, arm: str | tuple[str, ...], population: str) -> int | None:
        """Patients of the arm or arms in a population, where known."""
        found = self.populations[population]
        arms = self.arms_of(arm)
        if found.strata is not None:
            return sum(self.strata[s].n.get(a, 0) for s in found.strata for a in arms)
        return sum(found.n[a] for a in arms) if found.n and all(a in found.n for a in arms) else None
