"""Where the pixels lie: a file's grid, judged; points and windows on a grid.

The affine package knows only ``*`` before version 3 and warns of it from there on, so the arithmetic stands here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    BadGeoreference,
    MissingCRS,
    MissingGeoreference,
    NeedsOrthorectification,
    RotatedGrid,
)

if TYPE_CHECKING:
    from colibri_geo.scenes.decoding import Header

_POLE_DEG = 90
_EARTH_RADIUS_M = (6.3e6, 6.4e6)
_GEOD = Geod(ellps="WGS84")


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


@dataclass(frozen=True)
class PixelSize:
    """Size of a pixel on the ground, metres."""

    east_m: float
    north_m: float

    @property
    def finer_m(self) -> float:
        """The smaller of the two sides."""
        return min(self.east_m, self.north_m)


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


def measure_pixel(grid: GeoBox, *, name: str = "") -> PixelSize:
    """Measure a pixel at the centre of a grid on the WGS 84 ellipsoid.

    Parameters
    ----------
    grid : GeoBox
    name : str
        Of the image, for the error message.

    Raises
    ------
    BadGeoreference
        Where the grid lies outside of what its CRS covers.

    Examples
    --------
    >>> size = measure_pixel(GeoBox((5, 5), Affine(10, 0, 500_000, 0, -10, 900), "EPSG:32618"))
    >>> round(size.east_m, 2), round(size.north_m, 2)
    (10.0, 10.0)
    """
    row, col = (int(side) / 2 for side in grid.shape)
    points = [pixel_to_map(grid, *place) for place in ((row, col), (row, col + 1), (row + 1, col))]
    to_lonlat = Transformer.from_crs(CRS.from_user_input(str(grid.crs)), "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform([point.east for point in points], [point.north for point in points])
    if not np.isfinite([*lon, *lat]).all() or np.abs(lat).max() > _POLE_DEG:
        raise BadGeoreference(
            f"{name}{': ' if name else ''}the grid lies outside of what its coordinate reference system covers, "
            "expected a place on Earth; georeference it again"
        )
    east, north = (_GEOD.inv(lon[0], lat[0], lon[side], lat[side])[2] for side in (1, 2))
    return PixelSize(float(east), float(north))


def read_grid(header: Header, *, name: str, assume_crs: str | None) -> GeoBox:
    """Read the grid of a file.

    Parameters
    ----------
    header : Header
    name : str
        Name of the file for error messages.
    assume_crs : str or None
        For a file that names no coordinate reference system, or none that is known.

    Raises
    ------
    GeoreferenceError
        Without a place on the ground or a usable coordinate reference system, rotated, not on a map grid yet, or
        elsewhere than on Earth.
    """
    transform = header.transform
    if transform == Affine.identity():
        if header.control_points or header.sensor_model:
            raise NeedsOrthorectification(
                f"{name}: only control points or sensor coefficients, expected a map grid; "
                "orthorectify it first (gdalwarp -tps or -rpc)"
            )
        raise MissingGeoreference(
            f"{name}: no place on the ground (no geotransform), expected a map grid; georeference it first"
        )
    if not all(math.isfinite(value) for value in transform[:6]):
        raise BadGeoreference(
            f"{name}: pixel size or origin is not a finite number, expected a map grid; georeference it again"
        )
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise RotatedGrid(
            f"{name}: the grid is rotated, sheared or flipped, expected rows from north to south and columns from west "
            "to east; warp it to such a grid first (gdalwarp)"
        )
    crs = _read_crs(header, name, assume_crs)
    grid = GeoBox((header.rows, header.cols), transform, crs.to_wkt())
    _check_place(grid, crs, name)
    return grid


def _check_place(grid: GeoBox, crs: CRS, name: str) -> None:
    """Refuse a grid whose centre is no place on Earth; PROJ may convert degrees of another body into those of Earth."""
    radius_m = crs.ellipsoid.semi_major_metre if crs.ellipsoid else math.nan
    if not _EARTH_RADIUS_M[0] <= radius_m <= _EARTH_RADIUS_M[1]:
        raise BadGeoreference(
            f"{name}: its coordinate reference system is of a body of {radius_m / 1000:.0f} km radius, expected one of "
            "Earth; georeference it again"
        )
    middle = pixel_to_map(grid, int(grid.shape[0]) / 2, int(grid.shape[1]) / 2)
    try:
        lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(middle.east, middle.north)
    except ProjError:  # no way leads to degrees of Earth
        lon = lat = math.nan
    if not (math.isfinite(lon) and abs(lat) <= _POLE_DEG):
        raise BadGeoreference(
            f"{name}: the grid lies outside of what its coordinate reference system covers, expected a place on Earth; "
            "georeference it again"
        )


def _read_crs(header: Header, name: str, assume_crs: str | None) -> CRS:
    given = _find_crs(assume_crs)
    if assume_crs is not None and given is None:  # also where the file needs none: it is a mistake all the same
        raise BadGeoreference(
            f"{name}: --assume-crs {str(assume_crs)[:60]!r} is no known projected or geographic system; "
            "name one such as EPSG:32618"
        )
    crs = _find_crs(header.crs_wkt) or given
    if crs is not None:
        return crs
    if header.crs_wkt is None and not header.epsg:
        raise MissingCRS(
            f"{name}: no coordinate reference system, expected one in the file; "
            "name it with --assume-crs EPSG:32618 or the like"
        )
    code = f"EPSG:{header.epsg}" if header.epsg else "the one in the file"
    raise BadGeoreference(
        f"{name}: {code} is no known projected or geographic coordinate reference system; "
        "name the right one with --assume-crs EPSG:32618 or the like, or warp the image to one"
    )


def note_given_crs(headers: Sequence[Header], assume_crs: str | None) -> tuple[str, ...]:
    """Say what became of a coordinate reference system that was given for the files of a scene.

    It serves those that name none that is known; where all name their own, and another, it was left aside.
    """
    own = [_find_crs(header.crs_wkt) for header in headers]
    if assume_crs is not None and None in own:
        return (f"its coordinate reference system was given, {assume_crs}: the file names none that is known",)
    differing = (note_own_crs(crs, assume_crs) for crs in own if crs is not None)
    return next((notes for notes in differing if notes), ())


def note_own_crs(own: CRS, assume_crs: str | None) -> tuple[str, ...]:
    """Say that a coordinate reference system which was given was left aside for another, that of the file itself."""
    if not _differ(own, assume_crs):
        return ()
    name = _say_crs(own)
    return (f"it is in {name}: {assume_crs}, which was given as its coordinate reference system, was left aside",)


def note_mask_crs(mask: GeoBox, assume_crs: str | None) -> tuple[str, ...]:
    """Say the same of the mask of a scene, by its grid: of a mask that names none it has the system that was given."""
    own = CRS.from_user_input(str(mask.crs))
    if not _differ(own, assume_crs):
        return ()
    name = _say_crs(own)
    return (f"its mask is in {name}: {assume_crs}, which was given as its coordinate reference system, was left aside",)


def _differ(own: CRS, assume_crs: str | None) -> bool:
    given = _find_crs(assume_crs)  # one that is none is refused by who reads the grid
    if given is None or own.to_2d().equals(given, ignore_axis_order=True):
        return False
    # PROJ heeds the order of axes of what is projected all the same, and GeoTIFF knows one order alone.
    projected, base = own.coordinate_operation == given.coordinate_operation, own.to_2d().geodetic_crs
    return not (
        own.is_projected and projected and base is not None and base.equals(given.geodetic_crs, ignore_axis_order=True)
    )


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


def find_vertical_unit(header: Header) -> str:
    """Return the unit of the heights that a compound coordinate reference system has; empty where it names none."""
    try:
        parts = CRS.from_wkt(header.crs_wkt).sub_crs_list if header.crs_wkt else []
    except CRSError:
        return ""
    return next((axis.unit_name for part in parts if part.is_vertical for axis in part.axis_info), "")


def name_crs(crs: str) -> str:
    """Name a coordinate reference system by its EPSG code where it has one, else by its WKT."""
    parsed = CRS.from_user_input(crs)
    code = parsed.to_epsg(min_confidence=100)
    return f"EPSG:{code}" if code else str(parsed.to_wkt())


def describe_grid(grid: GeoBox) -> str:
    """Tell size and system of a grid in a few words.

    Examples
    --------
    >>> describe_grid(GeoBox((400, 300), Affine(10, 0, 500, 0, -10, 900), "EPSG:32618"))
    '400 rows x 300 columns of 10 m, EPSG:32618'
    """
    rows, cols = grid.shape
    crs = CRS.from_user_input(str(grid.crs))
    unit = "degrees" if crs.is_geographic else "m" if crs.axis_info[0].unit_name == "metre" else "units"
    return f"{rows} rows x {cols} columns of {grid.affine.a:.6g} {unit}, {_say_crs(crs)}"


def _say_crs(crs: CRS) -> str:
    """Name a coordinate reference system for a reader: by its EPSG code where it has one, else as it calls itself.

    One without a name is called by how it is projected.
    """
    code, projected = crs.to_epsg(min_confidence=100), crs.coordinate_operation
    if code:
        return f"EPSG:{code}"
    nameless = crs.name.lower() in {"", "unknown", "unnamed"}
    return projected.method_name if nameless and projected else crs.name
