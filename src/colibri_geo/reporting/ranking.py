"""Strips in the order of the report, each with its number, and the table that lists them so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from colibri_geo.core.azimuths import round_azimuth
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.coordinates import strip_centres
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.language import Messages
from colibri_geo.language.formats import format_number, format_probability, format_range, format_text
from colibri_geo.reporting.facts import name_region_chain
from colibri_geo.reporting.parts import Cell, Table

MOST_SHEETS = 300
"""Strips of a report that have a sheet, from the first of the ranking on: more make a page that nobody opens."""


@dataclass(frozen=True)
class RankedStrip:
    """One row of the strips table, in its place in the ranking.

    Attributes
    ----------
    rank : int
        From 1.
    strip_id : str
    row : Series
        The columns of ``docs/conventions.md``.
    centre_lon, centre_lat : float
    """

    rank: int
    strip_id: str
    row: Any
    centre_lon: float
    centre_lat: float

    @property
    def has_sheet(self) -> bool:
        """Whether a report gives it a sheet; else it stands in the ranking alone."""
        return self.rank <= MOST_SHEETS

    @property
    def anchor(self) -> str:
        """Anchor of the sheet, else of the row; made of the rank, because an identifier may hold anything."""
        return f"strip-{self.rank}"

    @property
    def verdict(self) -> str:
        """The verdict as it stands in the table."""
        return str(self.row["verdict"])


def rank_strips(strips: gpd.GeoDataFrame) -> tuple[RankedStrip, ...]:
    """Put strips into the order of the report: by verdict, then by probability, then by identifier.

    Parameters
    ----------
    strips : GeoDataFrame

    Returns
    -------
    tuple of RankedStrip
    """
    if not len(strips):
        return ()
    centres = strip_centres(strips)
    return tuple(
        RankedStrip(
            rank=rank,
            strip_id=str(strips.index[position]),
            row=strips.iloc[position],
            centre_lon=float(centres.iloc[position].x),
            centre_lat=float(centres.iloc[position].y),
        )
        for rank, position in enumerate(rank_positions(strips), start=1)
    )


def keep_sheets(strips: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the strips that have a sheet, in the order of the report."""
    return strips.iloc[rank_positions(strips)[:MOST_SHEETS]]


def build_ranking(strips: Sequence[RankedStrip], messages: Messages) -> Table:
    """Build the table of strips in their order; each leads to its sheet, where it has one."""
    columns = ("number", "strip", "verdict", "probability", "length", "width", "azimuth", "region")
    return Table(
        caption=_caption_ranking(strips, messages),
        columns=tuple(messages.say(f"column.{column}") for column in columns),
        rows=tuple(_ranking_row(strip, messages) for strip in strips),
    )


def note_sheets(strips: Sequence[RankedStrip], messages: Messages) -> str:
    """Say which strips have a sheet; nothing where all of them have."""
    if not strips or strips[-1].has_sheet:
        return ""
    return messages.say("sheets.first", sheets=messages.number(MOST_SHEETS), strips=messages.number(len(strips)))


def _caption_ranking(strips: Sequence[RankedStrip], messages: Messages) -> str:
    if not strips:
        return messages.say("ranking.empty")
    if strips[-1].has_sheet:
        return messages.say("ranking.caption")
    return messages.say("ranking.caption.first", sheets=messages.number(MOST_SHEETS))


def _ranking_row(strip: RankedStrip, messages: Messages) -> tuple[Cell, ...]:
    row = strip.row
    length, width = (
        (
            format_number(row[f"{name}_m"], messages, unit="m"),
            format_range(row[f"{name}_lo_m"], row[f"{name}_hi_m"], messages, unit="m"),
        )
        for name in ("length", "width")
    )
    probability, azimuth = row["probability"], round_azimuth(row["azimuth_deg"], digits=1)
    target, anchor = (strip.anchor, "") if strip.has_sheet else ("", strip.anchor)
    return (
        Cell(
            (messages.number(strip.rank),),
            target=target,
            anchor=anchor,
            columns=("verdict", "probability", "strip_id"),
            value=str(strip.rank),
        ),
        Cell((format_text(strip.strip_id, messages),), target=target, columns=("strip_id",)),
        Cell(
            (messages.say(f"verdict.{strip.verdict}"),),
            verdict=strip.verdict,
            columns=("verdict",),
            value=sort_verdict(strip.verdict),
        ),
        _number_cell((format_probability(probability, messages),), probability, "probability"),
        _number_cell(length, row["length_m"], "length_m", "length_lo_m", "length_hi_m"),
        _number_cell(width, row["width_m"], "width_m", "width_lo_m", "width_hi_m"),
        _number_cell((format_number(azimuth, messages, digits=1) + "°",), azimuth, "azimuth_deg"),
        Cell((name_region_chain(row, messages),), columns=("country", "admin1", "admin2")),
    )


def _number_cell(lines: tuple[str, ...], value: float, *columns: str) -> Cell:
    return Cell(lines, numeric=True, columns=columns, value=sort_number(value))


def sort_verdict(verdict: str) -> str:
    """Return what a cell with a verdict is sorted by: its place in the order of the report."""
    return str(VERDICTS.index(verdict))


def sort_number(value: float) -> str:
    """Return what a cell with a number is sorted by; empty where it is not known."""
    return f"{value:.6g}" if math.isfinite(value) else ""
