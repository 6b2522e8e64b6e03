"""Write `docs/evidence.md`: every number and recommendation of the five documents → parameter file and line.

``python tests/docs/evidence_table.py`` writes it from `docs/statements/*.csv`. The lines and the scenarios that use a
file are looked up, never typed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulate.evidence import Library, bundled_params
from simulate.evidence.document import Document, field_text
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.yaml_text import read

ROOT = Path(__file__).resolve().parents[2]
TITLES = {
    "seed_000": "Stage IVB with para-aortic nodes and lung metastases",
    "seed_001": "Long-term plan in recurrent or metastatic disease",
    "seed_002": "Recurrent disease: first and later lines",
    "seed_003": "Recurrence with omental metastases",
    "seed_004": "Spine metastases",
}
HEAD = """# The five documents, statement by statement

Every number and every recommendation of the five documents this library began with, one row each: where it stands as a
parameter (file and line), which scenarios simulate it, and why another figure is used or why it is no parameter. The
documents are secondary and wrong in places; they are cited, not followed. Statements are in our words.

Made by `python tests/docs/evidence_table.py` from `docs/statements/`; a test holds it against the files.

"""


@dataclass(frozen=True)
class Statement:
    """One row: document, number, kind (``quantity`` or ``recommendation``), words, places, and why."""

    document: str
    n: int
    kind: str
    statement: str
    places: tuple[str, ...]
    why: str


def statements() -> Iterator[Statement]:
    """Every row of `docs/statements`, in order."""
    for file in sorted((ROOT / "docs/statements").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                places = tuple(p.strip() for p in row["parameter"].split("|") if p.strip())
                yield Statement(file.stem, int(row["n"]), row["kind"], row["statement"], places, row["why"])


@cache
def lines_of(name: str) -> dict[str, int]:
    """Field → line of a parameter file."""
    path = bundled_params() / f"{name}.yaml"
    document: Document = read(path, name)
    return {field_text(p, document.data): line for p, line in document.lines.items()}


def line(place: str) -> int:
    """Line of ``FOLDER/ID#FIELD``; `KeyError` if there is no such field."""
    name, _, field = place.partition("#")
    return lines_of(name)[field] if field else 1


@cache
def users() -> dict[str, tuple[str, ...]]:
    """Parameter file → the scenarios that a run of reads it for its results."""
    library = Library([])
    found: dict[str, set[str]] = {}
    for name in library.scenarios():
        for used in _read_by(library, name):
            found.setdefault(used, set()).add(name)
    return {k: tuple(sorted(v)) for k, v in found.items()}


def _read_by(library: Library, scenario_id: str) -> set[str]:
    scenario = library.scenario(scenario_id)
    out = {f"scenarios/{scenario_id}"}
    if scenario.trial is not None:
        return out | {f"trials/{scenario.trial}"}
    out |= {f"populations/{p}" for p in (scenario.population, scenario.evidence_population) if p is not None}
    regimens = {scenario.baseline, scenario.supportive_care.regimen}
    regimens |= {later.era for later in scenario.later_lines.values()}
    for strategy in scenario.strategies.values():
        rules = strategy.lines or {}
        if strategy.follow is not None:
            out.add(f"strategies/{strategy.follow}")
            rules = library.policy(strategy.follow).lines
        regimens |= {strategy.regimen, *(rule.use for own in rules.values() for rule in own)}
    for name in regimens - {None, NOTHING}:
        regimen = library.regimen(str(name))
        out.add(f"regimens/{name}")
        trials = {regimen.evidence.trial, *(e.trial for e in regimen.effects), *(t.trial for t in regimen.toxicities)}
        out |= {f"trials/{t}" for t in trials if t is not None}
    return out


def simulated_by(statement: Statement) -> tuple[str, ...]:
    """Scenarios whose results rest on a file that the statement names."""
    return tuple(sorted({s for p in statement.places for s in users().get(p.partition("#")[0], ())}))


def render() -> str:
    """The whole page."""
    text = HEAD
    rows = list(statements())
    for document, title in TITLES.items():
        own = [s for s in rows if s.document == document]
        kinds = [sum(s.kind == k for s in own) for k in ("quantity", "recommendation")]
        text += f"## {title} (`{document}`)\n\n{kinds[0]} numbers, {kinds[1]} recommendations.\n\n"
        text += "| | kind | statement | parameter | simulated by | why |\n|---|---|---|---|---|---|\n"
        for s in own:
            text += f"| {s.n} | {s.kind} | {_cell(s.statement)} | {_places(s)} | {_scenarios(s)} | {_cell(s.why)} |\n"
        text += "\n"
    return text.rstrip("\n") + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _places(s: Statement) -> str:
    links = []
    for place in s.places:
        name, _, field = place.partition("#")
        links.append(f"[{name}:{line(place)}](../params/{name}.yaml#L{line(place)}) `{field}`")
    return "<br>".join(links) or "–"


def _scenarios(s: Statement) -> str:
    names = simulated_by(s)
    shown = ", ".join(f"`{n}`" for n in names[:4])
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "") or "–"


if __name__ == "__main__":
    (ROOT / "docs/evidence.md").write_text(render(), encoding="utf-8")
