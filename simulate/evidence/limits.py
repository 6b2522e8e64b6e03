"""Limits that the command, the schemas and the simulation share; free of imports, so that ``--help`` stays quick."""

from __future__ import annotations

MAX_PATIENTS = 10**11
MIN_RATE = 1e-6  # discount rates per year, other than 0: below, a discounted time loses its digits
