"""What a run leaves behind: `report.html`, tables, figures, the model and its provenance, all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from simulate.scenario import Result
    from simulate.scenario.pathways import PathwayResult

__all__ = ["render_html", "write_result"]


def write_result(
    result: Result | PathwayResult, out: Path, *, save_patients: bool = False, command: str | None = None
) -> Path:
    """Write everything a result has to say into the folder `out`; see `simulate.report.writer.write`."""
    from simulate.report.writer import write

    return write(result, out, save_patients=save_patients, command=command)


def render_html(result: Result | PathwayResult, *, command: str | None = None) -> str:
    """`report.html` as text; needs the extra ``report`` (Jinja2).

    Raises
    ------
    InputError : Jinja2 is not installed.
    """
    from simulate.report.html import render

    return render(result, command=command)
