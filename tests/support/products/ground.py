"""One simulated ground, on two dates, from which the makers of products write what each sensor would deliver."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from colibri_geo.sim import Cloud, SceneSpec, Strip, TruthStrip, simulate_pair
from tests.support.small_pair import pair_grid

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
SIDE_PX = 264
"""Pixels of 10 m along each side: 2640 m are whole pixels of 3, 10, 20, 30 and 60 m."""
STRIP = Strip((620.0, 700.0), (1720.0, 1640.0), width_m=30.0)

Array = np.ndarray[Any, Any]


@dataclasses.dataclass(frozen=True)
class Ground:
    """What a perfect sensor sees of one ground on one date.

    Attributes
    ----------
    values : (B, M, N) ndarray of float32, surface reflectance
        In the order of `BANDS`; 0 in all bands where not measured.
    scl : (M, N) ndarray of uint8, Sentinel-2 SCL codes
    grid : GeoBox
        UTM, 10 m unless brought to another pixel size.
    acquired : datetime
        UTC.
    """

    values: Array
    scl: Array
    grid: GeoBox
    acquired: datetime

    @property
    def pixel_m(self) -> float:
        """Side of a pixel."""
        return float(self.grid.affine.a)

    @property
    def epsg(self) -> int:
        """Code of the UTM zone."""
        return int(str(self.grid.crs).removeprefix("EPSG:"))

    def band(self, name: str) -> Array:
        """Return one band by its common name, (M, N) ndarray of float32."""
        values: Array = self.values[BANDS.index(name)]
        return values

    def at(self, pixel_m: float) -> Ground:
        """Return the same ground in pixels of another size: averaged to larger ones, interpolated to smaller ones."""
        if pixel_m == self.pixel_m:
            return self
        factor = pixel_m / self.pixel_m
        grid = resize_grid(self.grid, pixel_m)
        if factor > 1:
            whole = int(factor)
            assert whole == factor, "whole pixels only"
            return Ground(average(self.values, whole), coarsen(self.scl, whole), grid, self.acquired)
        rows, cols = ((np.arange(side) + 0.5) * factor - 0.5 for side in grid.shape)
        places = np.meshgrid(rows, cols, indexing="ij")
        finer = [ndimage.map_coordinates(band, places, order=1, mode="nearest") for band in self.values]
        codes = self.scl[np.ix_(np.rint(rows).astype(int), np.rint(cols).astype(int))]
        return Ground(np.stack(finer).astype(np.float32), codes, grid, self.acquired)


@dataclasses.dataclass(frozen=True)
class GroundPair:
    """Both dates of one ground, and the strips that were planted."""

    before: Ground
    after: Ground
    truth: tuple[TruthStrip, ...]


def average(values: Array, factor: int) -> Array:
    """Average blocks of ``factor`` by ``factor`` pixels, (B, M, N) to (B, M / factor, N / factor)."""
    bands, rows, cols = values.shape
    blocks = values.reshape(bands, rows // factor, factor, cols // factor, factor)
    averaged: Array = blocks.mean(axis=(2, 4), dtype=np.float64).astype(np.float32)
    return averaged


def coarsen(codes: Array, factor: int) -> Array:
    """Take the code in the middle of each block of ``factor`` by ``factor`` pixels."""
    middle: Array = codes[factor // 2 :: factor, factor // 2 :: factor]
    return middle


def resize_grid(grid: GeoBox, pixel_m: float) -> GeoBox:
    """Return the grid of the same ground in pixels of another size."""
    a = grid.affine
    rows, cols = (round(side * a.a / pixel_m) for side in grid.shape)
    return GeoBox((rows, cols), Affine(pixel_m, 0, a.c, 0, -pixel_m, a.f), grid.crs)


@cache
def make_ground(
    *,
    seed: int = 17,
    side_px: int = SIDE_PX,
    strips: tuple[Strip, ...] = (STRIP,),
    clouds: tuple[Cloud, ...] = (),
    before: datetime | None = None,
    after: datetime | None = None,
    memory: float = 0.65,
    crs: str = "EPSG:32618",
) -> GroundPair:
    """Simulate both dates of a forest with one new strip; the arrays are shared, so do not write to them.

    Parameters
    ----------
    seed : int
    side_px : int
        Pixels of 10 m along each side; keep it a multiple of 6.
    strips, clouds : tuple
        Places in metres from the lower left corner.
    before, after : datetime, optional
        Acquisition times, UTC; 2025-01-10 and 2025-03-21, 15:20 by default.
    memory : float
        Share of the ground's texture that both dates have in common.
    crs : str

    Returns
    -------
    GroundPair
    """
    spec = SceneSpec(
        seed=seed, rows=side_px, cols=side_px, bands=BANDS, strips=strips, clouds=clouds, memory=memory, crs=crs
    )
    spec = dataclasses.replace(
        spec,
        before=dataclasses.replace(spec.before, acquired=before or spec.before.acquired),
        after=dataclasses.replace(spec.after, acquired=after or spec.after.acquired),
    )
    pair, grid = simulate_pair(spec), pair_grid(spec)
    for array in (pair.before, pair.after, pair.before_scl, pair.after_scl):
        array.flags.writeable = False
    return GroundPair(
        Ground(pair.before, pair.before_scl, grid, spec.before.acquired),
        Ground(pair.after, pair.after_scl, grid, spec.after.acquired),
        pair.truth,
    )


def to_integers(
    values: Array, *, per_unit: float = 10_000, added: float = 0, nodata: int = 0, dtype: str = "uint16"
) -> Array:
    """Store reflectance as integers: ``stored = value * per_unit + added``; pixels of 0 in all bands become nodata.

    Parameters
    ----------
    values : (B, M, N) or (M, N) ndarray, reflectance
    per_unit, added : float
    nodata : int
    dtype : str

    Returns
    -------
    ndarray of `dtype`, of the same shape
    """
    limits = np.iinfo(dtype)
    stored: Array = np.clip(np.rint(values * per_unit + added), limits.min, limits.max).astype(dtype)
    empty = values == 0 if values.ndim == 2 else (values == 0).all(axis=0)
    stored[..., ~empty] = np.where(stored[..., ~empty] == nodata, nodata + 1, stored[..., ~empty])
    stored[..., empty] = nodata
    return stored


def write_gtiff(
    path: Path,
    values: Array,
    grid: GeoBox,
    *,
    nodata: float | None = None,
    tags: Mapping[str, str] | None = None,
    descriptions: Sequence[str | None] = (),
    **options: object,
) -> Path:
    """Write a tiled GeoTIFF; folders that are missing are made.

    Parameters
    ----------
    path : Path
    values : (B, M, N) or (M, N) ndarray
    grid : GeoBox
    nodata : float, optional
    tags : mapping of str to str, optional
        GDAL metadata, TIFF tags among them.
    descriptions : sequence of str or None
        One a band.
    options
        Of the creation, in place of the defaults (``compress``, ``blockxsize``...).
    """
    profile = {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "band", "compress": "deflate"}
    bands = values[None] if values.ndim == 2 else values
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", driver="GTiff", **_describe(bands, grid, nodata), **{**profile, **options}) as file:
        file.write(bands)
        if descriptions:
            file.descriptions = tuple(descriptions)
        if tags:
            file.update_tags(**tags)
    return path


def write_jp2(path: Path, values: Array, grid: GeoBox, *, nodata: float | None = None, **options: object) -> Path:
    """Write a JPEG 2000 file without loss, with GMLJP2 and GeoJP2 boxes; folders that are missing are made.

    Parameters
    ----------
    path : Path
    values : (B, M, N) or (M, N) ndarray of uint8 or uint16
    grid : GeoBox
    nodata : float, optional
        Makes a side file; archives declare none in their JPEG 2000 files.
    options
        Of the creation.
    """
    lossless = {"QUALITY": "100", "REVERSIBLE": "YES", "YCC": "NO"}
    bands = values[None] if values.ndim == 2 else values
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {**_describe(bands, grid, nodata), **lossless, **options}
    with rasterio.open(path, "w", driver="JP2OpenJPEG", **profile) as file:
        file.write(bands)
    return path


def _describe(bands: Array, grid: GeoBox, nodata: float | None) -> dict[str, object]:
    return {
        "count": len(bands),
        "height": grid.shape[0],
        "width": grid.shape[1],
        "dtype": bands.dtype.name,
        "crs": str(grid.crs),
        "transform": grid.affine,
        "nodata": nodata,
    }
