"""Types of the generative model and its families in NumPy."""

from simulate.model.types import DAYS_PER_MONTH, ArmModel, Distribution, JointModel, Toxicity

__all__ = ["DAYS_PER_MONTH", "ArmModel", "Distribution", "JointModel", "Toxicity"]
