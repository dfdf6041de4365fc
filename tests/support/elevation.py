"""Elevation models with a known slope: planes on the ground, written on any grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plane:
    """A plane that touches the ellipsoid at a place, tilted.

    Attributes
    ----------
    lon, lat : float
        Where it has its level.
    east, north : float
        Metres of height a metre.
    level_m : float
    """

    lon: float
    lat: float
    east: float = 0.02
    north: float = -0.01
    level_m: float = 200.0

    def height(self, lon: Array, lat: Array) -> Array:
        """Heights at places within some kilometres."""
        local = f"+proj=aeqd +lon_0={self.lon} +lat_0={self.lat} +ellps=WGS84"
        east_m, north_m = Transformer.from_crs("EPSG:4326", local, always_xy=True).transform(lon, lat)
        return self.level_m + self.east * np.asarray(east_m) + self.north * np.asarray(north_m)


def degree_grid(plane: Plane, *, side_px: int = 160, lon_seconds: float = 1.0, lat_seconds: float = 1.0) -> GeoBox:
    """A grid around the place of a plane in arc seconds, whose pixel centres lie on whole ones, as in GLO-30."""
    lon_step, lat_step = lon_seconds / 3600, lat_seconds / 3600
    west = (round(plane.lon / lon_step) - side_px // 2 - 0.5) * lon_step
    north = (round(plane.lat / lat_step) + side_px // 2 + 0.5) * lat_step
    return GeoBox((side_px, side_px), Affine(lon_step, 0, west, 0, -lat_step, north), "EPSG:4326")


def metre_grid(plane: Plane, crs: str, *, side_px: int = 160, pixel_m: float = 30.0) -> GeoBox:
    """A grid around the place of a plane in a projection."""
    east, north = Transformer.from_crs(4326, crs, always_xy=True).transform(plane.lon, plane.lat)
    half_m = side_px * pixel_m / 2
    return GeoBox((side_px, side_px), Affine(pixel_m, 0, east - half_m, 0, -pixel_m, north + half_m), crs)


def heights_on(grid: GeoBox, height: Callable[[Array, Array], Array]) -> Array:
    """Heights at the centres of a grid's pixels, (M, N) ndarray of float32."""
    rows, cols = (np.arange(int(side)) + 0.5 for side in grid.shape)
    col, row = np.meshgrid(cols, rows)
    a = grid.affine
    to_lonlat = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True)
    return height(*to_lonlat.transform(a.c + a.a * col, a.f + a.e * row)).astype(np.float32)


def write_heights(path: Path, heights: Array, grid: GeoBox, **profile: Any) -> Path:  # noqa: ANN401 - rasterio's own
    """Write heights as a GeoTIFF; bands first where they are three-dimensional."""
    bands = heights if heights.ndim == 3 else heights[None]
    settings = {"driver": "GTiff", "crs": str(grid.crs), "transform": grid.affine, "dtype": bands.dtype, **profile}
    count, rows, cols = bands.shape
    with rasterio.open(path, "w", count=count, height=rows, width=cols, **settings) as dataset:
        dataset.write(bands)
    return path
