"""Find, load and check parameter files.

A library is a folder laid out like `params/`: `sources.yaml` and a folder a kind, `trials/ID.yaml` and so on (`KINDS`).
The bundled library travels inside the package; other folders overlay it file by file, the last one
first, and provenance says which folder each file came from. Bibliographies are joined: a folder's own
`sources.yaml` adds to the bundled one.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate.errors import InputError, Problem
from simulate.evidence.document import Document
from simulate.evidence.folders import (
    KINDS,
    FileProvenance,
    bundled_params,
    display,
    inside,
    provenance_of,
    singular,
)
from simulate.evidence.yaml_text import read

if TYPE_CHECKING:
    from simulate.evidence.economics_schema import Economics, ReferenceCase
    from simulate.evidence.population_schema import PatientPopulation
    from simulate.evidence.regimen_schema import Regimen
    from simulate.evidence.scenario_schema import Scenario
    from simulate.evidence.schema import Trial
    from simulate.evidence.source_schema import Page, Source, Sources
    from simulate.evidence.strategy_schema import Policy

ENVIRONMENT = "SIMULATE_PARAMS"
_ID = re.compile(r"[a-z][a-z0-9_]*")


class Library:
    """Parameter files by id.

    Parameters
    ----------
    params : a folder, or several, that overlay the bundled library file by file; the last one wins. By default
        the folders in ``$SIMULATE_PARAMS`` (separated like ``$PATH``).
    """

    def __init__(self, params: str | Path | Sequence[str | Path] | None = None) -> None:
        if params is None:
            wanted: list[str | Path] = [p for p in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if p]
            origin = f"${ENVIRONMENT}"
        else:
            wanted = [params] if isinstance(params, str | Path) else list(params)
            origin = "--params"
        overlays = [Path(p) for p in wanted]
        for folder in overlays:
            if not folder.is_dir():
                raise InputError(
                    Problem(str(folder), None, origin, "is not a folder.", "Give a folder laid out like params/.")
                )
        self.folders: tuple[Path, ...] = (*reversed(overlays), bundled_params())
        # what the command needs to find the same files; the environment says it by itself
        self._option = "".join(f" --params {shlex.quote(str(p))}" for p in overlays[-1:] if params is not None)
        self._documents: dict[Path, Document] = {}
        self._cache: dict[tuple[str, str], Any] = {}
        self._merged: Sources | None = None
        self._used: dict[Path, FileProvenance] = {}

    def see(self, name: str) -> str:
        """Advice to look at a file whose errors are not told here: the command that tells them."""
        return f"See `simulate check {name}{self._option}`."

    # -- finding ------------------------------------------------------------------------------

    def trials(self) -> tuple[str, ...]:
        """Ids of all trials."""
        return self._ids("trials")

    def scenarios(self) -> tuple[str, ...]:
        """Ids of all scenarios."""
        return self._ids("scenarios")

    def regimens(self) -> tuple[str, ...]:
        """Ids of all regimens."""
        return self._ids("regimens")

    def populations(self) -> tuple[str, ...]:
        """Ids of all populations of patients."""
        return self._ids("populations")

    def policies(self) -> tuple[str, ...]:
        """Ids of all strategy files."""
        return self._ids("strategies")

    def economics_files(self) -> tuple[str, ...]:
        """Ids of all economic files."""
        return self._ids("economics")

    def reference_cases(self) -> tuple[str, ...]:
        """Ids of all reference cases."""
        return self._ids("reference_cases")

    def data_files(self, folder: str, suffix: str) -> tuple[str, ...]:
        """Names of the data files of a folder, such as the life tables."""
        return tuple(sorted({p.stem for top in self.folders for p in (top / folder).glob(f"*{suffix}")}))

    def names(self) -> tuple[str, ...]:
        """Every file found by id, as ``kind/id``."""
        return tuple(f"{kind}/{name}" for kind in KINDS for name in self._ids(kind))

    def record(self, kind: str, name: str) -> Any:
        """Load a file of any kind; raise `InputError` with every error of it."""
        return self._load(kind, self.find(kind, name))

    def _ids(self, kind: str) -> tuple[str, ...]:
        found = {p.stem for folder in self.folders for p in (folder / kind).glob("*.yaml") if _ID.fullmatch(p.stem)}
        return tuple(sorted(found))

    def find(self, kind: str, name: str) -> Path:
        """Path of the file of an id; `InputError` with a suggestion if there is none.

        Parameters
        ----------
        kind : ``trials``, ``scenarios`` or ``regimens``.
        name : the id. Ids are plain names, so none can climb out of the library.
        """
        if not isinstance(name, str) or not _ID.fullmatch(name):
            message = f"{name!r} is not a {singular(kind)} id."
            raise InputError(Problem("", None, "", message, "Ids are lower-case letters, digits and underscores."))
        path = self._locate(f"{kind}/{name}.yaml")
        if path is None:
            from simulate.evidence.messages import suggest

            raise InputError(Problem("", None, "", f"no {singular(kind)} {name!r}.", suggest(name, self._ids(kind))))
        return path

    def _locate(self, name: str) -> Path | None:
        found = (inside(folder, name) for folder in self.folders)
        return next((path for path in found if path is not None), None)

    # -- loading ------------------------------------------------------------------------------

    def trial(self, trial_id: str) -> Trial:
        """Load a trial; raise `InputError` with every error of its file."""
        return self._load("trials", self.find("trials", trial_id))

    def scenario(self, id_or_path: str | Path) -> Scenario:
        """Load a scenario by id, or from any YAML file given by its path."""
        text = str(id_or_path)
        is_path = isinstance(id_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text or os.sep in text
        return self._load("scenarios", Path(id_or_path) if is_path else self.find("scenarios", text))

    def regimen(self, regimen_id: str) -> Regimen:
        """Load a regimen; raise `InputError` with every error of its file."""
        return self._load("regimens", self.find("regimens", regimen_id))

    def patients(self, population_id: str) -> PatientPopulation:
        """Load a population of patients; raise `InputError` with every error of its file."""
        return self._load("populations", self.find("populations", population_id))

    def policy(self, strategy_id: str) -> Policy:
        """Load a strategy file; raise `InputError` with every error of its file."""
        return self._load("strategies", self.find("strategies", strategy_id))

    def economics(self, file_id: str) -> Economics:
        """Load an economic file; raise `InputError` with every error of its file."""
        return self._load("economics", self.find("economics", file_id))

    def reference_case(self, case_id: str) -> ReferenceCase:
        """Load a reference case; raise `InputError` with every error of its file."""
        return self._load("reference_cases", self.find("reference_cases", case_id))

    def data_file(self, folder: str, name: str, suffix: str) -> Path:
        """Path of a data file of the library, such as a life table; it counts as read."""
        path = self._locate(f"{folder}/{name}{suffix}") if _ID.fullmatch(name) else None
        if path is None:
            from simulate.evidence.messages import suggest

            known = self.data_files(folder, suffix)
            message = f"no {folder.replace('_', ' ').removesuffix('s')} {name!r}."
            raise InputError(Problem("", None, name, message, suggest(name, known)))
        self.count(path)
        return path

    def count(self, path: Path) -> FileProvenance:
        """Count a file as read."""
        self._used[path] = provenance_of(path, self.folders)
        return self._used[path]

    @property
    def sources(self) -> dict[str, Source]:
        """All sources by id."""
        return self.bibliography().sources

    def source(self, source_id: str) -> Source:
        """Source by id; `InputError` with a suggestion if there is none."""
        return self._cited(self.bibliography().sources, source_id, "source")

    def page(self, page_id: str) -> Page:
        """Page on which figures were seen, by id."""
        return self._cited(self.bibliography().pages, page_id, "page")

    def _cited(self, known: dict[str, Any], name: str, what: str) -> Any:
        if name not in known:
            from simulate.evidence.messages import suggest

            path = display(self._sources_paths()[0])
            raise InputError(Problem(path, None, "", f"no {what} {name!r}.", suggest(name, known)))
        return known[name]

    def _sources_paths(self) -> list[Path]:
        """Every `sources.yaml` and file of a folder `sources`, the one that counts most first."""
        names = [
            ["sources.yaml", *sorted(f"sources/{p.name}" for p in (folder / "sources").glob("*.yaml"))]
            for folder in self.folders
        ]
        pairs = [(folder, name) for folder, own in zip(self.folders, names, strict=True) for name in own]
        found = [p for folder, name in pairs if (p := inside(folder, name)) is not None]
        if not found:
            message = f"sources.yaml is in none of the folders {', '.join(display(f) for f in self.folders)}."
            raise InputError(Problem("", None, "", message, "Reinstall, or check --params."))
        return found

    def bibliography(self) -> Sources:
        """All sources and the pages on which they were seen; a folder adds to, and overrides, those below it."""
        from simulate.evidence.source_schema import Sources

        if self._merged is None:
            parts = [self._load("sources", path) for path in reversed(self._sources_paths())]
            sources = {name: source for part in parts for name, source in part.sources.items()}
            pages = {name: page for part in parts for name, page in part.pages.items()}
            self._merged = Sources.model_construct(sources=sources, pages=pages)
        return self._merged

    def _load(self, kind: str, path: Path) -> Any:
        from simulate.evidence.loading import validate

        key = (kind, str(path))
        if key not in self._cache:
            record, problems = validate(kind, self._read(path), self)
            errors = [p for p in problems if p.severity == "error"]
            if errors:
                raise InputError(errors)
            self._cache[key] = record
        return self._cache[key]

    def _read(self, path: Path) -> Document:
        document = self._documents.get(path)
        if document is None:
            document = self._documents[path] = read(path, display(path))
            self.count(path)
        return document

    # -- checking -----------------------------------------------------------------------------

    def check(self, path_or_id: str | Path) -> list[Problem]:
        """All errors and warnings of one file, in the order of its lines; empty if it is sound."""
        from simulate.evidence.life_tables import read_life_table
        from simulate.evidence.loading import kind_of, validate

        try:
            path, kind = self._resolve(path_or_id)
            if path.suffix == ".csv":
                read_life_table(path, display(path))
                return []
            document = self._read(path)
            _, problems = validate(kind or kind_of(document), document, self)
        except InputError as error:
            return list(error.problems)
        return sorted(problems, key=lambda p: p.line or 0)

    def _resolve(self, path_or_id: str | Path) -> tuple[Path, str | None]:
        text = str(path_or_id)
        is_path = isinstance(path_or_id, Path) or text.endswith((".yaml", ".yml", ".csv"))
        if is_path or (("/" in text or os.sep in text) and text.partition("/")[0] not in KINDS):
            path = Path(path_or_id)
            bibliography = path.name == "sources.yaml" or path.parent.name == "sources"
            folder = path.parent.name
            return path, "sources" if bibliography else folder if folder in KINDS else None
        if text == "sources":
            return self._sources_paths()[0], "sources"
        kind, name = self.named(text)
        return self.find(kind, name), kind

    def named(self, text: str) -> tuple[str, str]:
        """Kind and id of a file named by its id, or by ``kind/id`` where two kinds have the same id.

        `InputError` with a suggestion if there is none.
        """
        kind, slash, name = text.partition("/")
        if slash and kind in KINDS:
            self.find(kind, name)
            return kind, name
        return self.kinds_of(text)[0], text

    def kinds_of(self, name: str) -> tuple[str, ...]:
        """Kinds of file that have this id, the one meant by the id alone first."""
        found = tuple(kind for kind in KINDS if name in self._ids(kind))
        if not found:
            from simulate.evidence.messages import suggest

            known = (*(i for kind in KINDS for i in self._ids(kind)), "sources")
            message = f"no trial, scenario or regimen {name!r}."
            raise InputError(Problem("", None, "", message, suggest(name, known)))
        return found

    def provenance(self) -> tuple[FileProvenance, ...]:
        """Every file read so far, by name."""
        return tuple(sorted(self._used.values(), key=lambda f: (f.name, f.folder)))
