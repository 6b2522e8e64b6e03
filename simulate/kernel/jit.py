"""One decorator and one cache policy for everything that is compiled.

Numba keys its cache by the file a function stands in, so editing ``families.py`` would leave a stale ``pathway.py``
kernel that returns the old answer. Here the cache folder itself is keyed by a hash of *all* kernel sources, of numba
and of Python. Where no folder can be written, nothing is cached and one message says so.

No ``fastmath``: it would let the compiler reorder sums, and results must be the same to the last bit on any machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba import config, njit, types
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": False, "error_model": "numpy", "boundscheck": False}
HELPERS: dict[str, Any] = {}  # further options of what is not an entry point
_STALE_DAYS = 30.0


@cache
def source_hash() -> str:
    """Hash of every kernel source and of the compiler, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(repr((numba.__version__, llvmlite.__version__, np.__version__, sys.version_info[:3])).encode())
    return digest.hexdigest()[:16]


def _candidates() -> list[Path]:
    """Folders to try, the user's own wish first."""
    found = []
    if config.CACHE_DIR:
        found.append(Path(config.CACHE_DIR) / "simulate")
    home = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):  # no home folder
        found.append((Path(home) if home else Path.home() / ".cache") / "simulate")
    found.append(Path(__file__).parent / "__pycache__")
    return found


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _prune(folder: Path, keep: str) -> None:
    """Drop kernels of old sources that no run has loaded for a month."""
    with contextlib.suppress(OSError):
        for old in folder.glob("kernel-*"):
            if old.name != keep and time.time() - old.stat().st_mtime > _STALE_DAYS * 86400:
                shutil.rmtree(old, ignore_errors=True)


@cache
def cache_folder() -> Path | None:
    """Folder of this version's compiled kernels, or ``None`` if nothing can be written."""
    name = f"kernel-{source_hash()}"
    for parent in _candidates():
        if _writable(parent / name):
            with contextlib.suppress(OSError):
                os.utime(parent / name)
            _prune(parent, name)
            return parent / name
    print(
        "simulate: no folder can be written to keep the compiled kernel in, so it is compiled again each time "
        "(seconds). Set NUMBA_CACHE_DIR to a folder you can write to.",
        file=sys.stderr,
    )
    return None


def helpers_without_wrappers() -> None:
    """Leave out the way from Python into helpers decorated from now on: a quarter of the compiler's work.

    For a process that calls entry points only; the machine code that it leaves in the cache is the same.
    """
    HELPERS.update(no_cpython_wrapper=True, no_cfunc_wrapper=True)


def compiled(function: Callable[..., Any] | None = None, *, inline: bool = False, entry: bool = False) -> Any:
    """Compile `function` on first call.

    Parameters
    ----------
    inline : a scalar helper, always inlined into its caller so that the caller's loop can be vectorised.
    entry : called from Python; the machine code, callees included, is kept in `cache_folder`.
    """
    if function is None:
        return lambda f: compiled(f, inline=inline, entry=entry)
    folder = cache_folder() if entry else None
    if folder is None:
        return njit(forceinline=inline, **OPTIONS, **({} if entry else HELPERS))(function)
    previous = config.CACHE_DIR
    config.CACHE_DIR = str(folder)  # read once, while the decorator runs
    try:
        return njit(cache=True, **OPTIONS)(function)
    finally:
        config.CACHE_DIR = previous


def is_cached(entry: Any) -> bool:
    """Whether `entry` was compiled before, in this process or in one that left its machine code in the cache."""
    if entry.signatures:
        return True
    folder = cache_folder()
    pattern = f"{entry.py_func.__module__.rsplit('.', 1)[-1]}.{entry.py_func.__name__}-*.nbc"
    return folder is not None and any(folder.rglob(pattern))


@intrinsic
def borrowed(typing_context, arrays):
    """The arrays of a named tuple without a reference count, for as long as the caller's own tuple lives.

    Every view and every argument of a call counts a reference with an atomic instruction, which took a fifth of the
    kernel's time. The arrays of an entry point outlive the call, so inside it nothing needs counting.
    """
    fields = list(arrays.types)

    def build(context, builder, _signature, arguments):
        out = []
        for i, kind in enumerate(fields):
            value = builder.extract_value(arguments[0], i)
            if isinstance(kind, types.Array):
                struct = context.make_array(kind)(context, builder, value)
                struct.meminfo = struct.meminfo.type(None)
                value = struct._getvalue()
            out.append(value)
        return context.make_tuple(builder, arrays, out)

    return arrays(arrays), build
