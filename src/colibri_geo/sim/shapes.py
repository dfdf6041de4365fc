"""Shapes on the ground, and what share of each pixel they cover as a sensor sees it.

Coverage is worked out from the signed distance to the shape and the Gaussian point spread, which is exact for straight
edges and bars and near enough for curves wider than the point spread. Nothing is rasterised and blurred afterwards.

Places are ``(east, north)`` in metres from the lower left corner of the scene.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
Point = tuple[float, float]
"""East, north in metres from the lower left corner of the scene."""

_REACH_SIGMA = 4.0
_REACH_ROUGH = 3.5


@dataclass(frozen=True)
class View:
    """Where the pixels of one date really look.

    Attributes
    ----------
    rows, cols : int
    pixel_m : float
    shift_east_m, shift_north_m : float
        Where the ground appears relative to its true place.
    """

    rows: int
    cols: int
    pixel_m: float
    shift_east_m: float = 0.0
    shift_north_m: float = 0.0

    def window(self, points: FloatArray, reach_m: float) -> Patch:
        """Return the pixels within reach of the box around points on the ground."""
        east = points[:, 0] + self.shift_east_m
        north = points[:, 1] + self.shift_north_m
        height = self.rows * self.pixel_m
        first_col, last_col = _clip((east.min() - reach_m, east.max() + reach_m), self.pixel_m, self.cols)
        first_row, last_row = _clip(
            (height - north.max() - reach_m, height - north.min() + reach_m), self.pixel_m, self.rows
        )
        return Patch(self, slice(first_row, last_row), slice(first_col, last_col))


def _clip(span_m: tuple[float, float], pixel_m: float, size: int) -> tuple[int, int]:
    first = min(max(int(np.floor(span_m[0] / pixel_m)), 0), size)
    last = min(max(int(np.ceil(span_m[1] / pixel_m)), first), size)
    return first, last


@dataclass(frozen=True)
class Patch:
    """A window of a view.

    Attributes
    ----------
    view : View
    rows, cols : slice
    """

    view: View
    rows: slice
    cols: slice

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an (M, N) array."""
        return self.rows, self.cols

    @property
    def empty(self) -> bool:
        """Whether not one pixel is in it."""
        return bool(self.rows.start >= self.rows.stop or self.cols.start >= self.cols.stop)

    @property
    def east_m(self) -> FloatArray:
        """(1, n) ndarray of float32: where on the ground the columns look."""
        view = self.view
        cols = np.arange(self.cols.start, self.cols.stop, dtype=np.float64)
        return ((cols + 0.5) * view.pixel_m - view.shift_east_m).astype(np.float32)[None, :]

    @property
    def north_m(self) -> FloatArray:
        """(m, 1) ndarray of float32: where on the ground the rows look."""
        view = self.view
        rows = np.arange(self.rows.start, self.rows.stop, dtype=np.float64)
        return ((view.rows - rows - 0.5) * view.pixel_m - view.shift_north_m).astype(np.float32)[:, None]


@dataclass(frozen=True)
class Bar:
    """A straight bar with square ends.

    Attributes
    ----------
    end1, end2 : Point
    width_m : float
    """

    end1: Point
    end2: Point
    width_m: float

    @property
    def points(self) -> tuple[Point, ...]:
        """The points that span it."""
        return self.end1, self.end2

    @property
    def half_width_m(self) -> float:
        """How far it reaches from its points."""
        return self.width_m / 2

    def coverage(self, patch: Patch, *, blur_m: float, rough_m: FloatArray) -> FloatArray:
        """Return the share of each pixel that it covers; see `cover`."""
        east, north = self.end2[0] - self.end1[0], self.end2[1] - self.end1[1]
        length = float(np.hypot(east, north))
        de, dn = patch.east_m - np.float32(self.end1[0]), patch.north_m - np.float32(self.end1[1])
        along = (de * east + dn * north) / length
        across = (de * north - dn * east) / length
        half = np.maximum(self.width_m / 2 + rough_m, 0)
        side = ndtr((half - across) / blur_m) - ndtr((-half - across) / blur_m)
        ends = ndtr((along + rough_m) / blur_m) - ndtr((along - length - rough_m) / blur_m)
        return np.asarray(side * ends, dtype=np.float32)


@dataclass(frozen=True)
class Ribbon:
    """A bent line of one width with round ends.

    Attributes
    ----------
    points : tuple of Point
    width_m : float
    """

    points: tuple[Point, ...]
    width_m: float

    @property
    def half_width_m(self) -> float:
        """How far it reaches from its points."""
        return self.width_m / 2

    def coverage(self, patch: Patch, *, blur_m: float, rough_m: FloatArray) -> FloatArray:
        """Return the share of each pixel that it covers; see `cover`."""
        points = np.array(self.points, dtype=np.float32)
        limit = self.width_m / 2 + _REACH_SIGMA * blur_m + patch.view.pixel_m + _REACH_ROUGH * 3
        distance = np.full(rough_m.shape, np.inf, dtype=np.float32)
        for first, second in itertools.pairwise(points):
            near = patch.view.window(np.stack([first, second]), limit)
            rows = slice(
                *(np.clip([near.rows.start, near.rows.stop], patch.rows.start, patch.rows.stop) - patch.rows.start)
            )
            cols = slice(
                *(np.clip([near.cols.start, near.cols.stop], patch.cols.start, patch.cols.stop) - patch.cols.start)
            )
            part = distance[rows, cols]
            np.minimum(part, _segment_distance(patch.east_m[:, cols], patch.north_m[rows], first, second), out=part)
        half = np.maximum(self.width_m / 2 + rough_m, 0)
        covered = ndtr((half - distance) / blur_m) - ndtr((-half - distance) / blur_m)
        return np.asarray(covered, dtype=np.float32)


@dataclass(frozen=True)
class Area:
    """A polygon.

    Attributes
    ----------
    points : tuple of Point
        Corners, the first not repeated.
    softness_m : float
        Width over which it fades at its edge, one standard deviation.
    """

    points: tuple[Point, ...]
    softness_m: float = 0.0

    @property
    def half_width_m(self) -> float:
        """How far it reaches from its points."""
        return _REACH_SIGMA * self.softness_m

    def coverage(self, patch: Patch, *, blur_m: float, rough_m: FloatArray) -> FloatArray:
        """Return the share of each pixel that it covers; see `cover`."""
        depth = _depth(patch.east_m, patch.north_m, np.array(self.points, dtype=np.float32))
        return np.asarray(ndtr((depth + rough_m) / np.hypot(blur_m, self.softness_m)), dtype=np.float32)


Shape = Bar | Ribbon | Area


@dataclass(frozen=True)
class Cover:
    """What a shape covers.

    Attributes
    ----------
    patch : Patch
    share : (m, n) ndarray of float32, in [0, 1]
    """

    patch: Patch
    share: FloatArray


def cover(shape: Shape, view: View, *, blur_m: float, rough: FloatArray, roughness_m: float) -> Cover:
    """Work out what share of each pixel a shape covers.

    Parameters
    ----------
    shape : Shape
    view : View
    blur_m : float
        Standard deviation of the sensor's Gaussian point spread.
    rough : (M, N) ndarray of float32
        Field of unit variance that moves edges, as this view sees it.
    roughness_m : float
        How far it moves them, one standard deviation.

    Returns
    -------
    Cover
    """
    reach = shape.half_width_m + _REACH_SIGMA * blur_m + _REACH_ROUGH * roughness_m
    patch = view.window(np.array(shape.points, dtype=np.float32), reach)
    if patch.empty:
        return Cover(patch, np.zeros((0, 0), dtype=np.float32))
    return Cover(patch, shape.coverage(patch, blur_m=blur_m, rough_m=rough[patch.slices] * np.float32(roughness_m)))


def _segment_distance(east_m: FloatArray, north_m: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    step = second - first
    square = max(float(step @ step), 1e-6)
    de, dn = east_m - first[0], north_m - first[1]
    place = np.clip((de * step[0] + dn * step[1]) / square, 0, 1)
    return np.asarray(np.hypot(de - place * step[0], dn - place * step[1]), dtype=np.float32)


def _depth(east_m: FloatArray, north_m: FloatArray, corners: FloatArray) -> FloatArray:
    """Distance to the edge of a polygon, positive inside; inside by the even-odd rule."""
    distance = np.full((north_m.shape[0], east_m.shape[1]), np.inf, dtype=np.float32)
    inside = np.zeros(distance.shape, dtype=bool)
    for first, second in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        np.minimum(distance, _segment_distance(east_m, north_m, first, second), out=distance)
        if first[1] != second[1]:
            crossing = first[0] + (north_m - first[1]) * ((second[0] - first[0]) / (second[1] - first[1]))
            inside ^= ((north_m < first[1]) != (north_m < second[1])) & (east_m < crossing)
    return np.where(inside, distance, -distance)


def line_length(points: Sequence[Point]) -> float:
    """Return the length of a line in metres."""
    steps = np.diff(np.array(points, dtype=np.float64), axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())
