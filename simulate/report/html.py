"""`report.html`: the template with the result poured in, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulate.errors import input_error

if TYPE_CHECKING:
    from simulate.scenario import Result
    from simulate.scenario.pathways import PathwayResult

TEMPLATES = Path(__file__).resolve().parent / "templates"
ADVICE = 'pip install "simulate-outcomes[report]"'


def available() -> bool:
    """Whether Jinja2, of the optional extra ``report``, is installed."""
    return find_spec("jinja2") is not None


def render(
    result: Result | PathwayResult,
    *,
    command: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    drawn: Mapping[str, Any] | None = None,
) -> str:
    """The report of a result as one self-contained page.

    Parameters
    ----------
    command : what was typed, shown under *How to reproduce*.
    provenance : of the run, if the caller has it already.
    drawn : name of a figure → the figure, if the caller has drawn it already.

    Raises
    ------
    InputError : Jinja2 is not installed.
    """
    if not available():
        raise input_error("report.html needs Jinja2, which is not installed.", advice=ADVICE)
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from simulate.report.context import context

    # autoescape for everything: labels and notes come from files that users write
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["full"] = lambda value: repr(float(value))
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    values = context(result, command=command, provenance=provenance, drawn=drawn)
    return environment.get_template("report.html.j2").render(style=Markup(style), **values)  # noqa: S704 - our own style sheet
