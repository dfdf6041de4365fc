"""Where the pixels of a grid lie on the globe: their centres, their areas, and which of them a polygon covers.

Everything here is counted from the lattice that the pixels belong to, not from the window at hand. So a pixel has the
same centre, the same area and the same answer in whatever window it is met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from colibri_geo.errors import GeoreferenceError, RotatedGrid
from colibri_geo.layers.shapes import keep_polygons, to_equal_area

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_BLOCK_PX = 16
_PHASE_DIGITS = 6
_SPLIT = 0.3819  # lattices start at halves and quarters of a pixel; here none is near, so rounding cannot tip over
_NUDGE_DEG = (1.0e-11, 1.7e-11)  # a micrometre: a centre on the line between two regions belongs to one of them
_EDGE_STEPS = 64


@dataclass(frozen=True)
class _Axis:
    """One axis of the lattice: pixel `first + k` of the window begins at ``size * (first + k + phase)`` on the map."""

    size: float
    first: int
    phase: float

    @classmethod
    def of(cls, origin: float, size: float) -> _Axis:
        position = origin / size
        first = math.floor(position + _SPLIT)
        return cls(size, first, round(position - first, _PHASE_DIGITS))

    def locate(self, pixels: np.ndarray[Any, Any]) -> FloatArray:
        """Return map coordinates of window pixels; whole numbers are edges, halves centres."""
        place: FloatArray = self.size * (self.first + pixels + self.phase)
        return place


@dataclass(frozen=True)
class Lattice:
    """The lattice on which a window of pixels lies.

    Attributes
    ----------
    rows, cols : int
        Size of the window.
    """

    rows: int
    cols: int
    _north: _Axis
    _east: _Axis
    _crs: str

    @classmethod
    def of(cls, grid: GeoBox) -> Lattice:
        """Find the lattice of a grid.

        Raises
        ------
        RotatedGrid
        """
        affine = grid.affine
        if affine.b or affine.d:
            raise RotatedGrid("the grid is rotated or sheared, expected north up; warp it to a north-up grid first")
        return cls(
            int(grid.shape[0]),
            int(grid.shape[1]),
            _Axis.of(affine.f, affine.e),
            _Axis.of(affine.c, affine.a),
            str(grid.crs),
        )

    def to_lonlat(self, rows: np.ndarray[Any, Any], cols: np.ndarray[Any, Any]) -> FloatArray:
        """Return longitude and latitude, stacked as the last axis, of places given in pixels of the window.

        Raises
        ------
        GeoreferenceError
            Outside of what the CRS covers.
        """
        transformer = Transformer.from_crs(CRS.from_user_input(self._crs), "EPSG:4326", always_xy=True)
        lon, lat = transformer.transform(self._east.locate(cols), self._north.locate(rows))
        place = np.stack([np.where(np.abs(lon) > 180, (lon + 180) % 360 - 180, lon), lat], axis=-1)
        if not np.isfinite(place).all():
            raise GeoreferenceError(
                "the grid lies outside of what its coordinate reference system covers; georeference it again"
            )
        return place

    def area_edges(self) -> tuple[IntArray, IntArray]:
        """Return the first window row and column of each block of the lattice whose pixels have one area."""
        return _block_edges(self._north.first, self.rows), _block_edges(self._east.first, self.cols)

    def measure_cm2(self) -> IntArray:
        """Return the area on the ellipsoid of a pixel in each block of `area_edges`, whole square centimetres.

        Whole numbers, so that sums do not depend on their order. Each is a block's area over its number of pixels.
        """
        rows, cols = self.area_edges()
        top = (rows + self._north.first) // _BLOCK_PX * _BLOCK_PX - self._north.first
        left = (cols + self._east.first) // _BLOCK_PX * _BLOCK_PX - self._east.first
        corners = self.to_lonlat(*np.meshgrid(_with_end(top), _with_end(left), indexing="ij"))
        corners[..., 0] = np.unwrap(np.unwrap(corners[..., 0], period=360, axis=0), period=360, axis=1)
        place = to_equal_area(corners)
        falling, rising = place[1:, 1:] - place[:-1, :-1], place[:-1, 1:] - place[1:, :-1]
        block_m2 = np.abs(falling[..., 0] * rising[..., 1] - falling[..., 1] * rising[..., 0]) / 2
        areas: IntArray = np.rint(block_m2 / _BLOCK_PX**2 * 1e4).astype(np.int64)
        return areas


def _with_end(starts: IntArray) -> IntArray:
    return np.append(starts, starts[-1] + _BLOCK_PX)


def _block_edges(first: int, count: int) -> IntArray:
    offset = -first % _BLOCK_PX
    return np.unique(np.concatenate([[0], np.arange(offset, count, _BLOCK_PX)])).astype(np.int64)


def find_footprint(grid: GeoBox) -> shapely.Polygon:
    """Return the ground of a grid in longitude and latitude.

    A grid across the antimeridian becomes a belt around the globe, which holds all of it.
    """
    lattice = Lattice.of(grid)
    along = np.linspace(0, 1, _EDGE_STEPS + 1)
    rows = np.concatenate([0 * along, along, 0 * along + 1, along[::-1]]) * lattice.rows
    cols = np.concatenate([along, 0 * along + 1, along[::-1], 0 * along]) * lattice.cols
    edge = lattice.to_lonlat(rows, cols)
    if np.ptp(edge[:, 0]) > 180:
        return shapely.box(-180.0, float(edge[:, 1].min()), 180.0, float(edge[:, 1].max()))
    ground = shapely.Polygon(edge)
    return ground if ground.is_valid else shapely.box(*ground.bounds)


class PixelCover:
    """Tells which pixels of one window lie in a polygon; make it once a window, ask it for many polygons.

    Parameters
    ----------
    grid : GeoBox
        The window.
    """

    def __init__(self, grid: GeoBox) -> None:
        self._lattice = Lattice.of(grid)
        self._boxes = _bound_blocks(self._lattice)
        flat = self._boxes.reshape(-1, 4)
        self.bounds = shapely.box(*flat[:, :2].min(axis=0), *flat[:, 2:].max(axis=0))

    def cover(self, polygon: BaseGeometry) -> BoolArray:
        """Return the pixels whose centre lies in a polygon.

        Edges of the polygon are straight in longitude and latitude.

        Parameters
        ----------
        polygon : valid Polygon or MultiPolygon in EPSG:4326

        Returns
        -------
        (M, N) ndarray of bool
        """
        lattice = self._lattice
        near = keep_polygons(shapely.intersection(polygon, self.bounds))
        if near.is_empty or lattice.rows == 0 or lattice.cols == 0:
            return np.zeros((lattice.rows, lattice.cols), dtype=bool)
        shapely.prepare(near)
        inside, mixed = self._sort_blocks(near)
        mask = np.repeat(np.repeat(inside, _BLOCK_PX, axis=0), _BLOCK_PX, axis=1)[: lattice.rows, : lattice.cols]
        block_rows, block_cols = np.nonzero(mixed)
        step = np.arange(_BLOCK_PX)
        rows = (block_rows[:, None, None] * _BLOCK_PX + step[None, :, None]) + 0 * step[None, None, :]
        cols = (block_cols[:, None, None] * _BLOCK_PX + step[None, None, :]) + 0 * step[None, :, None]
        within = (rows < lattice.rows) & (cols < lattice.cols)
        rows, cols = rows[within], cols[within]
        place = lattice.to_lonlat(rows + 0.5, cols + 0.5)
        mask[rows, cols] = shapely.contains_xy(near, place[:, 0] + _NUDGE_DEG[0], place[:, 1] + _NUDGE_DEG[1])
        return mask

    def _sort_blocks(self, polygon: BaseGeometry) -> tuple[BoolArray, BoolArray]:
        """Tell blocks that lie wholly in a polygon, and blocks of which each pixel must be asked."""
        boxes = self._boxes
        west, south, east, north = polygon.bounds
        close = (boxes[..., 0] <= east) & (boxes[..., 2] >= west) & (boxes[..., 1] <= north) & (boxes[..., 3] >= south)
        shapes = shapely.box(*boxes[close].T)
        inside, mixed = np.zeros(close.shape, dtype=bool), np.zeros(close.shape, dtype=bool)
        inside[close] = shapely.contains_properly(polygon, shapes)
        mixed[close] = shapely.intersects(polygon, shapes)
        return inside, mixed & ~inside


def _bound_blocks(lattice: Lattice) -> FloatArray:
    """Return west, south, east, north of each block of the window, with a margin for what bends between its corners."""
    row_blocks, col_blocks = -(-lattice.rows // _BLOCK_PX), -(-lattice.cols // _BLOCK_PX)
    half = _BLOCK_PX / 2
    rows = np.minimum(np.arange(2 * row_blocks + 1) * half, lattice.rows)
    cols = np.minimum(np.arange(2 * col_blocks + 1) * half, lattice.cols)
    nodes = lattice.to_lonlat(*np.meshgrid(rows, cols, indexing="ij"))
    corners = np.stack(
        [nodes[r : r + 2 * row_blocks : 2, c : c + 2 * col_blocks : 2] for r in (0, 1, 2) for c in (0, 1, 2)]
        if row_blocks and col_blocks
        else [np.zeros((row_blocks, col_blocks, 2))]
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.05 * (high - low) + 1e-9
    return np.concatenate([low - margin, high + margin], axis=-1)
