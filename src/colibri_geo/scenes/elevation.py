"""Digital elevation models: one band of heights in metres, in one GeoTIFF or in the tiles that archives cut it into."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from colibri_geo.core.gradient import interpolate_bilinear
from colibri_geo.core.windows import Window
from colibri_geo.errors import BadGeoreference, BandError, RadiometryError, UnsupportedDtype
from colibri_geo.scenes.decoding import Header, StoredArray, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.georeference import find_vertical_unit, measure_pixel, note_given_crs, read_grid
from colibri_geo.scenes.image import find_licence
from colibri_geo.scenes.sampling import sample_stored
from colibri_geo.scenes.storage import Storage

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
IndexArray = np.ndarray[Any, np.dtype[np.intp]]

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Between the shore of the Dead Sea and the top of Mount Everest lies all ground. Other values mark voids, also where
a file does not say so (-32768, -9999, 32767)."""
FINEST_M = 0.5
"""Finer postings would make a strip a large image."""
_BYTES = {"int8", "uint8"}
_METRES = {"", "m", "metre", "meter", "metres", "meters"}
_ON_LATTICE_PX = 0.01
_POINTS = 256  # interpolated at a time: they lie near each other, so that the window around them stays small
_MODEL = "give a digital elevation model with heights in metres, such as Copernicus GLO-30, SRTM or NASADEM"


@dataclass(frozen=True)
class ElevationTile:
    """One file of an elevation model; picklable, holds no open file.

    Attributes
    ----------
    storage : Storage
    grid : GeoBox
    posting_m : float
        The longer side of a pixel on the ground.
    scale, offset : float
        Stored values times scale plus offset are metres.
    licence : str or None
        Stated by its tags.
    notes : tuple of str
        What a reader of the result has to know.
    """

    storage: Storage
    grid: GeoBox
    posting_m: float
    scale: float
    offset: float
    licence: str | None
    notes: tuple[str, ...]

    @property
    def file(self) -> RasterFile:
        """Where its bytes lie."""
        return self.storage.file

    def read(self, window: Window) -> FloatArray:
        """Read heights in a window inside of the tile, (M, N) ndarray of float64, metres; NaN where there are none."""
        stored = self.storage.read(window, [0])
        heights = self._to_metres(stored.values[0])
        return np.where(stored.measured & are_possible(heights), heights, np.nan)

    def check_heights(self) -> None:
        """Refuse a file of whose values, in windows spread over it, none can be a height in metres.

        Raises
        ------
        NoValidData
        RadiometryError
        """
        heights = self._to_metres(sample_stored(self.storage, *(int(side) for side in self.grid.shape)))
        if not are_possible(heights).any():
            raise RadiometryError(
                f"{self.file.name}: values from {heights.min():,.6g} to {heights.max():,.6g}, expected heights from "
                f"{LOWEST_M:,.0f} to {HIGHEST_M:,.0f} m; {_MODEL}"
            )

    def _to_metres(self, stored: StoredArray) -> FloatArray:
        with np.errstate(invalid="ignore", over="ignore"):  # of a file made to do so: what comes out is no height
            metres: FloatArray = stored.astype(np.float64) * self.scale + self.offset
        return metres


def are_possible(heights: FloatArray) -> BoolArray:
    """Tell which values can be heights of ground."""
    return (heights >= LOWEST_M) & (heights <= HIGHEST_M)


@dataclass(frozen=True)
class _Placed:
    """A tile, and where its first pixel is on the lattice that it shares with others."""

    tile: ElevationTile
    row: int
    col: int


@dataclass(frozen=True)
class _Mosaic:
    """Tiles with pixels of one lattice, as those of one product have: read as if they were one grid."""

    tiles: tuple[_Placed, ...]

    @property
    def grid(self) -> GeoBox:
        """The grid of the first tile, from which rows and columns are counted."""
        return self.tiles[0].tile.grid

    def find_place(self, tile: ElevationTile) -> _Placed | None:
        """Find where a tile is on the lattice; None where its pixels, the last as the first, are not of it."""
        mine, theirs = self.grid.affine, tile.grid.affine
        row, col = (theirs.f - mine.f) / mine.e, (theirs.c - mine.c) / mine.a
        rows, cols = (int(side) for side in tile.grid.shape)
        strays = (
            row - round(row), row + rows * theirs.e / mine.e - round(row) - rows,
            col - round(col), col + cols * theirs.a / mine.a - round(col) - cols,
        )  # fmt: skip
        fits = tile.grid.crs == self.grid.crs and max(map(abs, strays)) <= _ON_LATTICE_PX
        return _Placed(tile, round(row), round(col)) if fits else None

    def sample(self, lon: FloatArray, lat: FloatArray) -> FloatArray:
        """Interpolate heights at places, (K,) ndarray of float64; NaN where there are none."""
        east, north = Transformer.from_crs("EPSG:4326", str(self.grid.crs), always_xy=True).transform(lon, lat)
        to_pixel = ~self.grid.affine
        rows, cols = to_pixel.f + to_pixel.e * north - 0.5, to_pixel.c + to_pixel.a * east - 0.5
        heights = np.full(len(rows), np.nan)
        placed = np.flatnonzero(np.isfinite(rows) & np.isfinite(cols))  # the others lie beyond the projection
        for way in _part_leaps(placed, rows, cols):
            for part in (way[first : first + _POINTS] for first in range(0, len(way), _POINTS)):
                heights[part] = self._interpolate(rows[part], cols[part])
        return heights

    def _interpolate(self, rows: FloatArray, cols: FloatArray) -> FloatArray:
        row, col = math.floor(rows.min()), math.floor(cols.min())
        window = Window(row, col, math.floor(rows.max()) - row + 2, math.floor(cols.max()) - col + 2)
        return interpolate_bilinear(self._read(window), rows - row, cols - col)

    def _read(self, window: Window) -> FloatArray:
        heights = np.full((window.rows, window.cols), np.nan)
        for placed in self.tiles:
            place = Window(placed.row, placed.col, *(int(side) for side in placed.tile.grid.shape))
            shared = window.cut(place)
            if not shared.empty:
                part = heights[shared.relative_to(window).slices]
                np.copyto(part, placed.tile.read(shared.relative_to(place)), where=np.isnan(part))
        return heights


def _part_leaps(placed: IndexArray, rows: FloatArray, cols: FloatArray) -> list[IndexArray]:
    """Part places along a way where it leaps, as over the line where the date changes: no window spans the leap."""
    leaps = np.maximum(np.abs(np.diff(rows[placed])), np.abs(np.diff(cols[placed]))) > _POINTS
    return [way for way in np.split(placed, np.flatnonzero(leaps) + 1) if len(way)]


@dataclass(frozen=True)
class ElevationModel:
    """Tiles of an elevation model, which do not have to touch.

    Attributes
    ----------
    tiles : tuple of ElevationTile
        Where several have a height, the first tells; one at least.
    """

    tiles: tuple[ElevationTile, ...]

    @property
    def posting_m(self) -> float:
        """The longest side of a pixel on the ground, over all tiles."""
        return max(tile.posting_m for tile in self.tiles)

    @cached_property
    def _mosaics(self) -> tuple[_Mosaic, ...]:
        return tuple(_group_tiles(copy for tile in self.tiles for copy in _lay_around(tile)))

    def sample(self, lon: FloatArray, lat: FloatArray) -> FloatArray:
        """Interpolate heights at places, bilinearly between the centres of pixels, across the seams of tiles too.

        Parameters
        ----------
        lon, lat : (K,) ndarray of float64, degrees
            Along a way: neighbours are read together.

        Returns
        -------
        (K,) ndarray of float64, metres
            NaN where a pixel beside the place has no height.
        """
        heights = np.full(len(lon), np.nan)
        for mosaic in self._mosaics:
            missing = np.isnan(heights)
            heights[missing] = mosaic.sample(lon[missing], lat[missing])
        return heights


def _lay_around(tile: ElevationTile) -> Iterator[ElevationTile]:
    """Lay a tile where it is, and a turn to the west and east where longitudes from -180 to 180 meet it there too.

    Models that count longitudes from 0 to 360 are found so, and the pixels beyond the end of those that do not.
    """
    yield tile
    crs = CRS.from_user_input(str(tile.grid.crs))
    if not crs.is_geographic:
        return
    turn = round(math.tau / crs.axis_info[0].unit_conversion_factor)
    affine = tile.grid.affine
    west, east = affine.c, affine.c + affine.a * int(tile.grid.shape[1])
    for shift in (-turn, turn):
        if west + shift - affine.a <= turn / 2 and east + shift + affine.a >= -turn / 2:
            grid = GeoBox(tile.grid.shape, Affine.translation(shift, 0) @ affine, tile.grid.crs)
            yield replace(tile, grid=grid)


def _group_tiles(tiles: Iterable[ElevationTile]) -> Iterator[_Mosaic]:
    """Put tiles with pixels of one lattice together."""
    rest = list(tiles)
    while rest:
        alone = _Mosaic((_Placed(rest[0], 0, 0),))
        places = [alone.find_place(tile) for tile in rest]
        yield _Mosaic(tuple(place for place in places if place is not None))
        rest = list(itertools.compress(rest, (place is None for place in places)))


def open_elevation(file: RasterFile, *, assume_crs: str | None = None) -> ElevationTile:
    """Open one file of an elevation model; heights are read later, by window.

    Parameters
    ----------
    file : RasterFile
    assume_crs : str, optional
        For a file that names no coordinate reference system.

    Raises
    ------
    InputError, UnsafeSource
        Where the file cannot be read.
    BandError, UnsupportedDtype, RadiometryError
        Where it holds several bands, a picture, or heights in feet.
    GeoreferenceError
        Without a place on the ground, rotated, or finer than `FINEST_M`.
    """
    header = read_header(file)
    _check_band(header, file.name)
    grid = read_grid(header, name=file.name, assume_crs=assume_crs)
    pixel = measure_pixel(grid, name=file.name)
    if pixel.finer_m < FINEST_M:
        raise BadGeoreference(
            f"{file.name}: pixels of {pixel.finer_m:.2g} m, expected heights {FINEST_M} m apart or more; average them "
            "first (gdalwarp -tr -r average)"
        )
    return ElevationTile(
        storage=Storage(file, (1,), nodata=header.nodata, internal_mask=header.internal_mask, absent=header.absent),
        grid=grid,
        posting_m=max(pixel.east_m, pixel.north_m),
        scale=header.scales[0],
        offset=header.offsets[0],
        licence=find_licence(header),
        notes=note_given_crs([header], assume_crs),
    )


def _check_band(header: Header, name: str) -> None:
    if len(header.dtypes) != 1:
        raise BandError(f"{name}: {len(header.dtypes)} bands, expected one, of heights; {_MODEL}")
    kind = header.dtypes[0]  # GDAL has names of types that NumPy does not know
    if not kind.startswith(("int", "uint", "float")) or kind in _BYTES:
        raise UnsupportedDtype(f"{name}: pixels of type {kind}, expected heights as float32 or int16; {_MODEL}")
    unit = (header.units[0] or find_vertical_unit(header)).strip().lower()
    if unit not in _METRES:
        raise RadiometryError(
            f"{name}: heights in {unit[:40]!r}, expected metres ('m'); if they are metres, say so in the file "
            "(gdal_edit.py -units m), else convert them first (gdal_calc.py)"
        )
