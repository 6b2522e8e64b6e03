"""What a difference between two strategies rests on: randomisation, or different patients of different studies."""

from __future__ import annotations

from simulate.evidence.strategy_schema import LINES
from simulate.pathways.assemble import Plan
from simulate.pathways.graphs import Treatment

# from the weakest to the strongest
UNANCHORED, ANCHORED, RANDOMISED, SAME = "unanchored", "anchored", "randomised", "same survival"


def comparability(plan: Plan, strategy: str, comparator: str) -> str:
    """How patients of two strategies can be compared.

    Returns
    -------
    ``randomised``: arms of one randomised trial; ``anchored``: effects of randomised comparisons, carried to other
    patients; ``unanchored``: a regimen on either side entered with the survival of its own study's patients;
    ``same survival``: nobody's model differs. The weakest of all classes of patients counts; lines after the first
    count where they differ.
    """
    found = set()
    for c, one, other in zip(plan.classes, plan.treatments[strategy], plan.treatments[comparator], strict=True):
        if c.share > 0.0 and one is not other:
            found |= _kinds(plan, one, other)
    return next((kind for kind in (UNANCHORED, ANCHORED, RANDOMISED) if kind in found), SAME)


def _kinds(plan: Plan, one: Treatment, other: Treatment) -> set[str]:
    kinds = set()
    names = [line for line in LINES if line in plan.lines.lines]
    for i, (line, a, b) in enumerate(zip(names, one.steps, other.steps, strict=True)):
        if (a is None) != (b is None):
            kinds.add(UNANCHORED)  # supportive care: no trial of it
        if a is not None and b is not None and one.able[i] != other.able[i]:
            kinds.add(UNANCHORED)  # other patients start the same line: no trial of that choice
        if a is None or b is None or a.placed.model == b.placed.model:
            continue
        bases = [plan.bases[line, step.regimen].kind for step in (a, b)]
        if UNANCHORED in bases:
            kinds.add(UNANCHORED)
        elif ANCHORED in bases:
            kinds.add(ANCHORED)
        else:
            kinds.add(RANDOMISED)
    return kinds
