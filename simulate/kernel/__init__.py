"""Compiled code only: arrays in, arrays out.

Importing this package compiles nothing and imports nothing; `simulate.cohort` imports `simulate.kernel.pathway` when a
simulation starts.
"""
