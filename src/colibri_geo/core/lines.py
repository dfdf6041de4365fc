"""Search an image for straight bright lines that stand out against both of their flanks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from scipy import ndimage

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_NOISE_BOX_PX = 31
_COMPRESSION = 0.5  # of the clutter: a hundred places count, not how bright each is
_MIN_VALID = 0.5
_PEAK_BOX_PX = 5
_LEAST_MEAN = 1e-2  # of the noise: below it, what is left of an even field is rounding
_WHITE_MEAN = 3.4  # so that strengths are stated in the same measure as the thresholds that were set on them
_AROUND_PX = 8  # to the sides, where the surroundings of a peak are looked at
_QUIET_PX = 3
_NEAR_PX = 2
_PIECES = 4
_PROMISE = (0.24, -0.83, -6.1)
_PROMISE_AT_ZERO = 0.18
_LOOKED_AT = 128  # peaks whose surroundings are looked at together: they stay in the cache

STEP_PX = 6
"""Rows of pixels summed first, and every how many pixels along a line its response is computed."""

_LEANS = range(-STEP_PX, STEP_PX + 1)  # columns that a line moves by in a step
_LEAN_BITS = np.int32(15)
_CHUNK = 32  # steps searched together: their pixels stay in the cache
_STEP_MIDDLE_PX = (STEP_PX - 1) / 2


@dataclass(frozen=True)
class Origin:
    """Row and column, in a whole image, of the first pixel of an array cut from it."""

    row: int
    col: int


@dataclass(frozen=True)
class LineFilter:
    """An oriented filter bank: `4 * STEP_PX` directions, those of lines that move by whole pixels in a step.

    Attributes
    ----------
    length_px : int
        Along the line.
    flank_px : int
        Distance of the centre of each flank, three pixels wide, from the axis. The core is one pixel wide: a strip is
        one to three pixels wide, and a wider core finds more wide things than it finds strips.
    """

    length_px: int
    flank_px: int = 3

    @property
    def steps_around(self) -> int:
        """Steps that a line reaches to each side of its middle one."""
        return self.length_px // STEP_PX // 2 + 1

    @property
    def reach_px(self) -> int:
        """Columns that lines and their flanks reach to each side."""
        return (self.steps_around + 1) * STEP_PX + 2 * self.flank_px + 2

    @property
    def margin_px(self) -> int:
        """Pixels that a window needs around the pixels whose response counts."""
        return self.reach_px + _NOISE_BOX_PX // 2 + _PEAK_BOX_PX


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

    def pick(self, kept: slice | BoolArray | np.ndarray[Any, np.dtype[np.int64]]) -> Peaks:
        """Return some of the peaks: a part, those marked, or those numbered, in that order."""
        return Peaks(self.row[kept], self.col[kept], self.angle_deg[kept], self.strength[kept])


def no_peaks() -> Peaks:
    """Return no peak at all."""
    nothing = np.zeros(0)
    return Peaks(nothing, nothing, nothing, nothing.astype(np.float32))


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
    scaled = np.einsum("bmn,bmn->mn", field, field)
    np.sqrt(scaled, out=scaled)
    scaled /= _COMPRESSION
    factor = np.divide(np.arcsinh(scaled), scaled, out=np.ones_like(scaled), where=scaled > 1e-3)
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
    Rows are summed in steps of six, each row moved so that the lines of one direction become columns; a few such sums
    make the mean of each line, and columns beside it its flanks. With c1 and c2 the contrast vectors with the left and
    right flank, the response is ``c1 . c2 / max(|c1|, |c2|)``: the smaller contrast, as far as it agrees with the
    larger. An edge, which has one flank only, gives nothing. Along a line the response is smooth, so it is computed
    once a step only.
    """
    upright = _search_upright(field, bank, origin=origin, turned=False, threshold=threshold)
    # Azimuths nearer to the rows are searched in the transpose.
    transpose = field.transpose(0, 2, 1)
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
    half, flank = bank.length_px // 2, bank.flank_px
    stations, side = np.arange(-half, half + 1), np.arange(-1, 2)
    offsets = np.concatenate([[0], side - flank, side + flank])
    parts = [np.zeros(0, dtype=np.bool_)]
    for part in _split(peaks):
        seen = valid.take(_place_around(part, stations, offsets, valid.shape))
        strips = np.split(seen, [1, 1 + len(side)], axis=1)
        parts.append(np.all([strip.mean(axis=(1, 2)) >= _MIN_VALID for strip in strips], axis=0))
    return peaks.pick(np.concatenate(parts))


def _place_around(
    peaks: Peaks, stations: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any], shape: tuple[int, ...]
) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Nearest pixels of stations along, and offsets to the right of, the line of each peak, (K, T, S).

    Numbered in reading order of an image of `shape`, for `numpy.take`.
    """
    angle = np.radians(peaks.angle_deg)[:, None, None]
    down, right, across = np.cos(angle), np.sin(angle), offsets[:, None]
    rows = (peaks.row[:, None, None] - down * stations) + right * across
    np.clip(np.rint(rows, out=rows), 0, shape[0] - 1, out=rows)
    cols = (peaks.col[:, None, None] + right * stations) + down * across
    np.clip(np.rint(cols, out=cols), 0, shape[1] - 1, out=cols)
    rows *= shape[1]
    rows += cols
    number: np.ndarray[Any, np.dtype[np.intp]] = rows.astype(np.intp)
    return number


def _split(peaks: Peaks) -> list[Peaks]:
    """Cut peaks into parts whose surroundings are looked at together, all about as large."""
    count = len(peaks.row)
    edges = np.linspace(0, count, -(-count // _LOOKED_AT) + 1).astype(int).tolist()
    return [peaks.pick(slice(first, last)) for first, last in pairwise(edges)]


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
    The promise of a peak is a sum of three measures: its strength, how far four pieces of the line stray from one
    straight line, and the scatter of single pixels beside it over its contrast. The weights are a logistic regression
    on the peaks of 64 simulated pairs (development seeds 200 to 223; forest, savanna and both, ordinary, faint, rough,
    quiet, RGB and six bands); they only decide what is measured, not what is reported.
    """
    if not len(peaks.row):
        return peaks
    promise = measure_promise(field, peaks, bank) @ np.array(_PROMISE) + _PROMISE_AT_ZERO
    return peaks.pick(promise >= least_promise)


def measure_promise(field: FloatArray, peaks: Peaks, bank: LineFilter) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Measure what makes a peak promising, (K, 3); see `screen_peaks`."""
    pixels = np.ascontiguousarray(np.moveaxis(field, 0, -1))  # a pixel's bands are fetched together
    return np.concatenate([_measure_promise(_look_around(pixels, part, bank), part.strength) for part in _split(peaks)])


def _measure_promise(signal: FloatArray, strength: FloatArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    offsets = np.abs(np.arange(-_AROUND_PX, _AROUND_PX + 1))
    contrast = signal[:, offsets <= 1].mean(axis=2).max(axis=1)
    grain = signal[:, offsets >= _QUIET_PX].std(axis=(1, 2)) / np.maximum(contrast, 1e-9)
    pieces = np.array_split(signal[:, offsets <= _NEAR_PX], _PIECES, axis=2)
    place = np.stack([piece.mean(axis=2).argmax(axis=1) for piece in pieces], axis=1).astype(np.float64)
    at = np.arange(_PIECES) - (_PIECES - 1) / 2
    slope = (place * at).sum(axis=1) / (at**2).sum()
    stray = place - place.mean(axis=1, keepdims=True) - slope[:, None] * at
    return np.stack([np.log(strength), np.sqrt((stray**2).mean(axis=1)), grain], axis=1)


def _look_around(pixels: FloatArray, peaks: Peaks, bank: LineFilter) -> FloatArray:
    """Contrast around each peak in the direction of its own contrast vector, (K, T offsets, S stations).

    Of pixels (M, N, B).
    """
    half, most = bank.length_px // 2, _AROUND_PX + bank.flank_px + 1
    *shape, bands = pixels.shape
    place = _place_around(peaks, np.arange(-half, half + 1), np.arange(-most, most + 1), tuple(shape))
    contrast = _cross_contrast(np.moveaxis(pixels.reshape(-1, bands).take(place, axis=0), -1, 0), bank)
    direction = contrast[:, :, _AROUND_PX - 1 : _AROUND_PX + 2].mean(axis=(2, 3))
    direction /= np.maximum(np.sqrt((direction**2).sum(axis=0)), 1e-9)
    signal: FloatArray = np.einsum("bk,bkts->kts", direction, contrast)
    return signal


def _cross_contrast(patch: FloatArray, bank: LineFilter) -> FloatArray:
    """Contrast of each pixel with the mean of both flanks across, (B, K, T, S), of T + 2 flanks offsets."""
    flank = patch[:, :, :-2] + patch[:, :, 1:-1]
    flank += patch[:, :, 2:]
    apart, margin = 2 * bank.flank_px, bank.flank_px + 1
    both = flank[:, :, :-apart] + flank[:, :, apart:]
    both *= np.float32(-1 / 6)
    both += patch[:, :, margin:-margin]
    return both


def _search_upright(image: FloatArray, bank: LineFilter, *, origin: Origin, turned: bool, threshold: float) -> Peaks:
    """Search the lines within 45 degrees of the image's columns; `turned` says that the image is a transpose."""
    first = -origin.row % STEP_PX
    steps = (image.shape[1] - first) // STEP_PX
    image = image[:, first : first + steps * STEP_PX]
    # The lowest bits of a strength give way to the lean that it was found at: one maximum finds both.
    found = np.zeros((steps, image.shape[2]), dtype=np.int32)
    for top in range(0, steps, _CHUNK):
        part = found[top : top + _CHUNK]
        rows = _cut_rows(image, top - bank.steps_around, top + len(part) + bank.steps_around, bank)
        # A line at 45 degrees belongs to the columns, not to the rows as well.
        for shifts, leans in groupby(_LEANS[1:-1] if turned else _LEANS, key=_list_shifts):
            sums = _sum_steps(rows, shifts)
            for lean in leans:
                bits = _respond(sums, bank, lean, cols=part.shape[1]).view(np.int32)
                bits &= ~_LEAN_BITS
                bits |= np.int32(lean - _LEANS.start)
                np.maximum(part, bits, out=part)
    best = _normalize((found & ~_LEAN_BITS).view(np.float32))
    row, col = np.nonzero((best >= threshold) & _mark_maxima(best))
    slope = ((found[row, col] & _LEAN_BITS) + _LEANS.start) / STEP_PX
    # A line goes right by its slope with each row down; in the transpose, down with each column to the right.
    angle = np.degrees(np.arctan2(1.0, -slope) if turned else -np.arctan(slope)) % 180
    middle = (row * STEP_PX + first + _STEP_MIDDLE_PX).astype(np.float64)
    return Peaks(middle, col.astype(np.float64), angle, best[row, col])


def _cut_rows(image: FloatArray, first: int, last: int, bank: LineFilter) -> FloatArray:
    """Cut the rows of some steps, with zeros beyond all sides of the image, to the sides as many as lines reach."""
    _, rows, cols = image.shape
    side, top = bank.reach_px, first * STEP_PX
    cut = np.zeros((len(image), (last - first) * STEP_PX, cols + 2 * side), dtype=np.float32)
    inner = slice(max(top, 0), min(last * STEP_PX, rows))
    cut[:, inner.start - top : inner.stop - top, side : side + cols] = image[:, inner]
    return cut


def _respond(steps: FloatArray, bank: LineFilter, lean: int, *, cols: int) -> FloatArray:
    """Response to lines that move by `lean` columns in each step, of `_sum_steps`: one value a step and column."""
    cosine = 1 / math.hypot(1, lean / STEP_PX)
    # A line of a given length crosses fewer rows, the more it leans.
    along = max(1, round(bank.length_px * cosine / STEP_PX))
    offset = round(bank.flank_px / cosine)
    side = offset + 1  # columns beside those of the lines themselves, as far as the flanks reach
    lines = _sum_lines(steps, bank, lean=lean, along=along, cols=cols + 2 * side)
    flank = lines[:, :, :-2] + lines[:, :, 1:-1]
    flank += lines[:, :, 2:]
    flank *= np.float32(1 / 3)
    core = lines[:, :, side : side + cols]
    strength = _smaller_contrast(core - flank[:, :, :cols], core - flank[:, :, 2 * offset :])
    strength *= np.float32(1 / math.sqrt(along * STEP_PX * cosine))
    return strength


def _sum_steps(rows: FloatArray, shifts: list[int]) -> FloatArray:
    """Sum the rows of each step, each moved by its columns; columns as far as all rows reach."""
    first, cols = max(_LEANS), rows.shape[2] - 2 * max(_LEANS)
    columns = [slice(first + shift, first + shift + cols) for shift in shifts]
    steps = rows[:, 0::STEP_PX, columns[0]] + rows[:, 1::STEP_PX, columns[1]]
    for row in range(2, STEP_PX):
        steps += rows[:, row::STEP_PX, columns[row]]
    return steps


def _sum_lines(steps: FloatArray, bank: LineFilter, *, lean: int, along: int, cols: int) -> FloatArray:
    """Sum pixels along lines of `along` steps, through the middle of each step; of the `cols` columns in the middle."""
    before, count = along // 2, steps.shape[1] - 2 * bank.steps_around
    top, left = bank.steps_around - before, (steps.shape[2] - cols) // 2 - lean * before
    lines = steps[:, top : top + count, left : left + cols].copy()
    for place in range(1, along):
        shift = left + lean * place
        lines += steps[:, top + place : top + place + count, shift : shift + cols]
    return lines


def _list_shifts(lean: int) -> list[int]:
    """Columns by which a line lies off in each row of a step from where it is in the middle of the step."""
    return [round(lean * (row - _STEP_MIDDLE_PX) / STEP_PX) for row in range(STEP_PX)]


def _mark_maxima(image: FloatArray) -> BoolArray:
    """Mark what is not less than what is around it, nor than 0."""
    rows, cols = image.shape
    padded = np.pad(image, ((1, 1), (_PEAK_BOX_PX // 2, _PEAK_BOX_PX // 2)))
    down = reduce(np.maximum, (padded[row : row + rows] for row in range(3)))
    around = reduce(np.maximum, (down[:, col : col + cols] for col in range(_PEAK_BOX_PX)))
    marked: BoolArray = image == around
    return marked


def _normalize(strength: FloatArray) -> FloatArray:
    """Divide by the local mean of the response itself, so that rough ground does not look full of lines.

    The mean leaves out what stands out: values above twice the mean count as twice the mean.
    """
    size = (_NOISE_BOX_PX // STEP_PX, _NOISE_BOX_PX)
    share = np.maximum(_box((strength > 0).astype(np.float32), size), np.float32(0.02))
    mean = _box(strength, size) / share
    for _ in range(2):
        mean = _box(np.minimum(strength, 2 * mean), size) / share
    normal: FloatArray = np.divide(
        strength * np.float32(_WHITE_MEAN), mean, out=np.zeros_like(strength), where=mean > _LEAST_MEAN
    )
    return normal


def _smaller_contrast(left: FloatArray, right: FloatArray) -> FloatArray:
    if len(left) == 1:
        smaller: FloatArray = np.minimum(left[0], right[0])
        return smaller
    agree = np.einsum("bmn,bmn->mn", left, right)
    larger = np.maximum(np.einsum("bmn,bmn->mn", left, left), np.einsum("bmn,bmn->mn", right, right))
    agreeing: FloatArray = np.divide(agree, np.sqrt(larger), out=np.zeros_like(agree), where=larger > 1e-12)
    return agreeing


def _box(image: FloatArray, size: tuple[int, int]) -> FloatArray:
    boxed: FloatArray = ndimage.uniform_filter(image, size=size, mode="constant")
    return boxed
