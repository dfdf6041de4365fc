"""Write the folder of a run, or of an edition of it, whole or not at all; see `colibri_geo.Run.save`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from colibri_geo.errors import LayoutError, OutputError, SettingsError
from colibri_geo.evidence import staged_folder, write_log, write_manifest
from colibri_geo.evidence.versions import PDF_VERSIONS
from colibri_geo.exporting import (
    Edition,
    check_findings,
    check_precision,
    make_edition,
    write_edition,
    write_tables,
    write_tiles,
)
from colibri_geo.language import Messages, load_messages
from colibri_geo.layers.columns import LEVELS
from colibri_geo.pipeline.clock import Clock

if TYPE_CHECKING:
    from colibri_geo.pipeline.run import Run


@dataclass(frozen=True)
class Saved:
    """What was written of a run.

    Attributes
    ----------
    folder : Path
        Whole, whatever became of the PDF.
    report, pdf : Path or None
        The report and its PDF, where they are there.
    edition : Edition or None
        What the folder tells of the run; None where it is the run itself.
    lost : LayoutError or None
        Why there is no PDF, where one was asked for.
    """

    folder: Path
    report: Path | None = None
    pdf: Path | None = None
    edition: Edition | None = None
    lost: LayoutError | None = None


def save_run(
    run: Run, out: Path, *, overwrite: bool, rasters: bool, report: bool, pdf: bool, lang: str, precision: str
) -> Saved:
    """Write the folder of a run; see `colibri_geo.Run.save`, which raises what is returned here as `Saved.lost`."""
    messages = load_messages(lang)
    given = any(layer.role in LEVELS for layer in run.record.layers)
    check_precision(precision, regions=given, rasters=rasters)
    if pdf and not report:
        raise SettingsError("pdf=True and report=False exclude each other: the PDF is the report; drop one of them")
    if pdf:
        from colibri_geo.reporting import check_libraries

        check_libraries()
    run = _forget_pdf(run)
    if precision != "exact":
        return _save_edition(run, out, precision, messages, overwrite=overwrite, report=report, pdf=pdf)
    if run.aligned is None and (rasters or report):
        raise OutputError(
            f"{out}: this run was read back and has no pixels for a report; save it with report=False, or compare again"
        )
    record = run.record
    lost: LayoutError | None = None
    with staged_folder(out, overwrite=overwrite) as folder:
        clock = Clock(timings=list(run.timings))
        with clock.step("write the tables"):
            write_tables(run.findings, run.record, folder, messages=messages)
            if run.tiles is not None:
                write_tiles(run.tiles, folder, moment=pd.Timestamp(run.after.acquired, tz="UTC"))
        if run.aligned is not None and report:
            with clock.step("draw the report"):
                from colibri_geo.pipeline.drawing import draw_report

                drawn = draw_report(run.findings, record, run.aligned, folder, messages=messages, pdf=pdf)
                record, lost = drawn.record, drawn.lost
        if run.aligned is not None and rasters:
            with clock.step("write the rasters"):
                from colibri_geo.pipeline.rasters import write_rasters

                write_rasters(run.aligned, folder, area=run.area)
        write_log(folder, clock.timings)
        write_manifest(folder, record)
    return _tell_saved(out, None, lost, report=report, pdf=pdf)


def _forget_pdf(run: Run) -> Run:
    """Leave out what laid out the PDF of a folder that a run was read back from."""
    versions = {name: version for name, version in run.record.versions.items() if name not in PDF_VERSIONS}
    return replace(run, record=replace(run.record, versions=versions))


def _tell_saved(out: Path, edition: Edition | None, lost: LayoutError | None, *, report: bool, pdf: bool) -> Saved:
    page, paper = out / "report.html", out / "report.pdf"
    return Saved(out, page if report else None, paper if pdf and lost is None else None, edition, lost)


def _save_edition(
    run: Run, out: Path, precision: str, messages: Messages, *, overwrite: bool, report: bool, pdf: bool
) -> Saved:
    check_findings(run.findings)
    edition = make_edition(run.findings, run.record, precision)
    record = edition.record
    lost: LayoutError | None = None
    with staged_folder(out, overwrite=overwrite) as folder:
        clock = Clock(timings=list(run.timings))
        with clock.step("write the tables"):
            write_edition(edition, folder, messages=messages)
        if report:
            with clock.step("draw the report"):
                from colibri_geo.pipeline.drawing import draw_edition

                drawn = draw_edition(edition, folder, messages=messages, pdf=pdf)
                record, lost = drawn.record, drawn.lost
        write_log(folder, clock.timings)
        write_manifest(folder, record)
    return _tell_saved(out, edition, lost, report=report, pdf=pdf)
