"""Sub-pixel shift between two images of the same ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.registration import phase_cross_correlation

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_UPSAMPLING = 20
_HIGH_PASS_PX = 6.0
_MIN_VALID_SHARE = 0.6
_MIN_CORRELATION = 0.15
_AGREE_PX = 0.5


@dataclass(frozen=True)
class TileShift:
    """Where the second image of a tile lies relative to the first.

    Attributes
    ----------
    rows_px, cols_px : float
        Positive where the content of the second image lies further down, further right.
    correlation : float
        Of the two tiles once the shift is undone, in [-1, 1].
    """

    rows_px: float
    cols_px: float
    correlation: float


@dataclass(frozen=True)
class Shift:
    """Robust mean of the shifts of several tiles.

    Attributes
    ----------
    rows_px, cols_px : float
        As in `TileShift`.
    spread_px : float
        Robust standard deviation over the tiles that agree, the larger of the two directions.
    agreeing, measured : int
        Tiles that agree with the median within half a pixel; tiles that could be measured.
    """

    rows_px: float
    cols_px: float
    spread_px: float
    agreeing: int
    measured: int


def measure_shift(first: FloatArray, second: FloatArray, valid: BoolArray) -> TileShift | None:
    """Measure the shift between two images of one tile by cross-correlation.

    Use it where the ground has some texture and most of the tile is clear; a tile that is mostly masked or that does
    not correlate gives None.

    Parameters
    ----------
    first, second : (M, N) ndarray of float32
        The same band of both images.
    valid : (M, N) ndarray of bool
        Pixels that are clear on both.

    Returns
    -------
    TileShift or None

    Notes
    -----
    Cross-correlation without spectral normalisation, refined by matrix multiplication to 1/20 px [1]_. With phase-only
    normalisation the noise of dense forest decides, not its texture.

    References
    ----------
    .. [1] Guizar-Sicairos, M., Thurman, S. T., Fienup, J. R. (2008). Efficient subpixel image registration algorithms.
       Optics Letters 33, 156-158. https://doi.org/10.1364/OL.33.000156
    """
    if valid.mean() < _MIN_VALID_SHARE:
        return None
    left, right = _prepare(first, valid), _prepare(second, valid)
    if not (left.std() > 0 and right.std() > 0):
        return None
    taper = np.outer(np.hanning(left.shape[0] + 2)[1:-1], np.hanning(left.shape[1] + 2)[1:-1]).astype(np.float32)
    move, _, _ = phase_cross_correlation(left * taper, right * taper, upsample_factor=_UPSAMPLING, normalization=None)
    undone = ndimage.shift(right, move, order=1, mode="nearest")
    correlation = float(np.corrcoef((left * taper).ravel(), (undone * taper).ravel())[0, 1])
    if correlation < _MIN_CORRELATION:
        return None
    return TileShift(-float(move[0]), -float(move[1]), correlation)


def combine_shifts(tiles: Sequence[TileShift]) -> Shift:
    """Combine the shifts of tiles by their median; tiles that stray further than half a pixel are left out.

    Examples
    --------
    >>> combine_shifts([TileShift(0.5, 0.2, 0.9), TileShift(0.5, 0.2, 0.8), TileShift(9.0, 0.0, 0.3)])
    Shift(rows_px=0.5, cols_px=0.2, spread_px=0.0, agreeing=2, measured=3)
    """
    if not tiles:
        return Shift(0.0, 0.0, 0.0, 0, 0)
    shifts = np.array([(tile.rows_px, tile.cols_px) for tile in tiles])
    agree = np.hypot(*(shifts - np.median(shifts, axis=0)).T) <= _AGREE_PX
    if not agree.any():
        return Shift(0.0, 0.0, float(np.median(np.abs(shifts - np.median(shifts, axis=0)))), 0, len(tiles))
    kept = shifts[agree]
    centre = np.median(kept, axis=0)
    spread = 1.4826 * np.median(np.abs(kept - centre), axis=0).max()
    return Shift(float(centre[0]), float(centre[1]), float(spread), int(agree.sum()), len(tiles))


def _prepare(image: FloatArray, valid: BoolArray) -> FloatArray:
    """Fill what is masked, remove what is smooth, and bound what is extreme."""
    filled = np.where(valid, image, np.median(image[valid])).astype(np.float32)
    detail = filled - ndimage.gaussian_filter(filled, _HIGH_PASS_PX, mode="nearest")
    scale = 1.4826 * float(np.median(np.abs(detail[valid])))
    bounded: FloatArray = np.clip(detail, -4 * scale, 4 * scale) if scale > 0 else detail
    bounded[~valid] = 0
    return bounded
