"""Strips in the order of the report, each with its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from colibri_geo.exporting.coordinates import strip_centres
from colibri_geo.exporting.ranking import rank_positions


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
    def anchor(self) -> str:
        """Anchor of the sheet; made of the rank, because an identifier may hold anything."""
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
