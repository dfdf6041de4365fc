"""How far strips are from the nearest international border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from colibri_geo.layers.planes import frame_cell, make_plane, measure_lines_km, part_cells, project
from colibri_geo.layers.shapes import keep_polygons

GAP_M = 1000.0
"""Outlines of two countries that are no further apart are their common border: maps of two sources leave such gaps."""

REACHES_KM = (25.0, 100.0, 400.0, 1600.0)
"""How far is looked, step by step; a border beyond the last is not measured."""

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
    for cell in part_cells(shapes):
        border_km[cell.rows] = _measure_cell(shapes[cell.rows], cell.corner, countries)
    if border_km.isna().any():
        note = f"no international border of the country layer within {REACHES_KM[-1]:.0f} km of some strips"
        return BorderDistances(border_km, (note,))
    return BorderDistances(border_km)


def _measure_cell(
    axes: GeometryArray, corner: np.ndarray[Any, Any], countries: gpd.GeoDataFrame
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure the axes of one cell, looking further and further."""
    to_plane = make_plane(corner)
    km = np.full(len(axes), np.nan)
    for reach_km in REACHES_KM:
        open_rows = np.isnan(km)
        if not open_rows.any():
            break
        border = _find_border(countries, frame_cell(corner, reach_km), to_plane)
        if not border.is_empty:
            found = _measure_km(axes[open_rows], border, to_plane)
            km[open_rows] = np.where(found <= reach_km, found, np.nan)
    return km


def _find_border(countries: gpd.GeoDataFrame, frame: BaseGeometry, to_plane: Transformer) -> BaseGeometry:
    """Return the lines inside of `frame` that two countries share, on the plane."""
    near = np.sort(countries.sindex.query(frame, predicate="intersects"))
    shapes = np.asarray(countries.geometry.array, dtype=object)[near]
    areas = [keep_polygons(project(part, to_plane)) for part in shapely.intersection(shapes, frame)]
    outlines = [project(part, to_plane) for part in shapely.intersection(shapely.boundary(shapes), frame)]
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


def _measure_km(
    axes: GeometryArray, border: BaseGeometry, to_plane: Transformer
) -> np.ndarray[Any, np.dtype[np.float64]]:
    planar = np.array([project(axis, to_plane) for axis in axes], dtype=object)
    return measure_lines_km(shapely.shortest_line(planar, border), to_plane)
