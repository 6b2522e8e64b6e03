"""Cohorts: the same patients whatever the threads, parts and order; counts and rows that say the same."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from simulate.cohort import (
    ENDPOINTS,
    Counts,
    count_graph,
    graph_rows,
    iter_rows,
    new_job,
    simulate_counts,
    simulate_rows,
)
from simulate.errors import InputError
from simulate.evidence.limits import MAX_PATIENTS
from simulate.model.graph import GraphSpec, arm_spec, build
from simulate.model.types import ArmModel, Distribution, JointModel, Toxicity

W = Distribution("weibull", (1.3, 9.0))
CURED = Distribution("loglogistic", (1.6, 6.0), 0.2)
STEP = Distribution("lognormal", (2.0, 0.8), 0.0, (4.0, 10.0), (1.0, 0.6, 1.2))
GAMMA = Distribution("gengamma", (2.0, 0.7, -0.4))
ARMS = ("control", "treated")
FISTULA = Toxicity("fistula", "Fistula", ("any", "3"), {"control": (0.014, 0.005), "treated": (0.145, 0.06)})
CLOT = Toxicity("vte", "Clot", ("3",), {"control": (0.02,), "treated": (0.08,)})
NAUSEA = Toxicity(
    "nausea", "Nausea", ("1", "2", "3", "4"), {"control": (0.6, 0.3, 0.1, 0.0), "treated": (1.0, 0.3, 0.1, 0.02)}
)


PINNED = [
    ("y", "0x1.4a008ac18ce22p+2", "0x1.842fc79007d06p+3"),
    ("y", "0x1.481609e75e369p+3", "0x1.dd2e245874548p+4"),
    ("y", "0x1.1974bfa4b6fe1p+4", "0x1.1974bfa4b6fe1p+4"),
    ("y", "0x1.7abc8b477c1fap+1", "0x1.4a911955e4721p+4"),
    ("x", "0x1.34d669a168dd8p+2", "0x1.290c1f0f61773p+3"),
    ("y", "0x1.950295c923994p+1", "0x1.950295c923994p+1"),
]


@pytest.fixture(scope="module")
def model() -> JointModel:
    cells = {
        ("control", "x"): ArmModel(W, 0.2, Distribution("exponential", (8.0,)), 0.3),
        ("control", "y"): ArmModel(CURED, 0.1, GAMMA),
        ("control", "z"): ArmModel(Distribution("gompertz", (-0.05, 0.1)), 0.0, W),
        ("treated", "x"): ArmModel(W.with_hazard_ratio(0.6), 0.2, Distribution("exponential", (8.0,)), 0.3),
        ("treated", "y"): ArmModel(STEP, 1.0, GAMMA),
        ("treated", "z"): ArmModel(GAMMA, 0.3, STEP, -0.5),
    }
    mix = {"control": (0.5, 0.3, 0.2), "treated": (0.5, 0.3, 0.2)}
    return JointModel("cohort", ARMS, ("x", "y", "z"), mix, cells, (FISTULA, CLOT, NAUSEA))


def same(a: Counts, b: Counts) -> None:
    """Equal to the last bit."""
    for f in fields(Counts):
        x, y = getattr(a, f.name), getattr(b, f.name)
        if f.name == "toxicity":
            assert x.keys() == y.keys()
            assert all(np.array_equal(x[k], y[k]) for k in x)
        elif isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            assert np.array_equal(x, y), f.name
        else:
            assert x == y


@pytest.mark.parametrize("patients", [1, 63, 1_000, 65_535, 65_536, 300_001, 1_500_000])
def test_threads_change_no_bit(model, patients):
    kwargs = {"patients": patients, "seed": 5, "rates": (0.0, 0.03), "horizon": 60.0}
    one = simulate_counts(model, ARMS, threads=1, **kwargs)
    for threads in (2, 5):
        more = simulate_counts(model, ARMS, threads=threads, **kwargs)
        for arm in ARMS:
            same(one[arm], more[arm])
    assert all(c.patients == patients for c in one.values())


def test_rows_are_the_same_for_any_threads_and_parts(model):
    whole = simulate_rows(model, ARMS, patients=70_000, seed=3, threads=1)
    pd.testing.assert_frame_equal(whole, simulate_rows(model, ARMS, patients=70_000, seed=3, threads=2))
    # parts cut anywhere: another size changes the leaves, the blocks and the sorting by stratum
    parts, start = [], 0
    for n in (1, 1023, 700, 66_000, 2_276):
        parts.append(simulate_rows(model, ARMS, patients=n, seed=3, first_patient=start))
        start += n
    again = pd.concat(parts).sort_values(["strategy", "patient"], kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(whole, again)


def test_chunks_are_the_rows(model):
    chunks = list(iter_rows(model, ARMS, patients=5_000, seed=3, chunk=1_999))
    assert [len(c) for c in chunks] == [1_999, 1_999, 1_002] * 2
    pd.testing.assert_frame_equal(
        pd.concat(chunks, ignore_index=True), simulate_rows(model, ARMS, patients=5_000, seed=3)
    )


def test_order_of_strategies_changes_nothing(model):
    a, b = (simulate_counts(model, order, patients=20_000, seed=1) for order in (ARMS, ARMS[::-1]))
    alone = simulate_counts(model, ["treated"], patients=20_000, seed=1)["treated"]
    for arm in ARMS:
        same(a[arm], b[arm])
    same(a["treated"], alone)


def test_batches_are_consecutive_patients(model):
    whole = simulate_counts(model, ["control"], patients=70_000, seed=8)["control"]
    assert len(whole.n) == 40
    assert whole.n.sum() == 70_000
    assert set(whole.n[:-1] % 1024) == {0}
    first = int(whole.n[0])
    job = new_job(first, 8, 0)
    part = count_graph(build(arm_spec(model, "control")), job, ENDPOINTS, name="control").pooled()
    assert np.array_equal(part.events[0], whole.events[0])
    assert np.array_equal(part.stratum_n[0], whole.stratum_n[0])


def test_the_same_patient_under_every_strategy(model):
    """Common random numbers: equal hazards give equal times, a hazard ratio a monotone change of them."""
    rows = simulate_rows(model, ARMS, patients=50_000, seed=2)
    control, treated = (rows[rows.strategy == arm].reset_index(drop=True) for arm in ARMS)
    assert (control.stratum == treated.stratum).all()
    x = control.stratum == "x"
    assert (treated.pfs[x] >= control.pfs[x]).all()
    # the same uniforms, so the time of a Weibull with hazard ratio 0.6 is 0.6 ** (-1 / shape) times as long
    assert np.allclose(treated.pfs[x] / control.pfs[x], 0.6 ** (-1 / 1.3), rtol=1e-12)
    assert (treated.progressed[x] == control.progressed[x]).all()
    # a higher rate keeps those who had the toxicity anyway
    for event in ("fistula", "vte"):
        assert (treated[f"toxicity_{event}"] >= control[f"toxicity_{event}"]).all()
    assert (treated.toxicity_vte > control.toxicity_vte).any()


def test_a_toxicity_depends_on_its_own_name_only(model):
    alone = replace(model, toxicities=(CLOT,))
    turned = replace(model, toxicities=(NAUSEA, CLOT, FISTULA))
    rows = simulate_rows(model, ARMS, patients=20_000, seed=6)
    assert (simulate_rows(alone, ARMS, patients=20_000, seed=6).toxicity_vte == rows.toxicity_vte).all()
    other = simulate_rows(turned, ARMS, patients=20_000, seed=6)
    pd.testing.assert_frame_equal(other[rows.columns], rows)


def test_adding_a_state_moves_no_draw(model):
    """Draws go by the name of the decision, not by the position in the graph."""
    spec = arm_spec(model, "control")
    never = tuple(replace(h, factor=0.0) for h in spec.transitions[0].hazards)
    more = GraphSpec(
        ("progression_free", "surgery", "progressed", "dead"),
        spec.strata,
        (
            replace(spec.transitions[0], target="surgery", decision="surgery", hazards=never),
            replace(spec.transitions[2], origin="surgery", decision="death_after_surgery"),
            *spec.transitions[::-1],
        ),
        spec.shares,
    )  # fmt: skip
    job = new_job(5_000, 4, 0)
    few, many = build(spec), build(more)
    a, b = graph_rows(few, job), graph_rows(many, job)
    for state in few.states:
        assert np.array_equal(a.entry[few.states.index(state)], b.entry[many.states.index(state)])


def test_pfs_never_exceeds_os(model):
    rows = simulate_rows(model, ARMS, patients=300_000, seed=1)
    assert (rows.pfs <= rows.os).all()
    assert (rows.pfs > 0).all()
    died = ~rows.progressed
    assert (rows.pfs[died] == rows.os[died]).all()
    assert rows.pps[died].isna().all()
    assert (rows.pps[rows.progressed] > 0).all()


@pytest.mark.parametrize("arm", ARMS)
def test_each_stratum_has_its_own_distributions(model, arm):
    """Against the exact survival functions; Kolmogorov's one-in-a-million bound is 2.69 / sqrt(n)."""
    rows = simulate_rows(model, [arm], patients=300_000, seed=12)
    for stratum in model.strata:
        cell = model.cells[arm, stratum]
        part = rows[rows.stratum == stratum]
        n = len(part)
        times = np.sort(part.pfs[np.isfinite(part.pfs)])
        exact = 1.0 - cell.pfs.survival(times)
        distance = max(np.max(np.arange(1, len(times) + 1) / n - exact), np.max(exact - np.arange(len(times)) / n))
        assert distance < 2.69 / math.sqrt(n)
        deaths = (np.isfinite(part.pfs) & ~part.progressed).sum()
        p = cell.death_share
        assert abs(deaths / len(times) - p) <= 4.9 * math.sqrt(p * (1 - p) / len(times))
        if cell.dependence == 0.0 and p < 1.0:
            pps = np.sort(part.pps[part.progressed & np.isfinite(part.pps)])
            assert np.max(
                np.abs(np.arange(len(pps)) / part.progressed.sum() - 1 + cell.pps.survival(pps))
            ) < 2.69 / math.sqrt(part.progressed.sum()) + 1 / len(pps)


def test_patients_are_pinned():
    """The same to the last bit on every machine and Python; a change here changes every result ever printed."""
    cells = {
        ("a", "x"): ArmModel(W, 0.2, Distribution("lognormal", (2.0, 0.75))),
        ("a", "y"): ArmModel(CURED, 0.25, Distribution("gompertz", (0.0625, 0.03125))),
    }
    one = JointModel("pin", ("a",), ("x", "y"), {"a": (0.5, 0.5)}, cells)
    rows = simulate_rows(one, ["a"], patients=6, seed=2**40 + 1, replicate=3)
    found = [(s, p.hex(), o.hex()) for s, p, o in zip(rows.stratum, rows.pfs, rows.os, strict=True)]
    assert found == PINNED


def test_the_cured_never_have_the_event(model):
    rows = simulate_rows(model, ["control"], patients=200_000, seed=1)
    y = rows[rows.stratum == "y"]
    never = np.isinf(y.pfs)
    assert (np.isinf(y.os) >= never).all()
    assert not y.progressed[never].any()
    # 4.9 standard errors: one in a million
    assert abs(never.mean() - 0.2) < 4.9 * math.sqrt(0.2 * 0.8 / len(y))
    # a defective Gompertz: exp(-rate / -shape) of the patients never progress
    z = rows[rows.stratum == "z"]
    share = math.exp(-0.1 / 0.05)
    assert abs(np.isinf(z.pfs).mean() - share) < 4.9 * math.sqrt(share * (1 - share) / len(z))


def test_certain_and_impossible_transitions(model):
    rows = simulate_rows(model, ARMS, patients=20_000, seed=1)
    assert not rows[(rows.strategy == "treated") & (rows.stratum == "y")].progressed.any()
    z = rows[(rows.strategy == "control") & (rows.stratum == "z") & np.isfinite(rows.pfs)]
    assert z.progressed.all()
    assert (rows[rows.strategy == "treated"].toxicity_nausea >= 1).all()
    assert rows[rows.strategy == "control"].toxicity_nausea.max() == 3


@pytest.mark.parametrize("patients", [5_000, 70_000])
def test_counts_say_what_the_rows_say(model, patients):
    horizon, rates = 36.0, (0.0, 0.05)
    rows = simulate_rows(model, ["control"], patients=patients, seed=9)
    counts = simulate_counts(model, ["control"], patients=patients, seed=9, horizon=horizon, rates=rates)["control"]
    days = counts.events.shape[2] - 1
    assert days == math.ceil(horizon * 30.4375)
    end = {
        "os": (rows.os, np.isfinite(rows.os)),
        "pfs": (rows.pfs, np.isfinite(rows.pfs)),
        "ttp": (rows.pfs, rows.progressed),
        "pps": (rows.pps[rows.progressed], np.isfinite(rows.pps[rows.progressed])),
    }
    # a patient who progressed and is alive for ever has an infinite clock; ttp of the dead is censored at death
    for e, name in enumerate(counts.endpoints):
        time, event = end[name]
        day = np.minimum(np.floor(time * 30.4375), days).astype(int)
        seen = event & (day < days)
        assert np.array_equal(np.bincount(day[seen], minlength=days + 1), counts.events[:, e].sum(axis=0))
        assert np.array_equal(np.bincount(day[~seen], minlength=days + 1), counts.censored[:, e].sum(axis=0))
    assert counts.n.sum() == patients
    assert counts.stratum_n.sum(axis=0).tolist() == rows.stratum.value_counts(sort=False).tolist()
    for event, table in counts.toxicity.items():
        grades = np.bincount(rows[f"toxicity_{event}"], minlength=table.shape[1])
        assert np.array_equal(table.sum(axis=0), grades)
    assert [len(t[0]) for t in counts.toxicity.values()] == [3, 2, 5]


def test_discounted_time_is_that_of_the_rows(model):
    horizon, rates, n = 36.0, (0.0, 0.05), 70_000
    rows = simulate_rows(model, ["treated"], patients=n, seed=9)
    counts = simulate_counts(model, ["treated"], patients=n, seed=9, horizon=horizon, rates=rates)["treated"]
    assert counts.states == ("progression_free", "progressed")
    a, b = np.minimum(rows.pfs, horizon), np.minimum(rows.os, horizon)
    for r, rate in enumerate(rates):
        value = [a, b - a]
        if rate:
            value = [
                (1 - np.exp(-rate * a / 12)) / rate * 12,
                (np.exp(-rate * a / 12) - np.exp(-rate * b / 12)) / rate * 12,
            ]
        assert counts.time_sum[:, r].sum(axis=0) == pytest.approx([v.sum() for v in value], rel=1e-12)
        products = [[(v * w).sum() for w in value] for v in value]
        assert counts.time_cross[:, r].sum(axis=0) == pytest.approx(np.array(products), rel=1e-12)


def test_merging_and_pooling(model):
    def part(first, n):
        return simulate_counts(model, ["control"], patients=n, seed=4, first_patient=first, rates=(0.03,))["control"]

    a, b, c = part(0, 4_096), part(4_096, 300), part(4_396, 5_000)
    whole = part(0, 9_396)
    merged = a + b + c
    assert merged.patients == 9_396
    assert len(merged.n) == 40
    for name in ("n", "events", "censored", "stratum_n"):
        assert np.array_equal(getattr(merged.pooled(), name), getattr(whole.pooled(), name))
        assert np.array_equal(getattr(c + b + a, name), getattr(merged, name))
    for event, table in merged.pooled().toxicity.items():
        assert np.array_equal(table, whole.pooled().toxicity[event])
    assert merged.pooled().time_sum == pytest.approx(whole.pooled().time_sum, rel=1e-13)
    assert (a + b).n[-1] == a.n[-1]  # b has fewer batches: its last is not a's last
    with pytest.raises(ValueError, match="horizon"):
        a + replace(a, horizon=1.0)
    with pytest.raises(ValueError, match="toxicities"):
        a + replace(a, toxicity={})
    with pytest.raises(TypeError):
        a + 1


def test_another_seed_replicate_or_patient_is_another_cohort(model):
    base = simulate_rows(model, ["control"], patients=500, seed=1)
    for change in ({"seed": 2}, {"seed": 1 + 2**32}, {"replicate": 1}, {"first_patient": 2**33}):
        other = simulate_rows(model, ["control"], **{"patients": 500, "seed": 1, **change})
        assert not np.any((other.pfs == base.pfs) & np.isfinite(base.pfs))


def test_a_target_population(model):
    rows = simulate_rows(model, ["control"], patients=100_000, seed=1, mix={"x": 0.1, "z": 0.9})
    shares = rows.stratum.value_counts(normalize=True)
    assert abs(shares["x"] - 0.1) < 4.9 * math.sqrt(0.1 * 0.9 / 100_000)
    assert shares["y"] == 0


def test_progress_and_interrupt(model):
    seen = []
    simulate_counts(model, ARMS, patients=200_000, seed=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (400_000, 400_000)
    assert [d for d, _ in seen] == sorted({d for d, _ in seen})

    def stop(done, total):
        calls.append(done)
        raise KeyboardInterrupt

    for threads in (1, 2):
        calls: list[int] = []
        with pytest.raises(KeyboardInterrupt):
            simulate_counts(model, ARMS, patients=10**9, seed=1, threads=threads, progress=stop)
        assert len(calls) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"patients": 0}, "patients is 0"),
        ({"patients": 10**11 + 1}, "patients is 100000000001; allowed is 1 to 100,000,000,000"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**64}, "seed"),
        ({"replicate": 2**32}, "replicate"),
        ({"horizon": 0.0}, "horizon is 0"),
        ({"horizon": float("nan")}, "horizon is nan"),
        ({"rates": (0.0, -0.1)}, "rates"),
        ({"rates": (1e-9,)}, "rates"),
        ({"mix": {"w": 1.0}}, "unknown stratum 'w'"),
    ],
)
def test_refusals(model, change, words):
    with pytest.raises(InputError, match=words):
        simulate_counts(model, ["control"], **{"patients": 10, "seed": 1, **change})


def test_one_compilation_serves_all(model):
    """Other parameters, shapes and graphs must not compile again."""
    from simulate.kernel.pathway import simulate_task

    simulate_counts(model, ARMS, patients=100, seed=1)
    before = len(simulate_task.signatures)
    simulate_counts(model, ["control"], patients=70_000, seed=2**63, horizon=1, rates=(), mix=[1, 0, 0], replicate=7)
    simulate_rows(replace(model, toxicities=()), ["treated"], patients=np.int32(50), seed=np.int64(3))
    assert len(simulate_task.signatures) == before == 1


def test_threads_follow_the_environment(monkeypatch):
    from simulate.kernel.run import default_threads

    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    assert default_threads() == 3
    monkeypatch.delenv("NUMBA_NUM_THREADS")
    assert default_threads() >= 1


def test_a_terminal_is_told_of_the_compilation(monkeypatch, capsys):
    from simulate.kernel import run

    monkeypatch.setattr(run.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(run, "is_cached", lambda entry: False)
    run.announce()
    assert "compiling the kernel" in capsys.readouterr().err
    monkeypatch.setattr(run, "is_cached", lambda entry: True)
    run.announce()
    assert capsys.readouterr().err == ""


def test_memory_does_not_grow_with_the_patients(model):
    """Peak of what Python allocates; the kernel's own arrays are NumPy's and counted too."""
    import tracemalloc

    peaks = []
    for patients in (2_000_000, 20_000_000):
        tracemalloc.start()
        simulate_counts(model, ["control"], patients=patients, seed=1, threads=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1 + 2**21


def test_the_most_patients_need_no_list_of_tasks(model):
    """The tasks of the largest cohort would fill tens of megabytes before the first is done."""
    import tracemalloc

    def stop(done, total):
        raise KeyboardInterrupt

    peaks = []
    for patients in (10**8, MAX_PATIENTS):
        tracemalloc.start()
        with pytest.raises(KeyboardInterrupt):
            simulate_counts(model, ["control"], patients=patients, seed=1, threads=2, progress=stop)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1 + 2**21


def test_spans_cover_every_patient_once_and_are_cut_at_leaves():
    from simulate.kernel.run import TASK_PATIENTS, spans

    cuts = list(spans(0, 10**6, 1024))
    assert [a for a, _ in cuts[1:]] == [b for _, b in cuts[:-1]]
    assert (cuts[0][0], cuts[-1][1]) == (0, 10**6)
    assert {b - a for a, b in cuts[:-1]} == {TASK_PATIENTS}
    assert all(a % 1024 == 0 for a, _ in cuts)
