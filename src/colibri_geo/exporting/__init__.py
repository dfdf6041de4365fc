"""The tables of a run as files: for an analyst, for the field and for mail, and back from the GeoPackage."""

from __future__ import annotations

from colibri_geo.exporting.columns import STRIP_COLUMNS, VERDICTS, Column, Kind, check_strips
from colibri_geo.exporting.coordinates import format_dms, format_mgrs, format_position, strip_centres
from colibri_geo.exporting.edition_files import write_edition
from colibri_geo.exporting.editions import Edition, check_precision, make_edition
from colibri_geo.exporting.geopackage import TABLE_FILES, draw_footprints, read_tables, read_tiles, write_tiles
from colibri_geo.exporting.kmz import FieldPicture, write_kmz
from colibri_geo.exporting.tables import check_findings, write_tables
from colibri_geo.exporting.wording import CAUTION, caution_for, format_time

__all__ = [
    "CAUTION",
    "STRIP_COLUMNS",
    "TABLE_FILES",
    "VERDICTS",
    "Column",
    "Edition",
    "FieldPicture",
    "Kind",
    "caution_for",
    "check_findings",
    "check_precision",
    "check_strips",
    "draw_footprints",
    "format_dms",
    "format_mgrs",
    "format_position",
    "format_time",
    "make_edition",
    "read_tables",
    "read_tiles",
    "strip_centres",
    "write_edition",
    "write_kmz",
    "write_tables",
    "write_tiles",
]
