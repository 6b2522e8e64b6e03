# ruff: noqa: NPY002  (numba knows the legacy generator, and naive code uses it)
"""The same task written three other ways: a minimal kernel, chunked NumPy, and naive Numba.

The task: illness-death with three Weibull transitions; first and second moments of the discounted months free of
progression and after it, which is what life years, QALYs and costs are made of.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulate.kernel import counts, families, philox
from simulate.kernel import vector_math as vm
from simulate.kernel.jit import OPTIONS, compiled

WEIBULLS = ((1.2, 10.0), (0.9, 60.0), (1.1, 9.0))  # progression, death before it, death after it: shape, scale
RATE, HORIZON = 0.03 / 12.0, 120.0
BLOCK, CHUNK = 1024, 8192


@compiled
def finish(a, b, c, before, after):
    """Race progression (a) against death (b), then death after progression (c), to discounted months."""
    for i in range(BLOCK):
        x, y, z = a[i], b[i], c[i]
        end = x if x < y else y
        before[i] = end
        after[i] = end + (z if x < y else 0.0)
    for i in range(BLOCK):
        before[i] = vm.exp(-RATE * min(before[i], HORIZON))
    for i in range(BLOCK):
        after[i] = vm.exp(-RATE * min(after[i], HORIZON))
    for i in range(BLOCK):
        first, last = before[i], after[i]
        before[i] = (1.0 - first) * (1.0 / RATE)
        after[i] = (first - last) * (1.0 / RATE)


@compiled
def weibull(uniform, time, law):
    """Weibull times of uniforms."""
    families.unit_hazard(uniform, time, 1.0)
    families.log_pass(time)
    families.exp_pass(time, 1.0 / law[0], law[1])


@compiled
def minimal(blocks, job, decisions, laws, sums):
    """The least that does the task with the kernel's own passes: no graph, no strata, whole blocks only."""
    patient, scratch = np.empty(BLOCK, np.uint64), np.empty(BLOCK)
    lanes = (patient, np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64))
    u0, u1, a, b, c = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    for block in range(blocks):
        for i in range(BLOCK):
            patient[i] = np.uint64(block * BLOCK) + np.uint64(i)
        philox.begin(lanes, job)
        philox.uniform_pairs(lanes, u0, u1, decisions[0], job)
        weibull(u0, a, laws[0])
        weibull(u1, b, laws[1])
        philox.uniforms(lanes, u0, decisions[1], job)
        weibull(u0, c, laws[2])
        finish(a, b, c, u0, u1)
        sums[0] += counts.fold_sum(u0, scratch, BLOCK)
        sums[1] += counts.fold_sum(u1, scratch, BLOCK)
        sums[2] += counts.fold_product(u0, u0, scratch, BLOCK)
        sums[3] += counts.fold_product(u0, u1, scratch, BLOCK)
        sums[4] += counts.fold_product(u1, u1, scratch, BLOCK)


def numpy_chunked(patients: int, seed: int = 1) -> np.ndarray:
    """Vectorised NumPy, in chunks that stay in the cache."""
    rng = np.random.default_rng(seed)
    (k1, s1), (k2, s2), (k3, s3) = WEIBULLS
    sums = np.zeros(5)
    for _ in range(patients // CHUNK):
        progression = s1 * rng.standard_exponential(CHUNK) ** (1 / k1)
        death = s2 * rng.standard_exponential(CHUNK) ** (1 / k2)
        later = s3 * rng.standard_exponential(CHUNK) ** (1 / k3)
        pfs = np.minimum(progression, death)
        os_ = pfs + np.where(progression < death, later, 0.0)
        first, last = np.exp(-RATE * np.minimum(pfs, HORIZON)), np.exp(-RATE * np.minimum(os_, HORIZON))
        before, after = (1.0 - first) / RATE, (first - last) / RATE
        sums += before.sum(), after.sum(), before @ before, before @ after, after @ after
    return sums


@njit(**OPTIONS)
def naive_numba(patients, seed, sums):
    """Patient by patient with the library functions, as one writes it first."""
    (k1, s1), (k2, s2), (k3, s3) = WEIBULLS
    np.random.seed(seed)
    for _ in range(patients):
        progression = s1 * (-math.log(1.0 - np.random.random())) ** (1.0 / k1)
        death = s2 * (-math.log(1.0 - np.random.random())) ** (1.0 / k2)
        pfs = min(progression, death)
        os_ = pfs
        if progression < death:
            os_ += s3 * (-math.log(1.0 - np.random.random())) ** (1.0 / k3)
        first, last = math.exp(-RATE * min(pfs, HORIZON)), math.exp(-RATE * min(os_, HORIZON))
        before, after = (1.0 - first) / RATE, (first - last) / RATE
        sums[0] += before
        sums[1] += after
        sums[2] += before * before
        sums[3] += before * after
        sums[4] += after * after
