"""The same patients under many parameter draws, for probabilistic sensitivity analysis.

`simulate.cohort` simulates one graph; a sensitivity analysis simulates D draws of its hazards. Here the loop over the
draws is compiled (`simulate.kernel.draws`), and the hazards of all draws are worked out in one pass. Patient i is the
same under every draw and strategy: the same uniforms, the same stratum. Draws are cut into chunks for the threads;
neither threads nor chunks change a bit, and draw d is `simulate.cohort.graph_rows` of its own graph, to the last bit.

>>> from simulate.model.types import Distribution
>>> from simulate.model.graph import GraphSpec
>>> from simulate.model.hazards import Hazard, Transition
>>> def spec(mean):
...     hazards = (Hazard(Distribution("exponential", (mean,))),)
...     return GraphSpec(("ill", "dead"), ("all",), (Transition("ill", "dead", "death", hazards),))
>>> draws = graph_tables([spec(10.0), spec(20.0)])
>>> times = entry_times(draws, 100, seed=1)
>>> times.shape, bool((times[1, 1] == 2.0 * times[0, 1]).all())
((2, 2, 100), True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulate.cohort import Mix, new_job
from simulate.errors import input_error
from simulate.evidence.limits import MIN_RATE

if TYPE_CHECKING:
    from simulate.calibration.result import Calibration
    from simulate.kernel.arrays import Graph, Job
    from simulate.kernel.draws import Part, Tables
    from simulate.model.graph import Compiled, GraphSpec
    from simulate.model.types import JointModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """D draws of one graph: what they share, and the hazards of each.

    Made by `hazard_tables` (arms of joint models), `graph_tables` (any graphs) or `stack` (graphs already compiled).

    Attributes
    ----------
    compiled : the first draw; its states, strata, transitions and shares are those of all.
    tables : hazards of all draws, see `simulate.kernel.draws.Tables`.
    """

    compiled: Compiled
    tables: Tables

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.tables.hazard)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states, in the order of axis 1 of `entry_times`."""
        return self.compiled.states

    def part(self, start: int, stop: int) -> Draws:
        """Draws ``start .. stop - 1``, without a copy."""
        return Draws(self.compiled, self.tables.part(start, stop))

    def draw(self, index: int) -> Compiled:
        """One draw as a graph of its own, for `simulate.cohort.count_graph` and `simulate.cohort.graph_rows`."""
        hazard, knots, tables = self.tables
        own = hazard[index].copy()
        used, own["table"] = np.unique(own["table"], return_inverse=True)
        graph = self.compiled.graph._replace(hazard=own, knots=knots[index].copy(), tables=tables[used])
        return replace(self.compiled, graph=graph)


def drawn_models(calibration: Calibration, indices: Iterable[int] | None = None) -> list[JointModel]:
    """``[calibration.draw(i) for i in indices]``, equal to the last bit and faster; all draws if ``None``.

    The layout of the parameter vector does not depend on the draw, so it is made once.
    """
    from simulate.calibration.result import rounded_cells

    layout, posterior = calibration.layout, calibration.posterior
    out = []
    for i in range(calibration.draws) if indices is None else indices:
        gamma = float(posterior.dependence[i])
        cells = {key: replace(cell, dependence=gamma) for key, cell in layout.cells(posterior.draws[i]).items()}
        out.append(replace(calibration.model, cells=rounded_cells(cells)))
    return out


def hazard_tables(models: Sequence[JointModel], arm: str, mix: Mix = None) -> Draws:
    """One arm of every model as draws; see `simulate.model.graph.compile_arm` for `arm` and `mix`."""
    from simulate.model.graph import arm_spec

    return graph_tables([arm_spec(model, arm, mix) for model in models])


def graph_tables(specs: Sequence[GraphSpec]) -> Draws:
    """Draws of any graph. Toxicities are those of the first: draws of hazards keep none.

    Raises
    ------
    InputError : no draws, a draw whose states, strata, shares or transitions are not those of the first, or whatever
        `simulate.model.graph.build` refuses.
    """
    from simulate.kernel.draws import Tables
    from simulate.kernel.philox import draw_of
    from simulate.model.graph import BACKGROUND, build
    from simulate.model.hazards import Transition, hazard_arrays

    if not specs:
        raise input_error("at least one draw is needed.", field="draws")
    compiled = build(specs[0])
    shape = _shape(specs[0])
    for d, spec in enumerate(specs):
        _check_same(d, shape, _shape(spec))
    where = {draw_of(t.decision): i for i, t in enumerate(specs[0].transitions)}
    origins, arrows = [], []
    for row in compiled.graph.transition:
        i = where[int(row["draw"]), int(row["half"])]
        t = specs[0].transitions[i]
        arrows.append(replace(t, hazards=tuple(h for spec in specs for h in spec.transitions[i].hazards)))
        origins.append(compiled.states.index(t.origin))
    if specs[0].background:
        behind = tuple(h for spec in specs for h in spec.background)
        arrows.append(Transition("", specs[0].states[-1], BACKGROUND, behind))
        origins.append(-1)
    strata = len(compiled.strata)
    # draws are to the hazards what strata are: rows that know nothing of each other
    made = hazard_arrays(arrows, np.array(origins), len(specs) * strata)
    hazard, knots = (made[name].reshape(len(specs), strata, *made[name].shape[1:]) for name in ("hazard", "knots"))
    _check_start(compiled.graph, hazard)
    return Draws(compiled, Tables(hazard, knots, made["tables"]))


def stack(draws: Sequence[Compiled]) -> Draws:
    """Graphs already compiled as draws; `hazard_tables` and `graph_tables` need not compile every draw.

    Raises
    ------
    InputError : no draws, or a draw whose states, strata, shares or transitions are not those of the first.
    """
    from simulate.kernel.draws import stack_tables

    if not draws:
        raise input_error("at least one draw is needed.", field="draws")
    shape = _compiled_shape(draws[0])
    for d, one in enumerate(draws):
        _check_same(d, shape, _compiled_shape(one))
    return Draws(draws[0], stack_tables([one.graph for one in draws]))


def entry_times(
    draws: Draws | Sequence[Compiled],
    patients: int,
    *,
    seed: int,
    replicate: int = 0,
    first_patient: int = 0,
    threads: int | None = None,
) -> Array:
    """Months at which each patient enters each state under each draw; ``inf`` for never.

    Parameters
    ----------
    draws : the draws of one strategy.
    patients : number of patients; all draws have the same ones, ``first_patient .. first_patient + patients - 1``.
    seed, replicate, first_patient, threads : see `simulate.cohort.simulate_counts`. Other strategies have the same
        patients if these are the same. `threads` changes no bit.

    Returns
    -------
    float64[D, S, patients], axis 1 in the order of `Draws.states`: 8 D S `patients` bytes; `iter_entry_times` gives
    the same in chunks.

    Raises
    ------
    InputError : draws of different structures, or a number outside its range.
    """
    from simulate.kernel.draws import simulate_all

    draws = draws if isinstance(draws, Draws) else stack(draws)
    job = new_job(patients, seed, replicate, first_patient=first_patient)
    out = np.empty((len(draws), len(draws.states), patients))
    simulate_all(draws.compiled.graph, draws.tables, job._replace(want_rows=1), out, threads)
    return out


def iter_entry_times(
    draws: Draws | Iterable[Draws],
    patients: int,
    *,
    seed: int,
    replicate: int = 0,
    first_patient: int = 0,
    threads: int | None = None,
    chunk: int | None = None,
) -> Iterator[Array]:
    """`entry_times` in chunks of consecutive draws, float64[up to `chunk`, S, patients], for what memory cannot hold.

    Parameters
    ----------
    draws : the draws, or parts of them one after the other (a generator of `hazard_tables`, say, so that the hazards
        need not be held either). Every part starts a new chunk.
    chunk : draws of a chunk, by default about 262,144 patients' worth. Per thread three chunks are held at a time.
    """
    from simulate.kernel.draws import task_draws

    job = new_job(patients, seed, replicate, first_patient=first_patient)._replace(want_rows=1)
    step = task_draws(patients) if chunk is None else int(chunk)
    if step < 1:
        raise input_error(f"chunk is {chunk}; it must be at least 1.", field="chunk")
    return _chunks(iter([draws] if isinstance(draws, Draws) else draws), job, step, threads)


def mean_months(
    draws: Draws | Sequence[Compiled],
    patients: int,
    *,
    seed: int,
    horizon: float = 120.0,
    rates: Sequence[float] = (0.0,),
    replicate: int = 0,
    first_patient: int = 0,
    threads: int | None = None,
) -> Array:
    """Mean discounted months in each transient state under each draw; keeps nothing of a patient.

    Parameters
    ----------
    draws, patients, seed, replicate, first_patient, threads : see `entry_times`.
    horizon, rates : months, discount rates per year; see `simulate.cohort.simulate_counts`.

    Returns
    -------
    float64[D, R, S'], last axis in the order of ``draws.compiled.transient``.
    """
    from simulate.kernel.draws import simulate_all

    draws = draws if isinstance(draws, Draws) else stack(draws)
    if not all(r == 0.0 or 0.99 * MIN_RATE <= r <= 10.0 for r in rates):
        raise input_error(f"rates are {tuple(rates)}; allowed is 0, or 1e-6 to 10, per year.", field="rates")
    job = new_job(patients, seed, replicate, horizon=horizon, first_patient=first_patient)
    job = job._replace(rates=np.array(rates, np.float64) / 12.0)
    out = np.zeros((len(draws), len(rates), len(draws.compiled.transient)))
    simulate_all(draws.compiled.graph, draws.tables, job, out, threads)
    return out / patients


def _shape(spec: GraphSpec) -> dict[str, Any]:
    """What all draws share, by what a message calls it."""
    strata = len(spec.strata)
    if any(len(t.hazards) != strata for t in spec.transitions) or len(spec.background) not in (0, strata):
        raise input_error("one hazard per stratum is needed.", field="draws")
    return {
        "states": spec.states,
        "strata": spec.strata,
        "shares of the strata": tuple(spec.shares),
        "transitions": [(t.origin, t.target, t.decision) for t in spec.transitions],
        "background": bool(spec.background),
    }


def _compiled_shape(compiled: Compiled) -> dict[str, Any]:
    """`_shape` of a graph already compiled."""
    graph = compiled.graph
    return {
        "states": compiled.states,
        "strata": compiled.strata,
        "shares of the strata": graph.mix.tolist(),
        "transitions": (graph.first.tolist(), graph.transition.tolist()),
        "background": graph.background.tolist(),
    }


def _check_same(d: int, first: dict[str, Any], other: dict[str, Any]) -> None:
    """Refuse a draw of another structure."""
    if first != other:
        name = next(k for k in first if first[k] != other[k])
        raise input_error(
            f"draw {d} differs from the first in its {name}; draws may differ in the numbers of their hazards only.",
            field="draws",
        )


def _check_start(graph: Graph, hazard: np.ndarray) -> None:
    """`build` looks at the first draw only."""
    if np.any(hazard[:, :, : graph.first[1]]["dependence"]):
        raise input_error("the start has no earlier time to depend on.", field="draws")


def _chunks(parts: Iterator[Draws], job: Job, step: int, threads: int | None) -> Generator[Array, None, None]:
    from simulate.kernel.draws import in_order

    first = next(parts, None)
    if first is None:
        return
    shape = _compiled_shape(first.compiled)

    def cut() -> Iterator[Part]:
        done = 0
        for draws in chain([first], parts):
            _check_same(done, shape, _compiled_shape(draws.compiled))
            done += len(draws)
            for a in range(0, len(draws), step):
                tables = draws.part(a, a + step).tables
                yield tables, np.empty((len(tables.hazard), len(draws.states), job.patients))

    with closing(in_order(first.compiled.graph, job, cut(), threads)) as results:
        yield from results
