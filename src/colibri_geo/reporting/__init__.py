"""From tables to the report that a planner reads.

`picture_strips` and `overview_picture` read pixels, and `shrink_pictures` makes the former fit for a phone;
`build_model` turns tables, record and pictures into a report in its final words; `write_html` and `write_pdf` lay it
out; `write_report` goes from tables to the page. `check_libraries` tells early whether a PDF can be written,
and `list_pdf_versions` what decides its bytes.
"""

from __future__ import annotations

from colibri_geo.language import ENGLISH, Messages
from colibri_geo.reporting.edition import build_edition_model
from colibri_geo.reporting.html import render_html, write_html, write_report
from colibri_geo.reporting.model import build_model
from colibri_geo.reporting.parts import ReportModel
from colibri_geo.reporting.pdf import check_libraries, list_pdf_versions, write_pdf
from colibri_geo.reporting.pictures import Overview, StripPicture, overview_picture, picture_strips
from colibri_geo.reporting.ranking import keep_sheets
from colibri_geo.reporting.sizes import shrink_pictures

__all__ = [
    "ENGLISH",
    "Messages",
    "Overview",
    "ReportModel",
    "StripPicture",
    "build_edition_model",
    "build_model",
    "check_libraries",
    "keep_sheets",
    "list_pdf_versions",
    "overview_picture",
    "picture_strips",
    "render_html",
    "shrink_pictures",
    "write_html",
    "write_pdf",
    "write_report",
]
