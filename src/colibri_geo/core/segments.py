"""Fit a straight strip to images seen along it: axis, ends, width, and what tells it from its look-alikes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import ndimage, special

from colibri_geo.core.frames import ACROSS_STEP_PX, Frame, Line
from colibri_geo.core.resample import cubic_weights

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
View = Callable[[Line, int, int, float], Frame]
"""Gives the images along a line: line, first station, last station, half width in pixels."""

HALF_WIDTH_PX = 25.0
_NARROW_PX = 8.5
_JUDGING_PX = 12.5
_REACH_PX = 40
_ROUNDS = 5
_GIVE_UP = 0.75  # of the shortest length: a fit that shrinks below it is not continued
_LEAST_STANDING = 3.0  # contrast over that of near parallel lines: of 87 simulated strips, faint ones too, one had less
_CORE_HALF_PX = 1.0
_FLANK_GAP_PX = 1.5
_FLANK_PX = 3.0
_INSIDE = 0.45  # of the strip's own contrast: more than this is strip, less is not
_BLUR_PX = 0.55  # standard deviation of the point spread of a sharp imager, in its pixels
_BEYOND_PX = (3, 22)
_FAN_DEG = np.arange(-40, 41, 5)
_AHEAD_DEG = 10
_LEAST_BEYOND_PX = 8
_LEAST_END_PX = (
    0.8  # standard error of an end at best; with the noise term it covers 9 in 10 lengths of simulated strips
)
_HIDDEN_END_PX = 4.0  # more where the ground at an end was not observed: the strip may go on under it
_END_ZONE_PX = 4.0
_NEAR_PARALLEL_PX = 9.0  # nearer lines have the strip itself in a flank, where it is wide
_QUIET_PX = 6.0
_WIDTHS_PX = np.arange(0.4, 8.01, 0.1)
_WIDTH_REACH_PX = 9.0
_90 = 1.645


@dataclass(frozen=True)
class Contrast:
    """Contrast of a strip with its flanks on one date or in the change.

    Attributes
    ----------
    size : float
        Norm of the mean contrast vector, in standard deviations of unchanged ground, freed of its noise.
    noise : float
        Root mean square of the same along parallel lines nearby.
    """

    size: float
    noise: float


@dataclass(frozen=True)
class Segment:
    """A straight strip, in pixels; station 0 lies in its middle.

    Attributes
    ----------
    line : Line
    half_length_px : float
    end_sigma_px : float
        Standard error of each end along the axis.
    width_px, width_lo_px, width_hi_px : float
        With its central 90 % interval.
    snr : float
        Contrast over the scatter of parallel lines.
    flank_ratio : float
        Smaller over larger contrast of the two flanks; an edge has 0, a strip in one cover 1.
    straightness_px : float
        Root mean square distance of the strip's pieces from the axis.
    evenness : float
        Share of the pieces that show the strip.
    beyond_start, beyond_stop : float
        Contrast that goes on beyond the first and the last station, in any direction ahead, over that of the strip; NaN
        where the ground ahead was not observed.
    lobe : float
        Opposite change right beside the strip over that of the strip: a shifted line has a dark twin.
    observed_share : float
        Of the axis, on both dates.
    observed_before, observed_after : float
        Of the axis, on each date.
    before, after, changed : Contrast
        Of the strip on each date, and in the change.
    bareness : float
        Cosine between the strip's contrast, on the date that shows it better, and bareness: 1 is bare soil among
        plants.
    """

    line: Line
    half_length_px: float
    end_sigma_px: float
    width_px: float
    width_lo_px: float
    width_hi_px: float
    snr: float
    flank_ratio: float
    straightness_px: float
    evenness: float
    beyond_start: float
    beyond_stop: float
    lobe: float
    observed_share: float
    observed_before: float
    observed_after: float
    before: Contrast
    after: Contrast
    changed: Contrast
    bareness: float

    @property
    def length_px(self) -> float:
        """Length of the strip."""
        return 2 * self.half_length_px


@dataclass(frozen=True)
class _Width:
    px: float
    lo_px: float
    hi_px: float


@dataclass(frozen=True)
class _Extent:
    """First and last station of a strip."""

    start: float
    stop: float

    @property
    def middle(self) -> float:
        return (self.start + self.stop) / 2

    @property
    def length(self) -> float:
        return self.stop - self.start


@dataclass(frozen=True)
class _Field:
    """Something seen along a line: `values` (B, T, S) or (T, S); `weight` (T, S), 0 where nothing was observed."""

    values: FloatArray
    weight: FloatArray
    offsets: FloatArray
    stations: FloatArray

    def project(self, direction: FloatArray) -> _Field:
        return _Field(np.einsum("b,bts->ts", direction, self.values), self.weight, self.offsets, self.stations)

    def inside(self, extent: _Extent) -> BoolArray:
        inside: BoolArray = (self.stations >= extent.start) & (self.stations <= extent.stop)
        return inside

    def zone(self, first: float, last: float) -> slice:
        """Rows from offset `first` to `last`."""
        rows = np.flatnonzero((self.offsets >= first - 1e-9) & (self.offsets <= last + 1e-9))
        return slice(int(rows[0]), int(rows[-1]) + 1)

    def row_means(self, first: float, last: float) -> FloatArray:
        """Weighted mean from offset `first` to `last` for each station, NaN where too little is observed."""
        rows = self.zone(first, last)
        share = self.weight[rows]
        total = share.sum(axis=0)
        sums = (self.values[..., rows, :] * share).sum(axis=-2)
        means: FloatArray = np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0.25 * len(share))
        return means

    def mean_profile(self, extent: _Extent) -> FloatArray:
        """Weighted mean over the stations inside, for each offset."""
        inside = self.inside(extent)
        weight = self.weight[:, inside]
        total = weight.sum(axis=1)
        sums = (self.values[..., inside] * weight).sum(axis=-1)
        profile: FloatArray = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
        return profile


@dataclass(frozen=True)
class _Sides:
    """Contrast of a strip's core with its left and its right flank, for each station."""

    left: FloatArray
    right: FloatArray

    @property
    def mean(self) -> FloatArray:
        return (self.left + self.right) / 2


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
    line, extent = seed, _Extent(-seed_half_px, seed_half_px)
    for turn in range(_ROUNDS):
        judged = turn == 1  # once the axis lies well, and only once: this look is wider than the fit needs
        frame = _look(view, line, extent, max_length_px, half_width_px=_JUDGING_PX if judged else _NARROW_PX)
        field = _Field(frame.images[0], frame.weights[0], frame.offsets, frame.stations)
        direction = _find_direction(field, extent)
        if direction is None:
            return None
        contrast = _map_contrast(field.project(direction), _CORE_HALF_PX)
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
        extent = _Extent(-grown.length / 2, grown.length / 2)
        if still:
            break
    if extent.length < min_length_px:
        return None
    frame = _look(view_dates, line, extent, max_length_px, half_width_px=HALF_WIDTH_PX)
    return _measure(frame, line, extent, bare_direction=bare_direction, of_change=of_change)


def _look(view: View, line: Line, extent: _Extent, max_length_px: float, *, half_width_px: float) -> Frame:
    reach = min(_REACH_PX, max(max_length_px - extent.length, _BEYOND_PX[1] + 3))
    return view(line, math.floor(extent.start - reach), math.ceil(extent.stop + reach), half_width_px)


def _see(frame: Frame, *, of_change: bool) -> _Field:
    """Take the change, where both dates are observed; or the mean of the dates that are."""
    before, after = frame.weight_before.astype(np.float64), frame.weight_after.astype(np.float64)
    if of_change:
        weight = np.minimum(before, after)
        values = np.where(weight > 0, frame.after - frame.before, 0).astype(np.float64)
    else:
        weight = np.maximum(before, after)
        total = frame.before * before + frame.after * after
        values = np.divide(total, before + after, out=np.zeros_like(total), where=weight > 0)
    return _Field(values, weight, frame.offsets, frame.stations)


def _see_date(values: Any, weight: Any, frame: Frame) -> _Field:  # noqa: ANN401 - float32 or float64 arrays
    return _Field(values.astype(np.float64), weight.astype(np.float64), frame.offsets, frame.stations)


def _compare_sides(field: _Field, *, offset: float, core_half: float) -> _Sides:
    near, far = core_half + _FLANK_GAP_PX, core_half + _FLANK_GAP_PX + _FLANK_PX
    core = field.row_means(offset - core_half, offset + core_half)
    return _Sides(
        core - field.row_means(offset - far, offset - near), core - field.row_means(offset + near, offset + far)
    )


def _mean_vector(field: _Field, extent: _Extent, *, offset: float, core_half: float) -> FloatArray:
    """Mean contrast vector of the strip, or of a parallel line at `offset`."""
    both = _compare_sides(field, offset=offset, core_half=core_half).mean[:, field.inside(extent)]
    seen = np.isfinite(both).all(axis=0)
    if not seen.any():
        return np.zeros(len(field.values))
    vector: FloatArray = both[:, seen].mean(axis=1)
    return vector


def _find_direction(field: _Field, extent: _Extent) -> FloatArray | None:
    """Direction of the strip's mean contrast among the bands."""
    vector = _mean_vector(field, extent, offset=0.0, core_half=_CORE_HALF_PX)
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0 else None


def _map_contrast(signal: _Field, core_half: float) -> _Field:
    """Contrast with both flanks at every offset and station; weight 0 where it cannot be told."""
    step = ACROSS_STEP_PX
    core_n, flank_n, gap_n = round(core_half / step), round(_FLANK_PX / step), round((core_half + _FLANK_GAP_PX) / step)
    middle = gap_n + flank_n
    core_kernel, flank_kernel = np.zeros(2 * middle + 1), np.zeros(2 * middle + 1)
    core_kernel[middle - core_n : middle + core_n + 1] = 1
    flank_kernel[: flank_n + 1] = flank_kernel[-flank_n - 1 :] = 1
    core, core_share = _weighted_sums(signal, core_kernel)
    flank, flank_share = _weighted_sums(signal, flank_kernel)
    seen = (core_share > 0.5 * core_kernel.sum()) & (flank_share > 0.3 * flank_kernel.sum())
    contrast = np.where(seen, core / np.maximum(core_share, 1e-6) - flank / np.maximum(flank_share, 1e-6), 0.0)
    return _Field(contrast, seen.astype(np.float64), signal.offsets, signal.stations)


def _weighted_sums(signal: _Field, kernel: FloatArray) -> tuple[FloatArray, FloatArray]:
    sums = ndimage.convolve1d(signal.values * signal.weight, kernel, axis=0, mode="constant")
    return sums, ndimage.convolve1d(signal.weight, kernel, axis=0, mode="constant")


def _fit_axis(contrast: _Field, extent: _Extent) -> tuple[float, float]:
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


def _sample_along(contrast: _Field, offsets: FloatArray) -> FloatArray:
    """Contrast at an offset of its own for each station; NaN where the station is not observed."""
    index = (offsets - contrast.offsets[0]) / ACROSS_STEP_PX
    lower = np.clip(np.floor(index).astype(int), 0, len(contrast.offsets) - 2)
    share = np.clip(index - lower, 0, 1)
    columns = np.arange(len(offsets))
    values = contrast.values[lower, columns] * (1 - share) + contrast.values[lower + 1, columns] * share
    seen = contrast.weight[np.rint(np.clip(index, 0, len(contrast.offsets) - 1)).astype(int), columns] > 0
    return np.where(seen, values, np.nan)


def _stands_out(contrast: _Field, extent: _Extent) -> bool:
    """Tell whether the line has more contrast than its near parallels: a look that spares most of the fits."""
    parallel, away = contrast.mean_profile(extent), np.abs(contrast.offsets)
    scatter = 1.4826 * float(np.median(np.abs(parallel[away >= _NEAR_PARALLEL_PX])))  # a strip beside is not noise
    return float(parallel[away <= _CORE_HALF_PX].max()) >= _LEAST_STANDING * scatter


def _grow(along: FloatArray, stations: FloatArray, extent: _Extent, *, inside: BoolArray) -> _Extent:
    """Grow or shrink to the stations that are strip rather than not, from the middle outwards."""
    seen = inside & np.isfinite(along)
    level = float(np.median(along[seen])) if seen.any() else 0.0
    if level <= 0:
        return _Extent(0.0, 0.0)
    gain = np.nan_to_num(np.clip(along / level, -0.6, 1.4) - _INSIDE, nan=0.0)
    middle = int(np.argmin(np.abs(stations - extent.middle)))
    right = middle + int(np.argmax(np.cumsum(gain[middle:])))
    left = middle - int(np.argmax(np.cumsum(gain[middle::-1])))
    # Both ends are found by the same walk to the right: for the left end, along the mirrored strip.
    stop = _find_end(along, stations, right, level)
    start = -_find_end(along[::-1], -stations[::-1], len(along) - 1 - left, level)
    return _Extent(start, stop)


def _find_end(along: FloatArray, stations: FloatArray, last: int, level: float) -> float:
    """Station near `last` at which the contrast falls through half of that just inside, between stations."""
    smooth = ndimage.uniform_filter1d(np.nan_to_num(along), 3, mode="nearest")
    plateau = smooth[max(last - 9, 0) : last + 1]
    half = 0.5 * max(float(np.median(plateau)), 0.5 * level)
    for place in range(max(last - 3, 0), min(last + 7, len(smooth) - 1)):
        if smooth[place] >= half > smooth[place + 1]:
            return float(stations[place] + (smooth[place] - half) / (smooth[place] - smooth[place + 1]))
    return float(stations[last] + 0.5)


def _measure(
    frame: Frame,
    line: Line,
    extent: _Extent,
    *,
    bare_direction: np.ndarray[Any, np.dtype[np.float32]],
    of_change: bool,
) -> Segment | None:
    field = _see(frame, of_change=of_change)
    direction = _find_direction(field, extent)
    if direction is None:
        return None
    signal = field.project(direction)
    width = _fit_width(signal, extent)
    core_half = float(np.clip(round(width.px / 2 / ACROSS_STEP_PX) * ACROSS_STEP_PX, 0.5, 4.0))
    sides = _compare_sides(signal, offset=0.0, core_half=core_half)
    inside = signal.inside(extent)
    along = sides.mean[inside]
    seen = np.isfinite(along)
    level = float(along[seen].mean()) if seen.any() else 0.0
    if level <= 0:
        return None
    contrast = _map_contrast(signal, core_half)
    quiet = (np.abs(frame.offsets) >= core_half + _QUIET_PX) & (np.abs(frame.offsets) <= HALF_WIDTH_PX - core_half - 5)
    scatter = float(np.sqrt(np.mean(contrast.mean_profile(extent)[quiet] ** 2)))
    floor = math.sqrt(2.0 / (seen.sum() * (2 * core_half + 1)))
    snr = level / max(scatter, 0.5 * floor)
    station_noise = float(np.std(contrast.values[quiet][:, inside]))
    weaker, stronger = sorted([float(np.nanmean(sides.left[inside])), float(np.nanmean(sides.right[inside]))])
    hidden = _HIDDEN_END_PX if _hides_an_end(sides.mean, signal.stations, extent) else 0.0
    before = _see_date(frame.before, frame.weight_before, frame)
    after = _see_date(frame.after, frame.weight_after, frame)
    middle = len(frame.offsets) // 2
    seen_before, seen_after = frame.weight_before[middle, inside] > 0, frame.weight_after[middle, inside] > 0
    vectors = [_mean_vector(date, extent, offset=0.0, core_half=core_half) for date in (before, after)]
    clearest = max(vectors, key=lambda vector: float(np.linalg.norm(vector)))
    return Segment(
        line=line,
        half_length_px=extent.length / 2,
        end_sigma_px=math.hypot(_LEAST_END_PX, 2.5 * station_noise / level, hidden),
        width_px=width.px,
        width_lo_px=width.lo_px,
        width_hi_px=width.hi_px,
        snr=snr,
        flank_ratio=float(np.clip(weaker / max(stronger, 1e-6), -1, 1)),
        straightness_px=_measure_straightness(contrast, extent, snr),
        evenness=_measure_evenness(along, level),
        beyond_start=_look_beyond(contrast, extent, level, outward=-1),
        beyond_stop=_look_beyond(contrast, extent, level, outward=1),
        lobe=_measure_lobe(signal, extent, core_half, level),
        observed_share=float((seen_before & seen_after).mean()),
        observed_before=float(seen_before.mean()),
        observed_after=float(seen_after.mean()),
        before=_measure_contrast(before, extent, core_half),
        after=_measure_contrast(after, extent, core_half),
        changed=_measure_contrast(_see(frame, of_change=True), extent, core_half),
        bareness=float(clearest @ bare_direction / max(float(np.linalg.norm(clearest)), 1e-9)),
    )


def _hides_an_end(along: FloatArray, stations: FloatArray, extent: _Extent) -> bool:
    """Tell whether a station at an end, or just beyond it, was not observed: the strip may go on under it."""
    near = [np.abs(stations - end) <= _END_ZONE_PX for end in (extent.start, extent.stop)]
    return bool(np.isnan(along[near[0] | near[1]]).any())


def _measure_contrast(field: _Field, extent: _Extent, core_half: float) -> Contrast:
    size = float(np.linalg.norm(_mean_vector(field, extent, offset=0.0, core_half=core_half)))
    last = HALF_WIDTH_PX - core_half - _FLANK_GAP_PX - _FLANK_PX
    offsets = [side * offset for offset in np.arange(core_half + _QUIET_PX, last, 2.0) for side in (-1, 1)]
    beside = [np.linalg.norm(_mean_vector(field, extent, offset=offset, core_half=core_half)) for offset in offsets]
    noise = float(np.sqrt(np.mean(np.square(beside))))
    return Contrast(math.sqrt(max(size**2 - noise**2, 0.0)), noise)


def _fit_width(signal: _Field, extent: _Extent) -> _Width:
    """Find the box that, blurred, fits the mean cross profile best."""
    inner = _Extent(extent.start + 2, extent.stop - 2) if extent.length > 10 else extent
    near = signal.mean_profile(inner)[np.abs(signal.offsets) <= _WIDTH_REACH_PX + 1e-9]
    left = near - np.einsum("wij,j->wi", _model_widths(len(near)), near)
    misfit = (left**2).sum(axis=1).reshape(len(_WIDTHS_PX), -1).min(axis=1)
    best = int(misfit.argmin())
    # Samples half a pixel apart share their noise, and texture is smoother still: a third of them counts.
    samples = len(near) * ACROSS_STEP_PX / 1.5
    rise = samples * np.log(np.maximum(misfit, 1e-12) / max(float(misfit[best]), 1e-12))
    likely = _WIDTHS_PX[rise <= _90**2]
    width = float(_WIDTHS_PX[best])
    return _Width(width, max(min(float(likely[0]), width - 0.3), 0.1), max(float(likely[-1]), width + 0.3))


@lru_cache(maxsize=2)
def _model_widths(count: int) -> FloatArray:
    """Hat matrices of blurred boxes of every width and centre, on a free linear ground: (W * C, count, count)."""
    offsets = (np.arange(count) - count // 2) * ACROSS_STEP_PX
    blur = math.sqrt(_BLUR_PX**2 + 2 / 12)  # the pixel and its interpolation blur like a box of a pixel each
    ground = [np.ones_like(offsets), offsets]
    models = []
    for width in _WIDTHS_PX:
        for centre in np.arange(-0.6, 0.61, 0.2):
            edges = [(offsets - centre + side * width / 2) / blur for side in (1, -1)]
            basis, _ = np.linalg.qr(np.stack([*ground, special.ndtr(edges[0]) - special.ndtr(edges[1])], axis=1))
            models.append(basis @ basis.T)
    return np.stack(models)


def _measure_straightness(contrast: _Field, extent: _Extent, snr: float) -> float:
    """Root mean square distance of pieces from the axis; pieces are long enough to be told from noise."""
    pieces = int(np.clip(snr**2 / 9, 3, max(3, extent.length // 7)))
    near = np.abs(contrast.offsets) <= 5.0
    smooth = ndimage.gaussian_filter1d(contrast.values, 0.8 / ACROSS_STEP_PX, axis=0, mode="nearest")[near]
    seen = contrast.weight[near].mean(axis=0) > 0.7
    edges = np.linspace(extent.start + 1, extent.stop - 1, pieces + 1)
    places = []
    for first, last in pairwise(edges):
        part = seen & (contrast.stations >= first) & (contrast.stations <= last)
        if part.sum() >= 3:
            places.append(_find_top(contrast.offsets[near], smooth[:, part].mean(axis=1)))
    return float(np.sqrt(np.mean(np.square(places)))) if places else 0.0


def _find_top(offsets: FloatArray, values: FloatArray) -> float:
    """Place of the maximum, by a parabola through its neighbours."""
    top = int(values.argmax())
    if top in {0, len(values) - 1}:
        return float(offsets[top])
    before, at, after = values[top - 1 : top + 2]
    bend = before - 2 * at + after
    return float(offsets[top] + (0.5 * (before - after) / bend if bend < 0 else 0.0) * ACROSS_STEP_PX)


def _measure_evenness(along: FloatArray, level: float) -> float:
    """Share of pieces of six pixels with at least a third of the strip's contrast."""
    seen = np.isfinite(along)
    share = ndimage.uniform_filter1d(seen.astype(np.float64), 6, mode="nearest")
    sums = ndimage.uniform_filter1d(np.where(seen, along, 0.0), 6, mode="nearest")
    judged = share > 0.5
    if not judged.any():
        return 0.0
    return float((sums[judged] / share[judged] >= level / 3).mean())


def _look_beyond(contrast: _Field, extent: _Extent, level: float, *, outward: int) -> float:
    """Largest mean contrast ahead of an end, over a fan of directions, over that of the strip."""
    end = extent.stop if outward > 0 else extent.start
    steps = np.arange(_BEYOND_PX[0], _BEYOND_PX[1] + 1)
    columns = np.rint(end + outward * steps - contrast.stations[0]).astype(int)
    rows = np.tan(np.radians(_FAN_DEG))[:, None] * steps
    rows = np.rint((rows - contrast.offsets[0]) / ACROSS_STEP_PX).astype(int)
    height, width = contrast.values.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    smooth = ndimage.uniform_filter1d(contrast.values, 3, axis=0, mode="nearest")
    values = np.clip(smooth[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)], -level, 1.5 * level)
    seen = within & (contrast.weight[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] > 0)
    counts = seen.sum(axis=1)
    judged = counts >= _LEAST_BEYOND_PX
    if judged[np.abs(_FAN_DEG) <= _AHEAD_DEG].mean() < 0.5:
        return math.nan
    means = (values * seen).sum(axis=1)[judged] / counts[judged]
    return max(float(means.max()), 0.0) / level


def _measure_lobe(signal: _Field, extent: _Extent, core_half: float, level: float) -> float:
    """Opposite signal right beside the strip, over the strip's: near 1 for a shifted line, near 0 for a new one."""
    profile, away = signal.mean_profile(extent), np.abs(signal.offsets)
    ground = float(np.median(profile[(away > 8) & (away < 16)]))
    beside = profile[(away > core_half + 0.5) & (away <= core_half + 3.5)]
    return float(np.clip((ground - beside.min()) / level, 0, 2))
