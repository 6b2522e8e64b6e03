"""Fidelity: for every reported figure what was reported, what the model says, what was simulated, and the verdict.

Meeting the figures that were used validates nothing: the judgement is over figures that were *not* used, and over each
used one predicted from the others (`leave_one_out`).
"""

from simulate.fidelity.rows import fidelity, simulated_cells
from simulate.fidelity.table import Fidelity, FidelityRow
from simulate.fidelity.withheld import leave_one_out

__all__ = ["Fidelity", "FidelityRow", "fidelity", "leave_one_out", "simulated_cells"]
