"""The report of an edition: what an exact report says of the run, and of strips no more than the edition's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import geopandas as gpd
import pandas as pd
from affine import Affine
from pyproj import CRS
from shapely import box

from colibri_geo.exporting import Edition
from colibri_geo.exporting.editions import LEAST_KM2, SIDES, say_square
from colibri_geo.exporting.squares import STEP_DEG
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import (
    format_km2,
    format_name,
    format_number,
    format_probability,
    format_text,
    is_missing,
)
from colibri_geo.layers.columns import LEVELS
from colibri_geo.reporting.canvas import plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.maps import MapGround, NumberedStrip, draw_overview
from colibri_geo.reporting.method import build_method
from colibri_geo.reporting.parts import Cell, Cover, Fact, LegendEntry, MapDrawing, ReportModel, Table
from colibri_geo.reporting.ranking import sort_number, sort_verdict
from colibri_geo.reporting.sections import (
    build_bottom_line,
    build_cover,
    build_looked_at,
)

_AROUND = 2
"""Squares of blank ground around those of the strips on the map."""
_SHOWN = 4
"""Most numbers of strips, or rows of them, that are written on a square."""


def build_edition_model(edition: Edition, *, messages: Messages = ENGLISH) -> ReportModel:
    """Build the report of an edition.

    Parameters
    ----------
    edition : Edition
    messages : Messages
        The language of the report.

    Returns
    -------
    ReportModel
        Without sheets, pictures, grid and checksums of the inputs; the map shows squares, or there is none.
    """
    squares = isinstance(edition.strips, gpd.GeoDataFrame)
    bottom = build_bottom_line(edition.observed, (), edition.record, messages)
    rules = [messages.say("edition.counted")]
    if not squares:
        rules.append(messages.say("edition.levels", least=format_km2(LEAST_KM2, messages, rounded=True)))
    return ReportModel(
        language=messages.language,
        cover=_build_cover(edition, messages),
        looked_at=build_looked_at(edition.observed, edition.record, None, messages),
        inputs=None,
        bottom_line=replace(bottom, others=(*bottom.others, *rules, messages.say("edition.others"))),
        map=_draw_squares(edition.strips, messages) if squares and len(edition.strips) else None,
        ranking=_build_ranking(edition.strips, messages, squares=squares),
        sheets=(),
        sheets_note="",
        method=build_method(edition.record, messages),
        evidence=None,
    )


def _build_cover(edition: Edition, messages: Messages) -> Cover:
    """Build the head with days in place of names and times."""
    record = edition.record
    days = {"before": record.before, "after": record.after}
    scenes = {
        date: Fact(
            messages.say(f"cover.{date}"),
            (scene.acquired, *(() if is_missing(scene.sensor) else (format_name(scene.sensor, messages),))),
            keys=(f"run.{date}.acquired", f"run.{date}.sensor"),
        )
        for date, scene in days.items()
    }
    return replace(
        build_cover(record, messages),
        page_title=messages.say("cover.page_title", before=record.before.acquired, after=record.after.acquired),
        before=scenes["before"],
        after=scenes["after"],
        handling=messages.say(f"edition.handling.{edition.precision}"),
    )


def _build_ranking(strips: pd.DataFrame, messages: Messages, *, squares: bool) -> Table:
    columns = (
        *("number", "strip", "verdict", "probability", "length", "width", "azimuth"),
        "region",
        *(("square",) if squares else ()),
    )
    return Table(
        caption=messages.say("edition.ranking" if len(strips) else "ranking.empty"),
        columns=tuple(messages.say(f"column.{column}") for column in columns),
        rows=tuple(
            _ranking_row(number, str(name), row, messages, squares=squares)
            for number, (name, row) in enumerate(strips.iterrows(), start=1)
        ),
    )


def _ranking_row(number: int, name: str, row: pd.Series[Any], messages: Messages, *, squares: bool) -> tuple[Cell, ...]:
    verdict, azimuth = str(row["verdict"]), row["azimuth_deg"]
    return (
        Cell((messages.number(number),), value=str(number)),
        Cell((name,)),
        Cell((messages.say(f"verdict.{verdict}"),), verdict=verdict, value=sort_verdict(verdict)),
        Cell((format_probability(row["probability"], messages),), numeric=True, value=sort_number(row["probability"])),
        *(
            Cell((format_number(row[size], messages, unit="m"),), numeric=True, value=sort_number(row[size]))
            for size in ("length_m", "width_m")
        ),
        Cell((format_number(azimuth, messages) + "°",), numeric=True, value=sort_number(azimuth)),
        Cell((_name_regions(row, messages),)),
        *((Cell((say_square(row, messages),)),) if squares else ()),
    )


def _name_regions(row: pd.Series[Any], messages: Messages) -> str:
    names = [row[level] if not is_missing(row[level]) else row[f"{level}_code"] for level in LEVELS]
    shown = [format_text(name, messages) for name in names if not is_missing(name)]
    return " › ".join(shown) or messages.say("edition.region.none")


def _draw_squares(strips: gpd.GeoDataFrame, messages: Messages) -> MapDrawing:
    """Draw each square with the numbers of its strips, under the verdict of the first."""
    edge = _AROUND * STEP_DEG
    west, south, east, north = strips.total_bounds
    left, top = west - edge, north + edge
    cols, rows = (round((far - near) / STEP_DEG) + 2 * _AROUND for near, far in ((west, east), (south, north)))
    ground = GroundGrid(Affine(STEP_DEG, 0, left, 0, -STEP_DEG, top), CRS.from_epsg(4326), rows, cols)
    numbered = strips.assign(number=range(1, len(strips) + 1))
    drawn = [_number_square(found, messages) for _, found in numbered.groupby(list(SIDES), sort=False)]
    canvas = plan_canvas(ground)
    overview = draw_overview(
        MapGround(canvas),
        drawn,
        strips.crs,
        image="",
        caption=messages.say("edition.map.caption"),
        messages=messages,
    )
    legend = tuple(
        LegendEntry(f"strip-{verdict}", messages.say("edition.map.sign", verdict=messages.say(f"verdict.{verdict}")))
        for verdict in dict.fromkeys(square.verdict for square in drawn)
    )
    return replace(
        overview,
        legend=legend,
        description=messages.say("edition.map.description", count=messages.number(len(drawn))),
        ground=replace(overview.ground, kind="blank"),  # what was observed there is not told
    )


def _number_square(found: gpd.GeoDataFrame, messages: Messages) -> NumberedStrip:
    return NumberedStrip(
        _join_numbers([int(number) for number in found["number"]], messages),
        str(found["verdict"].iloc[0]),
        box(*found.geometry.iloc[0].bounds),
    )


def _join_numbers(numbers: Sequence[int], messages: Messages) -> str:
    """Join numbers that count up; three and more in a row by their first and last.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> _join_numbers([1, 2, 4, 5, 6, 9], ENGLISH)
    '1, 2, 4–6, 9'
    """
    parts: list[str] = []
    for _, run in groupby(enumerate(numbers), key=lambda place: place[1] - place[0]):
        row = [messages.number(number) for _, number in run]
        parts += [f"{row[0]}–{row[-1]}"] if len(row) > 2 else row
    return ", ".join(parts[:_SHOWN]) + (" …" if len(parts) > _SHOWN else "")
