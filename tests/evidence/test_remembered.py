"""Parsed files remembered between runs: equal to what was read, never believed when damaged."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from simulate import evidence
from simulate.errors import InputError
from simulate.evidence import Library, yaml_text
from simulate.evidence.remembered import paths, remembered

TEXT = "id: a\nvalues: [1, 2.5, .inf, -0.0, ~, true]\ntext: '1'\nempty: {}\nrows:\n  - {x: 1}\n  - y: \"\\ud83d\"\n"


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "parsed").glob("*.json"))


def never(*_):
    pytest.fail("read again")


def test_every_file_of_the_library_comes_back_as_it_was_read(private_cache, root):
    files = sorted((root / "params").rglob("*.yaml"))
    assert len(files) > 100
    for file in files:
        raw = file.read_bytes()
        fresh = yaml_text.parse(raw, str(file))
        assert set(fresh.lines) == set(paths(fresh.data))
        assert remembered(raw, str(file), yaml_text.parse) == fresh
        again = remembered(raw, str(file), never)
        assert again == fresh
        assert repr(again.data) == repr(fresh.data)  # also the order of the fields, and 1 is not 1.0


def test_values_that_json_might_change(private_cache):
    raw = TEXT.encode()
    fresh = yaml_text.parse(raw, "a.yaml")
    remembered(raw, "a.yaml", yaml_text.parse)
    again = remembered(raw, "b.yaml", never)
    assert (again.file, repr(again.data), again.lines) == ("b.yaml", repr(fresh.data), fresh.lines)


def test_a_scalar_file(private_cache):
    fresh = yaml_text.parse(b"12\n", "a")
    assert remembered(b"12\n", "a", yaml_text.parse) == remembered(b"12\n", "a", never) == fresh


def test_a_changed_file_is_read_anew(private_cache, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("id: a\n")
    assert yaml_text.read(file).data == {"id": "a"}
    file.write_text("# first line\nid: b\n")
    document = yaml_text.read(file)
    assert (document.data, document.line(("id",))) == ({"id": "b"}, 2)
    assert len(entries(private_cache)) == 2


def test_another_reader_reads_anew(private_cache, monkeypatch):
    remembered(b"id: a\n", "a", yaml_text.parse)
    monkeypatch.setattr(evidence.remembered, "_reader", lambda: "a later version")
    with pytest.raises(AssertionError, match="asked"):
        remembered(b"id: a\n", "a", _asked)


def _asked(*_):
    raise AssertionError("asked")


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-20], lambda b: b.replace(b'"a"', b'"b"'), lambda b: b"[" * 9999]
)
def test_a_damaged_entry_is_read_again(private_cache, damage):
    remembered(b"id: a\n", "a", yaml_text.parse)
    (entry,) = entries(private_cache)
    entry.write_bytes(damage(entry.read_bytes()))
    assert remembered(b"id: a\n", "a", yaml_text.parse).data == {"id": "a"}
    assert remembered(b"id: a\n", "a", never).data == {"id": "a"}


def test_errors_are_never_remembered(private_cache, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("id: a\nid: b\n")
    said = []
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            yaml_text.read(file)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "line 1" in said[0]
    assert entries(private_cache) == []


def test_lines_of_problems_do_not_depend_on_the_cache(private_cache, tmp_path, root):
    text = (root / "params" / "trials" / "gog240.yaml").read_text().replace("role: primary", "role: primry", 1)
    folder = tmp_path / "trials"
    folder.mkdir()
    (folder / "gog240.yaml").write_text(text)
    first, second = (Library(tmp_path).check("trials/gog240") for _ in range(2))
    assert first == second
    assert first[0].line == text[: text.index("primry")].count("\n") + 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("SIMULATE_CACHE", str(tmp_path / "cache"))
    assert remembered(b"id: a\n", "a", yaml_text.parse).data == {"id": "a"}


def test_no_folder_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIMULATE_CACHE", str(tmp_path / "file"))
    assert remembered(b"id: a\n", "a", yaml_text.parse).data == {"id": "a"}


def _read_many(folder: str) -> int:
    os.environ["SIMULATE_CACHE"] = folder
    return sum(remembered(f"n: {i}\n".encode(), "a", yaml_text.parse).data["n"] for i in range(30))


def test_concurrent_writers(tmp_path):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_read_many, [str(tmp_path)] * 3, chunksize=1) == [sum(range(30))] * 3
    found = [p.name for p in (tmp_path / "parsed").iterdir()]
    assert len(found) == 30
    assert not [n for n in found if n.endswith(".part")]
