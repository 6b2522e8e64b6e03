"""Survival curves and what clinicians read off them: medians, landmarks, restricted means, hazard ratios, log-rank."""

from simulate.survival.cox import HazardRatio, cox
from simulate.survival.curves import Estimate, SurvivalCurve
from simulate.survival.follow_up import administrative_censoring
from simulate.survival.logrank import LogRank, log_rank
from simulate.survival.longer import Longer, probability_longer
from simulate.survival.two_sample import TwoSample, two_sample

__all__ = [
    "Estimate",
    "HazardRatio",
    "LogRank",
    "Longer",
    "SurvivalCurve",
    "TwoSample",
    "administrative_censoring",
    "cox",
    "log_rank",
    "probability_longer",
    "two_sample",
]
