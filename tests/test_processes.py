"""Work shared among processes: the same answers in the same order, whatever becomes of the helpers."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from importlib import import_module

import pytest

from simulate import processes
from simulate.calibration.calibrate import _calibrated as calibrated
from simulate.calibration.calibrate import calibrate
from simulate.evidence import Library
from simulate.kernel import run

PIECES = """
import os, pathlib, time

FOLDER = pathlib.Path(__file__).parent
HOME = int(os.environ["HOME_PROCESS"])

def here(name, several):
    # wait until so many processes were here
    (FOLDER / f"{os.getpid()}.{name}").touch()
    end = time.monotonic() + 60.0
    while len(list(FOLDER.glob(f"*.{name}"))) < several and time.monotonic() < end:
        time.sleep(0.01)

def who(piece):
    time.sleep(0.02)
    if piece:  # nobody helps before the first is done
        here("met", 3)
    return piece, os.getpid()

def slow(piece):
    time.sleep(0.02)
    return piece

def dies_elsewhere(piece):
    if os.getpid() != HOME:
        (FOLDER / f"{os.getpid()}.dead").touch()
        os._exit(1)
    time.sleep(0.02)
    if piece:
        here("dead", 3)  # this one and both helpers
    return piece

def silent(piece):
    if os.getpid() != HOME:
        (FOLDER / f"{os.getpid()}.silent").touch()
        time.sleep(60.0)
    time.sleep(0.02)
    if piece:
        here("silent", 3)
    return piece

def fails_at_seven(piece):
    time.sleep(0.02)
    print("this is no answer")
    if piece == 7:
        raise KeyError("seven")
    return piece

def free(piece):
    from simulate import processes
    time.sleep(0.02)
    if piece:
        here("free", 3)
    return os.getpid(), processes._worthwhile(1e9)

def fails_by_index(piece):
    time.sleep(0.02)
    if piece >= 5:
        raise IndexError(f"no {piece}")
    return piece

def interrupted(piece):
    time.sleep(0.02)
    if piece == 30:
        raise KeyboardInterrupt
    return piece
"""


@pytest.fixture
def pieces(tmp_path, monkeypatch):
    """A module that helpers find too, on a machine of three processors where any work is worth a helper."""
    (tmp_path / "some_pieces.py").write_text(PIECES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("HOME_PROCESS", str(os.getpid()))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(run, "default_threads", lambda: 3)
    monkeypatch.setattr(processes, "WORTHWHILE", 0.01)
    monkeypatch.delitem(sys.modules, "some_pieces", raising=False)
    return import_module("some_pieces")


@pytest.fixture
def started(monkeypatch):
    """Every process that is started."""
    found = []
    plain = processes.fresh

    def noted(*arguments, **pipes):
        found.append(plain(*arguments, **pipes))
        return found[-1]

    monkeypatch.setattr(processes, "fresh", noted)
    return found


def test_answers_come_in_order_from_several_processes(pieces, started):
    answers = processes.each(pieces.who, range(12))
    assert [number for number, _ in answers] == list(range(12))
    assert {pid for _, pid in answers} == {os.getpid(), *(p.pid for p in started)}
    assert len(started) == 2
    assert all(p.poll() is not None for p in started), "a helper was left running"


def test_helpers_have_no_helpers(pieces):
    found = dict(processes.each(pieces.free, range(12)))
    assert found.pop(os.getpid()) == 2
    assert list(found.values()) == [0, 0]


def test_nothing_to_do_starts_nothing(started):
    assert processes.each(str, []) == []
    assert started == []


@pytest.mark.parametrize("processors", [1, 2])
def test_a_user_may_limit_the_processors(pieces, started, processors):
    with processes.limited(processors), processes.limited(None):
        processes.each(pieces.slow, range(20))
    assert len(started) == processors - 1
    processes.each(pieces.slow, range(20))
    assert len(started) == processors + 1  # as before the block


def test_another_process_of_the_program_keeps_its_processor(pieces, started):
    busy = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with processes.elsewhere(busy):
        processes.each(pieces.slow, range(20))
        assert len(started) == 1
        busy.communicate(b"\n")
        processes.each(pieces.slow, range(20))
        assert len(started) == 3  # its processor is free again


def test_little_work_is_done_at_once(pieces, started, monkeypatch):
    monkeypatch.setattr(processes, "WORTHWHILE", 1000.0)
    processes.each(pieces.slow, range(3))
    assert started == []


def test_what_a_dead_helper_had_is_done_here(pieces, started):
    assert processes.each(pieces.dies_elsewhere, range(12)) == list(range(12))
    assert [p.returncode for p in started] == [1, 1]


def test_an_error_is_raised_as_if_there_were_no_helpers(pieces, started):
    with pytest.raises(KeyError, match="seven"):
        processes.each(pieces.fails_at_seven, [*range(8, 20), 7])
    assert all(p.poll() is not None for p in started)


def test_the_error_is_that_of_the_first_piece_that_has_one(pieces, started):
    for _ in range(3):
        with pytest.raises(IndexError, match="no 5"):
            processes.each(pieces.fails_by_index, range(30))


def test_an_interrupt_ends_the_helpers(pieces, started):
    with pytest.raises(KeyboardInterrupt):
        processes.each(pieces.interrupted, [*range(8), *[30] * 8])
    assert len(started) == 2
    assert all(p.poll() is not None for p in started)


def test_a_machine_without_further_processes_does_all_here(pieces, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(processes.subprocess, "Popen", refuse)
    assert processes.each(pieces.slow, range(9)) == list(range(9))


def test_a_machine_without_further_threads_does_all_here(pieces, started, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(processes.Thread, "start", refuse)
    assert processes.each(pieces.slow, range(9)) == list(range(9))
    assert all(p.poll() is not None for p in started)


@pytest.mark.parametrize("program", ["import time; time.sleep(60)", "print('something else')", "raise SystemExit(3)"])
def test_a_program_that_is_no_helper_is_not_waited_for(pieces, monkeypatch, program):
    """Where Python is part of another program, `sys.executable` may be that."""
    monkeypatch.setattr(
        processes, "fresh", lambda *_, variables, **pipes: subprocess.Popen([sys.executable, "-c", program], **pipes)
    )
    assert processes.each(pieces.slow, range(9)) == list(range(9))


@pytest.mark.parametrize(("name", "value"), [("executable", ""), ("frozen", True)])
def test_a_program_that_is_not_python_starts_nothing(pieces, monkeypatch, name, value):
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *_, **__: pytest.fail("started"))
    assert processes.each(pieces.slow, range(9)) == list(range(9))


def test_a_helper_of_other_code_is_given_nothing(pieces, started, monkeypatch):
    monkeypatch.setattr(processes, "greeting", lambda: ("another version",))
    assert processes.each(pieces.slow, range(9)) == list(range(9))
    assert len(started) == 2


def test_a_helper_that_falls_silent_is_given_up(pieces, started, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    assert processes.each(pieces.silent, range(12)) == list(range(12))
    assert all(p.poll() is not None for p in started)


def test_what_lies_in_the_current_folder_is_not_run(tmp_path, monkeypatch):
    """A folder with another checkout, or a file named as a module of the library, must not change an answer."""
    (tmp_path / "simulate").mkdir()
    for name in ("simulate/__init__", "simulate/processes", "types", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')\n")
    monkeypatch.chdir(tmp_path)
    helper = processes.fresh("simulate.processes", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    helper.stdin.close()
    assert pickle.load(helper.stdout) == processes.greeting()
    assert helper.wait(timeout=30) == 0
    helper.stdout.close()


def test_a_helper_answers_until_nobody_asks():
    questions, answers = io.BytesIO(), io.BytesIO()
    for question in ((abs, -2), (int, "x"), (abs, -3)):
        pickle.dump(question, questions)
    questions.seek(0)
    processes.serve(questions, answers)
    answers.seek(0)
    assert [pickle.load(answers) for _ in range(4)] == [processes.greeting(), (True, 2), (False, None), (True, 3)]


def test_a_script_needs_no_guard(tmp_path, root):
    """Where each helper would run the script again, this one would never end."""
    script = tmp_path / "script.py"
    script.write_text(
        "from simulate import processes\n"
        "from simulate.kernel import run\n"
        "run.default_threads = lambda: 2\n"
        "processes.WORTHWHILE = 1e-9\n"
        "print(processes.each(abs, range(-2000, 0))[:3])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("[2000, 1999, 1998]\n", "")


def test_a_helper_ends_with_its_master():
    helper = processes.fresh("simulate.processes", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    helper.stdin.close()
    assert helper.wait(timeout=30) == 0
    helper.stdout.close()


def test_a_calibration_is_the_same_from_a_helper(private_cache, monkeypatch):
    trial = Library().trial("jcog0505")
    here = calibrate(trial)
    monkeypatch.setenv("SIMULATE_CACHE", str(private_cache / "another"))  # it has to calibrate itself
    helper = processes.fresh("simulate.processes", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pickle.dump((calibrated, (trial, here.spec)), helper.stdin)
    helper.stdin.close()
    assert pickle.load(helper.stdout) == processes.greeting()
    done, there = pickle.load(helper.stdout)
    assert helper.wait(timeout=30) == 0
    helper.stdout.close()
    assert done
    assert there.model == here.model
    assert there.posterior.to_dict() == here.posterior.to_dict()
    assert list((private_cache / "another" / "calibration").iterdir())
