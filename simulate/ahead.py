"""The first run on a machine: the kernel is compiled by a second process while this one does what needs no kernel.

Compiling takes as long as much else of a first run together. The second process leaves the machine code in the kernel's
cache (`simulate.kernel.jit`); should it fail, the kernel is compiled where it is first called, as ever. Nothing here
changes a result: what is done early is remembered and would be done later.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulate.scenario import Scenario
    from simulate.scenario.pathways import PathwayScenario

PATIENCE = 120.0  # seconds after which this process compiles for itself


@contextmanager
def compiling(threads: int | None = None) -> Iterator[Callable[[], None] | None]:
    """Compile the kernel in a second process; gives what waits for it, or None where there is nothing to wait for.

    The second process ends with the block. There is none where the kernel is compiled already or could not be kept, or
    where one processor (or one of `threads`) has to do all the work anyway.
    """
    process = _start() if _worthwhile(threads) else None
    if process is None:
        yield None
        return

    def wait() -> None:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()

    try:
        yield wait
    finally:
        process.kill()
        process.wait()


def _worthwhile(threads: int | None) -> bool:
    from numba import config

    from simulate.kernel.jit import cache_folder, is_cached
    from simulate.kernel.pathway import simulate_task
    from simulate.kernel.run import default_threads

    if config.DISABLE_JIT or not sys.executable or (threads or default_threads()) < 2:
        return False
    return cache_folder() is not None and not is_cached(simulate_task)


def _start() -> subprocess.Popen[bytes] | None:
    from simulate.kernel.run import announce

    announce()
    path = [str(Path(__file__).resolve().parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "simulate.ahead"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
        )
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


def compile_kernel() -> None:
    """Compile every entry point and leave it in the cache; for a process that does nothing else."""
    import numpy as np

    from simulate.kernel.jit import helpers_without_wrappers

    gc.disable()  # a compiler keeps nearly everything it makes
    helpers_without_wrappers()
    from simulate.cohort import simulate_counts
    from simulate.kernel.counts import exact_table
    from simulate.model.types import ArmModel, Distribution, JointModel

    time = Distribution("exponential", (10.0,))
    model = JointModel("any", ("arm",), ("all",), {"arm": (1.0,)}, {("arm", "all"): ArmModel(time, 0.5, time)})
    simulate_counts(model, ("arm",), patients=1, seed=1, threads=1)
    exact_table(np.ones(1), np.ones(1, bool))


if __name__ == "__main__":
    compile_kernel()
