"""What lies around the ends of a strip: whether it goes on ahead, whether it joins something."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from colibri_geo.core.fields import Extent, Field
from colibri_geo.core.frames import ACROSS_STEP_PX, Line

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

PAST_PX = 150
"""How far straight ahead is looked for more of the same line."""
PAST_HALF_WIDTH_PX = 14.0
"""How far to the sides that look needs to see."""
AHEAD_PX = 22
"""How far ahead is looked for what goes on, in any direction."""

_FIRST_AHEAD_PX = 3
_AHEAD_HALF_WIDTH_PX = 8  # the line itself within 10 degrees, and its flanks
_FAN_DEG = np.arange(-45.0, 46.0, 5.0)
_NARROW_FAN_DEG = np.arange(-3.0, 4.0)
_AHEAD_DEG = 10
_LEAST_BEYOND_PX = 8
_PAST_COUNT_PX = 20
_WINDOW_PX = 30
_SIDE_DEG = np.arange(45.0, 136.0, 9.0)
_SIDE_BEND_DEG = 27.0
_SIDE_PX = np.arange(6, 19)
_SIDE_FLANK_PX = 4.0
_PLACES_BESIDE = 9


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
    steps = np.arange(_FIRST_AHEAD_PX, AHEAD_PX + 1.0)
    rays = _Rays.cast(contrast, end, steps, _FAN_DEG, level=level, outward=outward)
    if (rays.seen.sum(axis=1) >= _LEAST_BEYOND_PX)[np.abs(_FAN_DEG) <= _AHEAD_DEG].mean() < 0.5:
        return math.nan
    # What bends soon leaves every ray, so the first half of each is judged by itself too.
    return max(rays.find_most(slice(None)), rays.find_most(slice(0, len(steps) // 2))) / level


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
    steps = np.arange(_FIRST_AHEAD_PX, PAST_PX + 1.0)
    rays = _Rays.cast(contrast, end, steps, _NARROW_FAN_DEG, level=level, outward=outward)
    counts = np.cumsum(rays.seen, axis=1)
    first = _Rays(rays.values, rays.seen & (counts <= _PAST_COUNT_PX))
    known = (counts[:, -1] >= _LEAST_BEYOND_PX).any()
    windows = [rays.find_most(slice(start, start + _WINDOW_PX)) for start in range(0, len(steps), _WINDOW_PX // 2)]
    ahead = rays.seen[len(_NARROW_FAN_DEG) // 2]
    hidden = 0.0 if ahead[0] else float(steps[np.argmax(ahead)]) if ahead.any() else float(PAST_PX)
    return Past(first.find_most(slice(None)) / level if known else math.nan, max(windows) / level, hidden)


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
    ends = max(_look_across(signal, end, outward=outward) for end, outward in ((extent.start, -1), (extent.stop, 1)))
    places = np.linspace(extent.start, extent.stop, _PLACES_BESIDE + 2)[1:-1]
    chance = float(np.median([_look_across(signal, place, outward=1) for place in places]))
    return float(np.clip((ends - chance) / level, 0.0, 2.0))


def _look_across(signal: Field, station: float, *, outward: int) -> float:
    """Contrast, with the nearer of two flanks, of the best pair of rays to both sides that make one line."""
    angle = np.radians(_SIDE_DEG)[:, None]
    ahead, aside = np.cos(angle) * _SIDE_PX, np.sin(angle) * _SIDE_PX
    sides = []
    for side in (1, -1):
        lines = []
        for flank in (0.0, -_SIDE_FLANK_PX, _SIDE_FLANK_PX):
            stations = station + outward * (ahead - flank * np.sin(angle))
            lines.append(_average(signal, stations, side * (aside + flank * np.cos(angle))))
        sides.append(np.nan_to_num(lines[0] - np.maximum(lines[1], lines[2])))
    straight = np.abs(_SIDE_DEG[:, None] + _SIDE_DEG - 180) <= _SIDE_BEND_DEG
    weaker = np.minimum(sides[0][:, None], sides[1][None, :])
    return float(np.max(weaker[straight], initial=0.0))


def _average(signal: Field, stations: FloatArray, offsets: FloatArray) -> FloatArray:
    """Mean of the nearest samples along each row; NaN where less than half is observed."""
    smooth = ndimage.uniform_filter(signal.values, size=(3, 1), mode="nearest")
    columns = np.rint(stations - signal.stations[0]).astype(int)
    rows = np.rint((offsets - signal.offsets[0]) / ACROSS_STEP_PX).astype(int)
    height, width = smooth.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    seen = within & (signal.weight[rows, columns] > 0)
    counts = seen.sum(axis=1)
    sums = (smooth[rows, columns] * seen).sum(axis=1)
    means: FloatArray = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts >= 0.5 * stations.shape[1])
    return means


class _Rays:
    """Contrast along rays from an end, (directions, steps)."""

    def __init__(self, values: FloatArray, seen: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        self.values, self.seen = values, seen

    @classmethod
    def cast(
        cls, contrast: Field, end: float, steps: FloatArray, fan_deg: FloatArray, *, level: float, outward: int
    ) -> _Rays:
        """Sample the contrast, bounded by the strip's own, along each direction of a fan."""
        columns = np.rint(end + outward * steps - contrast.stations[0]).astype(int)
        rows = np.tan(np.radians(fan_deg))[:, None] * steps
        rows = np.rint((rows - contrast.offsets[0]) / ACROSS_STEP_PX).astype(int)
        height, width = contrast.values.shape
        within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        smooth = ndimage.uniform_filter1d(contrast.values, 3, axis=0, mode="nearest")
        values = np.clip(smooth[rows, columns], -level, 1.5 * level)
        return cls(values, within & (contrast.weight[rows, columns] > 0))

    def find_most(self, part: slice) -> float:
        """Largest mean contrast of a ray, 0 or more, of which enough was observed."""
        counts = self.seen[:, part].sum(axis=1)
        judged = counts >= _LEAST_BEYOND_PX
        means = (self.values * self.seen)[:, part].sum(axis=1)[judged] / counts[judged]
        return float(np.max(means, initial=0.0))
