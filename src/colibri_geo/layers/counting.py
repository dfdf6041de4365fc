"""What was seen of the ground of a cell: pixels counted by region, and squares of what was not observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import sum_blocks
from colibri_geo.errors import InputError
from colibri_geo.layers.pixels import IntArray, Lattice, PixelCover
from colibri_geo.layers.shapes import Shapes
from colibri_geo.pairs import NOT_ASKED, measure_pixel
from colibri_geo.scenes.masks import Unseen

DRAWN_M = 60.0
"""Most of the side of the squares of which unseen ground is drawn."""

_REASONS = np.array([code for code in Unseen if code is not Unseen.OBSERVED], dtype=np.uint8)
_STRIP_SQUARES = 32  # rows of squares gathered at once: what lies between stays in the cache

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class PixelCounts:
    """Pixels asked about and observed; counts of cells add up to the count of the whole, exactly, in any order.

    Attributes
    ----------
    asked_px, observed_px : (1 + R,) ndarray of int64
        All pixels first, then one number a region.
    asked_cm2 : (1 + R,) ndarray of int64
        Area on the ellipsoid of the pixels asked about, square centimetres.
    """

    asked_px: IntArray
    observed_px: IntArray
    asked_cm2: IntArray

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.asked_px + other.asked_px, self.observed_px + other.observed_px, self.asked_cm2 + other.asked_cm2
        )


def no_pixels(shapes: Shapes) -> PixelCounts:
    """Return the counts before the first cell."""
    return PixelCounts(*(np.zeros(1 + len(shapes), dtype=np.int64) for _ in range(3)))


def count_pixels(codes: CodeArray, grid: GeoBox, shapes: Shapes) -> PixelCounts:
    """Count the pixels of one cell by region; a pixel belongs to the regions that hold its centre.

    Parameters
    ----------
    codes : (M, N) ndarray of uint8
        `Unseen` codes of the pair: 0 observed on both dates, else the reason; 255 (`NOT_ASKED`) outside of both
        scenes or of the area of interest.
    grid : GeoBox
        Place of these pixels: a window of the pair's grid.
    shapes : tuple of Polygon or MultiPolygon
        The regions, in EPSG:4326, the same for all cells (`clip_regions` once makes it quick).

    Returns
    -------
    PixelCounts

    Raises
    ------
    InputError
        Codes and grid of different shapes.
    RotatedGrid, GeoreferenceError
        A grid that is not north up, or has no place on the globe.
    """
    if codes.shape != tuple(grid.shape):
        raise InputError(
            f"codes of {codes.shape} pixels on a grid of {tuple(grid.shape)}, expected the same; cut both alike"
        )
    counts = no_pixels(shapes)
    asked = codes != NOT_ASKED
    if not asked.any():
        return counts
    observed = codes == Unseen.OBSERVED.value  # with the member itself, NumPy would widen every pixel to compare it
    lattice = Lattice.of(grid)
    blocks = _Blocks(*lattice.area_edges(), lattice.measure_cm2())
    _record(counts, 0, asked, observed, blocks)
    if not shapes:
        return counts
    cover = PixelCover(grid)
    shapely.prepare(cover.bounds)
    for place in np.flatnonzero(shapely.intersects(cover.bounds, np.array(shapes, dtype=object))):
        inside = cover.cover(shapes[place])
        _record(counts, int(place) + 1, asked & inside, observed & inside, blocks)
    return counts


def choose_square(grid: GeoBox, lattice_px: int) -> int:
    """Choose how many pixels make the side of a square: about 60 m, whole squares in each cell of a lattice.

    Parameters
    ----------
    grid : GeoBox
    lattice_px : int
        Side of the cells in which squares are gathered.

    Returns
    -------
    int
        The largest divisor of `lattice_px` that makes no more than 60 m, at least 1.
    """
    most = max(1, round(DRAWN_M / measure_pixel(grid).finer_m))
    return max(side for side in range(1, min(most, lattice_px) + 1) if lattice_px % side == 0)


def gather_squares(codes: CodeArray, side: int) -> CodeArray:
    """Return the reason of each square of `side` by `side` pixels, 0 where it was seen, 255 where nothing was asked.

    A square has a reason where at least half of its pixels asked about were not observed: the one of most of them, of
    equals the graver (`Unseen`).

    Parameters
    ----------
    codes : (M, N) ndarray of uint8
        `Unseen` codes; 255 (`NOT_ASKED`) where nothing was asked.
    side : int

    Returns
    -------
    (ceil(M / side), ceil(N / side)) ndarray of uint8
    """
    rows, cols = -(-codes.shape[0] // side), -(-codes.shape[1] // side)
    if not codes.any():
        return np.zeros((rows, cols), dtype=np.uint8)
    padded = np.full((rows * side, cols * side), NOT_ASKED, dtype=np.uint8)
    padded[: codes.shape[0], : codes.shape[1]] = codes
    strip = _STRIP_SQUARES * side
    return np.concatenate([_choose_reasons(padded[row : row + strip], side) for row in range(0, len(padded), strip)])


def _choose_reasons(codes: CodeArray, side: int) -> CodeArray:
    """Return the reason of each square of codes that fill their squares; see `gather_squares`."""
    asked = _count_in_squares(codes != NOT_ASKED, side)
    by_reason = np.stack([_count_in_squares(codes == reason, side) for reason in _REASONS[::-1]])
    most = _REASONS[::-1][by_reason.argmax(axis=0)]
    unseen = 2 * by_reason.sum(axis=0) >= asked
    return np.where(asked == 0, np.uint8(NOT_ASKED), np.where(unseen, most, np.uint8(0)))


def _count_in_squares(chosen: BoolArray, side: int) -> np.ndarray[Any, Any]:
    """Count the chosen pixels of each square, in the smallest whole numbers that hold them: the quickest to add."""
    counted: np.ndarray[Any, Any] = sum_blocks(chosen[None].astype(np.min_scalar_type(side * side)), side)[0]
    return counted


@dataclass(frozen=True)
class _Blocks:
    """Blocks of pixels of one area: where they begin, and the area of a pixel in each."""

    rows: IntArray
    cols: IntArray
    pixel_cm2: IntArray


def _record(counts: PixelCounts, place: int, asked: BoolArray, observed: BoolArray, blocks: _Blocks) -> None:
    """Write the counts of one region into its place of counts that are being made."""
    # A block has so few rows that bytes hold their sums, and bytes are added many at a time.
    by_row = np.add.reduceat(asked.view(np.uint8), blocks.rows, axis=0, dtype=np.uint8)
    by_block = np.add.reduceat(by_row, blocks.cols, axis=1, dtype=np.int64)
    counts.asked_px[place] = by_block.sum()
    counts.observed_px[place] = np.count_nonzero(observed)
    counts.asked_cm2[place] = (by_block * blocks.pixel_cm2).sum()
