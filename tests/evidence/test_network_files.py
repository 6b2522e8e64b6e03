"""Effects of a network that a scenario names: every fault gives one clear message with its place and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from simulate.evidence.effects import read_effects
from tests.evidence.pathway_files import assert_said, damaged

DATA = Path(__file__).parent / "data"
SCENARIO = "scenarios/worth"
NETWORK = """
  network:
    reference: A
    pfs: pfs.csv
    os: os.csv
    strategies: {new: B}
    source: smith_2020
    seen: seed
"""
FILES = {"pfs.csv": "d[B],d[C],tau\n-0.1,0.2,1\n-0.2,0.3,1\n", "os.csv": "d[B]\n-0.1\n-0.3\n"}
# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FAULTS = {
    "no reference": ("    reference: A\n", "", "economics.network.reference: is missing"),
    "no file": ("    pfs: pfs.csv\n", "", "economics.network.pfs: is missing"),
    "file that is not there": ("pfs: pfs.csv", "pfs: none.csv", "network.pfs: no file 'none.csv' beside the scenario's. Names are relative"),
    "file above": ("pfs: pfs.csv", "pfs: ../pfs.csv", r"network.pfs: '../pfs.csv' leads out of the scenario's folder. Name a file beside"),
    "file inside and out": ("pfs: pfs.csv", "pfs: a/../../pfs.csv", "leads out of the scenario's folder"),
    "file anywhere": ("pfs: pfs.csv", "pfs: /etc/passwd", "network.pfs: '/etc/passwd' leads out of the scenario's folder"),
    "file of a drive": ("pfs: pfs.csv", r"pfs: 'C:\pfs.csv'", "leads out of the scenario's folder"),
    "folder": ("pfs: pfs.csv", "pfs: .", "no file '.' beside the scenario's"),
    "file of something else": ("pfs: pfs.csv", "pfs: worth.yaml", "network.pfs: worth.yaml:1: has no columns of treatment effects"),
    "file with a number": ("pfs: pfs.csv", "pfs: 3", "network.pfs: 3 is not text"),
    "another reference": ("reference: A", "reference: B", r"network.pfs: pfs.csv:1 d\[B\]: 'B' has effects of its own, so it is not the reference"),
    "study that is not there": ("    reference: A\n", "    reference: A\n    study: X\n", "pfs.csv:1: has no effects for study 'X'"),
    "unknown treatment": ("{new: B}", "{new: D}", "network.strategies.new: pfs.csv has no treatment 'D'. Known: A, B, C"),
    "treatment of one file only": ("{new: B}", "{new: C}", "network.strategies.new: os.csv has no treatment 'C'. Known: A, B"),
    "unknown strategy": ("{new: B}", "{new: B, knew: C}", "network.strategies.knew: no strategy 'knew'. Did you mean 'new'"),
    "nobody": ("{new: B}", "{}", "network.strategies: needs at least 1 item"),
    "only the comparator": ("{new: B}", "{standard: B}", "network.strategies: names no strategy that is held against the comparator"),
    "two effects on death": ("os: os.csv", "os: os.csv\n    pps: os.csv", "network.pps: is given beside `os`, which decides on survival after progression"),
    "no source": ("    source: smith_2020\n    seen: seed\n", "", "economics.network: has no source. Name its `source`"),
    "unknown source": ("source: smith_2020\n    seen", "source: smyth_2020\n    seen", "network.source: no source 'smyth_2020'. Did you mean 'smith_2020'"),
    "unknown field": ("    pfs: pfs", "    ttp: os.csv\n    pfs: pfs", "network.ttp: no such field"),
}  # fmt: skip
PLACELESS = {
    "no reference",
    "no file",
    "no source",
    "study that is not there",
    "another reference",
    "two effects on death",
}
CONTENTS = {
    "word": ("pfs.csv", "-0.2,", "low,", r"network.pfs: pfs.csv:3 d\[B\]: 'low' is not a number. Effects are log hazard ratios"),
    "long word": ("pfs.csv", "-0.2,", "x" * 5000 + ",", "xxx…' is not a number"),
    "hazard ratio": ("os.csv", "-0.3", "7.5", r"network.os: os.csv:3 d\[B\]: 7.5 is a hazard ratio of 1.81e\+03"),
    "several": ("pfs.csv", "-0.2,0.3", "a,b", r"pfs.csv:3 d\[B\]: 'a' is not a number.*There are 1 more such faults"),
    "cut off": ("pfs.csv", "-0.2,0.3,1", "-0.2", "pfs.csv:3: has 1 cells where the first line has 3. Was the file cut off"),
    "fewer draws": ("os.csv", "-0.3\n", "-0.3\n-0.4\n", "network.os: has 3 draws, pfs.csv 2. Write the same draws to both"),
    "a summary": ("os.csv", "-0.3\n", "", "network.os: os.csv: has 1 draws. Give the posterior draws"),
    "empty": ("os.csv", FILES["os.csv"], "", "network.os: os.csv: is empty"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A small library with an evaluation that takes its effects from a network."""
    target = Path(shutil.copytree(DATA / "library", tmp_path / "params"))
    shutil.copytree(DATA / "economics", target, dirs_exist_ok=True)
    path = target / f"{SCENARIO}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("\n  treated:", f"{NETWORK}  treated:"), encoding="utf-8")
    for name, text in FILES.items():
        (target / "scenarios" / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr("simulate.evidence.library.bundled_params", lambda: target)
    return target


def refused(folder: Path, line: int | None, says: str) -> None:
    """One message in the scenario's file, the same when it is loaded."""
    path = folder / f"{SCENARIO}.yaml"
    library = assert_said(path, line, says)
    with pytest.raises(InputError) as caught:
        library.scenario("worth")
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2


def test_it_is_sound(folder):
    library = Library([])
    assert library.check(SCENARIO) == []
    network = library.scenario("worth").economics.network
    assert network.files == {"pfs": "pfs.csv", "os": "os.csv"}
    assert (network.treatment("new"), network.treatment("standard")) == ("B", "A")


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_a_network(name, folder):
    old, new, says = FAULTS[name]
    _, line = damaged(folder, SCENARIO, old, new)
    refused(folder, None if name in PLACELESS else line, says)


@pytest.mark.parametrize("name", CONTENTS)
def test_each_fault_of_its_files(name, folder):
    file, old, new, says = CONTENTS[name]
    path = folder / "scenarios" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    refused(folder, None, says)


def test_a_link_out_of_the_folder(folder, tmp_path):
    (tmp_path / "elsewhere.csv").write_text(FILES["pfs.csv"])
    path = folder / "scenarios" / "pfs.csv"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.csv")
    refused(folder, None, "pfs.csv: is a link that leads out of .*scenarios")


def test_a_file_that_is_too_large(folder, monkeypatch):
    monkeypatch.setattr("simulate.evidence.effects.MAX_BYTES", 10)
    path = folder / "scenarios" / "pfs.csv"
    with pytest.raises(InputError, match=r"pfs\.csv: is larger than 0 MiB.*pars"):
        read_effects(path, "A")
    problems = Library([]).check(SCENARIO)
    assert {p.field for p in problems} == {"economics.network.pfs", "economics.network.os"}


def test_a_scenario_of_pathways_has_none(folder):
    path = folder / f"{SCENARIO}.yaml"
    path.write_text(path.read_text().replace("trial: mini\n", ""))
    said = [p for p in Library([]).check(path) if p.field.startswith("economics.network")]
    assert len(said) == 1
    assert "belongs to scenarios of a trial's arms" in said[0].message


def test_a_scenario_from_elsewhere_has_its_files_beside_it(folder, tmp_path):
    other = tmp_path / "mine"
    shutil.copytree(folder / "scenarios", other)
    library = Library([])
    assert library.check(other / "worth.yaml") == []
    assert library.scenario(other / "worth.yaml").folder == other
