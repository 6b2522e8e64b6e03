"""Philox against the known answers of Random123, and the rules for naming draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulate.cohort import new_job
from simulate.kernel import philox
from simulate.kernel.jit import compiled

ONES = 0xFFFFFFFF
# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, answer
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@compiled
def call(c0, c1, c2, c3, k0, k1):
    return philox.rounds(10, c0, c1, c2, c3, k0, k1)


@compiled
def to_unit(a, b):
    return philox.open_uniform(a, b)


def lanes_of(patient, job):
    lanes = patient, np.zeros_like(patient), np.zeros_like(patient)
    philox.begin(lanes, job)
    return lanes


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    assert tuple(int(w) for w in call(*(np.uint64(x) for x in (*counter, *key)))) == answer


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_counter_and_key_are_patient_decision_replicate_and_seed(counter, key, answer):
    patient = np.array([counter[0] + (counter[1] << 32)], np.uint64)
    seed, replicate = key[0] + (key[1] << 32), counter[3]
    word, u0, u1 = np.zeros(1, np.uint32), np.zeros(1), np.zeros(1)
    job = new_job(1, seed, replicate)
    lanes = lanes_of(patient, job)
    philox.words(lanes, word, np.uint64(counter[2]), job)
    philox.uniform_pairs(lanes, u0, u1, np.uint64(counter[2]), job)
    assert word[0] == answer[0]
    a, b, c, d = answer
    assert u0[0] == (((a << 32 | b) >> 12) + 0.5) / 2**52
    assert u1[0] == (((c << 32 | d) >> 12) + 0.5) / 2**52


def test_the_interval_is_open():
    low, high = to_unit(np.uint64(0), np.uint64(0)), to_unit(np.uint64(ONES), np.uint64(ONES))
    assert low == 2.0**-53
    assert high == 1.0 - 2.0**-53 < 1.0
    assert -np.log(high) > 0.0
    assert np.isfinite(-np.log(low))


def test_uniforms_of_both_halves_are_uniform_and_independent():
    n = 200_000
    patient, u0, u1 = np.arange(n, dtype=np.uint64), np.zeros(n), np.zeros(n)
    job = new_job(n, 42, 0)
    philox.uniform_pairs(lanes_of(patient, job), u0, u1, np.uint64(7), job)
    # Kolmogorov's 1e-6 bound is 2.69 / sqrt(n); a correlation of independent columns has standard error 1 / sqrt(n)
    for u in (u0, u1):
        assert stats.kstest(u, "uniform").statistic < 2.69 / np.sqrt(n)
        assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4.9 / np.sqrt(n)
    assert abs(np.corrcoef(u0, u1)[0, 1]) < 4.9 / np.sqrt(n)


def test_single_draws_are_the_first_of_the_pair():
    patient, u0, u1, alone = np.arange(100, dtype=np.uint64), np.zeros(100), np.zeros(100), np.zeros(100)
    job = new_job(100, 9, 3)
    lanes = lanes_of(patient, job)
    philox.uniform_pairs(lanes, u0, u1, np.uint64(5), job)
    philox.uniforms(lanes, alone, np.uint64(5), job)
    assert np.array_equal(u0, alone)
    assert not np.any(u0 == u1)


@pytest.mark.parametrize("first", [0, 2**32 - 50, 2**32, 2**40 - 1, 2**61 + 3 * 2**32 - 99])
def test_every_draw_is_all_ten_rounds_also_where_a_job_crosses_a_high_word(first):
    job = new_job(100, 2**63 + 12345, 2**32 - 7, first_patient=first)
    patient = np.random.default_rng(1).permutation(np.arange(first, first + 100, dtype=np.uint64))
    u0, u1, alone, word = np.zeros(100), np.zeros(100), np.zeros(100), np.zeros(100, np.uint32)
    lanes, decision = lanes_of(patient, job), np.uint64(0xFEDCBA98)
    philox.uniform_pairs(lanes, u0, u1, decision, job)
    philox.uniforms(lanes, alone, decision, job)
    philox.words(lanes, word, decision, job)
    for i, p in enumerate(patient.tolist()):
        counter = (p & ONES, p >> 32, 0xFEDCBA98, 2**32 - 7, (2**63 + 12345) & ONES, (2**63 + 12345) >> 32)
        a, b, c, d = (int(x) for x in call(*(np.uint64(x) for x in counter)))
        assert word[i] == a
        assert u0[i] == alone[i] == (((a << 32 | b) >> 12) + 0.5) / 2**52
        assert u1[i] == (((c << 32 | d) >> 12) + 0.5) / 2**52


def test_decisions_are_found_by_name():
    # pinned: these numbers are the identity of every simulated patient; changing them changes all results
    assert philox.draw_of("progression") == (PROGRESSION, 0)
    assert philox.draw_of("death_before_progression") == (PROGRESSION, 1)
    names = ["progression", "death_after_progression", "stratum", "toxicity:fistula", "toxicity:hypertension"]
    assert len({philox.draw_of(n) for n in names}) == len(names)


PROGRESSION = int.from_bytes(__import__("hashlib").blake2b(b"progression", digest_size=4).digest(), "little")
