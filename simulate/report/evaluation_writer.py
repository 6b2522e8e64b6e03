"""Write an economic evaluation into a folder: every file or none."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from simulate.files import OutputFolder
from simulate.report import html
from simulate.report.evaluation_figures import evaluation_figures
from simulate.report.evaluation_files import EVALUATION_OUTPUTS, evaluation_frames, evaluation_record, model_text
from simulate.report.writer import OUTPUTS, write_figures

if TYPE_CHECKING:
    from simulate.scenario.evaluation import Evaluation

__all__ = ["EVALUATION_OUTPUTS", "EXPORTS", "write_evaluation"]


EXPORTS = ("excel", "r")


def write_evaluation(
    evaluation: Evaluation, out: Path, command: str | None = None, exports: Collection[str] = ()
) -> Path:
    """Write `EVALUATION_OUTPUTS` into the folder `out`, all or nothing.

    Parameters
    ----------
    out : the folder; older outputs in it, those of a run among them, are replaced; other files stay.
    command : what was typed; this process's command line by default.
    exports : ``excel`` for a workbook with a partitioned survival model that recomputes, ``r`` for a script that
        rebuilds the models in hesim.

    Returns
    -------
    Path
        `out`. Without Jinja2 (extra ``report``) all but ``report.html`` is written, and standard error says so.

    Raises
    ------
    InputError : the folder cannot be written or is full; what was there before is as it was.
    """
    with OutputFolder(out, replaces=(*OUTPUTS, *EVALUATION_OUTPUTS)) as folder:
        origin = evaluation_record(evaluation, command)
        folder.write_json("summary.json", evaluation.summary())
        folder.write_json("provenance.json", origin)
        folder.write("model.json", model_text(evaluation))
        for name, frame in evaluation_frames(evaluation).items():
            folder.write(name, frame.to_csv(index=False, lineterminator="\n"))
        drawn = write_figures(evaluation_figures(evaluation), folder)
        if "excel" in exports:
            from simulate.report.workbook import NAME, write_workbook

            write_workbook(evaluation, folder.path(NAME))
        if "r" in exports:
            from simulate.report.r_export import r_script

            folder.write("hesim.R", r_script(evaluation))
        if html.available():
            from simulate.report.evaluation_page import evaluation_page

            folder.write("report.html", evaluation_page(evaluation, command=command, provenance=origin, drawn=drawn))
        else:
            print(f"report.html was not written: it needs Jinja2. {html.ADVICE}", file=sys.stderr)
    return Path(out)
