"""The first run: a second process compiles, this one prepares; no result knows of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from simulate import ahead, files, load, processes
from simulate.kernel import jit, pathway, run
from simulate.scenario.evaluation import evaluate


class Process:
    """A second process that hangs until it is killed."""

    def __init__(self):
        self.killed = 0

    def wait(self, timeout=None):
        if timeout is not None and not self.killed:
            raise subprocess.TimeoutExpired("simulate", timeout)

    def kill(self):
        self.killed += 1

    def poll(self):
        return self.killed or None


@pytest.fixture
def uncompiled(monkeypatch):
    monkeypatch.setattr(jit, "is_cached", lambda _: False)
    monkeypatch.setattr(run, "default_threads", lambda: 2)


def test_a_second_process_leaves_all_that_is_called_in_the_cache(tmp_path, root):
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "simulate.ahead"], env=environment, cwd=root, check=True, timeout=300)
    compiled = {p.name.split("-")[0] for p in tmp_path.rglob("*.nbc")}
    assert {"pathway.simulate_task", "counts.add_leaves", "counts._scan_packed", "draws.simulate_draws"} <= compiled
    code = (
        "from simulate import load; from simulate.kernel import counts, pathway\n"
        "load('bevacizumab').run(patients=2000, seed=1).summary()\n"
        "from simulate.scenario.evaluation import evaluate; from simulate.kernel import draws\n"
        "evaluate(load('bevacizumab_us'), draws=2, patients=2000, draw_patients=10)\n"
        "evaluate(load('spine_sbrt_us'), draws=2, patients=2000, draw_patients=10)\n"
        "for f in (pathway.simulate_task, counts.add_leaves, counts._scan_packed, draws.simulate_draws):\n"
        "    assert not f.stats.cache_misses and len(f.signatures) == 1, f\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, check=True, timeout=300)


def test_nothing_is_started_where_the_kernel_is_compiled(monkeypatch):
    monkeypatch.setattr(jit, "is_cached", lambda _: True)
    monkeypatch.setattr(ahead, "_start", lambda _: pytest.fail("started"))
    with ahead.compiling(4) as wait:
        assert wait is None


@pytest.mark.parametrize("threads", [1, None])
def test_nothing_is_started_where_one_processor_does_all(uncompiled, monkeypatch, threads):
    monkeypatch.setattr(run, "default_threads", lambda: 1)
    monkeypatch.setattr(ahead, "_start", lambda _: pytest.fail("started"))
    with ahead.compiling(threads) as wait:
        assert wait is None


def test_nothing_is_started_where_nothing_can_be_kept(uncompiled, monkeypatch):
    monkeypatch.setattr(jit, "cache_folder", lambda: None)
    monkeypatch.setattr(ahead, "_start", lambda _: pytest.fail("started"))
    with ahead.compiling() as wait:
        assert wait is None


def test_a_process_that_hangs_is_given_up(uncompiled, monkeypatch):
    process = Process()
    monkeypatch.setattr(ahead, "_start", lambda _: process)
    with ahead.compiling() as wait:
        wait()
        assert process.killed == 1


def test_the_process_ends_with_the_block(uncompiled, monkeypatch):
    process = Process()
    monkeypatch.setattr(ahead, "_start", lambda _: process)
    with pytest.raises(KeyboardInterrupt), ahead.compiling():
        raise KeyboardInterrupt
    assert process.killed == 1


def test_a_process_that_cannot_start_is_done_without(uncompiled, monkeypatch, capsys):
    def refuse(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(processes.subprocess, "Popen", refuse)
    with ahead.compiling() as wait:
        assert wait is None


@pytest.mark.parametrize("name", ["bevacizumab_second_line", "palliative_radiotherapy"])
def test_what_is_prepared_is_what_a_run_would_do(name, private_cache, tmp_path):
    plain = load(name).run(patients=2000, seed=3)
    plain.save(tmp_path / "plain")
    prepared = load(name)
    ahead.prepare(prepared, report=True)
    prepared.run(patients=2000, seed=3).save(tmp_path / "prepared")
    for file in ("summary.json", "model.json", "contrasts.csv"):
        assert (tmp_path / "plain" / file).read_bytes() == (tmp_path / "prepared" / file).read_bytes()


@pytest.mark.slow
def test_what_is_prepared_is_what_an_evaluation_would_do(private_cache):
    """Nothing is calibrated that was not, and the answer is the same."""
    how = {"draws": 20, "patients": 2000, "draw_patients": 20, "model_range": True}
    ahead.prepare_evaluation(load("second_line_us"), ranged=True)
    kept = {p.name for kind in ("calibration", "alternatives") for p in (private_cache / kind).iterdir()}
    prepared = evaluate(load("second_line_us"), **how).summary()
    after = {p.name for kind in ("calibration", "alternatives") for p in (private_cache / kind).iterdir()}
    assert kept == after
    shutil.rmtree(private_cache)
    assert evaluate(load("second_line_us"), **how).summary() == prepared


def test_nothing_is_prepared_that_would_not_be_remembered(uncompiled, monkeypatch):
    monkeypatch.setattr(ahead, "_start", lambda _: Process())
    asked = []
    monkeypatch.setattr(files, "cache_folder", lambda: None)
    ahead.opened("bevacizumab", asked.append, threads=2)
    assert asked == []
    monkeypatch.undo()
    monkeypatch.setattr(jit, "is_cached", lambda _: False)
    monkeypatch.setattr(run, "default_threads", lambda: 2)
    monkeypatch.setattr(ahead, "_start", lambda _: Process())
    ahead.opened("bevacizumab", asked.append, threads=2)
    assert [scenario.id for scenario in asked] == ["bevacizumab"]


@pytest.mark.parametrize(("entry", "left_out"), [(True, None), (False, True)])
def test_the_entry_points_stay_callable_without_wrappers_of_helpers(monkeypatch, entry, left_out):
    monkeypatch.setattr(jit, "HELPERS", {})
    jit.helpers_without_wrappers()
    found = jit.compiled(lambda x: x + 1, entry=entry)
    assert found.targetoptions.get("no_cpython_wrapper") is left_out
    assert pathway.simulate_task.targetoptions.get("no_cpython_wrapper") is None
