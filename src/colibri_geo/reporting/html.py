"""From the report model to one page: everything inside, nothing fetched, nothing run but the page's own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from colibri_geo.evidence import RunRecord
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting.model import build_model
from colibri_geo.reporting.palette import style_colours
from colibri_geo.reporting.parts import ReportModel
from colibri_geo.reporting.pictures import Overview, StripPicture

_TEMPLATES = "templates"


def write_report(
    findings: Findings,
    record: RunRecord,
    pictures: Sequence[StripPicture],
    overview: Overview | None,
    path: str | Path,
    *,
    messages: Messages = ENGLISH,
) -> None:
    """Write the report of a run as one HTML file that opens with no network.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    pictures : sequence of StripPicture
        From `picture_strips`.
    overview : Overview or None
        From `overview_picture`.
    path : str or Path
        File to write; replaced when it exists.
    messages : Messages
        The language of the report.
    """
    model = build_model(findings, record, pictures, overview, messages=messages)
    write_html(model, path, messages=messages)


def write_html(model: ReportModel, path: str | Path, *, messages: Messages = ENGLISH) -> None:
    """Write a report as one HTML file that opens with no network.

    Parameters
    ----------
    model : ReportModel
    path : str or Path
        File to write; replaced when it exists.
    messages : Messages
        The same language as the model's.
    """
    Path(path).write_bytes(render_html(model, messages=messages).encode("utf-8"))


def render_html(model: ReportModel, *, messages: Messages = ENGLISH) -> str:
    """Lay a report out as a page.

    Parameters
    ----------
    model : ReportModel
    messages : Messages
        The same language as the model's.

    Returns
    -------
    str
        HTML whose Content-Security-Policy lets in nothing but its own style sheet, its own script and inline pictures.
        The script only makes the page handier: without it nothing is missing.
    """
    style, script = read_style("report.css"), read_asset("report.js")
    return load_template("report.html.j2").render(
        report=model,
        say=messages.say,
        style=style,
        script=script,
        policy=content_policy(style=style, script=script),
    )


def load_template(name: str) -> jinja2.Template:
    """Load a page's template; what it is given is escaped."""
    return _environment().get_template(name)


def load_drawings(messages: Messages) -> Any:  # noqa: ANN401 - a template's macros have no types
    """Load what draws the maps, marks and diagrams of a page, for another edition of it."""
    return load_template("drawings.svg.j2").make_module({"say": messages.say})


def read_asset(name: str) -> str:
    """Read a file of the package's templates; lines end as in the page, whatever the checkout did to them."""
    text = resources.files(__package__).joinpath(_TEMPLATES, name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def read_style(name: str) -> str:
    """Read a style sheet of the package's templates, with the colours that all share before it."""
    return style_colours() + read_asset(name)


def content_policy(*, style: str, script: str) -> str:
    """Return the Content-Security-Policy of a page with one style sheet and one script.

    Parameters
    ----------
    style, script : str
        Exactly what stands between the tags of each.

    Returns
    -------
    str
    """
    return (
        f"default-src 'none'; img-src data:; style-src {_source_hash(style)}; script-src {_source_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Compile the template once a process: it takes as long as to survey a small pair."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(read_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        newline_sequence="\n",
    )
