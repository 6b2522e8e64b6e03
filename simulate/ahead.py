"""The first run on a machine: the kernel is compiled by a second process while this one does what needs no kernel.

Compiling takes as long as much else of a first run together. The second process leaves the machine code in the kernel's
cache (`simulate.kernel.jit`); should it fail, the kernel is compiled where it is first called, as ever. Nothing here
changes a result: what is done early is remembered and would be done later.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulate.processes import elsewhere, fresh, limited

if TYPE_CHECKING:
    from simulate.scenario import Scenario
    from simulate.scenario.pathways import PathwayScenario

PATIENCE = 120.0  # seconds after which this process compiles for itself
COHORTS, DRAWS = PARTS = "cohorts", "draws"  # what `run` calls of the kernel, and what `evaluate` calls


@contextmanager
def compiling(threads: int | None = None, part: str = COHORTS) -> Iterator[Callable[[], None] | None]:
    """Compile a part of the kernel in a second process; gives what waits for it, None where there is nothing to do.

    The second process ends with the block. There is none where the kernel is compiled already or could not be kept, or
    where one processor (or one of `threads`) has to do all the work anyway.
    """
    process = _start(part) if _worthwhile(threads, part) else None
    if process is None:
        yield None
        return

    def wait() -> None:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()

    try:
        with elsewhere(process):
            yield wait
    finally:
        process.kill()
        process.wait()


def opened(
    name: str, prepared: Callable[[Any], None] | None, *, threads: int | None, part: str = COHORTS, **how: Any
) -> Any:
    """Load a scenario; where the part of the kernel that it needs is not compiled, it is `prepared` meanwhile.

    Parameters
    ----------
    name, how : as `simulate.scenario.load` takes them.
    prepared : does what it can of what is asked of the scenario; None where nothing can be done before.
    """
    with compiling(threads, part) as wait:
        from simulate.files import cache_folder
        from simulate.scenario import load
        from simulate.scenario.own import OwnScenario
        from simulate.show import progress_bar

        loaded = load(name, **how)
        if wait is not None and not isinstance(loaded, OwnScenario):  # which needs no kernel
            with progress_bar(f"{loaded.id}: calibrating"), limited(threads):
                if prepared is not None and cache_folder() is not None:  # where it would be remembered
                    prepared(loaded)
                wait()
    return loaded


def _worthwhile(threads: int | None, part: str) -> bool:
    from numba import config

    from simulate.kernel.jit import cache_folder, is_cached
    from simulate.kernel.run import default_threads

    if config.DISABLE_JIT or not sys.executable or (threads or default_threads()) < 2:
        return False
    return cache_folder() is not None and not is_cached(_entry(part))


def _entry(part: str) -> Any:
    """The entry point of a part whose compilation takes longest."""
    if part == DRAWS:
        from simulate.kernel.draws import simulate_draws

        return simulate_draws
    from simulate.kernel.pathway import simulate_task

    return simulate_task


def _start(part: str) -> subprocess.Popen[bytes] | None:
    from simulate.kernel.run import announce

    announce(_entry(part))
    try:
        return fresh("simulate.ahead", part)
    except OSError:
        return None


def prepare(scenario: Scenario | PathwayScenario, *, report: bool) -> None:
    """Do what a run of the scenario, and its `report`, need apart from the kernel; it is remembered.

    Raises
    ------
    InputError : what the run itself would raise.
    """
    from simulate.scenario import Scenario

    if not isinstance(scenario, Scenario):
        _prepare_pathways(scenario, report)
    else:
        _prepare_trial(scenario, report)
    if report:  # what writes it and what these import late
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_svg  # noqa: F401

        import simulate.report.writer  # noqa: F401
        from simulate.survival import _lifelines

        _lifelines.preload()


def _prepare_trial(scenario: Scenario, report: bool) -> None:
    from simulate.calibration.search import search
    from simulate.fidelity.withheld import leave_one_out
    from simulate.sensitivity import alternative_models, uncertainty

    calibration = scenario.calibrate()
    if report:
        alternative_models(scenario.trial, calibration)
        for strategy in scenario.strategies[1:]:
            uncertainty(calibration, scenario.question(strategy))
        leave_one_out(scenario.trial, calibration)
        search(scenario.trial)


def _prepare_pathways(scenario: PathwayScenario, report: bool) -> None:
    for strategy in scenario.strategies:
        scenario.compiled(strategy)
    scenario.integrals, scenario.subgroups  # noqa: B018 - every summary has them
    if report:
        for strategy in scenario.strategies:
            scenario.integrated(strategy)


def prepare_evaluation(scenario: Scenario | PathwayScenario, *, ranged: bool) -> None:
    """Do what an evaluation, and its range over models, needs apart from the kernel; it is remembered.

    Raises
    ------
    InputError : what the evaluation itself would raise.
    """
    from simulate.calibration import Calibration
    from simulate.economics.alternatives import all_models
    from simulate.economics.networked import Networked
    from simulate.scenario import Scenario
    from simulate.scenario.cases import case_of
    from simulate.sensitivity import alternative_models

    survival = case_of(scenario).calibration
    if not ranged or isinstance(survival, Networked):
        return
    if isinstance(survival, Calibration):
        assert isinstance(scenario, Scenario)
        all_models(scenario.trial, survival)
        return
    trials = survival.plan.lines.evidence.trials
    for name, calibration in survival.calibrations.items():
        if calibration.calibrated:
            alternative_models(trials[name], calibration)


def compile_kernel(*parts: str) -> None:
    """Compile every entry point of the parts and leave it in the cache; for a process that does nothing else."""
    from simulate.kernel.jit import helpers_without_wrappers

    gc.disable()  # a compiler keeps nearly everything it makes
    helpers_without_wrappers()
    from simulate.model.types import ArmModel, Distribution, JointModel

    time = Distribution("exponential", (10.0,))
    model = JointModel("any", ("arm",), ("all",), {"arm": (1.0,)}, {("arm", "all"): ArmModel(time, 0.5, time)})
    if COHORTS in parts:
        import numpy as np

        from simulate.cohort import simulate_counts
        from simulate.kernel.counts import exact_table

        simulate_counts(model, ("arm",), patients=1, seed=1, threads=1)
        exact_table(np.ones(1), np.ones(1, bool))
    if DRAWS in parts:
        from simulate.cohort_draws import entry_times, hazard_tables

        entry_times(hazard_tables([model], "arm", None), 1, seed=1, threads=1)


if __name__ == "__main__":
    compile_kernel(*(sys.argv[1:] or PARTS))
