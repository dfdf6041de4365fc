"""The tables that a run hands over."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

ALWAYS = ("strips", "footprints", "strip_regions", "observed", "not_observed")
"""Layers that every ``findings.gpkg`` of a run has."""
LAYERS = (*ALWAYS, "not_asked", "regions", "strip_context")
"""Its layers in their order; the last three where there is such a table."""
EDITION_MARK = "colibri_geo"
"""Data of the squares in the KML of an edition, which has no other in common with its tables."""
_MARKS = ({"strip_id", "verdict", "probability"}, {EDITION_MARK}, {"asked_px", "observed_px"})
"""Columns of strips and their outlines, of the squares of an edition, of tiles: each file of these has some of them."""


def is_result(table: pd.DataFrame) -> bool:
    """Tell by its columns whether a layer is what a run or an edition found, as written or saved anew.

    Unseen ground and regions are not: they tell of no strip.
    """
    return any(mark <= set(table.columns) for mark in _MARKS)


@dataclass(frozen=True)
class Findings:
    """What was found and what was looked at.

    Attributes
    ----------
    strips : GeoDataFrame
        One row a candidate cleared strip, index ``strip_id``, geometry the axis in the pair's metre CRS; columns in
        ``docs/conventions.md``.
    strip_regions : DataFrame
        Share of each strip in each region that it touches: ``strip_id``, ``level``, ``code``, ``name``, ``share``.
    observed : DataFrame
        One row a region, the first is ``all``: ``level``, ``code``, ``name``, ``region_km2``, ``asked_km2``,
        ``observed_km2``, ``observed_share`` and a count for each verdict.
    not_observed : GeoDataFrame
        Polygons with ``reason`` (cloud, shadow, saturation, nodata, outside), in the pair's metre CRS.
    regions : GeoDataFrame or None
        The regions that the ground asked about touches, for maps: ``level``, ``code``, ``name``; EPSG:4326.
    strip_context : DataFrame or None
        The nearest feature of each layer of what lies around: ``strip_id``, ``layer``, ``name``, ``distance_km``,
        ``overlap_share``; None where no such layer was given.
    not_asked : GeoDataFrame or None
        Polygons of ground of the pair's grid that was not asked about: beyond both images, or outside of the area of
        interest; ``reason`` is ``not_asked``. None where there is none.
    """

    strips: gpd.GeoDataFrame
    strip_regions: pd.DataFrame
    observed: pd.DataFrame
    not_observed: gpd.GeoDataFrame
    regions: gpd.GeoDataFrame | None = None
    strip_context: pd.DataFrame | None = None
    not_asked: gpd.GeoDataFrame | None = None

    @property
    def not_seen(self) -> gpd.GeoDataFrame:
        """What a map must not show as seen: `not_observed` and `not_asked`."""
        if self.not_asked is None:
            return self.not_observed
        return pd.concat([self.not_observed, self.not_asked], ignore_index=True)
