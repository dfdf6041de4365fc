"""Pictures for the report, cut from the pair: before and after of each strip, and the whole ground.

The only part of the package that reads pixels; everything after it works on tables, records and finished pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
from odc.geo.geobox import GeoBox
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from colibri_geo.core.windows import Window
from colibri_geo.pairs.model import PairModel
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.painting import (
    BoolArray,
    FloatArray,
    choose_bands,
    encode_jpeg,
    enlarge,
    fit_stretch,
    paint_change,
    paint_image,
)
from colibri_geo.reporting.profiles import StripProfiles, choose_telling_band, measure_profiles
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import CodeArray

PICTURE_PX = 420
MARGIN_M = 300.0
_CELL_PX = 512
_OVERVIEW_QUALITY = 75
_MOST_OVERVIEW_PX = 400e6  # of the pair: a minute or two of reading, for ground that then has 160 m a pixel


class PairPixels(Protocol):
    """Pixels of one window on both dates."""

    @property
    def before(self) -> FloatArray:
        """(B, M, N) ndarray of float32."""
        ...

    @property
    def after(self) -> FloatArray:
        """(B, M, N) ndarray of float32, on the same grid and matched to `before`."""
        ...

    @property
    def unseen_before(self) -> CodeArray:
        """(M, N) ndarray of uint8, `Unseen` codes."""
        ...

    @property
    def unseen_after(self) -> CodeArray:
        """(M, N) ndarray of uint8, `Unseen` codes."""
        ...


class PairReader(Protocol):
    """What is asked of a pair; `colibri_geo.pairs.AlignedPair` is one."""

    @property
    def grid(self) -> GeoBox:
        """The pair's grid."""
        ...

    @property
    def model(self) -> PairModel:
        """What was measured on the pair; its bands name those of the pixels."""
        ...

    def read(self, window: Window) -> PairPixels:
        """Read a window, which may reach beyond the grid."""
        ...


class ChangePixels(Protocol):
    """Change of one window."""

    @property
    def change(self) -> FloatArray:
        """(M, N) ndarray of float32, standard deviations of unchanged ground."""
        ...


class ChangeReader(Protocol):
    """What is asked of a change map; `colibri_geo.pairs.ChangeMap` is one."""

    def measure(self, block: Any) -> ChangePixels:  # noqa: ANN401 - the pixels that its pair gives
        """Compute the change of a window of the pair that was read."""
        ...


@dataclass(frozen=True)
class StripPicture:
    """The same stretch of ground around one strip, before and after.

    Attributes
    ----------
    strip_id : str
    before, after : bytes
        JPEG, drawn with one stretch.
    change : bytes or None
        JPEG of the signed change.
    width_px, height_px : int
    metres_per_px : float
    end1_px, end2_px : (col, row) tuple of float
        Ends of the strip's axis on the picture.
    north_deg : float
        Direction of true north, clockwise from the upper edge.
    bands : tuple of str
        Drawn as red, green and blue; a single one as grey.
    profiles : StripProfiles
        Across the axis and along it.
    """

    strip_id: str
    before: bytes
    after: bytes
    change: bytes | None
    width_px: int
    height_px: int
    metres_per_px: float
    end1_px: tuple[float, float]
    end2_px: tuple[float, float]
    north_deg: float
    bands: tuple[str, ...]
    profiles: StripProfiles


@dataclass(frozen=True)
class Overview:
    """The after image of the whole pair grid, small; ground that was not observed is flat grey.

    Attributes
    ----------
    image : bytes
        JPEG.
    width_px, height_px : int
    bands : tuple of str
    """

    image: bytes
    width_px: int
    height_px: int
    bands: tuple[str, ...]


@dataclass(frozen=True)
class _Sample:
    """Every `step`-th pixel of a window, of the bands that are drawn; the change is 0 where it is not measured."""

    before: FloatArray
    after: FloatArray
    change: FloatArray
    seen_before: BoolArray
    seen_after: BoolArray

    @property
    def observed(self) -> BoolArray:
        """(M, N) ndarray of bool: observed on both dates."""
        return self.seen_before & self.seen_after


@dataclass(frozen=True)
class _Crop:
    """A square of ground around one strip."""

    window: Window
    step: int
    pixel_m: float
    north_deg: float

    @property
    def metres_per_px(self) -> float:
        """Metres on the ground for a pixel of the picture."""
        return self.window.cols * self.pixel_m / PICTURE_PX

    def to_sample(self, place: Point) -> tuple[float, float]:
        """Bring a place on the grid to row and column of the pixels read; 0, 0 is the centre of the first."""
        return (
            (place.y - self.window.row - 0.5) / self.step,
            (place.x - self.window.col - 0.5) / self.step,
        )

    def to_picture(self, col: float, row: float) -> tuple[float, float]:
        """Bring a place on the grid to the picture."""
        return (
            (col - self.window.col) * PICTURE_PX / self.window.cols,
            (row - self.window.row) * PICTURE_PX / self.window.rows,
        )


def picture_strips(
    pair: PairReader, strips: gpd.GeoDataFrame, *, change: ChangeReader | None = None
) -> tuple[StripPicture, ...]:
    """Cut the before and after pictures of each strip, and measure its profiles.

    Parameters
    ----------
    pair : PairReader
    strips : GeoDataFrame
        Columns of ``docs/conventions.md``.
    change : ChangeReader, optional
        Without it there is no change picture.

    Returns
    -------
    tuple of StripPicture
        In the order of the table. A crop is a square with at least 300 m of ground around the strip.
    """
    ground = GroundGrid.from_geobox(pair.grid)
    axes = ground.to_pixels(strips.geometry)
    first = ground.to_pixels(_points(strips, "end1"))
    second = ground.to_pixels(_points(strips, "end2"))
    return tuple(
        _picture_strip(pair, str(strip_id), _plan_crop(axis, ground), (end1, end2), width_m=width_m, change=change)
        for strip_id, axis, end1, end2, width_m in zip(
            strips.index, axes, first, second, strips["width_m"], strict=True
        )
    )


def overview_picture(pair: PairReader, *, max_px: int = 1200) -> Overview | None:
    """Draw the after image of the whole pair, small.

    Parameters
    ----------
    pair : PairReader
        Read cell by cell, so memory stays small whatever the size of the pair.
    max_px : int
        The longer side of the picture is not above this.

    Returns
    -------
    Overview or None
        None for a pair of more than 400 megapixels: all of it would be read once more, for a picture that shows little.
    """
    rows, cols = (int(side) for side in pair.grid.shape)
    if rows * cols > _MOST_OVERVIEW_PX:
        return None
    step = max(1, math.ceil(max(rows, cols) / max_px))
    bands = choose_bands(pair.model.bands)
    sample = _read_sample(pair, Window(0, 0, rows, cols), step=step, bands=bands)
    colours = paint_image(sample.after, sample.observed, fit_stretch([sample.after], [sample.observed]))
    height_px, width_px = sample.observed.shape
    return Overview(encode_jpeg(colours, quality=_OVERVIEW_QUALITY), int(width_px), int(height_px), bands)


def _points(strips: gpd.GeoDataFrame, end: str) -> gpd.GeoSeries:
    return gpd.GeoSeries.from_xy(strips[f"{end}_lon"], strips[f"{end}_lat"], crs=4326)


def _plan_crop(axis: BaseGeometry, ground: GroundGrid) -> _Crop:
    west, top, east, bottom = axis.bounds
    col, row = (west + east) / 2, (top + bottom) / 2
    scale = ground.scale_at(col, row)
    side_m = max((east - west) * scale.col_m, (bottom - top) * scale.row_m) + 2 * MARGIN_M
    rows, cols = math.ceil(side_m / scale.row_m), math.ceil(side_m / scale.col_m)
    window = Window(math.floor(row - rows / 2), math.floor(col - cols / 2), rows, cols)
    step = max(1, max(rows, cols) // (2 * PICTURE_PX))
    return _Crop(window, step, scale.col_m, scale.north_deg)


def _picture_strip(
    pair: PairReader,
    strip_id: str,
    crop: _Crop,
    ends: tuple[Point, Point],
    *,
    width_m: float,
    change: ChangeReader | None,
) -> StripPicture:
    bands, telling = choose_bands(pair.model.bands), choose_telling_band(pair.model.bands)
    sample = _read_sample(pair, crop.window, step=crop.step, bands=(*bands, telling), change=change)
    images, seen = [sample.before[:-1], sample.after[:-1]], (sample.seen_before, sample.seen_after)
    stretch = fit_stretch(images, seen)
    before, after = (
        encode_jpeg(enlarge(paint_image(image, where, stretch), where, size_px=PICTURE_PX))
        for image, where in zip(images, seen, strict=True)
    )
    return StripPicture(
        strip_id=strip_id,
        before=before,
        after=after,
        change=None if change is None else _picture_change(sample),
        width_px=PICTURE_PX,
        height_px=PICTURE_PX,
        metres_per_px=crop.metres_per_px,
        end1_px=crop.to_picture(ends[0].x, ends[0].y),
        end2_px=crop.to_picture(ends[1].x, ends[1].y),
        north_deg=crop.north_deg,
        bands=bands,
        profiles=measure_profiles(
            sample.before[-1],
            sample.after[-1],
            seen,
            ends=(crop.to_sample(ends[0]), crop.to_sample(ends[1])),
            pixel_m=crop.pixel_m * crop.step,
            width_m=width_m,
            band=telling,
        ),
    )


def _picture_change(sample: _Sample) -> bytes:
    return encode_jpeg(enlarge(paint_change(sample.change, sample.observed), sample.observed, size_px=PICTURE_PX))


def _read_sample(
    pair: PairReader, window: Window, *, step: int, bands: tuple[str, ...], change: ChangeReader | None = None
) -> _Sample:
    positions = [pair.model.bands.index(band) for band in bands]
    shape = (math.ceil(window.rows / step), math.ceil(window.cols / step))
    before = np.zeros((len(bands), *shape), dtype=np.float32)
    after, changed = np.zeros_like(before), np.zeros(shape, dtype=np.float32)
    seen_before, seen_after = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for cell in _cells(window, step=step):
        pixels = pair.read(cell)
        place = cell.relative_to(window)
        rows = slice(place.row // step, math.ceil((place.row + place.rows) / step))
        cols = slice(place.col // step, math.ceil((place.col + place.cols) / step))
        before[:, rows, cols] = pixels.before[positions, ::step, ::step]
        after[:, rows, cols] = pixels.after[positions, ::step, ::step]
        seen_before[rows, cols] = pixels.unseen_before[::step, ::step] == Unseen.OBSERVED.value
        seen_after[rows, cols] = pixels.unseen_after[::step, ::step] == Unseen.OBSERVED.value
        if change is not None:
            changed[rows, cols] = change.measure(pixels).change[::step, ::step]
    return _Sample(before, after, changed, seen_before, seen_after)


def _cells(window: Window, *, step: int) -> Iterator[Window]:
    """Cut a window into cells whose sides are multiples of `step`, so that the sampled pixels stay on one lattice."""
    side = step * max(1, _CELL_PX // step)
    for row in range(window.row, window.row + window.rows, side):
        for col in range(window.col, window.col + window.cols, side):
            rows = min(side, window.row + window.rows - row)
            cols = min(side, window.col + window.cols - col)
            yield Window(row, col, rows, cols)
