"""What lies around the ends of a strip: whether it goes on ahead, whether it joins something."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from colibri_geo.core.fields import Extent, Field
from colibri_geo.core.frames import ACROSS_STEP_PX, Line

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
IntArray = np.ndarray[Any, np.dtype[np.intp]]

PAST_PX = 150
"""How far straight ahead is looked for more of the same line."""
PAST_HALF_WIDTH_PX = 14.0
"""How far to the sides that look needs to see."""
AHEAD_PX = 22
"""How far ahead is looked for what goes on, in any direction."""

_FIRST_AHEAD_PX = 3
_AHEAD_HALF_WIDTH_PX = 8  # the line itself within 10 degrees, and its flanks
_LEAST_BEYOND_PX = 8
_PAST_COUNT_PX = 20
_WINDOW_PX = 30
_SIDE_DEG = np.arange(45.0, 136.0, 9.0)
_STRAIGHT = np.abs(_SIDE_DEG[:, None] + _SIDE_DEG - 180) <= 27.0  # pairs of rays to either side that make one line
_SIDE_PX = np.arange(6, 19)
_SIDE_FLANK_PX = 4.0
_PLACES_BESIDE = 9
# Where the samples of rays to the side lie, those of a ray itself before those of its flanks, in pixels:
# (samples, 1, rays and flanks, sides, directions).
_SIDE_RAD = np.radians(_SIDE_DEG)
_SIDE_STEPS = _SIDE_PX[:, None, None, None, None]
_ASIDE_PX = np.array([0.0, -_SIDE_FLANK_PX, _SIDE_FLANK_PX])[:, None, None]
_SIDE_STATIONS = np.cos(_SIDE_RAD) * _SIDE_STEPS - np.sin(_SIDE_RAD) * _ASIDE_PX
_SIDE_OFFSETS = (np.sin(_SIDE_RAD) * _SIDE_STEPS + np.cos(_SIDE_RAD) * _ASIDE_PX) * np.array([1, -1])[:, None]


def _freeze(*shared: np.ndarray[Any, Any]) -> None:
    """Keep arrays that serve one call after the other from being written to."""
    for array in shared:
        array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class _Fan:
    """Directions of rays from an end, and how far from it they are sampled."""

    degrees: FloatArray
    steps: FloatArray

    def __post_init__(self) -> None:
        _freeze(self.degrees, self.steps)


_FAN = _Fan(np.arange(-45.0, 46.0, 5.0), np.arange(_FIRST_AHEAD_PX, AHEAD_PX + 1.0))
_STRAIGHT_AHEAD = np.abs(_FAN.degrees) <= 10
_NARROW_FAN = _Fan(np.arange(-3.0, 4.0), np.arange(_FIRST_AHEAD_PX, PAST_PX + 1.0))


@dataclass(frozen=True)
class Past:
    """What lies straight ahead of an end, over the contrast of the strip.

    Attributes
    ----------
    nearest : float
        Mean contrast of the first 20 pixels that were observed; NaN where none were.
    strongest : float
        Of the strongest piece of 30 pixels; 0 where none was observed.
    hidden_px : float
        How far straight ahead nothing was observed; 0 where the ground at the end was.
    """

    nearest: float
    strongest: float
    hidden_px: float


def look_ahead(contrast: Field, end: float, level: float, *, outward: int) -> float:
    """Measure what goes on beyond an end.

    Parameters
    ----------
    contrast : Field
        Contrast with both flanks, (T, S).
    end : float
        Station of the end.
    level : float
        Contrast of the strip.
    outward : int
        1 where stations count up beyond the end, -1 where they count down.

    Returns
    -------
    float, 0 or more
        Largest mean contrast over a fan of directions, over that of the strip; NaN where the ground straight ahead was
        not observed.
    """
    rays = _Rays.cast(contrast, end, _FAN, level=level, outward=outward)
    if (rays.seen[_STRAIGHT_AHEAD].sum(axis=1) >= _LEAST_BEYOND_PX).mean() < 0.5:
        return math.nan
    # What bends soon leaves every ray, so the first half of each is judged by itself too.
    steps = len(_FAN.steps)
    return rays.find_most(np.array([0, 0]), np.array([steps, steps // 2])) / level


def place_ahead(line: Line, end: float, *, outward: int) -> FloatArray:
    """List the places on which it rests whether what lies ahead of an end was observed: ahead of it and beside.

    Parameters
    ----------
    line : Line
    end : float
        Station of the end.
    outward : int
        1 where stations count up beyond the end, -1 where they count down.

    Returns
    -------
    (K, 2) ndarray of float64
        Rows and columns, in pixels of the line's image.

    Examples
    --------
    >>> place_ahead(Line(100.0, 50.0, 90.0), 30.0, outward=1).min(axis=0)
    array([92., 83.])
    """
    stations = end + outward * np.arange(_FIRST_AHEAD_PX, AHEAD_PX + 1.0)
    offsets = np.arange(-_AHEAD_HALF_WIDTH_PX, _AHEAD_HALF_WIDTH_PX + 1.0)
    places = (
        np.array([line.row, line.col]) + stations[:, None, None] * line.along + offsets[None, :, None] * line.across
    )
    listed: FloatArray = places.reshape(-1, 2)
    return listed


def look_past(contrast: Field, end: float, level: float, *, outward: int) -> Past:
    """Measure what lies straight ahead of an end, up to 150 pixels away.

    Parameters
    ----------
    contrast : Field
        Contrast with both flanks, (T, S).
    end : float
        Station of the end.
    level : float
        Contrast of the strip.
    outward : int
        1 where stations count up beyond the end, -1 where they count down.

    Returns
    -------
    Past
    """
    rays, steps = _Rays.cast(contrast, end, _NARROW_FAN, level=level, outward=outward), _NARROW_FAN.steps
    counts = np.cumsum(rays.seen, axis=1)
    first = _Rays(rays.values, rays.seen & (counts <= _PAST_COUNT_PX))
    known = (counts[:, -1] >= _LEAST_BEYOND_PX).any()
    starts = np.arange(0, len(steps), _WINDOW_PX // 2)
    strongest = rays.find_most(starts, np.minimum(starts + _WINDOW_PX, len(steps))) / level
    nearest = first.find_most(np.array([0]), np.array([len(steps)])) / level if known else math.nan
    ahead = rays.seen[len(rays.seen) // 2]
    hidden = 0.0 if ahead[0] else float(steps[np.argmax(ahead)]) if ahead.any() else float(PAST_PX)
    return Past(nearest, strongest, hidden)


def look_for_joins(signal: Field, extent: Extent, level: float) -> float:
    """Measure what passes the ends of a strip across it, as a road does where a branch leaves it.

    Parameters
    ----------
    signal : Field
        What the strip is bright in, (T, S).
    extent : Extent
    level : float
        Contrast of the strip.

    Returns
    -------
    float, 0 or more
        Largest contrast of a line across an end, on the weaker of both sides, over that of the strip, less what chance
        shows across its middle.
    """
    places = np.linspace(extent.start, extent.stop, _PLACES_BESIDE + 2)
    across = _look_across(signal, places, outward=np.where(np.arange(len(places)) == 0, -1, 1))
    ends, chance = max(across[0], across[-1]), np.sort(across[1:-1])[_PLACES_BESIDE // 2]
    return float(min(max((ends - chance) / level, 0.0), 2.0))


def _look_across(signal: Field, places: FloatArray, *, outward: IntArray) -> FloatArray:
    """Contrast, with the nearer of two flanks, of the best pair of rays to both sides that make one line.

    Parameters
    ----------
    signal : Field
    places : (P,) ndarray of float64
        Stations at which the rays begin.
    outward : (P,) ndarray of int
        1 where the rays lean to higher stations, -1 where they lean to lower ones.

    Returns
    -------
    (P,) ndarray of float64, 0 or more
    """
    stations = places[:, None, None, None] + outward[:, None, None, None] * _SIDE_STATIONS
    lines = _average(signal, stations, _SIDE_OFFSETS)
    sides = np.nan_to_num(lines[:, 0] - np.maximum(lines[:, 1], lines[:, 2]))
    pairs = np.minimum(sides[:, 0, :, None], sides[:, 1, None, :])
    best: FloatArray = np.where(_STRAIGHT, pairs, 0.0).max(axis=(1, 2), initial=0.0)
    return best


def _average(signal: Field, stations: FloatArray, offsets: FloatArray) -> FloatArray:
    """Mean over the first axis of the nearest samples along each row; NaN where less than half is observed."""
    height, width = signal.values.shape
    # Around the field lies a border that was not observed: there is what strays from it.
    columns = np.minimum(np.maximum(np.rint(stations - (signal.stations[0] - 1)).astype(int), 0), width + 1)
    rows = np.rint((offsets - signal.offsets[0]) / ACROSS_STEP_PX + 1).astype(int)
    place = np.minimum(np.maximum(rows, 0), height + 1) * (width + 2) + columns
    values, seen = np.zeros((2, height + 2, width + 2))
    inner = (slice(1, -1), slice(1, -1))
    np.greater(signal.weight, 0, out=seen[inner])
    np.multiply(_average_rows(signal.values), seen[inner], out=values[inner])
    counts, sums = seen.take(place).sum(axis=0), values.take(place).sum(axis=0)
    half = 0.5 * len(place)
    means: FloatArray = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts >= half)
    return means


def _average_rows(values: FloatArray) -> FloatArray:
    """Mean of each row and its neighbours; the first and the last are their own."""
    sums = values.copy()
    sums[1:] += values[:-1]
    sums[:-1] += values[1:]
    sums[[0, -1]] += values[[0, -1]]
    sums /= 3
    return sums


@dataclass(frozen=True)
class _Rows:
    """Rows of a field that rays pass: three at each sample (3, directions, steps), and whether it lies in the field."""

    near: IntArray
    within: BoolArray

    def __post_init__(self) -> None:
        _freeze(self.near, self.within)

    @staticmethod
    @lru_cache(maxsize=16)
    def under(fan: _Fan, count: int) -> _Rows:
        """Find them in a field of so many offsets."""
        first, last = -(count // 2) * ACROSS_STEP_PX, count - 1
        rows = np.tan(np.radians(fan.degrees))[:, None] * fan.steps
        rows = np.rint((rows - first) / ACROSS_STEP_PX).astype(int)
        at = np.minimum(np.maximum(rows, 0), last)
        near = np.stack([np.maximum(at - 1, 0), at, np.minimum(at + 1, last)])
        return _Rows(near, (rows >= 0) & (rows <= last))


@dataclass(frozen=True)
class _Rays:
    """Contrast along rays from an end, (directions, steps); whether it was observed."""

    values: FloatArray
    seen: BoolArray

    @classmethod
    def cast(cls, contrast: Field, end: float, fan: _Fan, *, level: float, outward: int) -> _Rays:
        """Sample the contrast, bounded by the strip's own, along each direction of a fan."""
        offsets, stations = contrast.values.shape
        columns = np.rint(end + outward * fan.steps - contrast.stations[0]).astype(int)
        rows = _Rows.under(fan, offsets)
        place = rows.near * stations + np.minimum(np.maximum(columns, 0), stations - 1)
        values = np.clip(contrast.values.take(place).sum(axis=0) / 3, -level, 1.5 * level)
        within = rows.within & (columns >= 0) & (columns < stations)
        return cls(values, within & (contrast.weight.take(place[1]) > 0))

    def find_most(self, starts: IntArray, stops: IntArray) -> float:
        """Largest mean contrast, 0 or more, of a part of a ray from `starts` to before `stops` that is known enough."""
        running = np.zeros((2, len(self.seen), self.seen.shape[1] + 1))
        np.cumsum(self.seen, axis=1, out=running[0, :, 1:])
        np.cumsum(np.where(self.seen, self.values, 0.0), axis=1, out=running[1, :, 1:])
        counts, sums = running[..., stops] - running[..., starts]
        judged = counts >= _LEAST_BEYOND_PX
        return float(np.max(sums[judged] / counts[judged], initial=0.0))
