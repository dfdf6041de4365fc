"""All tables of a run, in every format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import (
    NOT_OBSERVED_COLUMNS,
    OBSERVED_COLUMNS,
    REGION_COLUMNS,
    STRIP_CONTEXT_COLUMNS,
    STRIP_REGION_COLUMNS,
    check_strips,
    check_table,
)
from colibri_geo.exporting.describing import say_title
from colibri_geo.exporting.forms import FEEDBACK, write_feedback
from colibri_geo.exporting.geojson import GEOJSON, write_geojson
from colibri_geo.exporting.geopackage import GEOPACKAGE, write_geopackage
from colibri_geo.exporting.gpx import GPX, write_gpx
from colibri_geo.exporting.kml import KML, write_kml
from colibri_geo.exporting.message import MESSAGE, write_message
from colibri_geo.exporting.numbering import number_strips
from colibri_geo.exporting.spreadsheet import CSV, write_csv
from colibri_geo.exporting.wording import caution_for
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.layers.findings import Findings


def write_tables(findings: Findings, record: RunRecord, folder: Path, *, messages: Messages = ENGLISH) -> None:
    """Write ``findings.gpkg``, ``.geojson``, ``.csv``, ``.kml``, ``.gpx``, ``message.txt`` and ``feedback.txt``.

    The same tables and record give the same bytes. Only the GeoPackage holds everything; `read_tables` reads it back.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    folder : Path
        Exists, and holds none of these files.
    messages : Messages
        The language of the map, the waypoints, the message and the form; tables are the same in each.

    Raises
    ------
    TableError
        A table does not keep its contract; nothing was written.
    OutputError
        The disk refuses.
    """
    check_findings(findings)
    caution = caution_for(record)
    moment = pd.Timestamp(record.after.acquired, tz="UTC")
    write_geopackage(findings, folder / GEOPACKAGE, moment=moment, caution=caution)
    write_geojson(findings.strips, record, folder / GEOJSON)
    write_csv(findings.strips, record, folder / CSV)
    numbered = number_strips(findings, record)
    write_kml(findings, numbered, record, folder / KML, messages=messages)
    write_gpx(numbered, record, folder / GPX, messages=messages)
    write_message(findings, numbered, record, folder / MESSAGE, messages=messages)
    titles = (say_title(strip, messages) for strip in numbered)
    write_feedback(titles, record, folder / FEEDBACK, messages=messages)


def check_findings(findings: Findings) -> None:
    """Refuse tables that do not keep their contract.

    Raises
    ------
    TableError
        What is wrong first.
    """
    check_strips(findings.strips)
    check_table(findings.strip_regions, STRIP_REGION_COLUMNS, name="strip_regions")
    check_table(findings.observed, OBSERVED_COLUMNS, name="observed")
    check_table(findings.not_observed, NOT_OBSERVED_COLUMNS, name="not_observed")
    if findings.regions is not None:
        check_table(findings.regions, REGION_COLUMNS, name="regions")
    if findings.strip_context is not None:
        check_table(findings.strip_context, STRIP_CONTEXT_COLUMNS, name="strip_context")
