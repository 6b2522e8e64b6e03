"""Cost-effectiveness of strategies: incremental analysis, acceptability, and the value of further information."""
