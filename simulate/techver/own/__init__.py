"""The assertions on a model that a scenario brings along: closed-form curves, nothing simulated, nothing calibrated.

What asks only of costs, health and decisions is the assertion of a trial's arms itself; the rest is said anew here.
"""
