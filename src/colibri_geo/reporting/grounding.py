"""Where the pixels of a grid lie on the ground: their size in metres, true north, and tables brought onto them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from colibri_geo.evidence import PairRecord

_GEOD = Geod(ellps="WGS84")
_NORTHWARD_DEG = 0.001


@dataclass(frozen=True)
class PixelScale:
    """What a pixel is on the ground, at one place.

    Attributes
    ----------
    col_m, row_m : float
        Metres from one pixel to the next along a row and along a column.
    north_deg : float
        Direction of true north on the picture, clockwise from its upper edge.
    """

    col_m: float
    row_m: float
    north_deg: float


@dataclass(frozen=True)
class GroundGrid:
    """A pixel grid with its place.

    Attributes
    ----------
    pixel_to_map : Affine
    crs : pyproj.CRS
    rows, cols : int
    """

    pixel_to_map: Affine
    crs: CRS
    rows: int
    cols: int

    @classmethod
    def from_record(cls, pair: PairRecord) -> GroundGrid:
        """Take the grid of a pair from its record."""
        return cls(Affine(*pair.transform[:6]), CRS.from_user_input(pair.crs), pair.rows, pair.cols)

    @classmethod
    def from_geobox(cls, grid: GeoBox) -> GroundGrid:
        """Take the grid of a pair from its GeoBox."""
        rows, cols = grid.shape
        return cls(grid.affine, CRS.from_user_input(str(grid.crs)), int(rows), int(cols))

    def to_pixels(self, shapes: gpd.GeoSeries) -> gpd.GeoSeries:
        """Bring geometries of any CRS to columns and rows of this grid; 0, 0 is the outer corner of the first pixel.

        The result has no CRS: its coordinates are pixels.
        """
        a, b, c, d, e, f = (~self.pixel_to_map)[:6]
        placed = shapes.to_crs(self.crs).affine_transform([a, b, d, e, c, f])
        return gpd.GeoSeries(placed.to_numpy(), index=placed.index)

    def to_map(self, col: float, row: float) -> tuple[float, float]:
        """Return easting and northing, or longitude and latitude, of one place on the grid."""
        return _apply(self.pixel_to_map, col, row)

    def to_lonlat(self, *pixels: tuple[float, float]) -> list[tuple[float, float]]:
        """Return longitude and latitude of places on the grid, (col, row) each."""
        transformer = Transformer.from_crs(self.crs, 4326, always_xy=True)
        eastings, northings = zip(*(self.to_map(*pixel) for pixel in pixels), strict=True)
        lons, lats = transformer.transform(eastings, northings)
        return list(zip(lons, lats, strict=True))

    def scale_at(self, col: float, row: float) -> PixelScale:
        """Measure the pixels around one place on the WGS 84 ellipsoid.

        Parameters
        ----------
        col, row : float, px

        Returns
        -------
        PixelScale

        Examples
        --------
        >>> grid = GroundGrid(Affine(10, 0, 500_000, 0, -10, 100_000), CRS.from_epsg(32618), 100, 100)
        >>> scale = grid.scale_at(50, 50)
        >>> f"{scale.col_m:.2f} {scale.row_m:.2f} {abs(scale.north_deg):.1f}"
        '10.00 10.00 0.0'
        """
        here, right, below = self.to_lonlat((col, row), (col + 1, row), (col, row + 1))
        col_m, row_m = (_GEOD.inv(*here, *there)[2] for there in (right, below))
        eastings, northings = Transformer.from_crs(4326, self.crs, always_xy=True).transform(
            [here[0], here[0]], [here[1], here[1] + _NORTHWARD_DEG]
        )
        from_col, from_row = _apply(~self.pixel_to_map, eastings[0], northings[0])
        to_col, to_row = _apply(~self.pixel_to_map, eastings[1], northings[1])
        north_deg = math.degrees(math.atan2((to_col - from_col) * col_m, -(to_row - from_row) * row_m))
        return PixelScale(float(col_m), float(row_m), north_deg)


def _apply(transform: Affine, across: float, down: float) -> tuple[float, float]:
    """Apply a transform to one place; the operator for it has changed between versions of affine."""
    a, b, c, d, e, f = transform[:6]
    return float(a * across + b * down + c), float(d * across + e * down + f)


def nice_length_m(longest_m: float) -> float:
    """Return the longest length of 1, 2 or 5 times a power of ten that is not above `longest_m`: for scale bars.

    Examples
    --------
    >>> nice_length_m(730.0)
    500.0
    """
    power = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest_m)
