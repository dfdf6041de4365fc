"""The shape of a straight strip: how wide, how straight, how even, how clear on which date."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import ndimage, special

from colibri_geo.core.fields import (
    FLANK_GAP_PX,
    FLANK_PX,
    Extent,
    Field,
    compare_sides,
    find_direction,
    find_mean_vectors,
    map_contrast,
    smoothing,
)
from colibri_geo.core.frames import ACROSS_STEP_PX, Frame, Line
from colibri_geo.core.surroundings import Past, look_ahead, look_for_joins

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

HALF_WIDTH_PX = 25.0
"""How far to the sides a strip is measured."""

_BLUR_PX = 0.55  # standard deviation of the point spread of a sharp imager, in its pixels
# Standard errors that make the intervals hold nine in ten lengths and widths of simulated strips of development seeds.
_LEAST_END_PX = 0.7
_GRAINY_END_PX, _FINE_GRAIN = 25.0, 0.15
_NARROW_DOUBT = 0.3  # of what a strip is narrower than two pixels: there its width and its contrast are hard to part
_QUIET_PX = 6.0
_ONE_SIGMA = (15.87, 84.13)  # per cent of normal values lie below
_KEPT = 0.75  # of the parallel lines, those nearest to nothing
_KEPT_MEAN = 0.369  # mean square of so many of normal values, over that of all
_LEAST_QUIET = 8  # parallel lines that were observed, of some sixty
_MOST_CONTRAST = 2.0  # of the strip's own: what a single place beside it can add to the scatter
_PARALLEL_STEP_PX = 1.5
_SHRINKAGE = 0.2
_BOUND = 4.0  # mean squares beyond which a parallel line counts less: it may lie on something else
_STRAY_PX, _STRAY_BLUR_PX = 5.0, 0.8  # how far pieces are looked for, in profiles smoothed by so much
_WIDTHS_PX = np.arange(0.4, 8.01, 0.1)
_WIDTH_REACH_PX = 9.0
# Of the strip's contrast, right beyond an end: of 628 candidates of development scenes that came out likely, none had
# more, of the 2,960 others more than half.
_GOES_ON = 0.8
_90 = 1.645


@dataclass(frozen=True)
class Contrast:
    """Contrast of a strip with its flanks on one date or in the change.

    Attributes
    ----------
    size : float
        Of the mean contrast vector, in standard deviations of unchanged ground, freed of its noise. Directions in which
        parallel lines differ a lot count less.
    noise : float
        Standard error of the size.
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
    hidden_px : float
        How far the strip may go on under what hides its ends.
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
        Contrast that goes on beyond the first and the last station, in any direction ahead, over that of the strip;
        where the ground at the end was not observed, straight ahead beyond what hides it; NaN where nothing was.
    resumes : float
        Contrast of the strongest piece of 300 m (at 10 m) within 1.5 km straight ahead of either end, over that of the
        strip: a pipeline comes back beyond a gap.
    hidden_start, hidden_stop : bool
        Whether the ground beyond the first and the last station was not observed.
    lobe : float
        Opposite change right beside the strip over that of the strip: a shifted line has a dark twin.
    joined : float
        Contrast of what passes an end across the strip, in the change or on the date that shows the strip better, over
        that of the strip: a branch ends where it meets its road, new or old.
    grain : float
        Scatter of single pixels of near parallel lines, over the contrast of the strip: what the other measures owe to
        noise.
    observed_share : float
        Of the axis, on both dates.
    observed_before, observed_after : float
        Of the axis, on each date.
    before, after : Contrast
        Of the strip on each date.
    bareness : float
        Cosine between the strip's contrast, on the date that shows it better, and bareness: 1 is bare soil among
        plants.
    """

    line: Line
    half_length_px: float
    end_sigma_px: float
    hidden_px: float
    width_px: float
    width_lo_px: float
    width_hi_px: float
    snr: float
    flank_ratio: float
    straightness_px: float
    evenness: float
    beyond_start: float
    beyond_stop: float
    resumes: float
    hidden_start: bool
    hidden_stop: bool
    lobe: float
    joined: float
    grain: float
    observed_share: float
    observed_before: float
    observed_after: float
    before: Contrast
    after: Contrast
    bareness: float

    @property
    def length_px(self) -> float:
        """Length of the strip."""
        return 2 * self.half_length_px

    @property
    def hidden_ends(self) -> int:
        """Ends beyond which the ground was not observed: 0, 1 or 2."""
        return self.hidden_start + self.hidden_stop


@dataclass(frozen=True)
class Piece:
    """A straight piece of something longer or wider: it goes on, or bends, beyond an end, or is too wide for a strip.

    Attributes
    ----------
    line : Line
        Through its middle.
    half_length_px, width_px : float
    """

    line: Line
    half_length_px: float
    width_px: float


@dataclass(frozen=True)
class _Width:
    px: float
    lo_px: float
    hi_px: float


def measure_segment(
    frame: Frame,
    line: Line,
    extent: Extent,
    *,
    max_width_px: float,
    look_past_ends: Callable[[], tuple[Past, Past] | None],
    bare_direction: np.ndarray[Any, np.dtype[np.float32]],
    of_change: bool,
) -> Segment | Piece | None:
    """Measure a strip whose axis and ends are known.

    Parameters
    ----------
    frame : Frame
        Both dates along the strip, with the ground around it.
    line : Line
        Its station 0 lies in the middle of the strip.
    extent : Extent
    max_width_px : float
        What is wider is no strip.
    look_past_ends : callable
        Tells what lies straight ahead of the first and of the last station; None where it cannot. Asked last: it is
        the widest look.
    bare_direction : (B,) ndarray of float32
        Unit vector of bareness among the bands.
    of_change : bool
        Measure the change between the dates, or else what they show alike.

    Returns
    -------
    Segment, Piece or None
        None where there is no contrast.
    """
    field = _see(frame, of_change=of_change)
    direction = find_direction(field, extent)
    if direction is None:
        return None
    signal = field.project(direction)
    width = _fit_width(signal, extent)
    core_half = float(np.clip(round(width.px / 2 / ACROSS_STEP_PX) * ACROSS_STEP_PX, 0.5, 4.0))
    sides = compare_sides(signal, extent, offsets=np.zeros(1), core_half=core_half)
    along = sides.mean[0, 0]
    seen = np.isfinite(along)
    level = float(along[seen].mean()) if seen.any() else 0.0
    if level <= 0:
        return None
    piece = Piece(line, extent.length / 2, width.px)
    if width.px > max_width_px:
        return piece
    contrast = map_contrast(signal, core_half)
    weaker, stronger = sorted([float(np.nanmean(sides.left)), float(np.nanmean(sides.right))])
    ahead = [look_ahead(contrast, extent.start, level, outward=-1), look_ahead(contrast, extent.stop, level, outward=1)]
    if any(end > _GOES_ON for end in ahead):
        return piece
    past = look_past_ends()
    if past is None:
        return None
    beside = _look_beside(contrast, extent, core_half, level=level, along=along[seen])
    beyond = [further.nearest if math.isnan(near) else near for near, further in zip(ahead, past, strict=True)]
    dates = _look_at_dates(frame, extent, core_half)
    inside, middle = signal.inside(extent), len(frame.offsets) // 2
    seen_before, seen_after = frame.weight_before[middle, inside] > 0, frame.weight_after[middle, inside] > 0
    return Segment(
        line=line,
        half_length_px=extent.length / 2,
        end_sigma_px=_find_end_sigma(beside.grain, extent),
        hidden_px=sum(end.hidden_px for end in past),
        width_px=width.px,
        width_lo_px=max(width.lo_px - beside.grain - _NARROW_DOUBT * max(2.0 - width.px, 0.0), 0.1),
        width_hi_px=width.hi_px + beside.grain,
        snr=beside.snr,
        flank_ratio=float(np.clip(weaker / max(stronger, 1e-6), -1, 1)),
        straightness_px=_measure_straightness(contrast, extent, beside.snr),
        evenness=_measure_evenness(along, level),
        beyond_start=beyond[0],
        beyond_stop=beyond[1],
        resumes=max(end.strongest for end in past),
        hidden_start=math.isnan(ahead[0]),
        hidden_stop=math.isnan(ahead[1]),
        lobe=_measure_lobe(signal, extent, core_half, level),
        joined=max(look_for_joins(signal, extent, level), dates.joined),
        grain=beside.grain,
        observed_share=float((seen_before & seen_after).mean()),
        observed_before=float(seen_before.mean()),
        observed_after=float(seen_after.mean()),
        before=dates.before,
        after=dates.after,
        bareness=float(dates.clearest @ bare_direction / max(float(np.linalg.norm(dates.clearest)), 1e-9)),
    )


def _see(frame: Frame, *, of_change: bool) -> Field:
    """Take the change, where both dates are observed; or the mean of the dates that are."""
    before, after = frame.weight_before, frame.weight_after
    if of_change:
        weight = np.minimum(before, after)
        values = np.where(weight > 0, frame.after - frame.before, 0)
    else:
        weight = np.maximum(before, after)
        total = frame.before * before + frame.after * after
        values = np.divide(total, before + after, out=np.zeros_like(total), where=weight > 0)
    return Field(values, weight, frame.offsets, frame.stations)


@dataclass(frozen=True)
class _Beside:
    """Contrast over the scatter of parallel lines; scatter of single pixels beside, over the contrast."""

    snr: float
    grain: float


def _look_beside(contrast: Field, extent: Extent, core_half: float, *, level: float, along: FloatArray) -> _Beside:
    """Measure the scatter beside a strip where it was observed; too little of it there, the strip's own unevenness."""
    away = np.abs(contrast.offsets)
    quiet = (away >= core_half + _QUIET_PX) & (away <= HALF_WIDTH_PX - core_half - 5) & contrast.known_rows(extent)
    floor = 0.5 * math.sqrt(2.0 / (len(along) * (2 * core_half + 1)))  # what so many pixels of white noise show
    if quiet.sum() < _LEAST_QUIET:
        spread = float(along.std())
        return _Beside(level / max(2 * spread / math.sqrt(len(along)), floor), spread / level)
    inside = contrast.inside(extent)
    values, weight = contrast.values[quiet, inside], contrast.weight[quiet, inside]
    bound = _MOST_CONTRAST * level
    means = (np.clip(values, -bound, bound) * weight).sum(axis=1) / weight.sum(axis=1)
    squares = np.sort(means**2)
    kept = squares[: math.ceil(_KEPT * len(squares))]  # a strip beside is not scatter
    scatter = float(np.sqrt(kept.mean() / _KEPT_MEAN))
    low, high = np.percentile(values[weight > 0], _ONE_SIGMA)
    return _Beside(level / max(scatter, floor), float(high - low) / 2 / level)


def _find_end_sigma(grain: float, extent: Extent) -> float:
    """Find the standard error of an end; at most a quarter of the length."""
    sigma = math.hypot(_LEAST_END_PX, 2.5 * grain, _GRAINY_END_PX * max(grain - _FINE_GRAIN, 0.0))
    return min(sigma, extent.length / 4)


@dataclass(frozen=True)
class _Dates:
    """A strip on each date."""

    before: Contrast
    after: Contrast
    clearest: FloatArray
    """(B,) contrast vector on the date that shows it better."""
    joined: float
    """What passes the ends across the strip on that date."""


def _look_at_dates(frame: Frame, extent: Extent, core_half: float) -> _Dates:
    """Weigh the strip's contrast vector on each date by the scatter of parallel lines on both."""
    fields = [Field(*seen, frame.offsets, frame.stations) for seen in zip(frame.images, frame.weights, strict=True)]
    last = HALF_WIDTH_PX - core_half - FLANK_GAP_PX - FLANK_PX
    away = np.arange(core_half + _QUIET_PX, last, _PARALLEL_STEP_PX)
    offsets = np.concatenate([[0.0], -away, away])
    found = [
        find_mean_vectors(field, extent, offsets=offsets, core_half=core_half).astype(np.float64) for field in fields
    ]
    vectors, parallels = [own[0] for own in found], np.concatenate([own[1:] for own in found])
    inverse = np.linalg.inv(_find_scatter(parallels[parallels.any(axis=1)]))
    squares = [float(vector @ inverse @ vector) for vector in vectors]
    best = int(np.argmax(squares))
    clearest, size = vectors[best], max(float(np.linalg.norm(vectors[best])), 1e-9)
    joined = look_for_joins(fields[best].project((clearest / size).astype(np.float32)), extent, size)
    # Sizes are stated in standard deviations of unchanged ground: the clearer keeps its norm.
    unit = size / max(math.sqrt(max(squares)), 1e-9)
    before, after = (Contrast(unit * math.sqrt(max(square - len(clearest), 0.0)), unit) for square in squares)
    return _Dates(before, after, clearest, joined)


def _find_scatter(vectors: FloatArray) -> FloatArray:
    """(B, B) robust second moment of vectors (K, B), shrunk towards its diagonal."""
    bands = vectors.shape[1]
    scatter = np.eye(bands)
    square = (vectors**2).sum(axis=1)
    distance = square / max(float(np.median(square)) if len(square) else 0.0, 1e-9)
    for _ in range(3 if len(vectors) else 0):
        weights = np.minimum(1, _BOUND / np.maximum(distance, 1e-9)) ** 2
        moment = (weights[:, None] * vectors).T @ vectors / weights.sum()
        scatter = (1 - _SHRINKAGE) * moment + _SHRINKAGE * np.diag(np.diag(moment)) + 1e-6 * np.eye(bands)
        distance = (vectors @ np.linalg.inv(scatter) * vectors).sum(axis=1) / bands
    return scatter


def _fit_width(signal: Field, extent: Extent) -> _Width:
    """Find the box that, blurred, fits the mean cross profile best."""
    inner = Extent(extent.start + 2, extent.stop - 2) if extent.length > 10 else extent
    near = signal.mean_profile(inner, signal.beside(_WIDTH_REACH_PX))
    models = _model_widths(len(near))
    rest = near - models.ground @ (models.ground.T @ near)
    # What a box leaves is the rest without its part along the box; the smallest over all centres.
    misfit = (rest @ rest - (models.boxes @ rest) ** 2).min(axis=1)
    best = int(misfit.argmin())
    # Samples half a pixel apart share their noise, and texture is smoother still: a third of them counts.
    samples = len(near) * ACROSS_STEP_PX / 1.5
    rise = samples * np.log(np.maximum(misfit, 1e-12) / max(float(misfit[best]), 1e-12))
    likely = _WIDTHS_PX[rise <= _90**2]
    width = float(_WIDTHS_PX[best])
    return _Width(width, max(min(float(likely[0]), width - 0.3), 0.1), max(float(likely[-1]), width + 0.3))


@dataclass(frozen=True)
class _Models:
    """Cross profiles: a free linear ground, and blurred boxes of every width and centre."""

    ground: FloatArray
    """(count, 2) orthonormal."""
    boxes: FloatArray
    """(W, C, count) the part of each box that is no ground, of unit length."""


@lru_cache(maxsize=2)
def _model_widths(count: int) -> _Models:
    offsets = (np.arange(count) - count // 2) * ACROSS_STEP_PX
    blur = math.sqrt(_BLUR_PX**2 + 2 / 12)  # the pixel and its interpolation blur like a box of a pixel each
    ground, _ = np.linalg.qr(np.stack([np.ones_like(offsets), offsets], axis=1))
    away = offsets - np.arange(-0.6, 0.61, 0.2)[:, None]
    half = _WIDTHS_PX[:, None, None] / 2
    boxes = special.ndtr((away + half) / blur) - special.ndtr((away - half) / blur)
    boxes -= boxes @ ground @ ground.T
    return _Models(ground, boxes / np.linalg.norm(boxes, axis=-1, keepdims=True))


def _measure_straightness(contrast: Field, extent: Extent, snr: float) -> float:
    """Root mean square distance of pieces from the axis; pieces are long enough to be told from noise."""
    pieces = int(np.clip(snr**2 / 9, 3, max(3, extent.length // 7)))
    edges = np.linspace(extent.start + 1, extent.stop - 1, pieces + 1)[:, None]
    away = np.abs(contrast.offsets)
    near, around = away <= _STRAY_PX, away <= _STRAY_PX + 5 * _STRAY_BLUR_PX
    seen = contrast.weight[near].mean(axis=0) > 0.7
    part = seen & (contrast.stations >= edges[:-1]) & (contrast.stations <= edges[1:])
    part = part[part.sum(axis=1) >= 3]
    if not len(part):
        return 0.0
    profiles = np.einsum("ts,ps->tp", contrast.values[around], part / part.sum(axis=1, keepdims=True))
    smooth = (smoothing(len(profiles), _STRAY_BLUR_PX) @ profiles)[near[around]]
    places = [_find_top(contrast.offsets[near], profile) for profile in smooth.T]
    return float(np.sqrt(np.mean(np.square(places))))


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


def _measure_lobe(signal: Field, extent: Extent, core_half: float, level: float) -> float:
    """Opposite signal right beside the strip, over the strip's: near 1 for a shifted line, near 0 for a new one."""
    near = signal.beside(16.0)
    profile, away, known = (
        signal.mean_profile(extent, near),
        np.abs(signal.offsets[near]),
        signal.known_rows(extent)[near],
    )
    ground = profile[(away > 8) & (away < 16) & known]
    beside = profile[(away > core_half + 0.5) & (away <= core_half + 3.5) & known]
    if not len(ground) or not len(beside):
        return 0.0
    return float(np.clip((np.median(ground) - beside.min()) / level, 0, 2))
