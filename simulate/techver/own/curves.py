"""Curves and states of a model of one's own: in their order, everybody somewhere, deaths where hazards put them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulate.evidence.own_schema import MONTHS, OwnCurve
from simulate.techver.curves import EARLY, FAMILY_TOLERANCE, LEFT, LIFETIME, WORSE, complete, flows, label
from simulate.techver.own.subject import OwnSubject
from simulate.techver.own.world import OwnWorld, family_of, parameters_of, ratio_of
from simulate.techver.verdicts import Check, Verdict, at_most, decide, equal, less, true

Array = NDArray[np.float64]
ENDPOINTS = ("pfs", "os")
WORDS = {"pfs": "PFS", "os": "OS"}
NONE, MORTAL = 1e-300, 1e300  # hazard ratios under which nobody dies, and all die as soon as anybody does
EXACT = 1e-6  # of a curve, by which the program's formula and SciPy's may differ
GRID = 0.01  # of a mean or a standard deviation: what the steps of the grid may move
FINE = 20_001  # points of the exact integrals
NODES = 60  # of the integral of a Gompertz hazard


# ------------------------------------------------------------------------------------------------ TV2
def higher_hazard(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """A hazard ratio above 1 on an endpoint: its curve to that power, lower in the mean; states follow."""
    out = []
    for endpoint in ENDPOINTS:
        worse = subject.ratio(world, endpoint, WORSE)
        for s in subject.strategies:
            name = f"{label(world, s)}, hazard of {WORDS[endpoint]} × {WORSE:g}"
            a, b = subject.curve(world, s, endpoint), subject.curve(worse, s, endpoint)
            out.append(equal(f"{name}: the curve to that power", b, a**WORSE))
            out.append(less(f"{name}: mean {WORDS[endpoint]}", b.mean(axis=1), a.mean(axis=1)))
            now, then = world.traces[s], worse.traces[s]
            out.append(at_most(f"{name}: most alive beyond before", (then.alive - now.alive).max(axis=1), 0.0))
            free = (then.shares[:, 0] - now.shares[:, 0]).max(axis=1)
            out.append(at_most(f"{name}: most progression-free beyond before", free, 0.0))
            if endpoint == "os":
                out.append(less(f"{name}: mean alive", then.alive.mean(axis=1), now.alive.mean(axis=1)))
    return out


def tv2(subject: OwnSubject) -> Verdict:
    """Hazard ratio up: fewer alive, fewer progression-free, of curves and of states."""
    return decide("TV2", higher_hazard(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV3
def ordered(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """PFS of the states at most OS; both the table's curves, PFS cut down to OS and nothing else; cuts counted."""
    out = []
    for s in subject.strategies:
        t, name = world.traces[s], label(world, s)
        free, alive = (subject.curve(world, s, e) for e in ENDPOINTS)
        out.append(at_most(f"{name}: PFS(t) − OS(t), largest", (t.shares[:, 0] - t.alive).max(axis=1), 0.0))
        out.append(equal(f"{name}: alive and the table's OS", t.alive, alive))
        out.append(equal(f"{name}: progression-free and the lower curve", t.shares[:, 0], np.minimum(free, alive)))
        over = np.mean(free > alive + 1e-12, axis=1)
        out.append(equal(f"{name}: share of steps reported as cut", world.crossed[s], over))
    return out


def tv3(subject: OwnSubject) -> Verdict:
    """PFS(t) never above OS(t), in every draw; where the table's curves cross is counted and said."""
    checks = [c for w in (*subject.worlds, subject.drawn) for c in ordered(subject, w)]
    _, reported = subject.engine.analyse(subject.case, subject.count, subject.seed)
    said = []
    for s in subject.strategies:
        gap = _over(subject, subject.drawn, s)
        crossed = float(np.mean(gap > 1e-12))
        checks.append(equal(f"{s}: share of draws reported as cut, and counted", reported[s], crossed))
        said.append(f"{s} in {crossed:.0%} of the draws, by {float(gap.max()):.2g} at most")
        if subject.strict:
            held = true(f"{s}: curves do not cross in any draw, as `capped: false` asks", crossed == 0.0, said[-1])
            checks.append(held)
    return decide("TV3", checks, f"The table's PFS lies above its OS and is cut: {'; '.join(said)}.")


def _over(subject: OwnSubject, world: OwnWorld, strategy: str) -> Array:
    """Largest excess of the table's PFS over its OS in each draw."""
    free, alive = (subject.curve(world, strategy, e) for e in ENDPOINTS)
    return np.asarray((free - alive).max(axis=1), np.float64)


# ------------------------------------------------------------------------------------------------ TV4
def tv4(subject: OwnSubject) -> Verdict:
    """Families that are special cases of each other, and the others against SciPy's, to 1e-12."""
    t = np.linspace(0.1, 120.0, 240)

    def made(family: str, **parameters: float) -> Array:
        curve = OwnCurve.model_construct(family=family)  # type: ignore[arg-type,call-arg]
        arrays = {k: np.array([v]) for k, v in parameters.items()}
        return np.exp(subject.engine.log_survival(curve, arrays, np.ones(1), t))[0]

    pairs = {
        "Weibull of shape 1 and exponential": (made("weibull", shape=1.0, scale=9.0), made("exponential", rate=1 / 9)),
        "Weibull by rate and by scale": (made("weibull_ph", rate=9.0**-1.3, shape=1.3),
                                         made("weibull", shape=1.3, scale=9.0)),
        "Gompertz of shape 0 and exponential": (made("gompertz", shape=0.0, rate=1 / 9),
                                                made("exponential", rate=1 / 9)),
        "log-normal and SciPy's": (made("lognormal", meanlog=2.1, sdlog=0.8),
                                   by_scipy("lognormal", {"meanlog": 2.1, "sdlog": 0.8}, t)),
        "log-logistic and SciPy's": (made("loglogistic", shape=1.6, scale=8.0),
                                     by_scipy("loglogistic", {"shape": 1.6, "scale": 8.0}, t)),
        "Gompertz and its hazard integrated": (made("gompertz", shape=0.03, rate=0.02),
                                               by_scipy("gompertz", {"shape": 0.03, "rate": 0.02}, t)),
    }  # fmt: skip
    checks = [
        true(f"{k} within 1e-12", gap <= FAMILY_TOLERANCE, f"largest difference {gap:.1e}")
        for k, gap in ((k, float(np.abs(a - b).max())) for k, (a, b) in pairs.items())
    ]
    return decide("TV4", checks, "A model of one's own has no generalised gamma.")


# ------------------------------------------------------------------------------------------------ TV6
def tv6(subject: OwnSubject) -> Verdict:
    """States sum to the cohort; over a lifetime all die."""
    checks = [c for w in subject.worlds for c in complete(subject, w)]  # type: ignore[arg-type]
    case = subject.longer(max(LIFETIME, subject.case.clock.horizon))
    for s in subject.strategies:
        alive = float(subject.engine.curve(case, s, "os", subject.mean)[0, -1])
        checks.append(at_most(f"{s}: alive after {case.clock.horizon / 12:g} years", alive, LEFT, 0.0))
    return decide("TV6", checks)


# ------------------------------------------------------------------------------------------------ TV7
def by_scipy(family: str, p: Mapping[str, float], t: Array) -> Array:
    """Survival by SciPy's own distributions; of a Gompertz by integrating its hazard."""
    if family == "gompertz":
        at, weight = np.polynomial.legendre.leggauss(NODES)
        hazard = p["rate"] * np.exp(p["shape"] * 0.5 * t[:, None] * (at + 1.0))
        return np.exp(-0.5 * t * (hazard @ weight))
    made: Callable[[], object] = {
        "exponential": lambda: stats.expon(scale=1.0 / p["rate"]),
        "weibull": lambda: stats.weibull_min(p["shape"], scale=p["scale"]),
        "weibull_ph": lambda: stats.weibull_min(p["shape"], scale=p["rate"] ** (-1.0 / p["shape"])),
        "lognormal": lambda: stats.lognorm(p["sdlog"], scale=np.exp(p["meanlog"])),
        "loglogistic": lambda: stats.fisk(p["shape"], scale=p["scale"]),
    }[family]
    return np.asarray(made().sf(t), np.float64)  # type: ignore[attr-defined]


def tv7(subject: OwnSubject) -> Verdict:
    """Times of each curve on the grid against the family's distribution: shape, mean and spread to the horizon."""
    checks = []
    case, unit = subject.case, MONTHS[subject.case.model.unit]
    grid = np.minimum(case.clock.months, case.clock.horizon)
    fine = np.linspace(0.0, case.clock.horizon, FINE)
    for s in subject.strategies:
        for endpoint in ENDPOINTS:
            family = family_of(case, s, endpoint)
            p = {k: float(subject.mean[where][0]) for k, where in parameters_of(case, s, endpoint).items()}
            ratio = float(ratio_of(case, s, endpoint, subject.mean)[0])
            exact = by_scipy(family, p, fine / unit) ** ratio
            found = subject.engine.curve(case, s, endpoint, subject.mean)[0]
            gap = float(np.abs(found - by_scipy(family, p, case.clock.months / unit) ** ratio).max())
            name = f"{s}, {WORDS[endpoint]}"
            checks.append(true(f"{name}: {family} by SciPy", gap <= EXACT, f"largest difference {gap:.1e}"))
            for what, a, b in zip(("mean", "standard deviation"), _moments(grid, found), _moments(fine, exact),
                                  strict=True):  # fmt: skip
                checks.append(equal(f"{name}: {what} on the grid, months", a / b, 1.0, GRID))
    note = "Nothing is simulated: what is held to each distribution is its curve on the model's grid."
    return decide("TV7", checks, note)


def _moments(t: Array, curve: Array) -> tuple[float, float]:
    """Mean and standard deviation of times cut at the last point."""
    mean = float(np.trapezoid(curve, t))
    return mean, float(np.sqrt(max(2.0 * np.trapezoid(t * curve, t) - mean**2, 0.0)))


# ------------------------------------------------------------------------------------------------ TV10
def mortality(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """With no hazard of death nobody dies; with an endless one all are dead in two months."""
    out = []
    none = subject.ratio(world.discounted(0.0, 0.0), "os", NONE)
    all_die = subject.ratio(world, "os", MORTAL)
    clock = world.case.clock
    for s in subject.strategies:
        name = label(world, s)
        out.append(equal(f"{name}, no mortality: alive at the horizon", none.traces[s].alive[:, -1], 1.0))
        tolerance = 1e-9 if clock.counting == "integral" else 0.01
        years = subject.book(none, s).ly
        out.append(equal(f"{name}, no mortality: years of the horizon", years, clock.horizon / 12.0, tolerance))
        step = min(int(np.ceil(2.0 * clock.per_month)), clock.days)
        left = all_die.traces[s].alive[:, step]
        out.append(at_most(f"{name}, hazards × 1e300: alive after 2 months or a step", left, 1e-6, 0.0))
    return out


def tv10(subject: OwnSubject) -> Verdict:
    """Mortality 0: nobody dies, undiscounted life-years are the horizon; huge: all dead in the first cycles."""
    return decide("TV10", mortality(subject, subject.point))


# ------------------------------------------------------------------------------------------------ TV14
def entries(subject: OwnSubject, world: OwnWorld) -> list[Check]:
    """Flows as of every structure; of a partition all who leave PFS progress, so entries are exits."""
    out = flows(subject, world)  # type: ignore[arg-type]
    for s in subject.strategies:
        t = world.traces[s]
        left = t.shares[:, 0, 0] - t.shares[:, 0, -1]
        out.append(equal(f"{label(world, s)}: progressions and all who left PFS", t.progressing.sum(axis=1), left))
    return out


def tv14(subject: OwnSubject) -> Verdict:
    """Inflow minus outflow is the change of a state; entries are exits."""
    note = "Two curves do not say who dies before progression: every event of PFS counts as a progression."
    return decide("TV14", entries(subject, subject.point), note)


# ------------------------------------------------------------------------------------------------ IN1
def in1(subject: OwnSubject) -> Verdict:
    """The table's PFS nowhere above its OS, but for the first days of curves that begin differently."""
    checks = []
    for s in subject.strategies:
        over = float(_over(subject, subject.point, s)[0])
        months = float(subject.point.crossed[s][0]) * subject.case.clock.horizon
        said = f"by {max(over, 0.0):.4f} at most, in {months:.2f} months together"
        checks.append(true(f"{s}: printed PFS above printed OS by no more than {EARLY:g}", over <= EARLY, said))
    return decide("IN1", checks)
