"""Planted defects: for each assertion, programs or files with one thing wrong that it has to catch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulate.economics.clock import Clock
from simulate.economics.outcomes import Line
from simulate.model.types import Distribution


def engine(subject, **parts):
    return replace(subject, engine=replace(subject.engine, **parts))


def book(change):
    """A defect of the account book: `change(outcomes, case, strategy, traces, values, events)`."""

    def planted(subject):
        sound = subject.engine.outcomes
        return engine(subject, outcomes=lambda *a: change(sound(*a), *a))

    return planted


def called(change):
    """A defect of what the account book is asked: `change(case, strategy, traces, values, events)` → the same."""

    def planted(subject):
        sound = subject.engine.outcomes
        return engine(subject, outcomes=lambda *a: sound(*change(*a)))

    return planted


def traced(change):
    """A defect of integration: `change(traces)`."""

    def planted(subject):
        sound = subject.engine.integrated
        return engine(subject, integrated=lambda *a: change(sound(*a)))

    return planted


def lines(side, keep=lambda x: True, change=lambda x: x):
    return book(lambda o, *a: replace(o, **{side: tuple(change(x) for x in getattr(o, side) if keep(x))}))


def scaled(side, factor, where):
    return lines(side, change=lambda x: replace(x, uses=x.uses * factor) if where(x) else x)


def entries(change):
    """A defect of simulation: `change(entry, strategy, seed)`."""

    def planted(subject):
        sound = subject.engine.entry

        def entry(case, model, strategy, mix, patients, seed):
            return change(sound(case, model, strategy, mix, patients, seed), strategy, seed)

        return engine(subject, entry=entry)

    return planted


def result(name, change):
    """A defect of any other computation: `change(result)`."""

    def planted(subject):
        sound = getattr(subject.engine, name)
        return engine(subject, **{name: lambda *a, **k: change(sound(*a, **k))})

    return planted


# ------------------------------------------------------------------------------------------------ single defects
def old_prices(case, strategy, traces, values, events):
    fixed = {p: np.array([q.value]) for p, q in values.file.quantities().items() if p[0] == "drugs"}
    return case, strategy, traces, replace(values, by_place={**values.by_place, **fixed}), events


def old_bodies(case, strategy, traces, values, events):
    fixed = {p: np.array([q.value]) for p, q in values.file.quantities().items() if p[0] == "bodies"}
    return case, strategy, traces, replace(values, by_place={**values.by_place, **fixed}), events


def helpful_hazard(subject):
    sound = subject.engine.integrated

    def integrated(case, strategy, model):
        def turn(d):
            return replace(d, ratios=tuple(1.0 / r if r > 0.0 else 0.0 for r in d.ratios))

        cells = {k: replace(c, pfs=turn(c.pfs), pps=turn(c.pps)) for k, c in model.cells.items()}
        return sound(case, strategy, replace(model, cells=cells))

    return engine(subject, integrated=integrated)


def shares(change):
    return traced(lambda t: replace(t, shares=change(t.shares.copy())))


def pfs_above_os(s):
    return np.stack([s.sum(axis=1) * 1.01, s.sum(axis=1) * -0.01], axis=1)


def revived(s):
    s[:, 1, 400] += 0.01
    return s


def background(s):
    return s * np.exp(-1e-4 * np.arange(s.shape[2]))


def foreign_arm(subject):
    calibration = subject.case.calibration
    arm = subject.case.arms[subject.strategies[-1]]
    cells = {
        k: replace(c, pfs=Distribution("lognormal", (2.0, 0.8))) if k[0] == arm else c
        for k, c in calibration.model.cells.items()
    }
    model = replace(calibration.model, cells=cells)
    return replace(subject, case=replace(subject.case, calibration=replace(calibration, model=model)))


def favoured(o, case, strategy, *rest):
    """The second strategy by its name, whatever it is given."""
    if strategy != tuple(case.arms)[-1]:
        return o
    return replace(o, costs=tuple(replace(x, uses=1.01 * x.uses) for x in o.costs),
                   health=tuple(replace(x, uses=1.01 * x.uses) for x in o.health))  # fmt: skip


def fee(o, *rest):
    return replace(o, costs=(*o.costs, Line("states", "fee", (), np.ones(1), np.array([100.0]))))


def forgetful(o, *rest):
    return replace(o, life_years=dict(list(o.life_years.items())[:1]))


def unclocked(**changes):
    """The account book kept by another clock than the case's."""

    def change(case, *rest):
        d = case.clock.discount
        own = {k: v(d) for k, v in changes.items()}
        discount = type(d).model_construct(None, **{"costs": d.costs, "effects": d.effects, "method": d.method, **own})
        return replace(case, clock=replace(case.clock, discount=discount)), *rest

    return called(change)


@dataclass(frozen=True)
class Compounding(Clock):
    """Later counts more."""

    def factor(self, months, what):
        return 1.0 / super().factor(months, what)


@dataclass(frozen=True)
class Late(Clock):
    """Half a year of discounting forgotten."""

    def factor(self, months, what):
        return super().factor(np.maximum(np.asarray(months) - 6.0, 0.0), what)


@dataclass(frozen=True)
class Short(Clock):
    """The last cycle is lost."""

    def _cycles(self, what):
        return super()._cycles(what) * (1.0 - self.cycle / self.horizon)


def by(clock):
    def planted(subject):
        own = subject.case.clock
        return replace(subject, case=replace(subject.case, clock=clock(**{k: getattr(own, k) for k in own.__dict__})))

    return planted


def horizon_ignored(subject):
    sound = subject.engine.outcomes
    whole = {s: sound(subject.case, s, subject.point.traces[s], subject.mean, subject.point.events[s])
             for s in subject.strategies}  # fmt: skip
    return engine(
        subject, outcomes=lambda c, s, *a: whole[s] if c.clock.horizon < subject.case.clock.horizon else sound(c, s, *a)
    )


def corrected_drugs(o, case, *rest):
    if case.clock.counting != "half_cycle":
        return o
    return replace(o, costs=tuple(replace(x, uses=0.97 * x.uses) if x.category == "drugs" else x for x in o.costs))


def start_and_end(case, *rest):
    other = {"start": "end", "end": "start"}.get(case.clock.counting, case.clock.counting)
    return replace(case, clock=replace(case.clock, counting=other)), *rest


def one_arm(subject):
    sound, first = subject.engine.integrated, subject.case.arms[subject.strategies[0]]
    return engine(subject, integrated=lambda c, s, m: sound(replace(c, arms=dict.fromkeys(c.arms, first)), s, m))


def never_stopped(case, *rest):
    return replace(case, stops=dict.fromkeys(case.stops, 0.0)), *rest


def lost_event(subject):
    """One arm is given all that the other is, and the event that the other has more often is still its own, lost."""
    case = subject.case
    one, other = case.arms
    given = {**case.regimens, other: {**case.regimens[one], **case.regimens[other]}}
    model = case.model
    kept = tuple(
        replace(t, rates={a: r for a, r in t.rates.items() if a != case.arms[other]}) if t.event == "neutropenia" else t
        for t in model.toxicities
    )
    calibration = replace(case.calibration, model=replace(model, toxicities=kept))
    return replace(subject, case=replace(case, regimens=given, calibration=calibration))


def deviations(subject):
    """Standard deviations taken for standard errors: of a sample of 100."""
    sound = subject.engine.drawn

    def drawn(file, draws, seed):
        v = sound(file, draws, seed)
        return replace(v, by_place={p: x.mean() + 10.0 * (x - x.mean()) for p, x in v.by_place.items()})

    return engine(subject, drawn=drawn)


def columns_swapped(d):
    return replace(d, cost=d.cost[:, ::-1], qaly=d.qaly[:, ::-1], ly=d.ly[:, ::-1])


def rows_shuffled(d):
    rng = np.random.default_rng(0)
    return replace(
        d, parameters={k: rng.permutation(v) if k.startswith("survival") else v for k, v in d.parameters.items()}
    )


def one_bad_draw(subject):
    """PFS above OS in a single draw."""
    sound, bad = subject.engine.integrated, subject.models[7]

    def integrated(case, strategy, model):
        t = sound(case, strategy, model)
        return replace(t, shares=pfs_above_os(t.shares)) if model == bad else t

    return engine(subject, integrated=integrated)


def crossed(subject):
    sound = subject.engine.structure

    def structure(case, name, *rest):
        return replace(sound(case, name, *rest), capped=0.05 if name == "partitioned" else 0.0)

    return engine(subject, structure=structure)


def off_median(subject):
    c = subject.case.calibration
    return replace(subject, case=replace(subject.case, calibration=replace(c, prediction=c.prediction + 0.1)))


def yearly_cost(subject):
    place = ("states", "progressed", "cost")
    return result("mean", lambda v: v.changed(place, 12.0 * v[place]))(subject)


def filed(change):
    def planted(subject):
        file = subject.case.file
        return replace(subject, case=replace(subject.case, file=change(file)))

    return planted


def utility_of_71(file):
    state = file.states["progression_free"]
    utility = state.utility.model_copy(update={"value": 71.0})
    return file.model_copy(
        update={"states": {**file.states, "progression_free": state.model_copy(update={"utility": utility})}}
    )


class Wrong(Distribution):
    def inverse_cumulative_hazard(self, h):
        return super().inverse_cumulative_hazard(h) * 1.001


def not_special(family, params, *rest):
    return Distribution(family, tuple(p + 1e-9 for p in params) if family == "weibull" else params, *rest)


def of_seed_1(subject):
    sound = subject.engine.entry
    return engine(subject, entry=lambda *a: sound(*a[:-1], 1))


def dear_doses(x):
    return replace(x, price=3 * x.price) if x.category == "drugs" else x


def categories_but_one(d):
    return replace(d, by_category=dict(list(d.by_category.items())[1:]))


def is_category(name):
    return lambda x: x.category == name


DEFECTS = {
    "TV1": {"old prices": called(old_prices), "old sizes": called(old_bodies)},
    "TV2": {"ratios inverted": helpful_hazard,
            "ratios not simulated": lambda s: engine(
        s, entry=lambda c, m, *a, e=s.engine.entry: e(c, s.case.model, *a))},
    "TV3": {"PFS above OS": shares(pfs_above_os), "one bad draw": one_bad_draw},
    "TV4": {"shape off by 1e-9": lambda s: engine(s, distribution=not_special)},
    "TV5": {"an arm of another model": foreign_arm},
    "TV6": {"a state dropped": book(forgetful), "1 % lost": shares(lambda s: 0.99 * s), "revived": shares(revived)},
    "TV7": {"times 5 % long": entries(lambda e, *a: 1.05 * e),
            "no spread": entries(lambda e, *a: np.where(np.isfinite(e), 0.9 * e + 0.1 * np.median(e[2]), e))},
    "TV8": {"utilities not applied": lines("health", change=lambda x: replace(x, price=np.ones(1))),
            "a constant added": scaled("health", 1.02, is_category("utility"))},
    "TV9": {"a fee not in the file": book(fee)},
    "TV10": {"background mortality": shares(background), "half the years": book(
        lambda o, *a: replace(o, life_years={k: 0.5 * v for k, v in o.life_years.items()}))},
    "TV11": {"a favoured name": book(favoured)},
    "TV12": {"a favoured name": book(favoured)},
    "TV13": {"a sicker population": lambda s: replace(s, population=np.exp(-0.2 * s.case.clock.months))},
    "TV14": {"entries counted twice": traced(lambda t: replace(t, progressing=2.0 * t.progressing)),
             "entries lost": entries(lambda e, *a: np.stack([e[0], e[1] * 1.5, e[2]]))},
    "TV15": {"inverse off": lambda s: engine(s, distribution=Wrong), "a cycle lost": by(Short)},
    "TV16": {"other streams": entries(lambda e, s, seed: np.roll(e, len(s), axis=1))},
    "TV17": {"cost not discounted": unclocked(costs=lambda d: 0.0), "discounted on the wrong side": by(Compounding),
             "utility above range": scaled("health", 1.3, is_category("utility"))},
    "TV18": {"horizon ignored": horizon_ignored},
    "TV19": {"a category dropped": lines("costs", keep=lambda x: x.category != "subsequent"),
             "a state dropped": book(forgetful)},
    "TV20": {"half-cycle on drugs": book(corrected_drugs), "start and end exchanged": called(start_and_end)},
    "TV21": {"sides exchanged": unclocked(costs=lambda d: d.effects, effects=lambda d: d.costs), "late": by(Late),
             "force for rate": unclocked(method=lambda d: "continuous")},
    "TV22": {"an event lost with what is added": lost_event,
             "harm as benefit": scaled("health", -1.0, is_category("toxicity")),
             "free events": scaled("costs", 0.0, is_category("toxicity"))},
    "TV23": {"doses too many": scaled("costs", 1.1, is_category("drugs")), "stops ignored": called(never_stopped),
             "price of 3": lines("costs", change=dear_doses)},
    "TV24": {"one arm's curves for both": one_arm},
    "TV25": {"nothing dominated": result("frontier", lambda r: tuple(replace(x, status="frontier") for x in r)),
             "ratios off": result("frontier", lambda r: tuple(replace(x, icer=x.icer and 1.1 * x.icer) for x in r))},
    "TV26": {"ends exchanged": result("ranges", lambda r: {k: (g, b, a) for k, (g, a, b) in r.items()}),
             "one standard error": result("ranges", lambda r: {
                 k: (g, a + 0.24 * (b - a), b - 0.24 * (b - a)) for k, (g, a, b) in r.items()}),
             "a joint parameter": result("ranges", lambda r: {**r, "survival: death_share": ("file", 0.0, 1.0)})},
    "TV27": {"SD for SE": deviations, "normal costs": result("family", lambda f: "normal"),
             "parameters shuffled apart": result("analyse", rows_shuffled)},
    "TV28": {"columns swapped": result("analyse", columns_swapped),
             "CEACs below 1": result("acceptability", lambda a: replace(a, probability=0.95 * a.probability)),
             "CEACs exchanged": result("acceptability", lambda a: replace(a, probability=a.probability[:, ::-1]))},
    "TV29": {"seed ignored": of_seed_1,
             "uniforms bent": result("uniforms", lambda u: u**1.2)},
    "TV30": {"EVPPI above EVPI": result("evppi", lambda v: replace(v, value=3.0 * v.value + 1e6)),
             "EVPI halved": result("evpi", lambda v: replace(v, value=0.5 * v.value)),
             "EVSI above EVPPI": result("evsi", lambda v: v + 1e5)},
    "TV31": {"one bad draw": one_bad_draw,
             "a category lost": result("analyse", categories_but_one),
             "columns swapped": result("analyse", columns_swapped)},
    "IN1": {"fitted curves cross": crossed},
    "IN2": {"medians 10 % off": off_median},
    "IN3": {"a cost a year": yearly_cost},
    "IN4": {"percent": filed(utility_of_71)},
    "IN5": {"ratio upside down": result("contrasts", lambda r: tuple(replace(x, icer=x.icer and -x.icer) for x in r)),
            "net benefit off": result("contrasts", lambda r: tuple(replace(x, inmb=-x.inmb) for x in r))},
}  # fmt: skip
