"""What each patient gets, line by line, chosen for all combinations of covariates at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulate.evidence.condition_schema import Conditions
from simulate.evidence.pathway_schema import LaterLine
from simulate.evidence.population_checks import NOTHING
from simulate.evidence.strategy_schema import Rules
from simulate.pathways.profiles import Combinations, meeting

Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass
class Choices:
    """Regimens as numbers; 0 is supportive care."""

    later: Mapping[str, LaterLine]
    uses: list[str] = field(default_factory=lambda: [NOTHING])

    def code(self, use: str) -> int:
        """Number of a regimen."""
        if use not in self.uses:
            self.uses.append(use)
        return self.uses.index(use)

    def chosen(self, found: Combinations, line: str, rules: Rules, given: Sequence[Codes]) -> Codes:
        """Regimen of the first rule that holds, by what a patient is when the line is decided on.

        Supportive care where none does, where the line cannot be started, and ever after.

        Parameters
        ----------
        given : int64[N] of every line before, as returned.

        Returns
        -------
        int64[N], numbers of regimens.
        """
        out = np.zeros(len(found.share), np.int64)
        undecided = np.ones(len(found.share), bool)
        for before in given:
            undecided &= before != 0
        if line in self.later:
            undecided &= met(found, self.later[line].when, line)
        for rule in rules:
            here = undecided & met(found, rule.when, line)
            if rule.after:
                here &= self._any(given, rule.after)
            if rule.not_after:
                here &= ~self._any(given, rule.not_after)
            out[here] = self.code(rule.use)
            undecided &= ~here
        return out

    def _any(self, given: Sequence[Codes], uses: Sequence[str]) -> Flags:
        codes = [self.code(use) for use in uses]
        return np.any([np.isin(g, codes) for g in given], axis=0)


def met(found: Combinations, conditions: Conditions, line: str) -> Flags:
    """Which combinations meet all conditions in a line.

    Raises
    ------
    InputError : a condition on a covariate the population does not have.
    """
    out = np.ones(len(found.share), bool)
    for name, levels in meeting(conditions, found.population, line):
        keys = list(found.population.covariates[name].levels)
        out &= np.array([k in levels for k in keys])[found.level(name)]
    return out


def together(*codes: Codes) -> Codes:
    """One number for each combination of several numbers from 0 on."""
    out = np.zeros(len(codes[0]), np.int64)
    for code in codes:
        width = int(code.max(initial=0)) + 1
        if int(out.max(initial=0)) > np.iinfo(np.int64).max // width - 1:
            _, out = np.unique(out, return_inverse=True)
        out = out * width + code
    return out


def levels_together(found: Combinations, names: Sequence[str]) -> Codes:
    """One number for each combination of levels of some covariates."""
    return together(np.zeros(len(found.share), np.int64), *(found.level(n).astype(np.int64) for n in names))
