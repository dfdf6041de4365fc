"""What every reader of a vector format hands over."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd


@dataclass(frozen=True)
class Features:
    """Features as they stand in a file.

    Attributes
    ----------
    frame : GeoDataFrame
        Attributes and geometries in the order of the file, with the CRS that the file states, or none.
    notes : tuple of str
        What was mended or left out on reading, one sentence each.
    """

    frame: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()
