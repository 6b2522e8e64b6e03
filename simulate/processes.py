"""Independent pieces of work shared among processes: the same answers in the same order, sooner.

The helpers are fresh interpreters that take one piece at a time through a pipe. `multiprocessing` would import the
user's own script again in each of them, which a script must be written for; here a script or a notebook need not know.
A piece that a helper cannot do or does not bring back is done by this process, so no answer depends on how many helpers
there are, and an error is raised where it can be read.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any, BinaryIO, TypeVar

from simulate.hashes import code_key

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")

MOST = 8  # helpers: each holds its own copy of the libraries, some 150 MB
WORTHWHILE = 1.0  # seconds of work for each process, below which a helper takes longer to start than it helps
PATIENCE = 60.0  # seconds for the last answer of a helper, after which its piece is done here
_busy: list[subprocess.Popen[bytes]] = []  # further processes of this program, each with a processor of its own
_limit: ContextVar[int | None] = ContextVar("processors", default=None)


def fresh(module: str, *arguments: str, variables: Mapping[str, str] = {}, **pipes: Any) -> subprocess.Popen[bytes]:
    """Start `python -m module` with this very package and these libraries; OSError where that cannot be.

    The current folder is left out: what lies there by chance is not run.
    """
    if not sys.executable or getattr(sys, "frozen", False):  # a program that is not Python would start itself again
        raise OSError("no interpreter of one's own")
    root, path = str(Path(__file__).resolve().parent.parent), [p for p in sys.path if p]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path if root in path else [root, *path]), **variables},
        **{"stdin": quiet, "stdout": quiet, "stderr": quiet, **pipes},
    )


@contextmanager
def elsewhere(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While the block runs, and as long as the process does, that has a processor of its own."""
    _busy.append(process)
    try:
        yield
    finally:
        _busy.remove(process)


@contextmanager
def limited(processors: int | None) -> Iterator[None]:
    """Within the block no more processors are used than these; None changes nothing."""
    if processors is None:
        yield
        return
    token = _limit.set(processors)
    try:
        yield
    finally:
        _limit.reset(token)


@cache
def greeting() -> tuple[str, ...]:
    """What a helper must have in common with this process: the code and the libraries that answers rest on."""
    return (code_key(), sys.version, *(version(name) for name in ("numpy", "scipy", "pydantic")))


def each(function: Callable[[Piece], Answer], pieces: Iterable[Piece]) -> list[Answer]:
    """``[function(piece) for piece in pieces]`` on every processor that this process may use.

    Parameters
    ----------
    function : of a module of this package (it is found by its name); nothing it does may matter but what it returns.
    pieces : of data that can be pickled, as the answers.
    """
    asked = list(pieces)
    todo = deque(enumerate(asked))
    answers: dict[int, Answer] = {}
    helpers: list[_Helper] = []
    spent, own = 0.0, 0
    try:
        while todo:
            left = spent / max(own, 1) * len(todo)
            with suppress(OSError, RuntimeError):  # no more processes, no more threads
                while len(helpers) < _worthwhile(left):
                    helpers.append(_Helper(function.__module__))
                    helpers[-1].start(function, todo, answers)
            try:
                i, piece = todo.popleft()
            except IndexError:  # a helper was quicker
                break
            began = perf_counter()
            try:
                answers[i] = function(piece)
            except Exception:
                todo.clear()  # below, the first piece with an error raises its own
            spent, own = spent + perf_counter() - began, own + 1
        for helper in helpers:
            helper.finish()
    finally:
        for helper in helpers:
            helper.end()
    return [answers[i] if i in answers else function(piece) for i, piece in enumerate(asked)]


def _worthwhile(seconds: float) -> int:
    """Helpers that so much work is worth, at this moment."""
    from simulate.kernel.run import default_threads

    free = (_limit.get() or default_threads()) - 1 - sum(p.poll() is None for p in _busy)
    return min(free, MOST, int(seconds / WORTHWHILE))


class _Helper:
    """A process that answers, and the thread that asks it."""

    def __init__(self, module: str) -> None:
        alone = {"NUMBA_NUM_THREADS": "1"}  # it has one processor, and no helpers of its own
        self.process = fresh(__name__, module, variables=alone, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.thread: Thread | None = None
        self.asked = False

    def start(
        self, function: Callable[[Piece], Answer], todo: deque[tuple[int, Piece]], answers: dict[int, Answer]
    ) -> None:
        """Give it pieces as long as there are any."""
        thread = Thread(target=self._ask, args=(function, todo, answers), daemon=True)
        thread.start()
        self.thread = thread

    def _ask(
        self, function: Callable[[Piece], Answer], todo: deque[tuple[int, Piece]], answers: dict[int, Answer]
    ) -> None:
        questions, replies = self.process.stdin, self.process.stdout
        assert questions is not None
        assert replies is not None
        with suppress(OSError, EOFError, pickle.PickleError, IndexError):
            if pickle.load(replies) != greeting():  # noqa: S301 - from a process of our own
                return
            self.asked = True
            while True:
                i, piece = todo.popleft()
                pickle.dump((function, piece), questions)
                questions.flush()
                done, answer = pickle.load(replies)  # noqa: S301 - from a process of our own
                if done:
                    answers[i] = answer

    def finish(self) -> None:
        """Wait for the answer that it owes, if it owes any."""
        if self.asked and self.thread is not None:
            self.thread.join(PATIENCE)

    def end(self) -> None:
        """Leave nothing of it behind, whatever it was doing."""
        self.process.kill()
        self.process.wait()
        if self.thread is not None:
            self.thread.join()  # what it waited for has ended
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(OSError):  # a question that was never read
                pipe.close()


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Greet, then answer every question until there are no more; what a helper does."""

    def say(what: object) -> None:
        pickle.dump(what, answers)
        answers.flush()

    say(greeting())
    while True:
        try:
            function, piece = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        try:
            reply = (True, function(piece))
        except Exception:
            reply = (False, None)  # the other side does it again and raises the error itself
        say(reply)


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer
    for name in sys.argv[1:]:
        import_module(name)  # before it greets: until then it is given nothing
    serve(sys.stdin.buffer, channel)
