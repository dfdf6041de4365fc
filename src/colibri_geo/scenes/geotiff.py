"""GeoTIFF and cloud-optimised GeoTIFF: one file that holds all bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.scenes.decoding import StoredArray, open_tiff, read_pixels, to_rasterio
from colibri_geo.scenes.directory import AbsentBlocks
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.maskfile import MaskFile
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scaling import Scaling
from colibri_geo.scenes.scene import Block, BoolArray, frame_pixels, outside_block


@dataclass(frozen=True)
class StoredPixels:
    """Pixels of one window as the file holds them.

    Attributes
    ----------
    values : (B, M, N) ndarray of the file's dtype
    measured : (M, N) ndarray of bool
    """

    values: StoredArray
    measured: BoolArray


@dataclass(frozen=True)
class Storage:
    """How a file holds the bands of a scene, and how it tells that a pixel was not measured.

    Attributes
    ----------
    indexes : tuple of int
        Band numbers in the file, one for each band of the scene.
    nodata : float or None
        Not 0: a pixel with this value in any band asked for was not measured.
    zero_is_nodata : bool
        Pixels that are 0 in all bands of the scene were not measured. A single 0 may be deep shadow or water, so a
        nodata value of 0 is read in this way too.
    alpha : int or None
        Number of the alpha band; where it is 0, nothing was measured.
    internal_mask : bool
    absent : AbsentBlocks or None
    """

    indexes: tuple[int, ...]
    nodata: float | None
    zero_is_nodata: bool
    alpha: int | None
    internal_mask: bool
    absent: AbsentBlocks | None

    def read(self, dataset: rasterio.DatasetReader, window: Window, positions: Sequence[int]) -> StoredPixels:
        """Read the bands at `positions` (0 is the scene's first band) in a window that lies inside the image."""
        values = read_pixels(dataset, [self.indexes[position] for position in positions], window)
        missing = np.zeros(values.shape[1:], dtype=np.bool_)
        if values.dtype.kind == "f":
            missing |= ~np.isfinite(values).all(axis=0)
        if self.nodata is not None:
            missing |= (values == self.nodata).any(axis=0)
        if self.zero_is_nodata:
            missing |= self._is_collar(dataset, window, positions, values)
        if self.alpha is not None:
            missing |= read_pixels(dataset, self.alpha, window) == 0
        if self.internal_mask:
            missing |= dataset.read_masks(1, window=to_rasterio(window)) == 0
        if self.absent is not None:
            missing |= self.absent.mark(window)
        return StoredPixels(values, ~missing)

    def _is_collar(
        self, dataset: rasterio.DatasetReader, window: Window, positions: Sequence[int], values: StoredArray
    ) -> BoolArray:
        """Find pixels that are 0 in all bands of the scene, whichever are asked for."""
        zero: BoolArray = (values == 0).all(axis=0)
        others = [index for position, index in enumerate(self.indexes) if position not in positions]
        if others and zero.any():
            zero &= (read_pixels(dataset, others, window) == 0).all(axis=0)
        return zero


@dataclass(frozen=True)
class GeoTiffSource:
    """Reads windows of one GeoTIFF and of the mask that belongs to it.

    Attributes
    ----------
    path : Path
    grid : GeoBox
    storage : Storage
    scaling : Scaling
    mask : MaskFile or None
    """

    path: Path
    grid: GeoBox
    storage: Storage
    scaling: Scaling
    mask: MaskFile | None

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions`; see `colibri_geo.scenes.scene.Source`."""
        inside = window.clipped(*self.grid.shape)
        if inside.empty:
            return outside_block(len(positions), window)
        with open_tiff(self.path) as dataset:
            stored = self.storage.read(dataset, inside, positions)
        physical = self.scaling.to_physical(stored.values, positions)
        measured = stored.measured & self.scaling.is_plausible(physical)
        codes = np.where(measured, np.uint8(Unseen.OBSERVED), np.uint8(Unseen.NODATA))
        if self.mask is not None:
            codes = np.maximum(codes, self.mask.read(cut_grid(self.grid, inside)))
        values = np.where(codes < Unseen.NODATA, physical, np.float32(0))
        return frame_pixels(values, codes, at=inside, window=window)
