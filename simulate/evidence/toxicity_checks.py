"""Rules for toxicity models: figures exist, carry counts, and are ordered from mild to severe."""

from __future__ import annotations

from collections.abc import Iterator

from simulate.evidence.fields import grade_floor
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.schema import Figure, ToxicityModel, Trial


def check_toxicity(trial: Trial) -> Iterator[Finding]:
    """Every rule the toxicity models of a trial break."""
    known = {f.id: f for f in trial.all_figures}
    seen: set[str] = set()
    for i, model in enumerate(trial.toxicity):
        if model.event in seen:
            yield Finding(("toxicity", i, "event"), f"event {model.event!r} is modelled twice.", "Keep one.")
        seen.add(model.event)
        grades = [g.grade for g in model.grades]
        if model.headline is not None and model.headline not in grades:
            message = f"{model.headline!r} is none of the grades {', '.join(grades)}."
            yield Finding(("toxicity", i, "headline"), message, suggest(model.headline, grades))
        yield from _references(i, model, known, trial)
        yield from _order(i, model, known)


def _references(i: int, model: ToxicityModel, known: dict[str, Figure], trial: Trial) -> Iterator[Finding]:
    for j, grade in enumerate(model.grades):
        path = ("toxicity", i, "grades", j, "figures")
        missing = sorted(set(trial.arms) - set(grade.figures))
        if missing:
            yield Finding(
                path, f"no figure for arm {', '.join(missing)}.", "Give one for every arm, or leave the grade out."
            )
        for arm, name in grade.figures.items():
            figure = known.get(name)
            if arm not in trial.arms:
                yield Finding((*path, arm), f"no arm {arm!r}.", suggest(arm, trial.arms))
            elif figure is None:
                yield Finding((*path, arm), f"no figure {name!r}.", suggest(name, known), refers_to=name)
            elif figure.arm != arm:
                yield Finding(
                    (*path, arm), f"figure {name!r} reports arm {figure.arm!r}.", "Name the figure of this arm."
                )
            elif figure.events is None or figure.n is None:
                message = f"figure {name!r} has no counts."
                yield Finding((*path, arm), message, "Rates come from events over n: add both to the figure.")


def _order(i: int, model: ToxicityModel, known: dict[str, Figure]) -> Iterator[Finding]:
    """Grades run from mild to severe, and the worse grade cannot be the more frequent."""
    for j in range(1, len(model.grades)):
        milder, worse = model.grades[j - 1], model.grades[j]
        path = ("toxicity", i, "grades", j)
        if grade_floor(worse.grade) <= grade_floor(milder.grade):
            message = f"grade {worse.grade} does not come after {milder.grade}."
            yield Finding((*path, "grade"), message, "List grades from mild to severe.")
            continue
        for arm in worse.figures:
            a, b = known.get(milder.figures.get(arm, "")), known.get(worse.figures[arm])
            if a is None or b is None or a.rate is None or b.rate is None or b.rate <= a.rate:
                continue
            message = f"{b.rate:.4f} at grade {worse.grade} exceeds {a.rate:.4f} at {milder.grade} in arm {arm}."
            yield Finding(
                (*path, "figures", arm), message, "A worse grade cannot be more frequent: check both figures."
            )
