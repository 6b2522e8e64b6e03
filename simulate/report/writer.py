"""Write a result into a folder: every file or none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from simulate.files import OutputFolder
from simulate.plots.export import png
from simulate.report import html
from simulate.report.evaluation_files import EVALUATION_OUTPUTS
from simulate.report.figures import draw_all, finished
from simulate.report.frames import all_frames
from simulate.report.labels import Names
from simulate.report.patients import write_patients
from simulate.report.record import record
from simulate.scenario.pathways import PathwayResult

if TYPE_CHECKING:
    from simulate.scenario import Result

# What every run writes (patients.parquet where asked), what one of a single trial adds, and one of pathways.
EVERY_RUN = (
    "summary.json",
    "provenance.json",
    "model.json",
    "report.html",
    "patients.parquet",
    "strategies.csv",
    "contrasts.csv",
    "landmarks.csv",
    "toxicity.csv",
    "time_in_state.csv",
    "curves_os.csv",
    "curves_pfs.csv",
    "km_os.svg",
    "km_os.png",
    "km_pfs.svg",
    "km_pfs.png",
)
OF_A_TRIAL = (
    "fidelity.csv",
    "sensitivity.csv",
    "uncertainty.csv",
    "reported_vs_simulated.svg",
    "reported_vs_simulated.png",
)
OF_PATHWAYS = (
    "states.csv",
    "scans.csv",
    "count_once.csv",
    "later_mixes.csv",
    "on_treatment.csv",
    "selection_bias.csv",
    "subgroups.csv",
    "patients.csv",
    "km_os_by.svg",
    "km_os_by.png",
    "states.svg",
    "states.png",
)
# What a run does not write this time goes, and so does an evaluation's: two of them never lie side by side.
OUTPUTS = EVERY_RUN + OF_A_TRIAL + OF_PATHWAYS


def write(
    result: Result | PathwayResult, out: Path, *, save_patients: bool = False, command: str | None = None
) -> Path:
    """Write `OUTPUTS` into the folder `out`, all or nothing.

    Parameters
    ----------
    out : the folder; older outputs in it, those of an evaluation among them, are replaced; other files stay.
    save_patients : also write ``patients.parquet``, one row a patient and strategy.
    command : what was typed; this process's command line by default.

    Returns
    -------
    Path
        `out`. Without Jinja2 (extra ``report``) all but ``report.html`` is written, and standard error says so.

    Raises
    ------
    InputError : the folder cannot be written or is full; what was there before is as it was.
    """
    if sys.stderr.isatty():
        print(
            "Writing the report; the first time for a trial its other assumptions are fitted, about a minute.",
            file=sys.stderr,
        )
    with OutputFolder(out, replaces=(*OUTPUTS, *EVALUATION_OUTPUTS)) as folder:
        parts = _parts(result, command)
        folder.write_json("summary.json", result.summary())
        folder.write_json("provenance.json", parts.origin)
        folder.write("model.json", parts.model)
        for name, frame in parts.frames.items():
            folder.write(name, frame.to_csv(index=False, lineterminator="\n"))
        drawn = write_figures(parts.figures, folder)
        if html.available():
            folder.write("report.html", html.render(result, command=command, provenance=parts.origin, drawn=drawn))
        else:
            print(f"report.html was not written: it needs Jinja2. {html.ADVICE}", file=sys.stderr)
        if save_patients:
            about = {
                "scenario": result.scenario.id,
                "seed": result.seed,
                "patients": result.patients,
                "toxicities": _grades(result),
            }
            write_patients(result.rows(), folder.path("patients.parquet"), about)
    return Path(out)


def _grades(result: Result | PathwayResult) -> dict[str, list[str]]:
    """Event → its grades; a patient's column holds the position of the highest, from 1."""
    if isinstance(result, PathwayResult):
        return {e: list(grades) for e, (_, grades, _) in result.scenario.plan.events.items()}
    return {t.event: list(t.grades) for t in result.calibration.model.toxicities}


class _Parts(NamedTuple):
    """What a result writes: provenance, model, tables, and what draws its figures."""

    origin: dict[str, Any]
    model: str
    frames: Mapping[str, Any]
    figures: Mapping[str, Callable[[], Any]]


def _parts(result: Result | PathwayResult, command: str | None) -> _Parts:
    if isinstance(result, PathwayResult):
        from simulate.report.pathway_figures import pathway_figures
        from simulate.report.pathway_files import models_text, pathway_frames, pathway_record

        origin = pathway_record(result, command)
        return _Parts(origin, models_text(result), pathway_frames(result), pathway_figures(result))
    names = Names(result.scenario)
    model = result.calibration.model.to_json() + "\n"
    return _Parts(record(result, command), model, all_frames(result), draw_all(result, names))


def write_figures(figures: Mapping[str, Callable[[], Any]], folder: OutputFolder) -> Mapping[str, Any]:
    """Draw every figure once and write it as SVG and PNG; returns the figures by name."""
    drawn = {}
    for name, draw in figures.items():
        figure = draw()
        if figure is None:
            continue
        drawn[name] = figure
        folder.write(f"{name}.svg", finished(figure))
        folder.write(f"{name}.png", png(figure))
    return drawn
