"""Whiten a change by the clutter around each place, so that one threshold serves over forest and over savanna."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from colibri_geo.core import compiled
from colibri_geo.core.resample import Coarse, sum_blocks
from colibri_geo.core.windows import Window

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
AnyArray = np.ndarray[Any, Any]

BLOCK_PX = 16
"""Side of the blocks whose clutter is measured; their lattice is that of the whole image."""
REACH_PX = 64
"""A pixel's whitening rests on pixels no further away than this, but for some thousandths."""

_FINE_PX, _WIDE_PX = 2, 8  # sides of what is compared: patches, and the squares around them
_PATCH_PX = 4
_SAMPLE_STEP_PX = 2
_ROUNDS = 3
_SIGMA = 1.48  # of normal values, their standard deviation over their typical size
_BOUND = 4.0  # mean squares beyond which a pixel counts less: what is looked for must not hide itself
_SHRINKAGE = 0.05
_LEAST_SAMPLES = 24.0
_LEAST = np.float32(1e-4)  # variance, of that of unchanged ground
_MOST = 4.0  # typical sizes, about three standard deviations: more of a value does not count in local means


def flatten(field: FloatArray, seen: BoolArray) -> FloatArray:
    """Subtract the local level: what is wide is no line.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32
        0 where not seen. Sides are multiples of `BLOCK_PX`; the first pixel lies on the lattice of blocks.
    seen : (M, N) ndarray of bool

    Returns
    -------
    (B, M, N) ndarray of float32
        Less the medians of blocks, interpolated between their centres: what stands out leaves no trough beside it.
        0 where not seen.
    """
    sampled = _cut_blocks(seen[None])[0]
    counts = sampled.sum(axis=-1)
    sample = np.sort(np.where(sampled, _cut_blocks(field), np.float32(np.inf)), axis=-1)
    middle = np.maximum(counts - 1, 0) // 2
    medians = np.take_along_axis(sample, middle[None, ..., None], axis=-1)[..., 0]
    medians[:, counts == 0] = 0
    known = np.maximum(_spread_patches((counts > 0).astype(np.float32)), np.float32(1e-3))
    flat = np.empty(field.shape, dtype=np.float32)
    share = seen.astype(np.float32)
    for band, median in enumerate(medians):
        level = _widen(_spread_patches(median) / known, _PATCH_PX)
        np.subtract(_to_rows(field[band], _PATCH_PX), level, out=_to_rows(flat[band], _PATCH_PX))
        np.multiply(flat[band], share, out=flat[band])
    return flat


def measure_whitening(flat: FloatArray, seen: BoolArray) -> FloatArray:
    """Measure the clutter of each block, as the matrix that whitens it.

    Parameters
    ----------
    flat : (B, M, N) ndarray of float32
        From `flatten`.
    seen : (M, N) ndarray of bool

    Returns
    -------
    (R, C, B, B) ndarray of float32
        Lower triangles, one a block of `BLOCK_PX` pixels: a vector of the bands is multiplied from the left.

    Notes
    -----
    The covariance is that of patches of 2 by 2 pixels against the 8 by 8 around them, which is nearer to what lines are
    made of than that of single pixels: texture that is smooth averages out less along a line than noise does. It is
    robust (weights that fall where the Mahalanobis distance is large) and smoothed over neighbouring blocks. The
    matrix is scaled so that single pixels of the clutter have unit variance.
    """
    bands = len(flat)
    pixels, pixel_weight = _cut_blocks(flat), _cut_blocks(seen[None].astype(np.float32))[0]
    sample, weight = _cut_patches(_bound(flat, _find_size(pixels, pixel_weight)), seen)
    size = np.maximum(_SIGMA * _find_size(sample, weight), np.float32(1e-6))
    distance = _square(sample / size[..., None]) / bands
    for _ in range(_ROUNDS):
        whitening = _invert(_smooth_covariance(sample, _weigh(weight, distance)))
        distance = _square(_multiply(whitening, sample)) / bands
    return whitening / _pixel_spread(_multiply(whitening, pixels), pixel_weight)[..., None, None]


def whiten(field: FloatArray, whitening: FloatArray, *, border: int = 0, scale: int = 1) -> FloatArray:
    """Multiply each pixel by the whitening matrix of its place.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32
        Sides are multiples of `BLOCK_PX`; the first pixel lies on the lattice of blocks.
    whitening : (M / 16 + 2 border, N / 16 + 2 border, B, B) ndarray of float32
    border : int
        Blocks around those of the field that are given too, on each side.
    scale : int
        Pixels of the field that make one pixel of a block: sides and blocks are so much larger.

    Returns
    -------
    (B, M, N) ndarray of float32
        Matrices are interpolated between the centres of blocks.
    """
    bands, rows, cols = field.shape
    side = _PATCH_PX * scale
    shape = (rows // side, cols // side)
    weights = np.ascontiguousarray(_spread_inside(whitening, shape, border).transpose(2, 3, 0, 1))
    whitened = np.zeros(field.shape, dtype=np.float32)
    part = np.empty((shape[0], side, cols), dtype=np.float32)
    for row in range(bands):
        total = _to_rows(whitened[row], side)
        for band in range(row + 1):
            total += np.multiply(_widen(weights[row, band], side), _to_rows(field[band], side), out=part)
    return whitened


@dataclass(frozen=True)
class Whitening:
    """The whitening matrices of a part of an image.

    Attributes
    ----------
    matrices : (R, C, B, B) ndarray of float32
        One a block of `BLOCK_PX` pixels; beyond them the nearest serves.
    row, col : int
        Place of the first block among those of the whole image.
    scale : int
        Pixels of what is whitened that make one pixel of a block, in each direction.
    """

    matrices: FloatArray
    row: int = 0
    col: int = 0
    scale: int = 1

    def at(self, row: float, col: float) -> FloatArray:
        """(B, B) ndarray of float32: the matrix of the block that holds a pixel, or of the nearest."""
        rows, cols = self.matrices.shape[:2]
        matrix: FloatArray = self.matrices[
            min(max(math.floor(row + 0.5) // (BLOCK_PX * self.scale) - self.row, 0), rows - 1),
            min(max(math.floor(col + 0.5) // (BLOCK_PX * self.scale) - self.col, 0), cols - 1),
        ]
        return matrix

    def apply(self, field: FloatArray, window: Window) -> FloatArray:
        """Whiten a field (B, M, N) that is cut from the image; the edges of `window` lie on the lattice of blocks.

        Raises
        ------
        ValueError
            Where they do not.
        """
        return whiten(field, self._cut(window), border=1, scale=self.scale)

    def weave(self, dates: Sequence[Coarse], window: Window) -> FloatArray:
        """Whiten several images of one window, as `apply` does each, and put their planes side by side, pixel by pixel.

        Parameters
        ----------
        dates : sequence of Coarse
            (B, M, N); float32.
        window : Window
            Whose edges lie on the lattice of blocks.

        Returns
        -------
        (M, N, D B + D) ndarray of float32
            The bands of each image, one image after the other, then for each 1 where it is seen.

        Raises
        ------
        ValueError
            Where the window is another, or an image does not fill it with as many bands as are whitened.
        """
        shape = (self.matrices.shape[-1], window.rows, window.cols)
        for date in dates:
            if date.image.shape != shape or date.seen.shape != shape[1:]:
                given = f"an image of {date.image.shape}, seen in {date.seen.shape}"
                raise ValueError(f"{given}; expected {shape}: the bands that are whitened, in the window")
        if compiled.KERNELS is not None:
            return _weave_compiled(compiled.KERNELS, dates, self._cut(window), _PATCH_PX * self.scale)
        whitened = [self.apply(date.image, window) for date in dates]
        planes = np.concatenate([*whitened, [date.seen for date in dates]])
        return np.ascontiguousarray(planes.transpose(1, 2, 0))

    def _cut(self, window: Window) -> FloatArray:
        """Cut the matrices of the blocks of a window, and of one more on each side."""
        step = BLOCK_PX * self.scale
        if any(part % step for part in (window.row, window.col, window.rows, window.cols)):
            raise ValueError(f"{window}, expected edges at multiples of {step} pixels")
        rows, cols = (
            np.clip(np.arange(first // step - 1 - at, (first + side) // step + 1 - at), 0, length - 1)
            for first, side, length, at in (
                (window.row, window.rows, self.matrices.shape[0], self.row),
                (window.col, window.cols, self.matrices.shape[1], self.col),
            )
        )
        cut: FloatArray = self.matrices[rows[:, None], cols]
        return cut


def _weave_compiled(kernels: ctypes.CDLL, dates: Sequence[Coarse], matrices: FloatArray, side: int) -> FloatArray:
    """Do what `Whitening.weave` does."""
    bands, rows, cols = dates[0].image.shape
    weights = np.ascontiguousarray(_spread_inside(matrices, (rows // side, cols // side), 1), dtype=np.float32)
    images = [np.ascontiguousarray(date.image, dtype=np.float32) for date in dates]
    seen = [np.ascontiguousarray(date.seen, dtype=np.bool_) for date in dates]
    image_places = np.array([compiled.locate(image) for image in images], dtype=np.uintp)
    seen_places = np.array([compiled.locate(mask, ctypes.c_bool) for mask in seen], dtype=np.uintp)
    threads = compiled.Threads(
        images=compiled.locate(image_places, ctypes.c_size_t),
        seen=compiled.locate(seen_places, ctypes.c_size_t),
        matrices=compiled.locate(weights),
        dates=len(dates),
        bands=bands,
        rows=rows,
        cols=cols,
        side=side,
    )
    woven = np.empty((rows, cols, len(dates) * (bands + 1)), dtype=np.float32)
    compiled.check(kernels.cg_weave(threads, compiled.locate(woven)))
    return woven


def _cut_blocks(field: AnyArray) -> AnyArray:
    """Every second pixel of each block, (B, R, C, samples)."""
    return _to_blocks(field[:, ::_SAMPLE_STEP_PX, ::_SAMPLE_STEP_PX], BLOCK_PX // _SAMPLE_STEP_PX)


def _cut_patches(flat: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Means of patches of 2 by 2 pixels less those of 8 by 8 around them, (B, R, C, samples), and how much was seen."""
    share = seen[None].astype(np.float32)
    fine, fine_share = sum_blocks(flat, _FINE_PX), sum_blocks(share, _FINE_PX)
    times = _WIDE_PX // _FINE_PX
    wide, wide_share = sum_blocks(fine, times), sum_blocks(fine_share, times)
    wide /= np.maximum(wide_share, np.float32(1))
    fine /= np.maximum(fine_share, np.float32(1))
    for band, around in enumerate(wide):
        rows = _to_rows(fine[band], times)
        rows -= _widen(around, times)
    known = fine_share >= _FINE_PX * _FINE_PX / 2
    fine *= known
    return _to_blocks(fine, BLOCK_PX // _FINE_PX), _to_blocks(known.astype(np.float32), BLOCK_PX // _FINE_PX)[0]


def _to_blocks(field: AnyArray, side: int) -> AnyArray:
    """Gather squares of `side` pixels, (B, R, C, side * side)."""
    bands, rows, cols = field.shape
    blocks = field.reshape(bands, rows // side, side, cols // side, side).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(blocks).reshape(bands, rows // side, cols // side, side * side)


def _find_size(sample: FloatArray, weight: FloatArray) -> FloatArray:
    """Size of the values in each block, (B, R, C): the square of the mean root, which little heeds extremes."""
    root = np.abs(sample)
    mean: FloatArray = np.sqrt(root, out=root).sum(axis=-1) / np.maximum(weight.sum(axis=-1), np.float32(1))
    return np.square(mean)


def _bound(field: FloatArray, size: FloatArray) -> FloatArray:
    """Bound the values of each band by a few times their typical size in their block, (B, R, C)."""
    bounded = np.empty(field.shape, dtype=np.float32)
    for band, typical in enumerate(size):
        most = np.float32(_MOST) * _widen(typical, BLOCK_PX)
        np.clip(_to_rows(field[band], BLOCK_PX), -most, most, out=_to_rows(bounded[band], BLOCK_PX))
    return bounded


def _weigh(weight: FloatArray, distance: AnyArray) -> FloatArray:
    """Weights that fall where a mean square is large."""
    weights: FloatArray = np.maximum(distance, np.float32(1e-9))
    np.minimum(1, np.divide(_BOUND, weights, out=weights), out=weights)
    weights *= weight
    return weights


def _smooth_covariance(sample: FloatArray, weights: FloatArray) -> FloatArray:
    bands = len(sample)
    total = _smooth(weights.sum(axis=-1)) + np.float32(_LEAST_SAMPLES)
    covariance = np.empty((*total.shape, bands, bands), dtype=np.float32)
    for row in range(bands):
        for band in range(row + 1):
            moment = _smooth(np.einsum("rcs,rcs,rcs->rc", sample[row], sample[band], weights))
            moment += np.float32(_LEAST_SAMPLES * 0.1 * (row == band))
            covariance[..., row, band] = covariance[..., band, row] = moment / total
    level = np.trace(covariance, axis1=-2, axis2=-1)[..., None, None] / np.float32(bands)
    identity = np.eye(bands, dtype=np.float32)
    shrunk: FloatArray = np.float32(1 - _SHRINKAGE) * covariance + (np.float32(_SHRINKAGE) * level + _LEAST) * identity
    return shrunk


def _invert(covariance: FloatArray) -> FloatArray:
    inverse: FloatArray = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    return inverse


def _multiply(matrices: FloatArray, sample: FloatArray) -> FloatArray:
    product: FloatArray = np.einsum("rcij,jrcs->ircs", matrices, sample)
    return product


def _square(sample: FloatArray) -> FloatArray:
    square: FloatArray = np.einsum("brcs,brcs->rcs", sample, sample)
    return square


def _pixel_spread(sample: FloatArray, weight: FloatArray) -> FloatArray:
    """Robust root mean square of single pixels over the bands, (R, C)."""
    square = _square(sample) / len(sample)
    few = np.float32(_LEAST_SAMPLES)
    root = _smooth((np.sqrt(square) * weight).sum(axis=-1)) / (_smooth(weight.sum(axis=-1)) + few)
    spread: FloatArray = np.maximum(root, np.float32(1e-3))
    for _ in range(_ROUNDS):
        weights = _weigh(weight, square / spread[..., None] ** 2)
        total = _smooth((square * weights).sum(axis=-1)) + few
        spread = np.sqrt(total / (_smooth(weights.sum(axis=-1)) + few))
    return spread


def _smooth(blocks: FloatArray) -> FloatArray:
    """Weigh each block with its neighbours, 1 2 1 each way; beyond the sides there is nothing."""
    down = ndimage.correlate1d(blocks, [1.0, 2.0, 1.0], axis=0, mode="constant")
    smooth: FloatArray = ndimage.correlate1d(down, [1.0, 2.0, 1.0], axis=1, mode="constant")
    return smooth


def _spread_inside(whitening: FloatArray, shape: tuple[int, int], border: int) -> FloatArray:
    """Interpolate matrices to the centres of patches, of which so many lie inside of a border of blocks."""
    first = border * BLOCK_PX // _PATCH_PX
    return _spread_patches(whitening)[first : first + shape[0], first : first + shape[1]]


def _spread_patches(blocks: FloatArray) -> FloatArray:
    """Interpolate values at the centres of blocks, (R, C, ...), to the centres of patches."""
    for axis in (0, 1):
        blocks = _interpolate_axis(blocks, BLOCK_PX // _PATCH_PX, axis=axis)
    return blocks


def _interpolate_axis(blocks: FloatArray, times: int, *, axis: int) -> FloatArray:
    place = (np.arange(blocks.shape[axis] * times) + 0.5) / times - 0.5
    lower = np.clip(np.floor(place).astype(int), 0, max(blocks.shape[axis] - 2, 0))
    upper = np.minimum(lower + 1, blocks.shape[axis] - 1)
    share = np.clip(place - lower, 0, 1).astype(np.float32)
    share = share.reshape((-1,) + (1,) * (blocks.ndim - 1 - axis))
    first, second = np.take(blocks, lower, axis=axis), np.take(blocks, upper, axis=axis)
    between: FloatArray = first * (1 - share) + second * share
    return between


def _to_rows(image: AnyArray, side: int) -> AnyArray:
    """View an image (M, N) as the rows of its squares, (M / side, side, N); one in one piece may be written to."""
    return image.reshape(image.shape[0] // side, side, image.shape[1])


def _widen(values: AnyArray, side: int) -> AnyArray:
    """Repeat the values of squares (R, C) along their rows, (R, 1, C * side), to work on what `_to_rows` gives."""
    return values.repeat(side, axis=1)[:, None]
