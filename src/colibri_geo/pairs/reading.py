"""Read a scene on another grid, moved by a sub-pixel shift, resampled once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import KERNEL_MARGIN_PX, translate
from colibri_geo.core.windows import Window
from colibri_geo.scenes import Scene, Unseen
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.scene import Block, outside_block
from colibri_geo.scenes.warping import find_source_window, warp_block

_SAME_PX = 1e-3
_UNSHIFTED_PX = 0.02


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
        block = self._read_translated(window) if self._is_translation else self._read_warped(window)
        if not self.added:
            return block
        return Block(np.where(_measured(block), block.values + np.float32(self.added), block.values), block.unseen)

    @property
    def _is_translation(self) -> bool:
        mine, pairs = self.scene.grid.affine, self.grid.affine
        same_size = all(math.isclose(a, b, rel_tol=_SAME_PX * 1e-2) for a, b in ((mine.a, pairs.a), (mine.e, pairs.e)))
        return bool(same_size and not (mine.b or mine.d) and self.scene.grid.crs == self.grid.crs)

    def _read_translated(self, window: Window) -> Block:
        mine, pairs = self.scene.grid.affine, self.grid.affine
        row, row_fraction = _split((pairs.f - mine.f) / mine.e + self.shift_row_px)
        col, col_fraction = _split((pairs.c - mine.c) / mine.a + self.shift_col_px)
        at = Window(window.row + row, window.col + col, window.rows, window.cols)
        if not (row_fraction or col_fraction):
            return self.scene.read_block(at, self.bands)
        block = self.scene.read_block(at.padded(KERNEL_MARGIN_PX), self.bands)
        values = translate(block.values, _measured(block), row_fraction=row_fraction, col_fraction=col_fraction)
        first_row, first_col = KERNEL_MARGIN_PX + round(row_fraction), KERNEL_MARGIN_PX + round(col_fraction)
        unseen = block.unseen[first_row : first_row + window.rows, first_col : first_col + window.cols]
        return Block(values, unseen)

    def _read_warped(self, window: Window) -> Block:
        target = cut_grid(self.grid, window, shift_row_px=self.shift_row_px, shift_col_px=self.shift_col_px)
        mine = find_source_window(self.scene.grid, target)
        if mine.empty:
            return outside_block(len(self.bands), window)
        return warp_block(self.scene.read_block(mine, self.bands), cut_grid(self.scene.grid, mine), target)


def _measured(block: Block) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(block.unseen < Unseen.NODATA)


def _split(offset_px: float) -> tuple[int, float]:
    """Split an offset into whole pixels and a fraction in [0, 1); what is within 1/50 px of a whole pixel is whole."""
    whole = round(offset_px)
    if abs(offset_px - whole) < _UNSHIFTED_PX:
        return whole, 0.0
    return math.floor(offset_px), offset_px - math.floor(offset_px)
