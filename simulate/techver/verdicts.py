"""What an assertion compares, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"
ROUNDING = 1e-9  # of a number, or of 1 where it is smaller: by how much two equal numbers may differ
SHOWN = 3  # comparisons whose numbers a verdict quotes


@dataclass(frozen=True)
class Check:
    """One comparison, of one number or of one number a draw.

    Attributes
    ----------
    what : what is compared, in words.
    margin : at 0 or above where it holds; any shape. What is not a number does not hold.
    said : the numbers.
    """

    what: str
    margin: Array
    said: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds everywhere."""
        return bool(np.all(self.margin >= 0.0))

    def sentence(self) -> str:
        """In words, with where it does not hold."""
        text = f"{self.what}: {self.said}" if self.said else self.what
        if self.holds:
            return text
        bad = ~(self.margin >= 0.0)
        where = f"{int(bad.sum())} of {bad.size}, " if bad.size > 1 else ""
        return f"{text} ({where}off by {float(np.nanmax(-np.where(np.isnan(self.margin), -np.inf, self.margin))):.3g})"


@dataclass(frozen=True)
class Verdict:
    """What came of an assertion: `verdict` is ``passed``, ``failed`` or ``not applicable``, `detail` the numbers."""

    id: str
    verdict: str
    detail: str


def decide(name: str, checks: Sequence[Check], note: str = "", *, absent: str = "nothing to compare.") -> Verdict:
    """The verdict of some comparisons with a `note`; without any, `absent` says why the assertion does not apply."""
    if not checks:
        return Verdict(name, NOT_APPLICABLE, absent)
    failed = [c for c in checks if not c.holds]
    if failed:
        more = f"; and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
        head = f"{len(failed)} of {len(checks)} comparisons fail. "
        return Verdict(name, FAILED, head + "; ".join(c.sentence() for c in failed[:SHOWN]) + more)
    spoken = [c.sentence() for c in checks if c.said][:SHOWN]
    tail = f" {note}" if note else ""
    return Verdict(name, PASSED, f"{len(checks)} comparisons hold. " + "; ".join(spoken) + "." * bool(spoken) + tail)


# ------------------------------------------------------------------------------------------------ comparisons
def equal(what: str, found: ArrayLike, expected: ArrayLike, tolerance: float = ROUNDING) -> Check:
    """Equal but for `tolerance` of the expected number, or of 1 where it is smaller."""
    a, b = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return Check(what, np.asarray(tolerance * np.maximum(np.abs(b), 1.0) - np.abs(a - b)), f"{_said(a)} v {_said(b)}")


def at_most(what: str, low: ArrayLike, high: ArrayLike, tolerance: float = ROUNDING) -> Check:
    """No higher but for `tolerance` of the higher number, or of 1 where it is smaller; said where it was needed."""
    a, b = np.asarray(low, np.float64), np.asarray(high, np.float64)
    allowed = np.asarray(tolerance * np.maximum(np.abs(b), 1.0))
    more = f" + {float(allowed.mean()):.3g}" if np.any(a > b) and tolerance > 0.0 else ""
    return Check(what, np.asarray(b - a + allowed), f"{_said(a)} ≤ {_said(b)}{more}")


def less(what: str, low: ArrayLike, high: ArrayLike) -> Check:
    """Lower by more than rounding."""
    a, b = np.asarray(low, np.float64), np.asarray(high, np.float64)
    return Check(what, np.asarray(b - a - ROUNDING * np.maximum(np.abs(b), 1e-3)), f"{_said(a)} < {_said(b)}")


def true(what: str, holds: ArrayLike, said: str = "") -> Check:
    """Something that holds or not."""
    return Check(what, np.where(np.asarray(holds, bool), 0.0, -1.0), said)


def _said(value: Array) -> str:
    """A number, or the mean of those of all draws."""
    mean = float(value.mean()) if value.size else float("nan")
    text = f"{mean:,.0f}" if abs(mean) >= 1e4 else f"{mean:.4g}"
    return f"mean {text}" if value.size > 1 else text
