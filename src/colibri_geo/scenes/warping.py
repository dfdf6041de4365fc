"""Pixels brought from one grid onto another: values by cubic convolution, codes by nearest neighbour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.warp import reproject

from colibri_geo.core.resample import ENLARGING_MARGIN_PX, enlarge
from colibri_geo.core.windows import Window
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Block, frame_pixels

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
StoredArray = np.ndarray[Any, np.dtype[Any]]

_SOURCE_MARGIN_PX = 4
_KERNEL_PX = 3
_EDGE_POINTS = 21
_SAME_SIZE = 1e-9  # over 100,000 pixels less than the next: a window nests wherever it lies
_SAME_PLACE_PX = 1e-3
_NESTED = (2, 4)  # as 10 m in 20 m; of these, weights are binary fractions, so that no window shows


def find_source_window(source: GeoBox, target: GeoBox) -> Window:
    """Pixels of `source` under `target`, with a margin for the kernel; empty where they lie apart."""
    return _find_under(source, target).padded(_SOURCE_MARGIN_PX).clipped(*(int(n) for n in source.shape))


def _find_under(source: GeoBox, target: GeoBox) -> Window:
    rows, cols = _walk_edge(*(int(side) for side in target.shape))
    a, back = target.affine, ~source.affine
    east, north = a.c + a.a * cols + a.b * rows, a.f + a.d * cols + a.e * rows
    if target.crs is not None and source.crs is not None and target.crs != source.crs:
        east, north = target.crs.transformer_to_crs(source.crs)(east, north)
    rows, cols = back.f + back.d * east + back.e * north, back.c + back.a * east + back.b * north
    there = np.isfinite(rows) & np.isfinite(cols)  # what lies beyond the projection of the source is not on it
    if not there.any():
        return Window(0, 0, 0, 0)
    first_row, first_col = math.floor(rows[there].min()), math.floor(cols[there].min())
    last_row, last_col = math.ceil(rows[there].max()), math.ceil(cols[there].max())
    return Window(first_row, first_col, last_row - first_row, last_col - first_col)


def _walk_edge(rows: int, cols: int) -> tuple[FloatArray, FloatArray]:
    """Rows and columns of points around the edge of a grid: a side that is straight here may bend elsewhere."""
    down, right = np.linspace(0, rows, _EDGE_POINTS), np.linspace(0, cols, _EDGE_POINTS)
    return (
        np.concatenate([down, down, np.zeros_like(right), np.full_like(right, rows)]),
        np.concatenate([np.zeros_like(down), np.full_like(down, cols), right, right]),
    )


def warp_block(block: Block, source: GeoBox, target: GeoBox) -> Block:
    """Bring a block onto another grid; ground that it does not reach is `Unseen.OUTSIDE`.

    Parameters
    ----------
    block : Block
    source : GeoBox
        Grid of the block.
    target : GeoBox

    Returns
    -------
    Block
    """
    shape = (int(target.shape[0]), int(target.shape[1]))
    nesting = _find_nesting(source, target)
    if nesting is not None:
        return _enlarge_block(block, nesting.factor, Window(nesting.row, nesting.col, *shape))
    values = np.zeros((len(block.values), *shape), dtype=np.float32)
    measured = block.unseen < Unseen.NODATA.value
    under = _find_under(source, target).padded(_KERNEL_PX)
    covered = under == under.clipped(*(int(n) for n in source.shape))
    if covered and (block.unseen == block.unseen[0, 0]).all():
        unseen = np.full(shape, block.unseen[0, 0])
    else:  # codes are moved up by one, so that 0 marks ground that the block does not reach
        codes = warp_codes(block.unseen + np.uint8(1), source, target, outside=0)
        unseen = np.where(codes == 0, np.uint8(Unseen.OUTSIDE), codes - np.uint8(1)).astype(np.uint8)
    if measured.all() and covered:
        stored, missing = block.values, {}  # the same values three times as fast: GDAL need not look for gaps
    else:
        stored = np.where(measured, block.values, np.float32(np.nan))
        missing = {"src_nodata": np.nan, "dst_nodata": np.nan, "init_dest_nodata": True}
    reproject(
        stored,
        values,
        resampling=Resampling.cubic,
        **missing,
        # Else GDAL takes the size of its kernel from each piece that it is given, and the cut would show.
        XSCALE=1,
        YSCALE=1,
        **_places(source, target),
    )
    return Block(np.nan_to_num(values, nan=0.0), unseen)


@dataclass(frozen=True)
class _Nesting:
    """How the pixels of a grid lie in those of a coarser one.

    Attributes
    ----------
    factor : int
        How many make one of the coarser, in each direction.
    row, col : int
        Of the first pixel, counted in such pixels from the first of the coarser grid.
    """

    factor: int
    row: int
    col: int


def _find_nesting(coarse: GeoBox, fine: GeoBox) -> _Nesting | None:
    """Find how a grid nests in a coarser one, as 10 m pixels do in those of 20 m; None where it does not."""
    theirs, mine = coarse.affine, fine.affine
    if coarse.crs != fine.crs or any((theirs.b, theirs.d, mine.b, mine.d)):
        return None
    factor = round(theirs.a / mine.a)
    sides = (theirs.a / mine.a, theirs.e / mine.e)
    if factor not in _NESTED or any(abs(side / factor - 1) > _SAME_SIZE for side in sides):
        return None
    row, col = (mine.f - theirs.f) / mine.e, (mine.c - theirs.c) / mine.a
    if any(abs(place - round(place)) > _SAME_PLACE_PX for place in (row, col)):
        return None
    return _Nesting(factor, round(row), round(col))


def _enlarge_block(block: Block, factor: int, window: Window) -> Block:
    """Cut a window of smaller pixels, counted from the first of a block; faster than warping, mostly beside gaps."""
    around = window.snapped(factor)
    under = Window(*(side // factor for side in (around.row, around.col, around.rows, around.cols)))
    needed = under.padded(ENLARGING_MARGIN_PX)
    there = needed.clipped(*block.unseen.shape)
    near = frame_pixels(block.values[:, *there.slices], block.unseen[there.slices], at=there, window=needed)
    values = enlarge(near.values, near.unseen < Unseen.NODATA.value, factor)
    codes = near.unseen[under.relative_to(needed).slices].repeat(factor, axis=0).repeat(factor, axis=1)
    inner = window.relative_to(around).slices
    return Block(values[:, *inner], codes[inner])


def warp_codes(codes: StoredArray, source: GeoBox, target: GeoBox, *, outside: int) -> StoredArray:
    """Bring codes onto another grid, each pixel from the pixel that its centre lies in.

    Parameters
    ----------
    codes : (M, N) ndarray of integers
    source : GeoBox
        Grid of the codes.
    target : GeoBox
    outside : int
        Code of ground that they do not reach.

    Returns
    -------
    ndarray of the same dtype, in the shape of `target`
    """
    warped: StoredArray = np.full(tuple(target.shape), outside, dtype=codes.dtype)
    reproject(codes, warped, resampling=Resampling.nearest, init_dest_nodata=False, **_places(source, target))
    return warped


def _places(source: GeoBox, target: GeoBox) -> dict[str, Any]:
    return {
        "src_transform": source.affine,
        "src_crs": str(source.crs),
        "dst_transform": target.affine,
        "dst_crs": str(target.crs),
        "tolerance": 0,
    }
