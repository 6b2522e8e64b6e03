"""What a difference between two strategies rests on, in words that stand beside the number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

UNANCHORED, ANCHORED, RANDOMISED, SAME = "unanchored", "anchored", "randomised", "same survival"
MARKS = {
    RANDOMISED: "randomised",
    ANCHORED: "carried from randomised trials",
    UNANCHORED: "NOT RANDOMISED: other patients",
    SAME: "same survival, by construction",
}
SHORT = {RANDOMISED: "randomised", ANCHORED: "carried", UNANCHORED: "NOT RANDOMISED", SAME: "same survival"}
EXPLAINED = {
    RANDOMISED: "randomised: arms of one randomised trial",
    ANCHORED: "carried from randomised trials: effects of their comparisons, assumed to hold in other patients",
    UNANCHORED: "NOT RANDOMISED: levels of different studies; the difference contains that between their patients",
    SAME: "same survival: the model gives both strategies one survival, so nothing is found out about it",
}
VERDICTS = {UNANCHORED: "conflict"}  # the class of the mark in the page


def basis_of(contrast: Mapping[str, Any]) -> str:
    """Basis of a contrast; nothing for those of one trial's arms."""
    return str(contrast.get("basis") or "")


def explained(contrasts: Iterable[Mapping[str, Any]]) -> list[str]:
    """What every basis that occurs means, the strongest first."""
    found = {basis_of(c) for c in contrasts}
    return [EXPLAINED[b] for b in EXPLAINED if b in found]
