"""From the tables of a run to the report in its final words: pure, no files, no markup, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from colibri_geo.evidence import RunRecord
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_share, format_time
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting.canvas import plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.maps import MapGround, NumberedStrip, draw_looked_at, draw_overview, place_ground
from colibri_geo.reporting.method import build_evidence, build_method
from colibri_geo.reporting.parts import MapDrawing, ReportModel
from colibri_geo.reporting.photos import data_uri
from colibri_geo.reporting.pictures import Overview, StripPicture
from colibri_geo.reporting.ranking import RankedStrip, build_ranking, note_sheets, rank_strips
from colibri_geo.reporting.sections import (
    build_bottom_line,
    build_cover,
    build_inputs,
    build_looked_at,
    observed_share,
    say_place,
)
from colibri_geo.reporting.sheets import build_sheets
from colibri_geo.reporting.sizes import fit_pictures


def build_model(
    findings: Findings,
    record: RunRecord,
    pictures: Sequence[StripPicture],
    overview: Overview | None,
    *,
    messages: Messages = ENGLISH,
) -> ReportModel:
    """Build a report from the tables of a run.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    pictures : sequence of StripPicture
        In any order; a strip without one gets a sheet without pictures.
    overview : Overview or None
        Behind the overview map.
    messages : Messages
        The language of the report.

    Returns
    -------
    ReportModel
        Text in its final form: whatever came from files is on one line, without control signs, cut when it is long.
    """
    strips = rank_strips(findings.strips)
    canvas = plan_canvas(GroundGrid.from_record(record.pair))
    ground = place_ground(canvas, findings.not_seen, findings.regions, messages)
    seen_map = draw_looked_at(ground, format_share(observed_share(findings.observed.iloc[0]), messages), messages)
    return ReportModel(
        language=messages.language,
        cover=replace(build_cover(record, messages), place=say_place(findings.observed, record.pair, messages)),
        looked_at=build_looked_at(findings.observed, record, seen_map, messages),
        inputs=build_inputs(record, messages),
        bottom_line=build_bottom_line(findings.observed, strips, record, messages),
        map=_overview_map(ground, findings, record, strips, overview, messages=messages),
        ranking=build_ranking(strips, messages),
        sheets=build_sheets(
            [strip for strip in strips if strip.has_sheet], findings, record, messages, pictures=fit_pictures(pictures)
        ),
        sheets_note=note_sheets(strips, messages),
        method=build_method(record, messages),
        evidence=build_evidence(record, messages),
    )


def _overview_map(
    ground: MapGround,
    findings: Findings,
    record: RunRecord,
    strips: Sequence[RankedStrip],
    overview: Overview | None,
    *,
    messages: Messages,
) -> MapDrawing:
    numbered = [
        NumberedStrip(messages.number(strip.rank), strip.verdict, strip.row.geometry, strip.anchor) for strip in strips
    ]
    told = []
    if overview is not None:
        told.append(messages.say("map.overview.image", date=format_time(record.after.acquired, messages)))
    if numbered:
        told.append(messages.say("map.overview.numbers"))
    return draw_overview(
        ground,
        numbered,
        findings.strips.crs,
        image="" if overview is None else data_uri(overview.image),
        caption=" ".join(told),
        messages=messages,
    )
