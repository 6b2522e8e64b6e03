"""Strategies side by side: endpoints, contrasts, toxicity and time in states, each with its Monte Carlo error."""

from simulate.compare.comparison import Comparison
from simulate.compare.contrasts import Contrast, EndpointResult
from simulate.compare.run import compare
from simulate.compare.shares import StateTime, ToxicityRate

__all__ = ["Comparison", "Contrast", "EndpointResult", "StateTime", "ToxicityRate", "compare"]
