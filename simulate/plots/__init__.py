"""Figures from plain arrays: Kaplan-Meier and forest plots, and their export."""

from simulate.plots.km import plot_km
from simulate.plots.names import study

__all__ = ["plot_km", "study"]
