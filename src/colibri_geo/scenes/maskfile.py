"""A scene classification beside an image, on whatever grid, brought to the image's by nearest neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.warp import reproject

from colibri_geo.core.windows import Window
from colibri_geo.errors import InputError, NoOverlap, UnsupportedFormat
from colibri_geo.scenes.decoding import open_tiff, open_unjudged, read_pixels
from colibri_geo.scenes.directory import read_directory
from colibri_geo.scenes.georeference import read_grid
from colibri_geo.scenes.masks import decode_scl
from colibri_geo.scenes.scene import CodeArray

IndexArray = np.ndarray[Any, np.dtype[np.intp]]

_NO_DATA = 0  # class of the classification, and what ground outside of the mask counts as
_ON_EDGE_PX = 1e-6  # a pixel centre that falls on an edge of the mask's pixels belongs south and east of it


@dataclass(frozen=True)
class MaskFile:
    """Sentinel-2 scene classification codes in a GeoTIFF.

    Attributes
    ----------
    path : Path
    grid : GeoBox
    nodata : float or None
        Value that stands for class 0, no data.
    """

    path: Path
    grid: GeoBox
    nodata: float | None

    def read(self, place: GeoBox) -> CodeArray:
        """Read the mask on the pixels of `place`, each from the pixel of the mask that its centre lies in.

        Returns
        -------
        (M, N) ndarray of uint8, `Unseen` codes
            Ground outside of the mask was not measured.

        Raises
        ------
        InputError
            For codes that the classification does not have.
        """
        with open_tiff(self.path) as dataset:
            codes = self._pick(dataset, place) if place.crs == self.grid.crs else self._warp(dataset, place)
        return decode_scl(codes, source=self.path.name)

    def _pick(self, dataset: rasterio.DatasetReader, place: GeoBox) -> np.ndarray[Any, Any]:
        mine, theirs = self.grid.affine, place.affine
        rows = _find_indexes(place.shape[0], theirs.e / mine.e, (theirs.f - mine.f) / mine.e)
        cols = _find_indexes(place.shape[1], theirs.a / mine.a, (theirs.c - mine.c) / mine.a)
        inside = np.ix_((rows >= 0) & (rows < dataset.height), (cols >= 0) & (cols < dataset.width))
        rows, cols = rows[inside[0].ravel()], cols[inside[1].ravel()]
        codes = np.full(tuple(place.shape), _NO_DATA, dtype=dataset.dtypes[0])
        if rows.size and cols.size:
            window = Window(int(rows[0]), int(cols[0]), int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1)
            found = read_pixels(dataset, 1, window)[np.ix_(rows - rows[0], cols - cols[0])]
            codes[inside] = found if self.nodata is None else np.where(found == self.nodata, _NO_DATA, found)
        return codes

    def _warp(self, dataset: rasterio.DatasetReader, place: GeoBox) -> np.ndarray[Any, Any]:
        codes = np.full(tuple(place.shape), _NO_DATA, dtype=dataset.dtypes[0])
        reproject(
            rasterio.band(dataset, 1),
            codes,
            src_transform=self.grid.affine,
            src_crs=str(self.grid.crs),
            dst_transform=place.affine,
            dst_crs=str(place.crs),
            resampling=Resampling.nearest,
            init_dest_nodata=False,
            tolerance=0,
        )
        return codes


def open_mask(path: Path, *, image: GeoBox, assume_crs: str | None) -> MaskFile:
    """Open a mask and check that it can serve an image.

    Parameters
    ----------
    path : Path
        A regular file.
    image : GeoBox
        Grid of the image.
    assume_crs : str or None
        For a file that names no coordinate reference system.

    Raises
    ------
    InputError, GeoreferenceError
        Not a GeoTIFF with one band of integers on a map grid.
    NoOverlap
        Where it lies elsewhere than the image.
    """
    directory = read_directory(path)
    if directory.bands != 1:
        raise InputError(
            f"{path.name}: {directory.bands} bands, expected a mask of one band in Sentinel-2 SCL codes; "
            "give such a mask"
        )
    with open_unjudged(path) as dataset:
        grid = read_grid(dataset, name=path.name, epsg=directory.epsg, assume_crs=assume_crs)
        kind, nodata = np.dtype(dataset.dtypes[0]), dataset.nodata
    if kind.kind not in "iu":
        raise UnsupportedFormat(
            f"{path.name}: mask of type {kind}, expected integers, Sentinel-2 SCL codes 0 to 11; convert it first"
        )
    covered = grid.extent if grid.crs == image.crs else grid.extent.to_crs(str(image.crs))
    if not covered.intersects(image.extent):
        raise NoOverlap(
            f"{path.name}: the mask lies elsewhere than the image; expected one of the same ground, check it"
        )
    return MaskFile(path, grid, nodata)


def _find_indexes(count: int, step: float, start: float) -> IndexArray:
    """Return the mask's row (or column) under each of `count` pixel centres, which lie `step` apart from `start` on."""
    indexes: IndexArray = np.floor(start + (np.arange(count) + 0.5) * step + _ON_EDGE_PX).astype(np.intp)
    return indexes
