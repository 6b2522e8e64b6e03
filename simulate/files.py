"""Files that are either whole or absent: atomic writes, output folders, hashes and a small disk cache."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from simulate.errors import InputError, input_error
from simulate.hashes import code_key, content_key, plain, sha256_of

__all__ = [
    "Content",
    "OutputFolder",
    "atomic_write",
    "cache_folder",
    "cached_json",
    "code_key",
    "content_key",
    "plain",
    "sha256_of",
]

Content = str | bytes | Callable[[BinaryIO], object]

_ADVICE = {
    errno.ENOSPC: "Free some space or choose another folder with --out.",
    errno.EDQUOT: "Free some space or choose another folder with --out.",
    errno.EFBIG: "The file would exceed the size limit set here; save less.",
    errno.EACCES: "Choose a folder you may write to.",
    errno.EPERM: "Choose a folder you may write to.",
    errno.EROFS: "Choose a folder you may write to.",
    errno.ENOTDIR: "A part of the path is a file, not a folder.",
    errno.EEXIST: "A part of the path is a file, not a folder.",
}


def _output_error(path: Path, error: OSError) -> InputError:
    """The clear message for a failed write; what was there before is untouched."""
    reason = error.strerror or str(error)
    return input_error(
        f"cannot be written ({reason}); nothing was left half-written.",
        file=str(path),
        advice=_ADVICE.get(error.errno or 0, ""),
    )


# ------------------------------------------------------------------------------------------------ one file
def atomic_write(path: str | os.PathLike[str], content: Content) -> Path:
    """Write one file so that it is whole or absent, whatever happens meanwhile.

    The bytes go to a temporary name in the same folder, reach the disk, and are renamed into place. On any exception,
    an interrupt included, the temporary file goes and an older `path` stays as it was.

    Parameters
    ----------
    path : where the file goes; missing folders are made.
    content : text (written as UTF-8), bytes, or a function that writes into the open binary file it is given.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InputError
        when the file cannot be written: a full disk, a folder in its place, no permission.
    """
    target = Path(path)
    try:
        return _write(target, content)
    except OSError as error:
        raise _output_error(target, error) from error


def _write(target: Path, content: Content) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return target


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


# ------------------------------------------------------------------------------------------------ a folder of files
class OutputFolder:
    """A set of outputs that appears all at once, after the last of them was written.

    Inside ``with OutputFolder(path) as folder:`` files go to a temporary folder beside the target. When the block ends
    well they move into place: by one rename where the target is new, else file by file, each whole. When it does not,
    the temporary folder goes and the target stays as it was, absent included.

    Parameters
    ----------
    path : the target folder; missing parents are made. May hold older outputs, which are replaced.
    replaces : names or patterns of outputs (``"patients.parquet"``, ``"*.csv"``) that are removed from the target when
        this run does not write them, so that results of two runs never lie side by side.

    Raises
    ------
    InputError
        when the target is a file, cannot be written or runs out of space.
    """

    def __init__(self, path: str | os.PathLike[str], *, replaces: Iterable[str] = ()) -> None:
        self.target = Path(path)
        self._replaces = tuple(replaces)
        self._staging: Path | None = None
        self._made: list[Path] = []

    def __enter__(self) -> OutputFolder:
        try:
            self._open()
        except OSError as error:
            self._discard()
            raise _output_error(self.target, error) from error
        return self

    def _open(self) -> None:
        if self.target.exists() and not self.target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder")
        resolved = self.target.resolve()
        parent = resolved.parent
        for folder in reversed([parent, *parent.parents]):
            if not folder.exists():
                folder.mkdir()
                self._made.append(folder)
        name = f".{resolved.name[:100]}."
        if resolved.is_dir():
            # Fails here, before any work is done, when the target cannot be written.
            with tempfile.TemporaryFile(dir=resolved):
                pass
            if parent.stat().st_dev != resolved.stat().st_dev or not os.access(parent, os.W_OK):
                parent = resolved
        self._staging = Path(tempfile.mkdtemp(prefix=name, suffix=".part", dir=parent))
        self._staging.chmod(0o777 & ~_umask())

    def path(self, name: str | os.PathLike[str]) -> Path:
        """Where to write `name` for now: for libraries that open their files themselves.

        Examples
        --------
        ``figure.savefig(folder.path("km_os.png"))``
        """
        if self._staging is None:
            raise RuntimeError("an OutputFolder is written inside its with block")
        relative = Path(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            raise ValueError(f"{str(name)!r} is not a name inside the output folder")
        place = self._staging / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def write(self, name: str | os.PathLike[str], content: Content) -> Path:
        """Write `content` (see `atomic_write`) to `name`; return where it will be in the end."""
        try:
            _write(self.path(name), content)
        except OSError as error:
            raise _output_error(self.target / name, error) from error
        return self.target / name

    def write_json(self, name: str | os.PathLike[str], value: object) -> Path:
        """Write `value` as indented JSON that every reader accepts (no NaN)."""
        return self.write(name, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def names(self) -> list[str]:
        """The files written so far, as names inside the folder."""
        return [] if self._staging is None else [p.relative_to(self._staging).as_posix() for p in _files(self._staging)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish()
        except OSError as problem:
            raise _output_error(self.target, problem) from problem
        finally:
            self._discard(keep_made=kind is None)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _output_error(self.target, error) from error

    def _publish(self) -> None:
        staging = self._staging
        assert staging is not None
        for file in _files(staging):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        target = self.target.resolve()
        if not target.exists():
            staging.rename(target)
            return
        written = self.names()
        for name in written:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).replace(target / name)
        for pattern in self._replaces:
            for old in target.glob(pattern):
                if old.is_file() and old.relative_to(target).as_posix() not in written:
                    old.unlink()

    def _discard(self, *, keep_made: bool = False) -> None:
        if self._staging is not None:
            shutil.rmtree(self._staging, ignore_errors=True)
            self._staging = None
        if not keep_made:
            for folder in reversed(self._made):
                with suppress(OSError):
                    folder.rmdir()
        self._made = []


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


# ------------------------------------------------------------------------------------------------ a small disk cache
def cache_folder() -> Path | None:
    """The folder for what is costly to compute, made if need be; None when there is none that can be written.

    ``$SIMULATE_CACHE``, else ``$XDG_CACHE_HOME/simulate``, else ``~/.cache/simulate``.
    """
    try:
        if named := os.environ.get("SIMULATE_CACHE"):
            folder = Path(named)
        else:
            base = os.environ.get("XDG_CACHE_HOME")
            folder = (Path(base) if base else Path.home() / ".cache") / "simulate"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):
        return None


def cached_json(kind: str, key: object, compute: Callable[[], Any]) -> Any:
    """`compute()`, or what it returned before for the same `key`.

    The value goes through JSON either way, so that a fresh and a remembered answer are equal to the bit (tuples become
    lists). A damaged, truncated or foreign entry is computed again; a cache that cannot be written is done without.

    Parameters
    ----------
    kind : a name for this sort of answer, a folder of the cache.
    key : everything the answer depends on, `code_key` of the code that computes it included.
    compute : makes the answer; anything JSON (or `plain`) can hold.
    """
    name = content_key(key)
    folder = cache_folder()
    entry = None if folder is None else folder / kind / f"{name}.json"
    if entry is not None:
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            stored = json.loads(entry.read_bytes())
            if stored["key"] == name and stored["sha256"] == content_key(stored["value"]):
                return stored["value"]
    value = json.loads(json.dumps(plain(compute())))
    if entry is not None:
        with suppress(OSError):
            _write(entry, json.dumps({"key": name, "sha256": content_key(value), "value": value}))
    return value
