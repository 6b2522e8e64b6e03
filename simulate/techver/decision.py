"""What is made of costs and effects: frontier, uncertainty, value of information."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, true

Array = NDArray[np.float64]
ERRORS = 5.0  # standard errors by which two means may differ
CLOSE = 0.10  # of the deterministic value: what a nonlinear model may move the mean of the draws
SIZES = (0.0, 10.0, 100.0, 1e4, 1e12)  # patients of a proposed trial
LIKE = 1e-6  # of the value of perfect information, by which sample information may fall short of it at the largest size


def thresholds(subject: Subject) -> Array:
    """Willingness to pay: 0, the payer's thresholds, and where the mean increments of the draws balance."""
    d = subject.draws
    known = list(subject.case.thresholds) or [50_000.0]
    cost, qaly = (float(np.mean(x[:, -1] - x[:, 0])) for x in (d.cost, d.qaly))
    if qaly != 0.0 and cost / qaly > 0.0:
        known.append(cost / qaly)
    return np.unique([0.0, *known, 3.0 * max(known)])


# ------------------------------------------------------------------------------------------------ TV25
def tv25(subject: Subject) -> Verdict:
    """Frontier of the strategies under all structures, of invented points, of draws: held to a plain search."""
    sets: dict[str, tuple[list[str], list[float], list[float]]] = {}
    for name, own in subject.structures.items():
        books = [own[s].outcomes for s in subject.strategies]
        costs, effects = [float(b.cost.mean()) for b in books], [float(b.qaly.mean()) for b in books]
        sets[name] = (list(subject.strategies), costs, effects)
    names = [f"{k}: {s}" for k, v in sets.items() for s in v[0]]
    together = [x for v in sets.values() for x in v[1]], [x for v in sets.values() for x in v[2]]
    sets["all structures together"] = (names, *together)
    invented = ["none", "test", "worse", "treat", "both", "dear"]
    sets["invented"] = (invented, [0.0, 50.0, 120.0, 100.0, 400.0, 500.0], [0.0, 0.2, 0.9, 1.0, 1.6, 1.5])
    d = subject.draws
    for i in range(0, len(d), max(len(d) // 10, 1)):
        block = [f"draw {j}" for j in range(i, min(i + 10, len(d)))]
        sets[f"draws from {i}"] = (block, d.cost[i : i + 10, -1].tolist(), d.qaly[i : i + 10, -1].tolist())
    checks = [c for k, v in sets.items() for c in _frontier(subject, k, *v)]
    return decide("TV25", checks)


def _frontier(
    subject: Subject, name: str, names: Sequence[str], costs: Sequence[float], effects: Sequence[float]
) -> list[Check]:
    rows = sorted(subject.engine.frontier(costs, effects, names), key=lambda r: (r.cost, r.effect))
    on = [r for r in rows if r.status == "frontier"]
    icers = [r.icer for r in on if r.icer is not None]
    said = " ≤ ".join(f"{x:,.0f}" for x in icers)
    out = [
        true(
            f"{name}: ratios along the frontier never fall",
            all(b >= a - 1e-9 * abs(a) for a, b in pairwise(icers)),
            said,
        )
    ]
    for a, b in pairwise(on):
        expected = (b.cost - a.cost) / (b.effect - a.effect) if b.effect != a.effect else None
        if expected is not None and b.icer is not None:
            out.append(equal(f"{name}, {b.name}: ratio", b.icer, expected, 1e-6))
    wrong = [r.name for r in rows if r.status != _status(r.name, names, costs, effects)]
    said = ", ".join(wrong) or ", ".join(f"{r.name} {r.status}" for r in rows[:4])
    out.append(true(f"{name}: labels as a plain search finds them", not wrong, said))
    return out


def _status(name: str, names: Sequence[str], costs: Sequence[float], effects: Sequence[float]) -> str:
    """By the definitions: dominated by one other, or by a mixture of two, or neither."""
    i = list(names).index(name)
    c, e = costs[i], effects[i]
    others = [(a, b) for j, (a, b) in enumerate(zip(costs, effects, strict=True)) if j != i]
    if any(a <= c and b >= e and (a < c or b > e) for a, b in others):
        return "dominated"
    for a, b in others:
        for x, y in others:
            if b < e < y and a + (x - a) * (e - b) / (y - b) < c - 1e-9 * max(abs(c), 1.0):
                return "extendedly dominated"
    return "frontier"


# ------------------------------------------------------------------------------------------------ TV28
def tv28(subject: Subject) -> Verdict:
    """Means of the draws near the deterministic values and alike under another seed; acceptability from the scatter."""
    d, again = subject.draws, subject.draws_again
    checks = []
    for i, s in enumerate(d.strategies):
        book = subject.book(subject.point, s)
        for what in ("cost", "qaly", "ly"):
            values, other = getattr(d, what)[:, i], getattr(again, what)[:, i]
            exact = float(getattr(book, what)[0])
            errors = [float(x.std(ddof=1)) / len(x) ** 0.5 for x in (values, other)]
            allowed = CLOSE * abs(exact) + ERRORS * errors[0]
            gap, said = float(values.mean()) - exact, f"{values.mean():,.4g} v {exact:,.4g}"
            checks.append(true(f"{s}, {what}: mean of the draws and deterministic", abs(gap) <= allowed, said))
            gap = float(values.mean() - other.mean())
            said = f"{values.mean():,.4g} v {other.mean():,.4g}"
            checks.append(true(f"{s}, {what}: another seed", abs(gap) <= ERRORS * float(np.hypot(*errors)), said))
    checks += _acceptability(subject)
    return decide("TV28", checks, f"Allowed: {CLOSE:.0%} and {ERRORS:g} standard errors.")


def _acceptability(subject: Subject) -> list[Check]:
    d, wtp = subject.draws, thresholds(subject)
    found = subject.engine.acceptability(d.cost, d.qaly, wtp)
    checks = [equal("acceptability curves: sum at each willingness to pay", found.probability.sum(axis=1), 1.0)]
    for i, w in enumerate(wtp):
        benefit = w * d.qaly - d.cost
        best = benefit == benefit.max(axis=1, keepdims=True)
        shares = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
        checks.append(equal(f"acceptability at {w:,.0f}: shares of the scatter", found.probability[i], shares))
        mean = benefit.mean(axis=0)
        optimal = int(found.optimal[i])
        checks.append(at_most(f"optimal at {w:,.0f}: highest mean benefit", mean.max(), mean[optimal]))
        checks.append(equal(f"frontier at {w:,.0f}: the optimal strategy's share", found.frontier[i], shares[optimal]))
    return checks


# ------------------------------------------------------------------------------------------------ TV30
def tv30(subject: Subject) -> Verdict:
    """EVPI at least every EVPPI, EVPPI at least EVSI, EVSI nearing EVPPI; EVPI as the plain mean of maxima."""
    d, wtp, engine = subject.draws, thresholds(subject), subject.engine
    whole: Any = engine.evpi(d.cost, d.qaly, wtp)
    benefit = wtp[:, None, None] * d.qaly - d.cost
    plain = benefit.max(axis=2).mean(axis=1) - benefit.mean(axis=1).max(axis=1)
    checks = [
        equal("EVPI and the mean of each draw's best less the best mean", whole.value, plain, 1e-6),
        true("EVPI at 0 or above", np.min(whole.value) >= 0.0, f"{float(np.max(whole.value)):,.0f} at most"),
    ]
    for group, names in d.groups.items():
        known = np.column_stack([d.parameters[n] for n in names])
        part: Any = engine.evppi(d.cost, d.qaly, wtp, known, group=group)
        checks.append(at_most(f"EVPPI of {group} and EVPI", part.value, whole.value))
    gain = benefit[len(wtp) // 2, :, -1] - benefit[len(wtp) // 2, :, 0]
    moved = [n for n, v in d.parameters.items() if np.ptp(v) > 0.0]
    name = max(moved, key=lambda n: abs(float(np.corrcoef(d.parameters[n], gain)[0, 1])))
    one: Any = engine.evppi(d.cost, d.qaly, wtp, d.parameters[name], group=name)
    by_size = engine.evsi(d.cost, d.qaly, wtp, d.parameters[name], sizes=np.array(SIZES), prior_size=50.0)
    checks.append(at_most(f"EVPPI of {name} and EVPI", one.value, whole.value))
    for n, row in zip(SIZES, by_size, strict=True):
        checks.append(at_most(f"EVSI of {name} from {n:g} patients and EVPPI", row, one.value, LIKE))
    checks.append(true(f"EVSI of {name} rises with the trial", (np.diff(by_size, axis=0) >= -1e-6).all()))
    checks.append(equal(f"EVSI of {name} from no patients", by_size[0], 0.0, 1e-6))
    checks.append(equal(f"EVSI of {name} from very many and EVPPI", by_size[-1], one.value, 1e-3))
    return decide("TV30", checks)
