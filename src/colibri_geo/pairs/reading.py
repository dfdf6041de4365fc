"""Read a scene on another grid, moved by a sub-pixel shift, resampled once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.warp import reproject

from colibri_geo.core.resample import KERNEL_MARGIN_PX, translate
from colibri_geo.core.windows import Window
from colibri_geo.scenes import Scene, Unseen
from colibri_geo.scenes.georeference import cut_grid, map_to_pixel
from colibri_geo.scenes.scene import Block

_SAME_PX = 1e-3
_UNSHIFTED_PX = 0.02
_SOURCE_MARGIN_PX = 4


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
    """

    scene: Scene
    bands: tuple[str, ...]
    grid: GeoBox
    shift_row_px: float = 0.0
    shift_col_px: float = 0.0

    def read(self, window: Window) -> Block:
        """Read a window of the pair's grid; masks by nearest neighbour, values by cubic convolution where they move."""
        if self._is_translation:
            return self._read_translated(window)
        return self._read_warped(window)

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
        source_window = _find_source_window(self.scene.grid, target)
        values = np.zeros((len(self.bands), window.rows, window.cols), dtype=np.float32)
        unseen = np.full((window.rows, window.cols), Unseen.OUTSIDE, dtype=np.uint8)
        if source_window.empty:
            return Block(values, unseen)
        block = self.scene.read_block(source_window, self.bands)
        places = {
            "src_transform": cut_grid(self.scene.grid, source_window).affine,
            "src_crs": str(self.scene.grid.crs),
            "dst_transform": target.affine,
            "dst_crs": str(target.crs),
            "tolerance": 0,
            # Else GDAL takes the size of its kernel from each piece that it is given, and the cut would show.
            "XSCALE": 1,
            "YSCALE": 1,
        }
        # Codes are moved up by one, so that 0 marks ground that the scene does not reach.
        codes = np.zeros_like(unseen)
        reproject(
            block.unseen + np.uint8(1), codes, resampling=Resampling.nearest, src_nodata=0, dst_nodata=0, **places
        )
        unseen = np.where(codes == 0, np.uint8(Unseen.OUTSIDE), codes - np.uint8(1)).astype(np.uint8)
        measured = _measured(block)
        pixels = np.where(measured, block.values, np.float32(np.nan))
        reproject(
            pixels,
            values,
            resampling=Resampling.cubic,
            src_nodata=np.nan,
            dst_nodata=np.nan,
            init_dest_nodata=True,
            **places,
        )
        return Block(np.nan_to_num(values, nan=0.0), unseen)


def _measured(block: Block) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(block.unseen < Unseen.NODATA)


def _split(offset_px: float) -> tuple[int, float]:
    """Split an offset into whole pixels and a fraction in [0, 1); what is within 1/50 px of a whole pixel is whole."""
    whole = round(offset_px)
    if abs(offset_px - whole) < _UNSHIFTED_PX:
        return whole, 0.0
    return math.floor(offset_px), offset_px - math.floor(offset_px)


def _find_source_window(source: GeoBox, target: GeoBox) -> Window:
    """Pixels of `source` under `target`, with a margin for the kernel; empty where they lie apart."""
    steps: float = max(target.boundingbox.span_x, target.boundingbox.span_y) / 20
    extent = target.extent if target.crs == source.crs else target.extent.to_crs(str(source.crs), resolution=steps)
    box = extent.boundingbox
    corners = [map_to_pixel(source, x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    rows, cols = [corner.row for corner in corners], [corner.col for corner in corners]
    first_row, first_col = math.floor(min(rows)), math.floor(min(cols))
    window = Window(first_row, first_col, math.ceil(max(rows)) - first_row, math.ceil(max(cols)) - first_col)
    return window.padded(_SOURCE_MARGIN_PX).clipped(*(int(n) for n in source.shape))
