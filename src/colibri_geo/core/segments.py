"""Fit a straight strip to images seen along it: axis and ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from colibri_geo.core.fields import CORE_HALF_PX, Extent, Field, find_direction, map_contrast
from colibri_geo.core.frames import ACROSS_STEP_PX, Frame, Line
from colibri_geo.core.resample import cubic_weights
from colibri_geo.core.shape import HALF_WIDTH_PX, Segment, measure_segment
from colibri_geo.core.surroundings import AHEAD_PX, PAST_HALF_WIDTH_PX, PAST_PX, Past, look_past

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
View = Callable[[Line, int, int, float], Frame]
"""Gives the images along a line: line, first station, last station, half width in pixels."""

_NARROW_PX = 8.5
_JUDGING_PX = 12.5
_REACH_PX = 40
_ROUNDS = 5
_GIVE_UP = 0.75  # of the shortest length: a fit that shrinks below it is not continued
_LEAST_STANDING = 3.0  # contrast over that of near parallel lines: of 87 simulated strips, faint ones too, one had less
_INSIDE = 0.45  # of the strip's own contrast: more than this is strip, less is not
_NEAR_PARALLEL_PX = 9.0  # nearer lines have the strip itself in a flank, where it is wide


def fit_segment(
    view: View,
    seed: Line,
    *,
    view_dates: View,
    seed_half_px: float,
    min_length_px: float,
    max_length_px: float,
    bare_direction: np.ndarray[Any, np.dtype[np.float32]],
    of_change: bool,
) -> Segment | None:
    """Fit a strip to the images around a seed.

    Parameters
    ----------
    view : callable
        Gives along a line what the strip is fitted to, one image: the change between the dates, or what they show
        alike; whitened so that the change of unchanged ground has unit covariance.
    seed : Line
        Through the middle of what the search found.
    view_dates : callable
        Gives the images of both dates along a line, for what is measured at the end.
    seed_half_px : float
        Half the length over which the search found it.
    min_length_px, max_length_px : float
        A shorter strip is given up; a strip is not followed further than the longest.
    bare_direction : (B,) ndarray of float32
        Unit vector of bareness among the bands.
    of_change : bool
        Fit to the change between the dates, or else to what they show alike: their mean, or the one that is observed.

    Returns
    -------
    Segment or None
        None where nothing that has two ends and two flanks is found.

    Notes
    -----
    By turns: the direction of the strip's contrast among the bands is taken from the strip itself; offset and slope of
    the axis maximise the mean contrast with both flanks; the ends are where the summed contrast, less 0.45 of the
    strip's own, is largest. Ends then lie where the contrast falls through half, interpolated; the width is that of
    the box which, blurred by the point spread, fits the mean cross profile.
    """
    line, extent = seed, Extent(-seed_half_px, seed_half_px)
    for turn in range(_ROUNDS):
        judged = turn == 1  # once the axis lies well, and only once: this look is wider than the fit needs
        frame = _look(view, line, extent, max_length_px, half_width_px=_JUDGING_PX if judged else _NARROW_PX)
        field = Field(frame.images[0], frame.weights[0], frame.offsets, frame.stations)
        direction = find_direction(field, extent)
        if direction is None:
            return None
        contrast = map_contrast(field.project(direction), CORE_HALF_PX)
        offset, slope = _fit_axis(contrast, extent)
        along = _sample_along(contrast, offset + slope * (field.stations - extent.middle))
        grown = _grow(along, field.stations, extent, inside=field.inside(extent))
        if not _GIVE_UP * min_length_px <= grown.length <= max_length_px:
            return None
        if judged and not _stands_out(contrast, grown):
            return None
        moved = max(abs(offset), abs(slope) * extent.length / 2)
        still = max(abs(grown.start - extent.start), abs(grown.stop - extent.stop)) < 0.5 and moved < 0.05
        line = line.moved(station=extent.middle, offset=offset, turn_deg=math.degrees(math.atan(slope)))
        line = line.moved(station=grown.middle - extent.middle, offset=0.0, turn_deg=0.0)
        extent = Extent(-grown.length / 2, grown.length / 2)
        if still:
            break
    if extent.length < min_length_px:
        return None
    past = _look_past_ends(view, line, extent)
    if past is None:
        return None
    frame = _look(view_dates, line, extent, max_length_px, half_width_px=HALF_WIDTH_PX)
    return measure_segment(frame, line, extent, past=past, bare_direction=bare_direction, of_change=of_change)


def _look_past_ends(view: View, line: Line, extent: Extent) -> tuple[Past, Past] | None:
    """Look for more of the same line straight ahead of the first and the last station, also beyond what hides them."""
    first, last = math.floor(extent.start), math.ceil(extent.stop)
    frame = view(line, first - PAST_PX, last + PAST_PX, PAST_HALF_WIDTH_PX)
    field = Field(frame.images[0], frame.weights[0], frame.offsets, frame.stations)
    direction = find_direction(field, extent)
    if direction is None:
        return None
    contrast = map_contrast(field.project(direction), CORE_HALF_PX)
    level = max(float(contrast.mean_profile(extent)[len(frame.offsets) // 2]), 1e-6)
    return (
        look_past(contrast, extent.start, level, outward=-1),
        look_past(contrast, extent.stop, level, outward=1),
    )


def _look(view: View, line: Line, extent: Extent, max_length_px: float, *, half_width_px: float) -> Frame:
    reach = min(_REACH_PX, max(max_length_px - extent.length, AHEAD_PX + 3))
    return view(line, math.floor(extent.start - reach), math.ceil(extent.stop + reach), half_width_px)


def _fit_axis(contrast: Field, extent: Extent) -> tuple[float, float]:
    """Offset at the middle and slope (right per station) of the line with the largest mean contrast."""
    inside = contrast.inside(extent)
    stations = contrast.stations[inside] - extent.middle
    part = ndimage.gaussian_filter1d(contrast.values[:, inside], 1.0 / ACROSS_STEP_PX, axis=0, mode="nearest")
    at = len(contrast.offsets) // 2
    level = max(float(np.median(part[at - 2 : at + 3].max(axis=0))), 1e-6)
    bounded = np.clip(part, -level, 2 * level)
    half = max(extent.length / 2, 1.0)
    centre, swing = 0.0, 0.0
    for span in (2.4, 0.96, 0.38, 0.15, 0.06):
        steps = np.linspace(-span, span, 5)
        offsets, swings = centre + steps, swing + steps
        places = offsets[:, None, None] + swings[None, :, None] * (stations / half)[None, None, :]
        goal = _interpolate_rows(bounded, (places - contrast.offsets[0]) / ACROSS_STEP_PX).mean(axis=2)
        best = np.unravel_index(int(goal.argmax()), goal.shape)
        centre, swing = float(offsets[best[0]]), float(swings[best[1]])
    return centre, swing / half


def _interpolate_rows(values: FloatArray, index: FloatArray) -> FloatArray:
    """Sample each column of `values` (T, S) at rows `index` (..., S) of its own, by cubic convolution.

    Linear interpolation would not do: of a smooth crest it is highest at the samples, so that an axis that lies on
    them would never be moved.
    """
    first = np.clip(np.floor(index).astype(int), 1, len(values) - 3)
    weights = cubic_weights(np.clip(index - first, 0.0, 1.0))
    columns = np.arange(values.shape[1])
    total = np.zeros(index.shape)
    for step, weight in enumerate(weights, start=-1):
        total += weight * values[first + step, columns]
    return total


def _sample_along(contrast: Field, offsets: FloatArray) -> FloatArray:
    """Contrast at an offset of its own for each station; NaN where the station is not observed."""
    index = (offsets - contrast.offsets[0]) / ACROSS_STEP_PX
    lower = np.clip(np.floor(index).astype(int), 0, len(contrast.offsets) - 2)
    share = np.clip(index - lower, 0, 1)
    columns = np.arange(len(offsets))
    values = contrast.values[lower, columns] * (1 - share) + contrast.values[lower + 1, columns] * share
    seen = contrast.weight[np.rint(np.clip(index, 0, len(contrast.offsets) - 1)).astype(int), columns] > 0
    return np.where(seen, values, np.nan)


def _stands_out(contrast: Field, extent: Extent) -> bool:
    """Tell whether the line has more contrast than its near parallels: a look that spares most of the fits."""
    parallel, away = contrast.mean_profile(extent), np.abs(contrast.offsets)
    near = np.abs(parallel[(away >= _NEAR_PARALLEL_PX) & contrast.known_rows(extent)])
    scatter = 1.4826 * float(np.median(near)) if len(near) else 0.0  # a strip beside is not noise
    return float(parallel[away <= CORE_HALF_PX].max()) >= _LEAST_STANDING * scatter


def _grow(along: FloatArray, stations: FloatArray, extent: Extent, *, inside: BoolArray) -> Extent:
    """Grow or shrink to the stations that are strip rather than not, from the middle outwards."""
    seen = inside & np.isfinite(along)
    level = float(np.median(along[seen])) if seen.any() else 0.0
    if level <= 0:
        return Extent(0.0, 0.0)
    gain = np.nan_to_num(np.clip(along / level, -0.6, 1.4) - _INSIDE, nan=0.0)
    middle = int(np.argmin(np.abs(stations - extent.middle)))
    right = middle + int(np.argmax(np.cumsum(gain[middle:])))
    left = middle - int(np.argmax(np.cumsum(gain[middle::-1])))
    # Both ends are found by the same walk to the right: for the left end, along the mirrored strip.
    stop = _find_end(along, stations, right, level)
    start = -_find_end(along[::-1], -stations[::-1], len(along) - 1 - left, level)
    return Extent(start, stop)


def _find_end(along: FloatArray, stations: FloatArray, last: int, level: float) -> float:
    """Station near `last` at which the contrast falls through half of that just inside, between stations."""
    smooth = ndimage.uniform_filter1d(np.nan_to_num(along), 3, mode="nearest")
    plateau = smooth[max(last - 9, 0) : last + 1]
    half = 0.5 * max(float(np.median(plateau)), 0.5 * level)
    for place in range(max(last - 3, 0), min(last + 7, len(smooth) - 1)):
        if smooth[place] >= half > smooth[place + 1]:
            return float(stations[place] + (smooth[place] - half) / (smooth[place] - smooth[place + 1]))
    return float(stations[last] + 0.5)
