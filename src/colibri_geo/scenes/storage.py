"""How files hold the bands of a scene, and the source that reads them as one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.scenes.decoding import StoredArray, decode
from colibri_geo.scenes.directory import AbsentBlocks
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scaling import Scaling
from colibri_geo.scenes.scene import Block, BoolArray, CodeArray, frame_pixels, outside_block
from colibri_geo.scenes.warping import find_source_window, warp_block


@dataclass(frozen=True)
class StoredPixels:
    """Pixels of one window as the file holds them.

    Attributes
    ----------
    values : (B, M, N) ndarray of the file's dtype
    measured : (M, N) ndarray of bool
    saturated : (M, N) ndarray of bool
        Brighter than the sensor, or the file, can tell.
    """

    values: StoredArray
    measured: BoolArray
    saturated: BoolArray


@dataclass(frozen=True)
class Storage:
    """How a file holds bands, and how it tells that a pixel was not measured.

    Attributes
    ----------
    file : RasterFile
    indexes : tuple of int
        Band numbers in the file, one for each band that is used of it.
    nodata : float or None
        A pixel with this value in any band asked for was not measured.
    zero_is_nodata : bool
        Pixels that are 0 in all bands used were not measured. A single 0 may be deep shadow or water, so a nodata value
        of 0 that no specification backs is read in this way too.
    alpha : int or None
        Number of the alpha band; where it is 0, nothing was measured.
    internal_mask : bool
    absent : AbsentBlocks or None
    saturated : float or None
        Value that stands for saturation in any band.
    """

    file: RasterFile
    indexes: tuple[int, ...]
    nodata: float | None = None
    zero_is_nodata: bool = False
    alpha: int | None = None
    internal_mask: bool = False
    absent: AbsentBlocks | None = None
    saturated: float | None = None

    def read(self, window: Window, positions: Sequence[int]) -> StoredPixels:
        """Read the bands at `positions` (0 is the first that is used) in a window that lies inside the image."""
        wanted = [self.indexes[position] for position in positions]
        alpha = [] if self.alpha is None else [self.alpha]
        decoded = decode(self.file, [*wanted, *alpha], window, masked=self.internal_mask)
        values = decoded.values[: len(wanted)]
        missing = np.zeros(values.shape[1:], dtype=np.bool_)
        if values.dtype.kind == "f":
            missing |= ~np.isfinite(values).all(axis=0)
        if self.nodata is not None:
            missing |= (values == self.nodata).any(axis=0)
        if self.zero_is_nodata:
            missing |= self._is_collar(window, positions, values)
        if alpha:
            missing |= decoded.values[-1] == 0
        if decoded.masked is not None:
            missing |= decoded.masked
        if self.absent is not None:
            missing |= self.absent.mark(window)
        saturated = np.zeros_like(missing) if self.saturated is None else (values == self.saturated).any(axis=0)
        return StoredPixels(values, ~missing, saturated)

    def _is_collar(self, window: Window, positions: Sequence[int], values: StoredArray) -> BoolArray:
        """Find pixels that are 0 in all bands used, whichever are asked for."""
        zero: BoolArray = values[0] == 0
        for band in values[1:]:
            if zero.any():  # hardly any ground is 0 in the first
                zero &= band == 0
        others = [index for position, index in enumerate(self.indexes) if position not in positions]
        if others and zero.any():
            zero &= (decode(self.file, others, window).values == 0).all(axis=0)
        return zero


@dataclass(frozen=True)
class StoredBands:
    """The bands that a scene has from one file, and what their values mean.

    Attributes
    ----------
    storage : Storage
    grid : GeoBox
        Of the file.
    scaling : Scaling
    """

    storage: Storage
    grid: GeoBox
    scaling: Scaling

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions` in a window of the file's grid that lies inside the image."""
        stored = self.storage.read(window, positions)
        physical = self.scaling.to_physical(stored.values, positions)
        measured = stored.measured & self.scaling.is_plausible(physical)
        codes = np.where(stored.saturated, np.uint8(Unseen.SATURATION), np.uint8(Unseen.OBSERVED))
        return Block(physical, np.where(measured, codes, np.uint8(Unseen.NODATA)))

    def read_on(self, grid: GeoBox, window: Window, positions: Sequence[int]) -> Block:
        """Read a window of another grid of the same ground, which lies inside of that grid."""
        if grid == self.grid:
            return self.read(window, positions)
        place = cut_grid(grid, window)
        mine = find_source_window(self.grid, place)
        if mine.empty:
            return outside_block(len(positions), window)
        return warp_block(self.read(mine, positions), cut_grid(self.grid, mine), place)


@dataclass(frozen=True)
class BandPlace:
    """Where a band of a scene is: the number of the file among its `StoredBands`, and its position there."""

    part: int
    position: int


class Mask(Protocol):
    """What tells of pixels that were not seen; picklable, holds no open file."""

    def read(self, place: GeoBox) -> CodeArray:
        """Return `Unseen` codes for the pixels of a grid."""
        ...


@dataclass(frozen=True)
class RasterSource:
    """Reads windows of the files that hold the bands of one scene, and of the masks that belong to it.

    Attributes
    ----------
    grid : GeoBox
        The scene's.
    parts : tuple of StoredBands
    places : tuple of BandPlace
        One for each band of the scene.
    masks : tuple of Mask
    """

    grid: GeoBox
    parts: tuple[StoredBands, ...]
    places: tuple[BandPlace, ...]
    masks: tuple[Mask, ...] = ()

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions`; see `colibri_geo.scenes.scene.Source`."""
        inside = window.clipped(*self.grid.shape)
        if inside.empty:
            return outside_block(len(positions), window)
        block = self._read_bands(inside, [self.places[position] for position in positions])
        codes, place = block.unseen, cut_grid(self.grid, inside)
        for mask in self.masks:
            codes = np.maximum(codes, mask.read(place))
        measured = codes < Unseen.NODATA.value
        values = block.values if measured.all() else np.where(measured, block.values, np.float32(0))
        return frame_pixels(values, codes, at=inside, window=window)

    def _read_bands(self, window: Window, places: Sequence[BandPlace]) -> Block:
        numbers = sorted({place.part for place in places})
        if len(numbers) == 1:
            block = self.parts[numbers[0]].read_on(self.grid, window, [place.position for place in places])
            return Block(block.values, np.minimum(block.unseen, np.uint8(Unseen.NODATA)))
        values = np.zeros((len(places), window.rows, window.cols), dtype=np.float32)
        unseen = np.zeros((window.rows, window.cols), dtype=np.uint8)
        for number in numbers:
            rows = [row for row, place in enumerate(places) if place.part == number]
            block = self.parts[number].read_on(self.grid, window, [places[row].position for row in rows])
            values[rows] = block.values
            unseen = np.maximum(unseen, np.minimum(block.unseen, np.uint8(Unseen.NODATA)))
        return Block(values, unseen)
