"""Bareness of a strip on both dates, across its axis and along it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from colibri_geo.core.frames import Frame, Line, straighten
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.reporting.grounding import GroundGrid

Floats = np.ndarray[Any, np.dtype[np.float64]]

ASIDE_M, BEYOND_M = 150.0, 150.0
"""How far to look to each side of the axis, and beyond each end."""
_LEAST_SHARE = 0.5  # of the pixels behind a value that have to be observed


@dataclass(frozen=True)
class Profile:
    """Bareness along a line, in standard deviations of its change on unchanged ground.

    Attributes
    ----------
    at_m : (N,) ndarray of float64
        Metres to the right of the axis as seen from end 1, or from end 1 towards end 2.
    before, after : (N,) ndarray of float64
        Over the median of the ground around on the before date; NaN where less than half was observed.
    """

    at_m: Floats
    before: Floats
    after: Floats


class Profiles(NamedTuple):
    """Both profiles of a strip."""

    across: Profile
    along: Profile


def measure_profiles(change_map: ChangeMap, strip: pd.Series) -> Profiles:
    """Measure bareness across a strip, mean over its length, and along it, mean over its width.

    Parameters
    ----------
    change_map : ChangeMap
    strip : Series
        A row of the strips table.

    Returns
    -------
    Profiles
    """
    places = gpd.GeoSeries.from_xy(
        [strip["end1_lon"], strip["end2_lon"]], [strip["end1_lat"], strip["end2_lat"]], crs=4326
    )
    pixels = GroundGrid.from_geobox(change_map.grid).to_pixels(places)
    ends = np.column_stack([pixels.y, pixels.x]) - 0.5  # rows and columns, counted from the centre of a pixel
    down, right = ends[1] - ends[0]
    length_px = math.hypot(down, right)
    metres_per_px = float(strip["length_m"]) / length_px
    frame = _read_frame(change_map, ends, math.degrees(math.atan2(right, -down)), metres_per_px)
    on_strip = (frame.stations >= 0) & (frame.stations <= length_px)
    in_width = np.abs(frame.offsets) <= max(float(strip["width_m"]) / 2 / metres_per_px, 0.5)
    ground = _find_ground(frame)
    return Profiles(
        across=_average(frame, on_strip[None, :], 1, frame.offsets * metres_per_px, ground),
        along=_average(frame, in_width[:, None], 0, frame.stations * metres_per_px, ground),
    )


def _read_frame(change_map: ChangeMap, ends: Floats, angle_deg: float, metres_per_px: float) -> Frame:
    """Sample bareness on both dates in a frame around a strip, station 0 at end 1."""
    aside_px, beyond_px = ASIDE_M / metres_per_px, math.ceil(BEYOND_M / metres_per_px)
    margin = math.ceil(aside_px) + beyond_px + 2
    (first_row, first_col), (end_row, end_col) = np.floor(ends.min(axis=0)), np.ceil(ends.max(axis=0)) + 1
    window = Window(int(first_row), int(first_col), int(end_row - first_row), int(end_col - first_col)).padded(margin)
    block = change_map.read(window)
    stack = np.dstack([block.bare_before, block.bare_after, block.valid_before, block.valid_after]).astype(np.float32)
    line = Line(float(ends[0, 0]) - window.row, float(ends[0, 1]) - window.col, angle_deg)
    length_px = math.hypot(*(ends[1] - ends[0]))
    return straighten(
        stack, line, first_station=-beyond_px, last_station=math.ceil(length_px) + beyond_px, half_width_px=aside_px
    )


def _find_ground(frame: Frame) -> float:
    """Find the usual bareness of the ground around; 0 where none was observed."""
    seen = frame.before[0][frame.weight_before > 0]
    return float(np.median(seen)) if seen.size else 0.0


def _average(
    frame: Frame, chosen: np.ndarray[Any, np.dtype[np.bool_]], axis: int, at_m: Floats, ground: float
) -> Profile:
    dates = ((frame.before[0], frame.weight_before), (frame.after[0], frame.weight_after))
    before, after = (_mean(values - ground, weights, chosen, axis) for values, weights in dates)
    return Profile(at_m, before, after)


def _mean(values: Any, weights: Any, chosen: Any, axis: int) -> Floats:  # noqa: ANN401 - arrays of one shape
    counted = np.where(chosen, weights, 0)
    total = counted.sum(axis=axis, dtype=np.float64)
    enough = total >= _LEAST_SHARE * np.broadcast_to(chosen, weights.shape).sum(axis=axis)
    sums = (values * counted).sum(axis=axis, dtype=np.float64)
    return np.where(enough & (total > 0), np.divide(sums, total, out=np.zeros_like(sums), where=total > 0), np.nan)
