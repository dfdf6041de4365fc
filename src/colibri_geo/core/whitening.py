"""Whiten a change by the clutter around each place, so that one threshold serves over forest and over savanna."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from colibri_geo.core.windows import Window

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

BLOCK_PX = 32
"""Side of the blocks whose clutter is measured; their lattice is that of the whole image."""
REACH_PX = 128
"""A pixel's whitening rests on pixels no further away than this, but for some thousandths."""

_GROUND_BOX_PX = 31
_FINE_BOX_PX, _COARSE_BOX_PX = 5, 21
_PATCH_PX = 8
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
        Less the medians of blocks, then less the mean over a box of 31 pixels of values that are bounded, so that what
        stands out leaves no trough beside it. 0 where not seen.
    """
    weight = np.maximum(_box(seen.astype(np.float32), _GROUND_BOX_PX), np.float32(1e-3))
    flat = np.empty_like(field)
    for band, values in enumerate(field):
        rest = _subtract_level(values, seen)
        bounded = _bound(rest[None], seen)[0]
        flat[band] = (rest - _box(bounded, _GROUND_BOX_PX) / weight) * seen
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
    The covariance is that of patches of five pixels against those around them, which is nearer to what lines are made
    of than that of single pixels: texture that is smooth averages out less along a line than noise does. It is robust
    (weights that fall where the Mahalanobis distance is large) and smoothed over neighbouring blocks. The matrix is
    scaled so that single pixels of the clutter have unit variance.
    """
    bands = len(flat)
    share = np.maximum(_box(seen.astype(np.float32), _FINE_BOX_PX), np.float32(1e-3))
    wide = np.maximum(_box(seen.astype(np.float32), _COARSE_BOX_PX), np.float32(1e-3))
    detail = np.empty_like(flat)
    for band, values in enumerate(_bound(flat, seen)):
        detail[band] = (_box(values, _FINE_BOX_PX) / share - _box(values, _COARSE_BOX_PX) / wide) * seen
    sample, weight = _cut_blocks(detail), _cut_blocks(seen[None].astype(np.float32))[0]
    size = np.maximum(_SIGMA * _typical_size(detail, seen), np.float32(1e-6))
    distance = _square(sample / size[..., None]) / bands
    for _ in range(_ROUNDS):
        weights = weight * np.minimum(1, _BOUND / np.maximum(distance, np.float32(1e-9)))
        whitening = _invert(_smooth_covariance(sample, weights))
        distance = _square(_multiply(whitening, sample)) / bands
    return whitening / _pixel_spread(_multiply(whitening, _cut_blocks(flat)), weight)[..., None, None]


def whiten(field: FloatArray, whitening: FloatArray, *, border: int = 0) -> FloatArray:
    """Multiply each pixel by the whitening matrix of its place.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32
        Sides are multiples of `BLOCK_PX`; the first pixel lies on the lattice of blocks.
    whitening : (M / 32 + 2 border, N / 32 + 2 border, B, B) ndarray of float32
    border : int
        Blocks around those of the field that are given too, on each side.

    Returns
    -------
    (B, M, N) ndarray of float32
        Matrices are interpolated between the centres of blocks.
    """
    bands, rows, cols = field.shape
    shape = (rows // _PATCH_PX, cols // _PATCH_PX)
    first = border * BLOCK_PX // _PATCH_PX
    inner = (slice(first, first + shape[0]), slice(first, first + shape[1]))
    patches = field.reshape(bands, shape[0], _PATCH_PX, shape[1], _PATCH_PX)
    whitened = np.zeros_like(patches)
    for row in range(bands):
        for band in range(row + 1):
            weights = _spread_patches(whitening[..., row, band])[inner]
            whitened[row] += weights[:, None, :, None] * patches[band]
    return whitened.reshape(field.shape)


@dataclass(frozen=True)
class Whitening:
    """The whitening matrices of a whole image.

    Attributes
    ----------
    matrices : (R, C, B, B) ndarray of float32
        One a block of `BLOCK_PX` pixels.
    """

    matrices: FloatArray

    def at(self, row: float, col: float) -> FloatArray:
        """(B, B) ndarray of float32: the matrix of the block that holds a pixel, or of the nearest."""
        rows, cols = self.matrices.shape[:2]
        matrix: FloatArray = self.matrices[
            min(max(int(row) // BLOCK_PX, 0), rows - 1), min(max(int(col) // BLOCK_PX, 0), cols - 1)
        ]
        return matrix

    def apply(self, field: FloatArray, window: Window) -> FloatArray:
        """Whiten a field (B, M, N) that is cut from the image; the edges of `window` lie on the lattice of blocks."""
        rows, cols = (
            np.clip(np.arange(first // BLOCK_PX - 1, (first + side) // BLOCK_PX + 1), 0, length - 1)
            for first, side, length in (
                (window.row, window.rows, self.matrices.shape[0]),
                (window.col, window.cols, self.matrices.shape[1]),
            )
        )
        return whiten(field, self.matrices[rows[:, None], cols], border=1)


def _box(image: FloatArray, size: int) -> FloatArray:
    boxed: FloatArray = ndimage.uniform_filter(image, size=size, mode="constant")
    return boxed


def _cut_blocks(field: FloatArray) -> FloatArray:
    """Every second pixel of each block, (B, R, C, samples)."""
    thin = field[:, ::_SAMPLE_STEP_PX, ::_SAMPLE_STEP_PX]
    side = BLOCK_PX // _SAMPLE_STEP_PX
    bands, rows, cols = thin.shape
    blocks = thin.reshape(bands, rows // side, side, cols // side, side).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(blocks).reshape(bands, rows // side, cols // side, side * side)


def _subtract_level(values: FloatArray, seen: BoolArray) -> FloatArray:
    """Subtract the medians of blocks, interpolated; 0 where not seen."""
    counts = _cut_blocks(seen[None].astype(np.float32))[0].sum(axis=-1)
    sample = np.sort(_cut_blocks(np.where(seen, values, np.float32(np.inf))[None])[0], axis=-1)
    middle = np.maximum(counts.astype(int) - 1, 0) // 2
    median = np.take_along_axis(sample, middle[..., None], axis=-1)[..., 0]
    known = (counts > 0).astype(np.float32)
    median[counts == 0] = 0
    level: FloatArray = np.divide(_spread_patches(median), np.maximum(_spread_patches(known), np.float32(1e-3)))
    rest: FloatArray = (values - _repeat(level, _PATCH_PX)) * seen
    return rest


def _typical_size(field: FloatArray, seen: BoolArray) -> FloatArray:
    """Size of the values in each block, (B, R, C): the square of the mean root, which little heeds extremes."""
    counts = np.maximum(_cut_blocks(seen[None].astype(np.float32))[0].sum(axis=-1), np.float32(1))
    root: FloatArray = _cut_blocks(np.sqrt(np.abs(field))).sum(axis=-1) / counts
    return np.square(root)


def _bound(field: FloatArray, seen: BoolArray) -> FloatArray:
    """Bound the values of each band by a few times their typical size in their block."""
    bounded = np.empty_like(field)
    for band, size in enumerate(_typical_size(field, seen)):
        most = np.float32(_MOST) * _repeat(size, BLOCK_PX)
        bounded[band] = np.clip(field[band], -most, most)
    return bounded


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
        weights = weight * np.minimum(1, _BOUND / np.maximum(square / spread[..., None] ** 2, np.float32(1e-9)))
        total = _smooth((square * weights).sum(axis=-1)) + few
        spread = np.sqrt(total / (_smooth(weights.sum(axis=-1)) + few))
    return spread


def _smooth(blocks: FloatArray) -> FloatArray:
    """Weigh each block with its neighbours, 1 2 1 each way; beyond the sides there is nothing."""
    down = ndimage.correlate1d(blocks, [1.0, 2.0, 1.0], axis=0, mode="constant")
    smooth: FloatArray = ndimage.correlate1d(down, [1.0, 2.0, 1.0], axis=1, mode="constant")
    return smooth


def _spread_patches(blocks: FloatArray) -> FloatArray:
    """Interpolate (R, C) values at the centres of blocks to the centres of patches of 8 pixels."""
    for axis in (0, 1):
        blocks = _interpolate_axis(blocks, BLOCK_PX // _PATCH_PX, axis=axis)
    return blocks


def _interpolate_axis(blocks: FloatArray, times: int, *, axis: int) -> FloatArray:
    place = (np.arange(blocks.shape[axis] * times) + 0.5) / times - 0.5
    lower = np.clip(np.floor(place).astype(int), 0, max(blocks.shape[axis] - 2, 0))
    upper = np.minimum(lower + 1, blocks.shape[axis] - 1)
    share = np.clip(place - lower, 0, 1).astype(np.float32)
    share = share[:, None] if axis == 0 else share[None, :]
    first, second = np.take(blocks, lower, axis=axis), np.take(blocks, upper, axis=axis)
    between: FloatArray = first * (1 - share) + second * share
    return between


def _repeat(values: FloatArray, times: int) -> FloatArray:
    repeated: FloatArray = values.repeat(times, axis=0).repeat(times, axis=1)
    return repeated
