"""What a scenario file may say: a question, the strategies compared, and how the run is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr

from simulate.evidence.economics_schema import EconomicQuestion
from simulate.evidence.fields import Id, Model, Positive, PositiveCount, Slug, Text
from simulate.evidence.limits import MAX_PATIENTS
from simulate.evidence.money_schema import Rate
from simulate.evidence.own_schema import OwnModel
from simulate.evidence.pathway_schema import LaterLine, Scans, SelectionBias, Supportive
from simulate.evidence.strategy_schema import Rules

if TYPE_CHECKING:
    from simulate.evidence.library import Library

# The states the model layer knows; a pathway says which transitions between them exist.
STATES = ("progression_free", "post_progression", "dead")
ILLNESS_DEATH: dict[str, tuple[str, ...]] = {
    "progression_free": ("post_progression", "dead"),
    "post_progression": ("dead",),
    "dead": (),
}
MAX_SEED = 2**64 - 1
NO_COMPARATOR = "none"


class Strategy(Model):
    """What is compared, and how it is named in results.

    Exactly one of: `arm` of the scenario's trial; `regimen` for everyone, in the first line; `follow`, the id of a
    strategy file; `lines`, rules of one's own for each line. Later lines of a `regimen` are those of the era.
    `comparator` is the strategy it is held against instead of the scenario's; `none` for other patients, who stand
    beside the others and are compared with nobody.
    """

    label: Text
    arm: Id | None = None
    regimen: Id | None = None
    follow: Id | None = None
    lines: dict[Id, Rules] | None = None
    comparator: Id | None = None


class Discounting(Model):
    """Yearly rates; `continuous` discounts each moment, `yearly` each whole year."""

    costs: Rate = 0.0
    effects: Rate = 0.0
    method: Literal["continuous", "yearly"] = "continuous"


class Scenario(Model):
    """One question put to the model.

    With a `trial` its strategies are arms of that trial and its `population` one of the trial's. Without, it is a
    scenario of pathways: strategies are regimens or policies and `population` is a file of patients. Then `baseline` is
    the regimen whose trial carries the absolute level of the first line; other regimens enter through randomised
    comparisons, and one that is not connected must be named in `unanchored`. `evidence_population` are the patients of
    the trials, among whom their curves hold. `by` names covariates for whose levels results are shown apart.
    """

    id: Id
    title: Text
    question: Text | None = None
    trial: Id | None = None
    population: Id = "all"
    evidence_population: Id | None = None
    baseline: Id | None = None
    unanchored: tuple[Id, ...] = ()
    later_lines: dict[Id, LaterLine] = Field(default_factory=dict)
    supportive_care: Supportive = Supportive()
    life_table: Id | None = None
    selection_bias: tuple[SelectionBias, ...] = ()
    scans: Scans | None = None
    by: tuple[Id, ...] = ()
    strategies: dict[Id, Strategy] = Field(min_length=1)
    comparator: Id
    pathway: dict[Id, tuple[Id, ...]] = Field(default_factory=lambda: dict(ILLNESS_DEATH))
    horizon: Positive = 120.0
    patients: Annotated[int, Field(strict=True, ge=1, le=MAX_PATIENTS)] = 100_000
    seed: Annotated[int, Field(strict=True, ge=0, le=MAX_SEED)] = 1
    landmarks: tuple[Positive, ...] = (12.0, 24.0)
    rmst: dict[Id, Positive] = Field(default_factory=lambda: {"os": 36.0, "pfs": 24.0})
    follow_up: dict[Id, Id] = Field(default_factory=dict)
    discounting: Discounting = Discounting()
    trial_like_n: PositiveCount | None = None
    economics: EconomicQuestion | None = None
    own_model: OwnModel | None = None
    limits: tuple[Text, ...] = ()
    assumptions: tuple[Text, ...] = ()
    sources: tuple[Slug, ...] = ()
    _folder: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path | None:
        """Where its file lies, and the files that it names; None of a scenario that was not read from a file."""
        return self._folder

    def in_folder(self, folder: Path | None) -> None:
        """Say where its file lies: no part of what the file says."""
        self._folder = folder

    @property
    def comparators(self) -> dict[str, str | None]:
        """Strategy to what it is held against; None for the comparator itself and for strategies held against none."""
        out: dict[str, str | None] = {}
        for name, strategy in self.strategies.items():
            alone = name == self.comparator or strategy.comparator == NO_COMPARATOR
            out[name] = None if alone else strategy.comparator or self.comparator
        return out

    def with_overrides(self, overrides: Mapping[str, str], library: Library | None = None) -> Scenario:
        """A copy with fields replaced, as ``--set key=value`` asks.

        Parameters
        ----------
        overrides : dotted field to the text of its value, a YAML scalar or flow collection:
            ``{"patients": "1000000", "discounting.costs": "0.03", "landmarks": "[12, 24, 36]"}``.
        library : where given, the copy is also checked against the trial it asks about.

        Raises
        ------
        InputError : every unknown field and impossible value at once, each under its option.
        """
        from simulate.evidence.overrides import override_scenario

        return override_scenario(self, overrides, library)
