"""Log-rank test of two groups, on day counts or exact times."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulate.errors import input_error
from simulate.survival.estimators import ratio
from simulate.survival.two_sample import TwoSample


@dataclass(frozen=True)
class LogRank:
    """Observed minus expected events of group 1, its hypergeometric variance, the statistic and two-sided p-value."""

    observed_minus_expected: float
    variance: float
    chi_square: float
    p_value: float

    @property
    def z(self) -> float:
        """Signed statistic; negative where group 1 has fewer events than expected."""
        return self.observed_minus_expected / math.sqrt(self.variance)


def log_rank(table: TwoSample) -> LogRank:
    """Log-rank test (Mantel 1966) with the hypergeometric variance; arrays (K,).

    Meant for trials and trial-like samples: at a simulated size of one's choice the p-value says nothing.

    Raises
    ------
    InputError : no event while both groups were at risk.
    """
    e1, n1, e0, n0 = (np.asarray(a, float) for a in table)
    d, n = e1 + e0, n1 + n0
    share = ratio(n1, n)
    difference = float(np.sum(e1 - d * share))
    variance = float(np.sum(d * share * (1.0 - share) * ratio(n - d, n - 1.0)))
    if variance <= 0.0:
        raise input_error("no event happened while both groups were at risk; there is nothing to test.", field="events")
    chi_square = difference**2 / variance
    return LogRank(difference, variance, chi_square, math.erfc(math.sqrt(chi_square / 2.0)))
