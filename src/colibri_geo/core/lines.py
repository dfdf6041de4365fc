"""Search an image for straight bright lines that stand out against both of their flanks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_NOISE_BOX_PX = 61
_COMPRESSION = 0.5  # of the clutter: a hundred places count, not how bright each is
_MIN_VALID = 0.5
_SCREEN_HALF_PX = 16
_SCREEN_QUIET_PX = 6
_SCREEN_NEAR_PX = 3
_PROMISE = (2.62, 1.23, -1.72)
_PROMISE_AT_ZERO = -11.02
_PEAK_BOX_PX = 7
_LEAST_MEAN = 1e-2  # of the noise: below it, what is left of an even field is rounding
_WHITE_MEAN = 3.4  # mean response to white noise, two bands and half of the azimuths: strengths stay comparable to it

STEP_PX = 4
"""Rows of pixels summed first, and every how many pixels along a line its response is computed."""

_GROUP_MIDDLE_PX = (STEP_PX - 1) / 2


@dataclass(frozen=True)
class Origin:
    """Row and column, in a whole image, of the first pixel of an array cut from it."""

    row: int
    col: int


@dataclass(frozen=True)
class LineFilter:
    """An oriented filter bank.

    Attributes
    ----------
    length_px : int
        Along the line.
    azimuths : int
        Directions, spread evenly over 180 degrees; even, so that each has its quarter turn.
    half_core_px : int
        The core is 2 * half_core_px + 1 columns wide. One width serves: a strip is one to three pixels wide, and a
        wider core finds more wide things than it finds strips.
    flank_px : int
        Distance of the centre of each flank, three pixels wide, from the axis.
    """

    length_px: int
    azimuths: int = 36
    half_core_px: int = 1
    flank_px: int = 4

    @property
    def margin_px(self) -> int:
        """Pixels that a window needs around the pixels whose response counts."""
        return self.length_px // 2 + self.flank_px + 2 + _NOISE_BOX_PX // 2 + _PEAK_BOX_PX


@dataclass(frozen=True)
class Peaks:
    """Local maxima of the response of an oriented filter bank, in reading order.

    Attributes
    ----------
    row, col : (K,) ndarray of float64
    angle_deg : (K,) ndarray of float64, [0, 180)
        Direction clockwise from up.
    strength : (K,) ndarray of float32
        Contrast with the nearer flank, in local noise, times the square root of the pixels along the line: a
        signal-to-noise ratio, were the noise of neighbours independent.
    """

    row: np.ndarray[Any, np.dtype[np.float64]]
    col: np.ndarray[Any, np.dtype[np.float64]]
    angle_deg: np.ndarray[Any, np.dtype[np.float64]]
    strength: FloatArray


def compress(field: FloatArray) -> FloatArray:
    """Shorten long vectors softly, keeping their direction: a cloud must not outweigh the line beside it.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32, in units of noise

    Returns
    -------
    (B, M, N) ndarray of float32
        With norm asinh(2 norm) / 2.
    """
    norm = np.sqrt(np.einsum("bmn,bmn->mn", field, field))
    scaled = norm / _COMPRESSION
    factor = np.divide(np.arcsinh(scaled), scaled, out=np.ones_like(norm), where=scaled > 1e-3)
    shortened: FloatArray = field * factor
    return shortened


def search_lines(field: FloatArray, valid: BoolArray, bank: LineFilter, *, origin: Origin, threshold: float) -> Peaks:
    """Find where straight lines pass.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32
        In units of local noise; 0 where not valid. With one band only lines brighter than their flanks count; with
        several, lines that differ from both flanks in the same direction.
    valid : (M, N) ndarray of bool
    bank : LineFilter
    origin : Origin
        Place of the array's first pixel in the whole image: the lattice of the search is anchored there.
    threshold : float
        Least strength of a peak.

    Returns
    -------
    Peaks
        Rows and columns are counted in the array.

    Notes
    -----
    For each azimuth the image is sheared by whole pixels so that the lines of that azimuth become columns; running
    sums along the columns give the mean of each line, and columns beside it its flanks. With c1 and c2 the contrast
    vectors with the left and right flank, the response is ``c1 . c2 / max(|c1|, |c2|)``: the smaller contrast, as far
    as it agrees with the larger. An edge, which has one flank only, gives nothing. Along a line the response is
    smooth, so it is computed at every fourth pixel only.
    """
    upright = _search_upright(field, bank, origin=origin, turned=False, threshold=threshold)
    # Azimuths nearer to the rows are searched in the transpose.
    transpose = np.ascontiguousarray(field.transpose(0, 2, 1))
    turned = _search_upright(transpose, bank, origin=Origin(origin.col, origin.row), turned=True, threshold=threshold)
    row = np.concatenate([upright.row, turned.col])
    col = np.concatenate([upright.col, turned.row])
    order = np.lexsort((col, row))
    angle = np.concatenate([upright.angle_deg, turned.angle_deg])
    strength = np.concatenate([upright.strength, turned.strength])
    peaks = Peaks(row[order], col[order], angle[order], strength[order])
    return peaks if valid.all() else _drop_hidden(peaks, valid, bank)


def _drop_hidden(peaks: Peaks, valid: BoolArray, bank: LineFilter) -> Peaks:
    """Drop the peaks of which the line or one of its flanks is mostly not valid."""
    half = bank.length_px // 2
    stations = np.arange(-half, half + 1)
    seen = np.ones(len(peaks.row), dtype=bool)
    core, flank = bank.half_core_px, bank.flank_px
    for first, last in ((-core, core), (-flank - 1, 1 - flank), (flank - 1, flank + 1)):
        rows, cols = _place_around(peaks, stations, np.arange(first, last + 1), valid.shape)
        seen &= valid[rows, cols].mean(axis=(1, 2)) >= _MIN_VALID
    return Peaks(peaks.row[seen], peaks.col[seen], peaks.angle_deg[seen], peaks.strength[seen])


def _place_around(
    peaks: Peaks, stations: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any], shape: tuple[int, ...]
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """Nearest rows and columns of stations along, and offsets to the right of, the line of each peak, (K, T, S)."""
    angle = np.radians(peaks.angle_deg)[:, None, None]
    across = offsets[:, None]
    rows = peaks.row[:, None, None] - np.cos(angle) * stations + np.sin(angle) * across
    cols = peaks.col[:, None, None] + np.sin(angle) * stations + np.cos(angle) * across
    rows = np.clip(np.rint(rows).astype(np.int64), 0, shape[0] - 1)
    return rows, np.clip(np.rint(cols).astype(np.int64), 0, shape[1] - 1)


def screen_peaks(field: FloatArray, peaks: Peaks, bank: LineFilter, *, least_promise: float) -> Peaks:
    """Keep the peaks whose surroundings look like a strip.

    A look at all of them at once, before the costly fit of each.

    Parameters
    ----------
    field : (B, M, N) ndarray of float32
        That was searched.
    peaks : Peaks
    bank : LineFilter
    least_promise : float
        Log odds below which a peak is dropped.

    Returns
    -------
    Peaks

    Notes
    -----
    The promise of a peak is a sum of three measures: its strength, its contrast over the scatter of parallel lines, and
    how far four pieces of the line stray from one straight line. The weights are a logistic regression on the peaks of
    36 simulated pairs (development seeds 0, 1, 20 to 23 and 40 to 43; forest, savanna and both, ordinary and faint);
    they only decide what is measured, not what is reported.
    """
    if not len(peaks.row):
        return peaks
    promise = measure_promise(field, peaks, bank) @ np.array(_PROMISE) + _PROMISE_AT_ZERO
    kept = promise >= least_promise
    return Peaks(peaks.row[kept], peaks.col[kept], peaks.angle_deg[kept], peaks.strength[kept])


def measure_promise(field: FloatArray, peaks: Peaks, bank: LineFilter) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure what makes a peak promising, (K, 3); see `screen_peaks`."""
    signal = _look_around(field, peaks, bank)
    middle = _SCREEN_HALF_PX
    parallel = signal.mean(axis=2)
    offsets = np.abs(np.arange(-middle, middle + 1))
    scatter = np.sqrt((parallel[:, offsets >= _SCREEN_QUIET_PX] ** 2).mean(axis=1))
    snr = parallel[:, middle - 1 : middle + 2].max(axis=1) / np.maximum(scatter, 1e-9)
    pieces = np.stack([part.mean(axis=2) for part in np.array_split(signal, 4, axis=2)], axis=2)
    near = pieces[:, offsets <= _SCREEN_NEAR_PX]
    place = near.argmax(axis=1).astype(np.float64)
    at = np.array([-1.5, -0.5, 0.5, 1.5])
    slope = (place * at).sum(axis=1) / (at**2).sum()
    stray = place - place.mean(axis=1, keepdims=True) - slope[:, None] * at
    spread = np.sqrt((stray**2).mean(axis=1))
    return np.stack([np.log(peaks.strength), np.log(np.maximum(snr, 0) + 0.5), spread], axis=1)


def _look_around(field: FloatArray, peaks: Peaks, bank: LineFilter) -> FloatArray:
    """Contrast around each peak in the direction of its own contrast vector, (K, T offsets, S stations)."""
    half = bank.length_px // 2
    offsets = np.arange(-_SCREEN_HALF_PX, _SCREEN_HALF_PX + 1)
    rows, cols = _place_around(peaks, np.arange(-half, half + 1), offsets, field.shape[1:])
    contrast = _cross_contrast(field[:, rows, cols], bank)
    middle = _SCREEN_HALF_PX
    direction = contrast[:, :, middle - 1 : middle + 2].mean(axis=(2, 3))
    direction /= np.maximum(np.sqrt((direction**2).sum(axis=0)), 1e-9)
    signal: FloatArray = np.einsum("bk,bkts->kts", direction, contrast)
    return signal


def _cross_contrast(patch: FloatArray, bank: LineFilter) -> FloatArray:
    """Contrast of the filter's core with both of its flanks across, (B, K, T, S)."""
    core = ndimage.uniform_filter1d(patch, 2 * bank.half_core_px + 1, axis=2, mode="nearest")
    flank = ndimage.uniform_filter1d(patch, 3, axis=2, mode="nearest")
    left, right = np.roll(flank, bank.flank_px, axis=2), np.roll(flank, -bank.flank_px, axis=2)
    contrast: FloatArray = core - (left + right) / 2
    return contrast


def _search_upright(image: FloatArray, bank: LineFilter, *, origin: Origin, turned: bool, threshold: float) -> Peaks:
    """Search the azimuths within 45 degrees of the image's columns; `turned` says that the image is a transpose."""
    first = -origin.row % STEP_PX
    groups = (image.shape[1] - first) // STEP_PX
    best = np.zeros((groups, image.shape[2]), dtype=np.float32)
    number = np.zeros(best.shape, dtype=np.uint8)
    for azimuth in range(bank.azimuths):
        angle = math.radians(azimuth * 180.0 / bank.azimuths)
        leans = abs(math.sin(angle)) > abs(math.cos(angle)) + 1e-9
        if leans != turned:
            continue
        # Down one row, a line at `angle` clockwise of up moves left by tan(angle); in the transpose, by its inverse.
        slope = -math.cos(angle) / math.sin(angle) if turned else -math.tan(angle)
        rows = np.arange(first, first + groups * STEP_PX)
        shifts = np.rint(slope * (rows + origin.row)).astype(int)
        strength = _respond(image[:, first : first + len(rows)], shifts, bank, slope=slope)
        better = strength > best
        best[better] = strength[better]
        number[better] = azimuth
    best = _normalize(best)
    peak = (best >= threshold) & (best == ndimage.maximum_filter(best, size=(3, _PEAK_BOX_PX), mode="constant"))
    row, col = np.nonzero(peak)
    return Peaks(
        (row * STEP_PX + first + _GROUP_MIDDLE_PX).astype(np.float64),
        col.astype(np.float64),
        number[peak].astype(np.float64) * (180.0 / bank.azimuths),
        best[peak],
    )


def _normalize(strength: FloatArray) -> FloatArray:
    """Divide by the local mean of the response itself, so that rough ground does not look full of lines.

    The mean leaves out what stands out: values above twice the mean count as twice the mean.
    """
    size = (_NOISE_BOX_PX // STEP_PX | 1, _NOISE_BOX_PX)
    share = np.maximum(_box((strength > 0).astype(np.float32), size), np.float32(0.02))
    mean = _box(strength, size) / share
    for _ in range(2):
        mean = _box(np.minimum(strength, 2 * mean), size) / share
    normal: FloatArray = np.divide(
        strength * np.float32(_WHITE_MEAN), mean, out=np.zeros_like(strength), where=mean > _LEAST_MEAN
    )
    return normal


def _respond(image: FloatArray, shifts: np.ndarray[Any, Any], bank: LineFilter, *, slope: float) -> FloatArray:
    """Response of one azimuth in the middle of every group of `STEP_PX` rows, in the image's own columns."""
    cols = image.shape[2]
    shifts = shifts - shifts.min()
    cosine = 1 / math.hypot(1, slope)
    # A line of a given length crosses fewer rows, the more it leans.
    along = max(1, round(bank.length_px * cosine / STEP_PX / 2 - 0.5) * 2 + 1)
    lines = _sum_lines(image, shifts, along)
    sheared = _compare_flanks(lines, bank, cosine=cosine, count=along * STEP_PX)
    strength = np.empty((len(sheared), cols), dtype=np.float32)
    top = shifts.max()
    for group, shift in enumerate(shifts[STEP_PX // 2 :: STEP_PX]):
        strength[group] = sheared[group, top - shift : top - shift + cols]
    return strength


def _sum_lines(image: FloatArray, shifts: np.ndarray[Any, Any], along: int) -> FloatArray:
    """Shear by whole pixels and sum `along` groups of rows, centred on each group."""
    bands, rows, cols = image.shape
    top, half, groups = int(shifts.max()), along // 2, rows // STEP_PX
    sums = np.zeros((bands, groups + along, cols + top), dtype=np.float32)
    for row, shift in enumerate(shifts):
        sums[:, half + 1 + row // STEP_PX, top - shift : top - shift + cols] += image[:, row]
    for group in range(1, sums.shape[1]):
        sums[:, group] += sums[:, group - 1]
    return sums[:, along : along + groups] - sums[:, :groups]


def _compare_flanks(lines: FloatArray, bank: LineFilter, *, cosine: float, count: int) -> FloatArray:
    """Compare each line of `count` pixels with its flanks."""
    half, offset = round(bank.half_core_px / cosine), round(bank.flank_px / cosine)
    wide = _widen(lines, half)
    flank = wide[1] * np.float32(1 / (count * 3))
    core = wide[half][:, :, offset:-offset] * np.float32(1 / (count * (2 * half + 1)))
    strength = np.zeros(lines.shape[1:], dtype=np.float32)
    strength[:, offset:-offset] = _smaller_contrast(core - flank[:, :, : -2 * offset], core - flank[:, :, 2 * offset :])
    return strength * np.float32(math.sqrt(count / cosine * (2 * bank.half_core_px + 1)))


def _smaller_contrast(left: FloatArray, right: FloatArray) -> FloatArray:
    if len(left) == 1:
        smaller: FloatArray = np.minimum(left[0], right[0])
        return smaller
    agree = np.einsum("bmn,bmn->mn", left, right)
    larger = np.maximum(np.einsum("bmn,bmn->mn", left, left), np.einsum("bmn,bmn->mn", right, right))
    agreeing: FloatArray = np.divide(agree, np.sqrt(larger), out=np.zeros_like(agree), where=larger > 1e-12)
    return agreeing


def _widen(sums: FloatArray, most: int) -> list[FloatArray]:
    """Sum 2 * half + 1 neighbouring columns for each half up to `most`; those near the sides are never used."""
    wide = [sums]
    for half in range(1, max(most, 1) + 1):
        wider = wide[-1].copy()
        wider[..., half:] += sums[..., :-half]
        wider[..., :-half] += sums[..., half:]
        wide.append(wider)
    return wide


def _box(image: FloatArray, size: int | tuple[int, int]) -> FloatArray:
    boxed: FloatArray = ndimage.uniform_filter(image, size=size, mode="constant")
    return boxed
