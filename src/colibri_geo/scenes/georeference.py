"""Where the pixels lie: a file's grid, judged; points and windows on a grid.

The affine package knows only ``*`` before version 3 and warns of it from there on, so the arithmetic stands here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS
from pyproj.exceptions import CRSError

from colibri_geo.core.windows import Window
from colibri_geo.errors import GeoreferenceError, MissingCRS, NeedsOrthorectification, RotatedGrid


@dataclass(frozen=True)
class MapPoint:
    """A point in the units of a grid's coordinate reference system."""

    east: float
    north: float


@dataclass(frozen=True)
class PixelPoint:
    """A point in pixels of a grid; the outer corner of the first pixel is at 0, 0."""

    row: float
    col: float


def pixel_to_map(grid: GeoBox, row: float, col: float) -> MapPoint:
    """Find the point at a row and column of a grid.

    Examples
    --------
    >>> pixel_to_map(GeoBox((5, 5), Affine(10, 0, 500, 0, -10, 900), "EPSG:32618"), row=1, col=2)
    MapPoint(east=520.0, north=890.0)
    """
    a = grid.affine
    return MapPoint(float(a.c + a.a * col + a.b * row), float(a.f + a.d * col + a.e * row))


def map_to_pixel(grid: GeoBox, east: float, north: float) -> PixelPoint:
    """Find the row and column of a point of the map."""
    a = ~grid.affine
    return PixelPoint(float(a.f + a.d * east + a.e * north), float(a.c + a.a * east + a.b * north))


def cut_grid(grid: GeoBox, window: Window, *, shift_row_px: float = 0.0, shift_col_px: float = 0.0) -> GeoBox:
    """Return the place of a window of a grid, which may reach beyond it, moved by a shift.

    Examples
    --------
    >>> grid = GeoBox((5, 5), Affine(10, 0, 500, 0, -10, 900), "EPSG:32618")
    >>> cut_grid(grid, Window(1, -2, 3, 4)).boundingbox.bbox
    (480.0, 860.0, 520.0, 890.0)
    """
    a = grid.affine
    origin = pixel_to_map(grid, window.row + shift_row_px, window.col + shift_col_px)
    return GeoBox((window.rows, window.cols), Affine(a.a, a.b, origin.east, a.d, a.e, origin.north), grid.crs)


def read_grid(dataset: rasterio.DatasetReader, *, name: str, epsg: int | None, assume_crs: str | None) -> GeoBox:
    """Read the grid of a file.

    Parameters
    ----------
    dataset : DatasetReader
    name : str
        Name of the file for error messages.
    epsg : int or None
        The code that the file gives for its coordinate reference system, for error messages.
    assume_crs : str or None
        For a file that names no coordinate reference system, or none that is known.

    Raises
    ------
    GeoreferenceError
        Without a place on the ground or a usable coordinate reference system, rotated, or not on a map grid yet.
    """
    transform = dataset.transform
    if transform == Affine.identity():
        if dataset.gcps[0] or dataset.rpcs is not None:
            raise NeedsOrthorectification(
                f"{name}: only control points or sensor coefficients, expected a map grid; "
                "orthorectify it first (gdalwarp -tps or -rpc)"
            )
        raise GeoreferenceError(
            f"{name}: no place on the ground (no geotransform), expected a map grid; georeference it first"
        )
    if not all(math.isfinite(value) for value in transform[:6]):
        raise GeoreferenceError(
            f"{name}: pixel size or origin is not a finite number, expected a map grid; georeference it again"
        )
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise RotatedGrid(
            f"{name}: the grid is rotated, sheared or flipped, expected rows from north to south and columns from west "
            "to east; warp it to such a grid first (gdalwarp)"
        )
    return GeoBox(dataset.shape, transform, _read_crs(dataset, name, epsg, assume_crs).to_wkt())


def _read_crs(dataset: rasterio.DatasetReader, name: str, epsg: int | None, assume_crs: str | None) -> CRS:
    declared = _declared_crs(dataset)
    crs = _find_crs(declared) or _find_crs(assume_crs)
    if crs is not None:
        return crs
    if assume_crs is not None:
        raise GeoreferenceError(
            f"{name}: --assume-crs {assume_crs[:60]!r} is no known projected or geographic system; "
            "name one such as EPSG:32618"
        )
    if declared is None:
        raise MissingCRS(
            f"{name}: no coordinate reference system, expected one in the file; "
            "name it with --assume-crs EPSG:32618 or the like"
        )
    code = f"EPSG:{epsg}" if epsg else "the one in the file"
    raise MissingCRS(
        f"{name}: {code} is no known projected or geographic coordinate reference system; "
        "name the right one with --assume-crs EPSG:32618 or the like, or warp the image to one"
    )


def names_crs(dataset: rasterio.DatasetReader) -> bool:
    """Whether a file names a coordinate reference system that maps are drawn in."""
    return _find_crs(_declared_crs(dataset)) is not None


def _declared_crs(dataset: rasterio.DatasetReader) -> str | None:
    return dataset.crs.to_wkt() if dataset.crs else None


def _find_crs(text: str | None) -> CRS | None:
    """Return the horizontal system that a text names; None where it names none that maps are drawn in."""
    try:
        crs = CRS.from_user_input(text).to_2d() if text else None
    except CRSError:
        return None
    if crs is None or not (crs.is_projected or crs.is_geographic):
        return None
    epsg = crs.to_epsg(min_confidence=100)
    return CRS.from_epsg(epsg) if epsg else crs
