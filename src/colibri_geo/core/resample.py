"""Images moved by a fraction of a pixel, or in smaller or larger pixels.

All kernels are finite, so that what comes out does not depend on the window that is read.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from colibri_geo.core import compiled

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

KERNEL_MARGIN_PX = 2
"""Pixels on each side of the output that `translate` needs of its input."""

ENLARGING_MARGIN_PX = KERNEL_MARGIN_PX + 1
"""Pixels of its input that `enlarge` needs on each side of what it enlarges."""

_LEAST_WEIGHT = 0.3
_CHUNK_PX = 40_000  # pixels of a band convolved at once: what lies between stays in the cache


def cubic_weights(fraction: float | np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the weights of the pixels at -1, 0, 1, 2 for samples at `fraction` in [0, 1).

    Cubic convolution with a = -0.5 [1]_.

    References
    ----------
    .. [1] Keys, R. (1981). Cubic convolution interpolation for digital image processing. IEEE Transactions on
    Acoustics,
       Speech, and Signal Processing 29, 1153-1160. https://doi.org/10.1109/TASSP.1981.1163711

    Examples
    --------
    >>> cubic_weights(0.5)
    array([-0.0625,  0.5625,  0.5625, -0.0625])
    """
    f = fraction
    return np.array(
        [
            -0.5 * f**3 + f**2 - 0.5 * f,
            1.5 * f**3 - 2.5 * f**2 + 1,
            -1.5 * f**3 + 2 * f**2 + 0.5 * f,
            0.5 * f**3 - 0.5 * f**2,
        ]
    )


def translate(values: FloatArray, measured: BoolArray, *, row_fraction: float, col_fraction: float) -> FloatArray:
    """Sample an image at a constant fraction of a pixel down and right of its pixel centres.

    Parameters
    ----------
    values : (B, M + 4, N + 4) ndarray of float32
        With `KERNEL_MARGIN_PX` more pixels on each side than the output.
    measured : (M + 4, N + 4) ndarray of bool
        Pixels whose value means something; others take no part.
    row_fraction, col_fraction : float, in [0, 1)

    Returns
    -------
    (B, M, N) ndarray of float32
        0 where nothing was measured under the kernel nor at the nearest pixel.
    """
    rows, cols = cubic_weights(row_fraction), cubic_weights(col_fraction)
    if measured.all():
        return _convolve(values, rows, cols)
    known = np.where(measured, values, 0)
    weight = _convolve(measured[None].astype(np.float32), rows, cols)
    moved = _convolve(known, rows, cols)
    # Where all was measured under the kernel nothing is divided, as in a window that is all measured: cuts do not show.
    side = 2 * KERNEL_MARGIN_PX + 1
    weight[weight == _convolve(np.ones((1, side, side), dtype=np.float32), rows, cols)] = 1
    moved /= np.maximum(weight, _LEAST_WEIGHT)
    # Where hardly anything under the kernel was measured, the nearest pixel tells, as it does for the mask.
    row, col = KERNEL_MARGIN_PX + round(row_fraction), KERNEL_MARGIN_PX + round(col_fraction)
    nearest = known[:, row : row + moved.shape[1], col : col + moved.shape[2]]
    np.copyto(moved, nearest, where=weight <= _LEAST_WEIGHT)
    return moved


def enlarge(values: FloatArray, measured: BoolArray, factor: int) -> FloatArray:
    """Sample an image at the centres of smaller pixels, of which `factor` by `factor` make one of its own.

    Parameters
    ----------
    values : (B, M + 6, N + 6) ndarray of float32
        With `ENLARGING_MARGIN_PX` more pixels on each side than what is enlarged.
    measured : (M + 6, N + 6) ndarray of bool
        Pixels whose value means something; others take no part.
    factor : int
        Of a power of two the result does not depend on the window, to the last bit: weights add up to 1 then.

    Returns
    -------
    (B, factor * M, factor * N) ndarray of float32
        0 where nothing was measured under the kernel nor at the nearest pixel.

    Examples
    --------
    >>> ramp = np.arange(8, dtype=np.float32)[None, None] * np.ones((1, 7, 1), dtype=np.float32)
    >>> enlarge(ramp, ramp[0] >= 0, 2).tolist()
    [[[2.75, 3.25, 3.75, 4.25], [2.75, 3.25, 3.75, 4.25]]]
    """
    rows, cols = (side - 2 * ENLARGING_MARGIN_PX for side in measured.shape)
    large = np.empty((len(values), factor * rows, factor * cols), dtype=np.float32)
    for row, col in product(range(factor), repeat=2):
        # From the centre of a pixel to that of a smaller one in it; a sample lies right below and right of a pixel.
        down, right = ((place + 0.5) / factor - 0.5 for place in (row, col))
        first_row, first_col = 1 + math.floor(down), 1 + math.floor(right)
        near = (
            slice(first_row, first_row + rows + 2 * KERNEL_MARGIN_PX),
            slice(first_col, first_col + cols + 2 * KERNEL_MARGIN_PX),
        )
        large[:, row::factor, col::factor] = translate(
            values[:, *near], measured[near], row_fraction=down % 1, col_fraction=right % 1
        )
    return large


@dataclass(frozen=True)
class Coarse:
    """An image in larger pixels.

    Attributes
    ----------
    image : (B, M, N) ndarray of float32
        0 where not seen.
    seen : (M, N) ndarray of bool
    """

    image: FloatArray
    seen: BoolArray


def average_blocks(image: FloatArray, valid: BoolArray, factor: int) -> Coarse:
    """Average blocks of `factor` by `factor` pixels; a block of which less than half is valid is not seen.

    Parameters
    ----------
    image : (B, M, N) ndarray of float32
    valid : (M, N) ndarray of bool
    factor : int
        Rows and columns that do not fill a block are left out.

    Returns
    -------
    Coarse
        Of M // factor by N // factor pixels. With a factor of 1 it may hold the very arrays that were given.
    """
    if factor == 1:
        return Coarse(image if valid.all() else image * valid, valid)
    if not valid.any():
        shape = (image.shape[1] // factor, image.shape[2] // factor)
        return Coarse(np.zeros((len(image), *shape), dtype=np.float32), np.zeros(shape, dtype=np.bool_))
    share = valid.astype(np.float32)
    total = sum_blocks(image if valid.all() else image * share, factor)
    weight = sum_blocks(share[None], factor)[0]
    seen = weight >= factor * factor / 2
    total /= np.maximum(weight, np.float32(1))
    return Coarse(total if seen.all() else total * seen, seen)


def sum_blocks(image: FloatArray, factor: int) -> FloatArray:
    """Sum blocks of `factor` by `factor` pixels, (B, M // factor, N // factor); what does not fill a block is left out.

    In the type of the image, which has to hold the sums.

    Examples
    --------
    >>> sum_blocks(np.ones((1, 5, 4), dtype=np.float32), 2).tolist()
    [[[4.0, 4.0], [4.0, 4.0]]]
    """
    rows, cols = (side // factor * factor for side in image.shape[1:])
    down = _add([image[:, row:rows:factor, :cols] for row in range(factor)])
    return _add([down[:, :, col::factor] for col in range(factor)])


def _add(parts: list[FloatArray]) -> FloatArray:
    """Add one after the other, into an array of its own."""
    if len(parts) == 1:
        return parts[0].copy()
    total: FloatArray = np.add(parts[0], parts[1], order="C")
    for part in parts[2:]:
        total += part
    return total


def _convolve(values: FloatArray, rows: np.ndarray[Any, Any], cols: np.ndarray[Any, Any]) -> FloatArray:
    """Convolve some rows of a band at once."""
    height, width = (side - 2 * KERNEL_MARGIN_PX for side in values.shape[1:])
    if compiled.KERNELS is not None:
        return _convolve_compiled(compiled.KERNELS, values, rows, cols)
    moved = np.zeros((len(values), height, width), dtype=np.float32)
    step = max(1, _CHUNK_PX // values.shape[2])
    for top in range(0, height, step):
        chunk = moved[:, top : top + step]
        down, part = np.empty((2, chunk.shape[1], values.shape[2]), dtype=np.float32)
        for band, across in zip(values, chunk, strict=True):
            down[:] = 0
            for place, weight in enumerate(rows, start=top + 1):
                if weight:
                    down += np.multiply(band[place : place + len(down)], np.float32(weight), out=part)
            for place, weight in enumerate(cols, start=1):
                if weight:
                    np.multiply(down[:, place : place + width], np.float32(weight), out=part[:, :width])
                    np.add(across, part[:, :width], out=across)
    return moved


def _convolve_compiled(
    kernels: ctypes.CDLL, values: FloatArray, rows: np.ndarray[Any, Any], cols: np.ndarray[Any, Any]
) -> FloatArray:
    """Do what `_convolve` does."""
    height, width = (side - 2 * KERNEL_MARGIN_PX for side in values.shape[1:])
    given, down, across = (np.ascontiguousarray(array, dtype=np.float32) for array in (values, rows, cols))
    moved = np.empty((len(values), height, width), dtype=np.float32)
    asked = map(compiled.locate, (down, across, moved))
    compiled.check(kernels.cg_convolve(compiled.locate(given), len(values), height, width, *asked))
    return moved
