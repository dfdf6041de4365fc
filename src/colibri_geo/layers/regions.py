"""Nested regions (country, admin1, admin2) as one table in longitude and latitude."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.pixels import find_footprint
from colibri_geo.layers.shapes import LONLAT, Shapes, keep_polygons
from colibri_geo.layers.sources import LayerSource

COLUMNS = ("level", "code", "name", "country", "country_code", "admin1", "admin1_code", "region_km2", "geometry")
"""Columns of `Regions.table`."""

_MAP_MARGIN = 0.5
_MAP_STEPS = 1000


@dataclass(frozen=True)
class Regions:
    """Regions of all levels that were given.

    Attributes
    ----------
    table : GeoDataFrame
        One row a region, highest level first: ``level``, ``code``, ``name``, the regions above where the layer tells
        (``country``, ``country_code``, ``admin1``, ``admin1_code``; "" where unknown), ``region_km2`` (geodesic, the
        whole region) and the polygon; EPSG:4326.
    sources : tuple of LayerSource
        What the rows were read from.
    """

    table: gpd.GeoDataFrame
    sources: tuple[LayerSource, ...] = ()

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that there are, highest first."""
        present = set(self.table["level"])
        return tuple(level for level in LEVELS if level in present)

    @property
    def shapes(self) -> Shapes:
        """The polygons alone, in the order of the rows."""
        return tuple(self.table.geometry)

    def at(self, level: str) -> gpd.GeoDataFrame:
        """Return the rows of one level."""
        return self.table[self.table["level"] == level]


def no_regions() -> Regions:
    """Return regions without a row, for a run that was given no layers."""
    empty: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    return Regions(gpd.GeoDataFrame(empty, geometry="geometry", crs=LONLAT))


def clip_regions(regions: Regions, grid: GeoBox) -> Regions:
    """Cut regions to the ground of a grid, so that counting its pixels by cell is quick; the index of the rows is kept.

    Parameters
    ----------
    regions : Regions
    grid : GeoBox
        The whole grid, not one cell of it.

    Returns
    -------
    Regions
        Those that touch the grid; ``region_km2`` stays that of the whole region.
    """
    ground = find_footprint(grid)
    margin = 0.01 * max(ground.bounds[2] - ground.bounds[0], ground.bounds[3] - ground.bounds[1])
    return dataclasses.replace(regions, table=_cut(regions.table, shapely.box(*ground.bounds).buffer(margin).envelope))


def region_map(regions: Regions, grid: GeoBox) -> gpd.GeoDataFrame:
    """Draw the regions around a grid for a map: cut to its surroundings and simplified.

    Parameters
    ----------
    regions : Regions
        Whole ones: on those of `clip_regions` the cut would be drawn as a border along the edge of the map.
    grid : GeoBox

    Returns
    -------
    GeoDataFrame
        ``level``, ``code``, ``name``, of the regions that touch the grid; EPSG:4326. For the eye, not for measuring.
    """
    ground = find_footprint(grid)
    extent = max(ground.bounds[2] - ground.bounds[0], ground.bounds[3] - ground.bounds[1])
    touching = regions.table.iloc[np.sort(regions.table.sindex.query(ground, predicate="intersects"))]
    drawn = _cut(touching, ground.buffer(_MAP_MARGIN * extent).envelope)
    simple = drawn.geometry.simplify(extent / _MAP_STEPS, preserve_topology=True)
    return gpd.GeoDataFrame(drawn[["level", "code", "name"]], geometry=simple, crs=LONLAT).reset_index(drop=True)


def _cut(table: gpd.GeoDataFrame, frame: shapely.Geometry) -> gpd.GeoDataFrame:
    near = table.iloc[np.sort(table.sindex.query(frame, predicate="intersects"))]
    pieces = [keep_polygons(shapely.intersection(shape, frame)) for shape in near.geometry]
    cut = near.set_geometry(gpd.GeoSeries(pieces, index=near.index, crs=LONLAT))
    return cut[~cut.geometry.is_empty]
