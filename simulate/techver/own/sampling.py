"""Random numbers of a model of one's own: every number from its own distribution, alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulate.economics.changes import dotted
from simulate.economics.own import OWN
from simulate.evidence.own_checks import POSITIVE
from simulate.techver import decision
from simulate.techver.own.subject import OwnSubject
from simulate.techver.sampling import FALSE_ALARM, MANY, as_stated, ends, score_bound, stated_error
from simulate.techver.verdicts import Check, Verdict, decide, true

Array = NDArray[np.float64]
CERTAIN = "no number of the model or of its economic file has an uncertainty (`se`, `interval`, `cv`)."


# ------------------------------------------------------------------------------------------------ TV26
def tv26(subject: OwnSubject) -> Verdict:
    """One-way analysis: what is moved alone is drawn alone; low <= value <= high of the stated distribution."""
    case = subject.case
    varied = subject.engine.ranges(case)
    drawn, mean = subject.engine.drawn(case, MANY, subject.seed), subject.mean
    names = {dotted(p): p for p in drawn.by_place}
    values = {n: drawn.by_place[p] for n, p in names.items() if np.ptp(drawn.by_place[p]) > 0.0}
    base = {n: float(mean[p][0]) for n, p in names.items()}
    checks = [_apart({n: v for n, v in values.items() if n in varied})]
    left = sorted(set(values) - set(varied))
    checks.append(true("every number that is drawn is varied", not left, ", ".join(left) or f"{len(values)} numbers"))
    for name, (group, low, high) in ((k, v) for k, v in varied.items() if k in base):
        said = f"{low:.4g} ≤ {base[name]:.4g} ≤ {high:.4g}"
        checks.append(true(f"{name}: low ≤ value ≤ high", low <= base[name] <= high, said))
        if group == "file" and name in values:
            checks.append(ends(name, values[name], (low, high), base[name], len(varied)))
    note = "Tables print no covariances, so every number is drawn and moved alone, those of one curve too."
    return decide("TV26", checks, note)


def _apart(values: dict[str, Array]) -> Check:
    """Nothing that is moved alone is drawn together with something else."""
    if len(values) < 2:
        return true("no two numbers are drawn together", True, f"{len(values)} uncertain")
    r = np.abs(np.corrcoef(np.vstack(list(values.values())))) - np.eye(len(values))
    limit = score_bound(len(values) * (len(values) - 1) // 2) / math.sqrt(MANY)
    said = f"largest correlation {float(r.max()):.3f} of {len(values)} numbers (limit {limit:.3f})"
    return true("no two numbers are drawn together", r.max() < limit, said)


# ------------------------------------------------------------------------------------------------ TV27
def tv27(subject: OwnSubject) -> Verdict:
    """Families by kind; the draws' mean and standard deviation are the value and its standard error."""
    case = subject.case
    drawn = subject.engine.drawn(case, MANY, subject.seed)
    uncertain = {p: q for p, q in case.quantities().items() if stated_error(q) > 0.0 and q.distribution != "fixed"}
    uncertain = {p: q for p, q in uncertain.items() if q.value != 0.0}
    bound = score_bound(2 * len(uncertain))
    checks: list[Check] = []
    for place, quantity in uncertain.items():
        values = drawn.by_place[place]
        family = subject.engine.family(quantity)
        checks += as_stated(place, quantity, values, subject.mean.by_place[place], family, bound)
        if place[0] == OWN and _positive(subject, place):
            said = f"{float((values <= 0.0).mean()):.2%} of {MANY:,} draws are not"
            checks.append(true(f"{dotted(place)}: every draw above 0", values.min() > 0.0, said))
    note = f"Bound of each score {bound:.2f}. Numbers of one curve are drawn apart: tables print no covariances."
    return decide("TV27", checks, note, absent=CERTAIN)


def _positive(subject: OwnSubject, place: tuple[str | int, ...]) -> bool:
    """Whether a number has to be above 0: parameters of curves but a few, and hazard ratios."""
    name = place[-1]
    if name == "hazard_ratio" or name in POSITIVE:
        return True
    if name != "shape":
        return False
    return getattr(subject.case.model.arms[str(place[2])], str(place[3])).family != "gompertz"


# ------------------------------------------------------------------------------------------------ TV29
def tv29(subject: OwnSubject) -> Verdict:
    """Each number's stream is flat, the same under one seed, another under another, and no other number's."""
    checks = []
    names = [dotted(p) for p in subject.case.quantities()]
    limit = score_bound(2) / math.sqrt(MANY)
    for name in names:
        p = stats.kstest(subject.engine.uniforms(name, MANY, subject.seed), "uniform").pvalue
        checks.append(true(f"stream {name}: flat on (0, 1)", p > FALSE_ALARM / len(names), f"p {p:.2g}"))
    first, again, other = (subject.engine.uniforms(names[0], MANY, subject.seed + i) for i in (0, 0, 1))
    checks.append(true(f"stream {names[0]}: the same under one seed", np.array_equal(first, again)))
    pairs = {"under two seeds": other}
    if len(names) > 1:
        pairs[f"and {names[1]}"] = subject.engine.uniforms(names[1], MANY, subject.seed)
    for what, values in pairs.items():
        r = float(np.corrcoef(first, values)[0, 1])
        checks.append(true(f"stream {names[0]} {what}: not correlated", abs(r) < limit, f"{r:+.4f}"))
    return decide("TV29", checks, "No patients are simulated: strategies share the draws of the economic file.")


# ------------------------------------------------------------------------------------------------ TV30
def tv30(subject: OwnSubject) -> Verdict:
    """Value of information, where anything is uncertain."""
    if not subject.draws.parameters:
        return decide("TV30", [], absent=CERTAIN)
    return decision.tv30(subject)  # type: ignore[arg-type]
