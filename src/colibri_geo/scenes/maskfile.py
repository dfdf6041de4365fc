"""Masks beside an image, rasters or polygons on whatever grid, brought to the image's by nearest neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from pyproj import Transformer
from rasterio.features import rasterize
from shapely import Polygon

from colibri_geo.core.windows import Window
from colibri_geo.errors import InputError, NoOverlap, UnsupportedFormat
from colibri_geo.scenes.decoding import Header, StoredArray, decode, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.georeference import cut_grid, note_mask_crs, read_grid
from colibri_geo.scenes.masks import DECODERS, MaskCode, Unseen, check_scl
from colibri_geo.scenes.sampling import cover_windows
from colibri_geo.scenes.scene import CodeArray
from colibri_geo.scenes.warping import find_source_window, warp_codes

IndexArray = np.ndarray[Any, np.dtype[np.intp]]

_NOT_MEASURED = np.uint8(Unseen.NODATA)
_ON_EDGE_PX = 1e-6  # a pixel centre that falls on an edge of the mask's pixels belongs south and east of it
_SAMPLED_WINDOWS = 5  # a side
_WHOLE = 0.99  # of an image: what a mask lacks at its rim needs no word


@dataclass(frozen=True)
class MaskFile:
    """One band that tells what was not seen.

    Attributes
    ----------
    file : RasterFile
    grid : GeoBox
    code : MaskCode
        What its values mean.
    nodata : float or None
        Value that stands for ground that was not classified, where the file may say one.
    index : int
        Number of the band, from 1.
    """

    file: RasterFile
    grid: GeoBox
    code: MaskCode = MaskCode.SCL
    nodata: float | None = None
    index: int = 1

    def read(self, place: GeoBox) -> CodeArray:
        """Read the mask on the pixels of `place`, each from the pixel of the mask that its centre lies in.

        Returns
        -------
        (M, N) ndarray of uint8, `Unseen` codes
            Ground outside of the mask was not measured.

        Raises
        ------
        InputError
            For codes that the mask cannot have.
        """
        return self._pick(place) if place.crs == self.grid.crs else self._warp(place)

    def read_stored(self, window: Window) -> StoredArray:
        """Read stored values of a window inside of the mask."""
        stored: StoredArray = decode(self.file, [self.index], window).values[0]
        return stored

    def _decode(self, window: Window) -> CodeArray:
        stored = self.read_stored(window)
        unclassified = np.zeros(stored.shape, bool) if self.nodata is None else stored == self.nodata
        known = np.where(unclassified, stored.dtype.type(0), stored)
        codes: CodeArray = DECODERS[self.code](known, source=self.file.name)
        codes[unclassified] = _NOT_MEASURED
        return codes

    def _pick(self, place: GeoBox) -> CodeArray:
        mine, theirs = self.grid.affine, place.affine
        rows = _find_indexes(place.shape[0], theirs.e / mine.e, (theirs.f - mine.f) / mine.e)
        cols = _find_indexes(place.shape[1], theirs.a / mine.a, (theirs.c - mine.c) / mine.a)
        down, right = self.grid.shape
        if _counts_up(rows, down) and _counts_up(cols, right):  # pixel for pixel, as most masks are
            return self._decode(Window(int(rows[0]), int(cols[0]), len(rows), len(cols)))
        inside = np.ix_((rows >= 0) & (rows < down), (cols >= 0) & (cols < right))
        rows, cols = rows[inside[0].ravel()], cols[inside[1].ravel()]
        codes: CodeArray = np.full(tuple(place.shape), _NOT_MEASURED)
        if rows.size and cols.size:
            window = Window(int(rows[0]), int(cols[0]), int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1)
            codes[inside] = self._decode(window)[np.ix_(rows - rows[0], cols - cols[0])]
        return codes

    def _warp(self, place: GeoBox) -> CodeArray:
        window = find_source_window(self.grid, place)
        if window.empty:
            return np.full(tuple(place.shape), _NOT_MEASURED)
        return warp_codes(self._decode(window), cut_grid(self.grid, window), place, outside=int(_NOT_MEASURED))


@dataclass(frozen=True)
class OutlineMask:
    """Polygons around what was not seen.

    Attributes
    ----------
    polygons : tuple of shapely.Polygon
    crs : str
    code : Unseen
        Why it was not seen.
    """

    polygons: tuple[Polygon, ...]
    crs: str
    code: Unseen

    def read(self, place: GeoBox) -> CodeArray:
        """Return `Unseen` codes for the pixels of a grid: of those whose centre lies in a polygon."""
        shape = (int(place.shape[0]), int(place.shape[1]))
        near = [polygon for polygon in self._bring_to(place) if polygon.intersects(place.extent.geom)]
        if not near:
            return np.zeros(shape, dtype=np.uint8)
        codes: CodeArray = rasterize(near, shape, transform=place.affine, default_value=int(self.code), dtype="uint8")
        return codes

    def _bring_to(self, place: GeoBox) -> list[Polygon]:
        if place.crs == self.crs:
            return list(self.polygons)
        to_place = Transformer.from_crs(self.crs, str(place.crs), always_xy=True).transform
        return [
            shapely.transform(polygon, lambda points: np.column_stack(to_place(points[:, 0], points[:, 1])))
            for polygon in self.polygons
        ]


def open_mask(
    file: RasterFile,
    *,
    image: GeoBox,
    assume_crs: str | None = None,
    code: MaskCode = MaskCode.SCL,
    index: int = 1,
    alone: bool = True,
) -> MaskFile:
    """Open a mask and check that it can serve an image.

    Parameters
    ----------
    file : RasterFile
    image : GeoBox
        Grid of the image.
    assume_crs : str, optional
        For a file that names no coordinate reference system.
    code : MaskCode
    index : int
        Number of the band.
    alone : bool
        Whether the file may have this band only.

    Raises
    ------
    InputError, GeoreferenceError
        Not a raster of integers on a map grid, or a classification that only holds 0 and 1.
    NoOverlap
        Where it lies elsewhere than the image.
    """
    header = read_header(file)
    bands = len(header.dtypes)
    if index > bands or (alone and bands != 1):
        raise InputError(
            f"{file.name}: {bands} bands, expected a mask of {'one band' if alone else f'{index} or more'} "
            f"({code}); give such a mask"
        )
    _check_kind(header, file.name, code)
    grid = read_grid(header, name=file.name, assume_crs=assume_crs)
    if not _find_covered(grid, image).intersects(image.extent):
        raise NoOverlap(
            f"{file.name}: the mask lies elsewhere than the image; expected one of the same ground, check it"
        )
    # A nodata value of 0 that some archives declare for their fields of bits would make all that is clear unmeasured.
    mask = MaskFile(file, grid, code, header.nodata if code is MaskCode.SCL else None, index)
    if code is MaskCode.SCL:
        windows = cover_windows(header.rows, header.cols, _SAMPLED_WINDOWS)
        check_scl(np.concatenate([mask.read_stored(window).ravel() for window in windows]), source=file.name)
    return mask


def note_mask(mask: MaskFile, image: GeoBox, assume_crs: str | None) -> tuple[str, ...]:
    """Say what a user has to know of the mask that was given for an image."""
    share = (_find_covered(mask.grid, image) & image.extent).area / image.extent.area
    notes = note_mask_crs(mask.grid, assume_crs)
    if share >= _WHOLE:
        return notes
    part = f"its mask covers {100 * share:.2g} % of it: the rest counts as not measured; give a mask of the whole image"
    return (*notes, part)


def _find_covered(mask: GeoBox, image: GeoBox) -> Geometry:
    """Return the outline of a mask on the map of an image."""
    return mask.extent if mask.crs == image.crs else mask.extent.to_crs(str(image.crs))


def _check_kind(header: Header, name: str, code: MaskCode) -> None:
    kind = header.dtypes[0]  # GDAL has names of types that NumPy does not know
    if not kind.startswith(("int", "uint")):
        raise UnsupportedFormat(f"{name}: mask of type {kind}, expected integers ({code}); convert it first")


def _counts_up(indexes: IndexArray, length: int) -> bool:
    """Whether indexes are those of neighbours, all of them in a mask of `length` rows or columns."""
    inside = len(indexes) > 0 and indexes[0] >= 0 and indexes[-1] < length
    return bool(inside and (np.diff(indexes) == 1).all())


def _find_indexes(count: int, step: float, start: float) -> IndexArray:
    """Return the mask's row (or column) under each of `count` pixel centres, which lie `step` apart from `start` on."""
    indexes: IndexArray = np.floor(start + (np.arange(count) + 0.5) * step + _ON_EDGE_PX).astype(np.intp)
    return indexes
