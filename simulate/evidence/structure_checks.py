"""Rules between a study's design and what its figures are asked to tell."""

from __future__ import annotations

from collections.abc import Iterator

from simulate.evidence.findings import Finding
from simulate.evidence.messages import suggest
from simulate.evidence.schema import Trial

ENDPOINTS = ("os", "pfs", "ttp", "pps")
MET = ("primary", "fit")  # roles of figures the calibration is to meet


def check_structure(trial: Trial) -> Iterator[Finding]:
    """Factorial strata of a trial that was not randomised, or a structure for which no figure was reported."""
    if trial.factorial and trial.design != "randomised":
        message = f"nothing was randomised twice in a study of design {trial.design}."
        yield Finding(("factorial",), message, "Remove it, or give `design: randomised`.")
    elif trial.factorial and len(trial.strata) < 2:
        message = "the strata were randomised too, but there is only one."
        yield Finding(("factorial",), message, "Name the strata, or remove it.")
    structure = trial.calibration.structure
    met = {f.endpoint for f in trial.figures if f.role in MET}
    wanted = {"survival_only": ("os",), "illness_death": ("pfs", "ttp"), "outcomes_only": ()}[structure]
    if wanted and not met & set(wanted):
        message = f"no figure of {' or '.join(e.upper() for e in wanted)} is to be met."
        if structure == "illness_death" and "os" in met:
            advice = "Write `structure: survival_only` where OS alone was reported, or give a figure role `fit`."
        elif met & set(ENDPOINTS):
            advice = "Choose the structure that the figures can tell, or give a figure role `fit`."
        else:
            advice = "Write `structure: outcomes_only`, or give a survival figure role `fit`."
        yield Finding(("calibration", "structure"), message, advice)
    for endpoint in trial.calibration.cuts:
        if endpoint not in ENDPOINTS:
            yield Finding(("calibration", "cuts", endpoint), f"no endpoint {endpoint!r}.", suggest(endpoint, ENDPOINTS))
    if structure != "illness_death":
        for name in ("death_share", "dependence"):
            if getattr(trial.calibration, name) is not None:
                message = f"belongs to illness_death; the structure is {structure}."
                yield Finding(("calibration", name), message, "Remove it, or change the structure.")
