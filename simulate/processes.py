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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any, BinaryIO, TypeVar

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")

MOST = 8  # helpers: each holds its own copy of the libraries, some 150 MB
WORTHWHILE = 1.0  # seconds of work for each process, below which a helper takes longer to start than it helps
_busy: list[subprocess.Popen[bytes]] = []  # further processes of this program, each with a processor of its own
_limit: list[int] = []  # processors, as the user wishes


def fresh(module: str, *arguments: str, **pipes: Any) -> subprocess.Popen[bytes]:
    """Start `python -m module` of this very package; OSError where that cannot be."""
    path = [str(Path(__file__).resolve().parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
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


def limit(processors: int | None) -> int | None:
    """Use no more than so many processors from now on (None: all there are); returns what it was given."""
    _limit[:] = [] if processors is None else [processors]
    return processors


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
    helpers: list[subprocess.Popen[bytes]] = []
    threads: list[Thread] = []
    spent, own = 0.0, 0
    try:
        while todo:
            left = spent / max(own, 1) * len(todo)
            while len(helpers) < _worthwhile(left) and (helper := _helper()) is not None:
                helpers.append(helper)
                threads.append(Thread(target=_fed, args=(helper, function, todo, answers), daemon=True))
                threads[-1].start()
            with suppress(IndexError):  # a helper was quicker
                i, piece = todo.popleft()
                began = perf_counter()
                answers[i] = function(piece)
                spent, own = spent + perf_counter() - began, own + 1
        for thread in threads:
            thread.join()
    finally:
        for helper, thread in zip(helpers, threads, strict=True):
            _ended(helper, thread)
    return [answers[i] if i in answers else function(piece) for i, piece in enumerate(asked)]


def _worthwhile(seconds: float) -> int:
    """Helpers that so much work is worth, at this moment."""
    from simulate.kernel.run import default_threads

    free = min([default_threads(), *_limit]) - 1 - sum(p.poll() is None for p in _busy)
    return min(free, MOST, int(seconds / WORTHWHILE))


def _helper() -> subprocess.Popen[bytes] | None:
    """A helper that waits for pieces; None where there can be none."""
    try:
        return fresh(__name__, stdin=subprocess.PIPE, stdout=subprocess.PIPE) if sys.executable else None
    except OSError:
        return None


def _ended(helper: subprocess.Popen[bytes], thread: Thread) -> None:
    """Leave nothing of a helper behind, whatever it was doing."""
    helper.kill()
    helper.wait()
    thread.join()  # what it waited for has ended
    for pipe in (helper.stdin, helper.stdout):
        assert pipe is not None
        with suppress(OSError):  # a question that was never read
            pipe.close()


def _fed(
    helper: subprocess.Popen[bytes],
    function: Callable[[Piece], Answer],
    todo: deque[tuple[int, Piece]],
    answers: dict[int, Answer],
) -> None:
    """Give a helper pieces until there are none, or until it is gone: what it has then is left to this process."""
    assert helper.stdin is not None
    assert helper.stdout is not None
    with suppress(OSError, EOFError, pickle.PickleError, IndexError):
        while True:
            i, piece = todo.popleft()
            pickle.dump((function, piece), helper.stdin)
            helper.stdin.flush()
            done, answer = pickle.load(helper.stdout)  # noqa: S301 - from a process of our own
            if done:
                answers[i] = answer


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer every question until there are no more; what a helper does."""
    while True:
        try:
            function, piece = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        try:
            reply = (True, function(piece))
        except Exception:
            reply = (False, None)  # the other side does it again and raises the error itself
        pickle.dump(reply, answers)
        answers.flush()


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer
    serve(sys.stdin.buffer, channel)
