"""The wheel works where nothing of the checkout is: an empty environment, another folder, nothing writable."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


def _obey_permissions() -> None:
    """In the child, before it starts: even root may then write only where permissions say so."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def clean_environment(home: Path) -> dict[str, str]:
    """What a new user's shell holds: no checkout on the path, no cache elsewhere."""
    dropped = ("PYTHON", "VIRTUAL_ENV", "SIMULATE", "XDG", "NUMBA", "MPL", "COV_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return {**kept, "HOME": str(home)}


def call(command: Sequence[str | Path], cwd: Path, home: Path, *, powerless: bool = False, timeout: float = 600) -> str:
    """Run `command`; return what it printed on both streams."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=timeout,
        check=False,
        preexec_fn=_obey_permissions if powerless and os.geteuid() == 0 else None,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `python -m build` makes it."""
    folder = tmp_path_factory.mktemp("dist")
    call([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, root], root, folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the locked dependencies of `make demo` and the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    environment = folder / "env"
    call([sys.executable, "-m", "venv", environment], folder, folder)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    real_home = Path.home()  # for pip's download cache only
    call([*pip, "--require-hashes", "-r", root / "requirements" / "demo.txt"], folder, real_home, timeout=1200)
    call([*pip, "--no-deps", wheel], folder, real_home)
    call([environment / "bin" / "python", "-m", "pip", "check"], folder, folder)
    return environment


@contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Take the permission to write from every folder below `folders` for a while."""
    before = {p: p.stat().st_mode for top in folders for p in [top, *top.rglob("*")] if p.is_dir()}
    try:
        for folder, mode in before.items():
            folder.chmod(mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        yield
    finally:
        for folder, mode in before.items():
            folder.chmod(mode)


def check_outputs(out: Path) -> None:
    """The outputs of the main job are there and say that the wheel's own parameters were used."""
    summary = json.loads((out / "summary.json").read_text())
    assert summary["scenario"] == "bevacizumab"
    assert set(summary["strategies"]) == {"chemotherapy", "chemotherapy_bevacizumab"}
    assert (out / "report.html").stat().st_size > 10_000
    record = json.loads((out / "provenance.json").read_text())
    assert {Path(entry["folder"]).parts[:2] for entry in record["inputs"]} == {("simulate", "_params")}


def test_the_main_job_runs_from_anywhere(installed: Path, tmp_path: Path) -> None:
    where = call([installed / "bin" / "python", "-c", "import simulate; print(simulate.__file__)"], tmp_path, tmp_path)
    assert Path(where.strip()).is_relative_to(installed)
    job = ["run", "bevacizumab", "--patients", "20000", "--seed", "1", "--out", tmp_path / "deep" / "out"]
    call([installed / "bin" / "simulate", *job], tmp_path, tmp_path)
    check_outputs(tmp_path / "deep" / "out")


def test_it_runs_where_only_the_output_folder_can_be_written(installed: Path, tmp_path: Path) -> None:
    home, here, out = tmp_path / "home", tmp_path / "here", tmp_path / "out"
    for folder in (home, here, out):
        folder.mkdir()
    (site,) = (installed / "lib").glob("python*/site-packages")
    touch = (
        "import pathlib, sys\ntry:\n    pathlib.Path(sys.argv[1], 'x').touch()\nexcept OSError:\n    print('refused')"
    )
    with read_only(home, here, site / "simulate"):
        refused = call([sys.executable, "-c", touch, site / "simulate"], tmp_path, home, powerless=True)
        assert refused == "refused\n", "this test cannot take its own permission to write"
        job = ["run", "bevacizumab", "--patients", "20000", "--seed", "1", "--out", out]
        said = call([installed / "bin" / "simulate", *job], here, home, powerless=True)
    assert "Traceback" not in said
    assert said.count("NUMBA_CACHE_DIR") == 1, "one message says that nothing can be cached"
    check_outputs(out)
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []
    assert list(home.iterdir()) == list(here.iterdir()) == []
