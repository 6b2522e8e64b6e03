"""The prior on families, learned from the library: what a trial file's ``family: auto`` stands for.

Each study scores the families by the log marginal likelihood of all its figures. Taken together they say how often each
family is the right one: shares of a mixture, estimated by expectation–maximisation, in which a class of treatment and a
line of therapy share what the others say (`SHARED` pseudo-studies). A study never counts for its own prior, and its own
figures do not choose its family: a family fitted to them would make their prediction look better than it is. A file
whose figures demand another family names it and says why.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulate.calibration.observations import FamilyEvidence, observations

Array = NDArray[np.float64]
FAMILIES = ("weibull", "loglogistic", "lognormal")  # of two parameters, in the order taken where they are as likely
SHARED = 4.0
ROUNDS = 200


def weights(rows: tuple[FamilyEvidence, ...], treatment_classes: frozenset[str], line: str) -> dict[str, float]:
    """Share of each family for studies of some classes and a line, from the rows given."""
    studies = sorted({(r.study, r.treatment_class, r.line) for r in rows})
    position = {s: i for i, s in enumerate(studies)}
    score = np.full((len(studies), len(FAMILIES)), -np.inf)
    for r in rows:
        score[position[r.study, r.treatment_class, r.line], FAMILIES.index(r.family)] = r.log_evidence
    likelihood = np.exp(score - score.max(axis=1, keepdims=True))
    own = {s[0]: np.zeros(len(studies), dtype=bool) for s in studies}
    for i, s in enumerate(studies):
        own[s[0]][i] = True
    # a study with arms of several classes counts once, shared among its classes
    part = np.array([1.0 / own[s[0]].sum() for s in studies])
    near = np.array([0.5 * (s[1] in treatment_classes) + 0.5 * (s[2] == line) for s in studies])
    share = np.full(len(FAMILIES), 1.0 / len(FAMILIES))
    for _ in range(ROUNDS):
        member = likelihood * share
        member /= member.sum(axis=1, keepdims=True)
        share = (1.0 + part @ member) / (len(FAMILIES) + part.sum())
    local = share
    for _ in range(ROUNDS):
        member = likelihood * local
        member /= member.sum(axis=1, keepdims=True)
        local = (SHARED * share + (part * near) @ member) / (SHARED + (part * near).sum())
    return dict(zip(FAMILIES, (float(x) for x in local), strict=True))


@lru_cache(maxsize=1024)
def learned_families(study: str, process: str, treatment_classes: frozenset[str], line: int | None) -> dict[str, float]:
    """Share of each family for a process of a study, the study itself left out; equal shares with no library.

    Parameters
    ----------
    process : ``pfs``, ``pps`` or, where only survival is modelled, ``os``.
    """
    rows = tuple(r for r in observations("families") if r.process == process and r.study != study)
    if not rows:
        return dict.fromkeys(FAMILIES, 1.0 / len(FAMILIES))
    return weights(rows, treatment_classes, str(line or ""))


def likeliest(shares: dict[str, float]) -> str:
    """The family with the largest share, the simpler one of equals."""
    return max(FAMILIES, key=lambda f: (round(shares[f], 3), -FAMILIES.index(f)))
