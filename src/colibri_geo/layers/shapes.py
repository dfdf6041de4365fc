"""Shapes in longitude and latitude as plain geometries: which part has an area, how large it is."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

LONLAT = "EPSG:4326"

BEND_DEG = 0.05
"""A straight line in degrees is bent on other maps: over this length not by much."""

_MOST_POINTS = 1e6

GeometryArray = np.ndarray[Any, np.dtype[np.object_]]
Shapes = tuple[BaseGeometry, ...]


def measure_km2(polygons: GeometryArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure areas on the WGS 84 ellipsoid, square kilometres; edges are straight in degrees.

    Parameters
    ----------
    polygons : (K,) ndarray of Polygon or MultiPolygon in EPSG:4326

    Returns
    -------
    (K,) ndarray of float64

    Examples
    --------
    >>> measure_km2(np.array([shapely.box(-180, -90, 180, 90)])).round()
    array([5.10065622e+08])
    """
    on_map = shapely.transform(add_points(polygons, BEND_DEG), to_equal_area)
    return np.asarray(shapely.area(on_map)) / 1e6


def to_equal_area(lonlat: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Map longitude and latitude so that every area keeps its size: a cylinder around the WGS 84 ellipsoid, metres.

    Parameters
    ----------
    lonlat : (..., 2) ndarray of float64, degrees

    Returns
    -------
    (..., 2) ndarray of float64, metres
        Lengths and angles mean nothing on this map; it holds for the whole globe.

    References
    ----------
    Snyder, J. P. (1987), Map projections: a working manual, eq. 10-1, 10-14 and 10-15 with the equator as standard
    parallel, https://doi.org/10.3133/pp1395
    """
    axis_m, flattening = 6_378_137.0, 1 / 298.257223563
    square = flattening * (2 - flattening)
    e = math.sqrt(square)
    sine = np.sin(np.radians(lonlat[..., 1]))
    q = (1 - square) * (sine / (1 - square * sine**2) + np.arctanh(e * sine) / e)
    return np.stack([axis_m * np.radians(lonlat[..., 0]), axis_m * q / 2], axis=-1)


def add_points(geometries: Any, longest: float) -> Any:  # noqa: ANN401 - one geometry or an array, as for shapely
    """Add points to edges that are longer than `longest`; where that would be beyond a million points, to fewer."""
    total = float(np.sum(shapely.length(geometries)))
    return shapely.segmentize(geometries, max(longest, total / _MOST_POINTS))


def keep_polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Return the part of a geometry that has an area, valid; an empty polygon where it has none."""
    parts = [part for part in split(geometry) if part.geom_type == "Polygon"]
    if not geometry.is_valid:
        parts = [part for part in split(shapely.make_valid(MultiPolygon(parts))) if part.geom_type == "Polygon"]
    if len(parts) == 1:
        return cast("BaseGeometry", parts[0])
    return shapely.union_all(parts) if geometry.geom_type == "GeometryCollection" else MultiPolygon(parts)


def split(geometry: BaseGeometry) -> list[Any]:
    """Return the simple geometries of which a geometry is made."""
    members = getattr(geometry, "geoms", None)
    return [geometry] if members is None else [simple for member in members for simple in split(member)]
