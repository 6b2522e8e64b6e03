"""The short name of a trial, for titles and source lines of figures."""

from __future__ import annotations

import re


def study(title: str, trial_id: str) -> str:
    """Short name of a trial: what stands in brackets at the end of its title, else its id in capitals.

    Examples
    --------
    >>> study("Chemotherapy with or without bevacizumab (GOG 240)", "gog240"), study("A trial", "abc1")
    ('GOG 240', 'ABC1')
    """
    found = re.search(r"\(([^()]+)\)\s*$", title)
    return found.group(1) if found else trial_id.upper()
