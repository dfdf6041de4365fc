"""Read a scene on another grid, moved by a sub-pixel shift, resampled once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import KERNEL_MARGIN_PX, Coarse, average_blocks, translate
from colibri_geo.core.windows import Window
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Block, CodeArray, Scene, outside_block
from colibri_geo.scenes.warping import find_source_window, warp_block

_SAME_PX = 1e-3
_UNSHIFTED_PX = 0.02


_CHUNK_PX = 200_000  # pixels of a band read at once, where they are averaged at once: they stay in the cache


@dataclass(frozen=True)
class CoarseBlock:
    """Pixels of one window, averaged.

    Attributes
    ----------
    coarse : Coarse
        Of M // factor by N // factor pixels.
    unseen : (M, N) ndarray of uint8, `Unseen` codes
    """

    coarse: Coarse
    unseen: CodeArray


@dataclass(frozen=True)
class Placement:
    """How a scene's pixels come to lie on a pair's grid.

    Attributes
    ----------
    scene : Scene
    bands : tuple of str
    grid : GeoBox
        The pair's.
    shift_row_px, shift_col_px : float
        Where the scene's content lies relative to its own place, in pixels of `grid`; undone on reading.
    added : float
        Added to what was measured.
    """

    scene: Scene
    bands: tuple[str, ...]
    grid: GeoBox
    shift_row_px: float = 0.0
    shift_col_px: float = 0.0
    added: float = 0.0

    def read(self, window: Window) -> Block:
        """Read a window of the pair's grid; masks by nearest neighbour, values by cubic convolution where they move."""
        return self._read_translated(window) if self._is_translation else self._read_warped(window)

    def read_coarse(self, window: Window, factor: int) -> CoarseBlock:
        """Read a window averaged over blocks of `factor` by `factor` pixels.

        The whole image is never held in its own pixels, and it moves by fractions of a pixel after it is averaged.

        Parameters
        ----------
        window : Window
            Whose edges are multiples of `factor`.
        factor : int
        """
        row, col = self._fractions
        around = window.padded(KERNEL_MARGIN_PX * factor) if row or col else window
        block = self._average(around, factor)
        if not (row or col):
            return block
        still = block.coarse
        image = translate(still.image, still.seen, row_fraction=row / factor, col_fraction=col / factor)
        down, right = KERNEL_MARGIN_PX + round(row / factor), KERNEL_MARGIN_PX + round(col / factor)
        seen = still.seen[down : down + image.shape[1], right : right + image.shape[2]]
        first_row, first_col = KERNEL_MARGIN_PX * factor + round(row), KERNEL_MARGIN_PX * factor + round(col)
        unseen = block.unseen[first_row : first_row + window.rows, first_col : first_col + window.cols]
        image *= seen
        return CoarseBlock(Coarse(image, seen), unseen)

    @property
    def _fractions(self) -> tuple[float, float]:
        """Fractions of a pixel by which the image moves once it is read; none where it is warped as it is read."""
        if not self._is_translation:
            return 0.0, 0.0
        return _split(self._offset_px[0])[1], _split(self._offset_px[1])[1]

    @property
    def _offset_px(self) -> tuple[float, float]:
        """Rows and columns from the scene's own pixels to those that are read for the pair's."""
        mine, pairs = self.scene.grid.affine, self.grid.affine
        return (pairs.f - mine.f) / mine.e + self.shift_row_px, (pairs.c - mine.c) / mine.a + self.shift_col_px

    def _average(self, window: Window, factor: int) -> CoarseBlock:
        """Read a window chunk by chunk, moved by whole pixels only, and average each."""
        rows, cols = window.rows // factor, window.cols // factor
        image = np.empty((len(self.bands), rows, cols), dtype=np.float32)
        seen, unseen = np.empty((rows, cols), dtype=np.bool_), np.empty((window.rows, window.cols), dtype=np.uint8)
        step = max(1, _CHUNK_PX // (window.cols * factor))
        # From below: what was read last is still decoded when strips are measured, from the top.
        for row in reversed(range(0, rows, step)):
            chunk = Window(window.row + row * factor, window.col, min(step, rows - row) * factor, window.cols)
            block = self._read_unmoved(chunk)
            coarse = average_blocks(block.values, block.valid, factor)
            image[:, row : row + step], seen[row : row + step] = coarse.image, coarse.seen
            unseen[row * factor : (row + step) * factor] = block.unseen
        return CoarseBlock(Coarse(image, seen), unseen)

    def _read_unmoved(self, window: Window) -> Block:
        if not self._is_translation:
            return self._read_warped(window)
        row, col = (_split(offset)[0] for offset in self._offset_px)
        at = Window(window.row + row, window.col + col, window.rows, window.cols)
        return self._read_own(at)

    def _read_own(self, window: Window) -> Block:
        """Read a window of the scene's own pixels; what has to be added to them is added before they move."""
        block = self.scene.read_block(window, self.bands)
        if not self.added:
            return block
        return Block(np.where(_measured(block), block.values + np.float32(self.added), block.values), block.unseen)

    @property
    def _is_translation(self) -> bool:
        mine, pairs = self.scene.grid.affine, self.grid.affine
        same_size = all(math.isclose(a, b, rel_tol=_SAME_PX * 1e-2) for a, b in ((mine.a, pairs.a), (mine.e, pairs.e)))
        return bool(same_size and not (mine.b or mine.d) and self.scene.grid.crs == self.grid.crs)

    def _read_translated(self, window: Window) -> Block:
        (row, row_fraction), (col, col_fraction) = (_split(offset) for offset in self._offset_px)
        at = Window(window.row + row, window.col + col, window.rows, window.cols)
        if not (row_fraction or col_fraction):
            return self._read_own(at)
        block = self._read_own(at.padded(KERNEL_MARGIN_PX))
        values = translate(block.values, _measured(block), row_fraction=row_fraction, col_fraction=col_fraction)
        first_row, first_col = KERNEL_MARGIN_PX + round(row_fraction), KERNEL_MARGIN_PX + round(col_fraction)
        unseen = block.unseen[first_row : first_row + window.rows, first_col : first_col + window.cols]
        return Block(values, unseen)

    def _read_warped(self, window: Window) -> Block:
        target = cut_grid(self.grid, window, shift_row_px=self.shift_row_px, shift_col_px=self.shift_col_px)
        mine = find_source_window(self.scene.grid, target)
        if mine.empty:
            return outside_block(len(self.bands), window)
        return warp_block(self._read_own(mine), cut_grid(self.scene.grid, mine), target)


def _measured(block: Block) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(block.unseen < Unseen.NODATA.value)


def _split(offset_px: float) -> tuple[int, float]:
    """Split an offset into whole pixels and a fraction in [0, 1); what is within 1/50 px of a whole pixel is whole."""
    whole = round(offset_px)
    if abs(offset_px - whole) < _UNSHIFTED_PX:
        return whole, 0.0
    return math.floor(offset_px), offset_px - math.floor(offset_px)
