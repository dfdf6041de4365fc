"""Fit a straight strip to images seen along it: axis and ends."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from colibri_geo.core import compiled
from colibri_geo.core.fields import (
    CORE_HALF_PX,
    LEAST_KNOWN,
    Extent,
    Field,
    add_in_order,
    find_direction,
    map_contrast,
    smoothing,
    state_field,
    state_zones,
)
from colibri_geo.core.frames import ACROSS_STEP_PX, Frame, Line
from colibri_geo.core.shape import HALF_WIDTH_PX, Piece, Segment, measure_segment
from colibri_geo.core.surroundings import AHEAD_PX, PAST_HALF_WIDTH_PX, PAST_PX, Past, look_past

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
View = Callable[[Line, int, int, float], Frame]
"""Gives the images along a line: line, first station, last station, half width in pixels."""

_NARROW_PX = 8.5
_JUDGING_PX = 12.5
_REACH_PX = 40
_ROUND_PX = AHEAD_PX + 3  # how far around the ends is measured
_ROUNDS = 5
_GIVE_UP = 0.75  # of the shortest length: a fit that shrinks below it is not continued
_LEAST_STANDING = 3.0  # contrast over that of near parallel lines: of 87 simulated strips, faint ones too, one had less
_INSIDE = 0.45  # of the strip's own contrast: more than this is strip, less is not
_LOWEST_GAIN, _HIGHEST_GAIN = -0.6, 1.4  # of it too: what a single station can add to the sum
_LEAST_LEVEL = 1e-6
_SMOOTHING_PX = 1.0
_SIGMA = 1.4826  # of normal values, their standard deviation over the median of their sizes
# In rows, finer and finer: together they lead offset and swing 4 px away each, and a narrow look sees 8 px and a row.
_STEPS = np.array([2.4, 0.96, 0.38, 0.15, 0.06])[:, None] * np.linspace(-1, 1, 5) / ACROSS_STEP_PX
_NEAR_PARALLEL_PX = 9.0  # nearer lines have the strip itself in a flank, where it is wide


def fit_segment(
    view: View,
    seed: Line,
    *,
    view_dates: View,
    seed_half_px: float,
    min_length_px: float,
    max_length_px: float,
    max_width_px: float,
    bare_direction: np.ndarray[Any, np.dtype[np.float32]],
    of_change: bool,
) -> Segment | Piece | None:
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
    max_width_px : float
        What is wider is no strip.
    bare_direction : (B,) ndarray of float32
        Unit vector of bareness among the bands.
    of_change : bool
        Fit to the change between the dates, or else to what they show alike: their mean, or the one that is observed.

    Returns
    -------
    Segment, Piece or None
        A piece where it goes on beyond an end or is too wide; None where nothing that has two ends and two flanks is
        found.

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
        taken = take_turn(field, extent, least_px=_GIVE_UP * min_length_px, most_px=max_length_px, judged=judged)
        if taken is None:
            return None
        grown = taken.extent
        moved = max(abs(taken.offset), abs(taken.slope) * extent.length / 2)
        still = max(abs(grown.start - extent.start), abs(grown.stop - extent.stop)) < 0.5 and moved < 0.05
        line = line.moved(station=extent.middle, offset=taken.offset, turn_deg=math.degrees(math.atan(taken.slope)))
        line = line.moved(station=grown.middle - extent.middle, offset=0.0, turn_deg=0.0)
        extent = Extent(-grown.length / 2, grown.length / 2)
        if still:
            break
    if extent.length < min_length_px:
        return None
    frame = view_dates(line, math.floor(extent.start) - _ROUND_PX, math.ceil(extent.stop) + _ROUND_PX, HALF_WIDTH_PX)
    return measure_segment(
        frame,
        line,
        extent,
        max_width_px=max_width_px,
        look_past_ends=partial(_look_past_ends, view, line, extent),
        bare_direction=bare_direction,
        of_change=of_change,
    )


@dataclass(frozen=True)
class Turn:
    """What one turn of a fit gives.

    Attributes
    ----------
    offset : float
        Of the axis at the middle of what was looked at, pixels to the right.
    slope : float
        Of the axis, to the right per station.
    extent : Extent
        What the strip has grown or shrunk to.
    """

    offset: float
    slope: float
    extent: Extent


def take_turn(field: Field, extent: Extent, *, least_px: float, most_px: float, judged: bool) -> Turn | None:
    """Fit axis and ends once to what is seen along a line.

    Parameters
    ----------
    field : Field
        (B, T, S), float32, finite.
    extent : Extent
        Where the strip is believed to lie.
    least_px, most_px : float
        A strip that is shorter or longer afterwards is given up.
    judged : bool
        Give up too what has no more contrast than its near parallels.

    Returns
    -------
    Turn or None
        None where it is given up.
    """
    if compiled.KERNELS is not None and field.is_single:
        rules = _state_rules(len(field.offsets), least_px, most_px)
        return _take_compiled_turn(compiled.KERNELS, field, extent, rules, judged=judged)
    direction = find_direction(field, extent)
    if direction is None:
        return None
    contrast = map_contrast(field.project(direction), CORE_HALF_PX)
    offset, slope = _fit_axis(contrast, extent)
    along = _sample_along(contrast, offset + slope * (field.stations - extent.middle))
    grown = _grow(along, field.stations, extent, inside=contrast.inside(extent))
    if not least_px <= grown.length <= most_px or (judged and not _stands_out(contrast, grown)):
        return None
    return Turn(offset, slope, grown)


def _take_compiled_turn(
    kernels: ctypes.CDLL, field: Field, extent: Extent, rules: compiled.Rules, *, judged: bool
) -> Turn | None:
    turn = compiled.Turn(extent.start, extent.stop)
    if not compiled.check(kernels.cg_take_turn(state_field(field), rules, judged, turn)):
        return None
    return Turn(turn.offset, turn.slope, Extent(turn.start, turn.stop))


@lru_cache(maxsize=16)
def _state_rules(offsets: int, least_px: float, most_px: float) -> compiled.Rules:
    """State what a turn goes by, for so many offsets, as the kernel takes it."""
    smooth = smoothing(offsets, _SMOOTHING_PX).toarray()
    steps = np.ascontiguousarray(_STEPS)
    rules = state_zones(CORE_HALF_PX)
    rules.smoothing = compiled.locate(smooth, ctypes.c_double)
    rules.steps = compiled.locate(steps, ctypes.c_double)
    rules.rounds = steps.shape[0]
    rules.tries = steps.shape[1]
    rules.least_level = _LEAST_LEVEL
    rules.inside = _INSIDE
    rules.lowest_gain = _LOWEST_GAIN
    rules.highest_gain = _HIGHEST_GAIN
    rules.core_px = CORE_HALF_PX
    rules.near_parallel_px = _NEAR_PARALLEL_PX
    rules.least_known = LEAST_KNOWN
    rules.least_standing = _LEAST_STANDING
    rules.sigma = _SIGMA
    rules.least_length_px = least_px
    rules.most_length_px = most_px
    rules.kept = smooth, steps  # as long as the rules
    return rules


def _look_past_ends(view: View, line: Line, extent: Extent) -> tuple[Past, Past] | None:
    """Look for more of the same line straight ahead of the first and the last station, also beyond what hides them."""
    first, last = math.floor(extent.start), math.ceil(extent.stop)
    frame = view(line, first - PAST_PX, last + PAST_PX, PAST_HALF_WIDTH_PX)
    field = Field(frame.images[0], frame.weights[0], frame.offsets, frame.stations)
    direction = find_direction(field, extent)
    if direction is None:
        return None
    contrast = map_contrast(field.project(direction), CORE_HALF_PX)
    level = max(float(contrast.mean_profile(extent, contrast.beside(0.0))[0]), 1e-6)
    return (
        look_past(contrast, extent.start, level, outward=-1),
        look_past(contrast, extent.stop, level, outward=1),
    )


def _look(view: View, line: Line, extent: Extent, max_length_px: float, *, half_width_px: float) -> Frame:
    reach = min(_REACH_PX, max(max_length_px - extent.length, _ROUND_PX))
    return view(line, math.floor(extent.start - reach), math.ceil(extent.stop + reach), half_width_px)


def _fit_axis(contrast: Field, extent: Extent) -> tuple[float, float]:
    """Offset at the middle and slope (right per station) of the line with the largest mean contrast."""
    inside = contrast.inside(extent)
    part = (smoothing(len(contrast.offsets), _SMOOTHING_PX) @ contrast.values[:, inside]).astype(contrast.values.dtype)
    at = len(contrast.offsets) // 2
    level = max(_median(part[at - 2 : at + 3].max(axis=0)), _LEAST_LEVEL)
    rows = _Rows.of(np.clip(part, -level, 2 * level))
    half = max(extent.length / 2, 1.0)
    swung = (contrast.stations[inside] - extent.middle) / half
    row, swing = float(at), 0.0
    for steps in _STEPS:
        index, swings = row + steps, swing + steps
        goal = add_in_order(rows.sample(index, swings[:, None] * swung))
        best = divmod(int(goal.argmax()), len(steps))
        row, swing = float(index[best[0]]), float(swings[best[1]])
    return (row - at) * ACROSS_STEP_PX, swing * ACROSS_STEP_PX / half


@dataclass(frozen=True)
class _Rows:
    """Cubic convolution between the rows of values (T, S): what a polynomial is made of, for each row and column.

    Linear interpolation would not do: of a smooth crest it is highest at the samples, so that an axis that lies on
    them would never be moved.
    """

    terms: tuple[FloatArray, ...]
    """Factors of the powers 0 to 3 of the way from one row to the next, (T - 3, S) each."""

    @classmethod
    def of(cls, values: FloatArray) -> _Rows:
        before, at, after, beyond = (values[first : len(values) - 3 + first].astype(np.float64) for first in range(4))
        rise, bend = (after - before) / 2, 2 * after - 2.5 * at + before - beyond / 2
        return cls((at, rise, bend, after - at - rise - bend))

    def sample(self, index: FloatArray, swings: FloatArray) -> FloatArray:
        """Sample each column at the sums of rows `index` (I,) and `swings` (J, S), (I, J, S).

        All have to lie between the second row and the last but one: what `_fit_axis` reaches does.
        """
        whole = index[:, None, None] + swings
        first = np.floor(whole)
        way = whole - first
        columns = self.terms[0].shape[1]
        place = (first * columns + (np.arange(columns) - columns)).astype(np.intp)
        total: FloatArray = self.terms[3].take(place)
        for term in self.terms[2::-1]:
            total *= way
            total += term.take(place)
        return total


def _sample_along(contrast: Field, offsets: FloatArray) -> FloatArray:
    """Contrast at an offset of its own for each station; NaN where the station is not observed."""
    most = len(contrast.offsets) - 1
    index = (offsets - contrast.offsets[0]) / ACROSS_STEP_PX
    lower = np.clip(np.floor(index).astype(int), 0, most - 1)
    share = np.clip(index - lower, 0, 1)
    columns = np.arange(len(offsets))
    values = contrast.values[lower, columns] * (1 - share) + contrast.values[lower + 1, columns] * share
    seen = contrast.weight[np.rint(np.clip(index, 0, most)).astype(int), columns] > 0
    return np.where(seen, values, np.nan)


def _stands_out(contrast: Field, extent: Extent) -> bool:
    """Tell whether the line has more contrast than its near parallels: a look that spares most of the fits."""
    parallel, away = contrast.mean_profile(extent), np.abs(contrast.offsets)
    near = np.abs(parallel[(away >= _NEAR_PARALLEL_PX) & contrast.known_rows(extent)])
    scatter = _SIGMA * _median(near) if len(near) else 0.0  # a strip beside is not noise
    return float(parallel[away <= CORE_HALF_PX].max()) >= _LEAST_STANDING * scatter


def _grow(along: FloatArray, stations: FloatArray, extent: Extent, *, inside: slice) -> Extent:
    """Grow or shrink to the stations that are strip rather than not, from the middle outwards."""
    seen = np.isfinite(along)
    own = along[inside][seen[inside]]
    level = _median(own) if len(own) else 0.0
    if level <= 0:
        return Extent(0.0, 0.0)
    gain = np.where(seen, np.clip(along / level, _LOWEST_GAIN, _HIGHEST_GAIN) - _INSIDE, 0.0)
    middle = int(np.argmin(np.abs(stations - extent.middle)))
    right = middle + int(np.argmax(np.cumsum(gain[middle:])))
    left = middle - int(np.argmax(np.cumsum(gain[middle::-1])))
    smooth = _average_three(np.where(seen, along, 0.0))
    # Both ends are found by the same walk to the right: for the left end, along the mirrored strip.
    stop = _find_end(smooth, stations, right, level)
    start = -_find_end(smooth[::-1], -stations[::-1], len(along) - 1 - left, level)
    return Extent(start, stop)


def _average_three(values: FloatArray) -> FloatArray:
    """Mean of each value and its neighbours; the first and the last are their own."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    averaged: FloatArray = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return averaged


def _find_end(smooth: FloatArray, stations: FloatArray, last: int, level: float) -> float:
    """Station near `last` at which the contrast falls through half of that just inside, between stations."""
    half = 0.5 * max(_median(smooth[max(last - 9, 0) : last + 1]), 0.5 * level)
    first = max(last - 3, 0)
    near = smooth[first : last + 8].tolist()
    for place, (here, there) in enumerate(pairwise(near), start=first):
        if here >= half > there:
            return float(stations[place] + (here - half) / (here - there))
    return float(stations[last] + 0.5)


def _median(values: FloatArray) -> float:
    """Median of a few values, none of them NaN: what `np.median` gives, without its preparations."""
    ranked = np.sort(values)
    return float((ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2)
