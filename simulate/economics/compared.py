"""The same evidence under every structure, side by side: what the form of a model does to the answer.

``clock_reset`` is the calibrated joint model integrated, ``simulation`` the same by synthetic patients, and a partition
of the joint model's own two curves must equal it (`joint_partition`). ``partitioned`` fits PFS and OS independently
over the trial's follow-up, as analysts do from published curves; ``clock_forward`` runs all clocks from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulate.cohort_draws import entry_times
from simulate.economics.amounts import Values
from simulate.economics.case import Case
from simulate.economics.outcomes import Outcomes
from simulate.economics.structures import PARAMETRIC, clock_forward, partitioned, refitted
from simulate.economics.traces import Traces, cells_of, simulated
from simulate.model.types import Distribution

Array = NDArray[np.float64]
STRUCTURES = ("simulation", "clock_reset", "clock_forward", "partitioned")
BATCHES = 20


@dataclass(frozen=True)
class Structured:
    """One strategy under one structure.

    Attributes
    ----------
    outcomes : of the strategy; of ``simulation`` one draw a batch of patients.
    traces : who is in which state when.
    fitted : endpoint → the fitted distribution, where there is one.
    misfit : endpoint → root mean squared difference (``partitioned``), or ``os`` → the largest (``clock_forward``).
    capped : share of days on which PFS had to be cut down to OS.
    """

    outcomes: Outcomes
    traces: Traces
    fitted: Mapping[str, Distribution]
    misfit: Mapping[str, float]
    capped: float = 0.0


def simulation(case: Case, strategy: str, patients: int, seed: int, threads: int | None = None) -> Structured:
    """Synthetic patients at the point calibration, in batches that give the Monte Carlo error."""
    tables = case.tables([case.model], strategy)
    batches = min(BATCHES, patients)
    size = patients // batches
    entry = entry_times(tables, batches * size, seed=seed, threads=threads)[0]
    parts = np.ascontiguousarray(entry.reshape(len(entry), batches, size).transpose(1, 0, 2))
    traces = simulated(parts, case.clock.days, held=case.others_inside)
    return Structured(case.outcomes(strategy, traces, Values.mean(case.file)), case.held(traces), {}, {})


def clock_reset_of(case: Case, strategy: str) -> Structured:
    """The joint model integrated."""
    traces = case.integrated(strategy)
    return Structured(case.outcomes(strategy, traces, Values.mean(case.file)), traces, {}, {})


def death_share(case: Case, strategy: str) -> float:
    """Share of those who leave progression-free survival who die, over the strata.

    Where deaths of other causes are in the curves from the start they are among them, to the horizon.
    """
    joint = case.curves(strategy)
    if joint.held:
        left = 1.0 - float(joint.shares[0, 0, -1])
        return float(np.clip(1.0 - joint.progressing[0].sum() / max(left, 1e-9), 0.0, 1.0))
    cells = cells_of(case.model, case.arms[strategy], case.mix)
    return float(sum(cell.death_share * share for cell, share in cells.items()))


def clock_forward_of(case: Case, strategy: str) -> Structured:
    """The cohort state-transition model whose clocks all run from the start."""
    joint = case.curves(strategy)
    # what dies of other causes from the start on has no hazard after progression that is known: it is fitted
    cells = {} if joint.held else cells_of(case.model, case.arms[strategy], case.mix)
    found = clock_forward(cells, joint.alive[0], joint.state(joint.states[0])[0], death_share(case, strategy))
    traces = replace(found.traces, held=joint.held)
    outcomes = case.outcomes(strategy, traces, Values.mean(case.file))
    return Structured(outcomes, case.held(traces), {"after progression": found.after}, {"os": found.error})


def best_fit(curve: Array, until: float) -> tuple[Distribution, float]:
    """The family that follows a curve most closely over the follow-up; ties go to the simpler one, listed first."""
    fits = [refitted(curve, family, until) for family in PARAMETRIC]
    return min(fits, key=lambda found: found[1])


def partitioned_of(case: Case, strategy: str) -> Structured:
    """PFS and OS fitted independently over the trial's follow-up."""
    joint = case.curves(strategy)
    free, alive = joint.state(joint.states[0])[0], joint.alive[0]
    pfs, pfs_misfit = best_fit(free, case.follow_up)
    os, os_misfit = best_fit(alive, case.follow_up)
    found = partitioned(pfs, os, case.clock.days, death_share(case, strategy))
    outcomes = case.outcomes(strategy, found.traces, Values.mean(case.file))
    return Structured(outcomes, case.held(found.traces), {"pfs": pfs, "os": os}, {"pfs": pfs_misfit, "os": os_misfit},
                      found.capped)  # fmt: skip


def joint_partition(case: Case, strategy: str) -> float:
    """Largest difference of costs or QALYs between clock reset and a partition of its own PFS and OS: 0 if all is well.

    The partition's shares are those curves, and its progressions are its own rule, so equality tests the bookkeeping.
    Where deaths of other causes are in the curves from the start, that rule is an approximation; the progressions are
    then those of the joint model.
    """
    joint = case.curves(strategy)
    free, alive = joint.state(joint.states[0]), joint.alive
    progressing = joint.progressing
    if not joint.held:
        progressing = (1.0 - death_share(case, strategy)) * -np.diff(free, axis=1)
    same = Traces(joint.states, np.stack([free, alive - free], axis=1), progressing, held=joint.held)
    a, b = (case.outcomes(strategy, t, Values.mean(case.file)) for t in (joint, same))
    return float(max(abs(a.cost - b.cost).max() / max(a.cost.max(), 1.0), abs(a.qaly - b.qaly).max()))


def all_structures(
    case: Case, strategy: str, patients: int, seed: int, threads: int | None = None
) -> dict[str, Structured]:
    """Every structure of one strategy, by name."""
    return {
        "simulation": simulation(case, strategy, patients, seed, threads),
        "clock_reset": clock_reset_of(case, strategy),
        "clock_forward": clock_forward_of(case, strategy),
        "partitioned": partitioned_of(case, strategy),
    }
