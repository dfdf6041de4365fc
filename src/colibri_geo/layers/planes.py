"""Planes to measure distances on: one for each degree of the globe, so that a result depends on its place alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer

from colibri_geo.layers.shapes import BEND_DEG, LONLAT, add_points

GEOD = Geod(ellps="WGS84")
_CELL_DEG = 1.0
_MARGIN_KM = 50.0  # an axis reaches over the edge of its cell by less
_KM_A_DEG = 110.0
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
GeometryArray = np.ndarray[Any, np.dtype[np.object_]]


@dataclass(frozen=True)
class Cell:
    """One degree of the globe.

    Attributes
    ----------
    corner : (2,) ndarray of float64, degrees
        Longitude and latitude of the south-western corner.
    rows : (K,) ndarray of bool
        Which axes have their centre in it.
    """

    corner: FloatArray
    rows: np.ndarray[Any, np.dtype[np.bool_]]


def part_cells(axes: GeometryArray) -> Iterator[Cell]:
    """Part axes, in longitude and latitude, by the degree in which they lie."""
    cells = np.floor(shapely.get_coordinates(shapely.centroid(axes)) / _CELL_DEG).astype(int)
    for cell in np.unique(cells, axis=0):
        yield Cell(cell * _CELL_DEG, (cells == cell).all(axis=1))


def make_plane(corner: FloatArray) -> Transformer:
    """Return the way from longitude and latitude to metres on the plane that touches the globe amid a cell."""
    lon, lat = corner + _CELL_DEG / 2
    plane = CRS.from_dict({"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m"})
    return Transformer.from_crs(LONLAT, plane, always_xy=True)


def frame_cell(corner: FloatArray, reach_km: float) -> shapely.Polygon:
    """Return the box, in degrees, of all that lies within `reach_km` of an axis of a cell."""
    west, south = (float(value) for value in corner)
    return frame_ground(shapely.box(west, south, west + _CELL_DEG, south + _CELL_DEG), reach_km + _MARGIN_KM)


def frame_ground(ground: shapely.Polygon, reach_km: float) -> shapely.Polygon:
    """Return the box, in degrees, of all that lies within `reach_km` of the box around some ground."""
    west, south, east, north = ground.bounds
    pad_lat = reach_km / _KM_A_DEG
    low, high = max(south - pad_lat, -90.0), min(north + pad_lat, 90.0)
    narrowest = math.cos(math.radians(min(max(abs(low), abs(high)), 85.0)))
    pad_lon = reach_km / (_KM_A_DEG * narrowest)
    return shapely.box(max(west - pad_lon, -180.0), low, min(east + pad_lon, 180.0), high)


def project(geometries: Any, to_plane: Transformer) -> Any:  # noqa: ANN401 - one geometry or an array, as for shapely
    """Bring geometries in longitude and latitude onto a plane; long edges are bent as they are on the globe."""
    return shapely.transform(
        add_points(geometries, BEND_DEG),
        lambda lonlat: np.column_stack(to_plane.transform(lonlat[:, 0], lonlat[:, 1])),
    )


def measure_lines_km(lines: GeometryArray, to_plane: Transformer) -> FloatArray:
    """Measure lines of two points on a plane on the ellipsoid, kilometres."""
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    lon, lat = to_plane.transform(ends[..., 0], ends[..., 1], direction="INVERSE")
    km: FloatArray = np.asarray(GEOD.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])[2]) / 1000
    return km
