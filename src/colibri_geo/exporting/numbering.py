"""Strips as a person in the field meets them: numbered by rank, with their shapes in longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import LineString, Point, Polygon
from shapely.geometry.polygon import orient

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.coordinates import WGS84, format_mgrs, strip_centres
from colibri_geo.exporting.geopackage import draw_footprints
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.wording import format_share, shown_text

CALLED_NEW = ("new", "extended", "reopened")
"""Verdicts that say that something was not there before."""
NAME_LIMIT, REASON_LIMIT = 60, 400
_PLACES = ("country", "admin1")


@dataclass(frozen=True)
class NumberedStrip:
    """One strip in its place in the ranking.

    Attributes
    ----------
    rank : int
        From 1, as in the report.
    row : dict
        Its columns as plain values, see `plain_rows`.
    centre : Point
    axis : LineString
    ends : (2,) tuple of Point
    outline : Polygon
        Counter-clockwise; empty where the strip has no width. All shapes are in longitude and latitude.
    """

    rank: int
    row: dict[Any, Any]
    centre: Point
    axis: LineString
    ends: tuple[Point, Point]
    outline: Polygon

    @property
    def title(self) -> str:
        """Number and identifier, fit to be read."""
        return f"{self.rank} {shown_text(self.row['strip_id'], limit=NAME_LIMIT)}"

    @property
    def verdict(self) -> str:
        """The verdict as it stands in the table."""
        return str(self.row["verdict"])

    @property
    def region(self) -> str:
        """Country, first and second level, as far as they are known."""
        return _join_names(self.row, (*_PLACES, "admin2")) or "unknown"

    @property
    def mgrs(self) -> str:
        """The centre in the Military Grid Reference System."""
        return str(self.row["mgrs"] or format_mgrs(self.centre.x, self.centre.y))

    @property
    def size(self) -> str:
        """Length and width with their intervals, and the azimuth."""
        length, width = (_interval(self.row, measure) for measure in ("length", "width"))
        return f"Length {length}, width {width}, azimuth {round(self.row['azimuth_deg']) % 180} deg true"

    @property
    def probability(self) -> str:
        """The probability, never as certain or impossible."""
        value = self.row["probability"]
        return "<0.01" if value < 0.01 else ">0.99" if value > 0.99 else f"{value:.2f}"

    @property
    def dates(self) -> str:
        """When it was last not seen and first seen."""
        without, seen = (self.row[name] or "none" for name in ("last_without", "first_with"))
        return f"Last look without it: {without}; first look with it: {seen}"

    @property
    def reasons(self) -> str:
        """Why it was found, and what would make that false."""
        clauses = [clause.strip() for clause in str(self.row["reasons"] or "none given").split(";")]
        return "; ".join(shown_text(clause, limit=REASON_LIMIT) for clause in clauses if clause)


def number_strips(strips: gpd.GeoDataFrame) -> list[NumberedStrip]:
    """Return the strips in the order of the ranking.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.

    Returns
    -------
    list of NumberedStrip
    """
    rows = plain_rows(strips).to_dict("records")
    axes, centres = strips.geometry.to_crs(WGS84), strip_centres(strips)
    outlines = draw_footprints(strips.reset_index()).geometry.to_crs(WGS84)
    return [
        NumberedStrip(
            rank=rank,
            row=rows[position],
            centre=centres.iloc[position],
            axis=axes.iloc[position],
            ends=_read_ends(rows[position]),
            outline=orient(outlines.iloc[position]),
        )
        for rank, position in enumerate(rank_positions(strips), start=1)
    ]


def group_by_region(strips: Sequence[NumberedStrip]) -> list[tuple[str, list[NumberedStrip]]]:
    """Group strips by country and first level; a region's place is that of its first strip in the ranking.

    Where a run was given the second level alone, that one is taken.

    Parameters
    ----------
    strips : sequence of NumberedStrip
        In the order of the ranking.

    Returns
    -------
    list of tuple
        Name of the region ("region unknown" where there is none), and its strips. Regions of one name with two codes
        are two.
    """
    groups: dict[tuple[str, ...], list[NumberedStrip]] = {}
    for strip in strips:
        key = tuple(str(strip.row[level + part] or "") for level in _folder_levels(strip) for part in ("", "_code"))
        groups.setdefault(key, []).append(strip)
    return [
        (_join_names(found[0].row, _folder_levels(found[0])) or "region unknown", found) for found in groups.values()
    ]


def count_verdicts(strips: Sequence[NumberedStrip]) -> dict[str, int]:
    """Count strips by verdict, in the order of the verdicts; those without a strip are left out."""
    found = [strip.verdict for strip in strips]
    return {verdict: found.count(verdict) for verdict in VERDICTS if verdict in found}


def name_verdict(verdict: str) -> str:
    """Write a verdict as words.

    Examples
    --------
    >>> name_verdict("not_observed")
    'not observed'
    """
    return verdict.replace("_", " ")


def state_share(row: pd.Series[Any]) -> str:
    """Say how much of one row of the observed table was observed.

    Examples
    --------
    >>> state_share(pd.Series({"asked_km2": 64.0, "observed_km2": 51.2, "observed_share": 0.8}))
    '51.2 km2 observed on both dates (80.0% of 64.0 km2 asked)'
    """
    seen_km2, asked_km2 = float(row["observed_km2"]), float(row["asked_km2"])
    share = format_share(float(row["observed_share"])) if asked_km2 > 0 else "none"
    return f"{seen_km2:,.1f} km2 observed on both dates ({share} of {asked_km2:,.1f} km2 asked)"


def state_findings(strips: Sequence[NumberedStrip], observed: pd.DataFrame) -> str:
    """Say what was found; "nothing new" never without the share that was observed.

    Parameters
    ----------
    strips : sequence of NumberedStrip
    observed : DataFrame
        The observed table of a run.

    Returns
    -------
    str
        One sentence.
    """
    whole = observed.iloc[0]
    found = {verdict: count for verdict, count in count_verdicts(strips).items() if verdict in CALLED_NEW}
    if found:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in found.items())
        return f"Candidate cleared strips: {counts}, in {state_share(whole)}."
    if not float(whole["observed_km2"]) > 0:
        return f"Not observed: nothing can be said of the {float(whole['asked_km2']):,.1f} km2 asked."
    return f"Nothing new found in {state_share(whole)}."


def _folder_levels(strip: NumberedStrip) -> tuple[str, ...]:
    return _PLACES if _join_names(strip.row, _PLACES) else ("admin2",)


def _join_names(row: dict[Any, Any], levels: Sequence[str]) -> str:
    names = [row[level] or row[f"{level}_code"] for level in levels]
    return " / ".join(shown_text(name, limit=NAME_LIMIT) for name in names if name)


def _interval(row: dict[Any, Any], measure: str) -> str:
    value, low, high = (row[f"{measure}{part}_m"] for part in ("", "_lo", "_hi"))
    known = low is not None and high is not None
    return f"{value:.0f} m ({low:.0f} to {high:.0f})" if known else f"{value:.0f} m"


def _read_ends(row: dict[Any, Any]) -> tuple[Point, Point]:
    return Point(row["end1_lon"], row["end1_lat"]), Point(row["end2_lon"], row["end2_lat"])
