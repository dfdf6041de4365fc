"""Strips as a person in the field meets them: numbered by rank, with their shapes in longitude and latitude."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from shapely import LineString, Point, Polygon
from shapely.geometry.polygon import orient

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.coordinates import WGS84, format_mgrs, strip_centres
from colibri_geo.exporting.geopackage import draw_footprints
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.layers.findings import Findings
from colibri_geo.layers.neighbours import Neighbour, group_neighbours

CALLED_NEW = ("new", "extended", "reopened")
"""Verdicts that say that something was not there before."""


@dataclass(frozen=True)
class NumberedStrip:
    """One strip in its place in the ranking.

    Attributes
    ----------
    rank : int
        From 1, as in the report.
    row : dict
        Its columns as plain values, see `plain_rows`.
    measured : Series
        Its row of the table, not rounded: rounded once more, a rounded length may be another than that of the report.
    centre : Point
    axis : LineString
    ends : (2,) tuple of Point
    outline : Polygon
        Counter-clockwise; empty where the strip has no width. All shapes are in longitude and latitude.
    around : tuple of Neighbour
        The nearest feature of each layer of what lies around; empty where no such layer was given.
    without, seen : str
        When it was last not seen and first seen, as `RunRecord.state_time` has it; empty where it never was.
    """

    rank: int
    row: dict[Any, Any]
    measured: pd.Series
    centre: Point
    axis: LineString
    ends: tuple[Point, Point]
    outline: Polygon
    around: tuple[Neighbour, ...]
    without: str
    seen: str

    @property
    def verdict(self) -> str:
        """The verdict as it stands in the table."""
        return str(self.row["verdict"])

    @property
    def mgrs(self) -> str:
        """The centre in the Military Grid Reference System."""
        return str(self.row["mgrs"] or format_mgrs(self.centre.x, self.centre.y))


def number_strips(findings: Findings, record: RunRecord) -> list[NumberedStrip]:
    """Return the strips in the order of the ranking.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    record : RunRecord

    Returns
    -------
    list of NumberedStrip
    """
    strips, around = findings.strips, group_neighbours(findings.strip_context)
    rows = plain_rows(strips).to_dict("records")
    axes, centres = strips.geometry.to_crs(WGS84), strip_centres(strips)
    outlines = draw_footprints(strips.reset_index()).geometry.to_crs(WGS84)
    return [
        NumberedStrip(
            rank=rank,
            row=rows[position],
            measured=strips.iloc[position],
            centre=centres.iloc[position],
            axis=axes.iloc[position],
            ends=_read_ends(rows[position]),
            outline=orient(outlines.iloc[position]),
            around=around.get(str(strips.index[position]), ()),
            without=record.state_time(rows[position]["last_without"] or ""),
            seen=record.state_time(rows[position]["first_with"] or ""),
        )
        for rank, position in enumerate(rank_positions(strips), start=1)
    ]


def count_verdicts(verdicts: Iterable[str]) -> dict[str, int]:
    """Count strips by their verdicts, in the order of these; verdicts without a strip are left out."""
    found = list(verdicts)
    return {verdict: found.count(verdict) for verdict in VERDICTS if verdict in found}


def _read_ends(row: dict[Any, Any]) -> tuple[Point, Point]:
    return Point(row["end1_lon"], row["end1_lat"]), Point(row["end2_lon"], row["end2_lat"])
