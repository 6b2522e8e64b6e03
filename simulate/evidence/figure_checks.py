"""Rules between the fields of figures, and between the figures of a trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from simulate.evidence.document import FieldPath
from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.schema import FRACTIONS, RATIOS, Figure, Trial

# Figures in these roles take part in the rules that compare figures; a superseded one is kept because it disagrees.
COMPARED = ("primary", "fit", "check")
# A percentage printed without decimals may differ from events/n by half a point; printed counts round the same way.
ROUNDING = 0.0055

Placed = tuple[FieldPath, Figure]


def check_figures(trial: Trial) -> Iterator[Finding]:
    """Every rule the figures of a trial break, alone or together."""
    placed: list[Placed] = [(("figures", i), f) for i, f in enumerate(trial.figures)]
    placed += [(("baseline", i), f) for i, f in enumerate(trial.baseline)]
    for path, figure in placed:
        yield from _names(path, figure, trial)
        yield from _numbers(path, figure)
        yield from _statistic(path, figure)
        yield from _account(path, figure)
        yield from _sizes(path, figure, trial)
    yield from _duplicates(placed)
    compared = [(path, f) for path, f in placed if f.role in COMPARED]
    yield from _medians(compared, trial)
    yield from _landmarks(compared)
    yield from _directions(compared, trial)


def _names(path: FieldPath, figure: Figure, trial: Trial) -> Iterator[Finding]:
    """Arms, populations, data cuts and rivals must exist."""
    for field in ("arm", "comparator"):
        for arm in trial.arms_of(getattr(figure, field)):
            if arm not in trial.arms:
                yield Finding((*path, field), f"no arm {arm!r}.", suggest(arm, (*trial.arms, "pooled")))
    for field in ("population", "comparator_population"):
        name = getattr(figure, field)
        if name is not None and name not in trial.populations:
            yield Finding((*path, field), f"no population {name!r}.", suggest(name, trial.populations))
    if figure.cut is not None and figure.cut not in trial.cuts:
        yield Finding((*path, "cut"), f"no data cut {figure.cut!r}.", suggest(figure.cut, trial.cuts))
    known = {f.id for f in trial.all_figures}
    for rival in figure.rivals:
        if rival not in known:
            yield Finding((*path, "rivals"), f"no figure {rival!r}.", suggest(rival, known), refers_to=rival)


def _numbers(path: FieldPath, figure: Figure) -> Iterator[Finding]:
    """One number and its interval, events and n must agree."""
    for field in ("interval", "range"):
        bounds = getattr(figure, field)
        if bounds is not None and bounds.low > bounds.high:
            yield Finding((*path, field), f"low {bounds.low:g} exceeds high {bounds.high:g}.", "Swap them.")
        elif bounds is not None and figure.value is not None and not bounds.low <= figure.value <= bounds.high:
            message = f"{figure.value:g} lies outside its {field} {bounds.low:g} to {bounds.high:g}."
            yield Finding((*path, "value"), message, "Check the three numbers against the source.")
    if figure.interval is not None and not 0.5 < figure.interval.level < 1:
        message = f"{figure.interval.level:g} is not a confidence level."
        yield Finding(
            (*path, "interval", "level"), message, "Give a number between 0.5 and 1: 0.95 for a 95% interval."
        )
    if figure.events is not None and figure.n is not None:
        if figure.events > figure.n:
            yield Finding(
                (*path, "events"), f"{figure.events} events exceed n {figure.n}.", "Check both against the source."
            )
        elif figure.statistic in FRACTIONS and figure.value is not None:
            exact = figure.events / figure.n
            if abs(exact - figure.value) > ROUNDING:
                message = f"{figure.value:g} differs from events over n, {figure.events}/{figure.n} = {exact:.4f}."
                yield Finding(
                    (*path, "value"), message, "Leave value out to take it from the counts, or correct one of them."
                )


def _statistic(path: FieldPath, figure: Figure) -> Iterator[Finding]:
    """Each statistic needs its own fields and its own kind of number."""
    kind, value = figure.statistic, figure.value
    if kind in RATIOS and figure.comparator is None:
        yield Finding((*path, "comparator"), f"a {_words(kind)} needs a comparator.", "Name the arm it is relative to.")
    if kind not in RATIOS and (figure.comparator is not None or figure.comparator_population is not None):
        yield Finding(
            (*path, "comparator"),
            f"a {_words(kind)} describes one group and has no comparator.",
            "Remove the comparator.",
        )
    if kind == "landmark" and figure.timepoint is None:
        yield Finding((*path, "timepoint"), "a landmark needs a timepoint.", "Give it in months.")
    if kind == "range":
        if figure.range is None:
            yield Finding((*path, "range"), "a range needs its low and high.", "Write range: {low: …, high: …}.")
    elif value is None and not _counted(figure):
        needs = "value, or events and n" if kind in FRACTIONS else "events" if kind in ("events", "count") else "value"
        yield Finding((*path, "value"), f"a {_words(kind)} needs {needs}.", "Add it, or remove the figure.")
    if value is None:
        return
    if kind in FRACTIONS and not 0 <= value <= 1:
        yield Finding((*path, "value"), f"{value:g} is not a proportion.", "Write 0.25 for 25%.")
    if kind in RATIOS and value <= 0:
        yield Finding((*path, "value"), f"{value:g} is not a ratio.", "Ratios are greater than 0.")
    if kind == "median" and value <= 0:
        yield Finding(
            (*path, "value"), f"a median of {value:g} is impossible.", "Times are in months and greater than 0."
        )
    if kind in ("events", "count"):
        yield Finding((*path, "value"), f"a number of {kind} stands in `events`.", "Move it there.")


def _counted(figure: Figure) -> bool:
    """Whether counts stand in the place of a value; that events exceed n is `_numbers`' to say."""
    if figure.statistic in FRACTIONS:
        return figure.events is not None and figure.n is not None
    return figure.statistic in ("events", "count") and figure.events is not None


def _account(path: FieldPath, figure: Figure) -> Iterator[Finding]:
    """A figure that is used, or passed over, says why; one that was read says where."""
    if figure.role in ("primary", "fit", "superseded") and not figure.why:
        yield Finding(
            (*path, "why"), f"a {figure.role} figure must say why.", "Say why this figure is used, or passed over."
        )
    if figure.seen not in ("seed", "derived") and figure.seen_at is None:
        yield Finding((*path, "seen_at"), "the page it was read on is missing.", "Name a page of sources.yaml.")


def _sizes(path: FieldPath, figure: Figure, trial: Trial) -> Iterator[Finding]:
    """No analysis has more patients than were randomised to its arms."""
    arms = {*trial.arms_of(figure.arm), *trial.arms_of(figure.comparator)}
    if figure.n is None or not arms <= set(trial.arms):
        return
    if any(trial.arms[a].n is None for a in arms):
        return
    # The safety analysis counts patients as treated, and a patient may be treated in the other arm.
    total = sum(max(trial.arms[a].n or 0, trial.arms[a].safety_n or 0) for a in arms)
    if figure.n > total:
        listed = ", ".join(sorted(arms))
        yield Finding((*path, "n"), f"{figure.n} exceeds the {total} patients of {listed}.", "Check n and the arm.")


def _duplicates(placed: list[Placed]) -> Iterator[Finding]:
    ids: dict[str, FieldPath] = {}
    primaries: dict[tuple, str] = {}
    for path, f in placed:
        if f.id in ids:
            yield Finding((*path, "id"), f"figure id {f.id!r} is used twice.", "Give each figure its own id.")
        ids.setdefault(f.id, path)
        if f.role != "primary":
            continue
        group = (f.arm, f.comparator, f.population, f.comparator_population)
        key = (*group, f.endpoint, f.statistic, f.timepoint, f.grade)
        if key in primaries:
            message = f"a second primary figure for what {primaries[key]!r} reports."
            yield Finding((*path, "role"), message, "Keep one primary; give the other the role check or superseded.")
        primaries.setdefault(key, f.id)


def _medians(compared: list[Placed], trial: Trial) -> Iterator[Finding]:
    """The median PFS of a group cannot exceed its median OS."""
    medians: dict[tuple, list[tuple[float, FieldPath]]] = defaultdict(list)
    for path, f in compared:
        if f.statistic == "median" and f.value is not None:
            medians[f.endpoint, trial.arms_of(f.arm), f.population].append((f.value, (*path, "value")))
    for (endpoint, arms, population), found in medians.items():
        os_medians = [value for value, _ in medians.get(("os", arms, population), [])] if endpoint == "pfs" else []
        for pfs, path in found:
            if os_medians and pfs > min(os_medians):
                message = f"{pfs:g} exceeds the OS median {min(os_medians):g} of the same arm; PFS cannot exceed OS."
                yield Finding(path, message, "Did you swap the endpoints?")


def _landmarks(compared: list[Placed]) -> Iterator[Finding]:
    """Survival falls with time, and PFS lies below OS at every time."""
    groups: dict[tuple, list[tuple[float, float, FieldPath]]] = defaultdict(list)
    for path, f in compared:
        if f.statistic == "landmark" and f.value is not None and f.timepoint is not None:
            groups[f.arm, f.population, f.cut, f.endpoint].append((f.timepoint, f.value, (*path, "value")))
    for (arm, population, cut, endpoint), points in groups.items():
        points.sort(key=lambda point: point[0])
        for (t, survival, _), (later, more, path) in pairwise(points):
            if more > survival:
                message = f"{more:g} at {later:g} months exceeds {survival:g} at {t:g}."
                yield Finding(path, message, "Survival cannot rise with time: check value and timepoint.")
        os_points = groups.get((arm, population, cut, "os"), []) if endpoint == "pfs" else []
        os_at = {t: survival for t, survival, _ in os_points}
        for t, survival, path in points:
            if t in os_at and survival > os_at[t]:
                message = f"PFS {survival:g} at {t:g} months exceeds OS {os_at[t]:g} of the same arm."
                yield Finding(path, message, "PFS cannot exceed OS. Did you swap the endpoints?")


def _directions(compared: list[Placed], trial: Trial) -> Iterator[Finding]:
    """A hazard ratio below 1 beside a shorter median is possible, and worth a second look."""
    medians = {
        (f.endpoint, f.cut, trial.arms_of(f.arm), f.population): f.value
        for _, f in compared
        if f.statistic == "median" and f.value is not None
    }
    for path, f in compared:
        if f.statistic != "hazard_ratio" or f.value is None:
            continue
        other = f.comparator_population or f.population
        treated = medians.get((f.endpoint, f.cut, trial.arms_of(f.arm), f.population))
        control = medians.get((f.endpoint, f.cut, trial.arms_of(f.comparator), other))
        if treated is None or control is None or (f.value - 1) * (treated - control) <= 0:
            continue
        message = f"hazard ratio {f.value:g} and medians {treated:g} v {control:g} point in opposite directions."
        yield Finding(
            (*path, "value"),
            message,
            "Possible where curves cross; check that arm and comparator are not swapped.",
            "warning",
        )


def _words(name: str) -> str:
    return name.replace("_", " ")
