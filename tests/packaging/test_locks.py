"""The lock files pin every dependency of pyproject.toml, with hashes, and name no host."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("demo", "dev", "build")


def pins(root: Path, name: str) -> dict[str, str]:
    text = (root / "requirements" / f"{name}.txt").read_text()
    return {canonicalize_name(n): v for n, v in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE)}


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_exact_pins_hashes_and_no_host(root, name):
    text = (root / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|index-url|find-links|trusted-host", text)
    requirements = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for requirement in requirements:
        assert re.match(r"[A-Za-z0-9._-]+==[^=]", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize(("name", "extras"), [("demo", ("report",)), ("dev", ("report", "dev"))], ids=["demo", "dev"])
def test_a_lock_meets_pyproject(root, project, name, extras):
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    found = pins(root, name)
    for requirement in map(Requirement, wanted):
        version = found.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in requirements/{name}.txt; run make lock"
        assert requirement.specifier.contains(version), f"{requirement} is pinned at {version}; run make lock"


def test_the_locks_agree(root):
    dev = pins(root, "dev")
    assert pins(root, "demo").items() <= dev.items()
    assert pins(root, "build").items() <= dev.items()
    assert "pytest" not in pins(root, "demo")


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize(
    "target", ["help", "setup", "demo", "test", "test-all", "notebooks", "lint", "bench", "verify", "clean"]
)
def test_every_target_of_the_makefile_is_there(root, target):
    done = subprocess.run(
        ["make", "--dry-run", "VENV=no-such-folder", target], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if target == "demo":
        assert "requirements/demo.txt" in done.stdout
        assert "requirements/dev.txt" not in done.stdout
