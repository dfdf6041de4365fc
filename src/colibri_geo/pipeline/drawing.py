"""The report of a run, or of an edition of it, and the map with its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    list_pdf_versions,
    overview_picture,
    picture_strips,
    shrink_pictures,
    write_html,
    write_pdf,
)


@dataclass(frozen=True)
class Drawn:
    """A report that was written.

    Attributes
    ----------
    record : RunRecord
        As the report states it: with the versions of what laid the PDF out, where there is one.
    lost : LayoutError or None
        Why there is no PDF, where one was asked for: to be told when the rest is safe.
    """

    record: RunRecord
    lost: LayoutError | None = None


def draw_report(
    findings: Findings, record: RunRecord, pair: AlignedPair, folder: Path, *, messages: Messages, pdf: bool
) -> Drawn:
    """Write the report of a run, and ``findings.kmz`` with its pictures: those of the strips that have a sheet."""
    pictures = picture_strips(pair, keep_sheets(findings.strips), change=change(pair))
    overview = overview_picture(pair)
    write_kmz(findings, record, shrink_pictures(pictures), folder, messages=messages)

    def build(stated: RunRecord) -> ReportModel:
        return build_model(findings, stated, pictures, overview, messages=messages)

    return _write(build, record, folder, messages, pdf=pdf)


def draw_edition(edition: Edition, folder: Path, *, messages: Messages, pdf: bool) -> Drawn:
    """Write the report of an edition."""

    def build(stated: RunRecord) -> ReportModel:
        return build_edition_model(replace(edition, record=stated), messages=messages)

    return _write(build, edition.record, folder, messages, pdf=pdf)


def _write(
    build: Callable[[RunRecord], ReportModel], record: RunRecord, folder: Path, messages: Messages, *, pdf: bool
) -> Drawn:
    """Write the PDF first: the page is built anew where there is none that it could state the versions of."""
    drawn = Drawn(replace(record, versions={**record.versions, **list_pdf_versions()}) if pdf else record)
    model = build(drawn.record)
    if pdf:
        try:
            write_pdf(model, folder / "report.pdf", messages=messages)
        except LayoutError as error:
            drawn, model = Drawn(record, error), build(record)
    write_html(model, folder / "report.html", messages=messages)
    return drawn
