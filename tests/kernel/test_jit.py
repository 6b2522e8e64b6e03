"""The cache policy: no stale kernel after an edit, no crash where nothing can be written."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulate.kernel import jit

# The vector-math pass is enough: the policy is that of every entry point, and the whole kernel takes 10 s to compile.
ASK = """
import numpy as np
from simulate.kernel import entry
print(entry.ask(np.array([2.0]))[0])
print(entry.jit.cache_folder())
"""
ENTRY = """
import numpy as np
from simulate.kernel import families, jit

@jit.compiled(entry=True)
def ask(z):
    families.scale_pass(z, 3.0)
    return z
"""


@pytest.fixture
def install(root, tmp_path) -> Path:
    """A copy of the package without its caches, with one small entry point whose callee stands in another file."""
    folder = tmp_path / "site"
    shutil.copytree(root / "simulate", folder / "simulate", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "simulate" / "kernel" / "entry.py").write_text(ENTRY)
    return folder


def ask(install: Path, home: Path, **options) -> subprocess.CompletedProcess[str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "XDG_", "PYTHON"))}
    env = {**keep, "HOME": str(home), "PYTHONPATH": str(install), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", ASK], env=env, cwd=install, capture_output=True, text=True, check=False, **options
    )


def test_an_edit_of_one_file_is_seen_through_the_others(install, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    answers, folders = [], []
    for text in (None, "factor * 2.0", None):
        source = install / "simulate" / "kernel" / "families.py"
        if text is not None:
            assert "z[i] *= factor\n" in source.read_text()
            source.write_text(source.read_text().replace("z[i] *= factor\n", f"z[i] *= {text}\n"))
        done = ask(install, home)
        assert done.returncode == 0, done.stderr
        answer, folder = done.stdout.split()
        answers.append(float(answer))
        folders.append(folder)
        assert list(Path(folder).rglob("*.nbc")), "nothing was cached"
    assert answers == [6.0, 12.0, 12.0]
    assert folders[0] != folders[1] == folders[2]
    assert all(Path(f).is_relative_to(home) for f in folders)


def obey_permissions() -> None:
    """Root may write anywhere; without this capability it has to obey the permission bits like everybody else."""
    drop_from_bounding_set, dac_override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0) != 0:
        raise OSError("cannot give up root's right to write anywhere")


def read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def test_read_only_installation_and_home(install, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    read_only(install)
    read_only(home)
    try:
        done = ask(install, home, preexec_fn=obey_permissions)
    finally:
        for path in [install, *install.rglob("*"), home]:
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["6.0", "None"]
    assert done.stderr.count("compiled again each time") == 1
    assert "NUMBA_CACHE_DIR" in done.stderr


def test_the_hash_covers_every_source(monkeypatch, tmp_path, root):
    copy = tmp_path / "kernel"
    shutil.copytree(root / "simulate" / "kernel", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(jit, "__file__", str(copy / "jit.py"))
    seen = {jit.source_hash.__wrapped__()}
    for source in sorted(copy.glob("*.py")):
        source.write_text(source.read_text() + "# edited\n")
        seen.add(jit.source_hash.__wrapped__())
    assert len(seen) == 1 + len(list(copy.glob("*.py")))


def test_importing_the_package_does_not_import_numba():
    code = "import sys, simulate, simulate.cohort; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_kernel_folders_nobody_used_for_a_month_go(tmp_path):
    for name in ("kernel-old", "kernel-new", "kernel-mine", "other"):
        (tmp_path / name).mkdir()
    long_ago = 1_000_000_000
    for name in ("kernel-old", "kernel-mine", "other"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    jit._prune(tmp_path, "kernel-mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kernel-mine", "kernel-new", "other"]
