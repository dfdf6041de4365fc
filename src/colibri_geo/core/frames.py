"""Images seen along a line: sampled so that the line becomes a row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float32]]

ACROSS_STEP_PX = 0.5
_LEAST_WEIGHT = 0.5


@dataclass(frozen=True)
class Line:
    """A straight line on an image, in pixels; the centre of the first pixel is at 0, 0.

    Attributes
    ----------
    row, col : float
        A point on it: station 0.
    angle_deg : float
        Direction in which stations count up, clockwise from up.
    """

    row: float
    col: float
    angle_deg: float

    @property
    def along(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Unit step (row, col) along the line."""
        angle = math.radians(self.angle_deg)
        return np.array([-math.cos(angle), math.sin(angle)])

    @property
    def across(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Unit step (row, col) to the right of the line."""
        angle = math.radians(self.angle_deg)
        return np.array([math.sin(angle), math.cos(angle)])

    def locate(self, station: float, offset: float = 0.0) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return row and column of a station, `offset` pixels to the right."""
        located: np.ndarray[Any, np.dtype[np.float64]] = (
            np.array([self.row, self.col]) + station * self.along + offset * self.across
        )
        return located

    def moved(self, *, station: float, offset: float, turn_deg: float) -> Line:
        """Return the line through the point at `station` and `offset`, turned clockwise by `turn_deg`."""
        row, col = self.locate(station, offset)
        return Line(float(row), float(col), self.angle_deg + turn_deg)


@dataclass(frozen=True)
class Frame:
    """Images sampled along a line.

    Attributes
    ----------
    images : (D, B, T, S) ndarray of float32
        D images of B bands at T offsets across the line and S stations along it; 0 where an image is not observed.
    weights : (D, T, S) ndarray of float32, [0, 1]
        0 where an image is not observed.
    offsets : (T,) ndarray of float64, pixels
        Symmetric around 0, positive to the right.
    stations : (S,) ndarray of float64, pixels
        One a pixel.
    """

    images: FloatArray
    weights: FloatArray
    offsets: np.ndarray[Any, np.dtype[np.float64]]
    stations: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def before(self) -> FloatArray:
        """(B, T, S) ndarray of float32: the first image."""
        first: FloatArray = self.images[0]
        return first

    @property
    def after(self) -> FloatArray:
        """(B, T, S) ndarray of float32: the last image."""
        last: FloatArray = self.images[-1]
        return last

    @property
    def weight_before(self) -> FloatArray:
        """(T, S) ndarray of float32: weight of the first image."""
        first: FloatArray = self.weights[0]
        return first

    @property
    def weight_after(self) -> FloatArray:
        """(T, S) ndarray of float32: weight of the last image."""
        last: FloatArray = self.weights[-1]
        return last


def straighten(
    stack: FloatArray,
    line: Line,
    *,
    first_station: int,
    last_station: int,
    half_width_px: float,
    dates: int = 2,
) -> Frame:
    """Sample images along a line.

    Parameters
    ----------
    stack : (M, N, D B + D) ndarray of float32
        The bands of each image, one image after the other, then for each image 1 where it is observed; an image is 0
        where it is not observed.
    line : Line
    first_station, last_station : int
        Both included.
    half_width_px : float
        How far to look to each side.
    dates : int
        D, the number of images in the stack.

    Returns
    -------
    Frame
        Sampled by bilinear interpolation of observed pixels.
    """
    half = round(half_width_px / ACROSS_STEP_PX)
    offsets = np.arange(-half, half + 1).astype(np.float64) * ACROSS_STEP_PX
    stations = np.arange(first_station, last_station + 1).astype(np.float64)
    rows = line.row + stations[None, :] * line.along[0] + offsets[:, None] * line.across[0]
    cols = line.col + stations[None, :] * line.along[1] + offsets[:, None] * line.across[1]
    sampled = _interpolate(stack, rows.ravel(), cols.ravel())
    weights = np.where(sampled[:, -dates:] >= _LEAST_WEIGHT, sampled[:, -dates:], np.float32(0)).T
    scale = np.divide(1, weights, out=np.zeros_like(weights), where=weights > 0)
    images = sampled[:, :-dates].T.reshape(dates, -1, rows.size) * scale[:, None]
    return Frame(images.reshape(dates, -1, *rows.shape), weights.reshape(dates, *rows.shape), offsets, stations)


def _interpolate(stack: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatArray:
    """Bilinear samples of all planes, (K, planes); outside of the image all are 0."""
    if not _all_inside(rows, cols, stack.shape):
        # A frame of zeros, as wide as the samples stray, makes all of them lie inside.
        margin = 1 + int(
            np.ceil(max(-rows.min(), -cols.min(), rows.max() - len(stack), cols.max() - stack.shape[1], 0))
        )
        padded = np.pad(stack, ((margin, margin), (margin, margin), (0, 0)))
        return _interpolate(padded, rows + margin, cols + margin)
    width, planes = stack.shape[1:]
    pixels = stack.reshape(-1, planes)
    first_row, first_col = rows.astype(np.intp), cols.astype(np.intp)
    down, right = (rows - first_row).astype(np.float32)[:, None], (cols - first_col).astype(np.float32)[:, None]
    place = first_row * width + first_col
    upper = pixels[place] * (1 - right) + pixels[place + 1] * right
    lower = pixels[place + width] * (1 - right) + pixels[place + width + 1] * right
    sampled: FloatArray = upper * (1 - down) + lower * down
    return sampled


def _all_inside(rows: FloatArray, cols: FloatArray, shape: tuple[int, ...]) -> bool:
    inside = rows.min() >= 0 and cols.min() >= 0 and rows.max() < shape[0] - 1 and cols.max() < shape[1] - 1
    return bool(inside)
