"""Figures from plain arrays: Kaplan-Meier and forest plots, and their export."""

from simulate.plots.km import plot_km

__all__ = ["plot_km"]
