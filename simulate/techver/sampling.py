"""Random numbers: what is drawn has the distribution that the files state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulate.calibration import Calibration
from simulate.economics.amounts import Place
from simulate.economics.changes import dotted, numbers
from simulate.economics.composite import Composite
from simulate.economics.networked import Networked
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share, Size, Utility
from simulate.model.types import Distribution
from simulate.techver.subject import Subject
from simulate.techver.verdicts import Check, Verdict, decide, true

Array = NDArray[np.float64]
FALSE_ALARM = 1e-4  # chance that a sound program fails any statistical comparison of one assertion
MANY = 4000  # draws of each number of the economic file
PEOPLE_FEW = 50  # of a sample, below which moments are not compared
FAMILIES_OF = {
    Money: ("gamma", "lognormal"),
    Utility: ("beta",),
    Disutility: ("beta",),
    Share: ("beta",),
    Size: ("normal", "lognormal", "gamma"),
}


def score_bound(comparisons: int) -> float:
    """Bound on a standard normal score with which so many comparisons together fail with chance `FALSE_ALARM`."""
    return float(stats.norm.isf(FALSE_ALARM / max(comparisons, 1) / 2.0))


# ------------------------------------------------------------------------------------------------ TV7
def tv7(subject: Subject) -> Verdict:
    """Simulated times of each arm and stratum against their distribution: mean, variance and shape to the horizon."""
    case, model = subject.case.without_others(), subject.case.model
    samples: list[tuple[str, Array, Distribution]] = []
    for s in subject.strategies:
        for i, stratum in enumerate(model.strata):
            cell = model.cells[case.arms[s], stratum]
            mix = tuple(float(j == i) for j in range(len(model.strata)))
            entry = subject.engine.entry(case, model, s, mix, subject.people, subject.seed)
            samples.append((f"{s}, {stratum}, PFS", np.minimum(entry[1], entry[2]), cell.pfs))
            progressed = np.isfinite(entry[1])
            if cell.dependence == 0.0:
                after = entry[2][progressed] - entry[1][progressed]
                samples.append((f"{s}, {stratum}, PPS", after, cell.pps))
    bound = score_bound(3 * len(samples))
    checks: list[Check] = []
    for name, times, distribution in samples:
        if len(times) >= PEOPLE_FEW:
            checks += _moments(name, times, distribution, case.clock.horizon, bound, FALSE_ALARM / (3 * len(samples)))
    note = f"Bound of each score {bound:.2f}: all together fail by chance once in {1 / FALSE_ALARM:,.0f}."
    return decide("TV7", checks, note)


def _moments(
    name: str, times: Array, distribution: Distribution, horizon: float, bound: float, alpha: float
) -> list[Check]:
    """Of times cut at the horizon, so that all moments exist: E T^k is the integral of k t^(k-1) S(t)."""
    t = np.linspace(0.0, horizon, 20_001)
    s = distribution.survival(t)
    raw = [float(np.trapezoid(k * t ** (k - 1) * s, t)) for k in (1, 2, 3, 4)]
    mean, variance = raw[0], raw[1] - raw[0] ** 2
    fourth = raw[3] - 4 * raw[2] * mean + 6 * raw[1] * mean**2 - 3 * mean**4
    cut, n = np.minimum(times, horizon), len(times)
    z_mean = (float(cut.mean()) - mean) / math.sqrt(variance / n)
    z_variance = (float(cut.var(ddof=1)) - variance) / math.sqrt((fourth - variance**2) / n)
    ks = (
        stats.kstest(distribution.survival(times[np.isfinite(times)]), "uniform").pvalue
        if distribution.cure == 0
        else 1.0
    )
    return [
        true(f"{name}: mean", abs(z_mean) < bound, f"{cut.mean():.3f} v {mean:.3f} months, z {z_mean:+.2f}"),
        true(f"{name}: variance", abs(z_variance) < bound, f"{cut.var():.2f} v {variance:.2f}, z {z_variance:+.2f}"),
        true(f"{name}: shape (Kolmogorov–Smirnov)", ks > alpha, f"p {ks:.2g}"),
    ]


# ------------------------------------------------------------------------------------------------ TV26
def tv26(subject: Subject) -> Verdict:
    """One-way analysis: joint parameters left out, ends from the stated distribution, low <= value <= high."""
    case = subject.case
    varied, base = subject.engine.ranges(case), numbers(case)
    drawn = subject.engine.drawn(case.file, MANY, subject.seed)
    joint = {p.name for c in case.calibrations.values() for p in c.layout.parameters}
    bad = sorted(n for n in varied if n in joint or n.startswith("survival"))
    checks = [true("no parameter of the joint survival model is moved alone", not bad, f"{len(joint)} left out")]
    vials = sorted(n for n in varied if ".vials." in n and len(case.file.drugs[n.split(".")[1]].vials) > 1)
    uncertain = [p for p, q in case.file.quantities().items() if q.standard_error > 0.0 and p[0] == "drugs"]
    checks.append(true("vials of one drug are moved together", not vials or bool(uncertain), ", ".join(vials)))
    names = {dotted(p): p for p in drawn.by_place}
    for name, (group, low, high) in ((k, v) for k, v in varied.items() if k in base):
        inside = low <= base[name] <= high
        checks.append(true(f"{name}: low ≤ value ≤ high", inside, f"{low:.4g} ≤ {base[name]:.4g} ≤ {high:.4g}"))
        if group == "file" and np.ptp(drawn.by_place[names[name]]) > 0.0:
            checks.append(ends(name, drawn.by_place[names[name]], (low, high), base[name], len(varied)))
    return decide("TV26", checks)


def ends(name: str, values: Array, interval: tuple[float, float], base: float, numbers: int) -> Check:
    """2.5 % of the draws of a number, one of so many, beyond each end, but for an end that is its value."""
    low, high = interval
    within = score_bound(2 * numbers) * math.sqrt(0.025 * 0.975 / MANY)
    below, above = float((values < low).mean()), float((values > high).mean())
    fits = below < 0.025 + within and above < 0.025 + within
    fits = fits and (below > 0.025 - within or low == base)
    fits = fits and (above > 0.025 - within or high == base)
    said = f"{below:.1%} below {low:.4g}, {above:.1%} above {high:.4g} of {MANY:,} draws"
    return true(f"{name}: 2.5 % beyond each end", fits, said)


# ------------------------------------------------------------------------------------------------ TV27
def stated_error(quantity: Quantity) -> float:
    """Standard error as the file states it: `se`, `cv` times the value, or the width of the interval."""
    if quantity.se is not None:
        return quantity.se
    if quantity.cv is not None:
        return quantity.cv * abs(quantity.value)
    if quantity.interval is not None:
        quantile = NormalDist().inv_cdf(0.5 + 0.5 * quantity.interval.level)
        return (quantity.interval.high - quantity.interval.low) / (2.0 * quantile)
    return 0.0


def tv27(subject: Subject) -> Verdict:
    """Families by kind; the draws' mean and standard deviation are the value and its standard error."""
    file = subject.case.file
    drawn, mean = subject.engine.drawn(file, MANY, subject.seed), subject.engine.mean(file)
    uncertain = {p: q for p, q in file.quantities().items() if stated_error(q) > 0.0 and q.distribution != "fixed"}
    uncertain = {p: q for p, q in uncertain.items() if q.value != 0.0}
    bound = score_bound(2 * len(uncertain))
    checks: list[Check] = []
    for place, quantity in uncertain.items():
        checks += as_stated(place, quantity, drawn.by_place[place], mean.by_place[place],
                            subject.engine.family(quantity), bound)  # fmt: skip
    checks += _rates(subject) + _joint(subject)
    note = f"Bound of each score {bound:.2f}. Shares of strata are the trial's own counts: no Dirichlet is drawn."
    return decide("TV27", checks, note)


def as_stated(place: Place, quantity: Quantity, values: Array, mean: Array, family: str, bound: float) -> list[Check]:
    """Draws of one number: a family of its kind, its value as their mean, its standard error as their deviation."""
    name = dotted(place)
    known = next(
        (v for k, v in FAMILIES_OF.items() if isinstance(quantity, k)), ("normal", "lognormal", "gamma", "beta")
    )
    outside = isinstance(quantity, Utility) and not 0.0 < quantity.value < 1.0
    out = [true(f"{name}: {family}", family in known or outside, family)]
    if isinstance(quantity, Money):
        out.append(true(f"{name}: no draw below 0", values.min() >= 0.0))
    elif isinstance(quantity, Share | Disutility):
        out.append(true(f"{name}: draws within 0 and 1", values.min() >= 0.0 and values.max() <= 1.0))
    elif isinstance(quantity, Utility):
        out.append(true(f"{name}: no draw above 1", values.max() <= 1.0))
    factor = float(mean[0]) / quantity.value
    error = stated_error(quantity) * abs(factor)
    if family == "beta":
        error = min(error, math.sqrt(0.999 * quantity.value * (1.0 - quantity.value)))
    centred = values - values.mean()
    sd = float(values.std(ddof=1))
    kurtosis = float((centred**4).mean() / max(float((centred**2).mean()) ** 2, 1e-300))
    z_mean = (float(values.mean()) - float(mean[0])) / (error / math.sqrt(len(values)))
    z_sd = (sd / error - 1.0) / math.sqrt(max(kurtosis - 1.0, 0.5) / (4.0 * len(values)))
    said = f"mean {values.mean():.4g} (value {mean[0]:.4g}), SD {sd:.4g} (standard error {error:.4g})"
    out.append(true(f"{name}: as stated", abs(z_mean) < bound and abs(z_sd) < bound, said))
    between = getattr(quantity, "between", None)
    if between is not None:
        said = f"{stated_error(quantity):.3g} < {between:.3g}"
        out.append(true(f"{name}: standard error below the spread of patients", stated_error(quantity) < between, said))
    return out


def _rates(subject: Subject) -> list[Check]:
    """Adverse events: beta, of the reported rate as its mean and the arm's patients as its size."""
    out = []
    for s in subject.strategies:
        for event, values in subject.engine.rates(subject.case, s, MANY, subject.seed).items():
            n = float(subject.case.calibration_patients(subject.case.arms[subject.case.owner(s, event)]))
            rate = float(subject.point.events[s][event][0])
            if not 0.0 < rate < 1.0:
                out.append(true(f"{s}, {event}: a rate of {rate:g} stays", np.all(values == rate)))
                continue
            a, b = rate * n, (1.0 - rate) * n
            p = stats.kstest(values, stats.beta(a, b).cdf).pvalue
            said = f"SD {values.std():.4f}, of the beta {stats.beta(a, b).std():.4f}"
            out.append(true(f"{s}, {event}: beta of events among {n:.0f} patients", p > FALSE_ALARM / 100, said))
    return out


def _joint(subject: Subject) -> list[Check]:
    """Survival: the draws of all parameters together are those of the calibration, rows kept."""
    calibration, drawn = subject.case.calibration, subject.draws.parameters
    if isinstance(calibration, Composite):
        return [_shuffled(t, c, drawn) for t, c in calibration.calibrations.items()]
    network = [_rows_of_network(calibration, drawn)] if isinstance(calibration, Networked) else []
    if isinstance(calibration, Networked):
        calibration = calibration.calibration
    names = [p.name for p in calibration.layout.parameters]
    columns = np.column_stack([drawn[f"survival: {n}"] for n in names])
    own = min(len(columns), calibration.draws)
    same = bool(np.array_equal(columns[:own], calibration.posterior.draws[:own]))
    said = f"{own} rows of {len(names)} parameters"
    return [true("survival: joint draws of the calibration, row by row", same, said), *network]


def _rows_of_network(survival: Networked, drawn: Mapping[str, Array]) -> Check:
    """Of a network: whole rows of its files, the effects on all endpoints from the same one."""
    known, columns = [], []
    for s in survival.arms:
        for endpoint, values in survival.log_ratios(s).items():
            name = f"survival: network.{endpoint}.{survival.network.treatment(s)}"
            if name in drawn:  # what does not vary is no parameter
                known.append(values)
                columns.append(drawn[name])
    rows = {tuple(r) for r in np.column_stack(known)} if known else set()
    own = [tuple(r) in rows for r in np.column_stack(columns)] if columns else []
    said = f"{sum(own)} of {len(own)} draws are rows of {', '.join(survival.network.files.values())}"
    return true("survival: effects of the network, row by row", all(own), said)


def _shuffled(trial: str, calibration: Calibration, drawn: Mapping[str, Array]) -> Check:
    """Of one trial among many: whole rows of its draws, each once, in an order of its own."""
    names = [(i, f"survival: {trial}: {p.name}") for i, p in enumerate(calibration.layout.parameters)]
    kept = [(i, n) for i, n in names if n in drawn]
    rows = np.column_stack([drawn[n] for _, n in kept]) if kept else np.zeros((0, 0))
    known = {tuple(r) for r in calibration.posterior.draws[:, [i for i, _ in kept]]} if kept else set()
    own = [tuple(r) in known for r in rows]
    needed = min(len(rows), calibration.draws)
    said = f"{sum(own)} of {len(rows)} rows of {len(kept)} parameters are the calibration's own"
    whole = sum(own) == needed and len({tuple(r) for r in rows}) == len(rows)
    return true(f"survival, {trial}: joint draws of its calibration, each once", whole, said)


# ------------------------------------------------------------------------------------------------ TV29
def tv29(subject: Subject) -> Verdict:
    """Patients' survival in two arms: correlated under one seed, not under two; uniforms flat."""
    case, model = subject.case, subject.case.model
    one, other = subject.strategies[0], subject.strategies[-1]

    def died(strategy: str, seed: int) -> Array:
        entry = subject.engine.entry(case, model, strategy, case.mix, subject.people, seed)
        return np.minimum(entry[2], case.clock.horizon)

    together = float(np.corrcoef(died(one, subject.seed), died(other, subject.seed))[0, 1])
    apart = float(np.corrcoef(died(one, subject.seed), died(other, subject.seed + 1))[0, 1])
    limit = score_bound(1) / math.sqrt(subject.people)
    checks = [
        true("survival under common random numbers: correlated by more than 0.5", together > 0.5, f"{together:.3f}"),
        true("survival under two seeds: not correlated", abs(apart) < limit, f"{apart:+.4f} (limit {limit:.4f})"),
    ]
    places = [dotted(p) for p in case.file.quantities()]
    for name in places:
        p = stats.kstest(subject.engine.uniforms(name, MANY, subject.seed), "uniform").pvalue
        checks.append(true(f"stream {name}: flat on (0, 1)", p > FALSE_ALARM / max(len(places), 1), f"p {p:.2g}"))
    if len(places) > 1:
        a, b = (subject.engine.uniforms(n, MANY, subject.seed) for n in places[:2])
        r = float(np.corrcoef(a, b)[0, 1])
        limit = score_bound(1) / math.sqrt(MANY)
        checks.append(true("two numbers' streams: not correlated", abs(r) < limit, f"{r:+.4f}"))
    return decide("TV29", checks)
