"""What the wheel and an editable installation hold, and what they must not."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import simulate


def built(root: Path, folder: Path, version: str) -> list[str]:
    (made,) = WheelBuilder(str(root)).build(directory=str(folder), versions=[version])
    with zipfile.ZipFile(made) as wheel:
        return sorted(wheel.namelist())


def tracked(root: Path, *folders: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_the_wheel_holds_the_package_and_its_parameters(root, tmp_path):
    names = built(root, tmp_path, "standard")
    for name in tracked(root, "simulate"):
        assert name in names
    parameters = tracked(root, "params")
    assert parameters
    for name in parameters:
        assert name.replace("params/", "simulate/_params/", 1) in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"simulate", f"simulate_outcomes-{simulate.__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc", ".part"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_an_editable_installation_copies_nothing_that_could_go_stale(root, tmp_path):
    names = built(root, tmp_path, "editable")
    assert [name for name in names if ".dist-info/" not in name] == ["_simulate_outcomes.pth"]
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert Path(wheel.read("_simulate_outcomes.pth").decode().strip()) == root


def test_the_checkout_holds_no_copy_of_its_parameters(root):
    assert not (root / "simulate" / "_params").exists()


def test_versions_agree(root):
    assert f"\nversion: {simulate.__version__}\n" in (root / "CITATION.cff").read_text()
    changes = (root / "CHANGELOG.md").read_text()
    assert f"[{simulate.__version__}]" in changes or "[Unreleased]" in changes
