"""The report of a run, or of an edition of it, and the map with its pictures."""

from __future__ import annotations

from pathlib import Path

from colibri_geo.errors import LayoutError
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting import Edition, write_kmz
from colibri_geo.language import Messages
from colibri_geo.layers.findings import Findings
from colibri_geo.pairs import AlignedPair, change
from colibri_geo.reporting import (
    ReportModel,
    build_edition_model,
    build_model,
    keep_sheets,
    overview_picture,
    picture_strips,
    shrink_pictures,
    write_html,
    write_pdf,
)


def draw_report(
    findings: Findings, record: RunRecord, pair: AlignedPair, folder: Path, *, messages: Messages, pdf: bool
) -> LayoutError | None:
    """Write the report of a run, and ``findings.kmz`` with its pictures: those of the strips that have a sheet.

    Returns
    -------
    LayoutError or None
        Why there is no PDF, where one was asked for: to be raised when the rest is safe.
    """
    pictures = picture_strips(pair, keep_sheets(findings.strips), change=change(pair))
    overview = overview_picture(pair)
    model = build_model(findings, record, pictures, overview, messages=messages)
    write_kmz(findings, record, shrink_pictures(pictures), folder, messages=messages)
    return _write(model, folder, messages, pdf=pdf)


def draw_edition(edition: Edition, folder: Path, *, messages: Messages, pdf: bool) -> LayoutError | None:
    """Write the report of an edition; see `draw_report`."""
    return _write(build_edition_model(edition, messages=messages), folder, messages, pdf=pdf)


def _write(model: ReportModel, folder: Path, messages: Messages, *, pdf: bool) -> LayoutError | None:
    write_html(model, folder / "report.html", messages=messages)
    if pdf:
        try:
            write_pdf(model, folder / "report.pdf", messages=messages)
        except LayoutError as error:
            return error
    return None
