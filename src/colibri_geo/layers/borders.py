"""How far strips are from the nearest international border."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from colibri_geo.layers.polygons import BEND_DEG, LONLAT, add_points, keep_polygons

GAP_M = 1000.0
"""Outlines of two countries that are no further apart are their common border: maps of two sources leave such gaps."""

REACHES_KM = (25.0, 100.0, 400.0, 1600.0)
"""How far is looked, step by step; a border beyond the last is not measured."""

_GEOD = Geod(ellps="WGS84")
_CELL_DEG = 1.0
_MARGIN_KM = 50.0  # an axis reaches over the edge of its cell by less
_KM_A_DEG = 110.0
GeometryArray = np.ndarray[Any, np.dtype[np.object_]]


@dataclass(frozen=True)
class BorderDistances:
    """Distances to the nearest international border.

    Attributes
    ----------
    border_km : Series
        On the index of the axes; 0 for a strip across the border, missing where it is unknown.
    notes : tuple of str
        Why distances are missing, where some are.
    """

    border_km: pd.Series
    notes: tuple[str, ...] = ()


def measure_border_km(axes: gpd.GeoSeries, countries: gpd.GeoDataFrame) -> BorderDistances:
    """Measure the geodesic distance of axes to the nearest line that two countries share; a coast is no border.

    The result of a strip does not depend on the other strips.

    Parameters
    ----------
    axes : GeoSeries of LineString, EPSG:4326
    countries : GeoDataFrame
        One row a country; EPSG:4326. With one country alone no border is known: its outline may be a coast.

    Returns
    -------
    BorderDistances
    """
    border_km = pd.Series(np.nan, index=axes.index, dtype=np.float64)
    if len(countries) < 2 or axes.empty:
        alone = "the country layer holds one country only, so no border is known: its outline may be a coast"
        return BorderDistances(border_km, (alone,) if len(countries) == 1 else ())
    shapes = np.asarray(axes.array, dtype=object)
    cells = np.floor(shapely.get_coordinates(shapely.centroid(shapes)) / _CELL_DEG).astype(int)
    for cell in np.unique(cells, axis=0):
        here = (cells == cell).all(axis=1)
        border_km[here] = _measure_cell(shapes[here], cell * _CELL_DEG, countries)
    if border_km.isna().any():
        note = f"no international border of the country layer within {REACHES_KM[-1]:.0f} km of some strips"
        return BorderDistances(border_km, (note,))
    return BorderDistances(border_km)


def _measure_cell(
    axes: GeometryArray, corner: np.ndarray[Any, Any], countries: gpd.GeoDataFrame
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure the axes of one cell, looking further and further."""
    lon, lat = corner + _CELL_DEG / 2
    plane = CRS.from_dict({"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m"})
    to_plane = Transformer.from_crs(LONLAT, plane, always_xy=True)
    km = np.full(len(axes), np.nan)
    for reach_km in REACHES_KM:
        open_rows = np.isnan(km)
        if not open_rows.any():
            break
        border = _find_border(countries, _frame(corner, reach_km + _MARGIN_KM), to_plane)
        if not border.is_empty:
            found = _measure_km(axes[open_rows], border, to_plane)
            km[open_rows] = np.where(found <= reach_km, found, np.nan)
    return km


def _frame(corner: np.ndarray[Any, Any], reach_km: float) -> BaseGeometry:
    west, south = (float(value) for value in corner)
    pad_lat = reach_km / _KM_A_DEG
    low, high = max(south - pad_lat, -90.0), min(south + _CELL_DEG + pad_lat, 90.0)
    narrowest = math.cos(math.radians(min(max(abs(low), abs(high)), 85.0)))
    pad_lon = reach_km / (_KM_A_DEG * narrowest)
    return shapely.box(max(west - pad_lon, -180.0), low, min(west + _CELL_DEG + pad_lon, 180.0), high)


def _find_border(countries: gpd.GeoDataFrame, frame: BaseGeometry, to_plane: Transformer) -> BaseGeometry:
    """Return the lines inside of `frame` that two countries share, on the plane."""
    near = np.sort(countries.sindex.query(frame, predicate="intersects"))
    shapes = np.asarray(countries.geometry.array, dtype=object)[near]
    areas = [keep_polygons(_project(part, to_plane)) for part in shapely.intersection(shapes, frame)]
    outlines = [_project(part, to_plane) for part in shapely.intersection(shapely.boundary(shapes), frame)]
    tree = shapely.STRtree(areas)
    pieces = []
    for number, area in enumerate(areas):
        for other in tree.query(area, predicate="dwithin", distance=GAP_M):
            if other == number or outlines[other].is_empty:
                continue
            strip = shapely.buffer(_clip_near(area, outlines[other]), GAP_M, quad_segs=4)
            pieces.append(shapely.intersection(outlines[other], strip))
    shared: BaseGeometry = shapely.union_all(pieces)
    return shared


def _clip_near(area: BaseGeometry, outline: BaseGeometry) -> BaseGeometry:
    """Return the part of an area that matters to an outline, so that no more than needed is buffered."""
    west, south, east, north = outline.bounds
    room = 2 * GAP_M
    return shapely.intersection(area, shapely.box(west - room, south - room, east + room, north + room))


def _project(geometry: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    bent = add_points(geometry, BEND_DEG)
    planar: BaseGeometry = shapely.transform(
        bent, lambda lonlat: np.column_stack(transformer.transform(lonlat[:, 0], lonlat[:, 1]))
    )
    return planar


def _measure_km(
    axes: GeometryArray, border: BaseGeometry, to_plane: Transformer
) -> np.ndarray[Any, np.dtype[np.float64]]:
    planar = np.array([_project(axis, to_plane) for axis in axes], dtype=object)
    lines = shapely.shortest_line(planar, border)
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    lon, lat = to_plane.transform(ends[..., 0], ends[..., 1], direction="INVERSE")
    km: np.ndarray[Any, np.dtype[np.float64]] = (
        np.asarray(_GEOD.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])[2]) / 1000
    )
    return km
