"""How a program or a file of a model of one's own goes wrong: what `own_defects` plants."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from simulate.economics.own import OWN, OwnCase
from simulate.economics.traces import Traces
from tests.techver.defects import called, engine, pfs_above_os, result

OLD, NEW = "chemotherapy", "chemotherapy_bevacizumab"
PARTS = ("curve", "traces", "outcomes", "mean", "drawn")  # of the engine, that a case calculates itself


def cased(kind):
    """A program whose case is another class: what it calculates wrongly, everything that rests on it has wrong too."""

    def planted(subject):
        own = {f.name: getattr(subject.case, f.name) for f in fields(subject.case)}
        return engine(replace(subject, case=kind(**own)), **{k: getattr(kind, k) for k in PARTS})

    return planted


def curved(change):
    """A defect of curves: `change(curve, case, strategy, endpoint, values)`."""

    class Curved(OwnCase):
        def curve(self, *a):
            return change(super().curve(*a), self, *a)

    return cased(Curved)


def traced(change):
    """A defect of states alone: `change(traces)`."""

    class Traced(OwnCase):
        def traces(self, *a):
            traces, crossed = super().traces(*a)
            return change(traces), crossed

    return cased(Traced)


def shares(change):
    return traced(lambda t: replace(t, shares=change(t.shares.copy())))


def rated(change):
    """A defect of hazard ratios: `change(ratio, case, strategy, endpoint, values)`."""

    class Rated(OwnCase):
        def ratio(self, *a):
            return change(super().ratio(*a), self, *a)

    return cased(Rated)


def formula(family, change):
    """A family's formula from parameters read wrongly."""

    def planted(subject):
        sound = subject.engine.log_survival

        def log_survival(curve, p, *rest):
            return sound(curve, {**p, **change(p)} if curve.family == family else p, *rest)

        return engine(subject, log_survival=log_survival)

    return planted


def modelled(change):
    """A fault of the table: `change(arms)` of the model."""

    def planted(subject):
        model = subject.case.model
        return replace(subject, case=replace(subject.case, model=model.model_copy(update={"arms": change(model.arms)})))

    return planted


# ------------------------------------------------------------------------------------------------ single defects
def of_the_table(*names):
    """What the account book is asked: numbers of some kinds at the values of the table, whatever they were put at."""

    def change(case, strategy, traces, values):
        fixed = {p: v for p, v in case.mean().by_place.items() if set(names) & set(p)}
        return case, strategy, traces, replace(values, by_place={**values.by_place, **fixed})

    return called(change)


class Uncut(OwnCase):
    """PFS above OS is left there."""

    def traces(self, strategy, values):
        traces, crossed = super().traces(strategy, values)
        free = np.broadcast_to(self.curve(strategy, "pfs", values), traces.alive.shape)
        return replace(traces, shares=np.stack([free, traces.alive - free], axis=1)), crossed


class Uncounted(OwnCase):
    """Curves that cross are cut and nothing is said."""

    def traces(self, *a):
        traces, crossed = super().traces(*a)
        return traces, np.zeros_like(crossed)


class Fitted(OwnCase):
    """States are those of ratios of 1: a hazard ratio moves the curve and not the patients."""

    def traces(self, strategy, values):
        plain = {p: 0.0 * v + 1.0 if p[-1] == "hazard_ratio" else v for p, v in values.by_place.items()}
        return super().traces(strategy, replace(values, by_place=plain))


class Unmixed(OwnCase):
    """A curve of another strategy is drawn apart from it."""

    def curve(self, strategy, endpoint, values):
        if self.model.bare(self.arms[strategy], endpoint)[0] == self.arms[strategy]:
            return super().curve(strategy, endpoint, values)
        base = self.model.bare(self.arms[strategy], endpoint)[0]
        apart = {p: v[::-1] if p[2:5] == (base, endpoint, "parameters") else v for p, v in values.by_place.items()}
        return super().curve(strategy, endpoint, replace(values, by_place=apart))


def unitless(curve, case, strategy, endpoint, values):
    """Times are taken for months whatever the unit is."""
    if case.model.unit == "months":
        return curve
    months = replace(case, model=case.model.model_copy(update={"unit": "months"}))
    return OwnCase.curve(months, strategy, endpoint, values)


def one_for_both(curve, case, strategy, endpoint, values):
    return OwnCase.curve(case, next(iter(case.arms)), endpoint, values)


def late_by_a_step(curve, *_):
    return np.concatenate([curve[:, :1], curve[:, :-1]], axis=1)


def some_never_die(curve, *_):
    return 0.05 + 0.95 * curve


def one_bad_draw(t: Traces):
    """PFS above OS in a single draw."""
    out = t.shares.copy()
    if len(out) > 7:
        out[7] = pfs_above_os(out[7:8])[0]
    return replace(t, shares=out)


def by_position(subject):
    """The probabilistic analysis takes the curves and amounts that the file lists first for the first strategy."""
    sound = subject.engine.analyse
    return engine(subject, analyse=lambda c, *a: sound(replace(c, arms={s: s for s in c.arms}), *a))


def drawn_apart(case, strategy, traces, values):
    """What strategies share is another number for the second."""
    if strategy != tuple(case.arms)[-1]:
        return case, strategy, traces, values
    apart = {p: v if p[0] == OWN else v[::-1] for p, v in values.by_place.items()}
    return case, strategy, traces, replace(values, by_place=apart)


def horizon_ignored(subject):
    sound, whole = subject.engine.outcomes, subject.case.clock.horizon
    full = {s: sound(subject.case, s, subject.point.traces[s], subject.mean) for s in subject.strategies}
    return engine(subject, outcomes=lambda c, s, *a: full[s] if c.clock.horizon < whole else sound(c, s, *a))


def filed_price(case, strategy, traces, values):
    """The economic file's price of a state, where the table has its own."""
    own = {p: v for p, v in values.by_place.items() if p[3:5] != ("costs", "progressed")}
    return case, strategy, traces, replace(values, by_place=own)


def without_limit(case, *rest):
    """`times` of what is bought again and again is not read."""
    arms = {
        k: a.model_copy(update={"repeated": tuple(x.model_copy(update={"times": None}) for x in a.repeated)})
        for k, a in case.model.arms.items()
    }
    return replace(case, model=case.model.model_copy(update={"arms": arms})), *rest


def after_progression(case, *rest):
    """What is bought while progression-free goes on after it."""
    arms = {
        k: a.model_copy(update={"repeated": tuple(x.model_copy(update={"state": "progressed"}) for x in a.repeated)})
        for k, a in case.model.arms.items()
    }
    return replace(case, model=case.model.model_copy(update={"arms": arms})), *rest


def changed_draws(change):
    """A defect of drawing: `change(by_place)`."""
    return result("drawn", lambda v: replace(v, by_place=change(dict(v.by_place))))


def same_stream(by_place):
    """Two prices on one stream."""
    a, b = (("states", s, "cost") for s in ("progression_free", "progressed"))
    return {**by_place, b: by_place[a] / by_place[a].mean() * by_place[b].mean()}


def below_nothing(by_place):
    """One draw of a hazard ratio below 0."""
    where = (OWN, "arms", NEW, "os", "hazard_ratio")
    values = by_place[where].copy()
    values[values.argmin()] = -0.01
    return {**by_place, where: values}


def of_one_seed(subject):
    sound = subject.engine.uniforms
    return engine(subject, uniforms=lambda name, draws, seed: sound(name, draws, 1))


def of_one_name(subject):
    sound = subject.engine.uniforms
    return engine(subject, uniforms=lambda name, draws, seed: sound("", draws, seed))


def value_of(where, change):
    return result("mean", lambda v: v.changed(where, change(v[where])))


def often(arms):
    seldom = tuple(x.model_copy(update={"every": 0.1}) for x in arms[NEW].repeated)
    return {**arms, NEW: arms[NEW].model_copy(update={"repeated": seldom})}


def percent(arms):
    own = arms[NEW].utilities["progression_free"].model_copy(update={"value": 70.0})
    return {**arms, NEW: arms[NEW].model_copy(update={"utilities": {"progression_free": own}})}


def share_of_8(arms):
    own = arms[NEW].toxicities["fistula"].model_copy(update={"value": 8.0})
    return {**arms, NEW: arms[NEW].model_copy(update={"toxicities": {**arms[NEW].toxicities, "fistula": own}})}


def unknown_event(arms):
    named = {"fistulas": arms[OLD].toxicities["fistula"]}
    return {**arms, OLD: arms[OLD].model_copy(update={"toxicities": named})}


def for_years(file):
    event = file.toxicities["fistula"].model_copy(update={"days": 900.0})
    return file.model_copy(update={"toxicities": {**file.toxicities, "fistula": event}})


def dear_doses(x):
    return replace(x, price=3 * x.price) if x.category == "drugs" else x
