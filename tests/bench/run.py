"""Time the kernel beside the same task written otherwise, and Kaplan-Meier beside lifelines, all in one run.

Contenders take turns and the minimum over the rounds counts: other work on the machine only ever adds time.

    python tests/bench/run.py --out reports/benchmarks.json [--rounds 15] [--large]
"""

# ruff: noqa: E402  (this folder and the checkout go on the path first)

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import economics
import rivals

from simulate.cohort import ENDPOINTS, count_graph, graph_rows, new_job
from simulate.cohort_draws import Draws, graph_tables
from simulate.kernel.draws import Kept, draws_work, simulate_draws
from simulate.kernel.philox import draw_of
from simulate.model.graph import Compiled, GraphSpec, build
from simulate.model.hazards import Hazard, Transition
from simulate.model.types import Distribution
from simulate.survival import SurvivalCurve

N = 2**21  # patients of one timing, whole blocks and chunks for everybody
PSA = (1_000, 1_000)  # parameter draws and patients of a probabilistic sensitivity analysis of two strategies
RATES = (0.03,)
EVENTS = ("hypertension", "fistula", "vte", "neutropenia", "anaemia", "nausea", "neuropathy", "fatigue")


class Figure(NamedTuple):
    """One measured number."""

    id: str
    value: float
    unit: str
    threads: int
    target: str = ""


def weibull(i: int) -> Distribution:
    return Distribution("weibull", rivals.WEIBULLS[i])


def illness_death(first, second, third, limits=(), factors=(1.0, 1.0)) -> Compiled:
    return build(illness_death_spec(first, second, third, limits, factors))


def illness_death_spec(first, second, third, limits=(), factors=(1.0, 1.0)) -> GraphSpec:
    start, progressed, dead = "progression_free", "progressed", "dead"
    arrows = (
        Transition(start, progressed, "progression", (Hazard(first, factors[0]),)),
        Transition(start, dead, "death_before_progression", (Hazard(second, factors[1]),)),
        Transition(progressed, dead, "death_after_progression", (Hazard(third),)),
    )
    return GraphSpec((start, progressed, dead), ("all",), arrows, limits=limits)


def three_lines() -> Compiled:
    """A pathway as scenarios build it: three lines, supportive care after each, eight toxicities, background deaths.

    Leaving a line is one latent time that proportional competitors share: the next line, supportive care, death.
    """
    lines = ("progression_free", "second_line", "third_line")
    care = ("supportive_care_1", "supportive_care_2", "supportive_care_3")
    arrows = []
    for i, line in enumerate(lines):
        law = Distribution("weibull", (1.2, 8.0 - 2.0 * i))
        ways = ((lines[i + 1], 0.5), (care[i], 0.35), ("dead", 0.15)) if i < 2 else ((care[i], 0.8), ("dead", 0.2))
        arrows += [Transition(line, to, f"{line}:{to}", (Hazard(law, share),)) for to, share in ways]
        arrows.append(Transition(care[i], "dead", f"{care[i]}:dead", (Hazard(weibull(i)),)))
    background = (Hazard(Distribution("exponential", (400.0,), 0.0, (12.0, 60.0), (1.0, 1.1, 1.6))),)
    limits = tuple((event, (0.4, 0.2, 0.05)) for event in EVENTS)
    return build(GraphSpec((*lines, *care, "dead"), ("all",), tuple(arrows), (1.0,), limits, background))


def streaming(compiled: Compiled, threads: int = 1, endpoints=None, patients: int = N) -> Callable[[], object]:
    job = new_job(patients, 1, 0, horizon=rivals.HORIZON)
    return lambda: count_graph(compiled, job, endpoints or {}, rates=RATES, threads=threads)


def strategies() -> list[Draws]:
    """Draws of the shapes and scales of two strategies."""
    noise = np.random.default_rng(1).lognormal(0.0, 0.1, (2, PSA[0], 3, 2)) * np.array(rivals.WEIBULLS)
    return [
        graph_tables([illness_death_spec(*(Distribution("weibull", tuple(law)) for law in draw)) for draw in drawn])
        for drawn in noise
    ]


def sensitivity() -> Callable[[], object]:
    """The same patients under every draw of both strategies, months of entry kept; the kernel alone."""
    job = new_job(PSA[1], 1, 0)._replace(want_rows=1)
    both = [
        (d.compiled.graph, d.tables, Kept(np.zeros((PSA[0], 3, PSA[1])), np.zeros((0, 0, 0)))) for d in strategies()
    ]
    work = draws_work(both[0][0], job)
    return lambda: [simulate_draws(graph, tables, job, work, kept) for graph, tables, kept in both]


def contenders() -> dict[tuple[str, int], Callable[[], object]]:
    """Everything that simulates: (id, threads) -> one timing of N patients."""
    a, b, c = weibull(0), weibull(1), weibull(2)
    cuts = ((4.0, 12.0), (1.0, 0.7, 1.2))
    plain = illness_death(a, b, c)
    mixed = illness_death(
        Distribution("loglogistic", (1.5, 8.0)),
        Distribution("gompertz", (0.02, 0.01)),
        Distribution("lognormal", (2.0, 0.9)),
    )
    table = illness_death(a, b, Distribution("gengamma", (2.0, 0.8, 0.6)))
    stepped = illness_death(Distribution("weibull", a.params, 0.0, *cuts), b, c)
    toxic = illness_death(a, b, c, tuple((event, (0.4, 0.2, 0.05)) for event in EVENTS))
    decisions = np.array([draw_of("progression")[0], draw_of("death_after_progression")[0]], np.uint64)
    job = new_job(N, 1, 0)
    sums = np.zeros(5)
    return {
        ("kernel_ns", 1): streaming(plain),
        ("minimal_kernel_ns", 1): lambda: rivals.minimal(N // rivals.BLOCK, job, decisions, rivals.WEIBULLS, sums),
        ("numpy_chunked_ns", 1): lambda: rivals.numpy_chunked(N),
        ("naive_numba_ns", 1): lambda: rivals.naive_numba(N, 1, sums),
        ("kernel_proportional_ns", 1): streaming(illness_death(a, a, c, factors=(0.85, 0.15))),
        ("kernel_loglogistic_ns", 1): streaming(illness_death(Distribution("loglogistic", (1.5, 8.0)), b, c)),
        ("kernel_piecewise_ns", 1): streaming(stepped),
        ("kernel_mixed_ns", 1): streaming(mixed),
        ("kernel_gengamma_ns", 1): streaming(table),
        ("kernel_day_counts_ns", 1): streaming(plain, 1, ENDPOINTS),
        ("kernel_8_toxicities_ns", 1): streaming(toxic),
        ("pathway_ns", 1): streaming(three_lines()),
        ("kernel_rows_ns", 1): lambda: graph_rows(plain, job, threads=1),
    }


def check_same_task() -> None:
    """All four give the same moments: the kernels to rounding, the others to a Monte Carlo error (below 0.3 %)."""
    counts = count_graph(illness_death(*map(weibull, range(3))), new_job(N, 1, 0), {}, rates=RATES).pooled()
    kernel = np.concatenate((counts.time_sum[0, 0], counts.time_cross[0, 0][np.triu_indices(2)]))
    sums = {name: np.zeros(5) for name in ("minimal", "naive")}
    decisions = np.array([draw_of("progression")[0], draw_of("death_after_progression")[0]], np.uint64)
    rivals.minimal(N // rivals.BLOCK, new_job(N, 1, 0), decisions, rivals.WEIBULLS, sums["minimal"])
    rivals.naive_numba(N, 1, sums["naive"])
    if not np.allclose(sums["minimal"], kernel, rtol=1e-12):
        raise SystemExit("the minimal kernel does not do the same task")
    for other in (sums["naive"], rivals.numpy_chunked(N)):
        if not np.allclose(other, kernel, rtol=1e-2):
            raise SystemExit("a rival does not do the same task")


def fastest(runs: dict, rounds: int) -> dict:
    """Seconds of each, minimum over rounds in which all take turns."""
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def simulation(rounds: int) -> Iterator[Figure]:
    check_same_task()
    runs = {**contenders(), ("psa", 1): sensitivity()}
    fastest(runs, 1)  # compile and warm up
    seconds = fastest(runs, rounds)
    psa = seconds.pop(("psa", 1))
    ns = {name: s / N * 1e9 for name, s in seconds.items()}
    for (name, threads), value in ns.items():
        yield Figure(name, value, "ns", threads)
    kernel = ns["kernel_ns", 1]
    # the second thread in pairs of its own: long ones, because starting threads takes a millisecond, and many, because
    # it needs a moment in which both cores are free
    plain = illness_death(*map(weibull, range(3)))
    pair = fastest({t: streaming(plain, t, patients=4 * N) for t in (1, 2)}, 8 * rounds)
    yield Figure("kernel_ns", pair[2] / (4 * N) * 1e9, "ns", 2)
    yield Figure("kernel_over_numpy_chunked", ns["numpy_chunked_ns", 1] / kernel, "x", 1, ">= 2")
    yield Figure("kernel_over_naive_numba", ns["naive_numba_ns", 1] / kernel, "x", 1, ">= 5")
    yield Figure("second_thread", pair[1] / pair[2], "x", 2, ">= 1.8")
    yield Figure("general_over_minimal", kernel / ns["minimal_kernel_ns", 1], "x", 1, "<= 1.7")
    yield Figure("psa_kernel_seconds", psa, "s", 1, "<= 0.1")
    yield Figure("psa_kernel_ns", psa / (2 * PSA[0] * PSA[1]) * 1e9, "ns", 1)  # beside minimal_kernel_ns
    yield Figure("pathway_over_minimal", ns["pathway_ns", 1] / ns["minimal_kernel_ns", 1], "x", 1, "< 5")


def kaplan_meier(rounds: int) -> Iterator[Figure]:
    from lifelines import KaplanMeierFitter

    n = 1_000_000
    compiled = illness_death(*map(weibull, range(3)))
    rows = graph_rows(compiled, new_job(n, 1, 0))
    rng = np.random.default_rng(1)
    dead, cut = rows.entry[2], rng.uniform(12.0, 48.0, n)
    times, events = np.minimum(dead, cut), dead <= cut
    counts = count_graph(compiled, new_job(n, 1, 0), ENDPOINTS)
    quick = {
        "km_exact_ms": lambda: SurvivalCurve.from_rows(times, events).survival,
        "km_counts_ms": lambda: SurvivalCurve.from_counts(counts, "os").survival,
    }
    fastest(quick, 1)
    best = dict.fromkeys((*quick, "km_lifelines_ms"), np.inf)
    for _ in range(3):
        for name, s in fastest(quick, rounds).items():
            best[name] = min(best[name], s)
        slow = {"km_lifelines_ms": lambda: KaplanMeierFitter().fit(times, events)}
        best["km_lifelines_ms"] = min(best["km_lifelines_ms"], *fastest(slow, 1).values())
    for name, s in best.items():
        yield Figure(name, s * 1e3, "ms", 1)
    yield Figure("lifelines_over_exact_km", best["km_lifelines_ms"] / best["km_exact_ms"], "x", 1, ">= 40")
    yield Figure("lifelines_over_counts_km", best["km_lifelines_ms"] / best["km_counts_ms"], "x", 1, ">= 300")


def evaluations(rounds: int) -> Iterator[Figure]:
    runs = {"psa_closed_form": economics.closed_form()}
    fastest(runs, 2)
    yield Figure("psa_closed_form_ms", fastest(runs, rounds)["psa_closed_form"] * 1e3, "ms", 1, "<= 20")
    yield Figure("evaluate_s", economics.whole(), "s", 2, "<= 5")


def large() -> Iterator[Figure]:
    """1e8 patients with day counts, in a process of its own for its peak memory."""
    code = "import run, json; print(json.dumps(run.large_here()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    seconds, peak, threads = json.loads(done.stdout.splitlines()[-1])
    yield Figure("large_1e8_s", seconds, "s", threads)
    yield Figure("large_1e8_peak_mb", peak, "MB", threads, "< 1000")


def large_here() -> tuple[float, float, int]:
    from simulate.kernel.run import default_threads

    start = time.perf_counter()
    count_graph(illness_death(*map(weibull, range(3))), new_job(100_000_000, 1, 0), ENDPOINTS, rates=(0.0, 0.03))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.perf_counter() - start, peak, default_threads()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks.json"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--large", action="store_true", help="also 1e8 patients: time and peak memory")
    options = parser.parse_args()
    figures = []
    print(f"{'':34} {'':>9}    threads  wanted")
    parts = (simulation(options.rounds), kaplan_meier(options.rounds), evaluations(options.rounds))
    for part in (*parts, large() if options.large else iter(())):
        for f in part:
            print(f"{f.id:34} {f.value:9.4g} {f.unit:3} {f.threads:6}   {f.target}", flush=True)
            figures.append({"id": f.id, "value": float(f"{f.value:.4g}"), "unit": f.unit, "threads": f.threads})
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
