"""What an evaluation is made of, from a scenario of one trial's arms or of pathways with one line."""

from __future__ import annotations

from simulate.economics.case import Case, asked, prepare
from simulate.economics.composite import Composite, composite
from simulate.economics.composite_events import Given
from simulate.economics.networked import networked
from simulate.evidence.setting import regimens_of
from simulate.evidence.strategy_schema import LINES
from simulate.scenario.pathways import PathwayScenario
from simulate.scenario.scenario import Scenario

FOLLOW_UP = 36.0  # months an analyst sees where no data cut is named


def case_of(scenario: Scenario | PathwayScenario) -> Case:
    """What is evaluated, put together.

    Raises
    ------
    InputError : the scenario says nothing of costs, or anything wrong with the files it names.
    """
    if isinstance(scenario, PathwayScenario):
        return _of_pathways(scenario)
    arms = {k: scenario.arm(k) for k in scenario.strategies}
    cuts = [cutoff for _, cutoff, _ in scenario.follow_up.values()]
    enrolled = {arm: sum(v.n[arm] for v in scenario.trial.strata.values()) for arm in scenario.trial.arms}
    follow_up = min(max(cuts, default=FOLLOW_UP), scenario.file.horizon)
    network = asked(scenario.file).network
    if network is None:
        return prepare(scenario.file, scenario.library, scenario.calibrate(), arms, scenario.mix, follow_up, enrolled)
    survival = networked(scenario.file, network, scenario.library, scenario.calibrate(), arms, follow_up)
    enrolled |= {new: enrolled[arms[s]] for s, new in survival.arms.items()}
    return prepare(scenario.file, scenario.library, survival, {**arms, **survival.arms}, scenario.mix, follow_up,
                   enrolled)  # fmt: skip


def _of_pathways(scenario: PathwayScenario) -> Case:
    """Strategies of regimens: their evidence put together; what an analyst sees is the baseline's follow-up."""
    asked(scenario.file)  # before anything is assembled
    survival = composite(scenario.id, scenario.strategies, scenario.plan, _given(scenario))
    arms = {s: s for s in scenario.strategies}
    patients = {s: _patients(survival, s) for s in scenario.strategies}
    follow_up = min(_follow_up(scenario), scenario.file.horizon)
    return prepare(scenario.file, scenario.library, survival, arms, survival.mix, follow_up, patients)


def _given(scenario: PathwayScenario) -> dict[str, Given]:
    """What each strategy's patients get, as it is priced."""
    question = asked(scenario.file)
    out = {}
    for s in scenario.strategies:
        added = question.added.get(s, {})
        out[s] = Given({k: v for k, v in regimens_of(scenario.file, s).items() if k not in added}, added)
    return out


def _patients(survival: Composite, strategy: str) -> int:
    """Patients of the trials' arms behind a strategy, the fewest where it gives several regimens."""
    evidence, found = survival.plan.lines.evidence, []
    for name in {p.regimen for (s, _), p in survival.placings.items() if s == strategy}:
        own = evidence.regimen(name).evidence
        arm, trial = own.arm, own.trial
        for anchor in evidence.regimen(name).effects if trial is None else ():
            arm, trial = anchor.arm, anchor.trial
        if trial is not None and arm is not None:
            strata = evidence.library.trial(trial).strata.values()
            found.append(sum(v.n[arm] for v in strata))
    return min(found, default=1)


def _follow_up(scenario: PathwayScenario) -> float:
    """Longest follow-up of the trial that carries the level of survival."""
    lines = scenario.plan.lines
    base = lines.baseline(LINES[0])
    trial = lines.evidence.regimen(base).evidence.trial if base is not None else None
    if trial is None:
        return FOLLOW_UP
    own = lines.evidence.library.trial(trial)
    names = {own.calibration.cuts.get(e) for e in ("os", "pfs")} - {None}
    return max((own.cuts[n].cutoff for n in names if n in own.cuts), default=FOLLOW_UP)
