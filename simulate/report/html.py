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
    from simulate.report.context import context

    require("report.html")
    return page("report.html.j2", context(result, command=command, provenance=provenance, drawn=drawn))


def require(name: str) -> None:
    """Raise `InputError` where Jinja2 is missing."""
    if not available():
        raise input_error(f"{name} needs Jinja2, which is not installed.", advice=ADVICE)


def page(template: str, values: Mapping[str, Any]) -> str:
    """A template of this package filled in; everything in `values` is escaped but markup made here."""
    require(template.removesuffix(".j2"))
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

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
    return environment.get_template(template).render(style=Markup(style), **values)  # noqa: S704 - our own style sheet
