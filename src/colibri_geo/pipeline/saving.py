"""Write the folder of a run, or of an edition of it, whole or not at all; see `colibri_geo.Run.save`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from colibri_geo.errors import LayoutError, OutputError, SettingsError
from colibri_geo.evidence import RunRecord, staged_folder, write_log, write_manifest
from colibri_geo.evidence.versions import PDF_VERSIONS
from colibri_geo.exporting import (
    check_findings,
    check_precision,
    make_edition,
    write_edition,
    write_tables,
    write_tiles,
)
from colibri_geo.language import Messages, load_messages
from colibri_geo.pipeline.clock import Clock

if TYPE_CHECKING:
    from colibri_geo.pipeline.run import Run


def save_run(
    run: Run, out: Path, *, overwrite: bool, rasters: bool, report: bool, pdf: bool, lang: str, precision: str
) -> Path:
    """Write the folder of a run; see `colibri_geo.Run.save`."""
    messages = load_messages(lang)
    check_precision(precision, rasters=rasters)
    if pdf and not report:
        raise SettingsError("pdf=True and report=False exclude each other: the PDF is the report; drop one of them")
    run = replace(run, record=_state_versions(run.record, pdf=pdf))
    if precision != "exact":
        return _save_edition(run, out, precision, messages, overwrite=overwrite, report=report, pdf=pdf)
    lost: LayoutError | None = None
    if run.aligned is None and (rasters or report):
        raise OutputError(
            f"{out}: this run was read back and has no pixels for a report; save it with report=False, or compare again"
        )
    with staged_folder(out, overwrite=overwrite) as folder:
        clock = Clock(timings=list(run.timings))
        with clock.step("write the tables"):
            write_tables(run.findings, run.record, folder, messages=messages)
            if run.tiles is not None:
                write_tiles(run.tiles, folder, moment=pd.Timestamp(run.after.acquired))
        if run.aligned is not None and report:
            with clock.step("draw the report"):
                from colibri_geo.pipeline.drawing import draw_report

                lost = draw_report(run.findings, run.record, run.aligned, folder, messages=messages, pdf=pdf)
        if run.aligned is not None and rasters:
            with clock.step("write the rasters"):
                from colibri_geo.pipeline.rasters import write_rasters

                write_rasters(run.aligned, folder, area=run.area)
        write_log(folder, clock.timings)
        write_manifest(folder, run.record)
    if lost is not None:  # what else was made stands by then
        raise lost
    return out


def _state_versions(record: RunRecord, *, pdf: bool) -> RunRecord:
    """State what lays the PDF out, where there is one; a run that was read back may state what laid out another."""
    versions = {name: version for name, version in record.versions.items() if name not in PDF_VERSIONS}
    if pdf:
        from colibri_geo.reporting import list_pdf_versions, load_typst

        load_typst()
        versions |= list_pdf_versions()
    return replace(record, versions=versions)


def _save_edition(
    run: Run, out: Path, precision: str, messages: Messages, *, overwrite: bool, report: bool, pdf: bool
) -> Path:
    check_findings(run.findings)
    edition = make_edition(run.findings, run.record, precision)
    lost: LayoutError | None = None
    with staged_folder(out, overwrite=overwrite) as folder:
        clock = Clock(timings=list(run.timings))
        with clock.step("write the tables"):
            write_edition(edition, folder, messages=messages)
        if report:
            with clock.step("draw the report"):
                from colibri_geo.pipeline.drawing import draw_edition

                lost = draw_edition(edition, folder, messages=messages, pdf=pdf)
        write_log(folder, clock.timings)
        write_manifest(folder, edition.record)
    if lost is not None:
        raise lost
    return out
