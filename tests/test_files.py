"""Files are whole or absent, whatever happens while they are written."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate import files, hashes
from simulate.errors import InputError
from simulate.files import OutputFolder, atomic_write, cache_folder, cached_json, code_key, content_key, sha256_of


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def run(code: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False, **options
    )


# ------------------------------------------------------------------------------------------------ one file
def test_atomic_write_takes_text_bytes_and_a_function(tmp_path):
    assert atomic_write(tmp_path / "new" / "a.txt", "µ = 1\n").read_bytes() == "µ = 1\n".encode()
    assert atomic_write(str(tmp_path / "b"), b"\x00\x01").read_bytes() == b"\x00\x01"
    assert atomic_write(tmp_path / "c", lambda file: file.write(b"made")).read_text() == "made"
    assert names(tmp_path) == ["b", "c", "new", "new/a.txt"]


def test_atomic_write_gives_the_usual_permissions(tmp_path):
    before = os.umask(0o022)
    try:
        assert atomic_write(tmp_path / "a", "x").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, MemoryError])
def test_an_exception_while_writing_leaves_the_older_file(tmp_path, stop):
    target = atomic_write(tmp_path / "a", "old")

    def content(file):
        file.write(b"half")
        raise stop

    with pytest.raises(stop):
        atomic_write(target, content)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_at_sync_is_one_clear_message(tmp_path, monkeypatch, number):
    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="nothing was left half-written") as caught:
        atomic_write(tmp_path / "a", "x")
    assert os.strerror(number) in str(caught.value)
    assert caught.value.problems[0].file == str(tmp_path / "a")
    assert names(tmp_path) == []


def test_a_folder_in_the_way_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="directory"):
        atomic_write(tmp_path / "a", "x")
    atomic_write(tmp_path / "b", "x")
    with pytest.raises(InputError, match="a file, not a folder"):
        atomic_write(tmp_path / "b" / "c", "x")


# ------------------------------------------------------------------------------------------------ a folder of files
def test_outputs_appear_together_at_the_end(tmp_path):
    target = tmp_path / "deep" / "er" / "out"
    with OutputFolder(target) as folder:
        assert folder.write("summary.json", "{}") == target / "summary.json"
        folder.path("figures/km.png").write_bytes(b"png")
        folder.write_json("p.json", {"a": np.float64(1.5), "b": np.arange(2), "c": MappingProxyType({("x", "y"): 1})})
        assert folder.names() == ["figures/km.png", "p.json", "summary.json"]
        assert not target.exists()
    assert names(target) == ["figures", "figures/km.png", "p.json", "summary.json"]
    assert json.loads((target / "p.json").read_text()) == {"a": 1.5, "b": [0, 1], "c": {"x/y": 1}}
    assert names(target.parent) == ["out", *(f"out/{n}" for n in names(target))]


def test_a_failed_run_leaves_no_folder_not_even_its_parents(tmp_path):
    with pytest.raises(ValueError, match="boom"), OutputFolder(tmp_path / "a" / "b" / "out") as folder:
        folder.write("summary.json", "{}")
        raise ValueError("boom")
    assert names(tmp_path) == []


def test_a_failed_run_leaves_older_outputs_alone(tmp_path):
    atomic_write(tmp_path / "out" / "summary.json", "old")
    with pytest.raises(KeyboardInterrupt), OutputFolder(tmp_path / "out") as folder:
        folder.write("summary.json", "new")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["out", "out/summary.json"]
    assert (tmp_path / "out" / "summary.json").read_text() == "old"


def test_older_outputs_are_replaced_and_what_is_not_ours_stays(tmp_path):
    out = tmp_path / "out"
    for name in ("summary.json", "patients.parquet", "curves/os.csv", "notes.txt"):
        atomic_write(out / name, "old")
    with OutputFolder(out, replaces=("patients.parquet", "curves/*.csv")) as folder:
        folder.write("summary.json", "new")
        folder.write("curves/pfs.csv", "new")
    assert {n: (out / n).read_text() for n in names(out) if (out / n).is_file()} == {
        "summary.json": "new",
        "curves/pfs.csv": "new",
        "notes.txt": "old",
    }
    assert [n for n in names(tmp_path) if "part" in n] == []


def test_a_target_that_is_a_file_is_refused_before_any_work(tmp_path):
    atomic_write(tmp_path / "out", "mine")
    with pytest.raises(InputError, match="a file, not a folder"), OutputFolder(tmp_path / "out"):
        pytest.fail("the block must not run")
    with pytest.raises(InputError, match="a file, not a folder"), OutputFolder(tmp_path / "out" / "below"):
        pytest.fail("the block must not run")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/../../x", ""])
def test_a_name_cannot_climb_out(tmp_path, name):
    with pytest.raises(ValueError, match="not a name inside"), OutputFolder(tmp_path / "out") as folder:
        folder.path(name)


def test_a_full_disk_in_a_library_that_writes_itself_is_one_clear_message(tmp_path):
    with pytest.raises(InputError, match="No space left on device"), OutputFolder(tmp_path / "out") as folder:
        folder.path("half.png").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert names(tmp_path) == []


def test_the_target_may_be_the_current_folder(work):
    with OutputFolder(".") as folder:
        folder.write("a", "x")
    assert names(work) == ["a"]


WRITE_PAST_A_LIMIT = """
import resource, signal, sys
from simulate.errors import InputError
from simulate.files import OutputFolder, atomic_write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
how, target = sys.argv[1:]
try:
    if how == "file":
        atomic_write(target, b"x" * 1_000_000)
    else:
        with OutputFolder(target) as folder:
            folder.write("small", "fits")
            folder.path("large").write_bytes(b"x" * 1_000_000)
except InputError as error:
    print(error)
    sys.exit(error.exit_status)
"""


@pytest.mark.parametrize("how", ["file", "folder"])
def test_a_real_write_error_leaves_nothing(tmp_path, how):
    done = run(WRITE_PAST_A_LIMIT, how, str(tmp_path / "out"))
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stdout
    assert names(tmp_path) == []


FILL_A_DISK = """
import os, sys
from simulate.errors import InputError
from simulate.files import OutputFolder, atomic_write
disk = sys.argv[1]
atomic_write(disk + "/out/a", "old")
for content in ("new", b"x" * 1_000_000):
    try:
        with OutputFolder(disk + "/out") as folder:
            folder.write("a", content)
    except InputError as error:
        print(error)
with open(disk + "/out/a") as file:
    print(file.read(), os.listdir(disk), os.listdir(disk + "/out"))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_really_full_disk_leaves_the_older_outputs(tmp_path):
    mount = 'mount -t tmpfs -o size=256k none "$3" && exec "$1" -c "$2" "$3"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, FILL_A_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout
    assert done.stdout.splitlines()[-1] == "new ['out'] ['a']"


# ------------------------------------------------------------------------------------------------ killed
SLOW_WRITER = """
import sys, time
from simulate.files import OutputFolder
with OutputFolder(sys.argv[1]) as folder:
    folder.write("summary.json", "new")
    with folder.path("patients.parquet").open("wb") as file:
        file.write(b"half")
        file.flush()
        print("writing", flush=True)
        time.sleep(60)
"""


@pytest.mark.kill
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("older", [False, True])
def test_a_killed_run_leaves_no_half_written_output(tmp_path, how, older):
    out = tmp_path / "out"
    if older:
        atomic_write(out / "summary.json", "old")
    with subprocess.Popen([sys.executable, "-c", SLOW_WRITER, str(out)], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(how)
        process.wait(timeout=20)
    assert (names(out) if out.exists() else None) == (["summary.json"] if older else None)
    if older:
        assert (out / "summary.json").read_text() == "old"
    if how == signal.SIGINT:
        assert [n for n in names(tmp_path) if "part" in n] == []


REWRITER = """
import sys
from simulate.files import atomic_write
for i in range(10**9):
    atomic_write(sys.argv[1], str(i % 10) * 200_000)
    if i == 3:
        print("going", flush=True)
"""


@pytest.mark.kill
def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path):
    target = tmp_path / "a"
    for wait in np.linspace(0, 0.02, 8):
        with subprocess.Popen([sys.executable, "-c", REWRITER, str(target)], stdout=-1, text=True) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        text = target.read_text()
        assert len(text) == 200_000
        assert len(set(text)) == 1


# ------------------------------------------------------------------------------------------------ hashes
def test_sha256_of_bytes_and_files(tmp_path):
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / "a").write_bytes(b"")
    assert sha256_of(b"") == sha256_of(tmp_path / "a") == sha256_of(str(tmp_path / "a")) == empty


def test_content_key_sees_content_only():
    assert content_key({"a": 1, "b": [1.0, 2.0]}) == content_key({"b": np.array([1.0, 2.0]), "a": np.int64(1)})
    assert content_key({1, 2, 3}) == content_key({3, 2, 1})
    assert content_key(0.1) != content_key(math.nextafter(0.1, 1))
    assert content_key(1) != content_key("1")
    with pytest.raises(TypeError, match="has no JSON form"):
        content_key(object())
    with pytest.raises(TypeError, match="has no JSON form"):
        content_key(iter([1]))


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(trees)
def test_content_key_survives_json(tree):
    assert content_key(tree) == content_key(json.loads(json.dumps(tree)))


def test_code_key_changes_with_the_code(tmp_path, monkeypatch):
    assert code_key() == code_key()
    assert code_key("files") != code_key("errors")
    for name in ("a.py", "model/b.py", "model/deep/c.py"):
        atomic_write(tmp_path / name, "x = 1\n")
    monkeypatch.setattr(hashes, "__file__", str(tmp_path / "hashes.py"))
    before = {part: code_key(*part) for part in [(), ("a",), ("model",), ("a", "model")]}
    atomic_write(tmp_path / "model" / "deep" / "c.py", "x = 2\n")
    assert [part for part in before if code_key(*part) == before[part]] == [("a",)]
    with pytest.raises(FileNotFoundError):
        code_key("no_such_part")


# ------------------------------------------------------------------------------------------------ the cache
def test_cache_folder_order(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SIMULATE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / "home" / ".cache" / "simulate"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "simulate"
    monkeypatch.setenv("SIMULATE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIMULATE_CACHE", str(tmp_path / "file"))
    assert cache_folder() is None


def test_cached_json_computes_once_and_returns_the_same(private_cache):
    calls = []

    def compute():
        calls.append(1)
        return {"x": (0.1, math.pi), "y": np.array([1e-300])}

    first = cached_json("k", {"a": 1}, compute)
    assert cached_json("k", {"a": 1}, compute) == first == {"x": [0.1, math.pi], "y": [1e-300]}
    assert len(calls) == 1
    cached_json("k", {"a": 2}, compute)
    assert len(calls) == 2
    assert len(names(private_cache)) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b"",
        lambda b: b[: len(b) // 2],
        lambda b: b"[]",
        lambda b: b"{}",
        lambda b: b"\xff\xfe",
        lambda b: b"[" * 100_000,
        lambda b: b.replace(b"41", b"42"),
        lambda b: b'{"key": 1, "sha256": 2, "value": 3}',
    ],
)
def test_a_damaged_entry_is_computed_again(private_cache, damage):
    assert cached_json("k", 1, lambda: 41) == 41
    (entry,) = private_cache.rglob("*.json")
    entry.write_bytes(damage(entry.read_bytes()))
    assert cached_json("k", 1, lambda: 41) == 41
    assert cached_json("k", 1, lambda: pytest.fail("not remembered")) == 41


def test_no_cache_is_no_trouble(private_cache, monkeypatch):
    monkeypatch.setattr(files, "cache_folder", lambda: None)
    assert cached_json("k", 1, lambda: 41) == 41

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.undo()
    monkeypatch.setenv("SIMULATE_CACHE", str(private_cache))
    monkeypatch.setattr(os, "fsync", full)
    assert cached_json("k", 1, lambda: 41) == 41
    assert [n for n in names(private_cache) if n != "k"] == []
