"""A made-up elevation model under a scene, in the layout of the global ones: arc seconds, whole metres, treetops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from colibri_geo.sim.rasters import create_raster
from colibri_geo.sim.spec import SceneSpec

HeightArray = np.ndarray[Any, np.dtype[np.int16]]

_SECONDS = 3600  # in a degree: one posting a second, as in SRTM and Copernicus GLO-30
_MARGIN_PX = 3
_LEVEL_M = 230.0
_TREES_M = 1.5  # standard deviation of the treetops


@dataclass(frozen=True)
class _Swell:
    """Hills as a wave; direction in which it runs and phase in radians."""

    height_m: float
    length_m: float
    direction: float
    phase: float


_SWELLS = (
    _Swell(height_m=24.0, length_m=3100.0, direction=0.4, phase=0.3),
    _Swell(height_m=9.0, length_m=1300.0, direction=2.1, phase=1.9),
    _Swell(height_m=3.5, length_m=640.0, direction=1.2, phase=4.0),
)


def lay_heights(spec: SceneSpec) -> GeoBox:
    """Return a grid of one arc second around a scene, with the centres of its pixels on whole seconds."""
    to_lonlat = Transformer.from_crs(spec.crs, "EPSG:4326", always_xy=True)
    right_m, top_m = spec.left_m + spec.width_m, spec.bottom_m + spec.height_m
    west, south, east, north = to_lonlat.transform_bounds(spec.left_m, spec.bottom_m, right_m, top_m)
    first_col, first_row = math.floor(west * _SECONDS) - _MARGIN_PX, math.ceil(north * _SECONDS) + _MARGIN_PX
    cols = math.ceil(east * _SECONDS) + _MARGIN_PX - first_col + 1
    rows = first_row - math.floor(south * _SECONDS) + _MARGIN_PX + 1
    step = 1 / _SECONDS
    return GeoBox((rows, cols), Affine(step, 0, (first_col - 0.5) * step, 0, -step, (first_row + 0.5) * step), 4326)


def simulate_heights(spec: SceneSpec, grid: GeoBox) -> HeightArray:
    """Simulate low hills under forest, as a radar that measures treetops has them.

    Parameters
    ----------
    spec : SceneSpec
        Its seed decides on the treetops.
    grid : GeoBox
        In longitude and latitude.

    Returns
    -------
    (M, N) ndarray of int16, metres
    """
    rows, cols = (np.arange(int(side)) + 0.5 for side in grid.shape)
    col, row = np.meshgrid(cols, rows)
    a = grid.affine
    to_metres = Transformer.from_crs("EPSG:4326", spec.crs, always_xy=True)
    east_m, north_m = to_metres.transform(a.c + a.a * col, a.f + a.e * row)
    heights = np.random.default_rng([spec.seed, 30]).normal(_LEVEL_M, _TREES_M, east_m.shape)
    for swell in _SWELLS:
        right_m, up_m = east_m - spec.left_m, north_m - spec.bottom_m
        along_m = right_m * math.sin(swell.direction) + up_m * math.cos(swell.direction)
        heights += swell.height_m * np.sin(2 * math.pi * along_m / swell.length_m + swell.phase)
    metres: HeightArray = np.rint(heights).astype(np.int16)
    return metres


def write_heights(spec: SceneSpec, path: Path, *, licence: str) -> None:
    """Write the elevation model of a scene; the same bytes for the same scene."""
    grid = lay_heights(spec)
    heights = simulate_heights(spec, grid)
    profile = {"driver": "GTiff", "count": 1, "dtype": "int16", "crs": "EPSG:4326", "transform": grid.affine}
    rows, cols = heights.shape
    layout = {"nodata": -32768, "compress": "deflate", "zlevel": 9, "predictor": 2, "blockysize": rows}
    with create_raster(path, height=rows, width=cols, **profile, **layout) as dataset:
        dataset.write(heights, 1)
        dataset.update_tags(
            TIFFTAG_IMAGEDESCRIPTION="Synthetic heights: nobody measured them, nothing in them is real.",
            LICENCE=licence,
            SYNTHETIC="yes",
        )
