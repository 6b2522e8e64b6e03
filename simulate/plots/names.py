"""The short name of a trial, for titles and source lines of figures."""

from __future__ import annotations

import re


def study(title: str, trial_id: str) -> str:
    """Short name of a trial: what stands in brackets at the end of its title, else its id in capitals, else its title.

    Brackets that hold years alone name nothing; an id of several words is no acronym.

    Examples
    --------
    >>> study("Chemotherapy with or without bevacizumab (GOG 240)", "gog240"), study("A trial", "abc1")
    ('GOG 240', 'ABC1')
    >>> study("Lung metastasectomy, three small series", "lung_metastasectomy")
    'Lung metastasectomy, three small series'
    """
    found = re.search(r"\(([^()]*[A-Za-z]{3}[^()]*)\)\s*$", title)
    if found:
        return found.group(1)
    return title if "_" in trial_id else trial_id.upper()
